//! The last line: what was said, else the keys that work here; and how the list is set.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

use crate::screen::app::{ListKind, Overlay, Prompt, Question, Spot};
use crate::screen::judge::Counts;
use crate::screen::keymap::{self, Command};
use crate::screen::row::{Item, Sort};
use crate::screen::scene::Scene;
use crate::screen::widgets::text::{Piece, pieces_columns, put_pieces};
use crate::screen::words::plural;

pub fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let ellipsis = scene.glyphs().ellipsis;
    if let Some(prompt) = &scene.app.prompt {
        // On a very small terminal there is something below.
        Clear.render(area, buf);
        buf.set_style(area, scene.theme().ground);
        let line = Rect {
            x: area.x + area.width.min(1),
            width: area.width.saturating_sub(1),
            ..area
        };
        put_pieces(buf, line, &question(scene, prompt, line.width), ellipsis);
        return;
    }
    let right = state(scene);
    let width = pieces_columns(&right).min(area.width);
    let place = Rect {
        x: area.right() - width,
        width,
        ..area
    };
    put_pieces(buf, place, &right, ellipsis);
    let rest = Rect {
        x: area.x + area.width.min(1),
        width: area.width.saturating_sub(width + 1),
        ..area
    };
    if scene.app.typing {
        put_pieces(buf, rest, &prompt(scene), ellipsis);
    } else if let Some(message) = &scene.app.message {
        let pieces = [(message.text.clone(), scene.theme().accent)];
        put_pieces(buf, rest, &pieces, ellipsis);
    } else {
        hints(scene, rest, buf);
    }
}

fn prompt(scene: &Scene<'_>) -> Vec<Piece> {
    let theme = scene.theme();
    vec![
        ("/".to_owned(), theme.accent),
        (filter(scene).to_owned(), theme.strong),
        (scene.glyphs().marker.to_owned(), theme.accent),
        ("  Enter keeps, Esc drops".to_owned(), theme.faint),
    ]
}

/// The question, as much of the end of the answer as fits, and what the keys do.
fn question(scene: &Scene<'_>, prompt: &Prompt, width: u16) -> Vec<Piece> {
    let theme = scene.theme();
    let store: String = prompt.store.chars().take(16).collect();
    let (long, short, keys) = match &prompt.question {
        Question::People => (
            format!("Inside {store}, counted by hand: "),
            "People: ".to_owned(),
            "Enter goes on, Esc cancels",
        ),
        Question::Reason { people } => (
            format!("{people} inside; reason, if any: "),
            "Reason: ".to_owned(),
            "Enter counts, Esc cancels",
        ),
        Question::TakeBack(count) => {
            let zone = (scene.app.judgement.store(&prompt.store))
                .map(|judged| scene.in_zone(judged.row.store.timezone));
            let at = zone.as_ref().unwrap_or(scene).time(count.at);
            let question = format!("Take back the {} of {at}?", count.people);
            let keys = "  Enter does, Esc keeps it".to_owned();
            return vec![(question, theme.accent), (keys, theme.faint)];
        }
    };
    let said = match prompt.problem {
        Some(problem) => (format!("  {problem}"), theme.warn),
        None => (format!("  {keys}"), theme.faint),
    };
    let letters = prompt.text.chars().count();
    let width = usize::from(width);
    let fits = long.chars().count() + letters + 1 + said.0.len() <= width;
    let question = if fits { long } else { short };
    let room = width.saturating_sub(question.chars().count() + 1).max(4);
    let tail = letters.saturating_sub(room);
    let tail: String = prompt.text.chars().skip(tail).collect();
    vec![
        (question, theme.accent),
        (tail, theme.strong),
        (scene.glyphs().marker.to_owned(), theme.accent),
        said,
    ]
}

fn filter<'a>(scene: &Scene<'a>) -> &'a str {
    match &scene.app.overlay {
        Some(Overlay::Help { filter, .. }) => filter,
        _ => &scene.app.list().wish.filter,
    }
}

