//! Vehicles that drive: shuttles with trips, stops and people on board.

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::model::Timestamp;

use super::chance::{Subject, chance, poisson};
use super::places::home;
use super::tally::{Tally, day_number};
use super::wall;

/// What is particular to a vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Drives and reports.
    Shuttle,
    /// Drives, but its tracker has contact only at night in the yard: it is heard of once a day.
    Offline,
    /// Drives, but its account is blocked.
    Blocked,
    /// A dispatcher's phone: it has a position, no counters and no passengers.
    Phone,
}

/// How a vehicle reports people on board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sensor {
    /// As a metering sensor.
    Input,
    /// As a state field.
    State,
    /// Not at all.
    None,
}

/// A vehicle with its tracker.
#[derive(Clone, Debug)]
pub struct Vehicle {
    /// The tracker's id.
    pub id: i64,
    /// Its label.
    pub label: String,
    /// What is particular to it.
    pub role: Role,
    /// Seats for passengers.
    pub seats: u32,
    /// How people on board are reported.
    pub sensor: Sensor,
    /// Distance in units of 10 metres.
    odometer: Tally,
    /// Engine time in seconds.
    engine: Tally,
}

/// What a vehicle does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// On the road.
    Moving,
    /// At a stop with the engine on.
    Stopped,
    /// Engine off.
    Parked,
}

/// A vehicle as it last reported.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// When it reported.
    pub at: Timestamp,
    /// What it did.
    pub motion: Motion,
    /// Since when.
    pub motion_since: Timestamp,
    /// Odometer in kilometres, to 10 metres.
    pub odometer_km: f64,
    /// Engine time in hours.
    pub engine_hours: f64,
    /// Passengers.
    pub on_board: u32,
    /// Latitude and longitude in degrees.
    pub position: (f64, f64),
    /// Speed in kilometres per hour.
    pub speed_kmh: u32,
    /// Heading in degrees.
    pub heading: u32,
}

/// A stretch of a day in which a vehicle does one thing.
#[derive(Clone, Copy, Debug)]
struct Leg {
    from_s: i64,
    to_s: i64,
    motion: Motion,
    on_board: u32,
}

const FIRST_ID: i64 = 11;
/// Seconds between reports on the road, at a stop and with the engine off.
const REPORT_EVERY_S: (i64, i64, i64) = (30, 60, 600);
const DAY_S: i64 = 24 * 3600;

/// The vehicles of an estate: six, and one more for every forty stores.
#[must_use]
pub fn vehicles(seed: u64, stores: usize) -> Vec<Vehicle> {
    (0..6 + stores / 40)
        .map(|index| Vehicle::new(seed, index))
        .collect()
}

/// The clocks of the fleet's account.
#[must_use]
pub fn zone() -> Tz {
    home().zone
}

impl Vehicle {
    fn new(seed: u64, index: usize) -> Self {
        let id = FIRST_ID + i64::try_from(index).unwrap_or(0);
        let thing = id.unsigned_abs();
        let mut draw = chance(seed, Subject::Vehicle, thing, 0);
        let (role, sensor) = match index {
            1 => (Role::Shuttle, Sensor::State),
            2 => (Role::Phone, Sensor::None),
            3 => (Role::Offline, Sensor::Input),
            4 => (Role::Blocked, Sensor::Input),
            _ => (Role::Shuttle, Sensor::Input),
        };
        let label = match role {
            Role::Phone => "Dispatcher".to_owned(),
            _ => format!("Shuttle {}", index + 1 - usize::from(index > 2)),
        };
        Self {
            id,
            label,
            role,
            sensor,
            seats: [16, 22, 30, 48][draw.random_range(0..4)],
            odometer: Tally {
                base: draw.random_range(1_500_000..9_000_000),
                daily: draw.random_range(14_000..24_000),
                wobble: 2_500,
                thing: thing * 10 + 1,
            },
            engine: Tally {
                base: draw.random_range(1_500_000..9_000_000),
                daily: draw.random_range(36_000..42_000),
                wobble: 2_000,
                thing: thing * 10 + 2,
            },
        }
    }

