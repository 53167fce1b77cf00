//! The list of stores: how many are inside, how full that is, how the day runs, how far to trust
//! it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::board::StoreRow;
use crate::model::figure::Quality;
use crate::model::totals::Totals;

use super::day::Axis;
use super::figures;
use super::list::{self, Table, cell_area};
use crate::screen::app::Against;
use crate::screen::judge::Judged;
use crate::screen::row::{Row, Sort, data_glyph};
use crate::screen::scene::Scene;
use crate::screen::widgets::bars::{Bars, Point};
use crate::screen::widgets::gauge::Gauge;
use crate::screen::widgets::page::rule;
use crate::screen::widgets::table::{Align, Cell, Column, Fitted};
use crate::screen::words::{self, plural};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Name,
    Inside,
    Band,
    Gauge,
    Full,
    Entered,
    Left,
    Usual,
    Today,
    Age,
    Glyph,
    State,
    Flags,
}

pub fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let table = Table {
        columns: columns(scene, area.width),
        cell: &|row, key, selected| match row {
            Row::Store(judged) => cell(scene, judged, key, selected),
            _ => Cell::blank(),
        },
        order: &|key| match key {
            Key::Name => Some(Sort::Name),
            Key::Inside => Some(Sort::Inside),
            Key::Full => Some(Sort::Full),
            Key::Entered => Some(Sort::Entered),
            Key::Age => Some(Sort::Age),
            Key::State => Some(Sort::Attention),
            _ => None,
        },
        empty: "No stores yet. They appear when the first counter is seen, or as [[store]] in the \
                configuration; 4 shows the sources.",
    };
    let fitted = list::draw(scene, &table, area, buf);
    totals(scene, &fitted, area, buf);
}

/// Narrow terminals have the state's glyph alone, and less of everything.
fn columns(scene: &Scene<'_>, width: u16) -> Vec<Column<Key>> {
    let longest = scene.app.list().listing.name_width.clamp(5, 28);
    let narrow = width < 60;
    let mut columns = vec![
        Column::words(
            Key::Name,
            "Store",
            longest.min(if narrow { 10 } else { 12 }),
            0,
        )
        .up_to(longest),
        Column::numbers(Key::Inside, inside_title(scene), 6, 0).after(1),
        Column::words(Key::Band, "", 6, 5).after(1),
        Column::words(Key::Gauge, "Of capacity", 12, 6).up_to(20),
        Column::words(Key::Full, " Full", 11, 3).after(u16::from(!narrow)),
        Column::numbers(Key::Entered, "In", 6, 4).after(1),
        match scene.app.comparing.heading() {
            None => Column::numbers(Key::Left, "Out", 6, 4),
            Some(heading) => Column::numbers(Key::Usual, heading, 7, 4).after(1),
        },
        Column::words(Key::Today, "Today", 16, 7).up_to(32),
        Column::numbers(Key::Age, "Age", 5, 2).after(if narrow { 0 } else { 2 }),
    ];
    if narrow {
        columns.push(Column::words(Key::Glyph, "", 1, 1).after(1));
    } else {
        columns.push(Column::words(Key::State, "State", 8, 1));
        columns.push(Column::words(Key::Flags, "", 8, 8).up_to(24));
    }
    columns
}

fn inside_title(scene: &Scene<'_>) -> &'static str {
    if scene.app.raw { "Raw" } else { "Inside" }
}

fn cell<'a>(
    scene: &'a Scene<'a>,
    judged: &'a Judged<StoreRow>,
    key: Key,
    selected: bool,
) -> Cell<'a> {
    let theme = scene.theme();
    let row = &*judged.row;
    let today = row.today;
    match key {
        Key::Name => Cell::text(&*row.store.name, figures::name_style(scene, selected)),
        Key::Inside => Cell::Text(vec![figures::inside(scene, judged)]),
        Key::Band => Cell::text(figures::band(scene, judged), theme.faint),
        Key::Gauge => Cell::draw(move |area, buf| {
            Gauge::new(row, judged.state).render(area, buf, scene.glyphs(), theme);
        }),
        Key::Full => Cell::Text(figures::full(scene, judged)),
        Key::Entered => total(scene, today.map(|today| today.entered), judged),
        Key::Left => total(scene, today.map(|today| today.left), judged),
        Key::Usual => Cell::text(usual(scene, row), theme.faint),
        Key::Today => Cell::draw(move |area, buf| spark(scene, row, area, buf)),
        Key::Age => Cell::text(
            Row::Store(judged)
                .as_of()
                .map_or_else(|| "--".to_owned(), |at| scene.age_by(at, row.skew_s)),
            theme.faint,
        ),
        Key::Glyph => Cell::text(data_glyph(judged.state), scene.data_style(judged.state)),
        Key::State => Cell::Text(vec![figures::state(scene, judged.state)]),
        Key::Flags => {
            let quality = row
                .occupancy
                .as_ref()
                .map(|occupancy| occupancy.shown.quality);
            let mut flags = figures::flags(quality.unwrap_or(Quality::GOOD));
            if row.after_hours(scene.now).is_some() {
                let between = if flags.is_empty() { "" } else { ", " };
                flags = format!("after hours{between}{flags}");
            }
            Cell::text(flags, theme.warn)
        }
    }
}

