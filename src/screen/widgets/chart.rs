//! A day as a chart: columns with a scale at the left, lines for warning and capacity, and the
//! hours below.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::bars::{Bars, Point};
use super::text::{columns, put, put_right};
use crate::screen::glyphs::Glyphs;
use crate::screen::theme::Theme;
use crate::screen::words;

/// A chart.
#[derive(Clone, Debug)]
pub struct Chart<'a> {
    /// The values so far, oldest first.
    pub points: &'a [Point],
    /// How many values the whole width stands for.
    pub total: usize,
    /// Operator's limit.
    pub capacity: Option<u32>,
    /// The number from which a warning is due.
    pub warn: Option<f64>,
    /// Numbers of another day, drawn as marks: one for each value of the whole width, or none.
    pub marks: &'a [Option<u32>],
    /// Which values were changed after they were first shown, by their number.
    pub revised: &'a [usize],
    /// Labels below: the number of a value and the text at it.
    pub labels: &'a [(usize, String)],
}

/// Columns of the scale with the space behind it.
const SCALE: u16 = 8;

impl Chart<'_> {
    /// Draws it over the whole area; the last row has the labels.
    pub fn render(self, area: Rect, buf: &mut Buffer, glyphs: &Glyphs, theme: &Theme) {
        let plot = Rect {
            x: area.x + SCALE.min(area.width),
            width: area.width.saturating_sub(SCALE),
            height: area.height.saturating_sub(1),
            ..area
        };
        if plot.is_empty() || self.total == 0 {
            return;
        }
        let top = self.top();
        let bars = Bars {
            points: self.points,
            total: self.total,
            top,
            warn: self.warn,
            capacity: self.capacity,
        };
        bars.render(plot, buf, glyphs, theme);
        let pen = Pen {
            plot,
            top,
            glyphs,
            theme,
        };
        let full = self.capacity.unwrap_or(top);
        for value in [0, full / 2, full] {
            pen.scale(value, area, buf);
        }
        if let Some(capacity) = self.capacity {
            pen.level(capacity, buf);
        }
        self.mark(&pen, buf);
        self.mark_revised(&pen, buf);
        self.label(&pen, buf);
    }

    /// Marks over the columns, so that both days can be seen.
    fn mark(&self, pen: &Pen<'_>, buf: &mut Buffer) {
        let plot = pen.plot;
        for x in plot.x..plot.right() {
            let number = usize::from(x - plot.x) * self.total / usize::from(plot.width);
            let value = self.marks.get(number).copied().flatten();
            if let Some(value) = value.filter(|value| *value > 0) {
                let y = row_of(value, pen.top, plot);
                buf[(x, y)]
                    .set_symbol(pen.glyphs.rule)
                    .set_style(pen.theme.accent);
            }
        }
    }

    /// A sign just above the column of a value that was changed, or on its top where that is the
    /// upper edge.
    fn mark_revised(&self, pen: &Pen<'_>, buf: &mut Buffer) {
        let plot = pen.plot;
        for number in self.revised {
            let value = match self.points.get(*number) {
                Some(Point::Value(value) | Point::Provisional(value)) => *value,
                Some(Point::Missing | Point::Closed) => 0,
                None => continue,
            };
            let offset = number * usize::from(plot.width) / self.total;
            let Ok(offset) = u16::try_from(offset) else {
                continue;
            };
            let y = row_of(value, pen.top, plot).saturating_sub(1).max(plot.y);
            if offset < plot.width {
                buf[(plot.x + offset, y)]
                    .set_symbol(pen.glyphs.revised)
                    .set_style(pen.theme.strong);
            }
        }
    }

    /// The value at the upper edge: the capacity with a little air, or the largest value.
    fn top(&self) -> u32 {
        let largest = self.points.iter().filter_map(|point| match point {
            Point::Value(value) | Point::Provisional(value) => Some(*value),
            _ => None,
        });
        let largest = largest.chain(self.marks.iter().copied().flatten());
        let air = self
            .capacity
            .map_or(0, |capacity| capacity.saturating_add(capacity / 10));
        largest.max().unwrap_or(0).max(air).max(1)
    }

    fn label(&self, pen: &Pen<'_>, buf: &mut Buffer) {
        let plot = pen.plot;
        let mut free = plot.x;
        for (number, text) in self.labels {
            let offset = number * usize::from(plot.width) / self.total;
            let x = plot
                .x
                .saturating_add(u16::try_from(offset).unwrap_or(u16::MAX));
            let width = u16::try_from(columns(text)).unwrap_or(u16::MAX);
            if x >= free && x.saturating_add(width) <= plot.right() {
                let at = (x, plot.bottom());
                put(buf, at, width, (text, pen.theme.faint), pen.glyphs.ellipsis);
                free = x + width + 1;
            }
        }
    }
}

