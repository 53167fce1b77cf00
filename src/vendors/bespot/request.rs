//! What is asked of Bespot: a token, and pages of the two lists.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{SecondsFormat, TimeDelta};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::clock::Clock;
use crate::model::Timestamp;
use crate::model::attempt::{ErrorKind, SourceError};
use crate::vendors::source::Common;
use crate::vendors::transport::session::{Login, Session, Token};
use crate::vendors::transport::{Allowed, Reply, Request, SharedBudget, Transport, plain};

use super::decode::{self, Feed, Rows};
use super::stores::Stores;
use super::window::Window;
use super::wire::{Claims, Envelope, Tokens};
use super::{Auth, Settings};

/// Largest page (vendor documentation); more is cut to this silently.
pub const PAGE_SIZE: u32 = 10_000;
/// Where tokens come from (vendor documentation).
const TOKEN: &str = "/auth/jwt/token/";
/// How long a token without a usable `exp` is kept: the usual 5 minutes of this framework's token
/// package, less the time a request may take.
const USUAL_LIFETIME: TimeDelta = TimeDelta::seconds(285);
/// A token is not used in its last seconds, so that it does not end under way.
const MARGIN: TimeDelta = TimeDelta::seconds(15);
/// The vendor's code for a store it does not know (vendor documentation).
pub const UNKNOWN_STORE: &str = "store_code_not_found";
/// The framework's code for a page past the end.
const NO_SUCH_PAGE: &str = "not_found";

/// Path of a list. The slash at the end matters: without it each call costs a redirect.
fn path(feed: Feed) -> &'static str {
    match feed {
        Feed::Visits => "/bi/acquisition-metrics/visits/",
        Feed::Occupancy => "/bi/acquisition-metrics/occupancy/",
    }
}

/// One account at the vendor.
#[derive(Debug)]
pub struct Client {
    pub(super) transport: Transport,
    access: Access,
}

#[derive(Debug)]
enum Access {
    Jwt(Session<Jwt>),
    Basic(SecretString),
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The list.
    pub feed: Feed,
    /// The span of time.
    pub window: Window,
    /// One store only; `None` for all that the account sees.
    pub store: Option<&'a str>,
    /// Stamps after this are not believed.
    pub latest: Timestamp,
}

/// How far a list was read.
enum Pages {
    /// To its end.
    Whole(Rows),
    /// Rows came or went while it was read, so that some may be missing.
    Moved(Rows),
}

impl Client {
    /// Opens the account; nothing is sent yet.
    ///
    /// # Errors
    /// `config` for a secret or an address that cannot be used.
    pub fn open(
        common: &Common,
        settings: &Settings,
        budget: SharedBudget,
        clock: Clock,
    ) -> Result<Self, SourceError> {
        let password = settings.password.resolve("password")?;
        let mut allowed = vec![
            Allowed::get(path(Feed::Visits)),
            Allowed::get(path(Feed::Occupancy)),
        ];
        if settings.auth == Auth::Jwt {
            allowed.push(Allowed::post(TOKEN));
        }
        let transport = Transport::open(common, allowed, budget, clock)?;
        transport.hide(&password);
        let username = settings.username.clone();
        let access = match settings.auth {
            Auth::Jwt => Access::Jwt(Session::new(Jwt { username, password })),
            Auth::Basic => {
                let pair = format!("{username}:{}", password.expose_secret());
                Access::Basic(STANDARD.encode(pair).into())
            }
        };
        Ok(Self { transport, access })
    }

    /// Starts a poll: one new log-in is allowed again.
    pub fn begin(&mut self) {
        if let Access::Jwt(session) = &mut self.access {
            session.begin();
        }
    }

    /// Logs in where that is needed.
    ///
    /// # Errors
    /// Those of the log-in.
    pub async fn ready(&mut self) -> Result<(), SourceError> {
        match &mut self.access {
            Access::Jwt(session) => session.ready(&self.transport).await,
            Access::Basic(_) => Ok(()),
        }
    }

