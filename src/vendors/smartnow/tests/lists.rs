//! Starts, quiet polls, and the lists of machines and locations.

use super::*;
use crate::model::attempt::ErrorKind;

const LISTS: [&str; 4] = ["/location", "/machine", "/revenuetransaction", "/log"];

#[tokio::test]
async fn a_start_reads_machines_todays_sales_and_who_is_offline() {
    let mut account = Account::sample().await;
    let delivery = account.good_poll().await;
    let expected = [
        "POST /auth/login",
        "GET /location",
        "GET /machine",
        "GET /revenuetransaction",
        "GET /log",
        "GET /log",
        "GET /revenuetransaction",
    ];
    assert_eq!(account.calls(), expected);
    assert_eq!(state(&delivery, 80), (true, vec!["CM_OFFLINE"]));
    assert!(delivery.roster);
    let facts = facts(&delivery, 80);
    assert_eq!(facts.name, "Hall left");
    assert_eq!(facts.timezone, Some(chrono_tz::Europe::Amsterdam));
    let Detail::Machine {
        location,
        active,
        last_update,
        money_scale,
        ..
    } = &facts.detail
    else {
        panic!("not a machine")
    };
    assert_eq!(location.as_deref(), Some("Station hall"));
    assert_eq!(*active, Some(true));
    assert_eq!(*last_update, Some(at("2026-03-02T08:10:12Z")));
    assert_eq!(money_scale["EUR"], 100);
    // Yesterday's sale was not asked for.
    assert_eq!(sold(&delivery), [9_001_002, 9_001_003]);
    assert_eq!((delivery.rows, delivery.rejected), (7, 0));
}

#[tokio::test]
async fn a_quiet_poll_needs_two_requests() {
    let mut account = Account::sample().await.started().await;
    account.advance(2);
    let delivery = account.good_poll().await;
    assert_eq!(account.calls(), ["GET /revenuetransaction", "GET /log"]);
    assert_eq!(state(&delivery, 80), (true, vec!["CM_OFFLINE"]));
    assert_eq!(delivery.notes, Vec::<String>::new());
}

#[tokio::test]
async fn an_hour_stays_far_below_the_ceiling() {
    let mut account = Account::sample().await.started().await;
    for _ in 0..30 {
        account.advance(2);
        account.good_poll().await;
    }
    // Two a poll; the open event is near enough to be seen with the new ones.
    assert_eq!(account.calls().len(), 60);
}

#[tokio::test]
async fn trap_01_a_list_cut_at_30_or_100_is_read_on() {
    for (cut, machines, requests) in [(30, 75, 3), (100, 250, 3), (100, 100, 2), (30, 30, 2)] {
        let mut account = Account::empty().await;
        {
            let mut world = lock(&account.world);
            world.cut = cut;
            *world.table("/machine") = (1..=machines).map(machine).collect();
        }
        let delivery = account.good_poll().await;
        assert_eq!(delivery.facts.len(), usize::try_from(machines).unwrap());
        let calls = account.calls();
        let asked = calls.iter().filter(|call| *call == "GET /machine").count();
        assert_eq!(asked, requests, "{machines} cut at {cut}");
    }
}

#[tokio::test]
async fn a_server_that_ignores_skip_does_not_hold_us_for_ever() {
    let mut account = Account::empty().await;
    {
        let mut world = lock(&account.world);
        world.ignores_skip = true;
        *world.table("/machine") = (1..=100).map(machine).collect();
    }
    assert_eq!(account.good_poll().await.facts.len(), 100);
}

#[tokio::test]
async fn trap_02_every_list_is_asked_for_with_limit_and_sort() {
    let mut account = Account::sample().await;
    account.good_poll().await;
    account.advance(2);
    account.good_poll().await;
    let world = lock(&account.world);
    let lists = world.log.iter().filter(|seen| LISTS.contains(&&*seen.path));
    for seen in lists {
        assert!(seen.has("sort") && seen.has("limit"), "{seen:?}");
    }
}

