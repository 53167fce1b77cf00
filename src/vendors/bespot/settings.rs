//! Bespot's keys of the configuration.

use crate::config::form::{Address, Choice, Hidden, List, Text};
use crate::config::key::{Group, Key};
use crate::config::secret::Secret;
use crate::config::section::Section;
use crate::config::source::VendorSettings;
use crate::model::ledger::plan::RowGrid;
use crate::model::schedule::Cadence;
use crate::vendors::source::Common;

/// What a Bespot account needs beside the common settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How to authenticate.
    pub auth: Auth,
    /// User name.
    pub username: String,
    /// Password.
    pub password: Secret,
    /// Store codes to watch; empty means all that the account sees.
    pub store_codes: Vec<String>,
}

/// How requests are authenticated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Auth {
    /// A short-lived token from `/auth/jwt/token/`, as the vendor advises.
    #[default]
    Jwt,
    /// User name and password with each request.
    Basic,
}

static KEYS: Group = Group {
    title: "bespot",
    doc: "Bespot people counters. They publish every 15 minutes. Device ids are store codes.",
    keys: &[&URL, &AUTH, &USERNAME, &PASSWORD, &STORE_CODES],
};

static URL: Key<Address> = Key::required(
    "url",
    Address,
    "\"https://api.opap.bespot.io/api\"",
    "Base address; the host is the tenant's own.",
);
static AUTH: Key<Choice<Auth>> = Key::preset(
    "auth",
    Choice(&[("jwt", Auth::Jwt), ("basic", Auth::Basic)]),
    "\"jwt\"",
    "How requests are authenticated: with a short-lived token, or with user name and password \
     each time.",
);
static USERNAME: Key<Text> = Key::required("username", Text, "\"monitor\"", "User name.");
static PASSWORD: Key<Hidden> = Key::required(
    "password",
    Hidden,
    "{ env = \"BESPOT_PASSWORD\" }",
    "Password.",
);
static STORE_CODES: Key<List<Text>> = Key::preset(
    "store_codes",
    List {
        of: Text,
        filled: false,
    },
    "[]",
    "Store codes to watch, in quotes; empty means all that the account sees.",
);

impl VendorSettings for Settings {
    fn keys() -> &'static Group {
        &KEYS
    }

    fn url() -> &'static Key<Address> {
        &URL
    }

    fn read(section: &Section<'_>) -> Option<Self> {
        let auth = section.get(&AUTH);
        let username = section.get(&USERNAME);
        let password = section.get(&PASSWORD);
        let store_codes = section.get(&STORE_CODES);
        Some(Self {
            auth: auth?,
            username: username?,
            password: password?,
            store_codes: store_codes?,
        })
    }

    fn cadence(common: &Common) -> Cadence {
        super::cadence(common)
    }

    fn grid() -> RowGrid {
        super::GRID
    }

    fn secrets(&self) -> Vec<(String, &Secret)> {
        vec![(PASSWORD.name.to_owned(), &self.password)]
    }

    fn credential(&self) -> Option<String> {
        Some(self.username.clone())
    }
}
