//! Prints a picture of the screen as SVG: `cargo run --example picture -- 120x23`, or as text:
//! `cargo run --example picture -- text 80x24`.
//!
//! Arguments are keys to press first (`j`, `Enter`, `4`), a board and a theme, as for `gallery`;
//! `80x24` sets the size. `INSTA_UPDATE=always cargo test --test screens manual` brings the
//! pictures of the manual up to date.

#[path = "../tests/boards/mod.rs"]
mod boards;

use std::io::Write;
use std::sync::Arc;

use occtop::screen::app::App;
use occtop::screen::input::{Code, Input, Key};
use occtop::screen::picture::{Palette, svg, text};
use occtop::screen::theme::{NAMES, Theme};
use occtop::screen::update::update;
use occtop::screen::{Look, Zone, glyphs, view};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now = boards::now();
    let mut board = boards::troubled();
    let mut theme = "auto";
    let mut set = &glyphs::BRAILLE;
    let mut area = Rect::new(0, 0, 120, 40);
    let mut keys = Vec::new();
    let mut as_text = false;
    for word in std::env::args().skip(1) {
        match word.as_str() {
            "calm" => board = boards::calm(),
            "troubled" => board = boards::troubled(),
            "first" => board = boards::first_start(),
            "nothing" => board = boards::nothing(),
            "offline" => board = boards::offline(),
            "many" => board = boards::many(1000),
            "ascii" => set = &glyphs::ASCII,
            "block" => set = &glyphs::BLOCK,
            "text" => as_text = true,
            "Enter" => keys.push(Key::plain(Code::Enter)),
            word if NAMES.contains(&word) => {
                theme = NAMES
                    .into_iter()
                    .find(|name| *name == word)
                    .unwrap_or(theme);
            }
            word => match word.split_once('x') {
                Some((columns, rows)) if !rows.is_empty() => {
                    area = Rect::new(0, 0, columns.parse()?, rows.parse()?);
                }
                _ => keys.extend(word.chars().map(Key::char)),
            },
        }
    }
    let look = Look {
        theme: Theme::load(theme)?,
        glyphs: set,
        zone: Zone::Named(chrono_tz::Europe::Athens),
        badge: String::new(),
        recorded: false,
    };
    let mut app = App::new(Arc::new(board), now, 1.0);
    let mut frame = Buffer::empty(area);
    view::draw(&mut app, &look, now, area, &mut frame);
    for key in keys {
        update(&mut app, Input::Key(key), now);
    }
    frame.reset();
    view::draw(&mut app, &look, now, area, &mut frame);
    let picture = if as_text {
        text(&frame) + "\n"
    } else {
        svg(&frame, &Palette::default())
    };
    std::io::stdout().write_all(picture.as_bytes())?;
    Ok(())
}
