//! Tests of the ledger: from changes to rows.

mod machines;
mod pauses;

use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Tz;

use super::plan::{Plan, Quiet, SourcePlan, Stamp};
use super::*;
use crate::model::attempt::{ErrorKind, Exchange, Outcome};
use crate::model::board::{Band, Figures, Origin};
use crate::model::device::Detail;
use crate::model::figure::Flag;
use crate::model::health::{DataState, Expectation, FetchState};
use crate::model::reading::{Flow, Level, Value};
use crate::model::schedule::{Cadence, Publish};
use crate::model::store::{Member, Store};

mod clocks;
mod counting;

const ATHENS: Tz = chrono_tz::Europe::Athens;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn source(name: &str, quiet: Quiet, stamp: Stamp) -> SourcePlan {
    SourcePlan {
        name: name.into(),
        vendor: "vendor".into(),
        paused: false,
        cadence: Cadence {
            publish: Publish::Batches,
            expectation: Expectation {
                period_s: 900,
                lag_s: 180,
                grace_s: 120,
            },
            every_s: None,
        },
        quiet,
        stamp,
        host: format!("{name}.example").into(),
        limit_per_hour: 60,
    }
}

fn ermou(members: &[&str]) -> Arc<Store> {
    let mut store = Store::named("Ermou", ATHENS);
    store.capacity = Some(10);
    store.members = members
        .iter()
        .map(|id| Member::Device(DeviceId::parse(id).unwrap()))
        .collect();
    Arc::new(store)
}

fn ledger(sources: Vec<SourcePlan>, stores: Vec<Arc<Store>>, now: &str) -> Ledger {
    let plan = Plan {
        sources,
        stores,
        display_zone: Tz::UTC,
    };
    Ledger::new(plan, at(now))
}

fn counter(name: &str) -> Facts {
    Facts {
        name: name.to_owned(),
        timezone: None,
        detail: Detail::PeopleCounter {
            interval_s: None,
            group: None,
        },
    }
}

fn tracker(movement: &str, last_update: &str) -> Facts {
    Facts {
        name: "Shuttle".to_owned(),
        timezone: Some(ATHENS),
        detail: Detail::Tracker {
            connection: Some("active".to_owned()),
            movement: Some(movement.to_owned()),
            ignition: None,
            blocked: false,
            seats: Some(20),
            clone: false,
            last_update: Some(at(last_update)),
        },
    }
}

fn change(id: &str, start: &str, span_s: u32, measure: Measure) -> Change {
    Change {
        reading: Reading {
            device: DeviceId::parse(id).unwrap(),
            start: at(start),
            span_s,
            item: 0,
            measure,
        },
        old: None,
    }
}

fn flow(id: &str, start: &str, span_s: u32, entered: u32, left: u32) -> Change {
    change(id, start, span_s, Measure::Flow(Flow { entered, left }))
}

fn level(id: &str, start: &str, level: Level, value: f64) -> Change {
    change(id, start, 0, Measure::Level(level, Value::Real(value)))
}

fn attempt(name: &str, started: &str, outcome: Outcome) -> Attempt {
    Attempt {
        source: name.into(),
        started: at(started),
        took_ms: 84,
        exchanges: vec![Exchange {
            method: "GET",
            url: "https://example/".to_owned(),
            status: Some(200),
            took_ms: 80,
            bytes: 10,
            clock_skew_s: Some(2),
        }],
        outcome,
    }
}

fn delivery(facts: &[(&str, Facts)], from: Option<&str>) -> Outcome {
    Outcome::delivered(Delivery {
        facts: facts
            .iter()
            .map(|(id, facts)| (DeviceId::parse(id).unwrap(), facts.clone()))
            .collect(),
        complete_from: from.map(at),
        rows: 6,
        ..Delivery::default()
    })
}

/// The minutes of the vendor's documented sample: 8 in, 4 out, 9 inside at 08:15.
fn sample_morning() -> Vec<Change> {
    let id = "opap/200041";
    let mut changes: Vec<_> = [
        (1, 2, 0),
        (2, 1, 1),
        (6, 0, 2),
        (9, 4, 0),
        (11, 0, 1),
        (15, 1, 0),
    ]
    .map(|(minute, entered, left)| {
        flow(
            id,
            &format!("2026-03-02T08:{minute:02}:00Z"),
            60,
            entered,
            left,
        )
    })
    .into();
    for (minute, inside) in [(1, 7.0), (6, 5.0), (9, 9.0), (15, 9.0)] {
        let start = format!("2026-03-02T08:{minute:02}:00Z");
        changes.push(level(id, &start, Level::Occupancy, inside));
    }
    changes
}

