//! `occtop export --coverage`: how much of each day has arrived, by people counter.

use std::collections::HashSet;
use std::io::Write;

use chrono_tz::Tz;
use color_eyre::eyre::{Report, Result};
use serde::Serialize;

use super::{Args, Lines, claimant, instant};
use crate::commands::past::unreadable;
use crate::config::Config;
use crate::engine;
use crate::history::Reader;
use crate::model::Timestamp;
use crate::model::device::DeviceId;

/// The columns, in order.
const HEADER: [&str; 6] = ["store", "source", "device", "day", "start", "coverage"];

/// One row of the output. The order of the fields is that of [`HEADER`].
#[derive(Debug, Serialize)]
struct Line<'a> {
    store: Option<&'a str>,
    source: &'a str,
    device: &'a str,
    day: String,
    start: String,
    /// A share from 0 to 1 with four places.
    coverage: Option<f64>,
}

/// Writes the coverage of whole days within what was polled.
///
/// # Errors
/// When the history cannot be read or `out` cannot be written to.
pub fn write(
    args: &Args,
    (config, zone): (&Config, Tz),
    (reader, wanted): (&Reader, Option<&HashSet<DeviceId>>),
    (from, to): (Option<Timestamp>, Option<Timestamp>),
    out: &mut dyn Write,
) -> Result<()> {
    let mut lines = Lines::begin(args.format, &HEADER, out)?;
    let Some((first, last)) = reader.polled().map_err(unreadable)? else {
        return lines.end();
    };
    // A day that is still running has not arrived yet.
    let whole = last - chrono::TimeDelta::days(1);
    let span = (from.unwrap_or(first), to.unwrap_or(whole).min(whole));
    engine::coverage(reader, (config, zone), span, |day| {
        if wanted.is_some_and(|wanted| !wanted.contains(&day.device)) {
            return Ok(());
        }
        lines.write(&Line {
            store: claimant(config, &day.device),
            source: day.device.source(),
            device: day.device.as_str(),
            day: day.day.to_string(),
            start: instant(day.start),
            coverage: day.coverage.map(|share| (share * 1e4).round() / 1e4),
        })?;
        Ok::<_, Report>(())
    })?;
    lines.end()
}
