//! Times of the Navixy platform: with an offset when asked for, else in the account's own zone.

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, SubsecRound, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::model::Timestamp;

/// A date-time as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    /// With an offset: an instant.
    Instant(Timestamp),
    /// Without one: local time of the account, from a server that ignores the ISO option.
    Naive(NaiveDateTime),
}

/// What is needed to turn stamps into instants, and to refuse absurd ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reckoning {
    /// The account's zone, when it is known.
    pub zone: Option<Tz>,
    /// The server's present instant.
    pub server_now: Timestamp,
}

/// A stamp further ahead of the server's own clock than this is nonsense, not skew.
const FURTHEST_AHEAD: TimeDelta = TimeDelta::days(1);

impl Stamp {
    /// Reads `2026-03-01T08:15:21-05:00`, `…Z` or `2026-03-01 08:15:21`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
            return Some(Self::Instant(whole_seconds(instant.to_utc())));
        }
        if let Ok(instant) = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%z") {
            return Some(Self::Instant(whole_seconds(instant.to_utc())));
        }
        ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
            .map(|local| Self::Naive(local.trunc_subsecs(0)))
    }

    /// Whether it needs the account's zone.
    pub(super) fn is_naive(self) -> bool {
        matches!(self, Self::Naive(_))
    }

    /// The instant closest to `near` that this stamp can mean.
    pub(super) fn nearest(self, zone: Option<Tz>, near: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Instant(instant) => Some(instant),
            Self::Naive(local) => candidates(local, zone?)
                .into_iter()
                .min_by_key(|candidate| (*candidate - near).abs()),
        }
    }
}

impl Reckoning {
    /// The instant that `text` means; `None` when it cannot be read, needs an unknown zone, lies
    /// before the vendor existed or far ahead of the server's clock.
    ///
    /// In the hour that is repeated at the end of daylight saving time a local stamp has two
    /// meanings. The later one that is not ahead of the server's clock is taken; a stamp that is
    /// ahead in both is cut to the server's clock, so that no age is negative.
    pub(super) fn instant(&self, text: &str) -> Option<Timestamp> {
        let instant = match Stamp::parse(text)? {
            Stamp::Instant(instant) => instant,
            Stamp::Naive(local) => self.local_time(local)?,
        };
        let plausible = EARLIEST..=self.server_now + FURTHEST_AHEAD;
        plausible.contains(&instant).then_some(instant)
    }

    fn local_time(&self, local: NaiveDateTime) -> Option<Timestamp> {
        let candidates = candidates(local, self.zone?);
        let past = candidates
            .iter()
            .rev()
            .find(|candidate| **candidate <= self.server_now);
        let ambiguous = candidates.len() > 1;
        match past {
            Some(instant) => Some(*instant),
            None if ambiguous => Some(self.server_now),
            None => candidates.first().copied(),
        }
    }
}

/// 2000-01-01: there were no trackers to speak of before.
const EARLIEST: Timestamp = match DateTime::from_timestamp(946_684_800, 0) {
    Some(instant) => instant,
    None => DateTime::UNIX_EPOCH,
};

/// The instants that a local time can mean, oldest first. A time in the gap of spring is read with
/// the offset from before the gap, as clocks that were not put forward would.
fn candidates(local: NaiveDateTime, zone: Tz) -> Vec<Timestamp> {
    match local.and_local_timezone(zone) {
        MappedLocalTime::Single(instant) => vec![instant.to_utc()],
        MappedLocalTime::Ambiguous(one, other) => {
            let (one, other) = (one.to_utc(), other.to_utc());
            vec![one.min(other), one.max(other)]
        }
        MappedLocalTime::None => {
            let before = local.checked_sub_signed(TimeDelta::hours(3));
            let shifted = before.and_then(|before| before.and_local_timezone(zone).earliest());
            let instant = shifted
                .and_then(|instant| instant.to_utc().checked_add_signed(TimeDelta::hours(3)));
            instant.into_iter().collect()
        }
    }
}

