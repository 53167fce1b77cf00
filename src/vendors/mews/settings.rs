//! Mews' keys of the configuration.

mod keys;
mod tokens;

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{TimeDelta, Timelike};
use chrono_tz::Tz;

use crate::config::form::Address;
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
    /// Which counters are read, and how.
    pub counters: CounterSettings,
    /// What is read of tonight.
    pub house: HouseSettings,
    /// When the day starts where a hotel's own day is not known.
    pub day: Day,
    /// Most requests a second with one token, on average.
    pub requests_per_second: u32,
}

/// One property's token.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// What to call the property where its name is not known yet.
    pub label: Option<String>,
    /// The token.
    pub token: Secret,
}

/// Which counters are read, and how.
#[derive(Clone, Debug)]
pub struct CounterSettings {
    /// Types to show; empty means all.
    pub types: Vec<String>,
    /// Only the defaults of their types.
    pub default_only: bool,
    /// Items asked for at once.
    pub page_size: u32,
    /// How far a read of what was updated reaches back before the newest update.
    pub overlap: TimeDelta,
    /// How often all are read.
    pub full_read: TimeDelta,
}

/// What is read of tonight, and what is known without a read.
#[derive(Clone, Debug)]
pub struct HouseSettings {
    /// Read the guests in house and their rooms (reservations in state Started). Off by default.
    pub guests: bool,
    /// How often.
    pub guests_every: TimeDelta,
    /// Read the rooms that can be used tonight. Off by default.
    pub rooms: bool,
    /// How often.
    pub rooms_every: TimeDelta,
    /// Rooms of hotels by enterprise id in lower case, which are not asked for.
    pub capacity: BTreeMap<String, u32>,
}

/// The day of hotels whose own day is not known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Day {
    /// Their zone.
    pub zone: Option<Tz>,
    /// How long after local midnight their business day starts, in seconds.
    pub offset_s: i32,
}

impl VendorSettings for Settings {
    fn keys() -> &'static Group {
        &keys::KEYS
    }

    fn url() -> &'static Key<Address> {
        &keys::URL
    }

    fn read(section: &Section<'_>) -> Option<Self> {
        let client_token = section.get(&keys::CLIENT_TOKEN);
        let access_tokens = tokens::read_access_tokens(section);
        let client = section.get(&keys::CLIENT);
        let enterprises = section.get(&keys::ENTERPRISES);
        let counters = read_counters(section);
        let house = read_house(section);
        let zone = section.get(&keys::TIMEZONE);
        let day_start = section.get(&keys::DAY_START);
        let requests_per_second = section.get(&keys::REQUESTS_PER_SECOND);
        Some(Self {
            client_token: client_token?,
            access_tokens: access_tokens?,
            client: client.unwrap_or_else(|| concat!("occtop ", env!("CARGO_PKG_VERSION")).into()),
            enterprises: enterprises?,
            counters: counters?,
            house: house?,
            day: Day {
                zone: zone.flatten(),
                offset_s: day_start?
                    .map_or(Ok(0), |at| at.num_seconds_from_midnight().try_into())
                    .ok()?,
            },
            requests_per_second: requests_per_second?,
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
        let mut secrets = vec![(keys::CLIENT_TOKEN.name.to_owned(), &self.client_token)];
        secrets.extend(self.access_tokens.iter().map(|access| {
            let key = match &access.label {
                Some(label) => format!("{} ({label})", keys::ACCESS_TOKEN.name),
                None => keys::ACCESS_TOKEN.name.to_owned(),
            };
            (key, &access.token)
        }));
        secrets
    }
}

fn read_counters(section: &Section<'_>) -> Option<CounterSettings> {
    let types = section.get(&keys::TYPES);
    let default_only = section.get(&keys::DEFAULT_ONLY);
    let page_size = section.get(&keys::PAGE_SIZE);
    let overlap = section.get(&keys::OVERLAP);
    let full_read = section.get(&keys::FULL_READ);
    Some(CounterSettings {
        types: types?,
        default_only: default_only?,
        page_size: page_size?,
        overlap: delta(overlap?),
        full_read: delta(full_read?),
    })
}

fn read_house(section: &Section<'_>) -> Option<HouseSettings> {
    let guests = section.get(&keys::GUESTS);
    let guests_every = section.get(&keys::GUESTS_EVERY);
    let rooms = section.get(&keys::ROOMS);
    let rooms_every = section.get(&keys::ROOMS_EVERY);
    let capacity = section.get(&keys::CAPACITY);
    Some(HouseSettings {
        guests: guests?,
        guests_every: delta(guests_every?),
        rooms: rooms?,
        rooms_every: delta(rooms_every?),
        capacity: capacity?,
    })
}

/// The keys have bounds that fit.
fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
