//! Counts by hand: from whoever counted to history and then to the ledger. Nothing leaves the
//! machine.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::mpsc;

use super::desk::Desk;
use crate::model::Timestamp;
use crate::model::hand::{HandCount, HandCounts};
use crate::model::incidents::{Count, What};

/// The key under which the counts of a store are kept in history.
const COUNTS: &str = "counted_by_hand";

/// What somebody says about the people inside a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// So many are inside now.
    Set {
        store: Arc<str>,
        people: u32,
        reason: String,
    },
    /// The newest count was a mistake.
    Undo { store: Arc<str> },
}

/// Takes counts by hand.
#[derive(Clone, Debug)]
pub struct Counting(pub(super) mpsc::Sender<Counted>);

impl Counting {
    /// So many people are inside a store now. They are on the board once they are on disk.
    pub async fn set(&self, store: Arc<str>, people: u32, reason: String) {
        let count = Counted::Set {
            store,
            people,
            reason,
        };
        // An engine that has stopped takes nothing any more.
        let _ = self.0.send(count).await;
    }

    /// The newest count of a store was a mistake.
    pub async fn undo(&self, store: Arc<str>) {
        let _ = self.0.send(Counted::Undo { store }).await;
    }
}

/// Takes the counts of all stores out of what history remembers.
pub(super) fn remembered(
    memory: &mut BTreeMap<String, BTreeMap<String, Value>>,
) -> Vec<(String, HandCounts)> {
    let stores = memory.iter_mut().filter_map(|(store, values)| {
        // What an older version wrote in another form is forgotten, not an error.
        let counts = serde_json::from_value(values.remove(COUNTS)?).ok()?;
        Some((store.clone(), counts))
    });
    stores.collect()
}

/// What the events say of a count.
fn said(counted: &Counted, now: Timestamp) -> Count {
    match counted {
        Counted::Set {
            store,
            people,
            reason,
        } => Count {
            store: store.clone(),
            people: Some(*people),
            reason: HandCount::new(now, *people, reason).reason,
        },
        Counted::Undo { store } => Count {
            store: store.clone(),
            people: None,
            reason: String::new(),
        },
    }
}

impl Desk {
    /// Makes a count by hand durable, then puts it into the estimate.
    pub(super) async fn count(&mut self, counted: Counted) {
        let now = self.clock.now();
        let (Counted::Set { store, .. } | Counted::Undo { store }) = &counted;
        let store = store.clone();
        if !self.ledger.counts_people(&store) {
            return;
        }
        let mut counts = self.ledger.hand_counts(&store);
        let event = said(&counted, now);
        match counted {
            Counted::Set { people, reason, .. } => {
                let was = self.shown_inside(&store);
                counts.add(HandCount::new(now, people, &reason).instead_of(was));
            }
            Counted::Undo { .. } => {
                if counts.undo(now).is_none() {
                    return;
                }
            }
        }
        let written = match serde_json::to_value(&counts) {
            Ok(value) => self.history.remember(&store, COUNTS, &value).await,
            Err(_) => return,
        };
        match written {
            Ok(()) => {
                self.ledger.roll(now);
                self.ledger.counted_by_hand(&store, counts);
                self.ledger.note((now, now), What::Count(event));
                self.ledger.look(now);
                self.write_events().await;
            }
            Err(error) => self.cannot_write(&error),
        }
    }

