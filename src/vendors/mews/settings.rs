//! Mews' keys of the configuration.

use std::time::Duration;

use crate::config::form::{Address, Flag, Hidden, List, Tables, Text};
use crate::config::key::{Group, Key};
use crate::config::secret::Secret;
use crate::config::section::Section;
use crate::config::source::VendorSettings;
use crate::model::schedule::Cadence;
use crate::vendors::source::Common;

use super::gate;

/// What a Mews account needs beside the common settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Token of the integration.
    pub client_token: Secret,
    /// Tokens of the properties, each with an optional label.
    pub access_tokens: Vec<AccessToken>,
    /// Name and version of the client as the vendor should see it.
    pub client: String,
    /// Enterprise ids to watch; empty means all that the tokens see.
    pub enterprises: Vec<String>,
    /// Read the number of guests in house (reservations in state Started). Off by default.
    pub guests: bool,
    /// Read the rooms that can be used tonight. Off by default.
    pub rooms: bool,
}

/// One property's token.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// What to call the property where its name is not known yet.
    pub label: Option<String>,
    /// The token.
    pub token: Secret,
}

static KEYS: Group = Group {
    title: "mews",
    doc: "Mews hotel counters: they number documents and are never people. Polled every 60 \
          seconds. Device ids are the uuids of the counters.",
    keys: &[
        &URL,
        &CLIENT_TOKEN,
        &ACCESS_TOKEN,
        &ACCESS_TOKENS,
        &CLIENT,
        &ENTERPRISES,
        &GUESTS,
        &ROOMS,
    ],
};

static URL: Key<Address> = Key::preset(
    "url",
    Address,
    "\"https://api.mews.com\"",
    "Platform address; the vendor's demo platform is `https://api.mews-demo.com`.",
);
static CLIENT_TOKEN: Key<Hidden> = Key::required(
    "client_token",
    Hidden,
    "{ env = \"MEWS_CLIENT_TOKEN\" }",
    "Token of the integration.",
);
static ACCESS_TOKEN: Key<Hidden> = Key::optional(
    "access_token",
    Hidden,
    "`access_tokens` is used",
    "Token of the property, or of a portfolio of properties.",
);
static ACCESS_TOKENS: Key<Tables> = Key::optional(
    "access_tokens",
    Tables(&ACCESS_TOKEN_KEYS),
    "`access_token` is used",
    "Tokens of several properties.",
);
static CLIENT: Key<Text> = Key::optional(
    "client",
    Text,
    "`occtop` and its version",
    "Name and version of the client as the vendor sees it.",
);
static ENTERPRISES: Key<List<Text>> = Key::preset(
    "enterprises",
    List {
        of: Text,
        filled: false,
    },
    "[]",
    "Ids (uuids) of the enterprises to watch; empty means all that the tokens see.",
);
static GUESTS: Key<Flag> = Key::preset(
    "guests",
    Flag,
    "false",
    "Also read the number of guests in house. The token needs the right to read reservations.",
);
static ROOMS: Key<Flag> = Key::preset(
    "rooms",
    Flag,
    "false",
    "Also read the rooms that can be used tonight. The token needs the right to read services.",
);

static ACCESS_TOKEN_KEYS: Group = Group {
    title: "[[source.access_tokens]]",
    doc: "One property's token.",
    keys: &[&LABEL, &TOKEN],
};

static LABEL: Key<Text> = Key::optional(
    "label",
    Text,
    "the property's own name",
    "What to call the property.",
);
static TOKEN: Key<Hidden> = Key::required(
    "token",
    Hidden,
    "{ env = \"MEWS_ACCESS_TOKEN\" }",
    "The token.",
);

