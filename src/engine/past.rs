//! What earlier runs left in history, in the form that ledger, schedules and budgets take.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::corrected::{Replaced, TODAY};
use super::{counting, watching};
use crate::history::{self, History, HistoryError, PastAttempt, PastSource, Query, Stored};
use crate::model::Timestamp;
use crate::model::board::Beat;
use crate::model::calendar::local_midnight;
use crate::model::device::{DeviceId, Facts};
use crate::model::incidents::Account;
use crate::model::ledger::{Ledger, Restored, RestoredSource, Spans};
use crate::model::occupancy::Visit;
use crate::model::reading::{Quantity, Reading};
use crate::model::rhythm;
use crate::model::schedule::Learned;

/// How far back single readings are read: the running and the previous business day.
pub(super) const RECENT: TimeDelta = TimeDelta::hours(50);

/// How far back counts are read to learn from: a fortnight, and the day it begins in.
pub(super) const LEARNED_FROM: TimeDelta = TimeDelta::days(15);

/// Counts to learn from are read in pieces of this length.
pub(super) const LEARNED_PIECE: TimeDelta = TimeDelta::hours(12);

/// What an earlier run left beside what is in the ledger.
pub(super) struct Past {
    /// Requests within the last hour, by source.
    pub requests: BTreeMap<Arc<str>, Vec<Timestamp>>,
    /// What was remembered, by source.
    pub memory: BTreeMap<String, Memory>,
    /// When the program is known to have run last.
    pub alive: Option<Timestamp>,
}

/// What is remembered about a source beside its readings.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Memory {
    /// What its schedule has learned.
    pub learned: Option<Learned>,
    /// Which quiet stretches were delivered.
    #[serde(default)]
    pub delivered: Spans,
    /// What the source itself wants to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<serde_json::Value>,
    /// How fresh its data has been.
    #[serde(default)]
    pub account: Option<Account>,
}

/// The key under which [`Memory`] is kept.
pub(super) const MEMORY: &str = "poll";

/// Reads the past into a ledger that has seen nothing. Readings go there page by page: two days of
/// a large chain are millions of them.
pub(super) async fn read(
    history: &History,
    ledger: &mut Ledger,
    now: Timestamp,
) -> Result<Past, HistoryError> {
    let mut left = history.restore().await?;
    let by_hand = counting::remembered(&mut left.memory);
    let alive = last_alive(watching::stopped(&mut left.memory), &left.sources);
    ledger.recall_events(std::mem::take(&mut left.events));
    let memory = remembered(left.memory);
    let recent_from = quarter(now - RECENT);
    let bases = bases(history, ledger, &left.facts, now).await?;
    let happening = happening(&left.facts);
    let newest = left.newest.into_iter();
    // What is younger comes with the recent readings.
    let (counts, levels): (Vec<_>, Vec<_>) = newest
        .filter(|stored| stored.reading.start < recent_from)
        .partition(|stored| stored.reading.measure.quantity() == Quantity::Flow);
    ledger.restore(Restored {
        facts: left.facts,
        // Such counts are part of the earlier sums, and only tell how far the counter reached.
        silent: counts.into_iter().map(|stored| stored.reading).collect(),
        sources: left
            .sources
            .iter()
            .map(|(name, source)| restored(name, source, memory.get(&**name)))
            .collect(),
    });
    for (name, account) in &memory {
        if let Some(account) = account.account.clone() {
            ledger.recall_account(name, account);
        }
    }
    for (store, counts) in by_hand {
        ledger.recall_counts(&store, counts);
    }
    learn(history, ledger, now - LEARNED_FROM, recent_from).await?;
    for id in &happening {
        let from = recent_from - rhythm::LEARNED_FROM;
        let events = history.occurrences(id.clone(), from, recent_from).await?;
        ledger.learn_rhythm(id, events, recent_from);
    }
    let bases = bases.into_iter();
    let older = bases.filter(|stored| stored.reading.start < recent_from);
    ledger.recall(once_each(older.chain(levels)));
    let replaced = history.revisions(Query::since(now - TODAY)).await?;
    let mut replaced = Replaced::of(replaced);
    let mut pages = history.pages(Query::since(recent_from));
    while let Some(page) = pages.next().await? {
        for stored in &page {
            replaced.see(stored);
        }
        ledger.recall(page.into_iter().map(fetched));
    }
    ledger.recall_corrections(replaced.settled());
    Ok(Past {
        requests: left
            .sources
            .iter()
            .map(|(name, source)| (name.clone(), requests(&source.attempts, now)))
            .collect(),
        memory,
        alive,
    })
}

