//! Snapshots of whole screens.

use std::sync::Arc;

use chrono_tz::Tz;
use occtop::model::board::{Board, Cell, Day};
use occtop::model::ledger::Spans;
use occtop::model::ledger::plan::Quiet;
use occtop::model::reading::Flow;
use occtop::model::usual::{Comparisons, DoorDay, PastDay, Quarter, running_day, weeks_ago};
use occtop::screen::Answer;
use occtop::screen::glyphs::{ASCII, BLOCK, BRAILLE, CONSOLE};
use occtop::screen::theme::{NAMES, Theme};

use super::boards::{calm, closed, eventful, first_start, many, night, nothing, offline, troubled};
use super::{Screen, look, styles};

const LARGE: (u16, u16) = (120, 40);
const USUAL: (u16, u16) = (80, 24);
const SMALL: (u16, u16) = (40, 12);
const SIZES: [((u16, u16), &str); 3] = [(LARGE, "large"), (USUAL, "usual"), (SMALL, "small")];

/// Takes a snapshot of what keys lead to, at each of the three sizes.
fn at_each_size(name: &str, board: fn() -> occtop::model::board::Board, keys: &str) {
    for (size, word) in SIZES {
        let text = Screen::new(board(), size).press(keys).text();
        insta::assert_snapshot!(format!("{name}_{word}"), text);
    }
}

#[test]
fn stores_when_all_is_well() {
    at_each_size("stores_calm", calm, "");
}

#[test]
fn stores_in_trouble() {
    at_each_size("stores_troubled", troubled, "");
}

#[test]
fn stores_before_anything_was_fetched() {
    at_each_size("stores_first", first_start, "");
}

#[test]
fn stores_without_any() {
    at_each_size("stores_nothing", nothing, "");
}

#[test]
fn stores_after_closing_time() {
    let text = Screen::new(closed(), LARGE).at(night()).text();
    insta::assert_snapshot!("stores_closed", text);
    let screen = Screen::new(closed(), LARGE).at(night());
    let text = screen.press("jj<Enter>").text();
    insta::assert_snapshot!("store_after_hours", text);
}

#[test]
fn our_own_link_is_one_banner() {
    let text = Screen::new(offline(), USUAL).text();
    insta::assert_snapshot!("stores_offline", text);
}

#[test]
fn a_thousand_stores_scrolled() {
    let text = Screen::new(many(1000), USUAL)
        .press("<PgDn><PgDn>jj")
        .text();
    insta::assert_snapshot!("stores_many", text);
    let text = Screen::new(many(1000), USUAL).press("sssG").text();
    insta::assert_snapshot!("stores_many_sorted_last", text);
}

#[test]
fn a_store() {
    at_each_size("store", calm, "<Enter>");
}

#[test]
fn a_store_that_the_vendor_sees_differently() {
    at_each_size("store_disputed", calm, "j<Enter>");
    let text = Screen::new(calm(), SMALL).press("j<Enter>G").text();
    insta::assert_snapshot!("store_disputed_small_end", text);
}

#[test]
fn questions_of_a_count_by_hand() {
    for (name, keys) in [
        ("count_people", "i12"),
        ("count_refused", "itwelve<Enter>"),
        (
            "count_reason",
            "i12<Enter>a reason that is so long that only its end fits into the line",
        ),
        ("count_back", "jI"),
    ] {
        for (size, word) in [(USUAL, "usual"), (SMALL, "small"), ((30, 2), "tiny")] {
            let text = Screen::new(calm(), size).press(keys).text();
            let last: Vec<_> = text.lines().rev().take(1).collect();
            insta::assert_snapshot!(format!("{name}_{word}"), last.concat());
        }
    }
}

#[test]
fn explanations_of_a_source_and_of_devices() {
    for (name, keys) in [
        ("source", "4Gd"),
        ("vehicle", "3d"),
        ("machine", "6Gd"),
        ("counter", "5d"),
    ] {
        let text = Screen::new(troubled(), USUAL).press(keys).text();
        insta::assert_snapshot!(format!("explain_{name}"), text);
    }
}

#[test]
fn a_day_beside_that_of_last_week() {
    for (size, word) in [(LARGE, "large"), (USUAL, "usual")] {
        let mut screen = Screen::new(calm(), size).press("w");
        screen.answer(&Answer::Usual(Arc::new(last_week(&calm()))));
        insta::assert_snapshot!(format!("compared_stores_{word}"), screen.text());
        let mut screen = screen.press("<Enter>");
        insta::assert_snapshot!(format!("compared_store_{word}"), screen.text());
    }
    for (key, word) in [("5", "hotel"), ("6", "vending")] {
        let mut screen = Screen::new(calm(), USUAL).press(&format!("{key}w"));
        screen.answer(&Answer::Usual(Arc::new(last_week(&calm()))));
        insta::assert_snapshot!(format!("compared_{word}"), screen.text());
    }
    let text = Screen::new(calm(), USUAL).press("ww<Enter>").text();
    assert!(text.contains("reading the last weeks"), "{text}");
    let mut screen = Screen::new(calm(), USUAL).press("ww<Enter>");
    screen.answer(&Answer::Usual(Arc::default()));
    assert!(screen.text().contains("no good day to compare"));
}

