//! What is fixed while the program runs: which sources are read and which stores are watched.

use std::collections::HashMap;
use std::sync::Arc;

use chrono_tz::Tz;

use crate::model::Timestamp;
use crate::model::calendar::day_start;
use crate::model::device::DeviceId;
use crate::model::reading::Reading;
use crate::model::schedule::Cadence;
use crate::model::store::{Member, Reset, Store};

/// Sources and stores in file order.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Sources.
    pub sources: Vec<SourcePlan>,
    /// Stores.
    pub stores: Vec<Arc<Store>>,
    /// The zone for devices that neither a store nor a vendor gives one.
    pub display_zone: Tz,
}

/// What is fixed about one source.
#[derive(Clone, Debug)]
pub struct SourcePlan {
    /// Unique name.
    pub name: Arc<str>,
    /// The vendor's name.
    pub vendor: Arc<str>,
    /// Switched off by the operator.
    pub paused: bool,
    /// How it publishes and is polled.
    pub cadence: Cadence,
    /// What an interval without a row means.
    pub quiet: Quiet,
    /// Which instant of a row is its horizon.
    pub stamp: Stamp,
    /// The host it is asked at, to tell a vendor's failure from our own link's.
    pub host: Arc<str>,
    /// Ceiling of requests in any hour.
    pub limit_per_hour: u32,
}

/// What an interval without a row means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// Nobody passed.
    Zero,
    /// It has not arrived.
    Missing,
    /// Nobody passed, until the feed has delivered its first row of two zeros.
    Learned,
}

/// Which instant of an interval row is its horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// The instant the vendor wrote into the row.
    Start,
    /// The end of the interval.
    End,
}

/// How a vendor's interval rows are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowGrid {
    /// What an interval without a row means unless the configuration says otherwise.
    pub quiet: Quiet,
    /// Which instant of a row is its horizon.
    pub stamp: Stamp,
}

impl Default for RowGrid {
    fn default() -> Self {
        Self {
            quiet: Quiet::Learned,
            stamp: Stamp::End,
        }
    }
}

/// Which store claims which device.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    devices: HashMap<DeviceId, usize>,
    sources: HashMap<Arc<str>, usize>,
}

impl Claims {
    /// The claims of a plan's stores; the first store that claims a device has it.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let mut claims = Self::default();
        for (index, store) in plan.stores.iter().enumerate() {
            for member in &store.members {
                match member {
                    Member::Device(id) => claims.devices.entry(id.clone()).or_insert(index),
                    Member::AllOf(name) => claims.sources.entry(name.clone()).or_insert(index),
                };
            }
        }
        claims
    }

    /// The position of the store that claims a device.
    #[must_use]
    pub fn store_of(&self, device: &DeviceId) -> Option<usize> {
        let by_name = self.devices.get(device);
        let with_all = self.sources.get(device.source());
        by_name.into_iter().chain(with_all).min().copied()
    }
}

impl Plan {
    /// The instant of a reading that counts as its horizon.
    #[must_use]
    pub fn stamp(&self, source: u16, reading: &Reading) -> Timestamp {
        match self.sources[usize::from(source)].stamp {
            Stamp::Start => reading.start,
            Stamp::End => reading.end(),
        }
    }

    /// From when on the data of a source is needed at `now`: the earliest running reset of any
    /// store that claims one of its devices, or local midnight when that is earlier.
    #[must_use]
    pub fn since(&self, source: &str, now: Timestamp) -> Timestamp {
        let claimed = self.stores.iter().filter(|store| {
            store.members.iter().any(|member| match member {
                Member::Device(id) => id.source() == source,
                Member::AllOf(name) => **name == *source,
            })
        });
        claimed
            .flat_map(|store| {
                [
                    day_start(store.timezone, store.reset, now),
                    day_start(store.timezone, Reset::Never, now),
                ]
            })
            .chain([day_start(self.display_zone, Reset::Never, now)])
            .min()
            .unwrap_or(now)
    }
}
