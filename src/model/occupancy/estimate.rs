//! The number to show: people inside with a band, its age, its quality and its parts.

use chrono::TimeDelta;

use crate::model::Timestamp;
use crate::model::figure::{Flag, Quality};

use super::estimator::Estimator;
use super::filter::{Filter, Moved, gains};
use super::running::Running;
use super::silent::{Report, Ways};
use super::sums::Sums;

/// Less than this share of a day's counts delivered makes a number partial.
const COVERED: f64 = 0.8;
/// A door without rows is silent after this long.
const SILENT: TimeDelta = TimeDelta::minutes(60);

/// An estimate, as of one instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// People inside.
    pub n: f64,
    /// Lower edge of the band that should hold 90 of 100 estimates.
    pub low: f64,
    /// Upper edge of the band.
    pub high: f64,
    /// Half-width of the band, before its lower edge is cut at zero.
    pub half: f64,
    /// `n` before the last cell's floor at zero; may be negative.
    pub signed: f64,
    /// The plain signed sum since the day began or somebody counted.
    pub raw: i64,
    /// The instant it holds for: never later than the data.
    pub as_of: Timestamp,
    /// What `n` is made of.
    pub sums: Sums,
    /// Good days learned.
    pub days: u32,
    /// Today's deviation of the pace: 0.08 when people stay 8 % longer than usual.
    pub deviation: f64,
    /// Share of today's counts that has been delivered, 0 to 1.
    pub coverage: f64,
    /// The count by hand that it stands on, where there was one today.
    pub by_hand: Option<Timestamp>,
    /// What to keep in mind.
    pub quality: Quality,
}

impl Estimate {
    /// The number to show, rounded.
    #[must_use]
    pub fn shown(&self) -> u32 {
        whole(self.n)
    }

    /// The band to show, rounded so that it still holds the shown number.
    #[must_use]
    pub fn band(&self) -> (u32, u32) {
        let shown = self.shown();
        let half = whole(self.half);
        (shown.saturating_sub(half), shown.saturating_add(half))
    }

    /// More people seem to have left than were inside: zero is a floor here, not a count.
    #[must_use]
    pub fn is_floored(&self) -> bool {
        self.shown() == 0 && self.signed < -0.5
    }
}

/// One cell of today's curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Start of the cell.
    pub start: Timestamp,
    /// End of the cell: the estimate holds for this instant.
    pub end: Timestamp,
    /// People inside.
    pub n: f64,
    /// Lower edge of the band.
    pub low: f64,
    /// Upper edge of the band.
    pub high: f64,
    /// The plain signed sum.
    pub raw: i64,
}

/// How the counters err over the learned days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Drift {
    /// Exits per entry, the median of the learned days; 1 when the counters are fair.
    pub ratio: f64,
    /// Largest distance of a learned day from the median, as a share.
    pub spread: f64,
    /// Days the median is made of, at most seven.
    pub days: usize,
}

/// The state that is shown: that of the last cell, or with the running cell so far.
pub(super) struct View {
    pub filter: Filter,
    pub sums: Sums,
    pub delivered: Ways,
    pub as_of: Timestamp,
    /// It contains part of a cell.
    pub partial: bool,
    /// Somebody counted, and no cell has been run since.
    pub by_hand: Option<Timestamp>,
}

impl Estimator {
    /// The estimate of everything run so far; `None` before the first cell.
    #[must_use]
    pub fn estimate(&self) -> Option<Estimate> {
        let today = self.today.as_ref()?;
        let view = self.view(today)?;
        let learned = &self.dawn.learned;
        // Within a cell the band of the last cell end stands.
        let half = if view.by_hand.is_some() {
            view.filter.half(learned.bias, learned.days == 0)
        } else {
            today.half(learned)
        };
        let n = view.filter.n;
        Some(Estimate {
            n,
            low: (n - half).max(0.0),
            high: n + half,
            half,
            signed: view.filter.signed,
            raw: view.sums.raw(),
            as_of: view.as_of,
            sums: view.sums,
            days: learned.days,
            deviation: today.filter.d,
            coverage: today.coverage(),
            by_hand: view.by_hand.or(today.by_hand),
            quality: self.quality(today, &view),
        })
    }

