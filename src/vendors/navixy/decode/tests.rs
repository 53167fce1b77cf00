//! Tests of decoding: the documented replies and everything they may be instead.

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::*;

const LAST_UPDATE: &str = "2026-03-01T13:15:21Z";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn wire<T: DeserializeOwned>(json: Json) -> T {
    serde_json::from_value(json).unwrap()
}

fn reckoning() -> Reckoning {
    Reckoning {
        zone: None,
        server_now: at("2026-03-01T13:15:30Z"),
    }
}

fn asked(ids: &[i64]) -> Asked {
    ids.iter().map(|id| (*id, Some(at(LAST_UPDATE)))).collect()
}

fn sample(tracker: i64, level: Level, at_text: &str, value: Value) -> Sample {
    Sample {
        tracker,
        level,
        at: at(at_text),
        value,
    }
}

fn sensors() -> Vec<String> {
    vec!["passengers_remaining".to_owned(), "people".to_owned()]
}

fn batch_of(tracker: &Json) -> Samples {
    let wire: wire::BatchReadings = wire(json!({"success": true, "result": {"11": tracker}}));
    batch(&wire, &asked(&[11]), reckoning(), &sensors())
}

#[test]
fn trackers_are_listed_blocked_ones_and_clones_too() {
    let wire = wire(json!({"success": true, "list": [
        {"id": 11, "label": " Shuttle\u{1b}[31m 1 ", "clone": false,
         "source": {"id": 901, "device_id": "356307042441013", "blocked": false}},
        {"id": 12, "label": "", "clone": true, "source": {"device_id": 356_307, "blocked": true}},
        {"id": 9_007_199_254_740_993_i64},
        {"label": "without an id"}, 5, null
    ]}));
    let (trackers, rejected) = trackers(wire);
    assert_eq!(rejected, 3);
    let seen: Vec<_> = trackers
        .iter()
        .map(|t| (t.id, t.label.as_deref(), t.clone, t.blocked))
        .collect();
    assert_eq!(
        seen,
        [
            (11, Some("Shuttle [31m 1"), false, false),
            (12, None, true, true),
            (9_007_199_254_740_993, None, false, false)
        ]
    );
}

#[test]
fn states_carry_the_vendors_claims() {
    let wire = wire(json!({
        "user_time": "2026-03-01T08:15:30-05:00",
        "states": {
            "11": {"source_id": 901, "gps": {"updated": "2026-03-01T08:15:21-05:00"},
                   "connection_status": "active", "movement_status": "moving",
                   "last_update": "2026-03-01T08:15:21-05:00", "inputs": [true], "ignition": true},
            "13": {"gps": {"updated": "2026-03-01T08:00:00-05:00"}},
            "x": {}, "14": 7
        },
        "blocked": [12, "odd"], "not_exist": [99], "success": true
    }));
    let states = states(&wire, None, at("2026-03-01T13:20:00Z"));
    assert_eq!(states.server_now, Some(at("2026-03-01T13:15:30Z")));
    assert_eq!(
        states.by_tracker[&11],
        State {
            connection: Some("active".into()),
            movement: Some("moving".into()),
            ignition: Some(true),
            last_update: Some(at(LAST_UPDATE)),
        }
    );
    assert_eq!(states.by_tracker[&13].connection, None);
    assert_eq!(
        states.by_tracker[&13].last_update,
        Some(at("2026-03-01T13:00:00Z"))
    );
    assert_eq!(states.blocked, BTreeSet::from([12]));
    assert_eq!(states.missing, BTreeSet::from([99]));
    assert_eq!(
        states.tally,
        Tally {
            rejected: 2,
            needs_zone: false
        }
    );
}

