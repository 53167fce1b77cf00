//! A hotel: guests who check in, stay and check out, and the documents that are numbered for them.

use chrono::{DateTime, NaiveDate, TimeDelta};
use chrono_tz::Tz;
use rand::RngExt;

use crate::model::Timestamp;

use super::chance::{Subject, chance};
use super::places::home;
use super::tally::{Tally, day_number};
use super::wall;

/// The hotel of an estate.
#[derive(Clone, Debug)]
pub struct Hotel {
    seed: u64,
    rooms: Vec<Room>,
    /// Its document counters.
    pub counters: Vec<DocumentCounter>,
}

/// A room. Stays follow one another on a grid of so many nights; some of them are not sold.
#[derive(Clone, Copy, Debug)]
struct Room {
    nights: i64,
    offset: i64,
    suite: bool,
}

/// A running number of documents.
#[derive(Clone, Debug)]
pub struct DocumentCounter {
    /// Its name, not unique.
    pub name: &'static str,
    /// The vendor's word for what it numbers.
    pub sort: &'static str,
    /// How its numbers are written, where the hotel has a form for them.
    pub format: Option<&'static str>,
    /// The hotel's first choice among counters of this sort.
    pub default: bool,
    /// First and last hour of the day in which such documents are written.
    hours: (i64, i64),
    tally: Tally,
}

/// A stay that has begun and not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    /// Position of the room.
    pub room: usize,
    /// Numbers the stays of the room.
    pub cycle: i64,
    /// When the guests checked in.
    pub checked_in: Timestamp,
    /// From when the room is theirs.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Number of guests.
    pub guests: u32,
}

/// A category of rooms on one night.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Night {
    /// Rooms with guests.
    pub occupied: usize,
    /// Rooms that could have guests.
    pub usable: usize,
    /// All rooms.
    pub active: usize,
}

/// Number of rooms.
pub const ROOMS: usize = 64;
/// Every eighth room is a suite.
const SUITE_EVERY: usize = 8;
/// Share of possible stays that are sold.
const SOLD: f64 = 0.82;

/// The clocks of the hotel.
#[must_use]
pub fn zone() -> Tz {
    home().zone
}

impl Hotel {
    /// The hotel of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let rooms = (0..ROOMS)
            .map(|room| {
                let mut draw = chance(seed, Subject::Stays, room as u64, i64::MIN);
                let nights = draw.random_range(1..=4);
                Room {
                    nights,
                    offset: draw.random_range(0..nights),
                    suite: room % SUITE_EVERY == 0,
                }
            })
            .collect();
        Self {
            seed,
            rooms,
            counters: counters(),
        }
    }

    /// Whether a room is a suite.
    #[must_use]
    pub fn is_suite(&self, room: usize) -> bool {
        self.rooms[room].suite
    }

    /// The value of a counter at `at` and when it changed last.
    #[must_use]
    pub fn value(&self, counter: &DocumentCounter, at: Timestamp) -> (i64, Timestamp) {
        let today = at.with_timezone(&zone()).date_naive();
        let written = self.documents(counter, today);
        let so_far = written.partition_point(|document| *document <= at);
        let value = counter.tally.at_start(self.seed, today) + to_i64(so_far);
        let last = match so_far.checked_sub(1) {
            Some(last) => written[last],
            // Every day has at least one document.
            None => (self
                .documents(counter, today - TimeDelta::days(1))
                .last()
                .copied())
            .unwrap_or(at),
        };
        (value, last)
    }

    /// When the documents of a local date are written, in order.
    fn documents(&self, counter: &DocumentCounter, date: NaiveDate) -> Vec<Timestamp> {
        let midnight = wall::instant(zone(), date, 0);
        let mut draw = chance(
            self.seed,
            Subject::Documents,
            counter.tally.thing,
            day_number(date),
        );
        let (first, last) = (counter.hours.0 * 3600, counter.hours.1 * 3600);
        let mut written: Vec<Timestamp> = (0..counter.tally.growth(self.seed, date))
            .map(|_| {
                // The mean of two draws: most are written in the middle of the hours.
                let (one, other) = (
                    draw.random_range(first..last),
                    draw.random_range(first..last),
                );
                let second = i64::midpoint(one, other);
                midnight + TimeDelta::seconds(second)
            })
            .collect();
        written.sort_unstable();
        written
    }

    /// The stays that are running at `at`, by room.
    #[must_use]
    pub fn in_house(&self, at: Timestamp) -> Vec<Stay> {
        let today = day_number(at.with_timezone(&zone()).date_naive());
        (0..self.rooms.len())
            .filter_map(|room| {
                let cycle = self.cycle(room, today);
                // In the morning the guests of last night may still be there.
                [cycle - 1, cycle]
                    .into_iter()
                    .find_map(|cycle| self.stay(room, cycle, at))
            })
            .collect()
    }

    /// The rooms of a category on the night that begins on `date`.
    #[must_use]
    pub fn night(&self, suites: bool, date: NaiveDate) -> Night {
        let day = day_number(date);
        let rooms = || (0..self.rooms.len()).filter(|room| self.rooms[*room].suite == suites);
        let occupied = rooms().filter(|room| self.sold(*room, self.cycle(*room, day)));
        let active = rooms().count();
        Night {
            occupied: occupied.count(),
            // One room in thirty or so is under repair.
            usable: active - active / 30,
            active,
        }
    }

    fn cycle(&self, room: usize, day: i64) -> i64 {
        let Room { nights, offset, .. } = self.rooms[room];
        (day - offset).div_euclid(nights)
    }

    fn sold(&self, room: usize, cycle: i64) -> bool {
        chance(self.seed, Subject::Stays, room as u64, cycle).random_bool(SOLD)
    }

    fn stay(&self, room: usize, cycle: i64, at: Timestamp) -> Option<Stay> {
        if !self.sold(room, cycle) {
            return None;
        }
        let Room { nights, offset, .. } = self.rooms[room];
        let mut draw = chance(self.seed, Subject::Stays, room as u64 + 1_000, cycle);
        let first = first_of_january() + TimeDelta::days(offset + cycle * nights);
        let last = first + TimeDelta::days(nights);
        let checked_in = wall::instant(zone(), first, draw.random_range(14 * 60..22 * 60));
        let checked_out = wall::instant(zone(), last, draw.random_range(7 * 60..11 * 60));
        (checked_in..checked_out).contains(&at).then(|| Stay {
            room,
            cycle,
            checked_in,
            from: wall::instant(zone(), first, 14 * 60),
            until: wall::instant(zone(), last, 11 * 60),
            guests: [1, 1, 2, 2, 2, 3][draw.random_range(0..6)],
        })
    }
}

