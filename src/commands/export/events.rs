//! `occtop export --events`: incidents and notes.

use std::collections::HashSet;
use std::io::Write;
use std::sync::Arc;

use chrono::TimeDelta;
use color_eyre::eyre::Result;
use serde::Serialize;

use super::{Args, Lines, instant};
use crate::commands::past::unreadable;
use crate::history::Reader;
use crate::model::Timestamp;
use crate::model::device::DeviceId;
use crate::model::incidents::{About, Event, What};
use crate::model::store::Store;
use crate::screen::told::Told;

/// The columns, in order.
const HEADER: [&str; 9] = [
    "start",
    "end",
    "kind",
    "cause",
    "about",
    "severity",
    "times",
    "detail",
    "acknowledged",
];

/// One row of the output. The order of the fields is that of [`HEADER`].
#[derive(Debug, Serialize)]
struct Line<'a> {
    start: String,
    /// Empty while it lasts.
    end: Option<String>,
    kind: &'static str,
    cause: Option<&'static str>,
    about: String,
    severity: Option<&'static str>,
    times: Option<u32>,
    detail: &'a str,
    /// When somebody acknowledged it.
    acknowledged: Option<String>,
}

/// Writes what began in a span, oldest first.
///
/// # Errors
/// When the history cannot be read or `out` cannot be written to.
pub fn write(
    args: &Args,
    wanted: (Option<&Store>, Option<&HashSet<DeviceId>>),
    reader: &Reader,
    (from, to): (Option<Timestamp>, Option<Timestamp>),
    out: &mut dyn Write,
) -> Result<()> {
    let mut lines = Lines::begin(args.format, &HEADER, out)?;
    let before = |at: Timestamp| at - TimeDelta::seconds(1);
    let from = from.map_or(Timestamp::UNIX_EPOCH, before);
    let to = to.map_or(Timestamp::MAX_UTC, before);
    let mut events = reader.events_begun(from, to).map_err(unreadable)?;
    events.sort_by_key(|event| (event.start, event.id));
    for event in events.into_iter().filter(|event| is_wanted(event, wanted)) {
        let told = Told::of(&Arc::new(event));
        lines.write(&line(&told))?;
    }
    lines.end()
}

/// With a store or devices, only what has to do with one of them.
fn is_wanted(
    event: &Event,
    (store, devices): (Option<&Store>, Option<&HashSet<DeviceId>>),
) -> bool {
    let Some(devices) = devices else {
        return true;
    };
    store.is_some_and(|store| event.is_of_store(&store.name))
        || devices.iter().any(|device| event.is_of_device(device))
}

fn line(told: &Told) -> Line<'_> {
    let event = &*told.event;
    let incident = event.incident();
    let seen = incident.and_then(|incident| incident.acknowledged.as_ref());
    Line {
        start: instant(event.start),
        end: event.end.map(instant),
        kind: kind(&event.what),
        cause: incident.map(|incident| incident.cause.word()),
        about: incident.map_or_else(|| told.whom.clone(), |incident| about(&incident.about)),
        severity: incident.map(|incident| incident.severity.word()),
        times: incident.map(|incident| incident.times),
        detail: &told.text,
        acknowledged: seen.map(|by| instant(by.at)),
    }
}

fn kind(what: &What) -> &'static str {
    match what {
        What::Incident(_) => "incident",
        What::Revision(_) => "corrections",
        What::Reset(_) => "reset",
        What::AfterHours(_) => "after_hours",
        What::Count(_) => "counted_by_hand",
        What::Gap => "not_running",
        What::Skew { .. } => "clocks",
        What::Notice(_) => "notice",
    }
}

fn about(about: &About) -> String {
    match about {
        About::Everything => "everything".to_owned(),
        About::Vendor(name) | About::Source(name) | About::Store(name) => name.to_string(),
        About::Device(id) => id.to_string(),
    }
}
