//! Making the rows of the board, from what is known of sources, stores and devices.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Ledger;
use super::device::{About, Device, State};
use super::plan::{Quiet, SourcePlan};
use super::source::Source;
use super::store;
use crate::model::Timestamp;
use crate::model::board::StoreRow;
use crate::model::device::DeviceId;

/// What estimates need to know beside counts.
impl Ledger {
    /// Every people counter of a source has been watched since `from`.
    pub(super) fn watched(&mut self, source: u16, from: Timestamp) {
        if !self.sources[usize::from(source)].watch(from) {
            return;
        }
        for (id, device) in self.devices.iter().filter(|(_, d)| d.source == source) {
            if let Some(store) = device.store {
                self.tallies[store].watched(id, from);
            }
        }
    }

    /// Tells a store how far its doors have delivered and brings its estimate up to date.
    fn estimate(&mut self, index: usize) {
        let reaches: Vec<_> = self.tallies[index]
            .members()
            .filter_map(|id| {
                let device = self.devices.get(id)?;
                Some((id.clone(), self.about(device).covered_to?))
            })
            .collect();
        for (id, to) in reaches {
            self.tallies[index].reached(&id, to);
        }
        self.tallies[index].estimate();
    }
}

/// Making rows.
impl Ledger {
    pub(super) fn make_all_rows(&mut self) {
        let devices = self.devices.keys().cloned().collect();
        self.make_rows(&(0..self.tallies.len()).collect(), &devices);
        self.make_source_rows();
    }

    pub(super) fn make_touched_rows(&mut self, touched: &BTreeSet<DeviceId>) {
        let stores = touched
            .iter()
            .filter_map(|id| self.devices.get(id)?.store)
            .collect();
        self.make_rows(&stores, touched);
    }

    pub(super) fn make_rows(&mut self, stores: &BTreeSet<usize>, devices: &BTreeSet<DeviceId>) {
        for id in devices {
            let Some(device) = self.devices.get(id) else {
                continue;
            };
            let row = Arc::new(device.row(id, &self.about(device)));
            let key = (device.source, id.clone());
            self.fresh.devices.push(key.clone());
            self.board.devices.insert(key, row);
        }
        for &index in stores {
            self.estimate(index);
            let row = Arc::new(self.store_row(index));
            self.fresh.stores.push(index);
            if index < self.board.stores.len() {
                self.board.stores.set(index, row);
            } else {
                self.board.stores.push_back(row);
            }
        }
    }

    /// An interval without a row means that nobody passed.
    fn quiet_is_zero(&self, device: &Device) -> bool {
        let plan = &self.plan.sources[usize::from(device.source)];
        match (plan.quiet, &device.state) {
            (Quiet::Zero, _) => true,
            (Quiet::Learned, State::Counter(counter)) => !counter.writes_zeros,
            (Quiet::Missing | Quiet::Learned, _) => false,
        }
    }

    /// The devices of a source whose pause means something else now than when the source was read
    /// before.
    pub(super) fn stirred(&self, source: u16, before: Option<Timestamp>) -> Vec<DeviceId> {
        let looked = self.sources[usize::from(source)].looked();
        let stirred = |id: &DeviceId| {
            let row = self.board.devices.get(&(source, id.clone()))?;
            let (pause, open) = (row.pause()?, row.feed().hours);
            Some(pause.at(before, open) != pause.at(looked, open))
        };
        self.ids_of(source, |device| device.facts.kind().only_happens())
            .filter(|id| stirred(id).unwrap_or(false))
            .collect()
    }

    /// How far the device reaches follows its source.
    pub(super) fn follows(&self, device: &Device) -> bool {
        device.is_counter() && self.quiet_is_zero(device)
    }

    fn about(&self, device: &Device) -> About<'_> {
        let plan = &self.plan.sources[usize::from(device.source)];
        let source = &self.sources[usize::from(device.source)];
        About {
            now: self.now,
            store: device
                .store
                .filter(|index| *index < self.plan.stores.len())
                .map(|index| &self.plan.stores[index]),
            covered_to: if self.follows(device) {
                device.as_of.and(source.horizon)
            } else {
                device.as_of
            },
            expectation: device.expectation(source.progress.expectation),
            confirmed: source.confirmed,
            looked: source.looked(),
            paused: plan.paused,
            skew_s: source.heeded_skew_s,
            quiet_is_zero: self.quiet_is_zero(device),
            delivered: &source.delivered,
        }
    }

    fn store_row(&self, index: usize) -> StoreRow {
        let tally = &self.tallies[index];
        let members: Vec<_> = tally
            .members()
            .filter_map(|id| Some((id, self.devices.get(id)?)))
            .map(|(id, device)| store::Part {
                id,
                device,
                about: self.about(device),
            })
            .collect();
        tally.row(&members, self.now)
    }

    pub(super) fn make_source_rows(&mut self) {
        let offline = self.own_link_down();
        self.board.sources = self
            .plan
            .sources
            .iter()
            .zip(&self.sources)
            .enumerate()
            .map(|(index, (plan, source))| {
                let row = source.row(plan, offline && is_beyond(plan, source));
                match self.board.sources.get(index) {
                    Some(before) if **before == row => before.clone(),
                    _ => Arc::new(row),
                }
            })
            .collect();
    }

    /// Every host fails together: it is our own link, not the vendors. Needs two hosts that are
    /// not this machine. Whom nobody has asked since the last of them began to fail tells nothing.
    fn own_link_down(&self) -> bool {
        let sources = self.plan.sources.iter().zip(&self.sources);
        let beyond = sources.filter(|(plan, source)| is_beyond(plan, source));
        let (lost, others): (Vec<_>, Vec<_>) = beyond.partition(|(_, source)| source.unreachable());
        let hosts: BTreeSet<_> = lost.iter().map(|(plan, _)| &plan.host).collect();
        let since = lost.iter().filter_map(|(_, source)| source.lost_since());
        let Some(since) = since.max().filter(|_| hosts.len() >= 2) else {
            return false;
        };
        others.iter().all(|(_, source)| {
            // The first answer is awaited.
            source.was_asked() && source.last_attempt.is_some_and(|asked| asked < since)
        })
    }
}

/// Whether our own link is needed to ask a source, and it is asked at all.
fn is_beyond(plan: &SourcePlan, source: &Source) -> bool {
    !plan.paused && !is_loopback(&plan.host) && !source.is_given_up()
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.starts_with("127.") || host == "::1" || host == "[::1]"
}
