//! The configuration file: read with every error at once, then checked into types that cannot be
//! wrong.

pub mod endpoint;
pub mod secret;

use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;

use crate::model::store::Store;
use crate::vendors::registry::Account;
use crate::vendors::source::Common;

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the screen looks like.
    pub display: Display,
    /// Where readings are kept.
    pub history: History,
    /// Vendor accounts in file order.
    pub sources: Vec<SourceConfig>,
    /// Stores in file order.
    pub stores: Vec<Store>,
}

/// Settings of the screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Display {
    /// Theme name or path to a theme file.
    pub theme: String,
    /// Glyph set: `auto`, `braille`, `block` or `ascii`.
    pub glyphs: String,
    /// Zone for screens that mix stores; `None` means the machine's.
    pub timezone: Option<Tz>,
}

/// Settings of the history.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// Where it is; `None` means the platform's data directory.
    pub path: Option<HistoryPath>,
    /// How long readings are kept.
    pub keep: Duration,
}

/// Where the history is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryPath {
    /// A file.
    File(PathBuf),
    /// Nowhere: it is gone with the program.
    Memory,
}

/// One vendor account.
#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// Settings that every source has.
    pub common: Common,
    /// Whether it is polled.
    pub enabled: bool,
    /// The vendor's own settings.
    pub account: Account,
}
