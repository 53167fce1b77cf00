//! Rows as they come, and what is made of them.

use proptest::prelude::*;
use reqwest::header::HeaderMap;

use super::*;
use crate::model::attempt::ErrorKind;
use crate::vendors::smartnow::decode::{Event, Listed, Location, Machine, Page, Sale, page};
use crate::vendors::transport::Reply;

fn reply(body: &Value) -> Reply {
    Reply {
        status: 200,
        headers: HeaderMap::new(),
        body: body.to_string().into_bytes(),
        received: at("2026-03-02T08:16:00Z"),
    }
}

fn read<T: Listed>(body: &Value) -> Page<T> {
    page(&reply(body), 100).unwrap()
}

/// The one row of a list, with changes to its fields.
fn changed(row: &Value, fields: &Value) -> Value {
    let mut row = row.clone();
    for (name, value) in fields.as_object().unwrap() {
        row[name] = value.clone();
    }
    json!([row])
}

#[test]
fn trap_07_the_instant_is_found_however_it_is_written() {
    let plain = sale(1, "2026-03-02T08:03:17Z", "2026-03-02T08:09:16Z", 120);
    let table = [
        // The timestamp is the safest.
        (
            json!({ "occurredAt": "2026-03-02T07:00:00+01:00" }),
            "2026-03-02T08:03:17Z",
        ),
        (json!({ "timestamp": "1772438597" }), "2026-03-02T08:03:17Z"),
        (
            json!({ "timestamp": null, "occurredAt": "2026-03-02T09:03:17+01:00" }),
            "2026-03-02T08:03:17Z",
        ),
        // Without an offset, in the row's zone.
        (
            json!({ "timestamp": 0, "occurredAt": "2026-03-02 09:03:17" }),
            "2026-03-02T08:03:17Z",
        ),
        (
            json!({ "timestamp": null, "occurredAt": "2026-07-02T09:03:17" }),
            "2026-07-02T07:03:17Z",
        ),
        // A wall clock that the change to summer time skipped.
        (
            json!({ "timestamp": null, "occurredAt": "2026-03-29T02:30:00" }),
            "2026-03-29T01:30:00Z",
        ),
        (
            json!({ "timestamp": null, "occurredAt": "2026-03-02 10:03:17", "timeZone": null, "timezone": "Europe/Athens" }),
            "2026-03-02T08:03:17Z",
        ),
        // As near as can be known.
        (
            json!({ "timestamp": null, "occurredAt": null }),
            "2026-03-02T08:09:16Z",
        ),
        (
            json!({ "timestamp": null, "occurredAt": "2026-03-02 10:03:17", "timeZone": "Mars/Base" }),
            "2026-03-02T08:09:16Z",
        ),
    ];
    for (fields, expected) in table {
        let mut reply = reply(&changed(&plain, &fields));
        reply.received = at("2026-08-01T00:00:00Z");
        let page: Page<Sale> = page(&reply, 100).unwrap();
        assert_eq!(page.rows[0].at, at(expected), "{fields}");
    }
    // A machine without a set clock.
    let lost = json!({ "timestamp": 86_400 });
    assert_eq!(read::<Sale>(&changed(&plain, &lost)).rejected(), 1);
}

#[test]
fn a_stamp_ahead_of_the_server_gives_way_to_the_servers_own() {
    let plain = sale(1, "2026-03-02T08:03:17Z", "2026-03-02T08:09:16Z", 120);
    // The answer came at 08:16.
    let stamp = |at: &str| self::at(at).timestamp();
    for (timestamp, created, expected) in [
        (
            "2026-03-02T08:26:00Z",
            "2026-03-02T08:09:16Z",
            Some("2026-03-02T08:26:00Z"),
        ),
        (
            "2026-03-02T08:26:01Z",
            "2026-03-02T08:09:16Z",
            Some("2026-03-02T08:09:16Z"),
        ),
        (
            "2027-04-06T08:00:00Z",
            "2026-03-02T08:09:16Z",
            Some("2026-03-02T08:09:16Z"),
        ),
        ("2027-04-06T08:00:00Z", "2027-04-06T08:00:00Z", None),
        ("2027-04-06T08:00:00Z", "", None),
    ] {
        let fields = json!({ "timestamp": stamp(timestamp), "createdAt": created });
        let page: Page<Sale> = read(&changed(&plain, &fields));
        let found = page.rows.first().map(|row| row.at);
        assert_eq!(found, expected.map(at), "{timestamp}");
        assert_eq!(page.rejected(), usize::from(expected.is_none()));
    }
    // The server's clock may be right where ours is slow.
    let mut reply = reply(&json!([plain]));
    reply.received = at("2025-01-01T00:00:00Z");
    let date = "Mon, 02 Mar 2026 08:16:00 GMT".parse().unwrap();
    reply.headers.insert(reqwest::header::DATE, date);
    assert_eq!(page::<Sale>(&reply, 100).unwrap().rows.len(), 1);
}

