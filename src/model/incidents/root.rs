//! Looking for the root of trouble: from the far end to the near one, one root for all that
//! suffers from it.

use std::collections::BTreeMap;

use super::cause::{About, Cause};
use super::event::Incident;
use crate::model::Timestamp;
use crate::model::attempt::ErrorKind;
use crate::model::board::{DeviceRow, SourceRow};
use crate::model::device::Kind;
use crate::model::health::{DataState, Feed, FetchState, due, shifted};

/// From this share of overdue feeds on it is the vendor, in per cent.
const MOST: usize = 80;
/// A vendor that published late is not cleared before fewer than this share are overdue.
const STILL: usize = 50;

/// Why sources cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchRoot {
    /// Where the fault lies.
    pub cause: Cause,
    /// How many suffer from it.
    pub scope: Scope,
    /// The positions of the sources that do, in order.
    pub sources: Vec<usize>,
}

/// How far a fault of fetching reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Nothing can be reached.
    Everything,
    /// All sources of a vendor, and it has several.
    Vendor,
    /// One source.
    Source,
}

/// Where the fault of a source that cannot be read lies.
#[must_use]
pub fn cause(row: &SourceRow) -> Cause {
    cause_of(row.error.as_ref().map(|error| error.kind))
}

/// Where the fault of an error of this kind lies.
pub(super) fn cause_of(error: Option<ErrorKind>) -> Cause {
    match error {
        Some(ErrorKind::Auth) => Cause::Credentials,
        Some(ErrorKind::RateLimited) => Cause::RequestRate,
        Some(ErrorKind::Config) => Cause::Configuration,
        _ => Cause::Api,
    }
}

/// The roots of all sources that cannot be read: our own link alone where nothing can be reached,
/// else one where all sources of a vendor fail for the same reason, else one for each source.
#[must_use]
pub fn unreadable(rows: &[&SourceRow]) -> Vec<FetchRoot> {
    let offline: Vec<_> = positions(rows, |row| row.fetch == FetchState::Offline);
    if !offline.is_empty() {
        return vec![FetchRoot {
            cause: Cause::OwnLink,
            scope: Scope::Everything,
            sources: offline,
        }];
    }
    let mut roots = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        if !row.fetch.is_failing() {
            continue;
        }
        let siblings = positions(rows, |other| other.vendor == row.vendor && !other.paused);
        let alike = |at: &usize| rows[*at].fetch.is_failing() && cause(rows[*at]) == cause(row);
        let (scope, sources) = if siblings.len() > 1 && siblings.iter().all(alike) {
            (Scope::Vendor, siblings)
        } else {
            (Scope::Source, vec![position])
        };
        if sources.first() == Some(&position) {
            roots.push(FetchRoot {
                cause: cause(row),
                scope,
                sources,
            });
        }
    }
    roots
}

fn positions(rows: &[&SourceRow], wanted: impl Fn(&SourceRow) -> bool) -> Vec<usize> {
    let rows = rows.iter().enumerate();
    rows.filter(|(_, row)| wanted(row))
        .map(|(at, _)| at)
        .collect()
}

/// A feed of a source that can be read. Closed and blocked ones are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// The store whose people it counts.
    pub store: Option<&'a str>,
    /// When its data was due, where it is late or worse.
    pub overdue: Option<Timestamp>,
    /// When its newest data became readable, as far as is known.
    pub news: Option<Timestamp>,
}

impl<'a> Part<'a> {
    /// The feed of a device in this state; `None` where nothing is expected of it.
    #[must_use]
    pub fn of(row: &'a DeviceRow, state: DataState, now: Timestamp) -> Option<Self> {
        if row.is_blocked() || state == DataState::Closed {
            return None;
        }
        let feed = row.feed();
        let late = matches!(state, DataState::Late | DataState::Stale | DataState::Dead);
        let store = row.claimed_by.as_deref();
        Some(Self {
            store: store
                .filter(|_| row.kind() == Kind::PeopleCounter)
                .map(|store| &*store.name),
            overdue: late.then(|| due(feed, now).unwrap_or(now).min(now)),
            news: news(feed),
        })
    }
}

/// When the newest data of a feed became readable: not before its lag was over.
pub(super) fn news(feed: Feed<'_>) -> Option<Timestamp> {
    let reach = feed.ours(feed.horizon?);
    Some(shifted(reach, i64::from(feed.expectation.lag_s)))
}

/// Why data is missing although our calls succeed: the roots of all overdue feeds, by their
/// positions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Silence<'a> {
    /// Feeds that are late because the vendor publishes late; or the one device that there is.
    pub pipeline: Vec<usize>,
    /// Stores of which everything that counts people is overdue.
    pub stores: Vec<&'a str>,
    /// Other overdue feeds.
    pub devices: Vec<usize>,
}

/// From which share of overdue feeds on it is the vendor of a source, in per cent: fewer are enough
/// while it is known to publish late.
#[must_use]
pub fn most<'a>(open: impl IntoIterator<Item = &'a Incident>, source: &str) -> usize {
    let is_its = |incident: &Incident| {
        incident.cause == Cause::Pipeline
            && matches!(&incident.about, About::Source(name) if **name == *source)
    };
    if open.into_iter().any(is_its) {
        STILL
    } else {
        MOST
    }
}

