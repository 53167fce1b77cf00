//! The forms of the board, checked against what is promised to scripts.

use chrono::DateTime;
use occtop::vendors::registry::Vendor;
use serde_json::{Map, Value};

use crate::program::{Estate, Simulate, kept};

const FETCH: [&str; 10] = [
    "never",
    "ok",
    "retrying",
    "backoff",
    "throttled",
    "auth",
    "schema",
    "misconfigured",
    "offline",
    "paused",
];
const DATA: [&str; 8] = [
    "unknown", "paused", "closed", "dead", "stale", "late", "due", "fresh",
];
const QUALITY: [&str; 8] = [
    "partial",
    "provisional",
    "revised",
    "suspect",
    "silent",
    "one_way",
    "drifting",
    "reset_unconfirmed",
];
const KINDS: [&str; 8] = [
    "auth",
    "rate_limited",
    "http",
    "timeout",
    "network",
    "schema",
    "config",
    "vendor",
];

type Row = Map<String, Value>;

/// Asserts that a document is a board as documented.
pub fn is_board(board: &Value) {
    assert_eq!(board["schema"], "occtop.board/1");
    instant(&board["at"]);
    for row in rows(board, "sources") {
        source(row);
    }
    for row in rows(board, "stores") {
        store(row);
    }
    let sources: Vec<_> = rows(board, "sources")
        .map(|row| text(row, "name"))
        .collect();
    let order: Vec<_> = rows(board, "devices")
        .map(|row| {
            device(row);
            let source = text(row, "source");
            let position = sources.iter().position(|name| *name == source).unwrap();
            (position, text(row, "id"))
        })
        .collect();
    assert!(order.is_sorted(), "{order:?}");
}

fn rows<'a>(board: &'a Value, of: &str) -> impl Iterator<Item = &'a Row> {
    let rows = board[of].as_array().unwrap();
    rows.iter().map(|row| row.as_object().unwrap())
}

fn text<'a>(row: &'a Row, key: &str) -> &'a str {
    let value = row
        .get(key)
        .unwrap_or_else(|| panic!("no {key} in {row:#?}"));
    value
        .as_str()
        .unwrap_or_else(|| panic!("{key} is no text in {row:#?}"))
}

fn word(row: &Row, key: &str, known: &[&str]) {
    assert!(known.contains(&text(row, key)), "{key} in {row:#?}");
}

fn number(row: &Row, key: &str) -> f64 {
    let value = row
        .get(key)
        .unwrap_or_else(|| panic!("no {key} in {row:#?}"));
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{key} is no number in {row:#?}"))
}

/// The value of a key that must be there, unless it is null.
fn known<'a>(row: &'a Row, key: &str) -> Option<&'a Value> {
    let value = row
        .get(key)
        .unwrap_or_else(|| panic!("no {key} in {row:#?}"));
    (!value.is_null()).then_some(value)
}

fn numbers_or_null(row: &Row, keys: &[&str]) {
    for key in keys {
        assert!(
            known(row, key).is_none_or(Value::is_number),
            "{key} in {row:#?}"
        );
    }
}

fn texts_or_null(row: &Row, keys: &[&str]) {
    for key in keys {
        assert!(
            known(row, key).is_none_or(Value::is_string),
            "{key} in {row:#?}"
        );
    }
}

fn instants_or_null(row: &Row, keys: &[&str]) {
    for key in keys {
        if let Some(value) = known(row, key) {
            instant(value);
        }
    }
}

/// RFC 3339 in UTC, in whole seconds.
fn instant(value: &Value) {
    let text = value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no instant"));
    assert!(DateTime::parse_from_rfc3339(text).is_ok(), "{text}");
    assert!(
        text.len() == "2026-03-02T08:16:02Z".len() && text.ends_with('Z'),
        "{text}"
    );
}

