//! Which span of time a poll asks for, pure.

use chrono::{TimeDelta, Timelike};

use crate::model::Timestamp;
use crate::model::attempt::Ask;

use super::request::PAGE_SIZE;

/// Rows that come late are inside this overlap with what is known.
const OVERLAP: TimeDelta = TimeDelta::minutes(30);
/// Once a night this much is read again, for corrections that came later still.
const SECOND_LOOK: TimeDelta = TimeDelta::hours(24);
/// When the night's second look is due, in minutes of the UTC day.
const SECOND_LOOK_MINUTE: u32 = 3 * 60 + 30;
/// A longer gap is not filled: the rest of it is no longer live in any sense.
const LONGEST: TimeDelta = TimeDelta::days(7);
/// Requests that are left for the live polls of the coming hour when a long span is read.
const RESERVE: u32 = 12;

/// A span that is asked for, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// First instant.
    pub from: Timestamp,
    /// Last instant.
    pub to: Timestamp,
}

impl Window {
    /// Length in whole minutes, at least one.
    #[must_use]
    pub fn minutes(&self) -> u32 {
        u32::try_from((self.to - self.from).num_minutes())
            .unwrap_or(0)
            .max(1)
    }

    /// Cuts the span into windows of at most `minutes`, oldest first. Neighbours share a bound.
    #[must_use]
    pub fn split(self, minutes: u32) -> Vec<Self> {
        let step = TimeDelta::minutes(minutes.max(1).into());
        let mut windows = Vec::new();
        let mut from = self.from;
        while self.to - from > step {
            windows.push(Self {
                from,
                to: from + step,
            });
            from += step;
        }
        windows.push(Self { from, to: self.to });
        windows
    }
}

/// Decides on spans; remembers what has to be asked again.
#[derive(Clone, Debug, Default)]
pub struct Planner {
    /// Start of a window that could not be read whole.
    unfinished: Option<Timestamp>,
    /// The night of the last second look, in days since 1970.
    looked: Option<i64>,
    /// Most rows a minute that any list has had.
    rows_per_minute: Option<f64>,
}

/// The span of one poll.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Windows that follow each other, oldest first; never empty.
    pub windows: Vec<Window>,
    /// Where the span should have begun, when our own ceiling does not allow that much.
    pub cut_from: Option<Timestamp>,
}

impl Planner {
    /// The windows of the next poll. `free` requests are left in this hour, of which each window
    /// takes `each`; `stores` is how many stores history knows.
    #[must_use]
    pub fn plan(&mut self, ask: &Ask, stores: usize, free: u32, each: u32) -> Plan {
        let night = night(ask.now);
        // The first night of a program's life is taken as done: it starts with all it needs.
        let looked = *self.looked.get_or_insert(night);
        let mut from = ask.horizon.map_or(ask.since, |horizon| horizon - OVERLAP);
        if looked != night {
            from = from.min(ask.now - SECOND_LOOK);
        }
        if let Some(unfinished) = self.unfinished {
            from = from.min(unfinished);
        }
        // The vendor's stamps or our clock may be off: there is always a window to ask for.
        let from = from.clamp(ask.now - LONGEST, ask.now - OVERLAP);

        let minutes = self.minutes_per_page(stores);
        let wanted = Window { from, to: ask.now };
        let affordable = (free.saturating_sub(RESERVE) / each.max(1)).max(1);
        let reach = TimeDelta::minutes(i64::from(affordable) * i64::from(minutes));
        let from = from.max(ask.now - reach).min(ask.now - OVERLAP);
        Plan {
            windows: Window { from, ..wanted }.split(minutes),
            cut_from: (from > wanted.from).then_some(wanted.from),
        }
    }

    /// Takes note of how many rows a window had, so that later ones fit into a page.
    pub fn learn(&mut self, window: Window, rows: u32) {
        // A few minutes say nothing about an hour.
        if window.minutes() >= 15 {
            let rate = f64::from(rows) / f64::from(window.minutes());
            self.rows_per_minute = Some(self.rows_per_minute.unwrap_or(0.0).max(rate));
        }
    }

    /// Forgets how many rows there are: from now on other lists are asked for.
    pub fn unlearn(&mut self) {
        self.rows_per_minute = None;
    }

    /// Takes note of how a poll went; `failed` is the first window that could not be read whole.
    pub fn finished(&mut self, now: Timestamp, failed: Option<Window>) {
        self.unfinished = failed.map(|window| window.from);
        if failed.is_none() {
            self.looked = Some(night(now));
        }
    }

    /// Length of a window that fits into one page. Without experience, a store has at most one
    /// row a minute; without stores, one window is tried and paged where it does not fit.
    fn minutes_per_page(&self, stores: usize) -> u32 {
        const SLACK: f64 = 0.9;
        let known = u32::try_from(stores).unwrap_or(u32::MAX);
        let rate = self.rows_per_minute.unwrap_or(f64::from(known));
        let longest = u32::try_from(LONGEST.num_minutes()).unwrap_or(u32::MAX);
        if rate <= 0.0 {
            return longest;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and a float cast saturates"
        )]
        let minutes = (f64::from(PAGE_SIZE) * SLACK / rate) as u32;
        minutes.clamp(15, longest)
    }
}

