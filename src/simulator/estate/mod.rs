//! A small world with people who really enter, stay and leave.
//!
//! Everything is a pure function of seed, thing and time: any instant can be asked in any order
//! without living through the time before it, and the same seed always gives the same world. The
//! estate has no notion of "now"; what has happened and been published is the servers' business.

pub mod chance;
pub mod day;
mod days;
pub mod fleet;
pub mod hotel;
pub mod machines;
pub mod places;
pub mod site;
pub mod tally;
pub mod traffic;
pub mod wall;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{NaiveDate, TimeDelta};

use crate::model::Timestamp;
use crate::model::reading::Flow;

use day::{Crossing, StoreDay};
use days::Days;
use fleet::Vehicle;
use hotel::Hotel;
use machines::Machine;
use site::Site;

/// Most stores an estate may have.
pub const MAX_STORES: usize = 2_000;

/// Stores with their visitors, and all else that the vendors report on.
#[derive(Debug)]
pub struct Estate {
    seed: u64,
    sites: Vec<Site>,
    vehicles: Vec<Vehicle>,
    machines: Vec<Machine>,
    hotel: Hotel,
    days: Days,
}

/// What really happened in a store since its business day began at 04:00, and what its sensors
/// made of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// People inside.
    pub inside: u32,
    /// People who came in and went out.
    pub real: Flow,
    /// The same as the sensors counted it.
    pub counted: Flow,
}

/// A person at a counting line, at an absolute time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    /// When, in seconds since 1970.
    pub at_s: i64,
    /// Position of the door.
    pub door: u8,
    /// Coming in, else going out.
    pub inward: bool,
    /// What the sensor counted.
    pub counted: u8,
}

impl Passage {
    /// What the sensor counted, as a flow.
    #[must_use]
    pub fn flow(&self) -> Flow {
        flow(self.inward, self.counted.into())
    }
}

impl Estate {
    /// The estate of a seed with `stores` stores, at least one and at most [`MAX_STORES`].
    #[must_use]
    pub fn new(seed: u64, stores: usize) -> Self {
        let stores = stores.clamp(1, MAX_STORES);
        let mut in_city: HashMap<&str, usize> = HashMap::new();
        let sites: Vec<Site> = (0..stores)
            .map(|index| {
                let nth = in_city.entry(places::city_of(index).name).or_default();
                *nth += 1;
                Site::new(seed, index, *nth - 1)
            })
            .collect();
        Self {
            seed,
            machines: machines::machines(seed, &sites),
            sites,
            hotel: Hotel::new(seed),
            vehicles: fleet::vehicles(seed, stores),
            // Today and yesterday of every store, and room for looking back.
            days: Days::new(3 * stores + 64),
        }
    }

    /// The seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The stores.
    #[must_use]
    pub fn sites(&self) -> &[Site] {
        &self.sites
    }

    /// The vehicles.
    #[must_use]
    pub fn vehicles(&self) -> &[Vehicle] {
        &self.vehicles
    }

    /// The coffee machines.
    #[must_use]
    pub fn machines(&self) -> &[Machine] {
        &self.machines
    }

    /// The hotel.
    #[must_use]
    pub fn hotel(&self) -> &Hotel {
        &self.hotel
    }

    /// The store of this name.
    #[must_use]
    pub fn site(&self, name: &str) -> Option<&Site> {
        self.sites.iter().find(|site| site.name == name)
    }

    /// What is true of a store at `at`. Crossings at `at` itself are still to come.
    #[must_use]
    pub fn truth(&self, site: &Site, at: Timestamp) -> Truth {
        let start = wall::day_start(site.city.zone, wall::business_date(site.city.zone, at));
        let mut truth = Truth::default();
        for passage in self.passages(site, start, at) {
            truth.real = truth.real + flow(passage.inward, 1);
            truth.counted = truth.counted + passage.flow();
        }
        let stayed = self.inside_at_start(site, start);
        let inside = stayed + truth.real.net();
        truth.inside = u32::try_from(inside).unwrap_or(0);
        truth
    }

    /// What the sensors of a store, or of one of its doors, counted in `[from, to)`.
    #[must_use]
    pub fn counted(
        &self,
        site: &Site,
        door: Option<usize>,
        from: Timestamp,
        to: Timestamp,
    ) -> Flow {
        self.passages(site, from, to)
            .iter()
            .filter(|passage| door.is_none_or(|door| door == usize::from(passage.door)))
            .fold(Flow::default(), |sum, passage| sum + passage.flow())
    }

    /// Everybody who crossed a counting line in `[from, to)`, in order.
    #[must_use]
    pub fn passages(&self, site: &Site, from: Timestamp, to: Timestamp) -> Vec<Passage> {
        let zone = site.city.zone;
        let mut date = wall::business_date(zone, from);
        if site.hours.is_none() {
            date = date.pred_opt().unwrap_or(date);
        }
        let last = wall::business_date(zone, to);
        let mut found = Vec::new();
        while date <= last {
            let day = self.day(site, date);
            let start_s = day.start.timestamp();
            let crossings = day.between(from.timestamp() - start_s, to.timestamp() - start_s);
            found.extend(crossings.iter().map(|crossing| passage(start_s, *crossing)));
            date = date.succ_opt().unwrap_or(NaiveDate::MAX);
        }
        if site.hours.is_none() {
            // Late leavers of one day mix with early comers of the next.
            found.sort_by_key(|passage| passage.at_s);
        }
        found
    }

    /// The business day of a store.
    #[must_use]
    pub fn day(&self, site: &Site, date: NaiveDate) -> Arc<StoreDay> {
        self.days
            .get((site.index, date), || StoreDay::new(self.seed, site, date))
    }

    /// People who were inside when the business day began: none but in places that never close.
    fn inside_at_start(&self, site: &Site, start: Timestamp) -> i64 {
        if site.hours.is_some() {
            return 0;
        }
        let before = wall::business_date(site.city.zone, start - TimeDelta::hours(1));
        let day = self.day(site, before);
        let until_s = (start - day.start).num_seconds();
        day.between(0, until_s)
            .iter()
            .map(|crossing| if crossing.inward { 1 } else { -1 })
            .sum()
    }
}

fn passage(start_s: i64, crossing: Crossing) -> Passage {
    Passage {
        at_s: start_s + i64::from(crossing.second),
        door: crossing.door,
        inward: crossing.inward,
        counted: crossing.counted,
    }
}

fn flow(inward: bool, people: u32) -> Flow {
    if inward {
        Flow {
            entered: people,
            left: 0,
        }
    } else {
        Flow {
            entered: 0,
            left: people,
        }
    }
}

#[cfg(test)]
mod tests;
