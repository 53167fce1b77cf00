//! `occtop export`: readings from the history as CSV or JSON lines.
//!
//! The history is only read: the monitor may be running, and no request leaves the program.

mod coverage;
mod events;
mod revisions;

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};
use std::path::Path;

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use clap::ValueEnum;
use color_eyre::eyre::{Report, Result, WrapErr};
use serde::Serialize;

use super::{Exit, Globals, UsageError, session};
use crate::config::Config;
use crate::history::{Query, Reader, Stored};
use crate::model::Timestamp;
use crate::model::calendar::first_instant;
use crate::model::device::DeviceId;
use crate::model::reading::{Level, Measure, Value};
use crate::model::store::{Member, Store};
use crate::output;

/// Arguments of `occtop export`.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Args {
    /// Readings that start here or later: 2026-03-02T08:00:00Z, or 2026-03-02 for the start of
    /// that day in the store's zone (without --store: the display zone)
    #[arg(long, value_name = "WHEN", value_parser = bound)]
    pub from: Option<Bound>,
    /// Readings that start before this instant or day
    #[arg(long, value_name = "WHEN", value_parser = bound)]
    pub to: Option<Bound>,
    /// Only devices of this store
    #[arg(long, value_name = "NAME")]
    pub store: Option<String>,
    /// Only this device, by its full id, or all of a source (fleet/*); may be repeated
    #[arg(long = "device", value_name = "ID")]
    pub devices: Vec<String>,
    /// Instead of readings: for each people counter and whole day the share of opening hours for
    /// which counts have arrived
    #[arg(long)]
    pub coverage: bool,
    /// Instead of readings: every value that was replaced, with the one that came in its place
    #[arg(long, conflicts_with = "coverage")]
    pub revisions: bool,
    /// Instead of readings: incidents and notes that began in the range
    #[arg(long, conflicts_with_all = ["coverage", "revisions"])]
    pub events: bool,
    /// Form of the output
    #[arg(long, value_name = "FORM", default_value = "csv")]
    pub format: Format,
}

/// Form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A header and one row per reading and quantity.
    #[default]
    Csv,
    /// One JSON object per line, with the names of the CSV columns.
    #[value(alias = "json")]
    Jsonl,
}

/// One end of the range that is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// An instant.
    At(Timestamp),
    /// The start of a local day.
    Day(NaiveDate),
}

/// The columns, in order.
pub const HEADER: [&str; 9] = [
    "store",
    "source",
    "device",
    "quantity",
    "start",
    "span_s",
    "value",
    "unit",
    "revised_at",
];

/// Exports from the configured history.
///
/// # Errors
/// [`UsageError`] for a store or device that is not known and where there is no history; otherwise
/// when the history cannot be read or `out` cannot be written to.
#[expect(clippy::unused_async, reason = "every command is started the same way")]
pub async fn run(args: Args, globals: &Globals, out: &mut dyn Write) -> Result<Exit> {
    let config = session::config(globals)?;
    write(&args, &config, &session::history_file(&config)?, out)?;
    Ok(Exit::Ok)
}

/// Exports from the history at `path`.
///
/// # Errors
/// As [`run`].
pub fn write(args: &Args, config: &Config, path: &Path, out: &mut dyn Write) -> Result<()> {
    let store = args
        .store
        .as_deref()
        .map(|name| named(config, name))
        .transpose()?;
    let zone = || store.map_or_else(|| session::display_zone(config), |store| store.timezone);
    let reader = session::reader(path)?;
    let wanted = wanted(&reader, store, &args.devices)?;
    let from = args.from.map(|bound| bound.instant(zone));
    let to = args.to.map(|bound| bound.instant(zone));
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err(UsageError("--to lies before --from: exchange them".into()).into());
    }
    let devices: Option<HashSet<_>> = wanted.map(|devices| devices.into_iter().cloned().collect());
    if args.events {
        return events::write(args, (store, devices.as_ref()), &reader, (from, to), out);
    }
    let query = Query { from, to, devices };
    let stores: HashMap<_, _> = reader
        .devices()
        .filter_map(|device| Some((device, claimant(config, device)?)))
        .collect();
    if args.coverage {
        let (zone, wanted) = (session::display_zone(config), query.devices.as_ref());
        let span = (query.from, query.to);
        return coverage::write(args, (config, zone), (&reader, wanted), span, out);
    }
    if args.revisions {
        return revisions::write(args, &stores, (&reader, &query), out);
    }
    let mut lines = Lines::begin(args.format, &HEADER, out)?;
    reader.for_each(&query, |stored| {
        let store = stores.get(&stored.reading.device).copied();
        for line in lines_of(store, stored) {
            lines.write(&line)?;
        }
        Ok::<_, Report>(())
    })?;
    lines.end()
}

fn named<'a>(config: &'a Config, name: &str) -> Result<&'a Store> {
    let store = config.stores.iter().find(|store| *store.name == *name);
    store.ok_or_else(|| {
        let known: Vec<_> = config.stores.iter().map(|store| &*store.name).collect();
        let known = if known.is_empty() {
            "none".to_owned()
        } else {
            known.join(", ")
        };
        UsageError(format!(
            "--store {name}: no such store; the configuration has {known}"
        ))
        .into()
    })
}

