//! Whom the board blames, root by root.

use std::sync::Arc;

use chrono::TimeDelta;

use super::*;
use crate::model::attempt::{ErrorKind, SourceError};
use crate::model::board::{Beat, Board, Day, DeviceRow, Figures, Requests};
use crate::model::device::{Detail, DeviceId, Facts};
use crate::model::explain::Guide;
use crate::model::health::Expectation;
use crate::model::incidents::{About, Cause, Event, Incident, Severity, What};
use crate::model::store::Store;

fn now() -> Timestamp {
    "2026-03-02T14:30:00Z".parse().unwrap()
}

const QUARTERLY: Expectation = Expectation {
    period_s: 900,
    lag_s: 180,
    grace_s: 120,
};

fn source(name: &str, vendor: &str) -> SourceRow {
    SourceRow {
        name: name.into(),
        vendor: vendor.into(),
        paused: false,
        fetch: FetchState::Ok,
        expectation: QUARTERLY,
        horizon: None,
        confirmed: true,
        last_attempt: None,
        last_success: None,
        next_poll: Some(now() + TimeDelta::minutes(5)),
        took_ms: None,
        requests: Requests::default(),
        devices: 0,
        rows: 0,
        rejected: 0,
        revised: 0,
        error: None,
        notes: Vec::new(),
        beats: Vec::new(),
        clock_skew_s: None,
        freshness: None,
        habit: None,
    }
}

fn failing(name: &str, vendor: &str, fetch: FetchState, kind: ErrorKind) -> SourceRow {
    SourceRow {
        fetch,
        error: Some(SourceError::new(kind, "refused")),
        ..source(name, vendor)
    }
}

/// A door of a store with data that is so many minutes old; 20 are on time, 40 are stale.
fn door(id: &str, store: &str, minutes: i64) -> DeviceRow {
    let id = DeviceId::parse(id).unwrap();
    let as_of = Some(now() - TimeDelta::minutes(minutes));
    DeviceRow {
        facts: Arc::new(Facts {
            name: format!("{store} {}", id.local()),
            timezone: None,
            detail: Detail::PeopleCounter {
                interval_s: None,
                group: None,
            },
        }),
        store: Some(store.into()),
        claimed_by: Some(Arc::new(Store::named(store, chrono_tz::UTC))),
        as_of,
        covered_to: as_of,
        expectation: QUARTERLY,
        confirmed: true,
        paused: false,
        skew_s: 0,
        figures: Figures::PeopleCounter {
            today: None,
            occupancy: None,
            day: Arc::new(Day::default()),
            corrections: [].into(),
        },
        id,
    }
}

fn board(sources: Vec<SourceRow>, doors: Vec<DeviceRow>) -> Board {
    let mut board = Board::empty(now());
    for door in doors {
        let position = sources
            .iter()
            .position(|source| *source.name == *door.id.source());
        let key = (u16::try_from(position.unwrap()).unwrap(), door.id.clone());
        board.devices.insert(key, Arc::new(door));
    }
    board.sources = sources.into_iter().map(Arc::new).collect();
    board
}

fn blames(sources: Vec<SourceRow>, doors: Vec<DeviceRow>) -> Vec<String> {
    let judgement = Judgement::new(Arc::new(board(sources, doors)), now());
    let blames = judgement.blames.into_iter();
    blames.map(|blame| blame.text).collect()
}

#[test]
fn all_sources_of_a_vendor_that_fail_alike_are_one_root() {
    use ErrorKind::{Auth, Http, Timeout};
    use FetchState::Backoff;
    let rows = |second| {
        vec![
            failing("north", "bespot", Backoff, Http),
            failing("south", "bespot", Backoff, second),
        ]
    };
    assert_eq!(
        blames(rows(Timeout), vec![]),
        ["the API of bespot, all 2 sources; north: refused"]
    );
    // Different reasons, and a sibling that works, are two roots and one.
    assert_eq!(
        blames(rows(Auth), vec![]),
        ["north: refused", "south: refused"]
    );
    let mut rows = rows(Http);
    rows.push(source("west", "bespot"));
    assert_eq!(blames(rows, vec![]), ["north: refused", "south: refused"]);
}

