//! The counters of one token, read whole or by what was updated.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::model::Timestamp;
use crate::vendors::transport::Transport;

use super::client::Client;
use super::decode::{self, Counter};
use super::paging::{self, End, Listing, PageSize};
use super::refusal::{Reaction, Refusal};
use super::request::{self, Interval, Operation};
use super::wire;

/// What is known of a token's counters.
#[derive(Debug, Default)]
pub(super) struct Counters {
    by_id: BTreeMap<String, Counter>,
    /// When all were last read.
    full_at: Option<Timestamp>,
    size: PageSize,
    /// Enterprises in one request, once more were too heavy.
    at_once: Option<usize>,
    /// The server refuses intervals that end ahead of its clock.
    no_future: bool,
    /// The server refuses intervals altogether.
    no_delta: bool,
    /// When a value without a stamp of its own was first seen.
    first_seen: BTreeMap<String, (i64, Timestamp)>,
}

/// What a reading of the counters brought.
#[derive(Debug, Default)]
pub(super) struct Brought {
    /// Id, value and stamp of each counter that came.
    pub values: Vec<(String, i64, Timestamp)>,
    pub rejected: u32,
    /// Some answer came.
    pub heard: bool,
    /// Why not everything came.
    pub refusal: Option<Refusal>,
    /// A sentence for the operator.
    pub note: Option<String>,
}

/// More counters than this are not read whole each time.
const READ_WHOLE: usize = 1000;
/// A delta tells nothing of deleted counters, and nobody documents what moves a stamp.
const FULL_AGE: TimeDelta = TimeDelta::minutes(15);
/// How far a delta reaches back before the newest stamp, and ahead of the server's clock.
const OVERLAP: TimeDelta = TimeDelta::minutes(2);
const AHEAD: TimeDelta = TimeDelta::minutes(1);
/// The longest interval is three months; the shortest three months have 89 days.
const LONGEST: TimeDelta = TimeDelta::days(89);
/// Enterprises in one request (vendor documentation).
const ENTERPRISES: usize = 1000;

impl Counters {
    /// The counters by id.
    pub(super) fn by_id(&self) -> &BTreeMap<String, Counter> {
        &self.by_id
    }

    /// Whether all have been read since the program started.
    pub(super) fn is_complete(&self) -> bool {
        self.full_at.is_some()
    }

    /// Reads the counters of some enterprises, or of all that the token sees.
    pub(super) async fn read(
        &mut self,
        client: &mut Client,
        transport: &Transport,
        enterprises: Option<&[String]>,
    ) -> Brought {
        let now = transport.clock().now();
        if let Some(delta) = self.delta(client.server_now(now), now) {
            let brought = self
                .read_updated(client, transport, enterprises, delta)
                .await;
            if let Some(brought) = brought {
                return brought;
            }
        }
        self.sweep(client, transport, enterprises, None).await
    }

    /// The interval to ask for; `None` when all counters are due.
    fn delta(&self, server_now: Timestamp, now: Timestamp) -> Option<Interval> {
        if self.no_delta || self.by_id.len() <= READ_WHOLE {
            return None;
        }
        self.full_at
            .filter(|at| now - *at < FULL_AGE && *at <= now)?;
        let newest = self
            .by_id
            .values()
            .filter_map(|counter| counter.updated)
            .max()?;
        let ahead = if self.no_future {
            TimeDelta::zero()
        } else {
            AHEAD
        };
        let interval = Interval {
            from: newest - OVERLAP,
            to: server_now + ahead,
        };
        // Equal or crossed ends would match next to nothing.
        let length = interval.to - interval.from;
        (length > TimeDelta::zero() && length <= LONGEST).then_some(interval)
    }

    /// Reads what was updated; `None` when the server wants no intervals.
    async fn read_updated(
        &mut self,
        client: &mut Client,
        transport: &Transport,
        enterprises: Option<&[String]>,
        mut delta: Interval,
    ) -> Option<Brought> {
        loop {
            let brought = self
                .sweep(client, transport, enterprises, Some(delta))
                .await;
            let status = brought
                .refusal
                .as_ref()
                .and_then(|refusal| refusal.error.status);
            if status != Some(400) {
                return Some(brought);
            }
            if std::mem::replace(&mut self.no_future, true) {
                self.no_delta = true;
                return None;
            }
            // That the end may lie ahead is only assumed.
            delta.to -= AHEAD;
        }
    }

    /// Reads all pages for all enterprises, in smaller groups where the answer is too heavy.
    async fn sweep(
        &mut self,
        client: &mut Client,
        transport: &Transport,
        enterprises: Option<&[String]>,
        updated: Option<Interval>,
    ) -> Brought {
        let mut brought = Brought::default();
        let mut whole = true;
        let mut seen = BTreeMap::new();
        let mut work = self.groups(enterprises);
        while let Some(group) = work.pop() {
            let wanted = request::counters(group.as_deref(), updated);
            let listing: Listing<wire::Counter> = paging::read::<wire::CounterPage>(
                client,
                transport,
                Operation::Counters,
                &wanted,
                &mut self.size,
            )
            .await;
            let complete = matches!(listing.end, End::Complete);
            brought.heard |= complete || !listing.items.is_empty();
            brought.rejected += listing.rejected;
            let server_now = client.server_now(transport.clock().now());
            let (counters, rejected) = decode::counters(listing.items, server_now);
            brought.rejected += rejected;
            seen.extend(counters);
            match listing.end {
                End::Complete => {}
                End::Endless(why) => {
                    whole = false;
                    brought.note = Some(format!("the list of counters has no end: {why}"));
                }
                End::Refused(refusal) => {
                    if let Some(parts) = self.split(&refusal, group) {
                        work.extend(parts);
                        continue;
                    }
                    whole = false;
                    brought.refusal = Some(*refusal);
                    break;
                }
            }
        }
        self.take(
            seen,
            whole && updated.is_none(),
            client,
            transport,
            &mut brought,
        );
        brought
    }

