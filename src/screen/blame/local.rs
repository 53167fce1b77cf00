//! Whose fault it is that data is missing although our calls succeed.

use super::super::judge::Judgement;
use super::super::words::plural;
use super::{Blame, Since, mild};
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
    let most = most(judgement.board.open_incidents(), &source.name);
    let found = silence(&parts, most);
    let first = |wanted: &dyn Fn(usize) -> bool| {
        let overdue = parts.iter().enumerate().filter(|(at, _)| wanted(*at));
        overdue.filter_map(|(_, part)| part.overdue).min()
    };
    let since = |blame: Blame, wanted: &dyn Fn(usize) -> bool| Blame {
        since: first(wanted).map(Since::Late),
        ..blame
    };
    let name = |at: &usize| &*rows[*at].facts.name;
    let late: Vec<_> = found.pipeline.iter().map(name).collect();
    let devices: Vec<_> = found.devices.iter().map(name).collect();
    let pipeline = pipeline(source, &late, parts.len())
        .map(|blame| since(blame, &|at| found.pipeline.contains(&at)));
    let stores = silent_stores(&source.name, &found.stores).map(|blame| {
        since(blame, &|at| {
            let its = |store| found.stores.contains(&store);
            parts[at].store.is_some_and(its) && !found.pipeline.contains(&at)
        })
    });
    let devices = silent_devices(&source.name, &devices)
        .map(|blame| since(blame, &|at| found.devices.contains(&at)));
    [pipeline, stores, devices].into_iter().flatten().collect()
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
        requests: Some(source.requests),
        ..mild(text)
    })
}

fn silent_stores(source: &str, stores: &[&str]) -> Option<Blame> {
    (!stores.is_empty()).then(|| {
        let whose = plural_word(stores, "its link or hub", "their links or hubs");
        let stores = named(stores);
        mild(format!(
            "{source}: {stores} overdue, other stores are not; {whose}"
        ))
    })
}

fn silent_devices(source: &str, devices: &[&str]) -> Option<Blame> {
    (!devices.is_empty()).then(|| {
        let which = plural_word(devices, "this device", "these devices");
        let devices = named(devices);
        mild(format!(
            "{source}: {devices} overdue, others are not; {which}"
        ))
    })
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
