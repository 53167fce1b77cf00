//! Tests of the engine with sources that do what a test tells them, on a clock moved by hand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot, watch};

use super::*;
use crate::clock::Hand;
use crate::history::Location;
use crate::model::Timestamp;
use crate::model::attempt::{
    Ask, Attempt, Delivery, ErrorKind, Exchange, Finding, Outcome, SourceError,
};
use crate::model::board::{Figures, SourceRow};
use crate::model::budget::Budget;
use crate::model::device::{Detail, DeviceId, Facts};
use crate::model::health::{Expectation, FetchState};
use crate::model::ledger::plan::{Plan, Quiet, SourcePlan, Stamp};
use crate::model::reading::{Flow, Measure, Reading};
use crate::model::schedule::{Cadence, Publish, Reason};
use crate::model::store::{Member as Claim, Store};
use crate::vendors::source::{Common, Past, Source, ZeroRows};
use crate::vendors::transport::Transport;

/// What a poll is told to do.
enum Act {
    Bring(Box<Outcome>),
    Panic,
}

/// A poll that waits to be told what to do.
struct Polled {
    ask: Ask,
    act: oneshot::Sender<Act>,
    /// What an earlier run of the source left.
    memory: Option<serde_json::Value>,
    past: Option<Arc<dyn Past>>,
}

impl Polled {
    fn brings(self, outcome: Outcome) {
        drop(self.act.send(Act::Bring(Box::new(outcome))));
    }
}

/// A source that hangs until the test lets it go on.
struct Scripted {
    transport: Transport,
    polled: mpsc::UnboundedSender<Polled>,
    memory: Option<serde_json::Value>,
    past: Option<Arc<dyn Past>>,
}

impl Source for Scripted {
    fn attach(&mut self, past: Arc<dyn Past>) {
        self.past = Some(past);
    }

    fn resume(&mut self, memory: Option<serde_json::Value>) {
        self.memory = memory;
    }

    fn poll<'a>(&'a mut self, ask: &'a Ask) -> BoxFuture<'a, Outcome> {
        let (act, told) = oneshot::channel();
        let ask = ask.clone();
        let polled = Polled {
            ask,
            act,
            memory: self.memory.clone(),
            past: self.past.clone(),
        };
        self.polled.send(polled).unwrap();
        Box::pin(async {
            match told.await {
                Ok(Act::Bring(outcome)) => *outcome,
                Ok(Act::Panic) => panic!("what came was too strange"),
                Err(_) => std::future::pending().await,
            }
        })
    }

    fn check<'a>(&'a mut self, _: &'a Ask) -> BoxFuture<'a, Vec<Finding>> {
        Box::pin(async { Vec::new() })
    }

    fn cadence(&self) -> Cadence {
        QUARTERLY
    }

    fn transport(&self) -> &Transport {
        &self.transport
    }
}

const QUARTERLY: Cadence = Cadence {
    publish: Publish::Batches,
    expectation: Expectation {
        period_s: 900,
        lag_s: 180,
        grace_s: 120,
    },
    every_s: None,
};

/// Nothing here waits for real time; this ends a test that would wait for ever.
const PATIENCE: Duration = Duration::from_secs(60);

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap()
}

fn at(clock: &str) -> Timestamp {
    format!("2026-03-02T{clock}Z").parse().unwrap()
}

/// A running engine with its scripted sources.
struct Stage {
    hand: Hand,
    clock: Clock,
    engine: Engine,
    boards: watch::Receiver<Arc<Board>>,
    polled: Vec<mpsc::UnboundedReceiver<Polled>>,
}

impl Stage {
    /// Starts at two o'clock with an empty history.
    async fn start(names: &[&str]) -> Self {
        let now = at("14:00:00");
        let (history, _) = History::open(Location::Memory, now).await.unwrap();
        Self::on(history, now, names).await
    }

