//! The help overlay: the keys that work where it was called, narrowed by a filter.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

use super::super::keymap;
use super::super::scene::Scene;
use super::super::widgets::page::{Block, scrolled};
use super::super::widgets::text::put;

pub fn draw(scene: &Scene<'_>, (top, filter): (usize, &str), body: Rect, buf: &mut Buffer) {
    let theme = scene.theme();
    let wanted = filter.to_lowercase();
    let blocks: Vec<_> = keymap::at(scene.app.ground_spot())
        .map(|binding| (keymap::names(binding), binding.about))
        .filter(|(keys, about)| {
            keys.to_lowercase().contains(&wanted) || about.to_lowercase().contains(&wanted)
        })
        .map(|(keys, about)| {
            let pieces = vec![
                (format!("{keys:<16}"), theme.accent),
                (about.to_owned(), theme.text),
            ];
            Block::line(scene, pieces)
        })
        .collect();
    let title = format!("Keys on {}", scene.app.ground_spot().name());
    let width = body.width.saturating_sub(8).min(96);
    boxed(scene, &title, (&blocks, top), (width, body), buf);
}

/// Draws blocks in a box in the middle of the body; without the box where there is no room.
pub fn boxed(
    scene: &Scene<'_>,
    title: &str,
    (blocks, top): (&[Block<'_>], usize),
    (width, body): (u16, Rect),
    buf: &mut Buffer,
) {
    let framed = body.width >= 44 && body.height >= 8;
    let measure = scrolled(blocks, 0, Rect::ZERO, buf);
    let lines = u16::try_from(measure).unwrap_or(u16::MAX);
    let frame = if framed {
        let height = lines.saturating_add(2).min(body.height);
        let width = width + 4;
        Rect {
            x: body.x + (body.width - width) / 2,
            y: body.y + (body.height - height) / 3,
            width,
            height,
        }
    } else {
        body
    };
    Clear.render(frame, buf);
    buf.set_style(frame, scene.theme().ground);
    let inner = if framed {
        border(scene, title, frame, buf);
        Rect {
            x: frame.x + 2,
            y: frame.y + 1,
            width: frame.width - 4,
            height: frame.height - 2,
        }
    } else {
        frame
    };
    scrolled(blocks, top, inner, buf);
    scene.note_content(measure, inner.height.into());
}

fn border(scene: &Scene<'_>, title: &str, frame: Rect, buf: &mut Buffer) {
    let (theme, glyphs) = (scene.theme(), scene.glyphs());
    let (right, bottom) = (frame.right() - 1, frame.bottom() - 1);
    let mut sign = |x: u16, y: u16, sign: &str| {
        buf[(x, y)].set_symbol(sign).set_style(theme.line);
    };
    for x in frame.x..=right {
        sign(x, frame.y, glyphs.rule);
        sign(x, bottom, glyphs.rule);
    }
    for y in frame.y..=bottom {
        sign(frame.x, y, glyphs.bar);
        sign(right, y, glyphs.bar);
    }
    let corners = [
        (frame.x, frame.y),
        (right, frame.y),
        (frame.x, bottom),
        (right, bottom),
    ];
    for ((x, y), corner) in corners.into_iter().zip(glyphs.corners) {
        sign(x, y, corner);
    }
    let text = format!(" {title} ");
    let at = (frame.x + 2, frame.y);
    put(
        buf,
        at,
        frame.width - 4,
        (&text, theme.strong),
        glyphs.ellipsis,
    );
}
