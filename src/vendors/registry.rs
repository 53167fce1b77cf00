//! The list of vendors: the one place that names them all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::config::SourceConfig;
use crate::config::form::Address;
use crate::config::key::{Group, Key};
use crate::config::secret::Secret;
use crate::config::section::Section;
use crate::config::source::VendorSettings;
use crate::model::attempt::SourceError;
use crate::model::budget::Budget;
use crate::model::ledger::plan::RowGrid;
use crate::model::schedule::Cadence;

use super::discreet::Discreet;
use super::source::{Common, Source};
use super::transport::SharedBudget;

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

            /// Our own ceiling of requests in any hour where the configuration sets none.
            #[must_use]
            pub fn requests_per_hour(self) -> u32 {
                match self {
                    $(Self::$variant => super::$module::REQUESTS_PER_HOUR,)+
                }
            }

            /// The least time that a request gets where the configuration sets no `timeout`.
            #[must_use]
            pub fn patience(self) -> Duration {
                match self {
                    $(Self::$variant => super::$module::Settings::patience(),)+
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

            /// When the account is polled and what is expected of it.
            fn cadence(&self, common: &Common) -> Cadence {
                match self {
                    $(Self::$variant(_) => super::$module::Settings::cadence(common),)+
                }
            }

            /// How the account's interval rows are to be read.
            fn grid(&self) -> RowGrid {
                match self {
                    $(Self::$variant(_) => super::$module::Settings::grid(),)+
                }
            }

            /// What the vendor counts requests by, without anything secret.
            fn credential(&self) -> Option<String> {
                match self {
                    $(Self::$variant(settings) => settings.credential(),)+
                }
            }

            /// Opens the account.
            fn open(
                &self,
                common: &Common,
                budget: SharedBudget,
                clock: Clock,
            ) -> Result<Box<dyn Source>, SourceError> {
                match self {
                    $(Self::$variant(settings) => {
                        Ok(Box::new(super::$module::open(common, settings, budget, clock)?))
                    })+
                }
            }
        }
    };
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
    let source = config.account.open(&config.common, budget, clock)?;
    Ok(Box::new(Discreet::new(source)))
}

/// When a source is polled, what is expected of it and how its rows are read, whether or not it
/// can be opened.
#[must_use]
pub fn manner(source: &SourceConfig) -> (Cadence, RowGrid) {
    let cadence = source.account.cadence(&source.common);
    (cadence, source.account.grid())
}

/// Our own ceiling of requests in any hour: as configured, else the vendor's default.
#[must_use]
pub fn requests_per_hour(source: &SourceConfig) -> u32 {
    let configured = source.common.requests_per_hour;
    configured.unwrap_or_else(|| source.account.vendor().requests_per_hour())
}

/// The budget of each source, in order. Sources on one credential share theirs, with the lowest
/// ceiling that any of them has.
#[must_use]
pub fn budgets(sources: &[SourceConfig]) -> Vec<SharedBudget> {
    let mut ceilings: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    for source in sources {
        let ceiling = requests_per_hour(source);
        let (lowest, asked) = ceilings.entry(credential(source)).or_insert((ceiling, 0));
        *lowest = ceiling.min(*lowest);
        *asked += u32::from(source.enabled);
    }
    let shared: BTreeMap<String, SharedBudget> = ceilings
        .into_iter()
        .map(|(key, (ceiling, asked))| (key, Budget::new(ceiling).shared_by(asked)))
        .map(|(key, budget)| (key, Arc::new(Mutex::new(budget))))
        .collect();
    sources
        .iter()
        .filter_map(|source| shared.get(&credential(source)).cloned())
        .collect()
}

/// Names the credential that the vendor counts requests by, without anything secret.
fn credential(source: &SourceConfig) -> String {
    let url = &source.common.url;
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    let vendor = source.account.vendor().name();
    match source.account.credential() {
        Some(credential) => format!("{vendor} {host}:{port} {credential}"),
        None => format!("{vendor} {}", source.common.name),
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
