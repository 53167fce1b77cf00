//! The list of vendors: the one place that names them all.

use serde::{Deserialize, Serialize};

/// A vendor the program can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// Bespot people counters.
    Bespot,
    /// Viametrics people counters.
    Viametrics,
    /// Navixy vehicle trackers.
    Navixy,
    /// Mews hotel counters.
    Mews,
    /// SmartNow vending machines.
    Smartnow,
}

/// What the configuration says about one vendor's account, beside the common settings.
#[derive(Clone, Debug)]
pub enum Account {
    /// Bespot.
    Bespot(super::bespot::Settings),
    /// Viametrics.
    Viametrics(super::viametrics::Settings),
    /// Navixy.
    Navixy(super::navixy::Settings),
    /// Mews.
    Mews(super::mews::Settings),
    /// SmartNow.
    Smartnow(super::smartnow::Settings),
}
