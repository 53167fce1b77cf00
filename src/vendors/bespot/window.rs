//! Which span of time a poll asks for, pure.

use chrono::{TimeDelta, Timelike};
use serde::{Deserialize, Serialize};

use crate::model::Timestamp;
use crate::model::attempt::Ask;
use crate::model::ledger::spans::Spans;

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
/// The live window is not cut below this, even where that takes more than a page: it is the usual
/// one with its overlap, and a poll that was missed.
const LIVE: TimeDelta = TimeDelta::minutes(60);
/// Most windows of the past in one poll, so that the live numbers need not wait for long.
const AT_ONCE: usize = 6;

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
}

/// Decides on spans; knows what is still to be read of the past. Serialized it survives a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Planner {
    /// What is still to be read. It is read from its end to its begin, behind the live window, so
    /// that what was read is always in one piece with now.
    owed: Spans,
    /// Minutes that were owed when catching up began, with those that joined since.
    whole: i64,
    /// The night of the last second look, in days since 1970.
    looked: Option<i64>,
    /// Most rows a minute that any list has had.
    #[serde(skip)]
    rows_per_minute: Option<f64>,
}

/// What a poll may cost.
#[derive(Clone, Copy, Debug)]
pub struct Means {
    /// Requests that are left in this hour.
    pub free: u32,
    /// Requests that a window takes.
    pub each: u32,
    /// Stores that history knows.
    pub stores: usize,
}

impl Planner {
    /// The windows of the next poll: the live one, then some of what is owed, newest first.
    #[must_use]
    pub fn plan(&mut self, ask: &Ask, means: Means) -> Vec<Window> {
        let now = ask.now;
        let page = TimeDelta::minutes(self.minutes_per_page(means.stores).into());
        // The vendor's stamps or our clock may be off: there is always a window to ask for.
        let mut from = (ask.horizon.map_or(ask.since, |horizon| horizon - OVERLAP))
            .clamp(now - LONGEST, now - OVERLAP);
        self.owed.remove(Timestamp::UNIX_EPOCH, now - LONGEST);
        let night = night(now);
        // The first night of a program's life is taken as done: it starts with all it needs.
        if self
            .looked
            .replace(night)
            .is_some_and(|looked| looked != night)
        {
            self.owe(now - SECOND_LOOK, from);
        }
        if let Some((begin, _)) = self.owed.iter().next_back().filter(|(_, end)| *end >= from) {
            // In one piece with what is new: where it fits into the page it costs nothing.
            from = from.min(begin);
        }
        let live = Window {
            from: from.max(now - page.max(LIVE)),
            to: now,
        };
        self.owe(from, live.from);
        let mut windows = vec![live];
        windows.extend(self.pieces(live.from, page).take(affordable(means)));
        windows
    }

    /// Takes note that a window was read whole.
    pub fn read(&mut self, window: Window) {
        self.owed.remove(window.from, window.to);
    }

    /// Takes note that a window was not read whole, though some of it may have come and moved the
    /// horizon on.
    pub fn failed(&mut self, window: Window) {
        self.owe(window.from, window.to);
    }

    /// How far catching up has come, in words; `None` when all is read.
    #[must_use]
    pub fn progress(&self) -> Option<String> {
        let hours = |minutes: i64| (minutes + 59) / 60;
        let (left, whole) = (hours(self.left()), hours(self.whole));
        (left > 0).then(|| format!("catching up: {} of {whole} hours", (whole - left).max(0)))
    }

    fn owe(&mut self, from: Timestamp, to: Timestamp) {
        let before = self.left();
        self.owed.add(from, to);
        let kept = if before == 0 { 0 } else { self.whole };
        self.whole = kept + self.left() - before;
    }

    /// Minutes that are still to be read.
    fn left(&self) -> i64 {
        let minutes = |(from, to): (Timestamp, Timestamp)| (to - from).num_minutes();
        self.owed.iter().map(minutes).sum()
    }

