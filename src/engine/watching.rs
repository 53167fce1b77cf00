//! Events: from the ledger's watch to history, and from whoever acknowledges one to both.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;
use tokio::sync::mpsc;

use super::desk::Desk;
use crate::clock::Clock;
use crate::history::History;
use crate::model::Timestamp;
use crate::model::incidents::{About, Acknowledged, Changes, Event, What};

/// What is remembered of the program itself stands under this owner; no source or store has it.
const PROGRAM: &str = "";
/// The key under which the end of a run is kept.
const STOPPED: &str = "stopped";
/// A shorter pause between two runs is not told.
const SHORT_PAUSE: TimeDelta = TimeDelta::seconds(60);
/// Who acknowledges at this terminal.
const WHO: &str = "local operator";

/// An operator's wish for incidents: seen, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    pub events: Vec<u64>,
    pub seen: bool,
}

/// Takes acknowledgements.
#[derive(Clone, Debug)]
pub struct Acknowledging(pub(super) mpsc::Sender<Seen>);

impl Acknowledging {
    /// Somebody has seen incidents, or takes that back.
    pub async fn set(&self, events: Vec<u64>, seen: bool) {
        // An engine that has stopped takes nothing any more.
        let _ = self.0.send(Seen { events, seen }).await;
    }
}

/// Keeps when the program ended, so that the next start can tell how long it was away. Losing it
/// costs some precision, so a failure is no news.
pub async fn farewell(history: &History, clock: &Clock) {
    if let Ok(now) = serde_json::to_value(clock.now()) {
        drop(history.remember(PROGRAM, STOPPED, &now).await);
    }
}

/// Takes the end of the last run out of what history remembers.
pub(super) fn stopped(memory: &mut BTreeMap<String, BTreeMap<String, Value>>) -> Option<Timestamp> {
    serde_json::from_value(memory.get_mut(PROGRAM)?.remove(STOPPED)?).ok()
}

impl Desk {
    /// Takes note that the program runs, and for how long it did not.
    pub(super) fn began(&mut self) {
        let now = self.clock.now();
        if let Some(alive) = self.alive.filter(|alive| *alive + SHORT_PAUSE <= now) {
            self.ledger.note((alive, now), What::Gap);
        }
    }

    /// Looks for what the clock alone has changed and makes it durable. True when the events on
    /// the board have changed.
    pub async fn follow(&mut self) -> bool {
        let changed = self.ledger.look(self.clock.now());
        self.write_events().await;
        changed
    }

    /// Makes changed events durable. What cannot be written now is written with the next ones: an
    /// event is derived from readings, which are durable before it exists.
    pub(super) async fn write_events(&mut self) {
        let changes = self.ledger.take_event_changes();
        if changes.is_empty() {
            return;
        }
        for (event, opened) in turns(&mut self.logged, &changes) {
            log(event, opened);
        }
        let changes = Arc::new(changes);
        if let Err(error) = self.history.write_events(changes.clone()).await {
            tracing::warn!(%error, "events could not be written");
            self.ledger.put_back(&changes);
        }
    }

    /// Takes an operator's wish for incidents.
    pub(super) async fn acknowledge(&mut self, wish: Seen) {
        let by = wish.seen.then(|| Acknowledged {
            at: self.clock.now(),
            who: WHO.to_owned(),
        });
        for id in wish.events {
            self.ledger.acknowledge(id, by.clone());
        }
        self.write_events().await;
    }
}

/// The incidents that opened (true) or closed (false) with these changes. `open` are the open ones
/// that were told.
fn turns<'a>(open: &mut BTreeSet<u64>, changes: &'a Changes) -> Vec<(&'a Event, bool)> {
    // One that became part of another neither opens nor closes.
    for id in &changes.gone {
        open.remove(id);
    }
    let incidents = (changes.written.iter()).filter(|event| event.incident().is_some());
    let turned = incidents.filter_map(|event| {
        if event.is_open() {
            open.insert(event.id).then_some((&**event, true))
        } else {
            open.remove(&event.id).then_some((&**event, false))
        }
    });
    turned.collect()
}

fn log(event: &Event, opened: bool) {
    let Some(incident) = event.incident() else {
        return;
    };
    tracing::info!(
        id = event.id,
        cause = incident.cause.word(),
        about = about(&incident.about),
        severity = incident.severity.word(),
        feeds = incident.count,
        since = %event.start,
        "incident {}",
        if opened { "opened" } else { "closed" }
    );
}

fn about(about: &About) -> String {
    match about {
        About::Everything => "everything".to_owned(),
        About::Vendor(name) | About::Source(name) | About::Store(name) => name.to_string(),
        About::Device(id) => id.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::incidents::{Cause, Incident, Severity};

    fn event(id: u64, end: Option<i64>) -> Arc<Event> {
        Arc::new(Event {
            id,
            start: Timestamp::UNIX_EPOCH,
            end: end.map(|minutes| Timestamp::UNIX_EPOCH + TimeDelta::minutes(minutes)),
            what: What::Incident(Incident {
                cause: Cause::Api,
                about: About::Source("north".into()),
                severity: Severity::Warning,
                sources: Vec::new(),
                feeds: Vec::new(),
                count: 0,
                times: 1,
                detail: String::new(),
                acknowledged: None,
            }),
        })
    }

    #[test]
    fn an_incident_is_logged_once_when_it_opens_and_once_when_it_closes() {
        let mut open = BTreeSet::from([1]);
        let mut told = |written: &[(u64, Option<i64>)], gone: &[u64]| {
            let changes = Changes {
                written: written.iter().map(|(id, end)| event(*id, *end)).collect(),
                gone: gone.to_vec(),
            };
            let turns = turns(&mut open, &changes).into_iter();
            turns
                .map(|(event, opened)| (event.id, opened))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            told(&[(1, None), (2, None), (3, None)], &[]),
            [(2, true), (3, true)]
        );
        assert_eq!(told(&[(2, None)], &[3]), [], "it only changed");
        assert_eq!(
            told(&[(1, Some(5)), (2, Some(5))], &[]),
            [(1, false), (2, false)]
        );
        assert_eq!(told(&[(2, Some(5))], &[]), [], "it was acknowledged");
        assert_eq!(told(&[(2, None)], &[]), [(2, true)], "it came back");
    }
}
