//! The estimator of one store: takes readings in any order and keeps the estimate of all of them.
//!
//! The estimate is a pure function of the settings and the readings. Nothing is ever patched: a
//! late or corrected reading restores an earlier state and runs forward from there. Two states
//! are kept, that of this morning and that of the oldest day kept; running two weeks again takes
//! well under a millisecond, which is cheaper than keeping a copy of every cell.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chrono::TimeDelta;

use crate::model::Timestamp;
use crate::model::hand::HandCount;
use crate::model::reading::Flow;

use super::day::{Day, cell_for};
use super::feeds::{Feed, Feeds};
use super::running::{Finished, Morning, Running};
use super::settings::{Settings, ZeroRows};
use super::sheet::{ByHand, Sheet, VendorLevel};
use super::sheets::Sheets;

/// A reading that claims to begin longer than this after its delivery is refused.
const FUTURE: TimeDelta = TimeDelta::days(1);

/// The estimate of one store.
#[derive(Clone, Debug)]
pub struct Estimator {
    pub(super) settings: Settings,
    pub(super) feeds: Feeds,
    pub(super) cell_min: u32,
    /// Counts by the start of their business day.
    pub(super) sheets: Sheets,
    /// The state before the oldest day kept.
    pub(super) base: Morning,
    /// Start of the oldest day kept, once an older one has been dropped.
    pub(super) kept_from: Option<Timestamp>,
    /// The state before today.
    pub(super) dawn: Morning,
    pub(super) today: Option<Running>,
    pub(super) finished: VecDeque<Finished>,
    /// The earliest cell that has been run and must be run again.
    pub(super) stale: Option<Timestamp>,
    pub(super) revision: Option<Revision>,
    /// A row changed a cell that had been run, since the last run.
    pub(super) amended: bool,
    /// Something changed in a cell already shown since the last new cell was run.
    pub(super) revised: bool,
    /// Why people were counted by hand, by the instant of the count.
    pub(super) reasons: BTreeMap<Timestamp, Arc<str>>,
    /// The day looked up last, for readings come in runs.
    recent: Option<Day>,
}

/// The handle of a door, by which its readings are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Door(pub(super) usize);

/// One interval of one door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    /// When the interval begins.
    pub start: Timestamp,
    /// Its length in seconds.
    pub span_s: u32,
    /// Who crossed.
    pub flow: Flow,
}

/// What became of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It belongs to a cell that has not been run yet.
    Waiting,
    /// It changes a cell that has been run.
    Late,
    /// It says what was known already, of a cell that has been run.
    Known,
    /// It is older than anything kept; the estimate does not change.
    TooOld,
    /// It claims to begin more than a day after its delivery; the estimate does not change.
    Impossible,
}

/// The last correction of a cell that had been run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Revision {
    pub door: usize,
    pub start: Timestamp,
    pub old: Option<Flow>,
    pub new: Flow,
    pub delivered: Timestamp,
}

