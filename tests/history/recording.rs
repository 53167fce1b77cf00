//! The past is shown as it was seen: the board made from history equals the one of that time.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Tz;
use occtop::clock::{Clock, Hand};
use occtop::config::Config;
use occtop::engine::{self, Desk, Playback, Recording};
use occtop::history::History;
use occtop::model::Timestamp;
use occtop::model::attempt::{Attempt, Delivery, ErrorKind, Outcome, SourceError};
use occtop::model::board::{Board, SourceRow};
use occtop::model::incidents::{Acknowledged, Cause, Changes, Event, Incident, What, same_events};
use occtop::model::reading::{Flow, Level, Measure, Reading, Value};

use crate::building::*;

const CONFIG: &str = r#"
[[source]]
name = "opap"
vendor = "bespot"
url = "https://one.example.com/api"
username = "u"
password = "p"

[[source]]
name = "via"
vendor = "viametrics"
url = "https://two.example.com"
client_id = "c"
api_key = "k"

[[store]]
name = "Ermou"
timezone = "Europe/Athens"
capacity = 50
members = ["opap/1"]

[[store]]
name = "Mall"
timezone = "Europe/Athens"
members = ["via/*"]
"#;

fn config() -> Config {
    Config::parse(CONFIG, "test").unwrap().config
}

/// A program that ran for a while, and every board it showed.
struct Run {
    history: History,
    desk: Desk,
    hand: Hand,
    boards: BTreeMap<Timestamp, Arc<Board>>,
}

impl Run {
    async fn start(history: History) -> Self {
        let (clock, hand) = Clock::manual(minute(0));
        let sources = engine::open(&config(), Tz::UTC, &clock).await;
        let desk = engine::desk(&sources, history.clone(), &clock);
        Self {
            desk: desk.await.unwrap(),
            history,
            hand,
            boards: BTreeMap::new(),
        }
    }

    async fn take(&mut self, attempt: Attempt) {
        let finished = attempt.started + TimeDelta::milliseconds(attempt.took_ms.into());
        self.hand.set(finished);
        self.desk.take(attempt).await;
        self.boards.insert(finished, self.desk.board());
    }

    /// Polls for some hours: minutes every quarter hour, an hour that is rewritten while it runs,
    /// a correction now and then, and a vendor that fails for a while.
    async fn go_on(&mut self, minutes: std::ops::Range<i64>) {
        for at in minutes.step_by(15) {
            self.take(one("opap", at + 3, people(at))).await;
            let fails = (90..150).contains(&at);
            let mall = if fails {
                let error = SourceError::new(ErrorKind::Http, "too much").with_status(503);
                Outcome::failed(error)
            } else {
                mall(at)
            };
            self.take(one("via", at + 5, mall)).await;
        }
        // The publishing delay is learned for the whole past at once; here nobody has learned.
        for source in ["opap", "via"] {
            let nothing = serde_json::json!({ "learned": null });
            let kept = self.history.remember(source, "poll", &nothing);
            kept.await.unwrap();
        }
    }
}

fn one(source: &str, at: i64, outcome: Outcome) -> Attempt {
    Attempt {
        source: source.into(),
        started: minute(at),
        took_ms: 2500,
        exchanges: Vec::new(),
        outcome,
    }
}

fn number(at: i64) -> u32 {
    u32::try_from(at.unsigned_abs() % 7).unwrap()
}

fn people(at: i64) -> Outcome {
    // Quiet minutes have no row; an older one is corrected every hour.
    let minutes = (at - 15..at).filter(|minute| minute % 3 != 0);
    let mut readings: Vec<_> = minutes
        .map(|at| flow("opap/1", minute(at), number(at), number(at + 3)))
        .collect();
    if at % 60 == 0 {
        readings.push(flow("opap/1", minute(at - 29), 9, 2));
    }
    let inside = Value::Int(number(at).into());
    readings.push(level("opap/1", minute(at - 1), Level::Occupancy, inside));
    Outcome::delivered(Delivery {
        facts: vec![(device("opap/1"), counter_facts("Ermou"))],
        rows: 15,
        complete_from: Some(minute(at - 45)),
        readings,
        ..Delivery::default()
    })
}