fn after_sample() -> Ledger {
    let mut ledger = ledger(
        vec![source("opap", Quiet::Zero, Stamp::Start)],
        vec![ermou(&["opap/200041"])],
        "2026-03-02T08:16:00Z",
    );
    let delivered = delivery(
        &[("opap/200041", counter("200041"))],
        Some("2026-03-01T22:00:00Z"),
    );
    let started = attempt("opap", "2026-03-02T08:16:01Z", delivered);
    let applied = ledger.apply(&started, &sample_morning(), at("2026-03-02T08:16:02Z"));
    assert!(applied.news);
    ledger
}

#[test]
fn the_first_poll_of_a_store_gives_totals_occupancy_and_coverage() {
    let ledger = after_sample();
    let board = ledger.board();
    let row = board.store("Ermou").unwrap();
    let today = row.today.unwrap();
    assert_eq!((today.entered, today.left), (8, 4));
    assert_eq!(today.since, at("2026-03-02T02:00:00Z"));
    assert!((today.coverage - 1.0).abs() < 1e-9);
    let inside = row.occupancy.as_ref().unwrap();
    assert_eq!((inside.shown.value, inside.origin), (9, Origin::Vendor));
    assert_eq!((inside.low, inside.high), (7, 11));
    assert_eq!(inside.shown.as_of, at("2026-03-02T08:15:00Z"));
    assert_eq!(row.band(), Band::Near);
    assert_eq!(row.data_state(at("2026-03-02T08:16:02Z")), DataState::Fresh);
    let source = &board.sources[0];
    assert_eq!(source.horizon, Some(at("2026-03-02T08:15:00Z")));
    assert_eq!(
        board.source_due(source, at("2026-03-02T08:16:02Z")),
        Some(at("2026-03-02T08:33:00Z"))
    );
    assert_eq!((source.rows, source.requests.last_poll), (6, 1));
}

#[test]
fn a_correction_changes_totals_by_the_difference_and_is_marked() {
    let mut ledger = after_sample();
    let mut corrected = flow("opap/200041", "2026-03-02T08:02:00Z", 60, 11, 1);
    corrected.old = Some(Measure::Flow(Flow {
        entered: 1,
        left: 1,
    }));
    let again = attempt("opap", "2026-03-02T08:33:00Z", delivery(&[], None));
    ledger.apply(&again, &[corrected], at("2026-03-02T08:33:01Z"));
    let board = ledger.board();
    let row = board.store("Ermou").unwrap();
    assert_eq!(row.today.unwrap().entered, 18);
    assert!(
        row.occupancy
            .as_ref()
            .unwrap()
            .shown
            .quality
            .has(Flag::Revised)
    );
    assert_eq!(board.sources[0].revised, 1);
    assert!(row.day.cells().any(|cell| cell.revised));
}

#[test]
fn a_failure_keeps_every_value_and_changes_only_the_source() {
    let mut ledger = after_sample();
    let before = ledger.board();
    let error = SourceError::new(ErrorKind::Auth, "refused").with_status(401);
    let failed = attempt("opap", "2026-03-02T08:33:00Z", Outcome::failed(error));
    let applied = ledger.apply(&failed, &[], at("2026-03-02T08:33:01Z"));
    assert_eq!(
        (applied.news, applied.horizon),
        (false, Some(at("2026-03-02T08:15:00Z")))
    );
    let after = ledger.board();
    assert!(Arc::ptr_eq(
        before.store("Ermou").unwrap(),
        after.store("Ermou").unwrap()
    ));
    assert_eq!(
        after.sources[0].error.as_ref().unwrap().kind,
        ErrorKind::Auth
    );
    assert_eq!(
        after.sources[0].last_success,
        Some(at("2026-03-02T08:16:01Z"))
    );
}

#[test]
fn quiet_minutes_are_zero_where_delivered_and_unknown_after() {
    let ledger = after_sample();
    let board = ledger.board();
    let day = &board.store("Ermou").unwrap().day;
    assert_eq!(day.start, at("2026-03-02T02:00:00Z"));
    assert_eq!(day.cells().len(), 25, "02:00 to 08:15 in quarter hours");
    let cells: Vec<_> = day.cells().collect();
    assert_eq!(cells[0].flow, Some(Flow::default()));
    let last = cells[24];
    assert_eq!(
        last.flow,
        Some(Flow {
            entered: 7,
            left: 4
        })
    );
}

