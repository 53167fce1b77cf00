//! What happens between runs: vendors that go, histories that others hold, exports.

use occtop::history::{History, Location};
use occtop::simulator::faults::Fault;
use occtop::simulator::vendor::Vendor;
use serde_json::Value;

use crate::board::is_board;
use crate::program::Estate;

fn of_source<'a>(board: &'a Value, name: &str) -> Vec<&'a Value> {
    let rows = board["devices"].as_array().unwrap();
    rows.iter().filter(|row| row["source"] == name).collect()
}

#[test]
fn a_vendor_that_goes_between_two_polls_keeps_its_numbers() {
    let mut estate = Estate::open();
    let before = estate.place.run(&["poll"]).exits(0).json();
    estate.stop(Vendor::Navixy);
    let ran = estate.place.run(&["poll"]).exits(3);
    let after = ran.json();
    is_board(&after);
    let (old, new) = (of_source(&before, "fleet"), of_source(&after, "fleet"));
    assert!(!old.is_empty());
    for (old, new) in old.iter().zip(&new) {
        for key in ["id", "odometer_km", "engine_hours", "on_board", "as_of"] {
            assert_eq!(old[key], new[key], "{new:#}");
        }
        // Unconfirmed since this run began.
        assert_ne!(new["data"], "fresh", "{new:#}");
    }
    assert_eq!(old.len(), new.len());
    for row in after["sources"].as_array().unwrap() {
        let gone = row["name"] == "fleet";
        assert_eq!(row["error"].is_object(), gone, "{row:#}");
    }
    let table = estate.place.run(&["poll", "--format", "table"]).exits(3);
    assert!(
        table.out.contains("refused the connection"),
        "{}",
        table.out
    );
    // Only those that were asked for count.
    estate.place.run(&["poll", "--source", "hotel"]).exits(0);
}

#[test]
fn check_says_what_works_and_what_does_not() {
    let estate = Estate::open();
    let well = estate.place.run(&["check"]).exits(0);
    for word in [
        "retail",
        "POST http://127.0.0.1:",
        "-> 200",
        "clock",
        "budget",
        "all well",
    ] {
        assert!(well.out.contains(word), "no {word} in\n{}", well.out);
    }
    assert_eq!(well.err, "");
    for (vendor, fault, words) in [
        (Vendor::Bespot, Fault::RefusedToken, "-> 401"),
        (Vendor::Mews, Fault::Html(200), "HTML"),
        (Vendor::Smartnow, Fault::Status(503), "-> 503"),
        (Vendor::Viametrics, Fault::WrongShape, "FAIL"),
        (
            Vendor::Navixy,
            Fault::Redirect("/elsewhere".to_owned()),
            "redirects",
        ),
    ] {
        estate.running.faults().set(vendor, fault);
        let ran = estate
            .place
            .run(&["check", "--source", vendor.source()])
            .exits(3);
        estate.running.faults().clear(vendor);
        assert!(ran.out.contains(words), "no {words} in\n{}", ran.out);
        assert!(
            ran.out.contains("FAIL") && !ran.out.contains("all well"),
            "{}",
            ran.out
        );
    }
    estate.place.run(&["check", "--offline"]).exits(0);
}

#[test]
fn a_history_that_another_process_holds_is_left_alone() {
    let estate = Estate::open();
    estate.place.run(&["poll"]).exits(0);
    let exported = estate.place.run(&["export"]).exits(0).out;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let location = Location::File(estate.place.history());
    let now = occtop::clock::Clock::system().now();
    let (held, _) = runtime.block_on(History::open(location, now)).unwrap();
    let ran = estate.place.run(&["poll"]).exits(0);
    is_board(&ran.json());
    assert!(
        ran.err.contains("in use") || ran.err.contains("another"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("keeps nothing"), "{}", ran.err);
    // Reading is no matter of who writes, and nothing was written beside the holder.
    assert_eq!(estate.place.run(&["export"]).exits(0).out, exported);
    runtime.block_on(held.close()).unwrap();
}

#[test]
fn an_export_gives_what_was_polled() {
    let estate = Estate::open();
    let missing = estate.place.run(&["export"]).exits(2);
    assert!(missing.err.contains("history"), "{}", missing.err);
    assert_eq!(missing.out, "");
    let board = estate.place.run(&["poll"]).exits(0).json();
    let csv = estate
        .place
        .run(&["export", "--device", "fleet/11"])
        .exits(0)
        .out;
    let mut rows = csv::Reader::from_reader(csv.as_bytes());
    let header = [
        "store",
        "source",
        "device",
        "quantity",
        "start",
        "span_s",
        "value",
        "unit",
        "revised_at",
    ];
    assert_eq!(rows.headers().unwrap(), header.as_slice());
    let rows: Vec<_> = rows.records().map(Result::unwrap).collect();
    let shuttle = of_source(&board, "fleet")
        .into_iter()
        .find(|row| row["id"] == "fleet/11")
        .unwrap();
    let odometer = rows.iter().rfind(|row| &row[3] == "odometer_km").unwrap();
    assert_eq!(
        odometer[6].parse::<f64>().ok(),
        shuttle["odometer_km"].as_f64(),
        "{csv}"
    );
    let lines = estate
        .place
        .run(&["export", "--format", "jsonl", "--store", "Ermou"])
        .exits(0);
    assert!(!lines.out.is_empty());
    for line in lines.out.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["store"], "Ermou", "{row}");
        assert!(header.iter().all(|key| row.get(key).is_some()), "{row}");
    }
    for wrong in [
        ["--store", "Nowhere"],
        ["--device", "fleet/999"],
        ["--from", "yesterday"],
        ["--to", "2026-02-30"],
    ] {
        let ran = estate.place.run(&["export", wrong[0], wrong[1]]).exits(2);
        assert!(ran.err.contains(wrong[1]) && ran.out.is_empty(), "{ran:#?}");
    }
    let backwards = ["export", "--from", "2026-03-02", "--to", "2026-03-01"];
    let ran = estate.place.run(&backwards).exits(2);
    assert!(ran.err.contains("--to lies before --from"), "{ran:#?}");
    assert_eq!(ran.out, "");
}

