//! Decoding, with the vendor's own examples and everything that may come instead.

mod house;

use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::*;
use crate::vendors::mews::wire::Page;

const NOW: &str = "2026-03-01T09:00:00Z";
const ORDERS: &str = "7d0f4c1a-2b6e-4f0a-8d57-0a3b1c2d3e01";
const HOTEL: &str = "0c7b1e52-5f2e-4a76-9b3c-6d5a1f0e2b11";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Elements, how many were odd, and the cursor of a page.
fn page<P: Page>(body: Json) -> (Vec<P::Item>, usize, Option<String>) {
    let page: P = serde_json::from_value(body).unwrap();
    let (rows, cursor) = page.into_parts();
    let all = rows.len();
    let good: Vec<_> = rows
        .into_iter()
        .filter_map(crate::vendors::lenient::Row::good)
        .collect();
    let odd = all - good.len();
    (good, odd, cursor)
}

fn read(body: Json) -> (BTreeMap<String, Counter>, u32) {
    let (list, _, _) = page::<wire::CounterPage>(body);
    counters(list, at(NOW))
}

fn rows<T: DeserializeOwned>(json: Json) -> Vec<T> {
    serde_json::from_value(json).unwrap()
}

#[test]
fn the_full_page_of_the_vendor_is_read() {
    let (counters, rejected) = read(json!({"Counters": [
        {"Id": ORDERS, "EnterpriseId": HOTEL, "Name": "Default", "IsDefault": true, "Value": 25812,
         "Format": null, "Type": "ServiceOrderCounter",
         "CreatedUtc": "2021-05-04T10:00:00Z", "UpdatedUtc": "2026-03-01T08:41:07Z"},
        {"Id": "1e9b77c4-6a0d-4b0e-9a51-51d7c90e4f02", "EnterpriseId": HOTEL, "Name": "Registration",
         "IsDefault": true, "Value": 9034, "Format": "R{0:00000}", "Type": "RegistrationCardCounter",
         "CreatedUtc": "2021-05-04T10:00:00Z", "UpdatedUtc": "2026-03-01T08:39:55Z"}
    ], "Cursor": "1e9b77c4-6a0d-4b0e-9a51-51d7c90e4f02"}));
    assert_eq!((counters.len(), rejected), (2, 0));
    assert_eq!(
        counters[ORDERS],
        Counter {
            id: ORDERS.to_owned(),
            enterprise: Some(HOTEL.to_owned()),
            name: "Default".to_owned(),
            kind: "ServiceOrderCounter".to_owned(),
            is_default: true,
            format: None,
            value: 25812,
            updated: Some(at("2026-03-01T08:41:07Z")),
        }
    );
    let registration = &counters["1e9b77c4-6a0d-4b0e-9a51-51d7c90e4f02"];
    assert_eq!(registration.format.as_deref(), Some("R{0:00000}"));
}

#[test]
fn trap_1_the_vendors_own_example_needs_no_cursor_no_format_and_no_deprecated_arrays() {
    let (list, odd, cursor) = page::<wire::CounterPage>(json!({"Counters": [
        {"Id": "5a1c9a5e-93f4-4f55-8c6e-2f0e6c1d7a03", "EnterpriseId": HOTEL, "Name": "Splits",
         "IsDefault": false, "Value": 12, "Format": "", "Type": "SomeFutureCounter",
         "CreatedUtc": "2026-01-01T00:00:00Z", "UpdatedUtc": "2026-02-27T16:20:00.1234567Z",
         "Colour": "red"}
    ], "BillCounters": []}));
    assert_eq!((odd, cursor), (0, None));
    let (counters, _) = counters(list, at(NOW));
    let counter = &counters["5a1c9a5e-93f4-4f55-8c6e-2f0e6c1d7a03"];
    assert_eq!(
        (counter.kind.as_str(), &counter.format),
        ("SomeFutureCounter", &None)
    );
    assert_eq!(counter.updated, Some(at("2026-02-27T16:20:00Z")));
}

#[test]
fn trap_1_only_the_list_the_id_and_the_value_are_required() {
    let bare = read(json!({"Counters": [{"Id": "a", "Value": 1}]})).0;
    assert_eq!(
        bare["a"],
        Counter {
            id: "a".to_owned(),
            enterprise: None,
            name: "Counter".to_owned(),
            kind: "Counter".to_owned(),
            is_default: false,
            format: None,
            value: 1,
            updated: None,
        }
    );
    let odd_fields = json!({"Counters": [{"Id": "a", "Value": 1, "EnterpriseId": 5, "Name": [], "Format": {},
                                          "Type": false, "UpdatedUtc": 7, "IsDefault": "yes"}]});
    assert_eq!(read(odd_fields).0, bare);
    let (good, odd, _) = page::<wire::CounterPage>(json!({"Counters": [
        {"Value": 1}, {"Id": "a"}, {"Id": "a", "Value": "1"}, {"Id": "a", "Value": 1.5},
        {"Id": "a", "Value": null}, {"Id": 1, "Value": 1}, null, 5, {"Id": "b", "Value": -1}
    ]}));
    assert_eq!((good.len(), odd), (1, 8));
    assert!(serde_json::from_value::<wire::CounterPage>(json!({"BillCounters": []})).is_err());
}

