//! A page of blocks, one below the other, that may be longer than its window.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::text::{Piece, pieces_columns, put, put_pieces, wrap_pieces};
use crate::screen::scene::Scene;

/// Draws into an area, as often as asked.
type Drawing<'a> = Box<dyn Fn(Rect, &mut Buffer) + 'a>;

/// A part of a page: so many lines, drawn as wide as the page is.
pub struct Block<'a> {
    height: u16,
    draw: Drawing<'a>,
}

impl<'a> Block<'a> {
    /// A block of `height` lines.
    pub fn new(height: u16, draw: impl Fn(Rect, &mut Buffer) + 'a) -> Self {
        Self {
            height,
            draw: Box::new(draw),
        }
    }

    /// A line of text in styles.
    pub fn line(scene: &'a Scene<'_>, pieces: Vec<Piece>) -> Self {
        let ellipsis = scene.glyphs().ellipsis;
        Self::new(1, move |area, buf| {
            put_pieces(buf, area, &pieces, ellipsis);
        })
    }

    /// Groups of text that stay whole, as many lines as they need in `width` columns.
    pub fn flow(scene: &'a Scene<'_>, groups: Vec<Vec<Piece>>, width: u16) -> Self {
        let gap = (FLOW_GAP.to_owned(), scene.theme().text);
        let mut lines: Vec<Vec<Piece>> = Vec::new();
        for group in groups.into_iter().filter(|group| !group.is_empty()) {
            match lines.last_mut() {
                Some(line) if pieces_columns(line) + 3 + pieces_columns(&group) <= width => {
                    line.push(gap.clone());
                    line.extend(group);
                }
                _ => lines.push(group),
            }
        }
        let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
        let ellipsis = scene.glyphs().ellipsis;
        Self::new(height, move |area, buf| {
            for (line, y) in lines.iter().zip(area.y..area.bottom()) {
                let place = Rect {
                    y,
                    height: 1,
                    ..area
                };
                put_pieces(buf, place, line, ellipsis);
            }
        })
    }

    /// A label and what belongs to it, in as many lines as that needs in `width` columns.
    pub fn labelled(
        scene: &'a Scene<'_>,
        label: Piece,
        pieces: &[Piece],
        (indent, width): (u16, u16),
    ) -> Self {
        let indent = indent.min(width / 2);
        let lines = wrap_pieces(pieces, width.saturating_sub(indent).max(1));
        let height = u16::try_from(lines.len().max(1)).unwrap_or(u16::MAX);
        let ellipsis = scene.glyphs().ellipsis;
        Self::new(height, move |area, buf| {
            let room = indent.saturating_sub(1);
            put(buf, (area.x, area.y), room, (&label.0, label.1), ellipsis);
            for (line, y) in lines.iter().zip(area.y..area.bottom()) {
                let place = Rect {
                    x: area.x + indent.min(area.width),
                    y,
                    width: area.width.saturating_sub(indent),
                    height: 1,
                };
                put_pieces(buf, place, line, ellipsis);
            }
        })
    }

    /// An empty line.
    #[must_use]
    pub fn blank() -> Self {
        Self::new(1, |_, _| {})
    }

    /// A title with a line behind it.
    pub fn title(scene: &'a Scene<'_>, title: &'a str) -> Self {
        Self::new(1, move |area, buf| rule(scene, title, area, buf))
    }

    /// Two columns of blocks beside each other; `left` is the width of the first.
    pub fn beside(left: u16, first: Vec<Self>, second: Vec<Self>) -> Self {
        let height = total(&first).max(total(&second));
        let height = u16::try_from(height).unwrap_or(u16::MAX);
        Self::new(height, move |area, buf| {
            let width = left.min(area.width);
            stack(&first, Rect { width, ..area }, buf);
            let gap = (width + 3).min(area.width);
            let right = Rect {
                x: area.x + gap,
                width: area.width - gap,
                ..area
            };
            stack(&second, right, buf);
        })
    }
}

/// Between two groups of a flow.
const FLOW_GAP: &str = "   ";

