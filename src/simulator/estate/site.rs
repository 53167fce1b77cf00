//! Stores as they are: where, how large, how busy, and how well their doors count.

use chrono::{Datelike, NaiveDate, Weekday};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::chance::{Subject, around, chance};
use super::places::{City, Network, Timetable, city_of};
use super::traffic;

/// A store.
#[derive(Clone, Debug)]
pub struct Site {
    /// Position in the estate, from 0.
    pub index: usize,
    /// Unique name: a street or district.
    pub name: String,
    /// Where it is.
    pub city: &'static City,
    /// Opening hours; `None` for a place that never closes and never empties.
    pub hours: Option<Timetable>,
    /// Visitors on a usual weekday.
    pub visitors: f64,
    /// Median stay in minutes.
    pub stay_min: f64,
    /// Minute of the day at which most people come.
    pub peak_minute: f64,
    /// How many may be inside.
    pub capacity: u32,
    /// Its doors.
    pub doors: Vec<Door>,
    /// The vendor's id: a store code or the number of a counter group.
    pub code: String,
}

/// A door with its sensor.
#[derive(Clone, Debug)]
pub struct Door {
    /// What staff call it.
    pub name: &'static str,
    /// The vendor's id of its counter, where doors are told apart.
    pub counter: i64,
    /// Share of those who come in that use it.
    pub share_in: f64,
    /// Share of those who go out that use it.
    pub share_out: f64,
    /// Share of people coming in that its sensor misses.
    pub miss_in: f64,
    /// Share of people going out that its sensor misses.
    pub miss_out: f64,
}

/// Share of crossings that a sensor counts twice.
pub const DOUBLE: f64 = 0.004;
/// Number of the store that never closes, in estates large enough to have it.
const ALWAYS_OPEN: usize = 11;
const DOOR_NAMES: [&str; 4] = [
    "Main entrance",
    "Side entrance",
    "Garage door",
    "Station passage",
];

impl Site {
    /// Store number `index`; `nth` counts the stores of its city before it.
    #[must_use]
    pub fn new(seed: u64, index: usize, nth: usize) -> Self {
        let city = city_of(index);
        let mut draw = chance(seed, Subject::Site, index as u64, 0);
        let visitors = around(&mut draw, 720.0, 0.45).clamp(140.0, 2_600.0).round();
        let stay_min = draw.random_range(14.0..34.0_f64).round();
        let peak_minute = draw.random_range(840.0..1080.0_f64).round();
        let roominess = roominess(&mut draw, index);
        let mut site = Self {
            index,
            name: name_of(city, nth),
            city,
            hours: (index != ALWAYS_OPEN).then_some(city.hours),
            visitors,
            stay_min,
            peak_minute,
            capacity: 0,
            doors: doors(&mut draw, index, visitors),
            code: code_of(index, city.network),
        };
        site.capacity = round_to_five(traffic::usual_peak(&site) * roominess);
        site
    }

    /// Opening and closing minute on a local date; `None` when it stays closed.
    #[must_use]
    pub fn open_on(&self, date: NaiveDate) -> Option<(u32, u32)> {
        let Some(hours) = self.hours else {
            return Some((super::wall::DAY_BREAK, super::wall::DAY_BREAK + 1440));
        };
        match date.weekday() {
            Weekday::Sat => Some(hours.saturday),
            Weekday::Sun => hours.sunday,
            _ => Some(hours.weekdays),
        }
    }
}

fn name_of(city: &City, nth: usize) -> String {
    let place = city.places[nth % city.places.len()];
    match nth / city.places.len() {
        0 => place.to_owned(),
        again => format!("{place} {}", again + 1),
    }
}

/// Store codes are text: some have letters, some leading zeros.
fn code_of(index: usize, network: Network) -> String {
    match (network, index % 5) {
        (Network::Viametrics, _) => (90 + index).to_string(),
        (Network::Bespot, 2) => format!("AHQ{:05}", 21_000 + index),
        (Network::Bespot, 4) => format!("{:06}", 4_200 + index),
        (Network::Bespot, _) => (116_500 + index).to_string(),
    }
}

/// How much larger than its usual peak a store is. The second is always too small and the seventh
/// just right, so that every estate has full stores to show.
fn roominess(draw: &mut ChaCha8Rng, index: usize) -> f64 {
    match index {
        1 => 0.9,
        6 => 1.05,
        _ => draw.random_range(1.15..1.9),
    }
}

fn doors(draw: &mut ChaCha8Rng, index: usize, visitors: f64) -> Vec<Door> {
    let count = match visitors {
        few if few < 350.0 => 1,
        some if some < 900.0 => 2,
        many if many < 1_600.0 => 3,
        _ => 4,
    };
    // Every third store counts poorly, as stores do.
    let poor = if index % 3 == 2 { 2.0 } else { 1.0 };
    let (ways_in, ways_out) = (shares(draw, count), shares(draw, count));
    (0..count)
        .map(|door| Door {
            name: DOOR_NAMES[door],
            counter: i64::try_from(500 + index * 10 + door).unwrap_or(i64::MAX),
            share_in: ways_in[door],
            share_out: ways_out[door],
            miss_in: draw.random_range(0.005..0.025) * poor,
            miss_out: draw.random_range(0.008..0.04) * poor,
        })
        .collect()
}

/// Shares of `count` doors that add up to one, the first door the busiest on the whole.
fn shares(draw: &mut ChaCha8Rng, count: usize) -> Vec<f64> {
    let mut weights: Vec<f64> = vec![2.0, 1.0, 0.7, 0.5];
    weights.truncate(count);
    for weight in &mut weights {
        *weight *= draw.random_range(0.8..1.25);
    }
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a positive number of people, far below the limit"
)]
fn round_to_five(people: f64) -> u32 {
    ((people / 5.0).round() as u32 * 5).max(10)
}
