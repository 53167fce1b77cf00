//! Opening hours.

use std::collections::VecDeque;

use chrono::{Datelike, NaiveDate, NaiveTime, TimeDelta, Weekday};
use chrono_tz::Tz;

use super::days::{first_instant, local_date, shifted};
use crate::model::Timestamp;

/// Opening hours of a store in its own zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Hours {
    /// Opening spans by weekday, Monday first and each day sorted; `None` means always open.
    week: Option<[Vec<Span>; 7]>,
    /// Local dates on which the store stays closed, sorted.
    closed: Vec<NaiveDate>,
}

/// One opening span of a day, in minutes after local midnight; `close` may be past 1440 when it
/// closes after midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First open minute.
    pub open: u16,
    /// First closed minute; greater than `open`.
    pub close: u16,
}

/// A stretch of time in which a store is open without a break, `[from, until)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// When it opens.
    pub from: Timestamp,
    /// When it closes; the end of time where it never does.
    pub until: Timestamp,
}

const ALL_DAY: [Span; 1] = [Span {
    open: 0,
    close: 1440,
}];

impl Hours {
    /// Open around the clock, every day.
    #[must_use]
    pub fn always() -> Self {
        Self {
            week: None,
            closed: Vec::new(),
        }
    }

    /// Hours by weekday (Monday first) and closed dates.
    #[must_use]
    pub fn weekly(mut week: [Vec<Span>; 7], closed: Vec<NaiveDate>) -> Self {
        for day in &mut week {
            day.sort_unstable_by_key(|span| (span.open, span.close));
        }
        Self {
            week: Some(week),
            ..Self::always_but(closed)
        }
    }

    /// Always open but for some dates.
    #[must_use]
    pub fn always_but(mut closed: Vec<NaiveDate>) -> Self {
        closed.sort_unstable();
        closed.dedup();
        Self { week: None, closed }
    }

    /// Whether it is open around the clock, every day.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.week.is_none() && self.closed.is_empty()
    }

    /// The opening spans of a local date, empty when closed.
    #[must_use]
    pub fn spans(&self, date: NaiveDate) -> Vec<Span> {
        self.day(date).to_vec()
    }

    /// Whether the store is open at `now`.
    #[must_use]
    pub fn open_at(&self, zone: Tz, now: Timestamp) -> bool {
        let next = self.openings(zone, now).next();
        next.is_some_and(|opening| opening.from <= now)
    }

    /// Open seconds in `[from, to)`.
    #[must_use]
    pub fn open_seconds(&self, zone: Tz, from: Timestamp, to: Timestamp) -> i64 {
        self.openings(zone, from)
            .take_while(|opening| opening.from < to)
            .map(|opening| opening.until.min(to) - opening.from.max(from))
            .sum::<TimeDelta>()
            .num_seconds()
    }

    /// The next instant after `now` at which the store opens or closes; `None` when it never does.
    #[must_use]
    pub fn next_change(&self, zone: Tz, now: Timestamp) -> Option<Timestamp> {
        let opening = self.openings(zone, now).next()?;
        if opening.from > now {
            return Some(opening.from);
        }
        (opening.until < Timestamp::MAX_UTC).then_some(opening.until)
    }

    /// The newest opening instant at or before `now`, looking back eight days at most.
    #[must_use]
    pub fn opened_at(&self, zone: Tz, now: Timestamp) -> Option<Timestamp> {
        let earliest = now - TimeDelta::days(8);
        // A run that was open before the look back began has its opening before `earliest`.
        self.openings(zone, earliest - TimeDelta::days(1))
            .map(|opening| opening.from)
            .take_while(|from| *from <= now)
            .filter(|from| *from >= earliest)
            .last()
    }

    /// The openings that end after `after`, oldest first; days that touch are one opening.
    ///
    /// The first one may have begun up to two days before `after`; what is older is cut off.
    pub fn openings(&self, zone: Tz, after: Timestamp) -> impl Iterator<Item = Opening> {
        Openings {
            hours: self,
            zone,
            date: shifted(local_date(zone, after), -2),
            queue: VecDeque::new(),
            ended: false,
        }
        .skip_while(move |opening| opening.until <= after)
    }

    fn day(&self, date: NaiveDate) -> &[Span] {
        if self.closed.binary_search(&date).is_ok() {
            return &[];
        }
        match &self.week {
            None => &ALL_DAY,
            Some(week) => &week[date.weekday().num_days_from_monday() as usize],
        }
    }
}

/// Walks the calendar day by day and joins spans that touch or overlap.
struct Openings<'a> {
    hours: &'a Hours,
    zone: Tz,
    /// The next date to read.
    date: NaiveDate,
    /// Spans of the dates read so far that belong to no finished opening.
    queue: VecDeque<Opening>,
    /// The last opening, one without an end, was given.
    ended: bool,
}

impl Iterator for Openings<'_> {
    type Item = Opening;

    fn next(&mut self) -> Option<Opening> {
        if self.ended {
            return None;
        }
        // A week after the last closed date everything has been seen: what is open until then
        // never closes, what is closed never opens.
        let last_closed = self.hours.closed.last().copied();
        let last = shifted(last_closed.map_or(self.date, |date| date.max(self.date)), 8);
        let mut run: Option<Opening> = None;
        loop {
            while let Some(next) = self.queue.front().copied() {
                match &mut run {
                    None => run = Some(next),
                    Some(run) if next.from <= run.until => run.until = run.until.max(next.until),
                    Some(run) => return Some(*run),
                }
                self.queue.pop_front();
            }
            let midnight = self.instant(self.date, 0);
            if let Some(run) = run.filter(|run| run.until < midnight) {
                return Some(run);
            }
            if self.date > last || (run.is_some() && self.hours.is_always()) {
                self.ended = true;
                return run.map(|run| Opening {
                    until: Timestamp::MAX_UTC,
                    ..run
                });
            }
            self.read_day();
        }
    }
}

impl Openings<'_> {
    fn read_day(&mut self) {
        for span in self.hours.day(self.date) {
            let opening = Opening {
                from: self.instant(self.date, span.open),
                until: self.instant(self.date, span.close),
            };
            // A span inside a spring gap has no length.
            if opening.from < opening.until {
                self.queue.push_back(opening);
            }
        }
        self.date = shifted(self.date, 1);
    }

    /// The instant of a minute after the midnight of a date, by the wall clock.
    fn instant(&self, date: NaiveDate, minute: u16) -> Timestamp {
        let date = shifted(date, i64::from(minute / 1440));
        let minute = u32::from(minute % 1440);
        let time = NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).unwrap_or_default();
        first_instant(self.zone, date, time)
    }
}

/// Reads a weekday or a range of weekdays as the configuration writes them (`mon`, `mon-fri`).
/// A range may go over the weekend (`sat-mon`).
#[must_use]
pub fn weekdays(text: &str) -> Option<Vec<Weekday>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (mut day, last) = (weekday(first)?, weekday(last)?);
    let mut days = vec![day];
    while day != last {
        day = day.succ();
        days.push(day);
    }
    Some(days)
}

fn weekday(text: &str) -> Option<Weekday> {
    let days = [
        ("mon", Weekday::Mon),
        ("tue", Weekday::Tue),
        ("wed", Weekday::Wed),
        ("thu", Weekday::Thu),
        ("fri", Weekday::Fri),
        ("sat", Weekday::Sat),
        ("sun", Weekday::Sun),
    ];
    let (_, day) = days.iter().find(|(word, _)| *word == text)?;
    Some(*day)
}
