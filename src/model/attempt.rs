//! One attempt to read a source: what was asked, what came, what went wrong.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::device::{DeviceId, Facts};
use super::reading::{Level, Reading};

/// What a poll is asked to bring.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ask {
    /// The observer's clock.
    pub now: Timestamp,
    /// Data from here on is needed: the earliest running reset of any store that claims a device
    /// of the source, or local midnight.
    pub since: Timestamp,
    /// The newest instant already in history for this source; `None` on a first start.
    pub horizon: Option<Timestamp>,
    /// What history already knows about the source's devices.
    pub known: Vec<(DeviceId, Facts)>,
    /// The newest instant that history holds of each counter of a tracker.
    pub reached: Vec<(DeviceId, Level, Timestamp)>,
}

/// What a poll brought. Both halves may be present: what could be read, and what could not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// What came; `None` when nothing usable did.
    pub delivery: Option<Delivery>,
    /// What went wrong; `None` when all is well.
    pub error: Option<SourceError>,
}

impl Outcome {
    /// All is well.
    #[must_use]
    pub fn delivered(delivery: Delivery) -> Self {
        Self {
            delivery: Some(delivery),
            error: None,
        }
    }

    /// Nothing usable came.
    #[must_use]
    pub fn failed(error: SourceError) -> Self {
        Self {
            delivery: None,
            error: Some(error),
        }
    }
}

/// What a vendor delivered in one poll.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Delivery {
    /// The devices seen, as the vendor describes them now.
    pub facts: Vec<(DeviceId, Facts)>,
    /// Readings, in no particular order; a key may occur again with a newer value.
    pub readings: Vec<Reading>,
    /// The delivery is complete from here up to each device's horizon: a sparse feed has a zero,
    /// not a hole, where it has no row. `None` for feeds without a grid.
    pub complete_from: Option<Timestamp>,
    /// `facts` lists every device of the account, so a configured device that is not among them
    /// does not exist.
    pub roster: bool,
    /// Publish period in seconds, where the vendor's rows show it and the configuration sets none.
    pub period_s: Option<u32>,
    /// Vendor rows decoded.
    pub rows: u32,
    /// Vendor rows that could not be used.
    pub rejected: u32,
    /// Sentences for the operator, for example a feature that was switched off and why.
    pub notes: Vec<String>,
    /// What the source wants to know after a restart, in a form of its own; kept once the readings
    /// are durable. `None` leaves what was kept before.
    pub memory: Option<serde_json::Value>,
}

/// A finished attempt, ready for history and board.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Name of the source.
    pub source: std::sync::Arc<str>,
    /// When it started.
    pub started: Timestamp,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
    /// The requests it made, logins included, in order.
    pub exchanges: Vec<Exchange>,
    /// What it brought.
    pub outcome: Outcome,
}

impl Attempt {
    /// Server clock minus ours in seconds, from the `Date` header of the last reply that had one.
    #[must_use]
    pub fn clock_skew_s(&self) -> Option<i64> {
        self.exchanges.iter().rev().find_map(|e| e.clock_skew_s)
    }
}

/// One request that left the program, without anything secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// The address with redacted query values where they could be secret.
    pub url: String,
    /// The answer's status; `None` when none came.
    pub status: Option<u16>,
    /// Time until the body was read, in milliseconds.
    pub took_ms: u32,
    /// Size of the body in bytes, unpacked.
    pub bytes: usize,
    /// Server clock minus ours in seconds, where the reply has a `Date`.
    pub clock_skew_s: Option<i64>,
}

/// What `check` found out about one request, in words for the person who configures the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was tried, for example `interval data`.
    pub what: String,
    /// Whether it does what the configuration says.
    pub ok: bool,
    /// Lines of detail: pointers and field aliases that matched, row keys found, the error.
    pub details: Vec<String>,
}

impl Finding {
    /// What was found out about `what`.
    #[must_use]
    pub fn new(what: impl Into<String>, ok: bool, details: Vec<String>) -> Self {
        Self {
            what: what.into(),
            ok,
            details,
        }
    }

    /// That `what` does not work, and why.
    #[must_use]
    pub fn failed(what: impl Into<String>, error: &SourceError) -> Self {
        Self::new(what, false, vec![error.to_string()])
    }
}

/// Why a source could not be read, in a form the screen can branch on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceError {
    /// The class of the failure.
    pub kind: ErrorKind,
    /// HTTP status, when an answer came.
    pub status: Option<u16>,
    /// The vendor's own code, always as text.
    pub code: Option<String>,
    /// What happened and what to do, without anything secret.
    pub message: String,
    /// The vendor's reference of this failure, for a support request.
    pub reference: Option<String>,
    /// Not before this instant, when the vendor or our own ceiling says so.
    pub retry_at: Option<Timestamp>,
}

/// Classes of failure; see the table of causes in `docs/board.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// 401, 403, or a token refused after one renewal.
    Auth,
    /// 429, a vendor's throttling code, or our own ceiling.
    RateLimited,
    /// Any other 4xx or 5xx.
    Http,
    /// Connect, read or total time-out.
    Timeout,
    /// Refused, reset, name, TLS, or a body cut off.
    Network,
    /// Not JSON, HTML under 200, a required field missing, or a body over the cap.
    Schema,
    /// A redirect, a refused path, an unresolvable secret, an unknown store or device.
    Config,
    /// The vendor's own error envelope with none of the meanings above.
    Vendor,
}

impl ErrorKind {
    /// The word on every surface.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::RateLimited => "rate_limited",
            Self::Http => "http",
            Self::Timeout => "timeout",
            Self::Network => "network",
            Self::Schema => "schema",
            Self::Config => "config",
            Self::Vendor => "vendor",
        }
    }
}

impl SourceError {
    /// An error with only a class and a message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            status: None,
            code: None,
            message: message.into(),
            reference: None,
            retry_at: None,
        }
    }

    /// With the HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// With the vendor's code.
    #[must_use]
    pub fn with_code(mut self, code: impl fmt::Display) -> Self {
        self.code = Some(code.to_string());
        self
    }

    /// With the vendor's reference.
    #[must_use]
    pub fn with_reference(mut self, reference: Option<String>) -> Self {
        self.reference = reference;
        self
    }

    /// With the instant before which asking again is useless.
    #[must_use]
    pub fn with_retry_at(mut self, retry_at: Option<Timestamp>) -> Self {
        self.retry_at = retry_at;
        self
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        if let Some(status) = self.status {
            write!(f, " (status {status})")?;
        }
        if let Some(code) = &self.code {
            write!(f, " [{code}]")?;
        }
        if let Some(reference) = &self.reference {
            write!(f, " reference {reference}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SourceError {}