#[test]
fn trap_09_types_vary() {
    let plain = sale(1, "2026-03-02T08:03:17Z", "2026-03-02T08:09:16Z", 120);
    let price =
        |value: Value| read::<Sale>(&changed(&plain, &json!({ "price": value }))).rows[0].price;
    assert_eq!(price(json!("120")), Some(120));
    assert_eq!(price(json!(120.0)), Some(120));
    assert_eq!(price(json!("120.00")), Some(120));
    assert_eq!(price(json!(-50)), Some(-50));
    assert_eq!(price(json!(1.2)), None, "no minor units");
    assert_eq!(price(Value::Null), None);
    assert_eq!(price(json!({})), None);

    // A reference is an id, or the object itself when populated.
    let populated = json!({ "machine": { "id": "80", "name": "Hall left" }, "id": "7" });
    let row = &read::<Sale>(&changed(&plain, &populated)).rows[0];
    assert_eq!((row.id, row.machine), (7, 80));

    let flags = [json!(1), json!(true), json!("1"), json!("true")];
    for value in flags {
        let row = changed(
            &machine(80),
            &json!({ "active": value, "location": { "id": 2 } }),
        );
        let row = &read::<Machine>(&row).rows[0];
        assert_eq!((row.active, row.location), (Some(true), Some(2)), "{value}");
        let row = changed(
            &event(5, "ED017", "2026-03-02T06:40:00Z"),
            &json!({ "isResolvable": value }),
        );
        assert!(read::<Event>(&row).rows[0].open, "{value}");
    }
    for value in [json!(0), json!(false), json!(null), json!("?")] {
        let row = changed(
            &event(5, "ED017", "2026-03-02T06:40:00Z"),
            &json!({ "isResolvable": value }),
        );
        assert!(!read::<Event>(&row).rows[0].open, "{value}");
    }
    for (value, open) in [
        (json!(""), true),
        (json!("2026-03-02T09:08:58+01:00"), false),
    ] {
        let row = changed(
            &event(5, "ED017", "2026-03-02T06:40:00Z"),
            &json!({ "resolvedAt": value }),
        );
        assert_eq!(read::<Event>(&row).rows[0].open, open, "{value}");
    }
    let row = changed(
        &location(2),
        &json!({ "latitude": 52.3, "name": null, "timeZone": "nowhere" }),
    );
    let row = &read::<Location>(&row).rows[0];
    assert_eq!((row.id, &row.name, row.timezone), (2, &None, None));
}

#[test]
fn one_odd_row_costs_itself_only() {
    let good = sale(1, "2026-03-02T08:03:17Z", "2026-03-02T08:09:16Z", 120);
    let mut nobody = good.clone();
    nobody["id"] = json!(2);
    nobody["machine"] = Value::Null;
    let page: Page<Sale> = read(&json!([good, nobody, null, "row", 5, [], {}]));
    assert_eq!((page.rows.len(), page.rejected(), page.len), (1, 6, 7));
    // A row that cannot be used still moves the cursor.
    assert_eq!(page.last_id(), Some(2));
}

#[test]
fn an_object_where_a_list_belongs_is_a_schema_error() {
    for body in [
        json!({ "message": "OK" }),
        json!({}),
        json!(null),
        json!("x"),
    ] {
        let error = page::<Sale>(&reply(&body), 100).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Schema, "{body}");
    }
    assert_eq!(read::<Sale>(&json!([])).len, 0);
}

#[test]
fn trap_08_the_key_of_a_sale_is_the_servers_id_not_the_machines() {
    let row = sale(
        9_001_002,
        "2026-03-02T08:03:17Z",
        "2026-03-02T08:09:16Z",
        120,
    );
    assert_eq!(read::<Sale>(&json!([row])).rows[0].id, 9_001_002);
}

