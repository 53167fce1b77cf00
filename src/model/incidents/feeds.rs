//! The clock's verdict on every feed, kept as long as it holds, and the roots of what is missing.
//!
//! A verdict is worked out when its row is made anew or when it runs out, so that looking costs
//! what changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{SubsecRound, TimeDelta};

use super::cause::{About, Cause, Severity};
use super::event::{FeedName, NAMED};
use super::log::Root;
use super::root::{MOST, Part, STILL, Silence, silence};
use crate::model::Timestamp;
use crate::model::board::{Board, DeviceRow, SourceRow};
use crate::model::device::{DeviceId, Kind};
use crate::model::health::{DataState, data_state, due, next_change};
use crate::model::store::Store;

/// The position of its source, and the device.
pub(super) type Key = (u16, DeviceId);

/// What is known of one feed.
#[derive(Clone, Debug)]
struct Verdict {
    state: DataState,
    until: Option<Timestamp>,
    blocked: bool,
    /// The store whose people it counts.
    store: Option<Arc<Store>>,
    /// The store that claims it, for the length of its days.
    hours: Option<Arc<Store>>,
    /// Since when data is missing; set when it becomes stale, and until it is no longer overdue.
    missing: Option<Timestamp>,
}

impl Verdict {
    /// Whether it is late or worse; `None` while nothing is expected of it.
    fn behind(&self) -> Option<bool> {
        match self.state {
            _ if self.blocked => None,
            DataState::Unknown | DataState::Paused | DataState::Closed => None,
            DataState::Fresh | DataState::Due => Some(false),
            DataState::Late | DataState::Stale | DataState::Dead => Some(true),
        }
    }
}

/// How many feeds of a source are open, and how many of these are behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub watched: usize,
    pub behind: usize,
}

/// Every feed of a board.
#[derive(Clone, Debug, Default)]
pub(super) struct Feeds {
    verdicts: BTreeMap<Key, Verdict>,
    agenda: BTreeSet<(Timestamp, Key)>,
    tallies: BTreeMap<u16, Tally>,
    /// Sources of which a verdict has changed.
    stirred: BTreeSet<u16>,
}

impl Feeds {
    /// Judges rows that were made anew.
    pub fn take(&mut self, board: &Board, keys: &[Key], now: Timestamp) {
        for key in keys {
            if let Some(row) = board.devices.get(key) {
                self.judge(key, row, now);
            }
        }
    }

    /// Judges anew what has run out.
    pub fn renew(&mut self, board: &Board, now: Timestamp) {
        while let Some((at, key)) = self.agenda.first().cloned()
            && at <= now
        {
            self.agenda.pop_first();
            if let Some(row) = board.devices.get(&key) {
                self.judge(&key, row, now);
            }
        }
    }

    /// The first instant at which a verdict runs out.
    pub fn until(&self) -> Option<Timestamp> {
        self.agenda.first().map(|(at, _)| *at)
    }

    /// The feeds of a source in numbers.
    pub fn tally(&self, source: u16) -> Tally {
        self.tallies.get(&source).copied().unwrap_or_default()
    }

    /// The sources whose roots may have changed since the last call.
    pub fn take_stirred(&mut self) -> BTreeSet<u16> {
        std::mem::take(&mut self.stirred)
    }

    /// Seconds in `(from, to)` in which a feed of a source is open, on average.
    pub fn open_seconds(&self, source: u16, (from, to): (Timestamp, Timestamp)) -> f64 {
        let mut known: BTreeMap<*const Store, i64> = BTreeMap::new();
        let (mut total, mut feeds) = (0, 0);
        for (_, verdict) in self.of(source).filter(|(_, verdict)| !verdict.blocked) {
            feeds += 1;
            total += verdict.hours.as_ref().map_or_else(
                || (to - from).num_seconds(),
                |store| {
                    // Many feeds share few stores.
                    *(known.entry(Arc::as_ptr(store)))
                        .or_insert_with(|| store.hours.open_seconds(store.timezone, from, to))
                },
            );
        }
        #[expect(clippy::cast_precision_loss, reason = "weeks of few feeds")]
        let mean = total as f64 / f64::from(feeds.max(1));
        mean
    }

    fn judge(&mut self, key: &Key, row: &DeviceRow, now: Timestamp) {
        let feed = row.feed();
        let state = data_state(feed, now);
        // States change at whole seconds, so what runs out does so in a later one.
        let later = now.trunc_subsecs(0) + TimeDelta::seconds(1);
        let until = next_change(feed, now).map(|at| at.max(later));
        let known = self.verdicts.remove(key);
        if let Some(known) = &known {
            self.count_verdict(key.0, known, false);
            if let Some(at) = known.until {
                self.agenda.remove(&(at, key.clone()));
            }
        }
        let before = known.as_ref().and_then(|known| known.missing);
        let missing = match state {
            _ if row.is_blocked() => None,
            DataState::Stale | DataState::Dead => {
                before.or_else(|| Some(due(feed, now).unwrap_or(now).min(now)))
            }
            DataState::Late => before,
            _ => None,
        };
        let hours = row.claimed_by.clone();
        let verdict = Verdict {
            state,
            until,
            blocked: row.is_blocked(),
            store: hours.clone().filter(|_| row.kind() == Kind::PeopleCounter),
            hours,
            missing,
        };
        if known.is_none_or(|known| known.state != state || known.missing != missing) {
            self.stirred.insert(key.0);
        }
        if let Some(at) = until {
            self.agenda.insert((at, key.clone()));
        }
        self.count_verdict(key.0, &verdict, true);
        self.verdicts.insert(key.clone(), verdict);
    }

