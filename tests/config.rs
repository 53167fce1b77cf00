//! The configuration file: one file per mistake with the words that the user gets beside it, the
//! shipped sample, the reference, and what no text may do.
//!
//! `OCCTOP_BLESS=1 cargo test --test config` writes the expected words and the tables of the
//! reference anew.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "config/mistakes.rs"]
mod mistakes;
#[path = "config/properties.rs"]
mod properties;
#[path = "config/reference.rs"]
mod reference;
#[path = "config/sample.rs"]
mod sample;
#[path = "config/valid.rs"]
mod valid;

use std::path::{Path, PathBuf};

/// A file of the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares a text with a file, or writes the file when asked to.
fn compare(path: &Path, actual: &str) -> Result<(), String> {
    if std::env::var_os("OCCTOP_BLESS").is_some() {
        std::fs::write(path, actual).unwrap();
        return Ok(());
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if expected == actual {
        return Ok(());
    }
    let name = path.display();
    Err(format!(
        "{name} expects\n{expected}\nbut it is\n{actual}\n\
         If that is right: OCCTOP_BLESS=1 cargo test --test config"
    ))
}
