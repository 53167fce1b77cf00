//! Looking for the root of trouble: from the far end to the near one, one root for all that
//! suffers from it.

use std::collections::BTreeMap;

use super::cause::Cause;
use crate::model::attempt::ErrorKind;
use crate::model::board::SourceRow;
use crate::model::health::FetchState;

/// From this share of overdue feeds on it is the vendor, in per cent.
pub const MOST: usize = 80;
/// A vendor that published late is not cleared before fewer than this share are overdue.
pub const STILL: usize = 50;

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
    match row.error.as_ref().map(|error| error.kind) {
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
    /// Its data is late or worse.
    pub overdue: bool,
}

/// Why data is missing although our calls succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silence<'a> {
    /// The vendor publishes late; or the one device that there is, is silent.
    Pipeline {
        /// Overdue feeds.
        late: usize,
        /// All feeds.
        all: usize,
    },
    /// Some places are silent and others are not.
    Places {
        /// Stores of which everything that counts people is overdue.
        stores: Vec<&'a str>,
        /// The positions of the other overdue feeds.
        devices: Vec<usize>,
    },
}

/// Whose fault it is that data of one source is missing; `most` per cent of overdue feeds make it
/// the vendor's.
#[must_use]
pub fn silence<'a>(parts: &[Part<'a>], most: usize) -> Silence<'a> {
    let late = parts.iter().filter(|part| part.overdue).count();
    let all = parts.len();
    if late > 0 && (late == all || late > 1 && late * 100 >= all * most) {
        return Silence::Pipeline { late, all };
    }
    let mut counted: BTreeMap<&str, (bool, Vec<usize>)> = BTreeMap::new();
    let mut devices = Vec::new();
    for (position, part) in parts.iter().enumerate() {
        let late = part.overdue.then_some(position);
        if let Some(store) = part.store {
            let (all, overdue) = counted.entry(store).or_insert((true, Vec::new()));
            *all &= part.overdue;
            overdue.extend(late);
        } else {
            devices.extend(late);
        }
    }
    let mut stores = Vec::new();
    for (store, (all, overdue)) in counted {
        if all {
            stores.push(store);
        } else {
            devices.extend(overdue);
        }
    }
    Silence::Places { stores, devices }
}
