//! One or two lines for a terminal that has no room for more.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::figures;
use crate::model::totals::Totals;
use crate::screen::row::{Row, data_glyph};
use crate::screen::scene::Scene;
use crate::screen::widgets::text::{Piece, put_pieces};
use crate::screen::words::{next_minute, plural};

pub fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let ellipsis = scene.glyphs().ellipsis;
    let lines = [overall(scene), selected(scene)];
    for (pieces, y) in lines.iter().zip(area.y..area.bottom()) {
        let line = Rect {
            y,
            height: 1,
            ..area
        };
        put_pieces(buf, line, pieces, ellipsis);
    }
}

/// `231 inside in 6 stores  1 over  10:16`.
fn overall(scene: &Scene<'_>) -> Vec<Piece> {
    let theme = scene.theme();
    let mut totals = Totals::default();
    for judged in &scene.app.judgement.stores {
        totals.add(&judged.row, judged.state);
    }
    let mut pieces = vec![
        (figures::people(&totals), theme.strong),
        (
            format!(" inside in {}", plural(totals.counted, "store", "stores")),
            theme.faint,
        ),
    ];
    let counts = scene.app.judgement.counts;
    for (number, word, style) in [
        (counts.over, "over", theme.bad),
        (counts.possibly, "over?", theme.warn),
        (counts.near, "near", theme.warn),
        (counts.overdue, "overdue", theme.warn),
        (counts.failing, "failing", theme.bad),
    ] {
        if number > 0 {
            pieces.push((format!("  {number} {word}"), style));
        }
    }
    scene.wake_at(next_minute(scene.now));
    let clock = scene.look.zone.show(scene.now, "  %H:%M");
    pieces.push((clock, theme.faint));
    pieces
}

/// The selected row: `Ermou 96 + 1m`.
fn selected(scene: &Scene<'_>) -> Vec<Piece> {
    let theme = scene.theme();
    let Some(row) = scene.app.subject() else {
        return Vec::new();
    };
    let mut pieces = vec![(format!("{} ", row.name()), theme.text)];
    if let Row::Store(judged) = row {
        pieces.push(figures::inside(scene, judged));
        pieces.push((format!(" {}", figures::band(scene, judged)), theme.faint));
    }
    if let Row::Event(told) = row {
        pieces.push((format!(" {}", told.mark.glyph()), theme.faint));
        return pieces;
    }
    let glyph = data_glyph(row.state());
    pieces.push((format!("  {glyph}"), scene.data_style(row.state())));
    if let Some(as_of) = row.as_of() {
        pieces.push((format!(" {}", scene.age(as_of)), theme.faint));
    }
    pieces
}
