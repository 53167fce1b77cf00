//! The list of events, newest first, and the page with everything about one of them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::Timestamp;
use crate::model::incidents::{Crossed, Incident, Revision, StoreReset, What};

use super::figures;
use super::list::{self, Table};
use crate::screen::row::{Row, Sort};
use crate::screen::scene::Scene;
use crate::screen::told::{Mark, Told, with_sign};
use crate::screen::widgets::page::{Block, scrolled};
use crate::screen::widgets::table::{Cell, Column};
use crate::screen::widgets::text::Piece;
use crate::screen::words::{self, plural};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    When,
    Day,
    Lasted,
    Mark,
    Glyph,
    Text,
    Whom,
    Seen,
}

pub fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let table = Table {
        columns: columns(area.width),
        cell: &|row, key, selected| match row {
            Row::Event(told) => cell(scene, told, key, selected),
            _ => Cell::blank(),
        },
        order: &|key| match key {
            Key::Mark | Key::Glyph => Some(Sort::Attention),
            _ => None,
        },
        empty: if scene.app.list().wish.about.is_some() {
            "Nothing has happened to it. Esc goes back."
        } else {
            "Nothing has happened yet. Incidents, corrections and resets are listed here."
        },
    };
    list::draw(scene, &table, area, buf);
}

fn columns(width: u16) -> Vec<Column<Key>> {
    let mut columns = if width >= 60 {
        vec![
            Column::words(Key::When, "When", 12, 0),
            Column::words(Key::Lasted, "Lasted", 10, 1),
            Column::words(Key::Mark, "What", 10, 0),
        ]
    } else {
        vec![
            Column::words(Key::Day, "When", 6, 0),
            Column::words(Key::Glyph, "", 1, 0).after(1),
        ]
    };
    columns.extend([
        Column::words(Key::Text, "Why", 20, 0).up_to(64).after(1),
        Column::words(Key::Whom, "Whom", 16, 3).up_to(44),
        Column::words(Key::Seen, "Seen", 4, 2),
    ]);
    columns
}

fn cell<'a>(scene: &'a Scene<'a>, told: &'a Told, key: Key, selected: bool) -> Cell<'a> {
    let theme = scene.theme();
    let event = &told.event;
    match key {
        Key::When => Cell::text(scene.time(event.start), theme.text),
        Key::Day => Cell::text(day(scene, event.start), theme.text),
        Key::Lasted => Cell::text(lasted(scene, told), style(scene, told)),
        Key::Mark => Cell::Text(vec![mark(scene, told)]),
        Key::Glyph => Cell::text(told.mark.glyph(), style(scene, told)),
        Key::Text => {
            let times = event.incident().map_or(1, |incident| incident.times);
            let mut pieces = vec![(told.text.clone(), figures::name_style(scene, selected))];
            if times > 1 {
                pieces.insert(0, (format!("{times} times, "), theme.faint));
            }
            Cell::Text(pieces)
        }
        Key::Whom => Cell::text(told.whom.as_str(), theme.faint),
        Key::Seen => {
            let seen = event
                .incident()
                .map(|incident| incident.acknowledged.is_some());
            match seen {
                None => Cell::blank(),
                Some(true) => Cell::text("yes", theme.faint),
                Some(false) => Cell::text("no", theme.text),
            }
        }
    }
}

/// The time of today, else the day.
fn day(scene: &Scene<'_>, at: Timestamp) -> String {
    let time = scene.time(at);
    match time.rsplit_once(' ') {
        Some((day, _)) => day.to_owned(),
        None => time,
    }
}

fn mark(scene: &Scene<'_>, told: &Told) -> Piece {
    let text = format!("{} {}", told.mark.glyph(), told.mark.word());
    (text, style(scene, told))
}

/// What lasts has the colour of its severity; what is over has none.
fn style(scene: &Scene<'_>, told: &Told) -> Style {
    let theme = scene.theme();
    match told.mark {
        _ if !told.event.is_open() => theme.faint,
        Mark::Critical => theme.bad,
        Mark::Warning => theme.warn,
        Mark::Note => theme.faint,
    }
}

/// `1h05`, `open 1h05`; nothing for what has no duration.
fn lasted(scene: &Scene<'_>, told: &Told) -> String {
    let event = &told.event;
    match event.end {
        None => format!("open {}", scene.age(event.start)),
        Some(end) if event.incident().is_some() || end > event.start => {
            words::age(event.start, end)
        }
        Some(_) => String::new(),
    }
}

