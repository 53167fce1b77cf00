//! `occtop replay`: the monitor on a span of history, or estimates for readings from a CSV file.
//!
//! With a file it feeds its readings through the estimator and prints its estimates.
//!
//! Rows are taken in file order, which is the order of delivery. Rows that follow each other with
//! the same `delivered` instant are one batch. A batch gives one row for each store whose number
//! it could change: it completed a cell, it touched a cell that was already complete, or it
//! brought the running cell forward (feeds that are finer than a cell). A batch that only waits
//! for the other doors of its cell gives none.

mod known;
mod recorded;
mod rows;

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat};
use chrono_tz::Tz;
use color_eyre::eyre::Result;

use self::known::Known;
use self::rows::{Row, Rows, StoreRows};
use super::export::{Bound, bound};
use super::simulate::speed;
use super::{Exit, Globals, UsageError, say, session};
use crate::config::{Config, duration};
use crate::model::Timestamp;
use crate::model::figure::{Flag, Quality};
use crate::model::occupancy::{Day, Door, Estimate, Estimator, Settings, Taken, Visit, ZeroRows};
use crate::model::store::Store;
use crate::output::csv::failure;

/// Print occupancy estimates for readings from a CSV file, or show a span of the history.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Readings in the order of their delivery: `store,door,start,span_s,in,out[,delivered]` with a
    /// header line; - reads standard input
    #[arg(required_unless_present = "from")]
    pub file: Option<PathBuf>,
    /// Print the estimates known at fixed times, for example every 5m, instead of after each
    /// delivery
    #[arg(long, value_name = "DURATION", value_parser = step, conflicts_with = "from")]
    pub at_every: Option<Duration>,
    /// Open the monitor on the history from here on, without a network: 2026-03-02T08:00:00Z, or
    /// 2026-03-02 for the start of that day in the display zone
    #[arg(long, value_name = "WHEN", value_parser = bound, conflicts_with = "file")]
    pub from: Option<Bound>,
    /// Where the replay of the history ends (default: where the history does)
    #[arg(long, value_name = "WHEN", value_parser = bound, requires = "from", conflicts_with = "file")]
    pub to: Option<Bound>,
    /// How many times faster than the wall time runs in a replay of the history (default: 60)
    #[arg(long, value_name = "X", value_parser = speed, requires = "from", conflicts_with = "file")]
    pub speed: Option<f64>,
}

/// Runs the command: on a span of the history where one is named, else on a file.
///
/// # Errors
/// As [`run`]; [`UsageError`] also where the history has nothing in the span.
pub async fn start(args: &Args, globals: &Globals, out: &mut dyn Write) -> Result<Exit> {
    match args.from {
        Some(from) => recorded::run(args, from, globals).await,
        None => run(args, globals, out),
    }
}

/// Prints the estimates for a file.
///
/// # Errors
/// [`UsageError`] for a file that cannot be read or has a mistake, with its line and column;
/// [`crate::config::ConfigErrors`] for a wrong configuration; otherwise when `out` cannot be
/// written to.
pub fn run(args: &Args, globals: &Globals, out: &mut dyn Write) -> Result<Exit> {
    // Only a configuration that is named counts: the same call gives the same answer everywhere.
    let config = match &globals.config {
        Some(_) => Some(session::config(globals)?),
        None => None,
    };
    let (input, name) = open(args.file.as_deref().unwrap_or(Path::new("-")))?;
    replay(input, &name, config.as_ref(), args.at_every, out)?;
    Ok(Exit::Ok)
}

/// Replays the readings of `input`, called `name` in errors, and writes the estimates to `out`.
///
/// # Errors
/// As [`run`].
pub fn replay(
    input: impl Read,
    name: &str,
    config: Option<&Config>,
    at_every: Option<Duration>,
    out: &mut dyn Write,
) -> Result<()> {
    let Rows { stores, rows } = rows::read(input, name)?;
    let mut stores: Vec<_> = stores
        .iter()
        .map(|store| Replayed::new(store, config))
        .collect();
    let mut table = Table::new(out)?;
    match at_every {
        None => after_each_batch(&mut stores, &rows, &mut table)?,
        Some(step) => at_fixed_times(&mut stores, &rows, step, &mut table)?,
    }
    table.csv.flush()?;
    let refused: u64 = stores.iter().map(|store| store.refused).sum();
    if refused > 0 {
        say(&format!(
            "{refused} rows came more than 14 days late and were left out; \
             sort {name} by the time of delivery"
        ));
    }
    Ok(())
}

fn after_each_batch(stores: &mut [Replayed], rows: &[Row], table: &mut Table<'_>) -> Result<()> {
    let mut touched: Vec<usize> = Vec::new();
    for batch in rows.chunk_by(|a, b| a.delivered == b.delivered) {
        touched.clear();
        for row in batch {
            let store = row.store as usize;
            if !touched.contains(&store) {
                touched.push(store);
            }
            stores[store].take(row);
        }
        for store in &touched {
            let store = &mut stores[*store];
            if let Some(estimate) = store.run() {
                table.write(store, estimate.as_of, &estimate)?;
            }
        }
    }
    Ok(())
}

