//! No secret is anywhere but in the requests, whatever a vendor does with it.

use std::fs;
use std::process::Command;

use occtop::config::Config;

use crate::echo::{Echo, Manner, TOKEN};
use crate::program::{Place, finish, wait};

/// A literal with blanks that a quotation would collapse, and letters that JSON escapes.
const LITERAL: &str = "L1teral  \"pässword\"  of-bespot";
const BASIC: &str = "B4sicPasswordOfBespot";
const VARIABLE: &str = "V4riableKeyOfViametrics";
const FILE: &str = "f1lekeyofnavixy0123456789abcdef0";
const LOGIN: &str = "N4vixyL0ginPassword";
const CLIENT: &str = "Cl1entTokenOfMews";
const COMMAND: &str = "C0mmandTokenOfMews";
const MACHINES: &str = "Sm4rtNowPassword";

const SECRETS: [&str; 8] = [
    LITERAL, BASIC, VARIABLE, FILE, LOGIN, CLIENT, COMMAND, MACHINES,
];

/// All vendors at one echo, with secrets from all places.
fn toml(place: &Place, address: &str) -> String {
    let (file, history) = (place.path("navixy.key"), place.history());
    fs::write(&file, format!("{FILE}\n")).unwrap();
    let text = |path: &std::path::Path| toml::Value::from(path.to_str().unwrap()).to_string();
    let (file, history) = (text(&file), text(&history));
    let literal = toml::Value::from(LITERAL).to_string();
    format!(
        "[history]\npath = {history}\n\
         [[source]]\nname = \"jwt\"\nvendor = \"bespot\"\nurl = \"http://{address}/api\"\nusername = \"monitor\"\npassword = {literal}\n\
         [[source]]\nname = \"basic\"\nvendor = \"bespot\"\nurl = \"http://{address}/api\"\nauth = \"basic\"\nusername = \"monitor\"\npassword = \"{BASIC}\"\n\
         [[source]]\nname = \"nordic\"\nvendor = \"viametrics\"\nurl = \"http://{address}\"\nclient_id = \"1234\"\napi_key = {{ env = \"NORDIC_KEY\" }}\n\
         [[source]]\nname = \"fleet\"\nvendor = \"navixy\"\nurl = \"http://{address}/v2\"\napi_key = {{ file = {file} }}\n\
         [[source]]\nname = \"buses\"\nvendor = \"navixy\"\nurl = \"http://{address}/v2\"\nusername = \"ops\"\npassword = \"{LOGIN}\"\n\
         [[source]]\nname = \"hotel\"\nvendor = \"mews\"\nurl = \"http://{address}\"\nclient_token = \"{CLIENT}\"\naccess_token = {{ command = [\"echo\", \"{COMMAND}\"] }}\n\
         [[source]]\nname = \"coffee\"\nvendor = \"smartnow\"\nurl = \"http://{address}\"\nusername = \"monitor\"\npassword = \"{MACHINES}\"\n"
    )
}

/// Asserts that no secret is in a text: not whole, not its beginning before a cut, not in small
/// letters, not with its blanks collapsed.
#[track_caller]
fn is_clean(text: &str, what: &str) {
    let squeezed = |text: &str| {
        let text: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
        text.to_lowercase()
    };
    let text = squeezed(text);
    for secret in SECRETS.iter().chain(&[TOKEN]) {
        let beginning: String = squeezed(secret).chars().take(7).collect();
        if let Some(at) = text.find(&beginning) {
            let from = text[..at]
                .char_indices()
                .rev()
                .nth(150)
                .map_or(0, |(from, _)| from);
            let near: String = text[from..].chars().take(300).collect();
            panic!("{what}: {secret} in …{near}…");
        }
    }
}

fn everything_on_disk(place: &Place) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(place.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // The configuration and the file of a secret are where they belong.
        if path.is_file() && name != "config.toml" && name != "navixy.key" {
            all.push_str(&String::from_utf8_lossy(&fs::read(path).unwrap()));
        }
    }
    all
}

fn run(place: &Place, args: &[&str]) -> crate::program::Ran {
    let log = place.path("occtop.log");
    let mut command = place.command(args);
    command.arg("-vv").arg("--log").arg(log);
    finish(command.env("NORDIC_KEY", VARIABLE))
}

