//! How often something usually happens, for feeds that tell of nothing but what happens: sales of
//! a machine, documents of a hotel. From it follows how long such a feed may pause before that is
//! worth a look.
//!
//! What is usual follows the hour of the local week. A pause is therefore measured in the number
//! of events that usually happen in such a time, not in minutes: a night without a sale weighs
//! nothing, a quarter of an hour of the morning rush may weigh three sales. Measured so, the gaps
//! of all hours can be compared with each other (time rescaling: Brown, Barbieri, Ventura, Kass and
//! Frank, Neural Computation 14, 2002), and how long one may be is learned from the feed itself,
//! whether it trades evenly or in bursts.

use std::sync::Arc;

use chrono::{Datelike, TimeDelta, Timelike};
use chrono_tz::Tz;

use super::Timestamp;
use super::calendar::Hours;

#[cfg(test)]
mod tests;

/// Hours of a week.
const WEEK: usize = 168;
/// What is usual is the mean of so many weeks; older ones fade.
const WEEKS: i64 = 4;
/// How far back events are worth being read.
pub const LEARNED_FROM: TimeDelta = TimeDelta::days(7 * WEEKS);
/// After so many weeks without an event nothing is usual any more.
const FORGOTTEN: TimeDelta = TimeDelta::days(7 * 2 * WEEKS);
/// Every hour of the week has been seen once before anything is said to be usual.
const LEARNING: TimeDelta = TimeDelta::days(7);
/// One gap in so many may be unusual.
const UNUSUAL: f64 = 20.0;
/// One gap in so many may be rare.
const RARE: f64 = 1000.0;
/// By how much the allowance moves when a gap exceeds it and one in `UNUSUAL` was to.
const STEP: f64 = 0.1;
/// An allowance is at least this, so that a feed like clockwork is not missed at once, …
const LEAST: f64 = 1.0;
/// … and at most this.
const MOST: f64 = 20.0;
/// An event is told of within this, or the feed was cut off, which teaches nothing about gaps.
const TOLD_WITHIN: TimeDelta = TimeDelta::minutes(30);
/// A pause that is not unusual after so long never will be: the feed is too rare to be missed.
const PATIENCE: TimeDelta = TimeDelta::days(14);

/// How often something happens, learned event by event.
#[derive(Clone, Debug)]
pub struct Rhythm {
    /// Events in each hour of the local week, Monday's first hour first.
    rates: Arc<[f32; WEEK]>,
    /// The hour of the first event.
    begun: Option<Timestamp>,
    /// The hour of the newest event, and the events in it so far.
    running: (Timestamp, u32),
    newest: Option<Timestamp>,
    /// Events before this have been read from history as a whole.
    settled: Timestamp,
    /// How many usual events a gap may miss, so that one in `UNUSUAL` misses more.
    allowance: f64,
}

/// The pause since the newest event.
#[derive(Clone, Debug, PartialEq)]
pub struct Pause {
    /// The newest event.
    pub since: Timestamp,
    /// From when it is longer than 19 gaps in 20; `None` when that is weeks away.
    pub unusual: Option<Timestamp>,
    /// From when it is longer than 999 gaps in 1000.
    pub rare: Option<Timestamp>,
    /// What it amounted to when the source was read last.
    pub stillness: Stillness,
    rates: Arc<[f32; WEEK]>,
    zone: Tz,
}

/// How a pause compares with what is usual at its hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stillness {
    /// Plausible.
    #[default]
    Usual,
    /// Longer than 19 gaps in 20.
    Unusual,
    /// Longer than 999 gaps in 1000.
    Rare,
}

/// Opening hours with the zone they are in. Nothing is expected while they are closed.
pub type Open<'a> = Option<(&'a Hours, Tz)>;

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            rates: Arc::new([0.0; WEEK]),
            begun: None,
            running: (Timestamp::MIN_UTC, 0),
            newest: None,
            settled: Timestamp::MIN_UTC,
            // Of events that know nothing of each other, so many are missed by one gap in twenty.
            allowance: UNUSUAL.ln(),
        }
    }
}

