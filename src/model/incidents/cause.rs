//! What an incident is: where its fault lies, and what it is about.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::device::DeviceId;

/// Where a fault lies, from the far end to the near one. What a farther one explains is not told
/// again for a nearer one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// No host can be reached: our own link.
    OwnLink,
    /// The vendor's API does not answer as it should.
    Api,
    /// Our credentials are refused.
    Credentials,
    /// We ask too often.
    RequestRate,
    /// Our configuration names something that is not there.
    Configuration,
    /// Our calls succeed, but the vendor publishes late.
    Pipeline,
    /// Everything that counts the people of one store is silent.
    StoreLink,
    /// One device is silent.
    Device,
    /// Data arrives, but it cannot be right.
    Blind,
    /// More people inside than the capacity allows.
    OverCapacity,
}

impl Cause {
    /// The word in the history and on every surface.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::OwnLink => "our own link",
            Self::Api => "the API",
            Self::Credentials => "our credentials",
            Self::RequestRate => "our request rate",
            Self::Configuration => "our configuration",
            Self::Pipeline => "the vendor publishes late",
            Self::StoreLink => "link or hub",
            Self::Device => "this device",
            Self::Blind => "blind or miswired",
            Self::OverCapacity => "over capacity",
        }
    }

    /// Whether it keeps us from reading a source, rather than data from arriving.
    #[must_use]
    pub fn is_of_fetching(self) -> bool {
        self <= Self::Configuration
    }
}

/// What an incident is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// All sources.
    Everything,
    /// All sources of a vendor.
    Vendor(Arc<str>),
    /// One source.
    Source(Arc<str>),
    /// One store.
    Store(Arc<str>),
    /// One device.
    Device(DeviceId),
}

/// How bad an incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A number cannot be taken for live, or will soon be so.
    Warning,
    /// A number is gone, a password refused, or a store over its capacity.
    Critical,
}

impl Severity {
    /// The word on every surface.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}
