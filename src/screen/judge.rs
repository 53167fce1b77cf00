//! The clock's verdict on every row of a board, kept as long as it holds.
//!
//! A state follows the clock and the opening hours, which is too dear to work out for thousands of
//! rows on every key. Each verdict knows until when it holds; a new board costs the rows that
//! changed, and a frame costs nothing while no verdict has run out.

use std::sync::Arc;

use crate::model::Timestamp;
use crate::model::board::{Band, Board, DeviceRow, SourceRow, StoreRow};
use crate::model::device::{Detail, DeviceId, Kind};
use crate::model::figure::{Flag, Quality};
use crate::model::health::{DataState, Feed, data_state, next_change};
use crate::model::incidents::same_events;

use super::blame::{Blame, blame};
use super::told::Told;

/// A row with its data state.
#[derive(Clone, Debug)]
pub struct Judged<R> {
    /// The row as published.
    pub row: Arc<R>,
    /// Its data state.
    pub state: DataState,
    /// The instant from which the state must be worked out anew; `None` while it stands still.
    pub until: Option<Timestamp>,
}

/// A board with the state of each row.
#[derive(Clone, Debug)]
pub struct Judgement {
    /// The board.
    pub board: Arc<Board>,
    /// Stores in board order.
    pub stores: Vec<Judged<StoreRow>>,
    /// Devices in board order.
    pub devices: Vec<Judged<DeviceRow>>,
    /// Sources in board order.
    pub sources: Vec<Judged<SourceRow>>,
    /// The first instant at which any state may change.
    pub until: Option<Timestamp>,
    /// Grows whenever anything above changes.
    pub version: u64,
    /// How many stores are in which trouble.
    pub counts: Counts,
    /// Who is to blame for what is wrong.
    pub blames: Vec<Blame>,
    /// What happened, newest first.
    pub events: Vec<Told>,
    /// Incidents that nobody has acknowledged.
    pub unacknowledged: usize,
    /// The position of each device's source.
    sources_of_devices: Vec<u16>,
    population: [usize; 4],
}

/// Stores and sources that need attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Stores over their capacity.
    pub over: usize,
    /// Stores near their capacity.
    pub near: usize,
    /// Stores that are possibly over it.
    pub possibly: usize,
    /// Stores whose number is late, stale or dead.
    pub overdue: usize,
    /// Stores whose counts look wrong.
    pub doubtful: usize,
    /// Sources that cannot be read.
    pub failing: usize,
    /// Vehicles, document counters and machines that need attention.
    pub devices: usize,
    /// Stores of which nothing is known yet.
    pub waiting: usize,
}

