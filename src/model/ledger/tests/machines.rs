//! Sales of machines.

use super::*;
use crate::model::board::DeviceRow;
use crate::model::reading::Currency;

const ID: &str = "coffee/80";

fn sale(item: i64, start: &str, price: Option<i64>) -> Change {
    let currency = Currency::parse("EUR").unwrap();
    let mut sale = change(ID, start, 0, Measure::Sale { price, currency });
    sale.reading.item = item;
    sale
}

/// A machine that has sold at 08:00 and 09:00, twelve in Athens being ten.
fn sold() -> Ledger {
    let coffee = source("coffee", Quiet::Missing, Stamp::Start);
    let mut ledger = ledger(vec![coffee], Vec::new(), "2026-03-02T10:00:00Z");
    let sales = [
        sale(1, "2026-03-02T08:00:00Z", Some(150)),
        sale(2, "2026-03-02T09:00:00Z", Some(150)),
    ];
    take(&mut ledger, machine(None), &sales);
    ledger
}

fn take(ledger: &mut Ledger, facts: Facts, sales: &[Change]) -> Arc<DeviceRow> {
    let started = "2026-03-02T10:00:00Z";
    let outcome = delivery(&[(ID, facts)], None);
    ledger.apply(&attempt("coffee", started, outcome), sales, at(started));
    let board = ledger.board();
    board.device(&DeviceId::parse(ID).unwrap()).unwrap().clone()
}

#[test]
fn what_has_not_been_read_is_not_zero() {
    let quarter = TimeDelta::minutes(15);
    let now = at("2026-03-02T09:10:00Z");
    // The day begins at 22:00Z in Athens.
    for (unread, today, hours, recent) in [
        (None, Some(2), 13, Some(1)),
        (
            Some(("2026-02-27T00:00:00Z", "2026-03-01T22:00:00Z")),
            Some(2),
            13,
            Some(1),
        ),
        (
            Some(("2026-02-27T00:00:00Z", "2026-03-02T09:30:00Z")),
            None,
            1,
            None,
        ),
        (
            Some(("2026-03-01T23:10:00Z", "2026-03-02T08:00:00Z")),
            None,
            4,
            Some(1),
        ),
    ] {
        let row = take(&mut sold(), machine(unread), &[]);
        let Figures::Machine {
            sales_today,
            revenue_today,
            hours: by_hour,
            ..
        } = &row.figures
        else {
            panic!("a machine");
        };
        assert_eq!(sales_today.map(|sales| sales.value), today, "{unread:?}");
        assert_eq!(revenue_today.is_empty(), today.is_none(), "{unread:?}");
        assert_eq!(by_hour.iter().flatten().count(), hours, "{unread:?}");
        assert_eq!(row.sales_within(quarter, now), recent, "{unread:?}");
    }
}

/// The takings of the day in euros, in minor units.
fn takings(row: &DeviceRow) -> Option<i64> {
    let Figures::Machine { revenue_today, .. } = &row.figures else {
        panic!("a machine");
    };
    let euro = Currency::parse("EUR").unwrap();
    revenue_today.get(&euro).copied()
}

#[test]
fn takings_are_not_known_while_a_price_is_not() {
    let mut ledger = sold();
    let row = take(&mut ledger, machine(None), &[]);
    assert_eq!(takings(&row), Some(300));
    let unpriced = sale(3, "2026-03-02T09:30:00Z", None);
    let row = take(&mut ledger, machine(None), std::slice::from_ref(&unpriced));
    assert_eq!(takings(&row), None);
    let mut priced = sale(3, "2026-03-02T09:30:00Z", Some(120));
    priced.old = Some(unpriced.reading.measure);
    let row = take(&mut ledger, machine(None), &[priced]);
    assert_eq!(takings(&row), Some(420));
    // One of yesterday says nothing of today.
    let yesterday = sale(4, "2026-03-01T21:30:00Z", None);
    let row = take(&mut ledger, machine(None), &[yesterday]);
    assert_eq!(takings(&row), Some(420));
}
