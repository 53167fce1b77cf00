//! What valid files mean, and how files are found and read.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{NaiveDate, NaiveTime};
use chrono_tz::Tz;
use occtop::config::endpoint::Endpoint;
use occtop::config::secret::Secret;
use occtop::config::{Config, HistoryPath, Loaded, SourceConfig};
use occtop::model::calendar::{Hours, Span};
use occtop::model::device::DeviceId;
use occtop::model::store::{Lead, Member, Reset, Store};
use occtop::vendors::navixy::Credential;
use occtop::vendors::registry::Account;
use occtop::vendors::source::ZeroRows;
use occtop::vendors::{smartnow, viametrics};
use secrecy::ExposeSecret;

fn parse(text: &str) -> Loaded {
    Config::parse(text, "/etc/occtop/config.toml").unwrap_or_else(|errors| panic!("{errors}"))
}

fn source(text: &str) -> SourceConfig {
    parse(&format!("[[source]]\nname = \"a\"\n{text}"))
        .config
        .sources
        .remove(0)
}

fn store(text: &str) -> Store {
    let zone = "timezone = \"Europe/Athens\"";
    parse(&format!("[[store]]\nname = \"s\"\n{zone}\n{text}"))
        .config
        .stores
        .remove(0)
}

const BESPOT: &str = "vendor = \"bespot\"\nurl = \"https://x.example/api\"\nusername = \"m\"\n\
                      password = { env = \"P\" }\n";
const MEWS: &str = "vendor = \"mews\"\nclient_token = { env = \"C\" }\n";

#[test]
fn an_empty_file_is_the_defaults() {
    let config = parse("").config;
    assert_eq!(
        (&*config.display.theme, &*config.display.glyphs),
        ("auto", "auto")
    );
    assert_eq!(config.display.timezone, None);
    assert_eq!(config.history.path, None);
    assert_eq!(config.history.keep, Duration::from_secs(400 * 24 * 60 * 60));
    assert!(config.sources.is_empty() && config.stores.is_empty());
}

#[test]
fn a_store_has_the_documented_defaults() {
    assert_eq!(store(""), Store::named("s", Tz::Europe__Athens));
}

#[test]
fn a_store_without_a_zone_has_that_of_the_display() {
    let text = "[display]\ntimezone = \"Asia/Tokyo\"\n[[store]]\nname = \"s\"\n";
    assert_eq!(parse(text).config.stores[0].timezone, Tz::Asia__Tokyo);
}

#[test]
fn a_store_is_read_in_full() {
    let text = format!(
        "[[source]]\nname = \"a\"\n{BESPOT}[[store]]\nname = \"Ermou\"\ngroup = \"Athens\"\n\
         timezone = \"Europe/Athens\"\ncapacity = 120\nwarn = 1\nreset = \"05:30\"\nstay = \"1h\"\n\
         estimate = \"vendor\"\nmembers = [\"a/0012\", \"a/x/y\"]\n[store.hours]\n\
         mon-tue = \"09:00-24:00\"\nwed = \"21:00-02:00\"\nthu = \"24h\"\nfri = \"closed\"\n\
         sat = [\"17:00-20:00\", \"09:00-14:00\"]\n[store.closed]\n\
         dates = [\"2026-12-25\", 2027-01-01]\n"
    );
    let span = |open, close| Span { open, close };
    let expected = Store {
        group: Some("Athens".into()),
        capacity: Some(120),
        warn: 1.0,
        reset: Reset::At(NaiveTime::from_hms_opt(5, 30, 0).unwrap()),
        stay: Duration::from_secs(3600),
        lead: Lead::Vendor,
        members: vec![
            Member::Device(DeviceId::new("a", "0012")),
            Member::Device(DeviceId::new("a", "x/y")),
        ],
        hours: Hours::weekly(
            [
                vec![span(540, 1440)],
                vec![span(540, 1440)],
                vec![span(1260, 1560)],
                vec![span(0, 1440)],
                vec![],
                vec![span(540, 840), span(1020, 1200)],
                vec![],
            ],
            vec![
                NaiveDate::from_ymd_opt(2026, 12, 25).unwrap(),
                NaiveDate::from_ymd_opt(2027, 1, 1).unwrap(),
            ],
        ),
        ..Store::named("Ermou", Tz::Europe__Athens)
    };
    assert_eq!(parse(&text).config.stores, [expected]);
}

#[test]
fn holidays_close_a_store_that_is_always_open() {
    let date = NaiveDate::from_ymd_opt(2026, 12, 25).unwrap();
    let hours = store("closed.dates = [\"2026-12-25\"]").hours;
    assert_eq!(hours, Hours::always_but(vec![date]));
    assert_eq!(store("reset = \"never\"").reset, Reset::Never);
}

