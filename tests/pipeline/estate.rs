//! A simulated estate, polled as a new run of the program polls, and its board.

use std::time::Duration;

use occtop::clock::{Clock, Hand};
use occtop::config::Config;
use occtop::engine;
use occtop::history::{History, Location};
use occtop::model::Timestamp;
use occtop::output::Snapshot;
use occtop::simulator::vendor::Vendor;
use occtop::simulator::{self, Options, Running};
use serde_json::Value;

/// Half past three on a busy afternoon in Athens.
pub const AFTERNOON: &str = "2026-03-03T13:30:00Z";

/// Moves the vendors' clock and ours together.
pub struct Hands {
    theirs: Hand,
    ours: Hand,
}

impl Hands {
    pub fn set(&self, to: Timestamp) {
        self.theirs.set(to);
        self.ours.set(to);
    }

    pub fn advance(&self, by: Duration) {
        self.theirs.advance(by);
        self.ours.advance(by);
    }
}

pub struct Estate {
    pub simulators: Running,
    pub history: History,
    pub clock: Clock,
    pub hand: Hands,
}

impl Estate {
    pub async fn open(at: &str) -> Self {
        Self::with_stores(at, 8).await
    }

    pub async fn with_stores(at: &str, stores: usize) -> Self {
        let at: Timestamp = at.parse().unwrap();
        // The vendors' clock stands, so that they say the same until it is moved. Ours leaps where
        // a poll would wait, for example because a vendor allows so many calls in a second.
        let (their_clock, theirs) = Clock::manual(at);
        let (clock, ours) = Clock::leaping(at);
        let hand = Hands { theirs, ours };
        let options = Options {
            stores,
            ..Options::new(their_clock)
        };
        let simulators = simulator::start(options).await.unwrap();
        let (history, _) = History::open(Location::Memory, at).await.unwrap();
        Self {
            simulators,
            history,
            clock,
            hand,
        }
    }

    /// Polls every source once, as a new run of the program on the same history.
    pub async fn poll(&self) -> Value {
        self.poll_as(&self.simulators.config_toml()).await
    }

    /// The same with another configuration.
    pub async fn poll_as(&self, toml: &str) -> Value {
        let config = Config::parse(toml, "simulated")
            .unwrap_or_else(|error| panic!("{error}"))
            .config;
        let sources = engine::open(&config, chrono_tz::Tz::UTC, &self.clock).await;
        let desk = engine::desk(&sources, self.history.clone(), &self.clock)
            .await
            .unwrap();
        let board = engine::poll_once(sources, desk, &self.clock, |_| true).await;
        serde_json::to_value(Snapshot::of(&board, self.clock.now())).unwrap()
    }

    /// The configuration with one more setting for a vendor's account.
    pub fn toml_with(&self, vendor: Vendor, setting: &str) -> String {
        let name = format!("name = \"{}\"\n", vendor.source());
        let toml = self.simulators.config_toml();
        assert!(toml.contains(&name), "{toml}");
        toml.replace(&name, &format!("{name}{setting}\n"))
    }
}

pub fn source<'a>(board: &'a Value, name: &str) -> &'a Value {
    let sources = board["sources"].as_array().unwrap();
    sources.iter().find(|row| row["name"] == name).unwrap()
}

pub fn devices<'a>(board: &'a Value, source: &str) -> Vec<&'a Value> {
    let devices = board["devices"].as_array().unwrap();
    devices
        .iter()
        .filter(|row| row["source"] == source)
        .collect()
}

pub fn instant(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}
