//! What the ledger knows of one device, and its row.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::accumulated::{Accumulated, Step};
use super::cells::Cells;
use super::day::{self, Grid};
use super::spans::Spans;
use super::totals::Totals;
use crate::model::Timestamp;
use crate::model::board::{Correction, DeviceRow, Figures, Gap, is_silent};
use crate::model::calendar::{local_midnight, next_midnight};
use crate::model::device::{Detail, DeviceId, Facts, Kind};
use crate::model::figure::{Figure, Flag, Quality};
use crate::model::health::Expectation;
use crate::model::reading::{Change, Currency, Flow, Level, Measure, Value};
use crate::model::rhythm::{Open, Rhythm};
use crate::model::store::Store;

/// A vehicle cannot cover more in one step, in kilometres: it is a replaced or reset odometer.
const ODOMETER_LEAP_KM: f64 = 1500.0;
/// How many of the newest sales are remembered by their instant.
const RECENT_SALES: usize = 64;

/// One device as the ledger knows it.
#[derive(Clone, Debug)]
pub(super) struct Device {
    pub facts: Arc<Facts>,
    pub source: u16,
    pub store: Option<usize>,
    pub zone: Tz,
    pub as_of: Option<Timestamp>,
    pub fetched_at: Timestamp,
    /// Start and end of the local day its totals run over.
    pub today: (Timestamp, Timestamp),
    pub state: State,
}

/// What is kept for a device by its kind.
#[derive(Clone, Debug)]
pub(super) enum State {
    Counter(Counter),
    Tracker(Tracker),
    Document(Document),
    Machine(Machine),
}

#[derive(Clone, Debug)]
pub(super) struct Counter {
    pub today: Totals,
    pub cells: Cells,
    pub occupancy: Option<(Timestamp, i64)>,
    /// Newest end of a delivered interval.
    pub flow_to: Option<Timestamp>,
    pub interval_s: u32,
    /// A row of two zeros has come, so quiet intervals have rows.
    pub writes_zeros: bool,
    pub revised: bool,
    /// Newest first.
    pub corrections: Vec<Correction>,
}

#[derive(Clone, Debug)]
pub(super) struct Tracker {
    odometer: Option<(Timestamp, f64)>,
    engine_hours: Option<(Timestamp, f64)>,
    on_board: Option<(Timestamp, i64)>,
    driven: Accumulated,
}

#[derive(Clone, Debug)]
pub(super) struct Document {
    value: Option<(Timestamp, i64)>,
    grown: Accumulated,
    /// When this run first heard of it.
    met: Timestamp,
    /// The longest it is known to have stood still.
    longest: TimeDelta,
    rhythm: Rhythm,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Machine {
    sales: i64,
    revenue: BTreeMap<Currency, Takings>,
    hours: BTreeMap<i64, u32>,
    recent: Vec<Timestamp>,
    last_sale: Option<Timestamp>,
    /// When word of that sale came.
    last_came: Option<Timestamp>,
    rhythm: Rhythm,
}

/// What a machine took in one currency.
#[derive(Clone, Copy, Debug, Default)]
struct Takings {
    minor: i64,
    /// Sales whose price is not known: while there are any, the sum is not either.
    unpriced: i64,
}

impl Takings {
    /// Adds a sale, or takes one away where `sign` is -1.
    fn add(&mut self, price: Option<i64>, sign: i64) {
        match price {
            Some(price) => self.minor = self.minor.saturating_add(price.saturating_mul(sign)),
            None => self.unpriced += sign,
        }
    }

    fn known(self) -> Option<i64> {
        (self.unpriced == 0).then_some(self.minor)
    }
}

impl Document {
    /// Takes note of how long it had not changed before the value of `start`, or of how old the
    /// first value was when we met.
    fn stood_still(&mut self, start: Timestamp) {
        let still = match self.value {
            Some((before, _)) => start - before,
            None => self.met - start,
        };
        self.longest = self.longest.max(still);
    }
}

impl Device {
    pub fn new(facts: Facts, source: u16, store: Option<usize>, zone: Tz, now: Timestamp) -> Self {
        let today = local_day(&facts, zone, now);
        let state = State::of(&facts, today, now);
        Self {
            facts: Arc::new(facts),
            source,
            store,
            zone,
            as_of: None,
            fetched_at: Timestamp::MIN_UTC,
            today,
            state,
        }
    }

