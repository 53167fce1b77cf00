//! What the counters of a store hand to their vendor: the crossings that were counted, without
//! those that a fault keeps back.

use crate::model::Timestamp;

use super::estate::site::Site;
use super::estate::{Estate, Passage};
use super::faults::Fault;

/// What a store's working sensors saw in `[from, to)`, in order.
#[must_use]
pub fn delivered(
    estate: &Estate,
    site: &Site,
    faults: &[Fault],
    from: Timestamp,
    to: Timestamp,
) -> Vec<Passage> {
    let mut passages = estate.passages(site, from, to);
    passages.retain(|passage| {
        passage.counted > 0 && !faults.iter().any(|fault| hides(fault, site.index, passage))
    });
    passages
}

/// When the link of a store broke, if it did.
#[must_use]
pub fn silent_since(faults: &[Fault], index: usize) -> Option<Timestamp> {
    faults.iter().find_map(|fault| match fault {
        Fault::SilentStore { site, from } if *site == index => Some(*from),
        _ => None,
    })
}

fn hides(fault: &Fault, index: usize, passage: &Passage) -> bool {
    match fault {
        Fault::SilentStore { site, from } => *site == index && passage.at_s >= from.timestamp(),
        Fault::DeadDoor {
            site,
            door,
            from,
            to,
        } => {
            *site == index
                && *door == usize::from(passage.door)
                && passage.at_s >= from.timestamp()
                && to.is_none_or(|to| passage.at_s < to.timestamp())
        }
        _ => false,
    }
}
