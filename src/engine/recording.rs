//! The past as it was seen: the same ledger, fed from history with what was known when. Nothing
//! is asked of anybody.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::clerk::Clerk;
use super::happened::Happened;
use super::past::{self, LEARNED_FROM, LEARNED_PIECE, RECENT};
use super::{counting, opening};
use crate::config::Config;
use crate::history::{HistoryError, PastAttempt, Reader, Version};
use crate::model::Timestamp;
use crate::model::attempt::{Attempt, Delivery, Exchange, Outcome};
use crate::model::board::{BEATS, Board};
use crate::model::device::{Detail, DeviceId, Facts};
use crate::model::hand::HandCounts;
use crate::model::ledger::{Ledger, Progress, Restored, RestoredSource};
use crate::model::occupancy::Visit;
use crate::model::reading::{Change, Measure, Reading};
use crate::model::rhythm;
use crate::vendors::registry;

/// How long before the wanted instant attempts are lived through one by one, so that each source
/// stands as it stood.
const WARM_UP: TimeDelta = TimeDelta::hours(3);
/// How far back attempts are looked up for the heartbeat strip.
const STRIP: TimeDelta = TimeDelta::days(1);
/// How far back it is looked up what was delivered without holes.
const DELIVERED: TimeDelta = TimeDelta::days(3);
/// So much of the past is read at once while it is played.
const CHUNK: TimeDelta = TimeDelta::hours(6);
/// Readings are read in pieces of this length.
const PIECE: TimeDelta = TimeDelta::hours(3);
/// An interval may begin after the attempt that told of it.
const AHEAD: TimeDelta = TimeDelta::hours(1);

/// A stretch of history that is lived through again.
pub struct Recording {
    reader: Reader,
    ledger: Ledger,
    clerks: Vec<Clerk>,
    counts: Vec<(String, HandCounts)>,
    /// What was read and not taken yet, in the order it happened.
    events: VecDeque<Event>,
    /// Values that wait for the attempt that brought them, by source and instant.
    waiting: BTreeMap<(Arc<str>, Timestamp), Vec<Change>>,
    /// Incidents and notes, which are not judged anew but stand as they were written down.
    happened: Happened,
    /// Up to here it has been lived through.
    now: Timestamp,
    /// Up to here everything has been read.
    read_to: Timestamp,
}

/// Something that happened.
struct Event {
    at: Timestamp,
    what: What,
}

enum What {
    Finished(Box<Attempt>, Vec<Change>),
    /// Somebody counted by hand, or took a count back.
    Counted,
}

impl Recording {
    /// The board as it was at `at`, to be played on from there. Reads as much as a start does.
    ///
    /// # Errors
    /// `Damaged` and `Database`.
    pub fn open(
        reader: Reader,
        config: &Config,
        zone: Tz,
        at: Timestamp,
    ) -> Result<Self, HistoryError> {
        let begin = at - WARM_UP;
        let plan = opening::outline(config, zone);
        let mut memory = reader.memory()?;
        let counts = counting::remembered(&mut memory);
        let mut learned = past::remembered(memory);
        let clerks = (plan.sources.iter().zip(registry::budgets(&config.sources)))
            .map(|(source, budget)| {
                let learned = learned.remove(&*source.name).unwrap_or_default().learned;
                Clerk::new(source.name.clone(), source.cadence, learned, budget)
            })
            .collect();
        let mut recording = Self {
            reader,
            ledger: Ledger::new(plan, begin),
            clerks,
            counts,
            events: VecDeque::new(),
            waiting: BTreeMap::new(),
            happened: Happened::default(),
            now: begin,
            read_to: begin,
        };
        recording.restore(begin)?;
        recording.advance(at)?;
        Ok(recording)
    }

    /// The board as it stands.
    #[must_use]
    pub fn board(&mut self) -> Arc<Board> {
        let mut board = Arc::unwrap_or_clone(self.ledger.board());
        board.events = self.happened.at(self.now).clone();
        Arc::new(board)
    }

    /// When something happens next, up to `until`.
    ///
    /// # Errors
    /// `Damaged` and `Database`.
    pub fn next(&mut self, until: Timestamp) -> Result<Option<Timestamp>, HistoryError> {
        while self.events.is_empty() && self.read_to < until {
            self.read((self.read_to + CHUNK).min(until))?;
        }
        let happens = self.events.front().map(|event| event.at);
        let turns = self.happened.next(self.now);
        let next = happens.into_iter().chain(turns);
        let next = next.chain(self.ledger.next_roll()).min();
        Ok(next.filter(|at| *at <= until))
    }