    /// The newest instants of a tracker's counters.
    pub fn reached(&self) -> [Option<(Level, Timestamp)>; 2] {
        let State::Tracker(tracker) = &self.state else {
            return [None, None];
        };
        [
            tracker.odometer.map(|(at, _)| (Level::Odometer, at)),
            tracker.engine_hours.map(|(at, _)| (Level::EngineHours, at)),
        ]
    }

    /// Whether it counts people.
    pub fn is_counter(&self) -> bool {
        matches!(self.state, State::Counter(_))
    }

    /// Takes the vendor's newest description.
    pub fn describe(&mut self, facts: &Facts, zone: Tz, now: Timestamp) {
        if *self.facts != *facts {
            if self.facts.kind() != facts.kind() {
                self.state = State::of(facts, self.today, now);
            }
            self.facts = Arc::new(facts.clone());
            self.zone = zone;
            self.begin(local_day(facts, zone, now));
        }
        let told = match facts.detail {
            Detail::Tracker { last_update, .. } | Detail::Machine { last_update, .. } => {
                last_update
            }
            Detail::PeopleCounter { .. } | Detail::DocumentCounter { .. } => None,
        };
        self.as_of = self.as_of.max(told);
    }

    /// Takes a changed reading. `stamp` is the instant of it that counts as its horizon.
    pub fn take(&mut self, change: &Change, stamp: Timestamp, fetched_at: Timestamp) {
        self.as_of = self.as_of.max(Some(stamp));
        self.fetched_at = self.fetched_at.max(fetched_at);
        let start = change.reading.start;
        match (&mut self.state, change.reading.measure) {
            (State::Counter(counter), Measure::Flow(flow)) => {
                counter.flow(change, flow, fetched_at);
            }
            (State::Counter(counter), Measure::Level(Level::Occupancy, value)) => {
                counter.cells.inside(start, value.int());
                newest(&mut counter.occupancy, start, value.int());
            }
            (State::Tracker(tracker), Measure::Level(level, value)) => {
                tracker.level(level, start, value);
            }
            (State::Document(document), Measure::Level(Level::CounterValue, value)) => {
                document.stood_still(start);
                document.rhythm.happened(start, fetched_at, self.zone);
                newest(&mut document.value, start, value.int());
                document.grown.observe(start, value.real());
            }
            (State::Machine(machine), Measure::Sale { price, currency }) => {
                machine.sale(change, self.today, price, currency);
                if change.old.is_none() {
                    if machine.last_sale == Some(start) {
                        machine.last_came = Some(fetched_at);
                    }
                    machine.rhythm.happened(start, fetched_at, self.zone);
                }
            }
            // A measure that this kind of device cannot have says nothing about it.
            _ => {}
        }
    }

    /// Learns how often something happens from all that happened before `to`, each event with the
    /// instant it became known.
    pub fn learn(
        &mut self,
        events: impl IntoIterator<Item = (Timestamp, Timestamp)>,
        to: Timestamp,
    ) {
        match &mut self.state {
            State::Document(document) => {
                let mut before = None;
                let longest = &mut document.longest;
                let events = events.into_iter().inspect(|(at, _)| {
                    let still = *at - before.replace(*at).unwrap_or(*at);
                    *longest = (*longest).max(still);
                });
                document.rhythm.learn(events, to, self.zone);
            }
            State::Machine(machine) => machine.rhythm.learn(events, to, self.zone),
            State::Counter(_) | State::Tracker(_) => {}
        }
    }

    /// Moves on to the local day that `now` is in. True when a new day has begun.
    pub fn begin_day(&mut self, now: Timestamp) -> bool {
        if (self.today.0..self.today.1).contains(&now) {
            return false;
        }
        self.begin(local_day(&self.facts, self.zone, now))
    }

    fn begin(&mut self, today: (Timestamp, Timestamp)) -> bool {
        if today == self.today {
            return false;
        }
        self.today = today;
        match &mut self.state {
            State::Counter(counter) => {
                counter.today.begin(today.0, today.1);
                counter.revised = false;
            }
            State::Tracker(tracker) => tracker.driven.begin(today.0),
            State::Document(document) => document.grown.begin(today.0),
            State::Machine(machine) => {
                (machine.sales, machine.revenue, machine.hours) = Default::default();
            }
        }
        true
    }

