//! From a checked configuration to sources that can be polled and the plan they follow.

use std::sync::{Arc, PoisonError};

use chrono_tz::Tz;

use crate::clock::Clock;
use crate::config::{Config, SourceConfig};
use crate::model::Timestamp;
use crate::model::attempt::SourceError;
use crate::model::health::Expectation;
use crate::model::ledger::plan::{Plan, Quiet, SourcePlan};
use crate::model::schedule::{Cadence, Publish};
use crate::vendors::registry::{self, Vendor};
use crate::vendors::source::{Source, ZeroRows};
use crate::vendors::transport::SharedBudget;

/// All sources of a configuration, opened.
pub struct Sources {
    /// In file order.
    pub members: Vec<Member>,
    /// The plan they follow.
    pub plan: Plan,
}

/// One source, opened.
pub struct Member {
    /// Unique name.
    pub name: Arc<str>,
    /// The source; `None` when it is switched off or could not be opened.
    pub source: Option<Box<dyn Source>>,
    /// Why it could not be opened.
    pub error: Option<SourceError>,
    /// The requests of its credential.
    pub budget: SharedBudget,
}

impl Member {
    /// Requests of its credential in the hour before `now`, and the ceiling.
    #[must_use]
    pub fn requests(&self, now: Timestamp) -> (u32, u32) {
        let budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        (budget.last_hour(now), budget.per_hour())
    }
}

/// Opens every source. One that cannot be opened (a secret that cannot be resolved) is kept with
/// its error; the others run.
pub async fn open(config: &Config, display_zone: Tz, clock: &Clock) -> Sources {
    let budgets = registry::budgets(&config.sources);
    let mut members = Vec::new();
    let mut plans = Vec::new();
    for (source, budget) in config.sources.iter().zip(budgets) {
        let opened = if source.enabled {
            open_one(source.clone(), budget.clone(), clock.clone())
                .await
                .map(Some)
        } else {
            Ok(None)
        };
        let (source_opened, error) = match opened {
            Ok(opened) => (opened, None),
            Err(error) => (None, Some(error)),
        };
        plans.push(plan(source, source_opened.as_deref()));
        members.push(Member {
            name: source.common.name.clone(),
            source: source_opened,
            error,
            budget,
        });
    }
    Sources {
        members,
        plan: following(config, plans, display_zone),
    }
}

/// The plan as far as it is known before any source is opened.
pub(super) fn outline(config: &Config, display_zone: Tz) -> Plan {
    let plans = config.sources.iter().map(|source| plan(source, None));
    following(config, plans.collect(), display_zone)
}

fn following(config: &Config, sources: Vec<SourcePlan>, display_zone: Tz) -> Plan {
    Plan {
        sources,
        stores: config.stores.iter().cloned().map(Arc::new).collect(),
        display_zone,
    }
}

/// Opens one source on a thread of its own kind: resolving a secret may run a command.
async fn open_one(
    source: SourceConfig,
    budget: SharedBudget,
    clock: Clock,
) -> Result<Box<dyn Source>, SourceError> {
    let opening = tokio::task::spawn_blocking(move || registry::open(&source, budget, clock));
    match opening.await {
        Ok(opened) => opened,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

fn plan(source: &SourceConfig, opened: Option<&dyn Source>) -> SourcePlan {
    let grid = opened.map(Source::grid).unwrap_or_default();
    SourcePlan {
        name: source.common.name.clone(),
        vendor: source.account.vendor().name().into(),
        paused: !source.enabled,
        cadence: opened.map_or_else(|| unopened(source), Source::cadence),
        quiet: match source.common.zero_rows {
            ZeroRows::Auto => grid.quiet,
            ZeroRows::Explicit => Quiet::Missing,
            ZeroRows::Omitted => Quiet::Zero,
        },
        stamp: grid.stamp,
        host: source.common.url.host_str().unwrap_or_default().into(),
        limit_per_hour: registry::requests_per_hour(source),
    }
}

/// For a source that is not polled. Machines and document counters change when somebody does
/// something: a quiet night is normal.
fn unopened(source: &SourceConfig) -> Cadence {
    match source.account.vendor() {
        Vendor::Mews | Vendor::Smartnow => Cadence {
            expectation: Expectation::silence(DAY_S),
            ..UNOPENED
        },
        Vendor::Bespot | Vendor::Viametrics | Vendor::Navixy => UNOPENED,
    }
}

const DAY_S: u32 = 24 * 3600;

/// What history knows of it ages by the quarter hour.
const UNOPENED: Cadence = Cadence {
    publish: Publish::Batches,
    expectation: Expectation {
        period_s: 900,
        lag_s: 0,
        grace_s: 120,
    },
    every_s: None,
};
