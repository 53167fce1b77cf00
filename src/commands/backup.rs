//! `occtop backup`: a copy of the history, also while the monitor runs.

use std::io::Write;
use std::path::{Path, PathBuf};

use color_eyre::eyre::{Report, Result, WrapErr};

use super::{Exit, Globals, UsageError, session};
use crate::history::HistoryError;

/// Arguments of `occtop backup`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Where the copy goes; a file of that name must not exist
    pub file: PathBuf,
}

/// Copies the configured history.
///
/// # Errors
/// [`UsageError`] where there is no history and when the file exists; otherwise when the history
/// cannot be read or the copy cannot be written.
#[expect(clippy::unused_async, reason = "every command is started the same way")]
pub async fn run(args: Args, globals: &Globals, out: &mut dyn Write) -> Result<Exit> {
    let config = session::config(globals)?;
    write(&session::history_file(&config)?, &args.file, out)?;
    Ok(Exit::Ok)
}

/// Copies the history at `path` to `file` and says so on `out`. The copy has its name only once it
/// is complete and on disk.
///
/// # Errors
/// As [`run`].
pub fn write(path: &Path, file: &Path, out: &mut dyn Write) -> Result<()> {
    session::reader(path)?
        .backup(file)
        .map_err(|error| match error {
            HistoryError::File {
                error: ref fault, ..
            } if fault.kind() == std::io::ErrorKind::AlreadyExists => {
                let sentence = format!("{error}; name a new file, nothing is overwritten");
                UsageError(sentence).into()
            }
            error => Report::new(error).wrap_err("copying the history"),
        })?;
    writeln!(out, "{} copied to {}", path.display(), file.display()).wrap_err("telling the result")
}
