//! Who is to blame: one sentence for each root of trouble, worst first, instead of one alarm for
//! each number that suffers from it.
//!
//! Looked for from the far end to the near one: our own link, a vendor's API or our account there,
//! a vendor's pipeline, one store's link, one sensor. What a farther root explains is not told
//! again for a nearer one.

use crate::model::Timestamp;
use crate::model::board::{Requests, SourceRow};
use crate::model::figure::Flag;
use crate::model::health::FetchState;
use crate::model::incidents::root::{FetchRoot, Scope, unreadable};

use super::judge::{Judgement, overdue};

mod local;
#[cfg(test)]
mod tests;

/// A root of trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blame {
    /// Whether somebody has to do something.
    pub urgent: bool,
    /// The sentence, without the times and the requests.
    pub text: String,
    /// Since when.
    pub since: Option<Since>,
    /// When it is tried again.
    pub next: Option<Timestamp>,
    /// The requests of the source, where it is one.
    pub requests: Option<Requests>,
}

/// Since when there is trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// Calls have failed since.
    Failing(Timestamp),
    /// The first data that is missing was due.
    Late(Timestamp),
}

/// The roots of trouble on a board at `now`.
#[must_use]
pub fn blame(judgement: &Judgement, now: Timestamp) -> Vec<Blame> {
    let mut blames = failing(judgement);
    blames.sort_by_key(|blame| !blame.urgent);
    blames.extend(
        judgement
            .sources
            .iter()
            .filter_map(|judged| flapping(&judged.row)),
    );
    for (position, judged) in judgement.sources.iter().enumerate() {
        if judged.row.is_readable() && overdue(judged.state).is_some() {
            blames.extend(local::overdue_feeds(judgement, position, &judged.row, now));
        }
    }
    blames.extend(doubtful(judgement));
    blames.extend(own_clock(judgement));
    blames.extend((judgement.board.notices.iter()).map(|notice| mild(notice.to_string())));
    blames
}

/// Something to know that nobody has to act on at once.
fn mild(text: String) -> Blame {
    Blame {
        urgent: false,
        text,
        since: None,
        next: None,
        requests: None,
    }
}

/// The roots of sources that cannot be read, in words.
fn failing(judgement: &Judgement) -> Vec<Blame> {
    let rows: Vec<_> = (judgement.sources.iter())
        .map(|judged| &*judged.row)
        .collect();
    let roots = unreadable(&rows).into_iter();
    roots.map(|root| in_words(&root, &rows)).collect()
}

fn in_words(root: &FetchRoot, rows: &[&SourceRow]) -> Blame {
    let sources = || root.sources.iter().map(|at| rows[*at]);
    let cause = root.cause.word();
    match root.scope {
        Scope::Everything => Blame {
            urgent: true,
            text: format!("{cause}: no vendor can be reached from here"),
            // The last one that was reached is how far the link is known to have worked.
            since: (sources().filter_map(SourceRow::failing_since).max()).map(Since::Failing),
            next: sources().filter_map(|row| row.next_poll).min(),
            requests: None,
        },
        Scope::Vendor => {
            let first = one_source(rows[root.sources[0]]);
            let (vendor, count) = (&rows[root.sources[0]].vendor, root.sources.len());
            Blame {
                text: format!("{cause} of {vendor}, all {count} sources; {}", first.text),
                since: (sources().filter_map(SourceRow::failing_since).min()).map(Since::Failing),
                next: sources().filter_map(|row| one_source(row).next).min(),
                requests: None,
                ..first
            }
        }
        Scope::Source => one_source(rows[root.sources[0]]),
    }
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
        since: row.failing_since().map(Since::Failing),
        requests: Some(row.requests),
    }
}

/// A source that comes and goes is one root, told as long as it does; not one each time.
fn flapping(row: &SourceRow) -> Option<Blame> {
    let changes = row.flapping()?;
    matches!(row.fetch, FetchState::Ok | FetchState::Retrying).then(|| {
        mild(format!(
            "{}: comes and goes, {changes} changes between working and failing of late",
            row.name
        ))
    })
}

/// Data arrives, but the counts cannot be right.
fn doubtful(judgement: &Judgement) -> Option<Blame> {
    let is_blind = |flag| flag == Flag::Silent || flag == Flag::OneWay;
    let stores: Vec<&str> = (judgement.stores.iter())
        .filter(|judged| overdue(judged.state).is_none())
        .filter(|judged| {
            let shown = judged
                .row
                .occupancy
                .as_ref()
                .map(|inside| inside.shown.quality);
            shown.is_some_and(|quality| quality.flags().any(is_blind))
        })
        .map(|judged| &*judged.row.store.name)
        .collect();
    (!stores.is_empty()).then(|| {
        let stores = local::named(&stores);
        mild(format!(
            "{stores}: data arrives, but a sensor seems blind or miswired"
        ))
    })
}

/// Several vendors agree that it is our own clock that is wrong.
fn own_clock(judgement: &Judgement) -> Option<Blame> {
    let known = (judgement.sources.iter()).filter_map(|judged| {
        let skew = judged.row.clock_skew_s?;
        Some((skew, judged.row.clock_note().is_some()))
    });
    let skews: Vec<(i64, bool)> = known.collect();
    let (first, _) = *skews.first()?;
    let agreed = skews.len() > 1
        && (skews.iter()).all(|(skew, told)| *told && skew.signum() == first.signum());
    agreed.then(|| {
        let least = skews.iter().map(|(skew, _)| skew.abs()).min().unwrap_or(0);
        let side = if first > 0 { "slow" } else { "fast" };
        mild(format!(
            "our own clock is {least} s {side} by all {} vendors: ages and states are by theirs \
             until it is set",
            skews.len()
        ))
    })
}
