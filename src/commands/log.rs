//! The log: a file when one is asked for. Without one `-v` writes to standard error, except while
//! the monitor has the terminal.

use color_eyre::eyre::Result;
use tracing::Level;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::prelude::*;

use super::{Globals, UsageError};

/// Starts the log that the options ask for. It is written until the guard is dropped. `screen`
/// tells that the terminal belongs to the monitor.
///
/// # Errors
/// [`UsageError`] when the file cannot be opened.
pub fn start(globals: &Globals, screen: bool) -> Result<Option<WorkerGuard>> {
    let Some(path) = &globals.log else {
        if globals.verbose > 0 && !screen {
            begin(globals.verbose, std::io::stderr);
        }
        return Ok(None);
    };
    let (Some(name), folder) = (path.file_name(), path.parent()) else {
        let sentence = format!("--log {}: not a file name", path.display());
        return Err(UsageError(sentence).into());
    };
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(std::path::Path::new("."));
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .map_err(|error| UsageError(format!("--log {}: {error}", path.display())))?;
    let appender = tracing_appender::rolling::never(folder, name);
    let (writer, guard) = tracing_appender::non_blocking(appender);
    begin(globals.verbose, writer);
    Ok(Some(guard))
}

fn begin<W>(verbose: u8, writer: W)
where
    W: for<'w> tracing_subscriber::fmt::MakeWriter<'w> + Send + Sync + 'static,
{
    let level = match verbose {
        0 => Level::INFO,
        1 => Level::DEBUG,
        _ => Level::TRACE,
    };
    // Only our own words: the HTTP and TLS crates would log addresses and headers.
    let ours = tracing_subscriber::filter::Targets::new().with_target("occtop", level);
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(writer);
    tracing_subscriber::registry()
        .with(lines.with_filter(ours))
        .init();
}
