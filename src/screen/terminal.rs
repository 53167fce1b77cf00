//! The terminal: taken over, given back whatever happens, and watched for its loss.
//!
//! Nothing here waits for an answer of the terminal: over a slow line that would delay the first
//! picture, and some terminals never answer.

use std::io::{self, BufWriter, Stdout, stdout};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ThreadId;

use crossterm::cursor::{Hide, Show};
use crossterm::style::ResetColor;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, style::force_color_output};
use futures_util::Stream;
use futures_util::stream::poll_fn;
use ratatui::backend::CrosstermBackend;
use tokio::sync::mpsc;

use super::Job;
use super::input::Input;

/// The terminal is ours while this lives. Dropping it gives the terminal back.
#[derive(Debug)]
pub struct Guard(());

/// Whether the terminal is ours, and which thread took it, for the panic hook.
static TAKEN: AtomicBool = AtomicBool::new(false);
static TAKEN_BY: Mutex<Option<ThreadId>> = Mutex::new(None);

impl Guard {
    /// Takes the terminal: raw mode, alternate screen, no cursor.
    ///
    /// # Errors
    /// When standard input and output are no terminal.
    pub fn enter() -> io::Result<Self> {
        // Under NO_COLOR crossterm writes empty colour parameters, and an empty parameter resets
        // bold and reverse. Colours are left out by the mono theme instead.
        force_color_output(true);
        take()?;
        Ok(Self(()))
    }

    /// Stops the program as Ctrl-Z does elsewhere and returns when the shell continues it; or
    /// takes the terminal again after a stop from outside, for which the shell has changed it.
    ///
    /// # Errors
    /// When the terminal cannot be taken back.
    pub fn obey(&mut self, job: Job) -> io::Result<()> {
        give_back();
        #[cfg(unix)]
        if job == Job::Stop {
            // In a session without job control the kernel ignores the stop.
            let _ = rustix::process::kill_current_process_group(rustix::process::Signal::TSTP);
        }
        take()
    }

    /// Forgets the terminal without touching it: it is gone.
    pub fn abandon(&mut self) {
        TAKEN.store(false, Ordering::SeqCst);
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    if let Ok(mut by) = TAKEN_BY.lock() {
        *by = Some(std::thread::current().id());
    }
    execute!(stdout(), EnterAlternateScreen, Hide)
}

/// Restores everything; errors do not matter any more.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(stdout(), ResetColor, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

/// Makes panics readable: one on the screen's thread first gives the terminal back; one on any
/// other thread goes to the log, because its task alone is lost and the picture stays.
pub fn install_panic_hook() {
    let earlier = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        let here = Some(std::thread::current().id());
        let by_screen = TAKEN_BY.lock().is_ok_and(|by| *by == here);
        if TAKEN.load(Ordering::SeqCst) && !by_screen {
            tracing::error!("{info}");
            return;
        }
        give_back();
        earlier(info);
    }));
}

/// What ratatui writes to: a frame leaves in one piece.
#[must_use]
pub fn backend() -> CrosstermBackend<BufWriter<Stdout>> {
    const FRAME: usize = 1 << 16;
    CrosstermBackend::new(BufWriter::with_capacity(FRAME, stdout()))
}

/// Keys, resizes and signals of this process, and the loss of its terminal.
///
/// # Errors
/// When the terminal cannot be opened, or a signal cannot be watched.
pub fn inputs() -> io::Result<impl Stream<Item = Input> + Unpin> {
    let (sender, mut receiver) = mpsc::channel(64);
    source::spawn(sender)?;
    Ok(poll_fn(move |context| receiver.poll_recv(context)))
}

#[cfg(unix)]
mod source {
    use std::fs::File;
    use std::os::fd::{AsFd, OwnedFd};
    use std::sync::{Arc, Mutex, PoisonError};
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::process::Signal;
    use tokio::signal::unix::{SignalKind, signal};
    use tokio::task::spawn_blocking;

    use super::super::input::translate;
    use super::{Input, io, mpsc};

    pub fn spawn(inputs: mpsc::Sender<Input>) -> io::Result<()> {
        let gate = Arc::new(Mutex::new(()));
        watch_signals(inputs.clone(), gate.clone())?;
        let reader = inputs.clone();
        let (keys, line) = (terminal()?, terminal()?);
        spawn_thread("keys", move || read_keys(&keys, &reader, &gate))?;
        spawn_thread("terminal", move || watch_line(&line, &inputs))
    }

