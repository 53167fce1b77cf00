//! Explains a source: how far its data reaches, how calling it goes, and what it costs.

use super::blame::{Who, fetch_trouble, is_overdue, of_all};
use super::calls::{last_call, next_call};
use super::wall::{Wall, count, listed};
use super::{Explanation, Guide, link, paragraph, sentence};
use crate::model::board::{DeviceRow, SourceRow};
use crate::model::health::{DataState, due};

/// So many devices are named.
const NAMED: usize = 3;

impl Guide<'_> {
    /// Why a source is in its state.
    #[must_use]
    pub fn source(&self, row: &SourceRow) -> Explanation {
        let wall = &self.wall(self.home);
        let state = self.board.source_state(row, self.now);
        let mut sentences = vec![what_it_is(row, state, wall)];
        sentences.extend(fetch_trouble(row, wall));
        if is_overdue(state) {
            sentences.extend(self.overdue_feed(row, Who::Source));
        }
        sentences.extend(row.clock_note().map(|note| sentence(&note)));
        let chain = [
            link("feeds", &self.feeds_of(row, wall)),
            link("calls", &calls_of(row, wall)),
            link("next", &self.next_of(row, wall)),
        ];
        Explanation {
            paragraph: paragraph(sentences),
            chain: chain.into_iter().flatten().collect(),
        }
    }

    fn feeds_of(&self, row: &SourceRow, wall: &Wall) -> Vec<String> {
        let (late, all) = self.overdue_of(row);
        if late == 0 || row.paused {
            return Vec::new();
        }
        let rows = self.board.devices_of(&row.name);
        let late_rows =
            rows.filter(|device| !device.is_blocked() && is_overdue(device.data_state(self.now)));
        let named = late_rows.map(|device| self.overdue_name(device, wall));
        vec![format!(
            "{} overdue: {}",
            of_all(late, all, "device"),
            listed(named.collect(), NAMED, ", ")
        )]
    }

    fn overdue_name(&self, row: &DeviceRow, wall: &Wall) -> String {
        let due = due(row.feed(), self.now);
        let due = due.map_or_else(String::new, |at| format!(" (due {})", wall.at(at)));
        format!("{}{due}", row.facts.name)
    }

    fn next_of(&self, row: &SourceRow, wall: &Wall) -> Vec<String> {
        let mut next = vec![next_call(row, wall)];
        let retry = row.error.as_ref().and_then(|error| error.retry_at);
        next.extend(
            retry
                .filter(|at| *at > self.now && Some(*at) > row.next_poll)
                .map(|at| {
                    format!(
                        "the vendor or our own ceiling says not before {}",
                        wall.at(at)
                    )
                }),
        );
        if let Some(due) = self.board.source_due(row, self.now).filter(|_| !row.paused) {
            next.push(if due > self.now {
                format!("new data is due at {}", wall.ahead(due))
            } else {
                format!("new data was due at {}", wall.ago(due))
            });
        }
        next
    }
}

fn what_it_is(row: &SourceRow, state: DataState, wall: &Wall) -> String {
    let what = format!("{} is an account at {}", row.name, row.vendor);
    let devices = count(row.devices as u64, "device");
    if row.paused {
        return format!("{what}; it is switched off in the configuration (enabled = false).");
    }
    let Some(horizon) = row.horizon else {
        return format!("{what}; nothing has arrived from it yet.");
    };
    let unconfirmed = if row.confirmed {
        ""
    } else {
        ", as the history on disk has it; no call has confirmed it since the program started"
    };
    let state = match state {
        DataState::Closed => "all its stores are closed, so nothing is expected".to_owned(),
        DataState::Unknown => "none of its devices has sent anything yet".to_owned(),
        DataState::Fresh => "it is fresh".to_owned(),
        state => format!("it is {}, because its worst open device is", state.word()),
    };
    format!(
        "{what} with {devices}. Its newest data is of {}{unconfirmed}; {state}.",
        wall.ago(horizon)
    )
}

fn calls_of(row: &SourceRow, wall: &Wall) -> Vec<String> {
    let mut calls = vec![last_call(row, wall)];
    if row.paused {
        return calls;
    }
    let requests = row.requests;
    calls.push(format!(
        "{} of {} requests an hour are used",
        requests.last_hour, requests.limit_per_hour
    ));
    calls.extend(
        (row.flapping()).map(|changes| format!("it comes and goes: {changes} changes of late")),
    );
    calls.extend(row.notes.iter().cloned());
    calls
}
