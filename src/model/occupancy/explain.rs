//! Sentences that explain the number, for the person who has to trust it.

use super::estimate::{Drift, View, whole};
use super::estimator::{Estimator, Revision};
use super::learned::LEDGER;
use super::running::Running;
use super::vendor::Habit;
use crate::model::Timestamp;

/// A deviation of the pace smaller than this is not mentioned.
const DEVIATION: f64 = 0.05;

impl Estimator {
    /// Why the number is what it is: the parts it is made of, then what to keep in mind. The most
    /// important sentence comes first.
    #[must_use]
    pub fn why(&self) -> Vec<String> {
        let Some(today) = &self.today else {
            return Vec::new();
        };
        let Some(view) = self.view(today) else {
            return Vec::new();
        };
        let mut why = Vec::new();
        why.extend(self.counted(today, &view));
        why.extend(self.filled(today, &view));
        why.extend(part(view.sums.ratio, || self.ratio()));
        why.extend(part(view.sums.pace, || pace(today.filter.d)));
        why.extend(part(view.sums.floor, || "never below zero".to_owned()));
        why.extend(self.state(today, &view));
        why.extend(self.warnings(today));
        why.extend(self.vendor(today));
        why
    }

    fn filled(&self, today: &Running, view: &View) -> Option<String> {
        let silent = self.silent_doors(today);
        let filled = view.sums.filled;
        let Some(since) = silent.iter().map(|(_, since)| *since).min() else {
            return part(filled, || "silent doors filled from the other doors".into());
        };
        let who = match silent.as_slice() {
            [(door, _)] => self.name(*door).to_owned(),
            doors => format!("{} doors", doors.len()),
        };
        let how = if self.feeds.doors.len() == 1 {
            "filled at the usual level"
        } else {
            "filled from the other doors"
        };
        let since = today.day.clock(since);
        Some(format!(
            "{who} silent since {since}, {how}: {}",
            signed(filled)
        ))
    }

    fn ratio(&self) -> String {
        let bias = self.dawn.learned.bias;
        let short = percent(1.0 - (-bias.abs()).exp());
        let days = self.dawn.learned.ledger.len();
        let (fewer, more) = if bias > 0.0 {
            ("entries", "exits")
        } else {
            ("exits", "entries")
        };
        let days = count(days, "day");
        format!("{fewer} usually come {short} short of {more} ({days})")
    }

    /// At most one line on the state of the estimate itself.
    fn state(&self, today: &Running, view: &View) -> Option<String> {
        let clock = |at| today.day.clock(at);
        if let Some(since) = today.since {
            return Some(format!("counting since {}", clock(since)));
        }
        if today.filter.hold > 0.0
            && let Some(crowd) = today.crowd
        {
            let until = crowd + chrono::TimeDelta::minutes(whole(today.filter.hold).into());
            let (crowd, until) = (clock(crowd), clock(until));
            return Some(format!(
                "a crowd left at {crowd}: pace paused until {until}"
            ));
        }
        if self.revised
            && let Some(revision) = self.revision
        {
            return Some(self.corrected(today, &revision));
        }
        if let Some((door, behind)) = self.feeds.overdue().into_iter().max_by_key(|late| late.1) {
            return Some(format!("late: {} {behind} min behind", self.name(door)));
        }
        let learned = &self.dawn.learned;
        if let Some(changed) = self.relearning() {
            let date = today.day.date(changed);
            return Some(format!("the counters changed on {date}, relearning"));
        }
        match learned.days as usize {
            0 if view.by_hand.is_some() => None,
            0 => Some("first day, no history".to_owned()),
            days if days < LEDGER => Some(format!("learning: {days} of {LEDGER} days")),
            _ => None,
        }
    }

    fn corrected(&self, today: &Running, revision: &Revision) -> String {
        let clock = |at: Timestamp| today.day.clock(at);
        let (at, start) = (clock(revision.delivered), clock(revision.start));
        let new = revision.new;
        let Some(old) = revision.old else {
            let door = self.name(revision.door);
            let (entered, left) = (new.entered, new.left);
            return format!("came late at {at}: {entered} in, {left} out ({door}, {start})");
        };
        let mut changes = Vec::new();
        if old.entered != new.entered {
            changes.push(format!("{} -> {} in", old.entered, new.entered));
        }
        if old.left != new.left {
            changes.push(format!("{} -> {} out", old.left, new.left));
        }
        format!("corrected at {at}: {} ({start})", changes.join(", "))
    }

