//! Kills the program at any instant: what it had said is in the history, which opens.

use std::io::Read;
use std::process::Stdio;
use std::time::Instant;

use occtop::history::{History, Location};
use occtop::simulator::vendor::Vendor;
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use serde_json::Value;

use crate::program::{DEADLINE, Estate};

const KILLS: u32 = 20;

#[test]
fn killed_polls_and_monitors_lose_nothing_that_was_shown() {
    let mut estate = Estate::open();
    // So many polls in a row are more than an hour's worth.
    let usual = kept_toml(&estate);
    assert!(!usual.contains("requests_per_hour"), "{usual}");
    let roomy = usual.replace("[[source]]\n", "[[source]]\nrequests_per_hour = 100000\n");
    estate.place.configure(&roomy);
    let began = Instant::now();
    let mut shown = whole_poll(&estate);
    // How long a poll takes tells when there is something to interrupt.
    let whole = began.elapsed();
    for kill in 0..KILLS {
        if kill % 5 == 4 {
            kill_monitor(&estate);
        } else {
            kill_poll(&estate, whole * (kill + 1) / (KILLS + 1));
        }
        opens(&estate);
        if kill % 5 == 2 {
            let next = whole_poll(&estate);
            kept(&shown, &next);
            shown = next;
        }
    }
    // Without any vendor the board is made of what the history holds.
    for vendor in Vendor::ALL {
        estate.stop(vendor);
    }
    let left = estate.place.run(&["poll"]).exits(3).json();
    kept(&shown, &left);
}

fn kept_toml(estate: &Estate) -> String {
    crate::program::kept(&estate.running.config_toml(), &estate.place.history())
}

/// A poll that reads every source. So many in a row may be too many for a vendor that counts
/// requests by the second: then it says so, and the next one comes late enough.
fn whole_poll(estate: &Estate) -> Value {
    const TRIES: usize = 10;
    let mut polls = (0..TRIES).map(|_| estate.place.run(&["poll"]));
    let whole = polls.find(|ran| {
        let told = ran.code == 3 && ran.json()["sources"].to_string().contains("rate_limited");
        assert!(ran.code == 0 || told, "{ran:#?}");
        ran.code == 0
    });
    whole.unwrap().json()
}

/// Kills a poll when it has run for a while, without sleeping through it.
fn kill_poll(estate: &Estate, after: std::time::Duration) {
    let mut command = estate.place.command(&["poll"]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let mut child = command.spawn().unwrap();
    while began.elapsed() < after && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    let _ = child.kill();
    child.wait().unwrap();
}

/// Kills the monitor as soon as it has drawn a store on its terminal.
fn kill_monitor(estate: &Estate) {
    let size = PtySize {
        rows: 40,
        cols: 120,
        pixel_width: 0,
        pixel_height: 0,
    };
    let pair = native_pty_system().openpty(size).unwrap();
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_occtop"));
    command.arg("--config");
    command.arg(estate.place.config());
    command.env("TERM", "xterm-256color");
    let mut child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let mut output = pair.master.try_clone_reader().unwrap();
    let (said, hear) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = output.read(&mut bytes) {
            if said.send(bytes[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("Ermou") {
        let Ok(bytes) = hear.recv_timeout(DEADLINE) else {
            child.kill().unwrap();
            panic!("no store on the screen: {}", String::from_utf8_lossy(&seen));
        };
        seen.extend(bytes);
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// The history opens as it is: nothing was damaged, nobody holds it.
fn opens(estate: &Estate) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let location = Location::File(estate.place.history());
    let now = occtop::clock::Clock::system().now();
    let (history, opened) = runtime.block_on(History::open(location, now)).unwrap();
    assert!(opened.set_aside.is_none(), "{opened:?}");
    runtime.block_on(history.close()).unwrap();
}

/// Every device that was shown is there and is no older.
fn kept(before: &Value, after: &Value) {
    let after = after["devices"].as_array().unwrap();
    for old in before["devices"].as_array().unwrap() {
        let new = after.iter().find(|row| row["id"] == old["id"]);
        let new = new.unwrap_or_else(|| panic!("{old:#} is gone from {after:#?}"));
        // Instants of one form are in the order of their text.
        assert!(
            new["as_of"].as_str() >= old["as_of"].as_str(),
            "{old:#} became {new:#}"
        );
        if new["as_of"] == old["as_of"] {
            for key in ["odometer_km", "value", "on_board", "occupancy"] {
                assert_eq!(new.get(key), old.get(key), "{old:#} became {new:#}");
            }
        }
    }
}
