//! Rows to readings, pure: which counter, which instant, how long.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use chrono_tz::Tz;

use crate::model::Timestamp;
use crate::model::reading::{Flow, Measure, Reading};

use super::counters::Counters;
use super::spacing::{self, Interval};
use super::stamp::Walk;
use super::wire::{Key, Row};

/// What rows say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// One reading for each counter and interval that is over.
    pub readings: Vec<Reading>,
    /// Rows without a counter or in an hour that does not exist.
    pub rejected: u32,
    /// The hour that autumn repeats came only once, though the day went on after it.
    pub merged_hour: bool,
    /// The shortest interval that any counter's rows show, in seconds.
    pub interval_s: Option<u32>,
}

/// Decodes the rows of a poll that happens at `now`. `default_s` is the interval of a counter
/// whose rows do not show one.
pub fn readings(rows: &[Row], counters: &mut Counters, now: Timestamp, default_s: u32) -> Decoded {
    let mut decoded = Decoded::default();
    let mut of_counter: BTreeMap<Key, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        match counters.key_of(row) {
            Some(key) => of_counter.entry(key).or_default().push(row),
            None => decoded.rejected += 1,
        }
    }
    for (key, rows) in of_counter {
        if counters.is_watched(&key) {
            of_one(&key, rows, counters, (now, default_s), &mut decoded);
        }
    }
    decoded
}

fn of_one(
    key: &Key,
    rows: Vec<&Row>,
    counters: &mut Counters,
    (now, default_s): (Timestamp, u32),
    decoded: &mut Decoded,
) {
    let device = counters.device(key);
    let flows = instants(rows, counters.zone(), decoded);
    let starts: Vec<Timestamp> = flows.keys().copied().collect();
    let interval = spacing::interval(&starts, counters.interval(&device), default_s);
    if interval.seen {
        counters.set_interval(&device, interval.seconds);
        let shortest = decoded.interval_s.unwrap_or(u32::MAX);
        decoded.interval_s = Some(shortest.min(interval.seconds));
    }
    for (at, (start, flow)) in flows.iter().enumerate() {
        let next = starts.get(at + 1).copied();
        if let Some(span_s) = finished_span(*start, next, interval, now) {
            decoded.readings.push(Reading {
                device: device.clone(),
                start: *start,
                span_s,
                item: 0,
                measure: Measure::Flow(*flow),
            });
        }
    }
}

/// The length of a row whose interval is over at `now`; `None` for one that still runs or has not
/// begun, as vendors fill up the day with zeros. Where the interval is only a guess, a row that
/// would run is taken for a shorter one.
fn finished_span(
    start: Timestamp,
    next: Option<Timestamp>,
    interval: Interval,
    now: Timestamp,
) -> Option<u32> {
    let span = spacing::span(start, next, interval);
    if start + TimeDelta::seconds(span.into()) <= now {
        return Some(span);
    }
    let so_far = u32::try_from((now - start).num_seconds()).ok()?;
    (!interval.seen && so_far > 0).then_some(so_far)
}

/// The counts of one counter by instant. A later row of the same instant replaces an earlier one.
fn instants(mut rows: Vec<&Row>, zone: Tz, decoded: &mut Decoded) -> BTreeMap<Timestamp, Flow> {
    if is_falling(&rows, zone) {
        rows.reverse();
    }
    let mut walk = Walk::new(zone);
    let mut flows = BTreeMap::new();
    for row in rows {
        match walk.instant(row.stamp) {
            Some(start) => {
                flows.insert(start, row.flow);
            }
            None => decoded.rejected += 1,
        }
    }
    let newest = flows.keys().next_back();
    decoded.merged_hour |= newest.is_some_and(|newest| walk.is_merged(*newest));
    flows
}