#[test]
fn an_id_that_cannot_name_a_device_is_rejected() {
    for id in ["", "  ", "a/b", "a b", "a\u{7}", &"x".repeat(65)] {
        let (counters, rejected) = read(json!({"Counters": [{"Id": id, "Value": 1}]}));
        assert_eq!((counters.len(), rejected), (0, 1), "{id:?}");
    }
}

#[test]
fn trap_3_of_two_versions_of_a_counter_the_newer_stamp_wins() {
    let version =
        |value: i64, updated: &str| json!({"Id": "a", "Value": value, "UpdatedUtc": updated});
    let (older, newer) = (
        version(1, "2026-03-01T08:00:00Z"),
        version(2, "2026-03-01T08:00:01Z"),
    );
    for both in [json!([older, newer]), json!([newer, older])] {
        let (counters, _) = read(json!({ "Counters": both }));
        assert_eq!((counters.len(), counters["a"].value), (1, 2));
    }
}

#[test]
fn trap_14_a_type_is_any_word_that_the_vendor_comes_up_with() {
    for kind in [
        "Counter",
        "AccountingCounter",
        "PaymentSplitBillCounter",
        "TypeOfNextYear",
    ] {
        let (counters, _) = read(json!({"Counters": [{"Id": "a", "Value": 1, "Type": kind}]}));
        assert_eq!(counters["a"].kind, kind);
    }
}

#[test]
fn trap_7_counters_of_one_name_stay_apart() {
    let (counters, _) = read(json!({"Counters": [
        {"Id": "a", "Name": "Default", "Type": "BillCounter", "Value": 1},
        {"Id": "b", "Name": "Default", "Type": "BillCounter", "Value": 2}
    ]}));
    assert_eq!(counters.len(), 2);
}

#[test]
fn sixty_four_bits_survive() {
    for value in [i64::MAX, i64::MIN, 9_007_199_254_740_993] {
        let (counters, _) = read(json!({"Counters": [{"Id": "a", "Value": value}]}));
        assert_eq!(counters["a"].value, value);
    }
    let (_, odd, _) =
        page::<wire::CounterPage>(json!({"Counters": [{"Id": "a", "Value": u64::MAX}]}));
    assert_eq!(odd, 1);
}

