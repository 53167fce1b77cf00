//! People inside as somebody counted them: local, an event with a reason, and reversible.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Timestamp;

/// Counts older than this change no estimate any more.
const KEPT: TimeDelta = TimeDelta::days(15);
/// A reason is cut at so many characters.
const LONGEST_REASON: usize = 80;

/// Somebody counted the people inside a store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandCount {
    /// When.
    pub at: Timestamp,
    /// How many were inside.
    pub people: u32,
    /// Why, in the operator's words; may be empty.
    pub reason: String,
    /// The number that was shown until then.
    #[serde(default)]
    pub was: Option<u32>,
    /// When it was taken back.
    #[serde(default)]
    pub undone: Option<Timestamp>,
}

impl HandCount {
    /// A count that stands. Control characters of the reason become spaces.
    #[must_use]
    pub fn new(at: Timestamp, people: u32, reason: &str) -> Self {
        let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
        let reason: String = reason.chars().map(plain).collect();
        Self {
            at,
            people,
            reason: reason.trim().chars().take(LONGEST_REASON).collect(),
            was: None,
            undone: None,
        }
    }

    /// In the place of the number that was shown until then.
    #[must_use]
    pub fn instead_of(mut self, was: Option<u32>) -> Self {
        self.was = was;
        self
    }
}

/// The counts by hand of one store, oldest first, with those that were taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HandCounts(Vec<HandCount>);

impl HandCounts {
    /// Takes a count in, and lets go of those that are too old to matter.
    pub fn add(&mut self, count: HandCount) {
        self.0.retain(|known| known.at > count.at - KEPT);
        self.0.push(count);
        self.0.sort_by_key(|count| count.at);
    }

    /// Takes back the newest count that stands; `None` when there is none.
    pub fn undo(&mut self, now: Timestamp) -> Option<HandCount> {
        let newest = self.0.iter_mut().rfind(|count| count.undone.is_none())?;
        newest.undone = Some(now);
        Some(newest.clone())
    }

    /// The counts as they stood at an instant of the past.
    #[must_use]
    pub fn known_at(&self, at: Timestamp) -> Self {
        let counts = self.0.iter().filter(|count| count.at <= at).cloned();
        Self(
            counts
                .map(|count| HandCount {
                    undone: count.undone.filter(|undone| *undone <= at),
                    ..count
                })
                .collect(),
        )
    }

    /// The instants at which something was counted or taken back, after `after`.
    pub fn turns(&self, after: Timestamp) -> impl Iterator<Item = Timestamp> {
        let counts = self.0.iter();
        counts
            .flat_map(|count| [Some(count.at), count.undone])
            .flatten()
            .filter(move |at| *at > after)
    }

    /// The counts that stand, oldest first.
    pub fn standing(&self) -> impl DoubleEndedIterator<Item = &HandCount> {
        self.0.iter().filter(|count| count.undone.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn undoing_goes_back_one_count_at_a_time_and_keeps_what_happened() {
        let mut counts = HandCounts::default();
        let count = |time, people| HandCount::new(at(time), people, "walked round");
        counts.add(count("2026-03-02T10:00:00Z", 12));
        counts.add(count("2026-03-02T12:00:00Z", 20));
        let now = at("2026-03-02T12:05:00Z");
        assert_eq!(counts.undo(now).unwrap().people, 20);
        let standing: Vec<_> = counts.standing().map(|count| count.people).collect();
        assert_eq!(standing, [12]);
        assert_eq!(counts.undo(now).unwrap().people, 12);
        assert_eq!(counts.undo(now), None);
        let written = serde_json::to_string(&counts).unwrap();
        let read: HandCounts = serde_json::from_str(&written).unwrap();
        assert_eq!(read, counts);
        assert_eq!(written.matches("12:05:00Z").count(), 2, "{written}");
    }

    #[test]
    fn the_past_is_told_as_it_was() {
        let mut counts = HandCounts::default();
        counts.add(HandCount::new(at("2026-03-02T10:00:00Z"), 12, ""));
        counts.undo(at("2026-03-02T11:00:00Z"));
        let standing = |time: &str| counts.known_at(at(time)).standing().count();
        let times = [
            "2026-03-02T09:59:59Z",
            "2026-03-02T10:30:00Z",
            "2026-03-02T11:00:00Z",
        ];
        assert_eq!(times.map(standing), [0, 1, 0]);
        let turns: Vec<_> = counts.turns(at("2026-03-02T10:00:00Z")).collect();
        assert_eq!(turns, [at("2026-03-02T11:00:00Z")]);
    }

    #[test]
    fn what_is_too_old_to_matter_goes() {
        let mut counts = HandCounts::default();
        counts.add(HandCount::new(at("2026-03-02T10:00:00Z"), 1, ""));
        counts.add(HandCount::new(at("2026-03-30T10:00:00Z"), 2, ""));
        assert_eq!(counts.standing().count(), 1);
    }

    #[test]
    fn a_reason_is_plain_and_short() {
        let long = format!(" fire\u{1b}drill\n{}", "x".repeat(200));
        let reason = HandCount::new(at("2026-03-02T10:00:00Z"), 1, &long).reason;
        assert!(reason.starts_with("fire drill xxx"), "{reason}");
        assert_eq!(reason.chars().count(), 80);
    }
}