fn counters() -> Vec<DocumentCounter> {
    let counter =
        |position: u64, name, sort, format, hours, (base, daily): (i64, i64)| DocumentCounter {
            name,
            sort,
            format,
            default: name != "Splits",
            hours,
            tally: Tally {
                base,
                daily,
                wobble: daily / 4,
                thing: 1_000_000 + position,
            },
        };
    vec![
        counter(
            0,
            "Default",
            "ServiceOrderCounter",
            None,
            (0, 24),
            (9_120, 24),
        ),
        counter(
            1,
            "Registration",
            "RegistrationCardCounter",
            Some("R{0:00000}"),
            (13, 23),
            (3_034, 20),
        ),
        counter(
            2,
            "Default",
            "BillCounter",
            Some("NORMAL{0:0000}"),
            (6, 13),
            (4_118, 21),
        ),
        counter(3, "Default", "ProformaCounter", Some(""), (8, 20), (402, 5)),
        counter(
            4,
            "Splits",
            "PaymentSplitBillCounter",
            Some(""),
            (6, 14),
            (12, 2),
        ),
    ]
}

fn first_of_january() -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 1, 1).unwrap_or_default()
}

fn to_i64(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// When a counter of the hotel was set up.
#[must_use]
pub fn founded() -> Timestamp {
    DateTime::from_timestamp(1_620_122_400, 0).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hour(hour: i64) -> Timestamp {
        wall::instant(zone(), first_of_january(), 0) + TimeDelta::hours(10_000 + hour)
    }

    #[test]
    fn counters_only_grow_and_say_when_they_did() {
        let hotel = Hotel::new(1);
        for counter in &hotel.counters {
            let (mut value, mut since) = hotel.value(counter, hour(0));
            let first = value;
            for hour in (1..24 * 7).map(hour) {
                let (next, changed) = hotel.value(counter, hour);
                assert!(next >= value && changed >= since && changed <= hour);
                assert_eq!(next > value, changed > since, "{} at {hour}", counter.name);
                (value, since) = (next, changed);
            }
            assert!(value >= first + 6, "{} {first} {value}", counter.sort);
        }
    }

    #[test]
    fn guests_come_and_go_and_never_share_a_room() {
        let hotel = Hotel::new(1);
        let counts: Vec<usize> = (0..96)
            .map(|at| {
                let stays = hotel.in_house(hour(at));
                assert!(stays.is_sorted_by(|a, b| a.room < b.room));
                assert!(
                    stays
                        .iter()
                        .all(|stay| stay.checked_in <= hour(at) && stay.guests > 0)
                );
                stays.len()
            })
            .collect();
        let (fewest, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
        assert!(
            (15..55).contains(fewest) && *most <= ROOMS && most > fewest,
            "{counts:?}"
        );
    }

    #[test]
    fn nobody_sleeps_in_a_room_that_is_not_sold() {
        let hotel = Hotel::new(1);
        let date = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
        let midnight = wall::instant(zone(), date, 24 * 60);
        let (doubles, suites) = (hotel.night(false, date), hotel.night(true, date));
        assert_eq!(
            hotel.in_house(midnight).len(),
            doubles.occupied + suites.occupied
        );
        assert_eq!(doubles.active + suites.active, ROOMS);
    }
}
