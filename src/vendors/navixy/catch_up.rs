//! Asks for what the counters showed while nobody looked: before the program's first poll of the
//! day, and during an outage.

use std::collections::{BTreeMap, VecDeque};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::model::Timestamp;
use crate::model::attempt::{Ask, SourceError};

use super::client::Client;
use super::decode::{self, CounterType, Sample};
use super::refusal::{Reaction, Refusal};
use super::request::{self, Call};
use super::stamp::Reckoning;
use super::wire;

/// The spans that are still to be asked for.
#[derive(Debug, Default)]
pub(super) struct CatchUp {
    gaps: VecDeque<Gap>,
    /// Spans asked for since there were none left.
    done: usize,
    /// Up to when the live polls have no hole; `None` before the first one.
    covered_to: Option<Timestamp>,
    /// Why no history is asked for, once the server has refused it.
    off: Option<String>,
    /// How many spans were given up, from where to where, and why the last one was.
    lost: Option<Lost>,
}

/// Spans that failed too often.
#[derive(Clone, Debug)]
struct Lost {
    spans: usize,
    from: Timestamp,
    to: Timestamp,
    why: String,
}

/// A span of one counter of one tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Gap {
    tracker: i64,
    kind: CounterType,
    from: Timestamp,
    to: Timestamp,
    #[serde(skip)]
    failures: u8,
}

/// Live polls that are no further apart leave no hole worth a call.
const HOLE: TimeDelta = TimeDelta::minutes(10);
/// The vendor takes up to 31 days in one call; a day of slack for clock changes.
const WINDOW: TimeDelta = TimeDelta::days(30);
/// What lies further back is not asked for.
const REACH: TimeDelta = TimeDelta::days(90);
/// A span that is refused as too long is halved down to this.
const SHORTEST: TimeDelta = TimeDelta::hours(1);
/// Calls in one poll; live polls come first and the budget is theirs.
const CALLS: usize = 12;
/// The past takes no more than this part of the requests that are left in the hour.
const SHARE: u32 = 4;
/// A span that fails so often is given up.
const TRIES: u8 = 3;

impl CatchUp {
    /// Goes back to what was kept: by an earlier run, or before a poll that could not be.
    pub(super) fn resume(&mut self, memory: Option<serde_json::Value>) {
        // What an older version left in another form is forgotten, not an error.
        let gaps = memory.and_then(|memory| serde_json::from_value(memory).ok());
        self.gaps = gaps.unwrap_or_default();
        self.covered_to = None;
    }

    /// Plans what to ask for after a live reading at `now`: after a first start or an outage, each
    /// counter that has moved is asked for from its last stored sample on.
    pub(super) fn plan(&mut self, samples: &[Sample], ask: &Ask, now: Timestamp) {
        let before = self.covered_to.or(ask.horizon).unwrap_or(ask.since);
        self.covered_to = Some(now);
        if self.off.is_some() || now - before < HOLE {
            return;
        }
        let reached: BTreeMap<_, _> = ask
            .reached
            .iter()
            .filter_map(|(id, level, at)| Some(((id.local().parse::<i64>().ok()?, *level), *at)))
            .collect();
        for sample in samples {
            let Some(kind) = CounterType::of(sample.level) else {
                continue;
            };
            let stored = reached.get(&(sample.tracker, sample.level)).copied();
            let from = stored.unwrap_or(ask.since).max(now - REACH);
            if sample.at > from {
                self.span(sample.tracker, kind, (from, now));
            }
        }
        // What drives a day's distance comes first, and of each counter the oldest.
        let order = |gap: &Gap| (gap.kind, gap.tracker, gap.from);
        self.gaps.make_contiguous().sort_by_key(order);
    }

    /// Plans a span in windows that the vendor takes.
    fn span(&mut self, tracker: i64, kind: CounterType, (from, to): (Timestamp, Timestamp)) {
        let mut start = from;
        while start < to {
            let end = (start + WINDOW).min(to);
            self.gaps.push_back(Gap {
                tracker,
                kind,
                from: start,
                to: end,
                failures: 0,
            });
            start = end;
        }
    }

    /// What a later run has to take up.
    pub(super) fn memory(&self) -> Option<serde_json::Value> {
        serde_json::to_value(&self.gaps).ok()
    }

    /// How far it is, or why no history is asked for; and what was given up.
    pub(super) fn notes(&self) -> impl Iterator<Item = String> {
        let progress = self.off.clone().or_else(|| self.progress());
        let lost = self.lost.as_ref().map(|lost| {
            let at = |instant: Timestamp| instant.format("%Y-%m-%d %H:%MZ");
            let spans = match lost.spans {
                1 => "one span".to_owned(),
                spans => format!("{spans} spans"),
            };
            format!(
                "{spans} of earlier counter values between {} and {} given up after {TRIES} tries: {}",
                at(lost.from),
                at(lost.to),
                lost.why
            )
        });
        progress.into_iter().chain(lost)
    }

