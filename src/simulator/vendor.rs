//! The vendors that are simulated.

/// A vendor with a server of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Vendor {
    /// People counters by store and minute.
    Bespot,
    /// People counters by door and interval.
    Viametrics,
    /// Vehicle trackers.
    Navixy,
    /// A hotel's document counters.
    Mews,
    /// Coffee machines.
    Smartnow,
}

impl Vendor {
    /// All of them; with a fixed port each listens as many ports further on.
    pub const ALL: [Self; 5] = [
        Self::Bespot,
        Self::Viametrics,
        Self::Navixy,
        Self::Mews,
        Self::Smartnow,
    ];

    /// The word in a configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Bespot => "bespot",
            Self::Viametrics => "viametrics",
            Self::Navixy => "navixy",
            Self::Mews => "mews",
            Self::Smartnow => "smartnow",
        }
    }

    /// What the printed configuration calls the account.
    #[must_use]
    pub fn source(self) -> &'static str {
        match self {
            Self::Bespot => "retail",
            Self::Viametrics => "nordic",
            Self::Navixy => "fleet",
            Self::Mews => "hotel",
            Self::Smartnow => "coffee",
        }
    }

    /// What stands before every path of the vendor.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Bespot => "/api",
            Self::Navixy => "/v2",
            Self::Viametrics | Self::Mews | Self::Smartnow => "",
        }
    }
}