impl<R> Judged<R> {
    fn holds(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

impl Judgement {
    /// A judgement of `board` at `now`.
    #[must_use]
    pub fn new(board: Arc<Board>, now: Timestamp) -> Self {
        let mut judgement = Self {
            board: Arc::new(Board::empty(now)),
            stores: Vec::new(),
            devices: Vec::new(),
            sources: Vec::new(),
            until: None,
            version: 0,
            counts: Counts::default(),
            blames: Vec::new(),
            events: Vec::new(),
            unacknowledged: 0,
            sources_of_devices: Vec::new(),
            population: [0; 4],
        };
        judgement.take(board, now);
        judgement
    }

    /// Brings the judgement up to `board` and `now`.
    pub fn refresh(&mut self, board: &Arc<Board>, now: Timestamp) {
        if !Arc::ptr_eq(board, &self.board) {
            self.take(board.clone(), now);
        } else if self.until.is_some_and(|until| now >= until) {
            self.renew(now);
        }
    }

    /// The store of this name.
    #[must_use]
    pub fn store(&self, name: &str) -> Option<&Judged<StoreRow>> {
        (self.stores.iter()).find(|judged| *judged.row.store.name == *name)
    }

    /// The source of this name.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<&Judged<SourceRow>> {
        self.sources.iter().find(|judged| *judged.row.name == *name)
    }

    /// The device with this id.
    #[must_use]
    pub fn device(&self, id: &DeviceId) -> Option<&Judged<DeviceRow>> {
        let is_its_source = |judged: &Judged<SourceRow>| *judged.row.name == *id.source();
        let source = u16::try_from(self.sources.iter().position(is_its_source)?).ok()?;
        let from = self.sources_of_devices.partition_point(|at| *at < source);
        let to = self.sources_of_devices.partition_point(|at| *at <= source);
        let devices = &self.devices[from..to];
        let found = devices.binary_search_by(|judged| judged.row.id.cmp(id));
        found.ok().map(|at| &devices[at])
    }

    /// The event of this number.
    #[must_use]
    pub fn event(&self, id: u64) -> Option<&Told> {
        self.events.iter().find(|told| told.event.id == id)
    }

    /// The devices of the source at this position.
    pub fn devices_of(&self, source: usize) -> impl Iterator<Item = &Judged<DeviceRow>> {
        let devices = self.sources_of_devices.iter().zip(&self.devices);
        devices
            .filter(move |(at, _)| usize::from(**at) == source)
            .map(|(_, judged)| judged)
    }

    /// How many devices there are of a kind.
    #[must_use]
    pub fn population(&self, kind: Kind) -> usize {
        self.population[kind as usize]
    }

    fn take(&mut self, board: Arc<Board>, now: Timestamp) {
        replace(&mut self.stores, board.stores.iter(), StoreRow::feed, now);
        let devices = board.devices.values();
        replace(&mut self.devices, devices, DeviceRow::feed, now);
        self.sources_of_devices.clear();
        let keys = board.devices.keys();
        self.sources_of_devices
            .extend(keys.map(|(source, _)| *source));
        self.population = [0; 4];
        for judged in &self.devices {
            self.population[judged.row.kind() as usize] += 1;
        }
        self.tell(&board);
        self.board = board;
        self.conclude(now);
    }

    /// Puts events into words, where they have changed.
    fn tell(&mut self, board: &Board) {
        if !same_events(&self.board.events, &board.events) {
            self.events = board.events.iter().map(Told::of).collect();
            // What began earlier may have been noticed later.
            self.events
                .sort_by_key(|told| std::cmp::Reverse((told.event.start, told.event.id)));
            let unseen = |told: &&Told| told.event.is_unacknowledged();
            self.unacknowledged = self.events.iter().filter(unseen).count();
        }
    }

    fn renew(&mut self, now: Timestamp) {
        renew(&mut self.stores, StoreRow::feed, now);
        renew(&mut self.devices, DeviceRow::feed, now);
        self.conclude(now);
    }

    /// What follows from the rows: the sources' states, the counts, the next change.
    fn conclude(&mut self, now: Timestamp) {
        let mut worst = vec![DataState::Unknown; self.board.sources.len()];
        for (source, judged) in self.sources_of_devices.iter().zip(&self.devices) {
            if let Some(state) = worst.get_mut(usize::from(*source))
                && !judged.row.is_blocked()
            {
                *state = judged.state.max(*state);
            }
        }
        self.sources = (self.board.sources.iter().zip(worst))
            .map(|(row, state)| Judged {
                row: row.clone(),
                state: if row.paused { DataState::Paused } else { state },
                until: None,
            })
            .collect();
        self.counts = Counts::default();
        for judged in &self.stores {
            self.counts.add_store(judged);
        }
        self.counts.devices = (self.devices.iter())
            .filter(|judged| judged.row.kind() != Kind::PeopleCounter)
            .filter(|judged| device_trouble(judged).is_some())
            .count();
        self.counts.failing = (self.sources.iter())
            .filter(|judged| judged.row.fetch.is_failing())
            .count();
        let stores = self.stores.iter().filter_map(|judged| judged.until);
        let devices = self.devices.iter().filter_map(|judged| judged.until);
        self.until = stores.chain(devices).min();
        self.blames = blame(self, now);
        self.version += 1;
    }
}

impl Counts {
    fn add_store(&mut self, judged: &Judged<StoreRow>) {
        if judged.state == DataState::Unknown {
            self.waiting += 1;
        }
        match trouble(judged) {
            Some(Trouble::Over) => self.over += 1,
            Some(Trouble::Near) if judged.row.over().is_some() => self.possibly += 1,
            Some(Trouble::Near) => self.near += 1,
            Some(Trouble::Dead | Trouble::Stale | Trouble::Late) => self.overdue += 1,
            Some(Trouble::Doubtful) => self.doubtful += 1,
            None => {}
        }
    }
}

/// Why a store needs attention, worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// Its counts look wrong.
    Doubtful,
    /// Its number is late.
    Late,
    /// It is near its capacity.
    Near,
    /// Its number is stale.
    Stale,
    /// Its number is dead.
    Dead,
    /// It is over its capacity.
    Over,
}

