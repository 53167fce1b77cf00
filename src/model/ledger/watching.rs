//! The ledger's side of incidents: what it tells the watch, and what the watch tells the board.

use std::collections::BTreeSet;

use super::Ledger;
use super::device::State;
use crate::model::Timestamp;
use crate::model::incidents::{
    Account, Acknowledged, Changes, Corrected, Event, NAMED, Revision, What, same_events,
};
use crate::model::reading::{Change, Measure};

impl Ledger {
    /// Takes the events that an earlier run left.
    pub fn recall_events(&mut self, events: impl IntoIterator<Item = Event>) {
        self.watch.restore(events);
        self.show_events();
    }

    /// Takes the account of a source's freshness that an earlier run left.
    pub fn recall_account(&mut self, name: &str, account: Account) {
        if let Some(source) = self.source_index(name) {
            self.watch.recall(source.into(), account);
        }
    }

    /// The account of a source's freshness, to be kept.
    #[must_use]
    pub fn account(&self, name: &str) -> Option<&Account> {
        self.watch.account(self.source_index(name)?.into())
    }

    /// Looks for trouble at `now`: at what has changed since the last look, and at what the clock
    /// alone has changed. True when the events have changed.
    pub fn look(&mut self, now: Timestamp) -> bool {
        let fresh = std::mem::take(&mut self.fresh);
        self.watch.look(&self.board, &fresh, now);
        for (at, source) in self.sources.iter_mut().enumerate() {
            source.freshness = self.watch.freshness(at);
        }
        self.make_source_rows();
        self.show_events()
    }

    /// When to look again, if nothing else happens.
    #[must_use]
    pub fn next_look(&self) -> Option<Timestamp> {
        self.watch.until()
    }

    /// Takes the changes of events that a history has to follow.
    pub fn take_event_changes(&mut self) -> Changes {
        self.watch.take_changes()
    }

    /// What could not be written is written the next time.
    pub fn put_back(&mut self, changes: &Changes) {
        self.watch.put_back(changes);
    }

    /// The history has lost all events: they are written again.
    pub fn write_all_events(&mut self) {
        self.watch.write_all();
    }

    /// Adds to the events what is no incident.
    pub fn note(&mut self, span: (Timestamp, Timestamp), what: What) {
        self.watch.add(span, what);
        self.show_events();
    }

    /// Somebody has seen an incident, or takes that back. False when there is none of this number.
    pub fn acknowledge(&mut self, id: u64, by: Option<Acknowledged>) -> bool {
        let known = self.watch.acknowledge(id, by);
        self.show_events();
        known
    }

    fn show_events(&mut self) -> bool {
        let events = self.watch.log().events();
        let changed = !same_events(&self.board.events, events);
        if changed {
            self.board.events = events.clone();
        }
        changed
    }

    /// The settled values that an attempt is about to change.
    pub(super) fn corrections(&self, source: &str, changes: &[Change]) -> Option<Revision> {
        let settled = || changes.iter().filter(|change| self.is_settled(change));
        let weight = |change: &&Change| {
            let (entered, left) = difference(change);
            // Of changes as large as each other the first.
            (
                entered.unsigned_abs() + left.unsigned_abs(),
                std::cmp::Reverse(change.reading.start),
            )
        };
        let largest = settled().max_by_key(weight)?;
        let devices: BTreeSet<_> = settled().map(|change| &change.reading.device).collect();
        let stores = devices.iter().filter_map(|id| self.devices.get(*id)?.store);
        let stores: BTreeSet<_> = stores.map(|store| self.tallies[store].name()).collect();
        let (entered, left) = settled()
            .map(difference)
            .fold((0, 0), |sum, change| (sum.0 + change.0, sum.1 + change.1));
        Some(Revision {
            source: source.into(),
            values: settled().count(),
            devices: devices.into_iter().take(NAMED).cloned().collect(),
            stores: stores.into_iter().take(NAMED).cloned().collect(),
            entered,
            left,
            largest: Corrected {
                device: largest.reading.device.clone(),
                start: largest.reading.start,
                span_s: largest.reading.span_s,
                old: largest.old.map(said).unwrap_or_default(),
                new: said(largest.reading.measure),
            },
        })
    }

    /// Whether a change is a correction. The newest interval of some feeds is rewritten for a
    /// while, which is none.
    fn is_settled(&self, change: &Change) -> bool {
        let Some(device) = self.devices.get(&change.reading.device) else {
            return false;
        };
        change.old.is_some()
            && match &device.state {
                State::Counter(counter) => counter
                    .flow_to
                    .is_some_and(|newest| change.reading.end() < newest),
                _ => true,
            }
    }
}

/// People in and out, new minus old.
fn difference(change: &Change) -> (i64, i64) {
    match (change.old, change.reading.measure) {
        (Some(Measure::Flow(old)), Measure::Flow(new)) => (
            i64::from(new.entered) - i64::from(old.entered),
            i64::from(new.left) - i64::from(old.left),
        ),
        _ => (0, 0),
    }
}

fn said(measure: Measure) -> String {
    match measure {
        Measure::Flow(flow) => format!("{} in, {} out", flow.entered, flow.left),
        Measure::Level(_, value) => value.real().to_string(),
        Measure::Sale { price, currency } => match price {
            Some(price) => format!("{price} {currency}"),
            None => format!("no price {currency}"),
        },
    }
}
