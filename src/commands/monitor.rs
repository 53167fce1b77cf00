//! `occtop`: the monitor on the configured sources.

use std::sync::Arc;

use color_eyre::eyre::{Report, Result, WrapErr, eyre};
use tokio::sync::mpsc;

use super::past::{Past, Shelf, Wishes};
use super::{Exit, Globals, UsageError, session};
use crate::clock::Clock;
use crate::config::Config;
use crate::engine::{self, Acknowledging, Counting, Engine, Poker, Start, Stopped};
use crate::history::{History, RollUp};
use crate::screen::{self, Answer, Effect, Wires};

/// Runs the monitor until the operator leaves or the terminal goes away.
///
/// # Errors
/// When the configuration or the history cannot be used, or the terminal fails.
pub async fn run(globals: &Globals) -> Result<Exit> {
    let loaded = session::loaded(globals)?;
    if globals.theme.is_none() {
        // The theme file, and nothing that a source needs: that is told on the screen.
        loaded.look_up(|outside| outside.source().is_none())?;
    }
    let config = loaded.config;
    let clock = Clock::system();
    let history = session::history(&config, &clock).await?;
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
    need_terminal()?;
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
    let (answer, answers) = mpsc::channel(4);
    let (wishes, heard) = Wishes::new();
    let controls = Controls::of(&engine).answering(answer.clone());
    let serve = tokio::spawn(serve(wanted, Some(controls), wishes));
    let past = Past {
        config: config.clone(),
        zone,
        shelf: Shelf::Written(history.handle.clone()),
    };
    let look_back = tokio::spawn(past.serve(heard, (engine.boards(), clock.clone()), answer));
    let wires = Wires {
        boards: engine.boards(),
        effects,
        answers,
    };
    let shown = tokio::select! {
        shown = screen::run(look, wires, clock) => shown.wrap_err("the terminal"),
        stopped = engine.stopped() => Err(match stopped {
            Stopped::Panicked(error) => eyre!(super::crash::of_task(&error)),
            Stopped::Unreadable(error) => Report::new(error).wrap_err("reading the history"),
        }),
    };
    prune.abort();
    serve.abort();
    look_back.abort();
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

/// Refuses to draw into a file or a pipe.
///
/// # Errors
/// [`UsageError`] where standard output is no terminal.
pub(super) fn need_terminal() -> Result<()> {
    if std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        return Ok(());
    }
    let words = "the monitor needs a terminal; use `occtop poll` in scripts and pipes";
    Err(UsageError(words.to_owned()).into())
}

/// What the operator can have the engine do.
pub struct Controls {
    poker: Poker,
    counting: Counting,
    acknowledging: Acknowledging,
    answers: Option<mpsc::Sender<Answer>>,
}

impl Controls {
    /// Those of an engine.
    #[must_use]
    pub fn of(engine: &Engine) -> Self {
        Self {
            poker: engine.poker(),
            counting: engine.counting(),
            acknowledging: engine.acknowledging(),
            answers: None,
        }
    }

    /// The same, telling the screen what came of it.
    #[must_use]
    pub fn answering(self, answers: mpsc::Sender<Answer>) -> Self {
        Self {
            answers: Some(answers),
            ..self
        }
    }

    /// Has sources asked. What speaks against it may be known only when the history has been
    /// read, and nothing else waits for that.
    fn poll_now(&self, sources: Vec<Arc<str>>) {
        let asked = self.poker.poll_now(sources);
        let answers = self.answers.clone();
        tokio::spawn(async move {
            let refused = asked.await.into_iter();
            let refused = refused.filter_map(|(name, answer)| Some((name, answer.err()?)));
            let refused: Vec<_> = refused.collect();
            if let Some(answers) = answers.filter(|_| !refused.is_empty()) {
                // A screen that is gone needs no answer.
                let _ = answers.send(Answer::NotAsked(refused)).await;
            }
        });
    }

    async fn obey(&self, effect: Effect) {
        match effect {
            Effect::PollNow(sources) => self.poll_now(sources),
            Effect::Count {
                store,
                people,
                reason,
            } => self.counting.set(store, people, reason).await,
            Effect::TakeBack { store } => self.counting.undo(store).await,
            Effect::Acknowledge { events, seen } => self.acknowledging.set(events, seen).await,
            Effect::LookBack(_) | Effect::Compare | Effect::Quit => {}
        }
    }
}

/// Does what the screen asks for, until the operator leaves; without an engine nobody is asked
/// anything, nothing is counted and nothing acknowledged.
pub async fn serve(mut wanted: mpsc::Receiver<Effect>, engine: Option<Controls>, wishes: Wishes) {
    while let Some(effect) = wanted.recv().await {
        match (effect, &engine) {
            (Effect::LookBack(at), _) => wishes.look_back(at),
            (Effect::Compare, _) => wishes.compare(),
            (Effect::Quit, _) => return,
            (effect, Some(engine)) => engine.obey(effect).await,
            (_, None) => {}
        }
    }
}

/// Forgets what is older than the configuration wants kept and makes coarser what is old, at start
/// and then daily.
async fn keep(history: History, keep: std::time::Duration, clock: Clock) {
    let keep = chrono::TimeDelta::from_std(keep).unwrap_or(chrono::TimeDelta::MAX);
    loop {
        let now = clock.now();
        if let Some(before) = now.checked_sub_signed(keep)
            && let Err(error) = history.prune(before).await
        {
            tracing::warn!(%error, "old readings could not be deleted");
        }
        if let Err(error) = history.roll_up(RollUp::due(now)).await {
            tracing::warn!(%error, "old readings could not be rolled up");
        }
        clock.sleep_until(now + chrono::TimeDelta::days(1)).await;
    }
}
