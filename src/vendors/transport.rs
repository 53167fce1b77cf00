//! The only HTTP client of the program.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::de::DeserializeOwned;

use crate::clock::Clock;
use crate::config::endpoint::Method;
use crate::model::Timestamp;
use crate::model::attempt::{Exchange, SourceError};
use crate::model::budget::Budget;

use super::source::Common;

/// A budget that every source on the same credential shares.
pub type SharedBudget = Arc<Mutex<Budget>>;

/// A call that may leave the program. Everything else is refused before it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Method.
    pub method: Method,
    /// Path below the base address. A `*` stands for one path segment.
    pub path: String,
}

/// A request to send.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Path below the base address, starting with `/`.
    pub path: String,
    /// Query parameters in order, unescaped.
    pub query: Vec<(String, String)>,
    /// Extra headers; mark secret values with [`HeaderValue::set_sensitive`].
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// JSON body.
    pub json: Option<serde_json::Value>,
    /// Overrides the source's time-out, for calls that are known to be slow.
    pub timeout: Option<Duration>,
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, unpacked and within the cap.
    pub body: Vec<u8>,
    /// When it was received, by our clock.
    pub received: Timestamp,
}

/// The HTTP client of one source.
#[derive(Debug)]
pub struct Transport {
    _private: (),
}

impl Transport {
    /// Builds the client of a source.
    ///
    /// # Errors
    /// `config` when the extra certificate authority cannot be read.
    pub fn open(
        _common: &Common,
        _allowed: Vec<Allowed>,
        _budget: SharedBudget,
        _clock: Clock,
    ) -> Result<Self, SourceError> {
        unimplemented!()
    }

    /// Sends a request and reads the whole answer.
    ///
    /// # Errors
    /// `config` for a path that is not allowed (nothing is sent) and for a redirect;
    /// `rate_limited` when our own ceiling is reached (nothing is sent); `timeout`, `network`;
    /// `schema` for a body over the cap. Other statuses are answers, not errors.
    pub async fn send(&self, _request: Request) -> Result<Reply, SourceError> {
        unimplemented!()
    }

    /// Takes the exchanges since the last call, oldest first.
    #[must_use]
    pub fn take_exchanges(&self) -> Vec<Exchange> {
        unimplemented!()
    }

    /// The clock that polls run on.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        unimplemented!()
    }
}

impl Reply {
    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    /// `schema`, naming the place of the mismatch but quoting nothing of the body.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, SourceError> {
        unimplemented!()
    }

    /// The instant that `Retry-After` names, in seconds or as an HTTP date.
    #[must_use]
    pub fn retry_at(&self) -> Option<Timestamp> {
        unimplemented!()
    }

    /// The error that this status stands for when the vendor says nothing more precise: 401 and
    /// 403 `auth`, 429 `rate_limited`, other 4xx and 5xx `http`; a success that should have been
    /// something else is `schema`.
    #[must_use]
    pub fn error(&self) -> SourceError {
        unimplemented!()
    }
}
