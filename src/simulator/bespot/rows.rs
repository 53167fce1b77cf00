//! The rows of the two lists: visits and occupancy, per store and minute, sparse.

use chrono::{NaiveDateTime, TimeDelta, TimeZone};
use serde_json::{Map, Value, json};

use crate::model::Timestamp;
use crate::simulator::estate::places::{Network, home};
use crate::simulator::estate::site::Site;
use crate::simulator::estate::{Estate, Passage, wall};
use crate::simulator::exchange::Call;
use crate::simulator::faults::Fault;
use crate::simulator::readout::delivered;

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// People in and out per minute.
    Visits,
    /// People inside after a minute.
    Occupancy,
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Position of the store in the estate.
    pub site: usize,
    /// Start of the minute in seconds since 1970.
    pub minute_s: i64,
    /// People in, or inside.
    pub first: i64,
    /// People out.
    pub second: i64,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// First minute.
    from: Timestamp,
    /// End of the last minute.
    to: Timestamp,
    store_code: Option<String>,
}

impl Window {
    /// Reads the query. Both bounds are required and inclusive (vendor documentation).
    pub fn read(call: &Call) -> Result<Self, Value> {
        let mut wrong = Map::new();
        let mut bound = |name: &str| {
            let complaint = match call.param(name).map(instant) {
                Some(Some(instant)) => return Some(instant),
                Some(None) => "Enter a valid date/time.",
                None => "This field is required.",
            };
            wrong.insert(name.to_owned(), json!([complaint]));
            None
        };
        match (bound("datetime_gte"), bound("datetime_lte")) {
            (Some(first), Some(last)) => Ok(Self {
                from: wall::floor_to(first + TimeDelta::seconds(59), 60),
                to: wall::floor_to(last, 60) + TimeDelta::minutes(1),
                store_code: call.param("store_code").map(str::to_owned),
            }),
            _ => Err(Value::Object(wrong)),
        }
    }
}

/// The rows of a window, by store and then by minute; `None` when the store is unknown.
pub fn rows(
    estate: &Estate,
    call: &Call,
    list: List,
    window: &Window,
    horizon: Timestamp,
) -> Option<Vec<Row>> {
    let mut sites = estate
        .sites()
        .iter()
        .filter(|site| site.city.network == Network::Bespot)
        .filter(|site| {
            window
                .store_code
                .as_ref()
                .is_none_or(|code| *code == site.code)
        })
        .peekable();
    if window.store_code.is_some() {
        sites.peek()?;
    }
    if call.has(&Fault::EmptyList) {
        return Some(Vec::new());
    }
    let (from, to) = (window.from, window.to.min(horizon));
    let mut rows = Vec::new();
    for site in sites {
        match list {
            List::Visits => {
                let passages = delivered(estate, site, &call.faults, from, to);
                visits(site, &passages, &mut rows);
            }
            List::Occupancy => occupancy(estate, site, call, (from, to), &mut rows),
        }
    }
    if call.has(&Fault::Revised) {
        // What the newest batch brings is no revision.
        let old = (horizon - TimeDelta::minutes(15)).timestamp();
        for row in rows.iter_mut().filter(|row| row.minute_s < old) {
            row.first += 1;
        }
    }
    Some(rows)
}

/// Minutes in which nobody was counted have no row.
fn visits(site: &Site, passages: &[Passage], rows: &mut Vec<Row>) {
    for minute in passages.chunk_by(|a, b| a.at_s.div_euclid(60) == b.at_s.div_euclid(60)) {
        let mut row = Row {
            site: site.index,
            minute_s: minute[0].at_s.div_euclid(60) * 60,
            first: 0,
            second: 0,
        };
        for passage in minute {
            let flow = passage.flow();
            row.first += i64::from(flow.entered);
            row.second += i64::from(flow.left);
        }
        rows.push(row);
    }
}

/// The plain sum of in and out since 04:00, neither corrected nor kept above zero: the vendor
/// documents no method, and this one drifts as such sums do.
fn occupancy(
    estate: &Estate,
    site: &Site,
    call: &Call,
    (from, to): (Timestamp, Timestamp),
    rows: &mut Vec<Row>,
) {
    let zone = site.city.zone;
    let mut date = wall::business_date(zone, from);
    while wall::day_start(zone, date) < to {
        let start = wall::day_start(zone, date);
        date += TimeDelta::days(1);
        let end = wall::day_start(zone, date).min(to);
        let passages = delivered(estate, site, &call.faults, start, end);
        let mut day = Vec::new();
        visits(site, &passages, &mut day);
        let mut inside = 0;
        for row in day {
            inside += row.first - row.second;
            if row.minute_s >= from.timestamp() {
                rows.push(Row {
                    first: inside,
                    second: 0,
                    ..row
                });
            }
        }
    }
}

/// Reads an instant; one without zone is taken in the server's own, as the framework does.
fn instant(text: &str) -> Option<Timestamp> {
    // A plus sign that was sent bare arrives as a space.
    let text = text.trim().replace(' ', "+");
    if let Ok(instant) = chrono::DateTime::parse_from_rfc3339(&text) {
        return Some(instant.to_utc());
    }
    let naive = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d+%H:%M:%S"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok())?;
    let local = home().zone.from_local_datetime(&naive).earliest()?;
    Some(local.to_utc())
}
