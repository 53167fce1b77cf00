//! The heartbeat strip: one sign for each of the last attempts, newest at the right.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::attempt::ErrorKind;
use crate::model::board::Beat;

use crate::screen::glyphs::Glyphs;
use crate::screen::theme::Theme;

/// Draws the newest attempts that fit into `area`'s first line, at its right edge.
pub fn render(beats: &[Beat], area: Rect, buf: &mut Buffer, glyphs: &Glyphs, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let columns = (area.x..area.right()).rev();
    for (beat, x) in beats.iter().rev().zip(columns) {
        let (sign, style) = match beat.failure {
            None if beat.news => (glyphs.beat, theme.good),
            None => (glyphs.quiet, theme.good),
            Some(ErrorKind::RateLimited) => (glyphs.failed, theme.warn),
            Some(_) => (glyphs.failed, theme.bad),
        };
        buf[(x, area.y)].set_symbol(sign).set_style(style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;
    use crate::screen::glyphs::BLOCK;

    fn beat(failure: Option<ErrorKind>, news: bool) -> Beat {
        Beat {
            at: Timestamp::UNIX_EPOCH,
            failure,
            news,
        }
    }

    fn line(width: u16) -> String {
        let beats = [
            beat(None, true),
            beat(None, false),
            beat(Some(ErrorKind::Auth), false),
            beat(None, true),
        ];
        let area = Rect::new(0, 0, width, 1);
        let mut buf = Buffer::empty(area);
        render(&beats, area, &mut buf, &BLOCK, &Theme::mono());
        buf.content
            .iter()
            .map(ratatui::buffer::Cell::symbol)
            .collect()
    }

    #[test]
    fn the_newest_attempt_is_at_the_right() {
        assert_eq!(line(6), "  ▅▂x▅");
        assert_eq!(line(2), "x▅");
        assert_eq!(line(0), "");
    }
}