/// Draws what belongs to a value of the scale.
struct Pen<'a> {
    plot: Rect,
    top: u32,
    glyphs: &'a Glyphs,
    theme: &'a Theme,
}

impl Pen<'_> {
    /// A value at the left of its row.
    fn scale(&self, value: u32, area: Rect, buf: &mut Buffer) {
        let label = Rect {
            y: row_of(value, self.top, self.plot),
            width: SCALE - 2,
            height: 1,
            ..area
        };
        let text = words::count(value.into());
        let ellipsis = self.glyphs.ellipsis;
        put_right(buf, label, (&text, self.theme.faint), ellipsis);
        let at = (self.plot.x - 1, label.y);
        put(buf, at, 1, (self.glyphs.bar, self.theme.line), "");
    }

    /// A line across the plot, behind the columns.
    fn level(&self, value: u32, buf: &mut Buffer) {
        let y = row_of(value, self.top, self.plot);
        for x in self.plot.x..self.plot.right() {
            let cell = &mut buf[(x, y)];
            if cell.symbol() == " " {
                cell.set_symbol(self.glyphs.level)
                    .set_style(self.theme.warn);
            }
        }
    }
}

/// The row in which a value's level lies.
fn row_of(value: u32, top: u32, plot: Rect) -> u16 {
    let steps = u64::from(value) * u64::from(plot.height);
    let above = steps
        .div_ceil(u64::from(top.max(1)))
        .clamp(1, plot.height.into());
    plot.bottom() - u16::try_from(above).unwrap_or(plot.height)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::glyphs::{ASCII, BLOCK};

    fn draw(chart: &Chart<'_>, size: (u16, u16), glyphs: &Glyphs) -> Vec<String> {
        let area = Rect::new(0, 0, size.0, size.1);
        let mut buf = Buffer::empty(area);
        chart.clone().render(area, &mut buf, glyphs, &Theme::mono());
        let rows = buf.content.chunks(size.0.max(1).into());
        rows.map(|row| {
            let row: String = row.iter().map(ratatui::buffer::Cell::symbol).collect();
            row.trim_end().to_owned()
        })
        .collect()
    }

    #[test]
    fn scale_columns_capacity_and_hours() {
        let points = [
            Point::Value(0),
            Point::Value(50),
            Point::Missing,
            Point::Value(110),
        ];
        let labels = [(0, "09".to_owned()), (4, "10".to_owned())];
        let chart = Chart {
            points: &points,
            total: 8,
            capacity: Some(100),
            warn: Some(80.0),
            marks: &[],
            revised: &[],
            labels: &labels,
        };
        assert_eq!(
            draw(&chart, (16, 5), &BLOCK),
            [
                "   100 │╌╌╌█╌╌╌╌",
                "           █",
                "    50 │ ▇ █",
                "     0 │_█·█",
                "        09  10",
            ]
        );
    }

    #[test]
    fn marks_stand_over_columns_and_in_the_air() {
        let points = [Point::Value(40), Point::Value(100)];
        let marks = [Some(80), Some(50), Some(0), None];
        let chart = Chart {
            points: &points,
            total: 4,
            capacity: None,
            warn: None,
            marks: &marks,
            revised: &[],
            labels: &[],
        };
        assert_eq!(
            draw(&chart, (12, 5), &BLOCK),
            ["   100 │─█", "         █", "    50 │▅─", "     0 │██", ""]
        );
    }

    #[test]
    fn a_changed_value_has_a_sign_above_its_column() {
        let points = [
            Point::Value(40),
            Point::Value(100),
            Point::Value(0),
            Point::Missing,
        ];
        for (glyphs, rows) in [
            (
                &BLOCK,
                ["   100 │ ±", "        ±█", "    50 │▅█", "     0 │██_·", ""],
            ),
            (
                &ASCII,
                ["   100 | r", "        r#", "    50 |+#", "     0 |##0.", ""],
            ),
        ] {
            let chart = Chart {
                points: &points,
                total: 4,
                capacity: None,
                warn: None,
                marks: &[],
                revised: &[0, 1],
                labels: &[],
            };
            assert_eq!(draw(&chart, (12, 5), glyphs), rows);
        }
    }

    #[test]
    fn it_survives_any_size() {
        let points = [Point::Value(u32::MAX)];
        for width in 0..12 {
            for height in 0..4 {
                let chart = Chart {
                    points: &points,
                    total: 1,
                    capacity: Some(u32::MAX),
                    warn: None,
                    marks: &[Some(u32::MAX)],
                    revised: &[0, 7],
                    labels: &[(0, "00".to_owned())],
                };
                draw(&chart, (width, height), &ASCII);
            }
        }
    }
}
