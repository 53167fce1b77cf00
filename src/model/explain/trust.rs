//! Whose number it is, what was done to it, and what to keep in mind when reading it.

use super::corrected;
use super::store::Tale;
use super::wall::{count, percent};
use crate::model::board::{Band, Occupancy, Origin, Over, StoreRow};
use crate::model::figure::Flag;

/// So many good days make the errors of counters well known.
const LEARNED: u32 = 7;

/// Whose number it is, and what was done to it.
pub(super) fn made(tale: &Tale<'_>, inside: &Occupancy) -> Vec<String> {
    let mut said = Vec::new();
    match inside.origin {
        Origin::Vendor => {
            said.push("This is the vendor's own number, shown as it came.".to_owned());
        }
        Origin::OnBoard => {
            said.push("Their sensors say so; nothing is corrected.".to_owned());
            return said;
        }
        Origin::Counted => {
            let raw = inside.raw;
            let difference = i64::from(inside.shown.value) - raw;
            said.push(match difference {
                0 => "This is our own count from in and out; it equals their plain sum, there \
                      was nothing to correct."
                    .to_owned(),
                _ => format!(
                    "This is our own count from in and out. Their plain sum is {raw}, corrected \
                     by {difference:+} for what the counters miss."
                ),
            });
            if inside.shown.value == 0 && raw < 0 {
                said.push(
                    "More people seem to have left than came in, and fewer than none are not \
                     shown."
                        .to_owned(),
                );
            }
        }
    }
    if inside.origin == Origin::Counted && tale.is_live() {
        said.extend(learning(tale));
    }
    said
}

fn learning(tale: &Tale<'_>) -> Option<String> {
    let evidence = &tale.row.evidence;
    if let Some(count) = &evidence.by_hand {
        let reason = if count.reason.is_empty() {
            String::new()
        } else {
            format!(" ({})", count.reason)
        };
        let was = count
            .was
            .map_or_else(String::new, |was| format!(", was {was}"));
        return Some(format!(
            "It stands on a count by hand: {} at {}{reason}{was}.",
            count.people,
            tale.wall.at(count.at)
        ));
    }
    match evidence.learned_days {
        0 => Some(
            "How the counters err is not known before the first whole day, so the band is wide."
                .to_owned(),
        ),
        days if days < LEARNED => Some(format!(
            "How the counters err has been learned from {} so far.",
            count(days.into(), "good day")
        )),
        _ => None,
    }
}

/// What to keep in mind, in the order of the flags.
pub(super) fn doubts(tale: &Tale<'_>, inside: &Occupancy) -> Vec<String> {
    let row = tale.row;
    let told =
        |flag: Flag| {
            match flag {
        Flag::Partial => {
            let coverage = row.today.map_or(0.0, |today| today.coverage);
            Some(if coverage < 0.8 {
                format!("Only {} of today's counts have arrived.", percent(coverage))
            } else {
                "Not all of today's counts have arrived.".to_owned()
            })
        }
        Flag::Provisional => None,
        Flag::Revised => Some(revised(tale)),
        Flag::Suspect => Some(if row.evidence.vendor.is_some_and(|beside| beside.since.is_some()) {
            "The vendor's number and ours have been apart for more than an hour: one of them is \
             wrong."
                .to_owned()
        } else {
            "Some of the counts are hard to believe.".to_owned()
        }),
        Flag::Silent => Some(
            "A counter seems to see nothing although people are usual at this hour.".to_owned(),
        ),
        Flag::OneWay => Some("A counter sees people in one direction only.".to_owned()),
        Flag::Drifting => Some(
            "The counters drift: in and out do not fit each other, or not as they used to."
                .to_owned(),
        ),
        Flag::ResetUnconfirmed => Some(
            "At the last reset more people were left than the band explains, so the day before \
             was counted badly."
                .to_owned(),
        ),
    }
        };
    inside.shown.quality.flags().filter_map(told).collect()
}

fn revised(tale: &Tale<'_>) -> String {
    let changed =
        "The vendor changed counts of today after they were first shown; the number follows";
    let counters: Vec<_> = tale.counters().collect();
    let which = (tale.row.today.as_ref())
        .and_then(|today| corrected::of_store(&counters, today.since, &tale.wall));
    match which {
        Some(which) => format!("{changed}: {which}."),
        None => format!("{changed}."),
    }
}

/// How full that is, and how many can still enter.
pub(super) fn capacity(row: &StoreRow, inside: &Occupancy) -> Option<String> {
    let capacity = row.store.capacity?;
    let share = percent(row.ratio()?);
    let room = row.room().unwrap_or(0);
    Some(match row.over() {
        Some(Over::Certainly) => format!(
            "That is certainly over the capacity of {capacity}: even the lower edge of the band \
             is above it."
        ),
        Some(Over::Over) => format!("That is over the capacity of {capacity} ({share})."),
        Some(Over::Possibly) => format!(
            "It is possibly over the capacity of {capacity}: the upper edge of the band is {}.",
            inside.high
        ),
        None => {
            let near = if row.band() == Band::Near {
                ", at or above the warning share"
            } else {
                ""
            };
            format!(
                "That is {share} of the capacity of {capacity}{near}; {room} can still enter, \
                 counted from the upper edge of the band."
            )
        }
    })
}
