//! The list of machines: what they sold, when last, and what is wrong with them.

use chrono::TimeDelta;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::board::{Activity, DeviceRow, Figures};
use crate::model::device::Detail;

use super::figures;
use super::list::{self, Table};
use crate::screen::judge::Judged;
use crate::screen::row::{Row, Sort, data_glyph};
use crate::screen::scene::Scene;
use crate::screen::widgets::bars::{Bars, Point};
use crate::screen::widgets::table::{Cell, Column};
use crate::screen::widgets::text::Piece;
use crate::screen::words;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Name,
    Location,
    Sales,
    Usual,
    Takings,
    Recent,
    Last,
    Missed,
    Hours,
    Events,
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
            Key::Sales => Some(Sort::Today),
            Key::Missed => Some(Sort::Missed),
            Key::Age => Some(Sort::Age),
            Key::State => Some(Sort::Attention),
            _ => None,
        },
        empty: "No machines. A source with vendor = \"smartnow\" brings them.",
    };
    list::draw(scene, &table, area, buf);
}

fn columns(scene: &Scene<'_>, width: u16) -> Vec<Column<Key>> {
    let longest = scene.app.list().listing.name_width.clamp(7, 26);
    let mut columns = vec![
        Column::words(Key::Name, "Machine", longest.min(12), 0).up_to(longest),
        Column::words(Key::Location, "Location", 10, 7).up_to(18),
        Column::numbers(Key::Sales, "Sales", 6, 0),
        Column::numbers(Key::Takings, "Takings", 12, 4),
        Column::numbers(Key::Recent, "15 min", 6, 5),
        Column::numbers(Key::Last, "Last sale", 9, 3),
        Column::numbers(Key::Missed, "Missed", 7, 4),
        Column::words(Key::Hours, "By the hour", 12, 6).up_to(24),
        Column::numbers(Key::Age, "Age", 6, 8),
    ];
    beside(scene, &mut columns, Key::Sales, Key::Usual);
    if width >= 60 {
        columns.push(Column::words(Key::State, "State", 8, 1));
        columns.push(Column::words(Key::Events, "Events", 12, 2).up_to(24));
    } else {
        columns.push(Column::words(Key::Glyph, "", 1, 1).after(1));
        columns.push(Column::words(Key::Events, "", 8, 2).after(1));
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
    let Figures::Machine {
        sales_today,
        last_sale,
        hours,
        ..
    } = &row.figures
    else {
        return Cell::blank();
    };
    match key {
        Key::Name => Cell::text(&*row.facts.name, figures::name_style(scene, selected)),
        Key::Location => Cell::text(location(row), theme.faint),
        Key::Sales => {
            let sales = sales_today.map(|sales| sales.value);
            Cell::Text(vec![figures::number(scene, sales, state)])
        }
        Key::Takings => Cell::text(takings(row), scene.number_style(state)),
        Key::Recent => Cell::text(recent(scene, row), theme.faint),
        Key::Last => Cell::text(
            last_sale.map_or_else(|| "--".to_owned(), |at| scene.age(at)),
            if row.activity(scene.now) == Some(Activity::Silent) {
                theme.warn
            } else {
                theme.text
            },
        ),
        Key::Missed => Cell::text(missed(scene, row), theme.warn),
        Key::Usual => Cell::text(usual(scene, row), theme.faint),
        Key::Hours => Cell::draw(move |area, buf| by_hour(scene, hours, area, buf)),
        Key::Events => Cell::Text(events(scene, row)),
        Key::Age => Cell::text(
            row.as_of
                .map_or_else(|| "--".to_owned(), |at| scene.age_by(at, row.skew_s)),
            theme.faint,
        ),
        Key::Glyph => Cell::text(data_glyph(state), scene.data_style(state)),
        Key::State => Cell::Text(vec![figures::state(scene, state)]),
    }
}

fn location(row: &DeviceRow) -> &str {
    match &row.facts.detail {
        Detail::Machine { location, .. } => location.as_deref().unwrap_or(""),
        _ => "",
    }
}

/// Takings of the day, one currency after the other.
pub fn takings(row: &DeviceRow) -> String {
    let sums: Vec<_> = (row.revenue().iter())
        .map(|(currency, sum)| format!("{} {currency}", words::decimal(*sum, 2)))
        .collect();
    sums.join(" ")
}

/// Sales of the last quarter of an hour; it shrinks as they grow older than that.
fn recent(scene: &Scene<'_>, row: &DeviceRow) -> String {
    let stretch = TimeDelta::minutes(15);
    if let Figures::Machine { recent_sales, .. } = &row.figures {
        let leaving = recent_sales.iter().map(|at| *at + stretch);
        if let Some(next) = leaving.filter(|at| *at > scene.now).min() {
            scene.wake_at(next);
        }
    }
    let sold = row.sales_within(stretch, scene.now);
    sold.map_or_else(|| "--".to_owned(), |sales| words::count(sales as u64))
}

/// About how many sales it would have made by now, while it is silent.
fn missed(scene: &Scene<'_>, row: &DeviceRow) -> String {
    (row.missed(scene.now)).map_or_else(String::new, |sales| format!("~{sales:.0}"))
}

/// What is wrong with it: that it is offline or, if not, that it sells nothing; then the open events.
fn events(scene: &Scene<'_>, row: &DeviceRow) -> Vec<Piece> {
    let Detail::Machine {
        offline,
        open_events,
        active,
        ..
    } = &row.facts.detail
    else {
        return Vec::new();
    };
    let theme = scene.theme();
    let mut said = Vec::new();
    if *offline {
        let since = open_events
            .iter()
            .rfind(|event| event.code.ends_with("OFFLINE"));
        let since = since.map_or_else(String::new, |event| format!(" {}", scene.age(event.since)));
        said.push((format!("offline{since}"), theme.bad));
    } else if row.is_missed() {
        said.push(("silent".to_owned(), theme.bad));
    } else if row.activity(scene.now) == Some(Activity::Silent) {
        said.push(("silent".to_owned(), theme.warn));
    }
    if *active == Some(false) {
        said.push(("switched off".to_owned(), theme.bad));
    }
    let codes = open_events.iter().map(|event| &event.code);
    let codes = codes.filter(|code| !(*offline && code.ends_with("OFFLINE")));
    said.extend(codes.map(|code| (code.clone(), theme.bad)));
    let comma = (", ".to_owned(), theme.faint);
    let pieces = said.into_iter().flat_map(|piece| [comma.clone(), piece]);
    pieces.skip(1).collect()
}

/// Puts what is usual beside the numbers of the day, while they are compared.
pub fn beside<K: Copy + PartialEq>(
    scene: &Scene<'_>,
    columns: &mut Vec<Column<K>>,
    today: K,
    usual: K,
) {
    if let Some(heading) = scene.app.comparing.heading() {
        let at = columns.iter().position(|column| column.key == today);
        let usual = Column::numbers(usual, heading, 7, 1).after(1);
        columns.insert(at.map_or(0, |at| at + 1), usual);
    }
}

/// What is usual by now, of that which the running day is compared with.
pub fn usual(scene: &Scene<'_>, row: &DeviceRow) -> String {
    let usual = scene.app.usual_by(&row.id, scene.now);
    usual.map_or_else(|| "--".to_owned(), words::count)
}

/// A day's counts by the hour as small columns.
pub fn by_hour(scene: &Scene<'_>, hours: &[Option<u32>], area: Rect, buf: &mut Buffer) {
    let points: Vec<_> = (hours.iter())
        .map(|count| count.map_or(Point::Missing, Point::Value))
        .collect();
    let bars = Bars {
        points: &points,
        total: 24.max(points.len()),
        top: hours.iter().flatten().copied().max().unwrap_or(0).max(4),
        warn: None,
        capacity: None,
    };
    bars.render(area, buf, scene.glyphs(), scene.theme());
}