#[test]
fn what_is_refused_tells_whose_fault_it_is() {
    for (fetch, kind, cause) in [
        (FetchState::Auth, ErrorKind::Auth, "our credentials"),
        (
            FetchState::Throttled,
            ErrorKind::RateLimited,
            "our request rate",
        ),
        (
            FetchState::Misconfigured,
            ErrorKind::Config,
            "our configuration",
        ),
        (FetchState::Schema, ErrorKind::Schema, "the API"),
    ] {
        let rows = vec![
            failing("north", "bespot", fetch, kind),
            failing("south", "bespot", fetch, kind),
        ];
        let text = format!("{cause} of bespot, all 2 sources; north: refused");
        assert_eq!(blames(rows, vec![]), [text]);
    }
}

#[test]
fn a_vendor_that_publishes_late_is_not_told_store_by_store() {
    let doors = (0..8)
        .map(|number| {
            let minutes = if number == 3 { 20 } else { 40 };
            door(
                &format!("retail/{number}"),
                &format!("Store {number}"),
                minutes,
            )
        })
        .collect();
    assert_eq!(
        blames(vec![source("retail", "bespot")], doors),
        ["retail: the vendor publishes late, 7 of 8 devices overdue; our calls succeed"]
    );
}

#[test]
fn every_surface_has_the_root_of_the_open_incident() {
    let doors: Vec<_> = (0..10)
        .map(|number| {
            let minutes = if number < 6 { 40 } else { 20 };
            let id = format!("retail/{number}");
            door(&id, &format!("Store {number}"), minutes)
        })
        .collect();
    let words = |open: &[&str]| {
        let mut board = board(vec![source("retail", "bespot")], doors.clone());
        board.events = open.iter().map(|source| Arc::new(late(source))).collect();
        let row = board.sources[0].clone();
        let explained = Guide::new(&board, now(), None).source(&row).paragraph;
        let judgement = Judgement::new(Arc::new(board), now());
        (judgement.blames[0].text.clone(), explained)
    };
    // Six of ten are no reason to begin, but one to go on.
    for open in [&[][..], &["other"]] {
        let (banner, explained) = words(open);
        assert!(banner.contains("their links or hubs"), "{banner}");
        assert!(explained.contains("look at those named"), "{explained}");
    }
    let (banner, explained) = words(&["retail"]);
    assert!(banner.contains("late, 6 of 10 devices"), "{banner}");
    assert!(
        explained.contains("it is the vendor's pipeline"),
        "{explained}"
    );
}

/// The vendor of a source publishes late.
fn late(source: &str) -> Event {
    Event {
        id: 1,
        start: now() - TimeDelta::minutes(60),
        end: None,
        what: What::Incident(Incident {
            cause: Cause::Pipeline,
            about: About::Source(source.into()),
            severity: Severity::Warning,
            sources: vec![source.into()],
            feeds: Vec::new(),
            count: 8,
            times: 1,
            detail: String::new(),
            acknowledged: None,
        }),
    }
}

#[test]
fn one_that_has_no_witness_may_be_the_vendors() {
    let doors = vec![door("retail/1", "Ermou", 40), {
        let mut parked = door("retail/2", "Kifisia", 300);
        parked.expectation = Expectation::silence(24 * 3600);
        parked
    }];
    assert_eq!(
        blames(vec![source("retail", "bespot")], doors),
        [
            "retail: Ermou 1 overdue and no news of others since, our calls succeed; the vendor's \
          pipeline or the device"
        ]
    );
}

#[test]
fn the_nearest_root_that_explains_what_is_missing_is_blamed() {
    type Case<'a> = (&'a str, [i64; 6], &'a [&'a str]);
    // Doors 0 and 1 are Ermou's, 2 and 3 Kifisia's, 4 and 5 Glyfada's.
    let table: [Case<'_>; 5] = [
        ("all on time", [20; 6], &[]),
        (
            "a whole store",
            [40, 40, 20, 20, 20, 20],
            &["retail: Ermou overdue, other stores are not; its link or hub"],
        ),
        (
            "two stores",
            [40, 40, 40, 40, 20, 20],
            &["retail: Ermou and Kifisia overdue, other stores are not; their links or hubs"],
        ),
        (
            "a door",
            [20, 40, 20, 20, 20, 20],
            &["retail: Ermou 1 overdue, others are not; this device"],
        ),
        (
            "a store and a door",
            [40, 40, 20, 20, 20, 40],
            &[
                "retail: Ermou overdue, other stores are not; its link or hub",
                "retail: Glyfada 5 overdue, others are not; this device",
            ],
        ),
    ];
    for (name, ages, expected) in table {
        let doors = ages.iter().enumerate().map(|(number, minutes)| {
            let store = ["Ermou", "Kifisia", "Glyfada"][number / 2];
            door(&format!("retail/{number}"), store, *minutes)
        });
        let texts = blames(vec![source("retail", "bespot")], doors.collect());
        assert_eq!(texts, expected, "{name}");
    }
}

