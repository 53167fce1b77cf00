//! The log of events as it stood at an instant of the past.

use std::sync::Arc;

use crate::model::Timestamp;
use crate::model::incidents::{Event, RECENT, What};

/// What was written down of a stretch of the past, and what of it stood in the log at an instant.
#[derive(Debug, Default)]
pub(super) struct Happened {
    /// As they are now, newest first.
    events: Vec<Arc<Event>>,
    /// As they were at `at`, newest first.
    shown: imbl::Vector<Arc<Event>>,
    at: Option<Timestamp>,
}

impl Happened {
    /// Takes more events of the past, each once.
    pub fn extend(&mut self, events: impl IntoIterator<Item = Event>) {
        let before = self.events.len();
        self.events.extend(events.into_iter().map(Arc::new));
        if self.events.len() > before {
            self.events.sort_by_key(|event| std::cmp::Reverse(event.id));
            self.at = None;
        }
    }

    /// When the log changes next after `at`.
    pub fn next(&self, at: Timestamp) -> Option<Timestamp> {
        let turns = self.events.iter().flat_map(|event| turns(event));
        turns.filter(|turn| *turn > at).min()
    }

    /// The log as it stood at `at`; what did not change since the last call is the same.
    pub fn at(&mut self, at: Timestamp) -> &imbl::Vector<Arc<Event>> {
        let still = |last: Timestamp| last <= at && self.next(last).is_none_or(|turn| turn > at);
        if !self.at.is_some_and(still) {
            let stood = self.events.iter().filter_map(|event| as_of(event, at));
            let stood = stood.enumerate();
            // As a monitor has it at hand: the newest, and all that last.
            let at_hand = stood.filter(|(number, event)| *number < RECENT || event.is_open());
            self.shown = at_hand.map(|(_, event)| event).collect();
        }
        self.at = Some(at);
        &self.shown
    }
}

/// The instants at which an event began to say something else.
fn turns(event: &Event) -> impl Iterator<Item = Timestamp> {
    let seen = (event.incident()).and_then(|incident| Some(incident.acknowledged.as_ref()?.at));
    [Some(event.start), event.end, seen].into_iter().flatten()
}

/// An event as it stood at `at`: one that ended later still lasted, and nobody had seen what was
/// acknowledged later. How bad it became and what it touched is not written down by time.
fn as_of(event: &Arc<Event>, at: Timestamp) -> Option<Arc<Event>> {
    if event.start > at {
        return None;
    }
    if turns(event).all(|turn| turn <= at) {
        return Some(event.clone());
    }
    let mut stood = Event::clone(event);
    stood.end = stood.end.filter(|end| *end <= at);
    if let What::Incident(incident) = &mut stood.what {
        incident.acknowledged = incident.acknowledged.take().filter(|by| by.at <= at);
    }
    Some(Arc::new(stood))
}
