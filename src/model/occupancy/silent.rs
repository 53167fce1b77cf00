//! Doors that fall silent: what they usually count is filled in at the level of trade that the
//! other doors show.
//!
//! The level is read from the sister doors in the same cell and, with a small weight, from the last
//! hour or two. A door is never declared dead while its sisters are silent too (closing time, a
//! power cut, a holiday). Each direction is judged on its own.

use crate::model::Timestamp;

/// In and out, for one door or for all.
pub(super) type Ways = [f64; 2];

/// Weight of the recent level of trade beside what the sisters show now, in people.
const LEVEL_WEIGHT: f64 = 4.0;
/// People added to both sides of the recent level, so that little trade says little.
const LEVEL_PRIOR: f64 = 3.0;
/// Half-life of the recent level, in minutes.
const LEVEL_MEMORY_MIN: f64 = 60.0;
/// A door that reports zeros is dead once it owes more people than this, …
const OWED: f64 = 12.0;
/// … and has owed them for this long, in minutes.
const OWED_MIN: f64 = 60.0;
/// Extra variance of a filled count, per person expected.
const SPREAD: f64 = 0.1;

/// What a door says about a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Report {
    /// It is not part of the store in this cell: not yet seen, or switched off.
    Absent,
    /// It should have said something and did not.
    Missing,
    /// It counted.
    Count(Ways),
}

/// What is taken for a door in a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Taken {
    pub count: Ways,
    /// Filled or missing: says nothing about the door.
    pub made_up: [bool; 2],
}

/// What was filled in a cell, over all doors.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Filling {
    pub amount: f64,
    pub variance: f64,
}

/// What is remembered of the doors from cell to cell and from day to day; a plain value.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Hearing {
    level: [Level; 2],
    doors: Vec<Silences>,
}

/// Recent counts beside the usual ones.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Level {
    counted: f64,
    usual: f64,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Silences {
    /// First cell of the running stretch without any row.
    missing_since: Option<Timestamp>,
    ways: [Silence; 2],
}

/// A direction that reports zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Silence {
    owed: f64,
    cells: u32,
    dead: bool,
    since: Option<Timestamp>,
}

/// One cell to fill.
pub(super) struct Cell<'a> {
    pub start: Timestamp,
    pub minutes: f64,
    /// By door.
    pub reports: &'a [Report],
    /// What each door usually counts in this slot.
    pub usual: &'a [Ways],
}

impl Hearing {
    /// The level of trade as recorded elsewhere; only the ratio of the pairs matters.
    #[cfg(test)]
    pub fn with_level(counted: f64, usual: f64) -> Self {
        Self {
            level: [Level { counted, usual }; 2],
            doors: Vec::new(),
        }
    }

    /// The recent level of entries, as counted and as usual.
    #[cfg(test)]
    pub fn level_in(&self) -> (f64, f64) {
        (self.level[0].counted, self.level[0].usual)
    }

    /// What a door owes, in and out.
    #[cfg(test)]
    pub fn owed(&self, door: usize) -> Ways {
        self.doors[door].ways.map(|way| way.owed)
    }

    /// Takes the doors' counts, with the silent ones filled, into `taken`.
    pub fn fill(&mut self, cell: &Cell<'_>, taken: &mut Vec<Taken>) -> Filling {
        let doors = cell.reports.len();
        self.doors
            .resize_with(doors.max(self.doors.len()), Silences::default);
        taken.clear();
        taken.resize(doors, Taken::default());
        for (record, report) in self.doors.iter_mut().zip(cell.reports) {
            record.missing_since = match report {
                Report::Missing => record.missing_since.or(Some(cell.start)),
                Report::Absent | Report::Count(_) => None,
            };
        }
        let mut filling = Filling::default();
        for way in 0..2 {
            self.fill_way(way, cell, taken, &mut filling);
        }
        filling
    }

