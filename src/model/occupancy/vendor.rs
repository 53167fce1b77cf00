//! The vendor's own occupancy beside ours: shown as it came, compared, never blended in.

use chrono::TimeDelta;

use crate::model::Timestamp;
use crate::model::board::Origin;
use crate::model::store::Lead;

use super::estimate::Estimate;
use super::estimator::Estimator;
use super::running::Finished;

/// A vendor's value is compared while it is at most this much older than our number.
const OLDEST: TimeDelta = TimeDelta::minutes(15);
/// Differences up to this many people never count as a dispute.
const TOLERANCE: f64 = 5.0;
/// A dispute begins and ends after this long, in minutes.
const DISPUTED_MIN: u32 = 60;
/// Compared cells that show whether the difference stays the same.
const COMPARED: usize = 8;
/// Nights looked back on, and how many of them must show people left.
const NIGHTS: usize = 7;
const BAD_NIGHTS: usize = 2;
/// People that may be left at night: so many, or this share of the day's entries.
const LEFT: f64 = 3.0;
const LEFT_SHARE: f64 = 0.02;

/// The end of one of our cells, beside the vendor's number at that time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compared {
    /// End of the cell.
    pub at: Timestamp,
    /// People inside by our estimate.
    pub n: f64,
    /// Half-width of our band.
    pub half: f64,
    /// The plain signed sum.
    pub raw: i64,
    /// The vendor's number; `None` when it has none that is new enough.
    pub vendor: Option<i64>,
}

/// The vendor's number and ours have been apart for an hour, and have not agreed for one since.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dispute {
    /// End of the first cell that was apart.
    pub since: Timestamp,
    /// The vendor's newest compared number.
    pub vendor: i64,
    /// How many more people it sees than we do.
    pub more: f64,
}

/// What is known about how a vendor makes its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// It is the plain sum, counted from another moment.
    PlainSum,
    /// It does not come back to zero: this many people were left at night.
    Drifts(i64),
}

/// Whether the two numbers disagree after these cells of a day, which are `cell_min` minutes long.
/// Cells without a vendor's number say nothing.
#[must_use]
pub fn dispute(cells: &[Compared], cell_min: u32) -> Option<Dispute> {
    let enough = DISPUTED_MIN.div_ceil(cell_min.max(1));
    let (mut apart, mut together) = (0, 0);
    let (mut began, mut raised) = (None, None);
    let mut newest = None;
    for cell in cells {
        let Some(vendor) = cell.vendor else { continue };
        #[expect(clippy::cast_precision_loss, reason = "numbers of people are small")]
        let more = vendor as f64 - cell.n;
        newest = Some((vendor, more));
        if more.abs() > TOLERANCE.max(cell.half) {
            began = if apart == 0 { Some(cell.at) } else { began };
            (apart, together) = (apart + 1, 0);
        } else {
            (apart, together) = (0, together + 1);
        }
        if apart >= enough {
            raised = raised.or(began);
        }
        if together >= enough {
            raised = None;
        }
    }
    let (vendor, more) = newest?;
    raised.map(|since| Dispute {
        since,
        vendor,
        more,
    })
}

/// Whether the vendor's number differs from the plain sum by the same number of people all day.
#[must_use]
pub fn is_plain_sum(cells: &[Compared]) -> bool {
    let apart = || {
        cells
            .iter()
            .filter_map(|cell| Some(cell.vendor? - cell.raw))
    };
    let moves = cells.iter().map(|cell| cell.raw).max() != cells.iter().map(|cell| cell.raw).min();
    apart().count() >= COMPARED && moves && apart().max() == apart().min()
}

/// People the vendor's number had left on the newest of its bad nights, where there were at least
/// two in the last seven.
#[must_use]
pub fn left_at_night<'a>(days: impl DoubleEndedIterator<Item = &'a Finished>) -> Option<i64> {
    let nights = days.rev().take(NIGHTS);
    let bad: Vec<_> = nights
        .filter_map(|day| {
            let left = day.vendor?;
            #[expect(clippy::cast_precision_loss, reason = "numbers of people are small")]
            let people = left as f64;
            (people > LEFT.max(LEFT_SHARE * day.entered)).then_some(left)
        })
        .collect();
    (bad.len() >= BAD_NIGHTS).then(|| bad[0])
}

