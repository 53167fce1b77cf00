//! A table whose columns declare themselves: width, alignment, and which of them goes first when
//! the terminal is narrow.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::text::{Piece, pieces_columns, put_pieces};

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column<K> {
    /// What it shows.
    pub key: K,
    /// Its heading.
    pub title: &'static str,
    /// Columns it needs at least.
    pub width: u16,
    /// Columns it can use at most.
    pub most: u16,
    /// Where its text stands.
    pub align: Align,
    /// Columns of space before it.
    pub gap: u16,
    /// The highest rank is left out first; 0 always stays.
    pub rank: u8,
}

/// Where text stands in its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// At the left edge: words.
    Left,
    /// At the right edge: numbers.
    Right,
}

impl<K> Column<K> {
    /// A column of words, two columns after the one before.
    pub fn words(key: K, title: &'static str, width: u16, rank: u8) -> Self {
        Self {
            key,
            title,
            width,
            most: width,
            align: Align::Left,
            gap: 2,
            rank,
        }
    }

    /// A column of numbers.
    pub fn numbers(key: K, title: &'static str, width: u16, rank: u8) -> Self {
        let words = Self::words(key, title, width, rank);
        Self {
            align: Align::Right,
            ..words
        }
    }

    /// The column, able to use up to `most` columns.
    #[must_use]
    pub fn up_to(mut self, most: u16) -> Self {
        self.most = most.max(self.width);
        self
    }

    /// The column with another space before it.
    #[must_use]
    pub fn after(mut self, gap: u16) -> Self {
        self.gap = gap;
        self
    }
}

/// A column with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fitted<K> {
    /// The column.
    pub column: Column<K>,
    /// Left edge, relative to the table.
    pub x: u16,
    /// Columns it has.
    pub width: u16,
}

/// Draws into an area.
type Drawing<'a> = Box<dyn FnOnce(Rect, &mut Buffer) + 'a>;

/// What stands in a cell.
pub enum Cell<'a> {
    /// Text in styles.
    Text(Vec<Piece>),
    /// A drawing.
    Draw(Drawing<'a>),
}

impl<'a> Cell<'a> {
    /// One piece of text.
    pub fn text(text: impl Into<String>, style: Style) -> Self {
        Self::Text(vec![(text.into(), style)])
    }

    /// A drawing.
    pub fn draw(draw: impl FnOnce(Rect, &mut Buffer) + 'a) -> Self {
        Self::Draw(Box::new(draw))
    }

    /// Nothing.
    #[must_use]
    pub fn blank() -> Self {
        Self::Text(Vec::new())
    }

    /// Draws the cell into its area.
    pub fn render(self, area: Rect, align: Align, buf: &mut Buffer, ellipsis: &str) {
        if area.is_empty() {
            return;
        }
        match self {
            Self::Draw(draw) => draw(area, buf),
            Self::Text(pieces) => {
                let pad = match align {
                    Align::Left => 0,
                    Align::Right => area.width.saturating_sub(pieces_columns(&pieces)),
                };
                let inner = Rect {
                    x: area.x + pad,
                    width: area.width - pad,
                    ..area
                };
                put_pieces(buf, inner, &pieces, ellipsis);
            }
        }
    }
}

/// Chooses the columns that fit into `width` and gives each its place. What is left over goes to
/// columns that can use it, the most important ones first.
#[must_use]
pub fn fit<K: Copy>(columns: &[Column<K>], width: u16) -> Vec<Fitted<K>> {
    let mut kept: Vec<Column<K>> = columns.to_vec();
    while needed(&kept) > u32::from(width) {
        let worst = kept.iter().map(|column| column.rank).max().unwrap_or(0);
        // Of columns with the same rank the rightmost goes first.
        let Some(at) = kept.iter().rposition(|column| column.rank == worst) else {
            break;
        };
        if worst == 0 {
            break;
        }
        kept.remove(at);
    }
    let mut widths: Vec<u16> = kept.iter().map(|column| column.width).collect();
    let mut spare = u32::from(width).saturating_sub(needed(&kept));
    let mut order: Vec<usize> = (0..kept.len()).collect();
    order.sort_by_key(|at| kept[*at].rank);
    for at in order {
        let wanted = u32::from(kept[at].most - kept[at].width).min(spare);
        widths[at] += u16::try_from(wanted).unwrap_or(0);
        spare -= wanted;
    }
    place(&kept, &widths, width)
}

fn place<K: Copy>(kept: &[Column<K>], widths: &[u16], width: u16) -> Vec<Fitted<K>> {
    let mut x = 0_u16;
    let mut fitted = Vec::with_capacity(kept.len());
    for (column, wanted) in kept.iter().zip(widths) {
        if !fitted.is_empty() {
            x = x.saturating_add(column.gap);
        }
        if x >= width {
            break;
        }
        let got = (*wanted).min(width - x);
        fitted.push(Fitted {
            column: *column,
            x,
            width: got,
        });
        x += got;
    }
    fitted
}

fn needed<K>(columns: &[Column<K>]) -> u32 {
    let gaps = columns.iter().skip(1).map(|column| u32::from(column.gap));
    let widths = columns.iter().map(|column| u32::from(column.width));
    gaps.chain(widths).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> [Column<char>; 4] {
        [
            Column::words('a', "", 6, 0).up_to(10),
            Column::words('b', "", 4, 1),
            Column::words('c', "", 4, 3).up_to(8),
            Column::words('d', "", 4, 2),
        ]
    }

    fn keys(width: u16) -> String {
        let fitted = fit(&columns(), width);
        fitted.iter().map(|fitted| fitted.column.key).collect()
    }

    #[test]
    fn the_highest_rank_goes_first() {
        assert_eq!(keys(24), "abcd");
        assert_eq!(keys(23), "abd");
        assert_eq!(keys(17), "ab");
        assert_eq!(keys(11), "a");
        assert_eq!(keys(3), "a");
        assert_eq!(keys(0), "");
    }

    #[test]
    fn spare_columns_go_to_the_most_important() {
        let fitted = fit(&columns(), 30);
        let widths: Vec<_> = (fitted.iter())
            .map(|fitted| (fitted.x, fitted.width))
            .collect();
        assert_eq!(widths, [(0, 10), (12, 4), (18, 6), (26, 4)]);
        let widest = fit(&columns(), 200);
        assert_eq!((widest[0].width, widest[2].width), (10, 8));
    }

    #[test]
    fn nothing_stands_outside() {
        for width in 0..40 {
            for fitted in fit(&columns(), width) {
                assert!(fitted.x + fitted.width <= width);
            }
        }
    }
}