/// A configuration without secrets is complete where nobody looks, and fails where they are used.
#[test]
fn a_secret_that_is_missing_costs_its_own_source_only() {
    let estate = Estate::open();
    let key = &estate.running.credentials().navixy_key;
    let toml = std::fs::read_to_string(estate.place.config()).unwrap();
    let env = toml.replace(&format!("\"{key}\""), "{ env = \"FLEET_KEY\" }");
    assert_ne!(env, toml);
    estate.place.configure(&env);
    let board = estate.place.run(&["poll"]).exits(3).json();
    for row in board["sources"].as_array().unwrap() {
        let fleet = row["name"] == "fleet";
        let (fetch, kind) = (row["fetch"].as_str(), row["error"]["kind"].as_str());
        let expected = if fleet {
            (Some("misconfigured"), Some("config"))
        } else {
            (Some("ok"), None)
        };
        assert_eq!((fetch, kind), expected, "{row:#}");
        if fleet {
            let message = row["error"]["message"].as_str().unwrap();
            assert!(message.contains("FLEET_KEY"), "{message}");
            assert!(message.starts_with("api_key: "), "{message}");
        }
    }
    let ran = estate.place.run(&["check", "--offline"]).exits(2);
    assert_eq!(ran.out, "", "nothing is valid");
    let line = env.lines().position(|line| line.contains("FLEET_KEY"));
    let place = format!(
        "config.toml:{}:11: source \"fleet\", api_key: ",
        line.unwrap() + 1
    );
    for words in [&place, "variable FLEET_KEY is not set", "help: set it"] {
        assert!(ran.err.contains(words), "no {words} in\n{}", ran.err);
    }
    // Only of the sources that are asked for.
    let other = ["check", "--offline", "--source", "hotel"];
    estate.place.run(&other).exits(0);
    estate.place.run(&["check"]).exits(3);
    let mut with_key = estate.place.command(&["poll"]);
    crate::program::finish(with_key.env("FLEET_KEY", key)).exits(0);
    // A command is not run for a look without a network.
    let program = env.replace("{ env = \"FLEET_KEY\" }", "{ command = [\"false\"] }");
    estate.place.configure(&program);
    estate.place.run(&["check", "--offline"]).exits(0);
    estate.place.run(&["poll"]).exits(3);
}

/// What is known of a source does not depend on whether it can be asked.
#[test]
fn a_source_that_is_not_opened_keeps_its_instants() {
    let estate = Estate::open();
    let before = estate.place.run(&["poll"]).exits(0).json();
    let toml = std::fs::read_to_string(estate.place.config()).unwrap();
    let off = toml.replace(
        "name = \"retail\"\n",
        "name = \"retail\"\nenabled = false\n",
    );
    let password = toml.lines().find(|line| line.starts_with("password"));
    let broken = toml.replace(password.unwrap(), "password = { env = \"NOT_SET\" }");
    for (toml, code) in [(off, 0), (broken, 3)] {
        estate.place.configure(&toml);
        let after = estate.place.run(&["poll"]).exits(code).json();
        assert_eq!(
            after["sources"][0]["horizon"],
            before["sources"][0]["horizon"]
        );
        assert_eq!(after["sources"][0]["took_ms"], serde_json::Value::Null);
        let counters = |board: &Value| -> Vec<Value> {
            let devices = board["devices"].as_array().unwrap().iter();
            let of_retail = devices.filter(|row| row["source"] == "retail");
            of_retail.map(|row| row["as_of"].clone()).collect()
        };
        assert_eq!(counters(&after), counters(&before));
        assert!(!counters(&before).is_empty());
    }
}

#[test]
fn a_source_that_is_switched_off_is_listed_and_not_asked() {
    let estate = Estate::open();
    let toml = std::fs::read_to_string(estate.place.config()).unwrap();
    let off = toml.replace("name = \"hotel\"\n", "name = \"hotel\"\nenabled = false\n");
    estate.place.configure(&off);
    let board = estate.place.run(&["poll"]).exits(0).json();
    is_board(&board);
    let sources = board["sources"].as_array().unwrap();
    let hotel = sources.iter().find(|row| row["name"] == "hotel").unwrap();
    assert_eq!(
        (&hotel["fetch"], &hotel["data"]),
        (&"paused".into(), &"paused".into())
    );
    assert_eq!(hotel["requests"]["last_hour"], 0);
    assert!(hotel["last_attempt"].is_null() && hotel["error"].is_null());
}
