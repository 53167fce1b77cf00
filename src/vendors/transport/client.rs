//! Sends requests: one client per source, one policy for all.

use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response, Url};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use crate::clock::{Clock, monotonic};
use crate::config::endpoint::Method;
use crate::model::attempt::{ErrorKind, Exchange, SourceError};
use crate::vendors::source::Common;

use super::failure::{self, Stage};
use super::redact::{Secrets, redact_url};
use super::{Allowed, Reply, Request, SharedBudget, redirect};

/// Largest body that is read, in bytes after unpacking.
pub const BODY_CAP: usize = 64 << 20;
/// Connecting takes a few round trips; what takes longer is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Kept connections serve the requests of one poll. Servers close them after a minute or so, and
/// a request sent into that moment would fail.
const IDLE_CONNECTION: Duration = Duration::from_secs(15);
/// Room made for a body before its first byte is here.
const FIRST_ROOM: u64 = 1 << 20;

/// The HTTP client of one source.
#[derive(Debug)]
pub struct Transport {
    client: Client,
    base: Url,
    timeout: Duration,
    allowed: Vec<Allowed>,
    budget: SharedBudget,
    clock: Clock,
    exchanges: Mutex<Vec<Exchange>>,
    secrets: Mutex<Secrets>,
}

impl Transport {
    /// Builds the client of a source.
    ///
    /// # Errors
    /// `config` when the extra certificate authority cannot be read, or the address is not one
    /// that may be used: plain http beyond loopback, or credentials in it.
    pub fn open(
        common: &Common,
        allowed: Vec<Allowed>,
        budget: SharedBudget,
        clock: Clock,
    ) -> Result<Self, SourceError> {
        check_base(common)?;
        Ok(Self {
            client: build_client(common)?,
            base: common.url.clone(),
            timeout: common.timeout,
            allowed,
            budget,
            clock,
            exchanges: Mutex::default(),
            secrets: Mutex::default(),
        })
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// `config` for a path that is not allowed (nothing is sent) and for a redirect;
    /// `rate_limited` when our own ceiling is reached or the vendor wants a source on the same
    /// credential to wait (nothing is sent); `timeout`, `network`;
    /// `schema` for a body over the cap. Other statuses are answers, not errors.
    pub async fn send(&self, request: Request) -> Result<Reply, SourceError> {
        self.refuse_unknown(&request)?;
        let url = self.address(&request);
        self.take_from_budget()?;
        lock(&self.secrets).learn(&request);

        let began = monotonic();
        let mut exchange = Exchange {
            method: request.method.word(),
            url: redact_url(&url),
            status: None,
            took_ms: 0,
            bytes: 0,
            clock_skew_s: None,
        };
        let result = self.exchange(url, request, &mut exchange).await;
        exchange.took_ms = u32::try_from(began.elapsed().as_millis()).unwrap_or(u32::MAX);
        tracing::debug!(
            method = exchange.method,
            url = exchange.url,
            status = exchange.status,
            took_ms = exchange.took_ms,
            bytes = exchange.bytes,
            "request"
        );
        lock(&self.exchanges).push(exchange);
        result
    }

    /// Takes the exchanges since the last call, oldest first.
    #[must_use]
    pub fn take_exchanges(&self) -> Vec<Exchange> {
        std::mem::take(&mut lock(&self.exchanges))
    }

    /// The clock that polls run on.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Requests in the last hour and the ceiling, of everyone who shares the credential.
    #[must_use]
    pub fn budget(&self) -> (u32, u32) {
        let budget = lock(&self.budget);
        (budget.last_hour(self.clock.now()), budget.per_hour())
    }

    /// Takes note of a secret that is sent in another form, for example encoded.
    pub fn hide(&self, secret: &SecretString) {
        lock(&self.secrets).add(secret.expose_secret());
    }

    /// The text without any secret that this source has sent. Vendors write back what they got.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        lock(&self.secrets).scrub(text)
    }

    fn refuse_unknown(&self, request: &Request) -> Result<(), SourceError> {
        let known = |allowed: &Allowed| allowed.covers(request.method, &request.path);
        if self.allowed.iter().any(known) {
            return Ok(());
        }
        let (method, path) = (request.method.word(), &request.path);
        let message = format!("{method} {path} is not one of the reads that may be sent");
        Err(SourceError::new(ErrorKind::Config, message))
    }

