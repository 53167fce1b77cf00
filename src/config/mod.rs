//! The configuration file: read with every error at once, then checked into types that cannot be
//! wrong.

mod command;
mod display;
mod document;
pub mod duration;
pub mod endpoint;
pub mod form;
mod history;
mod hours;
pub mod key;
mod nearest;
mod outside;
mod privacy;
pub mod problem;
pub mod reference;
mod root;
pub mod secret;
pub mod section;
pub mod source;
mod store;
mod syntax;
pub mod zone;

use std::io;
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;
use std::time::Duration;

use chrono_tz::Tz;

use crate::model::store::Store;
use crate::vendors::registry::Account;
use crate::vendors::source::Common;

pub use outside::Outside;
pub use problem::ConfigErrors;

use document::{Document, Remarks};
use problem::{Problem, locate};

/// The commented configuration that `occtop init` writes.
pub const SAMPLE: &str = include_str!("../../config.example.toml");

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

/// A configuration, and what is allowed in it but worth a word.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Sentences for the operator, each with its place in the file.
    pub warnings: Vec<String>,
    /// The file as the user named it.
    file: String,
    /// What it names outside itself, except for sources that are switched off.
    outside: Vec<Outside>,
}

impl Loaded {
    /// Looks up what the file names outside itself: variables, files of secrets, certificates and
    /// themes. No command is run and nothing is sent.
    ///
    /// # Errors
    /// Everything of what is `wanted` that cannot be used.
    pub fn look_up(&self, wanted: impl Fn(&Outside) -> bool) -> Result<(), ConfigErrors> {
        let outside = self.outside.iter().filter(|outside| wanted(outside));
        let problems: Vec<_> = outside.filter_map(Outside::problem).collect();
        if problems.is_empty() {
            return Ok(());
        }
        Err(ConfigErrors::new(&self.file, problems))
    }
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// Everything that is wrong with the file, or why it cannot be read.
    pub fn load(path: &Path) -> Result<Loaded, ConfigErrors> {
        let name = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|fault| unreadable(&name, &fault))?;
        let text = String::from_utf8(bytes).map_err(|fault| not_text(&name, &fault))?;
        let (config, remarks) = read(&text, &name)?;
        let mut warnings = remarks.warnings;
        if let Some(mode) = readable_by_others(path).filter(|_| !remarks.literals.is_empty()) {
            warnings.push(format!(
                "{name}: others can read this file (mode {mode:04o}), and it holds secrets: {}. \
                 Run chmod 600 {name}, or keep them elsewhere with {{ env = … }}, {{ file = … }} \
                 or {{ command = … }}",
                remarks.literals.join("; ")
            ));
        }
        Ok(Loaded {
            config,
            warnings,
            file: name,
            outside: remarks.outside,
        })
    }

    /// Reads and checks the text of a configuration file. Relative paths start at the directory of
    /// `file_name`, which need not exist.
    ///
    /// # Errors
    /// Everything that is wrong with the text.
    pub fn parse(text: &str, file_name: &str) -> Result<Loaded, ConfigErrors> {
        let (config, remarks) = read(text, file_name)?;
        Ok(Loaded {
            config,
            warnings: remarks.warnings,
            file: file_name.to_owned(),
            outside: remarks.outside,
        })
    }
}

/// Where the configuration file is when no option names one; `None` when the user has no home.
#[must_use]
pub fn default_path() -> Option<PathBuf> {
    let directories = directories::ProjectDirs::from("", "", "occtop")?;
    Some(directories.config_dir().join("config.toml"))
}

/// Where the history is when the configuration names no path; `None` when the user has no home.
#[must_use]
pub fn default_history_path() -> Option<PathBuf> {
    let directories = directories::ProjectDirs::from("", "", "occtop")?;
    Some(directories.data_dir().join("history.db"))
}

fn read(text: &str, name: &str) -> Result<(Config, Remarks), ConfigErrors> {
    // Some editors begin a file with a byte order mark, which is not TOML.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let table = syntax::parse(text, name)?;
    let document = Document::new(text, name);
    let config = root::read(&document, table.get_ref());
    let remarks = document.finish(&privacy::hidden(table.get_ref()))?;
    // Nothing was wrong, so everything was read; the message is for the case of a gap in this
    // program.
    let config = config.ok_or_else(|| {
        ConfigErrors::whole(name, "could not be read", "please report this as a bug")
    })?;
    Ok((config, remarks))
}

fn not_text(name: &str, fault: &FromUtf8Error) -> ConfigErrors {
    let good_end = fault.utf8_error().valid_up_to();
    let good = String::from_utf8_lossy(&fault.as_bytes()[..good_end]);
    let problem = Problem {
        place: Some(locate(
            &good,
            &(good_end..good_end),
            std::slice::from_ref(&(0..good_end)),
        )),
        message: "this is not UTF-8 text".to_owned(),
        help: "save the file as UTF-8".to_owned(),
    };
    ConfigErrors::new(name, vec![problem])
}

fn unreadable(name: &str, fault: &io::Error) -> ConfigErrors {
    let (message, help) = match fault.kind() {
        io::ErrorKind::NotFound => (
            "there is no configuration file here".to_owned(),
            "occtop init writes a commented one; --config FILE names another place; \
             occtop demo needs none",
        ),
        io::ErrorKind::IsADirectory => (
            "is a directory".to_owned(),
            "name the file in it: --config DIRECTORY/config.toml",
        ),
        io::ErrorKind::PermissionDenied => (
            "may not be read by this user".to_owned(),
            "give this user the right to read it, or name another with --config FILE",
        ),
        _ => (
            format!("cannot be read: {fault}"),
            "name another file with --config FILE",
        ),
    };
    ConfigErrors::whole(name, message, help)
}

/// The permission bits of a file that others than its owner can read; `None` when they cannot.
#[cfg(unix)]
fn readable_by_others(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn readable_by_others(_path: &Path) -> Option<u32> {
    None
}
