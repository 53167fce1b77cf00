//! The screen on a real terminal: taken over, drawn on, given back, and lost.
//!
//! The program under test is this test binary itself, started again for one ignored test that
//! shows a fixture board.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]
#![allow(
    clippy::disallowed_methods,
    reason = "a real terminal needs a real deadline"
)]

#[path = "../boards/mod.rs"]
mod boards;
mod child;
mod terminal;

use std::time::Duration;

use rustix::process::Signal;

use terminal::Terminal;

/// Much more than it may take, because the machine may be busy; a program that spins or hangs
/// takes for ever.
const SOON: Duration = Duration::from_secs(10);

#[test]
fn it_paints_obeys_and_gives_the_terminal_back() {
    let mut terminal = Terminal::start("troubled", &[]);
    let before = terminal.modes();
    terminal.wait_for("Ermou");
    assert!(terminal.is_alternate() && terminal.is_cursor_hidden());
    terminal.send("j\r");
    terminal.wait_for("People inside today");
    terminal.send("qq");
    terminal.wait_for("again to end the program");
    terminal.send("q");
    terminal.wait_for_end();
    assert!(!terminal.is_alternate() && !terminal.is_cursor_hidden());
    assert_eq!(terminal.modes(), before);
}

#[test]
fn without_colour_the_banner_is_reversed() {
    let terminal = Terminal::start("troubled", &[("NO_COLOR", "1")]);
    terminal.wait_for("password refused");
    let cell = terminal.cell(1, 4);
    assert!(cell.inverse() && cell.bold());
    assert_eq!(cell.fgcolor(), vt100::Color::Default);
}

#[test]
fn a_kernel_console_gets_no_braille() {
    let terminal = Terminal::start("troubled", &[("TERM", "linux")]);
    terminal.wait_for("Ermou");
    let braille = |sign: char| ('\u{2800}'..='\u{28ff}').contains(&sign);
    assert!(!terminal.text().contains(braille));
}

#[test]
fn a_resize_is_followed() {
    let mut terminal = Terminal::start("troubled", &[]);
    terminal.wait_for("Of capacity");
    terminal.resize(40, 12);
    terminal.wait_until("a narrow screen", |text| {
        text.contains("Ermou") && !text.contains("Of capacity")
    });
}

#[test]
fn a_key_after_a_resize_does_not_wait_for_the_next_one() {
    let mut terminal = Terminal::start("troubled", &[]);
    terminal.wait_for("Of capacity");
    for _ in 0..4 {
        terminal.resize(40, 12);
        let narrow = |text: &str| text.contains("Ermou") && !text.contains("Of capacity");
        terminal.wait_until("a narrow screen", narrow);
        terminal.send("3");
        terminal.wait_for("Shuttle 1");
        terminal.resize(120, 40);
        terminal.wait_for("Odometer km");
        terminal.send("1");
        terminal.wait_for("Of capacity");
    }
}

#[test]
fn ctrl_z_comes_back_to_the_whole_picture() {
    // In a session without job control the stop is ignored; taking the terminal again is not.
    let mut terminal = Terminal::start("troubled", &[]);
    terminal.wait_for("Ermou");
    terminal.send("\u{1a}");
    terminal.send("3");
    terminal.wait_for("Shuttle 1");
    assert!(terminal.is_alternate() && terminal.is_cursor_hidden());
}

#[test]
fn signals_end_it_and_restore_the_terminal() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut terminal = Terminal::start("troubled", &[]);
        let before = terminal.modes();
        terminal.wait_for("Ermou");
        terminal.signal(signal);
        terminal.wait_for_end();
        assert!(!terminal.is_alternate(), "{signal:?}");
        assert!(!terminal.is_cursor_hidden(), "{signal:?}");
        assert_eq!(terminal.modes(), before, "{signal:?}");
    }
}

#[test]
fn a_panic_is_readable() {
    let mut terminal = Terminal::start("panic", &[]);
    terminal.wait_for_end();
    assert!(
        terminal.text().contains("on purpose"),
        "{}",
        terminal.text()
    );
    assert!(!terminal.is_alternate() && !terminal.is_cursor_hidden());
}

#[test]
fn a_panic_elsewhere_leaves_the_picture() {
    let mut terminal = Terminal::start("panic elsewhere", &[]);
    terminal.wait_for("Ermou");
    terminal.send("3");
    terminal.wait_for("Shuttle 1");
    assert!(!terminal.text().contains("on purpose"));
}

#[test]
fn a_lost_terminal_ends_it() {
    let lost = child::lose_terminal(SOON);
    assert!(lost, "it runs on without a terminal");
}