fn mall(at: i64) -> Outcome {
    let hour = at.div_euclid(60) * 60;
    let rows = [hour - 60, hour].map(|start| {
        let share = u32::try_from((at - start).clamp(0, 60)).unwrap();
        Reading {
            device: device("via/7"),
            start: minute(start),
            span_s: 3600,
            item: 0,
            measure: Measure::Flow(Flow {
                entered: share,
                left: share / 2,
            }),
        }
    });
    Outcome::delivered(Delivery {
        facts: vec![(device("via/7"), counter_facts("Mall"))],
        rows: 2,
        rejected: 1,
        readings: rows.into(),
        ..Delivery::default()
    })
}

#[track_caller]
fn assert_same(past: &Board, seen: &Board) {
    let stores = |board: &Board| {
        board
            .stores
            .iter()
            .map(|row| (**row).clone())
            .collect::<Vec<_>>()
    };
    differ(&stores(past), &stores(seen));
    let devices = |board: &Board| {
        board
            .devices
            .values()
            .map(|row| (**row).clone())
            .collect::<Vec<_>>()
    };
    differ(&devices(past), &devices(seen));
    let sources = |board: &Board| -> Vec<SourceRow> {
        let rows = board.sources.iter().map(|row| (**row).clone());
        // When it is asked next follows from more attempts than are lived through, and four weeks
        // of freshness from far more. So does what is learned.
        rows.map(|row| SourceRow {
            next_poll: None,
            freshness: None,
            habit: None,
            ..row
        })
        .collect()
    };
    differ(&sources(past), &sources(seen));
}

/// The board that was shown at `at`.
fn seen(boards: &BTreeMap<Timestamp, Arc<Board>>, at: Timestamp) -> &Board {
    boards.range(..=at).next_back().unwrap().1
}

#[tokio::test]
async fn the_board_of_any_instant_is_the_one_that_was_seen() {
    let mut run = Run::start(in_memory().await).await;
    run.go_on(0..285).await;
    for at in [60, 185, 200, 244, 245, 285] {
        let reader = run.history.reader().await.unwrap();
        let mut past = Recording::open(reader, &config(), Tz::UTC, minute(at)).unwrap();
        assert_same(&past.board(), seen(&run.boards, minute(at)));
    }
}

#[tokio::test]
async fn a_recording_goes_through_every_board_that_was_seen() {
    let dir = tempfile::tempdir().unwrap();
    let mut run = Run::start(in_dir(&dir).await).await;
    run.go_on(0..285).await;
    let reader = run.history.reader().await.unwrap();
    let mut recording = Recording::open(reader, &config(), Tz::UTC, minute(100)).unwrap();
    let until = minute(290);
    let mut shown = 0_usize;
    while let Some(at) = recording.next(until).unwrap() {
        recording.advance(at).unwrap();
        assert_same(&recording.board(), seen(&run.boards, at));
        // An incident also ends, and was known to have begun, between two attempts.
        shown += usize::from(run.boards.contains_key(&at));
    }
    assert_eq!(shown, 2 * 12, "every attempt after the begin");
}

/// What an event says at an instant, beside its number.
fn log(board: &Board) -> Vec<(u64, Timestamp, Option<Timestamp>)> {
    let events = board.events.iter();
    events
        .map(|event| (event.id, event.start, event.end))
        .collect()
}

