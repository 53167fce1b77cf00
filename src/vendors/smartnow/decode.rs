//! From the vendor's rows to facts that can be used; pure.

use chrono::{LocalResult, TimeDelta, TimeZone};
use chrono_tz::Tz;
use serde::de::DeserializeOwned;

use super::wire::{self, List, Stamp};
use crate::model::Timestamp;
use crate::model::attempt::SourceError;
use crate::model::reading::Currency;
use crate::vendors::transport::{Reply, plain};

/// A location of machines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    pub id: i64,
    pub name: Option<String>,
    pub timezone: Option<Tz>,
}

/// A machine as the vendor lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Machine {
    pub id: i64,
    pub name: Option<String>,
    pub location: Option<i64>,
    pub active: Option<bool>,
    pub last_sale: Option<i64>,
    pub last_event: Option<i64>,
    pub updated: Option<Timestamp>,
}

/// One sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sale {
    pub id: i64,
    pub machine: i64,
    pub location: Option<i64>,
    /// When it happened.
    pub at: Timestamp,
    /// When the server learned of it.
    pub created: Option<Timestamp>,
    pub price: Option<i64>,
    pub currency: Option<Currency>,
}

/// One event of a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub id: i64,
    pub machine: i64,
    pub location: Option<i64>,
    pub code: String,
    pub at: Timestamp,
    pub created: Option<Timestamp>,
    /// It will be resolved some day, and is not yet.
    pub open: bool,
    pub resolvable: bool,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page<T> {
    /// Rows that can be used, in the order of the reply.
    pub rows: Vec<T>,
    /// Ids of all rows that have one, also of rows that cannot be used.
    pub ids: Vec<i64>,
    /// Rows in all.
    pub len: usize,
    /// Rows that were asked for.
    pub asked: usize,
}

impl<T> Page<T> {
    /// Rows that cannot be used.
    pub fn rejected(&self) -> usize {
        self.len - self.rows.len()
    }

    /// Whether more rows are to be expected: a reply of as many rows as were asked for, or of as
    /// many as a server gives that ignores this, is presumed cut, as the reference contradicts
    /// itself about limits.
    pub fn is_cut(&self) -> bool {
        [self.asked, LONGEST_PAGE, FRAMEWORK_PAGE].contains(&self.len)
    }

    pub fn last_id(&self) -> Option<i64> {
        self.ids.iter().copied().max()
    }
}

/// The documented maximum.
const LONGEST_PAGE: usize = 100;

/// The page size that the vendor's server framework uses where it ignores `limit` (inferred).
const FRAMEWORK_PAGE: usize = 30;

/// Before there were such machines, in Unix seconds.
const YEAR_2000: i64 = 946_684_800;

/// How far a clock may be ahead of the server's when it answers.
const AHEAD: TimeDelta = TimeDelta::minutes(10);

/// A row of a list by its wire form.
pub(super) trait Listed: Sized {
    type Wire: DeserializeOwned;
    /// What a list of such rows is called in errors.
    const NAME: &'static str;

    fn id(wire: &Self::Wire) -> Option<i64>;
    /// The row, if it can be used; `now` is the server's clock when it answered.
    fn read(wire: Self::Wire, now: Timestamp) -> Option<Self>;
    /// When the server learned of it.
    fn created(&self) -> Option<Timestamp> {
        None
    }
}

/// Reads a list of which so many rows were asked for.
///
/// # Errors
/// `schema` when the reply is no JSON list; some lists are objects in the reference.
pub(super) fn page<T: Listed>(reply: &Reply, asked: usize) -> Result<Page<T>, SourceError> {
    let now = clock(reply);
    let list: List<T::Wire> = reply.json().map_err(|error| not_a_list(reply, error))?;
    let len = list.len();
    let mut page = Page {
        rows: Vec::with_capacity(len),
        ids: Vec::with_capacity(len),
        len,
        asked,
    };
    for wire in list
        .into_iter()
        .filter_map(crate::vendors::lenient::Row::good)
    {
        page.ids.extend(T::id(&wire));
        page.rows.extend(T::read(wire, now));
    }
    Ok(page)
}

/// The error of a reply that is no list, in words that say what it is instead.
fn not_a_list(reply: &Reply, mut error: SourceError) -> SourceError {
    if reply.body.trim_ascii_start().starts_with(b"{") {
        "an object where a list belongs".clone_into(&mut error.message);
    }
    error
}

/// The later of the two clocks when the server answered: a row is not thrown away because one of
/// them is slow.
pub(super) fn clock(reply: &Reply) -> Timestamp {
    let theirs = reply.vendor_clock();
    theirs.map_or(reply.received, |theirs| theirs.max(reply.received))
}

