//! How calling a source went last, and when it is called next.

use super::wall::{Wall, count};
use crate::model::attempt::SourceError;
use crate::model::board::SourceRow;
use crate::model::health::FetchState;

/// How the last call went, in a line.
pub(super) fn last_call(row: &SourceRow, wall: &Wall) -> String {
    let name = format!("{} ({})", row.name, row.vendor);
    if row.paused {
        return format!("{name} is switched off, so no call is made");
    }
    let Some(asked) = row.last_attempt else {
        return match &row.error {
            Some(error) => format!("{name} was not asked: {error}"),
            None => format!("{name} has not been asked yet"),
        };
    };
    let asked = format!("{name} was asked at {}", wall.ago(asked));
    match &row.error {
        Some(error) => format!("{asked}: {}", failed(row, error, wall)),
        // Of a call before this run began no more is known than when it was.
        None if row.took_ms.is_none() => asked,
        None => format!("{asked}: {}", brought(row)),
    }
}

fn failed(row: &SourceRow, error: &SourceError, wall: &Wall) -> String {
    let success = row.last_success.map_or_else(
        || "no call has succeeded yet".to_owned(),
        |at| format!("the last good call was at {}", wall.at(at)),
    );
    format!("{}{}, {error}; {success}", requests(row), took(row))
}

fn brought(row: &SourceRow) -> String {
    let rows = count(row.rows.into(), "row");
    let odd = [(row.revised, "revised"), (row.rejected, "not usable")];
    let odd = odd.iter().filter(|(number, _)| *number > 0);
    let said = odd.map(|(number, what)| format!("{number} {what}"));
    let first = format!("{} brought {rows}{}", requests(row), took(row));
    let parts: Vec<_> = std::iter::once(first).chain(said).collect();
    parts.join(", ")
}

fn requests(row: &SourceRow) -> String {
    count(row.requests.last_poll.into(), "request")
}

fn took(row: &SourceRow) -> String {
    row.took_ms
        .map_or_else(String::new, |took| format!(" in {took} ms"))
}

/// When the source is asked again.
pub(super) fn next_call(row: &SourceRow, wall: &Wall) -> String {
    let name = &row.name;
    match row.next_poll {
        _ if row.paused => format!("{name} is not asked while it is switched off"),
        Some(at) => match wall.ahead(at) {
            now if now == "now" => format!("{name} is asked again now"),
            ahead => format!("{name} is asked again at {ahead}"),
        },
        None if row.fetch == FetchState::Misconfigured => {
            format!("{name} is not asked again before its settings change")
        }
        None => format!("{name} is asked as soon as its turn comes"),
    }
}
