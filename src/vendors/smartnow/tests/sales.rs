//! Following a table that grows.

use super::*;
use crate::model::device::Kind;
use crate::model::reading::Reading;

#[tokio::test]
async fn trap_03_growing_tables_are_followed_by_id_and_never_by_position() {
    let mut account = Account::sample().await.started().await;
    account.advance(2);
    account.good_poll().await;
    let world = lock(&account.world);
    let sales = &world.log[0];
    assert_eq!(sales.value("where[id][>]"), Some("9000803"));
    assert_eq!(sales.value("sort"), Some("id ASC"));
    assert!(
        sales
            .raw_query
            .starts_with("where%5Bid%5D%5B%3E%5D=9000803"),
        "{sales:?}"
    );
    assert!(world.log.iter().all(|seen| !seen.has("skip")));
}

#[tokio::test]
async fn a_smaller_id_that_appears_later_is_still_read() {
    let account = Account::empty().await;
    *lock(&account.world).table("/revenuetransaction") = sales([5000, 5002]);
    let mut account = account.started().await;
    account.advance(2);
    for row in sales([5001, 5003]) {
        account.add("/revenuetransaction", row);
    }
    let delivery = account.good_poll().await;
    assert_eq!(sold(&delivery), [5000, 5001, 5002, 5003]);
}

#[tokio::test]
async fn trap_05_a_late_sale_counts_for_the_time_at_which_it_was_sold() {
    let mut account = Account::sample().await;
    let delivery = account.good_poll().await;
    let euro = Currency::parse("EUR").unwrap();
    let expected = Reading {
        device: DeviceId::new("coffee", 80),
        start: at("2026-03-01T22:58:40Z"),
        span_s: 0,
        item: 9_001_003,
        measure: Measure::Sale {
            price: Some(180),
            currency: euro,
        },
    };
    assert!(delivery.readings.contains(&expected));
}

#[tokio::test]
async fn a_sale_whose_currency_cannot_be_read_still_counts() {
    let mut account = Account::empty().await;
    let mut row = sales([7]).remove(0);
    row["currency"] = Value::Null;
    account.add("/revenuetransaction", row);
    let delivery = account.good_poll().await;
    let Measure::Sale { currency, .. } = delivery.readings[0].measure else {
        panic!("not a sale")
    };
    assert_eq!(currency, Currency::UNKNOWN);
}

#[tokio::test]
async fn a_start_is_right_where_sort_is_ignored() {
    let account = Account::sample().await;
    lock(&account.world).ignores_sort = true;
    lock(&account.world).table("/machine")[0]["lastRevenuetransaction"] = json!(9_001_003);
    let mut account = account.started().await;
    account.advance(2);
    account.good_poll().await;
    assert_eq!(
        lock(&account.world).log[0].value("where[id][>]"),
        Some("9000803")
    );
}

