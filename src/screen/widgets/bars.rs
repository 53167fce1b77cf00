//! Values over time as columns, one row high (a sparkline) or more. A hole stays a hole: zero,
//! missing and closed have their own signs, and the newest value, which may still change, is
//! hollow.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::screen::glyphs::{Dots, Glyphs};
use crate::screen::theme::Theme;

/// One value of a series on a fixed grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// It should be there and is not.
    Missing,
    /// Nothing is expected.
    Closed,
    /// A value that stands.
    Value(u32),
    /// A value that may still change.
    Provisional(u32),
}

/// Columns on a grid.
#[derive(Clone, Copy, Debug)]
pub struct Bars<'a> {
    /// The values so far, oldest first.
    pub points: &'a [Point],
    /// How many values the whole width stands for.
    pub total: usize,
    /// The value at the top.
    pub top: u32,
    /// Values from here on are worth a warning.
    pub warn: Option<f64>,
    /// Values above it are too many.
    pub capacity: Option<u32>,
}

impl Bars<'_> {
    /// Draws the columns over the whole area, from its lower edge.
    pub fn render(self, area: Rect, buf: &mut Buffer, glyphs: &Glyphs, theme: &Theme) {
        if area.is_empty() || self.total == 0 {
            return;
        }
        let per_cell = match glyphs.dots {
            Dots::Braille => 2,
            Dots::Steps(_) => 1,
        };
        let slots = resample(self.points, self.total, usize::from(area.width) * per_cell);
        for (column, slots) in slots.chunks(per_cell).enumerate() {
            let Ok(column) = u16::try_from(column) else {
                return;
            };
            let style = self.style(slots, theme);
            for row in 0..area.height {
                let Some((sign, is_bar)) = self.sign(slots, (row, area.height), glyphs) else {
                    continue;
                };
                let style = if is_bar { style } else { theme.faint };
                buf[(area.x + column, area.bottom() - 1 - row)]
                    .set_symbol(sign.encode_utf8(&mut [0; 4]))
                    .set_style(style);
            }
        }
    }

    /// The sign of a cell, counted from the lower edge, and whether it is part of a column.
    fn sign(
        &self,
        slots: &[Option<Point>],
        (row, height): (u16, u16),
        glyphs: &Glyphs,
    ) -> Option<(char, bool)> {
        let sign = match glyphs.dots {
            Dots::Braille => {
                let left = self.dots(slots.first().copied().flatten(), row, height);
                let right = self.dots(slots.get(1).copied().flatten(), row, height);
                let bits = left.iter().zip(LEFT).chain(right.iter().zip(RIGHT));
                let set = bits.filter(|(on, _)| **on).map(|(_, bit)| bit).sum::<u8>();
                (set > 0)
                    .then(|| char::from_u32(0x2800 + u32::from(set)))
                    .flatten()
            }
            Dots::Steps(steps) => {
                let levels = u16::try_from(steps.len()).unwrap_or(1);
                let reach = self.reach(slots.first().copied().flatten(), height * levels);
                let within = reach.saturating_sub(row * levels).min(levels);
                within
                    .checked_sub(1)
                    .and_then(|level| steps[usize::from(level)].chars().next())
            }
        };
        match sign {
            Some(sign) => Some((sign, true)),
            None if row == 0 => Some((mark(slots, glyphs)?.chars().next()?, false)),
            None => None,
        }
    }

    /// Which of a cell's four dots are set, lowest first.
    fn dots(&self, point: Option<Point>, row: u16, height: u16) -> [bool; 4] {
        let reach = self.reach(point, height * 4);
        let hollow = matches!(point, Some(Point::Provisional(_)));
        std::array::from_fn(|dot| {
            let level = row * 4 + u16::try_from(dot).unwrap_or(0) + 1;
            if hollow {
                level == reach
            } else {
                level <= reach
            }
        })
    }

    /// How many of `levels` a value reaches: at least one unless it is zero.
    fn reach(&self, point: Option<Point>, levels: u16) -> u16 {
        match point {
            Some(Point::Value(value) | Point::Provisional(value)) if value > 0 => {
                let scaled = u64::from(value) * u64::from(levels);
                let reach = scaled.div_ceil(u64::from(self.top.max(1)));
                u16::try_from(reach).unwrap_or(u16::MAX).clamp(1, levels)
            }
            _ => 0,
        }
    }

    fn style(&self, slots: &[Option<Point>], theme: &Theme) -> Style {
        let most = slots.iter().filter_map(|point| match point {
            Some(Point::Value(value) | Point::Provisional(value)) => Some(*value),
            _ => None,
        });
        let most = most.max().unwrap_or(0);
        if self.capacity.is_some_and(|capacity| most > capacity) {
            theme.bad
        } else if self.warn.is_some_and(|warn| f64::from(most) >= warn) {
            theme.warn
        } else {
            theme.accent
        }
    }
}

