//! The list of vendors: the one place that names them all.

use serde::{Deserialize, Serialize};

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
