//! The list of vendors: the one place that names them all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

<<<<<<< HEAD
use crate::config::form::Address;
use crate::config::key::{Group, Key};
use crate::config::secret::Secret;
use crate::config::section::Section;
use crate::config::source::VendorSettings;
use crate::model::attempt::SourceError;

/// Writes out everything that depends on the vendor from one line for each: the variant, and the
/// module that has its `Settings`.
macro_rules! vendors {
    ($($(#[$doc:meta])* $variant:ident in $module:ident;)+) => {
        /// A vendor the program can read.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
        )]
        #[serde(rename_all = "lowercase")]
        pub enum Vendor {
            $($(#[$doc])* $variant,)+
        }

        /// What the configuration says about one vendor's account, beside the common settings.
        #[derive(Clone, Debug)]
        pub enum Account {
            $($(#[$doc])* $variant(super::$module::Settings),)+
        }

        impl Vendor {
            /// Every vendor, in the order of the reference.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name in the configuration and on the board.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($module),)+
                }
            }

            /// The keys that the vendor adds to a source.
            #[must_use]
            pub fn keys(self) -> &'static Group {
                match self {
                    $(Self::$variant => super::$module::Settings::keys(),)+
                }
            }

            /// The key of the vendor's base address.
            #[must_use]
            pub fn url(self) -> &'static Key<Address> {
                match self {
                    $(Self::$variant => super::$module::Settings::url(),)+
                }
            }

            /// Reads what the vendor adds to a source; notes what is wrong and gives `None`.
            #[must_use]
            pub fn read(self, section: &Section<'_>) -> Option<Account> {
                match self {
                    $(Self::$variant => {
                        super::$module::Settings::read(section).map(Account::$variant)
                    })+
                }
            }
        }

        impl Account {
            /// Whose account it is.
            #[must_use]
            pub fn vendor(&self) -> Vendor {
                match self {
                    $(Self::$variant(_) => Vendor::$variant,)+
                }
            }

            /// The secrets of the account with the names of their keys.
            #[must_use]
            pub fn secrets(&self) -> Vec<(String, &Secret)> {
                match self {
                    $(Self::$variant(settings) => settings.secrets(),)+
                }
            }
        }
    };
=======
use crate::clock::Clock;
use crate::config::SourceConfig;
use crate::model::attempt::{ErrorKind, SourceError};
use crate::model::budget::Budget;

use super::bespot;
use super::discreet::Discreet;
use super::source::Source;
use super::transport::SharedBudget;

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
>>>>>>> 4cc3cbc (Poll Bespot visits and occupancy)
}

impl Account {
    /// The outcome for each secret that can be resolved without running a command, with the name
    /// of its key.
    #[must_use]
    pub fn secrets_offline(&self) -> Vec<(String, Result<(), SourceError>)> {
        let secrets = self.secrets().into_iter();
        secrets
            .filter_map(|(key, secret)| Some((key, secret.resolve_offline()?.map(|_| ()))))
            .collect()
    }
}

vendors! {
    /// Bespot people counters.
    Bespot in bespot;
    /// Viametrics people counters.
    Viametrics in viametrics;
    /// Navixy vehicle trackers.
    Navixy in navixy;
    /// Mews hotel counters.
    Mews in mews;
    /// SmartNow vending machines.
    Smartnow in smartnow;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_the_same_in_the_configuration_and_on_the_board() {
        for vendor in Vendor::ALL {
            let on_board = serde_json::to_value(vendor).unwrap();
            assert_eq!(on_board, vendor.name());
        }
    }
}

/// Opens the source that the configuration describes. Nothing is sent yet.
///
/// # Errors
/// `config` when a secret cannot be resolved or the address or certificate cannot be used.
pub fn open(
    config: &SourceConfig,
    budget: SharedBudget,
    clock: Clock,
) -> Result<Box<dyn Source>, SourceError> {
    let common = &config.common;
    let source: Box<dyn Source> = match &config.account {
        Account::Bespot(settings) => {
            Box::new(bespot::Bespot::open(common, settings, budget, clock)?)
        }
        Account::Viametrics(_) | Account::Navixy(_) | Account::Mews(_) | Account::Smartnow(_) => {
            return Err(SourceError::new(ErrorKind::Config, "not available yet"));
        }
    };
    Ok(Box::new(Discreet::new(source)))
}

/// The budget of each source, in order. Sources on one credential share theirs, with the lowest
/// ceiling that any of them has.
#[must_use]
pub fn budgets(sources: &[SourceConfig]) -> Vec<SharedBudget> {
    let mut ceilings: BTreeMap<String, u32> = BTreeMap::new();
    for source in sources {
        let ceiling = requests_per_hour(source);
        ceilings
            .entry(budget_key(source))
            .and_modify(|lowest| *lowest = ceiling.min(*lowest))
            .or_insert(ceiling);
    }
    let shared: BTreeMap<String, SharedBudget> = ceilings
        .into_iter()
        .map(|(key, ceiling)| (key, Arc::new(Mutex::new(Budget::new(ceiling)))))
        .collect();
    sources
        .iter()
        .filter_map(|source| shared.get(&budget_key(source)).cloned())
        .collect()
}

/// Our own ceiling of requests in any hour: as configured, else the vendor's default.
#[must_use]
pub fn requests_per_hour(source: &SourceConfig) -> u32 {
    let default = match &source.account {
        // Eight requests an hour are usual; the vendor documents no limit.
        Account::Bespot(_) => 60,
        // The vendor allows 500 in an hour, to everyone with this ClientID together.
        Account::Viametrics(_) => 400,
        Account::Navixy(_) => 3600,
        Account::Mews(_) => 600,
        Account::Smartnow(_) => 240,
    };
    source.common.requests_per_hour.unwrap_or(default)
}

/// Names the credential that the vendor counts requests by, without anything secret.
fn budget_key(source: &SourceConfig) -> String {
    let host = source.common.url.host_str().unwrap_or_default();
    let port = source
        .common
        .url
        .port_or_known_default()
        .unwrap_or_default();
    match &source.account {
        Account::Bespot(_) => format!("bespot {host}:{port}"),
        Account::Viametrics(settings) => {
            format!("viametrics {host}:{port} {}", settings.client_id)
        }
        Account::Navixy(_) | Account::Mews(_) | Account::Smartnow(_) => {
            format!("source {}", source.common.name)
        }
    }
}
