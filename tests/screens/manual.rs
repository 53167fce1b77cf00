//! The manual's list of keys is the table of the program.

use occtop::screen::keymap::markdown;

#[test]
fn the_manual_lists_the_keys_of_the_program() {
    let page = include_str!("../../docs/keys.md");
    assert!(
        page == markdown(),
        "docs/keys.md is out of date: cargo run --example keys > docs/keys.md"
    );
}