#[test]
fn no_vendor_brings_a_secret_to_light() {
    let echo = Echo::start();
    let place = Place::new("");
    let toml = toml(&place, &echo.address);
    for manner in Manner::ALL {
        // Every manner meets fresh budgets.
        for part in ["history.db", "history.db-wal", "history.db-shm"] {
            let _ = fs::remove_file(place.path(part));
        }
        place.configure(&toml);
        echo.be(manner);
        for args in [&["poll"][..], &["poll", "--format", "table"], &["check"]] {
            let ran = run(&place, args).exits(3);
            let what = format!("{manner:?} {args:?}");
            is_clean(&ran.out, &what);
            is_clean(&ran.err, &what);
            if args == ["poll"] {
                for row in ran.json()["sources"].as_array().unwrap() {
                    assert!(row["error"].is_object(), "{what}: {row:#}");
                }
            }
        }
        for args in [
            &["poll", "--format", "csv"][..],
            &["export"],
            &["check", "--offline"],
        ] {
            let ran = run(&place, args);
            is_clean(&ran.out, "csv, export or check --offline");
            is_clean(&ran.err, "csv, export or check --offline");
        }
        let disk = everything_on_disk(&place);
        assert!(disk.contains("SQLite format 3") && disk.contains("request"));
        is_clean(&disk, &format!("{manner:?}: history and log"));
    }
    // Else the test would prove nothing.
    for secret in SECRETS.iter().chain(&[TOKEN]) {
        assert!(echo.has_heard(secret), "{secret} was never sent");
    }
}

#[test]
fn debug_output_shows_no_secret() {
    let place = Place::new("");
    let toml = toml(&place, "127.0.0.1:9");
    let loaded = Config::parse(&toml, "config.toml").unwrap_or_else(|error| panic!("{error}"));
    let command = toml.lines().any(|line| line.contains(COMMAND));
    assert!(command);
    // The arguments of a command are configuration that a person reads, not a secret.
    let debug = format!("{:?}", loaded.config).replace(COMMAND, "");
    is_clean(&debug, "Debug");
}

/// Whatever is wrong around a secret, the line that is shown does not show it.
#[test]
fn mistakes_around_a_secret_do_not_show_it() {
    let source = "[[source]]\nname = \"a\"\nvendor = \"bespot\"\nurl = \"https://h.example\"\nusername = \"u\"\n";
    for line in [
        format!("pasword = \"{BASIC}\""),
        format!("password = \"{BASIC}"),
        format!("password = {BASIC}"),
        format!("password = \"{BASIC}\" \"{BASIC}\""),
        format!("password = '{BASIC}\""),
        format!("password = [\"{BASIC}\"]"),
        format!("password = {{ literal = \"{BASIC}\" }}"),
        format!("password = {{ env = \"{BASIC}=x\" }}"),
        format!("password = {{ file = [\"{BASIC}\"] }}"),
        format!("password = \"\"\"{BASIC}"),
        format!("password == \"{BASIC}\""),
        format!("password \"{BASIC}\""),
        format!("password: \"{BASIC}\""),
        format!("\"password\" = \"{BASIC}\"\n\"password\" = \"{BASIC}\""),
        format!("api_key = \"{BASIC}\""),
        format!("username = \"u\" password = \"{BASIC}\""),
        format!("url = \"https://u:{BASIC}@h.example\""),
        format!("url = \"https://h.example/?api_key={BASIC}\""),
    ] {
        let place = Place::new(&format!("{source}{line}\n"));
        for command in [&["poll"][..], &["check", "--offline"]] {
            let ran = place.run(command).exits(2);
            assert!(ran.err.contains("config.toml:"), "{line}: {}", ran.err);
            is_clean(&ran.err, &line);
            is_clean(&ran.out, &line);
        }
    }
}

/// Not a test: panics in a task with the secrets of a configuration at hand.
#[test]
#[ignore = "started by the other tests as a process of its own"]
fn panicking() {
    let Ok(toml) = std::env::var("OCCTOP_TEST_CONFIG") else {
        return;
    };
    occtop::commands::crash::install().unwrap();
    let config = Config::parse(&toml, "config.toml").ok().unwrap().config;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async move {
        let clock = occtop::clock::Clock::system();
        let sources = occtop::engine::open(&config, chrono_tz::Tz::UTC, &clock).await;
        assert!(sources.members.is_empty(), "{config:?}");
    });
}

#[test]
fn a_panic_report_shows_no_secret() {
    let place = Place::new("");
    let toml = toml(&place, "127.0.0.1:9");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "secrets::panicking", "--ignored", "--nocapture"])
        .env("OCCTOP_TEST_CONFIG", &toml)
        .env("NORDIC_KEY", VARIABLE)
        .env("RUST_BACKTRACE", "full")
        .env("COLORBT_SHOW_HIDDEN", "1");
    command.stdout(std::process::Stdio::piped());
    command.stderr(std::process::Stdio::piped());
    let output = wait(command.spawn().unwrap());
    assert!(!output.status.success());
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(report.contains("This is a fault of occtop"), "{report}");
    is_clean(&report.replace(COMMAND, ""), "panic report");
}
