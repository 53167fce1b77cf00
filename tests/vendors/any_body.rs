//! Every decoder of every vendor, behind real HTTP, with bodies that are odd in any place: nothing
//! panics, and no reading leaves the bounds of its kind.

use std::fs;
use std::path::Path;

use chrono::TimeDelta;
use occtop::clock::Clock;
use occtop::config::Config;
use occtop::engine;
use occtop::model::Timestamp;
use occtop::model::attempt::{Ask, Outcome};
use occtop::model::reading::{Level, Measure, Reading};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::loopback::{Answer, Server};

const NOW: &str = "2026-03-02T08:16:02Z";
/// Bodies tried for each vendor.
const BODIES: u64 = 150;

fn account(vendor: &str) -> &'static str {
    match vendor {
        "bespot" | "navixy" | "smartnow" => "username = \"u\"\npassword = \"p\"",
        "viametrics" => "client_id = \"1234\"\napi_key = \"p\"",
        _ => "client_token = \"c\"\naccess_token = \"a\"\nguests = true\nrooms = true",
    }
}

/// The answers of a vendor on a good day: those of its corpus, and log-ins before them.
fn good(vendor: &str) -> Vec<Value> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(vendor);
    let files = fs::read_dir(corpus).unwrap();
    let texts = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    let mut texts: Vec<_> = texts.collect();
    texts.sort();
    let bodies = texts.iter().flat_map(|text| text.split("\n%%\n"));
    bodies
        .filter_map(|body| serde_json::from_str(body).ok())
        .collect()
}

fn login() -> Value {
    json!({"access": "t", "refresh": "t", "jwt": "t", "access_token": "t", "refresh_token": "t",
           "success": true, "hash": "h"})
}

/// Puts something odd in the place of a part of a body.
fn spoil(body: &mut Value, draw: &mut ChaCha8Rng) {
    let deeper = draw.random_bool(0.8);
    match body {
        Value::Array(parts) if deeper && !parts.is_empty() => {
            let at = draw.random_range(0..parts.len());
            spoil(&mut parts[at], draw);
        }
        Value::Object(parts) if deeper && !parts.is_empty() => {
            let at = draw.random_range(0..parts.len());
            if let Some(part) = parts.values_mut().nth(at) {
                spoil(part, draw);
            }
        }
        _ => *body = odd(draw),
    }
}

fn odd(draw: &mut ChaCha8Rng) -> Value {
    let stamp = "2026-03-02T08:00:00";
    match draw.random_range(0..16) {
        0 => Value::Null,
        1 => json!(draw.random_bool(0.5)),
        2 => json!(draw.random::<i64>()),
        3 => json!(u64::MAX),
        4 => json!(draw.random::<f64>() * 1e300),
        5 => json!(-1),
        6 => json!([]),
        7 => json!({}),
        8 => json!(""),
        9 => json!(draw.random_range(0..4_000_000_000_u64)),
        10 => json!(format!("{stamp}Z")),
        11 => json!("9999-12-31T23:59:59Z"),
        12 => json!(format!("{stamp}+14:00")),
        13 => json!("-262143-01-01T00:00:00Z"),
        14 => json!([login(), [[null]]]),
        _ => json!("\u{1b}[2J\u{202e}12"),
    }
}

fn is_within_bounds(reading: &Reading) -> bool {
    let now: Timestamp = NOW.parse().unwrap();
    let earliest = now - TimeDelta::days(366 * 40);
    let in_time = (earliest..=now + TimeDelta::days(1)).contains(&reading.start);
    let value = match reading.measure {
        Measure::Flow(_) => (1..=25 * 3600).contains(&reading.span_s),
        Measure::Level(Level::Odometer, value) => (0.0..=1e8).contains(&value.real()),
        Measure::Level(Level::EngineHours, value) => (0.0..=1e6).contains(&value.real()),
        Measure::Level(Level::OnBoard, value) => value.int() >= 0,
        Measure::Level(Level::Occupancy | Level::CounterValue, value) => value.real().is_finite(),
        Measure::Sale { .. } => true,
    };
    in_time && value
}

fn judge(vendor: &str, outcome: &Outcome, context: &str) {
    assert!(
        outcome.delivery.is_some() || outcome.error.is_some(),
        "{context}"
    );
    if let Some(error) = &outcome.error {
        assert!(
            !error.to_string().contains(char::is_control),
            "{context}: {error:?}"
        );
    }
    let Some(delivery) = &outcome.delivery else {
        return;
    };
    for reading in &delivery.readings {
        assert_eq!(reading.device.source(), vendor, "{context}");
        assert!(is_within_bounds(reading), "{context}: {reading:?}");
    }
    for (device, facts) in &delivery.facts {
        let said = format!("{device}{}", facts.name);
        assert!(!said.contains(char::is_control), "{context}: {said:?}");
    }
}

async fn poll(vendor: &str, seed: u64) {
    let mut draw = ChaCha8Rng::seed_from_u64(seed);
    let mut bodies = good(vendor);
    for body in &mut bodies {
        for _ in 0..draw.random_range(0..3) {
            spoil(body, &mut draw);
        }
    }
    let mut token = login();
    if draw.random_bool(0.2) {
        spoil(&mut token, &mut draw);
    }
    let server = Server::start(move |seen, before| {
        let words = ["token", "login", "/auth"];
        let body = if words.iter().any(|word| seen.path.contains(word)) {
            &token
        } else {
            &bodies[before % bodies.len()]
        };
        Answer::ok(body).with("date", "Mon, 02 Mar 2026 08:16:02 GMT")
    })
    .await;
    let toml = format!(
        "[[source]]\nname = \"{vendor}\"\nvendor = \"{vendor}\"\nurl = \"{}\"\ntimeout = \"5s\"\n\
         requests_per_hour = 30\n{}\n",
        server.url.as_str().trim_end_matches('/'),
        account(vendor)
    );
    let config = Config::parse(&toml, "test").unwrap().config;
    let (clock, _hand) = Clock::leaping(NOW.parse().unwrap());
    let mut sources = engine::open(&config, chrono_tz::UTC, &clock).await;
    let source = sources.members[0].source.as_mut().unwrap();
    let now = clock.now();
    let ask = Ask {
        now,
        since: now - TimeDelta::hours(5),
        ..Ask::default()
    };
    for _ in 0..2 {
        let outcome = source.poll(&ask).await;
        judge(vendor, &outcome, &format!("{vendor} {seed}"));
    }
}

async fn survives(vendor: &str) {
    for seed in 0..BODIES {
        poll(vendor, seed).await;
    }
}

#[tokio::test]
async fn bespot_survives_any_body() {
    survives("bespot").await;
}

#[tokio::test]
async fn viametrics_survives_any_body() {
    survives("viametrics").await;
}

#[tokio::test]
async fn navixy_survives_any_body() {
    survives("navixy").await;
}

#[tokio::test]
async fn mews_survives_any_body() {
    survives("mews").await;
}

#[tokio::test]
async fn smartnow_survives_any_body() {
    survives("smartnow").await;
}
