//! The first line: screens, what needs attention, the clock.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::screen::app::{ListKind, Spot, list_name};
use crate::screen::scene::Scene;
use crate::screen::widgets::text::{Piece, pieces_columns, put_pieces};
use crate::screen::words::next_minute;

pub fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let ellipsis = scene.glyphs().ellipsis;
    let most = area.width;
    let counts = counts(scene);
    let (long, short) = (clock(scene, true), clock(scene, false));
    // The tabs lose their names before the clock does, and the screen's own name goes last.
    let numbers = tabs(scene, Tabs::Numbers);
    let choices = [
        (tabs(scene, Tabs::Full), &long),
        (tabs(scene, Tabs::Unnamed), &long),
        (numbers.clone(), &long),
        (numbers, &short),
        (tabs(scene, Tabs::Bare), &short),
        (here(scene), &short),
    ];
    for (tabs, clock) in choices {
        let right = [counts.clone(), clock.clone()].concat();
        if pieces_columns(&tabs) + 2 + pieces_columns(&right) <= most {
            return place(&tabs, &right, area, buf, ellipsis);
        }
    }
    let right = [counts, short].concat();
    let at = Rect {
        x: area.right() - pieces_columns(&right).min(most),
        width: pieces_columns(&right).min(most),
        ..area
    };
    put_pieces(buf, at, &right, ellipsis);
}

fn place(left: &[Piece], right: &[Piece], area: Rect, buf: &mut Buffer, ellipsis: &str) {
    put_pieces(buf, area, left, ellipsis);
    let width = pieces_columns(right);
    let at = Rect {
        x: area.right() - width,
        width,
        ..area
    };
    put_pieces(buf, at, right, ellipsis);
}

/// How much of the tabs there is room for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tabs {
    /// With the program's name.
    Full,
    /// Without it.
    Unnamed,
    /// Only the active one with its name.
    Numbers,
    /// And without the number of incidents.
    Bare,
}

fn tabs(scene: &Scene<'_>, tabs: Tabs) -> Vec<Piece> {
    let theme = scene.theme();
    let mut pieces = Vec::new();
    if tabs == Tabs::Full {
        pieces.push((" occtop ".to_owned(), theme.strong));
        if !scene.look.badge.is_empty() {
            pieces.push((format!("{} ", scene.look.badge), theme.faint));
        }
    }
    let spot = scene.app.ground_spot();
    let store = (2, "Store", spot == Spot::Store);
    let lists = ListKind::ALL.into_iter().zip([1, 3, 4, 5, 6, 7]);
    let mut screens: Vec<_> = lists
        .filter(|(kind, _)| is_offered(scene, *kind))
        .map(|(kind, number)| {
            let active = scene.app.kind == kind && spot != Spot::Store;
            (number, list_name(kind), active)
        })
        .collect();
    screens.insert(1, store);
    let unseen = scene.app.judgement.unacknowledged;
    for (number, name, active) in screens {
        let style = if active { theme.accent } else { theme.faint };
        let style = if active {
            style.patch(theme.underline())
        } else {
            style
        };
        let named = matches!(tabs, Tabs::Full | Tabs::Unnamed);
        let text = if active || named {
            format!("{number} {name}")
        } else {
            number.to_string()
        };
        pieces.push((" ".to_owned(), theme.text));
        pieces.push((text, style));
        if name == list_name(ListKind::Events) && unseen > 0 && tabs != Tabs::Bare {
            pieces.push((format!(" ({})", unseen.min(99)), theme.warn));
        }
        pieces.push((" ".to_owned(), theme.text));
    }
    pieces
}

/// Screens that would be empty are left out, but for the two that explain an empty start.
fn is_offered(scene: &Scene<'_>, kind: ListKind) -> bool {
    let always = matches!(kind, ListKind::Stores | ListKind::Sources);
    always || scene.app.kind == kind || scene.app.is_populated(kind)
}

fn here(scene: &Scene<'_>) -> Vec<Piece> {
    let name = match scene.app.ground_spot() {
        Spot::Store => "Store",
        _ => list_name(scene.app.kind),
    };
    vec![(format!(" {name}"), scene.theme().strong)]
}

fn counts(scene: &Scene<'_>) -> Vec<Piece> {
    let theme = scene.theme();
    let counts = scene.app.judgement.counts;
    let all = [
        (counts.over, "over", theme.bad),
        (counts.possibly, "over?", theme.warn),
        (counts.near, "near", theme.warn),
        (counts.overdue, "overdue", theme.warn),
        (counts.doubtful, "doubtful", theme.warn),
        (counts.devices, plural_devices(counts.devices), theme.warn),
        (counts.failing, "failing", theme.bad),
    ];
    let mut pieces = Vec::new();
    for (number, word, style) in all {
        if number > 0 {
            pieces.push((format!("{number} {word}"), style));
            pieces.push(("  ".to_owned(), theme.text));
        }
    }
    let stores = scene.app.judgement.stores.len();
    if pieces.is_empty() && stores > 0 {
        let all = if counts.waiting == stores {
            ("waiting for data".to_owned(), theme.faint)
        } else {
            ("all well".to_owned(), theme.good)
        };
        pieces.push(all);
        pieces.push(("  ".to_owned(), theme.text));
    }
    pieces
}

fn plural_devices(count: usize) -> &'static str {
    if count == 1 { "device" } else { "devices" }
}

fn clock(scene: &Scene<'_>, long: bool) -> Vec<Piece> {
    scene.wake_at(next_minute(scene.now));
    let format = if long { "%a %H:%M %Z " } else { "%H:%M " };
    let text = scene.look.zone.show(scene.now, format);
    let theme = scene.theme();
    match (scene.app.past(), scene.look.recorded) {
        (Some(_), _) => vec![("past ".to_owned(), theme.warn), (text, theme.warn)],
        (None, true) => vec![("replay ".to_owned(), theme.warn), (text, theme.faint)],
        (None, false) => vec![(text, theme.faint)],
    }
}
