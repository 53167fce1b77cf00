//! How far the number of a store can be trusted, as scripts see it.

use serde::Serialize;

use super::snapshot::{Instant, rounded};
use crate::model::Timestamp;
use crate::model::board::StoreRow;

/// What speaks for and against the number of a store.
#[derive(Debug, Serialize)]
pub struct Evidence {
    vendor: Option<Beside>,
    drift: Option<Drift>,
    last_reset: Option<LastReset>,
    learned_days: u32,
    counted_by_hand: Option<Instant>,
    hand_count: Option<HandCount>,
    after_hours: Option<AfterHours>,
}

/// Who crossed the doors while the store was closed.
#[derive(Debug, Serialize)]
struct AfterHours {
    r#in: u64,
    out: u64,
    since: Option<Instant>,
    last: Instant,
}

/// What somebody counted.
#[derive(Debug, Serialize)]
struct HandCount {
    people: u32,
    was: Option<u32>,
    reason: String,
}

/// The vendor's own number beside ours.
#[derive(Debug, Serialize)]
struct Beside {
    value: i64,
    as_of: Instant,
    counted: u32,
    difference: i64,
    since: Option<Instant>,
}

/// How entries and exits differ.
#[derive(Debug, Serialize)]
struct Drift {
    ratio: f64,
    spread: f64,
    days: usize,
}

/// The last reset.
#[derive(Debug, Serialize)]
struct LastReset {
    at: Instant,
    residual: i64,
    remained: u32,
    band: u32,
}

impl Evidence {
    pub(super) fn of(row: &StoreRow, now: Timestamp) -> Self {
        let evidence = &row.evidence;
        Self {
            vendor: evidence.vendor.map(|beside| Beside {
                value: beside.value,
                as_of: Instant(beside.as_of),
                counted: beside.counted,
                difference: beside.difference,
                since: beside.since.map(Instant),
            }),
            drift: evidence.drift.map(|drift| Drift {
                ratio: rounded(drift.ratio, 4),
                spread: rounded(drift.spread, 4),
                days: drift.days,
            }),
            last_reset: evidence.last_reset.map(|reset| LastReset {
                at: Instant(reset.at),
                residual: reset.residual,
                remained: reset.remained,
                band: reset.half,
            }),
            learned_days: evidence.learned_days,
            counted_by_hand: evidence.by_hand.as_ref().map(|count| Instant(count.at)),
            hand_count: evidence.by_hand.as_ref().map(|count| HandCount {
                people: count.people,
                was: count.was,
                reason: count.reason.clone(),
            }),
            after_hours: row.after_hours(now).map(|seen| AfterHours {
                r#in: seen.entered,
                out: seen.left,
                since: seen.since.map(Instant),
                last: Instant(seen.last.1),
            }),
        }
    }
}