    /// Since when a door has been silent, and whether anything is filled in for it: it sends
    /// nothing, or zeros while its sisters count.
    pub fn silent_since(&self, door: usize) -> Option<Timestamp> {
        let record = self.doors.get(door)?;
        let dead = record.ways.iter().filter(|way| way.dead);
        record
            .missing_since
            .into_iter()
            .chain(dead.filter_map(|way| way.since))
            .min()
    }

    /// Whether some direction of some door reports zeros while its sisters count.
    pub fn has_dead(&self) -> bool {
        let mut ways = self.doors.iter().flat_map(|door| &door.ways);
        ways.any(|way| way.dead)
    }

    fn fill_way(&mut self, way: usize, cell: &Cell<'_>, taken: &mut [Taken], sum: &mut Filling) {
        let (mut counted, mut usual) = (0.0, 0.0);
        for (door, report) in cell.reports.iter().enumerate() {
            if let Some(count) = self.trusted(door, way, *report) {
                counted += count;
                usual += cell.usual[door][way];
            }
        }
        let level = &self.level[way];
        let recent = (level.counted + LEVEL_PRIOR) / (level.usual + LEVEL_PRIOR);
        for (door, report) in cell.reports.iter().enumerate() {
            let own = self.trusted(door, way, *report);
            let heard = counted - own.unwrap_or(0.0);
            let expected = cell.usual[door][way];
            let sisters = usual - own.map_or(0.0, |_| expected);
            let want = expected * (heard + LEVEL_WEIGHT * recent) / (sisters + LEVEL_WEIGHT);
            let silence = &mut self.doors[door].ways[way];
            let (count, put) = match *report {
                Report::Absent => (0.0, None),
                Report::Missing => (0.0, Some(want)),
                Report::Count(count) if count[way] > 0.0 => {
                    *silence = Silence::default();
                    (count[way], None)
                }
                Report::Count(_) => (0.0, silence.zero(want, heard > 0.0, cell)),
            };
            taken[door].count[way] = put.unwrap_or(count);
            taken[door].made_up[way] = put.is_some();
            if let Some(amount) = put {
                sum.amount += amount;
                sum.variance += amount * (1.0 + SPREAD * want);
            }
        }
        let fade = 0.5_f64.powf(cell.minutes / LEVEL_MEMORY_MIN);
        let level = &mut self.level[way];
        level.counted = fade * level.counted + counted;
        level.usual = fade * level.usual + usual;
    }

    /// The count of a door that has a row, unless it is dead and says zero.
    fn trusted(&self, door: usize, way: usize, report: Report) -> Option<f64> {
        match report {
            Report::Count(count) if count[way] > 0.0 || !self.doors[door].ways[way].dead => {
                Some(count[way])
            }
            _ => None,
        }
    }
}

impl Silence {
    /// A zero: what to put in its place, if anything.
    fn zero(&mut self, want: f64, sisters_count: bool, cell: &Cell<'_>) -> Option<f64> {
        if self.dead {
            return Some(want);
        }
        if sisters_count {
            self.owed += want;
            self.cells += 1;
            self.since = self.since.or(Some(cell.start));
        }
        let long = f64::from(self.cells) * cell.minutes >= OWED_MIN;
        self.dead = self.owed > OWED && long;
        self.dead.then_some(self.owed)
    }
}

/// The first day, before anything is learned: a missing count is 0, and the amount that is returned
/// only keeps the day out of the learning.
pub(super) fn first_day(reports: &[Report], taken: &mut Vec<Taken>) -> Filling {
    taken.clear();
    let (mut crossings, mut present, mut missing) = (0.0, 0.0_f64, 0.0);
    for report in reports {
        let mut take = Taken::default();
        match *report {
            Report::Absent => {}
            Report::Missing => {
                missing += 1.0;
                take.made_up = [true; 2];
            }
            Report::Count(count) => {
                present += 1.0;
                crossings += count[0] + count[1];
                take.count = count;
            }
        }
        taken.push(take);
    }
    Filling {
        amount: crossings * missing / present.max(1.0),
        variance: 0.0,
    }
}