#[test]
fn names_cannot_drive_a_terminal() {
    let row = changed(&machine(80), &json!({ "name": "Hall\u{1b}[2J left" }));
    let name = read::<Machine>(&row).rows[0].name.clone().unwrap();
    assert!(!name.contains('\u{1b}'), "{name}");
    let row = changed(&machine(80), &json!({ "name": " " }));
    assert_eq!(
        read::<Machine>(&row).rows[0].name.as_deref(),
        Some("sn-000080")
    );
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
        Just(json!("2026-03-29 02:30:00")),
        (-3_000_000_000i64..5_000_000_000).prop_map(Value::from),
        (-3_000_000_000i64..5_000_000_000).prop_map(|second| {
            Value::from(Timestamp::from_timestamp(second, 0).unwrap().to_rfc3339())
        }),
        Just(json!("Europe/Amsterdam")),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("id|name", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Stamps that can be used in an answer of 08:16.
fn sane() -> std::ops::RangeInclusive<Timestamp> {
    at("2000-01-01T00:00:00Z")..=at("2026-03-02T08:26:00Z")
}

/// A reply is a list, of which nothing is lost and each row is used or counted, or an error.
fn check_page<T: Listed>(reply: &Reply) -> Result<(), TestCaseError> {
    let rows = serde_json::from_slice::<Vec<Value>>(&reply.body);
    match page::<T>(reply, 100) {
        Ok(page) => {
            prop_assert_eq!(page.len, rows.unwrap().len());
            prop_assert!(page.rows.len() <= page.ids.len() && page.ids.len() <= page.len);
        }
        Err(error) => {
            prop_assert!(rows.is_err());
            prop_assert_eq!(error.kind, ErrorKind::Schema);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn no_row_breaks_a_page(
        fields in prop::collection::btree_map(
            "id|machine|location|price|currency|timestamp|occurredAt|createdAt|timeZone|timezone|code|isResolvable|resolvedAt|name|updatedAt",
            anything(), 0..15,
        ),
    ) {
        let good = sale(5, "2026-03-02T08:03:17Z", "2026-03-02T08:09:16Z", 120);
        let odd = Value::Object(fields.into_iter().collect());
        let body = json!([odd, good]);
        let sales: Page<Sale> = read(&body);
        prop_assert_eq!(sales.len, 2);
        let events: Page<Event> = read(&body);
        let stamps = sales.rows.iter().map(|row| (row.at, row.created));
        let stamps = stamps.chain(events.rows.iter().map(|row| (row.at, row.created)));
        for (happened, created) in stamps {
            prop_assert!(sane().contains(&happened), "{}", happened);
            prop_assert!(created.is_none_or(|created| sane().contains(&created)), "{:?}", created);
        }
        prop_assert!(sales.rows.iter().any(|row| row.id == 5 && row.price == Some(120)));
        prop_assert_eq!(read::<Event>(&body).len, 2);
        prop_assert_eq!(read::<Machine>(&body).len, 2);
        prop_assert_eq!(read::<Location>(&body).len, 2);
    }

    #[test]
    fn no_body_breaks_the_reader(
        body in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            anything().prop_map(|value| value.to_string().into_bytes()),
            prop::collection::vec(anything(), 0..120)
                .prop_map(|rows| Value::from(rows).to_string().into_bytes()),
        ],
    ) {
        let reply = Reply { body, ..reply(&Value::Null) };
        check_page::<Sale>(&reply)?;
        check_page::<Event>(&reply)?;
        check_page::<Machine>(&reply)?;
        check_page::<Location>(&reply)?;
    }

    #[test]
    fn a_sale_is_read_as_it_was_sold(
        id in 1i64..i64::MAX, machine in 1i64..1_000_000, price in -100_000i64..100_000,
        second in 1_600_000_000i64..1_772_439_000,
    ) {
        let occurred = Timestamp::from_timestamp(second, 0).unwrap();
        let mut row = sale(id, &occurred.to_rfc3339(), "2026-03-02T08:09:16Z", price);
        row["machine"] = json!(machine);
        let page: Page<Sale> = read(&json!([row]));
        let expected = Sale {
            id,
            machine,
            location: Some(2),
            at: occurred,
            created: Some(at("2026-03-02T08:09:16Z")),
            price: Some(price),
            currency: Currency::parse("EUR"),
        };
        prop_assert_eq!(&page.rows[0], &expected);
    }
}