/// A week ago everyone came an hour later than today, and there were a few more of them.
fn last_week(board: &Board) -> Comparisons {
    let mut comparisons = Comparisons::default();
    for row in &board.stores {
        let (_, start, end) = weeks_ago(&row.store, board.at, 1);
        let cells = row.day.cells().zip(0..);
        let counts: Vec<_> = cells
            .filter_map(|(cell, number)| {
                let flow = cell.flow?;
                let later = 3600 + i64::from(row.day.cell_s) * number;
                Some(Quarter {
                    start: start + chrono::TimeDelta::seconds(later),
                    span_s: row.day.cell_s,
                    covered_s: row.day.cell_s,
                    flow: Flow {
                        entered: flow.entered + 1,
                        left: flow.left,
                    },
                    zeros: false,
                })
            })
            .collect();
        let mut delivered = Spans::default();
        delivered.add(start, end);
        let door = DoorDay {
            counts: &counts,
            quiet: Quiet::Zero,
            delivered: &delivered,
        };
        let day = PastDay::of(&row.store, board.at, 1, &[door]);
        comparisons.add(&row.store, board.at, &[day]);
    }
    for row in board.devices.values() {
        // Something happened each quarter of an hour.
        let day = running_day(row, Tz::UTC);
        let (_, start, _) = weeks_ago(&day, board.at, 1);
        let events = (0..96).map(|quarter| (start + chrono::TimeDelta::minutes(15 * quarter), 1));
        let past = PastDay::happened(&day, board.at, 1, 1.0, events);
        comparisons.add_device(&row.id, &day, board.at, &[past]);
    }
    comparisons
}

#[test]
fn a_store_with_a_hole_in_its_day() {
    let text = Screen::new(troubled(), LARGE)
        .press("jjjjjjj<Enter>")
        .text();
    insta::assert_snapshot!("store_partial", text);
}

/// The chain with two quarter hours of a store that the vendor changed.
fn corrected() -> Board {
    let mut board = calm();
    let row = Arc::make_mut(&mut board.stores[0]);
    let numbered = row.day.cells().enumerate();
    let cells = numbered.map(|(number, cell)| Cell {
        revised: [24, 38].contains(&number),
        ..cell
    });
    let day = Day::new(row.day.start, row.day.cell_s, cells.collect::<Vec<_>>());
    row.day = Arc::new(day);
    board
}

#[test]
fn a_store_with_corrections_in_every_set_of_signs() {
    for (word, glyphs) in [("braille", &BRAILLE), ("block", &BLOCK), ("ascii", &ASCII)] {
        let look = look(Theme::mono(), glyphs);
        let screen = Screen::new(corrected(), USUAL).looking(look);
        let text = screen.press("<Enter>").text();
        insta::assert_snapshot!(format!("store_corrected_{word}"), text);
    }
}

#[test]
fn a_store_scrolled_to_its_end() {
    let text = Screen::new(calm(), SMALL).press("<Enter>G").text();
    insta::assert_snapshot!("store_small_end", text);
}

#[test]
fn sources_with_one_that_is_refused() {
    at_each_size("sources", troubled, "4G");
}

#[test]
fn a_source() {
    at_each_size("source", troubled, "4G<Enter>");
}

#[test]
fn events_and_their_pages() {
    at_each_size("events", eventful, "7");
    at_each_size("event_dead", eventful, "7/late<Enter><Enter>");
    for (name, keys) in [
        ("events_problems", "7p"),
        ("events_about", "4ej"),
        ("events_by_attention", "7s"),
        ("event_revision", "7/corrected<Enter><Enter>"),
        ("event_after_hours", "7/crossed<Enter><Enter>"),
        ("event_reset", "7/began<Enter><Enter>"),
        ("event_acknowledged", "7/link<Enter><Enter>"),
        ("source_freshness", "4<Enter>"),
    ] {
        let text = Screen::new(eventful(), USUAL).press(keys).text();
        insta::assert_snapshot!(name, text);
    }
    let text = Screen::new(calm(), USUAL).press("7").text();
    insta::assert_snapshot!("events_nothing", text);
}

