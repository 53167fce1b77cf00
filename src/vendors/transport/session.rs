//! Log-ins: a lasting credential that is exchanged for a token which ends.
//!
//! The flow is the same for every vendor that has one: log in when there is no token or it is
//! known to have ended; when a token is refused all the same, log in once more and repeat the
//! request once. A second refusal is the answer. A poll renews at most once, and a log-in that
//! fails is not tried again in it, because a log-in loop burns a budget and locks accounts.

use chrono::TimeDelta;
use futures_util::future::BoxFuture;
use secrecy::SecretString;
use tokio::time::Instant;

use crate::clock::{Clock, monotonic};
use crate::model::Timestamp;
use crate::model::attempt::{ErrorKind, SourceError};

use super::{Reply, Request, Transport};

/// What is particular to a vendor's log-in.
pub trait Login: Send {
    /// Exchanges the credential for a token.
    fn login<'a>(
        &'a mut self,
        transport: &'a Transport,
    ) -> BoxFuture<'a, Result<Token, SourceError>>;

    /// Puts the token into a request.
    ///
    /// # Errors
    /// `config` when the token cannot be sent.
    fn sign(&self, request: Request, token: &SecretString) -> Result<Request, SourceError>;

    /// Whether the reply says that the token is not valid (any more).
    fn refuses(&self, reply: &Reply) -> bool {
        reply.status == 401
    }
}

/// What a log-in gave.
#[derive(Clone, Debug)]
pub struct Token {
    /// The token itself.
    pub secret: SecretString,
    /// For how long it is used without asking; `None` means until it is refused.
    pub lifetime: Option<TimeDelta>,
}

/// A log-in and the token that it gave last.
#[derive(Debug)]
pub struct Session<L> {
    login: L,
    held: Option<Held>,
    renewals: Renewals,
    /// Why no token could be had in this poll: the next requests would only fail in the same way,
    /// and a second log-in is a step towards a locked account.
    refused: Option<SourceError>,
}

/// What may still be done about a refused token in this poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Renewals {
    /// One new log-in.
    One,
    /// Nothing: the next refusal is an answer.
    None,
    /// That refusal has come; another log-in would bring no better token.
    Spent,
}

/// A token with its end on both clocks: the monotonic one misses suspend, the other can be stepped.
#[derive(Debug)]
struct Held {
    secret: SecretString,
    end: Option<(Instant, Timestamp)>,
}

impl Held {
    fn new(token: Token, clock: &Clock) -> Self {
        let end = token.lifetime.map(|lifetime| {
            let real = lifetime.to_std().unwrap_or_default();
            (
                monotonic() + real.div_f64(clock.speed()),
                clock.now() + lifetime,
            )
        });
        Self {
            secret: token.secret,
            end,
        }
    }

    fn has_ended(&self, clock: &Clock) -> bool {
        self.end
            .is_some_and(|(real, shown)| monotonic() >= real || clock.now() >= shown)
    }
}

impl<L: Login> Session<L> {
    /// A session that has not logged in yet.
    pub fn new(login: L) -> Self {
        Self {
            login,
            held: None,
            renewals: Renewals::One,
            refused: None,
        }
    }

    /// Starts a poll: one renewal is allowed again.
    pub fn begin(&mut self) {
        self.renewals = Renewals::One;
        self.refused = None;
    }

    /// Starts a run in which a refused token is the answer: no renewal.
    pub fn begin_without_renewal(&mut self) {
        self.renewals = Renewals::None;
        self.refused = None;
    }

    /// Logs in unless there is a token that can be used.
    ///
    /// # Errors
    /// Those of the log-in; `auth` once a renewed token was refused in this poll.
    pub async fn ready(&mut self, transport: &Transport) -> Result<(), SourceError> {
        self.usable(transport).await.map(|_| ())
    }

    /// What is particular to the vendor.
    pub fn login(&self) -> &L {
        &self.login
    }

    /// Sends a request with a valid token.
    ///
    /// # Errors
    /// Those of [`Transport::send`] and of the log-in. A token that is refused twice is an answer,
    /// so that the vendor's own words can be read from it.
    pub async fn send(
        &mut self,
        transport: &Transport,
        request: Request,
    ) -> Result<Reply, SourceError> {
        let reply = self.send_once(transport, request.clone()).await?;
        if !self.login.refuses(&reply) {
            return Ok(reply);
        }
        self.held = None;
        if self.renewals != Renewals::One {
            self.renewals = Renewals::Spent;
            return Ok(reply);
        }
        self.renewals = Renewals::None;
        let reply = self.send_once(transport, request).await?;
        if self.login.refuses(&reply) {
            self.held = None;
            self.renewals = Renewals::Spent;
        }
        Ok(reply)
    }

    async fn send_once(
        &mut self,
        transport: &Transport,
        request: Request,
    ) -> Result<Reply, SourceError> {
        let token = self.usable(transport).await?;
        transport.send(self.login.sign(request, &token)?).await
    }

    /// The token to send, from a new log-in where there is none.
    async fn usable(&mut self, transport: &Transport) -> Result<SecretString, SourceError> {
        let clock = transport.clock();
        if let Some(held) = self.held.as_ref().filter(|held| !held.has_ended(clock)) {
            return Ok(held.secret.clone());
        }
        if self.renewals == Renewals::Spent {
            let message = "the token is refused, also a new one";
            return Err(SourceError::new(ErrorKind::Auth, message));
        }
        if let Some(error) = &self.refused {
            return Err(error.clone());
        }
        match self.login.login(transport).await {
            Ok(token) => {
                let secret = token.secret.clone();
                self.held = Some(Held::new(token, clock));
                Ok(secret)
            }
            Err(error) => {
                self.refused = Some(error.clone());
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(lifetime: Option<TimeDelta>) -> Token {
        Token {
            secret: "token".into(),
            lifetime,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_ends_by_whichever_clock_comes_first() {
        let nine = TimeDelta::minutes(9);
        let begin = "2026-03-02T08:00:00Z".parse().unwrap();
        let (clock, hand) = Clock::manual(begin);
        let held = Held::new(token(Some(nine)), &clock);
        let lasting = Held::new(token(None), &clock);
        assert!(!held.has_ended(&clock));
        // The wall clock was set back, or stands: the monotonic one counts on.
        hand.set(begin - TimeDelta::hours(1));
        tokio::time::advance(std::time::Duration::from_secs(9 * 60 - 1)).await;
        assert!(!held.has_ended(&clock));
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        assert!(held.has_ended(&clock));
        // The machine slept: only the wall clock noticed.
        let held = Held::new(token(Some(nine)), &clock);
        hand.set(begin);
        assert!(held.has_ended(&clock) && !lasting.has_ended(&clock));
    }

    #[tokio::test(start_paused = true)]
    async fn a_fast_clock_ends_a_token_sooner() {
        let clock = Clock::scaled("2026-03-02T08:00:00Z".parse().unwrap(), 60.0);
        let held = Held::new(token(Some(TimeDelta::minutes(9))), &clock);
        tokio::time::advance(std::time::Duration::from_secs(8)).await;
        assert!(!held.has_ended(&clock));
        tokio::time::advance(std::time::Duration::from_secs(1)).await;
        assert!(held.has_ended(&clock));
    }
}