/// Draws a title and a line to the right edge.
pub fn rule(scene: &Scene<'_>, title: &str, area: Rect, buf: &mut Buffer) {
    let (theme, glyphs) = (scene.theme(), scene.glyphs());
    let mut x = area.x;
    if !title.is_empty() {
        x += put(
            buf,
            (x, area.y),
            area.width,
            (title, theme.faint),
            glyphs.ellipsis,
        ) + 1;
    }
    for x in x..area.right() {
        put(buf, (x, area.y), 1, (glyphs.rule, theme.line), "");
    }
}

/// Draws blocks into a window from line `top` on. Returns the lines of the whole page.
pub fn scrolled(blocks: &[Block<'_>], top: usize, area: Rect, buf: &mut Buffer) -> usize {
    let content = total(blocks);
    if area.is_empty() {
        return content;
    }
    let top = top.min(content.saturating_sub(area.height.into()));
    let mut line = 0;
    for block in blocks {
        let height = usize::from(block.height);
        let begins = line;
        line += height;
        if line <= top || begins >= top + usize::from(area.height) {
            continue;
        }
        if begins >= top && line <= top + usize::from(area.height) {
            let y = area.y + u16::try_from(begins - top).unwrap_or(0);
            let place = Rect {
                y,
                height: block.height,
                ..area
            };
            (block.draw)(place, buf);
        } else {
            clipped(block, begins, top, area, buf);
        }
    }
    content
}

/// Draws a block that is cut by the window's edge by way of a buffer of its own.
fn clipped(block: &Block<'_>, begins: usize, top: usize, area: Rect, buf: &mut Buffer) {
    let own = Rect::new(0, 0, area.width, block.height);
    let mut whole = Buffer::empty(own);
    whole.set_style(own, buf[(area.x, area.y)].style());
    (block.draw)(own, &mut whole);
    for line in 0..block.height {
        let at = begins + usize::from(line);
        if at < top || at >= top + usize::from(area.height) {
            continue;
        }
        let y = area.y + u16::try_from(at - top).unwrap_or(0);
        for x in 0..area.width {
            buf[(area.x + x, y)] = whole[(x, line)].clone();
        }
    }
}

fn stack(blocks: &[Block<'_>], area: Rect, buf: &mut Buffer) {
    scrolled(blocks, 0, area, buf);
}

fn total(blocks: &[Block<'_>]) -> usize {
    blocks.iter().map(|block| usize::from(block.height)).sum()
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    fn numbered(height: u16, name: char) -> Block<'static> {
        Block::new(height, move |area, buf| {
            for (number, y) in (area.y..area.bottom()).enumerate() {
                buf.set_string(area.x, y, format!("{name}{number}"), Style::new());
            }
        })
    }

    fn window(top: usize, height: u16) -> Vec<String> {
        let blocks = [numbered(2, 'a'), numbered(3, 'b'), numbered(1, 'c')];
        let area = Rect::new(0, 0, 2, height);
        let mut buf = Buffer::empty(area);
        assert_eq!(scrolled(&blocks, top, area, &mut buf), 6);
        let rows = buf.content.chunks(2);
        rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect())
            .collect()
    }

    #[test]
    fn a_window_shows_whole_and_cut_blocks() {
        assert_eq!(window(0, 3), ["a0", "a1", "b0"]);
        assert_eq!(window(1, 3), ["a1", "b0", "b1"]);
        assert_eq!(window(3, 2), ["b1", "b2"]);
        assert_eq!(window(99, 2), ["b2", "c0"]);
        assert_eq!(
            window(0, 8),
            ["a0", "a1", "b0", "b1", "b2", "c0", "  ", "  "]
        );
    }

    #[test]
    fn columns_stand_beside_each_other() {
        let block = Block::beside(2, vec![numbered(1, 'a')], vec![numbered(2, 'b')]);
        let area = Rect::new(0, 0, 7, 2);
        let mut buf = Buffer::empty(area);
        scrolled(&[block], 0, area, &mut buf);
        assert_eq!(buf, Buffer::with_lines(["a0   b0", "     b1"]));
    }
}
