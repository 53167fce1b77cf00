//! Tests of incidents: tables of boards over time, and what must hold whatever comes.

use std::sync::Arc;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::model::Timestamp;
use crate::model::after_hours::AfterHours;
use crate::model::attempt::{ErrorKind, SourceError};
use crate::model::board::{
    Beat, Board, Day, DeviceRow, Figures, Occupancy, Origin, Requests, SourceRow, StoreRow,
};
use crate::model::device::{Detail, DeviceId, Facts};
use crate::model::evidence::{Evidence, LastReset};
use crate::model::figure::{Figure, Flag, Quality};
use crate::model::health::{Expectation, FetchState};
use crate::model::store::Store;

/// Two in the afternoon and so many minutes.
fn minute(minutes: i64) -> Timestamp {
    let two: Timestamp = "2026-03-02T14:00:00Z".parse().unwrap();
    two + TimeDelta::minutes(minutes)
}

fn clock(text: &str) -> Timestamp {
    format!("2026-03-02T{text}:00Z").parse().unwrap()
}

const QUARTERLY: Expectation = Expectation {
    period_s: 900,
    lag_s: 180,
    grace_s: 120,
};
const HOURLY: Expectation = Expectation {
    period_s: 3600,
    lag_s: 600,
    grace_s: 300,
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
        next_poll: None,
        took_ms: None,
        requests: Requests::default(),
        devices: 1,
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

fn door(id: &str, store: &str, reaches: Timestamp, expectation: Expectation) -> DeviceRow {
    let id = DeviceId::parse(id).unwrap();
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
        as_of: Some(reaches),
        covered_to: Some(reaches),
        expectation,
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

/// A board that is changed and looked at.
struct Stage {
    board: Board,
    watch: Watch,
}

impl Stage {
    fn new(sources: Vec<SourceRow>, doors: Vec<DeviceRow>) -> Self {
        let mut board = Board::empty(minute(0));
        board.sources = sources.into_iter().map(Arc::new).collect();
        let mut stage = Self {
            board,
            watch: Watch::default(),
        };
        for door in doors {
            stage.put(door);
        }
        stage
    }

    fn put(&mut self, door: DeviceRow) {
        let at = (self.board.sources.iter()).position(|row| *row.name == *door.id.source());
        let key = (u16::try_from(at.unwrap()).unwrap(), door.id.clone());
        self.board.devices.insert(key, Arc::new(door));
    }

    /// A door has data up to an instant now.
    fn reaches(&mut self, id: &str, reaches: Timestamp) {
        let id = DeviceId::parse(id).unwrap();
        let mut row = DeviceRow::clone(self.board.device(&id).unwrap());
        (row.as_of, row.covered_to) = (Some(reaches), Some(reaches));
        self.put(row);
    }

    fn fetch(&mut self, at: usize, fetch: FetchState, error: Option<ErrorKind>) {
        let row = Arc::make_mut(&mut self.board.sources[at]);
        row.fetch = fetch;
        row.error = error.map(|kind| SourceError::new(kind, "refused"));
    }

    fn look(&mut self, now: Timestamp) {
        let fresh = Fresh {
            devices: self.board.devices.keys().cloned().collect(),
            stores: (0..self.board.stores.len()).collect(),
        };
        self.watch.look(&self.board, &fresh, now);
    }

    /// Looks at each minute of a range.
    fn pass(&mut self, minutes: std::ops::Range<i64>) {
        for at in minutes {
            self.look(minute(at));
        }
    }

    /// `cause about severity start–end feeds times`, oldest first.
    fn said(&self) -> Vec<String> {
        let events = self.watch.log().events().iter().rev();
        events.filter_map(|event| said(event)).collect()
    }
}

fn said(event: &Event) -> Option<String> {
    let incident = event.incident()?;
    let about = match &incident.about {
        About::Everything => "everything".to_owned(),
        About::Vendor(name) | About::Source(name) | About::Store(name) => name.to_string(),
        About::Device(id) => id.to_string(),
    };
    let end = event
        .end
        .map_or_else(String::new, |end| end.format("%H:%M").to_string());
    let mut text = format!(
        "{}, {about}: {} {}-{end}, {}",
        incident.cause.word(),
        incident.severity.word(),
        event.start.format("%H:%M"),
        incident.count
    );
    if incident.times > 1 {
        text = format!("{text}, {} times", incident.times);
    }
    Some(text)
}

#[test]
fn the_worked_example_minute_by_minute() {
    let mut stage = Stage::new(
        vec![source("quick", "bespot"), source("slow", "viametrics")],
        vec![
            door("quick/1", "Ermou", minute(0), QUARTERLY),
            door("slow/1", "Kifisia", minute(0), HOURLY),
        ],
    );
    for at in 0..=400 {
        stage.look(minute(at));
        // Late at 14:21, stale at 14:33, dead at 15:18; the hourly one at 15:16, 16:10 and 19:10.
        let quick = match at {
            ..33 => None,
            33..78 => Some("the vendor publishes late, quick: warning 14:18-, 1"),
            _ => Some("the vendor publishes late, quick: critical 14:18-, 1"),
        };
        let slow = match at {
            ..130 => None,
            130..310 => Some("the vendor publishes late, slow: warning 15:10-, 1"),
            _ => Some("the vendor publishes late, slow: critical 15:10-, 1"),
        };
        let expected: Vec<_> = quick.into_iter().chain(slow).collect();
        assert_eq!(stage.said(), expected, "after {at} min");
    }
}

#[test]
fn a_vendor_that_is_silent_for_six_hours_is_one_incident() {
    let doors = ["quick/1", "quick/2", "quick/3"].map(|id| {
        let store = ["Ermou", "Kifisia", "Glyfada"][usize::from(id.as_bytes()[6] - b'1')];
        door(id, store, minute(0), QUARTERLY)
    });
    let mut stage = Stage::new(vec![source("quick", "bespot")], doors.into());
    stage.pass(0..363);
    for id in ["quick/1", "quick/2", "quick/3"] {
        stage.reaches(id, minute(360));
    }
    stage.pass(363..380);
    assert_eq!(
        stage.said(),
        ["the vendor publishes late, quick: critical 14:18-20:03, 3"]
    );
    let log = stage.watch.log();
    let lasted = log.events()[0].lasted(minute(380));
    assert_eq!(lasted, TimeDelta::minutes(345));
}

#[test]
fn what_is_back_within_half_an_hour_is_the_same_incident() {
    let mut stage = Stage::new(
        vec![source("quick", "bespot")],
        vec![door("quick/1", "Ermou", minute(0), QUARTERLY)],
    );
    stage.pass(0..40);
    // A back-filled old interval alone ends nothing: the data is still late.
    stage.reaches("quick/1", minute(10));
    stage.pass(40..42);
    assert_eq!(
        stage.said(),
        ["the vendor publishes late, quick: warning 14:18-, 1"]
    );
    stage.reaches("quick/1", minute(30));
    stage.pass(42..70);
    // Stale again at 15:03, 21 minutes after it ended at 14:42.
    let merged = "the vendor publishes late, quick: warning 14:18-, 1, 2 times";
    assert_eq!(stage.said(), [merged]);
    stage.reaches("quick/1", minute(75));
    stage.pass(75..130);
    let merged = "the vendor publishes late, quick: warning 14:18-15:15, 1, 2 times";
    // Stale at 15:48, 33 minutes later: another one.
    let next = "the vendor publishes late, quick: warning 15:33-, 1";
    assert_eq!(stage.said(), [merged, next]);
}

#[test]
fn the_nearest_root_that_explains_it_grows_into_a_wider_one_and_not_back() {
    let ids: Vec<_> = (0..10).map(|number| format!("quick/{number}")).collect();
    let doors = ids.iter().zip(0..).map(|(id, number)| {
        let store = format!("Store {}", number / 2);
        door(id, &store, minute(0), QUARTERLY)
    });
    let mut stage = Stage::new(vec![source("quick", "bespot")], doors.collect());
    let publish = |stage: &mut Stage, at: i64, silent: usize| {
        for id in &ids[silent..] {
            stage.reaches(id, minute(at));
        }
    };
    // One door of a store, then the store, then nearly all.
    publish(&mut stage, 30, 1);
    stage.pass(33..40);
    let device = "this device, quick/0: warning 14:18-, 1";
    assert_eq!(stage.said(), [device]);
    stage.reaches("quick/1", minute(10));
    stage.pass(40..46);
    assert_eq!(
        stage.said(),
        ["link or hub, Store 0: warning 14:18-, 2"],
        "the second door is late at 14:31 and stale at 14:43"
    );
    stage.pass(46..78);
    let pipeline = "the vendor publishes late, quick: warning 14:18-, 10";
    assert_eq!(stage.said(), [pipeline]);
    // Half of them are back: it is the same trouble still.
    publish(&mut stage, 75, 5);
    stage.pass(78..80);
    assert_eq!(
        stage.said(),
        ["the vendor publishes late, quick: critical 14:18-, 10"]
    );
    publish(&mut stage, 75, 1);
    stage.pass(80..82);
    assert_eq!(
        stage.said(),
        [
            "the vendor publishes late, quick: critical 14:18-15:20, 10",
            "this device, quick/0: critical 14:18-, 1"
        ]
    );
}

#[test]
fn a_vendor_that_stops_while_vehicles_are_parked_is_one_incident() {
    let driving = Expectation::silence(300);
    let parked = Expectation::silence(24 * 3600);
    let mut cars: Vec<_> = (0..4)
        .map(|number| door(&format!("fleet/{number}"), "", minute(0), driving))
        .collect();
    cars.extend((4..9).map(|number| door(&format!("fleet/{number}"), "", minute(-90), parked)));
    for car in &mut cars {
        (car.store, car.claimed_by) = (None, None);
    }
    let mut stage = Stage::new(vec![source("fleet", "navixy")], cars);
    stage.pass(0..30);
    let pipeline = "the vendor publishes late, fleet: critical 14:05-, 4";
    assert_eq!(stage.said(), [pipeline]);
    // A parked one reports: the vendor publishes, and of the others each has its own trouble.
    stage.reaches("fleet/5", minute(30));
    stage.pass(30..32);
    let said = stage.said();
    assert_eq!(said.len(), 5, "{said:?}");
    assert_eq!(
        said[0],
        "the vendor publishes late, fleet: critical 14:05-14:30, 4"
    );
    assert!(said[1..].iter().all(|said| said.starts_with("this device")));
}

#[test]
fn fetch_faults_by_cause() {
    use ErrorKind::{Auth, Config, Http, Network, RateLimited, Schema};
    let table = [
        (FetchState::Retrying, Http, None),
        (FetchState::Backoff, Http, Some("the API, quick: warning")),
        (FetchState::Schema, Schema, Some("the API, quick: warning")),
        (
            FetchState::Auth,
            Auth,
            Some("our credentials, quick: critical"),
        ),
        (
            FetchState::Misconfigured,
            Config,
            Some("our configuration, quick: warning"),
        ),
        // Nobody suffers from it yet.
        (FetchState::Throttled, RateLimited, None),
        (
            FetchState::Offline,
            Network,
            Some("our own link, everything: warning"),
        ),
    ];
    for (fetch, kind, expected) in table {
        let mut stage = Stage::new(
            vec![source("quick", "bespot")],
            vec![door("quick/1", "Ermou", minute(0), QUARTERLY)],
        );
        stage.fetch(0, fetch, Some(kind));
        stage.look(minute(5));
        let expected = expected.map(|text| format!("{text} 14:05-, 0"));
        assert_eq!(stage.said(), Vec::from_iter(expected), "{fetch:?}");
        // Stale data belongs to the fault of fetching, where there is one.
        stage.look(minute(34));
        let said = stage.said();
        assert_eq!(said.len(), 1, "{fetch:?}: {said:?}");
        assert!(said[0].ends_with(", 1"), "{said:?}");
        let late = said[0].starts_with("the vendor publishes late");
        assert_eq!(late, fetch == FetchState::Retrying, "{said:?}");
    }
}

#[test]
fn a_source_that_comes_and_goes_is_one_incident_until_it_stays() {
    let mut stage = Stage::new(vec![source("quick", "bespot")], vec![]);
    let down = Some(ErrorKind::Timeout);
    for at in 0..60 {
        // It fails each other minute for half an hour.
        let failure = down.filter(|_| at < 30 && at % 2 == 0);
        let row = Arc::make_mut(&mut stage.board.sources[0]);
        row.beats.push(Beat {
            at: minute(at),
            failure,
            news: false,
        });
        row.last_attempt = Some(minute(at));
        let fetch = failure.map_or(FetchState::Ok, |_| FetchState::Retrying);
        stage.fetch(0, fetch, failure);
        stage.look(minute(at));
        let said = stage.said();
        match at {
            ..6 => assert!(said.is_empty(), "{at}: {said:?}"),
            6..47 => assert_eq!(said, ["the API, quick: warning 14:06-, 0"], "{at}"),
            _ => assert!(
                !said[0].ends_with("-, 0") && said.len() == 1,
                "{at}: {said:?}"
            ),
        }
    }
}

#[test]
fn an_incident_begins_with_the_first_failure_in_a_row() {
    let mut stage = Stage::new(vec![source("quick", "bespot")], vec![]);
    let beat = |at: i64, failure| Beat {
        at: minute(at),
        failure,
        news: false,
    };
    let down = Some(ErrorKind::Timeout);
    let row = Arc::make_mut(&mut stage.board.sources[0]);
    row.beats = vec![beat(0, down), beat(5, None), beat(10, down), beat(11, down)];
    stage.fetch(0, FetchState::Backoff, down);
    stage.look(minute(12));
    stage.fetch(0, FetchState::Ok, None);
    stage.look(minute(20));
    assert_eq!(stage.said(), ["the API, quick: warning 14:10-14:20, 0"]);
}

#[test]
fn all_hosts_together_are_our_own_link_and_one_incident() {
    let sources = vec![source("quick", "bespot"), source("fleet", "navixy")];
    let mut stage = Stage::new(sources, vec![]);
    let network = Some(ErrorKind::Network);
    stage.fetch(0, FetchState::Backoff, network);
    stage.look(minute(2));
    assert_eq!(stage.said(), ["the API, quick: warning 14:02-, 0"]);
    for at in 0..2 {
        stage.fetch(at, FetchState::Offline, network);
    }
    stage.look(minute(6));
    let link = "our own link, everything: warning 14:02-";
    assert_eq!(stage.said(), [format!("{link}, 0")]);
    for at in 0..2 {
        stage.fetch(at, FetchState::Ok, None);
    }
    stage.look(minute(9));
    assert_eq!(stage.said(), [format!("{link}14:09, 0")]);
}

#[test]
fn a_vendor_that_comes_back_source_by_source_is_one_incident() {
    let sources = vec![source("north", "bespot"), source("south", "bespot")];
    let mut stage = Stage::new(sources, vec![]);
    let down = Some(ErrorKind::Http);
    stage.fetch(0, FetchState::Backoff, down);
    stage.look(minute(1));
    stage.fetch(1, FetchState::Backoff, down);
    stage.look(minute(3));
    assert_eq!(stage.said(), ["the API, bespot: warning 14:01-, 0"]);
    stage.fetch(0, FetchState::Ok, None);
    stage.look(minute(8));
    assert_eq!(stage.said(), ["the API, bespot: warning 14:01-, 0"]);
    stage.fetch(1, FetchState::Ok, None);
    stage.look(minute(9));
    assert_eq!(stage.said(), ["the API, bespot: warning 14:01-14:09, 0"]);
}

#[test]
fn a_restart_carries_an_incident_on_until_it_is_heard_of() {
    let doors = || vec![door("quick/1", "Ermou", minute(0), QUARTERLY)];
    let mut before = Stage::new(vec![source("quick", "bespot")], doors());
    before.pass(0..40);
    let left: Vec<_> = (before.watch.take_changes().written.iter())
        .map(|event| Event::clone(event))
        .collect();
    assert_eq!(left.len(), 1);
    for (fetch, confirmed, reaches, expected) in [
        (FetchState::Never, false, 0, "warning 14:18-"),
        (FetchState::Retrying, false, 0, "warning 14:18-"),
        (FetchState::Ok, true, 0, "critical 14:18-"),
        (FetchState::Ok, true, 120, "warning 14:18-16:05"),
    ] {
        let mut row = source("quick", "bespot");
        (row.fetch, row.confirmed) = (fetch, confirmed);
        let mut after = Stage::new(vec![row], doors());
        after.watch.restore(left.clone());
        after.reaches("quick/1", minute(reaches));
        after.look(minute(125));
        let expected = format!("the vendor publishes late, quick: {expected}, 1");
        assert_eq!(after.said(), [expected], "{fetch:?}");
    }
    // A source that is gone from the configuration ends what was about it.
    let mut gone = Stage::new(vec![source("fleet", "navixy")], vec![]);
    gone.watch.restore(left);
    gone.look(minute(125));
    assert!(gone.said()[0].contains("-16:05"), "{:?}", gone.said());
}

#[test]
fn nothing_is_raised_for_a_source_that_was_not_asked_since_the_start() {
    let mut row = source("quick", "bespot");
    (row.fetch, row.confirmed) = (FetchState::Never, false);
    let doors = vec![door("quick/1", "Ermou", minute(0), QUARTERLY)];
    let mut stage = Stage::new(vec![row], doors);
    stage.pass(0..100);
    assert!(stage.said().is_empty());
}

fn store(name: &str, inside: u32, capacity: u32, quality: Quality) -> StoreRow {
    let mut store = Store::named(name, chrono_tz::UTC);
    store.capacity = Some(capacity);
    StoreRow {
        store: Arc::new(store),
        declared: true,
        members: vec![DeviceId::new("quick", name)],
        occupancy: Some(Occupancy {
            shown: Figure {
                value: inside,
                as_of: minute(0),
                fetched_at: minute(0),
                quality,
            },
            low: inside,
            high: inside,
            raw: i64::from(inside),
            origin: Origin::Counted,
            why: Vec::new(),
        }),
        today: None,
        day: Arc::default(),
        expectation: QUARTERLY,
        covered_to: Some(minute(0)),
        confirmed: true,
        paused: false,
        peak: None,
        evidence: Evidence::default(),
        skew_s: 0,
    }
}

#[test]
fn stores_over_their_capacity_and_blind_ones() {
    let mut stage = Stage::new(vec![source("quick", "bespot")], vec![]);
    let silent = Quality::GOOD.with(Flag::Silent);
    let rows = [
        store("Ermou", 121, 120, Quality::GOOD),
        store("Kifisia", 120, 120, Quality::GOOD),
        store("Glyfada", 0, 120, silent),
    ];
    stage.board.stores = rows.into_iter().map(Arc::new).collect();
    stage.look(minute(5));
    let both = |over: &str, blind: &str| {
        [
            format!("blind or miswired, Glyfada: warning 14:05-{blind}, 0"),
            format!("over capacity, Ermou: critical 14:05-{over}, 0"),
        ]
    };
    assert_eq!(stage.said(), both("", ""));
    // A late number is no ground to call a sensor blind, and a dead one none for anything.
    let mut at = 5;
    while let Some(next) = stage.watch.until().filter(|_| at < 90) {
        stage.watch.look(&stage.board, &Fresh::default(), next);
        at = (next - minute(0)).num_minutes();
    }
    assert_eq!(stage.said(), both("15:18", "14:20"));
}

#[test]
fn resets_of_the_same_instant_are_one_event() {
    let mut stage = Stage::new(vec![source("quick", "bespot")], vec![]);
    let reset = |residual, remained| {
        Some(LastReset {
            at: minute(-600),
            residual,
            remained,
            half: 3,
        })
    };
    let mut rows = [
        store("Ermou", 1, 120, Quality::GOOD),
        store("Kifisia", 1, 120, Quality::GOOD),
    ];
    rows[0].evidence.last_reset = reset(14, 9);
    stage.board.stores = rows.clone().into_iter().map(Arc::new).collect();
    stage.look(minute(5));
    rows[1].evidence.last_reset = reset(-2, 0);
    stage.board.stores = rows.into_iter().map(Arc::new).collect();
    stage.look(minute(6));
    stage.look(minute(7));
    let events = stage.watch.log().events();
    assert_eq!(events.len(), 1);
    let What::Reset(resets) = &events[0].what else {
        panic!("{events:?}");
    };
    let told: Vec<_> = (resets.iter())
        .map(|reset| (&*reset.store, reset.residual, reset.confirmed))
        .collect();
    assert_eq!(told, [("Ermou", 14, false), ("Kifisia", -2, true)]);
    assert_eq!(events[0].start, clock("04:00"));
    // After a restart the first of them is not told again.
    let mut again = Watch::default();
    again.restore(events.iter().map(|event| Event::clone(event)));
    let fresh = Fresh {
        stores: vec![0, 1],
        ..Fresh::default()
    };
    again.look(&stage.board, &fresh, minute(8));
    assert_eq!(again.log().events().len(), 1);
    assert!(again.take_changes().is_empty());
}

#[test]
fn who_crosses_a_closed_door_is_one_event_for_each_night() {
    let mut stage = Stage::new(vec![source("quick", "bespot")], vec![]);
    let mut row = store("Ermou", 0, 120, Quality::GOOD);
    let mut seen = AfterHours {
        entered: 1,
        left: 0,
        since: Some(minute(-120)),
        until: Some(minute(600)),
        first: minute(0),
        last: (minute(0), minute(15)),
    };
    let mut crossed = |stage: &mut Stage, seen: AfterHours, at| {
        row.evidence.after_hours = Some(seen);
        stage.board.stores = [Arc::new(row.clone())].into_iter().collect();
        stage.look(minute(at));
    };
    crossed(&mut stage, seen, 20);
    (seen.entered, seen.left, seen.last) = (9, 5, (minute(70), minute(85)));
    crossed(&mut stage, seen, 90);
    crossed(&mut stage, seen, 95);
    let told = |watch: &Watch| -> Vec<_> {
        let events = watch.log().events().iter();
        let events = events.filter_map(|event| match &event.what {
            What::AfterHours(crossed) => Some((event.start, event.end, crossed.clone())),
            _ => None,
        });
        events.collect()
    };
    let ermou = |entered, left, closed| Crossed {
        store: "Ermou".into(),
        entered,
        left,
        closed: Some(closed),
    };
    let first = (minute(0), Some(minute(85)), ermou(9, 5, minute(-120)));
    assert_eq!(told(&stage.watch), std::slice::from_ref(&first));
    // After a restart it is not told again.
    let mut again = Watch::default();
    again.restore(
        stage
            .watch
            .log()
            .events()
            .iter()
            .map(|event| Event::clone(event)),
    );
    let fresh = Fresh {
        stores: vec![0],
        ..Fresh::default()
    };
    again.look(&stage.board, &fresh, minute(100));
    assert!(again.take_changes().is_empty());
    let day = 24 * 60;
    let next = AfterHours {
        entered: 2,
        left: 2,
        since: Some(minute(day - 120)),
        first: minute(day),
        last: (minute(day), minute(day + 15)),
        ..seen
    };
    crossed(&mut stage, next, day + 20);
    let second = (
        minute(day),
        Some(minute(day + 15)),
        ermou(2, 2, minute(day - 120)),
    );
    assert_eq!(told(&stage.watch), [second, first]);
}

#[test]
fn a_skew_is_told_once_until_it_is_gone() {
    let mut stage = Stage::new(vec![source("quick", "bespot")], vec![]);
    for (at, skew) in [(0, 2), (1, 90), (2, 91), (3, 5), (4, -40)] {
        Arc::make_mut(&mut stage.board.sources[0]).clock_skew_s = Some(skew);
        stage.look(minute(at));
    }
    let told: Vec<_> = (stage.watch.log().events().iter())
        .map(|event| event.what.clone())
        .collect();
    let skew = |skew_s| What::Skew {
        source: "quick".into(),
        skew_s,
    };
    assert_eq!(told, [skew(-40), skew(90)]);
}

#[test]
fn an_acknowledgement_stays_until_it_is_taken_back_or_it_gets_worse() {
    let doors = vec![door("quick/1", "Ermou", minute(0), QUARTERLY)];
    let mut stage = Stage::new(vec![source("quick", "bespot")], doors);
    stage.pass(0..40);
    let by = |at: i64| Acknowledged {
        at: minute(at),
        who: "local operator".to_owned(),
    };
    let seen = |stage: &Stage| {
        let event = &stage.watch.log().events()[0];
        event.incident().unwrap().acknowledged.clone()
    };
    assert!(stage.watch.acknowledge(1, Some(by(40))));
    assert!(stage.watch.acknowledge(1, Some(by(41))));
    assert_eq!(seen(&stage), Some(by(40)), "who was first stays");
    assert!(stage.watch.acknowledge(1, None));
    assert_eq!(seen(&stage), None);
    assert!(stage.watch.acknowledge(1, Some(by(42))));
    stage.pass(42..78);
    assert_eq!(seen(&stage), Some(by(42)));
    stage.look(minute(78));
    assert_eq!(seen(&stage), None, "it is critical now");
    assert!(!stage.watch.acknowledge(99, None));
}

#[test]
fn the_account_counts_open_time_in_which_somebody_watched() {
    let doors = vec![door("quick/1", "Ermou", minute(0), QUARTERLY)];
    let mut stage = Stage::new(vec![source("quick", "bespot")], doors);
    stage.pass(0..41);
    // Late since 14:20:01, which the look at 14:21 finds.
    let fresh = stage.watch.freshness(0).unwrap();
    assert_eq!((fresh.budget_min, fresh.left_min), (403, 403 - 19));
    assert_eq!(fresh.last_hour_min, 19);
    // Our own link is nobody's lateness.
    stage.fetch(0, FetchState::Offline, Some(ErrorKind::Network));
    stage.pass(41..60);
    let offline = stage.watch.freshness(0).unwrap();
    assert_eq!(offline.left_min, 403 - 20);
    // A machine that slept watched nothing.
    stage.fetch(0, FetchState::Ok, None);
    stage.look(minute(60));
    stage.look(minute(600));
    let slept = stage.watch.freshness(0).unwrap();
    assert!(slept.left_min > 403 - 45, "{slept:?}");
}

#[test]
fn an_old_event_leaves_the_log_but_not_one_that_lasts() {
    let mut log = Log::default();
    let root = root_of(0, Severity::Warning);
    log.follow(&[root], |_| false, minute(0));
    for at in 0..600 {
        log.add((minute(at), minute(at)), What::Gap);
        drop(log.take_changes());
    }
    assert_eq!(log.events().len(), RECENT);
    assert_eq!(log.open().count(), 1);
    assert!(log.acknowledge(1, None));
}

fn root_of(number: usize, severity: Severity) -> Root {
    let causes = [
        Cause::OwnLink,
        Cause::Api,
        Cause::Pipeline,
        Cause::StoreLink,
        Cause::Device,
        Cause::OverCapacity,
    ];
    let cause = causes[number % causes.len()];
    let about = match cause {
        Cause::OwnLink => About::Everything,
        Cause::Api if number < 6 => About::Vendor("bespot".into()),
        Cause::Api | Cause::Pipeline => About::Source("quick".into()),
        Cause::Device => About::Device(DeviceId::new("quick", number)),
        _ => About::Store("Ermou".into()),
    };
    Root {
        cause,
        about,
        severity,
        since: minute(-5),
        sources: vec!["quick".into()],
        feeds: vec![FeedName {
            id: DeviceId::new("quick", number),
            name: number.to_string(),
            store: Some("Ermou".into()),
        }],
        count: 1,
        detail: String::new(),
    }
}

/// Which of twelve roots there are at each of some minutes, and which of them are bad.
fn any_days() -> impl Strategy<Value = Vec<(i64, u16, u16)>> {
    prop::collection::vec((1_i64..50, any::<u16>(), any::<u16>()), 1..40)
}

fn replay(days: &[(i64, u16, u16)], mut each: impl FnMut(&mut Log, &[Root], Timestamp)) -> Log {
    let mut log = Log::default();
    let mut now = minute(0);
    for (step, present, bad) in days {
        now += TimeDelta::minutes(*step);
        let roots: Vec<_> = (0..12)
            .filter(|number| present & (1 << number) != 0)
            .map(|number| {
                let critical = bad & (1 << number) != 0;
                let severity = [Severity::Warning, Severity::Critical][usize::from(critical)];
                root_of(number, severity)
            })
            .fold(Vec::<Root>::new(), |mut roots, root| {
                let known = |other: &Root| other.cause == root.cause && other.about == root.about;
                if !roots.iter().any(known) {
                    roots.push(root);
                }
                roots
            });
        log.follow(&roots, |_| false, now);
        each(&mut log, &roots, now);
    }
    log
}

proptest! {
    #[test]
    fn whatever_comes_the_log_is_in_order(days in any_days()) {
        let log = replay(&days, |log, roots, now| {
            let once = log.events().clone();
            log.follow(roots, |_| false, now);
            // Following the same roots again changes nothing.
            assert_eq!(&once, log.events());
            let open: Vec<_> = log.open().map(|(_, incident)| incident.clone()).collect();
            assert!(open.len() <= roots.len());
            for (at, one) in open.iter().enumerate() {
                let twice = |other: &Incident| {
                    other.cause == one.cause && other.about == one.about
                };
                assert!(!open[at + 1..].iter().any(twice), "one incident for each root");
            }
        });
        for event in log.events() {
            prop_assert!(event.end.is_none_or(|end| end >= event.start), "{event:?}");
        }
        let ids: Vec<_> = log.events().iter().map(|event| event.id).collect();
        prop_assert!(ids.windows(2).all(|pair| pair[0] > pair[1]));
        let again = replay(&days, |_, _, _| {});
        prop_assert_eq!(log.events(), again.events());
    }

    #[test]
    fn what_is_written_is_the_log(days in any_days()) {
        let mut kept = std::collections::BTreeMap::new();
        let log = replay(&days, |log, _, _| {
            let changes = log.take_changes();
            for id in &changes.gone {
                kept.remove(id);
            }
            for event in &changes.written {
                let text = serde_json::to_string(&**event).unwrap();
                kept.insert(event.id, serde_json::from_str::<Event>(&text).unwrap());
            }
        });
        let mut restored = Log::default();
        restored.restore(kept.into_values());
        prop_assert_eq!(restored.events(), log.events());
        prop_assert_eq!(restored.open().count(), log.open().count());
    }
}
