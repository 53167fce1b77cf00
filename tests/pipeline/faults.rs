//! Every fault at every vendor: the faulty one says what is wrong and keeps its numbers, the
//! others stay live.

use std::time::Duration;

use occtop::simulator::faults::{Fault, Rule};
use occtop::simulator::vendor::Vendor;
use serde_json::{Value, json};

use crate::estate::*;

/// Noon in Stockholm: no zone of the estate has a midnight in the hours of the test.
const NOON: &str = "2026-03-03T11:00:00Z";
/// Between two polls, so that no hourly ceiling is reached.
const PAUSE: Duration = Duration::from_secs(9 * 60);

/// What the board is to say of a fault.
struct Told {
    fault: Fault,
    kind: &'static str,
    fetch: &'static str,
    status: Option<u16>,
    code: Option<&'static str>,
    /// Words that an operator needs.
    words: &'static [&'static str],
    /// Seconds until the vendor wants to be asked again.
    retry_s: Option<i64>,
}

fn told(fault: Fault, kind: &'static str, fetch: &'static str, words: &'static [&str]) -> Told {
    Told {
        fault,
        kind,
        fetch,
        status: None,
        code: None,
        words,
        retry_s: None,
    }
}

impl Told {
    fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    fn code(mut self, code: Option<&'static str>) -> Self {
        self.code = code;
        self
    }

    fn retry_s(mut self, seconds: i64) -> Self {
        self.retry_s = Some(seconds);
        self
    }
}

/// The codes a vendor gives for a failure, an outage, a refusal and throttling.
struct Codes {
    failed: Option<&'static str>,
    down: Option<&'static str>,
    refused: Option<&'static str>,
    throttled: Option<&'static str>,
    /// Status of a refused credential.
    refused_status: u16,
}

const NO_CODES: Codes = Codes {
    failed: None,
    down: None,
    refused: None,
    throttled: None,
    refused_status: 401,
};

fn codes(vendor: Vendor) -> Codes {
    match vendor {
        Vendor::Bespot => Codes {
            failed: Some("error"),
            down: Some("error"),
            refused: Some("authentication_failed"),
            throttled: Some("throttled"),
            ..NO_CODES
        },
        Vendor::Navixy => Codes {
            failed: Some("6"),
            down: Some("14"),
            refused: Some("4"),
            throttled: Some("15"),
            refused_status: 400,
        },
        Vendor::Viametrics | Vendor::Mews | Vendor::Smartnow => NO_CODES,
    }
}

fn hard(vendor: Vendor) -> Vec<Told> {
    let codes = codes(vendor);
    let throttled = |retry_after_s| {
        let fault = Fault::Throttled { retry_after_s };
        told(fault, "rate_limited", "throttled", &["too many requests"])
            .status(429)
            .code(codes.throttled)
    };
    vec![
        told(Fault::Status(500), "http", "retrying", &["failed"])
            .status(500)
            .code(codes.failed),
        told(Fault::Status(503), "http", "retrying", &["server"])
            .status(503)
            .code(codes.down),
        told(Fault::Html(200), "schema", "schema", &["HTML"]).status(200),
        told(Fault::Html(502), "http", "retrying", &["failed"]).status(502),
        told(Fault::Truncated, "network", "retrying", &["127.0.0.1"]).status(200),
        told(Fault::WrongShape, "schema", "schema", &[]).status(200),
        told(Fault::RefusedToken, "auth", "auth", &[])
            .status(codes.refused_status)
            .code(codes.refused),
        throttled(Some(60)).retry_s(60),
        throttled(None),
        told(
            Fault::Redirect("https://login.example/sso?token=t0psecret".to_owned()),
            "config",
            "misconfigured",
            &["redirect", "login.example", "url"],
        )
        .status(301),
    ]
}