fn source(row: &Row) {
    text(row, "name");
    let vendors: Vec<_> = Vendor::ALL.iter().map(|vendor| vendor.name()).collect();
    word(row, "vendor", &vendors);
    word(row, "fetch", &FETCH);
    word(row, "data", &DATA);
    instants_or_null(row, &["horizon", "due", "last_attempt", "last_success"]);
    numbers_or_null(row, &["took_ms"]);
    let requests = row["requests"].as_object().unwrap();
    for key in ["last_poll", "last_hour", "limit_per_hour"] {
        number(requests, key);
    }
    for key in ["devices", "rows", "rejected", "revised"] {
        number(row, key);
    }
    if let Some(error) = known(row, "error") {
        let error = error.as_object().unwrap();
        word(error, "kind", &KINDS);
        numbers_or_null(error, &["status"]);
        texts_or_null(error, &["code", "reference"]);
        assert!(!text(error, "message").is_empty(), "{row:#?}");
        instants_or_null(error, &["retry_at"]);
    }
}

fn store(row: &Row) {
    text(row, "name");
    texts_or_null(row, &["group"]);
    assert!(text(row, "timezone").parse::<chrono_tz::Tz>().is_ok());
    assert!(row["open"].is_boolean(), "{row:#?}");
    numbers_or_null(row, &["capacity"]);
    assert!(
        row["members"]
            .as_array()
            .unwrap()
            .iter()
            .all(Value::is_string)
    );
    inside(row["occupancy"].as_object().unwrap());
    today(row["today"].as_object().unwrap());
}

/// The keys are always there; what is not known is null, and then all of it is.
fn inside(row: &Row) {
    numbers_or_null(row, &["shown", "low", "high", "raw", "ratio"]);
    instants_or_null(row, &["as_of"]);
    word(row, "band", &["over", "near", "normal", "unknown"]);
    for flag in row["quality"].as_array().unwrap() {
        assert!(QUALITY.contains(&flag.as_str().unwrap()), "{row:#?}");
    }
    if known(row, "shown").is_none() {
        assert_eq!(text(row, "band"), "unknown", "{row:#?}");
        let others = ["low", "high", "raw", "origin", "as_of", "ratio"];
        assert!(others.iter().all(|key| row[*key].is_null()), "{row:#?}");
        return;
    }
    let (low, shown, high) = (
        number(row, "low"),
        number(row, "shown"),
        number(row, "high"),
    );
    assert!(0.0 <= low && low <= shown && shown <= high, "{row:#?}");
    word(row, "origin", &["vendor", "counted", "on_board"]);
    instant(&row["as_of"]);
}

fn today(row: &Row) {
    numbers_or_null(row, &["in", "out", "coverage"]);
    instants_or_null(row, &["since"]);
    assert_eq!(row["in"].is_null(), row["out"].is_null(), "{row:#?}");
    if let Some(coverage) = row["coverage"].as_f64() {
        assert!((0.0..=1.0).contains(&coverage), "{row:#?}");
    }
}

