//! Events that wait for their resolution.
//!
//! A resolution is written into the event long after its creation, and no change date tells of it,
//! so a cursor never sees it: exactly the open events are asked for again.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::decode::Event;
use crate::model::Timestamp;
use crate::model::device::OpenEvent;

/// How often open events are asked for again.
const ASK_EVERY: TimeDelta = TimeDelta::minutes(10);

/// Events asked for in one request.
pub(super) const AT_ONCE: usize = 20;

/// Requests for single events in one poll.
pub(super) const SINGLY: usize = 5;

/// More open events than anybody reads; the oldest are then given up.
const KEPT: usize = 1000;

/// Open events of all machines.
#[derive(Debug, Default)]
pub(super) struct OpenEvents {
    /// Codes of the events of a machine that lost its connection.
    offline_codes: Vec<String>,
    open: BTreeMap<i64, Open>,
    /// The newest offline event seen of a machine: when it happened, and its id.
    newest_offline: BTreeMap<i64, (Timestamp, i64)>,
    asked: Option<Timestamp>,
    /// The server cannot select by a list of ids.
    pub one_by_one: bool,
}

#[derive(Clone, Debug)]
struct Open {
    machine: i64,
    event: OpenEvent,
    /// When the vendor showed it or was asked for it last; `None` when only an earlier run saw it.
    seen: Option<Timestamp>,
}

impl OpenEvents {
    /// No events yet. `offline_codes` are those of a machine that lost its connection.
    pub fn new(offline_codes: &[String]) -> Self {
        Self {
            offline_codes: offline_codes.to_vec(),
            ..Self::default()
        }
    }

    /// The codes of events of a machine that lost its connection.
    pub fn offline_codes(&self) -> &[String] {
        &self.offline_codes
    }

    /// Whether an event with this code tells of a lost connection.
    pub fn tells_offline(&self, code: &str) -> bool {
        self.offline_codes.iter().any(|known| known == code)
    }

    /// Takes up what an earlier run knew of a machine.
    pub fn restore(&mut self, machine: i64, events: &[OpenEvent]) {
        for event in events {
            let event = Event {
                id: event.id,
                machine,
                location: None,
                code: event.code.clone(),
                at: event.since,
                created: None,
                open: true,
                resolvable: true,
            };
            self.put(&event, None);
        }
    }

    /// Takes an event as the vendor shows it at `now`.
    pub fn take(&mut self, event: &Event, now: Timestamp) {
        self.put(event, Some(now));
    }

    fn put(&mut self, event: &Event, seen: Option<Timestamp>) {
        let offline = self.tells_offline(&event.code) && event.resolvable;
        let superseded = offline && !self.is_newest(event);
        if !event.open || superseded {
            self.open.remove(&event.id);
            return;
        }
        let open = Open {
            machine: event.machine,
            event: OpenEvent {
                id: event.id,
                code: event.code.clone(),
                since: event.at,
            },
            seen,
        };
        self.open.insert(event.id, open);
        if self.open.len() > KEPT {
            self.open.pop_first();
        }
    }

    /// Takes note of an offline event and drops those that it follows: a machine that goes offline
    /// again has been online, even where nobody wrote that down.
    fn is_newest(&mut self, event: &Event) -> bool {
        let this = (event.at, event.id);
        let newest = self.newest_offline.entry(event.machine).or_insert(this);
        if this < *newest {
            return false;
        }
        *newest = this;
        let codes = &self.offline_codes;
        self.open.retain(|id, open| {
            *id == event.id || open.machine != event.machine || !codes.contains(&open.event.code)
        });
        true
    }

    /// An event that the vendor no longer has.
    pub fn forget(&mut self, id: i64) {
        self.open.remove(&id);
    }

    /// The events to ask for now, those first that were not seen for longest; none while it is
    /// not time.
    pub fn due(&mut self, now: Timestamp) -> Vec<i64> {
        let recent = |at: &Timestamp| now >= *at && now - *at < ASK_EVERY;
        if self.asked.is_some_and(|at| recent(&at)) {
            return Vec::new();
        }
        let old = self
            .open
            .iter()
            .filter(|(_, open)| !open.seen.is_some_and(|at| recent(&at)));
        let mut ids: Vec<_> = old.map(|(id, open)| (open.seen, *id)).collect();
        ids.sort_unstable();
        ids.truncate(AT_ONCE);
        if !ids.is_empty() {
            self.asked = Some(now);
        }
        ids.into_iter().map(|(_, id)| id).collect()
    }

    /// Takes note that an event was asked for, whatever came of it.
    pub fn asked(&mut self, id: i64, now: Timestamp) {
        if let Some(open) = self.open.get_mut(&id) {
            open.seen = Some(now);
        }
    }

    /// Whether a machine's newest offline event is still open.
    pub fn is_offline(&self, machine: i64) -> bool {
        let newest = self.newest_offline.get(&machine);
        newest.is_some_and(|(_, id)| self.open.contains_key(id))
    }

    /// The open events of a machine, oldest first.
    pub fn of(&self, machine: i64) -> Vec<OpenEvent> {
        let of_machine = self.open.values().filter(|open| open.machine == machine);
        let mut events: Vec<_> = of_machine.map(|open| open.event.clone()).collect();
        events.sort_by_key(|event| (event.since, event.id));
        events
    }
}
