//! Bespot: visits and occupancy per store and minute, published every 15 minutes.
//!
//! One windowed call serves all stores for each of the two lists, so a poll costs a log-in and two
//! requests. Each poll overlaps the last one by half an hour and, once a night, by a day; readings
//! replace each other by store and minute.

mod check;
pub mod decode;
mod request;
mod settings;
pub mod stores;
mod window;
pub mod wire;

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::clock::Clock;
use crate::model::attempt::{Ask, Delivery, ErrorKind, Finding, Outcome, SourceError};
use crate::model::ledger::plan::{Quiet, RowGrid, Stamp};
use crate::model::schedule::Cadence;

use super::source::{Common, Source};
use super::transport::{SharedBudget, Transport};

use decode::{Feed, Rows};
use request::{Client, Query, UNKNOWN_STORE, stamp};
use stores::Stores;
use window::{Plan, Planner, Window};

pub use settings::{Auth, Settings};

/// How often the vendor publishes (vendor documentation).
const PERIOD: Duration = Duration::from_secs(15 * 60);
/// How long after the quarter hour new rows can be read, until it has been learned.
const LAG: Duration = Duration::from_secs(3 * 60);
/// How much later than that is still no news.
const GRACE: Duration = Duration::from_secs(2 * 60);
/// Stamps further ahead than this are not believed.
const AHEAD: TimeDelta = TimeDelta::days(1);

/// A Bespot account.
#[derive(Debug)]
pub struct Bespot {
    common: Common,
    client: Client,
    stores: Stores,
    planner: Planner,
}

/// What a poll has gathered so far.
#[derive(Default)]
struct Gathered {
    rows: Rows,
    /// Lists that were read to the end.
    lists: u32,
    /// A window of visits is missing, so that a minute without a row may be a hole.
    holes: bool,
    error: Option<SourceError>,
}

/// Our own ceiling of requests in any hour. Eight are usual; the vendor documents no limit.
pub const REQUESTS_PER_HOUR: u32 = 60;

/// Opens an account; nothing is sent yet.
///
/// # Errors
/// `config` for a secret or an address that cannot be used.
pub fn open(
    common: &Common,
    settings: &Settings,
    budget: SharedBudget,
    clock: Clock,
) -> Result<Bespot, SourceError> {
    Ok(Bespot {
        client: Client::open(common, settings, budget, clock)?,
        stores: Stores::new(common.name.clone(), &settings.store_codes),
        planner: Planner::default(),
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
        // A minute that is missing from a delivered window is one in which nobody passed.
        quiet: Quiet::Zero,
        stamp: Stamp::Start,
    }
}

impl Source for Bespot {
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

impl Bespot {
    async fn read(&mut self, ask: &Ask) -> Outcome {
        let scopes = self.stores.scopes();
        if scopes.is_empty() {
            // Every configured store is unknown to the vendor: there is nothing to ask for.
            return Outcome {
                delivery: None,
                error: self.stores.error(),
            };
        }
        self.client.begin();
        let (used, ceiling) = self.client.transport.budget();
        let each = u32::try_from(2 * scopes.len()).unwrap_or(u32::MAX);
        let free = ceiling.saturating_sub(used);
        let plan = self.planner.plan(ask, ask.known.len(), free, each);

        let mut gathered = Gathered::default();
        let mut failed = None;
        for window in &plan.windows {
            self.read_window(*window, &scopes, ask, &mut gathered).await;
            if gathered.error.is_some() {
                failed = Some(*window);
                break;
            }
        }
        if failed.is_none() {
            self.look_for_silent(&plan, ask, &mut gathered).await;
        }
        self.planner.finished(ask.now, failed);
        self.outcome(&plan, ceiling, gathered)
    }

    async fn read_window(
        &mut self,
        window: Window,
        scopes: &[Option<String>],
        ask: &Ask,
        gathered: &mut Gathered,
    ) {
        for store in scopes {
            let store = store.as_deref();
            for feed in [Feed::Visits, Feed::Occupancy] {
                let query = query(feed, window, store, ask);
                match (self.client.fetch(query, &mut self.stores).await, store) {
                    (Ok(rows), _) => {
                        self.planner.learn(window, rows.rows);
                        if self.stores.narrow(rows.rows) {
                            self.planner.unlearn();
                        }
                        gathered.add(rows);
                    }
                    (Err(error), Some(store)) if is_unknown_store(&error) => {
                        self.stores.refuse(store, error);
                        break;
                    }
                    (Err(error), _) => {
                        gathered.holes |= feed == Feed::Visits;
                        if gathered.fail(feed, error) {
                            return;
                        }
                    }
                }
            }
        }
    }

    /// Asks by name for configured stores that no row has come from. Without that a wrong code and
    /// a silent store look the same.
    async fn look_for_silent(&mut self, plan: &Plan, ask: &Ask, gathered: &mut Gathered) {
        let Some(window) = plan.windows.last() else {
            return;
        };
        for code in self.stores.silent(&ask.known) {
            let query = query(Feed::Visits, *window, Some(&code), ask);
            match self.client.fetch(query, &mut self.stores).await {
                Ok(rows) => {
                    self.stores.confirm(&code);
                    gathered.add(rows);
                }
                Err(error) if is_unknown_store(&error) => {
                    self.stores.refuse(&code, error);
                }
                // It is asked again with the next poll; the lists themselves are complete.
                Err(_) => return,
            }
        }
    }

    fn outcome(&self, plan: &Plan, ceiling: u32, gathered: Gathered) -> Outcome {
        let error = gathered.error.or_else(|| self.stores.error());
        if gathered.lists == 0 {
            return Outcome {
                delivery: None,
                error,
            };
        }
        let begin = plan.windows.first().map(|window| window.from);
        let mut notes = self.stores.notes();
        if let (Some(wanted), Some(begin)) = (plan.cut_from, begin) {
            notes.push(format!(
                "asked back to {} instead of {}: more would exceed our own ceiling of {ceiling} \
                 requests per hour",
                stamp(begin),
                stamp(wanted)
            ));
        }
        let delivery = Delivery {
            facts: self.stores.facts(),
            readings: gathered.rows.readings,
            complete_from: begin.filter(|_| !gathered.holes),
            rows: gathered.rows.rows,
            rejected: gathered.rows.rejected,
            notes,
            ..Delivery::default()
        };
        Outcome {
            delivery: Some(delivery),
            error,
        }
    }
}

impl Gathered {
    fn add(&mut self, rows: Rows) {
        self.rows.append(rows);
        self.lists += 1;
    }

    /// Takes note of a failure; the first one is reported. Tells whether it stops the poll: what
    /// is wrong with one list may leave the other alone, what is wrong with the account or the
    /// line does not.
    fn fail(&mut self, feed: Feed, mut error: SourceError) -> bool {
        let of_one_list = matches!(
            error.kind,
            ErrorKind::Http | ErrorKind::Schema | ErrorKind::Vendor
        );
        if of_one_list {
            error.message = format!("{}: {}", feed.word(), error.message);
        }
        self.error.get_or_insert(error);
        !of_one_list
    }
}

fn query<'a>(feed: Feed, window: Window, store: Option<&'a str>, ask: &Ask) -> Query<'a> {
    Query {
        feed,
        window,
        store,
        latest: ask.now + AHEAD,
    }
}

fn is_unknown_store(error: &SourceError) -> bool {
    error.code.as_deref() == Some(UNKNOWN_STORE)
}