    /// Lives on to `to`.
    ///
    /// # Errors
    /// `Damaged` and `Database`.
    pub fn advance(&mut self, to: Timestamp) -> Result<(), HistoryError> {
        loop {
            while self.events.is_empty() && self.read_to < to {
                self.read((self.read_to + CHUNK).min(to))?;
            }
            if self.events.front().is_none_or(|event| event.at > to) {
                break;
            }
            if let Some(event) = self.events.pop_front() {
                self.happen(event);
            }
        }
        self.ledger.roll(to);
        self.now = to;
        Ok(())
    }

    fn happen(&mut self, Event { at, what }: Event) {
        match what {
            What::Finished(attempt, changes) => {
                let applied = self.ledger.apply(&attempt, &changes, at);
                let clerk = self.clerks.iter_mut().find(|c| c.name == attempt.source);
                if let Some(clerk) = clerk {
                    clerk.remember(vec![attempt.started; attempt.exchanges.len()]);
                    // What was learned before the recording begins is not known.
                    let progress = Progress {
                        habit: None,
                        ..clerk.take(&attempt, applied.horizon, at)
                    };
                    self.ledger.progress(&attempt.source, progress);
                }
            }
            What::Counted => {
                self.ledger.roll(at);
                for (store, counts) in &self.counts {
                    self.ledger.counted_by_hand(store, counts.known_at(at));
                }
            }
        }
    }
}

/// What was known when the recording begins.
impl Recording {
    fn restore(&mut self, begin: Timestamp) -> Result<(), HistoryError> {
        self.happened.extend(self.reader.events_at(begin)?);
        let facts = self.reader.facts()?;
        let facts: Vec<_> = facts
            .into_iter()
            .map(|(id, facts)| (id, spoken(facts)))
            .collect();
        let devices: Vec<_> = facts.iter().map(|(id, _)| id.clone()).collect();
        let happening = past::happening(&facts);
        self.ledger.restore(Restored {
            facts,
            silent: Vec::new(),
            sources: self.sources(begin)?,
        });
        for (store, counts) in &self.counts {
            self.ledger.recall_counts(store, counts.known_at(begin));
        }
        let recent = past::quarter(begin - RECENT);
        let silent = self.learn(begin - LEARNED_FROM, recent)?;
        self.ledger.restore(Restored {
            silent,
            ..Restored::default()
        });
        for id in &happening {
            let from = recent - rhythm::LEARNED_FROM;
            let events = self.reader.occurrences(id, from, recent)?;
            self.ledger.learn_rhythm(id, events, recent);
        }
        let before = recent - TimeDelta::seconds(1);
        let asked: Vec<_> = devices.into_iter().map(|id| (id, before)).collect();
        let levels = self.reader.last_levels(&asked)?.into_iter();
        self.ledger
            .recall(levels.map(|stored| (stored.reading, stored.fetched_at)));
        for piece in pieces(recent, begin + AHEAD, PIECE) {
            let known = self.known(piece, begin)?;
            self.ledger.relive(known);
        }
        self.ledger.restored();
        Ok(())
    }

    /// How the sources stood.
    fn sources(&self, begin: Timestamp) -> Result<Vec<RestoredSource>, HistoryError> {
        let mut sources: BTreeMap<Arc<str>, RestoredSource> = BTreeMap::new();
        for (name, attempt) in self.reader.attempts(begin - DELIVERED, begin)? {
            let source = sources
                .entry(name.clone())
                .or_insert_with(|| RestoredSource {
                    name: name.to_string(),
                    ..RestoredSource::default()
                });
            if let Some((from, to)) = attempt.complete {
                source.delivered.add(from, to);
            }
            if attempt.rows.is_some() {
                source.last_success = Some(attempt.started);
            }
            if attempt.started > begin - STRIP {
                source.beats.push(past::beat(&attempt));
            }
            if let Some(clerk) = self.clerks.iter().find(|clerk| clerk.name == name) {
                clerk.remember(past::requests([&attempt], begin));
            }
        }
        for source in sources.values_mut() {
            let more = source.beats.len().saturating_sub(BEATS);
            source.beats.drain(..more);
        }
        Ok(sources.into_values().collect())
    }

    /// Learns from what was counted on earlier days, and gives the last count of each counter.
    fn learn(&mut self, from: Timestamp, to: Timestamp) -> Result<Vec<Reading>, HistoryError> {
        let mut last: BTreeMap<DeviceId, Reading> = BTreeMap::new();
        for (from, to) in pieces(past::quarter(from), to, LEARNED_PIECE) {
            let sums = self.reader.flow_sums(from, to)?;
            for sum in &sums {
                let count = Reading {
                    device: sum.device.clone(),
                    start: sum.start,
                    span_s: sum.span_s,
                    item: 0,
                    measure: Measure::Flow(sum.flow),
                };
                last.insert(sum.device.clone(), count);
            }
            self.ledger.learn(sums.into_iter().map(|sum| {
                let visit = Visit {
                    start: sum.start,
                    span_s: sum.span_s,
                    flow: sum.flow,
                };
                (sum.device, visit)
            }));
        }
        Ok(last.into_values().collect())
    }