/// The devices that were asked for; `None` when all are wanted.
fn wanted<'a>(
    reader: &'a Reader,
    store: Option<&Store>,
    devices: &[String],
) -> Result<Option<Vec<&'a DeviceId>>> {
    let mut claims = Vec::new();
    for text in devices {
        let claim = claim(text);
        if !reader.devices().any(|device| claim.claims(device)) {
            let sentence = format!("--device {text}: the history has no such device");
            return Err(UsageError(sentence).into());
        }
        claims.push(claim);
    }
    if store.is_none() && claims.is_empty() {
        return Ok(None);
    }
    let matches = |claims: &[Member], device| claims.iter().any(|claim| claim.claims(device));
    let wanted = reader
        .devices()
        .filter(|device| store.is_none_or(|store| matches(&store.members, device)))
        .filter(|device| claims.is_empty() || matches(&claims, device));
    Ok(Some(wanted.collect()))
}

/// A claim as the configuration writes it. What is no id at all claims nothing.
fn claim(text: &str) -> Member {
    match text.strip_suffix("/*") {
        Some(source) => Member::AllOf(source.into()),
        None => Member::Device(DeviceId::parse(text).unwrap_or_else(|| DeviceId::new("", text))),
    }
}

fn claimant<'a>(config: &'a Config, device: &DeviceId) -> Option<&'a str> {
    let claims = |store: &&Store| store.members.iter().any(|member| member.claims(device));
    config.stores.iter().find(claims).map(|store| &*store.name)
}

/// Reads an end of a range.
pub(super) fn bound(text: &str) -> Result<Bound, String> {
    if let Ok(instant) = chrono::DateTime::parse_from_rfc3339(text) {
        return Ok(Bound::At(instant.to_utc()));
    }
    text.parse().map(Bound::Day).map_err(|_| {
        "write an instant with its offset (2026-03-02T08:00:00Z) or a day (2026-03-02)".to_owned()
    })
}

impl Bound {
    /// The instant it means, days in `zone`.
    pub(super) fn instant(self, zone: impl Fn() -> Tz) -> Timestamp {
        match self {
            Self::At(instant) => instant,
            Self::Day(day) => first_instant(zone(), day, NaiveTime::MIN),
        }
    }
}

/// One row of the output. The order of the fields is that of [`HEADER`].
#[derive(Debug, Serialize)]
struct Line<'a> {
    store: Option<&'a str>,
    source: &'a str,
    device: &'a str,
    quantity: &'static str,
    start: String,
    span_s: u32,
    value: Option<Number>,
    unit: &'a str,
    revised_at: Option<String>,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Number {
    Int(i64),
    Real(f64),
}

/// The rows of a reading: a flow has two, everything else one.
fn lines_of<'a>(store: Option<&'a str>, stored: &'a Stored) -> impl Iterator<Item = Line<'a>> {
    let reading = &stored.reading;
    let quantities = match &reading.measure {
        Measure::Flow(flow) => [
            Some(("in", Some(Number::Int(flow.entered.into())), "people")),
            Some(("out", Some(Number::Int(flow.left.into())), "people")),
        ],
        Measure::Level(level, value) => {
            let (quantity, unit) = level_words(*level);
            [Some((quantity, Some(number(*value)), unit)), None]
        }
        Measure::Sale { price, currency } => [
            Some(("sale", price.map(Number::Int), currency.as_str())),
            None,
        ],
    };
    quantities
        .into_iter()
        .flatten()
        .map(move |(quantity, value, unit)| Line {
            store,
            source: reading.device.source(),
            device: reading.device.as_str(),
            quantity,
            start: instant(reading.start),
            span_s: reading.span_s,
            value,
            unit,
            revised_at: stored.revised_at.map(instant),
        })
}

/// The name of a level's column on the board, and its unit.
fn level_words(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::Occupancy => ("occupancy", "people"),
        Level::OnBoard => ("on_board", "people"),
        Level::Odometer => ("odometer_km", "km"),
        Level::EngineHours => ("engine_hours", "h"),
        Level::CounterValue => ("value", "count"),
    }
}

fn number(value: Value) -> Number {
    match value {
        Value::Int(value) => Number::Int(value),
        Value::Real(value) => Number::Real(value),
    }
}

fn instant(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

/// Where the rows go.
enum Lines<'a> {
    Csv(Box<csv::Writer<&'a mut dyn Write>>),
    Jsonl(io::BufWriter<&'a mut dyn Write>),
}

impl<'a> Lines<'a> {
    fn begin(format: Format, header: &[&str], out: &'a mut dyn Write) -> Result<Self> {
        Ok(match format {
            Format::Csv => {
                // The header is written here, so that an export of nothing has one too.
                let mut rows = csv::WriterBuilder::new()
                    .has_headers(false)
                    .from_writer(out);
                rows.write_record(header).map_err(output::csv::failure)?;
                Self::Csv(Box::new(rows))
            }
            Format::Jsonl => Self::Jsonl(io::BufWriter::new(out)),
        })
    }

    fn write(&mut self, line: &impl Serialize) -> Result<()> {
        match self {
            Self::Csv(rows) => rows.serialize(line).map_err(output::csv::failure),
            Self::Jsonl(out) => serde_json::to_writer(&mut *out, line)
                .map_err(io::Error::from)
                .and_then(|()| out.write_all(b"\n")),
        }
        .wrap_err("writing the export")
    }

    fn end(self) -> Result<()> {
        match self {
            Self::Csv(mut rows) => rows.flush(),
            Self::Jsonl(mut out) => out.flush(),
        }
        .wrap_err("writing the export")
    }
}