#[test]
fn stamps_are_read_with_any_fraction_and_never_from_the_future() {
    let cases = [
        ("2026-03-01T08:41:07Z", Some("2026-03-01T08:41:07Z")),
        ("2026-03-01T08:41:07.9999999Z", Some("2026-03-01T08:41:07Z")),
        ("2026-03-01T09:41:07+01:00", Some("2026-03-01T08:41:07Z")),
        ("2026-03-01T08:41:07", Some("2026-03-01T08:41:07Z")),
        ("2026-03-01T09:05:00Z", Some("2026-03-01T09:05:00Z")),
        ("2026-03-01T09:05:01Z", None),
        ("2026-03-02T05:00:00Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("today", None),
    ];
    for (text, expected) in cases {
        let (counters, _) =
            read(json!({"Counters": [{"Id": "a", "Value": 1, "UpdatedUtc": text}]}));
        assert_eq!(counters["a"].updated, expected.map(at), "{text}");
    }
}

#[test]
fn what_hotels_write_cannot_drive_a_terminal() {
    let (counters, _) = read(json!({"Counters": [
        {"Id": "a", "Value": 1, "Name": "\u{1b}[2JDefault\n", "Type": "Odd\u{7}", "Format": "\u{1b}[31m{0}"}
    ]}));
    let counter = &counters["a"];
    assert_eq!(
        (counter.name.as_str(), counter.kind.as_str()),
        ("[2JDefault", "Odd")
    );
    assert_eq!(counter.format, None);
}

#[test]
fn trap_9_enterprises_carry_their_zone_and_business_day() {
    let (list, odd, _) = page::<wire::EnterprisePage>(json!({"Enterprises": [
        {"Id": HOTEL, "Name": "Hotel Example", "ShortName": null, "ChainId": "8c9d2d0e",
         "TimeZoneIdentifier": "Europe/Prague", "BusinessDayClosingOffset": null},
        {"Id": "late", "Name": " ", "TimeZoneIdentifier": "Mars/Olympus", "BusinessDayClosingOffset": "P0Y0M0DT3H0M0S"},
        {"Name": "nobody"}
    ]}));
    assert_eq!(odd, 1);
    let enterprises = enterprises(list);
    assert_eq!(
        enterprises[HOTEL],
        Enterprise {
            name: Some("Hotel Example".to_owned()),
            zone: Some(chrono_tz::Europe::Prague),
            day_offset_s: 0,
        }
    );
    assert_eq!(
        enterprises["late"],
        Enterprise {
            name: None,
            zone: None,
            day_offset_s: 3 * 3600,
        }
    );
}

#[test]
fn durations_are_read_in_the_vendors_form() {
    let cases = [
        ("P0Y0M1DT0H0M0S", Some(86_400)),
        ("P0M0DT15H0M0S", Some(54_000)),
        ("PT3H", Some(10_800)),
        ("PT90M", Some(5400)),
        ("PT1.5S", Some(1)),
        ("-PT2H", Some(-7200)),
        ("P0D", Some(0)),
        ("P", Some(0)),
        ("P1M", None),
        ("P2D", None),
        ("PT25H", None),
        ("PT1X", None),
        ("PT1M1H", None),
        ("PT", Some(0)),
        ("03:00:00", None),
        ("", None),
        ("PT99999999999999999999H", None),
        ("PT9999999999999999H", None),
    ];
    for (text, expected) in cases {
        assert_eq!(duration_s(text), expected, "{text}");
    }
}

fn any_json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        "\\PC{0,12}".prop_map(Json::from),
        "-?P([0-9.]{1,21}[YMWDHS])*T?([0-9.-]{1,21}[HMS])*".prop_map(Json::from),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,12})?(Z|[+-][0-9]{2}:[0-9]{2})?"
            .prop_map(Json::from),
    ];
    let key = "Id|Value|Name|Type|Format|UpdatedUtc|EnterpriseId|Counters|Cursor|State|PersonCounts|AssignedResourceId|Count|Metrics|UsableResources|BusinessDayClosingOffset|TimeZoneIdentifier|Data|Services|IsActive|Discriminator|TimeUnitPeriod|IsDefault";
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
            prop::collection::btree_map(key, inner, 0..8)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_json_panics_or_leaves_the_bounds(list in prop::collection::vec(any_json(), 0..6), whole in any_json()) {
        if let Ok(page) = serde_json::from_value::<wire::CounterPage>(json!({"Counters": list.clone()})) {
            let good = page.into_parts().0.into_iter().filter_map(crate::vendors::lenient::Row::good);
            let (counters, _) = counters(good.collect(), at(NOW));
            for (id, counter) in counters {
                prop_assert!(!id.is_empty() && id.len() <= LONGEST_ID && id.is_ascii());
                prop_assert!(counter.updated.is_none_or(|stamp| stamp <= at(NOW) + FURTHEST_AHEAD));
            }
        }
        let _ = serde_json::from_value::<wire::CounterPage>(whole.clone());
        if let Ok(page) = serde_json::from_value::<wire::EnterprisePage>(json!({"Enterprises": list.clone()})) {
            let good = page.into_parts().0.into_iter().filter_map(crate::vendors::lenient::Row::good);
            for enterprise in enterprises(good.collect()).values() {
                prop_assert!(enterprise.day_offset_s.abs() <= 86_400);
            }
        }
        if let Ok(page) = serde_json::from_value::<wire::ReservationPage>(json!({"Reservations": list.clone()})) {
            let good: Vec<_> = page.into_parts().0.into_iter().filter_map(crate::vendors::lenient::Row::good).collect();
            let house = in_house(&good);
            prop_assert!(house.uncounted as usize <= good.len());
            prop_assert!((house.rooms + house.roomless) as usize <= good.len());
        }
        if let Ok(page) = serde_json::from_value::<wire::ServicePage>(json!({"Services": list.clone()})) {
            let good: Vec<_> = page.into_parts().0.into_iter().filter_map(crate::vendors::lenient::Row::good).collect();
            let most = good.len();
            let services = services(good);
            prop_assert!(services.len() <= most);
            for service in services {
                let ids = std::iter::once(service.id).chain(service.enterprise);
                for id in ids {
                    prop_assert!(!id.is_empty() && id.len() <= LONGEST_ID && id.is_ascii());
                }
            }
        }
        if let Ok(wire) = serde_json::from_value(json!({"ResourceCategoryAvailabilities": list})) {
            let _ = rooms(&wire);
        }
    }

    #[test]
    fn a_service_is_asked_for_rooms_unless_it_says_that_it_sells_no_nights(
        active in prop::option::of(any::<bool>()),
        kind in prop::option::of("Bookable|Additional"),
        unit in prop::option::of("Day|Hour|Month"),
    ) {
        let row = json!({"Id": "s", "EnterpriseId": HOTEL, "IsActive": active,
                         "Data": {"Discriminator": kind, "Value": {"TimeUnitPeriod": unit}}});
        let asked = services(rows(json!([row])));
        let refused = active == Some(false)
            || kind.is_some_and(|kind| kind != "Bookable")
            || unit.is_some_and(|unit| unit != "Day");
        prop_assert_eq!(asked.is_empty(), refused);
    }

    #[test]
    fn no_duration_panics(text in "-?P([0-9.-]{0,21}[YMWDHS]?)*T?([0-9.-]{0,21}[HMSé]?)*") {
        let seconds = duration_s(&text);
        prop_assert!(seconds.is_none_or(|seconds| seconds.abs() <= 86_400));
    }
}