    fn address(&self, request: &Request) -> Url {
        let mut url = self.base.clone();
        let base = self.base.path().trim_end_matches('/');
        url.set_path(&format!("{base}{}", request.path));
        url.set_query(None);
        url.set_fragment(None);
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
            if request.escapes_spaces {
                let query = url.query().map(|query| query.replace('+', "%20"));
                url.set_query(query.as_deref());
            }
        }
        url
    }

    fn take_from_budget(&self) -> Result<(), SourceError> {
        let now = self.clock.now();
        let mut budget = lock(&self.budget);
        if let Some(until) = budget.blocked(now) {
            let message = "the vendor wants all who use this credential to wait";
            let error = SourceError::new(ErrorKind::RateLimited, message);
            return Err(error.with_retry_at(Some(until)));
        }
        budget.take(now).map_err(|free_at| {
            let ceiling = budget.per_hour();
            let message = format!("our own ceiling of {ceiling} requests per hour is reached");
            SourceError::new(ErrorKind::RateLimited, message).with_retry_at(Some(free_at))
        })
    }

    async fn exchange(
        &self,
        url: Url,
        request: Request,
        exchange: &mut Exchange,
    ) -> Result<Reply, SourceError> {
        let limit = request.timeout.unwrap_or(self.timeout);
        let asked = self.outgoing(url.clone(), request);
        let mut stage = Stage::Answer;
        let answer = async {
            let response = asked
                .send()
                .await
                .map_err(|error| failure::broken(&url, Stage::Answer, &error))?;
            stage = Stage::Body;
            self.read(&url, response, exchange).await
        };
        let finished = timeout(limit, answer).await;
        finished.unwrap_or_else(|_| Err(failure::timed_out(&url, stage, limit)))
    }

    fn outgoing(&self, url: Url, request: Request) -> reqwest::RequestBuilder {
        let mut outgoing = match request.method {
            Method::Get => self.client.get(url),
            Method::Post => self.client.post(url),
        };
        for (name, value) in request.headers {
            outgoing = outgoing.header(name, value);
        }
        if let Some(body) = request.json {
            let json = HeaderValue::from_static("application/json");
            outgoing = outgoing.header(CONTENT_TYPE, json).body(body.to_string());
        }
        outgoing
    }

    async fn read(
        &self,
        url: &Url,
        mut response: Response,
        exchange: &mut Exchange,
    ) -> Result<Reply, SourceError> {
        let status = response.status().as_u16();
        let mut reply = Reply {
            status,
            headers: response.headers().clone(),
            body: Vec::new(),
            received: self.clock.now(),
        };
        exchange.status = Some(status);
        exchange.clock_skew_s = reply
            .vendor_clock()
            .map(|clock| (clock - reply.received).num_seconds());
        if response.status().is_redirection() {
            let location = response.headers().get("location");
            let location = location.and_then(|value| value.to_str().ok());
            return Err(redirect::refused(status, url, location));
        }
        let room = response.content_length().unwrap_or(0).min(FIRST_ROOM);
        reply.body.reserve(usize::try_from(room).unwrap_or(0));
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| failure::broken(url, Stage::Body, &error).with_status(status))?
        {
            if reply.body.len() + chunk.len() > BODY_CAP {
                return Err(too_large(status));
            }
            reply.body.extend_from_slice(&chunk);
            exchange.bytes = reply.body.len();
        }
        Ok(reply)
    }
}

fn too_large(status: u16) -> SourceError {
    let cap = BODY_CAP >> 20;
    SourceError::new(
        ErrorKind::Schema,
        format!("the body is larger than {cap} MiB"),
    )
    .with_status(status)
}

fn check_base(common: &Common) -> Result<(), SourceError> {
    let url = &common.url;
    let wrong = match url.scheme() {
        "https" => None,
        "http" if common.allow_http || is_loopback(url) => None,
        "http" => Some("plain http is refused except to loopback: use https:// or allow_http"),
        _ => Some("the address must start with https://"),
    };
    let credentials = !url.username().is_empty() || url.password().is_some();
    let in_url = credentials.then_some("the address must not hold credentials");
    match wrong.or(in_url) {
        None => Ok(()),
        Some(message) => Err(SourceError::new(ErrorKind::Config, message)),
    }
}

/// Whether the address can only be this machine.
pub fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
    address.map_or(host == "localhost", |address| address.is_loopback())
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that builds clients"
)]
fn build_client(common: &Common) -> Result<Client, SourceError> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // It fails only when there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let accept = (ACCEPT, HeaderValue::from_static("application/json"));
    let mut client = Client::builder()
        .user_agent(concat!("occtop/", env!("CARGO_PKG_VERSION")))
        .default_headers([accept].into_iter().collect())
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(CONNECT_TIMEOUT.min(common.timeout))
        .pool_idle_timeout(IDLE_CONNECTION);
    if common.url.scheme() == "http" {
        // No certificate will be looked at: do not load the machine's, which may have none.
        client = client.tls_certs_only([]);
    } else {
        client = client.tls_certs_merge(extra_certificates(common)?);
    }
    client.build().map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        let cause = cause.unwrap_or_else(|| error.without_url().to_string());
        SourceError::new(ErrorKind::Config, format!("TLS cannot be set up: {cause}"))
    })
}

fn extra_certificates(common: &Common) -> Result<Vec<Certificate>, SourceError> {
    let Some(path) = &common.ca_file else {
        return Ok(Vec::new());
    };
    let wrong = |why: &str| {
        let message = format!("ca_file {}: {why}", path.display());
        SourceError::new(ErrorKind::Config, message)
    };
    let pem = std::fs::read(path).map_err(|error| wrong(&error.to_string()))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(wrong("there is no certificate in it")),
        Err(_) => Err(wrong("it is not a PEM file of certificates")),
    }
}

/// Nothing is left half done under these locks, so a panic elsewhere does not spoil them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
