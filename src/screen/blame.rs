//! Who is to blame: one sentence for each root of trouble, worst first, instead of one alarm for
//! each number that suffers from it.

use crate::model::Timestamp;
use crate::model::board::SourceRow;
use crate::model::health::{DataState, FetchState};

use super::judge::{Judged, Judgement, is_failing, overdue};
use super::words::plural;

/// A root of trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blame {
    /// Whether somebody has to do something.
    pub urgent: bool,
    /// The sentence, without the time of the next try.
    pub text: String,
    /// When it is tried again.
    pub next: Option<Timestamp>,
}

/// The roots of trouble on a board.
#[must_use]
pub fn blame(judgement: &Judgement) -> Vec<Blame> {
    let failing: Vec<_> = (judgement.sources.iter())
        .filter(|judged| is_failing(judged.row.fetch))
        .collect();
    let mut blames = Vec::new();
    if let Some(link) = own_link(judgement) {
        blames.push(link);
    } else {
        blames.extend(failing.iter().map(|judged| one_source(&judged.row)));
        blames.sort_by_key(|blame| !blame.urgent);
    }
    blames.extend(
        (judgement.sources.iter().enumerate())
            .filter(|(_, judged)| judged.row.fetch == FetchState::Ok)
            .filter_map(|(position, judged)| pipeline(judgement, position, judged)),
    );
    blames.extend(judgement.board.notices.iter().map(|notice| Blame {
        urgent: false,
        text: notice.to_string(),
        next: None,
    }));
    blames
}

/// Every source fails because nothing can be reached: it is our own link.
fn own_link(judgement: &Judgement) -> Option<Blame> {
    let mut offline = (judgement.sources.iter())
        .filter(|judged| judged.row.fetch == FetchState::Offline)
        .map(|judged| judged.row.next_poll)
        .peekable();
    offline.peek()?;
    Some(Blame {
        urgent: true,
        text: "our own link: no vendor can be reached from here".to_owned(),
        next: offline.flatten().min(),
    })
}

fn one_source(row: &SourceRow) -> Blame {
    let text = match &row.error {
        Some(error) => {
            let status = error.status.map(|status| format!(" ({status})"));
            let reference = (error.reference.as_ref()).map(|text| format!(", reference {text}"));
            format!(
                "{}: {}{}{}",
                row.name,
                error.message,
                status.unwrap_or_default(),
                reference.unwrap_or_default()
            )
        }
        None => format!("{}: cannot be read", row.name),
    };
    Blame {
        urgent: row.fetch != FetchState::Throttled,
        text,
        next: (row.error.as_ref())
            .and_then(|error| error.retry_at)
            .max(row.next_poll),
    }
}

/// Our calls succeed, but most of what a vendor should have published is not there.
fn pipeline(judgement: &Judgement, position: usize, source: &Judged<SourceRow>) -> Option<Blame> {
    overdue(source.state)?;
    let states: Vec<DataState> = (judgement.devices_of(position))
        .filter(|judged| !judged.row.is_blocked())
        .map(|judged| judged.state)
        .filter(|state| *state != DataState::Closed)
        .collect();
    let late = states
        .iter()
        .filter(|state| overdue(**state).is_some())
        .count();
    if late < 2 || late * 5 < states.len() * 4 {
        return None;
    }
    Some(Blame {
        urgent: false,
        text: format!(
            "{}: the vendor publishes late, {late} of {} overdue; our calls succeed",
            source.row.name,
            plural(states.len(), "device", "devices"),
        ),
        next: source.row.next_poll,
    })
}
