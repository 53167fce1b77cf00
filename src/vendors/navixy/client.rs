//! Makes the calls: signs them, logs in when a session has ended, and tells answers from refusals.

use chrono::TimeDelta;
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::model::Timestamp;
use crate::model::attempt::{ErrorKind, SourceError};
use crate::vendors::pace::Pace;
use crate::vendors::transport::{Reply, Transport};

use super::refusal::{Reaction, Refusal};
use super::request::{self, Call};
use super::settings::Credential;
use super::wire;

/// One account on one server.
#[derive(Debug)]
pub(super) struct Client {
    transport: Transport,
    access: Access,
    pace: Pace,
}

/// How calls are signed.
#[derive(Debug)]
enum Access {
    Key(SecretString),
    Login(Login),
}

/// A user's session. The hash stays in memory between polls; no lifetime is counted on, as the
/// vendor's pages give three different ones.
#[derive(Debug)]
struct Login {
    username: String,
    password: SecretString,
    hash: Option<SecretString>,
    /// A session was renewed in this poll: a second time would be a loop, which locks the account.
    renewed: bool,
    hold: Option<Hold>,
}

/// A refused log-in, repeated without asking until it is time to try again.
#[derive(Debug)]
struct Hold {
    /// `None`: not before the program starts again.
    until: Option<Timestamp>,
    error: SourceError,
}

/// How long a refused log-in is not tried again.
const LOGIN_HOLD: TimeDelta = TimeDelta::minutes(5);

impl Client {
    /// A client for the account.
    ///
    /// # Errors
    /// `config` when a secret cannot be resolved.
    pub(super) fn new(transport: Transport, credential: &Credential) -> Result<Self, SourceError> {
        let access = match credential {
            Credential::ApiKey(key) => Access::Key(key.resolve("api_key")?),
            Credential::Login { username, password } => Access::Login(Login {
                username: username.clone(),
                password: password.resolve("password")?,
                hash: None,
                renewed: false,
                hold: None,
            }),
        };
        // The vendor allows 50 requests a second per user and per address, where other programs
        // may be at work too.
        let pace = Pace::new(10, TimeDelta::seconds(2));
        Ok(Self {
            transport,
            access,
            pace,
        })
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Starts a poll: one renewal of the session is allowed again.
    pub(super) fn begin(&mut self) {
        if let Access::Login(login) = &mut self.access {
            login.renewed = false;
        }
    }

    /// Makes a call and reads its answer. A session that has ended is renewed once.
    pub(super) async fn ask<T: DeserializeOwned>(
        &mut self,
        call: Call,
        body: Json,
    ) -> Result<T, Refusal> {
        loop {
            let hash = self.hash().await.map_err(Refusal::without_session)?;
            let signed = request::signed(call, body.clone(), &hash)?;
            self.pace.pass(self.transport.clock()).await;
            let reply = self.transport.send(signed).await?;
            let refusal = match answer(call, &reply) {
                Ok(answer) => return Ok(answer),
                Err(refusal) => self.scrubbed(refusal),
            };
            let ended = refusal.code.is_some() && refusal.reaction() == Reaction::LogIn;
            if !(ended && self.forget_session(&refusal)) {
                return Err(refusal);
            }
        }
    }

    async fn hash(&mut self) -> Result<SecretString, SourceError> {
        let login = match &mut self.access {
            Access::Key(key) => return Ok(key.clone()),
            Access::Login(login) => login,
        };
        if let Some(hash) = &login.hash {
            return Ok(hash.clone());
        }
        let now = self.transport.clock().now();
        if let Some(hold) = &login.hold {
            if hold.until.is_none_or(|until| now < until) {
                return Err(hold.error.clone());
            }
            login.hold = None;
        }
        self.pace.pass(self.transport.clock()).await;
        let reply = self
            .transport
            .send(request::log_in(&login.username, &login.password))
            .await?;
        match session(&reply) {
            Ok(hash) => {
                login.hash = Some(hash.clone());
                Ok(hash)
            }
            Err(refused) => {
                let error = scrub(&self.transport, refused.error);
                let until = (!refused.for_good).then(|| now + LOGIN_HOLD);
                if error.kind == ErrorKind::Auth {
                    login.hold = Some(Hold {
                        until,
                        error: error.clone(),
                    });
                }
                Err(error)
            }
        }
    }

    /// Drops the session; whether a new one may be asked for now.
    fn forget_session(&mut self, refusal: &Refusal) -> bool {
        let Access::Login(login) = &mut self.access else {
            return false;
        };
        login.hash = None;
        if std::mem::replace(&mut login.renewed, true) {
            login.hold = Some(Hold {
                until: Some(self.transport.clock().now() + LOGIN_HOLD),
                error: refusal.error.clone(),
            });
            return false;
        }
        true
    }

    fn scrubbed(&self, refusal: Refusal) -> Refusal {
        Refusal {
            error: scrub(&self.transport, refusal.error),
            ..refusal
        }
    }
}

/// Servers may write back what they were sent.
fn scrub(transport: &Transport, mut error: SourceError) -> SourceError {
    error.message = transport.scrub(&error.message);
    error
}

/// The answer in a reply, or the refusal.
fn answer<T: DeserializeOwned>(call: Call, reply: &Reply) -> Result<T, Refusal> {
    let envelope: Option<wire::Envelope> = serde_json::from_slice(&reply.body).ok();
    if let Some(envelope) = envelope
        && (!reply.is_success() || envelope.success == Some(false))
    {
        return Err(Refusal::of(call, reply, &envelope));
    }
    if !reply.is_success() {
        return Err(Refusal::of(call, reply, &wire::Envelope::default()));
    }
    reply.json().map_err(|mut error| {
        error.message = format!("{}: {}", call.name(), error.message);
        error.into()
    })
}

/// Why a log-in gave no session.
struct LoginRefused {
    error: SourceError,
    /// Trying again would only trouble the user.
    for_good: bool,
}

fn session(reply: &Reply) -> Result<SecretString, LoginRefused> {
    let again = |error: SourceError| LoginRefused {
        error,
        for_good: false,
    };
    let auth: wire::Auth = answer(Call::Auth, reply).map_err(|refusal| again(refusal.error))?;
    // That hash works only for the calls that take the code, and each attempt sends a new code.
    if auth.kind.as_deref() == Some("second_factor_required") {
        let message = "user/auth: this user logs in with a second factor, which a monitor cannot \
                       give: use an API key, or a user without a second factor";
        return Err(LoginRefused {
            error: SourceError::new(ErrorKind::Auth, message).with_status(reply.status),
            for_good: true,
        });
    }
    match auth.hash {
        Some(hash) if !hash.is_empty() => Ok(hash.into()),
        _ => {
            let message = "user/auth: the answer has no session hash";
            Err(again(
                SourceError::new(ErrorKind::Schema, message).with_status(reply.status),
            ))
        }
    }
}