#[tokio::test]
async fn full_pages_are_read_on_but_only_five_in_a_poll() {
    let mut account = Account::sample().await.started().await;
    *lock(&account.world).table("/revenuetransaction") = sales(9_001_004..=9_001_700);
    let mut seen = Vec::new();
    for (requests, note) in [(5, true), (4, false)] {
        account.advance(2);
        let delivery = account.good_poll().await;
        seen.extend(sold(&delivery));
        assert_eq!(account.calls().len(), requests);
        let catching_up = delivery
            .notes
            .iter()
            .any(|note| note.starts_with("catching up"));
        assert_eq!(catching_up, note);
    }
    let expected: Vec<_> = (9_001_004..=9_001_700).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_busy_day_is_read_whole_at_the_start() {
    let mut account = Account::empty().await;
    *lock(&account.world).table("/revenuetransaction") = sales(1..=1234);
    let delivery = account.good_poll().await;
    assert_eq!(sold(&delivery).len(), 1234);
}

#[tokio::test]
async fn the_day_before_is_read_again_at_night() {
    let mut account = Account::sample().await.started().await;
    // 03:28 and 03:30 in Amsterdam; the program started after the night before.
    account.advance(18 * 60 + 12);
    account.good_poll().await;
    account.calls();
    account.advance(2);
    account.good_poll().await;
    {
        let world = lock(&account.world);
        let sweep = world
            .log
            .iter()
            .find(|seen| seen.has("where[createdAt][<]"))
            .unwrap();
        assert_eq!(
            sweep.value("where[createdAt][>=]"),
            Some("2026-03-01T23:00:00Z")
        );
        assert_eq!(
            sweep.value("where[createdAt][<]"),
            Some("2026-03-02T23:00:00Z")
        );
    }
    account.calls();
    account.advance(2);
    account.good_poll().await;
    assert!(
        lock(&account.world)
            .log
            .iter()
            .all(|seen| !seen.has("where[createdAt][<]"))
    );
}

#[tokio::test]
async fn trap_04_a_gap_in_dense_ids_that_is_filled_later_is_read_with_two_requests() {
    let account = Account::empty().await;
    *lock(&account.world).table("/revenuetransaction") =
        sales((5000..5250).filter(|id| *id != 5246));
    let mut account = account.started().await;
    account.advance(2);
    account.good_poll().await;
    account.calls();
    for row in sales([5246, 5250]) {
        account.add("/revenuetransaction", row);
    }
    account.advance(2);
    let delivery = account.good_poll().await;
    assert!(sold(&delivery).ends_with(&[5246, 5247, 5248, 5249, 5250]));
    assert_eq!(account.calls(), ["GET /revenuetransaction", "GET /log"]);
}

#[tokio::test]
async fn a_machine_whose_clock_is_ahead_does_not_move_the_horizon() {
    let mut account = Account::empty().await;
    let mut ahead = sales([7, 8, 9]);
    for row in &mut ahead {
        row["timestamp"] = json!(at("2027-04-06T08:00:00Z").timestamp());
    }
    // Not even the server's stamp can be used.
    ahead[1]["createdAt"] = json!("2027-04-06T08:00:00Z");
    // A machine may be a little ahead of the server.
    ahead[2]["timestamp"] = json!(at("2026-03-02T08:18:00Z").timestamp());
    *lock(&account.world).table("/revenuetransaction") = ahead;
    let delivery = account.good_poll().await;
    let mut stamps: Vec<_> = delivery
        .readings
        .iter()
        .map(|reading| (reading.item, reading.start))
        .collect();
    stamps.sort_unstable();
    assert_eq!(
        stamps,
        [
            (7, at("2026-03-02T08:05:00Z")),
            (9, at("2026-03-02T08:18:00Z"))
        ]
    );
    assert!(delivery.rejected >= 1, "{}", delivery.rejected);
}

#[tokio::test]
async fn a_sale_without_a_readable_price_is_told() {
    let mut account = Account::empty().await;
    let mut rows = sales([7, 8]);
    rows[1]["price"] = json!("1.20");
    *lock(&account.world).table("/revenuetransaction") = rows;
    let delivery = account.good_poll().await;
    assert_eq!(sold(&delivery), [7, 8]);
    let told = delivery
        .notes
        .iter()
        .any(|note| note.contains("without a readable price") && note.contains("EUR"));
    assert!(told, "{:?}", delivery.notes);
}

#[tokio::test]
async fn trap_10_sales_are_counted_and_money_waits_for_its_scale() {
    let mut account = Account::empty().await;
    account.add("/machine", machine(80));
    let mut rows = sales([7, 8]);
    (rows[1]["currency"], rows[1]["price"]) = (json!("AMD"), json!(1500));
    *lock(&account.world).table("/revenuetransaction") = rows;
    let delivery = account.good_poll().await;
    // The number stays as it came, whatever it counts.
    let measures = delivery.readings.iter().map(|reading| reading.measure);
    let sale = |currency, price| Measure::Sale {
        price: Some(price),
        currency: Currency::parse(currency).unwrap(),
    };
    let expected = [sale("EUR", 100), sale("AMD", 1500)];
    assert_eq!(measures.collect::<Vec<_>>(), expected);
    let Detail::Machine { money_scale, .. } = &facts(&delivery, 80).detail else {
        panic!("not a machine")
    };
    assert_eq!(*money_scale, BTreeMap::from([("EUR".to_owned(), 100)]));
}

#[tokio::test]
async fn trap_14_the_archive_is_never_asked_for() {
    let mut account = Account::sample().await;
    account.ask.horizon = Some(at("2026-01-01T00:00:00Z"));
    for _ in 0..4 {
        account.good_poll().await;
        account.advance(8 * 60);
    }
    let world = lock(&account.world);
    assert!(world.log.len() > 20);
    assert!(world.log.iter().all(|seen| !seen.has("useArchive")));
}

#[tokio::test]
async fn trap_16_sales_and_machines_are_never_people() {
    let mut account = Account::sample().await;
    let delivery = account.good_poll().await;
    assert!(!delivery.readings.is_empty() && !delivery.facts.is_empty());
    let is_sale = |reading: &Reading| matches!(reading.measure, Measure::Sale { .. });
    assert!(delivery.readings.iter().all(is_sale));
    let kinds = delivery.facts.iter().map(|(_, facts)| facts.kind());
    assert!(kinds.into_iter().all(|kind| kind == Kind::Machine));
}