#[test]
fn events_tell_their_severity_without_colour_in_ascii() {
    let look = look(Theme::mono(), &ASCII);
    let mut screen = Screen::new(eventful(), LARGE).looking(look).press("7");
    let text = screen.text();
    // Names stay what they are.
    let odd = |sign: &char| !sign.is_ascii() && !('Ͱ'..='Ͽ').contains(sign);
    assert_eq!(text.chars().find(odd), None, "{text}");
    for word in ["X critical", "! warning", ". note", "open 3h00"] {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[test]
fn fleet_hotel_and_vending() {
    at_each_size("fleet", calm, "3");
    at_each_size("hotel", calm, "5");
    at_each_size("vending", calm, "6");
}

#[test]
fn a_vehicle_a_counter_and_a_machine() {
    for (name, keys) in [
        ("vehicle", "3<Enter>"),
        ("counter", "5<Enter>"),
        ("machine", "6G<Enter>"),
    ] {
        let text = Screen::new(calm(), USUAL).press(keys).text();
        insta::assert_snapshot!(format!("device_{name}"), text);
    }
}

#[test]
fn overlays() {
    at_each_size("help", calm, "?");
    at_each_size("explain", troubled, "jjjjjjd");
    let text = Screen::new(calm(), USUAL).press("?/prob<Enter>").text();
    insta::assert_snapshot!("help_narrowed", text);
}

#[test]
fn filters_problems_and_orders() {
    for (name, keys) in [
        ("filter_typing", "/a"),
        ("filter_kept", "/state:stale<Enter>"),
        ("filter_nothing", "/zzz<Enter>"),
        ("problems", "p"),
        ("attention", "s"),
        ("raw", "c"),
        ("frozen", " "),
    ] {
        let text = Screen::new(troubled(), USUAL).press(keys).text();
        insta::assert_snapshot!(name, text);
    }
}

#[test]
fn very_small_terminals_still_say_something() {
    for size in [(60, 1), (30, 2), (20, 3), (12, 5), (8, 24), (1, 1)] {
        let text = Screen::new(troubled(), size).text();
        insta::assert_snapshot!(format!("tiny_{}x{}", size.0, size.1), text);
    }
}

#[test]
fn other_glyphs() {
    for (set, name) in [(&BLOCK, "block"), (&CONSOLE, "console"), (&ASCII, "ascii")] {
        let look = look(Theme::load("auto").unwrap(), set);
        for (page, keys) in [("stores", ""), ("store", "<Enter>")] {
            let mut screen = Screen::new(troubled(), USUAL)
                .looking(look.clone())
                .press(keys);
            insta::assert_snapshot!(format!("{name}_{page}"), screen.text());
        }
    }
}

#[test]
fn ascii_screens_are_ascii() {
    for keys in ["", "<Enter>", "4G", "4<Enter>", "5", "6", "?", "d", "/a"] {
        let look = look(Theme::mono(), &ASCII);
        let mut screen = Screen::new(calm(), LARGE).looking(look).press(keys);
        let text = screen.text();
        // Names stay what they are.
        let odd = text
            .chars()
            .find(|sign| !sign.is_ascii() && !('Ͱ'..='Ͽ').contains(sign));
        assert_eq!(odd, None, "{keys}: {text}");
    }
}

#[test]
fn styles_by_meaning() {
    let theme = Theme::load("auto").unwrap();
    let frame = Screen::new(troubled(), USUAL).draw();
    insta::assert_snapshot!("styles_stores", styles(&frame, &theme));
    let frame = Screen::new(troubled(), USUAL).press("4G").draw();
    insta::assert_snapshot!("styles_sources", styles(&frame, &theme));
}

#[test]
fn every_theme_draws_the_same_text() {
    let plain = Screen::new(troubled(), USUAL).text();
    for name in NAMES {
        let theme = Theme::load(name).unwrap();
        let mut screen = Screen::new(troubled(), USUAL).looking(look(theme.clone(), &BRAILLE));
        assert_eq!(screen.text(), plain, "{name}");
        let ground = theme.ground.bg.unwrap();
        let frame = screen.draw();
        let holes = frame.content.iter().filter(|cell| cell.bg != ground);
        let painted = [theme.banner.bg, theme.bad.bg];
        assert!(
            holes
                .into_iter()
                .all(|cell| painted.contains(&Some(cell.bg))),
            "{name} leaves cells without its ground"
        );
    }
}

#[test]
fn states_can_be_told_apart_without_colour() {
    let theme = Theme::mono();
    let mut screen = Screen::new(troubled(), LARGE).looking(look(theme, &BRAILLE));
    let frame = screen.draw();
    for cell in &frame.content {
        assert_eq!(cell.fg, ratatui::style::Color::Reset);
        assert_eq!(cell.bg, ratatui::style::Color::Reset);
    }
    let text = screen.text();
    for word in [
        "+ fresh", "> late", "! stale", "X dead", "o closed", "over?", "--", "~",
    ] {
        assert!(text.contains(word), "{word}");
    }
}
