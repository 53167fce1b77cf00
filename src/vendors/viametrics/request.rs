//! What is asked of Viametrics. Every path is a setting, because the vendor publishes none.

use chrono::{DurationRound, NaiveDateTime, TimeDelta};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::clock::Clock;
use crate::config::endpoint::Endpoint;
use crate::model::attempt::{ErrorKind, SourceError};
use crate::vendors::lenient::Loose;
use crate::vendors::source::Common;
use crate::vendors::transport::session::{Login, Session, Token};
use crate::vendors::transport::{Allowed, Reply, Request, SharedBudget, Transport, plain};

use super::days::Days;
use super::listing::{self, Listed};
use super::wire::{self, Rows};
use super::{Endpoints, Fields, Settings};

/// Carries the company id on every call, the log-in included (vendor documentation; the exact
/// name is inferred from its prose).
const CLIENT_ID: HeaderName = HeaderName::from_static("clientid");
/// A token lives 10 minutes (vendor documentation) and is renewed a minute before.
const TOKEN_LIFETIME: TimeDelta = TimeDelta::minutes(9);
/// Times in the query (as the vendor's older API took them; an assumption for this one).
const TIME_FORM: &str = "%Y-%m-%d %H:%M:%S";
/// The vendor's older call for interval rows, which wants the counter named.
const SINGLY: &str = "/GetCounterData";

/// One account at the vendor.
#[derive(Debug)]
pub struct Client {
    pub(super) transport: Transport,
    session: Session<Account>,
    endpoints: Endpoints,
    pub(super) fields: Fields,
}

impl Client {
    /// Opens the account; nothing is sent yet.
    ///
    /// # Errors
    /// `config` for a secret, an address or a company id that cannot be used.
    pub fn open(
        common: &Common,
        settings: &Settings,
        budget: SharedBudget,
        clock: Clock,
    ) -> Result<Self, SourceError> {
        let endpoints = settings.endpoints.clone();
        let calls = [
            &endpoints.login,
            &endpoints.counters,
            &endpoints.groups,
            &endpoints.intervals,
            &endpoints.daily,
        ];
        let allowed = calls.into_iter().map(Allowed::from).collect();
        let client_id = HeaderValue::from_str(&settings.client_id).map_err(|_| {
            let message = "client_id has a character that cannot be sent in a header";
            SourceError::new(ErrorKind::Config, message)
        })?;
        let account = Account {
            login: endpoints.login.clone(),
            client_id,
            api_key: settings.api_key.resolve("api_key")?,
            token_at: None,
        };
        Ok(Self {
            transport: Transport::open(common, allowed, budget, clock)?,
            session: Session::new(account),
            endpoints,
            fields: settings.fields.clone(),
        })
    }

    /// Starts a poll: one new log-in is allowed again.
    pub fn begin(&mut self) {
        self.session.begin();
    }

    /// Logs in, once and for a run without a renewal; tells where the token was found.
    ///
    /// # Errors
    /// Those of the log-in.
    pub async fn log_in_once(&mut self) -> Result<Option<&'static str>, SourceError> {
        self.session.begin_without_renewal();
        self.session.ready(&self.transport).await?;
        Ok(self.session.login().token_at)
    }

    /// Whether the call for interval rows is known to be one for each counter.
    #[must_use]
    pub fn asks_singly(&self) -> bool {
        self.endpoints.intervals.path.ends_with(SINGLY)
    }

    /// The interval rows of these local days, of all counters or of one.
    ///
    /// # Errors
    /// Any error of the call; `schema` when there is no list of rows.
    pub async fn intervals(
        &mut self,
        days: Days,
        counter: Option<&str>,
    ) -> Result<Rows, SourceError> {
        let body = self.interval_body(days, counter).await?;
        self.rows(&body)
    }

    /// The answer that has the interval rows of these local days, of all counters or of one.
    ///
    /// # Errors
    /// Any error of the call.
    pub async fn interval_body(
        &mut self,
        days: Days,
        counter: Option<&str>,
    ) -> Result<Json, SourceError> {
        let mut request = ranged(&self.endpoints.intervals, days);
        if let Some(id) = counter {
            request = request.query("counterIds", format_args!("[{id}]"));
        }
        self.call(request).await
    }

    /// The totals of these local days, one row for each counter and day.
    ///
    /// # Errors
    /// Any error of the call; `schema` when there is no list of rows.
    pub async fn daily(&mut self, days: Days) -> Result<Rows, SourceError> {
        let body = self.call(ranged(&self.endpoints.daily, days)).await?;
        self.rows(&body)
    }

    /// The vendor's list of counters.
    ///
    /// # Errors
    /// Any error of the call; `schema` when there is no list.
    pub async fn counters(&mut self) -> Result<Vec<Listed>, SourceError> {
        let body = self.call(Request::to(&self.endpoints.counters)).await?;
        listing::counters(&body, &self.fields).ok_or_else(|| no_list(&body))
    }

    /// The counters of the vendor's groups.
    ///
    /// # Errors
    /// Any error of the call; `schema` when there is no list.
    pub async fn groups(&mut self) -> Result<Vec<Listed>, SourceError> {
        let body = self.call(Request::to(&self.endpoints.groups)).await?;
        listing::groups(&body, &self.fields).ok_or_else(|| no_list(&body))
    }

    fn rows(&self, body: &Json) -> Result<Rows, SourceError> {
        let list = wire::list(body, &self.fields.rows)?;
        Ok(wire::rows(list, &self.fields))
    }

    async fn call(&mut self, request: Request) -> Result<Json, SourceError> {
        let client_id = self.session.login().client_id.clone();
        let request = request.header(CLIENT_ID, client_id);
        let reply = self.session.send(&self.transport, request).await?;
        if reply.is_success() {
            reply.json()
        } else {
            Err(failure(&reply))
        }
    }
}

