//! How long a counter's intervals are, from the distances between its rows.
//!
//! The interval belongs to the counter and the customer may change it, so no length is assumed
//! where rows show one. A row that is missing makes a distance longer, never shorter.

use std::collections::BTreeMap;

use crate::model::Timestamp;

/// Shortest interval that is believed, in seconds.
const SHORTEST: i64 = 60;
/// Longest interval that is believed, in seconds: a day, the autumn one included.
const LONGEST: i64 = 25 * 3600;
/// So many equal distances outweigh what was known before.
const ENOUGH: usize = 3;

/// What is known of a counter's interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Length in seconds.
    pub seconds: u32,
    /// Seen in rows; otherwise it is only what the configuration or the vendor's default says.
    pub seen: bool,
}

/// The interval of a counter whose rows start at these ascending instants. `known` is what
/// earlier rows showed, `default` what holds without any.
#[must_use]
pub fn interval(starts: &[Timestamp], known: Option<u32>, default: u32) -> Interval {
    let found = most_common_distance(starts);
    let seen = |seconds| Interval {
        seconds,
        seen: true,
    };
    match (found, known) {
        (Some((seconds, votes)), _) if votes >= ENOUGH => seen(seconds),
        (_, Some(known)) => seen(known),
        // A distance or two may span missing rows, so it only ever shortens the default.
        (Some((seconds, _)), None) if seconds <= default => seen(seconds),
        _ => Interval {
            seconds: default,
            seen: false,
        },
    }
}

/// The most common distance between neighbours and how often it occurs; the shorter of two.
fn most_common_distance(starts: &[Timestamp]) -> Option<(u32, usize)> {
    let mut votes: BTreeMap<u32, usize> = BTreeMap::new();
    for pair in starts.windows(2) {
        let distance = (pair[1] - pair[0]).num_seconds();
        if (SHORTEST..=LONGEST).contains(&distance) {
            *votes.entry(u32::try_from(distance).ok()?).or_default() += 1;
        }
    }
    let best = votes
        .iter()
        .max_by_key(|(distance, count)| (**count, std::cmp::Reverse(**distance)));
    best.map(|(distance, count)| (*distance, *count))
}

/// The length of the row that starts at `start`: its counter's interval, less where the next row
/// comes earlier.
#[must_use]
pub fn span(start: Timestamp, next: Option<Timestamp>, interval: Interval) -> u32 {
    let distance = next.and_then(|next| u32::try_from((next - start).num_seconds()).ok());
    match distance {
        Some(distance) if distance > 0 => interval.seconds.min(distance),
        _ => interval.seconds,
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use proptest::prelude::*;

    use super::*;

    fn starts(minutes: &[i64]) -> Vec<Timestamp> {
        let at = |minute: &i64| Timestamp::UNIX_EPOCH + TimeDelta::minutes(*minute);
        minutes.iter().map(at).collect()
    }

    #[test]
    fn the_most_common_distance_is_the_interval() {
        let cases: [(&[i64], Option<u32>, u32, bool); 10] = [
            (&[0, 15, 30, 45], None, 900, true),
            (&[0, 60, 120, 180], None, 3600, true),
            // Missing rows.
            (&[0, 15, 45, 60, 75, 120, 135], None, 900, true),
            // Too little to tell.
            (&[], None, 3600, false),
            (&[0], None, 3600, false),
            (&[0, 120], None, 3600, false),
            (&[0, 30], None, 1800, true),
            // What is known outlives a sparse day, and gives way to a clear one.
            (&[0, 120], Some(900), 900, true),
            (&[0], Some(900), 900, true),
            (&[0, 30, 60, 90], Some(900), 1800, true),
        ];
        for (minutes, known, seconds, seen) in cases {
            let found = interval(&starts(minutes), known, 3600);
            assert_eq!(found, Interval { seconds, seen }, "{minutes:?}");
        }
    }

    #[test]
    fn no_row_reaches_into_the_next() {
        let hour = Interval {
            seconds: 3600,
            seen: true,
        };
        let rows = starts(&[0, 15, 30, 200]);
        let spans: Vec<_> = rows
            .iter()
            .enumerate()
            .map(|(i, start)| span(*start, rows.get(i + 1).copied(), hour))
            .collect();
        assert_eq!(spans, [900, 900, 3600, 3600]);
    }

    proptest! {
        #[test]
        fn an_interval_is_always_believable(
            minutes in prop::collection::vec(-10_000_i64..10_000, 0..50),
            known in prop::option::of(60_u32..86_400),
        ) {
            let mut minutes = minutes;
            minutes.sort_unstable();
            let found = interval(&starts(&minutes), known, 3600);
            prop_assert!((60..=90_000).contains(&found.seconds));
        }
    }
}