#[test]
fn unknown_status_words_are_shown_as_unknown_and_kept_for_a_note() {
    let wire = wire(json!({"states": {
        "1": {"connection_status": "teleporting", "movement_status": "hovering"},
        "2": {"connection_status": "teleporting", "movement_status": "parked"}
    }}));
    let states = states(&wire, None, at(LAST_UPDATE));
    assert_eq!(states.by_tracker[&1].connection.as_deref(), Some("unknown"));
    assert_eq!(states.by_tracker[&1].movement.as_deref(), Some("unknown"));
    assert_eq!(states.by_tracker[&2].movement.as_deref(), Some("parked"));
    assert_eq!(
        states.unknown_words,
        BTreeSet::from(["hovering".to_owned(), "teleporting".to_owned()])
    );
}

#[test]
fn naive_stamps_ask_for_the_zone_and_then_mean_an_instant() {
    let wire = wire(json!({
        "user_time": "2026-03-01 08:15:30",
        "states": {"11": {"last_update": "2026-03-01 08:15:21"}}
    }));
    let now = at("2026-03-01T13:15:31Z");
    assert!(states(&wire, None, now).tally.needs_zone);
    let states = states(&wire, Some(chrono_tz::America::New_York), now);
    assert!(!states.tally.needs_zone);
    assert_eq!(states.server_now, Some(at("2026-03-01T13:15:30Z")));
    assert_eq!(states.by_tracker[&11].last_update, Some(at(LAST_UPDATE)));
}

#[test]
fn readings_give_counters_and_people_each_at_its_own_time() {
    let wire: wire::BatchReadings = wire(json!({"success": true, "result": {
        "11": {"inputs": [{"sensor_id": 71, "label": "On board", "name": "passengers_remaining",
                           "type": "custom", "value": 17, "update_time": "2026-03-01T08:15:20-05:00"}],
               "states": [{"field": "total_passengers_entered_1", "value": 4182,
                           "update_time": "2026-03-01T08:15:21-05:00"}],
               "counters": [
                   {"type": "odometer", "value": 20854.42, "update_time": "2026-03-01T08:15:21-05:00"},
                   {"type": "engine_hours", "value": 612.75, "update_time": "2026-03-01T08:15:02-05:00"},
                   {"type": "fuel_consumed", "value": 3, "update_time": "2026-03-01T08:15:02-05:00"}]},
        "13": {"inputs": [], "states": []},
        "99": {"counters": [{"type": "odometer", "value": 1, "update_time": "2026-03-01T08:15:21-05:00"}]}
    }}));
    let samples = batch(&wire, &asked(&[11, 13]), reckoning(), &sensors());
    assert_eq!(
        samples.list,
        [
            sample(11, Level::Odometer, LAST_UPDATE, Value::Real(20854.42)),
            sample(
                11,
                Level::EngineHours,
                "2026-03-01T13:15:02Z",
                Value::Real(612.75)
            ),
            sample(11, Level::OnBoard, "2026-03-01T13:15:20Z", Value::Int(17)),
        ]
    );
    assert_eq!(samples.tally, Tally::default());
}

#[test]
fn trap_2_a_tracker_left_out_of_the_values_is_absent_not_zero() {
    let wire = wire(json!({"success": true, "value": {"11": 20854.42, "14": 98012, "15": null}}));
    let samples = values(&wire, CounterType::Odometer, &asked(&[11, 12, 14, 15]));
    assert_eq!(
        samples.list,
        [
            sample(11, Level::Odometer, LAST_UPDATE, Value::Real(20854.42)),
            sample(14, Level::Odometer, LAST_UPDATE, Value::Real(98012.0)),
        ]
    );
    assert_eq!(samples.tally.rejected, 0);
}

#[test]
fn trap_3_a_value_without_a_time_takes_the_trackers_last_update() {
    let wire = wire(json!({"value": {"11": 5, "12": 6}}));
    let mut asked = asked(&[11]);
    asked.insert(12, None);
    let samples = values(&wire, CounterType::EngineHours, &asked);
    assert_eq!(
        samples.list,
        [sample(
            11,
            Level::EngineHours,
            LAST_UPDATE,
            Value::Real(5.0)
        )]
    );
    assert_eq!(
        samples.tally.rejected, 1,
        "a value of unknown age is not shown"
    );
}

