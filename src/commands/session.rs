//! What commands share: the configuration, the history and the zone they run with.

use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use color_eyre::eyre::{Report, Result};

use super::Globals;
use crate::clock::Clock;
use crate::config::{self, Config, HistoryPath, Loaded};
use crate::engine;
use crate::history::{History, HistoryError, Location, Reader};

/// An open history and what there is to say about it.
pub struct OpenHistory {
    /// The history.
    pub handle: History,
    /// Sentences for the board.
    pub notices: Vec<String>,
}

/// Reads the configuration that the options name. Warnings go to standard error.
///
/// # Errors
/// [`config::ConfigErrors`] when it cannot be read or is wrong.
pub fn config(globals: &Globals) -> Result<Config> {
    Ok(loaded(globals)?.config)
}

/// As [`config()`], with what it takes to look up what the file names outside itself.
///
/// # Errors
/// As [`config()`].
pub fn loaded(globals: &Globals) -> Result<Loaded> {
    let path = config_path(globals)?;
    let loaded = Config::load(&path)?;
    for warning in &loaded.warnings {
        super::say(&format!("warning: {warning}"));
    }
    Ok(loaded)
}

/// The configuration file that the options name.
///
/// # Errors
/// [`super::UsageError`] when neither the options nor the platform name one.
pub fn config_path(globals: &Globals) -> Result<PathBuf> {
    match globals.config.clone().or_else(config::default_path) {
        Some(path) => Ok(path),
        None => Err(super::UsageError(
            "no home directory to look for a configuration in; name one with --config".to_owned(),
        )
        .into()),
    }
}

/// Refuses names that no source has.
///
/// # Errors
/// [`super::UsageError`], naming the sources there are.
pub fn known_sources(config: &Config, wanted: &[String]) -> Result<()> {
    for name in wanted {
        if !config.sources.iter().any(|s| *s.common.name == **name) {
            let known: Vec<_> = config.sources.iter().map(|s| &*s.common.name).collect();
            return Err(super::UsageError(format!(
                "--source {name}: no such source; the configuration has {}",
                known.join(", ")
            ))
            .into());
        }
    }
    Ok(())
}

/// The zone for what neither a store nor a vendor gives one: as configured, else the machine's.
#[must_use]
pub fn display_zone(config: &Config) -> Tz {
    config
        .display
        .timezone
        .unwrap_or_else(config::zone::machine)
}

/// Opens the configured history for writing.
///
/// # Errors
/// [`super::UsageError`] when it is in use by another process, of a newer version or no history,
/// and when there can be no file at its place; otherwise when it cannot be read or written.
pub async fn history(config: &Config, clock: &Clock) -> Result<OpenHistory> {
    open(location(config), clock).await.map_err(told)
}

/// Mistakes in what was configured are told in one sentence; anything else is a fault.
fn told(error: HistoryError) -> Report {
    match error {
        HistoryError::Missing { .. }
        | HistoryError::Older { .. }
        | HistoryError::Newer { .. }
        | HistoryError::InUse { .. }
        | HistoryError::Foreign { .. } => super::UsageError(error.to_string()).into(),
        HistoryError::File { .. } => {
            let sentence = format!("{error}; set another `path` under [history]");
            super::UsageError(sentence).into()
        }
        error => Report::new(error).wrap_err("opening the history"),
    }
}

/// Opens the configured history, or one in memory when another process holds it: a single poll
/// beside a running monitor is fine, its readings are simply not kept twice.
///
/// # Errors
/// As [`history`], but for being in use.
pub async fn history_or_memory(config: &Config, clock: &Clock) -> Result<OpenHistory> {
    match open(location(config), clock).await {
        Err(error @ HistoryError::InUse { .. }) => {
            super::say(&format!("note: {error}; this run keeps nothing"));
            Ok(open(Location::Memory, clock).await?)
        }
        opened => opened.map_err(told),
    }
}

/// The file of the configured history, for reading.
///
/// # Errors
/// [`super::UsageError`] when the configuration keeps none.
pub fn history_file(config: &Config) -> Result<PathBuf> {
    match location(config) {
        Location::File(path) => Ok(path),
        Location::Memory => Err(super::UsageError(
            "the configuration keeps no history; set `path` under [history]".into(),
        )
        .into()),
    }
}

/// Opens the history at `path` for reading.
///
/// # Errors
/// [`super::UsageError`] where there is none, or not one of this release; otherwise when it cannot
/// be read.
pub fn reader(path: &Path) -> Result<Reader> {
    Reader::open(path).map_err(told)
}

/// A history that is gone with the program.
///
/// # Errors
/// When the database cannot be made.
pub async fn memory(clock: &Clock) -> Result<History, HistoryError> {
    Ok(open(Location::Memory, clock).await?.handle)
}

async fn open(location: Location, clock: &Clock) -> Result<OpenHistory, HistoryError> {
    let (handle, opened) = History::open(location, clock.now()).await?;
    let notices = opened.set_aside.as_ref().map(engine::damaged);
    Ok(OpenHistory {
        handle,
        notices: notices.into_iter().collect(),
    })
}

fn location(config: &Config) -> Location {
    match config
        .history
        .path
        .clone()
        .or_else(|| config::default_history_path().map(HistoryPath::File))
    {
        Some(HistoryPath::File(path)) => Location::File(path),
        Some(HistoryPath::Memory) | None => Location::Memory,
    }
}