    /// What is owed before `end` in windows of at most `length`, newest first.
    fn pieces(&self, end: Timestamp, length: TimeDelta) -> impl Iterator<Item = Window> {
        self.owed.iter().rev().flat_map(move |(begin, until)| {
            let mut to = until.min(end);
            std::iter::from_fn(move || {
                let from = begin.max(to - length);
                let piece = (from < to).then_some(Window { from, to });
                to = from;
                piece
            })
        })
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

/// Windows that may be read beside the live one.
fn affordable(means: Means) -> usize {
    let reserve = RESERVE.min(means.free / 2) + means.each;
    let windows = means.free.saturating_sub(reserve) / means.each.max(1);
    usize::try_from(windows).map_or(AT_ONCE, |windows| windows.min(AT_ONCE))
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

    fn means(stores: usize, free: u32) -> Means {
        Means {
            free,
            each: 2,
            stores,
        }
    }

    fn window(from: &str, to: &str) -> Window {
        Window {
            from: at(from),
            to: at(to),
        }
    }

    /// Plans a poll and reads all of it; gives the windows.
    fn poll(planner: &mut Planner, now: &str, horizon: &str, stores: usize) -> Vec<Window> {
        let windows = planner.plan(&ask(now, Some(horizon)), means(stores, 60));
        for window in &windows {
            planner.read(*window);
        }
        windows
    }

    #[test]
    fn a_first_start_asks_back_to_the_reset_and_later_polls_overlap() {
        let mut planner = Planner::default();
        let now = "2026-03-02T08:18:00Z";
        let windows = planner.plan(&ask(now, None), means(0, 60));
        assert_eq!(windows, [window("2026-03-02T02:00:00Z", now)]);
        planner.read(windows[0]);
        let windows = poll(&mut planner, now, "2026-03-02T08:00:00Z", 1);
        assert_eq!(windows, [window("2026-03-02T07:30:00Z", now)]);
        assert_eq!(planner.progress(), None);
    }

    #[test]
    fn the_past_day_is_read_again_once_a_night() {
        let mut planner = Planner::default();
        let mut from = |now: &str, horizon: &str, well: bool| {
            let windows = planner.plan(&ask(now, Some(horizon)), means(2, 60));
            assert_eq!(windows.len(), 1);
            if well {
                planner.read(windows[0]);
            } else {
                planner.failed(windows[0]);
            }
            // As it would be after a restart.
            let kept = serde_json::to_value(&planner).unwrap();
            planner = serde_json::from_value(kept).unwrap();
            windows[0].from
        };
        let day_before = at("2026-03-02T03:33:00Z");
        assert_eq!(
            from("2026-03-03T03:18:00Z", "2026-03-03T03:15:00Z", true),
            at("2026-03-03T02:45:00Z")
        );
        // A second look that failed is tried again.
        assert_eq!(
            from("2026-03-03T03:33:00Z", "2026-03-03T03:30:00Z", false),
            day_before
        );
        assert_eq!(
            from("2026-03-03T03:48:00Z", "2026-03-03T03:30:00Z", true),
            day_before
        );
        assert_eq!(
            from("2026-03-03T04:03:00Z", "2026-03-03T04:00:00Z", true),
            at("2026-03-03T03:30:00Z")
        );
    }

    #[test]
    fn a_window_that_failed_is_asked_again_even_when_the_horizon_moved_on() {
        let mut planner = Planner::default();
        let windows = planner.plan(&ask("2026-03-02T08:18:00Z", None), means(1, 60));
        planner.failed(windows[0]);
        let (now, horizon) = ("2026-03-02T08:33:00Z", "2026-03-02T08:15:00Z");
        let windows = poll(&mut planner, now, horizon, 1);
        assert_eq!(windows, [window("2026-03-02T02:00:00Z", now)]);
        let windows = poll(&mut planner, now, horizon, 1);
        assert_eq!(windows, [window("2026-03-02T07:45:00Z", now)]);
    }

    #[test]
    fn a_long_gap_is_read_newest_first_in_windows_that_fit_a_page() {
        let mut planner = Planner::default();
        planner.learn(window("2026-03-02T07:30:00Z", "2026-03-02T08:00:00Z"), 1500);
        let now = "2026-03-02T20:00:00Z";
        let windows = poll(&mut planner, now, "2026-03-02T08:00:00Z", 200);
        let lengths: Vec<_> = windows.iter().map(Window::minutes).collect();
        assert_eq!(lengths, [180, 180, 180, 180, 30]);
        assert_eq!(windows[0].to, at(now));
        for pair in windows.windows(2) {
            assert_eq!(pair[0].from, pair[1].to);
        }
        assert_eq!(planner.progress(), None);
    }

    #[test]
    fn a_gap_of_days_is_read_over_several_polls_behind_the_live_window() {
        let mut planner = Planner::default();
        let mut horizon = "2026-03-02T08:00:00Z".to_owned();
        let mut now = at("2026-03-05T08:03:00Z");
        let mut read_from = now;
        let mut polls = 0;
        loop {
            let shown = now.to_rfc3339();
            let windows = poll(&mut planner, &shown, &horizon, 200);
            assert!(windows.len() <= 1 + AT_ONCE, "{windows:?}");
            assert!(windows[1..].iter().all(|window| window.minutes() <= 45));
            // All that was read so far is in one piece.
            assert!(windows.iter().any(|window| window.to >= read_from));
            let oldest = windows.iter().map(|window| window.from).min().unwrap();
            read_from = read_from.min(oldest);
            polls += 1;
            if polls == 2 {
                let said = planner.progress().unwrap();
                assert!(said.starts_with("catching up: 9 of 72 hours"), "{said}");
            }
            if planner.progress().is_none() {
                break;
            }
            horizon = (now - TimeDelta::minutes(3)).to_rfc3339();
            now += TimeDelta::minutes(15);
        }
        assert_eq!(read_from, at("2026-03-02T07:30:00Z"));
        assert_eq!(polls, 16);
    }

    #[test]
    fn what_the_hour_does_not_allow_waits() {
        let mut planner = Planner::default();
        let late = ask("2026-03-05T08:00:00Z", Some("2026-03-02T08:00:00Z"));
        let count = |planner: &mut Planner, free| planner.plan(&late, means(200, free)).len();
        assert_eq!(count(&mut planner, 60), 7);
        assert_eq!(count(&mut planner, 18), 4);
        // With nothing left there is still the live window.
        assert_eq!(count(&mut planner, 0), 1);
        assert!(planner.progress().unwrap().contains("0 of 72 hours"));
    }

    #[test]
    fn what_is_too_old_is_given_up() {
        let mut planner = Planner::default();
        let windows = planner.plan(
            &ask("2026-03-05T08:00:00Z", Some("2026-03-02T08:00:00Z")),
            means(200, 0),
        );
        planner.read(windows[0]);
        poll(
            &mut planner,
            "2026-03-20T08:00:00Z",
            "2026-03-20T07:45:00Z",
            200,
        );
        // What is left is the second look of that night.
        assert!(planner.progress().unwrap().ends_with("of 24 hours"));
    }

    #[test]
    fn a_clock_that_is_off_leaves_a_window() {
        for horizon in ["2036-01-01T00:00:00Z", "1999-01-01T00:00:00Z"] {
            let mut planner = Planner::default();
            let windows = planner.plan(&ask("2026-03-02T08:00:00Z", Some(horizon)), means(1, 60));
            let span = windows[0].to - windows[0].from;
            assert!(span >= OVERLAP && span <= LONGEST, "{windows:?}");
        }
    }
}