fn ranged(endpoint: &Endpoint, days: Days) -> Request {
    let [from, to] = bounds(days);
    Request::to(endpoint)
        .query("startTime", from.format(TIME_FORM))
        .query("endTime", to.format(TIME_FORM))
}

/// First and last second of local days.
fn bounds(days: Days) -> [NaiveDateTime; 2] {
    let last_second = TimeDelta::days(1) - TimeDelta::seconds(1);
    let midnight = |day: chrono::NaiveDate| day.and_time(chrono::NaiveTime::MIN);
    [midnight(days.from), midnight(days.to) + last_second]
}

fn no_list(body: &Json) -> SourceError {
    let message = format!("no list in the answer; it has {}", wire::names(body));
    SourceError::new(ErrorKind::Schema, message)
}

/// The log-in with company id and key.
#[derive(Debug)]
struct Account {
    login: Endpoint,
    client_id: HeaderValue,
    api_key: SecretString,
    /// Where the last answer had its token.
    token_at: Option<&'static str>,
}

impl Login for Account {
    fn login<'a>(
        &'a mut self,
        transport: &'a Transport,
    ) -> BoxFuture<'a, Result<Token, SourceError>> {
        async move {
            let body = json!({
                "clientId": self.client_id.to_str().unwrap_or_default(),
                "apiKey": self.api_key.expose_secret(),
            });
            let request = Request::to(&self.login)
                .json(body)
                .header(CLIENT_ID, self.client_id.clone());
            let reply = transport.send(request).await?;
            let (token, at) = read_token(&reply).map_err(|mut error| {
                error.message = format!("log-in: {}", error.message);
                error
            })?;
            self.token_at = Some(at);
            Ok(token)
        }
        .boxed()
    }

    fn sign(&self, request: Request, token: &SecretString) -> Result<Request, SourceError> {
        request.authorized("Bearer", token)
    }
}

fn read_token(reply: &Reply) -> Result<(Token, &'static str), SourceError> {
    if !reply.is_success() {
        return Err(failure(reply));
    }
    if let Some((secret, at)) = wire::token(&reply.body) {
        let lifetime = Some(TOKEN_LIFETIME);
        return Ok((Token { secret, lifetime }, at));
    }
    let body: Json = reply.json()?;
    let message = format!(
        "no token in the answer; looked at {}, it has {}",
        wire::TOKEN_POINTERS.join(", "),
        wire::names(&body)
    );
    Err(SourceError::new(ErrorKind::Schema, message).with_status(reply.status))
}

/// What an error's body may say; nothing of it is documented.
#[derive(Debug, Default, Deserialize)]
struct Complaint<'a> {
    #[serde(borrow, default)]
    message: Loose<'a>,
    #[serde(borrow, default)]
    code: Loose<'a>,
}

/// The error in a reply that is not a success.
fn failure(reply: &Reply) -> SourceError {
    let mut error = reply.error();
    if let Ok(complaint) = serde_json::from_slice::<Complaint<'_>>(&reply.body) {
        error.code = complaint.code.text().map(|code| plain(&code));
        if let Some(message) = complaint.message.text() {
            error.message = format!("{}: {}", error.message, plain(&message));
        }
    }
    if error.kind == ErrorKind::RateLimited && error.retry_at.is_none() {
        // The vendor counts by the hour and may not say how much of it is left.
        let hour = TimeDelta::hours(1);
        error.retry_at = (reply.received + hour).duration_trunc(hour).ok();
    }
    error
}