#[test]
fn data_that_is_missing_because_of_a_failed_fetch_has_one_root() {
    let rows = vec![failing(
        "retail",
        "bespot",
        FetchState::Auth,
        ErrorKind::Auth,
    )];
    let doors = vec![door("retail/1", "Ermou", 40), door("retail/2", "Ermou", 40)];
    assert_eq!(blames(rows, doors), ["retail: refused"]);
}

#[test]
fn a_single_failed_call_does_not_hide_who_is_late() {
    let mut row = failing("retail", "bespot", FetchState::Retrying, ErrorKind::Timeout);
    let doors = vec![
        door("retail/1", "Ermou", 40),
        door("retail/2", "Kifisia", 20),
    ];
    let late = "retail: Ermou overdue, other stores are not; its link or hub";
    assert_eq!(blames(vec![row.clone()], doors.clone()), [late]);
    // Nothing has been read yet that would say so.
    row.confirmed = false;
    let none: [&str; 0] = [];
    assert_eq!(blames(vec![row], doors), none);
}

#[test]
fn many_names_are_counted() {
    assert_eq!(local::named(&["a"]), "a");
    assert_eq!(local::named(&["a", "b"]), "a and b");
    assert_eq!(local::named(&["a", "b", "c", "d"]), "a, b and 2 more");
}

#[test]
fn a_source_that_comes_and_goes_is_told_once() {
    let beat = |number: i64| Beat {
        at: now() - TimeDelta::minutes(20 - number),
        failure: (number % 2 == 0).then_some(ErrorKind::Timeout),
        news: false,
    };
    let beats: Vec<_> = (0..20).map(beat).collect();
    for fetch in [FetchState::Ok, FetchState::Retrying] {
        let row = SourceRow {
            fetch,
            beats: beats.clone(),
            ..source("retail", "bespot")
        };
        assert_eq!(
            blames(vec![row], vec![]),
            ["retail: comes and goes, 19 changes between working and failing of late"]
        );
    }
    // One that cannot be read at all says why.
    let row = SourceRow {
        beats,
        ..failing("retail", "bespot", FetchState::Auth, ErrorKind::Auth)
    };
    assert_eq!(blames(vec![row], vec![]), ["retail: refused"]);
}

#[test]
fn a_clock_that_all_vendors_contradict_is_ours() {
    let with = |skews: &[Option<i64>]| {
        let rows = skews.iter().enumerate().map(|(number, skew)| SourceRow {
            clock_skew_s: *skew,
            ..source(&format!("s{number}"), "bespot")
        });
        blames(rows.collect(), vec![])
    };
    let slow = "our own clock is 95 s slow by all 2 vendors: ages and states are by theirs until \
                it is set";
    assert_eq!(with(&[Some(95), None, Some(97)]), [slow]);
    let none: [&str; 0] = [];
    assert_eq!(with(&[Some(95)]), none);
    assert_eq!(with(&[Some(95), Some(2)]), none);
    assert_eq!(with(&[Some(95), Some(-95)]), none);
}

#[test]
fn a_remark_says_whose_clock_is_off_by_how_much() {
    for (skew, side) in [
        (None, None),
        (Some(30), None),
        (Some(31), Some("31 s ahead of")),
    ] {
        let row = SourceRow {
            clock_skew_s: skew,
            ..source("retail", "bespot")
        };
        let remarks = row.remarks();
        assert_eq!(remarks.len(), usize::from(side.is_some()));
        assert!(
            side.is_none_or(|side| remarks[0].contains(side)),
            "{remarks:?}"
        );
    }
    let row = SourceRow {
        clock_skew_s: Some(-3600),
        notes: vec!["event data is switched off".to_owned()],
        ..source("retail", "bespot")
    };
    assert!(row.remarks()[1].contains("3600 s behind ours"));
}