    async fn on(history: History, now: Timestamp, names: &[&str]) -> Self {
        let (clock, hand) = Clock::manual(now);
        let (sources, polled) = sources(names, &clock);
        let desk = desk(&sources, history, &clock).await.unwrap();
        let engine = Engine::polling(sources, desk, &clock);
        let boards = engine.boards();
        // The first polls are spread over a moment, which begins when the pollers do.
        tokio::task::yield_now().await;
        hand.advance(Duration::from_secs(1));
        Self {
            hand,
            clock,
            engine,
            boards,
            polled,
        }
    }

    /// The next poll of a source.
    async fn polled(&mut self, source: usize) -> Polled {
        soon(self.polled[source].recv()).await.unwrap()
    }

    /// Lets the next poll of a source bring something and gives the board after it.
    async fn bring(&mut self, source: usize, outcome: Outcome) -> Arc<Board> {
        self.boards.mark_unchanged();
        self.polled(source).await.brings(outcome);
        self.board(|_| true).await
    }

    /// The first new board of which this holds.
    async fn board(&mut self, mut wanted: impl FnMut(&Board) -> bool) -> Arc<Board> {
        loop {
            soon(self.boards.changed()).await.unwrap();
            let board = self.boards.borrow_and_update().clone();
            if wanted(&board) {
                return board;
            }
        }
    }

    /// Whether a source is polled before the engine has nothing more to do.
    async fn is_polled(&mut self, source: usize) -> bool {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        self.polled[source].try_recv().is_ok()
    }
}

fn sources(names: &[&str], clock: &Clock) -> (Sources, Vec<mpsc::UnboundedReceiver<Polled>>) {
    let mut members = Vec::new();
    let mut receivers = Vec::new();
    for name in names {
        let budget = Arc::new(Mutex::new(Budget::new(60)));
        let (polled, receiver) = mpsc::unbounded_channel();
        let transport =
            Transport::open(&common(name), Vec::new(), budget.clone(), clock.clone()).unwrap();
        members.push(Member {
            name: (*name).into(),
            source: Some(Box::new(Scripted {
                transport,
                polled,
                memory: None,
                past: None,
            })),
            error: None,
            budget,
        });
        receivers.push(receiver);
    }
    let plan = plan(names);
    (Sources { members, plan }, receivers)
}

fn common(name: &str) -> Common {
    Common {
        name: name.into(),
        url: "http://127.0.0.1:9".parse().unwrap(),
        period: None,
        every: None,
        timeout: Duration::from_secs(5),
        requests_per_hour: None,
        ca_file: None,
        allow_http: false,
        zero_rows: ZeroRows::Auto,
    }
}

fn plan(names: &[&str]) -> Plan {
    let mut store = Store::named("Ermou", chrono_tz::UTC);
    store.members = vec![Claim::AllOf(names[0].into())];
    let source = |name: &&str| SourcePlan {
        name: (*name).into(),
        vendor: "scripted".into(),
        paused: false,
        cadence: QUARTERLY,
        quiet: Quiet::Missing,
        stamp: Stamp::End,
        host: format!("{name}.example").into(),
        limit_per_hour: 60,
    };
    Plan {
        sources: names.iter().map(source).collect(),
        stores: vec![Arc::new(store)],
        display_zone: chrono_tz::UTC,
    }
}

fn row<'a>(board: &'a Board, name: &str) -> &'a SourceRow {
    (board.sources.iter())
        .find(|row| *row.name == *name)
        .unwrap()
}

/// A counter of `source` that counted `entered` people in the quarter hour from `start`.
fn counted(source: &str, start: &str, entered: u32) -> Outcome {
    let device = DeviceId::new(source, "door");
    let facts = Facts {
        name: "Door".to_owned(),
        timezone: None,
        detail: Detail::PeopleCounter {
            interval_s: Some(900),
            group: None,
        },
    };
    Outcome::delivered(Delivery {
        facts: vec![(device.clone(), facts)],
        readings: vec![Reading {
            device,
            start: at(start),
            span_s: 900,
            item: 0,
            measure: Measure::Flow(Flow { entered, left: 0 }),
        }],
        rows: 1,
        ..Delivery::default()
    })
}

