//! The screen as an operator sees it: pictures at named sizes and states, the bytes that reach the
//! terminal, the loop, and whatever keys a cat may press.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "../boards/mod.rs"]
mod boards;
mod bytes;
mod cat;
mod manual;
mod pictures;
mod stage;

use std::sync::Arc;

use occtop::model::Timestamp;
use occtop::model::board::Board;
use occtop::screen::app::App;
use occtop::screen::glyphs::{BRAILLE, Glyphs};
use occtop::screen::input::{Code, Input, Key};
use occtop::screen::picture::text;
use occtop::screen::theme::Theme;
use occtop::screen::update::{Action, answered, update};
use occtop::screen::{Answer, Look, Zone, view};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

/// A screen without a terminal.
struct Screen {
    app: App,
    look: Look,
    now: Timestamp,
    size: (u16, u16),
}

impl Screen {
    fn new(board: Board, size: (u16, u16)) -> Self {
        let now = boards::now();
        Self {
            app: App::new(Arc::new(board), now, 1.0),
            look: look(Theme::load("auto").unwrap(), &BRAILLE),
            now,
            size,
        }
    }

    fn at(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    fn looking(mut self, look: Look) -> Self {
        self.look = look;
        self
    }

    /// Presses keys: characters, or `<Enter>` and the like.
    fn press(mut self, keys: &str) -> Self {
        for key in parse(keys) {
            self.key(key);
        }
        self
    }

    fn key(&mut self, key: Key) -> Vec<Action> {
        // The screen knows how tall it is only once it was drawn.
        self.draw();
        update(&mut self.app, Input::Key(key), self.now)
    }

    fn answer(&mut self, answer: &Answer) {
        answered(&mut self.app, answer, self.now);
    }

    fn draw(&mut self) -> Buffer {
        let area = Rect::new(0, 0, self.size.0, self.size.1);
        let mut frame = Buffer::empty(area);
        view::draw(&mut self.app, &self.look, self.now, area, &mut frame);
        frame
    }

    fn text(&mut self) -> String {
        text(&self.draw())
    }
}

fn look(theme: Theme, glyphs: &'static Glyphs) -> Look {
    Look {
        theme,
        glyphs,
        zone: Zone::Named(chrono_tz::Europe::Athens),
        badge: String::new(),
        recorded: false,
    }
}

/// The frame's styles, a letter for each cell, by the meaning the theme gives them.
fn styles(frame: &Buffer, theme: &Theme) -> String {
    let meanings = [
        (theme.banner, 'B'),
        (theme.bad, 'b'),
        (theme.warn, 'w'),
        (theme.good, 'g'),
        (theme.accent.patch(theme.underline()), 'A'),
        (theme.accent, 'a'),
        (theme.strong, 's'),
        (theme.faint, 'f'),
        (theme.line, 'l'),
        (theme.stale, '~'),
        (theme.text, 't'),
    ];
    let letter = |cell: &Cell| {
        if cell.symbol() == " " && !cell.modifier.contains(ratatui::style::Modifier::REVERSED) {
            return ' ';
        }
        let found = meanings.iter().find(|(style, _)| {
            style.fg == Some(cell.fg)
                && style.bg == Some(cell.bg)
                && style.add_modifier == cell.modifier
        });
        found.map_or('?', |(_, letter)| *letter)
    };
    let rows = frame.content.chunks(usize::from(frame.area.width.max(1)));
    let lines = rows.map(|row| row.iter().map(letter).collect::<String>());
    let lines: Vec<_> = lines.map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}

fn parse(keys: &str) -> Vec<Key> {
    let mut parsed = Vec::new();
    let mut rest = keys;
    while let Some(letter) = rest.chars().next() {
        let named = [
            ("<Enter>", Key::plain(Code::Enter)),
            ("<Esc>", Key::plain(Code::Esc)),
            ("<Tab>", Key::plain(Code::Tab)),
            ("<PgDn>", Key::plain(Code::PageDown)),
            ("<End>", Key::plain(Code::End)),
            ("<C-c>", Key::ctrl('c')),
        ];
        let found = named.into_iter().find(|(name, _)| rest.starts_with(name));
        let (key, length) = match found {
            Some((name, key)) => (key, name.len()),
            None => (Key::char(letter), letter.len_utf8()),
        };
        parsed.push(key);
        rest = &rest[length..];
    }
    parsed
}
