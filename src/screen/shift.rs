//! Finds out that a part of the picture has only moved up or down, so that the terminal can move
//! it by itself: a few bytes instead of some thousands when a long list scrolls over a slow line.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

use ratatui::buffer::{Buffer, Cell};

/// Lines that the terminal is to move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// The lines, from the first to behind the last.
    pub lines: Range<u16>,
    /// How far, in lines.
    pub by: u16,
    /// Up, or down.
    pub up: bool,
}

/// Changes below this many cells are sent as they are.
const WORTH: usize = 200;

/// The shift after which less is left to send; `None` when there is none.
#[must_use]
pub fn find(shown: &Buffer, next: &Buffer) -> Option<Shift> {
    if shown.area != next.area || differing(shown, next) < WORTH {
        return None;
    }
    let shift = likeliest(&hashes(shown), &hashes(next))?;
    let mut moved = shown.clone();
    apply(&shift, &mut moved);
    (differing(&moved, next) + WORTH < differing(shown, next)).then_some(shift)
}

/// Moves the lines of a buffer as the terminal does: what comes in is empty.
pub fn apply(shift: &Shift, buffer: &mut Buffer) {
    let width = usize::from(buffer.area.width);
    let from = usize::from(shift.lines.start) * width;
    let to = (usize::from(shift.lines.end) * width).min(buffer.content.len());
    let by = usize::from(shift.by) * width;
    let lines = &mut buffer.content[from..to];
    if by >= lines.len() {
        lines.fill(Cell::EMPTY);
    } else if shift.up {
        lines.rotate_left(by);
        let left = lines.len() - by;
        lines[left..].fill(Cell::EMPTY);
    } else {
        lines.rotate_right(by);
        lines[..by].fill(Cell::EMPTY);
    }
}

fn differing(one: &Buffer, other: &Buffer) -> usize {
    let cells = one.content.iter().zip(&other.content);
    cells.filter(|(one, other)| one != other).count()
}

fn hashes(buffer: &Buffer) -> Vec<u64> {
    let rows = buffer.content.chunks(usize::from(buffer.area.width.max(1)));
    rows.map(|row| {
        let mut hasher = DefaultHasher::new();
        row.hash(&mut hasher);
        hasher.finish()
    })
    .collect()
}

/// The offset that explains most of the lines that changed, with the lines it explains.
fn likeliest(shown: &[u64], next: &[u64]) -> Option<Shift> {
    let height = isize::try_from(next.len()).ok()?;
    let lines_at = |offset: isize| {
        (0..height).filter(move |line| {
            let (Ok(to), Ok(from)) = (usize::try_from(*line), usize::try_from(line + offset))
            else {
                return false;
            };
            shown.get(from) == Some(&next[to]) && shown[to] != next[to]
        })
    };
    let offsets = (1 - height..height).filter(|offset| *offset != 0);
    let best = offsets.max_by_key(|offset| lines_at(*offset).count())?;
    let first = lines_at(best).next()?;
    let last = lines_at(best).next_back()?;
    let start = u16::try_from(first.min(first + best)).ok()?;
    let end = u16::try_from(last.max(last + best) + 1).ok()?;
    Some(Shift {
        lines: start..end,
        by: u16::try_from(best.unsigned_abs()).ok()?,
        up: best > 0,
    })
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    /// A header, rows from number `top` on, a footer.
    fn list(top: usize) -> Buffer {
        let area = Rect::new(0, 0, 60, 30);
        let mut buffer = Buffer::empty(area);
        buffer.set_string(0, 0, "header", Style::new());
        for (line, y) in (1..29).enumerate() {
            let number = top + line;
            let text = format!("{:08x} ", (number + 7) * 0x9E37_79B9 % 0xFFFF_FFFB).repeat(6);
            buffer.set_string(0, y, text, Style::new());
        }
        buffer.set_string(0, 29, format!("footer {top}"), Style::new());
        buffer
    }

    #[test]
    fn a_scrolled_list_is_moved() {
        for (from, to, by, up) in [(5, 6, 1, true), (6, 5, 1, false), (10, 17, 7, true)] {
            let shift = find(&list(from), &list(to)).unwrap();
            assert_eq!((shift.lines.clone(), shift.by, shift.up), (1..29, by, up));
            let mut moved = list(from);
            apply(&shift, &mut moved);
            let left = differing(&moved, &list(to));
            assert!(left <= usize::from(by) * 60 + 2, "{left}");
        }
    }

    #[test]
    fn other_changes_are_sent_as_they_are() {
        assert_eq!(find(&list(5), &list(5)), None);
        assert_eq!(find(&list(5), &list(500)), None);
        assert_eq!(
            find(&list(5), &Buffer::empty(Rect::new(0, 0, 60, 30))),
            None
        );
        assert_eq!(find(&list(5), &Buffer::empty(Rect::new(0, 0, 6, 3))), None);
    }
}
