//! One business day: from its morning, cell by cell, to what it teaches.

use std::sync::Arc;

use crate::model::Timestamp;

use super::day::Day;
use super::feeds::Feeds;
use super::filter::{Crossings, Filter, Usual};
use super::learned::{Learned, Past, curve, log_ratio, scaled};
use super::never;
use super::settings::Settings;
use super::sheet::Sheet;
use super::silent::{Cell, Filling, Hearing, Report, Taken, Ways, first_day};
use super::sums::Sums;

/// A day teaches nothing with fewer crossings than this in either direction, …
const GOOD_CROSSINGS: f64 = 20.0;
/// … or with a larger share of its crossings filled in.
const GOOD_FILLED: f64 = 0.1;
/// A count is implausible beyond so many times the usual one and so many people more.
const BURST_TIMES: f64 = 10.0;
const BURST_PEOPLE: f64 = 50.0;
/// Variance of the number inside when watching began in the middle of a day.
const UNWATCHED_START: f64 = 400.0;

/// What a day starts from; a plain value.
#[derive(Clone, Debug, Default)]
pub(super) struct Morning {
    pub learned: Arc<Learned>,
    pub hearing: Hearing,
    /// People inside and their variance, for a store that never empties; `None` when it is new.
    pub inside: Option<(f64, f64)>,
}

/// What does not change within a day.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub settings: &'a Settings,
    pub feeds: &'a Feeds,
    pub sheet: &'a Sheet,
    pub learned: &'a Learned,
}

/// A day that is being run; a plain value.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub day: Day,
    pub filter: Filter,
    pub hearing: Hearing,
    pub sums: Sums,
    /// In and out over all doors, after filling.
    pub totals: Ways,
    /// In and out as delivered since the day began or somebody counted.
    pub delivered: Ways,
    pub filled: f64,
    /// Door cells that should have said something, and that did.
    pub expected: u32,
    pub present: u32,
    /// From when the day was watched, where that is not its first cell.
    pub since: Option<Timestamp>,
    /// Some door joined during the day.
    pub joined: bool,
    /// Somebody counted during the day, and when.
    pub by_hand: Option<Timestamp>,
    /// End of the cell in which a crowd walked out last.
    pub crowd: Option<Timestamp>,
    /// The last implausible count that is in the number.
    pub burst: Option<Burst>,
    /// First cell that is run.
    pub first: usize,
    pub log: Vec<Line>,
    /// Counts that were filled or missing, as (cell, door, way).
    made_up: Vec<(usize, usize, usize)>,
}

/// A count that is far beyond what its door usually counts at this time of day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Burst {
    pub door: usize,
    /// 0 for in.
    pub way: usize,
    pub start: Timestamp,
    pub count: f64,
    pub usual: f64,
}

/// Room for the doors of one cell, used again for the next one.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    reports: Vec<Report>,
    usual: Vec<Ways>,
    taken: Vec<Taken>,
}

/// One cell that has been run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Line {
    /// In and out over all doors, after filling.
    pub count: [f32; 2],
    pub m: f32,
    pub n: f32,
    pub half: f32,
    /// Plain signed sum since the day began or somebody counted.
    pub raw: i32,
}

/// A finished business day.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// When it began.
    pub start: Timestamp,
    /// When it ended: the reset.
    pub end: Timestamp,
    /// Log of exits per entry, where the day was good enough to learn from.
    pub ratio: Option<f64>,
    /// People in over all doors, with what was filled in.
    pub entered: f64,
    /// People out over all doors, with what was filled in.
    pub left: f64,
    /// How much of these was filled in.
    pub filled: f64,
    /// Estimated people inside just before the reset.
    pub remained: f64,
    /// Half-width of the band just before the reset.
    pub half: f64,
    /// Plain signed sum just before the reset.
    pub raw: i64,
    /// The vendor's last number before the reset.
    pub vendor: Option<i64>,
    /// Every door was watched from the first cell on, so its sums are those of the whole day.
    pub whole: bool,
}

