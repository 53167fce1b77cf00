//! What the ledger knows of one store, and its row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::cells::CELL_S;
use super::day::{self, Grid};
use super::device::{About, Counter, Device, State};
use super::inside::on_board;
use super::plan::Quiet;
use super::spans::Spans;
use super::totals::Totals;
use crate::model::Timestamp;
use crate::model::after_hours::NightWatch;
use crate::model::board::{Day, Origin, StoreRow, Today};
use crate::model::calendar::{day_start, next_day_start};
use crate::model::device::{DeviceId, Facts, Kind};
use crate::model::figure::{Flag, Quality};
use crate::model::hand::{HandCount, HandCounts};
use crate::model::health::{Expectation, shifted};
use crate::model::occupancy::{Door, Estimator, Settings, Visit, ZeroRows};
use crate::model::reading::{Change, Measure};
use crate::model::store::{Member, Store};

/// Below this share of what was expected a total is partial.
const PARTIAL_BELOW: f64 = 0.8;

/// One store as the ledger knows it.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) store: Arc<Store>,
    declared: bool,
    pub(super) totals: Totals,
    members: BTreeSet<DeviceId>,
    pub(super) doors: BTreeMap<DeviceId, Door>,
    pub(super) estimator: Estimator,
    /// The counts by hand that stand, oldest first.
    pub(super) counts: Vec<HandCount>,
    /// End of the newest interval of any door.
    newest: Option<Timestamp>,
    /// A settled count of the running day was corrected.
    revised: bool,
    /// Who crosses its doors while it is closed.
    pub(super) night: NightWatch,
}

/// A member of a store.
pub(super) struct Part<'a> {
    pub id: &'a DeviceId,
    pub device: &'a Device,
    pub about: About<'a>,
}

/// The store that a people counter makes up when nobody claims it.
pub(super) fn unclaimed(id: &DeviceId, facts: &Facts, display_zone: Tz) -> Arc<Store> {
    let mut store = Store::named(&facts.name, facts.timezone.unwrap_or(display_zone));
    store.group = Some(id.source().into());
    store.members.push(Member::Device(id.clone()));
    Arc::new(store)
}

impl Tally {
    pub fn new(store: Arc<Store>, declared: bool, now: Timestamp) -> Self {
        let start = day_start(store.timezone, store.reset, now);
        let end = next_day_start(store.timezone, store.reset, now);
        let estimator = Estimator::new(Settings::of(&store));
        Self {
            store,
            declared,
            totals: Totals::new(start, end),
            members: BTreeSet::new(),
            doors: BTreeMap::new(),
            estimator,
            counts: Vec::new(),
            newest: None,
            revised: false,
            night: NightWatch::default(),
        }
    }

    /// Takes a device as a member; a people counter is a door of the store.
    pub fn join(&mut self, id: &DeviceId, facts: &Facts, quiet: Quiet) {
        self.members.insert(id.clone());
        if facts.kind() == Kind::PeopleCounter {
            let zero_rows = match quiet {
                Quiet::Zero => ZeroRows::Omitted,
                Quiet::Missing => ZeroRows::Explicit,
                Quiet::Learned => ZeroRows::Auto,
            };
            // Two doors of a store may bear the same name; their ids differ.
            let door = self.estimator.door(id.as_str(), zero_rows);
            self.estimator.call(door, &facts.name);
            self.doors.insert(id.clone(), door);
        }
    }

    /// A door of the store has been watched since `from`.
    pub fn watched(&mut self, id: &DeviceId, from: Timestamp) {
        if let Some(door) = self.doors.get(id) {
            self.estimator.watched(*door, from);
        }
    }

    /// A door of the store has delivered everything up to `to`.
    pub fn reached(&mut self, id: &DeviceId, to: Timestamp) {
        if let Some(door) = self.doors.get(id) {
            self.estimator.reached(*door, to);
        }
    }

    /// Takes a vendor's own occupancy, which is compared with ours.
    pub fn vendor_says(&mut self, at: Timestamp, people: i64) {
        // Ours is of all doors together, so a vendor's number of one of several says nothing.
        if self.doors.len() == 1 {
            self.estimator.vendor_says(at, people);
        }
    }

    /// Replaces the counts by hand that stand.
    pub fn counted_by_hand(&mut self, counts: &HandCounts) {
        for gone in std::mem::take(&mut self.counts) {
            self.estimator.forget_count(gone.at);
        }
        for count in counts.standing() {
            self.estimator.counted_by_hand(count);
            self.counts.push(count.clone());
        }
    }