#[test]
fn trap_4_whole_categories_may_be_missing() {
    for tracker in [
        json!({}),
        json!({"inputs": null, "states": null, "counters": null}),
    ] {
        let samples = batch_of(&tracker);
        assert_eq!((samples.list.len(), samples.tally.rejected), (0, 0));
    }
}

#[test]
fn trap_5_a_fall_of_the_odometer_is_a_reading_like_any_other() {
    let wire = wire(json!({"list": [
        {"value": 500.5, "update_time": "2026-03-01T10:00:00Z"},
        {"value": 20, "update_time": "2026-03-01T11:00:00Z"}
    ]}));
    let samples = history(&wire, 11, CounterType::Odometer, reckoning());
    let values: Vec<_> = samples.list.iter().map(|s| s.value).collect();
    assert_eq!(values, [Value::Real(500.5), Value::Real(20.0)]);
}

#[test]
fn trap_6_an_empty_counter_list_is_no_error() {
    let wire = wire(json!({"success": true, "user_time": "2026-03-01T08:15:30-05:00", "list": []}));
    let samples = counters_of(&wire, 11, None, reckoning());
    assert_eq!((samples.list.len(), samples.tally.rejected), (0, 0));
}

#[test]
fn trap_8_counter_history_is_stamped_by_update_time() {
    let wire = wire(json!({"success": true, "list": [
        {"value": 20790.1, "update_time": "2026-03-01T06:04:55-05:00"},
        {"value": 20854.42, "get_time": "2026-03-01T08:15:21-05:00"}
    ]}));
    let samples = history(&wire, 11, CounterType::Odometer, reckoning());
    assert_eq!(
        samples.list,
        [sample(
            11,
            Level::Odometer,
            "2026-03-01T11:04:55Z",
            Value::Real(20790.1)
        )]
    );
    assert_eq!(samples.tally.rejected, 1);
}

#[test]
fn trap_9_a_stamp_is_read_by_its_own_offset_and_by_nothing_beside_it() {
    // The vendor's page shows these two as the same instant. They are not.
    let list = json!({"success": true, "list": [
        {"value": 1.0, "update_time": "2026-03-01T17:57:00Z"},
        {"value": 2.0, "update_time": "2026-03-01T13:57:00+05:00"}
    ]});
    let samples = history(&wire(list), 11, CounterType::Odometer, reckoning());
    let stamps: Vec<_> = samples.list.iter().map(|sample| sample.at).collect();
    let expected = ["2026-03-01T17:57:00Z", "2026-03-01T08:57:00Z"];
    assert_eq!(stamps, expected.map(|at| at.parse::<Timestamp>().unwrap()));
}

#[test]
fn trap_14_values_may_be_whole_or_real() {
    let cases = [
        (json!(98012), Some(98012.0)),
        (json!(0.5), Some(0.5)),
        (json!(0), Some(0.0)),
        (json!(-1), None),
        (json!(1e300), None),
        (json!("98012"), Some(98012.0)),
        (json!("NaN"), None),
        (json!("far"), None),
        (json!([1]), None),
        (json!(true), None),
    ];
    for (value, expected) in cases {
        let samples = batch_of(&json!({"counters": [
            {"type": "odometer", "value": value, "update_time": LAST_UPDATE}
        ]}));
        let seen = samples.list.first().map(|sample| sample.value);
        assert_eq!(seen, expected.map(Value::Real), "{value}");
        assert_eq!(
            samples.tally.rejected,
            u32::from(expected.is_none()),
            "{value}"
        );
    }
}

#[test]
fn a_stamp_that_cannot_be_used_rejects_its_row() {
    for time in ["soon", "2099-01-01T00:00:00Z"] {
        let samples = batch_of(&json!({"counters": [
            {"type": "odometer", "value": 1, "update_time": time}
        ]}));
        assert_eq!(
            (samples.list.len(), samples.tally.rejected),
            (0, 1),
            "{time}"
        );
    }
}