    /// Reads a list to its end. When it moves between two pages it is read once more; what is
    /// missing after that is inside the overlap of the next poll.
    ///
    /// # Errors
    /// Any error of a page; `schema` when there are rows but none can be used.
    pub async fn fetch(
        &mut self,
        query: Query<'_>,
        stores: &mut Stores,
    ) -> Result<Rows, SourceError> {
        let rows = match self.pages(query, stores).await? {
            Pages::Whole(rows) => rows,
            Pages::Moved(_) => match self.pages(query, stores).await? {
                Pages::Whole(rows) | Pages::Moved(rows) => rows,
            },
        };
        if rows.rows > 0 && rows.rejected == rows.rows {
            let fields = match query.feed {
                Feed::Visits => "store_code, minute, in_metric and out_metric",
                Feed::Occupancy => "store_code, minute and occupancy_metric",
            };
            let message = format!("none of the {} rows has a usable {fields}", rows.rows);
            return Err(SourceError::new(ErrorKind::Schema, message));
        }
        Ok(rows)
    }

    async fn pages(&mut self, query: Query<'_>, stores: &mut Stores) -> Result<Pages, SourceError> {
        let mut gathered = Rows::default();
        let mut count = None;
        let mut number = 1;
        loop {
            let reply = self.page(query, number).await?;
            if !reply.is_success() {
                let error = failure(&reply);
                let shrank = number > 1 && error.code.as_deref() == Some(NO_SUCH_PAGE);
                return if shrank {
                    Ok(Pages::Moved(gathered))
                } else {
                    Err(error)
                };
            }
            let page = decode::page(&reply.body).map_err(|error| unreadable(&reply, &error))?;
            let rows = decode::readings(&page.results, query.feed, stores, query.latest);
            gathered.append(rows);
            if number > 1 && page.count != count {
                return Ok(Pages::Moved(gathered));
            }
            count = page.count;
            let link = page.next.text();
            // A page without rows ends the list, or a server that repeats itself would never.
            if link.is_none() || page.results.is_empty() {
                return Ok(Pages::Whole(gathered));
            }
            number += 1;
            note_other_page(link.as_deref(), number);
        }
    }

    async fn page(&mut self, query: Query<'_>, number: u32) -> Result<Reply, SourceError> {
        let mut request = Request::get(path(query.feed))
            .query("datetime_gte", stamp(query.window.from))
            .query("datetime_lte", stamp(query.window.to))
            .query("page_size", PAGE_SIZE);
        if let Some(store) = query.store {
            request = request.query("store_code", store);
        }
        if number > 1 {
            request = request.query("page", number);
        }
        match &mut self.access {
            Access::Jwt(session) => session.send(&self.transport, request).await,
            Access::Basic(pair) => {
                let request = request.authorized("Basic", pair)?;
                self.transport.send(request).await
            }
        }
    }
}

/// Instants go out in UTC with `Z`: one without a zone would be read in the server's.
pub(super) fn stamp(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The link to the next page is plain http and may name any host. It is never followed; that it
/// counts pages in another way than we do is worth a line in the log.
fn note_other_page(link: Option<&str>, number: u32) {
    let named = link
        .and_then(|link| {
            link.split(['?', '&'])
                .find_map(|part| part.strip_prefix("page="))
        })
        .and_then(|page| page.parse().ok());
    if named.is_some_and(|named: u32| named != number) {
        tracing::warn!(
            ?named,
            number,
            "the vendor's next page is not the one that follows"
        );
    }
}

/// A log-in with user name and password for a short-lived token.
#[derive(Debug)]
struct Jwt {
    username: String,
    password: SecretString,
}

impl Login for Jwt {
    fn login<'a>(
        &'a mut self,
        transport: &'a Transport,
    ) -> BoxFuture<'a, Result<Token, SourceError>> {
        async move {
            let body = json!({
                "username": self.username,
                "password": self.password.expose_secret(),
            });
            let reply = transport.send(Request::post(TOKEN).json(body)).await?;
            let token = read_token(&reply).map_err(|mut error| {
                let advice = match error.status {
                    Some(404 | 405) => " (a tenant without tokens? set auth = \"basic\")",
                    _ => "",
                };
                error.message = format!("log-in: {}{advice}", error.message);
                error
            })?;
            Ok(token)
        }
        .boxed()
    }

    fn sign(&self, request: Request, token: &SecretString) -> Result<Request, SourceError> {
        request.authorized("Bearer", token)
    }
}

