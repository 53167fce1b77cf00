//! Log-in and renewal. A renewal gives a new refresh token too, and the old one is dead.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::SecretString;
use serde::Deserialize;

use super::client::{LOG_IN, named};
use super::request;
use super::settings::Settings;
use super::wire::Tokens;
use crate::config::endpoint::Endpoint;
use crate::model::Timestamp;
use crate::model::attempt::{ErrorKind, SourceError};
use crate::vendors::transport::session::{Login, Token};
use crate::vendors::transport::{Reply, Request, Transport};

/// An account's user, and what the last log-in left behind.
pub(super) struct User {
    login: Endpoint,
    refresh: Endpoint,
    username: String,
    password: SecretString,
    refresh_token: Option<SecretString>,
    /// The server has no call for a renewal at the configured path.
    cannot_refresh: bool,
}

impl User {
    /// The user of an account.
    ///
    /// # Errors
    /// `config` when the password cannot be resolved.
    pub(super) fn new(settings: &Settings) -> Result<Self, SourceError> {
        Ok(Self {
            login: settings.endpoints.login.clone(),
            refresh: settings.endpoints.refresh.clone(),
            username: settings.username.clone(),
            password: settings.password.resolve("password")?,
            refresh_token: None,
            cannot_refresh: settings.endpoints.refresh.path.is_empty(),
        })
    }

    async fn tokens(&mut self, transport: &Transport) -> Result<Token, SourceError> {
        if let Some(token) = self.refreshed(transport).await? {
            return Ok(token);
        }
        let request = request::log_in(&self.login, &self.username, &self.password);
        let reply = transport.send(request).await;
        let reply = reply.map_err(|error| named(LOG_IN, error))?;
        if !reply.is_success() {
            return Err(refused(transport, &reply));
        }
        self.keep(&reply).map_err(|error| named(LOG_IN, error))
    }

    /// Tries a renewal; `None` when a log-in is needed instead.
    async fn refreshed(&mut self, transport: &Transport) -> Result<Option<Token>, SourceError> {
        if self.cannot_refresh {
            return Ok(None);
        }
        // Taken out before it is sent: whatever becomes of the reply, it may be used up.
        let Some(token) = self.refresh_token.take() else {
            return Ok(None);
        };
        let reply = transport
            .send(request::refresh(&self.refresh, &token))
            .await?;
        if matches!(reply.status, 404 | 405 | 501) {
            self.cannot_refresh = true;
        }
        // What cannot be renewed, for whatever reason, is replaced by one log-in.
        Ok(reply.is_success().then(|| self.keep(&reply).ok()).flatten())
    }

    /// Keeps the new refresh token before the new access token is used.
    fn keep(&mut self, reply: &Reply) -> Result<Token, SourceError> {
        let tokens: Tokens = reply.json()?;
        self.refresh_token = tokens.refresh_token.map(SecretString::from);
        let now = reply.date().unwrap_or(reply.received);
        Ok(Token {
            lifetime: lifetime(&tokens.access_token, now),
            secret: tokens.access_token.into(),
        })
    }
}

impl Login for User {
    fn login<'a>(
        &'a mut self,
        transport: &'a Transport,
    ) -> BoxFuture<'a, Result<Token, SourceError>> {
        self.tokens(transport).boxed()
    }

    fn sign(&self, request: Request, token: &SecretString) -> Result<Request, SourceError> {
        request.authorized("Bearer", token)
    }
}

/// The error of a refused log-in. It is not repeated soon: accounts get locked.
fn refused(transport: &Transport, reply: &Reply) -> SourceError {
    let mut error = named(LOG_IN, super::client::error(transport, reply));
    if error.kind == ErrorKind::Auth {
        error.message.push_str(
            " (wrong password, an expired one, or an e-mail address that was never confirmed)",
        );
    }
    error
}

/// How long a token is used: until shortly before the end that it names, if it is a JWT. One that
/// names an end that is near or over is used until it is refused, or every request would renew it.
fn lifetime(token: &str, now: Timestamp) -> Option<TimeDelta> {
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }
    const EARLY: TimeDelta = TimeDelta::minutes(1);
    let payload = token.split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    let left = Timestamp::from_timestamp(claims.exp, 0)? - now;
    (left > EARLY * 2).then(|| left - EARLY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jwt_is_used_until_shortly_before_its_end() {
        // {"exp":1772440800}, 2026-03-02T08:40:00Z.
        let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3NzI0NDA4MDB9.YQ";
        let table = [
            (jwt, "2026-03-02T08:00:00Z", Some(39)),
            (jwt, "2026-03-02T08:38:00Z", None),
            (jwt, "2026-03-03T08:00:00Z", None),
            ("opaque", "2026-03-02T08:00:00Z", None),
            ("a.b.c", "2026-03-02T08:00:00Z", None),
            ("", "2026-03-02T08:00:00Z", None),
        ];
        for (token, now, minutes) in table {
            let lifetime = lifetime(token, now.parse().unwrap());
            assert_eq!(lifetime, minutes.map(TimeDelta::minutes), "{token} {now}");
        }
    }
}
