//! The whole way over real HTTP: simulators, transport, decoders, history, ledger, snapshot.
//!
//! The clock is moved by hand and nothing waits for real time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

use std::time::Duration;

use occtop::clock::{Clock, Hand};
use occtop::config::Config;
use occtop::engine;
use occtop::history::{History, Location};
use occtop::model::Timestamp;
use occtop::output::Snapshot;
use occtop::simulator::faults::Fault;
use occtop::simulator::vendor::Vendor;
use occtop::simulator::{self, Options, Running};
use serde_json::Value;

struct Estate {
    simulators: Running,
    config: Config,
    history: History,
    clock: Clock,
    hand: Hand,
}

/// Half past three on a busy afternoon in Athens.
const AFTERNOON: &str = "2026-03-03T13:30:00Z";

impl Estate {
    async fn open(at: &str) -> Self {
        let at: Timestamp = at.parse().unwrap();
        let (clock, hand) = Clock::leaping(at);
        let simulators = simulator::start(Options::new(clock.clone())).await.unwrap();
        let config = Config::parse(&simulators.config_toml(), "simulated")
            .unwrap_or_else(|error| panic!("{error}"))
            .config;
        let (history, _) = History::open(Location::Memory, at).await.unwrap();
        Self {
            simulators,
            config,
            history,
            clock,
            hand,
        }
    }

    /// Polls every source once, as a new run of the program on the same history.
    async fn poll(&self) -> Value {
        let sources = engine::open(&self.config, chrono_tz::Tz::UTC, &self.clock).await;
        let desk = engine::desk(&sources, self.history.clone(), &self.clock)
            .await
            .unwrap();
        let board = engine::poll_once(sources, desk, &self.clock, |_| true).await;
        serde_json::to_value(Snapshot::of(&board, self.clock.now())).unwrap()
    }
}

fn source<'a>(board: &'a Value, name: &str) -> &'a Value {
    let sources = board["sources"].as_array().unwrap();
    sources.iter().find(|row| row["name"] == name).unwrap()
}

fn devices<'a>(board: &'a Value, source: &str) -> Vec<&'a Value> {
    let devices = board["devices"].as_array().unwrap();
    devices
        .iter()
        .filter(|row| row["source"] == source)
        .collect()
}