impl Listed for Location {
    type Wire = wire::Location;
    const NAME: &'static str = "locations";

    fn id(wire: &wire::Location) -> Option<i64> {
        wire.id
    }

    fn read(wire: wire::Location, _now: Timestamp) -> Option<Self> {
        Some(Self {
            id: wire.id?,
            name: words(wire.name),
            timezone: zone(wire.time_zone.as_deref(), wire.lower_zone.as_deref()),
        })
    }
}

impl Listed for Machine {
    type Wire = wire::Machine;
    const NAME: &'static str = "machines";

    fn id(wire: &wire::Machine) -> Option<i64> {
        wire.id
    }

    fn read(wire: wire::Machine, now: Timestamp) -> Option<Self> {
        Some(Self {
            id: wire.id?,
            name: words(wire.name).or_else(|| words(wire.hostname)),
            location: wire.location,
            active: wire.active,
            last_sale: wire.last_sale,
            last_event: wire.last_log,
            updated: wire.updated_at.as_deref().and_then(|text| utc(text, now)),
        })
    }
}

impl Listed for Sale {
    type Wire = wire::Sale;
    const NAME: &'static str = "sales";

    fn id(wire: &wire::Sale) -> Option<i64> {
        wire.id
    }

    fn read(wire: wire::Sale, now: Timestamp) -> Option<Self> {
        Some(Self {
            id: wire.id?,
            machine: wire.machine?,
            location: wire.location,
            at: occurred(&wire.times, now)?,
            created: created(&wire.times, now),
            price: wire.price,
            currency: wire.currency.as_deref().and_then(Currency::parse),
        })
    }

    fn created(&self) -> Option<Timestamp> {
        self.created
    }
}

impl Listed for Event {
    type Wire = wire::Log;
    const NAME: &'static str = "events";

    fn id(wire: &wire::Log) -> Option<i64> {
        wire.id
    }

    fn read(wire: wire::Log, now: Timestamp) -> Option<Self> {
        let resolvable = wire.is_resolvable == Some(true);
        Some(Self {
            id: wire.id?,
            machine: wire.machine?,
            location: wire.location,
            code: words(wire.code)?,
            at: occurred(&wire.times, now)?,
            created: created(&wire.times, now),
            open: resolvable && is_empty(&wire.resolved_at),
            resolvable,
        })
    }

    fn created(&self) -> Option<Timestamp> {
        self.created
    }
}

/// When it happened: `timestamp` is the safest, then local time with its offset or zone. A row
/// without any of these, or of a machine whose clock is ahead, happened when the server learned of
/// it, as near as can be known.
fn occurred(times: &wire::Times, now: Timestamp) -> Option<Timestamp> {
    let seconds = times.timestamp.filter(|seconds| *seconds > 0);
    let zone = zone(times.time_zone.as_deref(), times.lower_zone.as_deref());
    seconds
        .and_then(|seconds| Timestamp::from_timestamp(seconds, 0))
        .or_else(|| instant(times.occurred_at.as_deref()?, zone))
        .filter(|at| *at <= now + AHEAD)
        .or_else(|| created(times, now))
        .filter(|at| is_sane(*at, now))
}

fn zone(name: Option<&str>, spelt_lower: Option<&str>) -> Option<Tz> {
    name.or(spelt_lower)?.trim().parse().ok()
}

fn created(times: &wire::Times, now: Timestamp) -> Option<Timestamp> {
    times.created_at.as_deref().and_then(|text| utc(text, now))
}

fn utc(text: &str, now: Timestamp) -> Option<Timestamp> {
    instant(text, Some(Tz::UTC)).filter(|at| is_sane(*at, now))
}

fn instant(text: &str, zone: Option<Tz>) -> Option<Timestamp> {
    match Stamp::read(text)? {
        Stamp::Fixed(at) => Some(at.to_utc()),
        Stamp::Naive(local) => match zone?.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.to_utc()),
            // A wall clock that was never shown: read as if the hour had not been skipped.
            LocalResult::None => {
                let before = zone?.from_local_datetime(&(local - TimeDelta::hours(3)));
                Some(before.earliest()?.to_utc() + TimeDelta::hours(3))
            }
        },
    }
}

/// Machines without a set clock report from 1970 or from years ahead; such a row would move every
/// horizon.
fn is_sane(at: Timestamp, now: Timestamp) -> bool {
    at.timestamp() >= YEAR_2000 && at <= now + AHEAD
}

fn is_empty(value: &serde_json::Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn words(text: Option<String>) -> Option<String> {
    text.map(|text| plain(&text))
        .filter(|text| !text.is_empty())
}