    /// The number of people that is shown for a store.
    fn shown_inside(&self, store: &str) -> Option<u32> {
        let board = self.board();
        let inside = board.store(store)?.occupancy.as_ref()?;
        Some(inside.shown.value)
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Tz;

    use super::*;
    use crate::clock::{Clock, Hand};
    use crate::history::{History, Location};
    use crate::model::attempt::{Attempt, Delivery, Outcome};
    use crate::model::board::Occupancy;
    use crate::model::device::{Detail, DeviceId, Facts};
    use crate::model::health::Expectation;
    use crate::model::ledger::plan::{Plan, Quiet, SourcePlan, Stamp};
    use crate::model::reading::{Flow, Measure, Reading};
    use crate::model::schedule::{Cadence, Publish};
    use crate::model::store::{Member, Store};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn plan() -> Plan {
        let mut store = Store::named("Ermou", Tz::UTC);
        store.members = vec![Member::Device(DeviceId::new("opap", "1"))];
        Plan {
            sources: vec![SourcePlan {
                name: "opap".into(),
                vendor: "bespot".into(),
                paused: false,
                cadence: Cadence {
                    publish: Publish::Batches,
                    expectation: Expectation {
                        period_s: 900,
                        lag_s: 0,
                        grace_s: 60,
                    },
                    every_s: None,
                },
                quiet: Quiet::Missing,
                stamp: Stamp::End,
                host: "opap.example".into(),
                limit_per_hour: 60,
            }],
            stores: vec![Arc::new(store)],
            display_zone: Tz::UTC,
        }
    }

    /// A quarter in which eight came in and one went.
    fn quarter(start: &str) -> Attempt {
        let facts = Facts {
            name: "North".to_owned(),
            timezone: None,
            detail: Detail::PeopleCounter {
                interval_s: Some(900),
                group: None,
            },
        };
        let id = DeviceId::new("opap", "1");
        let flow = Flow {
            entered: 8,
            left: 1,
        };
        let reading = Reading {
            device: id.clone(),
            start: at(start),
            span_s: 900,
            item: 0,
            measure: Measure::Flow(flow),
        };
        Attempt {
            source: "opap".into(),
            started: at(start) + chrono::TimeDelta::minutes(16),
            took_ms: 1,
            exchanges: Vec::new(),
            outcome: Outcome::delivered(Delivery {
                facts: vec![(id, facts)],
                readings: vec![reading],
                ..Delivery::default()
            }),
        }
    }

    async fn started(history: &History, now: &str) -> (Desk, Hand) {
        let (clock, hand) = Clock::manual(at(now));
        let places = Vec::new();
        let desk = Desk::open(plan(), places, history.clone(), clock).await;
        (desk.unwrap(), hand)
    }

    fn inside(desk: &Desk) -> Occupancy {
        let board = desk.board();
        board.store("Ermou").unwrap().occupancy.clone().unwrap()
    }

    fn twelve() -> Counted {
        Counted::Set {
            store: "Ermou".into(),
            people: 12,
            reason: "walked round".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_count_by_hand_survives_a_restart_and_so_does_taking_it_back() {
        let now = at("2026-03-02T09:00:00Z");
        let (history, _) = History::open(Location::Memory, now).await.unwrap();
        let (mut desk, hand) = started(&history, "2026-03-02T10:16:00Z").await;
        desk.take(quarter("2026-03-02T10:00:00Z")).await;
        let before = inside(&desk);
        assert_eq!(before.raw, 7);
        hand.set(at("2026-03-02T10:20:00Z"));
        desk.count(twelve()).await;
        assert_eq!(inside(&desk).shown.value, 12);
        let board = desk.board();
        let by_hand = board.store("Ermou").unwrap().evidence.by_hand.clone();
        let by_hand = by_hand.unwrap();
        let was = Some(before.shown.value);
        assert_eq!((by_hand.people, by_hand.was), (12, was));
        assert_eq!(by_hand.reason, "walked round");
        let (mut again, _hand) = started(&history, "2026-03-02T10:21:00Z").await;
        let restored = inside(&again);
        assert_eq!(restored.shown.value, 12);
        assert_eq!(
            restored.why[0],
            "counted by hand at 10:20: 12 (walked round)"
        );
        let store = "Ermou".into();
        again.count(Counted::Undo { store }).await;
        assert_eq!(inside(&again).raw, 7);
        let board = again.board();
        assert_eq!(board.store("Ermou").unwrap().evidence.by_hand, None);
        let (third, _hand) = started(&history, "2026-03-02T10:22:00Z").await;
        assert_eq!(inside(&third).raw, 7);
    }

    #[tokio::test]
    async fn a_store_without_counters_takes_no_count_and_nothing_is_taken_back_twice() {
        let now = at("2026-03-02T09:00:00Z");
        let (history, _) = History::open(Location::Memory, now).await.unwrap();
        let (mut desk, _hand) = started(&history, "2026-03-02T10:16:00Z").await;
        desk.count(twelve()).await;
        desk.take(quarter("2026-03-02T10:00:00Z")).await;
        assert_eq!(inside(&desk).raw, 7);
        let store = "Ermou".into();
        desk.count(Counted::Undo { store }).await;
        assert_eq!(inside(&desk).raw, 7);
    }
}