/// Braille bits of the left and the right half, lowest dot first.
const LEFT: [u8; 4] = [0x40, 0x04, 0x02, 0x01];
const RIGHT: [u8; 4] = [0x80, 0x20, 0x10, 0x08];

/// What stands where no column does.
fn mark(slots: &[Option<Point>], glyphs: &Glyphs) -> Option<&'static str> {
    let has = |wanted: fn(&Point) -> bool| slots.iter().flatten().any(wanted);
    if has(|point| matches!(point, Point::Missing)) {
        Some(glyphs.missing)
    } else if has(|point| matches!(point, Point::Value(1..) | Point::Provisional(1..))) {
        // The foot of a hollow column.
        None
    } else if has(|point| matches!(point, Point::Value(0) | Point::Provisional(0))) {
        Some(glyphs.zero)
    } else if has(|point| matches!(point, Point::Closed)) {
        Some(glyphs.closed)
    } else {
        None
    }
}

/// The points as so many slots: the largest value of those that fall into a slot; `None` for what
/// lies ahead.
fn resample(points: &[Point], total: usize, slots: usize) -> Vec<Option<Point>> {
    let slot = |number: usize| {
        let from = number * total / slots;
        let to = ((number + 1) * total / slots)
            .max(from + 1)
            .min(points.len());
        let points = points.get(from..to)?;
        points.iter().copied().max_by_key(|point| match point {
            Point::Closed => (0, 0),
            Point::Missing => (1, 0),
            Point::Value(value) | Point::Provisional(value) => (2, *value),
        })
    };
    (0..slots).map(slot).collect()
}

#[cfg(test)]
mod tests {
    use super::Point::{Closed, Missing, Provisional, Value};
    use super::*;
    use crate::screen::glyphs::{ASCII, BLOCK, BRAILLE};

    fn draw(points: &[Point], total: usize, size: (u16, u16), glyphs: &Glyphs) -> Vec<String> {
        let area = Rect::new(0, 0, size.0, size.1);
        let mut buf = Buffer::empty(area);
        let top = points.iter().filter_map(|point| match point {
            Value(value) | Provisional(value) => Some(*value),
            _ => None,
        });
        let bars = Bars {
            points,
            total,
            top: top.max().unwrap_or(0),
            warn: None,
            capacity: None,
        };
        bars.render(area, &mut buf, glyphs, &Theme::mono());
        let rows = buf.content.chunks(size.0.max(1).into());
        rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect())
            .collect()
    }

    #[test]
    fn zero_missing_and_closed_look_different() {
        let points = [Value(0), Missing, Closed, Value(8)];
        assert_eq!(draw(&points, 6, (6, 1), &BLOCK), ["_·x█  "]);
        assert_eq!(draw(&points, 6, (6, 1), &ASCII), ["0.x#  "]);
    }

    #[test]
    fn braille_shows_two_values_in_a_column() {
        let points = [Value(1), Value(4), Value(0), Value(0), Missing, Missing];
        assert_eq!(draw(&points, 8, (4, 1), &BRAILLE), ["⣸_· "]);
    }

    #[test]
    fn the_newest_value_is_hollow() {
        let points = [Value(4), Value(4), Provisional(4)];
        assert_eq!(draw(&points, 4, (2, 1), &BRAILLE), ["⣿⠁"]);
        assert_eq!(draw(&points, 4, (2, 2), &BRAILLE), ["⣿⠁", "⣿ "]);
    }

    #[test]
    fn taller_columns_go_on_in_the_row_above() {
        let points = [Value(2), Value(6), Value(8)];
        assert_eq!(draw(&points, 3, (3, 2), &BLOCK), [" ▄█", "▄██"]);
    }

    #[test]
    fn a_slot_takes_the_largest_of_its_values() {
        let points = [Value(1), Value(8), Missing, Value(2)];
        assert_eq!(draw(&points, 4, (2, 1), &BLOCK), ["█▂"]);
    }

    #[test]
    fn the_largest_value_and_the_smallest_area() {
        assert_eq!(draw(&[Value(u32::MAX)], 1, (1, 1), &BLOCK), ["█"]);
        assert_eq!(draw(&[], 0, (1, 1), &BLOCK), [" "]);
        assert_eq!(draw(&[Value(1)], 1, (0, 0), &BRAILLE), Vec::<String>::new());
        assert_eq!(draw(&[Value(0), Value(1)], 2, (1, 1), &BRAILLE), ["⢸"]);
    }
}
