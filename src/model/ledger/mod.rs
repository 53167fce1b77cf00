//! The ledger: what has been learned from all attempts so far, and the board made from it.
//!
//! Pure. It takes readings that history has made durable, in any order and with corrections, and
//! gives a board of immutable rows. Only rows that an attempt touched are made anew.

pub mod accumulated;
pub mod cells;
mod claims;
mod counting;
mod day;
mod device;
mod inside;
mod people;
pub mod plan;
mod rows;
mod silence;
mod source;
pub mod spans;
mod store;
pub mod totals;
mod watching;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono_tz::Tz;

use self::claims::{claimed, missing_member};
use self::device::{Device, State};
use self::plan::{Claims, Plan, Quiet};
pub use self::source::Progress;
use self::source::Source;
pub use self::spans::Spans;
use self::store::Tally;
use super::Timestamp;
use super::attempt::{Attempt, Delivery, SourceError};
use super::board::{Beat, Board, Correction};
use super::device::{DeviceId, Facts, Kind};
use super::hand::HandCounts;
use super::incidents::{Fresh, Watch, What};
use super::occupancy::Visit;
use super::reading::{Change, Level, Measure, Reading};

/// Everything learned so far.
#[derive(Debug)]
pub struct Ledger {
    plan: Arc<Plan>,
    claims: Claims,
    now: Timestamp,
    /// While the clock reads something in here, no day of any store or device ends; `None` while
    /// that has to be found out.
    within: Option<(Timestamp, Timestamp)>,
    sources: Vec<Source>,
    /// Boxed, because a tree keeps room for about as many again as it holds.
    devices: BTreeMap<DeviceId, Box<Device>>,
    tallies: Vec<Tally>,
    /// Counts by hand, by the name of the store.
    counts: BTreeMap<Arc<str>, HandCounts>,
    board: Board,
    /// Looks for trouble on the board.
    watch: Watch,
    /// Rows that were made since it looked last.
    fresh: Fresh,
}

/// What an earlier run left in history, beside its readings.
#[derive(Clone, Debug, Default)]
pub struct Restored {
    /// The devices as the vendors described them last.
    pub facts: Vec<(DeviceId, Facts)>,
    /// The newest reading of each counter that is older than all that will be recalled.
    pub silent: Vec<Reading>,
    /// By source.
    pub sources: Vec<RestoredSource>,
}

/// What an earlier run left in history about one source.
#[derive(Clone, Debug, Default)]
pub struct RestoredSource {
    /// Name of the source.
    pub name: String,
    /// The last attempts, oldest first.
    pub beats: Vec<Beat>,
    /// Start of the last attempt that brought data.
    pub last_success: Option<Timestamp>,
    /// What was delivered by a feed that leaves out zero rows; when document counters were looked
    /// at.
    pub delivered: Spans,
}

/// What an attempt changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    /// The newest instant of the source's data.
    pub horizon: Option<Timestamp>,
    /// It brought something that was not known.
    pub news: bool,
}

impl Ledger {
    /// A ledger that has seen nothing.
    #[must_use]
    pub fn new(plan: Plan, now: Timestamp) -> Self {
        let plan = Arc::new(plan);
        let mut ledger = Self {
            claims: Claims::of(&plan),
            now,
            within: None,
            sources: plan.sources.iter().map(Source::new).collect(),
            devices: BTreeMap::new(),
            tallies: plan
                .stores
                .iter()
                .map(|store| Tally::new(store.clone(), true, now))
                .collect(),
            counts: BTreeMap::new(),
            board: Board::empty(now),
            watch: Watch::default(),
            fresh: Fresh::default(),
            plan,
        };
        ledger.make_rows(&(0..ledger.tallies.len()).collect(), &BTreeSet::new());
        ledger.make_source_rows();
        ledger
    }

    /// The plan it follows.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Takes what an earlier run left, unconfirmed until a fetch succeeds. Then come what is to be
    /// [learned](Self::learn) from and the readings to [recall](Self::recall), in as many pieces as
    /// one likes; no row is made until the ledger is [restored](Self::restored).
    pub fn restore(&mut self, left: Restored) {
        for past in left.sources {
            let Some(source) = self.source_index(&past.name) else {
                continue;
            };
            let state = &mut self.sources[usize::from(source)];
            past.beats.into_iter().for_each(|beat| state.beat(beat));
            state.last_success = past.last_success;
            state.last_attempt = state.beats.last().map(|beat| beat.at);
            state.delivered = past.delivered;
        }
        for (id, facts) in &left.facts {
            self.describe(id, facts);
        }
        for reading in left.silent {
            let source = self.source_index(reading.device.source());
            if let (Some(source), Some(device)) = (source, self.devices.get_mut(&reading.device)) {
                device.as_of = device.as_of.max(Some(self.plan.stamp(source, &reading)));
                self.reached(source, &reading.device);
            }
        }
    }

