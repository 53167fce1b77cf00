//! The number of people in a store: which account leads, why, and how far it can be trusted.

use chrono::TimeZone;

use super::device::Counter;
use super::inside::{fetched_at, vendor};
use super::store::{Part, Tally};
use crate::model::Timestamp;
use crate::model::board::{Occupancy, Origin, Today};
use crate::model::evidence::{Beside, Evidence, LastReset};
use crate::model::figure::{Figure, Flag, Quality};
use crate::model::occupancy::vendor::leading;
use crate::model::occupancy::{Estimate, Hush};

impl Tally {
    /// The number of people, by the vendor's account or by counting, whichever leads.
    pub(super) fn people(
        &self,
        counters: &[(&Part<'_>, &Counter)],
        today: Option<&Today>,
        now: Timestamp,
    ) -> Option<Occupancy> {
        let quality = self.quality(today);
        let estimate = self.estimator.estimate();
        let said = vendor(counters, today, quality);
        // What the vendor said before the store emptied is no number of this day.
        let (vendor, of_yesterday) = match said {
            Some(old) if old.shown.as_of < self.totals.start() => (None, Some(old)),
            said => (said, None),
        };
        let (origin, because) = leading(
            self.store.lead,
            estimate.as_ref(),
            vendor.as_ref().map(|vendor| vendor.shown.as_of),
            self.estimator.cell_min(),
            now,
        );
        let counted = estimate.map(|estimate| self.counted(counters, &estimate, quality));
        let mut leader = match origin {
            Origin::Vendor => vendor.map(|vendor| self.with_dispute(vendor)).or(counted),
            Origin::Counted | Origin::OnBoard => counted.or(vendor),
        }
        .or(of_yesterday)?;
        leader.why.extend(because.sentence().map(str::to_owned));
        Some(leader)
    }

    fn counted(
        &self,
        counters: &[(&Part<'_>, &Counter)],
        estimate: &Estimate,
        quality: Quality,
    ) -> Occupancy {
        let (low, high) = estimate.band();
        let (store, zone) = (&self.store, self.store.timezone);
        let hush = self.estimator.hush(|at| store.hours.open_at(zone, at));
        let mut why = self.estimator.why();
        why.extend(hush.map(|hush| self.hushed(hush)));
        Occupancy {
            shown: Figure {
                value: estimate.shown(),
                as_of: estimate.as_of,
                fetched_at: fetched_at(counters, estimate.as_of),
                // What has arrived is measured against the opening hours here, so that a closed
                // morning is no hole; and a cell that is still running is nothing to mention.
                quality: estimate
                    .quality
                    .without(Flag::Partial)
                    .without(Flag::Provisional)
                    .with_if(Flag::Silent, hush.is_some())
                    .and(quality),
            },
            low,
            high,
            raw: estimate.raw,
            origin: Origin::Counted,
            why,
        }
    }

    fn hushed(&self, hush: Hush) -> String {
        format!(
            "nobody in or out since {}, where {:.0} crossings are usual: closed, or counters blind?",
            self.clock(hush.since),
            hush.usual
        )
    }

    /// Says by how much the vendor's number and ours differ, once they do for an hour.
    fn with_dispute(&self, mut vendor: Occupancy) -> Occupancy {
        if let Some(dispute) = self.estimator.dispute() {
            vendor.shown.quality = vendor.shown.quality.with(Flag::Suspect);
            vendor.why.push(format!(
                "our own count differs by {:+.0} people since {}",
                -dispute.more,
                self.clock(dispute.since)
            ));
        }
        vendor
    }

    /// What speaks for and against the number.
    pub(super) fn evidence(&self, counters: &[(&Part<'_>, &Counter)]) -> Evidence {
        if counters.is_empty() {
            return Evidence::default();
        }
        let estimate = self.estimator.estimate();
        let resets = self.store.reset != crate::model::store::Reset::Never;
        // What is left of a day that was not seen from its beginning says nothing about counters.
        let last = self.estimator.finished().next_back();
        let last = last.filter(|day| resets && day.whole);
        Evidence {
            vendor: estimate
                .as_ref()
                .and_then(|ours| self.beside(counters, ours)),
            drift: self.estimator.drift(),
            last_reset: last.map(|day| LastReset {
                at: day.end,
                residual: day.raw,
                remained: whole(day.remained),
                half: whole(day.half),
            }),
            learned_days: self.estimator.learned_days(),
            by_hand: (estimate.and_then(|estimate| estimate.by_hand)).and_then(|at| {
                let count = self.counts.iter().rfind(|count| count.at == at);
                count.cloned()
            }),
            after_hours: self.night.seen(),
        }
    }

    /// The vendor's newest number beside ours. Ours is of all doors together, so a vendor's number
    /// of one of several is none; nor is one of a day that is over.
    fn beside(&self, counters: &[(&Part<'_>, &Counter)], ours: &Estimate) -> Option<Beside> {
        let [(_, counter)] = counters else {
            return None;
        };
        let (as_of, value) = counter
            .occupancy
            .filter(|(at, _)| *at >= self.totals.start())?;
        let compared = self.estimator.compared();
        let together = compared
            .iter()
            .rev()
            .find_map(|cell| Some((cell.vendor?, cell.n)));
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        let difference = match together {
            Some((vendor, n)) => vendor - n.round() as i64,
            None => value - i64::from(ours.shown()),
        };
        Some(Beside {
            value,
            as_of,
            counted: ours.shown(),
            half: whole(ours.half),
            difference,
            since: self.estimator.dispute().map(|dispute| dispute.since),
        })
    }

    fn clock(&self, at: Timestamp) -> String {
        let local = self.store.timezone.from_utc_datetime(&at.naive_utc());
        local.format("%H:%M").to_string()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and there are no fewer people than none"
)]
fn whole(people: f64) -> u32 {
    people.round() as u32
}