    /// What the vehicle's tracker last reported at or before `at`.
    #[must_use]
    pub fn report(&self, seed: u64, at: Timestamp) -> Report {
        let contact = match self.role {
            Role::Offline => at.min(last_contact(at)),
            _ => at,
        };
        self.measured(seed, self.reported_at(seed, contact))
    }

    /// The instant of the newest report at or before `at`: often on the road, seldom when parked,
    /// and always when the motion changes.
    fn reported_at(&self, seed: u64, at: Timestamp) -> Timestamp {
        let (start, leg) = self.leg(seed, at);
        let every_s = match leg.motion {
            Motion::Moving => REPORT_EVERY_S.0,
            Motion::Stopped => REPORT_EVERY_S.1,
            Motion::Parked => REPORT_EVERY_S.2,
        };
        let since_s = (at - start).num_seconds() - leg.from_s;
        start + TimeDelta::seconds(leg.from_s + since_s - since_s.rem_euclid(every_s))
    }

    fn leg(&self, seed: u64, at: Timestamp) -> (Timestamp, Leg) {
        let date = wall::business_date(zone(), at);
        let start = wall::day_start(zone(), date);
        let second = (at - start).num_seconds();
        let legs = self.legs(seed, date);
        let position = legs.partition_point(|leg| leg.to_s <= second);
        (start, legs[position.min(legs.len() - 1)])
    }

    fn measured(&self, seed: u64, at: Timestamp) -> Report {
        let (start, leg) = self.leg(seed, at);
        let date = wall::business_date(zone(), at);
        let second = (at - start).num_seconds();
        let legs = self.legs(seed, date);
        let driven = share(&legs, second, |leg| leg.motion == Motion::Moving);
        let running = share(&legs, second, |leg| leg.motion != Motion::Parked);
        let metres_10 = along(&self.odometer, seed, date, driven);
        let moving = leg.motion == Motion::Moving;
        let heading = (second + self.id * 97).rem_euclid(360);
        Report {
            at,
            motion: leg.motion,
            motion_since: start + TimeDelta::seconds(leg.from_s),
            odometer_km: metres_10 / 100.0,
            engine_hours: (along(&self.engine, seed, date, running) / 36.0).round() / 100.0,
            on_board: leg.on_board,
            position: on_the_round(driven),
            speed_kmh: if moving {
                u32::try_from(24 + heading % 23).unwrap_or(0)
            } else {
                0
            },
            heading: if moving {
                u32::try_from(heading).unwrap_or(0)
            } else {
                0
            },
        }
    }

    /// The legs of a business day, without gaps; the last one reaches past every day's end.
    fn legs(&self, seed: u64, date: NaiveDate) -> Vec<Leg> {
        let thing = self.id.unsigned_abs();
        let mut draw = chance(seed, Subject::Trips, thing, day_number(date));
        let mut day = Legs {
            legs: Vec::new(),
            end_s: 0,
        };
        let first_s = draw.random_range(2..4) * 3600 + draw.random_range(0..1800);
        let last_s = draw.random_range(18 * 3600..20 * 3600);
        day.add(first_s, Motion::Parked, 0);
        let mut on_board = 0;
        while day.end_s < last_s {
            on_board = self.at_stop(&mut draw, on_board, day.end_s);
            day.add(draw.random_range(360..900), Motion::Moving, on_board);
            day.add(draw.random_range(40..200), Motion::Stopped, on_board);
            if draw.random_bool(0.08) {
                on_board = 0;
                day.add(draw.random_range(900..2_400), Motion::Parked, 0);
            }
        }
        day.add(2 * DAY_S, Motion::Parked, 0);
        day.legs
    }