#[tokio::test]
async fn an_unknown_machine_has_the_lists_read_once() {
    let mut account = Account::sample().await.started().await;
    let mut row = sales([9_001_004]).remove(0);
    row["machine"] = json!(81);
    account.add("/revenuetransaction", row);
    account.add("/machine", machine(81));
    account.advance(2);
    let delivery = account.good_poll().await;
    assert_eq!(account.calls()[2..], ["GET /location", "GET /machine"]);
    assert_eq!(facts(&delivery, 81).name, "Hall left");
    // One that stays unknown keeps its sales and is not looked for again.
    let mut row = sales([9_001_005]).remove(0);
    row["machine"] = json!(99);
    account.add("/revenuetransaction", row);
    for requests in [4, 2] {
        account.advance(2);
        let delivery = account.good_poll().await;
        assert_eq!(account.calls().len(), requests);
        assert_eq!(facts(&delivery, 99).name, "99");
    }
}

#[tokio::test]
async fn the_lists_are_read_again_every_six_hours() {
    let mut account = Account::sample().await.started().await;
    account.advance(359);
    account.good_poll().await;
    assert!(!account.calls().contains(&"GET /machine".to_owned()));
    account.advance(2);
    lock(&account.world).table("/machine").clear();
    let delivery = account.good_poll().await;
    assert_eq!(delivery.facts, []);
    assert!(delivery.roster);
}

#[tokio::test]
async fn an_empty_account_is_no_error() {
    let mut account = Account::empty().await;
    let delivery = account.good_poll().await;
    assert_eq!((delivery.facts.len(), delivery.rows), (0, 0));
    account.advance(2);
    account.good_poll().await;
}

#[tokio::test]
async fn only_the_machines_and_locations_of_the_configuration_are_watched() {
    let mut elsewhere = machine(82);
    elsewhere["location"] = json!(3);
    for (machines, locations, expected) in [
        (vec![], vec![], vec!["coffee/80", "coffee/81", "coffee/82"]),
        (vec![80, 82], vec![], vec!["coffee/80", "coffee/82"]),
        (vec![], vec![2], vec!["coffee/80", "coffee/81"]),
        (vec![80, 82], vec![2], vec!["coffee/80"]),
    ] {
        let mut account = Account::empty().await;
        account.reopen(&Settings {
            machines,
            locations,
            ..settings()
        });
        {
            let mut world = lock(&account.world);
            *world.table("/location") = vec![location(2), location(3)];
            *world.table("/machine") = vec![machine(80), machine(81), elsewhere.clone()];
            let mut sales = sales([80, 81, 82]);
            for row in &mut sales {
                row["machine"] = row["id"].clone();
            }
            *world.table("/revenuetransaction") = sales;
        }
        let delivery = account.good_poll().await;
        let facts = delivery.facts.iter().map(|(id, _)| id.as_str());
        assert_eq!(facts.collect::<Vec<_>>(), expected);
        let sold = delivery
            .readings
            .iter()
            .map(|reading| reading.device.as_str());
        assert_eq!(sold.collect::<Vec<_>>(), expected);
        assert_eq!(delivery.rejected, 0);
    }
}

#[tokio::test]
async fn a_machine_or_location_that_the_account_lacks_is_told() {
    for (machines, locations, words) in [
        (vec![80, 99], vec![], "no machine 99: correct `machines`"),
        (
            vec![],
            vec![2, 7, 8],
            "no location 7, 8: correct `locations`",
        ),
    ] {
        let mut account = Account::sample().await;
        account.reopen(&Settings {
            machines,
            locations,
            ..settings()
        });
        let outcome = account.poll().await;
        let error = outcome.error.unwrap();
        assert_eq!(error.kind, ErrorKind::Config);
        assert!(error.message.contains(words), "{error}");
        assert_eq!(sold(&outcome.delivery.unwrap()), [9_001_002, 9_001_003]);
    }
}

#[tokio::test]
async fn pages_have_the_size_of_the_configuration() {
    let mut account = Account::empty().await;
    account.reopen(&Settings {
        page_size: 20,
        overlap: 50,
        ..settings()
    });
    {
        let mut world = lock(&account.world);
        *world.table("/machine") = (1..=45).map(machine).collect();
        *world.table("/revenuetransaction") = sales((1000..2000).step_by(10));
    }
    let delivery = account.good_poll().await;
    assert_eq!(delivery.facts.len(), 45 + 1);
    assert_eq!(sold(&delivery).len(), 100);
    account.calls();
    account.advance(2);
    account.good_poll().await;
    let world = lock(&account.world);
    assert_eq!(world.log[0].value("where[id][>]"), Some("1940"));
    assert_eq!(world.log[0].value("limit"), Some("20"));
}
