//! Bespot: visits and occupancy per store and minute, published every 15 minutes.
//!
//! One windowed call serves all stores for each of the two lists, so a poll costs a log-in and two
//! requests. Each poll overlaps the last one by half an hour and, once a night, by a day; readings
//! replace each other by store and minute. A gap that does not fit into one page is read behind the
//! live window, a few pieces with each poll.

mod check;
pub mod decode;
mod request;
mod settings;
pub mod stores;
mod window;
pub mod wire;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::model::Timestamp;
use crate::model::attempt::{Ask, Delivery, ErrorKind, Finding, Outcome, SourceError};
use crate::model::ledger::plan::{Quiet, RowGrid, Stamp};
use crate::model::schedule::Cadence;

use super::source::{Common, Past, Source};
use super::transport::{SharedBudget, Transport};

use decode::{Feed, Rows};
use request::{Client, Query, UNKNOWN_STORE};
use stores::Stores;
use window::{Means, Planner, Window};

pub use settings::{Auth, Settings};

/// How often the vendor publishes (vendor documentation).
const PERIOD: Duration = Duration::from_secs(15 * 60);
/// How long after the quarter hour new rows can be read, until it has been learned.
const LAG: Duration = Duration::from_secs(3 * 60);
/// How much later than that is still no news.
const GRACE: Duration = Duration::from_secs(2 * 60);
const GRID: RowGrid = RowGrid {
    // A minute that is missing from a delivered window is one in which nobody passed.
    quiet: Quiet::Zero,
    stamp: Stamp::Start,
};
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

/// What a restart should know.
#[derive(Debug, Serialize, Deserialize)]
struct Memory {
    planner: Planner,
    /// The account sees far more than is watched.
    one_by_one: bool,
}

/// What a poll has gathered so far.
#[derive(Default)]
struct Gathered {
    rows: Rows,
    /// Lists that were read to the end.
    lists: u32,
    /// Some visits of the newest window are missing: a minute without a row may be a hole.
    holes: bool,
    /// The visits of every minute from here on were read.
    complete_from: Option<Timestamp>,
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

fn cadence(common: &Common) -> Cadence {
    common.batches(PERIOD, LAG, GRACE)
}

impl Source for Bespot {
    fn resume(&mut self, memory: Option<serde_json::Value>, _: Arc<dyn Past>) {
        // What an older version left in another form is forgotten, not an error.
        let memory = memory.and_then(|memory| serde_json::from_value::<Memory>(memory).ok());
        if let Some(memory) = memory {
            self.planner = memory.planner;
            self.stores.recall(memory.one_by_one);
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
        if let Err(error) = self.client.ready().await {
            return Outcome::failed(error);
        }
        let (used, ceiling) = self.client.transport.budget();
        let means = Means {
            free: ceiling.saturating_sub(used),
            each: u32::try_from(2 * scopes.len()).unwrap_or(u32::MAX),
            stores: ask.known.len(),
        };
        let windows = self.planner.plan(ask, means);

        let mut gathered = Gathered::default();
        for window in &windows {
            self.read_window(*window, &scopes, ask, &mut gathered).await;
            if !gathered.holes {
                gathered.complete_from = Some(window.from);
            }
            if gathered.error.is_some() {
                self.planner.failed(*window);
                break;
            }
            self.planner.read(*window);
        }
        if gathered.error.is_none() {
            self.look_for_silent(windows[0], ask, &mut gathered).await;
        }
        self.outcome(gathered)
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
    async fn look_for_silent(&mut self, window: Window, ask: &Ask, gathered: &mut Gathered) {
        for code in self.stores.silent(&ask.known) {
            let query = query(Feed::Visits, window, Some(&code), ask);
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

    fn outcome(&self, gathered: Gathered) -> Outcome {
        let progress = self.planner.progress();
        // What has failed is asked again anyway; that is no catching up.
        let progress = progress.filter(|_| gathered.error.is_none());
        let error = gathered.error.or_else(|| self.stores.error());
        if gathered.lists == 0 {
            return Outcome {
                delivery: None,
                error,
            };
        }
        let mut notes = self.stores.notes();
        notes.extend(progress);
        let memory = Memory {
            planner: self.planner.clone(),
            one_by_one: self.stores.one_by_one(),
        };
        let delivery = Delivery {
            facts: self.stores.facts(),
            readings: gathered.rows.readings,
            complete_from: gathered.complete_from,
            rows: gathered.rows.rows,
            rejected: gathered.rows.rejected,
            notes,
            memory: serde_json::to_value(memory).ok(),
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
