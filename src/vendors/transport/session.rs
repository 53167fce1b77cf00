//! Log-ins: a lasting credential that is exchanged for a token which ends.
//!
//! The flow is the same for every vendor that has one: log in when there is no token or it is
//! known to have ended; when a token is refused all the same, log in once more and repeat the
//! request once. A second refusal is the answer. A poll renews at most once, because a log-in loop
//! burns a budget and locks accounts.

use chrono::TimeDelta;
use futures_util::future::BoxFuture;
use secrecy::SecretString;
use tokio::time::Instant;

use crate::clock::{Clock, monotonic};
use crate::model::Timestamp;
use crate::model::attempt::SourceError;

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
    renewed: bool,
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
            renewed: false,
        }
    }

    /// Starts a poll: one renewal is allowed again.
    pub fn begin(&mut self) {
        self.renewed = false;
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
        if self.renewed {
            return Ok(reply);
        }
        self.renewed = true;
        let reply = self.send_once(transport, request).await?;
        if self.login.refuses(&reply) {
            self.held = None;
        }
        Ok(reply)
    }

    async fn send_once(
        &mut self,
        transport: &Transport,
        request: Request,
    ) -> Result<Reply, SourceError> {
        let clock = transport.clock();
        let held = match self.held.take() {
            Some(held) if !held.has_ended(clock) => held,
            _ => Held::new(self.login.login(transport).await?, clock),
        };
        let signed = self.login.sign(request, &held.secret)?;
        self.held = Some(held);
        transport.send(signed).await
    }
}
