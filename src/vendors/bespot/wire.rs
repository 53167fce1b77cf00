//! Bespot's JSON as it comes.
//!
//! Rows are read leniently, because one odd row must not cost the page: a field that is missing or
//! of another type is left empty and the row is judged later. Text is borrowed from the body.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::model::Timestamp;
use crate::vendors::lenient::Loose;

/// One page of a list.
#[derive(Debug, Deserialize)]
pub struct Page<'a> {
    /// Rows in the whole result, as far as the vendor knows while it answers.
    #[serde(default)]
    pub count: Option<u64>,
    /// The link to another page, [`Loose::Other`] on the last one. It is never followed.
    #[serde(borrow, default)]
    pub next: Loose<'a>,
    /// The rows of this page.
    #[serde(borrow)]
    pub results: Vec<Row<'a>>,
}

/// One row of visits or of occupancy. The names with `_metric` are those on the wire; the short
/// ones are those of the vendor's prose.
#[derive(Debug, Default, PartialEq)]
pub struct Row<'a> {
    /// The store; text that keeps its leading zeros, also where it comes as a number.
    pub store_code: Option<Cow<'a, str>>,
    /// The minute as an instant.
    pub minute: Option<Timestamp>,
    /// People in, `in_metric` or `in`.
    pub entered: Option<i64>,
    /// People out, `out_metric` or `out`.
    pub left: Option<i64>,
    /// People inside, `occupancy_metric` or `occupancy`.
    pub inside: Option<i64>,
    /// A short name was met.
    pub short_names: bool,
}

/// What goes wrong, in the vendor's words. The pages disagree on `code` and `error_code`.
#[derive(Debug, Default, Deserialize)]
pub struct Envelope<'a> {
    /// A sentence.
    #[serde(borrow, default)]
    pub detail: Loose<'a>,
    /// A word to decide by.
    #[serde(borrow, default, alias = "error_code")]
    pub code: Loose<'a>,
    /// Names this very failure, for a support request.
    #[serde(borrow, default)]
    pub error_id: Loose<'a>,
}

/// The answer to a log-in. The refresh token is not used: a new log-in costs the same request.
#[derive(Deserialize)]
pub struct Tokens {
    /// The token to send.
    pub access: String,
}

/// What a token says about itself.
#[derive(Debug, Deserialize)]
pub struct Claims {
    /// Its end in seconds of Unix time.
    pub exp: f64,
}

enum Name {
    StoreCode,
    Minute,
    Entered { short: bool },
    Left { short: bool },
    Inside { short: bool },
    Unknown,
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(NameVisitor)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Name, E> {
        Ok(match name {
            "store_code" => Name::StoreCode,
            "minute" => Name::Minute,
            "in_metric" => Name::Entered { short: false },
            "out_metric" => Name::Left { short: false },
            "occupancy_metric" => Name::Inside { short: false },
            "in" => Name::Entered { short: true },
            "out" => Name::Left { short: true },
            "occupancy" => Name::Inside { short: true },
            _ => Name::Unknown,
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Row<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RowVisitor)
    }
}

struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = Row<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Row<'de>, A::Error> {
        let mut row = Row::default();
        while let Some(name) = fields.next_key::<Name>()? {
            if let Name::Unknown = name {
                fields.next_value::<IgnoredAny>()?;
                continue;
            }
            row.set(&name, fields.next_value::<Loose<'de>>()?);
        }
        Ok(row)
    }

    // Whatever is not an object is an empty row, which is counted as one that cannot be used.

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Row<'de>, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Row::default())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Row<'de>, E> {
        Ok(Row::default())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Row<'de>, E> {
        Ok(Row::default())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Row<'de>, E> {
        Ok(Row::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Row<'de>, E> {
        Ok(Row::default())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Row<'de>, E> {
        Ok(Row::default())
    }

    fn visit_unit<E: Error>(self) -> Result<Row<'de>, E> {
        Ok(Row::default())
    }
}

impl<'a> Row<'a> {
    fn set(&mut self, name: &Name, value: Loose<'a>) {
        match name {
            Name::StoreCode => self.store_code = value.id(),
            Name::Minute => self.minute = value.text().as_deref().and_then(instant),
            Name::Entered { short } => self.short_names |= put(&mut self.entered, &value, *short),
            Name::Left { short } => self.short_names |= put(&mut self.left, &value, *short),
            Name::Inside { short } => self.short_names |= put(&mut self.inside, &value, *short),
            Name::Unknown => {}
        }
    }
}

/// Sets a number; the long name wins over the short one, whatever their order. Tells whether the
/// short one was used.
fn put(slot: &mut Option<i64>, value: &Loose<'_>, short: bool) -> bool {
    if !short || slot.is_none() {
        *slot = value.int();
    }
    short
}

/// A stamp with its offset. `parse_from_rfc3339` is five times as fast as chrono's serde field.
fn instant(text: &str) -> Option<Timestamp> {
    let stamp = DateTime::parse_from_rfc3339(text).ok()?;
    Some(stamp.with_timezone(&Utc))
}
