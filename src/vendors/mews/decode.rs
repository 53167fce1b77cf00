//! From wire types to counters, enterprises and what a house says about tonight. Pure.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDateTime, SubsecRound, TimeDelta};
use chrono_tz::Tz;

use crate::model::Timestamp;
use crate::vendors::transport::plain;

use super::wire;

/// A counter as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Counter {
    pub id: String,
    pub enterprise: Option<String>,
    pub name: String,
    /// The vendor's word, also one we have never seen.
    pub kind: String,
    /// It is marked as the default of its type.
    pub is_default: bool,
    pub format: Option<String>,
    pub value: i64,
    /// When it was last updated; older servers do not say.
    pub updated: Option<Timestamp>,
}

/// A hotel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Enterprise {
    pub name: Option<String>,
    pub zone: Option<Tz>,
    /// How long after local midnight its business day starts, in seconds.
    pub day_offset_s: i32,
}

/// What the reservations say that are checked in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct InHouse {
    /// People booked in those that say how many.
    pub people: u32,
    /// Reservations that do not say how many people.
    pub uncounted: u32,
    /// Rooms that those name which name one; several may share a room.
    pub rooms: u32,
    /// Reservations that name no room.
    pub roomless: u32,
}

/// A service that guests book by the night.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Service {
    pub id: String,
    pub enterprise: Option<String>,
}

/// The word of a counter whose type is not told; the vendor's word for "any".
const ANY_TYPE: &str = "Counter";
/// The longest id; the vendor's are uuids.
const LONGEST_ID: usize = 64;
/// The longest format that is a format.
const LONGEST_FORMAT: usize = 100;
/// A counter that is stamped further ahead of the server's clock has no usable stamp, as if none
/// had come: it is as old as the first sight of its value.
const FURTHEST_AHEAD: TimeDelta = TimeDelta::minutes(5);

/// The counters of a list by id; of two versions of one, the newer stamp wins, as the list may
/// change while its pages are read. The number of those that cannot be used comes with them.
pub(super) fn counters(
    list: Vec<wire::Counter>,
    server_now: Timestamp,
) -> (BTreeMap<String, Counter>, u32) {
    let mut counters: BTreeMap<String, Counter> = BTreeMap::new();
    let mut rejected = 0;
    for row in list {
        let Some(counter) = counter(row, server_now) else {
            rejected += 1;
            continue;
        };
        let newer = counters
            .get(&counter.id)
            .is_none_or(|known| counter.updated >= known.updated);
        if newer {
            counters.insert(counter.id.clone(), counter);
        }
    }
    (counters, rejected)
}

fn counter(row: wire::Counter, server_now: Timestamp) -> Option<Counter> {
    let id = identifier(&row.id)?;
    let kind = row
        .kind
        .map(|kind| plain(&kind))
        .filter(|kind| !kind.is_empty());
    let kind = kind.unwrap_or_else(|| ANY_TYPE.to_owned());
    let name = row
        .name
        .map(|name| plain(&name))
        .filter(|name| !name.is_empty());
    let updated = row.updated_utc.as_deref().and_then(instant);
    Some(Counter {
        id,
        enterprise: row.enterprise_id.as_deref().and_then(identifier),
        name: name.unwrap_or_else(|| kind.clone()),
        kind,
        is_default: row.is_default == Some(true),
        format: row.format.filter(|format| is_format(format)),
        value: row.value,
        updated: updated.filter(|at| *at <= server_now + FURTHEST_AHEAD),
    })
}

/// The enterprises of a list by id.
pub(super) fn enterprises(list: Vec<wire::Enterprise>) -> BTreeMap<String, Enterprise> {
    let enterprise = |row: wire::Enterprise| {
        let name = row
            .name
            .map(|name| plain(&name))
            .filter(|name| !name.is_empty());
        let zone = row
            .time_zone_identifier
            .and_then(|zone| zone.trim().parse().ok());
        let offset = row
            .business_day_closing_offset
            .as_deref()
            .and_then(duration_s);
        let enterprise = Enterprise {
            name,
            zone,
            day_offset_s: offset.unwrap_or(0),
        };
        Some((identifier(&row.id)?, enterprise))
    };
    list.into_iter().filter_map(enterprise).collect()
}

/// What the reservations that are checked in say, each counted once.
///
/// Only those were asked for, so one without a state is one of them.
pub(super) fn in_house(list: &[wire::Reservation]) -> InHouse {
    let (mut counted, mut rooms) = (BTreeSet::new(), BTreeSet::new());
    let started = list.iter().filter(|row| {
        let state = row.state.as_deref();
        state.is_none_or(|state| state == "Started")
    });
    let mut house = InHouse::default();
    for row in started.filter(|row| counted.insert(row.id.as_str())) {
        match people(row) {
            Some(people) => house.people = house.people.saturating_add(people),
            None => house.uncounted += 1,
        }
        match row.assigned_resource_id.as_deref().map(str::trim) {
            None | Some("") => house.roomless += 1,
            Some(room) => drop(rooms.insert(room)),
        }
    }
    house.rooms = u32::try_from(rooms.len()).unwrap_or(u32::MAX);
    house
}

