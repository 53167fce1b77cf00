//! What one frame of 120x40 costs with 1,000 and with 10,000 stores, from the state to the bytes
//! for the terminal.
//!
//! The program does not draw a frame in which nothing can have changed; `nothing_changed` shows
//! what it costs to build a picture and find it the same.

#![allow(missing_docs, reason = "a program, not a library")]
#![allow(
    clippy::unwrap_used,
    reason = "a measurement that cannot go on has failed"
)]

#[path = "../tests/boards/mod.rs"]
mod boards;

use std::io;
use std::ops::Range;
use std::sync::Arc;

use chrono::TimeDelta;
use divan::Bencher;
use occtop::model::Timestamp;
use occtop::model::board::{Board, StoreRow};
use occtop::screen::app::App;
use occtop::screen::canvas::Canvas;
use occtop::screen::glyphs::BRAILLE;
use occtop::screen::input::{Code, Input, Key};
use occtop::screen::theme::Theme;
use occtop::screen::update::update;
use occtop::screen::{Look, Zone, view};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

const STORES: [u32; 2] = [1_000, 10_000];

fn main() {
    crossterm::style::force_color_output(true);
    divan::main();
}

#[divan::bench(args = STORES)]
fn first_frame(bencher: Bencher<'_, '_>, stores: u32) {
    let board = Arc::new(boards::many(stores));
    bencher.bench_local(|| {
        let mut screen = Screen::new(board.clone());
        screen.draw();
        screen
    });
}

#[divan::bench(args = STORES)]
fn nothing_changed(bencher: Bencher<'_, '_>, stores: u32) {
    let mut screen = Screen::new(Arc::new(boards::many(stores)));
    screen.draw();
    bencher.bench_local(|| screen.draw());
}

#[divan::bench(args = STORES)]
fn selection_moves(bencher: Bencher<'_, '_>, stores: u32) {
    let mut screen = Screen::new(Arc::new(boards::many(stores)));
    screen.draw();
    let mut down = false;
    bencher.bench_local(|| {
        down = !down;
        screen.press(if down { 'j' } else { 'k' });
        screen.draw();
    });
}

/// A board in which one visible store has another number.
#[divan::bench(args = STORES)]
fn one_store_changed(bencher: Bencher<'_, '_>, stores: u32) {
    let calm = boards::many(stores);
    let mut other = calm.clone();
    other.stores.set(3, busier(&calm.stores[3]));
    alternate(bencher, calm, other);
}

/// A board in which every store has another number.
#[divan::bench(args = STORES)]
fn every_store_changed(bencher: Bencher<'_, '_>, stores: u32) {
    let calm = boards::many(stores);
    let mut other = calm.clone();
    other.stores = calm.stores.iter().map(busier).collect();
    alternate(bencher, calm, other);
}

/// A minute later every age has changed.
#[divan::bench(args = STORES)]
fn a_minute_later(bencher: Bencher<'_, '_>, stores: u32) {
    let mut screen = Screen::new(Arc::new(boards::many(stores)));
    screen.draw();
    let begin = screen.now;
    let mut minute = 0;
    bencher.bench_local(|| {
        minute = 1 - minute;
        screen.now = begin + TimeDelta::minutes(minute);
        screen.draw();
    });
}

fn alternate(bencher: Bencher<'_, '_>, first: Board, second: Board) {
    let (first, second) = (Arc::new(first), Arc::new(second));
    let mut screen = Screen::new(first.clone());
    screen.draw();
    let mut turn = false;
    bencher.bench_local(|| {
        turn = !turn;
        let board = if turn { &second } else { &first };
        screen.app.receive(board.clone());
        screen.draw();
    });
}

fn busier(row: &Arc<StoreRow>) -> Arc<StoreRow> {
    let mut row = StoreRow::clone(row);
    if let Some(occupancy) = &mut row.occupancy {
        occupancy.shown.value += 1;
    }
    Arc::new(row)
}

struct Screen {
    app: App,
    look: Look,
    now: Timestamp,
    canvas: Canvas<Wire>,
}

impl Screen {
    fn new(board: Arc<Board>) -> Self {
        let now = boards::now();
        Self {
            app: App::new(board, now, 1.0),
            look: Look {
                theme: Theme::load("auto").unwrap(),
                glyphs: &BRAILLE,
                zone: Zone::Named(chrono_tz::Europe::Athens),
                badge: String::new(),
                recorded: false,
            },
            now,
            canvas: Canvas::new(Wire(CrosstermBackend::new(io::sink()))).unwrap(),
        }
    }

    fn press(&mut self, letter: char) {
        let key = Key {
            code: Code::Char(letter),
            ctrl: false,
        };
        update(&mut self.app, Input::Key(key), self.now);
    }

    fn draw(&mut self) {
        let Self { app, look, now, .. } = self;
        self.canvas
            .paint(|area, buf| {
                view::draw(app, look, *now, area, buf);
            })
            .unwrap();
    }
}

/// A terminal of 120x40 that takes bytes at once.
struct Wire(CrosstermBackend<io::Sink>);

impl Backend for Wire {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.0.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.0.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.0.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(Position::ORIGIN)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.0.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.0.clear()
    }

    fn clear_region(&mut self, clear: ClearType) -> io::Result<()> {
        self.0.clear_region(clear)
    }

    fn size(&self) -> io::Result<Size> {
        Ok(Size {
            width: 120,
            height: 40,
        })
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: self.size()?,
            pixels: Size::ZERO,
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.0)
    }

    fn scroll_region_up(&mut self, lines: Range<u16>, by: u16) -> io::Result<()> {
        self.0.scroll_region_up(lines, by)
    }

    fn scroll_region_down(&mut self, lines: Range<u16>, by: u16) -> io::Result<()> {
        self.0.scroll_region_down(lines, by)
    }
}