/// The page of an event.
pub fn draw_page(scene: &Scene<'_>, told: &Told, top: usize, area: Rect, buf: &mut Buffer) {
    let theme = scene.theme();
    let title = [mark(scene, told), ("  ".to_owned(), theme.text)];
    let mut blocks = vec![Block::line(scene, title.into()), Block::blank()];
    let facts = facts(scene, told).into_iter();
    blocks.extend(facts.map(|(label, text)| {
        let label = (label.to_owned(), theme.faint);
        Block::labelled(scene, label, &[(text, theme.text)], (14, area.width))
    }));
    let content = scrolled(&blocks, top, area, buf);
    scene.note_content(content, area.height.into());
}

type Fact = (&'static str, String);

fn facts(scene: &Scene<'_>, told: &Told) -> Vec<Fact> {
    let mut facts = vec![("what", told.text.clone()), ("when", when(scene, told))];
    match &told.event.what {
        What::Incident(incident) => facts.extend(of_incident(scene, incident)),
        What::Revision(revision) => facts.extend(of_revision(scene, revision)),
        What::Reset(resets) => facts.extend(resets.iter().map(of_reset)),
        What::AfterHours(crossed) => facts.push(("closed", closed(scene, crossed))),
        What::Count(_) | What::Gap | What::Skew { .. } | What::Notice(_) => {}
    }
    facts
}

fn closed(scene: &Scene<'_>, crossed: &Crossed) -> String {
    let since = crossed.closed.map_or_else(
        || "for more than a week".to_owned(),
        |at| format!("since {}", scene.time(at)),
    );
    format!("{since}; the hour after closing and the hour before opening do not count")
}

fn when(scene: &Scene<'_>, told: &Told) -> String {
    let event = &told.event;
    let start = scene.time(event.start);
    match event.end {
        None => format!("since {start}, for {}", scene.age(event.start)),
        Some(end) if end > event.start => {
            let end_time = scene.time(end);
            format!("{start} to {end_time}, {}", words::age(event.start, end))
        }
        Some(_) => start,
    }
}

fn of_incident(scene: &Scene<'_>, incident: &Incident) -> Vec<Fact> {
    let mut facts = Vec::new();
    if incident.times > 1 {
        let again = "each time within half an hour";
        facts.push(("came", format!("{} times, {again}", incident.times)));
    }
    facts.push(("sources", incident.sources.join(", ")));
    let names = incident.feeds.iter().map(|feed| match &feed.store {
        Some(store) if **store != *feed.name => format!("{} ({}, {store})", feed.name, feed.id),
        _ => format!("{} ({})", feed.name, feed.id),
    });
    let mut names: Vec<_> = names.collect();
    if incident.count > names.len() {
        names.push(format!("and {} more", incident.count - names.len()));
    }
    if !names.is_empty() {
        let devices = plural(incident.count, "device", "devices");
        facts.push(("in it", format!("{devices}: {}", names.join(", "))));
    }
    facts.push((
        "acknowledged",
        match &incident.acknowledged {
            Some(by) => format!(
                "by the {} at {}; a takes it back",
                by.who,
                scene.time(by.at)
            ),
            None => "by nobody; a acknowledges".to_owned(),
        },
    ));
    facts
}

fn of_revision(scene: &Scene<'_>, revision: &Revision) -> Vec<Fact> {
    let largest = &revision.largest;
    let span = match largest.span_s {
        0 => String::new(),
        seconds => format!(", {} min", (seconds / 60).max(1)),
    };
    let devices = revision.devices.iter().map(ToString::to_string);
    let mut facts = vec![
        ("devices", devices.collect::<Vec<_>>().join(", ")),
        (
            "largest",
            format!(
                "{} at {}{span}: {}, then {}",
                largest.device,
                scene.time(largest.start),
                largest.old,
                largest.new
            ),
        ),
    ];
    if !revision.stores.is_empty() {
        facts.push(("stores", revision.stores.join(", ")));
    }
    facts
}

fn of_reset(reset: &StoreReset) -> Fact {
    let residual = with_sign(reset.residual);
    let text = if reset.confirmed {
        format!("{}: residual {residual}", reset.store)
    } else {
        format!(
            "{}: residual {residual}; {} were still inside by our number, more than the band \
             explains",
            reset.store, reset.remained
        )
    };
    ("reset", text)
}
