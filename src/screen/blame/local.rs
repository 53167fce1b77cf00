//! Whose fault it is that data is missing although our calls succeed.

use super::super::judge::{Judgement, overdue};
use super::super::words::plural;
use super::{Blame, mild};
use crate::model::board::{DeviceRow, SourceRow};
use crate::model::device::Kind;
use crate::model::health::DataState;
use crate::model::incidents::root::{MOST, Part, Silence, silence};

/// So many names are told; the others are counted.
const NAMED: usize = 2;

/// The roots of a readable source with overdue feeds.
pub(super) fn overdue_feeds(
    judgement: &Judgement,
    position: usize,
    source: &SourceRow,
) -> Vec<Blame> {
    let devices = judgement.board.devices.keys().zip(&judgement.devices);
    let feeds: Vec<_> = devices
        .filter(|((at, _), judged)| usize::from(*at) == position && !judged.row.is_blocked())
        .map(|(_, judged)| judged)
        .filter(|judged| judged.state != DataState::Closed)
        .collect();
    let parts: Vec<_> = (feeds.iter())
        .map(|judged| Part {
            store: counted_for(&judged.row),
            overdue: overdue(judged.state).is_some(),
        })
        .collect();
    let name = &source.name;
    match silence(&parts, MOST) {
        Silence::Pipeline { late, all } => {
            let text = if all == 1 {
                format!(
                    "{name}: nothing new from its one device, our calls succeed; the vendor's \
                     pipeline or the device"
                )
            } else {
                let devices = plural(all, "device", "devices");
                format!(
                    "{name}: the vendor publishes late, {late} of {devices} overdue; our calls \
                     succeed"
                )
            };
            vec![Blame {
                next: source.next_poll,
                ..mild(text)
            }]
        }
        Silence::Places { stores, devices } => {
            let devices: Vec<_> = (devices.into_iter())
                .map(|at| &*feeds[at].row.facts.name)
                .collect();
            places(name, &stores, &devices)
        }
    }
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

/// The store whose people a device counts.
fn counted_for(row: &DeviceRow) -> Option<&str> {
    let store = row.claimed_by.as_deref();
    store
        .filter(|_| row.kind() == Kind::PeopleCounter)
        .map(|store| &*store.name)
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