    /// Takes what doors counted on earlier days, in quarter hours or longer.
    pub fn learn(&mut self, earlier: impl IntoIterator<Item = (DeviceId, Visit)>) {
        for (id, visit) in earlier {
            if let Some(store) = self.devices.get(&id).and_then(|device| device.store) {
                self.tallies[store].learn(&id, visit);
            }
        }
    }

    /// Takes when something happened on a machine or in a sequence of documents, all of it before
    /// `to` and by time, each event with the instant it became known.
    pub fn learn_rhythm(
        &mut self,
        id: &DeviceId,
        events: impl IntoIterator<Item = (Timestamp, Timestamp)>,
        to: Timestamp,
    ) {
        if let Some(device) = self.devices.get_mut(id) {
            device.learn(events, to);
        }
    }

    /// The zone of a device's days.
    #[must_use]
    pub fn zone_of(&self, id: &DeviceId, facts: &Facts) -> Tz {
        zone_of(&self.plan, self.claims.store_of(id), facts)
    }

    /// Takes readings of the last days with the instants they were fetched, each once.
    pub fn recall(&mut self, readings: impl IntoIterator<Item = (Reading, Timestamp)>) {
        for (reading, fetched_at) in readings {
            self.take(&Change { reading, old: None }, fetched_at);
        }
    }

    /// Takes which settled counts an earlier run saw change, oldest first.
    pub fn recall_corrections(
        &mut self,
        corrections: impl IntoIterator<Item = (DeviceId, Correction)>,
    ) {
        for (id, correction) in corrections {
            let Some(device) = self.devices.get_mut(&id) else {
                continue;
            };
            if let State::Counter(counter) = &mut device.state {
                counter.correct(correction);
            }
            if let Some(store) = device.store {
                self.tallies[store].recall_correction(correction.start);
            }
        }
    }

    /// As [`Ledger::recall`], but with every value that a reading had, in the order they became
    /// known: what was corrected is marked as such.
    pub fn relive(&mut self, changes: impl IntoIterator<Item = (Change, Timestamp)>) {
        for (change, fetched_at) in changes {
            self.take(&change, fetched_at);
        }
    }

    /// Makes rows of all that was taken from history.
    pub fn restored(&mut self) {
        for source in 0..self.sources.len() {
            if let Some(from) = self.sources[source].delivered.start() {
                self.watched(u16::try_from(source).unwrap_or(u16::MAX), from);
            }
        }
        self.make_all_rows();
    }

    /// Takes an attempt whose readings are durable. `changes` are those that were new or changed.
    pub fn apply(&mut self, attempt: &Attempt, changes: &[Change], now: Timestamp) -> Applied {
        self.roll(now);
        let Some(source) = self.source_index(&attempt.source) else {
            return Applied::default();
        };
        let corrections = self.corrections(&attempt.source, changes);
        let before = self.sources[usize::from(source)].horizon;
        let mut touched: BTreeSet<DeviceId> = BTreeSet::new();
        if let Some(delivery) = &attempt.outcome.delivery {
            for (id, facts) in &delivery.facts {
                if self.describe(id, facts) {
                    touched.insert(id.clone());
                }
            }
        }
        for change in changes {
            if self.take(change, attempt.started) {
                touched.insert(change.reading.device.clone());
            }
        }
        let revised = changes.iter().filter(|change| change.old.is_some()).count();
        let state = &mut self.sources[usize::from(source)];
        let standing = (state.confirmed, state.heeded_skew_s);
        let looked = state.looked();
        let news = !changes.is_empty();
        state.attempted(attempt, news, u32::try_from(revised).unwrap_or(u32::MAX));
        if let Some(delivery) = &attempt.outcome.delivery {
            self.delivered(source, delivery);
            if attempt.outcome.error.is_none() {
                self.seen(source, delivery, attempt.started);
            }
        }
        let state = &self.sources[usize::from(source)];
        let horizon = state.horizon;
        if (state.confirmed, state.heeded_skew_s) != standing {
            touched.extend(self.ids_of(source, |_| true));
        } else if horizon != before
            && self.plan.sources[usize::from(source)].quiet != Quiet::Missing
        {
            // Where quiet intervals have no rows, how far a counter reaches follows the source.
            touched.extend(self.ids_of(source, |device| self.follows(device)));
        }
        touched.extend(self.stirred(source, looked));
        self.make_touched_rows(&touched);
        self.make_source_rows();
        if let Some(corrections) = corrections {
            self.note((now, now), What::Revision(corrections));
        }
        Applied { horizon, news }
    }

