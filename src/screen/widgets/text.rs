//! Text that fits: cut by columns, not by characters.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthStr;

/// A piece of text in a style.
pub type Piece = (String, Style);

/// Writes text at (x, y) within `width` columns; cut text ends in `ellipsis`. Returns the columns
/// used. Control characters are left out, whatever a vendor puts in a name.
pub fn put(
    buf: &mut Buffer,
    (x, y): (u16, u16),
    width: u16,
    (text, style): (&str, Style),
    ellipsis: &str,
) -> u16 {
    let area = buf.area;
    if width == 0 || y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
        return 0;
    }
    let width = width.min(area.right() - x);
    let style = exactly(style);
    if columns(text) <= usize::from(width) {
        let (end, _) = buf.set_stringn(x, y, text, width.into(), style);
        return end - x;
    }
    let (end, _) = buf.set_stringn(x, y, text, usize::from(width) - 1, style);
    let (end, _) = buf.set_stringn(end, y, ellipsis, 1, style);
    end - x
}

/// The style with every modifier it does not add taken away, so that nothing shines through from
/// what stood there before.
fn exactly(style: Style) -> Style {
    Style {
        sub_modifier: Modifier::all().difference(style.add_modifier),
        ..style
    }
}

/// Writes text so that it ends at the right edge of `area`'s first line.
pub fn put_right(buf: &mut Buffer, area: Rect, (text, style): (&str, Style), ellipsis: &str) {
    let width = u16::try_from(columns(text)).unwrap_or(u16::MAX);
    let pad = area.width.saturating_sub(width);
    let at = (area.x.saturating_add(pad), area.y);
    put(buf, at, area.width - pad, (text, style), ellipsis);
}

/// Writes pieces one after the other into `area`'s first line. Returns the columns used.
pub fn put_pieces(buf: &mut Buffer, area: Rect, pieces: &[Piece], ellipsis: &str) -> u16 {
    let mut used = 0;
    for (text, style) in pieces {
        let left = area.width.saturating_sub(used);
        let at = (area.x.saturating_add(used), area.y);
        used += put(buf, at, left, (text, *style), ellipsis);
        if columns(text) > usize::from(left) {
            break;
        }
    }
    used
}

/// Columns that text takes, control characters left out.
#[must_use]
pub fn columns(text: &str) -> usize {
    if text.is_ascii() {
        return text.bytes().filter(|byte| !byte.is_ascii_control()).count();
    }
    let controls = text.chars().filter(|letter| letter.is_control()).count();
    text.width().saturating_sub(controls)
}

/// Columns that pieces take.
#[must_use]
pub fn pieces_columns(pieces: &[Piece]) -> u16 {
    let sum: usize = pieces.iter().map(|(text, _)| columns(text)).sum();
    u16::try_from(sum).unwrap_or(u16::MAX)
}

/// Breaks styled text into lines of at most `width` columns, at spaces where there are any.
#[must_use]
pub fn wrap_pieces(pieces: &[Piece], width: u16) -> Vec<Vec<Piece>> {
    if pieces_columns(pieces) <= width {
        return vec![pieces.to_vec()];
    }
    let mut lines: Vec<Vec<Piece>> = vec![Vec::new()];
    let mut used = 0;
    for (text, style) in pieces {
        for word in text.split_whitespace() {
            for part in wrap(word, width.into()) {
                let wide = columns(&part);
                if used > 0 && used + 1 + wide > usize::from(width) {
                    lines.push(Vec::new());
                    used = 0;
                }
                let space = if used > 0 { " " } else { "" };
                used += space.len() + wide;
                if let Some(line) = lines.last_mut() {
                    line.push((format!("{space}{part}"), *style));
                }
            }
        }
    }
    lines
}

/// Breaks text into lines of at most `width` columns, at spaces where there are any.
#[must_use]
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let mut word = word.to_owned();
        if !line.is_empty() && columns(&line) + 1 + columns(&word) > width {
            lines.push(std::mem::take(&mut line));
        }
        while columns(&word) > width && word.chars().nth(1).is_some() {
            let rest = split_off(&mut word, width);
            lines.push(std::mem::replace(&mut word, rest));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// Cuts `word` to at most `width` columns, at least one character, and returns the rest.
fn split_off(word: &mut String, width: usize) -> String {
    let mut used = 0;
    let mut cut = word.len();
    for (at, letter) in word.char_indices() {
        used += columns(letter.encode_utf8(&mut [0; 4]));
        if used > width && at > 0 {
            cut = at;
            break;
        }
    }
    word.split_off(cut)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(width: u16, text: &str) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, 12, 1));
        put(&mut buf, (0, 0), width, (text, Style::new()), "…");
        let cells = buf.content.iter().map(ratatui::buffer::Cell::symbol);
        cells.collect::<String>().trim_end().to_owned()
    }

    #[test]
    fn text_is_cut_by_columns() {
        assert_eq!(line(5, "Ermou"), "Ermou");
        assert_eq!(line(5, "Syntagma"), "Synt…");
        assert_eq!(line(6, "Θεσσαλονίκη"), "Θεσσα…");
        assert_eq!(line(0, "x"), "");
        assert_eq!(line(1, "xy"), "…");
    }

    #[test]
    fn wide_letters_are_not_cut_in_half() {
        // Two columns each: three fit in seven, and the sign of the cut follows at once.
        assert_eq!(line(8, "新宿店舗"), "新 宿 店 舗");
        assert_eq!(line(7, "新宿店舗"), "新 宿 店 …");
        assert_eq!(line(6, "新宿店舗"), "新 宿 …");
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(line(12, "a\u{1b}[31mb\nc"), "a[31mbc");
        assert_eq!(columns("a\u{1b}[31mb\nc"), 7);
    }

    #[test]
    fn nothing_is_written_outside() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 3, 1));
        for at in [(3, 0), (0, 1), (9, 9)] {
            assert_eq!(put(&mut buf, at, 5, ("abc", Style::new()), "…"), 0);
        }
        assert_eq!(put(&mut buf, (2, 0), 5, ("abc", Style::new()), "…"), 1);
    }

    #[test]
    fn right_text_ends_at_the_edge() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 6, 1));
        put_right(&mut buf, Rect::new(0, 0, 6, 1), ("123", Style::new()), "…");
        assert_eq!(buf, Buffer::with_lines(["   123"]));
    }

    #[test]
    fn wrapping_breaks_at_spaces_and_long_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), Vec::<String>::new());
        assert_eq!(wrap("新宿", 1), ["新", "宿"]);
    }

    #[test]
    fn styled_text_wraps_with_its_styles() {
        let bold = Style::new().bold();
        let pieces = [
            ("X auth".to_owned(), bold),
            ("  last success".to_owned(), Style::new()),
        ];
        assert_eq!(wrap_pieces(&pieces, 20), [pieces.to_vec()]);
        let lines = wrap_pieces(&pieces, 11);
        let text = |line: &Vec<Piece>| {
            line.iter()
                .map(|(text, _)| text.as_str())
                .collect::<String>()
        };
        assert_eq!(
            lines.iter().map(text).collect::<Vec<_>>(),
            ["X auth last", "success"]
        );
        assert_eq!((lines[0][0].1, lines[1][0].1), (bold, Style::new()));
    }
}
