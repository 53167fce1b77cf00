//! Counts by hand, which number leads, and what may still enter.

use super::*;
use crate::model::board::{Occupancy, Over};
use crate::model::hand::HandCount;

fn inside(ledger: &Ledger) -> Occupancy {
    let board = ledger.board();
    board.store("Ermou").unwrap().occupancy.clone().unwrap()
}

fn count(ledger: &mut Ledger, at_time: &str, people: u32, reason: &str) {
    let mut counts = ledger.hand_counts("Ermou");
    counts.add(HandCount::new(at(at_time), people, reason));
    ledger.roll(at(at_time));
    ledger.counted_by_hand("Ermou", counts);
}

fn undo(ledger: &mut Ledger, now: &str) {
    let mut counts = ledger.hand_counts("Ermou");
    counts.undo(at(now)).unwrap();
    ledger.counted_by_hand("Ermou", counts);
}

#[test]
fn a_count_by_hand_leads_at_once_says_why_and_can_be_taken_back() {
    let mut ledger = after_sample();
    let before = inside(&ledger);
    assert!(
        before
            .why
            .iter()
            .any(|why| why.contains("not learned a whole day")),
        "{:?}",
        before.why
    );
    count(&mut ledger, "2026-03-02T08:24:00Z", 12, "walked round");
    let counted = inside(&ledger);
    assert_eq!((counted.shown.value, counted.origin), (12, Origin::Counted));
    assert_eq!(counted.shown.as_of, at("2026-03-02T08:24:00Z"));
    assert_eq!(
        counted.why[0],
        "counted by hand at 10:24: 12 (walked round)"
    );
    assert!(
        counted
            .why
            .iter()
            .any(|why| why.contains("somebody counted"))
    );
    let board = ledger.board();
    let evidence = &board.store("Ermou").unwrap().evidence;
    let counted = evidence.by_hand.as_ref().map(|count| count.at);
    assert_eq!(counted, Some(at("2026-03-02T08:24:00Z")));
    undo(&mut ledger, "2026-03-02T08:25:00Z");
    assert_eq!(inside(&ledger), before);
}

#[test]
fn undoing_the_second_count_of_a_quarter_brings_the_first_back() {
    let mut ledger = after_sample();
    count(&mut ledger, "2026-03-02T08:24:00Z", 12, "");
    let first = inside(&ledger);
    count(
        &mut ledger,
        "2026-03-02T08:26:00Z",
        120,
        "a slip of the finger",
    );
    assert_eq!(inside(&ledger).shown.value, 120);
    undo(&mut ledger, "2026-03-02T08:26:30Z");
    assert_eq!(inside(&ledger), first);
}

#[test]
fn what_comes_after_a_count_is_added_to_it() {
    let mut ledger = after_sample();
    count(&mut ledger, "2026-03-02T08:24:00Z", 12, "");
    let changes = [
        flow("opap/200041", "2026-03-02T08:20:00Z", 60, 100, 0),
        flow("opap/200041", "2026-03-02T08:31:00Z", 60, 3, 0),
        flow("opap/200041", "2026-03-02T08:44:00Z", 60, 0, 1),
        flow("opap/200041", "2026-03-02T08:45:00Z", 60, 0, 0),
    ];
    let delivered = delivery(&[], Some("2026-03-02T08:16:00Z"));
    let next = attempt("opap", "2026-03-02T08:46:00Z", delivered);
    ledger.apply(&next, &changes, at("2026-03-02T08:46:01Z"));
    let inside = inside(&ledger);
    assert_eq!(inside.raw, 14, "the count holds at the nearest quarter");
    assert!(
        inside.why[1].starts_with("3 in, 1 out since 10:24"),
        "{:?}",
        inside.why
    );
}

#[test]
fn a_store_that_is_not_known_yet_keeps_its_counts_until_it_is() {
    let mut ledger = ledger(
        vec![source("opap", Quiet::Zero, Stamp::Start)],
        Vec::new(),
        "2026-03-02T08:16:00Z",
    );
    assert!(!ledger.counts_people("Hall"));
    count_of(&mut ledger, "Hall");
    let facts = [("opap/7", counter("Hall"))];
    let delivered = delivery(&facts, Some("2026-03-01T22:00:00Z"));
    let first = attempt("opap", "2026-03-02T08:16:01Z", delivered);
    let changes = [flow("opap/7", "2026-03-02T08:00:00Z", 60, 1, 0)];
    ledger.apply(&first, &changes, at("2026-03-02T08:16:02Z"));
    assert!(ledger.counts_people("Hall"));
    let board = ledger.board();
    let hall = board.store("Hall").unwrap();
    assert_eq!(hall.occupancy.as_ref().unwrap().shown.value, 5);
}

