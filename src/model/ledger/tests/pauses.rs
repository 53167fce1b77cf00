//! Pauses of feeds that tell of nothing but what happens.

use super::*;
use crate::model::board::{Activity, DeviceRow};
use crate::model::calendar::{Hours, Span};
use crate::model::reading::Currency;

/// A machine that sells every ten minutes, without a break, for eight days from 2 March on.
fn vending(stores: Vec<Arc<Store>>) -> Ledger {
    let id = "coffee/80";
    let mut ledger = ledger(
        vec![source("coffee", Quiet::Missing, Stamp::Start)],
        stores,
        "2026-03-02T00:00:00Z",
    );
    let mut outcome = Some(delivery(&[(id, machine(None))], None));
    for sale in 0..8 * 144_i64 {
        let start = at("2026-03-02T00:00:00Z") + TimeDelta::minutes(10 * sale);
        let told = start.to_rfc3339();
        let euro = Currency::parse("EUR").unwrap();
        let measure = Measure::Sale {
            price: Some(150),
            currency: euro,
        };
        let mut sold = change(id, &told, 0, measure);
        sold.reading.item = sale;
        let outcome = outcome.take().unwrap_or_else(|| delivery(&[], None));
        ledger.apply(&attempt("coffee", &told, outcome), &[sold], start);
    }
    ledger
}

/// The row of the machine when its source has been read at some instant with nothing new.
fn look(ledger: &mut Ledger, now: Timestamp) -> Arc<DeviceRow> {
    let started = now.to_rfc3339();
    ledger.apply(&attempt("coffee", &started, delivery(&[], None)), &[], now);
    row_of(ledger)
}

fn row_of(ledger: &Ledger) -> Arc<DeviceRow> {
    let board = ledger.board();
    board.device(&DeviceId::new("coffee", 80)).unwrap().clone()
}

#[test]
fn a_machine_is_silent_when_its_pause_is_unusual_and_not_when_nobody_could_look() {
    let mut ledger = vending(Vec::new());
    // The last sale is of 23:50.
    let row = look(&mut ledger, at("2026-03-10T00:00:00Z"));
    let (unusual, rare) = {
        let pause = row.pause().unwrap();
        (pause.unusual.unwrap(), pause.rare.unwrap())
    };
    assert!(at("2026-03-10T00:00:00Z") < unusual && unusual < at("2026-03-10T00:20:00Z"));
    let second = TimeDelta::seconds(1);
    for (now, silent, missed) in [
        (unusual - second, false, false),
        (unusual, true, false),
        (rare - second, true, false),
        (rare, true, true),
    ] {
        let row = look(&mut ledger, now);
        let Figures::Machine { sales_today, .. } = &row.figures else {
            panic!("a machine");
        };
        let quality = sales_today.unwrap().quality;
        assert_eq!(
            (quality.has(Flag::Silent), row.is_missed()),
            (silent, missed),
            "{now}"
        );
    }
    // The vendor cannot be read for hours: what the machine did meanwhile is not known.
    let mut ledger = vending(Vec::new());
    look(&mut ledger, at("2026-03-10T00:00:00Z"));
    let failed = Outcome::failed(SourceError::new(ErrorKind::Timeout, "too late"));
    let now = at("2026-03-10T06:00:00Z");
    ledger.apply(&attempt("coffee", "2026-03-10T06:00:00Z", failed), &[], now);
    assert_eq!(row_of(&ledger).activity(now), Some(Activity::Idle));
}

#[test]
fn a_machine_in_a_closed_store_is_not_missed() {
    let mut shop = (*ermou(&["coffee/80"])).clone();
    let day = vec![Span {
        open: 540,
        close: 1260,
    }];
    shop.hours = Hours::weekly(std::array::from_fn(|_| day.clone()), Vec::new());
    let mut ledger = vending(vec![Arc::new(shop)]);
    // Two in the morning in Athens; it opens at nine, which is seven.
    for (now, activity) in [
        ("2026-03-10T00:04:00Z", Activity::Active),
        ("2026-03-10T06:59:00Z", Activity::Idle),
        ("2026-03-10T07:05:00Z", Activity::Idle),
        ("2026-03-10T08:00:00Z", Activity::Silent),
        ("2026-03-10T19:00:00Z", Activity::Idle),
    ] {
        let row = look(&mut ledger, at(now));
        assert_eq!(row.activity(at(now)), Some(activity), "{now}");
    }
}

#[test]
fn a_machine_that_is_switched_off_is_neither_missed_nor_held_against_its_source() {
    let mut ledger = vending(Vec::new());
    let mut off = machine(None);
    if let Detail::Machine {
        active,
        last_update,
        ..
    } = &mut off.detail
    {
        (*active, *last_update) = (Some(false), Some(at("2026-02-01T00:00:00Z")));
    }
    let now = at("2026-03-10T00:01:00Z");
    let state = |ledger: &Ledger| {
        let board = ledger.board();
        board.source_state(&board.sources[0], now)
    };
    let started = now.to_rfc3339();
    let described = |id, facts: &Facts| delivery(&[(id, facts.clone())], None);
    let told = attempt("coffee", &started, described("coffee/81", &off));
    ledger.apply(&told, &[], now);
    assert_eq!(state(&ledger), DataState::Fresh);
    let told = attempt("coffee", &started, described("coffee/80", &off));
    ledger.apply(&told, &[], now);
    let row = look(&mut ledger, at("2026-03-11T00:00:00Z"));
    assert_eq!((row.is_silent(), row.is_missed()), (Some(false), false));
}
