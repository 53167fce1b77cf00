//! What all lists share: the headings of the columns, the rows, the selection, the groups.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::figures;
use crate::model::totals::Totals;
use crate::screen::app::{App, ListKind};
use crate::screen::listing::Line;
use crate::screen::row::{Row, Sort};
use crate::screen::scene::Scene;
use crate::screen::widgets::page::rule;
use crate::screen::widgets::table::{Align, Cell, Column, Fitted, fit};
use crate::screen::widgets::text::{Piece, put, put_pieces, wrap};
use crate::screen::words;

/// A list's columns and how to fill them.
pub struct Table<'a, K> {
    /// The columns.
    pub columns: Vec<Column<K>>,
    /// The cell of a row; the flag says whether the row is selected.
    pub cell: &'a dyn Fn(Row<'a>, K, bool) -> Cell<'a>,
    /// The order that a column stands for.
    pub order: &'a dyn Fn(K) -> Option<Sort>,
    /// What to say when there is nothing.
    pub empty: &'a str,
}

/// Columns kept free for the marker of the selected row.
const MARGIN: u16 = 2;

/// How many rows of the body are lines of the list.
pub fn window(app: &App, body: Rect) -> usize {
    usize::from(rows_area(app, body).height)
}

/// The lines of the list within the body: below the headings, above the totals or details.
fn rows_area(app: &App, body: Rect) -> Rect {
    let headings = u16::from(body.height >= 3);
    let below = below(app, body);
    Rect {
        y: body.y + headings,
        height: body.height - headings - below,
        ..body
    }
}

/// Lines below the list: totals of stores, details of the selected source.
pub fn below(app: &App, body: Rect) -> u16 {
    match app.kind {
        ListKind::Stores if body.height >= 12 => 2,
        ListKind::Stores if body.height >= 7 => 1,
        ListKind::Sources if body.height >= 14 => {
            let lines = u16::try_from(app.list().listing.lines.len()).unwrap_or(u16::MAX);
            let list = lines.clamp(3, body.height / 2);
            body.height - 2 - list
        }
        _ => 0,
    }
}

/// Draws the list; returns its columns, for totals that stand under them.
pub fn draw<'a, K: Copy>(
    scene: &'a Scene<'a>,
    table: &Table<'a, K>,
    body: Rect,
    buf: &mut Buffer,
) -> Vec<Fitted<K>> {
    let list = scene.app.list();
    if list.listing.rows.is_empty() {
        nothing(scene, table.empty, body, buf);
        return Vec::new();
    }
    let rows = rows_area(scene.app, body);
    let fitted = fit(&table.columns, body.width.saturating_sub(MARGIN + 1));
    if rows.y > body.y {
        headings(scene, table, &fitted, body, buf);
    }
    let selected = list.listing.rows.get(list.at).copied();
    let lines = list.listing.lines.iter().enumerate().skip(list.top);
    for ((number, line), y) in lines.zip(rows.y..rows.bottom()) {
        let at = Rect {
            y,
            height: 1,
            ..rows
        };
        match line {
            Line::Group(name, totals) => group(scene, name, *totals, at, buf),
            Line::Row(place) => {
                let Some(row) = Row::of(&scene.app.judgement, scene.app.kind, *place) else {
                    continue;
                };
                let is_selected = selected == Some(number);
                if is_selected {
                    let marker = (scene.glyphs().marker, scene.theme().accent);
                    put(buf, (at.x, y), 1, marker, "");
                }
                for fitted in &fitted {
                    let cell = (table.cell)(row, fitted.column.key, is_selected);
                    let place = cell_area(fitted, at);
                    cell.render(place, fitted.column.align, buf, scene.glyphs().ellipsis);
                }
            }
        }
    }
    fitted
}

/// The area of a column's cell in a line.
pub fn cell_area<K>(fitted: &Fitted<K>, line: Rect) -> Rect {
    let x = line.x.saturating_add(MARGIN + fitted.x);
    Rect {
        x,
        width: fitted.width.min(line.right().saturating_sub(x)),
        ..line
    }
}

fn headings<K: Copy>(
    scene: &Scene<'_>,
    table: &Table<'_, K>,
    fitted: &[Fitted<K>],
    body: Rect,
    buf: &mut Buffer,
) {
    let (theme, glyphs) = (scene.theme(), scene.glyphs());
    let wish = &scene.app.list().wish;
    let line = Rect { height: 1, ..body };
    for fitted in fitted {
        let column = fitted.column;
        let sorted = wish.sort != Sort::Configured && (table.order)(column.key) == Some(wish.sort);
        let ascending = (wish.sort == Sort::Name) != wish.reverse;
        let arrow = if ascending {
            glyphs.ascending
        } else {
            glyphs.descending
        };
        let pieces: Vec<Piece> = match (sorted, column.align) {
            (false, _) => vec![(column.title.to_owned(), theme.faint)],
            (true, Align::Left) => vec![
                (column.title.to_owned(), theme.accent),
                (arrow.to_owned(), theme.accent),
            ],
            (true, Align::Right) => vec![
                (arrow.to_owned(), theme.accent),
                (column.title.to_owned(), theme.accent),
            ],
        };
        Cell::Text(pieces).render(cell_area(fitted, line), column.align, buf, glyphs.ellipsis);
    }
}

fn group(scene: &Scene<'_>, name: &str, totals: Totals, at: Rect, buf: &mut Buffer) {
    let theme = scene.theme();
    let line = Rect {
        x: at.x + 1.min(at.width),
        width: at.width.saturating_sub(2),
        ..at
    };
    let faint = |text: String| (text, theme.faint);
    let band = figures::spread(scene, &totals);
    let band = if band.is_empty() {
        band
    } else {
        format!(" {band}")
    };
    let mut pieces = vec![
        (format!(" {name}"), theme.strong),
        faint(format!(" {}{band} inside", figures::people(&totals))),
    ];
    if totals.counted < totals.stores {
        let known = format!(" in {} of {}", totals.counted, totals.stores);
        pieces.push(faint(known));
    }
    // The sums of the day only where they leave the heading a heading.
    if line.width >= 70
        && let Some(coverage) = totals.coverage()
    {
        pieces.push(faint(format!(
            "   in {}  out {}   coverage {}",
            words::count(totals.entered),
            words::count(totals.left),
            words::percent(coverage)
        )));
    }
    pieces.push(faint(" ".to_owned()));
    let used = put_pieces(buf, line, &pieces, scene.glyphs().ellipsis);
    let rest = Rect {
        x: line.x + used,
        width: line.width - used,
        ..line
    };
    rule(scene, "", rest, buf);
}

fn nothing(scene: &Scene<'_>, empty: &str, body: Rect, buf: &mut Buffer) {
    let list = scene.app.list();
    let text = if list.listing.all == 0 {
        empty
    } else if list.wish.problems && list.wish.filter.is_empty() {
        "Nothing needs attention. p shows everything."
    } else {
        "Nothing passes the filter. Esc clears it."
    };
    let width = usize::from(body.width.saturating_sub(4)).min(72);
    let lines = wrap(text, width);
    let top = body.y + body.height / 3;
    for (line, y) in lines.iter().zip(top..body.bottom()) {
        let at = (body.x.saturating_add(MARGIN), y);
        put(
            buf,
            at,
            body.width.saturating_sub(MARGIN),
            (line, scene.theme().faint),
            scene.glyphs().ellipsis,
        );
    }
}