impl Running {
    /// Begins a day. `first` is when watching began, on the first day of all.
    pub fn begin(
        day: Day,
        morning: &Morning,
        settings: &Settings,
        first: Option<Timestamp>,
    ) -> Self {
        let rho2 = morning.learned.rho2;
        let since = first.filter(|since| *since >= day.cell_end(0));
        let filter = match (since, morning.inside) {
            (Some(_), _) => Filter::holding(0.0, UNWATCHED_START, rho2),
            (None, Some((n, p))) if !settings.empties() => Filter::holding(n, p, rho2),
            (None, _) => Filter::empty(rho2),
        };
        Self {
            day,
            filter,
            hearing: morning.hearing.clone(),
            sums: Sums::starting(filter.n),
            totals: [0.0; 2],
            delivered: [0.0; 2],
            filled: 0.0,
            expected: 0,
            present: 0,
            since,
            joined: false,
            by_hand: None,
            crowd: None,
            burst: None,
            first: since.map_or(0, |since| day.cell_at(since)),
            log: Vec::new(),
            made_up: Vec::new(),
        }
    }

    /// The cell that is run next.
    pub fn next_cell(&self) -> usize {
        self.first + self.log.len()
    }

    /// End of the last cell that has been run; start of the first one when none has.
    pub fn reached(&self) -> Timestamp {
        self.day.cell_start(self.next_cell())
    }

    /// Whether every cell has been run.
    pub fn is_over(&self) -> bool {
        self.next_cell() >= self.day.cells()
    }

    /// Runs the next cell.
    pub fn step(&mut self, scene: Scene<'_>, scratch: &mut Scratch) {
        let cell = self.next_cell();
        if let Some(count) = scene.sheet.by_hand(cell) {
            self.set(f64::from(count.people), count.at);
        }
        let filling = self.listen(scene, cell, scratch);
        let (mut counted, mut count) = ([0.0; 2], [0.0; 2]);
        for (door, (taken, report)) in scratch.taken.iter().zip(&scratch.reports).enumerate() {
            for way in 0..2 {
                count[way] += taken.count[way];
                if let Report::Count(own) = report {
                    counted[way] += own[way];
                }
                if taken.made_up[way] {
                    self.made_up.push((cell, door, way));
                }
            }
        }
        self.filled += filling.amount;
        for way in 0..2 {
            self.totals[way] += count[way];
            self.delivered[way] += counted[way];
        }
        let moved = self.filter.step(
            Crossings {
                entered: count[0],
                left: count[1],
                variance: filling.variance,
            },
            &self.usual_pace(scene, cell),
        );
        if moved.crowd {
            self.crowd = Some(self.day.cell_end(cell));
        }
        self.sums.add_cell(counted, count, &moved);
        self.write_line(count, scene.learned);
    }

    /// Half-width of the band now.
    pub fn half(&self, learned: &Learned) -> f64 {
        self.filter.half(learned.bias, learned.days == 0)
    }

    /// Somebody counted the people inside.
    pub fn set(&mut self, people: f64, at: Timestamp) {
        self.filter.set(people);
        self.sums = Sums::starting(people);
        self.delivered = [0.0; 2];
        self.by_hand = Some(at);
        self.burst = None;
    }

    /// Looks for a count that no crowd explains.
    fn look_for_burst(&mut self, learned: &Learned, cell: usize, scratch: &Scratch) {
        let slot = self.day.slot(cell);
        for (door, (report, usual)) in scratch.reports.iter().zip(&scratch.usual).enumerate() {
            let Report::Count(count) = report else {
                continue;
            };
            if !learned.knows(door, slot) {
                continue;
            }
            for way in 0..2 {
                if count[way] > BURST_TIMES * usual[way] + BURST_PEOPLE {
                    self.burst = Some(Burst {
                        door,
                        way,
                        start: self.day.cell_start(cell),
                        count: count[way],
                        usual: usual[way],
                    });
                }
            }
        }
    }

    /// Collects the doors' reports of a cell and fills the silent ones.
    fn listen(&mut self, scene: Scene<'_>, cell: usize, scratch: &mut Scratch) -> Filling {
        let feeds = scene.feeds;
        scratch.reports.clear();
        for (door, feed) in feeds.doors.iter().enumerate() {
            let report = feeds.report(scene.sheet, &self.day, door, cell);
            self.expected += u32::from(report != Report::Absent);
            self.present += u32::from(matches!(report, Report::Count(_)));
            let start = self.day.cell_start(cell);
            self.joined |= cell > 0 && feed.since.is_some_and(|since| since >= start);
            scratch.reports.push(report);
        }
        if scene.learned.days == 0 {
            return first_day(&scratch.reports, &mut scratch.taken);
        }
        let slot = self.day.slot(cell);
        let doors = 0..scratch.reports.len();
        scratch.usual.clear();
        scratch
            .usual
            .extend(doors.map(|door| scene.learned.expected(door, slot)));
        self.look_for_burst(scene.learned, cell, scratch);
        self.hearing.fill(
            &Cell {
                start: self.day.cell_start(cell),
                minutes: f64::from(self.day.cell_min()),
                reports: &scratch.reports,
                usual: &scratch.usual,
            },
            &mut scratch.taken,
        )
    }