impl Rhythm {
    /// Learns from all events before `to`, by time, each with the instant it became known. None of
    /// them is learned from again.
    pub fn learn(
        &mut self,
        events: impl IntoIterator<Item = (Timestamp, Timestamp)>,
        to: Timestamp,
        zone: Tz,
    ) {
        for (at, known_at) in events {
            self.happened(at, known_at, zone);
        }
        self.settled = to;
    }

    /// Takes an event and the instant it became known.
    pub fn happened(&mut self, at: Timestamp, known_at: Timestamp, zone: Tz) {
        if at < self.settled {
            return;
        }
        let hour = hour_of(at);
        if self.newest.is_none_or(|newest| at - newest > FORGOTTEN) {
            *self = Self {
                begun: Some(hour),
                running: (hour, 0),
                settled: self.settled,
                ..Self::default()
            };
        }
        if self.newest.is_some_and(|newest| at < newest) {
            self.came_late(hour, zone);
            return;
        }
        self.learn_gap(at, known_at, zone);
        self.pass_to(hour, zone);
        self.running.1 += 1;
        self.newest = Some(at);
    }

    /// The pause since the newest event as it stood at `looked`; `None` while what is usual is
    /// being learned.
    #[must_use]
    pub fn pause(&self, looked: Option<Timestamp>, zone: Tz, open: Open<'_>) -> Option<Pause> {
        let since = self.newest.filter(|newest| self.has_learned(*newest))?;
        let usual = Usual {
            rates: &self.rates,
            zone,
            open,
        };
        let rare = self.allowance * RARE.ln() / UNUSUAL.ln();
        let mut pause = Pause {
            since,
            unusual: usual.missed(since, self.allowance),
            rare: usual.missed(since, rare),
            stillness: Stillness::Usual,
            rates: self.rates.clone(),
            zone,
        };
        pause.stillness = pause.at(looked, open);
        Some(pause)
    }

    fn has_learned(&self, at: Timestamp) -> bool {
        self.begun.is_some_and(|begun| at - begun >= LEARNING)
    }

    /// How many weeks the mean of an hour has behind it, with the one that ends there.
    fn weeks_to(&self, hour: Timestamp) -> f32 {
        let past = self.begun.map_or(0, |begun| (hour - begun).num_weeks());
        #[expect(clippy::cast_precision_loss, reason = "at most a few")]
        let weeks = past.saturating_add(1).clamp(1, WEEKS) as f32;
        weeks
    }

    /// Books an event of an hour that is over.
    fn came_late(&mut self, hour: Timestamp, zone: Tz) {
        if hour == self.running.0 {
            self.running.1 += 1;
        } else if self.begun.is_some_and(|begun| hour >= begun) {
            let share = 1.0 / self.weeks_to(hour);
            Arc::make_mut(&mut self.rates)[place(hour, zone)] += share;
        }
    }

    /// Moves the allowance a little, up when a gap exceeded it and down when not, so that in the
    /// long run one in twenty does, however the gaps are distributed (as in adaptive conformal
    /// inference: Gibbs and Candès, 2021). A gap ends when the next event becomes known.
    fn learn_gap(&mut self, at: Timestamp, known_at: Timestamp, zone: Tz) {
        let Some(newest) = self.newest.filter(|newest| self.has_learned(*newest)) else {
            return;
        };
        let usual = Usual {
            rates: &self.rates,
            zone,
            open: None,
        };
        let ended = known_at.clamp(at, at + TOLD_WITHIN);
        let exceeds = usual.between(newest, ended) > self.allowance;
        let share = 1.0 / UNUSUAL;
        let step = if exceeds { 1.0 - share } else { -share };
        self.allowance = (self.allowance + STEP * step).clamp(LEAST, MOST);
    }