    fn progress(&self) -> Option<String> {
        let oldest = self.gaps.iter().map(|gap| gap.from).min()?;
        let (done, all) = (self.done, self.done + self.gaps.len());
        let since = oldest.format("%Y-%m-%d %H:%MZ");
        Some(format!(
            "catching up: {done} of {all} spans of earlier counter values are read, the oldest \
             left is from {since}"
        ))
    }

    /// Asks for some of the planned spans, as far as a poll may.
    ///
    /// # Errors
    /// Only what the whole account has to know, such as a rate limit: the past is not worth a
    /// failed poll.
    pub(super) async fn run(
        &mut self,
        client: &mut Client,
        reckoning: Reckoning,
    ) -> Result<Vec<Sample>, SourceError> {
        let mut samples = Vec::new();
        for _ in 0..affordable(client.transport().budget()) {
            let Some(gap) = self.gaps.pop_front() else {
                break;
            };
            let body =
                request::counter_history(gap.tracker, gap.kind, (gap.from, gap.to), reckoning.zone);
            let answer = client.ask(Call::CounterHistory, body).await;
            match answer {
                Ok::<wire::CounterHistory, _>(wire) => {
                    let found = decode::history(&wire, gap.tracker, gap.kind, reckoning);
                    samples.extend(found.list);
                    self.done += 1;
                }
                Err(refusal) if refusal.reaction() == Reaction::Throttle => {
                    self.gaps.push_front(gap);
                    return Err(refusal.error);
                }
                Err(refusal) => {
                    if !self.goes_on(gap, &refusal) {
                        break;
                    }
                }
            }
        }
        if self.gaps.is_empty() {
            self.done = 0;
        }
        Ok(samples)
    }

    /// Takes note of a refusal; false when the next calls would only fail in the same way.
    fn goes_on(&mut self, gap: Gap, refusal: &Refusal) -> bool {
        match refusal.reaction() {
            Reaction::OurFault | Reaction::HalveWindow => self.halve(gap),
            // There is nothing to be had of this counter, whatever the span.
            Reaction::NoEntity | Reaction::Blocked | Reaction::NotForClones | Reaction::Relist => {
                let same = |other: &Gap| (other.tracker, other.kind) == (gap.tracker, gap.kind);
                self.gaps.retain(|other| !same(other));
            }
            Reaction::FallBack | Reaction::StopCall => {
                self.gaps.clear();
                let why = format!(
                    "earlier counter values are not asked for: {}",
                    refusal.error.message
                );
                self.off = Some(why);
            }
            _ => {
                if gap.failures + 1 < TRIES {
                    self.gaps.push_back(Gap {
                        failures: gap.failures + 1,
                        ..gap
                    });
                } else {
                    self.give_up(gap, refusal);
                }
                return false;
            }
        }
        true
    }

    fn give_up(&mut self, gap: Gap, refusal: &Refusal) {
        let known = self.lost.take();
        let (spans, from, to) = known.map_or((0, gap.from, gap.to), |lost| {
            (lost.spans, lost.from.min(gap.from), lost.to.max(gap.to))
        });
        self.lost = Some(Lost {
            spans: spans + 1,
            from,
            to,
            why: refusal.error.message.clone(),
        });
    }

    /// The server's own limit may be lower than the documented one.
    fn halve(&mut self, gap: Gap) {
        let half = (gap.to - gap.from) / 2;
        if half < SHORTEST {
            return;
        }
        let middle = gap.from + half;
        self.gaps.push_front(Gap {
            from: middle,
            ..gap
        });
        self.gaps.push_front(Gap { to: middle, ..gap });
    }
}

/// How many calls the past may cost now, given the requests of the last hour and their ceiling.
fn affordable((used, ceiling): (u32, u32)) -> usize {
    let share = ceiling.saturating_sub(used) / SHARE;
    usize::try_from(share).unwrap_or(usize::MAX).min(CALLS)
}

#[cfg(test)]
mod tests {
    use crate::model::reading::{Level, Value};

    use super::*;
    use crate::model::device::DeviceId;

    fn at(hour: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::hours(hour)
    }

    fn sample(tracker: i64, level: Level, hour: i64) -> Sample {
        Sample {
            tracker,
            level,
            at: at(hour),
            value: Value::Real(1.0),
        }
    }

    fn ask(since: i64, horizon: Option<i64>) -> Ask {
        Ask {
            now: at(20),
            since: at(since),
            horizon: horizon.map(at),
            ..Ask::default()
        }
    }

    /// The same, with what history holds of the odometers of some trackers.
    fn ask_knowing(since: i64, horizon: i64, reached: &[(i64, i64)]) -> Ask {
        let reached = reached.iter().map(|(tracker, hour)| {
            let id = DeviceId::new("fleet", tracker);
            (id, Level::Odometer, at(*hour))
        });
        Ask {
            reached: reached.collect(),
            ..ask(since, Some(horizon))
        }
    }

