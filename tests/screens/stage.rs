//! The whole loop without a terminal: boards, keys and a clock go in, frames and effects come out.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::stream::poll_fn;
use occtop::clock::{Clock, Hand};
use occtop::model::board::Board;
use occtop::screen::canvas::Canvas;
use occtop::screen::glyphs::BRAILLE;
use occtop::screen::input::Input;
use occtop::screen::runner::{Ending, Stage, Wires};
use occtop::screen::theme::Theme;
use occtop::screen::{Answer, Effect};
use ratatui::backend::{Backend, ClearType, TestBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::boards::{calm, first_start, now, troubled};
use super::{look, parse};

/// A terminal that can be looked at while the loop runs.
#[derive(Clone, Debug)]
struct Glass {
    picture: Arc<std::sync::Mutex<TestBackend>>,
    frames: Arc<AtomicUsize>,
}

impl Glass {
    fn new(width: u16, height: u16) -> Self {
        Self {
            picture: Arc::new(std::sync::Mutex::new(TestBackend::new(width, height))),
            frames: Arc::default(),
        }
    }

    fn text(&self) -> String {
        occtop::screen::picture::text(self.picture.lock().unwrap().buffer())
    }

    fn frames(&self) -> usize {
        self.frames.load(Ordering::SeqCst)
    }

    fn resize(&self, width: u16, height: u16) {
        self.picture.lock().unwrap().resize(width, height);
    }
}

impl Backend for Glass {
    type Error = std::convert::Infallible;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Self::Error>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.frames.fetch_add(1, Ordering::SeqCst);
        self.picture.lock().unwrap().draw(content)
    }

    fn hide_cursor(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn show_cursor(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn get_cursor_position(&mut self) -> Result<Position, Self::Error> {
        panic!("the screen asked the terminal a question");
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, _: P) -> Result<(), Self::Error> {
        Ok(())
    }

    fn clear(&mut self) -> Result<(), Self::Error> {
        self.picture.lock().unwrap().clear()
    }

    fn clear_region(&mut self, clear: ClearType) -> Result<(), Self::Error> {
        self.picture.lock().unwrap().clear_region(clear)
    }

    fn size(&self) -> Result<Size, Self::Error> {
        self.picture.lock().unwrap().size()
    }

    fn window_size(&mut self) -> Result<WindowSize, Self::Error> {
        self.picture.lock().unwrap().window_size()
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }

    fn scroll_region_up(&mut self, lines: Range<u16>, by: u16) -> Result<(), Self::Error> {
        self.picture.lock().unwrap().scroll_region_up(lines, by)
    }

    fn scroll_region_down(&mut self, lines: Range<u16>, by: u16) -> Result<(), Self::Error> {
        self.picture.lock().unwrap().scroll_region_down(lines, by)
    }
}

/// A running loop and everything it is connected to.
struct Running {
    glass: Glass,
    keys: mpsc::Sender<Input>,
    boards: watch::Sender<Arc<Board>>,
    hand: Hand,
    effects: mpsc::Receiver<Effect>,
    answers: mpsc::Sender<Answer>,
    suspended: Arc<AtomicUsize>,
    ending: JoinHandle<Ending>,
}

impl Running {
    async fn start(board: Board) -> Self {
        let (clock, hand) = Clock::manual(now());
        let (boards, receiver) = watch::channel(Arc::new(board));
        let (keys, mut typed) = mpsc::channel(1000);
        let (sender, effects) = mpsc::channel(16);
        let (answers, heard) = mpsc::channel(4);
        let glass = Glass::new(80, 24);
        let stage = Stage {
            canvas: Canvas::new(glass.clone()).unwrap(),
            inputs: poll_fn(move |context| typed.poll_recv(context)),
            wires: Wires {
                boards: receiver,
                effects: sender,
                answers: heard,
            },
            clock,
            look: look(Theme::mono(), &BRAILLE),
        };
        let suspended = Arc::new(AtomicUsize::new(0));
        let count = suspended.clone();
        let ending = tokio::spawn(async move {
            let obey = |_job| {
                count.fetch_add(1, Ordering::SeqCst);
                Ok(())
            };
            stage.run(obey).await.unwrap()
        });
        let running = Self {
            glass,
            keys,
            boards,
            hand,
            effects,
            answers,
            suspended,
            ending,
        };
        running.settle().await;
        running
    }

    /// Lets the loop come to rest; tokio's paused clock goes on by itself meanwhile.
    async fn settle(&self) {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    async fn press(&self, keys: &str) {
        for key in parse(keys) {
            self.keys.send(Input::Key(key)).await.unwrap();
        }
        self.settle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn keys_lead_through_the_screens_and_out() {
    let running = Running::start(troubled()).await;
    assert!(running.glass.text().contains("Ermou"));
    running.press("j<Enter>").await;
    assert!(running.glass.text().contains("People inside today"));
    running.press("q4").await;
    assert!(running.glass.text().contains("password refused"));
    running.press("q").await;
    assert!(running.glass.text().contains("again to end"));
    running.press("q").await;
    assert_eq!(running.ending.await.unwrap(), Ending::Left);
}

#[tokio::test(start_paused = true)]
async fn while_nothing_changes_nothing_is_drawn() {
    let running = Running::start(calm()).await;
    let before = running.glass.frames();
    running.hand.advance(Duration::from_secs(30));
    running.settle().await;
    running.boards.send_replace(Arc::new(calm()));
    running.settle().await;
    running.press("xX%").await;
    assert_eq!(running.glass.frames(), before);
    running.hand.advance(Duration::from_secs(30));
    running.settle().await;
    assert_eq!(running.glass.frames(), before + 1, "the minute has turned");
    assert!(running.glass.text().contains("17:33"));
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_boards_is_drawn_at_most_ten_times_a_second() {
    let running = Running::start(first_start()).await;
    let before = running.glass.frames();
    for _ in 0..50 {
        running.boards.send_replace(Arc::new(calm()));
        tokio::task::yield_now().await;
    }
    running.boards.send_replace(Arc::new(troubled()));
    running.settle().await;
    // The first board at once, the newest of the rest a moment later.
    assert_eq!(running.glass.frames(), before + 2);
    assert!(
        running.glass.text().contains("X dead"),
        "the newest board is shown"
    );
}

#[tokio::test(start_paused = true)]
async fn a_burst_of_keys_is_one_frame() {
    let running = Running::start(calm()).await;
    let before = running.glass.frames();
    running.press("jjjj<Enter><Esc>kk").await;
    assert_eq!(running.glass.frames(), before + 1);
}

#[tokio::test(start_paused = true)]
async fn a_frozen_picture_counts_what_waits() {
    let running = Running::start(calm()).await;
    running.press(" ").await;
    for _ in 0..2 {
        running.boards.send_replace(Arc::new(troubled()));
        running.settle().await;
        running.hand.advance(Duration::from_secs(600));
        running.settle().await;
    }
    let text = running.glass.text();
    assert!(text.contains("frozen 17:32, 2 updates waiting"), "{text}");
    assert!(!text.contains("X dead"), "{text}");
    running.press(" ").await;
    let text = running.glass.text();
    assert!(text.contains("X dead") && text.contains("17:52"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_past_is_asked_for_shown_and_left_again() {
    let mut running = Running::start(calm()).await;
    // It is 17:32 in Athens: back to the quarter hour, and one more before that has come.
    running.press(",,").await;
    let text = running.glass.text();
    assert!(text.contains("reading 17:15"), "{text}");
    let at = |clock: &str| format!("2026-03-02T{clock}:00Z").parse().unwrap();
    for wanted in ["15:30", "15:15"] {
        let asked = running.effects.try_recv();
        assert_eq!(asked, Ok(Effect::LookBack(at(wanted))));
    }
    let past = |clock: &str| Answer::Past {
        at: at(clock),
        board: Arc::new(troubled()),
    };
    running.answers.send(past("15:15")).await.unwrap();
    running.settle().await;
    running.hand.advance(Duration::from_secs(60));
    running.settle().await;
    let text = running.glass.text();
    assert!(text.contains("past 17:15"), "{text}");
    assert!(text.contains("showing 17:15, live 17:33"), "{text}");
    assert!(!text.contains("reading"), "{text}");
    running.press("0").await;
    let text = running.glass.text();
    assert!(text.contains("17:33") && !text.contains("past"), "{text}");
    // What comes now is not wanted any more.
    running.answers.send(past("15:30")).await.unwrap();
    running.settle().await;
    assert!(!running.glass.text().contains("past"));
}

#[tokio::test(start_paused = true)]
async fn where_the_past_begins_is_said() {
    let running = Running::start(calm()).await;
    running.press(",").await;
    let begins = Some(now() - chrono::TimeDelta::minutes(5));
    let answer = Answer::NoPast { begins };
    running.answers.send(answer).await.unwrap();
    running.settle().await;
    let text = running.glass.text();
    assert!(text.contains("the history begins 5m ago"), "{text}");
    assert!(!text.contains("reading"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn asking_a_source_is_an_effect() {
    let mut running = Running::start(troubled()).await;
    running.press("r4Gr").await;
    let asked: Vec<_> = [running.effects.try_recv(), running.effects.try_recv()].into();
    let poll = |name: &str| Ok(Effect::PollNow(vec![name.into()]));
    assert_eq!(asked, [poll("opap"), poll("coffee")]);
    assert!(running.glass.text().contains("asked coffee"));
}

#[tokio::test(start_paused = true)]
async fn effects_that_nobody_takes_do_not_block() {
    let running = Running::start(troubled()).await;
    running.press(&"r".repeat(40)).await;
    assert!(running.glass.text().contains("busy"));
}

#[tokio::test(start_paused = true)]
async fn a_message_goes_by_itself() {
    let running = Running::start(troubled()).await;
    running.press("c").await;
    assert!(running.glass.text().contains("plain sum"));
    running.hand.advance(Duration::from_secs(8));
    running.settle().await;
    assert!(!running.glass.text().contains("plain sum"));
}

#[tokio::test(start_paused = true)]
async fn a_resize_fits_the_picture() {
    let running = Running::start(calm()).await;
    for (width, height) in [(40, 12), (1, 1), (200, 60), (80, 24)] {
        running.glass.resize(width, height);
        running
            .keys
            .send(Input::Resize(width, height))
            .await
            .unwrap();
        running.settle().await;
    }
    assert!(running.glass.text().contains("Ermou"));
}

#[tokio::test(start_paused = true)]
async fn suspending_comes_back_to_a_full_picture() {
    let running = Running::start(calm()).await;
    let before = running.glass.text();
    running
        .keys
        .send(Input::Key(occtop::screen::input::Key::ctrl('z')))
        .await
        .unwrap();
    running.settle().await;
    assert_eq!(running.suspended.load(Ordering::SeqCst), 1);
    assert_eq!(running.glass.text(), before);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_terminal_is_the_end() {
    for (input, ending) in [
        (Input::Lost, Ending::Lost),
        (Input::Terminate, Ending::Left),
    ] {
        let mut running = Running::start(calm()).await;
        running.keys.send(input).await.unwrap();
        assert_eq!(running.ending.await.unwrap(), ending);
        assert_eq!(running.effects.try_recv(), Ok(Effect::Quit));
    }
    let running = Running::start(calm()).await;
    drop(running.keys);
    assert_eq!(running.ending.await.unwrap(), Ending::Lost);
}

#[tokio::test(start_paused = true)]
async fn boards_that_stop_coming_leave_the_last_picture() {
    let running = Running::start(calm()).await;
    drop(running.boards);
    tokio::time::sleep(Duration::from_secs(5)).await;
    running
        .keys
        .send(Input::Key(occtop::screen::input::Key::char('3')))
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(running.glass.text().contains("Shuttle 1"));
}
