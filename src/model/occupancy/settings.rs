//! What the operator says about a store and its feeds.

use std::time::Duration;

use chrono::NaiveTime;
use chrono_tz::Tz;

use crate::model::store::{Reset, Store};

/// What the estimate of one store depends on besides its readings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Zone of the reset and of every label.
    pub timezone: Tz,
    /// When the store is known to be empty.
    pub reset: Reset,
    /// Usual length of a visit; matters until the first good day has been learned.
    pub stay: Duration,
}

impl Settings {
    /// The settings of a configured store.
    #[must_use]
    pub fn of(store: &Store) -> Self {
        Self {
            timezone: store.timezone,
            reset: store.reset,
            stay: store.stay,
        }
    }

    /// Local time at which the business day turns. A store that never empties turns when fewest
    /// are inside.
    #[must_use]
    pub fn turn(&self) -> NaiveTime {
        match self.reset {
            Reset::At(time) => time,
            Reset::Never => NaiveTime::from_hms_opt(4, 0, 0).unwrap_or_default(),
        }
    }

    /// The usual stay in minutes, at least one.
    pub(super) fn stay_min(&self) -> f64 {
        (self.stay.as_secs_f64() / 60.0).max(1.0)
    }

    /// Whether the store empties once a day.
    pub(super) fn empties(&self) -> bool {
        self.reset != Reset::Never
    }
}

/// How a vendor writes intervals without a crossing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ZeroRows {
    /// Taken as left out until a 0/0 row has been seen.
    #[default]
    Auto,
    /// A quiet interval has a row: no row means no data.
    Explicit,
    /// A quiet interval has no row: no row means zero.
    Omitted,
}