/// Why one of two numbers leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// There is no other.
    Alone,
    /// Ours: somebody counted the people today.
    CountedByHand,
    /// Ours: a day has been learned.
    Learned,
    /// The vendor's: no day has been learned yet.
    NothingLearned,
    /// The vendor's: ours is more than two cells old, and the vendor's is newer.
    OursIsOld,
    /// The vendor's: the store is set to it.
    Configured,
}

impl Because {
    /// As a sentence, where there is something to explain.
    #[must_use]
    pub fn sentence(self) -> Option<&'static str> {
        match self {
            Self::Alone => None,
            Self::CountedByHand => Some("our number leads: somebody counted the people today"),
            Self::Learned => Some("our number leads: the counters' errors have been learned"),
            Self::NothingLearned => {
                Some("the vendor's number leads: we have not learned a whole day yet")
            }
            Self::OursIsOld => Some("the vendor's number leads: it is newer than our counts"),
            Self::Configured => Some("the vendor's number leads: the store is set to it"),
        }
    }
}

/// Which number leads, and why: ours once a day has been learned or while it stands on a count by
/// hand, the vendor's before that, while ours is more than two cells old and the vendor's is newer,
/// or when the operator says so.
#[must_use]
pub fn leading(
    lead: Lead,
    ours: Option<&Estimate>,
    vendor: Option<Timestamp>,
    cell_min: u32,
    now: Timestamp,
) -> (Origin, Because) {
    let (Some(ours), Some(vendor)) = (ours, vendor) else {
        let only = if vendor.is_some() {
            Origin::Vendor
        } else {
            Origin::Counted
        };
        return (only, Because::Alone);
    };
    let old = now - ours.as_of > TimeDelta::minutes(2 * i64::from(cell_min));
    if old && vendor > ours.as_of {
        (Origin::Vendor, Because::OursIsOld)
    } else if ours.by_hand.is_some() {
        (Origin::Counted, Because::CountedByHand)
    } else if lead == Lead::Vendor {
        (Origin::Vendor, Because::Configured)
    } else if ours.days == 0 {
        (Origin::Vendor, Because::NothingLearned)
    } else {
        (Origin::Counted, Because::Learned)
    }
}

impl Estimator {
    /// Our cells of today beside the vendor's numbers.
    #[must_use]
    pub fn compared(&self) -> Vec<Compared> {
        let Some(today) = &self.today else {
            return Vec::new();
        };
        let Some(sheet) = self.sheet(&today.day).filter(|sheet| sheet.has_levels()) else {
            return Vec::new();
        };
        let lines = today.log.iter().enumerate();
        lines
            .map(|(index, line)| {
                let cell = today.first + index;
                let at = today.day.cell_end(cell);
                let own = sheet.level(cell);
                let before = cell.checked_sub(1).and_then(|cell| sheet.level(cell));
                let vendor = own.or(before).filter(|level| at - level.at <= OLDEST);
                Compared {
                    at,
                    n: f64::from(line.n),
                    half: f64::from(line.half),
                    raw: i64::from(line.raw),
                    vendor: vendor.map(|level| level.value),
                }
            })
            .collect()
    }

    /// Whether the vendor's number and ours disagree now.
    #[must_use]
    pub fn dispute(&self) -> Option<Dispute> {
        dispute(&self.compared(), self.cell_min())
    }

