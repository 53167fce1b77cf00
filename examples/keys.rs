//! Prints the manual's page of keys: `cargo run --example keys > docs/keys.md`.

use std::io::Write;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(occtop::screen::keymap::markdown().as_bytes())
}
