//! Whose fault it is that data is missing although our calls succeed.

use std::collections::BTreeMap;

use super::super::judge::{Judgement, overdue};
use super::super::words::plural;
use super::{Blame, mild};
use crate::model::board::{DeviceRow, SourceRow};
use crate::model::device::Kind;
use crate::model::health::DataState;

/// From this share of overdue feeds on it is the vendor, in per cent.
const MOST: usize = 80;
/// So many names are told; the others are counted.
const NAMED: usize = 2;

/// The roots of a readable source with overdue feeds.
pub(super) fn overdue_feeds(
    judgement: &Judgement,
    position: usize,
    source: &SourceRow,
) -> Vec<Blame> {
    let devices = judgement.board.devices.keys().zip(&judgement.devices);
    let feeds: Vec<Feed<'_>> = devices
        .filter(|((at, _), judged)| usize::from(*at) == position && !judged.row.is_blocked())
        .filter(|(_, judged)| judged.state != DataState::Closed)
        .map(|(_, judged)| Feed {
            row: &judged.row,
            overdue: overdue(judged.state).is_some(),
        })
        .collect();
    let late = feeds.iter().filter(|feed| feed.overdue).count();
    let name = &source.name;
    if late == feeds.len() && late == 1 {
        return vec![Blame {
            next: source.next_poll,
            ..mild(format!(
                "{name}: nothing new from its one device, our calls succeed; the vendor's \
                 pipeline or the device"
            ))
        }];
    }
    if late > 1 && late * 100 >= feeds.len() * MOST {
        let devices = plural(feeds.len(), "device", "devices");
        return vec![Blame {
            next: source.next_poll,
            ..mild(format!(
                "{name}: the vendor publishes late, {late} of {devices} overdue; our calls succeed"
            ))
        }];
    }
    let (stores, sensors) = by_store(&feeds);
    let stores = (!stores.is_empty()).then(|| {
        let whose = plural_word(&stores, "its link or hub", "their links or hubs");
        format!(
            "{name}: {} overdue, other stores are not; {whose}",
            named(&stores)
        )
    });
    let sensors = (!sensors.is_empty()).then(|| {
        let which = plural_word(&sensors, "this device", "these devices");
        format!(
            "{name}: {} overdue, others are not; {which}",
            named(&sensors)
        )
    });
    stores.into_iter().chain(sensors).map(mild).collect()
}

struct Feed<'a> {
    row: &'a DeviceRow,
    overdue: bool,
}

/// The stores of which everything that counts people is overdue, and the other overdue devices.
fn by_store<'a>(feeds: &[Feed<'a>]) -> (Vec<&'a str>, Vec<&'a str>) {
    let mut stores: BTreeMap<&str, (bool, Vec<&str>)> = BTreeMap::new();
    let mut sensors = Vec::new();
    for feed in feeds {
        let store =
            (feed.row.claimed_by.as_deref()).filter(|_| feed.row.kind() == Kind::PeopleCounter);
        match store {
            Some(store) => {
                let (all, late) = stores.entry(&*store.name).or_insert((true, Vec::new()));
                *all &= feed.overdue;
                late.extend(feed.overdue.then_some(&*feed.row.facts.name));
            }
            None => sensors.extend(feed.overdue.then_some(&*feed.row.facts.name)),
        }
    }
    let mut whole = Vec::new();
    for (store, (all, late)) in stores {
        if all {
            whole.push(store);
        } else {
            sensors.extend(late);
        }
    }
    (whole, sensors)
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
