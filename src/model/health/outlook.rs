//! The data axis: what should be there by now, and for how long it has been missing.
//!
//! Lateness runs in open time, because nobody publishes for a closed store. The last interval of
//! a day is published after closing, so it stays expected for a while then; otherwise a day could
//! end with a hole that nobody sees.

use chrono::{SubsecRound, TimeDelta};
use chrono_tz::Tz;

use super::{DataState, Expectation, Feed};
use crate::model::Timestamp;
use crate::model::calendar::{Hours, Opening};

/// The data state of a feed at `now`.
#[must_use]
pub fn data_state(feed: Feed<'_>, now: Timestamp) -> DataState {
    if feed.paused {
        return DataState::Paused;
    }
    let now = feed.theirs(now).trunc_subsecs(0);
    let Some(outlook) = Outlook::of(feed, now) else {
        return DataState::Unknown;
    };
    match outlook.state(feed.expectation, now) {
        DataState::Fresh if !feed.confirmed => DataState::Due,
        state => state,
    }
}

/// When the feed's next data is due: horizon + period + lag, or after the next opening. `None`
/// when nothing was ever seen or the store never opens again.
#[must_use]
pub fn due(feed: Feed<'_>, now: Timestamp) -> Option<Timestamp> {
    let due = Outlook::of(feed, feed.theirs(now))?.due?;
    Some(feed.ours(due))
}

/// The instant after `now` at which [`data_state`] may change by the clock alone.
#[must_use]
pub fn next_change(feed: Feed<'_>, now: Timestamp) -> Option<Timestamp> {
    if feed.paused {
        return None;
    }
    // States change at whole seconds, so a change after this one is after `now` too.
    let now = feed.theirs(now).trunc_subsecs(0);
    let outlook = Outlook::of(feed, now)?;
    let steps = Steps::of(feed.expectation);
    let lapses = [steps.late, steps.stale, steps.dead].map(|step| {
        // Found by the rate at which the lateness grows now; where that changes is a change too.
        let left = TimeDelta::seconds(step - outlook.overdue_s);
        let runs = outlook.running && outlook.due.is_some_and(|due| due <= now);
        runs.then(|| now + left)
    });
    lapses
        .into_iter()
        .chain([outlook.due, outlook.settled_at])
        .chain([opening_hours(feed).and_then(|(hours, zone)| hours.next_change(zone, now))])
        .flatten()
        .filter(|at| *at > now)
        .min()
        .map(|at| feed.ours(at))
}

/// Overdue seconds from which a feed is late, stale or dead.
struct Steps {
    late: i64,
    stale: i64,
    dead: i64,
}

impl Steps {
    fn of(expectation: Expectation) -> Self {
        let period = i64::from(expectation.period_s.max(1));
        Self {
            late: i64::from(expectation.grace_s) + 1,
            stale: period,
            dead: 4 * period,
        }
    }
}

/// What is to be expected of a feed at an instant.
struct Outlook {
    /// When its next data is due; `None` when the store never opens again.
    due: Option<Timestamp>,
    /// For how many whole seconds it has been missing.
    overdue_s: i64,
    /// Whether that number grows with the clock at this instant.
    running: bool,
    /// Outside opening hours, with nothing more expected of the day that ended.
    closed: bool,
    /// When the day that ended is given up, if that lies ahead.
    settled_at: Option<Timestamp>,
}

impl Outlook {
    fn of(feed: Feed<'_>, now: Timestamp) -> Option<Self> {
        let horizon = feed.horizon?;
        let wait = Wait::of(feed.expectation);
        Some(match opening_hours(feed) {
            None => Self::continuous(horizon + wait.period + wait.lag, now),
            Some((hours, zone)) => {
                Day::of(hours, zone, wait, (horizon, now)).outlook(hours.open_at(zone, now), now)
            }
        })
    }

    fn continuous(due: Timestamp, now: Timestamp) -> Self {
        Self {
            due: Some(due),
            overdue_s: (now - due).num_seconds(),
            running: true,
            closed: false,
            settled_at: None,
        }
    }

