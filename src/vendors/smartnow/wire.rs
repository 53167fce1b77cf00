//! The JSON of SmartNow, as it comes.
//!
//! Types vary from row to row (vendor documentation and its samples): flags are 0/1 or booleans,
//! prices integers, decimals or strings, references an id or the whole object when populated, and
//! nearly every field may be null. So every field is optional, and one that cannot be read counts
//! as absent.

use chrono::{DateTime, FixedOffset, NaiveDateTime};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::vendors::lenient::{Loose, Row, lax, whole};

/// A list: one odd row costs itself only.
pub(super) type List<T> = Vec<Row<T>>;

/// Reply of log-in and renewal.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub access_token: String,
    #[serde(default, deserialize_with = "lax")]
    pub refresh_token: Option<String>,
}

/// What errors, and successful writes, carry.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    pub message: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Location {
    #[serde(default, deserialize_with = "whole")]
    pub id: Option<i64>,
    #[serde(default, deserialize_with = "lax")]
    pub name: Option<String>,
    /// IANA name.
    #[serde(default, deserialize_with = "lax")]
    pub time_zone: Option<String>,
    /// The same, as one block of the reference spells it.
    #[serde(default, rename = "timezone", deserialize_with = "lax")]
    pub lower_zone: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Machine {
    #[serde(default, deserialize_with = "whole")]
    pub id: Option<i64>,
    #[serde(default, deserialize_with = "lax")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "lax")]
    pub hostname: Option<String>,
    #[serde(default, deserialize_with = "reference")]
    pub location: Option<i64>,
    #[serde(default, deserialize_with = "flag")]
    pub active: Option<bool>,
    /// Id of its newest sale.
    #[serde(
        default,
        rename = "lastRevenuetransaction",
        deserialize_with = "reference"
    )]
    pub last_sale: Option<i64>,
    /// Id of its newest event.
    #[serde(default, deserialize_with = "reference")]
    pub last_log: Option<i64>,
    #[serde(default, deserialize_with = "lax")]
    pub updated_at: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sale {
    #[serde(default, deserialize_with = "whole")]
    pub id: Option<i64>,
    #[serde(default, deserialize_with = "reference")]
    pub machine: Option<i64>,
    #[serde(default, deserialize_with = "reference")]
    pub location: Option<i64>,
    #[serde(default, deserialize_with = "whole")]
    pub price: Option<i64>,
    #[serde(default, deserialize_with = "lax")]
    pub currency: Option<String>,
    #[serde(flatten)]
    pub times: Times,
}

/// An event of a machine.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Log {
    #[serde(default, deserialize_with = "whole")]
    pub id: Option<i64>,
    #[serde(default, deserialize_with = "reference")]
    pub machine: Option<i64>,
    #[serde(default, deserialize_with = "reference")]
    pub location: Option<i64>,
    #[serde(default, deserialize_with = "lax")]
    pub code: Option<String>,
    #[serde(default, deserialize_with = "flag")]
    pub is_resolvable: Option<bool>,
    /// Filled when the event is over; only whether it is filled matters.
    #[serde(default)]
    pub resolved_at: Value,
    #[serde(flatten)]
    pub times: Times,
}

/// When something happened, three times over, and when the server learned of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Times {
    /// Unix seconds; the safest of the three.
    #[serde(default, deserialize_with = "whole")]
    pub timestamp: Option<i64>,
    /// Local time, with its offset in every sample.
    #[serde(default, deserialize_with = "lax")]
    pub occurred_at: Option<String>,
    /// Zone of `occurred_at`.
    #[serde(default, deserialize_with = "lax")]
    pub time_zone: Option<String>,
    /// The same, as one block of the reference spells it.
    #[serde(default, rename = "timezone", deserialize_with = "lax")]
    pub lower_zone: Option<String>,
    /// UTC.
    #[serde(default, deserialize_with = "lax")]
    pub created_at: Option<String>,
}

/// An instant as text: with an offset, or naive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    Fixed(DateTime<FixedOffset>),
    Naive(NaiveDateTime),
}

impl Stamp {
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(fixed) = DateTime::parse_from_rfc3339(text) {
            return Some(Self::Fixed(fixed));
        }
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
            .into_iter()
            .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
            .map(Self::Naive)
    }
}

fn reference<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(whole_of(value.get("id").unwrap_or(&value)))
}

fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(match &value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text == "true" => Some(true),
        Value::String(text) if text == "false" => Some(false),
        other => match whole_of(other) {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        },
    })
}

fn whole_of(value: &Value) -> Option<i64> {
    Loose::deserialize(value).ok()?.int()
}
