//! Viametrics (`ViaCustomerApi`): in and out per counter and interval, published up to hourly.
//!
//! A poll is one log-in (a token never lives until the next) and the current local day of all
//! counters; after midnight yesterday as well, twice a week the last two weeks, once a day the
//! names of counters and groups. Readings replace each other by counter and interval start.

mod check;
pub mod counters;
pub mod days;
pub mod decode;
pub mod listing;
mod request;
mod settings;
pub mod spacing;
pub mod stamp;
pub mod wire;

use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::clock::Clock;
use crate::model::Timestamp;
use crate::model::attempt::{Ask, Delivery, ErrorKind, Finding, Outcome, SourceError};
use crate::model::calendar::first_instant;
use crate::model::ledger::plan::{Quiet, RowGrid, Stamp as Stamped};
use crate::model::schedule::Cadence;

use super::source::{Common, Source};
use super::transport::{SharedBudget, Transport};

use counters::Counters;
use days::{Days, Planner};
use decode::Decoded;
use request::Client;
use wire::Rows;

pub use settings::{Endpoints, Fields, Settings};

/// Our own ceiling of requests in any hour. The vendor allows 500 to everyone with this ClientID
/// together, and log-ins count.
pub const REQUESTS_PER_HOUR: u32 = 400;

/// The export interval that most accounts have, until rows show another.
const PERIOD: Duration = Duration::from_secs(60 * 60);
/// How long after the period new rows can be read, until it has been learned.
const LAG: Duration = Duration::from_secs(5 * 60);
/// How much later than that is still no news.
const GRACE: Duration = Duration::from_secs(5 * 60);
/// Most rows of one answer that are aimed at: a few megabytes.
const ROWS_A_CALL: u64 = 30_000;
/// Shortest usual interval, to guess the rows of a day before any have come.
const SHORT_INTERVAL_S: u64 = 15 * 60;

/// A Viametrics account.
#[derive(Debug)]
pub struct Viametrics {
    common: Common,
    client: Client,
    counters: Counters,
    planner: Planner,
    /// The local day on which the lists of counters and groups were read.
    listed_on: Option<NaiveDate>,
    /// The vendor does not take ranges of days.
    day_by_day: bool,
}

/// Opens an account; nothing is sent yet.
///
/// # Errors
/// `config` for a secret or an address that cannot be used.
pub fn open(
    common: &Common,
    settings: &Settings,
    budget: SharedBudget,
    clock: Clock,
) -> Result<Viametrics, SourceError> {
    let name = common.name.clone();
    Ok(Viametrics {
        client: Client::open(common, settings, budget, clock)?,
        counters: Counters::new(name, settings.timezone, &settings.counters),
        planner: Planner::default(),
        listed_on: None,
        day_by_day: false,
        common: common.clone(),
    })
}

/// How the account publishes, with the configuration's overrides.
pub fn cadence(common: &Common) -> Cadence {
    common.batches(PERIOD, LAG, GRACE)
}

/// How its rows are to be read.
pub fn grid() -> RowGrid {
    RowGrid {
        // Whether quiet intervals have rows is not documented: the first row of zeros tells.
        // From then on a missing one is a silent counter or a delivery still to come.
        quiet: Quiet::Learned,
        stamp: Stamped::End,
    }
}

impl Source for Viametrics {
    fn poll<'a>(&'a mut self, ask: &'a Ask) -> BoxFuture<'a, Outcome> {
        self.read(ask).boxed()
    }

    fn check<'a>(&'a mut self, ask: &'a Ask) -> BoxFuture<'a, Vec<Finding>> {
        self.prove(ask).boxed()
    }

    fn cadence(&self) -> Cadence {
        cadence(&self.common)
    }

    fn grid(&self) -> RowGrid {
        grid()
    }

    fn transport(&self) -> &Transport {
        &self.client.transport
    }
}

impl Viametrics {
    async fn read(&mut self, ask: &Ask) -> Outcome {
        let zone = self.counters.zone();
        let local = |at: Timestamp| at.with_timezone(&zone).naive_local();
        let now = local(ask.now);
        self.client.begin();
        self.counters.remember(&ask.known);

        // The current day comes first: it is what the screen shows.
        let mut rows = match self.client.intervals(Days::only(now.date())).await {
            Ok(rows) => rows,
            Err(error) => return Outcome::failed(error),
        };
        let since = local(ask.since).date();
        let horizon = ask.horizon.map(|horizon| local(horizon).date());
        let mut from = now.date();
        let mut error = None;
        if let Some(days) = self.planner.before_today(now, since, horizon) {
            match self.earlier(days).await {
                Ok(earlier) => {
                    rows.append(earlier);
                    from = days.from;
                }
                Err(failed) => error = Some(failed),
            }
        }
        if error.is_none() {
            self.planner.finished(now);
        }
        let notes = self.refresh_lists(now.date()).await;
        let complete_from = first_instant(zone, from, NaiveTime::MIN);
        self.outcome(ask, &rows, complete_from, notes, error)
    }