    /// What the counts say about the counters.
    fn warnings(&self, today: &Running) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some(burst) = self.burst() {
            warnings.push(format!(
                "{} counted {:.0} {} at {}, where {:.0} are usual: a crowd, or a fault?",
                self.name(burst.door),
                burst.count,
                ["in", "out"][burst.way],
                today.day.clock(burst.start),
                burst.usual
            ));
        }
        for (door, way, other) in self.one_way(today) {
            let name = self.name(door);
            let (blind, seen) = if way == 0 {
                ("in", "out")
            } else {
                ("out", "in")
            };
            warnings.push(format!(
                "{name} counts one way: 0 {blind}, {other:.0} {seen} in the last hour"
            ));
        }
        if let Some((left, half)) = self.unconfirmed(today) {
            let (left, half) = (whole(left), whole(half));
            let reset = today.day.clock(today.day.start());
            warnings.push(format!(
                "{left} were still counted as inside at the reset at {reset}, \
                 more than \u{b1}{half} explains"
            ));
        }
        if let Some(drift) = self.drift().filter(|_| self.is_drifting()) {
            warnings.push(drifting(&drift));
        }
        warnings
    }

    fn vendor(&self, today: &Running) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(dispute) = self.dispute() {
            let (more, since) = (signed(dispute.more), today.day.clock(dispute.since));
            lines.push(format!(
                "vendor says {} ({more} since {since})",
                dispute.vendor
            ));
        }
        match self.vendor_habit() {
            Some(Habit::PlainSum) if !lines.is_empty() => {
                lines.push("vendor's number is the plain sum with another reset".to_owned());
            }
            Some(Habit::Drifts(left)) => {
                lines.push(format!("vendor's number drifts, {left} left at night"));
            }
            _ => {}
        }
        lines
    }

    fn counted(&self, today: &Running, view: &View) -> Vec<String> {
        let mut lines = Vec::new();
        let by_hand = view.by_hand.or(today.by_hand);
        let people = whole(view.sums.start);
        let clock = |at| today.day.clock(at);
        if let Some(at) = by_hand {
            let reason = self.reasons.get(&at).filter(|reason| !reason.is_empty());
            let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
            lines.push(format!(
                "counted by hand at {}: {people}{reason}",
                clock(at)
            ));
        } else if people > 0 {
            lines.push(format!("about {people} inside when the day began"));
        }
        let since = by_hand.or(today.since).unwrap_or(today.day.start());
        let [entered, left] = view.delivered;
        lines.push(format!(
            "{entered:.0} in, {left:.0} out since {}: {}",
            clock(since),
            signed(view.sums.counted)
        ));
        lines
    }

    fn name(&self, door: usize) -> &str {
        &self.feeds.doors[door].name
    }
}

fn pace(deviation: f64) -> String {
    let share = percent(deviation.abs());
    if deviation >= DEVIATION {
        format!("people stay about {share} longer than usual today; pace")
    } else if deviation <= -DEVIATION {
        format!("people stay about {share} shorter than usual today; pace")
    } else {
        "usual pace of leaving".to_owned()
    }
}

fn drifting(drift: &Drift) -> String {
    let apart = percent((drift.ratio - 1.0).abs());
    let more = if drift.ratio < 1.0 { "fewer" } else { "more" };
    let days = count(drift.days, "day");
    format!("counters drift: {apart} {more} out than in over {days}")
}

/// The sentence of a sum, unless it rounds to nothing.
fn part(people: f64, sentence: impl FnOnce() -> String) -> Option<String> {
    (people.abs() >= 0.5).then(|| format!("{}: {}", sentence(), signed(people)))
}

/// People with their sign, rounded.
fn signed(people: f64) -> String {
    let people = people.round();
    if people == 0.0 {
        return "0".to_owned();
    }
    format!("{people:+.0}")
}

/// A share in percent; with a decimal where it would round to 0 or 1.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 1.5 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