    /// Brings the estimate up to date with everything taken.
    pub fn estimate(&mut self) {
        self.estimator.run();
    }

    /// Its name.
    pub fn name(&self) -> &Arc<str> {
        &self.store.name
    }

    /// Whether people are counted at its doors.
    pub fn has_doors(&self) -> bool {
        !self.doors.is_empty()
    }

    /// Its devices that exist, sorted.
    pub fn members(&self) -> impl Iterator<Item = &DeviceId> {
        self.members.iter()
    }

    /// Takes people who crossed a counting line of the store.
    pub fn flow(&mut self, change: &Change, delivered: Timestamp) {
        let reading = &change.reading;
        let Measure::Flow(flow) = reading.measure else {
            return;
        };
        let old = match change.old {
            Some(Measure::Flow(old)) => Some(old),
            _ => None,
        };
        self.totals.replace(reading.start, flow, old);
        // The newest interval of some feeds is rewritten for a while; that is no correction.
        let settled = self.newest.is_some_and(|newest| reading.end() < newest);
        self.revised |= old.is_some() && settled && reading.start >= self.totals.start();
        self.newest = self.newest.max(Some(reading.end()));
        self.night.take(
            (&self.store.hours, self.store.timezone),
            (reading.start, reading.end()),
            (flow, old.unwrap_or_default()),
        );
        if let Some(door) = self.doors.get(&reading.device) {
            let visit = Visit {
                start: reading.start,
                span_s: reading.span_s,
                flow,
            };
            self.estimator.observe(*door, visit, old, delivered);
        }
    }

    /// Takes note that an earlier run saw a settled count change.
    pub fn recall_correction(&mut self, start: Timestamp) {
        self.revised |= (self.totals.start()..self.totals.end()).contains(&start);
    }

    /// Takes what a door counted on an earlier day, to learn from.
    pub fn learn(&mut self, id: &DeviceId, visit: Visit) {
        if let Some(door) = self.doors.get(id) {
            let delivered = visit.start + TimeDelta::seconds(i64::from(visit.span_s));
            self.estimator.observe(*door, visit, None, delivered);
        }
    }

    /// Moves on to the day that `now` is in. True when a new day has begun.
    pub fn begin_day(&mut self, now: Timestamp) -> bool {
        if (self.totals.start()..self.totals.end()).contains(&now) {
            return false;
        }
        let start = day_start(self.store.timezone, self.store.reset, now);
        let end = next_day_start(self.store.timezone, self.store.reset, now);
        self.totals.begin(start, end);
        self.revised = false;
        true
    }

    /// Start and end of its running day.
    pub fn today(&self) -> (Timestamp, Timestamp) {
        (self.totals.start(), self.totals.end())
    }