    /// Rows of days before today, in as few calls as the vendor allows.
    async fn earlier(&mut self, days: Days) -> Result<Rows, SourceError> {
        let mut rows = Rows::default();
        for piece in days.pieces(self.days_a_call()) {
            if piece.count() == 1 || self.day_by_day {
                rows.append(self.each_day(piece).await?);
            } else {
                rows.append(self.range(piece).await?);
            }
        }
        Ok(rows)
    }

    /// Rows of several days in one call. Whether the vendor takes ranges is not documented: where
    /// it refuses one or answers with no more than a single day, each day is asked for.
    async fn range(&mut self, days: Days) -> Result<Rows, SourceError> {
        let zone = self.counters.zone();
        match self.client.intervals(days).await {
            Ok(rows) if rows.dates(zone) > 1 => return Ok(rows),
            Ok(_) => {}
            Err(error) if is_refused_range(&error) => self.day_by_day = true,
            Err(error) => return Err(error),
        }
        let rows = self.each_day(days).await?;
        self.day_by_day |= rows.dates(zone) > 1;
        Ok(rows)
    }

    async fn each_day(&mut self, days: Days) -> Result<Rows, SourceError> {
        let mut rows = Rows::default();
        for day in days.each() {
            rows.append(self.client.intervals(day).await?);
        }
        Ok(rows)
    }

    fn days_a_call(&self) -> u64 {
        let counters = u64::try_from(self.counters.count()).unwrap_or(u64::MAX);
        let a_day = (counters.max(1)).saturating_mul(24 * 3600 / SHORT_INTERVAL_S);
        (ROWS_A_CALL / a_day).max(1)
    }

    /// Reads the lists of counters and groups once a day. Rows suffice without them, so a failure
    /// is only noted.
    async fn refresh_lists(&mut self, today: NaiveDate) -> Vec<String> {
        if self.listed_on == Some(today) {
            return Vec::new();
        }
        let mut failures = Vec::new();
        match self.client.counters().await {
            Ok(counters) => self.counters.list(counters),
            Err(error) => failures.push(("counters", error)),
        }
        match self.client.groups().await {
            Ok(groups) => self.counters.group(groups),
            Err(error) => failures.push(("groups", error)),
        }
        // What a status or a form says will be the same in an hour; a broken line will not.
        let lasting = |(_, error): &(_, SourceError)| {
            matches!(error.kind, ErrorKind::Schema | ErrorKind::Auth)
                || error
                    .status
                    .is_some_and(|status| (400..500).contains(&status) && status != 429)
        };
        if failures.iter().all(lasting) {
            self.listed_on = Some(today);
        }
        let note = |(list, error): (&str, SourceError)| {
            format!("names from the list of {list} are missing: {error}; see endpoints.{list}")
        };
        failures.into_iter().map(note).collect()
    }

    fn outcome(
        &mut self,
        ask: &Ask,
        rows: &Rows,
        complete_from: Timestamp,
        mut notes: Vec<String>,
        error: Option<SourceError>,
    ) -> Outcome {
        let default_s = self.cadence().expectation.period_s;
        let decoded = decode::readings(&rows.rows, &mut self.counters, ask.now, default_s);
        let rejected = rows.rejected + decoded.rejected;
        if rows.total > 0 && rejected == rows.total {
            return Outcome::failed(self.unusable(rows));
        }
        if decoded.merged_hour {
            notes.push(
                "the hour that the clock change repeats came only once: its counts may be those \
                 of both passes"
                    .to_owned(),
            );
        }
        let period_s = self.learned_period(&decoded);
        let delivery = Delivery {
            facts: self.counters.facts(),
            readings: decoded.readings,
            complete_from: Some(complete_from),
            roster: self.counters.is_complete(),
            period_s,
            rows: rows.total,
            rejected,
            notes,
        };
        Outcome {
            delivery: Some(delivery),
            error: error.or_else(|| self.counters.missing()),
        }
    }

    /// The publish period is the export interval, unless the operator says otherwise.
    fn learned_period(&self, decoded: &Decoded) -> Option<u32> {
        decoded.interval_s.filter(|_| self.common.period.is_none())
    }

    fn unusable(&self, rows: &Rows) -> SourceError {
        let fields = &self.client.fields;
        let looked_for = [&fields.time, &fields.entered, &fields.left, &fields.counter];
        let looked_for = looked_for.map(|aliases| aliases.join("/")).join(", ");
        let has = rows.odd_names.as_deref().unwrap_or("no usable values");
        let message = format!(
            "none of the {} rows can be used: a row has {has}; looked for {looked_for}: set fields",
            rows.total
        );
        SourceError::new(ErrorKind::Schema, message)
    }
}

fn is_refused_range(error: &SourceError) -> bool {
    error.kind == ErrorKind::Http
        && error
            .status
            .is_some_and(|status| (400..500).contains(&status))
}
