//! Viametrics (`ViaCustomerApi`): in and out per counter and interval, published up to hourly.
//!
//! A poll is one log-in (a token never lives until the next) and the current local day of all
//! counters; after midnight yesterday as well, twice a week the last two weeks, once a week the
//! days whose totals differ from the vendor's, once a day the names of counters and groups. What
//! lies before today is read behind it, a few calls with each poll. Readings replace each other by
//! counter and interval start.

mod catch_up;
mod check;
pub mod counters;
pub mod days;
pub mod decode;
mod haul;
pub mod listing;
mod request;
mod settings;
pub mod spacing;
pub mod stamp;
mod today;
pub mod totals;
pub mod wire;

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::model::Timestamp;
use crate::model::attempt::{Ask, Delivery, ErrorKind, Finding, Outcome, SourceError};
use crate::model::ledger::plan::{Quiet, RowGrid, Stamp as Stamped};
use crate::model::schedule::Cadence;

use super::source::{Common, Past, Source};
use super::transport::{SharedBudget, Transport};

use counters::Counters;
use days::Planner;
use decode::Decoded;
use haul::Haul;
use request::Client;
use totals::Comparison;
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
const GRID: RowGrid = RowGrid {
    // Whether quiet intervals have rows is not documented: the first row of zeros tells.
    // From then on a missing one is a silent counter or a delivery still to come.
    quiet: Quiet::Learned,
    stamp: Stamped::End,
};

/// A Viametrics account.
#[derive(Debug)]
pub struct Viametrics {
    common: Common,
    client: Client,
    counters: Counters,
    planner: Planner,
    comparison: Comparison,
    past: Option<Arc<dyn Past>>,
    /// The local day on which the lists of counters and groups were read.
    listed_on: Option<NaiveDate>,
    /// Whether the vendor takes ranges of days; `None` until it has been tried.
    ranges: Option<bool>,
    /// The vendor is asked counter by counter.
    singly: bool,
    /// The place of the counter that is asked first, where they are asked one by one.
    turn: usize,
    /// Why daily totals cannot be compared.
    trouble: Option<String>,
}

/// What a restart should know.
#[derive(Debug, Serialize, Deserialize)]
struct Memory {
    planner: Planner,
    comparison: Comparison,
    ranges: Option<bool>,
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
    let client = Client::open(common, settings, budget, clock)?;
    Ok(Viametrics {
        singly: client.asks_singly(),
        client,
        counters: Counters::new(name, settings.timezone, &settings.counters),
        planner: Planner::default(),
        comparison: Comparison::default(),
        past: None,
        listed_on: None,
        ranges: None,
        turn: 0,
        trouble: None,
        common: common.clone(),
    })
}

fn cadence(common: &Common) -> Cadence {
    common.batches(PERIOD, LAG, GRACE)
}

impl Source for Viametrics {
    fn resume(&mut self, memory: Option<serde_json::Value>, past: Arc<dyn Past>) {
        self.past = Some(past);
        // What an older version left in another form is forgotten, not an error.
        let memory = memory.and_then(|memory| serde_json::from_value::<Memory>(memory).ok());
        if let Some(memory) = memory {
            self.planner = memory.planner;
            self.comparison = memory.comparison;
            self.ranges = memory.ranges;
        }
    }

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
        GRID
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
        let mut haul = Haul::default();
        if let Err(error) = self.read_today(now.date(), &mut haul).await {
            return Outcome::failed(error);
        }
        let horizon = ask.horizon.map(|horizon| local(horizon).date());
        self.planner.plan(now, local(ask.since).date(), horizon);
        self.compare(now, &mut haul).await;
        self.catch_up(&mut haul).await;
        self.refresh_lists(now.date(), &mut haul).await;
        self.outcome(ask, haul)
    }

    fn outcome(&mut self, ask: &Ask, haul: Haul) -> Outcome {
        let default_s = self.cadence().expectation.period_s;
        let complete_from = self.complete_from(ask.now, &haul);
        let reread: Vec<_> = haul.earlier().collect();
        let Haul {
            mut notes, error, ..
        } = haul;
        let rows = haul.replies.into_rows();
        let decoded = decode::readings(&rows.rows, &mut self.counters, ask.now, default_s);
        let rejected = rows.rejected + decoded.rejected;
        if rows.total > 0 && rejected == rows.total {
            return Outcome::failed(self.unusable(&rows));
        }
        if decoded.merged_hour {
            notes.push(
                "the hour that the clock change repeats came only once: its counts may be those \
                 of both passes"
                    .to_owned(),
            );
        }
        self.take_reread(&reread, &decoded.readings);
        notes.extend(self.trouble.clone());
        notes.extend(self.comparison.note());
        notes.extend(self.planner.progress());
        let delivery = Delivery {
            facts: self.counters.facts(),
            complete_from,
            roster: self.counters.is_complete(),
            period_s: self.learned_period(&decoded),
            readings: decoded.readings,
            rows: rows.total,
            rejected,
            notes,
            memory: self.memory(),
        };
        Outcome {
            delivery: Some(delivery),
            error: error.or_else(|| self.counters.missing()),
        }
    }

    fn memory(&self) -> Option<serde_json::Value> {
        let memory = Memory {
            planner: self.planner.clone(),
            comparison: self.comparison.clone(),
            // That a vendor does not take them may have been a hasty conclusion.
            ranges: self.ranges.filter(|taken| *taken),
        };
        serde_json::to_value(memory).ok()
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