/// People of a reservation; `None` where it does not say so in full.
fn people(row: &wire::Reservation) -> Option<u32> {
    let groups = row.person_counts.as_ref()?.iter();
    groups
        .map(|group| Some(group.as_good()?.count))
        .try_fold(0, |sum: u32, count| Some(sum.saturating_add(count?)))
}

/// The active services that are booked by the night.
pub(super) fn services(list: Vec<wire::Service>) -> Vec<Service> {
    let by_the_night = |row: &wire::Service| {
        let data = row.data.as_ref();
        let kind = data.and_then(|data| data.discriminator.as_deref());
        let unit = data.and_then(|data| data.value.as_ref());
        let unit = unit.and_then(|value| value.time_unit_period.as_deref());
        row.is_active != Some(false)
            && kind.is_none_or(|kind| kind == "Bookable")
            && unit.is_none_or(|unit| unit == "Day")
    };
    let rows = list.into_iter().filter(by_the_night);
    rows.filter_map(|row| {
        Some(Service {
            id: identifier(&row.id)?,
            enterprise: row.enterprise_id.as_deref().and_then(identifier),
        })
    })
    .collect()
}

/// Rooms of a service that can be used in the first night of an availability.
pub(super) fn rooms(wire: &wire::Availability) -> Option<u32> {
    let categories = wire.resource_category_availabilities.iter();
    let usable =
        categories.filter_map(|row| row.as_good()?.metrics.usable_resources.first().copied());
    let usable: Vec<u32> = usable
        .filter_map(|rooms| u32::try_from(rooms).ok())
        .collect();
    if usable.is_empty() {
        return None;
    }
    Some(usable.into_iter().fold(0, u32::saturating_add))
}

/// An id as it can stand in a device id.
fn identifier(text: &str) -> Option<String> {
    let text = text.trim();
    let usable = !text.is_empty()
        && text.len() <= LONGEST_ID
        && text.chars().all(|c| c.is_ascii_graphic() && c != '/');
    usable.then(|| text.to_owned())
}

fn is_format(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_FORMAT && plain(text) == text
}

/// An instant in ISO 8601, in UTC where it names no offset, with any fraction of a second.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let with_offset = DateTime::parse_from_rfc3339(text).map(|at| at.to_utc());
    let instant = with_offset.or_else(|_| {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").map(|at| at.and_utc())
    });
    let instant = instant.ok()?.trunc_subsecs(0);
    (instant >= Timestamp::UNIX_EPOCH).then_some(instant)
}

/// Seconds of an ISO 8601 duration such as `P0Y0M0DT3H0M0S`, up to a day either way. Years and
/// months have no fixed length and must be zero.
fn duration_s(text: &str) -> Option<i32> {
    let text = text.trim();
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let text = text.strip_prefix('P')?;
    let (date, time) = text.split_once('T').unwrap_or((text, ""));
    let seconds = parts(
        date,
        &[
            ('Y', None),
            ('M', None),
            ('W', Some(604_800)),
            ('D', Some(86_400)),
        ],
    )?
    .checked_add(parts(
        time,
        &[('H', Some(3600)), ('M', Some(60)), ('S', Some(1))],
    )?)?;
    let within_a_day = (0..=86_400).contains(&seconds);
    within_a_day.then_some(sign * i32::try_from(seconds).ok()?)
}

/// The seconds in one half of a duration; units in order, each at most once.
fn parts(text: &str, units: &[(char, Option<i64>)]) -> Option<i64> {
    let mut rest = text;
    let mut seconds: i64 = 0;
    for (unit, length) in units {
        let digits = rest.find(|c: char| c != '-' && c != '.' && !c.is_ascii_digit());
        let Some(end) = digits.filter(|end| rest[*end..].starts_with(*unit)) else {
            continue;
        };
        let whole = rest[..end]
            .split_once('.')
            .map_or(&rest[..end], |(whole, _)| whole);
        let number: i64 = whole.parse().ok()?;
        rest = &rest[end + unit.len_utf8()..];
        match length {
            Some(length) => seconds = seconds.checked_add(number.checked_mul(*length)?)?,
            None if number != 0 => return None,
            None => {}
        }
    }
    rest.is_empty().then_some(seconds)
}

#[cfg(test)]
mod tests;
