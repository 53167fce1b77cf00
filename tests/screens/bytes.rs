//! What reaches the terminal, byte by byte.

use std::io::Write;
use std::ops::Range;

use crossterm::style::force_color_output;
use occtop::model::Timestamp;
use occtop::screen::canvas::Canvas;
use occtop::screen::glyphs::BRAILLE;
use occtop::screen::theme::Theme;
use occtop::screen::view;
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

use super::boards::{calm, many, troubled};
use super::{Screen, look, parse};

/// What a terminal of a fixed size is sent.
#[derive(Debug)]
pub struct Wire {
    inner: CrosstermBackend<Vec<u8>>,
    pub sent: Vec<u8>,
    pub frames: usize,
    size: Size,
}

impl Wire {
    pub fn new((width, height): (u16, u16)) -> Self {
        // As the program does at its start.
        force_color_output(true);
        Self {
            inner: CrosstermBackend::new(Vec::new()),
            sent: Vec::new(),
            frames: 0,
            size: Size { width, height },
        }
    }

    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.sent)
    }
}

/// Collects what a crossterm backend writes.
fn collected(write: impl FnOnce(&mut CrosstermBackend<&mut Vec<u8>>)) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut CrosstermBackend::new(&mut bytes));
    bytes
}

impl Backend for Wire {
    type Error = std::io::Error;

    fn draw<'a, I>(&mut self, content: I) -> std::io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let cells: Vec<_> = content.collect();
        let bytes = collected(|wire| wire.draw(cells.into_iter()).unwrap());
        self.sent.extend(bytes);
        self.frames += 1;
        Ok(())
    }

    fn hide_cursor(&mut self) -> std::io::Result<()> {
        self.inner.hide_cursor()
    }

    fn show_cursor(&mut self) -> std::io::Result<()> {
        self.inner.show_cursor()
    }

    fn get_cursor_position(&mut self) -> std::io::Result<Position> {
        panic!("the screen asked the terminal a question");
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> std::io::Result<()> {
        self.inner.set_cursor_position(position)
    }

    fn clear(&mut self) -> std::io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, clear: ClearType) -> std::io::Result<()> {
        let bytes = collected(|wire| wire.clear_region(clear).unwrap());
        self.sent.write_all(&bytes)
    }

    fn size(&self) -> std::io::Result<Size> {
        Ok(self.size)
    }

    fn window_size(&mut self) -> std::io::Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: self.size,
            pixels: Size::ZERO,
        })
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }

    fn scroll_region_up(&mut self, lines: Range<u16>, by: u16) -> std::io::Result<()> {
        let bytes = collected(|wire| wire.scroll_region_up(lines, by).unwrap());
        self.sent.write_all(&bytes)
    }

    fn scroll_region_down(&mut self, lines: Range<u16>, by: u16) -> std::io::Result<()> {
        let bytes = collected(|wire| wire.scroll_region_down(lines, by).unwrap());
        self.sent.write_all(&bytes)
    }
}

/// A terminal emulator of 120 columns and 40 rows.
fn terminal() -> vt100::Parser {
    let size = |lines: u16| std::num::NonZero::new(lines).unwrap();
    vt100::Parser::new(size(40), size(120), 0)
}

/// What the terminal shows, without space at the ends.
fn shown(terminal: &vt100::Parser) -> String {
    let text = terminal.screen().contents();
    let lines: Vec<_> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}

/// A screen on a wire.
struct Wired {
    screen: Screen,
    canvas: Canvas<Wire>,
}

impl Wired {
    fn new(screen: Screen) -> Self {
        let canvas = Canvas::new(Wire::new(screen.size)).unwrap();
        Self { screen, canvas }
    }

    /// Draws at an instant and gives the bytes that this took.
    fn draw(&mut self, now: Timestamp) -> Vec<u8> {
        let Screen { app, look, .. } = &mut self.screen;
        self.canvas
            .paint(|area, buf| {
                view::draw(app, look, now, area, buf);
            })
            .unwrap();
        self.canvas.backend_mut().take()
    }
}

#[test]
fn an_unchanged_picture_sends_nothing() {
    let mut wired = Wired::new(Screen::new(troubled(), (120, 40)));
    let now = wired.screen.now;
    assert!(wired.draw(now).len() > 2000);
    assert_eq!(wired.draw(now), b"");
    let same_minute = now + chrono::TimeDelta::seconds(30);
    assert_eq!(wired.draw(same_minute), b"");
}

#[test]
fn moving_the_selection_takes_few_bytes() {
    for board in [troubled(), many(1000)] {
        let mut wired = Wired::new(Screen::new(board, (120, 40)));
        let now = wired.screen.now;
        wired.draw(now);
        for key in parse("jjjjkkn") {
            wired.screen.key(key);
            let sent = wired.draw(now);
            assert!((1..250).contains(&sent.len()), "{}", sent.len());
        }
    }
}

#[test]
fn scrolling_a_long_list_takes_little_more() {
    let mut wired = Wired::new(Screen::new(many(1000), (120, 40)));
    let mut terminal = terminal();
    let now = wired.screen.now;
    terminal.process(&wired.draw(now));
    let mut sent = Vec::new();
    for key in parse(&("j".repeat(80) + &"k".repeat(80))) {
        wired.screen.key(key);
        let bytes = wired.draw(now);
        terminal.process(&bytes);
        assert_eq!(shown(&terminal), wired.screen.text().trim_end());
        sent.push(bytes.len());
    }
    sent.sort_unstable();
    assert!(sent[sent.len() / 2] < 600, "{sent:?}");
    assert!(sent[sent.len() - 1] < 1200, "{sent:?}");
}

#[test]
fn a_minute_takes_less_than_a_kilobyte() {
    let mut wired = Wired::new(Screen::new(many(1000), (120, 40)));
    let mut now = wired.screen.now;
    wired.draw(now);
    for _ in 0..5 {
        now += chrono::TimeDelta::minutes(1);
        let sent = wired.draw(now);
        assert!((1..1000).contains(&sent.len()), "{}", sent.len());
    }
}

#[test]
fn without_colour_bold_and_reverse_survive() {
    let screen = Screen::new(troubled(), (120, 40)).looking(look(Theme::mono(), &BRAILLE));
    let mut wired = Wired::new(screen);
    let now = wired.screen.now;
    let sent = wired.draw(now);
    let mut terminal = terminal();
    terminal.process(&sent);
    let banner = terminal.screen().cell(1, 5).unwrap();
    assert!(
        banner.inverse() && banner.bold(),
        "{}",
        terminal.screen().contents()
    );
    let name = terminal.screen().cell(0, 1).unwrap();
    assert!(name.bold() && !name.inverse());
    let text = String::from_utf8(sent).unwrap();
    for reset in ["\u{1b}[;", "\u{1b}[m", ";m"] {
        assert!(
            !text.contains(reset),
            "an empty parameter resets every attribute"
        );
    }
    for colour in ["38;5;", "48;5;", "38;2;", "48;2;"] {
        assert!(!text.contains(colour), "{colour}");
    }
}

#[test]
fn a_terminal_that_is_replayed_shows_the_picture() {
    let mut wired = Wired::new(Screen::new(calm(), (120, 40)));
    let mut terminal = terminal();
    let now = wired.screen.now;
    terminal.process(&wired.draw(now));
    for key in parse("jj<Enter>j<Esc>4G<Enter><Esc>?<Esc>d<Esc>3jj5611/tsi<Enter>") {
        wired.screen.key(key);
        terminal.process(&wired.draw(now));
        assert_eq!(shown(&terminal), wired.screen.text().trim_end());
    }
}