    /// The enterprises in groups of at most what one request may name.
    fn groups(&self, enterprises: Option<&[String]>) -> Vec<Option<Vec<String>>> {
        let most = self.at_once.unwrap_or(ENTERPRISES).clamp(1, ENTERPRISES);
        match enterprises {
            Some(ids) => ids.chunks(most).map(|group| Some(group.to_vec())).collect(),
            None => vec![None],
        }
    }

    /// Two halves of a group whose answer is too heavy even in small pages.
    fn split(
        &mut self,
        refusal: &Refusal,
        group: Option<Vec<String>>,
    ) -> Option<[Option<Vec<String>>; 2]> {
        let group = group.filter(|group| group.len() > 1 && refusal.reaction == Reaction::Less)?;
        let (one, other) = group.split_at(group.len() / 2);
        self.at_once = Some(other.len());
        Some([Some(one.to_vec()), Some(other.to_vec())])
    }

    fn take(
        &mut self,
        seen: BTreeMap<String, Counter>,
        is_everything: bool,
        client: &Client,
        transport: &Transport,
        brought: &mut Brought,
    ) {
        let now = transport.clock().now();
        let server_now = client.server_now(now);
        for counter in seen.values() {
            let at = self.stamp(counter, server_now);
            brought.values.push((counter.id.clone(), counter.value, at));
        }
        if is_everything {
            self.first_seen.retain(|id, _| seen.contains_key(id));
            self.by_id = seen;
            self.full_at = Some(now);
        } else {
            self.by_id.extend(seen);
        }
    }

    /// The counter's own stamp. Without one it is as old as its value: a value that stays does not
    /// become a new reading with each poll.
    fn stamp(&mut self, counter: &Counter, server_now: Timestamp) -> Timestamp {
        if let Some(updated) = counter.updated {
            return updated;
        }
        let fresh = (
            counter.value,
            chrono::SubsecRound::trunc_subsecs(server_now, 0),
        );
        let known = self.first_seen.entry(counter.id.clone()).or_insert(fresh);
        if known.0 != counter.value {
            *known = fresh;
        }
        known.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn many(updated: &str) -> Counters {
        let counter = |n: usize| Counter {
            id: n.to_string(),
            enterprise: None,
            name: "Default".to_owned(),
            kind: "BillCounter".to_owned(),
            format: None,
            value: 1,
            updated: Some(at(updated)),
        };
        Counters {
            by_id: (0..=READ_WHOLE)
                .map(|n| (n.to_string(), counter(n)))
                .collect(),
            full_at: Some(at("2026-03-01T09:00:00Z")),
            ..Counters::default()
        }
    }

    fn delta(counters: &Counters, now: &str) -> Option<(Timestamp, Timestamp)> {
        let delta = counters.delta(at(now), at(now))?;
        Some((delta.from, delta.to))
    }

    #[test]
    fn a_delta_overlaps_on_both_sides() {
        let counters = many("2026-03-01T08:41:07Z");
        assert_eq!(
            delta(&counters, "2026-03-01T09:05:00Z"),
            Some((at("2026-03-01T08:39:07Z"), at("2026-03-01T09:06:00Z")))
        );
    }

    #[test]
    fn everything_is_read_now_and_then_and_when_there_is_little() {
        let counters = many("2026-03-01T08:41:07Z");
        assert_eq!(
            delta(&counters, "2026-03-01T09:15:00Z"),
            None,
            "a quarter of an hour is over"
        );
        assert_eq!(
            delta(&counters, "2026-03-01T08:59:00Z"),
            None,
            "the clock was set back"
        );
        let mut few = many("2026-03-01T08:41:07Z");
        few.by_id.pop_last();
        assert_eq!(
            delta(&few, "2026-03-01T09:05:00Z"),
            None,
            "a thousand fit into one page"
        );
    }

    #[test]
    fn trap_4_an_interval_is_never_empty_nor_over_three_months() {
        let cases = [
            ("2025-12-03T09:00:00Z", true),
            ("2025-12-02T09:00:00Z", false),
            ("2026-03-01T09:08:00Z", false),
        ];
        for (newest, possible) in cases {
            let counters = many(newest);
            let delta = delta(&counters, "2026-03-01T09:05:00Z");
            assert_eq!(delta.is_some(), possible, "{newest}");
        }
    }

    #[test]
    fn a_value_without_a_stamp_is_as_old_as_its_first_sight() {
        let mut counters = Counters::default();
        let mut counter = many("2026-03-01T08:41:07Z").by_id.pop_first().unwrap().1;
        counter.updated = None;
        let first = at("2026-03-01T09:00:00Z");
        let later = at("2026-03-01T09:10:00Z");
        assert_eq!(counters.stamp(&counter, first), first);
        assert_eq!(counters.stamp(&counter, later), first);
        counter.value += 1;
        assert_eq!(counters.stamp(&counter, later), later);
    }
}
