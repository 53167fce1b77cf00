//! The log: opens, follows, merges and closes incidents as their roots come and go, and keeps what
//! else happened.
//!
//! Replaying the same roots at the same instants gives the same log, and following the same roots
//! twice changes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{SubsecRound, TimeDelta};

use super::cause::{About, Cause, Severity};
use super::event::{Acknowledged, Event, FeedName, Incident, NAMED, What};
use crate::model::Timestamp;

/// A root that comes back within this time is the same incident, not another one.
pub const MERGE: TimeDelta = TimeDelta::minutes(30);
/// So many events are kept at hand, newest first; the history has all.
pub const RECENT: usize = 500;

/// A root of trouble as it stands, with everything that suffers from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Root {
    /// Where the fault lies.
    pub cause: Cause,
    /// What it is about.
    pub about: About,
    /// How bad it is.
    pub severity: Severity,
    /// Since when.
    pub since: Timestamp,
    /// The sources that it touches.
    pub sources: Vec<Arc<str>>,
    /// The feeds that suffer from it, at most [`NAMED`] of them.
    pub feeds: Vec<FeedName>,
    /// How many feeds suffer from it.
    pub count: usize,
    /// What else is known; may be empty.
    pub detail: String,
}

/// What a history has to do to have the same log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// Events that are new or changed.
    pub written: Vec<Arc<Event>>,
    /// Events that became part of others.
    pub gone: Vec<u64>,
}

impl Changes {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.written.is_empty() && self.gone.is_empty()
    }
}

/// The log of events.
#[derive(Clone, Debug, Default)]
pub struct Log {
    /// Newest first.
    events: imbl::Vector<Arc<Event>>,
    open: BTreeSet<u64>,
    last: u64,
    changed: BTreeSet<u64>,
    gone: BTreeSet<u64>,
}

impl Log {
    /// The log as an earlier run left it.
    pub fn restore(&mut self, events: impl IntoIterator<Item = Event>) {
        let mut events: Vec<_> = events.into_iter().map(Arc::new).collect();
        events.sort_by_key(|event| std::cmp::Reverse(event.id));
        events.dedup_by_key(|event| event.id);
        self.last = events.first().map_or(0, |event| event.id);
        let open = events.iter().filter(|event| event.is_open());
        self.open = open.map(|event| event.id).collect();
        self.events = events.into_iter().collect();
    }

    /// The newest events, newest first; those that are open are always among them.
    #[must_use]
    pub fn events(&self) -> &imbl::Vector<Arc<Event>> {
        &self.events
    }

    /// The incidents that last.
    pub fn open(&self) -> impl Iterator<Item = (&Event, &Incident)> {
        let open = self.open.iter().filter_map(|id| self.get(*id));
        open.filter_map(|event| Some((event, event.incident()?)))
    }

    /// Takes what there is to write.
    pub fn take_changes(&mut self) -> Changes {
        let changed = std::mem::take(&mut self.changed);
        let gone = std::mem::take(&mut self.gone);
        Changes {
            written: (changed.iter())
                .filter_map(|id| Some(self.events.get(self.place(*id)?)?.clone()))
                .collect(),
            gone: gone.into_iter().collect(),
        }
    }

    /// What could not be written is written the next time.
    pub fn put_back(&mut self, changes: &Changes) {
        self.changed
            .extend(changes.written.iter().map(|event| event.id));
        self.gone.extend(&changes.gone);
    }

    /// Everything at hand is written again: the history has lost it.
    pub fn write_all(&mut self) {
        self.changed
            .extend(self.events.iter().map(|event| event.id));
    }

    /// Adds what has no duration, or has it already.
    pub fn add(&mut self, (start, end): (Timestamp, Timestamp), what: What) -> u64 {
        let start = start.trunc_subsecs(0);
        self.push(Event {
            id: 0,
            start,
            end: Some(end.trunc_subsecs(0).max(start)),
            what,
        })
    }

    /// The newest event of which this holds.
    pub fn newest(&self, wanted: impl Fn(&Event) -> bool) -> Option<&Arc<Event>> {
        self.events.iter().find(|event| wanted(event))
    }