#[test]
fn people_on_board_come_from_the_remaining_count_or_the_difference_of_totals() {
    let value =
        |name: &str, value: Json| json!({"name": name, "value": value, "update_time": LAST_UPDATE});
    let field = |name: &str, value: Json| json!({"field": name, "value": value, "update_time": LAST_UPDATE});
    let entered = "total_passengers_entered";
    let left = "total_passengers_exit";
    let cases = [
        (
            json!({"inputs": [value("passengers_remaining", json!(17))]}),
            Some(17),
            0,
        ),
        (
            json!({"states": [field("passengers_remaining", json!(0))]}),
            Some(0),
            0,
        ),
        (
            json!({"inputs": [value("passengers_remaining", json!(16.6))]}),
            Some(17),
            0,
        ),
        // The vendor's own figure wins over our subtraction.
        (
            json!({"inputs": [value("passengers_remaining", json!(3)), value(entered, json!(9)), value(left, json!(1))]}),
            Some(3),
            0,
        ),
        (
            json!({"inputs": [value(entered, json!(40)), value(left, json!(30))]}),
            Some(10),
            0,
        ),
        (
            json!({"inputs": [value(entered, json!(40))], "states": [field(left, json!(30))]}),
            Some(10),
            0,
        ),
        // By door, in both spellings; each door needs both directions.
        (
            json!({"states": [field("total_passengers_entered_1", json!(5)), field("total_passengers_exit_1", json!(2)),
                              field("total_passengers_entered[2]", json!(7)), field("total_passengers_exit[2]", json!(6))]}),
            Some(4),
            0,
        ),
        (
            json!({"states": [field("total_passengers_entered_1", json!(5)), field("total_passengers_exit_2", json!(2))]}),
            None,
            0,
        ),
        // One direction alone, or the last stop's counts, say nothing.
        (json!({"inputs": [value(entered, json!(40))]}), None, 0),
        (
            json!({"inputs": [value("passengers_entered", json!(4)), value("passengers_exit", json!(3))]}),
            None,
            0,
        ),
        // Unknown is not zero.
        (
            json!({"inputs": [value("passengers_remaining", json!(null))]}),
            None,
            0,
        ),
        (
            json!({"inputs": [value("passengers_remaining", json!(-2))]}),
            None,
            1,
        ),
        (
            json!({"inputs": [value("passengers_remaining", json!("many"))]}),
            None,
            1,
        ),
        (
            json!({"inputs": [value(entered, json!(3)), value(left, json!(5))]}),
            None,
            1,
        ),
        (json!({"inputs": [value("fuel_level", json!(12))]}), None, 0),
    ];
    for (tracker, expected, rejected) in cases {
        let samples = batch_of(&tracker);
        let seen = samples
            .list
            .first()
            .map(|sample| (sample.level, sample.value));
        assert_eq!(
            seen,
            expected.map(|people| (Level::OnBoard, Value::Int(people))),
            "{tracker}"
        );
        assert_eq!(samples.tally.rejected, rejected, "{tracker}");
    }
}

#[test]
fn of_two_sensors_the_newer_one_counts() {
    let samples = batch_of(&json!({"inputs": [
        {"name": "passengers_remaining", "value": 4, "update_time": "2026-03-01T13:10:00Z"},
        {"name": "passengers_remaining", "value": 5, "update_time": "2026-03-01T13:14:00Z"},
        {"name": "passengers_remaining", "value": 6, "update_time": "2026-03-01T13:12:00Z"}
    ]}));
    assert_eq!(
        samples.list,
        [sample(
            11,
            Level::OnBoard,
            "2026-03-01T13:14:00Z",
            Value::Int(5)
        )]
    );
}

#[test]
fn a_sensor_without_a_time_is_as_old_as_its_tracker() {
    let samples = batch_of(&json!({"inputs": [{"name": "passengers_remaining", "value": 4}]}));
    assert_eq!(
        samples.list,
        [sample(11, Level::OnBoard, LAST_UPDATE, Value::Int(4))]
    );
}

