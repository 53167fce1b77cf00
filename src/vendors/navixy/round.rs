//! Reads counters and sensors with the fewest calls, around trackers that spoil a call.
//!
//! The normal way is one call for a hundred trackers and all their values. A server or tariff
//! without that call is asked for each counter's values, and at last tracker by tracker. One bad
//! tracker fails a whole call and the error does not name it: the list of trackers is read again,
//! and what still fails is halved until the culprits stand alone.

use std::collections::BTreeSet;

use crate::model::Timestamp;
use crate::model::attempt::SourceError;

use super::client::Client;
use super::decode::{self, Asked, CounterType, Listed, Sample, Samples, Tally};
use super::memory::{RECHECK, Readings, Suspension, Way};
use super::refusal::{Reaction, Refusal};
use super::request::{self, Call};
use super::stamp::Reckoning;
use super::wire;

/// One reading of values: what it needs, and what it brings.
pub(super) struct Round<'a> {
    pub client: &'a mut Client,
    pub memory: &'a mut Readings,
    pub now: Timestamp,
    pub reckoning: Reckoning,
    pub asked: Asked,
    pub samples: Vec<Sample>,
    pub tally: Tally,
    /// The first thing that went wrong without ending the poll.
    pub error: Option<SourceError>,
    /// The list of trackers, where it was read again in this round.
    pub relisted: Option<Vec<Listed>>,
}

/// One kind of call about many trackers.
#[derive(Clone, Copy, Debug)]
enum Query {
    Batch,
    Values(CounterType),
}

/// How far a sweep over the trackers came.
enum Swept {
    /// Everyone was asked.
    Done,
    /// The server does not have the call, or too many calls fail; these are left.
    Left { trackers: Vec<i64>, for_good: bool },
    /// No more of this today.
    Stopped,
}

/// What a failed call leaves to do.
enum Next {
    Ask(Vec<Vec<i64>>),
    Leave(Swept),
}

/// Trackers read one by one in a poll; the others have their turn in the next.
const ONE_BY_ONE: usize = 60;
/// The code of a call that the vendor's demo mode leaves out: no fault of anyone.
const DEMO_MODE: i64 = 101;

impl<'a> Round<'a> {
    /// A round over `asked`.
    pub(super) fn new(
        client: &'a mut Client,
        memory: &'a mut Readings,
        reckoning: Reckoning,
        asked: Asked,
    ) -> Self {
        let now = client.transport().clock().now();
        Self {
            client,
            memory,
            now,
            reckoning,
            asked,
            samples: Vec::new(),
            tally: Tally::default(),
            error: None,
            relisted: None,
        }
    }

    /// Reads the values.
    ///
    /// # Errors
    /// What ends the whole poll. What was read until then is kept.
    pub(super) async fn run(&mut self) -> Result<(), SourceError> {
        self.memory.asked_at = Some(self.now);
        let mut ids: Vec<i64> = self.asked.keys().copied().collect();
        if self.memory.way == Way::Batch {
            match self.sweep(Query::Batch, ids).await? {
                Swept::Done | Swept::Stopped => return Ok(()),
                Swept::Left { trackers, for_good } => {
                    ids = trackers;
                    if for_good {
                        self.memory.way = Way::PerCounter { since: self.now };
                    }
                }
            }
        }
        if let Way::PerTracker { .. } = self.memory.way {
            return self.one_by_one(ids).await;
        }
        self.per_counter(ids).await
    }

    /// Fallback 1: each counter of many trackers.
    async fn per_counter(&mut self, ids: Vec<i64>) -> Result<(), SourceError> {
        let mut unresolved = Vec::new();
        for kind in CounterType::ALL {
            let lacking = &self.memory.lacking;
            let having = ids.iter().filter(|id| !lacking.contains_key(&(**id, kind)));
            let having: Vec<i64> = having
                .filter(|id| self.asked.contains_key(id) && !self.memory.barred.contains_key(id))
                .copied()
                .collect();
            match self.sweep(Query::Values(kind), having).await? {
                Swept::Done => {}
                Swept::Stopped => return Ok(()),
                Swept::Left { trackers, for_good } => {
                    if for_good {
                        self.memory.way = Way::PerTracker { since: self.now };
                        return self.one_by_one(ids).await;
                    }
                    unresolved.extend(trackers);
                }
            }
        }
        let done = ids.into_iter().filter(|id| !unresolved.contains(id));
        self.mark_read(&done.collect::<Vec<_>>());
        unresolved.sort_unstable();
        unresolved.dedup();
        self.one_by_one(unresolved).await
    }