    fn usual_pace(&self, scene: Scene<'_>, cell: usize) -> Usual {
        let slot = self.day.slot(cell);
        let at = |table: &[f32]| table.get(slot).copied().map_or(0.0, f64::from);
        Usual {
            cell_min: f64::from(self.day.cell_min()),
            stay_min: scene.settings.stay_min(),
            left: at(&scene.learned.left),
            base: at(&scene.learned.base),
            rho2: scene.learned.rho2,
            bias: scene.learned.bias,
            first_day: scene.learned.days == 0,
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the log is for drawing and for learning; seven digits are plenty"
    )]
    fn write_line(&mut self, count: Ways, learned: &Learned) {
        // A few cells more, not twice as many: thousands of stores keep a log each.
        if self.log.len() == self.log.capacity() {
            self.log.reserve_exact(8);
        }
        self.log.push(Line {
            count: count.map(|people| people as f32),
            m: self.filter.m as f32,
            n: self.filter.n as f32,
            half: self.half(learned) as f32,
            raw: self.sums.raw() as i32,
        });
    }

    /// The day is over: what the next one starts from, and the day's record.
    pub fn finish(self, scene: Scene<'_>) -> (Morning, Finished) {
        let crossings = self.totals[0] + self.totals[1];
        let good = self.totals[0].min(self.totals[1]) >= GOOD_CROSSINGS
            && self.filled <= GOOD_FILLED * crossings
            && self.since.is_none()
            && !self.joined
            && self.by_hand.is_none();
        let y = log_ratio(self.totals[0], self.totals[1]);
        let record = Finished {
            start: self.day.start(),
            end: self.day.end(),
            ratio: good.then_some(y),
            entered: self.totals[0],
            left: self.totals[1],
            filled: self.filled,
            remained: self.filter.n,
            half: self.half(scene.learned),
            raw: self.sums.raw(),
            vendor: scene.sheet.last_level().map(|level| level.value),
            whole: self.since.is_none() && !self.joined,
        };
        let mut learned = scene.learned.clone();
        let n = if good {
            self.learn(scene, &mut learned, y)
        } else {
            self.filter.n
        };
        let morning = Morning {
            learned: Arc::new(learned),
            hearing: self.hearing,
            inside: (!scene.settings.empties()).then(|| (n, never::variance(n))),
        };
        (morning, record)
    }

    /// Learns a good day; gives the people inside at its end.
    fn learn(&self, scene: Scene<'_>, learned: &mut Learned, y: f64) -> f64 {
        let day = self.past();
        let slots = self.day.slots();
        if learned.learn_ratio(y, self.totals[0] + self.totals[1]) {
            learned.changed = Some(self.day.start());
        }
        let fair = scaled(&day, y);
        let mut start = 0.0;
        if !scene.settings.empties()
            && let Some((inside, rate)) = never::start(&fair, learned.rate)
        {
            start = inside;
            learned.rate = rate;
        }
        let inside = curve(&fair, start);
        learned.learn_pace(&fair, &inside, start, slots);
        if learned.days > 0 {
            learned.learn_trust(&day, &inside);
        }
        for door in 0..scene.feeds.doors.len() {
            for way in 0..2 {
                let counts = self.door_counts(scene, door, way);
                learned.learn_door((door, way), &counts, slots);
            }
        }
        learned.days += 1;
        start
    }

    fn past(&self) -> Vec<Past> {
        let lines = self.log.iter().enumerate();
        lines
            .map(|(index, line)| Past {
                slot: self.day.slot(self.first + index),
                count: line.count.map(f64::from),
                m: f64::from(line.m),
            })
            .collect()
    }

    fn door_counts(&self, scene: Scene<'_>, door: usize, way: usize) -> Vec<(usize, Option<f64>)> {
        let cells = self.first..self.next_cell();
        cells
            .filter_map(|cell| {
                let slot = self.day.slot(cell);
                if self.made_up.binary_search(&(cell, door, way)).is_ok() {
                    return Some((slot, None));
                }
                match scene.feeds.report(scene.sheet, &self.day, door, cell) {
                    Report::Count(count) => Some((slot, Some(count[way]))),
                    Report::Missing => Some((slot, None)),
                    Report::Absent => None,
                }
            })
            .collect()
    }
}