    fn spawn_thread(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let thread = std::thread::Builder::new().name(name.to_owned());
        thread.spawn(body).map(|_| ())
    }

    /// Standard input if it is a terminal, as crossterm has it, else the controlling one.
    fn terminal() -> io::Result<OwnedFd> {
        let input = std::io::stdin();
        if rustix::termios::isatty(&input) {
            input.as_fd().try_clone_to_owned()
        } else {
            let tty = File::options().read(true).write(true).open("/dev/tty")?;
            Ok(tty.into())
        }
    }

    /// Waits for input before crossterm reads: reading a lost terminal would never return.
    fn read_keys(terminal: &OwnedFd, inputs: &mpsc::Sender<Input>, gate: &Mutex<()>) {
        while wait(terminal, PollFlags::IN).is_some_and(|seen| !is_lost(seen)) {
            if !hand_over(inputs, gate, Duration::ZERO) {
                return;
            }
        }
    }

    /// Crossterm learns of a resize at the same moment as we do, give or take.
    const SAME_MOMENT: Duration = Duration::from_millis(50);

    /// Hands over what crossterm has to tell, waiting so long for the first of it; false when
    /// there is nobody to listen or nothing to read from. One thread at a time, or one would wait
    /// for what the other has taken.
    fn hand_over(inputs: &mpsc::Sender<Input>, gate: &Mutex<()>, mut patience: Duration) -> bool {
        let _alone = gate.lock().unwrap_or_else(PoisonError::into_inner);
        while let Ok(true) = crossterm::event::poll(std::mem::take(&mut patience)) {
            let Ok(event) = crossterm::event::read() else {
                return false;
            };
            if let Some(input) = translate(&event)
                && inputs.blocking_send(input).is_err()
            {
                return false;
            }
        }
        true
    }

    /// Waits for nothing but the loss of the terminal, so that it is noticed even while the other
    /// thread is inside a read.
    fn watch_line(terminal: &OwnedFd, inputs: &mpsc::Sender<Input>) {
        while wait(terminal, PollFlags::empty()).is_some_and(|seen| !is_lost(seen)) {}
        // The screen may have ended before: then nobody listens.
        let _ = inputs.blocking_send(Input::Lost);
    }

    fn wait(terminal: &OwnedFd, wanted: PollFlags) -> Option<PollFlags> {
        loop {
            let mut watched = [PollFd::new(terminal, wanted)];
            match poll(&mut watched, None) {
                Ok(_) => return Some(watched[0].revents()),
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => return None,
            }
        }
    }

    fn is_lost(seen: PollFlags) -> bool {
        seen.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
    }

    fn watch_signals(inputs: mpsc::Sender<Input>, gate: Arc<Mutex<()>>) -> io::Result<()> {
        let resume = SignalKind::from_raw(Signal::CONT.as_raw());
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let mut resize = signal(SignalKind::window_change())?;
        let mut resume = signal(resume)?;
        tokio::spawn(async move {
            loop {
                let input = tokio::select! {
                    _ = terminate.recv() => Input::Terminate,
                    _ = interrupt.recv() => Input::Terminate,
                    _ = hang_up.recv() => Input::Terminate,
                    _ = resize.recv() => {
                        // Crossterm notes the resize too. When a key comes while it has not told
                        // of it, it forgets that the key is there until the next one comes.
                        let (sender, gate) = (inputs.clone(), gate.clone());
                        let telling = spawn_blocking(move || hand_over(&sender, &gate, SAME_MOMENT));
                        let _ = telling.await;
                        match crossterm::terminal::size() {
                            Ok((columns, rows)) => Input::Resize(columns, rows),
                            Err(_) => continue,
                        }
                    }
                    _ = resume.recv() => Input::Resumed,
                };
                if inputs.send(input).await.is_err() {
                    return;
                }
            }
        });
        Ok(())
    }
}

#[cfg(not(unix))]
mod source {
    use futures_util::StreamExt;

    use super::super::input::translate;
    use super::{Input, io, mpsc};

    pub fn spawn(inputs: mpsc::Sender<Input>) -> io::Result<()> {
        tokio::spawn(async move {
            let mut events = crossterm::event::EventStream::new();
            while let Some(Ok(event)) = events.next().await {
                if let Some(input) = translate(&event)
                    && inputs.send(input).await.is_err()
                {
                    return;
                }
            }
            let _ = inputs.send(Input::Lost).await;
        });
        Ok(())
    }
}
