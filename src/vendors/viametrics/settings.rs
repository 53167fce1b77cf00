//! Viametrics' keys of the configuration: the vendor publishes no endpoint list, so every path
//! and field name is a setting.

use chrono_tz::Tz;

use crate::config::endpoint::Endpoint;
use crate::config::form::{
    Address, Call, Hidden, Identifier, List, Number, Pointer, Table, Text, Zone,
};
use crate::config::key::{Group, Key};
use crate::config::secret::Secret;
use crate::config::section::Section;
use crate::config::source::VendorSettings;
use crate::model::ledger::plan::RowGrid;
use crate::model::schedule::Cadence;
use crate::vendors::source::Common;

/// What a Viametrics account needs beside the common settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The customer's company id, sent with every request.
    pub client_id: String,
    /// The key issued by the vendor.
    pub api_key: Secret,
    /// Zone of the vendor's naive stamps.
    pub timezone: Tz,
    /// Static list of counters; empty means ask the vendor.
    pub counters: Vec<i64>,
    /// Paths.
    pub endpoints: Endpoints,
    /// Field names.
    pub fields: Fields,
}

/// Paths of the calls, relative to the base address.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// Default `POST /v1/auth/login`.
    pub login: Endpoint,
    /// Default `GET /api/GetCounters`.
    pub counters: Endpoint,
    /// Default `GET /api/GetCounterGroups`.
    pub groups: Endpoint,
    /// Default `GET /api/GetDataForAllCounters`.
    pub intervals: Endpoint,
    /// Default `GET /api/GetDailyDataForAllCounters`.
    pub daily: Endpoint,
}

/// Where the row list and its fields are; the first alias that a row has wins.
#[derive(Clone, Debug)]
pub struct Fields {
    /// JSON pointer to the row list; default `/data/counterData`.
    pub rows: String,
    /// Aliases of the interval's start.
    pub time: Vec<String>,
    /// Aliases of the in-count.
    pub entered: Vec<String>,
    /// Aliases of the out-count.
    pub left: Vec<String>,
    /// Aliases of the counter's id.
    pub counter: Vec<String>,
    /// Aliases of the company id (CID).
    pub customer: Vec<String>,
}

fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            login: Endpoint::post("/v1/auth/login"),
            counters: Endpoint::get("/api/GetCounters"),
            groups: Endpoint::get("/api/GetCounterGroups"),
            intervals: Endpoint::get("/api/GetDataForAllCounters"),
            daily: Endpoint::get("/api/GetDailyDataForAllCounters"),
        }
    }
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            rows: "/data/counterData".to_owned(),
            time: words(&["datetime", "date", "time"]),
            entered: words(&["I", "in", "inValue"]),
            left: words(&["O", "out", "outValue"]),
            counter: words(&["counterId", "id"]),
            customer: words(&["cid", "customerId"]),
        }
    }
}

static KEYS: Group = Group {
    title: "viametrics",
    doc: "Viametrics people counters. They publish hourly, or more often where the account is \
          set up so. Requests are counted for each `client_id`. Device ids are counter ids. The \
          vendor publishes no list of paths: take them from the documentation that comes with the \
          account.",
    keys: &[
        &URL, &CLIENT_ID, &API_KEY, &TIMEZONE, &COUNTERS, &ENDPOINTS, &FIELDS,
    ],
};

static URL: Key<Address> = Key::preset(
    "url",
    Address,
    "\"https://api.viametrics.com\"",
    "Base address. The vendor does not publish it; this is the likely one.",
);
static CLIENT_ID: Key<Identifier> = Key::required(
    "client_id",
    Identifier,
    "\"1234\"",
    "The customer's company id, sent with every request.",
);
static API_KEY: Key<Hidden> = Key::required(
    "api_key",
    Hidden,
    "{ env = \"VIAMETRICS_API_KEY\" }",
    "The key issued by the vendor.",
);
static TIMEZONE: Key<Zone> = Key::preset(
    "timezone",
    Zone { or: None },
    "\"Europe/Stockholm\"",
    "Zone of the vendor's times, which come without one. Set it to that of the counters.",
);
static COUNTERS: Key<List<Number<i64>>> = Key::preset(
    "counters",
    List {
        of: Number::between(0, i64::MAX),
        filled: false,
    },
    "[]",
    "Counter ids to read where the vendor gives no list; empty means: ask the vendor.",
);
static ENDPOINTS: Key<Table> = Key::optional(
    "endpoints",
    Table(&ENDPOINT_KEYS),
    "the paths below",
    "Paths of the calls.",
);
static FIELDS: Key<Table> = Key::optional(
    "fields",
    Table(&FIELD_KEYS),
    "the names below",
    "Names of the fields.",
);