fn read_token(reply: &Reply) -> Result<Token, SourceError> {
    if !reply.is_success() {
        return Err(failure(reply));
    }
    let access = reply.json::<Tokens>()?.access;
    // Measured on the vendor's own clock: ours may be off by more than a token lives.
    let issued = reply.date().unwrap_or(reply.received);
    let lifetime = expiry(&access)
        .map(|expiry| expiry - issued - MARGIN)
        .filter(|lifetime| *lifetime > TimeDelta::zero());
    Ok(Token {
        secret: access.into(),
        lifetime: lifetime.or(Some(USUAL_LIFETIME)),
    })
}

/// When a token ends by its own account. It is not verified, only believed as a hint.
fn expiry(token: &str) -> Option<Timestamp> {
    let claims = token.split('.').nth(1)?;
    let json = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&json).ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "a float cast saturates")]
    Timestamp::from_timestamp(claims.exp as i64, 0)
}

/// The error in a reply that is not a success, in the vendor's words where it has any.
fn failure(reply: &Reply) -> SourceError {
    let mut error = reply.error();
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(&reply.body) else {
        return error;
    };
    error.code = envelope.code.text().map(|code| plain(&code));
    error.reference = envelope.error_id.text().map(|reference| plain(&reference));
    if let Some(detail) = envelope.detail.text().or_else(|| complaint(&reply.body)) {
        error.message = format!("{}: {}", error.message, plain(&detail));
    }
    match error.code.as_deref() {
        Some(UNKNOWN_STORE) => error.kind = ErrorKind::Config,
        Some("throttled") => error.kind = ErrorKind::RateLimited,
        _ => {}
    }
    error
}

/// The framework's form for a wrong parameter: its name with a list of sentences.
fn complaint(body: &[u8]) -> Option<Cow<'_, str>> {
    let fields: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(body).ok()?;
    fields.into_iter().find_map(|(name, sentences)| {
        let sentence = sentences.get(0)?.as_str()?;
        Some(format!("{name}: {sentence}").into())
    })
}

/// A success that is not a page: the vendor's error form, or something else altogether.
fn unreadable(reply: &Reply, error: &serde_json::Error) -> SourceError {
    let envelope: Envelope<'_> = serde_json::from_slice(&reply.body).unwrap_or_default();
    match envelope.code.text() {
        Some(code) => {
            let detail = envelope.detail.text().unwrap_or_default();
            SourceError::new(ErrorKind::Vendor, plain(&detail))
                .with_status(reply.status)
                .with_code(plain(&code))
                .with_reference(envelope.error_id.text().map(|text| plain(&text)))
        }
        None => reply.mismatch(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tokens_end_is_read_from_its_claims() {
        let header = "eyJhbGciOiJIUzI1NiJ9";
        let end = "2026-03-02T08:31:40Z".parse().ok();
        let cases = [
            (format!("{header}.eyJleHAiOjE3NzI0NDAzMDB9.YWNjZXNz"), end),
            (
                format!(
                    "{header}.{}.x",
                    URL_SAFE_NO_PAD.encode(r#"{"exp":1772440300.5}"#)
                ),
                end,
            ),
            (
                format!("{header}.{}.x", URL_SAFE_NO_PAD.encode(r#"{"exp":1e300}"#)),
                None,
            ),
            (format!("{header}.{}.x", URL_SAFE_NO_PAD.encode("{}")), None),
            (format!("{header}.###.x"), None),
            ("opaque".to_owned(), None),
        ];
        for (token, expected) in cases {
            assert_eq!(expiry(&token), expected, "{token}");
        }
    }
}