    pub fn row(&self, parts: &[Part<'_>], now: Timestamp) -> StoreRow {
        let counters: Vec<_> = parts
            .iter()
            .filter_map(|part| match &part.device.state {
                State::Counter(counter) => Some((part, counter)),
                _ => None,
            })
            .collect();
        let worst = worst(parts, counters.is_empty());
        let today = self.so_far(&counters, now);
        let occupancy = if counters.is_empty() {
            on_board(parts, now)
        } else {
            self.people(&counters, today.as_ref(), now)
        };
        let vendor_leads = occupancy
            .as_ref()
            .is_some_and(|o| o.origin == Origin::Vendor);
        let evidence = self.evidence(&counters);
        let day = self.day(&counters, vendor_leads);
        let peak = peak(&day);
        StoreRow {
            store: self.store.clone(),
            declared: self.declared,
            members: parts.iter().map(|part| part.id.clone()).collect(),
            occupancy,
            today,
            day: Arc::new(day),
            expectation: worst.map_or(NO_EXPECTATION, |part| part.about.expectation),
            covered_to: worst.and_then(|part| part.about.covered_to),
            confirmed: !parts.is_empty() && parts.iter().all(|part| part.about.confirmed),
            paused: !parts.is_empty() && parts.iter().all(|part| part.about.paused),
            peak,
            evidence,
            skew_s: worst.map_or(0, |part| part.about.skew_s),
        }
    }

    fn so_far(&self, counters: &[(&Part<'_>, &Counter)], now: Timestamp) -> Option<Today> {
        let since = self.totals.start();
        let reached = counters
            .iter()
            .filter(|(_, counter)| counter.flow_to.is_some())
            .filter_map(|(part, _)| part.about.covered_to)
            .max()?;
        (reached > since).then(|| Today {
            entered: self.totals.entered(),
            left: self.totals.left(),
            since,
            coverage: self.coverage(counters, now),
        })
    }

    /// Share of the open time since the reset for which counts have arrived, of what should have
    /// arrived by now.
    fn coverage(&self, counters: &[(&Part<'_>, &Counter)], now: Timestamp) -> f64 {
        let since = self.totals.start();
        let mut expected = 0;
        let mut received = 0;
        for (part, counter) in counters {
            let expectation = part.about.expectation;
            let settled = i64::from(expectation.period_s + expectation.lag_s + expectation.grace_s);
            let reach = part.about.covered_to.unwrap_or(since);
            let to = reach
                .max(shifted(now, part.about.skew_s - settled))
                .min(self.totals.end());
            expected += self.open_seconds(since, to);
            received += if part.about.quiet_is_zero {
                part.about
                    .delivered
                    .within(since, to)
                    .map(|(from, to)| self.open_seconds(from, to))
                    .sum::<i64>()
            } else {
                self.rows_seconds(counter, since, to)
            };
        }
        if expected == 0 {
            return 1.0;
        }
        #[expect(clippy::cast_precision_loss, reason = "a day has few seconds")]
        let share = received as f64 / expected as f64;
        share.clamp(0.0, 1.0)
    }

    fn rows_seconds(&self, counter: &Counter, since: Timestamp, to: Timestamp) -> i64 {
        let step_s = counter.interval_s.max(CELL_S);
        let step = TimeDelta::seconds(i64::from(step_s));
        let mut from = since;
        let mut seconds = 0;
        while from < to {
            if counter.cells.total(from, step_s).flow.is_some() {
                seconds += self.open_seconds(from, (from + step).min(to));
            }
            from += step;
        }
        seconds
    }

    fn open_seconds(&self, from: Timestamp, to: Timestamp) -> i64 {
        let store = &self.store;
        store.hours.open_seconds(store.timezone, from, to)
    }

    fn day(&self, counters: &[(&Part<'_>, &Counter)], vendor_leads: bool) -> Day {
        let nothing = Spans::default();
        let first = counters.first().map(|(part, _)| &part.about);
        let grid = Grid {
            start: self.totals.start(),
            cell_s: counters
                .iter()
                .map(|(_, counter)| counter.interval_s)
                .fold(CELL_S, u32::max),
            to: counters
                .iter()
                .filter_map(|(part, _)| part.about.covered_to)
                .min(),
            quiet_is_zero: counters.iter().all(|(part, _)| part.about.quiet_is_zero),
            delivered: first.map_or(&nothing, |about| about.delivered),
        };
        let counted: Vec<_> = counters.iter().map(|(_, counter)| &counter.cells).collect();
        let mut cells = day::of_cells(&grid, &counted);
        if !vendor_leads {
            day::draw_curve(&grid, &mut cells, self.estimator.curve());
        }
        grid.day(cells)
    }

    pub(super) fn quality(&self, today: Option<&Today>) -> Quality {
        let partial = today.is_some_and(|today| today.coverage < PARTIAL_BELOW);
        Quality::GOOD
            .with_if(Flag::Partial, partial)
            .with_if(Flag::Revised, self.revised)
    }
}

const NO_EXPECTATION: Expectation = Expectation {
    period_s: 900,
    lag_s: 0,
    grace_s: 60,
};

/// The member whose data is worst off: its due instant passed first. People counters go before
/// others, because the store's number is theirs; a blocked vehicle is expected to be silent.
fn worst<'a, 'b>(parts: &'a [Part<'b>], no_counters: bool) -> Option<&'a Part<'b>> {
    parts
        .iter()
        .filter(|part| no_counters || matches!(part.device.state, State::Counter(_)))
        .filter(|part| !part.device.facts.is_blocked())
        .min_by_key(|part| {
            let expectation = part.about.expectation;
            let wait = i64::from(expectation.period_s + expectation.lag_s);
            // By our clock, because the vendors of two members need not agree on the time.
            part.about
                .covered_to
                .map(|to| shifted(to, wait - part.about.skew_s))
        })
}

fn peak(day: &Day) -> Option<(u32, Timestamp)> {
    let step = TimeDelta::seconds(i64::from(day.cell_s));
    let mut end = day.start;
    let mut peak: Option<(u32, Timestamp)> = None;
    for cell in day.cells() {
        end += step;
        if let Some(inside) = cell.inside
            && peak.is_none_or(|(most, _)| inside > most)
        {
            peak = Some((inside, end));
        }
    }
    peak
}