    /// Forgets what belongs neither to its own day nor to the day of its store, which began at
    /// `store_day`.
    pub fn forget(&mut self, store_day: Timestamp) {
        if let State::Counter(counter) = &mut self.state {
            let before = store_day.min(self.today.0);
            counter.cells.forget(before);
            counter.corrections.retain(|it| it.start >= before);
        }
    }

    /// When its data is expected, given what its source expects in general.
    pub fn expectation(&self, of_source: Expectation) -> Expectation {
        match &self.facts.detail {
            Detail::PeopleCounter { interval_s, .. } => Expectation {
                period_s: interval_s.map_or(of_source.period_s, |s| s.max(of_source.period_s)),
                ..of_source
            },
            Detail::Tracker {
                movement, ignition, ..
            } => super::silence::of_tracker(movement.as_deref(), *ignition),
            // They change when somebody does something; how long nobody may is the source's own.
            Detail::DocumentCounter { .. } => match &self.state {
                State::Document(document) => {
                    super::silence::of_document(of_source, document.longest)
                }
                _ => of_source,
            },
            Detail::Machine { .. } => of_source,
        }
    }

    /// The row of the device.
    pub fn row(&self, id: &DeviceId, about: &About<'_>) -> DeviceRow {
        DeviceRow {
            id: id.clone(),
            store: about.store.map(|store| store.name.clone()),
            claimed_by: about.store.cloned(),
            facts: self.facts.clone(),
            as_of: self.as_of,
            covered_to: about.covered_to,
            expectation: about.expectation,
            confirmed: about.confirmed,
            paused: about.paused,
            skew_s: about.skew_s,
            figures: self.figures(about),
        }
    }

    fn figures(&self, about: &About<'_>) -> Figures {
        let figure = |(as_of, value): (Timestamp, f64)| self.figure(as_of, value, Quality::GOOD);
        match &self.state {
            State::Counter(counter) => self.counter_figures(counter, about),
            State::Tracker(tracker) => {
                let driven = tracker.driven.growth();
                Figures::Tracker {
                    odometer_km: tracker.odometer.map(figure),
                    engine_hours: tracker.engine_hours.map(figure),
                    distance_today_km: driven.zip(tracker.odometer).map(|(driven, (as_of, _))| {
                        let quality = Quality::GOOD.with_if(Flag::Suspect, driven.suspect);
                        self.figure(as_of, driven.amount, quality)
                    }),
                    distance_since: driven.map(|driven| driven.since.max(self.today.0)),
                    on_board: tracker
                        .on_board
                        .map(|(as_of, people)| self.figure(as_of, people, Quality::GOOD)),
                }
            }
            State::Document(document) => self.document_figures(document, about),
            State::Machine(machine) => self.machine_figures(machine, about),
        }
    }

    fn counter_figures(&self, counter: &Counter, about: &About<'_>) -> Figures {
        let reached = about.covered_to.filter(|to| *to > self.today.0);
        let quality = Quality::GOOD.with_if(Flag::Revised, counter.revised);
        let as_of = self.as_of.unwrap_or(self.today.0);
        let known = reached.is_some() && counter.flow_to.is_some();
        let today = (counter.today.entered(), counter.today.left());
        let grid = Grid {
            start: self.today.0,
            cell_s: counter.interval_s.max(super::cells::CELL_S),
            to: about.covered_to,
            quiet_is_zero: about.quiet_is_zero,
            delivered: about.delivered,
        };
        Figures::PeopleCounter {
            today: known.then(|| self.figure(as_of, today, quality)),
            occupancy: counter
                .occupancy
                .map(|(as_of, people)| self.figure(as_of, people, Quality::GOOD)),
            day: Arc::new(grid.day(day::of_cells(&grid, &[&counter.cells]))),
            corrections: counter.corrections.iter().copied().collect(),
        }
    }