    /// Passengers after some got off and others got on.
    fn at_stop(&self, draw: &mut ChaCha8Rng, on_board: u32, second: i64) -> u32 {
        if self.role == Role::Phone {
            return 0;
        }
        let stay = (0..on_board).filter(|_| draw.random_bool(0.65)).count();
        let stay = u32::try_from(stay).unwrap_or(0);
        // Most people travel in the middle of the business day, which began at four.
        let busy = if (3..=15).contains(&(second / 3600)) {
            0.22
        } else {
            0.08
        };
        (stay + poisson(draw, f64::from(self.seats) * busy)).min(self.seats)
    }
}

struct Legs {
    legs: Vec<Leg>,
    end_s: i64,
}

impl Legs {
    fn add(&mut self, length_s: i64, motion: Motion, on_board: u32) {
        self.legs.push(Leg {
            from_s: self.end_s,
            to_s: self.end_s + length_s,
            motion,
            on_board,
        });
        self.end_s += length_s;
    }
}

/// Half past four of the running local day, or of the day before when that is still to come.
fn last_contact(at: Timestamp) -> Timestamp {
    let date = at.with_timezone(&zone()).date_naive();
    let contact = |date| wall::instant(zone(), date, 4 * 60 + 30);
    if contact(date) <= at {
        contact(date)
    } else {
        contact(date - TimeDelta::days(1))
    }
}

/// Share of the day's time in legs of a sort that has passed at `second`, 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "seconds of one day")]
fn share(legs: &[Leg], second: i64, counts: impl Fn(&Leg) -> bool) -> f64 {
    let (mut passed, mut all) = (0, 0);
    for leg in legs.iter().filter(|leg| counts(leg)) {
        all += leg.to_s - leg.from_s;
        passed += (second.min(leg.to_s) - leg.from_s).max(0);
    }
    if all == 0 {
        0.0
    } else {
        passed as f64 / all as f64
    }
}

/// A running total part of the way through a day, in whole units.
#[expect(clippy::cast_precision_loss, reason = "totals are far below 2^53")]
fn along(tally: &Tally, seed: u64, date: NaiveDate, share: f64) -> f64 {
    let grown = (tally.growth(seed, date) as f64 * share).floor();
    tally.at_start(seed, date) as f64 + grown
}

/// Twelve rounds through the city a day.
fn on_the_round(driven: f64) -> (f64, f64) {
    let angle = driven * 12.0 * std::f64::consts::TAU;
    let (latitude, longitude) = home().centre;
    let place = |value: f64| (value * 1e5).round() / 1e5;
    (
        place(latitude + 0.031 * angle.sin()),
        place(longitude + 0.052 * angle.cos()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_shuttle_drives_by_day_and_never_backwards() {
        let shuttle = &vehicles(1, 8)[0];
        let mut now = at("2026-03-02T00:00:00Z");
        let mut last = shuttle.report(1, now);
        let (mut moved, mut carried) = (0, 0);
        while now < at("2026-03-05T00:00:00Z") {
            now += TimeDelta::seconds(97);
            let report = shuttle.report(1, now);
            assert!(report.at <= now && report.motion_since <= report.at);
            assert!(now - report.at <= TimeDelta::minutes(10), "{now}");
            assert!(report.odometer_km >= last.odometer_km, "{now}");
            assert!(report.engine_hours >= last.engine_hours, "{now}");
            assert!(report.on_board <= shuttle.seats);
            moved += u32::from(report.motion == Motion::Moving);
            carried = carried.max(report.on_board);
            last = report;
        }
        assert!(moved > 500 && carried > 4, "{moved} {carried}");
    }

    #[test]
    fn a_vehicle_without_contact_keeps_its_last_report() {
        let lost = vehicles(1, 8)
            .into_iter()
            .find(|one| one.role == Role::Offline)
            .unwrap();
        let morning = lost.report(1, at("2026-03-03T06:00:00Z"));
        assert!(morning.at <= at("2026-03-03T02:30:00Z"));
        assert_eq!(morning, lost.report(1, at("2026-03-04T02:00:00Z")));
        assert!(lost.report(1, at("2026-03-04T03:00:00Z")).at > morning.at);
    }
}
