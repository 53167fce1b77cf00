//! Bespot's pages to readings, pure.

use crate::model::Timestamp;
use crate::model::reading::{Flow, Level, Measure, Reading, Value};

use super::stores::Stores;
use super::wire::{Page, Row};

/// Length of a visits interval in seconds (vendor documentation: one row per store and minute).
pub const MINUTE_S: u32 = 60;

/// One of the two lists that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// People in and out per minute.
    Visits,
    /// People inside, at some minutes.
    Occupancy,
}

impl Feed {
    /// The word for messages.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Visits => "visits",
            Self::Occupancy => "occupancy",
        }
    }
}

/// Readings of one or more pages.
#[derive(Debug, Default, PartialEq)]
pub struct Rows {
    /// Usable rows of stores that are watched.
    pub readings: Vec<Reading>,
    /// Rows that came.
    pub rows: u32,
    /// Rows that could not be used.
    pub rejected: u32,
    /// Rows carried the short field names of the vendor's prose.
    pub short_names: bool,
}

impl Rows {
    /// Adds the rows of another page.
    pub fn append(&mut self, mut other: Self) {
        if self.readings.is_empty() {
            self.readings = other.readings;
        } else {
            self.readings.append(&mut other.readings);
        }
        self.rows += other.rows;
        self.rejected += other.rejected;
        self.short_names |= other.short_names;
    }
}

/// Reads a page.
///
/// # Errors
/// When the body is not a page at all. Single rows that cannot be used are counted instead.
pub fn page(body: &[u8]) -> Result<Page<'_>, serde_json::Error> {
    match std::str::from_utf8(body) {
        // One check of the whole is cheaper than one for each text in it.
        Ok(text) => serde_json::from_str(text),
        Err(_) => serde_json::from_slice(body),
    }
}

/// The readings of a page's rows. A stamp after `latest` is not believed: one row from a far
/// future would keep the feed's horizon there for ever.
pub fn readings(rows: &[Row<'_>], feed: Feed, stores: &mut Stores, latest: Timestamp) -> Rows {
    let mut decoded = Rows {
        readings: Vec::with_capacity(rows.len()),
        rows: u32::try_from(rows.len()).unwrap_or(u32::MAX),
        ..Rows::default()
    };
    for row in rows {
        decoded.short_names |= row.short_names;
        let (Some(code), Some(start), Some(measure)) = (
            row.store_code.as_deref(),
            row.minute.filter(|minute| *minute <= latest),
            measure(row, feed),
        ) else {
            decoded.rejected += 1;
            continue;
        };
        if let Some(device) = stores.device(code) {
            decoded.readings.push(Reading {
                device: device.clone(),
                start,
                span_s: if feed == Feed::Visits { MINUTE_S } else { 0 },
                item: 0,
                measure,
            });
        }
    }
    decoded
}

/// Where `diff` disagrees with in minus out, in and out are right; so it is not even read.
fn measure(row: &Row<'_>, feed: Feed) -> Option<Measure> {
    Some(match feed {
        Feed::Visits => Measure::Flow(Flow {
            entered: row.entered?.try_into().ok()?,
            left: row.left?.try_into().ok()?,
        }),
        // Negative as it came: how the vendor counts and resets is not documented.
        Feed::Occupancy => {
            let inside = i32::try_from(row.inside?).ok()?;
            Measure::Level(Level::Occupancy, Value::Int(inside.into()))
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;

    fn latest() -> Timestamp {
        "2026-03-03T00:00:00Z".parse().unwrap()
    }

    fn decode(body: &[u8], feed: Feed) -> Result<Rows, serde_json::Error> {
        let mut stores = Stores::new("opap".into(), &[]);
        Ok(readings(&page(body)?.results, feed, &mut stores, latest()))
    }

    /// JSON that is like a page to any degree.
    fn json() -> impl Strategy<Value = Json> {
        let stamp = prop_oneof![
            "[0-9]{4}-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:00[+-]0[0-9]:00",
            Just("2026-03-02T10:01:00+02:00".to_owned()),
        ];
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            (-5..200).prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            stamp.prop_map(Json::from),
            ".{0,8}".prop_map(Json::from),
        ];
        let key = prop_oneof![
            Just("results"),
            Just("next"),
            Just("store_code"),
            Just("minute"),
            Just("in_metric"),
            Just("out_metric"),
            Just("in"),
            Just("occupancy_metric"),
            Just("x"),
        ];
        leaf.prop_recursive(4, 64, 8, move |inner| {
            let fields = prop::collection::vec((key.clone(), inner.clone()), 0..8);
            prop_oneof![
                prop::collection::vec(inner, 0..8).prop_map(Json::from),
                fields.prop_map(|fields| fields.into_iter().collect::<Json>()),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_rows_give_readings_within_bounds(
            rows in prop::collection::vec(json(), 0..20),
            visits: bool,
        ) {
            let feed = if visits { Feed::Visits } else { Feed::Occupancy };
            let count = u32::try_from(rows.len()).unwrap();
            let body = json!({"results": rows}).to_string();
            let decoded = decode(body.as_bytes(), feed).unwrap();
            prop_assert_eq!(decoded.rows, count);
            prop_assert_eq!(decoded.readings.len(), (count - decoded.rejected) as usize);
            for reading in decoded.readings {
                prop_assert!(reading.start <= latest());
                prop_assert!(!reading.device.local().is_empty());
            }
        }

        #[test]
        fn anything_else_is_an_error_and_no_panic(
            tree in json(),
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            cut in 0..400_usize,
        ) {
            let _ = decode(tree.to_string().as_bytes(), Feed::Visits);
            let _ = decode(&bytes, Feed::Visits);
            let whole = br#"{"count":1,"results":[{"store_code":"1","in_metric":1,"out_metric":0,"minute":"2026-03-02T10:01:00+02:00"}]}"#;
            let cut = cut.min(whole.len());
            prop_assert_eq!(decode(&whole[..cut], Feed::Visits).is_ok(), cut == whole.len());
        }
    }
}
