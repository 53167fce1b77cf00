//! `SmartNow`'s keys of the configuration.

use std::collections::BTreeMap;

use crate::config::endpoint::Endpoint;
use crate::config::form::{Address, Call, Choice, Hidden, List, Names, Number, Table, Text};
use crate::config::key::{Group, Key};
use crate::config::secret::Secret;
use crate::config::section::Section;
use crate::config::source::VendorSettings;
use crate::model::reading::Currency;
use crate::model::schedule::Cadence;
use crate::vendors::source::Common;

use super::request::{Signs, Style};

/// What a `SmartNow` account needs beside the common settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// User name.
    pub username: String,
    /// Password.
    pub password: Secret,
    /// Paths.
    pub endpoints: Endpoints,
    /// Codes of the events that say that a machine is offline.
    pub offline_codes: Vec<String>,
    /// How filters are put together; `None` means: whatever the server heeds.
    pub filter_style: Option<Style>,
    /// How comparisons are written; `None` means: whatever the server heeds.
    pub greater_than: Option<Signs>,
    /// Minor units per unit of a currency; money in other currencies is not shown.
    pub money_scale: BTreeMap<Currency, u32>,
    /// Rows a page, 1 to 100.
    pub page_size: usize,
    /// How many ids a poll goes back for rows that appear late.
    pub overlap: i64,
    /// Machines to watch; empty means all.
    pub machines: Vec<i64>,
    /// Locations whose machines are watched; empty means all.
    pub locations: Vec<i64>,
}

/// Paths of the calls, relative to the base address.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// Default `POST /auth/login`.
    pub login: Endpoint,
    /// Default `POST /auth/refresh`; an empty path means: log in again.
    pub refresh: Endpoint,
    /// Default `GET /machine`.
    pub machine: Endpoint,
    /// Default `GET /location`.
    pub location: Endpoint,
    /// Default `GET /revenuetransaction`.
    pub sales: Endpoint,
    /// Default `GET /log`.
    pub events: Endpoint,
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            login: Endpoint::post("/auth/login"),
            refresh: Endpoint::post("/auth/refresh"),
            machine: Endpoint::get("/machine"),
            location: Endpoint::get("/location"),
            sales: Endpoint::get("/revenuetransaction"),
            events: Endpoint::get("/log"),
        }
    }
}

static KEYS: Group = Group {
    title: "smartnow",
    doc: "SmartNow coffee and vending machines: sales, events and machine state. Polled every 2 \
          minutes. Device ids are machine ids.",
    keys: &[
        &URL,
        &USERNAME,
        &PASSWORD,
        &MACHINES,
        &LOCATIONS,
        &MONEY_SCALE,
        &OFFLINE_CODES,
        &FILTER_STYLE,
        &GREATER_THAN,
        &PAGE_SIZE,
        &OVERLAP,
        &ENDPOINTS,
    ],
};

static URL: Key<Address> = Key::preset(
    "url",
    Address,
    "\"https://api.smart-now.com\"",
    "Base address, with the prefix of all paths where there is one (`/api`). The vendor does not \
     publish it; this is the likely one.",
);
static USERNAME: Key<Text> = Key::required("username", Text, "\"monitor\"", "User name.");
static PASSWORD: Key<Hidden> = Key::required(
    "password",
    Hidden,
    "{ env = \"SMARTNOW_PASSWORD\" }",
    "Password.",
);
static MACHINES: Key<List<Number<i64>>> = Key::preset(
    "machines",
    List {
        of: Number::between(1, i64::MAX),
        filled: false,
    },
    "[]",
    "Machine ids to watch; empty means all.",
);
static LOCATIONS: Key<List<Number<i64>>> = Key::preset(
    "locations",
    List {
        of: Number::between(1, i64::MAX),
        filled: false,
    },
    "[]",
    "Location ids whose machines are watched; empty means all. A machine that `machines` names \
     has to be at one of them.",
);
static MONEY_SCALE: Key<Names<Currency, Number<u32>>> = Key::preset(
    "money_scale",
    Names {
        name: currency,
        what: "currency codes such as EUR",
        of: Number::between(1, 1_000_000),
    },
    "{ EUR = 100 }",
    "How many of the vendor's units make one unit of a currency. Money in other currencies is not \
     shown. What is written here replaces the default.",
);
static OFFLINE_CODES: Key<List<Text>> = Key::preset(
    "offline_codes",
    List {
        of: Text,
        filled: true,
    },
    "[\"CM_OFFLINE\"]",
    "Codes of the events that say that a machine is offline; manufacturers have codes of their own.",
);
static FILTER_STYLE: Key<Choice<Option<Style>>> = Key::preset(
    "filter_style",
    Choice(&[
        ("auto", None),
        ("brackets", Some(Style::Brackets)),
        ("json", Some(Style::Json)),
    ]),
    "\"auto\"",
    "How filters of lists are written: `brackets` for `where[id][>]=5`, `json` for \
     `where={\"id\":{\">\":5}}`, `auto` for whichever the server heeds.",
);
static GREATER_THAN: Key<Choice<Option<Signs>>> = Key::preset(
    "greater_than",
    Choice(&[
        ("auto", None),
        (">", Some(Signs::Symbols)),
        ("greaterThan", Some(Signs::Words)),
    ]),
    "\"auto\"",
    "How comparisons in filters are written, which depends on the version of the vendor's \
     server: `>`, `greaterThan`, or `auto` for whichever the server heeds.",
);
static PAGE_SIZE: Key<Number<usize>> = Key::preset(
    "page_size",
    Number::between(1, 100),
    "100",
    "Rows a page of a list. The vendor documents 100 as the most.",
);
static OVERLAP: Key<Number<i64>> = Key::preset(
    "overlap",
    Number::between(0, 100_000),
    "200",
    "How many ids a poll goes back, because a row with a smaller id may appear after one with a \
     greater id. Ids that have been seen are passed over.",
);
static ENDPOINTS: Key<Table> = Key::optional(
    "endpoints",
    Table(&ENDPOINT_KEYS),
    "the paths below",
    "Paths of the calls.",
);