#[test]
fn a_quiet_store_reaches_as_far_as_its_vendor() {
    let stores = vec![ermou(&["opap/1"])];
    let mut ledger = ledger(
        vec![source("opap", Quiet::Zero, Stamp::Start)],
        stores,
        "2026-03-02T08:16:00Z",
    );
    let facts = [("opap/1", counter("1")), ("opap/2", counter("2"))];
    let first = attempt(
        "opap",
        "2026-03-02T08:16:00Z",
        delivery(&facts, Some("2026-03-02T00:00:00Z")),
    );
    let changes = [
        flow("opap/1", "2026-03-02T07:00:00Z", 60, 1, 0),
        flow("opap/2", "2026-03-02T08:15:00Z", 60, 1, 0),
    ];
    ledger.apply(&first, &changes, at("2026-03-02T08:16:01Z"));
    let board = ledger.board();
    let row = board.store("Ermou").unwrap();
    assert_eq!(row.data_state(at("2026-03-02T08:20:00Z")), DataState::Fresh);
    let device = board.device(&DeviceId::new("opap", "1")).unwrap();
    assert_eq!(device.as_of, Some(at("2026-03-02T07:00:00Z")));
    assert_eq!(device.covered_to, Some(at("2026-03-02T08:15:00Z")));
}

#[test]
fn a_counter_that_nobody_claims_is_a_store_of_its_own() {
    let mut ledger = ledger(
        vec![source("opap", Quiet::Zero, Stamp::Start)],
        Vec::new(),
        "2026-03-02T08:16:00Z",
    );
    let first = attempt(
        "opap",
        "2026-03-02T08:16:00Z",
        delivery(&[("opap/7", counter("Hall"))], None),
    );
    ledger.apply(&first, &[], at("2026-03-02T08:16:01Z"));
    let board = ledger.board();
    let row = board.store("Hall").unwrap();
    assert!(!row.declared && row.occupancy.is_none() && row.today.is_none());
}

#[test]
fn a_reset_starts_a_new_day_without_new_data() {
    let mut ledger = after_sample();
    assert_eq!(ledger.next_roll(), Some(at("2026-03-02T22:00:00Z")));
    ledger.roll(at("2026-03-03T02:00:00Z"));
    let board = ledger.board();
    let row = board.store("Ermou").unwrap();
    assert_eq!(row.day.start, at("2026-03-03T02:00:00Z"));
    assert!(row.today.is_none(), "nothing has arrived since the reset");
    let device = board.device(&DeviceId::new("opap", "200041")).unwrap();
    assert!(matches!(
        device.figures,
        Figures::PeopleCounter { today: None, .. }
    ));
}

#[test]
fn two_hosts_that_fail_together_are_our_own_link() {
    let mut ledger = ledger(
        vec![
            source("one", Quiet::Zero, Stamp::Start),
            source("two", Quiet::Zero, Stamp::Start),
        ],
        Vec::new(),
        "2026-03-02T08:16:00Z",
    );
    let lost = || Outcome::failed(SourceError::new(ErrorKind::Network, "refused"));
    let now = at("2026-03-02T08:16:01Z");
    ledger.apply(&attempt("one", "2026-03-02T08:16:00Z", lost()), &[], now);
    assert_ne!(ledger.board().sources[0].fetch, FetchState::Offline);
    ledger.apply(&attempt("two", "2026-03-02T08:16:00Z", lost()), &[], now);
    let board = ledger.board();
    assert!(
        board
            .sources
            .iter()
            .all(|row| row.fetch == FetchState::Offline)
    );
    let back = attempt("two", "2026-03-02T08:17:00Z", delivery(&[], None));
    ledger.apply(&back, &[], now);
    assert_ne!(ledger.board().sources[0].fetch, FetchState::Offline);
}

/// Two sources cannot be reached from 08:16 on; what a third one has to say to it.
fn third_source(say: impl FnOnce(&mut Ledger)) -> Vec<FetchState> {
    let sources = ["one", "two", "third"].map(|name| source(name, Quiet::Zero, Stamp::Start));
    let mut ledger = ledger(sources.into(), Vec::new(), "2026-03-02T08:00:00Z");
    say(&mut ledger);
    let lost = || Outcome::failed(SourceError::new(ErrorKind::Network, "refused"));
    for (name, started) in [
        ("one", "2026-03-02T08:16:00Z"),
        ("two", "2026-03-02T08:17:00Z"),
        ("one", "2026-03-02T08:18:00Z"),
    ] {
        ledger.apply(&attempt(name, started, lost()), &[], at(started));
    }
    let board = ledger.board();
    board.sources.iter().map(|row| row.fetch).collect()
}

