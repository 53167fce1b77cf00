//! Explanations: what a value is, how old it is, how far it can be trusted, which calls brought it
//! and what comes next. One paragraph for a new operator, and a chain from the number back to the
//! calls. The screen and the JSON board say the same.

mod blame;
mod calls;
mod corrected;
mod device;
mod gaps;
mod happening;
mod source;
mod store;
mod trust;
mod wall;

use std::cell::OnceCell;
use std::fmt;

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::Timestamp;
use super::board::{Board, SourceRow};
use super::health::{DataState, Feed, due, shifted};
use wall::Wall;

/// A stamp that is further ahead of the clock is one of a clock that is wrong.
const AHEAD: TimeDelta = TimeDelta::minutes(1);

/// Why a value is what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What it is, how old, how far to trust it and whose fault it is when something is wrong.
    pub paragraph: String,
    /// From the number back to the calls that brought it, and then what comes next.
    pub chain: Vec<Link>,
}

/// One link of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is about: `number`, `vendor`, `counts`, `feeds`, `calls` or `next`.
    pub what: &'static str,
    /// What there is to say.
    pub text: String,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.paragraph)?;
        for link in &self.chain {
            write!(f, "\n{}: {}", link.what, link.text)?;
        }
        Ok(())
    }
}

/// Explains the rows of one board at one instant.
#[derive(Debug)]
pub struct Guide<'a> {
    board: &'a Board,
    now: Timestamp,
    home: Tz,
    /// By source: its overdue feeds. Worked out when it is needed, and only once for all that ask.
    overdue: Vec<OnceCell<blame::Overdue>>,
}

impl<'a> Guide<'a> {
    /// Of a board at `now`. What belongs to no store is told by the clock of `home`; without one,
    /// by that of the stores where they have the same, else by UTC.
    #[must_use]
    pub fn new(board: &'a Board, now: Timestamp, home: Option<Tz>) -> Self {
        Self {
            board,
            now,
            home: home.unwrap_or_else(|| common_zone(board)),
            overdue: vec![OnceCell::new(); board.sources.len()],
        }
    }

    fn wall(&self, zone: Tz) -> Wall {
        Wall::new(zone, self.now)
    }

    fn source_of(&self, name: &str) -> Option<&'a SourceRow> {
        let rows = self.board.sources.iter();
        rows.map(|row| &**row).find(|row| *row.name == *name)
    }

    /// What the data state of a feed means.
    fn state(&self, feed: Feed<'_>, state: DataState, grid: bool, wall: &Wall) -> Option<String> {
        let due = due(feed, self.now);
        let ago = || due.map_or_else(|| "before now".to_owned(), |at| wall.ago(at));
        let said = match state {
            DataState::Unknown | DataState::Paused | DataState::Closed => return None,
            _ if !feed.confirmed && due.is_none_or(|at| at > self.now) => {
                "It comes from the history on disk: no call has confirmed it since the program \
                 started."
                    .to_owned()
            }
            DataState::Fresh => match due {
                Some(at) if grid => {
                    format!(
                        "It is fresh: new data is not due before {}.",
                        wall.ahead(at)
                    )
                }
                Some(at) => format!("It is fresh: word of it is not due before {}.", wall.at(at)),
                None => "It is fresh.".to_owned(),
            },
            DataState::Due => format!(
                "It is due: news should have come at {}, which is within the usual delay.",
                ago()
            ),
            DataState::Late => format!(
                "It is late: news should have come at {}, and the usual delay is over.",
                ago()
            ),
            DataState::Stale if grid => format!(
                "It is stale: at least two publications are missing, the first was due at {}. Do \
                 not take it for live.",
                ago()
            ),
            DataState::Stale => format!(
                "It is stale: news should have come at {}. Do not take it for live.",
                ago()
            ),
            DataState::Dead => format!(
                "It is dead: news should have come at {}, so it says nothing about now.",
                ago()
            ),
        };
        Some(said)
    }

    /// What to think of ages where two clocks do not agree: the vendor's is ahead of ours or behind
    /// it, or the newest data bears a stamp that lies ahead of both. The interval that runs, of
    /// `interval_s`, ends ahead of the clock and is none.
    fn clocks(&self, feed: Feed<'_>, interval_s: u32, wall: &Wall) -> Option<String> {
        let skew_s = feed.skew_s;
        let latest = shifted(self.now, skew_s + i64::from(interval_s)) + AHEAD;
        let ahead = feed.horizon.filter(|at| *at > latest);
        if let Some(at) = ahead {
            return Some(format!(
                "Its newest stamp, {}, lies ahead of the clock: somebody's clock is wrong, so do \
                 not trust its age.",
                wall.at(at)
            ));
        }
        let side = match skew_s {
            0 => return None,
            1.. => "ahead of",
            _ => "behind",
        };
        Some(format!(
            "The vendor's clock is {} s {side} ours; its data is judged by the vendor's.",
            skew_s.unsigned_abs()
        ))
    }

    /// When the next data of a feed is due.
    fn next_data(&self, feed: Feed<'_>, wall: &Wall) -> Option<String> {
        let due = due(feed, self.now)?;
        Some(if due > self.now {
            format!("new data is due at {}", wall.ahead(due))
        } else {
            format!("new data was due at {}", wall.ago(due))
        })
    }
}

fn common_zone(board: &Board) -> Tz {
    let mut zones = board.stores.iter().map(|row| row.store.timezone);
    let Some(first) = zones.next() else {
        return Tz::UTC;
    };
    if zones.all(|zone| zone == first) {
        first
    } else {
        Tz::UTC
    }
}

/// The zone in which a device counts its day.
/// Sentences as one paragraph.
fn paragraph(sentences: impl IntoIterator<Item = String>) -> String {
    sentences.into_iter().collect::<Vec<_>>().join(" ")
}

fn link(what: &'static str, parts: &[String]) -> Option<Link> {
    (!parts.is_empty()).then(|| Link {
        what,
        text: parts.join("; "),
    })
}

/// A remark as a sentence of its own.
fn sentence(note: &str) -> String {
    let mut letters = note.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}
