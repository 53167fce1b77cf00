//! One poll: the list now and then, the states always, the values of those that moved, and at the
//! end what is only nice to have. What came stays, whatever fails after it.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::json;

use crate::model::Timestamp;
use crate::model::attempt::{Ask, Delivery, ErrorKind, Outcome, SourceError};
use crate::model::device::DeviceId;
use crate::model::reading::{Measure, Reading};

use super::Navixy;
use super::decode::{self, Sample, States};
use super::refusal::{Reaction, Refusal};
use super::request::{self, Call};
use super::round::Round;
use super::stamp::Reckoning;
use super::wire;

/// What is read only now and then.
#[derive(Debug, Default)]
pub(super) struct Extras {
    /// When the seats of vehicles are asked for next.
    seats_due: Option<Timestamp>,
}

/// What a poll has gathered so far.
#[derive(Debug, Default)]
struct Harvest {
    samples: Vec<Sample>,
    rejected: u32,
    unknown_words: BTreeSet<String>,
    /// Some answer was of use.
    heard: bool,
    error: Option<SourceError>,
}

/// Trackers in one question for states (vendor documentation).
const STATES_AT_ONCE: usize = 2000;
/// How long the seats of vehicles are good for.
const SEATS_AGE: TimeDelta = TimeDelta::hours(1);
/// How long a refused list of vehicles is not asked for.
const SEATS_REFUSED: TimeDelta = TimeDelta::days(1);

impl Harvest {
    fn note(&mut self, error: SourceError) {
        self.error.get_or_insert(error);
    }
}

impl Navixy {
    /// Reads the account once.
    pub(super) async fn read(&mut self, ask: &Ask) -> Outcome {
        let mut harvest = Harvest::default();
        self.client.begin();
        self.fleet.recall(&ask.known);
        if let Err(error) = self.gather(ask, &mut harvest).await {
            harvest.note(error);
        }
        self.outcome(harvest)
    }

    /// Makes the calls of a poll.
    ///
    /// # Errors
    /// What ends the poll: the account is refused or throttled, or the server cannot be reached.
    async fn gather(&mut self, ask: &Ask, harvest: &mut Harvest) -> Result<(), SourceError> {
        let now = self.client.transport().clock().now();
        if self.fleet.list_due(now) {
            self.read_list(now, harvest).await?;
        }
        let Some(server_now) = self.read_states(now, harvest).await? else {
            return Ok(());
        };
        let reckoning = Reckoning {
            zone: self.zone,
            server_now,
        };
        self.read_values(ask, reckoning, harvest).await?;
        self.read_seats(now).await
    }

    async fn read_list(
        &mut self,
        now: Timestamp,
        harvest: &mut Harvest,
    ) -> Result<(), SourceError> {
        match self.client.ask(Call::TrackerList, json!({})).await {
            Ok(list) => {
                let (trackers, rejected) = decode::trackers(list);
                harvest.rejected += rejected;
                harvest.heard = true;
                self.fleet.take_list(trackers, now);
                Ok(())
            }
            Err(refusal) => pass_or_note(refusal, harvest),
        }
    }

    /// Reads the states; gives the server's present instant, or `None` when no states came.
    async fn read_states(
        &mut self,
        now: Timestamp,
        harvest: &mut Harvest,
    ) -> Result<Option<Timestamp>, SourceError> {
        match self.ask_states(now).await {
            Ok(mut states) => {
                let server_now = states.server_now.unwrap_or(now);
                harvest.heard = true;
                harvest.rejected += states.tally.rejected;
                harvest.unknown_words.append(&mut states.unknown_words);
                self.fleet.take_states(states);
                Ok(Some(server_now))
            }
            Err(refusal) => {
                pass_or_note(refusal, harvest)?;
                // The values have their own times, and may be had all the same.
                Ok(self.fleet.is_listed().then_some(now))
            }
        }
    }

    /// The states of the account in one call, or by id where the server or the filter wants that.
    pub(super) async fn ask_states(&mut self, now: Timestamp) -> Result<States, Refusal> {
        // The documented limit is on ids; a larger account is asked in parts all the same.
        if !self.states_by_id && self.fleet.len() <= STATES_AT_ONCE {
            match self.states_of(None, now).await {
                Err(refusal) if refusal.reaction() == Reaction::OurFault => {
                    self.states_by_id = true;
                }
                answer => return answer,
            }
        }
        let mut all = States::default();
        for ids in self.fleet.ids().chunks(STATES_AT_ONCE) {
            let part = self.states_of(Some(ids), now).await?;
            all.absorb(part);
        }
        Ok(all)
    }

    async fn states_of(&mut self, ids: Option<&[i64]>, now: Timestamp) -> Result<States, Refusal> {
        let wire: wire::States = self.client.ask(Call::States, request::states(ids)).await?;
        let states = decode::states(&wire, self.zone, now);
        if !states.tally.needs_zone {
            return Ok(states);
        }
        self.learn_zone().await?;
        Ok(decode::states(&wire, self.zone, now))
    }

