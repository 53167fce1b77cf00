//! One line for each root of trouble, under the header.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::screen::blame::Blame;
use crate::screen::scene::Scene;
use crate::screen::widgets::text::{Piece, pieces_columns, put, put_pieces};

pub fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let blames = &scene.app.judgement.blames;
    let lines = usize::from(area.height);
    for (number, y) in (area.y..area.bottom()).enumerate() {
        let line = Rect {
            y,
            height: 1,
            ..area
        };
        let hidden = if number + 1 == lines {
            blames.len().saturating_sub(lines)
        } else {
            0
        };
        draw_one(scene, &blames[number], hidden, line, buf);
    }
}

/// The sentence gives way to the time of the next try and to the number of hidden lines.
fn draw_one(scene: &Scene<'_>, blame: &Blame, hidden: usize, area: Rect, buf: &mut Buffer) {
    let (theme, glyphs) = (scene.theme(), scene.glyphs());
    let (sign, style) = if blame.urgent {
        ("X", theme.banner)
    } else {
        ("!", theme.warn)
    };
    if blame.urgent {
        buf.set_style(area, style);
    }
    let mut tail: Vec<Piece> = Vec::new();
    if let Some(next) = blame.next.filter(|next| *next > scene.now) {
        tail.push((format!(", next try {}", scene.time(next)), style));
    }
    if hidden > 0 {
        tail.push((format!("  +{hidden} more on 4"), style));
    }
    let room = area.width.saturating_sub(4);
    let tail_width = pieces_columns(&tail);
    if tail_width + 12 > room {
        tail.clear();
    }
    let most = room - pieces_columns(&tail).min(room);
    put(buf, (area.x + 1, area.y), 1, (sign, style), "");
    let at = (area.x.saturating_add(3), area.y);
    let used = put(buf, at, most, (&blame.text, style), glyphs.ellipsis);
    let rest = Rect {
        x: at.0.saturating_add(used),
        width: room - used.min(room),
        ..area
    };
    put_pieces(buf, rest, &tail, glyphs.ellipsis);
}
