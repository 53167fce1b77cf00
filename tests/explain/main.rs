//! Golden texts: what the program says about a value, in scenes that a new operator may meet.
//!
//! Each scene is played the program's own way, from what a poll brought through history, ledger and
//! schedule to `explain` on the JSON board. The screen shows the same text.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod by_hand;
mod conversion;
mod devices;
mod poll;
mod sources;
mod stage;
mod stores;

/// Compares a text with the golden one of this name.
fn golden(name: &str, text: &str) {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, text);
    });
}
