//! Reading what came while nobody looked, behind the live calls.

use std::collections::BTreeSet;

use super::*;

/// Pages of sales that wait, of 30 rows each: more than any poll reads.
const PAGES: i64 = 150;

/// An account in which a busy day waits, on a server that cuts lists at 30. Ids grow by `step`: the
/// rows in between are of other accounts.
async fn busy(step: i64) -> Account {
    let account = Account::sample().await;
    {
        let mut world = lock(&account.world);
        world.cut = 30;
        *world.table("/revenuetransaction") = sales((1..=PAGES * 30).map(|row| row * step));
    }
    account
}

/// Starts the program anew with what the last run left, and polls.
async fn run(account: &mut Account, memory: &mut Option<Value>) -> Delivery {
    account.reopen(&settings());
    account.source.resume(memory.take());
    let delivery = account.good_poll().await;
    memory.clone_from(&delivery.memory);
    account.ask.horizon = Some(at("2026-03-02T08:00:00Z"));
    account.advance(2);
    delivery
}

#[tokio::test]
async fn runs_of_a_single_poll_read_on_where_the_last_one_ended() {
    let mut account = busy(1).await;
    let mut memory = None;
    let mut read = BTreeSet::new();
    for (number, pages) in [(1, 60), (2, 20)] {
        let delivery = run(&mut account, &mut memory).await;
        let before = read.len();
        read.extend(sold(&delivery));
        let news = read.len() - before;
        assert!(news >= pages * 30, "run {number} brought {news} new sales");
    }
    // The third run has to leave requests for the live calls of the hour.
    run(&mut account, &mut memory).await;
    let (used, ceiling) = account.source.transport().budget();
    assert!(ceiling - used >= 60, "{used} of {ceiling}");
}

#[tokio::test]
async fn a_long_catch_up_comes_to_its_end_and_never_holds_up_live_sales() {
    // With the second the overlap takes two pages in each poll.
    for step in [1, 6] {
        let mut account = busy(step).await;
        let mut memory = None;
        let mut read = BTreeSet::new();
        for _ in 0..2 {
            read.extend(sold(&run(&mut account, &mut memory).await));
        }
        // The monitor.
        account.reopen(&settings());
        account.source.resume(memory);
        for poll in 1..=60 {
            let newest = (PAGES * 30 + poll) * step;
            account.add("/revenuetransaction", sales([newest]).remove(0));
            account.calls();
            // Our own ceiling would be an error.
            let sold = sold(&account.good_poll().await);
            assert!(sold.contains(&newest), "poll {poll}");
            read.extend(sold);
            account.advance(2);
        }
        let expected: BTreeSet<_> = (1..=PAGES * 30 + 60).map(|row| row * step).collect();
        assert!(read == expected, "{} of {}", read.len(), expected.len());
    }
}

/// The stretch from which sales may be missing.
fn unread(delivery: &Delivery) -> Option<(Timestamp, Timestamp)> {
    facts(delivery, 80).sales_unread()
}

#[tokio::test]
async fn what_is_not_read_yet_is_told_until_it_is() {
    let mut account = busy(1).await;
    let mut memory = None;
    let delivery = run(&mut account, &mut memory).await;
    let expected = (at("2026-03-02T08:05:00Z"), at("2026-03-02T08:16:00Z"));
    assert_eq!(unread(&delivery), Some(expected));
    let note =
        "catching up: earlier rows are still being read; those until 2026-03-02 08:05Z are read";
    assert_eq!(delivery.notes, [note]);
    lock(&account.world)
        .table("/revenuetransaction")
        .truncate(2400);
    let delivery = run(&mut account, &mut memory).await;
    assert_eq!(unread(&delivery), None);
    assert_eq!(delivery.notes, Vec::<String>::new());
}

#[tokio::test]
async fn sales_that_cannot_be_read_are_not_none() {
    let mut account = Account::sample().await;
    let refused = (403, json!({ "message": "Forbidden" }));
    let path = "/revenuetransaction".into();
    lock(&account.world).faults.insert(path, refused);
    let delivery = account.poll().await.delivery.unwrap();
    let expected = (account.ask.since, account.ask.now);
    assert_eq!(unread(&delivery), Some(expected));
}

#[tokio::test]
async fn after_days_away_the_running_day_comes_first() {
    let mut account = Account::sample().await;
    {
        let mut world = lock(&account.world);
        world.cut = 30;
        let earlier =
            (1..=2400).map(|id| sale(id, "2026-02-27T08:00:00Z", "2026-02-27T08:05:00Z", 100));
        let today = sales(3001..=3060);
        *world.table("/revenuetransaction") = earlier.chain(today).collect();
    }
    account.ask.horizon = Some(at("2026-02-26T08:00:00Z"));
    let delivery = account.good_poll().await;
    let today = |id: &i64| *id > 3000;
    assert_eq!(sold(&delivery).into_iter().filter(today).count(), 60);
    let midnight = account.ask.since;
    assert_eq!(
        unread(&delivery),
        Some((at("2026-02-27T08:05:00Z"), midnight))
    );
    // The middle is not lost over a restart, although the newest sale is of today.
    account.reopen(&settings());
    account.source.resume(delivery.memory.clone());
    account.ask.horizon = Some(at("2026-03-02T08:00:00Z"));
    account.advance(2);
    let next = account.good_poll().await;
    let mut read: BTreeSet<_> = sold(&delivery).into_iter().collect();
    read.extend(sold(&next));
    assert_eq!(read.len(), 2460);
    assert_eq!(unread(&next), None);
}

#[tokio::test]
async fn after_a_sleep_the_newest_rows_come_first() {
    let mut account = Account::sample().await.started().await;
    account.advance(300);
    let asleep = (9_001_004..9_001_704)
        .map(|id| sale(id, "2026-03-02T10:00:00Z", "2026-03-02T10:05:00Z", 100));
    lock(&account.world)
        .table("/revenuetransaction")
        .extend(asleep);
    let first = account.good_poll().await;
    assert!(unread(&first).is_some());
    account.add("/revenuetransaction", sales([9_001_800]).remove(0));
    account.advance(2);
    let second = account.good_poll().await;
    assert!(sold(&second).contains(&9_001_800), "{:?}", sold(&second));
    let mut read: BTreeSet<_> = sold(&first).into_iter().chain(sold(&second)).collect();
    for _ in 0..3 {
        account.advance(2);
        read.extend(sold(&account.good_poll().await));
    }
    assert!((9_001_004..9_001_704).all(|id| read.contains(&id)));
}

#[tokio::test]
async fn a_poll_that_is_given_up_midway_loses_nothing() {
    let account = Account::empty().await;
    *lock(&account.world).table("/revenuetransaction") = sales(5000..5250);
    let mut account = account.started().await;
    account.advance(2);
    for row in sales(5250..5260) {
        account.add("/revenuetransaction", row);
    }
    let world = account.world.clone();
    let asks_for_events = async {
        while lock(&world).log.len() < 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = asks_for_events => {}
        _ = account.source.poll(&account.ask) => panic!("not given up"),
    }
    account.advance(2);
    let sold = sold(&account.good_poll().await);
    assert!((5250..5260).all(|id| sold.contains(&id)), "{sold:?}");
}

#[tokio::test]
async fn what_an_older_version_left_in_another_form_is_forgotten() {
    let mut account = Account::sample().await;
    account.source.resume(Some(json!({ "sales": "soon" })));
    assert_eq!(sold(&account.good_poll().await), [9_001_002, 9_001_003]);
}