static ENDPOINT_KEYS: Group = Group {
    title: "[source.endpoints]",
    doc: "Paths of a Viametrics source, below its base address.",
    keys: &[&LOGIN, &COUNTER_LIST, &GROUPS, &INTERVALS, &DAILY],
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
    "\"POST /v1/auth/login\"",
    "Gives the token.",
);
static COUNTER_LIST: Key<Call> =
    Key::preset("counters", READ, "\"GET /api/GetCounters\"", "Counters.");
static GROUPS: Key<Call> = Key::preset(
    "groups",
    READ,
    "\"GET /api/GetCounterGroups\"",
    "Groups of counters.",
);
static INTERVALS: Key<Call> = Key::preset(
    "intervals",
    READ,
    "\"GET /api/GetDataForAllCounters\"",
    "In and out of each interval.",
);
static DAILY: Key<Call> = Key::preset(
    "daily",
    READ,
    "\"GET /api/GetDailyDataForAllCounters\"",
    "Totals of each day.",
);

static FIELD_KEYS: Group = Group {
    title: "[source.fields]",
    doc: "Names in the replies of a Viametrics source. Where a key has a list, the first name that \
          a row has is taken.",
    keys: &[&ROWS, &TIME, &ENTERED, &LEFT, &COUNTER, &CUSTOMER],
};

const ALIASES: List<Text> = List {
    of: Text,
    filled: true,
};
static ROWS: Key<Pointer> = Key::preset(
    "rows",
    Pointer,
    "\"/data/counterData\"",
    "JSON pointer to the list of rows.",
);
static TIME: Key<List<Text>> = Key::preset(
    "time",
    ALIASES,
    "[\"datetime\", \"date\", \"time\"]",
    "Start of the interval.",
);
static ENTERED: Key<List<Text>> = Key::preset(
    "in",
    ALIASES,
    "[\"I\", \"in\", \"inValue\"]",
    "People who came in.",
);
static LEFT: Key<List<Text>> = Key::preset(
    "out",
    ALIASES,
    "[\"O\", \"out\", \"outValue\"]",
    "People who went out.",
);
static COUNTER: Key<List<Text>> = Key::preset(
    "counter",
    ALIASES,
    "[\"counterId\", \"id\"]",
    "Id of the counter.",
);
static CUSTOMER: Key<List<Text>> = Key::preset(
    "customer",
    ALIASES,
    "[\"cid\", \"customerId\"]",
    "Company id (CID) that owns the counter.",
);

impl VendorSettings for Settings {
    fn keys() -> &'static Group {
        &KEYS
    }

    fn url() -> &'static Key<Address> {
        &URL
    }

    fn read(section: &Section<'_>) -> Option<Self> {
        let client_id = section.get(&CLIENT_ID);
        let api_key = section.get(&API_KEY);
        let timezone = section.get(&TIMEZONE);
        let counters = section.get(&COUNTERS);
        let endpoints = read_endpoints(&section.table(&ENDPOINTS));
        let fields = read_fields(&section.table(&FIELDS));
        Some(Self {
            client_id: client_id?,
            api_key: api_key?,
            timezone: timezone.flatten()?,
            counters: counters?,
            endpoints: endpoints?,
            fields: fields?,
        })
    }

    fn cadence(common: &Common) -> Cadence {
        super::cadence(common)
    }

    fn grid() -> RowGrid {
        super::GRID
    }

    fn secrets(&self) -> Vec<(String, &Secret)> {
        vec![(API_KEY.name.to_owned(), &self.api_key)]
    }

    fn credential(&self) -> Option<String> {
        Some(self.client_id.clone())
    }
}

fn read_endpoints(section: &Section<'_>) -> Option<Endpoints> {
    let login = section.get(&LOGIN);
    let counters = section.get(&COUNTER_LIST);
    let groups = section.get(&GROUPS);
    let intervals = section.get(&INTERVALS);
    let daily = section.get(&DAILY);
    Some(Endpoints {
        login: login?,
        counters: counters?,
        groups: groups?,
        intervals: intervals?,
        daily: daily?,
    })
}

fn read_fields(section: &Section<'_>) -> Option<Fields> {
    let rows = section.get(&ROWS);
    let time = section.get(&TIME);
    let entered = section.get(&ENTERED);
    let left = section.get(&LEFT);
    let counter = section.get(&COUNTER);
    let customer = section.get(&CUSTOMER);
    Some(Fields {
        rows: rows?,
        time: time?,
        entered: entered?,
        left: left?,
        counter: counter?,
        customer: customer?,
    })
}