impl Estimator {
    /// An estimator that knows no door yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let nothing = Morning::default();
        Self {
            settings,
            feeds: Feeds::default(),
            cell_min: cell_for(0),
            sheets: Sheets::default(),
            base: nothing.clone(),
            kept_from: None,
            dawn: nothing,
            today: None,
            finished: VecDeque::new(),
            stale: None,
            revision: None,
            amended: false,
            revised: false,
            reasons: BTreeMap::new(),
            recent: None,
        }
    }

    /// The handle of a door; an id that is new becomes a door of the store. Name all doors before
    /// the first reading: a door that is known is waited for.
    pub fn door(&mut self, id: &str, zero_rows: ZeroRows) -> Door {
        let doors = &mut self.feeds.doors;
        let Some(known) = doors.iter().position(|door| *door.id == *id) else {
            doors.push(Feed::new(id, zero_rows));
            return Door(doors.len() - 1);
        };
        let before = std::mem::replace(&mut doors[known].zero_rows, zero_rows);
        if let Some(since) = doors[known].since.filter(|_| before != zero_rows) {
            self.touch(since);
        }
        Door(known)
    }

    /// What a door is called in sentences; its id until told otherwise.
    pub fn call(&mut self, door: Door, name: &str) {
        self.feeds.doors[door.0].name = name.into();
    }

    /// The door has been watched from here on, also where it has sent no row.
    pub fn watched(&mut self, door: Door, from: Timestamp) {
        let feed = &mut self.feeds.doors[door.0];
        if feed.since.is_none_or(|since| from < since) {
            feed.since = Some(from);
            self.touch(from);
        }
    }

    /// The door has delivered everything up to here, also where it has sent no row.
    pub fn reached(&mut self, door: Door, to: Timestamp) {
        let feed = &mut self.feeds.doors[door.0];
        let before = feed.horizon;
        let told = std::mem::replace(&mut feed.told, true);
        feed.horizon = before.max(Some(to));
        if feed.horizon != before || !told {
            // Where a feed leaves out quiet rows, cells that counted as missing now are zero.
            self.touch(before.unwrap_or(to));
        }
    }

    /// Takes a reading of a door. `old` is the value it replaces: the key of a reading is its door
    /// and its start, and a newer value is never added. `delivered` is when it became known.
    pub fn observe(
        &mut self,
        door: Door,
        visit: Visit,
        old: Option<Flow>,
        delivered: Timestamp,
    ) -> Taken {
        if visit.start > delivered + FUTURE {
            return Taken::Impossible;
        }
        if self.is_dropped(visit.start) {
            return Taken::TooOld;
        }
        self.recut(visit.span_s);
        let day = self.day_of(visit.start);
        let cell = day.cell_at(visit.start);
        let was_run = self.was_run(visit.start);
        let met = *self.feeds.doors[door.0].met.get_or_insert(delivered);
        self.see(door, visit);
        if old == Some(visit.flow) {
            return if was_run {
                Taken::Known
            } else {
                Taken::Waiting
            };
        }
        let sheet = self.sheets.entry(day.start());
        sheet.replace(door.0, cell, visit.flow, old.unwrap_or_default());
        if !was_run {
            return Taken::Waiting;
        }
        self.touch(day.cell_start(cell));
        if old.is_none() && delivered == met {
            return Taken::Late;
        }
        self.amended = true;
        self.revision = Some(Revision {
            door: door.0,
            start: visit.start,
            old,
            new: visit.flow,
            delivered,
        });
        Taken::Late
    }

    /// Takes the vendor's own occupancy at an instant. It is compared, never blended in.
    pub fn vendor_says(&mut self, at: Timestamp, value: i64) {
        // A value at the end of a cell belongs to it.
        let within = at - TimeDelta::seconds(1);
        if self.is_dropped(within) {
            return;
        }
        let day = self.day_of(within);
        let cell = day.cell_at(within);
        let sheet = self.sheets.entry(day.start());
        sheet.put_level(VendorLevel { cell, at, value });
    }

    /// Somebody counted the people inside. The count holds at the nearest edge of a cell, so that
    /// at most half a cell of crossings is counted twice or left out.
    pub fn counted_by_hand(&mut self, count: &HandCount) {
        if self.is_dropped(count.at) {
            return;
        }
        let (day, cell) = self.edge_near(count.at);
        let sheet = self.sheets.entry(day.start());
        sheet.put_by_hand(ByHand {
            cell,
            at: count.at,
            people: count.people,
        });
        self.reasons.insert(count.at, count.reason.as_str().into());
        self.touch(day.cell_start(cell));
    }

    /// A count by hand was taken back: the estimate is what it would be without it.
    pub fn forget_count(&mut self, at: Timestamp) {
        let (day, cell) = self.edge_near(at);
        let known = (self.sheets.get_mut(day.start())).is_some_and(|sheet| sheet.drop_by_hand(at));
        if known {
            self.reasons.remove(&at);
            self.touch(day.cell_start(cell));
        }
    }

    /// The day and the cell that begins nearest to an instant.
    fn edge_near(&mut self, at: Timestamp) -> (Day, usize) {
        let half = TimeDelta::seconds(i64::from(self.cell_min) * 30);
        let day = self.day_of(at + half);
        (day, day.cell_at(at + half))
    }

    /// Switches a door off from an instant on, for example because it is locked.
    pub fn door_off(&mut self, door: Door, from: Timestamp) {
        self.feeds.doors[door.0].off.push((from, None));
        self.touch(from);
    }

    /// Switches a door on again.
    pub fn door_on(&mut self, door: Door, at: Timestamp) {
        let off = &mut self.feeds.doors[door.0].off;
        for span in off.iter_mut().filter(|span| span.1.is_none()) {
            span.1 = Some(at);
        }
        self.touch(at);
    }

    /// End of the last cell that has been run.
    #[must_use]
    pub fn horizon(&self) -> Option<Timestamp> {
        self.today.as_ref().map(Running::reached)
    }

    /// The last finished days, oldest first, at most fourteen.
    pub fn finished(&self) -> impl DoubleEndedIterator<Item = &Finished> + ExactSizeIterator {
        self.finished.iter()
    }

    /// Length of a cell in minutes.
    #[must_use]
    pub fn cell_min(&self) -> u32 {
        self.cell_min
    }

    /// The sheet of a day.
    pub(super) fn sheet(&self, day: &Day) -> Option<&Sheet> {
        self.sheets.get(day.start())
    }

    /// The newest count by hand that no cell has taken up yet.
    pub(super) fn waiting_count(&self) -> Option<ByHand> {
        let from = self.today.as_ref().map(|today| today.day.start());
        let mut sheets = self.sheets.from(from.unwrap_or(Timestamp::MIN_UTC)).iter();
        let (start, count) = sheets.rfind(|(_, sheet)| sheet.last_by_hand().is_some())?;
        let count = count.last_by_hand()?;
        let taken_up = self
            .today
            .as_ref()
            .is_some_and(|today| today.day.start() == *start && count.cell < today.next_cell());
        (!taken_up).then_some(count)
    }

    /// The day of an instant.
    pub(super) fn day_at(&self, at: Timestamp) -> Day {
        let zone = self.settings.timezone;
        Day::of(zone, self.settings.turn(), self.cell_min, at)
    }

    pub(super) fn day_of(&mut self, at: Timestamp) -> Day {
        if let Some(day) = self.recent.filter(|day| day.contains(at)) {
            return day;
        }
        let day = self.day_at(at);
        self.recent = Some(day);
        day
    }

    fn is_dropped(&self, at: Timestamp) -> bool {
        self.kept_from.is_some_and(|from| at < from)
    }

    fn was_run(&self, at: Timestamp) -> bool {
        self.horizon().is_some_and(|horizon| at < horizon)
    }

    /// Marks everything from the cell of `at` on to be run again, where it has been run.
    fn touch(&mut self, at: Timestamp) {
        if self.was_run(at) {
            let at = self.kept_from.map_or(at, |from| at.max(from));
            self.stale = Some(self.stale.map_or(at, |stale| stale.min(at)));
        }
    }

    /// Takes note of a row: where the door is, and how it writes quiet intervals.
    fn see(&mut self, door: Door, visit: Visit) {
        let end = visit.start + TimeDelta::seconds(i64::from(visit.span_s));
        let feed = &mut self.feeds.doors[door.0];
        feed.horizon = feed.horizon.max(Some(end));
        let auto = feed.zero_rows == ZeroRows::Auto;
        let first = self.feeds.first_row;
        self.feeds.first_row = Some(first.map_or(visit.start, |first| first.min(visit.start)));
        self.watched(door, visit.start);
        let earlier = self
            .feeds
            .first_zero
            .is_none_or(|first| visit.start < first);
        if auto && visit.flow == Flow::default() && earlier {
            self.feeds.first_zero = Some(visit.start);
            self.touch(visit.start);
        }
    }

    /// Lengthens the cell where an interval does not fit, and cuts all days anew.
    fn recut(&mut self, span_s: u32) {
        let cell_min = cell_for(span_s);
        if cell_min <= self.cell_min {
            return;
        }
        let (zone, turn, old) = (self.settings.timezone, self.settings.turn(), self.cell_min);
        self.sheets.map(|start, sheet| {
            let day = |cell_min| Day::of(zone, turn, cell_min, start);
            sheet.cut_anew(&day(old), &day(cell_min))
        });
        let reached = self.horizon();
        self.cell_min = cell_min;
        self.recent = None;
        Arc::make_mut(&mut self.base.learned).forget_slots();
        if let Some(reached) = reached {
            self.rewind(Timestamp::MIN_UTC);
            self.advance(reached);
        }
    }
}
