//! When people come: the shape of a day, the weekdays, and the noise on both.

use chrono::{Datelike, NaiveDate, Weekday};
use rand_chacha::ChaCha8Rng;

use super::chance::around;
use super::site::Site;

/// Length of a slot of the day in minutes.
pub const SLOT_MIN: u32 = 15;
/// Nobody comes in during the last minutes before closing.
pub const LAST_CALL_MIN: u32 = 10;
/// Deviation of the logarithm of stays.
pub const STAY_SIGMA: f64 = 0.65;

/// A piece of an open day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slot {
    /// Minutes after opening at which it begins.
    pub after_opening: u32,
    /// Its length in minutes, at most [`SLOT_MIN`].
    pub length: u32,
    /// Expected visitors.
    pub visitors: f64,
}

/// The expected visitors of a day, slot by slot, without noise. Empty when the store is closed.
#[must_use]
pub fn expected(site: &Site, date: NaiveDate) -> Vec<Slot> {
    let Some((open, close)) = site.open_on(date) else {
        return Vec::new();
    };
    let last = if site.hours.is_some() {
        close - LAST_CALL_MIN
    } else {
        close
    };
    let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    let mut slots: Vec<Slot> = (open..last)
        .step_by(SLOT_MIN as usize)
        .map(|minute| {
            let length = SLOT_MIN.min(last - minute);
            let weight = weight(site.peak_minute, weekend, minute % 1440);
            Slot {
                after_opening: minute - open,
                length,
                visitors: weight * f64::from(length),
            }
        })
        .collect();
    let sum: f64 = slots.iter().map(|slot| slot.visitors).sum();
    for slot in &mut slots {
        slot.visitors *= site.visitors * busyness(date.weekday()) / sum;
    }
    slots
}

/// The same with the noise of real days: whole days differ, quarters of an hour differ more, and
/// now and then a coach stops outside. So counts vary more than independent visitors would.
#[must_use]
pub fn with_noise(draw: &mut ChaCha8Rng, mut slots: Vec<Slot>) -> Vec<Slot> {
    let day = around(draw, 1.0, 0.12);
    for slot in &mut slots {
        slot.visitors *= day * around(draw, 0.96, 0.28);
        if rand::RngExt::random_bool(draw, 0.012) {
            slot.visitors *= 2.5;
        }
    }
    slots
}

/// The most people that are inside at once on a usual Friday.
#[must_use]
pub fn usual_peak(site: &Site) -> f64 {
    let friday = NaiveDate::from_ymd_opt(2025, 1, 3).unwrap_or_default();
    let mean_stay = site.stay_min * (STAY_SIGMA * STAY_SIGMA / 2.0).exp();
    expected(site, friday)
        .iter()
        .map(|slot| slot.visitors / f64::from(slot.length) * mean_stay)
        .fold(0.0, f64::max)
}

fn weight(peak_minute: f64, weekend: bool, minute: u32) -> f64 {
    let minute = f64::from(minute);
    if weekend {
        bump(minute, peak_minute - 60.0, 150.0) + 0.06
    } else {
        0.55 * bump(minute, 750.0, 90.0) + bump(minute, peak_minute, 120.0) + 0.06
    }
}

fn bump(minute: f64, centre: f64, width: f64) -> f64 {
    (-((minute - centre) / width).powi(2) / 2.0).exp()
}

fn busyness(day: Weekday) -> f64 {
    match day {
        Weekday::Mon | Weekday::Sun => 0.85,
        Weekday::Tue => 0.92,
        Weekday::Wed | Weekday::Thu => 1.0,
        Weekday::Fri => 1.15,
        Weekday::Sat => 1.3,
    }
}
