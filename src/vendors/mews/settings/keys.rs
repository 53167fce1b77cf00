//! The keys of a Mews account.

use std::time::Duration;

use crate::config::form::{
    Address, Flag, Hidden, List, Names, Number, Period, Tables, Text, TimeOfDay, Zone,
};
use crate::config::key::{Group, Key};

use super::tokens::ACCESS_TOKEN_KEYS;

pub(super) static KEYS: Group = Group {
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
        &TYPES,
        &DEFAULT_ONLY,
        &GUESTS,
        &GUESTS_EVERY,
        &ROOMS,
        &ROOMS_EVERY,
        &CAPACITY,
        &TIMEZONE,
        &DAY_START,
        &PAGE_SIZE,
        &OVERLAP,
        &FULL_READ,
        &REQUESTS_PER_SECOND,
    ],
};

pub(super) static URL: Key<Address> = Key::preset(
    "url",
    Address,
    "\"https://api.mews.com\"",
    "Platform address; the vendor's demo platform is `https://api.mews-demo.com`.",
);
pub(super) static CLIENT_TOKEN: Key<Hidden> = Key::required(
    "client_token",
    Hidden,
    "{ env = \"MEWS_CLIENT_TOKEN\" }",
    "Token of the integration.",
);
pub(super) static ACCESS_TOKEN: Key<Hidden> = Key::optional(
    "access_token",
    Hidden,
    "`access_tokens` is used",
    "Token of the property, or of a portfolio of properties.",
);
pub(super) static ACCESS_TOKENS: Key<Tables> = Key::optional(
    "access_tokens",
    Tables(&ACCESS_TOKEN_KEYS),
    "`access_token` is used",
    "Tokens of several properties.",
);
pub(super) static CLIENT: Key<Text> = Key::optional(
    "client",
    Text,
    "`occtop` and its version",
    "Name and version of the client as the vendor sees it.",
);
pub(super) static ENTERPRISES: Key<List<Text>> = Key::preset(
    "enterprises",
    List {
        of: Text,
        filled: false,
    },
    "[]",
    "Ids (uuids) of the enterprises to watch; empty means all that the tokens see.",
);
pub(super) static TYPES: Key<List<Text>> = Key::preset(
    "types",
    List {
        of: Text,
        filled: false,
    },
    "[]",
    "Types of counters to show, for example `[\"BillCounter\"]`; empty means all.",
);
pub(super) static DEFAULT_ONLY: Key<Flag> = Key::preset(
    "default_only",
    Flag,
    "false",
    "Show only the counters that a hotel has made its default of their type.",
);
pub(super) static GUESTS: Key<Flag> = Key::preset(
    "guests",
    Flag,
    "false",
    "Also read the guests in house and the rooms they have. The token needs the right to read \
     reservations.",
);
pub(super) static GUESTS_EVERY: Key<Period> = Key::preset(
    "guests_every",
    Period {
        least: Duration::from_secs(30),
        most: DAY,
    },
    "\"2m\"",
    "How often the guests are read. Each hotel is a request.",
);
pub(super) static ROOMS: Key<Flag> = Key::preset(
    "rooms",
    Flag,
    "false",
    "Also read the rooms that can be used tonight. The token needs the right to read services.",
);
pub(super) static ROOMS_EVERY: Key<Period> = Key::preset(
    "rooms_every",
    Period {
        least: Duration::from_secs(5 * 60),
        most: DAY,
    },
    "\"1h\"",
    "How often the rooms are read. Each service of a hotel is a request.",
);
pub(super) static CAPACITY: Key<Names<String, Number<u32>>> = Key::preset(
    "capacity",
    Names {
        name: enterprise_id,
        what: "enterprise ids (uuids)",
        of: Number::between(1, 1_000_000),
    },
    "{}",
    "How many rooms a hotel has, by the id of its enterprise: used instead of what the vendor says, \
     also where `rooms` is off.",
);
pub(super) static TIMEZONE: Key<Zone> = Key::optional(
    "timezone",
    Zone { or: None },
    "the hotel's own, as the vendor tells it",
    "Time zone of the hotels whose own is not known, because the token may not read enterprises.",
);
pub(super) static DAY_START: Key<TimeOfDay> = Key::preset(
    "day_start",
    TimeOfDay { or: "midnight" },
    "\"midnight\"",
    "When the business day of those hotels starts.",
);
pub(super) static PAGE_SIZE: Key<Number<u32>> = Key::preset(
    "page_size",
    Number::between(1, 1000),
    "1000",
    "Items asked for at once. Pages get smaller by themselves where the vendor finds them too heavy.",
);
pub(super) static OVERLAP: Key<Period> = Key::preset(
    "overlap",
    Period {
        least: Duration::from_secs(1),
        most: DAY,
    },
    "\"2m\"",
    "With more than a thousand counters only what was updated is read: from so long before the \
     newest update on.",
);
pub(super) static FULL_READ: Key<Period> = Key::preset(
    "full_read",
    Period {
        least: Duration::from_secs(60),
        most: DAY,
    },
    "\"15m\"",
    "How often all of them are read nevertheless, which finds those that were deleted.",
);
pub(super) static REQUESTS_PER_SECOND: Key<Number<u32>> = Key::preset(
    "requests_per_second",
    Number::between(1, 6),
    "2",
    "Most requests a second with one token, on average over ten seconds. The vendor allows 200 in \
     half a minute.",
);

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Ids are compared in lower case.
fn enterprise_id(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    (!text.is_empty() && text.chars().all(|c| c.is_ascii_graphic())).then_some(text)
}
