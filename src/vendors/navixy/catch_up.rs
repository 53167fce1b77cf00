//! Asks for what the counters showed while nobody looked: before the program's first poll of the
//! day, and during an outage.

use std::collections::VecDeque;

use chrono::TimeDelta;

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
    /// Up to when the live polls have no hole; `None` before the first one.
    covered_to: Option<Timestamp>,
    /// Why no history is asked for, once the server has refused it.
    off: Option<String>,
}

/// A span of one counter of one tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Gap {
    tracker: i64,
    kind: CounterType,
    from: Timestamp,
    to: Timestamp,
    failures: u8,
}

/// Live polls that are no further apart leave no hole worth a call.
const HOLE: TimeDelta = TimeDelta::minutes(10);
/// The vendor takes up to 31 days in one call; a day of slack for clock changes.
const REACH: TimeDelta = TimeDelta::days(30);
/// A span that is refused as too long is halved down to this.
const SHORTEST: TimeDelta = TimeDelta::hours(1);
/// Calls in one poll; live polls come first and the budget is theirs.
const CALLS: usize = 12;
/// A span that fails so often is given up.
const TRIES: u8 = 3;

impl CatchUp {
    /// Plans what to ask for after a live reading at `now`: a span for each counter that has moved
    /// since the last stored sample.
    pub(super) fn plan(&mut self, samples: &[Sample], ask: &Ask, now: Timestamp) {
        let first = ask.horizon.unwrap_or(ask.since);
        let from = self.covered_to.unwrap_or(first).max(now - REACH);
        self.covered_to = Some(now);
        if self.off.is_some() || now - from < HOLE {
            return;
        }
        for kind in CounterType::ALL {
            let moved = samples
                .iter()
                .filter(|s| s.level == kind.level() && s.at > from);
            self.gaps.extend(moved.map(|sample| Gap {
                tracker: sample.tracker,
                kind,
                from,
                to: now,
                failures: 0,
            }));
        }
        // What drives a day's distance comes first; sorting is stable.
        self.gaps.make_contiguous().sort_by_key(|gap| gap.kind);
    }

    /// Why no history is asked for, while that is so.
    pub(super) fn off(&self) -> Option<&str> {
        self.off.as_deref()
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
        for _ in 0..CALLS {
            let Some(gap) = self.gaps.pop_front() else {
                break;
            };
            let body = request::counter_history(gap.tracker, gap.kind, gap.from, gap.to);
            let answer = client.ask(Call::CounterHistory, body).await;
            match answer {
                Ok::<wire::CounterHistory, _>(wire) => {
                    let found = decode::history(&wire, gap.tracker, gap.kind, reckoning);
                    samples.extend(found.list);
                }
                Err(refusal) if refusal.reaction() == Reaction::Throttle => {
                    self.gaps.push_front(gap);
                    return Err(refusal.error);
                }
                Err(refusal) => {
                    let unreachable = refusal.ends_poll();
                    self.refused(gap, &refusal);
                    if unreachable {
                        break;
                    }
                }
            }
        }
        Ok(samples)
    }

    fn refused(&mut self, gap: Gap, refusal: &Refusal) {
        match refusal.reaction() {
            Reaction::OurFault | Reaction::HalveWindow => self.halve(gap),
            Reaction::NoEntity | Reaction::Blocked | Reaction::NotForClones | Reaction::Relist => {}
            Reaction::FallBack | Reaction::StopCall => {
                self.gaps.clear();
                let why = format!(
                    "earlier counter values are not asked for: {}",
                    refusal.error.message
                );
                self.off = Some(why);
            }
            _ if gap.failures + 1 < TRIES => self.gaps.push_back(Gap {
                failures: gap.failures + 1,
                ..gap
            }),
            _ => {}
        }
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

#[cfg(test)]
mod tests {
    use crate::model::reading::{Level, Value};

    use super::*;

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
            known: Vec::new(),
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
    fn after_a_restart_and_an_outage_only_the_hole_is_asked_for() {
        let mut catch_up = CatchUp::default();
        catch_up.plan(&[sample(1, Level::Odometer, 20)], &ask(5, Some(12)), at(20));
        assert_eq!(planned(&catch_up), [(1, CounterType::Odometer, at(12))]);
        catch_up.gaps.clear();
        catch_up.plan(
            &[sample(1, Level::Odometer, 25)],
            &ask(24, Some(20)),
            at(26),
        );
        assert_eq!(planned(&catch_up), [(1, CounterType::Odometer, at(20))]);
    }

    #[test]
    fn never_more_than_thirty_days_are_asked_for() {
        let mut catch_up = CatchUp::default();
        let now = at(24 * 100);
        catch_up.plan(
            &[sample(1, Level::Odometer, 24 * 100)],
            &ask(0, Some(0)),
            now,
        );
        assert_eq!(catch_up.gaps[0].from, now - TimeDelta::days(30));
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
