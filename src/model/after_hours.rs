//! People who cross the doors of a store while it is closed: a burglar, a wrong clock, or opening
//! hours that are not true.

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::Timestamp;
use super::calendar::Hours;
use super::reading::Flow;

/// For so long after closing and before opening people may come and go: customers who are still
/// leaving, and staff.
pub const TAIL: TimeDelta = TimeDelta::minutes(60);

/// So far back the last closing is looked for.
const LOOK_BACK: TimeDelta = TimeDelta::days(8);

/// Who crossed the doors of a store in one stretch in which it was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AfterHours {
    /// People in.
    pub entered: u64,
    /// People out.
    pub left: u64,
    /// When it had closed; `None` when it has been closed for more than a week.
    pub since: Option<Timestamp>,
    /// When it opens again; `None` when it never does.
    pub until: Option<Timestamp>,
    /// Start of the first interval in which somebody crossed.
    pub first: Timestamp,
    /// Start and end of the last one.
    pub last: (Timestamp, Timestamp),
}

impl AfterHours {
    /// How many crossed.
    #[must_use]
    pub fn crossed(&self) -> u64 {
        self.entered + self.left
    }

    /// Whether this is still the newest stretch in which the store was closed at `now`: news until
    /// it closes again.
    #[must_use]
    pub fn is_news(&self, hours: &Hours, zone: Tz, now: Timestamp) -> bool {
        let Some(opens) = self.until.filter(|opens| *opens <= now) else {
            return true;
        };
        hours
            .next_change(zone, opens)
            .is_none_or(|closes| now < closes)
    }
}

/// Watches the doors of one store.
#[derive(Clone, Debug, Default)]
pub(super) struct NightWatch {
    /// The stretch that was looked up last: readings come by time.
    around: Option<Stretch>,
    seen: Option<Seen>,
}

/// A stretch of time in which a store is open or closed throughout, `[from, to)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    open: bool,
}

/// Signed, because a correction takes back what was counted.
#[derive(Clone, Copy, Debug)]
struct Seen {
    stretch: Stretch,
    entered: i64,
    left: i64,
    first: Timestamp,
    last: (Timestamp, Timestamp),
}

impl NightWatch {
    /// Takes what a door counted in `[start, end)`, in place of `old`. An interval counts when the
    /// store was closed throughout, with [`TAIL`] to spare at both ends.
    pub fn take(
        &mut self,
        (hours, zone): (&Hours, Tz),
        (start, end): (Timestamp, Timestamp),
        (flow, old): (Flow, Flow),
    ) {
        if hours.is_always() || (flow == Flow::default() && old == Flow::default()) {
            return;
        }
        let known = self.around.filter(|stretch| stretch.has(start));
        let stretch = known.unwrap_or_else(|| Stretch::at(hours, zone, start));
        self.around = Some(stretch);
        if !stretch.is_quiet(start, end) {
            return;
        }
        // A long stretch loses its beginning out of sight, never its end.
        let before = self.seen.map(|seen| seen.stretch.end());
        if before.is_none_or(|end| end < stretch.end()) {
            self.seen = Some(Seen {
                stretch,
                entered: 0,
                left: 0,
                first: start,
                last: (start, end),
            });
        }
        let Some(seen) = (self.seen.as_mut()).filter(|seen| seen.stretch.end() == stretch.end())
        else {
            return;
        };
        seen.entered += i64::from(flow.entered) - i64::from(old.entered);
        seen.left += i64::from(flow.left) - i64::from(old.left);
        if flow != Flow::default() {
            seen.first = seen.first.min(start);
            seen.last = seen.last.max((start, end));
        }
    }

    /// Who crossed in the newest stretch in which anybody did.
    pub fn seen(&self) -> Option<AfterHours> {
        let seen = self.seen?;
        let (entered, left) = (people(seen.entered), people(seen.left));
        (entered + left > 0).then_some(AfterHours {
            entered,
            left,
            since: seen.stretch.from,
            until: seen.stretch.to,
            first: seen.first,
            last: seen.last,
        })
    }
}

impl Stretch {
    fn at(hours: &Hours, zone: Tz, at: Timestamp) -> Self {
        let mut from = None;
        for opening in hours.openings(zone, at - LOOK_BACK) {
            if opening.from > at {
                return Self {
                    from,
                    to: Some(opening.from),
                    open: false,
                };
            }
            if opening.until > at {
                return Self {
                    from: Some(opening.from),
                    to: Some(opening.until),
                    open: true,
                };
            }
            from = Some(opening.until);
        }
        Self {
            from,
            to: None,
            open: false,
        }
    }

    fn has(&self, at: Timestamp) -> bool {
        self.from.is_some_and(|from| from <= at) && self.to.is_some_and(|to| at < to)
    }

    fn end(&self) -> Timestamp {
        self.to.unwrap_or(Timestamp::MAX_UTC)
    }