/// Polls through all hard faults of a vendor.
async fn suffer(vendor: Vendor) {
    let estate = Estate::with_stores(NOON, 4).await;
    let name = vendor.source();
    let mut good = estate.poll().await;
    assert!(source(&good, name)["error"].is_null(), "{good:#}");
    for told in hard(vendor) {
        estate.hand.advance(PAUSE);
        let fault = &told.fault;
        estate.simulators.faults().set(vendor, fault.clone());
        let board = estate.poll().await;
        estate.simulators.faults().clear(vendor);
        let context = format!("{name} {fault:?}");
        one_row_suffers(&board, &good, vendor, &context);
        is_told(&board, vendor, &told, &context);
        good = board;
    }
    hangs(&estate, vendor, &good).await;
}

fn is_told(board: &Value, vendor: Vendor, told: &Told, context: &str) {
    let row = source(board, vendor.source());
    let error = &row["error"];
    assert_eq!(error["kind"], told.kind, "{context}: {row:#}");
    assert_eq!(row["fetch"], told.fetch, "{context}: {row:#}");
    // A short answer may be cut off before its head could be read.
    if told.fault != Fault::Truncated || error["status"].is_number() {
        assert_eq!(error["status"], json!(told.status), "{context}: {row:#}");
    }
    assert_eq!(error["code"], json!(told.code), "{context}: {row:#}");
    let message = error["message"].as_str().unwrap();
    for word in told.words {
        assert!(
            message.contains(word),
            "{context}: no {word:?} in {message:?}"
        );
    }
    assert!(!message.contains("t0psecret"), "{context}: {message}");
    let wait = error["retry_at"]
        .as_str()
        .map(|_| (instant(&error["retry_at"]) - instant(&board["at"])).num_seconds());
    match told.retry_s {
        Some(seconds) => assert_eq!(wait, Some(seconds), "{context}: {row:#}"),
        // Viametrics counts by the clock's hour, and Mews wants pauses that double: both say so in
        // their documentation.
        None if matches!(vendor, Vendor::Viametrics | Vendor::Mews)
            && told.kind == "rate_limited" =>
        {
            assert!(
                wait.is_some_and(|wait| (1..=3600).contains(&wait)),
                "{row:#}"
            );
        }
        None => assert_eq!(wait, None, "{context}: {row:#}"),
    }
    // Failures of Bespot and Mews have a number that their support asks for.
    let numbered = match vendor {
        Vendor::Bespot => told.code.is_some(),
        Vendor::Mews => {
            matches!(told.fault, Fault::Status(_) | Fault::RefusedToken)
        }
        _ => false,
    };
    assert_eq!(
        error["reference"].is_string(),
        numbered,
        "{context}: {row:#}"
    );
}

/// The others are well, and nothing that was known of the faulty one is gone or changed.
fn one_row_suffers(board: &Value, before: &Value, vendor: Vendor, context: &str) {
    for other in Vendor::ALL.into_iter().filter(|other| *other != vendor) {
        let row = source(board, other.source());
        assert_eq!(row["fetch"], "ok", "{context}: {row:#}");
        assert!(row["error"].is_null(), "{context}: {row:#}");
    }
    let name = vendor.source();
    let (row, good) = (source(board, name), source(before, name));
    assert_eq!(row["horizon"], good["horizon"], "{context}");
    assert_eq!(row["devices"], good["devices"], "{context}");
    assert_ne!(row["data"], "unknown", "{context}");
    assert_ne!(row["data"], "fresh", "{context}: unconfirmed");
    assert_eq!(lasting(board, name), lasting(before, name), "{context}");
}

/// The devices of a source without what the clock alone changes.
fn lasting(board: &Value, name: &str) -> Vec<Value> {
    let mut rows: Vec<Value> = devices(board, name).into_iter().cloned().collect();
    for row in &mut rows {
        let row = row.as_object_mut().unwrap();
        row.remove("data");
        row.remove("sales_15m");
    }
    rows
}

