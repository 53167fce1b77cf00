//! The loop: waits for keys, boards and the next change of a displayed time, and draws when one
//! of them has come. While nothing comes it sleeps and writes nothing.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::{FutureExt, Stream, StreamExt};
use ratatui::backend::Backend;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::clock::{Clock, monotonic};
use crate::model::Timestamp;
use crate::model::board::Board;

use super::app::{App, Present};
use super::canvas::Canvas;
use super::input::Input;
use super::terminal::{self, Guard};
use super::update::{Action, answered, update};
use super::{Answer, Effect, Job, Look, view};

/// Shows boards on this process's terminal until the operator leaves or the terminal is gone.
///
/// Writing to a slow terminal blocks, so this belongs on a thread of its own or at the root of the
/// program, not on a worker that pollers need.
///
/// # Errors
/// When there is no terminal, or it cannot be written to.
pub async fn run(look: Look, wires: Wires, clock: Clock) -> io::Result<()> {
    let mut guard = Guard::enter()?;
    let inputs = terminal::inputs()?;
    let stage = Stage {
        canvas: Canvas::new(terminal::backend())?,
        inputs,
        wires,
        clock,
        look,
    };
    let outcome = stage.run(|job| guard.obey(job)).await;
    if let Ok(Ending::Lost) = outcome {
        guard.abandon();
    }
    outcome.map(|_| ())
}

/// What connects the screen with whoever started it.
#[derive(Debug)]
pub struct Wires {
    /// The newest board.
    pub boards: watch::Receiver<Arc<Board>>,
    /// Where effects go.
    pub effects: mpsc::Sender<Effect>,
    /// What comes back on them.
    pub answers: mpsc::Receiver<Answer>,
}

/// How the screen ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The operator left, or the program was told to end.
    Left,
    /// The terminal is gone.
    Lost,
}

/// All that the loop touches; in tests the terminal is a buffer and the keys are a list.
#[derive(Debug)]
pub struct Stage<B: Backend, S> {
    /// Where the picture goes.
    pub canvas: Canvas<B>,
    /// Keys and signals.
    pub inputs: S,
    /// Boards, effects and answers.
    pub wires: Wires,
    /// What time it is.
    pub clock: Clock,
    /// What it looks like.
    pub look: Look,
}

/// Boards and times are drawn at most this often; keys at once.
const LEAST_GAP: Duration = Duration::from_millis(100);

/// Keys that are taken before a frame is drawn, when they come faster than frames.
const BURST: usize = 256;

impl<B, S> Stage<B, S>
where
    B: Backend,
    S: Stream<Item = Input> + Unpin,
{
    /// Runs until the end; `obey` gives the terminal back to the shell and takes it again.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub async fn run(
        mut self,
        mut obey: impl FnMut(Job) -> io::Result<()>,
    ) -> Result<Ending, B::Error> {
        let board = self.wires.boards.borrow_and_update().clone();
        let mut app = App::new(board, self.clock.now(), self.clock.speed());
        if self.look.recorded {
            app.present = Present::Recorded;
        }
        let mut wake = self.draw(&mut app)?;
        let mut drawn = monotonic();
        let mut pending: Option<Instant> = None;
        let (mut fed, mut heard) = (true, true);
        loop {
            tokio::select! {
                biased;
                input = self.inputs.next() => {
                    if let Some(ending) = self.take(&mut app, input, &mut obey)? {
                        return Ok(ending);
                    }
                    wake = self.draw(&mut app)?;
                }
                answer = self.wires.answers.recv(), if heard => {
                    heard = answer.is_some();
                    if let Some(answer) = answer {
                        answered(&mut app, &answer, self.clock.now());
                        wake = self.draw(&mut app)?;
                        drawn = monotonic();
                    }
                }
                changed = self.wires.boards.changed(), if fed && pending.is_none() => {
                    fed = changed.is_ok();
                    pending = fed.then(|| drawn + LEAST_GAP);
                }
                () = wait(pending), if pending.is_some() => {
                    pending = None;
                    app.receive(self.wires.boards.borrow_and_update().clone());
                    wake = self.draw(&mut app)?;
                    drawn = monotonic();
                }
                () = rest(&self.clock, wake), if wake.is_some() => {
                    wake = self.draw(&mut app)?;
                    drawn = monotonic();
                }
            }
        }
    }

    /// Takes an input and all that have come after it.
    fn take(
        &mut self,
        app: &mut App,
        first: Option<Input>,
        obey: &mut impl FnMut(Job) -> io::Result<()>,
    ) -> Result<Option<Ending>, B::Error> {
        let mut renew = false;
        let mut next = first;
        for _ in 0..BURST {
            let Some(input) = next else {
                return Ok(Some(Ending::Lost));
            };
            renew |= matches!(input, Input::Resize(..));
            for action in update(app, input, self.clock.now()) {
                match action {
                    Action::Emit(Effect::Quit) => {
                        self.emit(app, Effect::Quit);
                        return Ok(Some(Ending::Left));
                    }
                    Action::Emit(effect) => self.emit(app, effect),
                    Action::Repaint => renew = true,
                    Action::Job(job) => {
                        if obey(job).is_err() {
                            return Ok(Some(Ending::Lost));
                        }
                        renew = true;
                    }
                    Action::Abandon => {
                        self.emit(app, Effect::Quit);
                        return Ok(Some(Ending::Lost));
                    }
                }
            }
            match self.inputs.next().now_or_never() {
                Some(more) => next = more,
                None => break,
            }
        }
        if renew {
            self.canvas.renew()?;
        }
        Ok(None)
    }

    /// Hands an effect over without ever waiting for it.
    fn emit(&self, app: &mut App, effect: Effect) {
        if self.wires.effects.try_send(effect).is_err() {
            app.say("busy, ask again in a moment", self.clock.now());
        }
    }

    /// Draws a frame and gives the instant of the next one.
    fn draw(&mut self, app: &mut App) -> Result<Option<Timestamp>, B::Error> {
        let now = self.clock.now();
        let look = &self.look;
        let mut wake = None;
        self.canvas
            .paint(|area, buf| wake = view::draw(app, look, now, area, buf))?;
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        let gap = TimeDelta::milliseconds((LEAST_GAP.as_secs_f64() * 1000.0 * app.pace) as i64);
        Ok(wake.map(|wake| wake.max(now + gap)))
    }
}

async fn wait(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}

async fn rest(clock: &Clock, until: Option<Timestamp>) {
    match until {
        Some(until) => clock.sleep_until(until).await,
        None => std::future::pending().await,
    }
}