    /// Today's curve, cell by cell.
    pub fn curve(&self) -> impl Iterator<Item = Point> {
        self.today.iter().flat_map(|today| {
            today.log.iter().enumerate().map(|(index, line)| {
                let (n, half) = (f64::from(line.n), f64::from(line.half));
                Point {
                    start: today.day.cell_start(today.first + index),
                    end: today.day.cell_end(today.first + index),
                    n,
                    low: (n - half).max(0.0),
                    high: n + half,
                    raw: i64::from(line.raw),
                }
            })
        })
    }

    /// Good days learned, of all time.
    #[must_use]
    pub fn learned_days(&self) -> u32 {
        self.dawn.learned.days
    }

    /// How the counters err, once a day has been learned.
    #[must_use]
    pub fn drift(&self) -> Option<Drift> {
        let learned = &self.dawn.learned;
        let off = learned.ledger.iter().map(|y| (y - learned.bias).abs());
        Some(Drift {
            ratio: learned.bias.exp(),
            spread: off.max_by(f64::total_cmp)?.exp_m1(),
            days: learned.ledger.len(),
        })
    }

    /// What is shown: the last cell, the running cell so far, or a count by hand that is newer.
    pub(super) fn view(&self, today: &Running) -> Option<View> {
        let mut view = View {
            filter: today.filter,
            sums: today.sums,
            delivered: today.delivered,
            as_of: today.reached(),
            partial: false,
            by_hand: None,
        };
        let mut adds = true;
        if let Some(count) = self.waiting_count() {
            view.filter.set(f64::from(count.people));
            view.sums = Sums::starting(view.filter.n);
            view.delivered = [0.0; 2];
            view.as_of = view.as_of.max(count.at);
            view.by_hand = Some(count.at);
            adds = count.cell == today.next_cell() && today.day.contains(count.at);
        }
        let reach = self.feeds.reach().unwrap_or(today.reached());
        if adds && reach > today.reached() && !today.is_over() {
            self.add_part(today, &mut view);
            view.as_of = view.as_of.max(reach);
        }
        let known = view.partial || view.by_hand.is_some() || !today.log.is_empty();
        known.then_some(view)
    }

    /// Adds what the running cell has counted so far.
    fn add_part(&self, today: &Running, view: &mut View) {
        let Some(sheet) = self.sheet(&today.day) else {
            return;
        };
        let mut count = [0.0; 2];
        for door in 0..self.feeds.doors.len() {
            let cell = today.next_cell();
            if let Report::Count(own) = self.feeds.report(sheet, &today.day, door, cell) {
                count[0] += own[0];
                count[1] += own[1];
            }
        }
        let (gi, go) = gains(self.dawn.learned.bias);
        let net = gi * count[0] - go * count[1];
        view.filter.signed = view.filter.n + net;
        view.filter.n = view.filter.signed.max(0.0);
        let moved = Moved {
            ratio: net - (count[0] - count[1]),
            floor: view.filter.n - view.filter.signed,
            ..Moved::default()
        };
        view.sums.add_cell(count, count, &moved);
        view.delivered[0] += count[0];
        view.delivered[1] += count[1];
        view.partial = true;
    }

    fn quality(&self, today: &Running, view: &View) -> Quality {
        let reached = today.reached();
        let silences = self.silent_doors(today);
        let silent = silences.iter().any(|(_, since)| reached - *since >= SILENT)
            || today.hearing.has_dead();
        let gap = !silent && !silences.is_empty();
        Quality::GOOD
            .with_if(Flag::Partial, gap || today.coverage() < COVERED)
            .with_if(Flag::Provisional, view.partial)
            .with_if(Flag::Revised, self.revised)
            .with_if(
                Flag::Suspect,
                self.burst().is_some() || self.dispute().is_some(),
            )
            .with_if(Flag::Silent, silent)
            .with_if(Flag::OneWay, !self.one_way(today).is_empty())
            .with_if(
                Flag::Drifting,
                self.is_drifting() || self.relearning().is_some(),
            )
            .with_if(Flag::ResetUnconfirmed, self.unconfirmed(today).is_some())
    }
}

impl Running {
    /// Share of the counts that should have been delivered that were.
    fn coverage(&self) -> f64 {
        if self.expected == 0 {
            return 1.0;
        }
        f64::from(self.present) / f64::from(self.expected)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and a count is never negative"
)]
pub(super) fn whole(people: f64) -> u32 {
    people.round() as u32
}
