//! The machines of an account with all that is known of them.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use super::decode::{Location, Machine};
use super::open_events::OpenEvents;
use crate::model::Timestamp;
use crate::model::attempt::{ErrorKind, SourceError};
use crate::model::device::{Detail, DeviceId, Facts};

/// Machines and locations, as last listed.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    /// Machines to watch; empty means all.
    only_machines: BTreeSet<i64>,
    /// Locations whose machines are watched; empty means all.
    only_locations: BTreeSet<i64>,
    /// Every machine that was ever listed, as last described.
    machines: BTreeMap<i64, Machine>,
    /// The machines of the newest list.
    listed: BTreeSet<i64>,
    locations: BTreeMap<i64, Location>,
    /// Newest instant by which the server learned something of a machine.
    heard: BTreeMap<i64, Timestamp>,
    /// Ids that rows named and the lists did not have; looked for once.
    strangers: BTreeSet<Id>,
    listed_at: Option<Timestamp>,
    /// A row named an id that has not been looked for.
    outdated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Id {
    Machine(i64),
    Location(i64),
}

fn unknown<'a>(what: &str, ids: impl Iterator<Item = &'a i64>) -> Option<SourceError> {
    let mut ids: Vec<String> = ids.take(6).map(ToString::to_string).collect();
    if ids.is_empty() {
        return None;
    }
    if ids.len() > 5 {
        "…".clone_into(&mut ids[5]);
    }
    let message = format!(
        "the account has no {what} {}: correct `{what}s` of this source",
        ids.join(", ")
    );
    Some(SourceError::new(ErrorKind::Config, message))
}

/// How often the lists are read.
const LIST_EVERY: chrono::TimeDelta = chrono::TimeDelta::hours(6);

impl Fleet {
    /// No machines yet. Only those named, at the locations named, are watched; no name means all.
    pub fn watching(machines: &[i64], locations: &[i64]) -> Self {
        Self {
            only_machines: machines.iter().copied().collect(),
            only_locations: locations.iter().copied().collect(),
            ..Self::default()
        }
    }

    /// Whether a machine is watched. Where it is tells the list, else the row that names it.
    pub fn watches(&self, machine: i64, location: Option<i64>) -> bool {
        let listed = self.machines.get(&machine).and_then(|it| it.location);
        let there = |location| self.only_locations.contains(&location);
        (self.only_machines.is_empty() || self.only_machines.contains(&machine))
            && (self.only_locations.is_empty() || listed.or(location).is_some_and(there))
    }

    /// The error of names in the configuration that the account does not have.
    pub fn missing(&self) -> Option<SourceError> {
        let machines = self.is_listed().then(|| {
            let known = |id: &&i64| !self.machines.contains_key(*id);
            unknown("machine", self.only_machines.iter().filter(known))
        });
        let locations = (!self.locations.is_empty()).then(|| {
            let known = |id: &&i64| !self.locations.contains_key(*id);
            unknown("location", self.only_locations.iter().filter(known))
        });
        machines.flatten().or(locations.flatten())
    }

    /// Whether the lists should be read: at first, every few hours, and when a row named an
    /// unknown machine or location.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.outdated
            || self
                .listed_at
                .is_none_or(|at| now - at >= LIST_EVERY || now < at)
    }

    /// Has the lists read again.
    pub fn expire(&mut self) {
        self.outdated = true;
    }

    /// Whether the lists have been read.
    pub fn is_listed(&self) -> bool {
        self.listed_at.is_some()
    }

    /// Takes the complete list of machines.
    pub fn take_machines(&mut self, machines: Vec<Machine>, now: Timestamp) {
        self.listed = machines.iter().map(|machine| machine.id).collect();
        self.machines
            .extend(machines.into_iter().map(|it| (it.id, it)));
        self.listed_at = Some(now);
        self.outdated = false;
    }

    /// Takes the complete list of locations.
    pub fn take_locations(&mut self, locations: Vec<Location>) {
        self.locations = locations.into_iter().map(|it| (it.id, it)).collect();
    }

    /// Takes note that a row named a machine and its location.
    pub fn mention(&mut self, machine: i64, location: Option<i64>, created: Option<Timestamp>) {
        if let Some(created) = created {
            let heard = self.heard.entry(machine).or_insert(created);
            *heard = created.max(*heard);
        }
        if !self.machines.contains_key(&machine) {
            self.outdated |= self.strangers.insert(Id::Machine(machine));
        }
        if let Some(location) = location.filter(|id| !self.locations.contains_key(id)) {
            self.outdated |= self.strangers.insert(Id::Location(location));
        }
    }

    /// The greatest ids of sales and events that the list of machines names.
    pub fn newest(&self) -> (Option<i64>, Option<i64>) {
        let machines = self.machines.values();
        let sale = machines
            .clone()
            .filter_map(|machine| machine.last_sale)
            .max();
        (
            sale,
            machines.filter_map(|machine| machine.last_event).max(),
        )
    }

    /// The zone of the account's nights: that of its first location.
    pub fn zone(&self) -> Tz {
        let mut zones = self
            .locations
            .values()
            .filter_map(|location| location.timezone);
        zones.next().unwrap_or(Tz::UTC)
    }

    /// The devices as they stand now. A machine that only rows name is one of them, so that its
    /// sales are not lost. `unread` is the stretch whose sales have not all been read.
    pub fn facts(
        &self,
        source: &str,
        open: &OpenEvents,
        money_scale: &BTreeMap<String, u32>,
        unread: Option<(Timestamp, Timestamp)>,
    ) -> Vec<(DeviceId, Facts)> {
        let strangers = self.strangers.iter().filter_map(|stranger| match stranger {
            Id::Machine(id) => Some(*id),
            Id::Location(_) => None,
        });
        let listed = self.listed.iter().copied();
        let listed = listed.filter(|id| self.watches(*id, None));
        let ids: BTreeSet<i64> = listed.chain(strangers).collect();
        ids.into_iter()
            .map(|id| {
                let mut facts = self.facts_of(id, open, money_scale);
                if let Detail::Machine { sales_unread, .. } = &mut facts.detail {
                    *sales_unread = unread;
                }
                (DeviceId::new(source, id), facts)
            })
            .collect()
    }

    fn facts_of(&self, id: i64, open: &OpenEvents, money_scale: &BTreeMap<String, u32>) -> Facts {
        let machine = self.machines.get(&id);
        let location = machine
            .and_then(|machine| machine.location)
            .and_then(|location| self.locations.get(&location));
        let updated = machine.and_then(|machine| machine.updated);
        Facts {
            name: machine
                .and_then(|machine| machine.name.clone())
                .unwrap_or_else(|| id.to_string()),
            timezone: location.and_then(|location| location.timezone),
            detail: Detail::Machine {
                location: location.and_then(|location| location.name.clone()),
                active: machine.and_then(|machine| machine.active),
                offline: open.is_offline(id),
                open_events: open.of(id),
                last_update: updated.max(self.heard.get(&id).copied()),
                money_scale: money_scale.clone(),
                sales_unread: None,
            },
        }
    }
}