    /// Whether nobody should cross in `[start, end)`.
    fn is_quiet(&self, start: Timestamp, end: Timestamp) -> bool {
        !self.open
            && self.from.is_none_or(|from| start >= from + TAIL)
            && self.to.is_none_or(|to| end <= to - TAIL)
    }
}

fn people(number: i64) -> u64 {
    number.max(0).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::Athens;

    use super::*;
    use crate::model::calendar::Span;

    fn hours() -> Hours {
        let day = vec![Span {
            open: 9 * 60,
            close: 21 * 60,
        }];
        let mut week: [Vec<Span>; 7] = std::array::from_fn(|_| day.clone());
        week[6].clear();
        Hours::weekly(week, Vec::new())
    }

    /// An instant of March 2026 in Athens, two hours ahead of UTC; the 2nd is a Monday.
    fn at(day: u32, hour: u32, minute: u32) -> Timestamp {
        let text = format!("2026-03-{day:02}T{hour:02}:{minute:02}:00+02:00");
        text.parse().unwrap()
    }

    fn flow(entered: u32, left: u32) -> Flow {
        Flow { entered, left }
    }

    fn quarter(watch: &mut NightWatch, start: Timestamp, new: Flow, old: Flow) {
        let end = start + TimeDelta::minutes(15);
        watch.take((&hours(), Athens), (start, end), (new, old));
    }

    #[test]
    fn what_crosses_a_closed_door_is_added_up_by_night() {
        let mut watch = NightWatch::default();
        let nobody = Flow::default();
        quarter(&mut watch, at(2, 14, 0), flow(30, 20), nobody);
        assert_eq!(watch.seen(), None, "open");
        quarter(&mut watch, at(2, 21, 45), flow(0, 9), nobody);
        quarter(&mut watch, at(3, 8, 0), flow(2, 0), nobody);
        assert_eq!(
            watch.seen(),
            None,
            "the hour after closing and before opening"
        );
        quarter(&mut watch, at(2, 22, 0), flow(4, 1), nobody);
        quarter(&mut watch, at(2, 23, 0), flow(5, 5), nobody);
        quarter(&mut watch, at(3, 0, 30), flow(0, 0), nobody);
        let seen = watch.seen().unwrap();
        assert_eq!((seen.entered, seen.left, seen.crossed()), (9, 6, 15));
        assert_eq!(
            (seen.since, seen.until),
            (Some(at(2, 21, 0)), Some(at(3, 9, 0)))
        );
        assert_eq!(
            (seen.first, seen.last),
            (at(2, 22, 0), (at(2, 23, 0), at(2, 23, 15)))
        );
        quarter(&mut watch, at(2, 22, 0), flow(3, 1), flow(4, 1));
        assert_eq!(watch.seen().unwrap().entered, 8, "a correction replaces");
        quarter(&mut watch, at(3, 23, 0), flow(1, 0), nobody);
        let next = watch.seen().unwrap();
        assert_eq!((next.crossed(), next.since), (1, Some(at(3, 21, 0))));
        quarter(&mut watch, at(2, 23, 30), flow(7, 0), nobody);
        assert_eq!(
            watch.seen().unwrap().crossed(),
            1,
            "the night before is over"
        );
        quarter(&mut watch, at(3, 23, 0), nobody, flow(1, 0));
        assert_eq!(watch.seen(), None, "all of it was taken back");
    }

    #[test]
    fn a_closed_day_is_one_stretch_and_news_until_the_next_closing() {
        let mut watch = NightWatch::default();
        quarter(&mut watch, at(8, 12, 0), flow(1, 1), Flow::default());
        let seen = watch.seen().unwrap();
        assert_eq!(
            (seen.since, seen.until),
            (Some(at(7, 21, 0)), Some(at(9, 9, 0)))
        );
        for (now, news) in [
            (at(8, 12, 20), true),
            (at(9, 10, 0), true),
            (at(9, 21, 0), false),
        ] {
            assert_eq!(seen.is_news(&hours(), Athens, now), news, "{now}");
        }
    }

    #[test]
    fn who_never_closes_is_never_watched_and_who_never_opens_always() {
        let (day, nobody) = ((at(2, 12, 0), at(2, 12, 15)), Flow::default());
        let mut watch = NightWatch::default();
        watch.take((&Hours::always(), Athens), day, (flow(3, 0), nobody));
        assert_eq!(watch.seen(), None);
        let never = Hours::weekly(std::array::from_fn(|_| Vec::new()), Vec::new());
        watch.take((&never, Athens), day, (flow(3, 0), nobody));
        let seen = watch.seen().unwrap();
        assert_eq!((seen.crossed(), seen.since, seen.until), (3, None, None));
        assert!(seen.is_news(&never, Athens, at(30, 0, 0)));
    }
}
