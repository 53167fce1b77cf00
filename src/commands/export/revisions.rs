//! `occtop export --revisions`: every value that was replaced, with the one that came in its place.

use std::collections::HashMap;
use std::io::Write;

use color_eyre::eyre::Result;
use serde::Serialize;

use super::{Args, Line, Lines, Number, instant, lines_of};
use crate::commands::past::unreadable;
use crate::history::{Query, Reader, Revision, Stored};
use crate::model::Timestamp;
use crate::model::device::DeviceId;
use crate::model::reading::Reading;

/// The columns, in order.
const HEADER: [&str; 11] = [
    "store",
    "source",
    "device",
    "quantity",
    "start",
    "span_s",
    "old_value",
    "value",
    "unit",
    "revised_at",
    "old_since",
];

/// One row of the output. The order of the fields is that of [`HEADER`].
#[derive(Debug, Serialize)]
struct Replaced<'a> {
    store: Option<&'a str>,
    source: &'a str,
    device: &'a str,
    quantity: &'static str,
    start: String,
    span_s: u32,
    old_value: Option<Number>,
    value: Option<Number>,
    unit: &'a str,
    revised_at: String,
    old_since: Option<String>,
}

/// Writes what was replaced, by the time of the reading and then of the change.
///
/// # Errors
/// When the history cannot be read or `out` cannot be written to.
pub fn write(
    args: &Args,
    stores: &HashMap<&DeviceId, &str>,
    (reader, query): (&Reader, &Query),
    out: &mut dyn Write,
) -> Result<()> {
    let mut lines = Lines::begin(args.format, &HEADER, out)?;
    for revision in reader.revisions(query).map_err(unreadable)? {
        let store = stores.get(&revision.reading.device).copied();
        let old = as_stored(revision.reading.clone(), revision.at, Some(&revision));
        let new = as_stored(revision.reading.clone(), revision.at, None);
        let pairs = lines_of(store, &old).zip(lines_of(store, &new));
        for (old, new) in pairs.filter(|(old, new)| old.value != new.value) {
            lines.write(&replaced(old, new, &revision))?;
        }
    }
    lines.end()
}

/// The reading with its new value, or with the one that was replaced.
fn as_stored(reading: Reading, at: Timestamp, old: Option<&Revision>) -> Stored {
    let measure = old.map_or(reading.measure, |revision| revision.old);
    Stored {
        reading: Reading { measure, ..reading },
        fetched_at: at,
        revised_at: Some(at),
    }
}

fn replaced<'a>(old: Line<'a>, new: Line<'a>, revision: &Revision) -> Replaced<'a> {
    Replaced {
        store: new.store,
        source: new.source,
        device: new.device,
        quantity: new.quantity,
        start: new.start,
        span_s: new.span_s,
        old_value: old.value,
        value: new.value,
        unit: new.unit,
        revised_at: instant(revision.at),
        old_since: revision.old_fetched_at.map(instant),
    }
}
