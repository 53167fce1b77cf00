//! The list of vehicles. What the vendor claims about link and movement stands beside our own age,
//! because a silent vehicle keeps its last claim.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::board::{DeviceRow, Figures};
use crate::model::device::Detail;

use super::figures;
use super::list::{self, Table};
use crate::screen::judge::Judged;
use crate::screen::row::{Row, Sort, data_glyph};
use crate::screen::scene::Scene;
use crate::screen::widgets::table::{Cell, Column};
use crate::screen::words;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Name,
    Store,
    Odometer,
    Today,
    Engine,
    Aboard,
    Connection,
    Movement,
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
            Key::Aboard => Some(Sort::OnBoard),
            Key::Age => Some(Sort::Age),
            Key::State => Some(Sort::Attention),
            _ => None,
        },
        empty: "No vehicles. A source with vendor = \"navixy\" brings them.",
    };
    list::draw(scene, &table, area, buf);
}

fn columns(scene: &Scene<'_>, width: u16) -> Vec<Column<Key>> {
    let longest = scene.app.list().listing.name_width.clamp(7, 28);
    let mut columns = vec![
        Column::words(Key::Name, "Vehicle", longest.min(12), 0).up_to(longest),
        Column::numbers(Key::Odometer, "Odometer km", 11, 5),
        Column::numbers(Key::Today, "Today km", 8, 1),
        Column::numbers(Key::Engine, "Engine h", 8, 6),
        Column::numbers(Key::Aboard, "On board", 8, 3),
        Column::words(Key::Connection, "Link", 12, 7),
        Column::words(Key::Movement, "Movement", 8, 4),
        Column::numbers(Key::Age, "Age", 6, 2),
    ];
    if scene.app.list().listing.grouped {
        columns.insert(1, Column::words(Key::Store, "Store", 10, 8).up_to(20));
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
    let Figures::Tracker {
        odometer_km,
        engine_hours,
        distance_today_km,
        on_board,
        ..
    } = &row.figures
    else {
        return Cell::blank();
    };
    let decimal = |value: Option<f64>| Cell::Text(vec![figures::decimal(scene, value, 1, state)]);
    match key {
        Key::Name => Cell::text(&*row.facts.name, figures::name_style(scene, selected)),
        Key::Store => Cell::text(row.store.as_deref().unwrap_or(""), theme.faint),
        Key::Odometer => decimal(odometer_km.map(|figure| figure.value)),
        Key::Today => decimal(distance_today_km.map(|figure| figure.value)),
        Key::Engine => decimal(engine_hours.map(|figure| figure.value)),
        Key::Aboard => {
            let aboard = on_board.map(|figure| aboard(row, figure.value));
            Cell::text(scene.figure(aboard, state), scene.number_style(state))
        }
        Key::Connection => {
            let style = if row.is_blocked() {
                theme.warn
            } else {
                theme.faint
            };
            Cell::text(figures::connection(row), style)
        }
        Key::Movement => Cell::text(figures::movement(row), scene.number_style(state)),
        Key::Age => Cell::text(
            row.as_of
                .map_or_else(|| "--".to_owned(), |at| scene.age_by(at, row.skew_s)),
            theme.faint,
        ),
        Key::Glyph => Cell::text(data_glyph(state), scene.data_style(state)),
        Key::State => Cell::Text(vec![figures::state(scene, state)]),
    }
}

/// `17/50` where the vehicle's seats are known.
fn aboard(row: &DeviceRow, people: i64) -> String {
    let people = words::signed(people);
    match &row.facts.detail {
        Detail::Tracker {
            seats: Some(seats), ..
        } => format!("{people}/{seats}"),
        _ => people,
    }
}