fn count_of(ledger: &mut Ledger, store: &str) {
    let mut counts = ledger.hand_counts(store);
    counts.add(HandCount::new(at("2026-03-02T08:14:00Z"), 5, ""));
    ledger.counted_by_hand(store, counts);
}

#[test]
fn what_may_still_enter_is_counted_from_the_upper_edge() {
    let ledger = after_sample();
    let board = ledger.board();
    let mut row = (**board.store("Ermou").unwrap()).clone();
    for (low, shown, high, room, over) in [
        (2, 4, 6, 4, None),
        (7, 9, 10, 0, None),
        (7, 9, 11, 0, Some(Over::Possibly)),
        (9, 11, 13, 0, Some(Over::Over)),
        (11, 13, 15, 0, Some(Over::Certainly)),
    ] {
        let inside = row.occupancy.as_mut().unwrap();
        (inside.low, inside.high, inside.shown.value) = (low, high, shown);
        assert_eq!((row.room(), row.over()), (Some(room), over), "{shown}");
    }
    Arc::make_mut(&mut row.store).capacity = None;
    assert_eq!((row.room(), row.over()), (None, None));
}

/// One door that counts 20 in and out by the quarter from 09:00 to 20:00 UTC, and the vendor's
/// number, for days from 2 March on.
fn days(ledger: &mut Ledger, days: i64, vendor: impl Fn(Timestamp) -> Option<f64>) {
    let first = at("2026-03-02T02:00:00Z");
    let facts = [("opap/1", counter("1"))];
    let mut changes = Vec::new();
    for quarter in 0..days * 96 + 40 {
        let start = first + TimeDelta::minutes(15 * quarter);
        let hour = (quarter % 96) / 4 + 2;
        let entered = if (9..20).contains(&hour) { 20 } else { 0 };
        let left = if (9..21).contains(&hour) {
            entered.max(10) - u32::from(hour == 9)
        } else {
            0
        };
        let text = start.to_rfc3339();
        changes.push(flow("opap/1", &text, 900, entered, left));
        if let Some(people) = vendor(start) {
            let end = (start + TimeDelta::minutes(15)).to_rfc3339();
            changes.push(level("opap/1", &end, Level::Occupancy, people));
        }
    }
    let now = first + TimeDelta::minutes(15 * (days * 96 + 40) + 1);
    ledger.roll(now);
    let delivered = delivery(&facts, Some("2026-03-02T02:00:00Z"));
    let only = attempt("opap", &now.to_rfc3339(), delivered);
    ledger.apply(&only, &changes, now);
}

#[test]
fn both_numbers_stand_side_by_side_and_a_dispute_is_suspect() {
    let mut apart = ledger(
        vec![source("opap", Quiet::Missing, Stamp::Start)],
        vec![ermou(&["opap/1"])],
        "2026-03-02T02:00:00Z",
    );
    days(&mut apart, 3, |_| Some(90.0));
    let board = apart.board();
    let row = board.store("Ermou").unwrap();
    let (inside, beside) = (
        row.occupancy.as_ref().unwrap(),
        row.evidence.vendor.unwrap(),
    );
    assert_eq!(inside.origin, Origin::Counted);
    assert_eq!((beside.value, beside.counted), (90, inside.shown.value));
    assert_eq!(beside.difference, 90 - i64::from(inside.shown.value));
    assert!(beside.since.is_some() && inside.shown.quality.has(Flag::Suspect));
    assert!(
        inside
            .why
            .iter()
            .any(|why| why.starts_with("vendor says 90 (+"))
    );
    assert!(
        inside
            .why
            .iter()
            .any(|why| why.starts_with("our number leads"))
    );
    assert_eq!(row.evidence.learned_days, 3);
    assert_eq!(row.evidence.drift.unwrap().days, 3);
    let reset = row.evidence.last_reset.unwrap();
    assert_eq!(reset.at, at("2026-03-05T02:00:00Z"));
    assert_ne!(reset.residual, 0);
    let drawn = row.day.cells().filter(|cell| cell.raw.is_some());
    assert_eq!(drawn.count(), row.day.cells().len());
}

#[test]
fn where_the_vendor_leads_a_dispute_is_suspect_too() {
    let mut store = (*ermou(&["opap/1"])).clone();
    store.lead = crate::model::store::Lead::Vendor;
    let mut set = ledger(
        vec![source("opap", Quiet::Missing, Stamp::Start)],
        vec![Arc::new(store)],
        "2026-03-02T02:00:00Z",
    );
    days(&mut set, 3, |_| Some(90.0));
    let inside = inside(&set);
    assert_eq!((inside.shown.value, inside.origin), (90, Origin::Vendor));
    assert!(inside.shown.quality.has(Flag::Suspect));
    assert!(
        inside
            .why
            .iter()
            .any(|why| why.starts_with("our own count differs"))
    );
    assert!(
        inside
            .why
            .iter()
            .any(|why| why.contains("the store is set to it"))
    );
}