/// Whose fault it is that data of one source is missing; `most` per cent of overdue feeds make it
/// the vendor's. So does silence: what became due when nothing came of any other feed has no
/// witness that the vendor still publishes. A parked vehicle is no witness, however fresh it is.
#[must_use]
pub fn silence<'a>(parts: &[Part<'a>], most: usize) -> Silence<'a> {
    let late = parts.iter().filter(|part| part.overdue.is_some()).count();
    let all = parts.len();
    let is_vendors = late > 0 && (late == all || late > 1 && late * 100 >= all * most);
    let newest = parts.iter().filter_map(|part| part.news).max();
    let mut silence = Silence::default();
    let mut counted: BTreeMap<&str, (bool, Vec<usize>)> = BTreeMap::new();
    for (position, part) in parts.iter().enumerate() {
        let unwitnessed = |due| newest.is_none_or(|newest| newest < due);
        let far = part
            .overdue
            .is_some_and(|due| is_vendors || unwitnessed(due));
        silence.pipeline.extend(far.then_some(position));
        let near = (part.overdue.is_some() && !far).then_some(position);
        if let Some(store) = part.store {
            let (all, overdue) = counted.entry(store).or_insert((true, Vec::new()));
            *all &= part.overdue.is_some();
            overdue.extend(near);
        } else {
            silence.devices.extend(near);
        }
    }
    for (store, (all, overdue)) in counted {
        if !all {
            silence.devices.extend(overdue);
        } else if !overdue.is_empty() {
            silence.stores.push(store);
        }
    }
    silence
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A feed whose newest data became readable at a minute, and that was due at another one.
    fn part(store: &str, news: i64, overdue: Option<i64>) -> Part<'_> {
        let minute = |minute| shifted(Timestamp::UNIX_EPOCH, 60 * minute);
        Part {
            store: Some(store).filter(|store| !store.is_empty()),
            overdue: overdue.map(minute),
            news: Some(minute(news)),
        }
    }

    #[test]
    fn who_has_brought_no_news_since_is_no_witness_for_the_vendor() {
        type Case<'a> = (
            &'a str,
            Vec<Part<'a>>,
            &'a [usize],
            &'a [&'a str],
            &'a [usize],
        );
        let table: [Case<'_>; 8] = [
            ("nothing", vec![], &[], &[], &[]),
            (
                "on time",
                vec![part("", 0, None), part("", 9, None)],
                &[],
                &[],
                &[],
            ),
            (
                "half the fleet is parked when the vendor stops",
                vec![
                    part("", 60, Some(65)),
                    part("", 61, Some(66)),
                    part("", 0, None),
                    part("", 62, None),
                ],
                &[0, 1],
                &[],
                &[],
            ),
            (
                "a parked one reports since",
                vec![
                    part("", 60, Some(65)),
                    part("", 61, Some(66)),
                    part("", 0, None),
                    part("", 66, None),
                ],
                &[],
                &[],
                &[0, 1],
            ),
            (
                "one was lost long before the vendor stops",
                vec![
                    part("", 5, Some(10)),
                    part("", 60, Some(65)),
                    part("", 61, Some(66)),
                    part("", 0, None),
                    part("", 0, None),
                ],
                &[1, 2],
                &[],
                &[0],
            ),
            (
                "most are overdue, one of them for long",
                vec![
                    part("", 5, Some(10)),
                    part("", 60, Some(65)),
                    part("", 60, Some(65)),
                    part("", 60, Some(65)),
                    part("", 70, None),
                ],
                &[0, 1, 2, 3],
                &[],
                &[],
            ),
            (
                "a store and a door of another, where the next interval came",
                vec![
                    part("Ermou", 3, Some(18)),
                    part("Ermou", 3, Some(18)),
                    part("Kifisia", 3, Some(18)),
                    part("Kifisia", 18, None),
                ],
                &[],
                &["Ermou"],
                &[2],
            ),
            (
                "the only one",
                vec![part("Ermou", 3, Some(18))],
                &[0],
                &[],
                &[],
            ),
        ];
        for (name, parts, pipeline, stores, devices) in table {
            let expected = Silence {
                pipeline: pipeline.to_vec(),
                stores: stores.to_vec(),
                devices: devices.to_vec(),
            };
            assert_eq!(silence(&parts, MOST), expected, "{name}");
        }
    }

    #[test]
    fn a_vendor_that_published_late_is_cleared_below_half() {
        for (late, most, expected) in [(8, MOST, 8), (7, MOST, 0), (5, STILL, 5), (4, STILL, 0)] {
            let overdue = (0..late).map(|_| part("", 3, Some(18)));
            let on_time = (late..10).map(|_| part("", 18, None));
            let parts: Vec<_> = overdue.chain(on_time).collect();
            assert_eq!(silence(&parts, most).pipeline.len(), expected, "{late}");
        }
    }
}