/// The worst trouble of a store.
#[must_use]
pub fn trouble(judged: &Judged<StoreRow>) -> Option<Trouble> {
    let shown = !matches!(
        judged.state,
        DataState::Dead | DataState::Unknown | DataState::Closed | DataState::Paused
    );
    let band = match judged.row.band() {
        Band::Over if shown => Some(Trouble::Over),
        Band::Near if shown => Some(Trouble::Near),
        _ => None,
    };
    let quality = judged
        .row
        .occupancy
        .as_ref()
        .map_or(Quality::GOOD, |occupancy| occupancy.shown.quality);
    let doubt = (shown && is_doubtful(quality)).then_some(Trouble::Doubtful);
    band.max(overdue(judged.state)).max(doubt)
}

/// The worst trouble of a device. That of a people counter shows in its store.
#[must_use]
pub fn device_trouble(judged: &Judged<DeviceRow>) -> Option<Trouble> {
    match &judged.row.facts.detail {
        _ if judged.row.is_blocked() => None,
        Detail::Machine { offline: true, .. } => Some(Trouble::Dead),
        Detail::Machine { open_events, .. } if !open_events.is_empty() => Some(Trouble::Doubtful),
        _ => {
            let missed = judged.row.is_missed().then_some(Trouble::Doubtful);
            overdue(judged.state).max(missed)
        }
    }
}

/// The trouble that a data state alone means.
#[must_use]
pub fn overdue(state: DataState) -> Option<Trouble> {
    match state {
        DataState::Late => Some(Trouble::Late),
        DataState::Stale => Some(Trouble::Stale),
        DataState::Dead => Some(Trouble::Dead),
        _ => None,
    }
}

/// Whether the counts look wrong, rather than merely young.
#[must_use]
pub fn is_doubtful(quality: Quality) -> bool {
    [Flag::Suspect, Flag::Silent, Flag::OneWay, Flag::Drifting]
        .into_iter()
        .any(|flag| quality.has(flag))
}

/// Puts rows in the place of others; a row that is the same keeps its verdict while that holds.
fn replace<'a, R: 'a>(
    judged: &mut Vec<Judged<R>>,
    rows: impl Iterator<Item = &'a Arc<R>>,
    feed: fn(&R) -> Feed<'_>,
    now: Timestamp,
) {
    let mut count = 0;
    for row in rows {
        match judged.get_mut(count) {
            Some(known) if known.holds(now) && Arc::ptr_eq(&known.row, row) => {}
            Some(known) => *known = judge(row, feed(row), now),
            None => judged.push(judge(row, feed(row), now)),
        }
        count += 1;
    }
    judged.truncate(count);
}

/// Works out anew what does not hold any more.
fn renew<R>(judged: &mut [Judged<R>], feed: fn(&R) -> Feed<'_>, now: Timestamp) {
    for known in judged.iter_mut().filter(|known| !known.holds(now)) {
        *known = judge(&known.row, feed(&known.row), now);
    }
}

fn judge<R>(row: &Arc<R>, feed: Feed<'_>, now: Timestamp) -> Judged<R> {
    Judged {
        row: row.clone(),
        state: data_state(feed, now),
        until: next_change(feed, now),
    }
}
