//! Proves with the fewest calls that the configuration works: list, states, one call for values.

use serde_json::json;

use crate::model::attempt::{Ask, Finding};
use crate::model::reading::Level;

use super::Navixy;
use super::decode::{self, Asked, Samples};
use super::refusal::Reaction;
use super::request::{self, Call};
use super::stamp::Reckoning;

/// Trackers in the one call for values.
const TRIED: usize = 100;

impl Navixy {
    /// Tries what a poll needs and says what matched.
    pub(super) async fn prove(&mut self, ask: &Ask) -> Vec<Finding> {
        self.client.begin();
        let mut findings = vec![self.prove_list(ask).await];
        if findings[0].ok {
            let (finding, reckoning) = self.prove_states(ask).await;
            findings.push(finding);
            if let Some(reckoning) = reckoning {
                findings.push(self.prove_values(reckoning).await);
            }
        }
        findings
    }

    async fn prove_list(&mut self, ask: &Ask) -> Finding {
        let what = "trackers of the account";
        match self.client.ask(Call::TrackerList, json!({})).await {
            Err(refusal) => Finding::failed(what, &refusal.error),
            Ok(list) => {
                let (trackers, rejected) = decode::trackers(list);
                let total = trackers.len();
                let blocked = trackers.iter().filter(|tracker| tracker.blocked).count();
                self.fleet.take_list(trackers, ask.now);
                let mut details = vec![format!("{total} trackers, {blocked} of them blocked")];
                if rejected > 0 {
                    details.push(format!("{rejected} rows have no usable id"));
                }
                let strangers = self.fleet.strangers();
                for id in &strangers {
                    details.push(format!(
                        "`trackers` names {id}, which the account does not have"
                    ));
                }
                if self.fleet.is_filtered() {
                    details.push(format!("{} of them are watched", self.fleet.len()));
                }
                Finding::new(what, strangers.is_empty(), details)
            }
        }
    }

    async fn prove_states(&mut self, ask: &Ask) -> (Finding, Option<Reckoning>) {
        let what = "states";
        let states = match self.ask_states(ask.now).await {
            Ok(states) => states,
            Err(refusal) => return (Finding::failed(what, &refusal.error), None),
        };
        let mut details = vec![format!("{} trackers report", states.by_tracker.len())];
        details.push(match self.zone {
            None => "times carry their offset".to_owned(),
            Some(zone) => format!("times carry no offset: read in the account's zone {zone}"),
        });
        if !states.unknown_words.is_empty() {
            let words: Vec<&str> = states.unknown_words.iter().map(|word| &**word).collect();
            details.push(format!("unknown status words: {}", words.join(", ")));
        }
        let reckoning = Reckoning {
            zone: self.zone,
            server_now: states.server_now.unwrap_or(ask.now),
        };
        self.fleet.take_states(states);
        (Finding::new(what, true, details), Some(reckoning))
    }

    async fn prove_values(&mut self, reckoning: Reckoning) -> Finding {
        let what = "counters and sensors";
        let asked: Asked = self.fleet.readable().into_iter().take(TRIED).collect();
        if asked.is_empty() {
            return Finding::new(what, true, vec!["no tracker can be asked".to_owned()]);
        }
        let ids: Vec<i64> = asked.keys().copied().collect();
        match self
            .client
            .ask(Call::Readings, request::readings(&ids))
            .await
        {
            Ok(wire) => {
                let samples = decode::batch(&wire, &asked, reckoning, &self.readings.on_board);
                Finding::new(what, true, describe(&samples, asked.len()))
            }
            Err(refusal) => match way_around(refusal.reaction()) {
                Some(way) => {
                    let details = vec![refusal.error.to_string(), way.to_owned()];
                    Finding::new(what, true, details)
                }
                None => Finding::failed(what, &refusal.error),
            },
        }
    }
}

/// How a poll gets its values all the same.
fn way_around(reaction: Reaction) -> Option<&'static str> {
    match reaction {
        Reaction::FallBack => Some("counters are asked for by other calls; no people on board"),
        Reaction::Relist | Reaction::NoEntity | Reaction::Blocked => {
            Some("a poll finds the tracker that spoils the call and leaves it out")
        }
        Reaction::Smaller => Some("a poll asks for fewer trackers at once"),
        _ => None,
    }
}

fn describe(samples: &Samples, asked: usize) -> Vec<String> {
    let of = |level: Level| samples.list.iter().filter(|s| s.level == level).count();
    let mut details = vec![
        format!("{asked} trackers asked"),
        format!("odometer of {}", of(Level::Odometer)),
        format!("engine hours of {}", of(Level::EngineHours)),
        format!("people on board of {}", of(Level::OnBoard)),
    ];
    if samples.tally.rejected > 0 {
        details.push(format!(
            "{} values could not be used",
            samples.tally.rejected
        ));
    }
    details
}