impl VendorSettings for Settings {
    fn keys() -> &'static Group {
        &KEYS
    }

    fn url() -> &'static Key<Address> {
        &URL
    }

    fn read(section: &Section<'_>) -> Option<Self> {
        let client_token = section.get(&CLIENT_TOKEN);
        let access_tokens = read_access_tokens(section);
        let client = section.get(&CLIENT);
        let enterprises = section.get(&ENTERPRISES);
        let guests = section.get(&GUESTS);
        let rooms = section.get(&ROOMS);
        Some(Self {
            client_token: client_token?,
            access_tokens: access_tokens?,
            client: client.unwrap_or_else(|| concat!("occtop ", env!("CARGO_PKG_VERSION")).into()),
            enterprises: enterprises?,
            guests: guests?,
            rooms: rooms?,
        })
    }

    /// The vendor allows itself tens of seconds for an answer (vendor documentation).
    fn patience() -> Duration {
        Duration::from_secs(30)
    }

    fn cadence(common: &Common) -> Cadence {
        super::cadence(common)
    }

    fn credential(&self) -> Option<String> {
        let tokens = self.access_tokens.iter();
        let mut names: Vec<_> = tokens.map(|access| gate::name(&access.token)).collect();
        names.sort_unstable();
        Some(names.join(", "))
    }

    fn secrets(&self) -> Vec<(String, &Secret)> {
        let mut secrets = vec![(CLIENT_TOKEN.name.to_owned(), &self.client_token)];
        secrets.extend(self.access_tokens.iter().map(|access| {
            let key = match &access.label {
                Some(label) => format!("{} ({label})", ACCESS_TOKEN.name),
                None => ACCESS_TOKEN.name.to_owned(),
            };
            (key, &access.token)
        }));
        secrets
    }
}

fn read_access_tokens(section: &Section<'_>) -> Option<Vec<AccessToken>> {
    let single = section.get(&ACCESS_TOKEN);
    let tables = section.tables(&ACCESS_TOKENS);
    let several: Vec<_> = tables.iter().map(read_access_token).collect();
    match (section.has(&ACCESS_TOKEN), section.has(&ACCESS_TOKENS)) {
        (true, true) => {
            let help = "keep one of the two";
            section.wrong(&ACCESS_TOKENS, "set beside access_token", help);
            None
        }
        (false, false) => {
            let help = "add access_token = { env = \"MEWS_ACCESS_TOKEN\" }";
            section.wrong(&ACCESS_TOKEN, "missing", help);
            None
        }
        (true, false) => Some(vec![AccessToken {
            label: None,
            token: single?,
        }]),
        (false, true) if several.is_empty() => {
            let help = "write [{ label = \"…\", token = { env = \"…\" } }]";
            section.wrong(&ACCESS_TOKENS, "names no token", help);
            None
        }
        (false, true) => {
            let one_each = distinct(&tables, &several);
            let several = several.into_iter().collect();
            one_each.then_some(several)?
        }
    }
}

/// Notes every token and every label that stands there a second time.
fn distinct(tables: &[Section<'_>], tokens: &[Option<AccessToken>]) -> bool {
    let mut distinct = true;
    for (place, (table, access)) in tables.iter().zip(tokens).enumerate() {
        let Some(access) = access else { continue };
        let earlier = || tokens[..place].iter().enumerate();
        let named = |access: &AccessToken| access.label.as_ref().map(|label| label.to_lowercase());
        let same_token = earlier().find(|(_, other)| {
            let name = gate::name(&access.token);
            other
                .as_ref()
                .is_some_and(|other| gate::name(&other.token) == name)
        });
        let same_label = earlier().find(|(_, other)| {
            let label = named(access);
            label.is_some() && other.as_ref().is_some_and(|other| named(other) == label)
        });
        if let Some((other, _)) = same_token {
            let message = format!("the same token as that of access_tokens {}", other + 1);
            table.wrong(&TOKEN, &message, "remove one of the two");
            distinct = false;
        }
        if let Some((other, _)) = same_label {
            let message = format!("the same label as that of access_tokens {}", other + 1);
            table.wrong(&LABEL, &message, "give each property a label of its own");
            distinct = false;
        }
    }
    distinct
}

fn read_access_token(section: &Section<'_>) -> Option<AccessToken> {
    section.only(&[&ACCESS_TOKEN_KEYS]);
    let label = section.get(&LABEL);
    let token = section.get(&TOKEN);
    Some(AccessToken {
        label,
        token: token?,
    })
}
