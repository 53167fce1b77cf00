//! The random mix of the demo: rare, short, and each of a sort that operators know.

use std::sync::Arc;

use rand::RngExt;

use crate::model::Timestamp;
use crate::simulator::estate::Estate;
use crate::simulator::estate::chance::{Subject, chance};
use crate::simulator::vendor::Vendor;

use super::Fault;

/// Length of a spell of bad luck in seconds.
const SPELL_S: i64 = 20 * 60;
/// Share of spells in which a vendor has trouble.
const TROUBLE: f64 = 0.09;
/// A door that dies stays dead for one of these watches.
const WATCH_S: i64 = 4 * 3600;
/// Watches before the running one that are told.
const WATCHES_TOLD: i64 = 12;

/// A random mix of faults, a pure function of seed, vendor and time.
#[derive(Clone, Debug)]
pub struct Mix {
    seed: u64,
    /// Doors that may die: of stores with several, so that the others still tell.
    doors: Arc<[(usize, usize)]>,
}

impl Mix {
    /// The mix that suits an estate.
    #[must_use]
    pub fn new(estate: &Estate) -> Self {
        let several = estate.sites().iter().filter(|site| site.doors.len() > 1);
        Self {
            seed: estate.seed(),
            doors: several.map(|site| (site.index, site.doors.len())).collect(),
        }
    }

    /// What goes wrong at a vendor at `now`.
    pub fn at(&self, vendor: Vendor, now: Timestamp) -> Vec<Fault> {
        self.trouble(vendor, now)
            .into_iter()
            .chain(self.dead_doors(now))
            .collect()
    }

    fn trouble(&self, vendor: Vendor, now: Timestamp) -> Option<Fault> {
        let spell = now.timestamp().div_euclid(SPELL_S);
        let mut draw = chance(self.seed, Subject::Mishap, vendor as u64, spell);
        if !draw.random_bool(TROUBLE) {
            return None;
        }
        Some(match draw.random_range(0..10) {
            0 => Fault::Hang,
            1 | 2 => Fault::Status(500),
            3 => Fault::Html(502),
            4 => Fault::Throttled {
                retry_after_s: Some(300),
            },
            5 => Fault::Truncated,
            6 | 7 => Fault::Revised,
            _ => Fault::Late { by_s: 25 * 60 },
        })
    }

    /// In every watch one door of the estate is dead; those of the last day are told, so that a
    /// day that is read again looks as it did.
    fn dead_doors(&self, now: Timestamp) -> impl Iterator<Item = Fault> {
        let newest = now.timestamp().div_euclid(WATCH_S);
        (newest - WATCHES_TOLD..=newest).filter_map(|watch| self.dead_door(watch))
    }

    fn dead_door(&self, watch: i64) -> Option<Fault> {
        if self.doors.is_empty() {
            return None;
        }
        let mut draw = chance(self.seed, Subject::Mishap, u64::MAX, watch);
        let (site, doors) = self.doors[draw.random_range(0..self.doors.len())];
        Some(Fault::DeadDoor {
            site,
            door: draw.random_range(0..doors),
            from: Timestamp::from_timestamp(watch * WATCH_S, 0)?,
            to: Timestamp::from_timestamp((watch + 1) * WATCH_S, 0),
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn trouble_is_rare_and_of_several_sorts() {
        let mix = Mix::new(&Estate::new(1, 8));
        let start: Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
        let spells = 2_000;
        let found: Vec<Fault> = (0..spells)
            .filter_map(|spell| {
                mix.trouble(Vendor::Bespot, start + TimeDelta::seconds(spell * SPELL_S))
            })
            .collect();
        assert!((100..300).contains(&found.len()), "{}", found.len());
        for sort in [Fault::Hang, Fault::Truncated, Fault::Revised] {
            assert!(found.contains(&sort), "{sort:?}");
        }
    }
}
