//! A small chain on a stage: its configuration, and a clock that is moved by hand.

use chrono::TimeDelta;
use occtop::clock::{Clock, Hand};
use occtop::config::Config;
use occtop::engine::{self, Desk, Engine, Sources};
use occtop::history::{History, Location};
use occtop::model::Timestamp;
use occtop::model::attempt::{Attempt, ErrorKind, Exchange, Outcome, SourceError};
use occtop::output::Snapshot;
use serde_json::Value;

use super::poll::{Poll, at};

/// Ermou has two doors, Kolonaki one. A vehicle, a counter of bills and a machine are in no store.
pub const CHAIN: &str = r#"
[[source]]
name = "mall"
vendor = "viametrics"
url = "https://viametrics.example"
client_id = "1"
api_key = "not-a-secret"
timezone = "Europe/Athens"
period = "15m"
zero_rows = "explicit"

[[source]]
name = "fleet"
vendor = "navixy"
url = "https://navixy.example/v2"
api_key = "not-a-secret"

[[source]]
name = "hotel"
vendor = "mews"
url = "https://mews.example/api"
client_token = "not-a-secret"
access_token = "not-a-secret"

[[source]]
name = "coffee"
vendor = "smartnow"
url = "https://smartnow.example/api"
username = "monitor"
password = "not-a-secret"

[[store]]
name = "Ermou"
group = "Athens"
timezone = "Europe/Athens"
capacity = 200
members = ["mall/1", "mall/2"]
[store.hours]
mon-sun = "09:00-21:00"

[[store]]
name = "Kolonaki"
group = "Athens"
timezone = "Europe/Athens"
members = ["mall/3"]
"#;

/// The chain with a vendor that has a number of people inside of its own.
pub fn with_bespot(config: &str) -> String {
    let from = config.find("vendor = \"viametrics\"").unwrap();
    let to = config.find("zero_rows").unwrap();
    let account = "vendor = \"bespot\"\nurl = \"https://bespot.example/api\"\n\
                   username = \"monitor\"\npassword = \"not-a-secret\"\n";
    format!("{}{account}{}", &config[..from], &config[to..])
}

pub struct Stage {
    config: Config,
    history: History,
    clock: Clock,
    hand: Hand,
    desk: Desk,
    /// What the vendors' clocks are ahead of ours, in seconds.
    skew_s: i64,
}

impl Stage {
    pub async fn set(config: &str, start: &str) -> Self {
        let config = parse(config);
        let (clock, hand) = Clock::manual(at(start));
        let (history, _) = History::open(Location::Memory, at(start)).await.unwrap();
        let (_, desk) = open(&config, &history, &clock).await;
        Self {
            config,
            history,
            clock,
            hand,
            desk,
            skew_s: 0,
        }
    }

    /// The vendors' clocks are so many seconds ahead of ours.
    pub fn skewed(mut self, skew_s: i64) -> Self {
        self.skew_s = skew_s;
        self
    }

    /// The chain with Ermou's doors as usual for so many days, up to three in the night of
    /// 2 March, a Monday.
    pub async fn learned(config: &str, days: i64) -> Self {
        let monday = at("2026-03-02T02:00:00Z");
        let first = monday - TimeDelta::days(days);
        let mut stage = Self::set(config, &first.to_rfc3339()).await;
        for day in 0..days {
            let from = first + TimeDelta::days(day);
            let to = from + TimeDelta::days(1);
            let (from, to) = (from.to_rfc3339(), to.to_rfc3339());
            stage.poll(&to, Poll::of("mall").ermou((&from, &to))).await;
        }
        stage
    }

    pub fn at(&mut self, now: &str) -> &mut Self {
        self.hand.set(at(now));
        self.desk.roll(at(now));
        self
    }

    pub async fn poll(&mut self, now: &str, poll: Poll) -> &mut Self {
        self.at(now);
        let mut delivery = poll.delivery;
        delivery.complete_from = delivery.readings.iter().map(|reading| reading.start).min();
        let outcome = Outcome::delivered(delivery);
        self.take(poll.source, at(now), outcome).await;
        self
    }

    pub async fn fail(&mut self, now: &str, source: &str, error: SourceError) -> &mut Self {
        self.at(now);
        self.take(source, at(now), Outcome::failed(error)).await;
        self
    }

    async fn take(&mut self, source: &str, now: Timestamp, outcome: Outcome) {
        let exchange = Exchange {
            method: "GET",
            url: "https://vendor.example/".to_owned(),
            status: Some(200),
            took_ms: 84,
            bytes: 512,
            clock_skew_s: Some(self.skew_s),
        };
        let attempt = Attempt {
            source: source.into(),
            started: now,
            took_ms: 84,
            exchanges: vec![exchange],
            outcome,
        };
        self.desk.take(attempt).await;
    }

    /// Starts the program anew on the same history, with another configuration if one is given.
    pub async fn restart(&mut self, now: &str, config: Option<&str>) -> &mut Self {
        self.hand.set(at(now));
        if let Some(config) = config {
            self.config = parse(config);
        }
        (_, self.desk) = open(&self.config, &self.history, &self.clock).await;
        self
    }

    /// An engine on this history that polls nobody.
    pub async fn running(self, now: &str) -> (Engine, Clock) {
        self.hand.set(at(now));
        let (mut sources, desk) = open(&self.config, &self.history, &self.clock).await;
        for member in &mut sources.members {
            member.source = None;
        }
        (Engine::polling(sources, desk, &self.clock), self.clock)
    }

    /// Somebody counts the people inside. Gives the board after that.
    pub async fn count(self, now: &str, people: u32, reason: &str) -> Value {
        let (engine, clock) = self.running(now).await;
        let mut boards = engine.boards();
        boards.borrow_and_update();
        let counting = engine.counting();
        counting
            .set("Ermou".into(), people, reason.to_owned())
            .await;
        boards.changed().await.unwrap();
        let board = boards.borrow().clone();
        engine.stop().await;
        serde_json::to_value(Snapshot::of(&board, clock.now())).unwrap()
    }

    /// The board as scripts see it.
    pub fn board(&mut self) -> Value {
        let now = self.clock.now();
        self.desk.roll(now);
        serde_json::to_value(Snapshot::of(&self.desk.board(), now)).unwrap()
    }

    /// Why Ermou's number is what it is.
    pub fn ermou(&mut self) -> String {
        store(&self.board(), "Ermou")
    }

    pub fn source(&mut self, name: &str) -> String {
        explained(&self.board(), "sources", name)
    }

    pub fn device(&mut self, id: &str) -> String {
        explained(&self.board(), "devices", id)
    }
}

/// Why the number of a store on a board is what it is.
pub fn store(board: &Value, name: &str) -> String {
    explained(board, "stores", name)
}

fn explained(board: &Value, kind: &str, name: &str) -> String {
    let words = board["explain"][kind][name].as_str();
    words.unwrap_or_else(|| panic!("no {name}")).to_owned()
}

fn parse(config: &str) -> Config {
    Config::parse(config, "scene")
        .unwrap_or_else(|error| panic!("{error}"))
        .config
}

async fn open(config: &Config, history: &History, clock: &Clock) -> (Sources, Desk) {
    let sources = engine::open(config, chrono_tz::Europe::Athens, clock).await;
    let desk = engine::desk(&sources, history.clone(), clock)
        .await
        .unwrap();
    (sources, desk)
}

/// An error with a status.
pub fn error(kind: ErrorKind, status: u16, message: &str) -> SourceError {
    SourceError::new(kind, message).with_status(status)
}
