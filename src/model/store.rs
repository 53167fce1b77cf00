//! Stores: what an operator watches.

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveTime;
use chrono_tz::Tz;

use super::calendar::Hours;
use super::device::DeviceId;

/// A store as the configuration declares it.
#[derive(Clone, Debug, PartialEq)]
pub struct Store {
    /// Unique name.
    pub name: Arc<str>,
    /// Group for totals, for example a city.
    pub group: Option<Arc<str>>,
    /// The zone of its opening hours, resets and labels.
    pub timezone: Tz,
    /// The operator's limit of people inside.
    pub capacity: Option<u32>,
    /// Share of the capacity at which the gauge turns amber.
    pub warn: f64,
    /// When the store is known to be empty.
    pub reset: Reset,
    /// Usual length of a visit.
    pub stay: Duration,
    /// Which number leads once a day has been learned.
    pub lead: Lead,
    /// Devices that belong to it.
    pub members: Vec<Member>,
    /// Opening hours and holidays.
    pub hours: Hours,
}

/// When a store is empty and its totals start anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reset {
    /// Every day at this local time.
    At(NaiveTime),
    /// Never; totals run from local midnight.
    Never,
}

/// Which occupancy leads where the vendor gives one too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lead {
    /// Ours, from in and out.
    Counted,
    /// The vendor's.
    Vendor,
}

/// A claim on devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Member {
    /// One device.
    Device(DeviceId),
    /// Every device of a source.
    AllOf(Arc<str>),
}

impl Member {
    /// Whether this claim covers the device.
    #[must_use]
    pub fn claims(&self, device: &DeviceId) -> bool {
        match self {
            Self::Device(id) => id == device,
            Self::AllOf(source) => **source == *device.source(),
        }
    }
}

impl Store {
    /// A store with every setting at its documented default.
    #[must_use]
    pub fn named(name: &str, timezone: Tz) -> Self {
        Self {
            name: name.into(),
            group: None,
            timezone,
            capacity: None,
            warn: 0.8,
            reset: Reset::At(NaiveTime::from_hms_opt(4, 0, 0).unwrap_or_default()),
            stay: Duration::from_secs(30 * 60),
            lead: Lead::Counted,
            members: Vec::new(),
            hours: Hours::always(),
        }
    }
}
