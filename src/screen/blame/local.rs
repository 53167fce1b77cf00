//! Whose fault it is that data is missing although our calls succeed.

use super::super::judge::Judgement;
use super::super::words::plural;
use super::{Blame, mild};
use crate::model::Timestamp;
use crate::model::board::SourceRow;
use crate::model::incidents::root::{Part, most, silence};

/// So many names are told; the others are counted.
const NAMED: usize = 2;

/// The roots of a readable source with overdue feeds.
pub(super) fn overdue_feeds(
    judgement: &Judgement,
    position: usize,
    source: &SourceRow,
    now: Timestamp,
) -> Vec<Blame> {
    let devices = judgement.board.devices.keys().zip(&judgement.devices);
    let feeds = devices
        .filter(|((at, _), _)| usize::from(*at) == position)
        .filter_map(|(_, judged)| Some((&judged.row, Part::of(&judged.row, judged.state, now)?)));
    let (rows, parts): (Vec<_>, Vec<_>) = feeds.unzip();
    let open = judgement
        .board
        .events
        .iter()
        .filter(|event| event.is_open());
    let most = most(open.filter_map(|event| event.incident()), &source.name);
    let found = silence(&parts, most);
    let late = found.pipeline.iter().map(|at| &*rows[*at].facts.name);
    let pipeline = pipeline(source, &late.collect::<Vec<_>>(), parts.len());
    let devices: Vec<_> = (found.devices.iter())
        .map(|at| &*rows[*at].facts.name)
        .collect();
    let near = places(&source.name, &found.stores, &devices);
    pipeline.into_iter().chain(near).collect()
}

/// The vendor publishes late, as far as one can tell.
fn pipeline(source: &SourceRow, late: &[&str], all: usize) -> Option<Blame> {
    let name = &source.name;
    let calls = source.calls_in_words();
    let text = match late {
        [] => return None,
        [_] if all == 1 => format!(
            "{name}: nothing new from its one device, {calls}; the vendor's pipeline or the device"
        ),
        [one] => format!(
            "{name}: {one} overdue and no news of others since, {calls}; the vendor's pipeline or \
             the device"
        ),
        late => format!(
            "{name}: the vendor publishes late, {} of {} overdue; {calls}",
            late.len(),
            plural(all, "device", "devices")
        ),
    };
    Some(Blame {
        next: source.next_poll,
        ..mild(text)
    })
}

fn places(source: &str, stores: &[&str], devices: &[&str]) -> Vec<Blame> {
    let stores = (!stores.is_empty()).then(|| {
        let whose = plural_word(stores, "its link or hub", "their links or hubs");
        format!(
            "{source}: {} overdue, other stores are not; {whose}",
            named(stores)
        )
    });
    let devices = (!devices.is_empty()).then(|| {
        let which = plural_word(devices, "this device", "these devices");
        format!(
            "{source}: {} overdue, others are not; {which}",
            named(devices)
        )
    });
    stores.into_iter().chain(devices).map(mild).collect()
}

/// Names in words; those beyond the first few are counted.
pub(super) fn named(names: &[&str]) -> String {
    let told = names.iter().take(NAMED).copied().collect::<Vec<_>>();
    match names.len().saturating_sub(NAMED) {
        0 => told.join(" and "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}

fn plural_word<'a>(names: &[&str], one: &'a str, many: &'a str) -> &'a str {
    if names.len() == 1 { one } else { many }
}
