//! Counts that a vendor changed after they had settled.

use chrono::TimeDelta;

use crate::model::Timestamp;
use crate::model::reading::Flow;

/// So many corrected intervals of a counter's day are kept, the newest.
pub const CORRECTIONS: usize = 4;

/// A settled count that the vendor changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Correction {
    /// When its interval begins.
    pub start: Timestamp,
    /// The length of the interval in seconds.
    pub span_s: u32,
    /// In and out as they were first taken for settled.
    pub old: Flow,
    /// In and out as they stand now.
    pub new: Flow,
    /// When the new count became known.
    pub known_at: Timestamp,
}

impl Correction {
    /// The end of the interval.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.start + TimeDelta::seconds(self.span_s.into())
    }

    /// `40 in, 39 out -> 31 in, 19 out`.
    #[must_use]
    pub fn change(&self) -> String {
        let said = |flow: Flow| format!("{} in, {} out", flow.entered, flow.left);
        format!("{} -> {}", said(self.old), said(self.new))
    }

    /// Adds it to those that are known, newest first. An interval that is corrected again stands
    /// once, from its first count to its last.
    pub fn join(self, known: &mut Vec<Self>) {
        let before = known.iter().position(|other| other.start == self.start);
        let first = before.map_or(self.old, |place| known.remove(place).old);
        known.insert(0, Self { old: first, ..self });
        known.truncate(CORRECTIONS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corrected(minute: i64, old: u32, new: u32) -> Correction {
        let flow = |entered| Flow { entered, left: 0 };
        Correction {
            start: Timestamp::UNIX_EPOCH + TimeDelta::minutes(minute),
            span_s: 60,
            old: flow(old),
            new: flow(new),
            known_at: Timestamp::UNIX_EPOCH + TimeDelta::minutes(minute + 30),
        }
    }

    #[test]
    fn the_newest_few_are_kept_and_an_interval_stands_once() {
        let mut known = Vec::new();
        for minute in 0..6 {
            corrected(minute, 4, 5).join(&mut known);
        }
        corrected(3, 5, 9).join(&mut known);
        let said: Vec<_> = known
            .iter()
            .map(|it| (it.start.timestamp() / 60, it.old.entered, it.new.entered))
            .collect();
        assert_eq!(said, [(3, 4, 9), (5, 4, 5), (4, 4, 5), (2, 4, 5)]);
        assert_eq!(known[0].change(), "4 in, 0 out -> 9 in, 0 out");
    }
}