    /// Fallback 2: the counters of one tracker at a time, those that waited longest first.
    async fn one_by_one(&mut self, mut ids: Vec<i64>) -> Result<(), SourceError> {
        ids.retain(|id| self.asked.contains_key(id));
        ids.sort_by_key(|id| self.memory.read.get(id).map(|(_, at)| *at));
        for id in ids.into_iter().take(ONE_BY_ONE) {
            let answer = self.client.ask(Call::Counters, request::counters(id)).await;
            match answer {
                Ok(wire) => {
                    let heard = self.asked.get(&id).copied().flatten();
                    let found = decode::counters_of(&wire, id, heard, self.reckoning);
                    self.note_lacking(id, &found);
                    self.keep(found);
                    self.mark_read(&[id]);
                }
                Err(refusal) => match refusal.reaction() {
                    Reaction::NoEntity | Reaction::Blocked | Reaction::Relist => self.bar(id),
                    Reaction::StopCall | Reaction::FallBack => {
                        self.suspend(refusal);
                        return Ok(());
                    }
                    _ => return self.give_up(refusal),
                },
            }
        }
        Ok(())
    }

    /// Asks about many trackers in as few calls as succeed.
    async fn sweep(&mut self, query: Query, ids: Vec<i64>) -> Result<Swept, SourceError> {
        // Halving finds a few culprits cheaply. Where many fail, one call per tracker is cheaper.
        let mut patience = 8 + ids.len() / 4;
        let mut work: Vec<Vec<i64>> = chunks(&ids, self.memory.chunk);
        while let Some(batch) = work.pop() {
            let refusal = match self.fetch(query, &batch).await {
                Ok(found) => {
                    self.keep(found);
                    if matches!(query, Query::Batch) {
                        self.mark_read(&batch);
                    }
                    continue;
                }
                Err(refusal) => refusal,
            };
            if refusal.ends_poll() {
                return Err(refusal.error);
            }
            if patience == 0 {
                work.push(batch);
                return Ok(Swept::Left {
                    trackers: work.concat(),
                    for_good: false,
                });
            }
            patience -= 1;
            match self.after(query, refusal, batch).await? {
                Next::Ask(more) => work.extend(more),
                Next::Leave(Swept::Left {
                    mut trackers,
                    for_good,
                }) => {
                    trackers.extend(work.concat());
                    return Ok(Swept::Left { trackers, for_good });
                }
                Next::Leave(swept) => return Ok(swept),
            }
            for batch in &mut work {
                batch.retain(|id| self.asked.contains_key(id));
            }
            work.retain(|batch| !batch.is_empty());
        }
        Ok(Swept::Done)
    }

    /// What to do after a call about `batch` failed.
    async fn after(
        &mut self,
        query: Query,
        refusal: Refusal,
        batch: Vec<i64>,
    ) -> Result<Next, SourceError> {
        match refusal.reaction() {
            Reaction::FallBack => Ok(Next::Leave(Swept::Left {
                trackers: batch,
                for_good: true,
            })),
            Reaction::StopCall => {
                self.suspend(refusal);
                Ok(Next::Leave(Swept::Stopped))
            }
            Reaction::Relist if self.relisted.is_none() => {
                self.relist().await?;
                Ok(Next::Ask(vec![batch]))
            }
            Reaction::Smaller if batch.len() > 1 => {
                self.memory.chunk = (batch.len() / 2).max(1);
                Ok(Next::Ask(halves(&batch)))
            }
            Reaction::Relist | Reaction::NoEntity | Reaction::Blocked => {
                if batch.len() > 1 {
                    return Ok(Next::Ask(halves(&batch)));
                }
                self.leave_out(query, &refusal, &batch);
                Ok(Next::Ask(Vec::new()))
            }
            _ => {
                self.error.get_or_insert(refusal.error);
                Ok(Next::Leave(Swept::Stopped))
            }
        }
    }

