//! `occtop poll`: every source once, then the board.

use std::io::{IsTerminal, Write};

use color_eyre::eyre::{Result, WrapErr};

use super::{Exit, Globals, session};
use crate::clock::Clock;
use crate::engine;
use crate::model::board::Board;
use crate::output::{self, Snapshot};

/// Arguments of `occtop poll`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Poll only this source; may be repeated
    #[arg(long = "source", value_name = "NAME")]
    pub sources: Vec<String>,
    /// Form of the output (default: table on a terminal, json in a pipe)
    #[arg(long, value_name = "FORM")]
    pub format: Option<Format>,
}

/// Form of the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Aligned text.
    Table,
    /// The whole board as one JSON document.
    Json,
    /// One row per device and quantity.
    Csv,
}

/// Polls and prints.
///
/// # Errors
/// When the configuration, the history or the output fails.
pub async fn run(args: Args, globals: &Globals, out: &mut dyn Write) -> Result<Exit> {
    let clock = Clock::system();
    let config = session::config(globals)?;
    session::known_sources(&config, &args.sources)?;
    let sources = engine::open(&config, session::display_zone(&config), &clock).await;
    let history = session::history_or_memory(&config, &clock).await?;
    let mut desk = engine::desk(&sources, history.handle.clone(), &clock).await?;
    history
        .notices
        .into_iter()
        .for_each(|said| desk.notice(said));
    let wanted = |name: &str| args.sources.is_empty() || args.sources.iter().any(|s| s == name);
    let board = engine::poll_once(sources, desk, &clock, wanted).await;
    history
        .handle
        .close()
        .await
        .wrap_err("closing the history")?;
    print(&board, args.format, &clock, out).wrap_err("writing the board")?;
    let failed = board
        .sources
        .iter()
        .any(|source| wanted(&source.name) && source.error.is_some());
    Ok(if failed { Exit::SourceFailed } else { Exit::Ok })
}

fn print(
    board: &Board,
    format: Option<Format>,
    clock: &Clock,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let now = clock.now();
    let snapshot = Snapshot::of(board, now);
    let format = format.unwrap_or(if std::io::stdout().is_terminal() {
        Format::Table
    } else {
        Format::Json
    });
    match format {
        Format::Table => output::table::write(&snapshot, now, out),
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, &snapshot)?;
            writeln!(out)
        }
        Format::Csv => output::csv::write(&snapshot, out),
    }
}
