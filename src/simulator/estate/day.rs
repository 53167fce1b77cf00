//! One store on one day: everybody who comes in, stays and leaves, and what the doors' sensors
//! make of it.

use chrono::NaiveDate;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::model::Timestamp;

use super::chance::{Subject, around, chance, poisson};
use super::site::{DOUBLE, Door, Site};
use super::traffic::{self, STAY_SIGMA, Slot};
use super::wall;

/// A person who crosses a counting line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Crossing {
    /// Seconds after the start of the business day.
    pub second: u32,
    /// Position of the door.
    pub door: u8,
    /// Coming in, else going out.
    pub inward: bool,
    /// What the sensor counted: 0 when it missed the person, 2 when it counted twice.
    pub counted: u8,
}

/// A store from 04:00 to 04:00, computed from nothing but seed, store and date. In a place that
/// never closes, people who came late leave after its end.
#[derive(Debug)]
pub struct StoreDay {
    /// Start of the business day.
    pub start: Timestamp,
    /// Crossings in order.
    pub crossings: Vec<Crossing>,
}

/// Longest stay in seconds where no closing time ends it.
pub const LONGEST_STAY_S: u32 = 6 * 3600;
/// Sizes of groups, in percent, from one person on.
const GROUP_SIZES: [u32; 5] = [56, 28, 9, 5, 2];
const MEAN_GROUP: f64 = 1.69;

impl StoreDay {
    /// The day of a store.
    #[must_use]
    pub fn new(seed: u64, site: &Site, date: NaiveDate) -> Self {
        let zone = site.city.zone;
        let start = wall::day_start(zone, date);
        let Some((open, close)) = site.open_on(date) else {
            return Self {
                start,
                crossings: Vec::new(),
            };
        };
        let since_start = |minute| seconds_between(start, wall::instant(zone, date, minute));
        let mut draw = chance(seed, Subject::Visitors, site.index as u64, date_key(date));
        let mut today = Today {
            opening_s: since_start(open),
            closing_s: site.hours.map(|_| since_start(close)),
            stay_min: site.stay_min * around(&mut draw, 1.0, 0.08),
            care: around(&mut draw, 1.0, 0.2),
            site,
            crossings: Vec::new(),
        };
        let slots = traffic::with_noise(&mut draw, traffic::expected(site, date));
        for slot in slots {
            today.fill(&mut draw, slot);
        }
        let mut crossings = today.crossings;
        crossings.sort_unstable();
        crossings.shrink_to_fit();
        Self { start, crossings }
    }

    /// The crossings in a span of seconds after the start of the day, the end excluded.
    #[must_use]
    pub fn between(&self, from_s: i64, to_s: i64) -> &[Crossing] {
        let position = |second: i64| {
            self.crossings
                .partition_point(|crossing| i64::from(crossing.second) < second)
        };
        let (first, end) = (position(from_s), position(to_s));
        &self.crossings[first..end.max(first)]
    }
}

/// What the visitors of a day have in common.
struct Today<'a> {
    site: &'a Site,
    opening_s: u32,
    closing_s: Option<u32>,
    stay_min: f64,
    /// How much the sensors miss today, relative to their usual share.
    care: f64,
    crossings: Vec<Crossing>,
}

impl Today<'_> {
    fn fill(&mut self, draw: &mut ChaCha8Rng, slot: Slot) {
        let begins_s = self.opening_s + slot.after_opening * 60;
        for _ in 0..poisson(draw, slot.visitors / MEAN_GROUP) {
            let arrival_s = begins_s + draw.random_range(0..slot.length * 60);
            self.group(draw, arrival_s);
        }
    }

    /// A group comes in by one door, stays together and leaves by one door.
    fn group(&mut self, draw: &mut ChaCha8Rng, arrival_s: u32) {
        let people = group_size(draw);
        let leaving_s = self.leaving(draw, arrival_s);
        let door_in = pick(draw, &self.site.doors, |door| door.share_in);
        let door_out = pick(draw, &self.site.doors, |door| door.share_out);
        for person in 0..people {
            // They pass one after another, but nobody leaves before coming in.
            self.cross(draw, arrival_s + person, door_in, true);
            self.cross(draw, leaving_s + person, door_out, false);
        }
    }

    fn leaving(&self, draw: &mut ChaCha8Rng, arrival_s: u32) -> u32 {
        let stay_s = whole_seconds(around(draw, self.stay_min, STAY_SIGMA) * 60.0);
        let leaving_s = arrival_s + stay_s.clamp(60, LONGEST_STAY_S);
        match self.closing_s {
            None => leaving_s,
            // Shortly before closing everybody is asked to leave.
            Some(closing_s) => leaving_s.min(closing_s - draw.random_range(10..480)),
        }
    }

    fn cross(&mut self, draw: &mut ChaCha8Rng, second: u32, door: usize, inward: bool) {
        let sensor = &self.site.doors[door];
        let miss = self.care
            * if inward {
                sensor.miss_in
            } else {
                sensor.miss_out
            };
        let luck: f64 = draw.random();
        let counted = if luck < miss {
            0
        } else if luck > 1.0 - DOUBLE {
            2
        } else {
            1
        };
        self.crossings.push(Crossing {
            second,
            door: u8::try_from(door).unwrap_or(u8::MAX),
            inward,
            counted,
        });
    }
}

/// What numbers a date in the streams of chance.
#[must_use]
pub fn date_key(date: NaiveDate) -> i64 {
    super::tally::day_number(date)
}

fn group_size(draw: &mut ChaCha8Rng) -> u32 {
    let mut luck = draw.random_range(0..100);
    let mut size = 1;
    for share in GROUP_SIZES {
        if luck < share {
            break;
        }
        luck -= share;
        size += 1;
    }
    size
}

fn pick(draw: &mut ChaCha8Rng, doors: &[Door], share: impl Fn(&Door) -> f64) -> usize {
    let mut luck: f64 = draw.random();
    for (position, door) in doors.iter().enumerate() {
        luck -= share(door);
        if luck < 0.0 {
            return position;
        }
    }
    doors.len() - 1
}

fn seconds_between(from: Timestamp, to: Timestamp) -> u32 {
    u32::try_from((to - from).num_seconds()).unwrap_or(0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive duration, and the cast saturates"
)]
fn whole_seconds(seconds: f64) -> u32 {
    seconds as u32
}