/// The night that `now` belongs to: it turns at 03:30 UTC.
fn night(now: Timestamp) -> i64 {
    let minute = now.hour() * 60 + now.minute();
    let days = now.timestamp().div_euclid(24 * 3600);
    if minute < SECOND_LOOK_MINUTE {
        days - 1
    } else {
        days
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn ask(now: &str, horizon: Option<&str>) -> Ask {
        Ask {
            now: at(now),
            since: at("2026-03-02T02:00:00Z"),
            horizon: horizon.map(at),
            known: Vec::new(),
            ..Ask::default()
        }
    }

    fn span(plan: &Plan) -> (Timestamp, Timestamp) {
        (
            plan.windows[0].from,
            plan.windows[plan.windows.len() - 1].to,
        )
    }

    #[test]
    fn a_first_start_asks_back_to_the_reset_and_later_polls_overlap() {
        let mut planner = Planner::default();
        let now = "2026-03-02T08:18:00Z";
        let plan = planner.plan(&ask(now, None), 0, 60, 2);
        assert_eq!(span(&plan), (at("2026-03-02T02:00:00Z"), at(now)));
        assert_eq!((plan.windows.len(), plan.cut_from), (1, None));
        let plan = planner.plan(&ask(now, Some("2026-03-02T08:00:00Z")), 1, 60, 2);
        assert_eq!(span(&plan), (at("2026-03-02T07:30:00Z"), at(now)));
    }

    #[test]
    fn the_past_day_is_read_again_once_a_night() {
        let mut planner = Planner::default();
        let mut first = |now: &str, horizon: &str, well: bool| {
            let ask = ask(now, Some(horizon));
            let plan = planner.plan(&ask, 2, 60, 2);
            let failed = (!well).then_some(plan.windows[0]);
            planner.finished(ask.now, failed);
            plan.windows[0].from
        };
        let day_before = at("2026-03-02T03:33:00Z");
        assert_eq!(
            first("2026-03-03T03:18:00Z", "2026-03-03T03:15:00Z", true),
            at("2026-03-03T02:45:00Z")
        );
        // A second look that failed is tried again.
        assert_eq!(
            first("2026-03-03T03:33:00Z", "2026-03-03T03:30:00Z", false),
            day_before
        );
        assert_eq!(
            first("2026-03-03T03:48:00Z", "2026-03-03T03:30:00Z", true),
            day_before
        );
        assert_eq!(
            first("2026-03-03T04:03:00Z", "2026-03-03T04:00:00Z", true),
            at("2026-03-03T03:30:00Z")
        );
    }

    #[test]
    fn a_window_that_failed_is_asked_again_even_when_the_horizon_moved_on() {
        let mut planner = Planner::default();
        let plan = planner.plan(&ask("2026-03-02T08:18:00Z", None), 1, 60, 2);
        planner.finished(at("2026-03-02T08:18:00Z"), Some(plan.windows[0]));
        let next = ask("2026-03-02T08:33:00Z", Some("2026-03-02T08:15:00Z"));
        assert_eq!(
            span(&planner.plan(&next, 1, 60, 2)).0,
            at("2026-03-02T02:00:00Z")
        );
        planner.finished(next.now, None);
        assert_eq!(
            span(&planner.plan(&next, 1, 60, 2)).0,
            at("2026-03-02T07:45:00Z")
        );
    }

    #[test]
    fn a_long_gap_is_read_in_windows_that_fit_a_page() {
        let mut planner = Planner::default();
        let live = Window {
            from: at("2026-03-02T07:30:00Z"),
            to: at("2026-03-02T08:00:00Z"),
        };
        planner.learn(live, 1500);
        let ask = ask("2026-03-02T20:00:00Z", Some("2026-03-02T08:00:00Z"));
        let plan = planner.plan(&ask, 200, 60, 2);
        let lengths: Vec<_> = plan.windows.iter().map(Window::minutes).collect();
        assert_eq!(lengths, [180, 180, 180, 180, 30]);
        for pair in plan.windows.windows(2) {
            assert_eq!(pair[0].to, pair[1].from);
        }
    }

    #[test]
    fn our_own_ceiling_cuts_the_oldest_part() {
        let mut planner = Planner::default();
        let ask = ask("2026-03-05T08:00:00Z", Some("2026-03-02T08:00:00Z"));
        let plan = planner.plan(&ask, 200, 60, 2);
        // 24 windows of 45 minutes are all that 60 requests allow beside the live polls.
        assert_eq!(plan.windows.len(), 24);
        assert_eq!(span(&plan).0, at("2026-03-04T14:00:00Z"));
        assert_eq!(plan.cut_from, Some(at("2026-03-02T07:30:00Z")));
        // With nothing left there is still the live window.
        assert_eq!(planner.plan(&ask, 200, 0, 2).windows.len(), 1);
    }

    #[test]
    fn a_clock_that_is_off_leaves_a_window() {
        let mut planner = Planner::default();
        for horizon in ["2036-01-01T00:00:00Z", "1999-01-01T00:00:00Z"] {
            let plan = planner.plan(&ask("2026-03-02T08:00:00Z", Some(horizon)), 1, 60, 2);
            let (from, to) = span(&plan);
            assert!(to - from >= OVERLAP && to - from <= LONGEST, "{plan:?}");
        }
    }
}