    fn planned(catch_up: &CatchUp) -> Vec<(i64, CounterType, Timestamp)> {
        catch_up
            .gaps
            .iter()
            .map(|gap| (gap.tracker, gap.kind, gap.from))
            .collect()
    }

    #[test]
    fn a_first_poll_asks_back_to_the_start_of_the_day_for_counters_that_moved() {
        let mut catch_up = CatchUp::default();
        let samples = [
            sample(1, Level::EngineHours, 19),
            sample(1, Level::Odometer, 19),
            sample(2, Level::Odometer, 3),
            sample(3, Level::OnBoard, 19),
        ];
        catch_up.plan(&samples, &ask(5, None), at(20));
        assert_eq!(
            planned(&catch_up),
            [
                (1, CounterType::Odometer, at(5)),
                (1, CounterType::EngineHours, at(5))
            ]
        );
        // The next live poll leaves no hole.
        catch_up.plan(&samples, &ask(5, None), at(20) + TimeDelta::minutes(1));
        assert_eq!(catch_up.gaps.len(), 2);
    }

    #[test]
    fn after_an_outage_each_counter_is_asked_for_from_its_last_stored_sample() {
        let mut catch_up = CatchUp::default();
        let samples = [1, 2, 3].map(|tracker| sample(tracker, Level::Odometer, 20));
        let ask = ask_knowing(5, 12, &[(1, 12), (2, 9), (3, 20)]);
        catch_up.plan(&samples, &ask, at(20));
        assert_eq!(
            planned(&catch_up),
            [
                (1, CounterType::Odometer, at(12)),
                (2, CounterType::Odometer, at(9))
            ],
            "the third has not moved"
        );
        // A vehicle that starts after a quiet night is no outage while polls go on.
        catch_up.gaps.clear();
        let woken = ask_knowing(5, 20, &[(1, 12)]);
        let minute = at(20) + TimeDelta::minutes(1);
        catch_up.plan(&[sample(1, Level::Odometer, 20)], &woken, minute);
        assert_eq!(planned(&catch_up), []);
        // An outage while the program runs.
        let woken = ask_knowing(24, 20, &[(1, 20)]);
        catch_up.plan(&[sample(1, Level::Odometer, 25)], &woken, at(26));
        assert_eq!(planned(&catch_up), [(1, CounterType::Odometer, at(20))]);
    }

    #[test]
    fn a_long_outage_is_asked_for_in_windows_of_thirty_days_oldest_first() {
        let mut catch_up = CatchUp::default();
        let now = at(24 * 100);
        let ask = ask_knowing(24 * 99, 24 * 30, &[(1, 24 * 30), (2, 0)]);
        let samples = [1, 2].map(|tracker| sample(tracker, Level::Odometer, 24 * 100));
        catch_up.plan(&samples, &ask, now);
        let days = |gap: &Gap| {
            (
                gap.tracker,
                (gap.from - at(0)).num_days(),
                (gap.to - at(0)).num_days(),
            )
        };
        let spans: Vec<_> = catch_up.gaps.iter().map(days).collect();
        assert_eq!(
            spans,
            [
                (1, 30, 60),
                (1, 60, 90),
                (1, 90, 100),
                (2, 10, 40),
                (2, 40, 70),
                (2, 70, 100)
            ],
            "no further back than ninety days"
        );
    }

    #[test]
    fn what_is_left_is_told_and_taken_up_by_a_later_run() {
        let mut catch_up = CatchUp::default();
        assert_eq!(catch_up.notes().next(), None);
        catch_up.plan(&[sample(1, Level::Odometer, 19)], &ask(5, None), at(20));
        catch_up.done = 3;
        assert_eq!(
            catch_up.notes().next().unwrap(),
            "catching up: 3 of 4 spans of earlier counter values are read, the oldest left is \
             from 1970-01-01 05:00Z"
        );
        let mut later = CatchUp::default();
        later.resume(catch_up.memory());
        assert_eq!(later.gaps, catch_up.gaps);
    }

    #[test]
    fn live_polls_keep_most_of_the_budget() {
        assert_eq!(affordable((0, 3600)), 12);
        assert_eq!(affordable((80, 100)), 5);
        assert_eq!(affordable((98, 100)), 0);
        assert_eq!(affordable((101, 100)), 0);
    }

    #[test]
    fn a_span_that_is_too_long_is_halved_oldest_first_and_given_up_when_tiny() {
        let mut catch_up = CatchUp::default();
        let gap = Gap {
            tracker: 1,
            kind: CounterType::Odometer,
            from: at(0),
            to: at(4),
            failures: 0,
        };
        catch_up.halve(gap);
        let spans: Vec<_> = catch_up.gaps.iter().map(|gap| (gap.from, gap.to)).collect();
        assert_eq!(spans, [(at(0), at(2)), (at(2), at(4))]);
        catch_up.gaps.clear();
        catch_up.halve(Gap { to: at(1), ..gap });
        assert!(catch_up.gaps.is_empty());
    }
}
