//! The list of document counters: how many bills, orders and registration cards the hotels write.
//! They are documents, never people.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::board::{Activity, DeviceRow, Figures};
use crate::model::device::Detail;
use crate::model::health::DataState;

use super::figures;
use super::list::{self, Table};
use super::vending::{beside, by_hour, usual};
use crate::screen::judge::Judged;
use crate::screen::row::{Row, Sort, data_glyph};
use crate::screen::scene::Scene;
use crate::screen::widgets::gauge::strip;
use crate::screen::widgets::table::{Cell, Column};
use crate::screen::widgets::text::{Piece, put_pieces};
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
    Gauge,
    Rooms,
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
        Column::words(Key::Type, "Type", 11, 8).up_to(22),
        Column::numbers(Key::Value, "Number", 10, 4).up_to(12),
        Column::numbers(Key::Today, "Today", 6, 0),
        Column::numbers(Key::PerHour, "An hour", 7, 3),
        Column::words(Key::Hours, "By the hour", 11, 7).up_to(24),
        Column::words(Key::Gauge, "Rooms", 8, 8).up_to(14),
        Column::numbers(Key::Rooms, "Full", 5, 5).after(1),
        Column::numbers(Key::Guests, "Guests", 6, 6).after(1),
        Column::numbers(Key::Age, "Age", 6, 2),
    ];
    beside(scene, &mut columns, Key::Today, Key::Usual);
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
        Key::Gauge => Cell::draw(move |area, buf| gauge(scene, row, area, buf)),
        Key::Rooms => Cell::text(House::of(row).full(), theme.text),
        Key::Guests => Cell::text(House::of(row).guests(), theme.text),
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

/// How full the hotel of a counter is, where that is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct House {
    people: Option<u32>,
    occupied: Option<u32>,
    rooms: Option<u32>,
}

impl House {
    /// That of a counter's hotel.
    pub fn of(row: &DeviceRow) -> Self {
        match row.facts.detail {
            Detail::DocumentCounter {
                guests_in_house,
                rooms_occupied,
                rooms,
                ..
            } => Self {
                people: guests_in_house,
                occupied: rooms_occupied,
                rooms,
            },
            _ => Self::default(),
        }
    }

    /// The share of the rooms that are occupied.
    pub fn share(self) -> Option<f64> {
        let rooms = self.rooms.filter(|rooms| *rooms > 0)?;
        Some(f64::from(self.occupied?) / f64::from(rooms))
    }

    /// The share, or the one of the two that is known.
    fn full(self) -> String {
        match (self.share(), self.occupied, self.rooms) {
            (Some(share), _, _) => words::percent(share),
            (None, Some(occupied), _) => occupied.to_string(),
            (None, None, Some(rooms)) => format!("of {rooms}"),
            (None, None, None) => String::new(),
        }
    }

    /// The rooms in words: `71 of 98`, or the one of the two that is known.
    pub fn rooms(self) -> Option<String> {
        match (self.occupied, self.rooms) {
            (Some(occupied), Some(rooms)) => Some(format!("{occupied} of {rooms}")),
            (Some(occupied), None) => Some(format!("{occupied} occupied")),
            (None, Some(rooms)) => Some(format!("{rooms} can be used")),
            (None, None) => None,
        }
    }

    fn guests(self) -> String {
        self.people
            .map_or_else(String::new, |people| words::count(people.into()))
    }
}

fn gauge(scene: &Scene<'_>, row: &DeviceRow, area: Rect, buf: &mut Buffer) {
    if let Some(share) = House::of(row).share() {
        let pieces = strip(share, area.width, scene.glyphs(), scene.theme());
        put_pieces(buf, area, &pieces, "");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house(occupied: Option<u32>, rooms: Option<u32>) -> House {
        House {
            people: Some(141),
            occupied,
            rooms,
        }
    }

    #[test]
    fn rooms_are_told_as_far_as_they_are_known() {
        let cases = [
            (Some(71), Some(98), "72%", Some("71 of 98")),
            (Some(99), Some(98), "101%", Some("99 of 98")),
            (Some(0), Some(98), "0%", Some("0 of 98")),
            (Some(3), Some(0), "3", Some("3 of 0")),
            (Some(71), None, "71", Some("71 occupied")),
            (None, Some(98), "of 98", Some("98 can be used")),
            (None, None, "", None),
        ];
        for (occupied, rooms, full, told) in cases {
            let house = house(occupied, rooms);
            assert_eq!(house.full(), full);
            assert_eq!(house.rooms().as_deref(), told);
        }
        assert_eq!(house(None, None).guests(), "141");
    }
}