#[test]
fn our_own_link_is_found_although_a_source_is_not_asked() {
    use FetchState::{Misconfigured, Never, Offline, Throttled};
    let asked = |started: &'static str, outcome: Outcome| {
        third_source(move |ledger| {
            ledger.apply(&attempt("third", started, outcome), &[], at(started));
        })
    };
    let secret = || SourceError::new(ErrorKind::Config, "secret.key: the variable is not set");
    let misconfigured = third_source(|ledger| ledger.misconfigured("third", secret()));
    assert_eq!(misconfigured, [Offline, Offline, Misconfigured]);
    let ok = || delivery(&[], None);
    assert_eq!(asked("2026-03-02T08:16:59Z", ok()), [Offline; 3]);
    let limited = || Outcome::failed(SourceError::new(ErrorKind::RateLimited, "wait"));
    let throttled = third_source(|ledger| {
        let started = "2026-03-02T08:10:00Z";
        ledger.apply(&attempt("third", started, limited()), &[], at(started));
        let progress = Progress {
            fetch: Throttled,
            next_poll: Some(at("2026-03-02T09:10:00Z")),
            expectation: Expectation::silence(60),
            last_hour: 1,
            habit: None,
        };
        ledger.progress("third", progress);
    });
    assert_eq!(throttled, [Offline, Offline, Throttled]);
    // Who was reached since the others failed, and who has not answered yet, speak against it.
    let reached = asked("2026-03-02T08:17:00Z", ok());
    assert!(!reached.contains(&Offline), "{reached:?}");
    assert_eq!(third_source(|_| ()), [Never; 3]);
}

#[test]
fn a_vehicle_measures_its_day_from_the_last_value_before_midnight() {
    let mut ledger = ledger(
        vec![source("fleet", Quiet::Learned, Stamp::End)],
        Vec::new(),
        "2026-03-02T08:16:00Z",
    );
    let facts = [("fleet/11", tracker("moving", "2026-03-02T08:15:21Z"))];
    let first = attempt("fleet", "2026-03-02T08:16:00Z", delivery(&facts, None));
    let changes = [
        level("fleet/11", "2026-03-01T20:00:00Z", Level::Odometer, 100.0),
        level("fleet/11", "2026-03-02T07:00:00Z", Level::Odometer, 130.5),
        level("fleet/11", "2026-03-02T08:15:00Z", Level::OnBoard, 17.0),
    ];
    ledger.apply(&first, &changes, at("2026-03-02T08:16:01Z"));
    let board = ledger.board();
    let row = board.device(&DeviceId::new("fleet", "11")).unwrap();
    let Figures::Tracker {
        distance_today_km,
        on_board,
        ..
    } = &row.figures
    else {
        panic!("a tracker has a tracker's figures");
    };
    assert!((distance_today_km.unwrap().value - 30.5).abs() < 1e-9);
    assert_eq!(on_board.unwrap().value, 17);
    assert_eq!(row.as_of, Some(at("2026-03-02T08:15:21Z")));
    let minutes = |n| at("2026-03-02T08:15:21Z") + TimeDelta::minutes(n);
    assert_eq!(row.data_state(minutes(4)), DataState::Fresh);
    assert_eq!(
        row.data_state(minutes(11)),
        DataState::Stale,
        "moving and silent"
    );
}

#[test]
fn a_store_of_vehicles_counts_people_on_board_without_clones() {
    let mut ledger = ledger(
        vec![source("fleet", Quiet::Learned, Stamp::End)],
        vec![ermou(&["fleet/11", "fleet/12"])],
        "2026-03-02T08:16:00Z",
    );
    let mut clone = tracker("moving", "2026-03-02T08:15:00Z");
    if let Detail::Tracker { clone, .. } = &mut clone.detail {
        *clone = true;
    }
    let facts = [
        ("fleet/11", tracker("moving", "2026-03-02T08:15:00Z")),
        ("fleet/12", clone),
    ];
    let first = attempt("fleet", "2026-03-02T08:16:00Z", delivery(&facts, None));
    let changes = [
        level("fleet/11", "2026-03-02T08:15:00Z", Level::OnBoard, 5.0),
        level("fleet/12", "2026-03-02T08:15:00Z", Level::OnBoard, 5.0),
    ];
    ledger.apply(&first, &changes, at("2026-03-02T08:16:01Z"));
    let board = ledger.board();
    let inside = board.store("Ermou").unwrap().occupancy.clone().unwrap();
    assert_eq!((inside.shown.value, inside.origin), (5, Origin::OnBoard));
}

