//! HTTP around a speaker: one listener per vendor, so that one can be stopped alone.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::clock::Clock;

use super::exchange::{Answer, Call, Speaker};
use super::faults::{Fault, Faults};

/// No call of any vendor comes near this size.
const LONGEST_BODY: usize = 1 << 20;

/// What every answer needs.
struct Desk {
    speaker: Arc<dyn Speaker>,
    clock: Clock,
    faults: Faults,
    open: watch::Receiver<()>,
}

/// A vendor that answers on a port of its own. Dropping it closes the port and the connections
/// that are kept alive.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    /// Its end is the sign for everything that serves to stop.
    _open: watch::Sender<()>,
}

impl Server {
    /// Starts answering on `listen`.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub async fn start(
        listen: SocketAddr,
        speaker: Arc<dyn Speaker>,
        clock: Clock,
        faults: Faults,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let (sign, open) = watch::channel(());
        let desk = Desk {
            speaker,
            clock,
            faults,
            open: open.clone(),
        };
        let router = Router::new().fallback(attend).with_state(Arc::new(desk));
        tokio::spawn(async move {
            let until = ended(open);
            if let Err(error) = axum::serve(listener, router)
                .with_graceful_shutdown(until)
                .await
            {
                tracing::warn!(%error, "a simulator ended");
            }
        });
        Ok(Self {
            address,
            _open: sign,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Waits until the server is dropped.
async fn ended(mut open: watch::Receiver<()>) {
    while open.changed().await.is_ok() {}
}

async fn attend(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LONGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let now = desk.clock.now();
    let query = Query::try_from_uri(&parts.uri).map(|Query(pairs)| pairs);
    let call = Call {
        faults: desk
            .faults
            .take(desk.speaker.vendor(), parts.uri.path(), now),
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: query.unwrap_or_default(),
        headers: parts.headers,
        body,
    };
    let mut response = reply(&desk, call).await;
    // The date is that of the estate, which may run faster than the wall.
    if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(desk.clock.now().into())) {
        response.headers_mut().insert(header::DATE, date);
    }
    response
}

async fn reply(desk: &Arc<Desk>, call: Call) -> Response {
    if call.has(&Fault::Hang) {
        ended(desk.open.clone()).await;
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let cut = call.has(&Fault::Truncated);
    let speaking = desk.clone();
    // A whole estate's day takes a while to compute; the reactor must not wait for it.
    let spoken = tokio::task::spawn_blocking(move || speak(&speaking, &call)).await;
    match spoken {
        Ok(answer) if cut => truncated(&answer),
        Ok(answer) => whole(answer),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The answer with the faults that are the same for all vendors.
fn speak(desk: &Desk, call: &Call) -> Answer {
    let speaker = &desk.speaker;
    for fault in &call.faults {
        match fault {
            Fault::Status(status) => return speaker.failure(*status),
            Fault::Html(status) => return Answer::html(*status, "Service notice"),
            Fault::WrongShape => {
                return Answer::json(200, &serde_json::json!({ "message": "OK", "list": {} }));
            }
            Fault::Redirect(to) => {
                return Answer::html(301, "Moved").with("location", to.clone());
            }
            Fault::RefusedToken => return speaker.refusal(),
            Fault::Throttled { retry_after_s } => return speaker.throttled(*retry_after_s),
            _ => {}
        }
    }
    speaker.answer(call, desk.clock.now())
}

fn whole(mut answer: Answer) -> Response {
    let body = Body::from(std::mem::take(&mut answer.body));
    with_head(&answer, body)
}

/// Half of the body, then the connection breaks.
fn truncated(answer: &Answer) -> Response {
    let half = answer.body.as_bytes()[..answer.body.len() / 2].to_vec();
    let broken = io::Error::new(io::ErrorKind::ConnectionAborted, "cut off on purpose");
    with_head(
        answer,
        Body::from_stream(stream::iter([Ok(half), Err(broken)])),
    )
}

fn with_head(answer: &Answer, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(answer.content_type),
    );
    for (name, value) in &answer.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(*name, value);
        }
    }
    response
}