fn device(row: &Row) {
    let (id, source) = (text(row, "id"), text(row, "source"));
    assert!(id.starts_with(&format!("{source}/")), "{row:#?}");
    text(row, "name");
    texts_or_null(row, &["store"]);
    instants_or_null(row, &["as_of"]);
    match text(row, "kind") {
        "people_counter" => numbers_or_null(row, &["in_today", "out_today", "occupancy"]),
        "tracker" => {
            numbers_or_null(
                row,
                &[
                    "odometer_km",
                    "engine_hours",
                    "distance_today_km",
                    "on_board",
                    "seats",
                ],
            );
            texts_or_null(row, &["connection", "movement"]);
            assert!(row["blocked"].is_boolean(), "{row:#?}");
        }
        "document_counter" => {
            text(row, "type");
            numbers_or_null(row, &["value", "growth_today"]);
            texts_or_null(row, &["formatted"]);
        }
        "machine" => {
            numbers_or_null(row, &["sales_today"]);
            assert!(
                row["revenue_today"]
                    .as_object()
                    .unwrap()
                    .values()
                    .all(Value::is_number)
            );
            assert!(row["offline"].is_boolean(), "{row:#?}");
            assert!(
                row["open_events"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .all(Value::is_string)
            );
        }
        other => panic!("{other} is no kind: {row:#?}"),
    }
}

#[test]
fn every_form_of_the_board_is_as_documented() {
    let estate = Estate::open();
    let ran = estate.place.run(&["poll"]).exits(0);
    assert_eq!(ran.err, "", "nothing to say");
    // A pipe gets JSON without being asked.
    let board = ran.json();
    is_board(&board);
    let names: Vec<_> = rows(&board, "sources")
        .map(|row| text(row, "name"))
        .collect();
    assert_eq!(names, ["retail", "nordic", "fleet", "hotel", "coffee"]);
    assert!(
        rows(&board, "sources").all(|row| row["fetch"] == "ok"),
        "{board:#}"
    );
    assert!(!board["devices"].as_array().unwrap().is_empty());

    let csv = estate.place.run(&["poll", "--format", "csv"]).exits(0);
    is_device_list(&csv.out);

    let table = estate
        .place
        .run(&["poll", "--format", "table", "--color", "always"])
        .exits(0);
    for word in [
        "STORE", "INSIDE", "Ermou", "DEVICE", "fleet/11", "SOURCE", "retail", "ok",
    ] {
        assert!(table.out.contains(word), "no {word} in\n{}", table.out);
    }
    assert!(!table.out.contains('\u{1b}'), "{}", table.out);
}

fn is_device_list(csv: &str) {
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let header = [
        "store", "source", "device", "quantity", "value", "unit", "as_of",
    ];
    assert_eq!(rows.headers().unwrap(), header.as_slice());
    let rows: Vec<_> = rows.records().map(Result::unwrap).collect();
    assert!(rows.len() > 20, "{csv}");
    for row in &rows {
        assert!(row[2].starts_with(&format!("{}/", &row[1])), "{row:?}");
        assert!(!row[4].is_empty(), "{row:?}: what is unknown is left out");
        if !row[6].is_empty() {
            instant(&Value::from(&row[6]));
        }
    }
    for quantity in [
        "in_today",
        "odometer_km",
        "value",
        "sales_today",
        "revenue_today",
    ] {
        assert!(
            rows.iter().any(|row| &row[3] == quantity),
            "no {quantity}: {csv}"
        );
    }
}

#[test]
fn one_source_can_be_polled_alone() {
    let estate = Estate::open();
    let board = estate
        .place
        .run(&["poll", "--source", "fleet", "--source", "hotel"])
        .exits(0)
        .json();
    is_board(&board);
    for row in rows(&board, "sources") {
        let asked = ["fleet", "hotel"].contains(&text(row, "name"));
        assert_eq!(row["last_attempt"].is_string(), asked, "{row:#?}");
        assert_eq!(text(row, "fetch"), if asked { "ok" } else { "never" });
    }
}

/// The simulators as a process of their own print a configuration that works as it is.
#[test]
fn simulators_in_another_process_are_watched_over_real_sockets() {
    let simulators = Simulate::start(&["--seed", "7", "--stores", "3"]);
    let place = crate::program::Place::new("");
    place.configure(&kept(&simulators.toml, &place.history()));
    let checked = place.run(&["check"]).exits(0);
    assert!(checked.out.contains("all well"), "{checked:#?}");
    is_board(&place.run(&["poll"]).exits(0).json());
    #[cfg(unix)]
    assert_eq!(simulators.terminate(), Some(0));
    let gone = place.run(&["poll"]).exits(3).json();
    is_board(&gone);
    for row in rows(&gone, "sources") {
        assert_eq!(row["error"]["kind"], "network", "{row:#?}");
    }
    assert!(
        !gone["devices"].as_array().unwrap().is_empty(),
        "what is known stays"
    );
}