    /// Asks for the account's zone: this server ignores the header for times with an offset.
    async fn learn_zone(&mut self) -> Result<(), Refusal> {
        let wire: wire::Info = self.client.ask(Call::Info, json!({})).await?;
        let name = wire.user_info.time_zone;
        self.zone = Some(name.trim().parse().map_err(|_| {
            let message = "the server writes times without an offset and names no known time zone";
            SourceError::new(ErrorKind::Schema, message)
        })?);
        Ok(())
    }

    async fn read_values(
        &mut self,
        ask: &Ask,
        reckoning: Reckoning,
        harvest: &mut Harvest,
    ) -> Result<(), SourceError> {
        let now = self.client.transport().clock().now();
        let readable = self.fleet.readable();
        self.readings.expire(now, &readable);
        if self.readings.suspended().is_some() || !self.readings.due(now) {
            return self.fetch_past(reckoning, harvest).await;
        }
        let asked = self.readings.worth_asking(readable);
        let mut round = Round::new(&mut self.client, &mut self.readings, reckoning, asked);
        let result = round.run().await;
        let Round {
            samples,
            tally,
            error,
            relisted,
            ..
        } = round;
        harvest.rejected += tally.rejected;
        harvest.heard |= !samples.is_empty();
        if let Some(trackers) = relisted {
            self.fleet.take_list(trackers, now);
        }
        let whole = result.is_ok() && error.is_none();
        if whole {
            self.catch_up.plan(&samples, ask, reckoning.server_now);
        }
        harvest.samples.extend(samples);
        if let Some(error) = error {
            harvest.note(error);
        }
        result?;
        if tally.needs_zone && self.zone.is_none() {
            self.learn_zone().await.map_err(|refusal| refusal.error)?;
            self.readings.forget();
        }
        self.fetch_past(reckoning, harvest).await
    }

    async fn fetch_past(
        &mut self,
        reckoning: Reckoning,
        harvest: &mut Harvest,
    ) -> Result<(), SourceError> {
        let past = self.catch_up.run(&mut self.client, reckoning).await?;
        harvest.samples.extend(past);
        Ok(())
    }

    /// Reads the seats of vehicles, which not every account may.
    async fn read_seats(&mut self, now: Timestamp) -> Result<(), SourceError> {
        if self.extras.seats_due.is_some_and(|due| now < due) {
            return Ok(());
        }
        match self.client.ask(Call::Vehicles, json!({})).await {
            Ok(wire) => {
                self.fleet.take_seats(decode::seats(wire));
                self.extras.seats_due = Some(now + SEATS_AGE);
                Ok(())
            }
            Err(refusal) if refusal.ends_poll() => Err(refusal.error),
            Err(_) => {
                self.extras.seats_due = Some(now + SEATS_REFUSED);
                Ok(())
            }
        }
    }

    fn outcome(&self, mut harvest: Harvest) -> Outcome {
        if !harvest.heard {
            return Outcome {
                delivery: None,
                error: harvest.error,
            };
        }
        if let Some(suspension) = self.readings.suspended()
            && !suspension.is_harmless
        {
            harvest.note(suspension.error.clone());
        }
        let strangers = self.fleet.strangers();
        if self.fleet.is_listed() && !strangers.is_empty() {
            harvest.note(unknown_trackers(&strangers));
        }
        let device = |id: i64| DeviceId::new(&self.name, id);
        let readings = harvest.samples.iter().map(|sample| Reading {
            device: device(sample.tracker),
            start: sample.at,
            span_s: 0,
            item: 0,
            measure: Measure::Level(sample.level, sample.value),
        });
        let delivery = Delivery {
            facts: self.fleet.facts(&self.name, self.zone),
            readings: readings.collect(),
            roster: self.fleet.is_listed(),
            rows: u32::try_from(self.fleet.len()).unwrap_or(u32::MAX),
            rejected: harvest.rejected,
            notes: self.notes(&harvest),
            memory: self.catch_up.memory(),
            ..Delivery::default()
        };
        Outcome {
            delivery: Some(delivery),
            error: harvest.error,
        }
    }

    fn notes(&self, harvest: &Harvest) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(suspension) = self.readings.suspended() {
            let why = &suspension.error.message;
            notes.push(format!("counters are not read: {why}"));
        }
        notes.extend(self.catch_up.notes());
        if !harvest.unknown_words.is_empty() {
            let words: Vec<&str> = harvest
                .unknown_words
                .iter()
                .take(5)
                .map(|word| &**word)
                .collect();
            notes.push(format!("unknown status words: {}", words.join(", ")));
        }
        notes
    }
}

/// The error that ends the poll, or a note of one that does not.
fn pass_or_note(refusal: Refusal, harvest: &mut Harvest) -> Result<(), SourceError> {
    if refusal.ends_poll() {
        return Err(refusal.error);
    }
    harvest.note(refusal.error);
    Ok(())
}

fn unknown_trackers(strangers: &[i64]) -> SourceError {
    let ids: Vec<String> = strangers.iter().take(5).map(ToString::to_string).collect();
    let more = if strangers.len() > ids.len() {
        ", …"
    } else {
        ""
    };
    let message = format!(
        "the account has no tracker {}{more}: correct `trackers` of this source",
        ids.join(", ")
    );
    SourceError::new(ErrorKind::Config, message)
}
