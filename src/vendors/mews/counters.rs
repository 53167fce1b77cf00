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
use super::settings::CounterSettings;
use super::wire;

/// What is known of a token's counters.
#[derive(Debug)]
pub(super) struct Counters {
    settings: CounterSettings,
    by_id: BTreeMap<String, Counter>,
    /// How many the vendor had when all were last read, those that are not shown included.
    total: usize,
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
    /// Fields of the first row, each with whether it was there.
    pub fields: Vec<(&'static str, bool)>,
    /// Some answer came.
    pub heard: bool,
    /// Why not everything came.
    pub refusal: Option<Refusal>,
    /// A sentence for the operator.
    pub note: Option<String>,
}

/// More counters than this are not read whole each time.
const READ_WHOLE: usize = 1000;
/// How far a delta reaches ahead of the server's clock.
const AHEAD: TimeDelta = TimeDelta::minutes(1);
/// The longest interval is three months; the shortest three months have 89 days.
const LONGEST: TimeDelta = TimeDelta::days(89);
/// Enterprises in one request (vendor documentation).
const ENTERPRISES: usize = 1000;

impl Counters {
    pub(super) fn new(settings: CounterSettings) -> Self {
        Self {
            by_id: BTreeMap::new(),
            total: 0,
            full_at: None,
            size: PageSize::new(settings.page_size),
            at_once: None,
            no_future: false,
            no_delta: false,
            first_seen: BTreeMap::new(),
            settings,
        }
    }

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
        if self.no_delta || self.total <= READ_WHOLE {
            return None;
        }
        // It tells nothing of deleted counters, and nobody documents what moves a stamp.
        self.full_at
            .filter(|at| now - *at < self.settings.full_read && *at <= now)?;
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
            from: newest - self.settings.overlap,
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
        // The server takes one type; more are chosen from what comes.
        let kind = match &self.settings.types[..] {
            [kind] => Some(kind.clone()),
            _ => None,
        };
        let mut work = self.groups(enterprises);
        while let Some(group) = work.pop() {
            let wanted = request::counters(group.as_deref(), kind.as_deref(), updated);
            let listing: Listing<wire::Counter> = paging::read::<wire::CounterPage>(
                client,
                transport,
                Operation::Counters,
                &wanted,
                &mut self.size,
            )
            .await;
            let complete = matches!(listing.end, End::Complete);
            if let Some(first) = listing.items.first().filter(|_| brought.fields.is_empty()) {
                brought.fields = first.fields().into();
            }
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

    /// Two halves of a group that is too long for a request, or whose answer is too heavy even in
    /// small pages.
    fn split(
        &mut self,
        refusal: &Refusal,
        group: Option<Vec<String>>,
    ) -> Option<[Option<Vec<String>>; 2]> {
        let less = matches!(refusal.reaction, Reaction::Less | Reaction::Fewer);
        let group = group.filter(|group| group.len() > 1 && less)?;
        let (one, other) = group.split_at(group.len() / 2);
        self.at_once = Some(other.len());
        Some([Some(one.to_vec()), Some(other.to_vec())])
    }

    fn take(
        &mut self,
        mut seen: BTreeMap<String, Counter>,
        is_everything: bool,
        client: &Client,
        transport: &Transport,
        brought: &mut Brought,
    ) {
        let now = transport.clock().now();
        let server_now = client.server_now(now);
        let total = seen.len();
        seen.retain(|_, counter| self.is_wanted(counter));
        for counter in seen.values() {
            let at = self.stamp(counter, server_now);
            brought.values.push((counter.id.clone(), counter.value, at));
        }
        if is_everything {
            self.total = total;
            self.first_seen.retain(|id, _| seen.contains_key(id));
            self.by_id = seen;
            self.full_at = Some(now);
        } else {
            self.by_id.extend(seen);
        }
    }

    fn is_wanted(&self, counter: &Counter) -> bool {
        let CounterSettings {
            types,
            default_only,
            ..
        } = &self.settings;
        let of_type = types.is_empty() || types.contains(&counter.kind);
        of_type && (counter.is_default || !default_only)
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
mod tests;