    fn state(&self, expectation: Expectation, now: Timestamp) -> DataState {
        let steps = Steps::of(expectation);
        if self.closed {
            DataState::Closed
        } else if self.due.is_none_or(|due| now < due) {
            DataState::Fresh
        } else if self.overdue_s >= steps.dead {
            DataState::Dead
        } else if self.overdue_s >= steps.stale {
            DataState::Stale
        } else if self.overdue_s >= steps.late {
            DataState::Late
        } else {
            DataState::Due
        }
    }
}

/// The parts of an expectation as lengths of time.
#[derive(Clone, Copy)]
struct Wait {
    period: TimeDelta,
    lag: TimeDelta,
}

impl Wait {
    fn of(expectation: Expectation) -> Self {
        Self {
            period: TimeDelta::seconds(i64::from(expectation.period_s)),
            lag: TimeDelta::seconds(i64::from(expectation.lag_s)),
        }
    }
}

/// A vendor that stamps the minute itself never reaches the minute of closing.
const STAMP: TimeDelta = TimeDelta::minutes(1);

/// A feed's expectation within the opening hours of its store.
struct Day {
    wait: Wait,
    horizon: Timestamp,
    /// What has opened since the horizon, and at least the next two openings; oldest first.
    openings: Vec<Opening>,
}

impl Day {
    fn of(hours: &Hours, zone: Tz, wait: Wait, (horizon, now): (Timestamp, Timestamp)) -> Self {
        let mut openings = Vec::new();
        for opening in hours.openings(zone, horizon + STAMP) {
            openings.push(opening);
            if openings.len() > 1 && opening.from > now {
                break;
            }
        }
        Self {
            wait,
            horizon,
            openings,
        }
    }

    fn outlook(&self, open: bool, now: Timestamp) -> Outlook {
        let ended = self.openings.iter().rfind(|opening| opening.until <= now);
        let settled_at = ended.filter(|_| !open).map(|day| self.given_up(*day));
        let (due, tail) = self.due(now);
        Outlook {
            due,
            overdue_s: due.map_or(0, |due| self.overdue_s(due, tail, now)),
            running: open || tail.is_some_and(|tail| tail.from <= now && now < tail.until),
            closed: !open && settled_at.is_none_or(|at| at <= now),
            settled_at,
        }
    }

    /// Up to where the data reached, or the first instant of an opening without any.
    fn base(&self, opening: Opening) -> Timestamp {
        self.horizon.max(opening.from)
    }

    /// Until when the last interval of an opening stays expected: its due time and a period.
    fn given_up(&self, opening: Opening) -> Timestamp {
        let end = opening.until.max(self.base(opening) + self.wait.period);
        end + self.wait.lag + self.wait.period
    }

    /// When the next data is due, and the time after closing in which it stays expected.
    fn due(&self, now: Timestamp) -> (Option<Timestamp>, Option<Opening>) {
        let mut openings = self.openings.iter().copied().peekable();
        while let Some(opening) = openings.next() {
            let due = self.base(opening) + self.wait.period + self.wait.lag;
            if opening.until == Timestamp::MAX_UTC {
                return (Some(due), None);
            }
            let given_up = self.given_up(opening);
            let next = openings.peek();
            // Where only the day's last interval is missing, the coming day starts afresh.
            let last_of_day = self.base(opening) + self.wait.period >= opening.until;
            if last_of_day && now >= given_up && next.is_some_and(|next| next.from >= given_up) {
                continue;
            }
            let tail = Opening {
                from: opening.until,
                until: next.map_or(given_up, |next| given_up.min(next.from)),
            };
            return (Some(due), Some(tail));
        }
        (None, None)
    }

    /// Open time since `due`, with the time after closing in which data stayed expected.
    fn overdue_s(&self, due: Timestamp, tail: Option<Opening>, now: Timestamp) -> i64 {
        let missing = |time: &Opening| {
            let lapsed = time.until.min(now) - time.from.max(due);
            lapsed.num_seconds().max(0)
        };
        self.openings.iter().chain(&tail).map(missing).sum()
    }
}

fn opening_hours(feed: Feed<'_>) -> Option<(&Hours, Tz)> {
    feed.hours.filter(|(hours, _)| !hours.is_always())
}
