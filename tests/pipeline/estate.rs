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

/// A poll that takes longer than this may be waiting for the clock.
const PATIENCE: Duration = Duration::from_secs(3);

pub struct Estate {
    pub simulators: Running,
    pub history: History,
    pub clock: Clock,
    pub hand: Hand,
}

impl Estate {
    pub async fn open(at: &str) -> Self {
        Self::with_stores(at, 8).await
    }

    pub async fn with_stores(at: &str, stores: usize) -> Self {
        let at: Timestamp = at.parse().unwrap();
        let (clock, hand) = Clock::manual(at);
        let options = Options {
            stores,
            ..Options::new(clock.clone())
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
        let mut polling = std::pin::pin!(engine::poll_once(sources, desk, &self.clock, |_| true));
        let board = loop {
            tokio::select! {
                board = &mut polling => break board,
                // More calls than a vendor allows in a moment wait on the clock, which stands.
                () = tokio::time::sleep(PATIENCE) => self.hand.advance(Duration::from_secs(1)),
            }
        };
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