    /// Changes what an event says.
    pub fn rewrite(&mut self, id: u64, change: impl FnOnce(&mut Event)) {
        let Some(place) = self.place(id) else { return };
        let mut event = Event::clone(&self.events[place]);
        change(&mut event);
        if event != *self.events[place] {
            self.events.set(place, Arc::new(event));
            self.changed.insert(id);
        }
    }

    /// Somebody has seen an incident, or takes that back. False when there is none of this number.
    pub fn acknowledge(&mut self, id: u64, by: Option<Acknowledged>) -> bool {
        let known = self.get(id).is_some_and(|event| event.incident().is_some());
        self.change_incident(id, |incident| {
            // Who was first stays.
            if by.is_none() || incident.acknowledged.is_none() {
                incident.acknowledged = by;
            }
        });
        known
    }

    /// Brings the incidents up to date with the roots of this instant. Incidents of which nothing
    /// can be said now are `held`: they neither end nor change.
    pub fn follow(&mut self, roots: &[Root], held: impl Fn(&Incident) -> bool, now: Timestamp) {
        let now = now.trunc_subsecs(0);
        let mut present = BTreeSet::new();
        let mut rest = Vec::new();
        for root in roots {
            match self.holding(root) {
                Some(id) => {
                    present.insert(id);
                    self.renew(id, root);
                }
                None => rest.push(root),
            }
        }
        for root in rest {
            let id = (self.absorb(root, &present, now))
                .or_else(|| self.reopen(root, now))
                .unwrap_or_else(|| self.begin(root, now));
            present.insert(id);
            self.renew(id, root);
        }
        let over: Vec<_> = (self.open())
            .filter(|(event, incident)| !present.contains(&event.id) && !held(incident))
            .map(|(event, _)| event.id)
            .collect();
        for id in over {
            self.open.remove(&id);
            self.rewrite(id, |event| event.end = Some(now.max(event.start)));
        }
    }

    /// The open incident that a root continues.
    fn holding(&self, root: &Root) -> Option<u64> {
        let same = |incident: &Incident| incident.cause == root.cause;
        let exactly = (self.open())
            .find(|(_, incident)| same(incident) && incident.about == root.about)
            .map(|(event, _)| event.id);
        // One source of several that failed together and is not back yet.
        exactly.or_else(|| {
            let vendors = self.open().find(|(_, incident)| {
                same(incident)
                    && matches!(incident.about, About::Vendor(_))
                    && root.cause.is_of_fetching()
                    && covers(&incident.sources, &root.sources)
            });
            vendors.map(|(event, _)| event.id)
        })
    }

    /// Makes one of the narrower open incidents that a root explains: the oldest goes on under the
    /// root's name, the others become part of it.
    fn absorb(&mut self, root: &Root, present: &BTreeSet<u64>, now: Timestamp) -> Option<u64> {
        let mut narrower: Vec<_> = (self.open())
            .filter(|(event, incident)| {
                !present.contains(&event.id) && explains(root, incident, event.start, now)
            })
            .map(|(event, _)| (event.start, event.id))
            .collect();
        narrower.sort_unstable();
        let (_, first) = *narrower.first()?;
        for (_, id) in narrower.drain(1..) {
            let feeds = self.get(id).and_then(Event::incident)?.feeds.clone();
            self.change_incident(first, |incident| join(&mut incident.feeds, &feeds));
            self.drop_event(id);
        }
        self.change_incident(first, |incident| {
            incident.cause = root.cause;
            incident.about = root.about.clone();
        });
        Some(first)
    }

    /// A root that was gone for a short time only.
    fn reopen(&mut self, root: &Root, now: Timestamp) -> Option<u64> {
        let last = self.last_of(root)?;
        let (id, end) = (last.id, last.end?);
        if end + MERGE < now {
            return None;
        }
        self.open.insert(id);
        self.rewrite(id, |event| event.end = None);
        self.change_incident(id, |incident| {
            incident.times = incident.times.saturating_add(1);
        });
        Some(id)
    }