    async fn fetch(&mut self, query: Query, ids: &[i64]) -> Result<Samples, Refusal> {
        match query {
            Query::Batch => {
                let body = request::readings(ids);
                let wire = self.client.ask(Call::Readings, body).await?;
                let names = &self.memory.on_board;
                Ok(decode::batch(&wire, &self.asked, self.reckoning, names))
            }
            Query::Values(kind) => {
                let body = request::counter_values(ids, kind);
                let wire = self.client.ask(Call::CounterValues, body).await?;
                Ok(decode::values(&wire, kind, &self.asked))
            }
        }
    }

    /// Reads the list of trackers again and drops from the round who is gone or blocked.
    async fn relist(&mut self) -> Result<(), SourceError> {
        self.relisted = Some(Vec::new());
        let answer = self
            .client
            .ask(Call::TrackerList, serde_json::json!({}))
            .await;
        match answer {
            Ok::<wire::TrackerList, _>(list) => {
                let (trackers, _) = decode::trackers(list);
                let open = trackers.iter().filter(|tracker| !tracker.blocked);
                let open: BTreeSet<i64> = open.map(|tracker| tracker.id).collect();
                self.asked.retain(|id, _| open.contains(id));
                self.relisted = Some(trackers);
                Ok(())
            }
            Err(refusal) if refusal.ends_poll() => Err(refusal.error),
            // Halving will find the culprits without the list.
            Err(_) => Ok(()),
        }
    }

    fn keep(&mut self, found: Samples) {
        self.samples.extend(found.list);
        self.tally.rejected = self.tally.rejected.saturating_add(found.tally.rejected);
        self.tally.needs_zone |= found.tally.needs_zone;
    }

    fn mark_read(&mut self, ids: &[i64]) {
        for id in ids {
            if let Some(heard) = self.asked.get(id) {
                self.memory.read.insert(*id, (*heard, self.now));
            }
        }
    }

    fn leave_out(&mut self, query: Query, refusal: &Refusal, batch: &[i64]) {
        for id in batch {
            match query {
                Query::Values(kind) if refusal.reaction() == Reaction::NoEntity => {
                    self.memory.lacking.insert((*id, kind), self.now + RECHECK);
                }
                _ => self.bar(*id),
            }
        }
    }

    fn bar(&mut self, id: i64) {
        self.memory.barred.insert(id, self.now + RECHECK);
    }

    /// A counter that is not in a tracker's own list is not asked for with those of others.
    fn note_lacking(&mut self, id: i64, found: &Samples) {
        for kind in CounterType::ALL {
            if !found.list.iter().any(|sample| sample.level == kind.level()) {
                self.memory.lacking.insert((id, kind), self.now + RECHECK);
            }
        }
    }

    /// The poll goes on without values, and says so.
    fn suspend(&mut self, refusal: Refusal) {
        self.memory.suspended = Some(Suspension {
            until: self.now + RECHECK,
            is_harmless: refusal.code == Some(DEMO_MODE),
            error: refusal.error,
        });
    }

    fn give_up(&mut self, refusal: Refusal) -> Result<(), SourceError> {
        if refusal.ends_poll() {
            return Err(refusal.error);
        }
        self.error.get_or_insert(refusal.error);
        Ok(())
    }
}

/// Chunks in an order such that the first is popped first.
fn chunks(ids: &[i64], size: usize) -> Vec<Vec<i64>> {
    let chunks = ids.chunks(size.max(1)).map(<[i64]>::to_vec);
    chunks.rev().collect()
}

fn halves(batch: &[i64]) -> Vec<Vec<i64>> {
    let (first, second) = batch.split_at(batch.len() / 2);
    vec![second.to_vec(), first.to_vec()]
}