/// The devices that tell of nothing but what happens.
pub(super) fn happening(facts: &[(DeviceId, Facts)]) -> Vec<DeviceId> {
    let happening = facts
        .iter()
        .filter(|(_, facts)| facts.kind().only_happens());
    happening.map(|(id, _)| id.clone()).collect()
}

/// What was remembered about each source.
pub(super) fn remembered(memory: history::Memory) -> BTreeMap<String, Memory> {
    let memory = memory.into_iter();
    memory
        .filter_map(|(owner, mut values)| {
            // What an older version wrote in another form is forgotten, not an error.
            let memory = serde_json::from_value(values.remove(MEMORY)?).ok()?;
            Some((owner, memory))
        })
        .collect()
}

/// When the program is known to have run last: when it said good-bye, else when it asked last.
fn last_alive(
    stopped: Option<Timestamp>,
    sources: &BTreeMap<Arc<str>, PastSource>,
) -> Option<Timestamp> {
    let attempts = sources.values().filter_map(|source| source.attempts.last());
    attempts.map(|attempt| attempt.started).max().max(stopped)
}

/// The levels from which the running day of each device is measured.
async fn bases(
    history: &History,
    ledger: &Ledger,
    facts: &[(DeviceId, Facts)],
    now: Timestamp,
) -> Result<Vec<Stored>, HistoryError> {
    let midnights = facts.iter().map(|(id, facts)| {
        let zone = ledger.zone_of(id, facts);
        (id.clone(), local_midnight(zone, now))
    });
    history.last_levels(midnights.collect()).await
}

async fn learn(
    history: &History,
    ledger: &mut Ledger,
    from: Timestamp,
    to: Timestamp,
) -> Result<(), HistoryError> {
    let mut from = from;
    while from < to {
        let until = quarter(from + LEARNED_PIECE).min(to);
        let sums = history.flow_sums(from, until).await?;
        ledger.learn(sums.into_iter().map(|sum| {
            let visit = Visit {
                start: sum.start,
                span_s: sum.span_s,
                flow: sum.flow,
            };
            (sum.device, visit)
        }));
        from = until;
    }
    Ok(())
}

/// A device's base may be its newest level.
fn once_each(readings: impl Iterator<Item = Stored>) -> Vec<(Reading, Timestamp)> {
    let mut seen = HashSet::new();
    readings
        .filter(|stored| {
            let reading = &stored.reading;
            let quantity = reading.measure.quantity();
            let device = reading.device.clone();
            seen.insert((reading.start, device, quantity, reading.item))
        })
        .map(fetched)
        .collect()
}

fn fetched(stored: Stored) -> (Reading, Timestamp) {
    (stored.reading, stored.fetched_at)
}

/// The start of the quarter hour that `at` is in.
pub(super) fn quarter(at: Timestamp) -> Timestamp {
    at - TimeDelta::seconds(at.timestamp().rem_euclid(900))
}

fn restored(name: &str, source: &PastSource, memory: Option<&Memory>) -> RestoredSource {
    RestoredSource {
        name: name.to_owned(),
        beats: source.attempts.iter().map(beat).collect(),
        last_success: source.last_success,
        delivered: memory
            .map(|memory| memory.delivered.clone())
            .unwrap_or_default(),
    }
}

pub(super) fn beat(attempt: &PastAttempt) -> Beat {
    Beat {
        at: attempt.started,
        failure: attempt.error.as_ref().map(|error| error.kind),
        news: attempt.news > 0,
    }
}

/// The requests of attempts within the hour before `now`.
pub(super) fn requests<'a>(
    attempts: impl IntoIterator<Item = &'a PastAttempt>,
    now: Timestamp,
) -> Vec<Timestamp> {
    attempts
        .into_iter()
        .filter(|attempt| attempt.started > now - TimeDelta::hours(1))
        .flat_map(|attempt| std::iter::repeat_n(attempt.started, attempt.requests as usize))
        .collect()
}