fn at_fixed_times(
    stores: &mut [Replayed],
    rows: &[Row],
    step: Duration,
    table: &mut Table<'_>,
) -> Result<()> {
    let step = i64::try_from(step.as_secs()).unwrap_or(i64::MAX).max(1);
    let mut next: Option<i64> = None;
    for row in rows {
        // What is delivered at an instant of the grid is known at it.
        let begin = || (row.delivered + step - 1).div_euclid(step) * step;
        let due = next.get_or_insert_with(begin);
        while *due < row.delivered {
            write_all(stores, *due, table)?;
            *due += step;
        }
        stores[row.store as usize].take(row);
    }
    next.map_or(Ok(()), |due| write_all(stores, due, table))
}

fn write_all(stores: &mut [Replayed], at: i64, table: &mut Table<'_>) -> Result<()> {
    for store in stores {
        store.run();
        if let Some(estimate) = store.estimator.estimate() {
            table.write(store, instant(at), &estimate)?;
        }
    }
    Ok(())
}

/// One store of the file.
struct Replayed {
    name: String,
    zone: Tz,
    estimator: Estimator,
    doors: Vec<(Door, Known)>,
    /// A row of the batch belongs to a cell that had been run.
    late: bool,
    /// Rows that are older than the estimator looks back.
    refused: u64,
}

impl Replayed {
    fn new(rows: &StoreRows, config: Option<&Config>) -> Self {
        let configured = config.and_then(|config| {
            let mut stores = config.stores.iter();
            stores.find(|store| *store.name == *rows.name).cloned()
        });
        let store = configured.unwrap_or_else(|| Store::named(&rows.name, Tz::UTC));
        let settings = Settings::of(&store);
        let mut estimator = Estimator::new(settings);
        let doors = rows
            .doors
            .iter()
            .map(|rows| {
                let door = estimator.door(&rows.name, ZeroRows::Auto);
                // The file is all there is: a door is watched from the day of its first row on.
                let first = instant(rows.first);
                let day = Day::of(settings.timezone, settings.turn(), 60, first);
                estimator.watched(door, day.start());
                (door, Known::default())
            })
            .collect();
        Self {
            name: rows.name.clone(),
            zone: store.timezone,
            estimator,
            doors,
            late: false,
            refused: 0,
        }
    }

    fn take(&mut self, row: &Row) {
        let (door, known) = &mut self.doors[row.door as usize];
        let visit = Visit {
            start: instant(row.start),
            span_s: row.span_s,
            flow: row.flow,
        };
        let old = known.replace(row.start, row.flow);
        let delivered = instant(row.delivered);
        match self.estimator.observe(*door, visit, old, delivered) {
            Taken::Waiting => {}
            Taken::Late | Taken::Known => self.late = true,
            Taken::TooOld | Taken::Impossible => self.refused += 1,
        }
    }

    /// Brings the estimate up to date; gives it where the batch could change it.
    fn run(&mut self) -> Option<Estimate> {
        let ran = self.estimator.run();
        let touched = std::mem::take(&mut self.late) || ran.advanced || ran.corrected;
        let estimate = self.estimator.estimate()?;
        let within_a_cell = estimate.quality.has(Flag::Provisional);
        (touched || within_a_cell).then_some(estimate)
    }
}

/// The table of estimates.
struct Table<'a> {
    csv: csv::Writer<&'a mut dyn Write>,
    /// The text of a row, one field after the other.
    text: String,
}

impl<'a> Table<'a> {
    fn new(out: &'a mut dyn Write) -> Result<Self> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(["store", "at", "occupancy", "low", "high", "raw", "quality"])
            .map_err(failure)?;
        Ok(Self {
            csv,
            text: String::new(),
        })
    }

    fn write(&mut self, store: &Replayed, at: Timestamp, estimate: &Estimate) -> Result<()> {
        let at = at.with_timezone(&store.zone);
        self.field(&store.name)?;
        self.field(&at.to_rfc3339_opts(SecondsFormat::Secs, true))?;
        for people in [estimate.n, estimate.low, estimate.high] {
            // Adding zero turns a negative zero into a plain one.
            self.formatted(format_args!("{:.3}", people + 0.0))?;
        }
        self.formatted(format_args!("{}", estimate.raw))?;
        let words = words(estimate.quality);
        self.field(&words)?;
        Ok(self.csv.write_record(None::<&[u8]>).map_err(failure)?)
    }

    fn field(&mut self, text: &str) -> Result<()> {
        Ok(self.csv.write_field(text).map_err(failure)?)
    }

    fn formatted(&mut self, text: std::fmt::Arguments<'_>) -> Result<()> {
        use std::fmt::Write as _;
        self.text.clear();
        self.text.write_fmt(text)?;
        Ok(self.csv.write_field(&self.text).map_err(failure)?)
    }
}

fn words(quality: Quality) -> String {
    let words: Vec<_> = quality.flags().map(Flag::word).collect();
    words.join(";")
}

fn instant(unix_s: i64) -> Timestamp {
    DateTime::from_timestamp(unix_s, 0).unwrap_or_default()
}

fn open(file: &Path) -> Result<(Box<dyn Read>, String), UsageError> {
    if file == Path::new("-") {
        return Ok((Box::new(io::stdin().lock()), "standard input".to_owned()));
    }
    let name = file.display().to_string();
    match std::fs::File::open(file) {
        Ok(opened) => Ok((Box::new(opened), name)),
        Err(fault) => Err(UsageError(format!(
            "cannot read {name}: {fault}; name a CSV file, or - for standard input"
        ))),
    }
}

fn step(text: &str) -> Result<Duration, String> {
    duration::parse(text)
        .filter(|step| step.as_secs() > 0)
        .ok_or_else(|| "write a whole number and s, m, h or d, for example 5m".to_owned())
}
