//! Vendors whose clock differs from ours.

use super::*;

/// Two sources at 08:20 by our clock, each with counts up to 08:15 by its own; the first one's
/// clock differs from ours by so many seconds.
fn two(skew_s: i64) -> Ledger {
    let names = ["opap", "mall"];
    let sources = names.map(|name| source(name, Quiet::Missing, Stamp::End));
    let stores = vec![ermou(&["opap/1", "mall/1"])];
    let mut ledger = ledger(sources.into(), stores, "2026-03-02T08:00:00Z");
    for (name, skew_s) in [("opap", skew_s), ("mall", 1)] {
        let id = format!("{name}/1");
        let start = at("2026-03-02T08:00:00Z") + TimeDelta::seconds(skew_s);
        let mut change = flow(&id, "2026-03-02T08:00:00Z", 900, 3, 1);
        change.reading.start = start;
        let outcome = delivery(&[(&id, counter("Door"))], None);
        let mut attempt = attempt(name, "2026-03-02T08:20:00Z", outcome);
        attempt.exchanges[0].clock_skew_s = Some(skew_s);
        ledger.apply(&attempt, &[change], at("2026-03-02T08:20:00Z"));
    }
    ledger
}

fn states(ledger: &Ledger, now: &str) -> [DataState; 3] {
    let board = ledger.board();
    let state = |id: &str| {
        let row = board.device(&DeviceId::parse(id).unwrap()).unwrap();
        row.data_state(at(now))
    };
    let store = board.store("Ermou").unwrap().data_state(at(now));
    [state("opap/1"), state("mall/1"), store]
}

#[test]
fn a_wrong_clock_makes_neither_its_own_data_late_nor_that_of_another_vendor() {
    use DataState::{Due, Fresh, Late};
    for skew_s in [0, -3600, 3600, -40] {
        let ledger = two(skew_s);
        for (now, state) in [
            ("2026-03-02T08:32:00Z", Fresh),
            ("2026-03-02T08:34:00Z", Due),
            ("2026-03-02T08:35:05Z", Late),
        ] {
            assert_eq!(states(&ledger, now), [state; 3], "{skew_s} {now}");
        }
    }
}

#[test]
fn a_small_difference_changes_nothing_and_one_that_trembles_makes_no_rows_anew() {
    let mut ledger = two(-20);
    let id = DeviceId::parse("opap/1").unwrap();
    assert_eq!(ledger.board().device(&id).unwrap().skew_s, 0);
    let mut seen = Vec::new();
    for skew_s in [-90, -91, -89, -92, -200, -10, 90_000] {
        let mut attempt = attempt("opap", "2026-03-02T08:21:00Z", delivery(&[], None));
        attempt.exchanges[0].clock_skew_s = Some(skew_s);
        let before = ledger.board();
        ledger.apply(&attempt, &[], at("2026-03-02T08:21:00Z"));
        let board = ledger.board();
        let same = Arc::ptr_eq(board.device(&id).unwrap(), before.device(&id).unwrap());
        seen.push((board.device(&id).unwrap().skew_s, same));
    }
    let expected = [
        (-90, false),
        (-90, true),
        (-90, true),
        (-90, true),
        (-200, false),
        (0, false),
        // A clock that is more than a day off is no clock.
        (0, true),
    ];
    assert_eq!(seen, expected);
}