#[test]
fn a_member_that_the_account_does_not_have_is_a_configuration_error() {
    let mut ledger = ledger(
        vec![source("fleet", Quiet::Learned, Stamp::End)],
        vec![ermou(&["fleet/11", "fleet/99"])],
        "2026-03-02T08:16:00Z",
    );
    let mut outcome = delivery(
        &[("fleet/11", tracker("parked", "2026-03-02T08:00:00Z"))],
        None,
    );
    outcome.delivery.as_mut().unwrap().roster = true;
    ledger.apply(
        &attempt("fleet", "2026-03-02T08:16:00Z", outcome),
        &[],
        at("2026-03-02T08:16:01Z"),
    );
    let error = ledger.board().sources[0].error.clone().unwrap();
    assert_eq!(error.kind, ErrorKind::Config);
    assert!(error.message.contains("fleet/99"), "{}", error.message);
}

#[test]
fn what_history_left_is_shown_unconfirmed() {
    let live = after_sample();
    let mut restarted = ledger(
        vec![source("opap", Quiet::Zero, Stamp::Start)],
        vec![ermou(&["opap/200041"])],
        "2026-03-02T08:17:00Z",
    );
    restarted.restore(Restored {
        facts: vec![(DeviceId::new("opap", "200041"), counter("200041"))],
        silent: Vec::new(),
        sources: vec![RestoredSource {
            name: "opap".to_owned(),
            last_success: Some(at("2026-03-02T08:16:01Z")),
            delivered: live.delivered_spans("opap").unwrap().clone(),
            ..RestoredSource::default()
        }],
    });
    for change in sample_morning() {
        restarted.recall([(change.reading, at("2026-03-02T08:16:01Z"))]);
    }
    restarted.restored();
    let (live, restarted) = (live.board(), restarted.board());
    let (before, after) = (
        live.store("Ermou").unwrap(),
        restarted.store("Ermou").unwrap(),
    );
    assert_eq!(before.today, after.today);
    assert_eq!(before.occupancy, after.occupancy);
    assert_eq!(before.day, after.day);
    assert_eq!(after.data_state(at("2026-03-02T08:17:00Z")), DataState::Due);
}

/// A machine, and the stretch of which not all sales have been read.
fn machine(sales_unread: Option<(&str, &str)>) -> Facts {
    Facts {
        name: "Hall left".to_owned(),
        timezone: Some(ATHENS),
        detail: Detail::Machine {
            location: None,
            active: Some(true),
            offline: false,
            open_events: Vec::new(),
            last_update: None,
            money_scale: BTreeMap::new(),
            sales_unread: sales_unread.map(|(from, to)| (at(from), at(to))),
        },
    }
}

fn document() -> Facts {
    Facts {
        name: "Default".to_owned(),
        timezone: Some(Tz::UTC),
        detail: Detail::DocumentCounter {
            counter_type: "BillCounter".to_owned(),
            format: None,
            enterprise: None,
            enterprise_name: None,
            day_offset_s: 0,
            guests_in_house: None,
            rooms_occupied: None,
            rooms: None,
        },
    }
}

#[test]
fn what_a_document_counter_grew_in_an_outage_is_one_step_and_no_hour() {
    let facts = document();
    let id = "hotel/1";
    let mut ledger = ledger(
        vec![source("hotel", Quiet::Missing, Stamp::Start)],
        Vec::new(),
        "2026-03-02T00:00:00Z",
    );
    let mut look = |now: &str, value: Option<(&str, f64)>| {
        let came = attempt("hotel", now, delivery(&[(id, facts.clone())], None));
        let changes = value.map(|(stamp, value)| level(id, stamp, Level::CounterValue, value));
        ledger.apply(&came, &changes.into_iter().collect::<Vec<_>>(), at(now));
        match &ledger
            .board()
            .device(&DeviceId::parse(id).unwrap())
            .unwrap()
            .figures
        {
            Figures::DocumentCounter {
                growth_today,
                hours,
                unseen,
                ..
            } => (*growth_today, hours.to_vec(), unseen.to_vec()),
            other => panic!("{other:?}"),
        }
    };
    look(
        "2026-03-02T00:10:00Z",
        Some(("2026-03-01T22:00:00Z", 100.0)),
    );
    look(
        "2026-03-02T00:30:00Z",
        Some(("2026-03-02T00:25:00Z", 103.0)),
    );
    look("2026-03-02T00:59:00Z", None);
    // Nobody looks for three hours.
    let (today, hours, unseen) = look(
        "2026-03-02T04:05:00Z",
        Some(("2026-03-02T03:40:00Z", 140.0)),
    );
    assert_eq!(today, Some(40));
    assert_eq!(hours, [None; 4]);
    let gap = crate::model::board::Gap {
        from: at("2026-03-02T00:59:01Z"),
        to: at("2026-03-02T03:40:00Z"),
        growth: 37,
    };
    assert_eq!(unseen, [gap]);
    let (today, hours, _) = look(
        "2026-03-02T04:20:00Z",
        Some(("2026-03-02T04:19:00Z", 142.0)),
    );
    assert_eq!((today, hours[4]), (Some(42), Some(2)));
}

