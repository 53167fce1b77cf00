//! Statements over many rows at once: a call into SQLite for each row would cost more than the
//! row.

/// A statement around a list of `(?, ?, …)`.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    /// Up to the list.
    pub head: &'static str,
    /// Parameters of a row.
    pub columns: usize,
    /// After the list.
    pub tail: &'static str,
}

/// Rows of a full statement, and of the smaller one that takes most of the rest.
const SIZES: [usize; 3] = [64, 8, 1];

impl Shape {
    /// The text for `rows` rows.
    pub fn sql(&self, rows: usize) -> String {
        let row = format!("({})", vec!["?"; self.columns].join(","));
        format!("{}{}{}", self.head, vec![row; rows].join(","), self.tail)
    }
}

/// Cuts rows into pieces of very few different sizes, so that every statement is prepared once.
pub(super) fn chunks<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rest.len())?;
        let (chunk, later) = rest.split_at(size);
        rest = later;
        Some(chunk)
    })
}

/// The same for rows that are changed on the way.
pub(super) fn chunks_mut<T>(rows: &mut [T]) -> impl Iterator<Item = &mut [T]> {
    let mut rest = rows;
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rest.len())?;
        let (chunk, later) = std::mem::take(&mut rest).split_at_mut(size);
        rest = later;
        Some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_everything_in_order() {
        let rows: Vec<_> = (0..211).collect();
        let chunks: Vec<_> = chunks(&rows).collect();
        let sizes: Vec<_> = chunks.iter().map(|chunk| chunk.len()).collect();
        assert_eq!(sizes, [64, 64, 64, 8, 8, 1, 1, 1]);
        assert_eq!(chunks.concat(), rows);
    }
}