fn failed(kind: ErrorKind) -> Outcome {
    Outcome::failed(SourceError::new(kind, "refused"))
}

/// People who came in today, over all doors.
fn entered(board: &Board) -> Option<u64> {
    let (_, row) = board.devices.iter().next()?;
    match &row.figures {
        Figures::PeopleCounter { today, .. } => today.as_ref().map(|today| today.value.0),
        _ => None,
    }
}

#[tokio::test]
async fn a_hanging_source_does_not_delay_another() {
    let mut stage = Stage::start(&["stuck", "well"]).await;
    let stuck = stage.polled(0).await;
    for quarter in ["13:45:00", "14:00:00", "14:15:00"] {
        let board = stage.bring(1, counted("well", quarter, 1)).await;
        assert_eq!(row(&board, "well").fetch, FetchState::Ok);
        assert_eq!(row(&board, "stuck").fetch, FetchState::Never);
        stage.hand.advance(Duration::from_mins(20));
    }
    // When it comes after all, it counts.
    stage.boards.mark_unchanged();
    stuck.brings(counted("stuck", "13:45:00", 1));
    let board = stage
        .board(|board| row(board, "stuck").last_success.is_some())
        .await;
    assert_eq!(row(&board, "stuck").fetch, FetchState::Ok);
}

#[tokio::test(start_paused = true)]
async fn a_poll_that_never_ends_is_given_up() {
    let (clock, _) = Clock::manual(at("14:00:00"));
    let (mut sources, _polled) = sources(&["stuck"], &clock);
    let mut source = sources.members[0].source.take().unwrap();
    let ask = Ask {
        now: at("14:00:00"),
        since: at("00:00:00"),
        horizon: None,
        known: Vec::new(),
        ..Ask::default()
    };
    let attempt = poller::attempt("stuck".into(), &mut *source, &ask, &clock).await;
    assert_eq!(attempt.outcome.error.unwrap().kind, ErrorKind::Timeout);
    assert_eq!(attempt.took_ms, 600_000);
}

#[tokio::test]
async fn what_a_source_wants_to_know_comes_back_after_a_restart() {
    let now = at("14:00:00");
    let (history, _) = History::open(Location::Memory, now).await.unwrap();
    let mut stage = Stage::on(history.clone(), now, &["well", "other"]).await;
    stage.bring(1, counted("other", "13:45:00", 9)).await;
    let mut outcome = counted("well", "13:45:00", 3);
    let memory = serde_json::json!({"read": 7});
    outcome.delivery.as_mut().unwrap().memory = Some(memory.clone());
    stage.bring(0, outcome).await;
    stage.engine.stop().await;

    let mut stage = Stage::on(history.clone(), at("14:20:00"), &["well", "other"]).await;
    let polled = stage.polled(0).await;
    assert_eq!(polled.memory, Some(memory.clone()));
    let past = polled.past.clone().unwrap();
    let counts = past.counted(at("13:30:00"), at("14:00:00")).await.unwrap();
    let door = (
        DeviceId::new("well", "door"),
        Flow {
            entered: 3,
            left: 0,
        },
    );
    assert_eq!(counts, [door].into());
    let later = past.counted(at("14:00:00"), at("14:15:00")).await.unwrap();
    assert!(later.is_empty());
    // A delivery that says nothing of it leaves what was kept.
    polled.brings(counted("well", "14:00:00", 1));
    stage
        .board(|board| row(board, "well").last_success.is_some())
        .await;
    stage.engine.stop().await;
    let mut stage = Stage::on(history, at("14:40:00"), &["well", "other"]).await;
    assert_eq!(stage.polled(0).await.memory, Some(memory));
    assert_eq!(stage.polled(1).await.memory, None);
}

