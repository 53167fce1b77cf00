//! The help overlay: the keys that work where it was called, narrowed by a filter.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};

use crate::screen::keymap::{self, Binding};
use crate::screen::scene::Scene;
use crate::screen::widgets::page::{Block, scrolled};
use crate::screen::widgets::text::put;

pub fn draw(scene: &Scene<'_>, (top, filter): (usize, &str), body: Rect, buf: &mut Buffer) {
    let theme = scene.theme();
    let wanted = filter.to_lowercase();
    let width = body.width.saturating_sub(8).min(96);
    let room = if is_framed(body) { width } else { body.width };
    let mut blocks: Vec<_> = keymap::at(scene.app.ground_spot())
        .filter(|binding| is_wanted(binding, &wanted))
        .map(|binding| {
            let about = [(binding.about.to_owned(), theme.text)];
            let keys = (keymap::names(binding), theme.accent);
            Block::labelled(scene, keys, &about, (16, room))
        })
        .collect();
    if blocks.is_empty() {
        let nothing = ("No key does that here.".to_owned(), theme.faint);
        blocks.push(Block::line(scene, vec![nothing]));
    }
    let title = format!("Keys on {}", scene.app.ground_spot().name());
    boxed(scene, &title, (&blocks, top), (width, body), buf);
}

/// Whether a filter finds a binding: by its keys, its word or its sentence.
fn is_wanted(binding: &Binding, wanted: &str) -> bool {
    let words = [
        keymap::names(binding),
        binding.hint.unwrap_or_default().to_owned(),
        binding.about.to_owned(),
    ];
    words
        .iter()
        .any(|text| text.to_lowercase().contains(wanted))
}

/// Whether there is room for a box around an overlay.
pub fn is_framed(body: Rect) -> bool {
    body.width >= 44 && body.height >= 8
}

/// Draws blocks in a box in the middle of the body; without the box where there is no room.
pub fn boxed(
    scene: &Scene<'_>,
    title: &str,
    (blocks, top): (&[Block<'_>], usize),
    (width, body): (u16, Rect),
    buf: &mut Buffer,
) {
    let framed = is_framed(body);
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
