//! What the manual shows of the program is what the program shows.

use std::fs;
use std::path::Path;

use occtop::screen::keymap::markdown;
use occtop::screen::picture::{Palette, svg};

use super::Screen;
use super::boards::troubled;

#[test]
fn the_manual_lists_the_keys_of_the_program() {
    shows("docs/keys.md", &markdown());
}

#[test]
fn the_pictures_are_of_this_program() {
    for (file, keys, size) in [
        ("assets/stores.svg", "", (120, 23)),
        ("assets/store.svg", "<Enter>", (120, 38)),
        ("assets/sources.svg", "4", (120, 22)),
    ] {
        let frame = Screen::new(troubled(), size).press(keys).draw();
        shows(file, &svg(&frame, &Palette::default()));
    }
}

#[test]
fn the_readme_shows_the_stores_as_text() {
    const BEGIN: &str = "<!-- cargo run --example picture -- text 80x24 -->\n```text\n";
    const END: &str = "\n```\n";
    let page = read("README.md");
    let (head, rest) = page.split_once(BEGIN).unwrap();
    let (_, tail) = rest.split_once(END).unwrap();
    let screen = Screen::new(troubled(), (80, 24)).text();
    shows("README.md", &format!("{head}{BEGIN}{screen}{END}{tail}"));
}

/// Asserts what a file holds, or writes it when snapshots are to be written.
fn shows(file: &str, expected: &str) {
    if read(file) == expected {
        return;
    }
    let update = std::env::var("INSTA_UPDATE").is_ok_and(|how| how == "always");
    assert!(
        update,
        "{file} is out of date: INSTA_UPDATE=always cargo test --test screens manual"
    );
    fs::write(path(file), expected).unwrap();
}

fn read(file: &str) -> String {
    // A checkout may have the line breaks of its system.
    fs::read_to_string(path(file))
        .unwrap()
        .replace("\r\n", "\n")
}

fn path(file: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}