#[test]
fn all_devices_of_a_source_can_be_claimed_at_once() {
    let text = format!(
        "[[source]]\nname = \"a\"\n{BESPOT}[[source]]\nname = \"b\"\n{BESPOT}[[store]]\n\
         name = \"s\"\nmembers = [\"a/*\"]\n[[store]]\nname = \"t\"\nmembers = [\"b/1\"]\n"
    );
    let stores = parse(&text).config.stores;
    assert_eq!(stores[0].members, [Member::AllOf("a".into())]);
}

#[test]
fn a_member_named_twice_counts_once_and_is_warned_about() {
    let text = format!(
        "[[source]]\nname = \"a\"\n{BESPOT}[[store]]\nname = \"s\"\nmembers = [\"a/1\", \"a/1\"]\n"
    );
    let loaded = parse(&text);
    assert_eq!(loaded.config.stores[0].members.len(), 1);
    let warning = "/etc/occtop/config.toml:9:19: store \"s\", members: \"a/1\" is named twice";
    assert_eq!(loaded.warnings, [warning]);
}

#[test]
fn common_settings_are_read() {
    let common = source(&format!(
        "{BESPOT}period = \"1h\"\nevery = \"90s\"\ntimeout = \"500ms\"\nrequests_per_hour = 7\n\
         ca_file = \"own.pem\"\nzero_rows = \"explicit\"\n"
    ))
    .common;
    assert_eq!(common.url.as_str(), "https://x.example/api");
    assert_eq!(common.period, Some(Duration::from_secs(3600)));
    assert_eq!(common.every, Some(Duration::from_secs(90)));
    assert_eq!(common.timeout, Duration::from_millis(500));
    assert_eq!(common.requests_per_hour, Some(7));
    assert_eq!(
        common.ca_file.as_deref(),
        Some(Path::new("/etc/occtop/own.pem"))
    );
    assert_eq!(common.zero_rows, ZeroRows::Explicit);
    let common = source(BESPOT).common;
    assert_eq!(
        (common.period, common.every, common.requests_per_hour),
        (None, None, None)
    );
    assert_eq!((common.ca_file, common.zero_rows), (None, ZeroRows::Auto));
}

#[test]
fn a_number_is_taken_for_a_client_id() {
    let text = "vendor = \"viametrics\"\napi_key = \"k\"\nclient_id = 1234\n";
    let Account::Viametrics(settings) = source(text).account else {
        panic!()
    };
    assert_eq!(settings.client_id, "1234");
    assert_eq!(settings.timezone, Tz::Europe__Stockholm);
}

#[test]
fn an_empty_refresh_means_logging_in_again() {
    let text = "vendor = \"smartnow\"\nusername = \"m\"\npassword = \"p\"\n\
                endpoints = { refresh = \"\", login = \"GET /in\" }\n";
    let Account::Smartnow(settings) = source(text).account else {
        panic!()
    };
    assert_eq!(settings.endpoints.refresh.path, "");
    assert_eq!(settings.endpoints.login, Endpoint::get("/in"));
    assert_eq!(
        settings.endpoints.sales,
        Endpoint::get("/revenuetransaction")
    );
}

#[test]
fn navixy_takes_a_key_or_a_login() {
    let text = "vendor = \"navixy\"\nurl = \"https://x.example/v2\"\n";
    let Account::Navixy(key) = source(&format!("{text}api_key = \"k\"")).account else {
        panic!()
    };
    assert!(matches!(key.credential, Credential::ApiKey(_)));
    let login = format!("{text}username = \"m\"\npassword = \"p\"\ntrackers = [11, 12]");
    let Account::Navixy(login) = source(&login).account else {
        panic!()
    };
    assert!(matches!(login.credential, Credential::Login { username, .. } if username == "m"));
    assert_eq!(login.trackers, [11, 12]);
}

#[test]
fn mews_gets_more_time_where_nothing_is_set() {
    let timeout = |keys: &str| {
        source(&format!("{MEWS}access_token = \"t\"\n{keys}"))
            .common
            .timeout
    };
    assert_eq!(timeout(""), Duration::from_secs(30));
    assert_eq!(timeout("timeout = \"60s\"\n"), Duration::from_secs(60));
    assert_eq!(timeout("timeout = \"2s\"\n"), Duration::from_secs(2));
    assert_eq!(source(BESPOT).common.timeout, Duration::from_secs(15));
}