async fn hangs(estate: &Estate, vendor: Vendor, good: &Value) {
    estate.hand.advance(PAUSE);
    estate.simulators.faults().set(vendor, Fault::Hang);
    let board = estate
        .poll_as(&estate.toml_with(vendor, "timeout = \"200ms\""))
        .await;
    estate.simulators.faults().clear(vendor);
    let context = format!("{} hangs", vendor.source());
    one_row_suffers(&board, good, vendor, &context);
    let words = &["127.0.0.1", "did not answer within 200ms"];
    let told = told(Fault::Hang, "timeout", "retrying", words);
    is_told(&board, vendor, &told, &context);
    // It is well again as soon as the vendor is.
    let board = estate.poll().await;
    let row = source(&board, vendor.source());
    assert_eq!((&row["fetch"], &row["error"]), (&json!("ok"), &Value::Null));
    assert_eq!(row["last_success"], row["last_attempt"]);
}

#[tokio::test]
async fn bespot_costs_its_own_row_only() {
    suffer(Vendor::Bespot).await;
}

#[tokio::test]
async fn viametrics_costs_its_own_row_only() {
    suffer(Vendor::Viametrics).await;
}

#[tokio::test]
async fn navixy_costs_its_own_row_only() {
    suffer(Vendor::Navixy).await;
}

#[tokio::test]
async fn mews_costs_its_own_row_only() {
    suffer(Vendor::Mews).await;
}

#[tokio::test]
async fn smartnow_costs_its_own_row_only() {
    suffer(Vendor::Smartnow).await;
}

/// Oddities that are no failures: nothing is taken away and nothing is called an error.
#[tokio::test]
async fn what_is_late_or_empty_is_no_failure() {
    let estate = Estate::with_stores(NOON, 4).await;
    let good = estate.poll().await;
    for fault in [Fault::Late { by_s: 3 * 3600 }, Fault::EmptyList] {
        estate.hand.advance(PAUSE);
        for name in [Vendor::Bespot, Vendor::Viametrics, Vendor::Mews] {
            estate.simulators.faults().set(name, fault.clone());
        }
        let board = estate.poll().await;
        for vendor in Vendor::ALL {
            estate.simulators.faults().clear(vendor);
            let name = vendor.source();
            let row = source(&board, name);
            assert_eq!(row["fetch"], "ok", "{fault:?} {row:#}");
            assert!(row["error"].is_null(), "{fault:?} {row:#}");
            let (count, known) = (&row["devices"], &source(&good, name)["devices"]);
            assert_eq!(count, known, "{fault:?} {row:#}");
        }
        for name in ["retail", "nordic"] {
            assert_eq!(
                source(&board, name)["horizon"],
                source(&good, name)["horizon"],
                "{fault:?}"
            );
            assert_eq!(lasting(&board, name), lasting(&good, name), "{fault:?}");
        }
    }
}

/// A list that lacks a device which a store claims is a mistake in the configuration as far as
/// the program can tell. What is known of the device stays.
#[tokio::test]
async fn a_claimed_device_that_is_not_listed_is_named() {
    let estate = Estate::with_stores(NOON, 4).await;
    let good = estate.poll().await;
    estate
        .simulators
        .faults()
        .set(Vendor::Smartnow, Fault::EmptyList);
    estate.hand.advance(PAUSE);
    let board = estate.poll().await;
    let error = &source(&board, "coffee")["error"];
    assert_eq!(error["kind"], "config", "{error:#}");
    let message = error["message"].as_str().unwrap();
    for word in ["\"Ermou\"", "coffee/80", "members"] {
        assert!(message.contains(word), "{message}");
    }
    let ids = |board: &Value| -> Vec<_> {
        let rows = devices(board, "coffee");
        rows.iter().map(|row| row["id"].clone()).collect()
    };
    assert_eq!(ids(&board), ids(&good));
}

