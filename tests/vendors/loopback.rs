//! Small servers on loopback that record what they are asked.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Response};
use futures_util::future::BoxFuture;
use occtop::model::Timestamp;
use occtop::model::device::DeviceId;
use occtop::model::reading::Flow;
use occtop::vendors::source::{Common, Counts, Past, ZeroRows};
use reqwest::Url;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

/// One request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    /// The query as it was on the wire.
    pub raw_query: String,
    pub query: BTreeMap<String, String>,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Seen {
    pub fn param(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }
}

/// What to answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "application/json", &body.to_string())
    }

    pub fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }

    pub fn text(status: u16, content_type: &str, body: &str) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.as_bytes().to_vec(),
        }
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A running server.
pub struct Server {
    pub url: Url,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Serves `answer` for every request; it is given the request and how many came before.
    pub async fn start(answer: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static) -> Self {
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let answer = Arc::new(answer);
        let record = seen.clone();
        let app = Router::new().fallback(move |request: Request| {
            let (record, answer) = (record.clone(), answer.clone());
            async move {
                let request = read(request).await;
                let before = record.lock().unwrap().len();
                let given = answer(&request, before);
                record.lock().unwrap().push(request);
                respond(given)
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            url: url.parse().unwrap(),
            seen,
        }
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Takes the requests since the last call.
    pub fn take(&self) -> Vec<Seen> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }
}

async fn read(request: Request) -> Seen {
    let (head, body) = request.into_parts();
    let bytes = to_bytes(body, 1 << 20).await.unwrap();
    let raw_query = head.uri.query().unwrap_or_default().to_owned();
    let parsed = Url::parse(&format!("http://h/?{raw_query}")).unwrap();
    Seen {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: parsed.query_pairs().into_owned().collect(),
        raw_query,
        headers: head.headers,
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    }
}

fn respond(answer: Answer) -> Response<Body> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(answer.body.into()).unwrap()
}

/// A server below HTTP: `script` is given each connection.
pub async fn raw<F>(script: impl Fn(TcpStream) -> F + Send + 'static) -> Url
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(script(stream));
        }
    });
    url.parse().unwrap()
}

/// Settings of a source called `s` at this address.
pub fn common(url: Url) -> Common {
    Common {
        name: "s".into(),
        url,
        period: None,
        every: None,
        timeout: Duration::from_secs(5),
        requests_per_hour: None,
        ca_file: None,
        allow_http: false,
        zero_rows: ZeroRows::Auto,
    }
}

/// A past that holds these counts, by the instant they began at.
#[derive(Debug, Default)]
pub struct Held(pub Vec<(Timestamp, DeviceId, Flow)>);

impl Past for Held {
    fn counted(&self, from: Timestamp, to: Timestamp) -> BoxFuture<'_, Option<Counts>> {
        let mut counts = Counts::new();
        let inside = self
            .0
            .iter()
            .filter(|(start, ..)| (from..to).contains(start));
        for (_, device, flow) in inside {
            let total = counts.entry(device.clone()).or_default();
            total.entered += flow.entered;
            total.left += flow.left;
        }
        Box::pin(std::future::ready(Some(counts)))
    }
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