    /// Takes note of how a source's poll loop stands.
    pub fn progress(&mut self, name: &str, progress: Progress) {
        let Some(source) = self.source_index(name) else {
            return;
        };
        let state = &mut self.sources[usize::from(source)];
        let changed = state.progress.expectation != progress.expectation;
        state.progress = progress;
        if changed {
            let counters = self.ids_of(source, Device::is_counter);
            self.make_touched_rows(&counters.collect());
        }
        self.make_source_rows();
    }

    /// Takes note that a source could not be opened.
    pub fn misconfigured(&mut self, name: &str, error: SourceError) {
        if let Some(source) = self.source_index(name) {
            self.sources[usize::from(source)].misconfigured(error);
            self.make_source_rows();
        }
    }

    /// Puts sentences about the program itself on the board.
    pub fn notices(&mut self, notices: Vec<Arc<str>>) {
        self.board.notices = notices;
    }

    /// Moves on to `now`, beginning new days where their start has passed.
    pub fn roll(&mut self, now: Timestamp) {
        self.now = now;
        if (self.within).is_some_and(|(from, to)| (from..to).contains(&now)) {
            return;
        }
        let mut touched = BTreeSet::new();
        for (id, device) in &mut self.devices {
            if device.begin_day(now) {
                touched.insert(id.clone());
            }
        }
        let mut stores = BTreeSet::new();
        for (index, tally) in self.tallies.iter_mut().enumerate() {
            if tally.begin_day(now) {
                stores.insert(index);
            }
        }
        self.within = self
            .days()
            .reduce(|(from, to), day| (from.max(day.0), to.min(day.1)));
        if !touched.is_empty() || !stores.is_empty() {
            stores.extend(touched.iter().filter_map(|id| self.devices.get(id)?.store));
            for store in &stores {
                self.forget(*store);
            }
            self.make_rows(&stores, &touched);
        }
    }

    /// When the next day begins for any store or device.
    #[must_use]
    pub fn next_roll(&self) -> Option<Timestamp> {
        match self.within {
            Some((_, to)) => Some(to),
            None => self.days().map(|(_, to)| to).min(),
        }
    }