fn whole_seconds(instant: DateTime<Utc>) -> Timestamp {
    instant.trunc_subsecs(0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn reckoning(now: &str) -> Reckoning {
        Reckoning {
            zone: Some(chrono_tz::America::New_York),
            server_now: at(now),
        }
    }

    #[test]
    fn stamps_are_read_with_and_without_an_offset() {
        let now = reckoning("2026-03-01T13:15:30Z");
        let cases = [
            ("2026-03-01T08:15:21-05:00", Some("2026-03-01T13:15:21Z")),
            ("2026-03-01T08:15:21.75-05:00", Some("2026-03-01T13:15:21Z")),
            ("2026-03-01T08:15:21-0500", Some("2026-03-01T13:15:21Z")),
            ("2026-03-01T13:15:21Z", Some("2026-03-01T13:15:21Z")),
            ("2026-03-01 08:15:21", Some("2026-03-01T13:15:21Z")),
            ("2026-03-01T08:15:21", Some("2026-03-01T13:15:21Z")),
            ("2026-03-01", None),
            ("yesterday", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(now.instant(text), expected.map(at), "{text}");
        }
    }

    #[test]
    fn a_local_stamp_without_a_known_zone_means_nothing() {
        let now = Reckoning {
            zone: None,
            ..reckoning("2026-03-01T13:15:30Z")
        };
        assert_eq!(now.instant("2026-03-01 08:15:21"), None);
        assert!(now.instant("2026-03-01T08:15:21Z").is_some());
    }

    #[test]
    fn the_repeated_hour_is_never_ahead_of_the_server() {
        // Clocks go back from 02:00 to 01:00 local time at 06:00Z on 2026-11-01.
        let cases = [
            // First pass: 01:40 can only be that of the first pass, as the second is ahead.
            (
                "2026-11-01T05:50:00Z",
                "2026-11-01 01:40:00",
                "2026-11-01T05:40:00Z",
            ),
            // Second pass: 01:40 of this pass is the newer meaning.
            (
                "2026-11-01T06:50:00Z",
                "2026-11-01 01:40:00",
                "2026-11-01T06:40:00Z",
            ),
            // Second pass, but 01:55 of this pass is still ahead.
            (
                "2026-11-01T06:50:00Z",
                "2026-11-01 01:55:00",
                "2026-11-01T05:55:00Z",
            ),
            // First pass and ahead in both meanings: the age is clamped at 0.
            (
                "2026-11-01T05:50:00Z",
                "2026-11-01 01:55:00",
                "2026-11-01T05:50:00Z",
            ),
        ];
        for (now, text, expected) in cases {
            let instant = reckoning(now).instant(text);
            assert_eq!(instant, Some(at(expected)), "{text} at {now}");
        }
    }

    #[test]
    fn a_time_in_the_gap_of_spring_is_read_with_the_old_offset() {
        let instant = reckoning("2026-03-08T12:00:00Z").instant("2026-03-08 02:30:00");
        assert_eq!(instant, Some(at("2026-03-08T07:30:00Z")));
    }

    #[test]
    fn absurd_stamps_are_refused() {
        let now = reckoning("2026-03-01T13:15:30Z");
        for absurd in [
            "1970-01-01T00:00:00Z",
            "2099-01-01T00:00:00Z",
            "0001-01-01 00:00:00",
        ] {
            assert_eq!(now.instant(absurd), None, "{absurd}");
        }
        // A vehicle whose clock is a little fast is not absurd.
        assert!(now.instant("2026-03-01T13:20:00Z").is_some());
    }

    #[test]
    fn the_servers_own_naive_clock_is_taken_as_close_to_ours_as_it_can_be() {
        let stamp = Stamp::parse("2026-11-01 01:30:00").unwrap();
        let zone = Some(chrono_tz::America::New_York);
        for (near, expected) in [
            ("2026-11-01T05:31:00Z", "2026-11-01T05:30:00Z"),
            ("2026-11-01T06:29:00Z", "2026-11-01T06:30:00Z"),
        ] {
            assert_eq!(stamp.nearest(zone, at(near)), Some(at(expected)));
        }
        assert_eq!(stamp.nearest(None, at("2026-11-01T05:31:00Z")), None);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = reckoning("2026-03-01T13:15:30Z").instant(&text);
        }

        #[test]
        fn no_local_time_is_absurd(seconds in 0_i64..4_102_444_800) {
            let now = reckoning("2026-03-01T13:15:30Z");
            let local = DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
            if let Some(instant) = now.instant(&local.to_string()) {
                prop_assert!(instant >= EARLIEST);
                prop_assert!(instant <= now.server_now + FURTHEST_AHEAD);
            }
        }
    }
}