/// A refusal in mid-run costs one new log-in and nothing else.
#[tokio::test]
async fn a_token_that_ends_in_mid_run_is_renewed_once() {
    for (vendor, path) in [
        (Vendor::Bespot, "/visits/"),
        (Vendor::Viametrics, "/GetDataForAllCounters"),
        (Vendor::Smartnow, "/revenuetransaction"),
    ] {
        let estate = Estate::with_stores(NOON, 4).await;
        let whole = estate.poll().await;
        let sent = |board: &Value| source(board, vendor.source())["requests"]["last_poll"].as_u64();
        let usual = {
            let again = estate.poll().await;
            assert_eq!(
                lasting(&again, vendor.source()),
                lasting(&whole, vendor.source())
            );
            sent(&again).unwrap()
        };
        let refused = Rule::new(vendor, Fault::RefusedToken).on(path).times(1);
        estate.simulators.faults().add(refused);
        let board = estate.poll().await;
        let row = source(&board, vendor.source());
        assert_eq!(row["fetch"], "ok", "{row:#}");
        // The refused request, the log-in (or a refresh before it) and the request again.
        let extra = sent(&board).unwrap() - usual;
        assert!((2..=3).contains(&extra), "{extra} more: {row:#}");
        assert_eq!(
            lasting(&board, vendor.source()),
            lasting(&whole, vendor.source())
        );
    }
}

/// A log-in that asks for a second factor is told as such, and no feature that the account lacks
/// takes the others away.
#[tokio::test]
async fn navixy_sessions_say_what_they_need() {
    let estate = Estate::with_stores(NOON, 4).await;
    let credentials = estate.simulators.credentials();
    let key = format!("api_key = \"{}\"", credentials.navixy_key);
    let login = format!(
        "username = \"{}\"\npassword = \"{}\"",
        credentials.navixy_login, credentials.navixy_password
    );
    let toml = estate.simulators.config_toml().replace(&key, &login);
    let board = estate.poll_as(&toml).await;
    assert_eq!(source(&board, "fleet")["fetch"], "ok", "{board:#}");
    estate
        .simulators
        .faults()
        .set(Vendor::Navixy, Fault::SecondFactor);
    let board = estate.poll_as(&toml).await;
    let error = &source(&board, "fleet")["error"];
    assert_eq!(error["kind"], "auth", "{error:#}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("second factor"), "{message}");
}

/// A right that is missing costs the figure it stands for, and a sentence says so.
#[tokio::test]
async fn a_missing_right_at_the_hotel_costs_guests_and_rooms_only() {
    let estate = Estate::with_stores(NOON, 4).await;
    for operation in ["/reservations/", "/services/"] {
        let refused = Rule::new(Vendor::Mews, Fault::NotPermitted).on(operation);
        estate.simulators.faults().add(refused);
    }
    let board = estate.poll().await;
    let row = source(&board, "hotel");
    assert_eq!(row["fetch"], "ok", "{row:#}");
    assert!(!row["notes"].as_array().unwrap().is_empty(), "{row:#}");
    for device in devices(&board, "hotel") {
        assert!(device["value"].is_i64(), "{device:#}");
        assert!(device["guests_in_house"].is_null(), "{device:#}");
    }
}

/// A vendor that is gone costs its own row only: its values stay with their age.
#[tokio::test]
async fn a_stopped_vendor_is_told_by_its_address() {
    for vendor in Vendor::ALL {
        let mut estate = Estate::with_stores(NOON, 4).await;
        let toml = estate.simulators.config_toml();
        let before = estate.poll().await;
        estate.simulators.stop(vendor);
        estate.hand.advance(Duration::from_secs(20 * 60));
        let after = estate.poll_as(&toml).await;
        let context = format!("{} is gone", vendor.source());
        one_row_suffers(&after, &before, vendor, &context);
        let words = &["127.0.0.1", "refused the connection"];
        let told = told(Fault::Hang, "network", "retrying", words);
        is_told(&after, vendor, &told, &context);
    }
}
