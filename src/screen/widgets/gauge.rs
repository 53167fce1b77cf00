//! How full a store is: the number, its band, the warning share and the capacity on one line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::board::{Band, StoreRow};
use crate::model::health::DataState;

use crate::screen::glyphs::Glyphs;
use crate::screen::theme::Theme;

use super::text::Piece;

/// A gauge of a store. It is made from the row, so that it cannot show a number without its
/// quality: without a live number it is empty, a stale one is dimmed.
#[derive(Clone, Copy, Debug)]
pub struct Gauge<'a> {
    row: &'a StoreRow,
    state: DataState,
    headroom: f64,
    large: bool,
}

impl<'a> Gauge<'a> {
    /// A thin gauge that is full at the capacity.
    #[must_use]
    pub fn new(row: &'a StoreRow, state: DataState) -> Self {
        Self {
            row,
            state,
            headroom: 1.0,
            large: false,
        }
    }

    /// As a large one with room behind the capacity, as a share of it.
    #[must_use]
    pub fn large(mut self, headroom: f64) -> Self {
        self.headroom = 1.0 + headroom;
        self.large = true;
        self
    }

    /// Draws it over the whole area. Nothing is drawn without a capacity.
    pub fn render(self, area: Rect, buf: &mut Buffer, glyphs: &Glyphs, theme: &Theme) {
        let Some(capacity) = self.row.store.capacity.filter(|capacity| *capacity > 0) else {
            return;
        };
        let scale = f64::from(capacity) * self.headroom;
        let places = f64::from(area.width);
        let at = |value: f64| value / scale * places;
        let (low, shown, high) = self.numbers();
        let marks = [
            (at(f64::from(capacity)), glyphs.capacity),
            (at(self.row.store.warn * f64::from(capacity)), glyphs.warn),
        ];
        let fill = self.fill_style(theme);
        let (parts, band) = if self.large {
            (glyphs.fill, glyphs.band)
        } else {
            (glyphs.thin, glyphs.thin_band)
        };
        for column in 0..area.width {
            let left = f64::from(column);
            let mark = (marks.iter())
                .find(|(place, _)| *place >= left && *place < left + 1.0)
                .map(|(_, sign)| *sign);
            let whole = at(shown) >= left + 1.0;
            let (sign, style) = if self.large && whole && at(low) < left + 0.5 {
                (glyphs.likely, fill)
            } else if let Some(sign) = part(at(shown) - left, parts) {
                (sign, fill)
            } else if at(high) > left + 0.5 {
                (band, fill)
            } else if let Some(sign) = mark {
                (sign, theme.faint)
            } else {
                (glyphs.rest, theme.line)
            };
            for y in area.y..area.bottom() {
                buf[(area.x + column, y)].set_symbol(sign).set_style(style);
            }
        }
        if at(shown) > places {
            for y in area.y..area.bottom() {
                let last = &mut buf[(area.right() - 1, y)];
                last.set_symbol(glyphs.beyond).set_style(fill);
            }
        }
    }

    /// The lower edge of the band, the shown number and the upper edge; zero where there is no
    /// live number.
    fn numbers(&self) -> (f64, f64, f64) {
        let live = !matches!(self.state, DataState::Dead | DataState::Unknown);
        (self.row.occupancy.as_ref().filter(|_| live)).map_or((0.0, 0.0, 0.0), |occupancy| {
            (
                f64::from(occupancy.low),
                f64::from(occupancy.shown.value),
                f64::from(occupancy.high),
            )
        })
    }

    fn fill_style(&self, theme: &Theme) -> Style {
        if !matches!(
            self.state,
            DataState::Fresh | DataState::Due | DataState::Late
        ) {
            return theme.stale;
        }
        match self.row.band() {
            Band::Over => theme.bad,
            Band::Near => theme.warn,
            Band::Normal | Band::Unknown => theme.accent,
        }
    }
}

/// A thin gauge of a plain share, as text: what is filled and what is left. A share of more than
/// one ends in the sign for that.
#[must_use]
pub fn strip(share: f64, width: u16, glyphs: &Glyphs, theme: &Theme) -> Vec<Piece> {
    let filled = share * f64::from(width);
    let signs = (0..width).map_while(|column| part(filled - f64::from(column), glyphs.thin));
    let mut signs: Vec<&str> = signs.collect();
    let left = usize::from(width) - signs.len();
    if share > 1.0
        && let Some(last) = signs.last_mut()
    {
        *last = glyphs.beyond;
    }
    vec![
        (signs.concat(), theme.accent),
        (glyphs.rest.repeat(left), theme.line),
    ]
}