    /// What today's cells and the last nights say about how the vendor makes its number.
    #[must_use]
    pub fn vendor_habit(&self) -> Option<Habit> {
        if is_plain_sum(&self.compared()) {
            return Some(Habit::PlainSum);
        }
        let left = self
            .settings
            .empties()
            .then(|| left_at_night(self.finished()));
        left.flatten().map(Habit::Drifts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        "2026-03-02T11:30:00Z".parse::<Timestamp>().unwrap() + TimeDelta::minutes(minutes)
    }

    fn cells(vendor: &[Option<i64>]) -> Vec<Compared> {
        let cells = (0..).zip(vendor);
        cells
            .map(|(index, vendor)| Compared {
                at: at(15 * index),
                n: 42.0,
                half: 6.0,
                raw: index,
                vendor: *vendor,
            })
            .collect()
    }

    #[test]
    fn e11_the_vendor_disagrees_for_an_hour() {
        let all: Vec<_> = [50, 57, 57, 58, 47, 45].map(Some).into();
        for shown in 1..4 {
            assert_eq!(dispute(&cells(&all[..shown]), 15), None, "{shown}");
        }
        let raised = dispute(&cells(&all[..4]), 15).unwrap();
        assert_eq!((raised.since, raised.vendor), (at(0), 58));
        assert!((raised.more - 16.0).abs() < 1e-9);
        assert!(
            dispute(&cells(&all), 15).is_some(),
            "two agree, two more are needed"
        );
        let mut calm = all.clone();
        calm.extend([Some(44), Some(43)]);
        assert_eq!(dispute(&cells(&calm), 15), None);
    }

    #[test]
    fn cells_without_a_number_say_nothing() {
        let gap = [Some(60), None, Some(60), Some(60), None, Some(60)];
        assert!(dispute(&cells(&gap), 15).is_some());
        assert_eq!(dispute(&cells(&[None, None]), 15), None);
        assert!(
            dispute(&cells(&[Some(60)]), 60).is_some(),
            "one cell is an hour"
        );
    }

    #[test]
    fn a_plain_sum_keeps_its_distance() {
        let plain: Vec<_> = (0..10).map(|index| Some(index + 7)).collect();
        assert!(is_plain_sum(&cells(&plain)));
        assert!(!is_plain_sum(&cells(&plain[..5])), "too early to tell");
        let other: Vec<_> = (0..10).map(|index| Some(index * 2)).collect();
        assert!(!is_plain_sum(&cells(&other)));
    }

    #[test]
    fn two_bad_nights_of_seven_are_a_habit() {
        let night = |vendor| Finished {
            start: at(0),
            end: at(1440),
            ratio: None,
            entered: 500.0,
            left: 500.0,
            filled: 0.0,
            remained: 0.0,
            half: 2.0,
            raw: 0,
            vendor,
            whole: true,
        };
        let left = |nights: &[Option<i64>]| {
            let days: Vec<_> = nights.iter().map(|vendor| night(*vendor)).collect();
            left_at_night(days.iter())
        };
        assert_eq!(left(&[Some(30), Some(0), Some(14)]), Some(14));
        assert_eq!(
            left(&[Some(30), Some(0), Some(10)]),
            None,
            "2 % of 500 may be left"
        );
        let old = [&[Some(30)][..], &[Some(0); 6], &[Some(14)]].concat();
        assert_eq!(left(&old), None, "the first is eight nights ago");
    }

    #[test]
    fn ours_leads_once_a_day_is_learned_and_while_it_is_new() {
        use Origin::{Counted, Vendor};
        let mut ours = Estimate {
            n: 3.0,
            low: 0.0,
            high: 6.0,
            half: 3.0,
            signed: 3.0,
            raw: 3,
            as_of: at(0),
            sums: super::super::sums::Sums::default(),
            days: 0,
            deviation: 0.0,
            coverage: 1.0,
            by_hand: None,
            quality: crate::model::figure::Quality::GOOD,
        };
        let which = |ours: &Estimate, lead, vendor, now| leading(lead, Some(ours), vendor, 15, now);
        let counted = |ours: &Estimate, now| which(ours, Lead::Counted, Some(at(0)), at(now));
        assert_eq!(counted(&ours, 10), (Vendor, Because::NothingLearned));
        assert_eq!(
            which(&ours, Lead::Counted, None, at(10)),
            (Counted, Because::Alone)
        );
        ours.days = 1;
        assert_eq!(counted(&ours, 10), (Counted, Because::Learned));
        let configured = |ours: &Estimate| which(ours, Lead::Vendor, Some(at(0)), at(10));
        assert_eq!(configured(&ours), (Vendor, Because::Configured));
        assert_eq!(
            which(&ours, Lead::Counted, Some(at(30)), at(31)),
            (Vendor, Because::OursIsOld)
        );
        assert_eq!(counted(&ours, 31), (Counted, Because::Learned));
        ours.days = 0;
        ours.by_hand = Some(at(0));
        assert_eq!(counted(&ours, 10), (Counted, Because::CountedByHand));
        assert_eq!(configured(&ours), (Counted, Because::CountedByHand));
        assert_eq!(
            leading(Lead::Counted, None, Some(at(0)), 15, at(1)),
            (Vendor, Because::Alone)
        );
    }
}