    /// The running days of all stores and devices.
    fn days(&self) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let devices = self.devices.values().map(|device| device.today);
        devices.chain(self.tallies.iter().map(Tally::today))
    }

    /// The board as it stands.
    #[must_use]
    pub fn board(&self) -> Arc<Board> {
        Arc::new(Board {
            at: self.now,
            ..self.board.clone()
        })
    }

    /// What history should remember of a source's deliveries, to know after a restart which
    /// quiet stretches were delivered and when document counters were looked at.
    #[must_use]
    pub fn delivered_spans(&self, name: &str) -> Option<&Spans> {
        let source = self.source_index(name)?;
        Some(&self.sources[usize::from(source)].delivered)
    }

    /// The devices of a source with what the vendor said about them.
    #[must_use]
    pub fn known(&self, name: &str) -> Vec<(DeviceId, Facts)> {
        self.devices
            .iter()
            .filter(|(id, _)| id.source() == name)
            .map(|(id, device)| (id.clone(), (*device.facts).clone()))
            .collect()
    }

    /// The newest instant of each counter of a source's trackers.
    #[must_use]
    pub fn counters_reached(&self, name: &str) -> Vec<(DeviceId, Level, Timestamp)> {
        let own = self.devices.iter().filter(|(id, _)| id.source() == name);
        own.flat_map(|(id, device)| {
            let reached = device.reached().into_iter().flatten();
            reached.map(|(level, at)| (id.clone(), level, at))
        })
        .collect()
    }

    /// The newest instant of a source's data.
    #[must_use]
    pub fn horizon(&self, name: &str) -> Option<Timestamp> {
        self.sources[usize::from(self.source_index(name)?)].horizon
    }

    fn source_index(&self, name: &str) -> Option<u16> {
        let position = self.plan.sources.iter().position(|s| *s.name == *name)?;
        u16::try_from(position).ok()
    }

    fn ids_of(
        &self,
        source: u16,
        wanted: impl Fn(&Device) -> bool,
    ) -> impl Iterator<Item = DeviceId> {
        let ids = self.devices.iter();
        ids.filter(move |(_, device)| device.source == source && wanted(device))
            .map(|(id, _)| id.clone())
    }

    /// Takes a description; true when it changed something.
    fn describe(&mut self, id: &DeviceId, facts: &Facts) -> bool {
        let Some(source) = self.source_index(id.source()) else {
            return false;
        };
        if let Some(device) = self.devices.get_mut(id) {
            let zone = zone_of(&self.plan, device.store, facts);
            let before = (device.facts.clone(), device.as_of);
            device.describe(facts, zone, self.now);
            if *before.0 != *device.facts {
                // Its day may begin and end at other instants now.
                self.within = None;
                if let Some(store) = device.store {
                    device.forget(self.tallies[store].today().0);
                }
            }
            let changed = before != (device.facts.clone(), device.as_of);
            self.reached(source, id);
            return changed;
        }
        self.within = None;
        let mut store = self.claims.store_of(id);
        if store.is_none() && facts.kind() == Kind::PeopleCounter {
            // A counter that nobody claims is a store of its own, so that it is seen.
            store = Some(self.tallies.len());
            let made_up = store::unclaimed(id, facts, self.plan.display_zone);
            let mut tally = Tally::new(made_up, false, self.now);
            let counts = self.counts.get(tally.name());
            if let Some(counts) = counts.filter(|_| self.store_index(tally.name()).is_none()) {
                tally.counted_by_hand(counts);
            }
            if self.tallies.len() == self.tallies.capacity() {
                // An eighth more, not twice as much: there may be thousands.
                self.tallies.reserve_exact(self.tallies.len() / 8 + 8);
            }
            self.tallies.push(tally);
        }
        let zone = zone_of(&self.plan, store, facts);
        let mut device = Device::new(facts.clone(), source, store, zone, self.now);
        device.describe(facts, zone, self.now);
        if let Some(store) = store {
            device.forget(self.tallies[store].today().0);
        }
        self.devices.insert(id.clone(), Box::new(device));
        self.sources[usize::from(source)].joined();
        if let Some(store) = store {
            let quiet = self.plan.sources[usize::from(source)].quiet;
            self.tallies[store].join(id, facts, quiet);
        }
        self.reached(source, id);
        true
    }

    /// Forgets what the counters of a store have counted before its running day.
    fn forget(&mut self, store: usize) {
        let tally = &self.tallies[store];
        for id in tally.members() {
            if let Some(device) = self.devices.get_mut(id) {
                device.forget(tally.today().0);
            }
        }
    }

    /// Takes a reading; true when its device is known.
    fn take(&mut self, change: &Change, fetched_at: Timestamp) -> bool {
        let id = &change.reading.device;
        let Some(device) = self.devices.get_mut(id) else {
            return false;
        };
        let source = device.source;
        let stamp = self.plan.stamp(source, &change.reading);
        device.take(change, stamp, fetched_at);
        match (change.reading.measure, device.store) {
            (Measure::Flow(_), Some(store)) => self.tallies[store].flow(change, fetched_at),
            (Measure::Level(Level::Occupancy, people), Some(store)) => {
                self.tallies[store].vendor_says(change.reading.start, people.int());
            }
            _ => {}
        }
        self.reached(source, &change.reading.device);
        true
    }

    fn reached(&mut self, source: u16, id: &DeviceId) {
        let as_of = self.devices.get(id).and_then(|device| device.as_of);
        let state = &mut self.sources[usize::from(source)];
        state.horizon = state.horizon.max(as_of);
    }

    /// Takes note that document counters were looked at: what they grow between two looks that are
    /// far apart is known only as a sum.
    fn seen(&mut self, source: u16, delivery: &Delivery, at: Timestamp) {
        let documents = |(_, facts): &(DeviceId, Facts)| facts.kind() == Kind::DocumentCounter;
        if !delivery.facts.is_empty() && delivery.facts.iter().all(documents) {
            self.sources[usize::from(source)].delivered.look(at);
        }
    }

    /// Takes what a delivery says beyond its readings.
    fn delivered(&mut self, source: u16, delivery: &Delivery) {
        let plan = self.plan.clone();
        let name = &plan.sources[usize::from(source)].name;
        let state = &mut self.sources[usize::from(source)];
        if let (Some(from), Some(to)) = (delivery.complete_from, state.horizon) {
            state.delivered.add(from, to);
            state
                .delivered
                .forget(self.now - chrono::TimeDelta::days(3));
        }
        if let Some(from) = delivery.complete_from {
            self.watched(source, from);
        }
        let state = &mut self.sources[usize::from(source)];
        if delivery.roster {
            if let Some(error) = missing_member(&plan, name, &delivery.facts) {
                state.blame(error);
            }
        } else if delivery.rows > 0 {
            let unheard = claimed(&plan, name).find(|(_, id)| !self.devices.contains_key(*id));
            let note = unheard.map(|(store, id)| {
                format!("nothing has come of {id} yet, which store \"{store}\" names: check it")
            });
            state.notes.extend(note);
        }
    }
}

fn zone_of(plan: &Plan, store: Option<usize>, facts: &Facts) -> Tz {
    store
        .and_then(|store| plan.stores.get(store))
        .map(|store| store.timezone)
        .or(facts.timezone)
        .unwrap_or(plan.display_zone)
}