    /// The values of the readings of a piece that were known at `at`.
    fn known(
        &self,
        (from, to): (Timestamp, Timestamp),
        at: Timestamp,
    ) -> Result<Vec<(Change, Timestamp)>, HistoryError> {
        let mut versions = self.reader.versions(from, to)?;
        versions.retain(|version| version.known_at <= at);
        versions.sort_by_key(|version| version.known_at);
        let known = versions.into_iter();
        Ok(known
            .map(|version| (version.change, version.known_at))
            .collect())
    }
}

/// What happened then.
impl Recording {
    /// Reads on to `to`.
    fn read(&mut self, to: Timestamp) -> Result<(), HistoryError> {
        let from = self.read_to;
        self.happened.extend(self.reader.events_begun(from, to)?);
        for (begin, end) in pieces(from - RECENT, to + AHEAD, PIECE) {
            for version in self.reader.versions(begin, end)? {
                if version.known_at > from && version.known_at <= to {
                    self.keep(version);
                }
            }
        }
        for (name, attempt) in self.reader.attempts(from, to)? {
            let changes = self.brought(&name, attempt.started);
            let took = TimeDelta::milliseconds(attempt.took_ms.into());
            self.events.push_back(Event {
                at: attempt.started + took,
                what: What::Finished(Box::new(lived(name, attempt)), changes),
            });
        }
        let turns = self
            .counts
            .iter()
            .flat_map(|(_, counts)| counts.turns(from));
        self.events
            .extend(turns.filter(|at| *at <= to).map(|at| Event {
                at,
                what: What::Counted,
            }));
        // One that began earlier may end later.
        let events = self.events.make_contiguous();
        events.sort_by_key(|event| event.at);
        self.read_to = to;
        Ok(())
    }

    fn keep(&mut self, version: Version) {
        let key = (
            version.change.reading.device.source().into(),
            version.known_at,
        );
        self.waiting.entry(key).or_default().push(version.change);
    }

    /// What has become known of a source up to an attempt, and was not taken before.
    fn brought(&mut self, source: &Arc<str>, started: Timestamp) -> Vec<Change> {
        let from = (source.clone(), Timestamp::MIN_UTC);
        let keys = self.waiting.range(from..=(source.clone(), started));
        let keys: Vec<_> = keys.map(|(key, _)| key.clone()).collect();
        let changes = keys.iter().filter_map(|key| self.waiting.remove(key));
        changes.flatten().collect()
    }
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recording")
            .field("read_to", &self.read_to)
            .finish_non_exhaustive()
    }
}

/// Cuts a range into pieces.
pub(super) fn pieces(
    from: Timestamp,
    to: Timestamp,
    length: TimeDelta,
) -> impl Iterator<Item = (Timestamp, Timestamp)> {
    let mut next = from;
    std::iter::from_fn(move || {
        let begin = next;
        next = (begin + length).min(to);
        (begin < to).then_some((begin, next))
    })
}

/// An attempt of the past as the ledger takes it.
fn lived(source: Arc<str>, past: PastAttempt) -> Attempt {
    let delivery = past.rows.map(|rows| Delivery {
        complete_from: past.complete.map(|(from, _)| from),
        rows,
        rejected: past.rejected,
        ..Delivery::default()
    });
    // How many requests there were is kept, not what they asked.
    let request = Exchange {
        method: "GET",
        url: String::new(),
        status: None,
        took_ms: 0,
        bytes: 0,
        clock_skew_s: None,
    };
    Attempt {
        source,
        started: past.started,
        took_ms: past.took_ms,
        exchanges: vec![request; past.requests as usize],
        outcome: Outcome {
            delivery,
            error: past.error,
        },
    }
}

/// A description without what the vendor says of the moment: history keeps only the newest, and
/// that is not how it was.
fn spoken(mut facts: Facts) -> Facts {
    match &mut facts.detail {
        Detail::PeopleCounter { .. } => {}
        Detail::Tracker {
            connection,
            movement,
            ignition,
            last_update,
            ..
        } => {
            (*connection, *movement, *ignition, *last_update) = (None, None, None, None);
        }
        Detail::DocumentCounter {
            guests_in_house,
            rooms_occupied,
            rooms,
            ..
        } => (*guests_in_house, *rooms_occupied, *rooms) = (None, None, None),
        Detail::Machine {
            offline,
            open_events,
            last_update,
            sales_unread,
            ..
        } => {
            *offline = false;
            open_events.clear();
            (*last_update, *sales_unread) = (None, None);
        }
    }
    facts
}
