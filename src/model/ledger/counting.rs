//! Counts by hand.

use std::collections::BTreeSet;

use super::Ledger;
use super::store::Tally;
use crate::model::hand::HandCounts;

impl Ledger {
    /// The counts by hand of a store, with those that were taken back.
    #[must_use]
    pub fn hand_counts(&self, store: &str) -> HandCounts {
        self.counts.get(store).cloned().unwrap_or_default()
    }

    /// Whether the store of this name counts people at its doors.
    #[must_use]
    pub fn counts_people(&self, store: &str) -> bool {
        let tally = self.store_index(store).map(|index| &self.tallies[index]);
        tally.is_some_and(Tally::has_doors)
    }

    /// Replaces the counts by hand of a store. The estimate is then what it would have been with
    /// these and no others.
    pub fn counted_by_hand(&mut self, store: &str, counts: HandCounts) {
        self.recall_counts(store, counts);
        if let Some(index) = self.store_index(store) {
            self.make_rows(&BTreeSet::from([index]), &BTreeSet::new());
        }
    }

    /// As [`Ledger::counted_by_hand`], while the past is being read.
    pub fn recall_counts(&mut self, store: &str, counts: HandCounts) {
        if let Some(index) = self.store_index(store) {
            self.tallies[index].counted_by_hand(&counts);
        }
        self.counts.insert(store.into(), counts);
    }

    /// The store of a name; where counters that nobody claims share one, the first.
    pub(super) fn store_index(&self, name: &str) -> Option<usize> {
        let mut tallies = self.tallies.iter();
        tallies.position(|tally| **tally.name() == *name)
    }
}