    fn begin(&mut self, root: &Root, now: Timestamp) -> u64 {
        let after = self.last_of(root).and_then(|event| event.end);
        let start = root.since.trunc_subsecs(0).min(now);
        let id = self.push(Event {
            id: 0,
            start: after.map_or(start, |end| start.max(end.min(now))),
            end: None,
            what: What::Incident(Incident {
                cause: root.cause,
                about: root.about.clone(),
                severity: root.severity,
                sources: root.sources.clone(),
                feeds: root.feeds.clone(),
                count: root.count,
                times: 1,
                detail: root.detail.clone(),
                acknowledged: None,
            }),
        });
        self.open.insert(id);
        id
    }

    fn renew(&mut self, id: u64, root: &Root) {
        self.change_incident(id, |incident| {
            if root.severity > incident.severity {
                incident.severity = root.severity;
                // Somebody has seen something less bad.
                incident.acknowledged = None;
            }
            join(&mut incident.sources, &root.sources);
            join(&mut incident.feeds, &root.feeds);
            incident.feeds.truncate(NAMED);
            incident.count = incident.count.max(root.count).max(incident.feeds.len());
            if !root.detail.is_empty() {
                incident.detail.clone_from(&root.detail);
            }
        });
    }

    /// The newest incident of the same root.
    fn last_of(&self, root: &Root) -> Option<&Event> {
        let same =
            |incident: &Incident| incident.cause == root.cause && incident.about == root.about;
        let last = self.newest(|event| event.incident().is_some_and(same));
        last.map(Arc::as_ref)
    }

    fn change_incident(&mut self, id: u64, change: impl FnOnce(&mut Incident)) {
        self.rewrite(id, |event| {
            if let What::Incident(incident) = &mut event.what {
                change(incident);
            }
        });
    }

    fn push(&mut self, event: Event) -> u64 {
        self.last += 1;
        let id = self.last;
        self.events.push_front(Arc::new(Event { id, ..event }));
        self.changed.insert(id);
        while self.events.len() > RECENT {
            let closed = self.events.iter().rposition(|event| !event.is_open());
            let Some(place) = closed.filter(|place| *place > 0) else {
                break;
            };
            let old = self.events.remove(place);
            // What is not written yet would be lost, but writing follows every change.
            self.changed.remove(&old.id);
        }
        id
    }

    fn drop_event(&mut self, id: u64) {
        if let Some(place) = self.place(id) {
            self.events.remove(place);
        }
        self.open.remove(&id);
        self.changed.remove(&id);
        self.gone.insert(id);
    }

    fn get(&self, id: u64) -> Option<&Event> {
        Some(&**self.events.get(self.place(id)?)?)
    }

    fn place(&self, id: u64) -> Option<usize> {
        // Newest first, so the order of the numbers is the other way round.
        let found = self.events.binary_search_by(|event| id.cmp(&event.id));
        found.ok()
    }
}

/// Whether two logs show the same events. Events that did not change are shared, so this looks at
/// nothing but their places.
#[must_use]
pub fn same_events(one: &imbl::Vector<Arc<Event>>, other: &imbl::Vector<Arc<Event>>) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .all(|(one, other)| Arc::ptr_eq(one, other))
}

/// Whether a root explains an open incident with a nearer one.
fn explains(root: &Root, incident: &Incident, start: Timestamp, now: Timestamp) -> bool {
    let wider = root.cause < incident.cause;
    match (root.cause, &root.about) {
        // What failed first when the link went was taken for a vendor's fault.
        (Cause::OwnLink, _) => incident.cause == Cause::Api && start + MERGE >= now,
        (cause, About::Vendor(_)) => {
            cause == incident.cause && covers(&root.sources, &incident.sources)
        }
        (Cause::Pipeline, _) => {
            wider && incident.cause <= Cause::Device && covers(&root.sources, &incident.sources)
        }
        (Cause::StoreLink, About::Store(store)) => {
            incident.cause == Cause::Device
                && (incident.feeds.iter()).all(|feed| feed.store.as_ref() == Some(store))
        }
        _ => false,
    }
}

fn covers(wide: &[Arc<str>], narrow: &[Arc<str>]) -> bool {
    narrow.iter().all(|name| wide.contains(name))
}

/// Adds what is not there yet.
fn join<T: Clone + PartialEq>(known: &mut Vec<T>, more: &[T]) {
    for one in more {
        if !known.contains(one) {
            known.push(one.clone());
        }
    }
}