    fn document_figures(&self, document: &Document, about: &About<'_>) -> Figures {
        let pause = document.rhythm.pause(about.looked, self.zone, about.open());
        let silent = (pause.as_ref()).is_some_and(|pause| is_silent(Kind::DocumentCounter, pause));
        let quality = Quality::GOOD.with_if(Flag::Silent, silent);
        let grown = document.grown.growth();
        let format = match &self.facts.detail {
            Detail::DocumentCounter { format, .. } => format.as_deref(),
            _ => None,
        };
        let until = self.as_of.unwrap_or(self.today.0);
        let holes: Vec<_> = about.delivered.holes().collect();
        let unseen = document.grown.unseen(&holes);
        let hours = document.grown.hours(until, &unseen);
        Figures::DocumentCounter {
            value: document
                .value
                .map(|(as_of, value)| self.figure(as_of, value, quality)),
            formatted: document
                .value
                .map(|(_, value)| crate::model::document::formatted(format, value)),
            growth_today: grown.filter(|g| g.whole).map(|g| whole(g.amount)),
            per_hour: hours.last().copied().flatten(),
            hours: hours.into_iter().map(|hour| hour.map(count)).collect(),
            unseen: unseen.iter().map(gap).collect(),
            pause,
        }
    }

    fn machine_figures(&self, machine: &Machine, about: &About<'_>) -> Figures {
        let as_of = self.as_of.unwrap_or(self.today.0);
        let unread = self.facts.sales_unread();
        let is_unread = |from: Timestamp, to: Timestamp| {
            unread.is_some_and(|stretch| stretch.0 < to && from < stretch.1)
        };
        // The newest sale that is known need not be the newest one.
        let last = machine.last_sale.unwrap_or(Timestamp::MIN_UTC);
        let pause = machine
            .rhythm
            .pause(about.looked, self.zone, about.open())
            .filter(|_| unread.is_none_or(|(_, to)| to <= last));
        let silent = (pause.as_ref()).is_some_and(|pause| is_silent(Kind::Machine, pause));
        let quality = Quality::GOOD.with_if(Flag::Silent, silent);
        let elapsed = (about.now.min(self.today.1) - self.today.0)
            .num_seconds()
            .max(0);
        let hour = |hour: i64| {
            let from = self.today.0 + TimeDelta::hours(hour);
            let sold = machine.hours.get(&hour).copied().unwrap_or(0);
            (!is_unread(from, from + TimeDelta::hours(1))).then_some(sold)
        };
        let hours = (0..=elapsed / 3600).map(hour).collect();
        let sales = self.figure(as_of, machine.sales.max(0).unsigned_abs(), quality);
        let known = !is_unread(self.today.0, self.today.1);
        let takings = machine.revenue.iter().filter(|_| known);
        Figures::Machine {
            sales_today: known.then_some(sales),
            revenue_today: takings
                .filter_map(|(currency, takings)| Some((*currency, takings.known()?)))
                .collect(),
            last_sale: machine.last_sale,
            last_sale_came: machine.last_came,
            recent_sales: machine.recent.clone().into(),
            hours,
            pause,
        }
    }

    fn figure<T>(&self, as_of: Timestamp, value: T, quality: Quality) -> Figure<T> {
        Figure {
            value,
            as_of,
            fetched_at: self.fetched_at.max(as_of),
            quality,
        }
    }
}

fn gap(step: &Step) -> Gap {
    Gap {
        from: step.from,
        to: step.to,
        growth: whole(step.amount),
    }
}

/// What a device's row needs to know beside the device.
#[derive(Clone, Debug)]
pub(super) struct About<'a> {
    pub now: Timestamp,
    pub store: Option<&'a Arc<Store>>,
    pub covered_to: Option<Timestamp>,
    pub expectation: Expectation,
    pub confirmed: bool,
    /// When its source was read last, by the vendor's clock.
    pub looked: Option<Timestamp>,
    pub paused: bool,
    pub skew_s: i64,
    pub quiet_is_zero: bool,
    pub delivered: &'a Spans,
}

impl About<'_> {
    /// When its place is open.
    fn open(&self) -> Open<'_> {
        self.store.map(|store| (&store.hours, store.timezone))
    }
}

