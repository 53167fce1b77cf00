//! What the fuzz targets do with their bytes.
//!
//! A vendor's target polls a source as the program does, over a loopback server whose answers are
//! the bytes. So decoders, paging and error handling are met by the way that real bytes take.

mod server;

use std::sync::OnceLock;

use chrono::{DateTime, TimeDelta, Utc};
use occtop::clock::Clock;
use occtop::config::Config;
use occtop::engine;
use occtop::model::attempt::{Ask, Outcome};

use server::Server;

/// The targets by name.
pub const TARGETS: [&str; 7] = [
    "bespot",
    "viametrics",
    "navixy",
    "mews",
    "smartnow",
    "config",
    "replay",
];

/// Runs one target; it panics where the program is wrong.
///
/// # Panics
/// That is the finding.
pub fn run(target: &str, data: &[u8]) {
    match target {
        "config" => config(data),
        "replay" => replay(data),
        vendor => poll(vendor, data),
    }
}

fn config(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match Config::parse(text, "fuzz.toml") {
        Ok(loaded) => drop(format!("{:?} {:?}", loaded.config, loaded.warnings)),
        Err(errors) => assert!(!errors.to_string().is_empty()),
    }
}

fn replay(data: &[u8]) {
    let mut out = Vec::new();
    if let Err(error) = occtop::commands::replay::replay(data, "fuzz.csv", None, None, &mut out) {
        assert!(!error.to_string().is_empty());
    }
    assert!(String::from_utf8(out).is_ok());
}

/// The rest of an account of each vendor. The ceiling ends a vendor's endless pages.
fn account(vendor: &str) -> &'static str {
    match vendor {
        "bespot" | "smartnow" => "username = \"u\"\npassword = \"password\"",
        "viametrics" => "client_id = \"1234\"\napi_key = \"password\"",
        "navixy" => "api_key = \"password\"",
        "mews" => {
            "client_token = \"password\"\naccess_token = \"password\"\nguests = true\nrooms = true"
        }
        other => panic!("{other} is no target"),
    }
}

fn poll(vendor: &str, data: &[u8]) {
    static SERVER: OnceLock<Server> = OnceLock::new();
    let server = SERVER.get_or_init(Server::start);
    server.answer_with(data);
    let toml = format!(
        "[[source]]\nname = \"fuzz\"\nvendor = \"{vendor}\"\nurl = \"http://{}\"\n\
         timeout = \"5s\"\nrequests_per_hour = 30\n{}\n",
        server.address,
        account(vendor)
    );
    let config = Config::parse(&toml, "fuzz.toml").unwrap_or_else(|error| panic!("{error}"));
    let now = now();
    // Fast, so that the pace which a vendor asks for does not slow the search.
    let clock = Clock::scaled(now, 100_000.0);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let outcome = runtime.block_on(async {
        let mut sources = engine::open(&config.config, chrono_tz::UTC, &clock).await;
        let source = sources.members[0].source.as_mut().expect("a source");
        let ask = Ask {
            now,
            since: now - TimeDelta::hours(5),
            horizon: None,
            known: Vec::new(),
            ..Ask::default()
        };
        source.poll(&ask).await
    });
    judge(&outcome);
}

/// When the poll begins.
fn now() -> DateTime<Utc> {
    "2026-03-02T08:16:02Z".parse().expect("an instant")
}

fn judge(outcome: &Outcome) {
    assert!(outcome.delivery.is_some() || outcome.error.is_some());
    if let Some(error) = &outcome.error {
        let said = error.to_string();
        assert!(!said.contains(char::is_control), "{said:?}");
        assert!(!said.contains("password"), "{said:?}");
    }
    let Some(delivery) = &outcome.delivery else {
        return;
    };
    for reading in &delivery.readings {
        assert_eq!(reading.device.source(), "fuzz", "{reading:?}");
        let latest = now() + TimeDelta::days(1);
        assert!(reading.start <= latest, "{reading:?}");
    }
    for (device, facts) in &delivery.facts {
        assert_eq!(device.source(), "fuzz", "{device}");
        assert!(!device.as_str().contains(char::is_control), "{device:?}");
        assert!(!facts.name.contains(char::is_control), "{facts:?}");
    }
}