    /// Closes the hours before `hour`.
    fn pass_to(&mut self, hour: Timestamp, zone: Tz) {
        let (mut closing, mut events) = self.running;
        while closing < hour {
            let weeks = self.weeks_to(closing);
            let rate = &mut Arc::make_mut(&mut self.rates)[place(closing, zone)];
            #[expect(clippy::cast_precision_loss, reason = "events of one hour")]
            let count = events as f32;
            *rate += (count - *rate) / weeks;
            closing += TimeDelta::hours(1);
            events = 0;
        }
        self.running = (closing, events);
    }
}

impl Pause {
    /// What the pause amounts to when nothing has happened until `looked`. While its place is
    /// closed nobody expects anything.
    #[must_use]
    pub fn at(&self, looked: Option<Timestamp>, open: Open<'_>) -> Stillness {
        let Some(looked) = looked else {
            return Stillness::Usual;
        };
        let past = |limit: Option<Timestamp>| limit.is_some_and(|limit| limit <= looked);
        let closed = || open.is_some_and(|(hours, zone)| !hours.open_at(zone, looked));
        match (past(self.unusual), past(self.rare)) {
            (false, _) => Stillness::Usual,
            _ if closed() => Stillness::Usual,
            (true, false) => Stillness::Unusual,
            (true, true) => Stillness::Rare,
        }
    }

    /// How many events usually happen between the newest one and `to`.
    #[must_use]
    pub fn missed(&self, to: Timestamp, open: Open<'_>) -> f64 {
        let usual = Usual {
            rates: &self.rates,
            zone: self.zone,
            open,
        };
        usual.between(self.since, to.min(self.since + PATIENCE))
    }
}

/// What is usual, and when.
struct Usual<'a> {
    rates: &'a [f32; WEEK],
    zone: Tz,
    open: Open<'a>,
}

impl Usual<'_> {
    /// How many events usually happen between two instants.
    fn between(&self, from: Timestamp, to: Timestamp) -> f64 {
        let hours = self.hours(from).take_while(|(begin, ..)| *begin < to);
        hours
            .map(|(begin, end, rate)| rate * share(end.min(to) - begin))
            .sum()
    }

    /// When so many events have been missed since `from`; `None` when that takes too long.
    fn missed(&self, from: Timestamp, events: f64) -> Option<Timestamp> {
        let mut left = events;
        for (begin, end, rate) in self.hours(from) {
            let here = rate * share(end - begin);
            if here >= left {
                #[expect(clippy::cast_possible_truncation, reason = "less than an hour")]
                let seconds = (left / rate * 3600.0).ceil() as i64;
                return Some(begin + TimeDelta::seconds(seconds));
            }
            left -= here;
            if end - from > PATIENCE {
                break;
            }
        }
        None
    }

    /// The hours from an instant on, the first one cut, each with what is usual in a whole one.
    fn hours(&self, from: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp, f64)> {
        let mut next = from;
        std::iter::from_fn(move || {
            let begin = next;
            next = hour_of(begin) + TimeDelta::hours(1);
            let rate = if self.is_open(begin, next) {
                f64::from(self.rates[place(begin, self.zone)])
            } else {
                0.0
            };
            Some((begin, next, rate))
        })
    }

    /// Whether its place is open at the beginning or the end of an hour.
    fn is_open(&self, from: Timestamp, to: Timestamp) -> bool {
        let Some((hours, zone)) = self.open.filter(|(hours, _)| !hours.is_always()) else {
            return true;
        };
        hours.open_at(zone, from) || hours.open_at(zone, to - TimeDelta::seconds(1))
    }
}

/// A stretch of time in hours.
#[expect(clippy::cast_precision_loss, reason = "seconds of an hour")]
fn share(stretch: TimeDelta) -> f64 {
    stretch.num_seconds() as f64 / 3600.0
}

/// The start of the hour that `at` is in.
fn hour_of(at: Timestamp) -> Timestamp {
    at - TimeDelta::seconds(at.timestamp().rem_euclid(3600))
        - TimeDelta::nanoseconds(at.timestamp_subsec_nanos().into())
}

/// The place of an instant's hour in the local week.
fn place(at: Timestamp, zone: Tz) -> usize {
    let local = at.with_timezone(&zone);
    (local.weekday().num_days_from_monday() * 24 + local.hour()) as usize
}