impl State {
    fn of(facts: &Facts, today: (Timestamp, Timestamp), now: Timestamp) -> Self {
        match &facts.detail {
            Detail::PeopleCounter { interval_s, .. } => Self::Counter(Counter {
                today: Totals::new(today.0, today.1),
                cells: Cells::default(),
                occupancy: None,
                flow_to: None,
                interval_s: interval_s.unwrap_or(0),
                writes_zeros: false,
                revised: false,
                corrections: Vec::new(),
            }),
            Detail::Tracker { .. } => {
                let mut driven = Accumulated::new(ODOMETER_LEAP_KM);
                driven.begin(today.0);
                Self::Tracker(Tracker {
                    odometer: None,
                    engine_hours: None,
                    on_board: None,
                    driven,
                })
            }
            Detail::DocumentCounter { .. } => {
                let mut grown = Accumulated::new(f64::INFINITY);
                grown.begin(today.0);
                Self::Document(Document {
                    value: None,
                    grown,
                    met: now,
                    longest: TimeDelta::zero(),
                    rhythm: Rhythm::default(),
                })
            }
            Detail::Machine { .. } => Self::Machine(Machine::default()),
        }
    }
}

impl Counter {
    fn flow(&mut self, change: &Change, flow: Flow, known_at: Timestamp) {
        let old = match change.old {
            Some(Measure::Flow(old)) => Some(old),
            _ => None,
        };
        let start = change.reading.start;
        self.today.replace(start, flow, old);
        self.cells.replace(start, flow, old);
        let end = change.reading.end();
        // The newest interval of some feeds is rewritten for a while; that is no correction.
        if let Some(old) = old.filter(|_| self.flow_to.is_some_and(|newest| end < newest)) {
            self.correct(Correction {
                start,
                span_s: change.reading.span_s,
                old,
                new: flow,
                known_at,
            });
        }
        self.flow_to = self.flow_to.max(Some(end));
        self.interval_s = self.interval_s.max(change.reading.span_s.min(3600));
        self.writes_zeros |= flow == Flow::default();
    }

    /// Takes note that a settled count was changed.
    pub fn correct(&mut self, correction: Correction) {
        if self.cells.has_forgotten(correction.start) {
            return;
        }
        self.cells.mark_revised(correction.start);
        self.revised |= correction.start >= self.today.start();
        correction.join(&mut self.corrections);
    }
}

impl Tracker {
    fn level(&mut self, level: Level, at: Timestamp, value: Value) {
        match level {
            Level::Odometer => {
                newest(&mut self.odometer, at, value.real());
                self.driven.observe(at, value.real());
            }
            Level::EngineHours => newest(&mut self.engine_hours, at, value.real()),
            Level::OnBoard => newest(&mut self.on_board, at, value.int()),
            Level::Occupancy | Level::CounterValue => {}
        }
    }
}

impl Machine {
    fn sale(
        &mut self,
        change: &Change,
        today: (Timestamp, Timestamp),
        price: Option<i64>,
        currency: Currency,
    ) {
        let at = change.reading.start;
        let before = match change.old {
            Some(Measure::Sale { price, currency }) => Some((price, currency)),
            _ => None,
        };
        if (today.0..today.1).contains(&at) {
            if let Some((price, currency)) = before {
                self.revenue.entry(currency).or_default().add(price, -1);
            }
            self.revenue.entry(currency).or_default().add(price, 1);
            if before.is_none() {
                self.sales += 1;
                *self.hours.entry((at - today.0).num_hours()).or_default() += 1;
            }
        }
        if before.is_none() {
            let place = self.recent.partition_point(|known| *known <= at);
            self.recent.insert(place, at);
            if self.recent.len() > RECENT_SALES {
                self.recent.remove(0);
            }
        }
        self.last_sale = self.last_sale.max(Some(at));
    }
}

/// The local day that `now` is in; a hotel's starts at its business-day offset.
fn local_day(facts: &Facts, zone: Tz, now: Timestamp) -> (Timestamp, Timestamp) {
    let offset = match facts.detail {
        Detail::DocumentCounter { day_offset_s, .. } => TimeDelta::seconds(i64::from(day_offset_s)),
        _ => TimeDelta::zero(),
    };
    (
        local_midnight(zone, now - offset) + offset,
        next_midnight(zone, now - offset) + offset,
    )
}

fn newest<T>(slot: &mut Option<(Timestamp, T)>, at: Timestamp, value: T) {
    if slot.as_ref().is_none_or(|(before, _)| *before <= at) {
        *slot = Some((at, value));
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn whole(amount: f64) -> i64 {
    amount.round() as i64
}

fn count(amount: f64) -> u32 {
    u32::try_from(whole(amount)).unwrap_or(0)
}