    fn count_verdict(&mut self, source: u16, verdict: &Verdict, more: bool) {
        let Some(behind) = verdict.behind() else {
            return;
        };
        let tally = self.tallies.entry(source).or_default();
        let change = |number: &mut usize| {
            *number = if more {
                *number + 1
            } else {
                number.saturating_sub(1)
            };
        };
        change(&mut tally.watched);
        if behind {
            change(&mut tally.behind);
        }
    }

    fn of(&self, source: u16) -> impl Iterator<Item = (&Key, &Verdict)> {
        let from = (source, DeviceId::first());
        let verdicts = self.verdicts.range(from..);
        verdicts.take_while(move |(key, _)| key.0 == source)
    }
}

/// Feeds that suffer from one root.
#[derive(Clone, Debug, Default)]
pub(super) struct Suffering {
    pub feeds: Vec<FeedName>,
    pub count: usize,
    pub since: Option<Timestamp>,
    pub dead: bool,
}

impl Suffering {
    fn add(&mut self, board: &Board, key: &Key, verdict: &Verdict) {
        let Some(missing) = verdict.missing else {
            return;
        };
        self.count += 1;
        self.dead |= verdict.state == DataState::Dead;
        self.since = Some(self.since.map_or(missing, |since| since.min(missing)));
        if self.feeds.len() < NAMED
            && let Some(row) = board.devices.get(key)
        {
            self.feeds.push(FeedName {
                id: row.id.clone(),
                name: row.facts.name.clone(),
                store: row.store.clone(),
            });
        }
    }

    pub fn severity(&self) -> Severity {
        if self.dead {
            Severity::Critical
        } else {
            Severity::Warning
        }
    }

    fn root(self, cause: Cause, about: About, source: &SourceRow) -> Option<Root> {
        Some(Root {
            severity: self.severity(),
            since: self.since?,
            cause,
            about,
            sources: vec![source.name.clone()],
            feeds: self.feeds,
            count: self.count,
            detail: String::new(),
        })
    }
}

impl Feeds {
    /// The feeds of sources that are missing, whatever the reason.
    pub fn missing(&self, board: &Board, sources: &[usize]) -> Suffering {
        let mut suffering = Suffering::default();
        for source in sources.iter().filter_map(|at| u16::try_from(*at).ok()) {
            for (key, verdict) in self.of(source) {
                suffering.add(board, key, verdict);
            }
        }
        suffering
    }

    /// The roots of a source that can be read; `late_before` when its vendor published late so far.
    pub fn roots(&self, board: &Board, source: u16, late_before: bool) -> Vec<Root> {
        let Some(row) = board.sources.get(usize::from(source)) else {
            return Vec::new();
        };
        let feeds: Vec<_> = (self.of(source))
            .filter(|(_, verdict)| !verdict.blocked && verdict.state != DataState::Closed)
            .collect();
        if feeds.iter().all(|(_, verdict)| verdict.missing.is_none()) {
            return Vec::new();
        }
        let part = |verdict: &'_ Verdict| verdict.behind() == Some(true);
        let parts: Vec<_> = (feeds.iter())
            .map(|(_, verdict)| Part {
                store: verdict.store.as_deref().map(|store| &*store.name),
                overdue: part(verdict),
            })
            .collect();
        let most = if late_before { STILL } else { MOST };
        let gather = |wanted: &dyn Fn(&Key, &Verdict) -> bool| {
            let mut suffering = Suffering::default();
            for (key, verdict) in feeds.iter().filter(|(key, verdict)| wanted(key, verdict)) {
                suffering.add(board, key, verdict);
            }
            suffering
        };
        match silence(&parts, most) {
            Silence::Pipeline { .. } => {
                let about = About::Source(row.name.clone());
                let root = gather(&|_, _| true).root(Cause::Pipeline, about, row);
                root.into_iter().collect()
            }
            Silence::Places { stores, devices } => {
                let stores = stores.into_iter().filter_map(|name| {
                    let is_its = |verdict: &Verdict| {
                        verdict.store.as_deref().is_some_and(|s| *s.name == *name)
                    };
                    let suffering = gather(&|_, verdict| is_its(verdict));
                    suffering.root(Cause::StoreLink, About::Store(name.into()), row)
                });
                let devices = devices.into_iter().filter_map(|at| {
                    let (key, verdict) = feeds[at];
                    let mut suffering = Suffering::default();
                    suffering.add(board, key, verdict);
                    suffering.root(Cause::Device, About::Device(key.1.clone()), row)
                });
                stores.chain(devices).collect()
            }
        }
    }
}
