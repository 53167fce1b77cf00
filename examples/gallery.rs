//! Shows a fixture board on the real terminal: `cargo run --example gallery -- troubled dark`.
//!
//! Boards: calm (default), troubled, first, nothing, offline, many. Themes and glyph sets by name.

#[path = "../tests/boards/mod.rs"]
mod boards;

use std::sync::Arc;

use occtop::clock::Clock;
use occtop::screen::glyphs::{self, Choice};
use occtop::screen::theme::{NAMES, Theme};
use occtop::screen::{self, Environment, Look, Zone};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let wants = |word: &str| words.iter().any(|said| said == word);
    let board = if wants("troubled") {
        boards::troubled()
    } else if wants("first") {
        boards::first_start()
    } else if wants("nothing") {
        boards::nothing()
    } else if wants("offline") {
        boards::offline()
    } else if wants("many") {
        boards::many(1000)
    } else {
        boards::calm()
    };
    let environment = Environment::read(|name| std::env::var(name).ok());
    let theme = NAMES.into_iter().find(|name| wants(name)).unwrap_or("auto");
    let theme = if environment.is_colourless() {
        Theme::mono()
    } else {
        Theme::load(theme)?
    };
    let choice = words
        .iter()
        .find_map(|word| Choice::parse(word).filter(|_| word != "auto"));
    let look = Look {
        theme,
        glyphs: glyphs::choose(choice.unwrap_or_default(), &environment),
        zone: Zone::Named(chrono_tz::Europe::Athens),
        badge: "gallery".to_owned(),
        recorded: false,
    };
    screen::terminal::install_panic_hook();
    let clock = Clock::scaled(boards::now(), 1.0);
    let (_feed, receiver) = tokio::sync::watch::channel(Arc::new(board));
    let (effects, _asked) = tokio::sync::mpsc::channel(16);
    let (_answer, answers) = tokio::sync::mpsc::channel(1);
    let wires = screen::Wires {
        boards: receiver,
        effects,
        answers,
    };
    screen::run(look, wires, clock).await?;
    Ok(())
}
