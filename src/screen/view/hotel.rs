//! The list of document counters: how many bills, orders and registration cards the hotels write.
//! They are documents, never people.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::board::{Activity, DeviceRow, Figures};
use crate::model::device::Detail;
use crate::model::health::DataState;

use super::figures;
use super::list::{self, Table};
use super::vending::{by_hour, usual};
use crate::screen::judge::Judged;
use crate::screen::row::{Row, Sort, data_glyph};
use crate::screen::scene::Scene;
use crate::screen::widgets::table::{Cell, Column};
use crate::screen::widgets::text::Piece;
use crate::screen::words;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Name,
    Hotel,
    Type,
    Value,
    Today,
    Usual,
    PerHour,
    Hours,
    Guests,
    Age,
    Glyph,
    State,
}

pub fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let table = Table {
        columns: columns(scene, area.width),
        cell: &|row, key, selected| match row {
            Row::Device(judged) => cell(scene, judged, key, selected),
            _ => Cell::blank(),
        },
        order: &|key| match key {
            Key::Name => Some(Sort::Name),
            Key::Today => Some(Sort::Today),
            Key::Age => Some(Sort::Age),
            Key::State => Some(Sort::Attention),
            _ => None,
        },
        empty: "No document counters. A source with vendor = \"mews\" brings them.",
    };
    list::draw(scene, &table, area, buf);
}

fn columns(scene: &Scene<'_>, width: u16) -> Vec<Column<Key>> {
    let longest = scene.app.list().listing.name_width.clamp(7, 26);
    let mut columns = vec![
        Column::words(Key::Name, "Counter", longest.min(12), 0).up_to(longest),
        Column::words(Key::Hotel, "Hotel", 10, 5).up_to(20),
        Column::words(Key::Type, "Type", 12, 8).up_to(22),
        Column::numbers(Key::Value, "Number", 10, 4).up_to(12),
        Column::numbers(Key::Today, "Today", 6, 0),
        Column::numbers(Key::PerHour, "An hour", 7, 3),
        Column::words(Key::Hours, "By the hour", 12, 7).up_to(24),
        Column::numbers(Key::Guests, "In house", 9, 6),
        Column::numbers(Key::Age, "Age", 6, 2),
    ];
    if let Some(heading) = scene.app.comparing.heading() {
        let today = columns.iter().position(|column| column.key == Key::Today);
        let usual = Column::numbers(Key::Usual, heading, 7, 1).after(1);
        columns.insert(today.map_or(0, |at| at + 1), usual);
    }
    if width >= 60 {
        columns.push(Column::words(Key::State, "State", 8, 1));
    } else {
        columns.push(Column::words(Key::Glyph, "", 1, 1).after(1));
    }
    columns
}

fn cell<'a>(
    scene: &'a Scene<'a>,
    judged: &'a Judged<DeviceRow>,
    key: Key,
    selected: bool,
) -> Cell<'a> {
    let theme = scene.theme();
    let row = &*judged.row;
    let state = judged.state;
    let Figures::DocumentCounter {
        value,
        formatted,
        growth_today,
        per_hour,
        hours,
        ..
    } = &row.figures
    else {
        return Cell::blank();
    };
    let figure =
        |text: Option<String>| Cell::text(scene.figure(text, state), scene.number_style(state));
    match key {
        Key::Name => Cell::text(&*row.facts.name, figures::name_style(scene, selected)),
        Key::Hotel => Cell::text(hotel(row), theme.faint),
        Key::Type => Cell::text(counter_type(row), theme.faint),
        Key::Value => figure((formatted.clone()).or(value.map(|value| value.value.to_string()))),
        Key::Today => figure(growth_today.map(words::signed)),
        Key::PerHour => figure(per_hour.map(|per_hour| words::decimal(per_hour, 1))),
        Key::Usual => Cell::text(usual(scene, row), theme.faint),
        Key::Hours => Cell::draw(move |area, buf| by_hour(scene, hours, area, buf)),
        Key::Guests => Cell::text(guests(row), theme.text),
        Key::Age => Cell::text(
            row.as_of
                .map_or_else(|| "--".to_owned(), |at| scene.age_by(at, row.skew_s)),
            theme.faint,
        ),
        Key::Glyph => Cell::text(data_glyph(state), scene.data_style(state)),
        Key::State => Cell::Text(vec![standing(scene, judged)]),
    }
}

/// The data state; and of a counter whose data is sound, that nobody makes documents.
fn standing(scene: &Scene<'_>, judged: &Judged<DeviceRow>) -> Piece {
    let sound = matches!(judged.state, DataState::Fresh | DataState::Due);
    if sound && judged.row.activity(scene.now) == Some(Activity::Silent) {
        let text = format!("{} {}", data_glyph(judged.state), Activity::Silent.word());
        return (text, scene.theme().warn);
    }
    figures::state(scene, judged.state)
}

fn hotel(row: &DeviceRow) -> &str {
    match &row.facts.detail {
        Detail::DocumentCounter {
            enterprise_name, ..
        } => enterprise_name.as_deref().unwrap_or(""),
        _ => "",
    }
}

/// The vendor's type word without the part that all of them share.
fn counter_type(row: &DeviceRow) -> &str {
    match &row.facts.detail {
        Detail::DocumentCounter { counter_type, .. } => {
            counter_type.strip_suffix("Counter").unwrap_or(counter_type)
        }
        _ => "",
    }
}

/// Guests in house and the rooms there are, where that read is allowed.
fn guests(row: &DeviceRow) -> String {
    match &row.facts.detail {
        Detail::DocumentCounter {
            guests_in_house: Some(guests),
            rooms: Some(rooms),
            ..
        } => format!("{guests}/{rooms}"),
        Detail::DocumentCounter {
            guests_in_house: Some(guests),
            ..
        } => guests.to_string(),
        _ => String::new(),
    }
}