/// As many whole hints as fit.
fn hints(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let theme = scene.theme();
    let spot = scene.app.spot();
    let mut room = area;
    for binding in keymap::at(spot) {
        let Some(hint) = binding.hint.filter(|_| is_of_use(scene, binding.command)) else {
            continue;
        };
        let key = binding.keys[0].to_string();
        let pieces = [
            (key, theme.accent),
            (format!(" {hint}"), theme.faint),
            ("  ".to_owned(), theme.text),
        ];
        let width = pieces_columns(&pieces);
        if width > room.width + 2 {
            continue;
        }
        let used = put_pieces(buf, room, &pieces, "");
        room.x += used;
        room.width -= used;
    }
}

/// Leaves out hints for keys that would change nothing at the moment.
fn is_of_use(scene: &Scene<'_>, command: Command) -> bool {
    let at_root = matches!(scene.app.spot(), Spot::List(_));
    match command {
        Command::Back => !at_root || !filter(scene).is_empty() || scene.app.asked_from.is_some(),
        Command::Quit => at_root,
        // Text that goes on below its window; a list shows as much by itself.
        Command::Down => scene.goes_on(),
        // An event explains itself, and on lists other hints need the room.
        Command::Explain | Command::Poll => {
            !matches!(scene.app.spot(), Spot::List(ListKind::Events) | Spot::Event)
        }
        Command::EventsAbout => !at_root,
        Command::NextProblem => scene.app.judgement.counts != Counts::default(),
        _ => true,
    }
}

/// What makes the picture differ from the plain one: frozen, raw, filtered, sorted.
fn state(scene: &Scene<'_>) -> Vec<Piece> {
    let theme = scene.theme();
    let app = scene.app;
    let mut parts: Vec<Piece> = Vec::new();
    if let Some(wanted) = app.wanted {
        let wanted = scene.look.zone.time(wanted, scene.present);
        parts.push((format!("reading {wanted}"), theme.warn));
    }
    if let Some(past) = app.past() {
        let word = if scene.look.recorded {
            "replay"
        } else {
            "live"
        };
        let past = scene.look.zone.time(past, scene.present);
        let present = scene.look.zone.show(scene.present, "%H:%M");
        let text = format!("showing {past}, {word} {present}");
        parts.push((text, theme.warn));
    } else if let Some(frozen) = app.frozen {
        let since = scene.time(frozen.at);
        let waiting = plural(frozen.waiting, "update", "updates");
        let text = format!("frozen {since}, {waiting} waiting");
        parts.push((text, theme.warn));
    }
    if app.raw && matches!(app.ground_spot(), Spot::Store | Spot::List(_)) {
        parts.push(("raw".to_owned(), theme.warn));
    }
    if let Spot::List(_) = app.spot() {
        let list = app.list();
        if let Some(item) = &list.wish.about {
            let name = match item {
                Item::Store(name) | Item::Source(name) => name.to_string(),
                Item::Device(id) => id.to_string(),
                Item::Event(id) => id.to_string(),
            };
            parts.push((format!("about {name}"), theme.warn));
        }
        if list.wish.problems {
            parts.push(("problems only".to_owned(), theme.warn));
        }
        if !list.wish.filter.is_empty() && !app.typing {
            parts.push((format!("filter {}", list.wish.filter), theme.warn));
        }
        if list.wish.sort != app.kind.usual_sort() || list.wish.reverse {
            let word = list.wish.sort.word();
            let order = match list.wish.sort {
                Sort::Configured => word.to_owned(),
                _ => format!("by {word}"),
            };
            parts.push((order, theme.faint));
        }
        let rows = list.listing.rows.len();
        if rows < list.listing.all {
            parts.push((format!("{rows} of {}", list.listing.all), theme.faint));
        }
    }
    let mut pieces = Vec::new();
    for part in parts {
        pieces.push(("  ".to_owned(), theme.text));
        pieces.push(part);
    }
    pieces.push((" ".to_owned(), theme.text));
    pieces
}
