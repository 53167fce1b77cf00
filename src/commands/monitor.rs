//! `occtop`: the monitor on the configured sources.

use color_eyre::eyre::{Report, Result, WrapErr, eyre};
use tokio::sync::mpsc;

use super::{Exit, Globals, UsageError, session};
use crate::clock::Clock;
use crate::config::Config;
use crate::engine::{self, Acknowledging, Engine, Poker, Start, Stopped};
use crate::history::History;
use crate::screen::{self, Effect};

/// Runs the monitor until the operator leaves or the terminal goes away.
///
/// # Errors
/// When the configuration or the history cannot be used, or the terminal fails.
pub async fn run(globals: &Globals) -> Result<Exit> {
    let config = session::config(globals)?;
    let clock = Clock::system();
    let history = session::history(&config, &clock)
        .await
        .wrap_err("opening the history")?;
    show(&config, globals, history, clock, "").await
}

/// Shows a configuration's sources on this terminal.
///
/// # Errors
/// As [`run`].
pub(super) async fn show(
    config: &Config,
    globals: &Globals,
    history: session::OpenHistory,
    clock: Clock,
    badge: &str,
) -> Result<Exit> {
    let zone = session::display_zone(config);
    let look = super::look::of(config, globals, zone, badge)?;
    if !std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        return Err(UsageError(
            "the monitor needs a terminal; use `occtop poll` in scripts and pipes".to_owned(),
        )
        .into());
    }
    let mut engine = Engine::start(Start {
        config: config.clone(),
        zone,
        history: history.handle.clone(),
        clock: clock.clone(),
        notices: history.notices,
    });
    let prune = tokio::spawn(keep(
        history.handle.clone(),
        config.history.keep,
        clock.clone(),
    ));
    let clock_at_end = clock.clone();
    let (effects, wanted) = mpsc::channel(16);
    let serve = tokio::spawn(serve(wanted, engine.poker(), engine.acknowledging()));
    let shown = tokio::select! {
        shown = screen::run(look, engine.boards(), clock, effects) => shown.wrap_err("the terminal"),
        stopped = engine.stopped() => Err(match stopped {
            Stopped::Panicked(error) => eyre!(super::crash::of_task(&error)),
            Stopped::Unreadable(error) => Report::new(error).wrap_err("reading the history"),
        }),
    };
    prune.abort();
    serve.abort();
    engine.stop().await;
    engine::farewell(&history.handle, &clock_at_end).await;
    history
        .handle
        .close()
        .await
        .wrap_err("closing the history")?;
    shown?;
    Ok(Exit::Ok)
}

/// Does what the screen asks for.
async fn serve(mut wanted: mpsc::Receiver<Effect>, poker: Poker, acknowledging: Acknowledging) {
    while let Some(effect) = wanted.recv().await {
        match effect {
            Effect::PollNow(source) => poker.poll_now(source.as_deref()),
            Effect::Acknowledge { events, seen } => acknowledging.set(events, seen).await,
            Effect::Quit => return,
        }
    }
}

/// Forgets what is older than the configuration wants kept, at start and then daily.
async fn keep(history: History, keep: std::time::Duration, clock: Clock) {
    let keep = chrono::TimeDelta::from_std(keep).unwrap_or(chrono::TimeDelta::MAX);
    loop {
        let now = clock.now();
        if let Some(before) = now.checked_sub_signed(keep)
            && let Err(error) = history.prune(before).await
        {
            tracing::warn!(%error, "old readings could not be deleted");
        }
        clock.sleep_until(now + chrono::TimeDelta::days(1)).await;
    }
}
