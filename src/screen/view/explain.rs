//! The explain overlay: why this value and this state, in sentences.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::help::{boxed, is_framed};
use super::{device, figures, sources, store};
use crate::screen::row::Row;
use crate::screen::scene::Scene;
use crate::screen::widgets::page::Block;
use crate::screen::widgets::text::wrap;

pub fn draw(scene: &Scene<'_>, top: usize, body: Rect, buf: &mut Buffer) {
    let Some(row) = scene.app.subject() else {
        return;
    };
    let local = match row {
        Row::Store(judged) => &scene.in_zone(judged.row.store.timezone),
        _ => scene,
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
    match row {
        Row::Store(judged) => {
            let scene = local;
            blocks.push(Block::line(
                scene,
                vec![
                    figures::inside(scene, judged),
                    (format!(" {}", figures::band(scene, judged)), theme.faint),
                    (" inside".to_owned(), theme.faint),
                ],
            ));
            blocks.push(Block::blank());
            for sentence in store::sentences(scene, judged) {
                blocks.extend(bullet(scene, &sentence, width));
            }
            if judged.row.occupancy.is_some() && last_value(judged.state) {
                let value = judged.row.occupancy.as_ref().map(figures::shown);
                let text = format!("the last value was {}", value.unwrap_or_default());
                blocks.extend(bullet(scene, &text, width));
            }
        }
        Row::Event(_) => {}
        Row::Source(judged) => {
            blocks.push(Block::blank());
            blocks.extend(sources::facts(scene, judged, width));
        }
        Row::Device(judged) => {
            blocks.push(Block::blank());
            blocks.extend(
                device::lines(scene, judged)
                    .into_iter()
                    .map(|(label, pieces)| {
                        let label = (label.to_owned(), theme.faint);
                        Block::labelled(scene, label, &pieces, (14, width))
                    }),
            );
        }
    }
    boxed(scene, "Explain", (&blocks, top), (boxed_width, body), buf);
}

fn last_value(state: crate::model::health::DataState) -> bool {
    use crate::model::health::DataState;
    matches!(state, DataState::Dead | DataState::Unknown)
}

fn bullet<'a>(scene: &'a Scene<'_>, sentence: &str, width: u16) -> Vec<Block<'a>> {
    let theme = scene.theme();
    let lines = wrap(sentence, usize::from(width.max(12)) - 2).into_iter();
    lines
        .enumerate()
        .map(|(number, line)| {
            let sign = if number == 0 { scene.glyphs().dot } else { " " };
            let pieces = vec![(format!("{sign} "), theme.faint), (line, theme.text)];
            Block::line(scene, pieces)
        })
        .collect()
}
