//! Navixy's keys of the configuration.

use crate::config::form::{Address, Hidden, List, Number, Text};
use crate::config::key::{Group, Key};
use crate::config::secret::Secret;
use crate::config::section::Section;
use crate::config::source::VendorSettings;
use crate::model::schedule::Cadence;
use crate::vendors::source::Common;

/// What a Navixy account needs beside the common settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How to authenticate.
    pub credential: Credential,
    /// Tracker ids to watch; empty means all.
    pub trackers: Vec<i64>,
    /// Names of the sensors that say how many people are on board.
    pub on_board: Vec<String>,
}

/// How requests are authenticated.
#[derive(Clone, Debug)]
pub enum Credential {
    /// An API key of the account's owner; it never expires.
    ApiKey(Secret),
    /// User name and password, exchanged for a session.
    Login {
        /// User name.
        username: String,
        /// Password.
        password: Secret,
    },
}

static KEYS: Group = Group {
    title: "navixy",
    doc: "Navixy vehicle trackers, on the vendor's servers or self-hosted. Polled every 30 \
          seconds. Device ids are tracker ids.",
    keys: &[&URL, &API_KEY, &USERNAME, &PASSWORD, &TRACKERS, &ON_BOARD],
};

static URL: Key<Address> = Key::required(
    "url",
    Address,
    "\"https://api.eu.navixy.com/v2\"",
    "Base address with its prefix: `https://api.eu.navixy.com/v2`, \
     `https://api.us.navixy.com/v2`, or that of the own server.",
);
static API_KEY: Key<Hidden> = Key::optional(
    "api_key",
    Hidden,
    "`username` and `password` are used",
    "API key of the account's owner. It does not expire, so it is the better choice.",
);
static USERNAME: Key<Text> = Key::optional(
    "username",
    Text,
    "`api_key` is used",
    "User name, where there is no API key.",
);
static PASSWORD: Key<Hidden> = Key::optional(
    "password",
    Hidden,
    "`api_key` is used",
    "Password of the user.",
);
static TRACKERS: Key<List<Number<i64>>> = Key::preset(
    "trackers",
    List {
        of: Number::between(1, i64::MAX),
        filled: false,
    },
    "[]",
    "Tracker ids to watch; empty means all.",
);

static ON_BOARD: Key<List<Text>> = Key::preset(
    "on_board",
    List {
        of: Text,
        filled: true,
    },
    "[\"passengers_remaining\"]",
    "Names of the sensors or state fields that say how many people are on board; the first that \
     a vehicle has is taken.",
);

impl VendorSettings for Settings {
    fn keys() -> &'static Group {
        &KEYS
    }

    fn url() -> &'static Key<Address> {
        &URL
    }

    fn read(section: &Section<'_>) -> Option<Self> {
        let credential = read_credential(section);
        let trackers = section.get(&TRACKERS);
        let on_board = section.get(&ON_BOARD);
        Some(Self {
            credential: credential?,
            trackers: trackers?,
            on_board: on_board?,
        })
    }

    fn cadence(common: &Common) -> Cadence {
        super::cadence(common)
    }

    fn secrets(&self) -> Vec<(String, &Secret)> {
        match &self.credential {
            Credential::ApiKey(key) => vec![(API_KEY.name.to_owned(), key)],
            Credential::Login { password, .. } => vec![(PASSWORD.name.to_owned(), password)],
        }
    }
}

fn read_credential(section: &Section<'_>) -> Option<Credential> {
    let api_key = section.get(&API_KEY);
    let username = section.get(&USERNAME);
    let password = section.get(&PASSWORD);
    let either = "set api_key, or username and password, but not both";
    match (
        section.has(&API_KEY),
        section.has(&USERNAME),
        section.has(&PASSWORD),
    ) {
        (true, false, false) => api_key.map(Credential::ApiKey),
        (false, true, true) => Some(Credential::Login {
            username: username?,
            password: password?,
        }),
        (true, ..) => {
            section.wrong(&API_KEY, "set beside username or password", either);
            None
        }
        (false, true, false) => {
            let help = "add password = { env = \"NAVIXY_PASSWORD\" }";
            section.wrong(&USERNAME, "set without password", help);
            None
        }
        (false, false, true) => {
            section.wrong(&PASSWORD, "set without username", "add username = \"…\"");
            None
        }
        (false, false, false) => {
            let help = "add api_key = { env = \"NAVIXY_API_KEY\" }, or username and password";
            section.wrong(&API_KEY, "missing", help);
            None
        }
    }
}