fn instant(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn every_source_of_the_estate_is_read() {
    let estate = Estate::open(AFTERNOON).await;
    let board = estate.poll().await;
    for row in board["sources"].as_array().unwrap() {
        assert_eq!(row["fetch"], "ok", "{row:#}");
        assert!(row["error"].is_null(), "{row:#}");
        assert_eq!(row["rejected"], 0, "{row:#}");
        assert!(row["devices"].as_u64().unwrap() > 0, "{row:#}");
    }
    for row in board["stores"].as_array().unwrap() {
        assert!(!row["members"].as_array().unwrap().is_empty(), "{row:#}");
    }
}

/// What the board counts is what the sensors counted, to the last person.
#[tokio::test]
async fn totals_equal_what_the_sensors_counted() {
    let estate = Estate::open(AFTERNOON).await;
    let board = estate.poll().await;
    let truth = estate.simulators.estate();
    let mut compared = 0;
    for row in board["stores"].as_array().unwrap() {
        let name = row["name"].as_str().unwrap();
        let today = &row["today"];
        let (Some(site), false) = (truth.site(name), today["in"].is_null()) else {
            continue;
        };
        let members = row["members"].as_array().unwrap();
        let bespot = members
            .iter()
            .any(|id| id.as_str().unwrap().starts_with("retail/"));
        let horizon = if bespot { "retail" } else { "nordic" };
        let horizon = instant(&source(&board, horizon)["horizon"]);
        // A minute's row is stamped with its start, an interval's horizon is its end.
        let to = if bespot {
            horizon + Duration::from_secs(60)
        } else {
            horizon
        };
        let counted = truth.counted(site, None, instant(&today["since"]), to);
        assert_eq!(today["in"], counted.entered, "{name} in");
        assert_eq!(today["out"], counted.left, "{name} out");
        compared += 1;
    }
    assert!(compared >= 6, "only {compared} stores were compared");
}

/// A second poll asks for the overlap again and counts nothing twice.
#[tokio::test]
async fn polling_again_counts_nothing_twice() {
    let estate = Estate::open(AFTERNOON).await;
    let first = estate.poll().await;
    let second = estate.poll().await;
    for (before, after) in [(&first, &second)] {
        assert_eq!(
            before["stores"].as_array().unwrap().len(),
            after["stores"].as_array().unwrap().len()
        );
        for (before, after) in before["stores"]
            .as_array()
            .unwrap()
            .iter()
            .zip(after["stores"].as_array().unwrap())
        {
            assert_eq!(before["today"], after["today"], "{}", before["name"]);
        }
    }
}

/// A vendor that is gone costs its own row only: its values stay with their age.
#[tokio::test]
async fn a_stopped_vendor_costs_its_own_row_only() {
    let mut estate = Estate::open(AFTERNOON).await;
    let before = estate.poll().await;
    estate.simulators.stop(Vendor::Bespot);
    estate.hand.advance(Duration::from_secs(1200));
    let after = estate.poll().await;
    let row = source(&after, "retail");
    assert_eq!(row["error"]["kind"], "network", "{row:#}");
    assert_eq!(row["horizon"], source(&before, "retail")["horizon"]);
    assert_eq!(
        devices(&before, "retail").len(),
        devices(&after, "retail").len()
    );
    for (old, new) in devices(&before, "retail")
        .iter()
        .zip(devices(&after, "retail"))
    {
        assert_eq!(old["in_today"], new["in_today"]);
        assert_eq!(old["as_of"], new["as_of"]);
    }
    for other in ["nordic", "fleet", "hotel", "coffee"] {
        assert_eq!(source(&after, other)["fetch"], "ok", "{other}");
    }
}

/// Each fault in turn: the faulty vendor says what is wrong, the others stay live.
#[tokio::test]
async fn each_fault_is_told_in_its_own_class() {
    let estate = Estate::open(AFTERNOON).await;
    for (fault, kind) in [
        (Fault::Status(503), "http"),
        (Fault::Html(200), "schema"),
        (Fault::Truncated, "network"),
        (Fault::WrongShape, "schema"),
        (Fault::RefusedToken, "auth"),
        (Fault::Redirect("/elsewhere".to_owned()), "config"),
        (
            Fault::Throttled {
                retry_after_s: Some(60),
            },
            "rate_limited",
        ),
    ] {
        estate
            .simulators
            .faults()
            .set(Vendor::Bespot, fault.clone());
        let board = estate.poll().await;
        let row = source(&board, "retail");
        assert_eq!(row["error"]["kind"], kind, "{fault:?}: {row:#}");
        assert!(!row["error"]["message"].as_str().unwrap().is_empty());
        assert_eq!(source(&board, "fleet")["fetch"], "ok", "{fault:?}");
        estate.simulators.faults().clear(Vendor::Bespot);
    }
}

/// No secret of the configuration is anywhere on the board.
#[tokio::test]
async fn no_secret_is_on_the_board() {
    let estate = Estate::open(AFTERNOON).await;
    estate
        .simulators
        .faults()
        .set(Vendor::Navixy, Fault::RefusedToken);
    let board = estate.poll().await.to_string();
    let toml = estate.simulators.config_toml();
    let secrets: Vec<_> = toml
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .filter(|(key, _)| ["password", "api_key", "client_token", "access_token"].contains(key))
        .map(|(_, value)| value.trim_matches('"'))
        .collect();
    assert!(secrets.len() >= 5, "{secrets:?}");
    for secret in secrets {
        assert!(!board.contains(secret));
    }
}