#[test]
fn mews_takes_one_token_or_several() {
    let one = source(&format!("{MEWS}access_token = {{ env = \"T\" }}"));
    let several = source(&format!(
        "{MEWS}[[source.access_tokens]]\nlabel = \"Harbour\"\ntoken = {{ env = \"H\" }}\n\
         [[source.access_tokens]]\ntoken = {{ env = \"A\" }}\n"
    ));
    let keys = |source: &SourceConfig| -> Vec<String> {
        source
            .account
            .secrets()
            .into_iter()
            .map(|(key, _)| key)
            .collect()
    };
    assert_eq!(keys(&one), ["client_token", "access_token"]);
    assert_eq!(
        keys(&several),
        ["client_token", "access_token (Harbour)", "access_token"]
    );
    let Account::Mews(settings) = one.account else {
        panic!()
    };
    assert!(settings.client.starts_with("occtop "));
    assert!(!settings.house.guests && !settings.house.rooms);
}

#[test]
fn mews_has_a_choice_of_counters_periods_and_days() {
    let mews = |keys: &str| match source(&format!("{MEWS}access_token = \"t\"\n{keys}")).account {
        Account::Mews(settings) => settings,
        other => panic!("{other:?}"),
    };
    let preset = mews("");
    assert!(preset.counters.types.is_empty() && !preset.counters.default_only);
    assert_eq!(preset.counters.page_size, 1000);
    assert_eq!(preset.counters.overlap.num_minutes(), 2);
    assert_eq!(preset.counters.full_read.num_minutes(), 15);
    assert_eq!(preset.house.guests_every.num_minutes(), 2);
    assert_eq!(preset.house.rooms_every.num_hours(), 1);
    assert!(preset.house.capacity.is_empty());
    assert_eq!((preset.day.zone, preset.day.offset_s), (None, 0));
    assert_eq!(preset.requests_per_second, 2);
    let chosen = mews(
        "types = [\"BillCounter\"]\ndefault_only = true\npage_size = 100\noverlap = \"5m\"\n\
         full_read = \"1h\"\nguests_every = \"1m\"\nrooms_every = \"6h\"\n\
         capacity = { 0C7B1E52-5F2E = 98 }\ntimezone = \"Europe/Athens\"\nday_start = \"04:30\"\n\
         requests_per_second = 6\n",
    );
    assert_eq!(chosen.counters.types, ["BillCounter"]);
    assert!(chosen.counters.default_only);
    assert_eq!(chosen.counters.page_size, 100);
    assert_eq!(chosen.counters.overlap.num_minutes(), 5);
    assert_eq!(chosen.counters.full_read.num_minutes(), 60);
    assert_eq!(chosen.house.guests_every.num_minutes(), 1);
    assert_eq!(chosen.house.rooms_every.num_hours(), 6);
    assert_eq!(chosen.house.capacity["0c7b1e52-5f2e"], 98);
    let day = (chosen.day.zone, chosen.day.offset_s);
    assert_eq!(day, (Some(Tz::Europe__Athens), 4 * 3600 + 30 * 60));
    assert_eq!(chosen.requests_per_second, 6);
}

#[test]
fn paths_start_at_the_directory_of_the_file() {
    for (written, expected) in [
        ("h.db", "/etc/occtop/h.db"),
        ("../h.db", "/etc/occtop/../h.db"),
        ("/var/h.db", "/var/h.db"),
    ] {
        let config = parse(&format!("[history]\npath = \"{written}\"")).config;
        assert_eq!(
            config.history.path,
            Some(HistoryPath::File(expected.into())),
            "{written}"
        );
    }
    let memory = parse("[history]\npath = \":memory:\"").config.history.path;
    assert_eq!(memory, Some(HistoryPath::Memory));
    let theme = parse("[display]\ntheme = \"./own.toml\"")
        .config
        .display
        .theme;
    assert_eq!(theme, "/etc/occtop/./own.toml");
}

#[test]
fn line_breaks_of_windows_and_a_byte_order_mark_are_accepted() {
    let text = "\u{feff}[display]\r\ntheme = \"dark\"\r\n";
    assert_eq!(parse(text).config.display.theme, "dark");
}

#[test]
fn a_literal_secret_is_never_printed() {
    let source = source(&BESPOT.replace("{ env = \"P\" }", "\"hunter2\""));
    assert!(!format!("{source:?}").contains("hunter2"));
    let [(ref key, secret)] = source.account.secrets()[..] else {
        panic!()
    };
    assert_eq!(key, "password");
    assert_eq!(
        secret.resolve("password").unwrap().expose_secret(),
        "hunter2"
    );
}