/// Whether the list runs from new to old. The step back of the autumn hour alone does not.
fn is_falling(rows: &[&Row], zone: Tz) -> bool {
    let steps = rows.windows(2).map(|pair| {
        let [first, second] = [pair[0].stamp.wall(zone), pair[1].stamp.wall(zone)];
        match first.cmp(&second) {
            std::cmp::Ordering::Less => 1,
            std::cmp::Ordering::Equal => 0,
            std::cmp::Ordering::Greater => -1,
        }
    });
    steps.sum::<i64>() < -1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::super::{Fields, wire};
    use super::*;

    const DEFAULT_S: u32 = 3600;

    fn now() -> Timestamp {
        "2026-10-25T12:00:00Z".parse().unwrap()
    }

    fn counters() -> Counters {
        Counters::new("mall".into(), chrono_tz::Europe::Stockholm, &[])
    }

    fn decode(list: &[Json]) -> Decoded {
        let rows = wire::rows(list, &Fields::default());
        readings(&rows.rows, &mut counters(), now(), DEFAULT_S)
    }

    fn starts(decoded: &Decoded) -> Vec<String> {
        let starts = decoded.readings.iter().map(|reading| reading.start);
        starts
            .map(|start| start.format("%dT%H:%M").to_string())
            .collect()
    }

    fn row(local: &str) -> Json {
        json!({"counterId": 1, "datetime": format!("2026-10-25 {local}:00"), "I": 1, "O": 1})
    }

    #[test]
    fn a_list_from_new_to_old_is_read_backwards() {
        let rising = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"].map(row);
        let mut falling = rising.clone();
        falling.reverse();
        assert_eq!(
            starts(&decode(&rising)),
            [
                "24T23:30", "25T00:00", "25T00:30", "25T01:00", "25T01:30", "25T02:00"
            ]
        );
        assert_eq!(decode(&rising), decode(&falling));
    }

    #[test]
    fn a_correction_in_the_same_list_replaces() {
        let mut again = row("08:00");
        again["I"] = json!(9);
        let decoded = decode(&[row("08:00"), row("09:00"), again]);
        assert_eq!(decoded.readings.len(), 2);
        let flow = Flow {
            entered: 9,
            left: 1,
        };
        assert_eq!(decoded.readings[0].measure, Measure::Flow(flow));
    }

    #[test]
    fn a_lonely_row_never_ends_in_the_future() {
        // 13:30 local is half an hour ago: the default hour is not over.
        let decoded = decode(&[row("12:30")]);
        assert_eq!(decoded.readings[0].end(), now());
        assert!(decode(&[row("13:00")]).readings.is_empty());
    }

    /// A row that is like one of the vendor's to any degree.
    fn any_row() -> impl Strategy<Value = Json> {
        let value = prop_oneof![
            Just(Json::Null),
            any::<i64>().prop_map(Json::from),
            (-2..50).prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            "[0-9]{1,3}".prop_map(Json::from),
            ".{0,6}".prop_map(Json::from),
        ];
        let time = prop_oneof![
            (0_u32..24, 0_u32..60).prop_map(|(h, m)| format!("2026-10-25 {h:02}:{m:02}:00")),
            "20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:00(Z|[+-]0[0-9]:30)?",
            ".{0,12}",
        ];
        (value.clone(), value.clone(), value, time).prop_map(|(id, entered, left, time)| {
            json!({"counterId": id, "datetime": time, "I": entered, "O": left})
        })
    }

    proptest! {
        #[test]
        fn any_rows_give_readings_within_bounds(rows in prop::collection::vec(any_row(), 0..60)) {
            let read = wire::rows(&rows, &Fields::default());
            let decoded = decode(&rows);
            let total = u32::try_from(rows.len()).unwrap();
            prop_assert!(read.rejected + decoded.rejected <= total);
            for reading in &decoded.readings {
                prop_assert!(reading.end() <= now());
                prop_assert!((1..=25 * 3600).contains(&reading.span_s));
            }
            for pair in decoded.readings.windows(2) {
                // No interval of a counter reaches into its next.
                if pair[0].device == pair[1].device {
                    prop_assert!(pair[0].end() <= pair[1].start);
                }
            }
        }
    }
}
