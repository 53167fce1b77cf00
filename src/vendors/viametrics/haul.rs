//! What a poll has gathered so far.

use chrono::NaiveDate;

use crate::model::attempt::{ErrorKind, SourceError};

use super::days::Days;
use super::wire::Rows;

/// Rows, and what there is to say about them.
#[derive(Debug, Default)]
pub(super) struct Haul {
    pub replies: Replies,
    /// Some counters of today were not read.
    pub holes: bool,
    /// The hour has no room for more calls.
    pub spent: bool,
    pub notes: Vec<String>,
    /// The first failure beside what came.
    pub error: Option<SourceError>,
}

/// The rows of each call with the days that were asked for.
#[derive(Debug, Default)]
pub(super) struct Replies(Vec<(Days, Rows)>);

impl Haul {
    /// Takes note of a failure; the first one is reported.
    pub fn fail(&mut self, error: SourceError) {
        self.error.get_or_insert(error);
    }

    /// Whether more calls would make matters worse: the account, the line or the limit is what is
    /// wrong.
    pub fn is_stopped(&self) -> bool {
        let is_general = |error: &SourceError| {
            !matches!(
                error.kind,
                ErrorKind::Http | ErrorKind::Schema | ErrorKind::Vendor
            )
        };
        self.spent || self.error.as_ref().is_some_and(is_general)
    }

    /// The days before today that were read.
    pub fn earlier(&self) -> impl Iterator<Item = NaiveDate> {
        self.replies
            .0
            .iter()
            .skip(1)
            .flat_map(|(days, _)| days.dates())
    }
}

impl Replies {
    pub fn push(&mut self, days: Days, rows: Rows) {
        self.0.push((days, rows));
    }

    /// All rows by day. Within a day they stay in the order they came, which tells the passes of
    /// the hour that autumn repeats.
    pub fn into_rows(mut self) -> Rows {
        self.0.sort_by_key(|(days, _)| days.from);
        let mut rows = Rows::default();
        for (_, reply) in self.0 {
            rows.append(reply);
        }
        rows
    }
}