#[test]
fn seats_are_those_of_vehicles_with_a_tracker() {
    let wire = wire(json!({"success": true, "list": [
        {"tracker_id": 11, "label": "Bus", "passengers": 32},
        {"tracker_id": null, "passengers": 3}, {"tracker_id": 12}, {"tracker_id": 13, "passengers": 0},
        {"tracker_id": 14, "passengers": -1}, "odd"
    ]}));
    assert_eq!(seats(wire), BTreeMap::from([(11, 32)]));
}

fn any_json() -> impl Strategy<Value = Json> {
    let stamp = prop_oneof![
        Just(LAST_UPDATE.to_owned()),
        Just("2026-03-01 08:15:21".to_owned()),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?",
        "\\PC{0,8}",
    ];
    let name = prop_oneof![
        Just("odometer".to_owned()),
        Just("engine_hours".to_owned()),
        Just("passengers_remaining".to_owned()),
        "total_passengers_(entered|exit)(_[0-9]{1,11}|\\[[0-9]\\])?",
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        (0.0..2e8).prop_map(Json::from),
        stamp.prop_map(Json::from),
        name.prop_map(Json::from),
    ];
    let key = prop_oneof![
        Just("11".to_owned()),
        "result|states|inputs|counters|list|value|type|name|field|update_time|last_update|user_time|blocked|not_exist|id",
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

fn assert_within_bounds(samples: &Samples) {
    let latest = reckoning().server_now + chrono::TimeDelta::days(1);
    for sample in &samples.list {
        assert!(sample.at <= latest && sample.at > at("1999-12-31T00:00:00Z"));
        match (sample.level, sample.value) {
            (Level::Odometer, Value::Real(value)) => assert!((0.0..=1e8).contains(&value)),
            (Level::EngineHours, Value::Real(value)) => assert!((0.0..=1e6).contains(&value)),
            (Level::OnBoard, Value::Int(value)) => assert!((0..=100_000).contains(&value)),
            odd => panic!("{odd:?}"),
        }
    }
}

proptest! {
    #[test]
    fn no_json_panics_or_leaves_the_bounds(
        category in "inputs|states|counters",
        rows in prop::collection::vec(any_json(), 0..4),
        whole in any_json(),
    ) {
        let tracker = json!({category: rows.clone()});
        assert_within_bounds(&batch_of(&tracker));
        assert_within_bounds(&batch_of(&whole));
        if let Ok(wire) = serde_json::from_value::<wire::States>(whole.clone()) {
            let _ = states(&wire, None, reckoning().server_now);
        }
        if let Ok(wire) = serde_json::from_value::<wire::States>(json!({"states": whole.clone()})) {
            let _ = states(&wire, Some(chrono_tz::Europe::Athens), reckoning().server_now);
        }
        if let Ok(wire) = serde_json::from_value::<wire::TrackerList>(json!({"list": rows.clone()})) {
            let _ = trackers(wire);
        }
        if let Ok(wire) = serde_json::from_value::<wire::CounterHistory>(json!({"list": rows})) {
            assert_within_bounds(&history(&wire, 11, CounterType::Odometer, reckoning()));
        }
        if let Ok(wire) = serde_json::from_value::<wire::CounterValues>(json!({"value": whole})) {
            assert_within_bounds(&values(&wire, CounterType::Odometer, &asked(&[11])));
        }
    }
}

#[test]
fn other_sensors_may_say_how_many_are_on_board_and_the_first_name_wins() {
    let sensor =
        |name: &str, value: i64| json!({"name": name, "value": value, "update_time": LAST_UPDATE});
    let both = json!({"inputs": [sensor("people", 9), sensor("passengers_remaining", 4)]});
    let other = json!({"inputs": [sensor("people", 9), sensor("fuel", 4)]});
    for (row, expected) in [(both, 4), (other, 9)] {
        let samples = batch_of(&row);
        assert_eq!(samples.list[0].value, Value::Int(expected), "{row}");
    }
}