/// The sign of a cell of which so much is filled; `None` when nothing is.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "small and positive by the guards"
)]
fn part(filled: f64, signs: &'static [&'static str]) -> Option<&'static str> {
    if filled >= 1.0 {
        return signs.last().copied();
    }
    let steps = signs.len();
    let step = (filled * f64::from(u8::try_from(steps).unwrap_or(u8::MAX))).round();
    if step < 1.0 {
        return None;
    }
    signs.get((step as usize).min(steps) - 1).copied()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::Timestamp;
    use crate::model::board::{Occupancy, Origin};
    use crate::model::figure::{Figure, Quality};
    use crate::model::health::Expectation;
    use crate::model::store::Store;
    use crate::screen::glyphs::{ASCII, BLOCK};

    fn row(shown: u32, band: u32, capacity: Option<u32>) -> StoreRow {
        let mut store = Store::named("Ermou", chrono_tz::UTC);
        store.capacity = capacity;
        StoreRow {
            store: Arc::new(store),
            declared: true,
            members: Vec::new(),
            occupancy: Some(Occupancy {
                shown: Figure {
                    value: shown,
                    as_of: Timestamp::UNIX_EPOCH,
                    fetched_at: Timestamp::UNIX_EPOCH,
                    quality: Quality::GOOD,
                },
                low: shown.saturating_sub(band),
                high: shown.saturating_add(band),
                raw: 0,
                origin: Origin::Counted,
                why: Vec::new(),
            }),
            today: None,
            day: Arc::default(),
            expectation: Expectation {
                period_s: 900,
                lag_s: 180,
                grace_s: 120,
            },
            covered_to: None,
            confirmed: true,
            paused: false,
            peak: None,
            evidence: crate::model::evidence::Evidence::default(),
            skew_s: 0,
        }
    }

    fn draw(row: &StoreRow, state: DataState, width: u16, glyphs: &Glyphs) -> String {
        let area = Rect::new(0, 0, width, 1);
        let mut buf = Buffer::empty(area);
        Gauge::new(row, state).render(area, &mut buf, glyphs, &Theme::mono());
        let signs = buf.content.iter().map(ratatui::buffer::Cell::symbol);
        signs.collect()
    }

    #[test]
    fn a_share_as_text_is_as_wide_as_asked() {
        let strip = |share: f64, width: u16, glyphs: &Glyphs| -> String {
            let pieces = strip(share, width, glyphs, &Theme::mono());
            pieces.into_iter().map(|(text, _)| text).collect()
        };
        assert_eq!(strip(0.0, 8, &ASCII), "........");
        assert_eq!(strip(0.5, 8, &ASCII), "####....");
        assert_eq!(strip(1.0, 8, &ASCII), "########");
        assert_eq!(strip(7.0, 8, &ASCII).chars().count(), 8);
        assert!(strip(1.1, 8, &ASCII).ends_with(ASCII.beyond));
        assert_eq!(strip(0.5, 0, &BLOCK), "");
    }

    #[test]
    fn number_band_and_warning_share() {
        let half = row(50, 10, Some(100));
        assert_eq!(
            draw(&half, DataState::Fresh, 20, &ASCII),
            "##########==....:..."
        );
        assert_eq!(
            draw(&half, DataState::Fresh, 20, &BLOCK),
            "━━━━━━━━━━──····┊···"
        );
        assert_eq!(draw(&half, DataState::Fresh, 1, &ASCII), "#");
        assert_eq!(draw(&half, DataState::Fresh, 0, &ASCII), "");
    }

    #[test]
    fn past_the_capacity_the_end_says_so() {
        let over = row(130, 5, Some(100));
        assert_eq!(draw(&over, DataState::Fresh, 10, &ASCII), "#########>");
        let most = row(u32::MAX, 5, Some(1));
        assert_eq!(draw(&most, DataState::Fresh, 4, &ASCII), "###>");
    }

    #[test]
    fn without_a_live_number_it_is_empty() {
        let half = row(50, 10, Some(100));
        for state in [DataState::Dead, DataState::Unknown] {
            assert_eq!(draw(&half, state, 10, &ASCII), "........:.");
        }
    }

    #[test]
    fn without_a_capacity_there_is_no_gauge() {
        for capacity in [None, Some(0)] {
            assert_eq!(
                draw(&row(50, 10, capacity), DataState::Fresh, 4, &ASCII),
                "    "
            );
        }
    }
}