static ENDPOINT_KEYS: Group = Group {
    title: "[source.endpoints]",
    doc: "Paths of a SmartNow source, below its base address.",
    keys: &[&LOGIN, &REFRESH, &MACHINE, &LOCATION, &SALES, &EVENTS],
};

const READ: Call = Call {
    login: false,
    optional: false,
};
static LOGIN: Key<Call> = Key::preset(
    "login",
    Call {
        login: true,
        optional: false,
    },
    "\"POST /auth/login\"",
    "Gives the first token.",
);
static REFRESH: Key<Call> = Key::preset(
    "refresh",
    Call {
        login: true,
        optional: true,
    },
    "\"POST /auth/refresh\"",
    "Renews the token; empty means: log in again.",
);
static MACHINE: Key<Call> = Key::preset("machine", READ, "\"GET /machine\"", "Machines.");
static LOCATION: Key<Call> = Key::preset("location", READ, "\"GET /location\"", "Locations.");
static SALES: Key<Call> = Key::preset("sales", READ, "\"GET /revenuetransaction\"", "Sales.");
static EVENTS: Key<Call> = Key::preset("events", READ, "\"GET /log\"", "Events.");

fn currency(code: &str) -> Option<Currency> {
    // One spelling only, so that no currency can be named twice.
    Currency::parse(code).filter(|currency| currency.as_str() == code)
}

impl VendorSettings for Settings {
    fn keys() -> &'static Group {
        &KEYS
    }

    fn url() -> &'static Key<Address> {
        &URL
    }

    fn read(section: &Section<'_>) -> Option<Self> {
        let username = section.get(&USERNAME);
        let password = section.get(&PASSWORD);
        let endpoints = read_endpoints(&section.table(&ENDPOINTS));
        let money_scale = section.get(&MONEY_SCALE);
        let offline_codes = section.get(&OFFLINE_CODES);
        let filter_style = section.get(&FILTER_STYLE);
        let greater_than = section.get(&GREATER_THAN);
        let page_size = section.get(&PAGE_SIZE);
        let overlap = section.get(&OVERLAP);
        let machines = section.get(&MACHINES);
        let locations = section.get(&LOCATIONS);
        Some(Self {
            username: username?,
            password: password?,
            endpoints: endpoints?,
            money_scale: money_scale?,
            offline_codes: offline_codes?,
            filter_style: filter_style?,
            greater_than: greater_than?,
            page_size: page_size?,
            overlap: overlap?,
            machines: machines?,
            locations: locations?,
        })
    }

    fn cadence(common: &Common) -> Cadence {
        super::cadence(common)
    }

    fn secrets(&self) -> Vec<(String, &Secret)> {
        vec![(PASSWORD.name.to_owned(), &self.password)]
    }

    fn credential(&self) -> Option<String> {
        Some(self.username.clone())
    }
}

fn read_endpoints(section: &Section<'_>) -> Option<Endpoints> {
    let login = section.get(&LOGIN);
    let refresh = section.get(&REFRESH);
    let machine = section.get(&MACHINE);
    let location = section.get(&LOCATION);
    let sales = section.get(&SALES);
    let events = section.get(&EVENTS);
    Some(Endpoints {
        login: login?,
        refresh: refresh?,
        machine: machine?,
        location: location?,
        sales: sales?,
        events: events?,
    })
}
