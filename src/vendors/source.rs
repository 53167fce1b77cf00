//! What every vendor offers the engine, and what every vendor is given.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use reqwest::Url;

use crate::model::Timestamp;
use crate::model::attempt::{Ask, Finding, Outcome};
use crate::model::device::DeviceId;
use crate::model::health::Expectation;
use crate::model::ledger::plan::RowGrid;
use crate::model::reading::Flow;
use crate::model::schedule::{Cadence, Publish};

pub use crate::model::occupancy::ZeroRows;

use super::transport::Transport;

/// What each device counted in a span of time.
pub type Counts = BTreeMap<DeviceId, Flow>;

/// What a source may ask of earlier polls, its own included, while it works.
pub trait Past: fmt::Debug + Send + Sync {
    /// Everyone that each device of the source counted in intervals that started in `[from, to)`;
    /// `None` when history cannot be read.
    fn counted(&self, from: Timestamp, to: Timestamp) -> BoxFuture<'_, Option<Counts>>;
}

/// One vendor account that can be polled.
///
/// An implementation keeps what it needs between polls (tokens, cursors) in memory; the little that
/// a restart should not forget goes into [`Delivery::memory`]. It asks nothing but reads, makes at
/// most one new login per poll, never sleeps to retry and never waits for a `Retry-After`: it
/// reports it.
///
/// [`Delivery::memory`]: crate::model::attempt::Delivery::memory
pub trait Source: Send {
    /// Is given access to the past, before the first poll.
    fn attach(&mut self, past: Arc<dyn Past>) {
        drop(past);
    }

    /// Goes back to what is known to have been kept: before the first poll to what an earlier run
    /// left, later when what the last poll brought could not be kept.
    fn resume(&mut self, memory: Option<serde_json::Value>) {
        drop(memory);
    }

    /// Reads the account once.
    fn poll<'a>(&'a mut self, ask: &'a Ask) -> BoxFuture<'a, Outcome>;

    /// Makes the fewest requests that prove the configuration works and says what matched.
    fn check<'a>(&'a mut self, ask: &'a Ask) -> BoxFuture<'a, Vec<Finding>>;

    /// The cadence of this account, with the configuration's overrides already in it.
    fn cadence(&self) -> Cadence;

    /// How its interval rows are to be read.
    fn grid(&self) -> RowGrid {
        RowGrid::default()
    }

    /// The transport it uses, to collect what was sent.
    fn transport(&self) -> &Transport;
}

impl Source for Box<dyn Source> {
    fn attach(&mut self, past: Arc<dyn Past>) {
        (**self).attach(past);
    }

    fn resume(&mut self, memory: Option<serde_json::Value>) {
        (**self).resume(memory);
    }

    fn poll<'a>(&'a mut self, ask: &'a Ask) -> BoxFuture<'a, Outcome> {
        (**self).poll(ask)
    }

    fn check<'a>(&'a mut self, ask: &'a Ask) -> BoxFuture<'a, Vec<Finding>> {
        (**self).check(ask)
    }

    fn cadence(&self) -> Cadence {
        (**self).cadence()
    }

    fn grid(&self) -> RowGrid {
        (**self).grid()
    }

    fn transport(&self) -> &Transport {
        (**self).transport()
    }
}

/// Settings that every source has.
#[derive(Clone, Debug)]
pub struct Common {
    /// Unique name of the source, the first half of its device ids.
    pub name: Arc<str>,
    /// Base address; request paths are appended to its path.
    pub url: Url,
    /// Publish period, where the configuration overrides the vendor's default.
    pub period: Option<Duration>,
    /// Poll period, where it is fixed instead of learned.
    pub every: Option<Duration>,
    /// Bounds each request with its body.
    pub timeout: Duration,
    /// Own ceiling of requests in any hour, where the configuration overrides the default.
    pub requests_per_hour: Option<u32>,
    /// Extra certificate authority (PEM) to trust.
    pub ca_file: Option<PathBuf>,
    /// Allow plain http to hosts other than loopback.
    pub allow_http: bool,
    /// How the vendor writes intervals in which nobody passed.
    pub zero_rows: ZeroRows,
}

impl Common {
    /// The cadence of a feed whose data is always current, asked every `every_s` seconds, with the
    /// configuration's overrides. `expects` gives what is to be expected of a feed that is heard
    /// of every so many seconds, `period_s` where nothing else is configured.
    #[must_use]
    pub fn live(
        &self,
        every_s: u32,
        period_s: u32,
        expects: impl FnOnce(u32) -> Expectation,
    ) -> Cadence {
        Cadence {
            publish: Publish::Live { every_s },
            expectation: expects(self.period.map_or(period_s, seconds)),
            every_s: self.every.map(seconds),
        }
    }

    /// The cadence of a feed that publishes in batches, with the configuration's overrides.
    ///
    /// `lag` and `grace` belong to `period`; with a shorter one they never exceed the period and
    /// its half.
    #[must_use]
    pub fn batches(&self, period: Duration, lag: Duration, grace: Duration) -> Cadence {
        let period = self.period.unwrap_or(period);
        Cadence {
            publish: Publish::Batches,
            expectation: Expectation {
                period_s: seconds(period),
                lag_s: seconds(lag.min(period)),
                grace_s: seconds(grace.min(period / 2)),
            },
            every_s: self.every.map(seconds),
        }
    }
}

fn seconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX).max(1)
}