/// Vendors build on these where they are tested without a file.
#[test]
fn the_defaults_in_code_are_those_of_the_file() {
    let text = "vendor = \"viametrics\"\napi_key = \"k\"\nclient_id = \"1\"\n";
    let Account::Viametrics(settings) = source(text).account else {
        panic!()
    };
    let defaults = (
        viametrics::Endpoints::default(),
        viametrics::Fields::default(),
    );
    let read = (settings.endpoints, settings.fields);
    assert_eq!(format!("{read:?}"), format!("{defaults:?}"));

    let text = "vendor = \"smartnow\"\nusername = \"m\"\npassword = \"p\"\n";
    let Account::Smartnow(settings) = source(text).account else {
        panic!()
    };
    let defaults = smartnow::Endpoints::default();
    assert_eq!(format!("{:?}", settings.endpoints), format!("{defaults:?}"));
}

/// A folder with a configuration file in it.
fn folder(text: impl AsRef<[u8]>) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, text).unwrap();
    (folder, path)
}

#[test]
fn a_secret_file_is_found_beside_the_configuration() {
    let text = format!("[[source]]\nname = \"a\"\n{BESPOT}");
    let (folder, path) = folder(text.replace("{ env = \"P\" }", "{ file = \"p\" }"));
    fs::write(folder.path().join("p"), "hunter2\nnot this\n").unwrap();
    let config = Config::load(&path).unwrap().config;
    let [(_, secret)] = config.sources[0].account.secrets()[..] else {
        panic!()
    };
    assert!(matches!(secret, Secret::File(_)));
    assert_eq!(
        secret.resolve("password").unwrap().expose_secret(),
        "hunter2"
    );
}

#[test]
fn what_a_file_names_outside_itself_is_looked_up_without_running_commands() {
    let text = format!(
        "[display]\ntheme = \"./no/theme.toml\"\n\n\
         [[source]]\nname = \"hotel\"\n{MEWS}access_tokens = [\n\
         {{ token = {{ file = \"no/token\" }} }},\n\
         {{ token = {{ command = [\"/nonexistent/c\"] }} }},\n]\n\
         ca_file = \"no/ca.pem\"\n\n\
         [[source]]\nname = \"off\"\nenabled = false\n{BESPOT}"
    );
    let text = text.replace("{ env = \"C\" }", "{ env = \"CARGO_MANIFEST_DIR\" }");
    let loaded = Config::parse(&text, "conf/occtop.toml").unwrap();
    let told = loaded.look_up(|_| true).unwrap_err().to_string();
    for line in [
        "conf/occtop.toml:2:9: display.theme: the file conf/./no/theme.toml does not exist\n",
        "conf/occtop.toml:9:11: source \"hotel\", access_tokens 1, token: \
         the file conf/no/token does not exist\n",
        "help: create it with the secret on its first line\n",
        "conf/occtop.toml:12:11: source \"hotel\", ca_file: the file conf/no/ca.pem does not exist\n",
        "3 errors in conf/occtop.toml",
    ] {
        assert!(told.contains(line), "no {line} in\n{told}");
    }
    let program = loaded.look_up(|outside| outside.source().is_none());
    assert_eq!(program.unwrap_err().problems().len(), 1);
    loaded
        .look_up(|outside| outside.source() == Some("off"))
        .unwrap();
}

#[cfg(unix)]
#[test]
fn a_literal_secret_that_others_can_read_is_warned_about() {
    use std::os::unix::fs::PermissionsExt;
    let text = format!("[[source]]\nname = \"a\"\n{BESPOT}");
    for (password, mode, warned) in [
        ("\"hunter2\"", 0o600, false),
        ("\"hunter2\"", 0o640, true),
        ("\"hunter2\"", 0o644, true),
        ("{ env = \"P\" }", 0o644, false),
    ] {
        let (_folder, path) = folder(text.replace("{ env = \"P\" }", password));
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let warnings = Config::load(&path).unwrap().warnings;
        assert_eq!(warnings.len(), usize::from(warned), "{mode:o} {warnings:?}");
        for warning in warnings {
            assert!(
                warning.contains("it holds secrets: source \"a\", password (line 6). "),
                "{warning}"
            );
            assert!(
                warning.contains("chmod 600") && !warning.contains("hunter2"),
                "{warning}"
            );
        }
    }
}

#[test]
fn files_that_cannot_be_read_say_what_to_do() {
    let (folder, not_text) = folder(b"[display]\ntheme = \"\xff\"\n");
    for (path, words) in [
        (folder.path().join("none.toml"), "occtop init"),
        (folder.path().to_owned(), "is a directory"),
        (not_text, "config.toml:2:10: this is not UTF-8"),
    ] {
        let told = Config::load(&path).unwrap_err().to_string();
        assert!(told.contains(words), "{told}");
        assert!(told.contains(folder.path().to_str().unwrap()), "{told}");
    }
}