#[tokio::test]
async fn a_panic_costs_the_poll_of_its_source_only() {
    let mut stage = Stage::start(&["strange", "well"]).await;
    let strange = stage.polled(0).await;
    drop(strange.act.send(Act::Panic));
    let board = stage
        .board(|board| row(board, "strange").error.is_some())
        .await;
    let error = row(&board, "strange").error.clone().unwrap();
    assert_eq!(error.kind, ErrorKind::Schema);
    assert!(error.message.contains("please report"), "{error}");
    let board = stage.bring(1, counted("well", "13:45:00", 1)).await;
    assert_eq!(row(&board, "well").fetch, FetchState::Ok);
    // It is tried again, and can recover.
    stage.hand.advance(Duration::from_mins(4));
    let board = stage.bring(0, counted("strange", "13:45:00", 1)).await;
    assert_eq!(row(&board, "strange").fetch, FetchState::Ok);
    assert!(row(&board, "strange").error.is_none());
}

/// What becomes of the wish for a poll: nothing, or why there is none and until when.
async fn wish(stage: &Stage, name: &str) -> Option<(Reason, Option<Timestamp>)> {
    let asked = stage.engine.poker().poll_now(vec![name.into()]);
    let (_, answer) = soon(asked).await.remove(0);
    let refusal = answer.err()?;
    Some((refusal.reason, refusal.until))
}

#[tokio::test]
async fn poll_now_is_served_once_however_often_it_is_asked() {
    let mut stage = Stage::start(&["well", "other"]).await;
    stage.bring(0, counted("well", "13:45:00", 1)).await;
    let just = Some((Reason::JustAsked, Some(at("14:00:16"))));
    assert_eq!(wish(&stage, "well").await, just);
    assert!(!stage.is_polled(0).await);
    stage.hand.advance(Duration::from_secs(15));
    assert_eq!(wish(&stage, "well").await, None);
    let asking = Some((Reason::Asking, None));
    assert_eq!(wish(&stage, "well").await, asking, "wanted");
    let poll = stage.polled(0).await;
    assert_eq!(wish(&stage, "well").await, asking, "under way");
    assert_eq!(wish(&stage, "other").await, asking, "its first poll");
    poll.brings(counted("well", "13:45:00", 1));
    assert!(!stage.is_polled(0).await, "served twice");
    let settings = Some((Reason::Settings, None));
    assert_eq!(wish(&stage, "nobody").await, settings);
}

#[tokio::test]
async fn polls_that_operators_want_leave_the_budget_to_the_schedule() {
    let mut stage = Stage::start(&["well"]).await;
    stage.bring(0, counted("well", "13:45:00", 1)).await;
    let mut refused = None;
    let mut polls = 0;
    for _ in 0..30 {
        stage.hand.advance(Duration::from_secs(16));
        refused = wish(&stage, "well").await;
        if refused.is_none() {
            polls += 1;
            stage.bring(0, counted("well", "13:45:00", 1)).await;
        }
    }
    // A tenth of 60 requests, and from when on there is one again.
    assert_eq!(polls, 6);
    assert_eq!(refused, Some((Reason::Share, Some(at("15:00:17")))));
}

