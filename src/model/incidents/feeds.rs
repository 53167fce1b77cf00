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
use super::root::{Part, news, silence};
use crate::model::Timestamp;
use crate::model::board::{Board, DeviceRow, SourceRow};
use crate::model::device::DeviceId;
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
    /// When its newest data became readable.
    news: Option<Timestamp>,
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
            news: news(feed),
            hours,
            missing,
        };
        // News of one feed are a witness for the others, where some are behind.
        let witness = |known: &Verdict| known.news != verdict.news && self.tally(key.0).behind > 0;
        if known
            .is_none_or(|known| known.state != state || known.missing != missing || witness(&known))
        {
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

    /// The roots of a source that can be read; `most` per cent of overdue feeds make its vendor one.
    pub fn roots(&self, board: &Board, source: u16, (most, now): (usize, Timestamp)) -> Vec<Root> {
        let Some(row) = board.sources.get(usize::from(source)) else {
            return Vec::new();
        };
        if (self.of(source)).all(|(_, verdict)| verdict.missing.is_none()) {
            return Vec::new();
        }
        let feeds = self.of(source).filter_map(|(key, verdict)| {
            let part = Part::of(board.devices.get(key)?, verdict.state, now)?;
            Some(((key, verdict), part))
        });
        let (feeds, parts): (Vec<_>, Vec<_>) = feeds.unzip();
        let gather = |positions: &mut dyn Iterator<Item = usize>| {
            let mut suffering = Suffering::default();
            for (key, verdict) in positions.map(|at| feeds[at]) {
                suffering.add(board, key, verdict);
            }
            suffering
        };
        let found = silence(&parts, most);
        let pipeline = gather(&mut found.pipeline.iter().copied()).root(
            Cause::Pipeline,
            About::Source(row.name.clone()),
            row,
        );
        let stores = found.stores.into_iter().filter_map(|name| {
            let mut its = (0..parts.len())
                .filter(|at| parts[*at].store == Some(name) && !found.pipeline.contains(at));
            let about = About::Store(name.into());
            gather(&mut its).root(Cause::StoreLink, about, row)
        });
        let devices = found.devices.into_iter().filter_map(|at| {
            let about = About::Device(feeds[at].0.1.clone());
            gather(&mut std::iter::once(at)).root(Cause::Device, about, row)
        });
        pipeline.into_iter().chain(stores).chain(devices).collect()
    }
}
