//! One file per command. A command gets its arguments, the global options and the output to write
//! its result to; everything else it has to say goes to standard error or the log.

pub mod backup;
pub mod check;
pub mod crash;
pub mod demo;
pub mod export;
pub mod init;
pub mod log;
mod look;
pub mod monitor;
pub mod past;
pub mod poll;
pub mod replay;
mod session;
pub mod simulate;

use std::io::Write;
use std::path::PathBuf;

use clap::ValueEnum;
use color_eyre::eyre::Report;

use crate::config::ConfigErrors;

/// How a command ended, as the exit status tells scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All well.
    Ok = 0,
    /// Unexpected failure.
    Failure = 1,
    /// Usage or configuration error.
    Usage = 2,
    /// At least one source failed in `poll` or `check`.
    SourceFailed = 3,
}

/// Options that every command takes.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Globals {
    /// Configuration file (default: occtop/config.toml in the platform's config directory)
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Append a log to this file
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorChoice,
    /// Glyphs to draw with (default: as configured)
    #[arg(long, global = true, value_name = "SET")]
    pub glyphs: Option<GlyphChoice>,
    /// Theme name or theme file (default: as configured)
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// Log more, to the log file or else to standard error; twice for the most
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal that has them, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Glyphs to draw with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum GlyphChoice {
    /// Braille where the terminal can, blocks or ASCII where it cannot.
    #[default]
    Auto,
    /// Braille dots.
    Braille,
    /// Block elements.
    Block,
    /// ASCII only.
    Ascii,
}

/// A mistake in how a command was called.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// Says a sentence on standard error. Where nobody listens it is lost, which is no failure.
pub fn say(sentence: &str) {
    drop(writeln!(std::io::stderr(), "occtop: {sentence}"));
}

/// Tells on standard error why a command failed, and gives the exit status. Mistakes of the
/// caller are told in their own words; anything else is a fault and gets a full report.
pub fn report(report: &Report) -> Exit {
    if let Some(errors) = report.downcast_ref::<ConfigErrors>() {
        drop(writeln!(std::io::stderr(), "{errors}"));
        return Exit::Usage;
    }
    if let Some(error) = report.downcast_ref::<UsageError>() {
        say(&error.0);
        return Exit::Usage;
    }
    let mut causes: Vec<_> = report.chain().map(ToString::to_string).collect();
    // Some errors end with the words of their cause.
    causes.dedup_by(|cause, outer| outer.ends_with(&**cause));
    say(&causes.join(": "));
    Exit::Failure
}
