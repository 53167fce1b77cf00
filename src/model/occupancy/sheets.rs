//! The days whose counts are kept, at most two weeks and today.

use crate::model::Timestamp;

use super::sheet::Sheet;

/// Sheets by the start of their business day, oldest first. A short sorted list is smaller than a
/// tree, and nearly always the last one is wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Sheets(Vec<(Timestamp, Sheet)>);

impl Sheets {
    /// The sheet of the day that begins at `start`.
    pub fn get(&self, start: Timestamp) -> Option<&Sheet> {
        self.find(start).ok().map(|at| &self.0[at].1)
    }

    /// The sheet of the day that begins at `start`, to change it.
    pub fn get_mut(&mut self, start: Timestamp) -> Option<&mut Sheet> {
        self.find(start).ok().map(|at| &mut self.0[at].1)
    }

    /// The sheet of the day that begins at `start`; a new one when there is none.
    pub fn entry(&mut self, start: Timestamp) -> &mut Sheet {
        let at = self.find(start).unwrap_or_else(|at| {
            self.0.reserve_exact(1);
            self.0.insert(at, (start, Sheet::empty()));
            at
        });
        &mut self.0[at].1
    }

    /// The sheets of days that begin at `start` or later, oldest first.
    pub fn from(&self, start: Timestamp) -> &[(Timestamp, Sheet)] {
        let at = self.find(start).unwrap_or_else(|at| at);
        &self.0[at..]
    }

    /// The start of the oldest day.
    pub fn first(&self) -> Option<Timestamp> {
        self.0.first().map(|(start, _)| *start)
    }

    /// Drops the oldest day.
    pub fn drop_first(&mut self) {
        if !self.0.is_empty() {
            self.0.remove(0);
        }
    }

    /// Makes a new sheet of each.
    pub fn map(&mut self, change: impl Fn(Timestamp, &Sheet) -> Sheet) {
        for (start, sheet) in &mut self.0 {
            *sheet = change(*start, sheet);
        }
    }

    fn find(&self, start: Timestamp) -> Result<usize, usize> {
        match self.0.last() {
            Some((last, _)) if *last == start => Ok(self.0.len() - 1),
            _ => self.0.binary_search_by_key(&start, |(start, _)| *start),
        }
    }
}
