//! What earlier runs left in history, in the form that ledger, schedules and budgets take.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::history::{History, HistoryError, PastAttempt, PastSource, Query, Stored};
use crate::model::Timestamp;
use crate::model::board::Beat;
use crate::model::calendar::local_midnight;
use crate::model::ledger::plan::Plan;
use crate::model::ledger::{Restored, RestoredSource, Spans};
use crate::model::occupancy::Visit;
use crate::model::reading::{Quantity, Reading};
use crate::model::schedule::Learned;

/// How far back single readings are read: the running and the previous business day.
const RECENT: TimeDelta = TimeDelta::hours(50);

/// How far back counts are read to learn from: a fortnight, and the day it begins in.
const LEARNED_FROM: TimeDelta = TimeDelta::days(15);

/// Everything an earlier run left.
pub(super) struct Past {
    /// For the ledger.
    pub restored: Restored,
    /// Requests within the last hour, by source.
    pub requests: BTreeMap<Arc<str>, Vec<Timestamp>>,
    /// What was remembered, by source.
    pub memory: BTreeMap<String, Memory>,
}

/// What is remembered about a source beside its readings.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Memory {
    /// What its schedule has learned.
    pub learned: Option<Learned>,
    /// Which quiet stretches were delivered.
    #[serde(default)]
    pub delivered: Spans,
}

/// The key under which [`Memory`] is kept.
pub(super) const MEMORY: &str = "poll";

/// Reads the past.
pub(super) async fn read(
    history: &History,
    plan: &Plan,
    now: Timestamp,
) -> Result<Past, HistoryError> {
    let past = history.restore().await?;
    let memory: BTreeMap<String, Memory> = past
        .memory
        .into_iter()
        .filter_map(|(owner, mut values)| {
            // What an older version wrote in another form is forgotten, not an error.
            let memory = serde_json::from_value(values.remove(MEMORY)?).ok()?;
            Some((owner, memory))
        })
        .collect();
    let midnights = past.facts.iter().map(|(id, facts)| {
        let claimed = plan.claimant(id).map(|store| plan.stores[store].timezone);
        let zone = claimed.or(facts.timezone).unwrap_or(plan.display_zone);
        (id.clone(), local_midnight(zone, now))
    });
    let bases = history.last_levels(midnights.collect()).await?;
    let recent_from = quarter(now - RECENT);
    let recent = history.readings(Query::since(recent_from)).await?;
    let earlier = history.flow_sums(now - LEARNED_FROM, recent_from).await?;
    // A counter's newest reading may be older than the recent ones. It is part of the earlier sums
    // then, and only tells how far the counter reached.
    let (silent, newest): (Vec<_>, Vec<_>) = past.newest.into_iter().partition(|stored| {
        stored.reading.start < recent_from && stored.reading.measure.quantity() == Quantity::Flow
    });
    let readings = bases.into_iter().chain(newest).chain(recent);
    Ok(Past {
        restored: Restored {
            facts: past.facts,
            readings: once_each(readings),
            silent: silent.into_iter().map(|stored| stored.reading).collect(),
            earlier: earlier
                .into_iter()
                .map(|sum| {
                    let visit = Visit {
                        start: sum.start,
                        span_s: sum.span_s,
                        flow: sum.flow,
                    };
                    (sum.device, visit)
                })
                .collect(),
            sources: past
                .sources
                .iter()
                .map(|(name, source)| restored(name, source, memory.get(&**name)))
                .collect(),
        },
        requests: past
            .sources
            .iter()
            .map(|(name, source)| (name.clone(), requests(source, now)))
            .collect(),
        memory,
    })
}

/// The three questions overlap; flows are added up, so each reading may come only once.
fn once_each(readings: impl Iterator<Item = Stored>) -> Vec<(Reading, Timestamp)> {
    let mut seen = std::collections::HashSet::new();
    readings
        .filter(|stored| {
            let reading = &stored.reading;
            let quantity = reading.measure.quantity();
            seen.insert((
                reading.start,
                reading.device.clone(),
                quantity,
                reading.item,
            ))
        })
        .map(|stored| (stored.reading, stored.fetched_at))
        .collect()
}

/// The start of the quarter hour that `at` is in.
fn quarter(at: Timestamp) -> Timestamp {
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

fn beat(attempt: &PastAttempt) -> Beat {
    Beat {
        at: attempt.started,
        failure: attempt.error.as_ref().map(|error| error.kind),
        news: attempt.news > 0,
    }
}

fn requests(source: &PastSource, now: Timestamp) -> Vec<Timestamp> {
    source
        .attempts
        .iter()
        .filter(|attempt| attempt.started > now - TimeDelta::hours(1))
        .flat_map(|attempt| std::iter::repeat_n(attempt.started, attempt.requests as usize))
        .collect()
}
