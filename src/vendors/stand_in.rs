//! A vendor's server that answers as a test tells it, over real HTTP on loopback.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value as Json;
use tokio::net::TcpListener;

use crate::clock::{Clock, Hand};
use crate::model::Timestamp;
use crate::model::attempt::Ask;
use crate::model::budget::Budget;

use super::source::{Common, ZeroRows};
use super::transport::SharedBudget;

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Path below the base address.
    pub path: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Json,
}

/// An answer: status, headers, body.
pub struct Answer(u16, Vec<(&'static str, String)>, String);

/// The server, and a clock that stands still but for a tick with each request. The server has the
/// same clock.
pub struct StandIn {
    url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    /// The clock that sources run on.
    pub clock: Clock,
    /// Moves it.
    pub hand: Hand,
}

/// The base path; whole addresses come from the configuration, with any prefix.
const PREFIX: &str = "/some/prefix";
/// Time that a request takes on the clock, so that the pace of requests is nobody's matter here.
const TICK: Duration = Duration::from_millis(250);

/// A JSON answer.
pub fn json(status: u16, body: &Json) -> Answer {
    let headers = vec![("content-type", "application/json".to_owned())];
    Answer(status, headers, body.to_string())
}

/// An answer of any text.
pub fn text(status: u16, body: &str) -> Answer {
    Answer(status, Vec::new(), body.to_owned())
}

impl Answer {
    /// With one more header.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.1.push((name, value.to_owned()));
        self
    }
}

impl StandIn {
    /// Starts a server at `now` that answers each request with `answer`.
    pub async fn start(
        now: &str,
        answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let (clock, hand) = Clock::manual(now.parse().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, tick, answer) = (seen.clone(), hand.clone(), Arc::new(answer));
        let server_clock = clock.clone();
        let router = Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| {
            let path = uri
                .path()
                .strip_prefix(PREFIX)
                .unwrap_or("outside")
                .to_owned();
            let body = serde_json::from_slice(&body).unwrap_or_default();
            let request = Seen {
                path,
                headers,
                body,
            };
            tick.advance(TICK);
            let answered = respond(answer(&request), server_clock.now());
            log.lock().unwrap().push(request);
            async { answered }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}{PREFIX}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, router).await });
        Self {
            url,
            seen,
            clock,
            hand,
        }
    }

    /// What was asked since the last call.
    pub fn seen(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    /// The paths that were asked since the last call.
    pub fn paths(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.path).collect()
    }

    /// Settings of a source on this server.
    pub fn common(&self, name: &str) -> Common {
        Common {
            name: name.into(),
            url: self.url.parse().unwrap(),
            period: None,
            every: None,
            timeout: Duration::from_secs(5),
            requests_per_hour: None,
            ca_file: None,
            allow_http: false,
            zero_rows: ZeroRows::Auto,
        }
    }

    /// A first ask, from the start of the day on.
    pub fn ask(&self, since: &str) -> Ask {
        Ask {
            now: self.clock.now(),
            since: since.parse::<Timestamp>().unwrap(),
            horizon: None,
            known: Vec::new(),
            ..Ask::default()
        }
    }
}

/// A budget of `per_hour` requests.
pub fn budget(per_hour: u32) -> SharedBudget {
    Arc::new(Mutex::new(Budget::new(per_hour)))
}

fn respond(Answer(status, headers, body): Answer, now: Timestamp) -> Response {
    let status = axum::http::StatusCode::from_u16(status).unwrap();
    let mut response = (status, body).into_response();
    response.headers_mut().remove("content-type");
    let date = httpdate::fmt_http_date(now.into());
    response.headers_mut().insert("date", date.parse().unwrap());
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}
