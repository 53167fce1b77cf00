//! `occtop replay --from … --to …`: the monitor on a span of history, at any speed.

use std::path::Path;

use chrono::TimeDelta;
use color_eyre::eyre::{Result, WrapErr};
use tokio::sync::mpsc;

use super::Args;
use crate::clock::Clock;
use crate::commands::export::Bound;
use crate::commands::past::{Past, Shelf, Wishes, apart, unreadable};
use crate::commands::{Exit, Globals, UsageError, look, monitor, session};
use crate::engine::{Playback, Recording};
use crate::history::Reader;
use crate::model::Timestamp;
use crate::screen::{self, Wires};

/// How many times faster than the wall time runs, unless told otherwise.
const SPEED: f64 = 60.0;

/// Shows a span of the configured history on this terminal.
///
/// # Errors
/// [`UsageError`] where there is no history, or nothing in that span; otherwise when the history
/// cannot be read or the terminal fails.
pub async fn run(args: &Args, from: Bound, globals: &Globals) -> Result<Exit> {
    let config = session::config(globals)?;
    let zone = session::display_zone(&config);
    let path = session::history_file(&config)?;
    let from = from.instant(|| zone);
    let to = args.to.map(|to| to.instant(|| zone));
    let (from, to) = span(&path, from, to)?;
    let speed = args.speed.unwrap_or(SPEED);
    let mut look = look::of(&config, globals, zone, &format!("replay {speed}x"))?;
    look.recorded = true;
    monitor::need_terminal()?;
    let reader = session::reader(&path)?;
    let recorded = config.clone();
    let recording = apart(move || Recording::open(reader, &recorded, zone, from)).await;
    let clock = Clock::bounded(from, speed, to);
    let mut playback = Playback::start(recording.map_err(unreadable)?, clock.clone(), to);
    let (effects, asked) = mpsc::channel(16);
    let (answer, answers) = mpsc::channel(4);
    let (wishes, heard) = Wishes::new();
    let past = Past {
        config,
        zone,
        shelf: Shelf::Kept(path),
    };
    let serving = tokio::spawn(monitor::serve(asked, None, wishes));
    let looking = tokio::spawn(past.serve(heard, (playback.boards(), clock.clone()), answer));
    let wires = Wires {
        boards: playback.boards(),
        effects,
        answers,
    };
    let shown = tokio::select! {
        shown = screen::run(look, wires, clock) => shown.wrap_err("the terminal"),
        error = playback.failed() => Err(unreadable(error)),
    };
    serving.abort();
    looking.abort();
    shown.map(|()| Exit::Ok)
}

/// The span that is played: what was asked for, as far as anything is known of it.
///
/// # Errors
/// [`UsageError`] when there is nothing in it.
fn span(path: &Path, from: Timestamp, to: Option<Timestamp>) -> Result<(Timestamp, Timestamp)> {
    let reader: Reader = session::reader(path)?;
    let Some((first, last)) = reader.polled().map_err(unreadable)? else {
        return Err(UsageError("the history has no polls yet".to_owned()).into());
    };
    let last = last + TimeDelta::minutes(1);
    let to = to.unwrap_or(last).min(last);
    let reaches = format!("the history reaches from {} to {}", told(first), told(last));
    if from >= last || to <= first {
        return Err(UsageError(format!("nothing was polled in that span; {reaches}")).into());
    }
    if from >= to {
        let sentence = format!("--from {} is not before --to {}", told(from), told(to));
        return Err(UsageError(format!("{sentence}; {reaches}")).into());
    }
    Ok((from.max(first), to))
}

fn told(at: Timestamp) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
