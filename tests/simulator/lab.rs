//! A laboratory: simulators on a clock that stands still until it is moved, and a plain client.

use std::sync::{Arc, Once};
use std::time::Duration;

use chrono::TimeDelta;
use occtop::clock::{Clock, Hand};
use occtop::model::Timestamp;
use occtop::simulator::credentials::Credentials;
use occtop::simulator::estate::Estate;
use occtop::simulator::faults::Faults;
use occtop::simulator::vendor::Vendor;
use occtop::simulator::{Options, Running, start};
use serde_json::Value;

/// Simulators and what is needed to speak to them.
pub struct Lab {
    pub running: Running,
    pub hand: Hand,
    pub clock: Clock,
    http: reqwest::Client,
}

/// An answer that was read to its end.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// An instant.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Wednesday noon in Athens, an hour before the shops of Stockholm have theirs.
pub const NOON: &str = "2026-03-04T10:00:00Z";

impl Lab {
    pub async fn at(now: &str) -> Self {
        Self::with(now, |options| options).await
    }

    pub async fn with(now: &str, change: impl FnOnce(Options) -> Options) -> Self {
        let (clock, hand) = Clock::manual(at(now));
        Self {
            running: start(change(Options::new(clock.clone()))).await.unwrap(),
            hand,
            clock,
            http: client(),
        }
    }

    pub fn estate(&self) -> &Arc<Estate> {
        self.running.estate()
    }

    pub fn credentials(&self) -> &Credentials {
        self.running.credentials()
    }

    pub fn faults(&self) -> &Faults {
        self.running.faults()
    }

    pub fn advance(&self, by: TimeDelta) {
        self.hand.advance(by.to_std().unwrap());
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A GET with headers.
    pub async fn get(&self, vendor: Vendor, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.try_get(vendor, path, headers).await.unwrap()
    }

    pub async fn try_get(
        &self,
        vendor: Vendor,
        path: &str,
        headers: &[(&str, &str)],
    ) -> reqwest::Result<Reply> {
        let url = format!("{}{path}", self.running.url(vendor).unwrap());
        read(with(self.http.get(url), headers)).await
    }

    /// A POST of JSON with headers.
    pub async fn post(
        &self,
        vendor: Vendor,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Reply {
        let url = format!("{}{path}", self.running.url(vendor).unwrap());
        let request = self.http.post(url).body(body.to_string());
        let request = request.header("content-type", "application/json");
        read(with(request, headers)).await.unwrap()
    }
}

fn with(request: reqwest::RequestBuilder, headers: &[(&str, &str)]) -> reqwest::RequestBuilder {
    headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    })
}

async fn read(request: reqwest::RequestBuilder) -> reqwest::Result<Reply> {
    let response = request.send().await?;
    Ok(Reply {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        text: response.text().await?,
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is tested here is the other side of the program's own transport"
)]
fn client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    // Only the first test of the process can install it, and that is enough.
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(20))
        .no_proxy()
        .build()
        .unwrap()
}

/// The keys of an object, sorted.
pub fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

/// A count, whether it came as a number or as a numeric string.
pub fn count(value: &Value) -> u32 {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    u32::try_from(number.unwrap_or_else(|| panic!("no count: {value}"))).unwrap()
}