#[tokio::test]
async fn incidents_and_notes_of_the_past_stand_as_they_stood_then() {
    let mut run = Run::start(in_memory().await).await;
    run.go_on(0..285).await;
    let written = run.history.restore().await.unwrap().events;
    let failing = |event: &&Event| event.incident().is_some_and(|it| it.cause == Cause::Api);
    let api = written.iter().find(failing).unwrap();
    assert_eq!(
        (api.start, api.end),
        (minute(95), Some(minute(155) + TimeDelta::seconds(2)))
    );
    let acknowledged = Event {
        what: match api.what.clone() {
            What::Incident(incident) => What::Incident(Incident {
                acknowledged: Some(Acknowledged {
                    at: minute(140),
                    who: "local operator".to_owned(),
                }),
                ..incident
            }),
            other => other,
        },
        ..api.clone()
    };
    let changes = Changes {
        written: vec![Arc::new(acknowledged)],
        gone: Vec::new(),
    };
    run.history.write_events(Arc::new(changes)).await.unwrap();

    let mut before = past(&run, 94).await;
    assert!(
        before
            .board()
            .events
            .iter()
            .all(|event| event.start <= minute(94))
    );
    assert!(before.board().events.iter().all(|event| event.id != api.id));

    let mut meanwhile = past(&run, 130).await;
    let stood = |board: &Board| {
        let event = board
            .events
            .iter()
            .find(|event| event.id == api.id)
            .unwrap();
        (event.end, event.incident().unwrap().acknowledged.is_some())
    };
    assert_eq!(stood(&meanwhile.board()), (None, false));
    let mut turns = Vec::new();
    while let Some(at) = meanwhile.next(minute(160)).unwrap() {
        meanwhile.advance(at).unwrap();
        turns.push(stood(&meanwhile.board()));
    }
    turns.dedup();
    assert_eq!(turns, [(None, false), (None, true), (api.end, true)]);
    let same = same_events(&meanwhile.board().events, &meanwhile.board().events);
    assert!(same, "what did not change is not made anew");

    let mut after = past(&run, 285).await;
    assert_eq!(log(&after.board()), log(seen(&run.boards, minute(285))));
}

async fn past(run: &Run, at: i64) -> Recording {
    let reader = run.history.reader().await.unwrap();
    Recording::open(reader, &config(), Tz::UTC, minute(at)).unwrap()
}

#[tokio::test]
async fn a_recording_plays_on_a_clock_of_its_own_and_the_last_board_stays() {
    let mut run = Run::start(in_memory().await).await;
    run.go_on(0..285).await;
    let reader = run.history.reader().await.unwrap();
    let recording = Recording::open(reader, &config(), Tz::UTC, minute(200)).unwrap();
    let (clock, _hand) = Clock::leaping(minute(200));
    let playback = Playback::start(recording, clock, minute(320));
    let mut boards = playback.boards();
    let last = boards.wait_for(|board| board.at == minute(320)).await;
    assert_same(&last.unwrap(), seen(&run.boards, minute(320)));
}

#[tokio::test]
async fn what_a_vendor_says_of_the_moment_is_not_told_of_the_past() {
    let history = in_memory().await;
    let mut run = Run::start(history).await;
    run.go_on(0..240).await;
    let reader = run.history.reader().await.unwrap();
    assert_eq!(reader.polled().unwrap(), Some((minute(3), minute(230))));
    let mut before = Recording::open(reader, &config(), Tz::UTC, minute(-600)).unwrap();
    let board = before.board();
    assert!(board.stores.iter().all(|row| row.occupancy.is_none()));
    assert!(board.sources.iter().all(|row| row.last_attempt.is_none()));
}

/// Fails at the first line that differs: rows are long.
#[track_caller]
fn differ<T: std::fmt::Debug>(past: &[T], seen: &[T]) {
    let (past, seen) = (format!("{past:#?}"), format!("{seen:#?}"));
    let lines = past.lines().zip(seen.lines()).enumerate();
    for (number, (is, was)) in lines {
        let before: Vec<_> = past.lines().take(number).collect();
        let context = before[before.len().saturating_sub(12)..].join("\n");
        assert_eq!(is, was, "after\n{context}");
    }
    assert_eq!(past.len(), seen.len());
}
