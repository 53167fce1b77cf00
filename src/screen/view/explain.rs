//! The explain overlay: a paragraph and a chain, the same as on the JSON board.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::figures;
use super::help::{boxed, is_framed};
use crate::model::explain::{Explanation, Guide};
use crate::screen::row::Row;
use crate::screen::scene::Scene;
use crate::screen::widgets::page::Block;
use crate::screen::widgets::text::wrap;
use crate::screen::words::{Zone, next_minute};

/// Columns of the names of the links.
const INDENT: u16 = 8;

pub fn draw(scene: &Scene<'_>, top: usize, body: Rect, buf: &mut Buffer) {
    let Some(row) = scene.app.subject() else {
        return;
    };
    let Some(explanation) = explanation(scene, row) else {
        return;
    };
    let theme = scene.theme();
    let boxed_width = body.width.saturating_sub(8).min(84);
    let width = if is_framed(body) {
        boxed_width
    } else {
        body.width
    };
    let mut blocks = vec![Block::line(
        scene,
        vec![
            (row.name().to_owned(), theme.strong),
            ("  ".to_owned(), theme.text),
            figures::state(scene, row.state()),
        ],
    )];
    if body.height >= 16 {
        blocks.push(Block::blank());
    }
    let said = signs(scene, &explanation.paragraph);
    for line in wrap(&said, usize::from(width.max(1))) {
        blocks.push(Block::line(scene, vec![(line, theme.text)]));
    }
    blocks.push(Block::blank());
    for link in &explanation.chain {
        let label = (link.what.to_owned(), theme.faint);
        let said = [(signs(scene, &link.text), theme.text)];
        blocks.push(Block::labelled(scene, label, &said, (INDENT, width)));
    }
    boxed(scene, "Explain", (&blocks, top), (boxed_width, body), buf);
}

/// The explanation of a row; an event explains itself.
fn explanation(scene: &Scene<'_>, row: Row<'_>) -> Option<Explanation> {
    // Ages and countdowns are told in whole minutes.
    scene.wake_at(next_minute(scene.now));
    let home = match scene.look.zone {
        Zone::Named(zone) => Some(zone),
        Zone::Local => None,
    };
    let guide = Guide::new(&scene.app.judgement.board, scene.now, home);
    match row {
        Row::Store(judged) => Some(guide.store(&judged.row)),
        Row::Source(judged) => Some(guide.source(&judged.row)),
        Row::Device(judged) => Some(guide.device(&judged.row)),
        Row::Event(_) => None,
    }
}

/// A sentence in the signs that the terminal has.
pub fn signs(scene: &Scene<'_>, text: &str) -> String {
    text.replace('\u{b1}', scene.glyphs().plus_minus)
}