#[test]
fn a_member_of_which_nothing_has_come_is_mentioned() {
    let mut ledger = ledger(
        vec![source("opap", Quiet::Zero, Stamp::Start)],
        vec![ermou(&["opap/200041", "opap/999"])],
        "2026-03-02T08:16:00Z",
    );
    let mut brings = |facts: &[(&str, Facts)]| {
        let started = attempt("opap", "2026-03-02T08:16:01Z", delivery(facts, None));
        ledger.apply(&started, &[], at("2026-03-02T08:16:02Z"));
        let row = &ledger.board().sources[0];
        (row.notes.clone(), row.error.clone())
    };
    let (notes, error) = brings(&[("opap/200041", counter("200041"))]);
    assert!(
        notes[0].contains("nothing has come of opap/999 yet"),
        "{notes:?}"
    );
    assert_eq!(error, None);
    let (notes, _) = brings(&[("opap/999", counter("999"))]);
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn a_document_counter_that_is_rarely_moved_is_not_missed() {
    let id = "hotel/1";
    let mut hotel = source("hotel", Quiet::Missing, Stamp::Start);
    hotel.cadence.expectation = Expectation::silence(24 * 3600);
    let mut ledger = ledger(vec![hotel], Vec::new(), "2026-03-02T00:00:00Z");
    let mut state = |now: &str, moved: Option<&str>| {
        let came = attempt("hotel", now, delivery(&[(id, document())], None));
        let change = moved.map(|stamp| level(id, stamp, Level::CounterValue, 100.0));
        ledger.apply(&came, &change.into_iter().collect::<Vec<_>>(), at(now));
        let board = ledger.board();
        let row = board.device(&DeviceId::parse(id).unwrap()).unwrap();
        row.data_state(at(now))
    };
    // Ten days old when it is first seen: nothing is wrong with it for another ten.
    let first = state("2026-03-11T00:00:00Z", Some("2026-03-01T00:00:00Z"));
    assert_eq!(first, DataState::Fresh);
    assert_eq!(state("2026-03-20T00:00:00Z", None), DataState::Fresh);
    assert_eq!(state("2026-03-24T00:00:00Z", None), DataState::Late);
    // Once it moves, twice the longest pause is what it may take again.
    let moved = state("2026-03-25T00:00:00Z", Some("2026-03-25T00:00:00Z"));
    assert_eq!(moved, DataState::Fresh);
    assert_eq!(state("2026-05-10T00:00:00Z", None), DataState::Fresh);
}

#[test]
fn how_long_a_document_counter_may_be_quiet_is_its_sources_to_say() {
    let id = "hotel/1";
    for (hours, expected) in [(24, DataState::Fresh), (2, DataState::Stale)] {
        let mut hotel = source("hotel", Quiet::Missing, Stamp::Start);
        hotel.cadence.expectation = Expectation::silence(hours * 3600);
        let mut ledger = ledger(vec![hotel], Vec::new(), "2026-03-02T00:00:00Z");
        let came = attempt(
            "hotel",
            "2026-03-02T06:00:00Z",
            delivery(&[(id, document())], None),
        );
        let value = level(id, "2026-03-02T01:00:00Z", Level::CounterValue, 100.0);
        let now = at("2026-03-02T06:00:01Z");
        ledger.apply(&came, &[value], now);
        let board = ledger.board();
        let row = board.device(&DeviceId::parse(id).unwrap()).unwrap();
        assert_eq!(row.data_state(now), expected, "{hours} h");
    }
}
