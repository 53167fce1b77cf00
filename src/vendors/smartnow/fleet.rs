//! The machines of an account with all that is known of them.

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use super::decode::{Location, Machine};
use super::open_events::OpenEvents;
use crate::model::Timestamp;
use crate::model::device::{Detail, DeviceId, Facts};

/// Machines and locations, as last listed.
#[derive(Debug, Default)]
pub(super) struct Fleet {
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

/// How often the lists are read.
const LIST_EVERY: chrono::TimeDelta = chrono::TimeDelta::hours(6);

impl Fleet {
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
        let ids: BTreeSet<i64> = self.listed.iter().copied().chain(strangers).collect();
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
