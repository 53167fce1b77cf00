//! Events that wait for their resolution.

use super::*;
use crate::model::device::OpenEvent;

#[tokio::test]
async fn trap_06_a_resolution_is_asked_for_by_id() {
    let mut account = Account::sample().await.started().await;
    // The event falls behind the overlap, so that no page shows it any more.
    for id in 7_700_300..7_700_310 {
        let mut later = event(id, "CM_REBOOT", "2026-03-02T08:17:00Z");
        later["isResolvable"] = json!(0);
        account.add("/log", later);
    }
    account.advance(2);
    account.good_poll().await;
    lock(&account.world).table("/log")[0]["resolvedAt"] = json!("2026-03-02T08:18:00Z");
    account.advance(8);
    let delivery = account.good_poll().await;
    assert_eq!(
        state(&delivery, 80),
        (true, vec!["CM_OFFLINE"]),
        "not yet asked"
    );
    account.calls();
    account.advance(2);
    let delivery = account.good_poll().await;
    assert_eq!(state(&delivery, 80), (false, vec![]));
    {
        let world = lock(&account.world);
        assert_eq!(world.log.len(), 3);
        assert_eq!(world.log[2].value("where[id][]"), Some("7700001"));
    }
    // Nothing is open any more: nothing is asked.
    account.calls();
    account.advance(10);
    account.good_poll().await;
    assert_eq!(account.calls().len(), 2);
}

#[tokio::test]
async fn open_events_are_asked_for_singly_where_lists_of_ids_are_ignored() {
    let account = Account::sample().await;
    for id in 7_699_000..7_699_008 {
        let mut open = event(id, "CM_OFFLINE", "2026-03-02T06:00:00Z");
        open["machine"] = json!(id);
        account.add("/log", open);
    }
    lock(&account.world).lists_ids = false;
    let mut account = account.started().await;
    account.advance(10);
    account.good_poll().await;
    let calls = account.calls();
    let singly = calls
        .iter()
        .filter(|call| call.starts_with("GET /log/"))
        .count();
    assert_eq!(singly, 5, "{calls:?}");
    // Next time the list is not tried again, and the others have their turn.
    account.advance(10);
    account.good_poll().await;
    let calls = account.calls();
    assert_eq!(calls.len(), 2 + 5, "{calls:?}");
    assert!(calls.contains(&"GET /log/7699007".to_owned()), "{calls:?}");
}

#[tokio::test]
async fn an_event_that_is_gone_is_no_longer_open() {
    let mut account = Account::sample().await.started().await;
    lock(&account.world).table("/log").clear();
    account.advance(10);
    let delivery = account.good_poll().await;
    assert_eq!(state(&delivery, 80), (false, vec![]));
    assert_eq!(account.calls()[2..], ["GET /log", "GET /log/7700001"]);
}

#[tokio::test]
async fn only_the_newest_offline_event_tells_whether_a_machine_is_offline() {
    let mut account = Account::sample().await;
    let mut resolved = event(7_700_003, "CM_OFFLINE", "2026-03-02T08:00:00Z");
    resolved["resolvedAt"] = json!("2026-03-02T08:08:58Z");
    account.add("/log", resolved);
    let delivery = account.good_poll().await;
    assert_eq!(state(&delivery, 80), (false, vec![]));
}

#[tokio::test]
async fn other_events_are_open_too_but_do_not_make_a_machine_offline() {
    let mut account = Account::sample().await.started().await;
    account.add("/log", event(7_700_003, "ED017", "2026-03-02T05:00:00Z"));
    account.advance(2);
    let delivery = account.good_poll().await;
    assert_eq!(state(&delivery, 80), (true, vec!["ED017", "CM_OFFLINE"]));
}

#[tokio::test]
async fn a_restart_knows_open_events_and_reads_what_it_missed() {
    let mut account = Account::sample().await;
    let facts = Facts {
        name: "Hall left".to_owned(),
        timezone: None,
        detail: Detail::Machine {
            location: None,
            active: None,
            offline: false,
            open_events: vec![OpenEvent {
                id: 7_600_000,
                code: "ED017".to_owned(),
                since: at("2026-02-20T05:00:00Z"),
            }],
            last_update: None,
            money_scale: BTreeMap::new(),
            sales_unread: None,
        },
    };
    account.add("/log", event(7_600_000, "ED017", "2026-02-20T05:00:00Z"));
    account.add("/log", event(7_650_000, "ED020", "2026-03-01T05:00:00Z"));
    account.ask.known = vec![(DeviceId::new("coffee", 80), facts)];
    account.ask.horizon = Some(at("2026-03-01T05:30:00Z"));
    let delivery = account.good_poll().await;
    assert_eq!(
        state(&delivery, 80),
        (true, vec!["ED017", "ED020", "CM_OFFLINE"])
    );
    assert_eq!(sold(&delivery), [9_001_001, 9_001_002, 9_001_003]);
}

#[tokio::test]
async fn other_codes_may_say_that_a_machine_is_offline() {
    let mut account = Account::empty().await;
    account.reopen(&Settings {
        offline_codes: vec!["CM_OFFLINE".to_owned(), "ED099".to_owned()],
        ..settings()
    });
    account.add("/machine", machine(80));
    account.add("/log", event(7_700_003, "ED099", "2026-03-02T05:00:00Z"));
    let delivery = account.good_poll().await;
    assert_eq!(state(&delivery, 80), (true, vec!["ED099"]));
}