#[tokio::test]
async fn who_is_to_be_left_alone_is_not_asked_for_an_operator_either() {
    for (kind, reason, until) in [
        (ErrorKind::RateLimited, Reason::Throttled, "14:30:01"),
        (ErrorKind::Auth, Reason::Refused, "14:15:01"),
    ] {
        let mut stage = Stage::start(&["well"]).await;
        let retry = (kind == ErrorKind::RateLimited).then(|| at("14:30:01"));
        let error = SourceError::new(kind, "refused").with_retry_at(retry);
        stage.bring(0, Outcome::failed(error)).await;
        for _ in 0..3 {
            stage.hand.advance(Duration::from_secs(60));
            let (why, wait) = wish(&stage, "well").await.unwrap();
            assert_eq!(why, reason);
            let late = wait.unwrap() - at(until);
            assert!(late >= TimeDelta::zero() && late <= TimeDelta::minutes(1));
            assert!(!stage.is_polled(0).await, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn a_part_that_fails_for_long_is_an_incident() {
    let mut stage = Stage::start(&["well"]).await;
    for (round, quarter) in ["13:45:00", "14:00:00", "14:15:00"].iter().enumerate() {
        let partial = Outcome {
            error: Some(SourceError::new(ErrorKind::Http, "counters: refused")),
            ..counted("well", quarter, 1)
        };
        let board = stage.bring(0, partial).await;
        let (fetch, incidents) = if round < 2 {
            (FetchState::Retrying, 0)
        } else {
            (FetchState::Backoff, 1)
        };
        assert_eq!(row(&board, "well").fetch, fetch, "{round}");
        assert_eq!(board.events.len(), incidents, "{round}");
        stage.hand.set(row(&board, "well").next_poll.unwrap());
    }
    let board = stage.bring(0, counted("well", "14:30:00", 1)).await;
    assert_eq!(row(&board, "well").fetch, FetchState::Ok);
    assert!(!board.events[0].is_open());
}

#[tokio::test]
async fn failures_are_shown_with_the_time_of_the_next_try() {
    let mut stage = Stage::start(&["down"]).await;
    for (state, wait) in [
        (FetchState::Retrying, 5),
        (FetchState::Retrying, 20),
        (FetchState::Backoff, 60),
        (FetchState::Backoff, 120),
    ] {
        let now = stage.clock.now();
        let board = stage.bring(0, failed(ErrorKind::Timeout)).await;
        let row = row(&board, "down");
        assert_eq!(row.fetch, state);
        let next = row.next_poll.unwrap() - now;
        // The jitter adds a tenth at most.
        assert!(next >= TimeDelta::seconds(wait), "{next}");
        assert!(next <= TimeDelta::milliseconds(wait * 1100), "{next}");
        stage.hand.set(row.next_poll.unwrap());
    }
    let until = stage.clock.now() + TimeDelta::minutes(40);
    let limited = SourceError::new(ErrorKind::RateLimited, "slow down").with_retry_at(Some(until));
    let board = stage.bring(0, Outcome::failed(limited)).await;
    assert_eq!(row(&board, "down").fetch, FetchState::Throttled);
    assert!(row(&board, "down").next_poll >= Some(until));
    stage.hand.set(until - TimeDelta::seconds(1));
    assert!(!stage.is_polled(0).await, "polled before its time");
    let board = {
        stage.hand.advance(Duration::from_mins(2));
        stage.bring(0, counted("down", "14:30:00", 1)).await
    };
    assert_eq!(row(&board, "down").fetch, FetchState::Ok);
}

/// Makes the disk refuse; a reading that cannot be stored is one way.
const REFUSE: &str = "CREATE TRIGGER refuse BEFORE INSERT ON attempt
                      BEGIN SELECT RAISE(ABORT, 'no room'); END";

#[tokio::test]
async fn a_source_goes_back_to_what_was_kept_when_a_poll_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let (history, _) = History::open(Location::File(path.clone()), at("14:00:00"))
        .await
        .unwrap();
    let mut stage = Stage::on(history, at("14:00:00"), &["well"]).await;
    let kept = serde_json::json!({"read": 7});
    let mut outcome = counted("well", "13:45:00", 7);
    outcome.delivery.as_mut().unwrap().memory = Some(kept.clone());
    let board = stage.bring(0, outcome).await;
    stage.hand.set(row(&board, "well").next_poll.unwrap());
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch(REFUSE).unwrap();
    let poll = stage.polled(0).await;
    assert_eq!(poll.memory, None, "it is not told what it knows");
    stage.boards.mark_unchanged();
    let mut lost = counted("well", "14:00:00", 1);
    lost.delivery.as_mut().unwrap().memory = Some(serde_json::json!({"read": 8}));
    poll.brings(lost);
    let board = stage.board(|_| true).await;
    stage.hand.set(row(&board, "well").next_poll.unwrap());
    assert_eq!(stage.polled(0).await.memory, Some(kept));
}

#[tokio::test]
async fn what_cannot_be_written_is_not_counted_and_is_asked_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.db");
    let (history, _) = History::open(Location::File(path.clone()), at("14:00:00"))
        .await
        .unwrap();
    let mut stage = Stage::on(history, at("14:00:00"), &["well"]).await;
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch(REFUSE).unwrap();
    let board = stage.bring(0, counted("well", "13:45:00", 7)).await;
    assert_eq!(entered(&board), None);
    assert!(
        board.notices[0].contains("cannot be written"),
        "{:?}",
        board.notices
    );
    let row = row(&board, "well");
    let error = row.error.clone().unwrap();
    assert!(error.message.contains("asked for again"), "{error}");
    stage.hand.set(row.next_poll.unwrap());
    // The next poll asks from where the first one did.
    other.execute_batch("DROP TRIGGER refuse").unwrap();
    let poll = stage.polled(0).await;
    assert_eq!(poll.ask.horizon, None);
    stage.boards.mark_unchanged();
    poll.brings(counted("well", "13:45:00", 7));
    let board = stage.board(|_| true).await;
    assert_eq!(entered(&board), Some(7));
    assert!(board.notices.is_empty(), "{:?}", board.notices);
}

#[tokio::test]
async fn a_new_day_is_published_without_new_data() {
    let mut stage = Stage::start(&["well"]).await;
    let board = stage.bring(0, counted("well", "13:45:00", 7)).await;
    assert_eq!(entered(&board), Some(7));
    let _hanging = {
        stage.hand.set(at("14:20:00"));
        stage.polled(0).await
    };
    stage.boards.mark_unchanged();
    let midnight = at("00:00:00") + TimeDelta::days(1);
    stage.hand.set(midnight);
    let board = stage.board(|board| board.at >= midnight).await;
    assert_eq!(entered(&board), None);
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_stop_polling() {
    let mut stage = Stage::start(&["well"]).await;
    let board = stage.bring(0, counted("well", "13:45:00", 7)).await;
    let wait = row(&board, "well").next_poll.unwrap() - stage.clock.now();
    let back = at("04:00:00");
    stage.hand.set(back);
    assert!(!stage.is_polled(0).await);
    stage.hand.set(back + wait);
    stage.bring(0, counted("well", "13:45:00", 7)).await;
    // A suspend leads to one poll, not to those that were missed.
    stage.hand.advance(Duration::from_hours(9));
    stage.bring(0, counted("well", "13:45:00", 7)).await;
    assert!(!stage.is_polled(0).await);
}

#[tokio::test]
async fn the_period_that_the_rows_show_is_expected_from_then_on() {
    let mut stage = Stage::start(&["well"]).await;
    let mut outcome = counted("well", "13:45:00", 7);
    outcome.delivery.as_mut().unwrap().period_s = Some(1800);
    let board = stage.bring(0, outcome).await;
    assert_eq!(row(&board, "well").expectation.period_s, 1800);
    let (_, door) = board.devices.iter().next().unwrap();
    assert_eq!(door.expectation.period_s, 1800);
}

/// An attempt that made two requests.
fn attempt(started: Timestamp, outcome: Outcome) -> Attempt {
    let exchange = Exchange {
        method: "GET",
        url: "https://well.example/".to_owned(),
        status: Some(200),
        took_ms: 80,
        bytes: 10,
        clock_skew_s: None,
    };
    Attempt {
        source: "well".into(),
        started,
        took_ms: 84,
        exchanges: vec![exchange.clone(), exchange],
        outcome,
    }
}

#[tokio::test]
async fn a_restart_knows_the_budget_the_lag_and_the_board() {
    let (clock, hand) = Clock::manual(at("00:20:00"));
    let (history, _) = History::open(Location::Memory, at("00:20:00"))
        .await
        .unwrap();
    let (first, _polled) = sources(&["well"], &clock);
    let mut desk = super::desk(&first, history.clone(), &clock).await.unwrap();
    // Each quarter hour is readable between four and five minutes after its end.
    let midnight = at("00:00:00");
    for quarter in 0..30 {
        let start = midnight + TimeDelta::minutes(15) * quarter;
        let end = start + TimeDelta::minutes(15);
        let outcome = |start: Timestamp| counted("well", &start.time().to_string(), 1);
        for (minutes, seen) in [(4, start - TimeDelta::minutes(15)), (5, start)] {
            if seen >= midnight {
                hand.set(end + TimeDelta::minutes(minutes));
                desk.take(attempt(clock.now(), outcome(seen))).await;
            }
        }
    }
    let before = desk.board();
    let learned = row(&before, "well").expectation.lag_s;
    assert!((240..=300).contains(&learned), "{learned}");
    drop(desk);

    hand.advance(Duration::from_mins(2));
    let (second, _polled) = sources(&["well"], &clock);
    let budget = second.members[0].budget.clone();
    let mut desk = super::desk(&second, history, &clock).await.unwrap();
    let now = clock.now();
    // Two attempts in each of the last four quarter hours, with two requests each.
    assert_eq!(budget.lock().unwrap().last_hour(now), 16);
    assert_eq!(entered(&desk.board()), entered(&before));
    assert_eq!(entered(&before), Some(30));
    let board = desk.board();
    let well = row(&board, "well");
    assert_eq!(well.horizon, row(&before, "well").horizon);
    assert!(!well.confirmed);
    assert_eq!(desk.ask("well").horizon, well.horizon);
    // The first poll brings nothing new, and the next one goes by the lag that was learned.
    let next = desk
        .take(attempt(now, counted("well", "07:15:00", 1)))
        .await;
    let due = well.horizon.unwrap() + TimeDelta::minutes(15) + TimeDelta::minutes(5);
    let off = (next.unwrap() - due).num_seconds();
    assert!((-60..=60).contains(&off), "{off}");
    let after = desk.board();
    assert!(row(&after, "well").confirmed);
    assert!(row(&after, "well").expectation.lag_s.abs_diff(learned) <= 60);
}

#[tokio::test]
async fn an_incident_survives_a_restart_with_its_acknowledgement() {
    let now = at("14:00:00");
    let (history, _) = History::open(Location::Memory, now).await.unwrap();
    let mut stage = Stage::on(history.clone(), now, &["well"]).await;
    stage.bring(0, counted("well", "13:45:00", 1)).await;
    // Nothing more comes: the clock alone makes it stale.
    stage.hand.set(at("14:34:00"));
    let board = stage.board(|board| !board.events.is_empty()).await;
    let event = &board.events[0];
    assert!(event.is_open() && event.is_unacknowledged(), "{event:?}");
    assert_eq!(event.start, at("14:18:00"));
    stage.engine.acknowledging().set(vec![event.id], true).await;
    stage
        .board(|board| !board.events[0].is_unacknowledged())
        .await;
    stage.engine.stop().await;

    let mut stage = Stage::on(history.clone(), at("15:00:00"), &["well"]).await;
    let restored = stage.boards.borrow().events[0].clone();
    assert!(restored.is_open() && !restored.is_unacknowledged());
    let board = stage.bring(0, counted("well", "14:30:00", 1)).await;
    assert_eq!(board.events.len(), 1);
    assert_eq!(board.events[0].start, at("14:18:00"));
    assert_eq!(board.events[0].end, Some(at("15:00:01")));
    stage.engine.stop().await;
    let kept = history.restore().await.unwrap().events;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0], *board.events[0]);
}

#[tokio::test]
async fn a_start_tells_for_how_long_the_program_did_not_run() {
    let (clock, hand) = Clock::manual(at("14:00:00"));
    let (history, _) = History::open(Location::Memory, clock.now()).await.unwrap();
    let (sources, _polled) = sources(&["well"], &clock);
    farewell(&history, &clock).await;
    for (now, told) in [("14:00:30", false), ("14:20:00", true)] {
        hand.set(at(now));
        let mut desk = desk(&sources, history.clone(), &clock).await.unwrap();
        desk.began();
        let events = desk.board().events.clone();
        let spans: Vec<_> = events
            .iter()
            .map(|event| (event.start, event.end))
            .collect();
        let expected = told.then_some((at("14:00:00"), Some(at("14:20:00"))));
        assert_eq!(spans, Vec::from_iter(expected), "{now}");
    }
}