/// A total of the day: it stays true when it is old, so it is dimmed and never hidden.
fn total<'a>(scene: &Scene<'_>, value: Option<u64>, judged: &Judged<StoreRow>) -> Cell<'a> {
    let text = value.map_or_else(|| "--".to_owned(), words::count);
    Cell::text(text, scene.number_style(judged.state))
}

/// How many had come in on the day that is compared with when it was as late as the data reaches.
fn usual(scene: &Scene<'_>, row: &StoreRow) -> String {
    match (scene.app.against(row), row.today) {
        (Some(Against::Usual(usual)), Some(_)) => {
            let by = row.covered_to.unwrap_or(scene.now).min(scene.now);
            words::count(usual.entered_by(by))
        }
        _ => "--".to_owned(),
    }
}

fn spark(scene: &Scene<'_>, row: &StoreRow, area: Rect, buf: &mut Buffer) {
    let axis = Axis::of(&row.store, &row.day);
    let points = axis.points(&row.day);
    let largest = points.iter().filter_map(|point| match point {
        Point::Value(value) | Point::Provisional(value) => Some(*value),
        _ => None,
    });
    // Of its own height, but a nearly empty store does not look busy.
    let floor = row.store.capacity.map_or(4, |capacity| capacity / 4);
    let bars = Bars {
        points: &points,
        total: axis.cells(),
        top: largest.max().unwrap_or(0).max(floor),
        warn: warn_level(row),
        capacity: row.store.capacity,
    };
    bars.render(area, buf, scene.glyphs(), scene.theme());
}

/// The number of people at which a store's gauge turns amber.
pub fn warn_level(row: &StoreRow) -> Option<f64> {
    let capacity = row.store.capacity?;
    Some(row.store.warn * f64::from(capacity))
}

fn totals(scene: &Scene<'_>, fitted: &[Fitted<Key>], body: Rect, buf: &mut Buffer) {
    let lines = list::below(scene.app, body);
    if lines == 0 || fitted.is_empty() {
        return;
    }
    let theme = scene.theme();
    let totals = scene.app.list().listing.totals;
    if lines > 1 {
        let line = Rect {
            x: body.x + 1,
            y: body.bottom() - 2,
            width: body.width.saturating_sub(2),
            height: 1,
        };
        rule(scene, &together(&totals), line, buf);
    }
    let line = Rect {
        y: body.bottom() - 1,
        height: 1,
        ..body
    };
    let ellipsis = scene.glyphs().ellipsis;
    for fitted in fitted {
        let text = match fitted.column.key {
            Key::Name if totals.counted < totals.stores => {
                format!(
                    "{} of {}",
                    totals.counted,
                    plural(totals.stores, "store", "stores")
                )
            }
            Key::Name => plural(totals.stores, "store", "stores"),
            Key::Inside => figures::people(&totals),
            Key::Band => figures::spread(scene, &totals),
            Key::Entered if totals.coverage().is_some() => words::count(totals.entered),
            Key::Left if totals.coverage().is_some() => words::count(totals.left),
            _ => continue,
        };
        let style = match fitted.column.key {
            Key::Inside | Key::Entered | Key::Left => theme.strong,
            _ => theme.faint,
        };
        let align = if fitted.column.key == Key::Name {
            Align::Left
        } else {
            fitted.column.align
        };
        Cell::text(text, style).render(cell_area(fitted, line), align, buf, ellipsis);
    }
}

/// What the totals stand on: `Together, 98% of the day's data is here`.
fn together(totals: &Totals) -> String {
    totals.coverage().map_or_else(String::new, |coverage| {
        let coverage = words::percent(coverage);
        format!("Together, coverage {coverage}")
    })
}
