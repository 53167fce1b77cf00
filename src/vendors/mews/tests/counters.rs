//! Pages, deltas and answers that are too heavy.

use std::time::Duration;

use super::*;
use crate::model::attempt::ErrorKind;

fn limit(seen: &Seen) -> u64 {
    seen.body["Limitation"]["Count"].as_u64().unwrap()
}

/// Counters `0..total` by page: the cursor is the number of the last one given.
fn paged(seen: &Seen, total: u64) -> Answer {
    let cursor = seen.body["Limitation"]["Cursor"].as_str();
    let from = cursor.map_or(0, |cursor| cursor.parse::<u64>().unwrap() + 1);
    let to = (from + limit(seen)).min(total);
    let list: Vec<_> = (from..to)
        .map(|n| counter(&format!("c{n}"), HOTEL, 1))
        .collect();
    let cursor = (to > from).then(|| (to - 1).to_string());
    answer(200, &json!({"Counters": list, "Cursor": cursor}))
}

/// A server with `total` counters that answers intervals with `delta`.
async fn portfolio(total: u64, delta: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> StandIn {
    let serve = move |seen: &Seen| match seen.path.as_str() {
        ENTERPRISES => enterprises(&[enterprise(HOTEL, "Hotel")]),
        COUNTERS if seen.body.get("UpdatedUtc").is_some() => delta(seen),
        COUNTERS => paged(seen, total),
        _ => failure(401, "No right."),
    };
    StandIn::start(NOW, serve).await
}

#[tokio::test]
async fn trap_2_pages_are_read_until_a_short_one() {
    for (total, pages) in [(999, 1), (1000, 2), (2500, 3)] {
        let server = portfolio(total, |_| counters(&[])).await;
        let mut source = account(&server, &one_token());
        let delivery = delivered(poll(&mut source, &server).await);
        assert_eq!(u64::from(delivery.rows), total);
        assert_eq!(count(&server.paths(), COUNTERS), pages, "{total}");
    }
}

#[tokio::test]
async fn trap_2_a_server_that_answers_every_page_alike_hangs_nobody() {
    let alike = |seen: &Seen| {
        if seen.path == ENTERPRISES {
            return enterprises(&[]);
        }
        let list: Vec<_> = (0..1000)
            .map(|n| counter(&format!("c{n}"), HOTEL, 1))
            .collect();
        answer(200, &json!({"Counters": list, "Cursor": "always"}))
    };
    let server = StandIn::start(NOW, alike).await;
    let delivery = delivered(poll(&mut account(&server, &one_token()), &server).await);
    assert_eq!(delivery.rows, 1000);
    assert!(
        delivery.notes[0].contains("same cursor"),
        "{:?}",
        delivery.notes
    );
    assert!(!delivery.roster, "nobody knows whether that is all");
    assert_eq!(count(&server.paths(), COUNTERS), 2);
}

#[tokio::test]
async fn trap_6_a_portfolio_is_read_by_what_was_updated_on_the_servers_clock() {
    let server = portfolio(1001, |_: &Seen| {
        counters(&[counter("c7", HOTEL, 9)]).header("date", "Sun, 01 Mar 2026 09:10:00 GMT")
    })
    .await;
    let mut source = account(&server, &one_token());
    assert_eq!(delivered(poll(&mut source, &server).await).rows, 1001);
    server.seen();
    for minute in [1, 2] {
        server
            .hand
            .set(format!("2026-03-01T09:0{minute}:00Z").parse().unwrap());
        let delivery = delivered(poll(&mut source, &server).await);
        assert_eq!(values(&delivery), [("c7".to_owned(), 9)]);
        assert_eq!(delivery.facts.len(), 1001, "the others are still there");
        assert!(delivery.roster);
    }
    let asked: Vec<_> = server
        .seen()
        .into_iter()
        .map(|seen| seen.body["UpdatedUtc"].clone())
        .collect();
    assert_eq!(
        asked,
        [
            json!({"StartUtc": "2026-03-01T08:39:07Z", "EndUtc": "2026-03-01T09:01:59Z"}),
            // By its replies, the server's clock is some nine minutes ahead of ours.
            json!({"StartUtc": "2026-03-01T08:39:07Z", "EndUtc": "2026-03-01T09:11:59Z"}),
        ]
    );
}

#[tokio::test]
async fn trap_5_everything_is_read_again_every_quarter_of_an_hour() {
    let server = portfolio(1001, |_| counters(&[])).await;
    let mut source = account(&server, &one_token());
    poll(&mut source, &server).await;
    server.hand.set("2026-03-01T09:10:00Z".parse().unwrap());
    assert_eq!(delivered(poll(&mut source, &server).await).rows, 0);
    server.hand.set("2026-03-01T09:16:00Z".parse().unwrap());
    assert_eq!(delivered(poll(&mut source, &server).await).rows, 1001);
}

#[tokio::test]
async fn trap_5_a_deleted_counter_leaves_with_the_next_full_read() {
    let left = std::sync::atomic::AtomicI64::new(2);
    let shrinking = move |seen: &Seen| {
        if seen.path == ENTERPRISES {
            return enterprises(&[]);
        }
        let n = left.fetch_sub(1, std::sync::atomic::Ordering::SeqCst);
        let list: Vec<_> = (0..n)
            .map(|n| counter(&format!("c{n}"), HOTEL, 1))
            .collect();
        counters(&list)
    };
    let server = StandIn::start(NOW, shrinking).await;
    let mut source = account(&server, &one_token());
    for devices in [2, 1, 0] {
        let delivery = delivered(poll(&mut source, &server).await);
        assert_eq!(delivery.facts.len(), devices);
        server.hand.advance(Duration::from_secs(60));
    }
}

#[tokio::test]
async fn an_interval_that_may_not_end_ahead_ends_now_and_one_that_may_not_be_is_left() {
    // This server accepts no end ahead of its clock.
    let strict = |seen: &Seen| match seen.body["UpdatedUtc"]["EndUtc"].as_str() {
        Some(end) if end > "2026-03-01T09:05:30Z" => failure(400, "Invalid UpdatedUtc."),
        _ => counters(&[counter("c7", HOTEL, 9)]),
    };
    let server = portfolio(1001, strict).await;
    let mut source = account(&server, &one_token());
    poll(&mut source, &server).await;
    server.seen();
    server.hand.set("2026-03-01T09:05:00Z".parse().unwrap());
    assert_eq!(
        values(&delivered(poll(&mut source, &server).await)),
        [("c7".to_owned(), 9)]
    );
    assert_eq!(server.seen().len(), 2);
    server.hand.set("2026-03-01T09:05:10Z".parse().unwrap());
    delivered(poll(&mut source, &server).await);
    assert_eq!(server.seen().len(), 1, "it is remembered");

    let server = portfolio(1001, |_| failure(400, "Invalid UpdatedUtc.")).await;
    let mut source = account(&server, &one_token());
    poll(&mut source, &server).await;
    server.hand.set("2026-03-01T09:05:00Z".parse().unwrap());
    assert_eq!(delivered(poll(&mut source, &server).await).rows, 1001);
}

#[tokio::test]
async fn on_408_pages_get_smaller_and_stay_so_for_a_while() {
    let heavy = |seen: &Seen| match seen.path.as_str() {
        ENTERPRISES => enterprises(&[enterprise(HOTEL, "Hotel")]),
        _ if limit(seen) > 130 => failure(408, "Request timed out."),
        _ => paged(seen, 300),
    };
    let server = StandIn::start(NOW, heavy).await;
    let mut source = account(&server, &one_token());
    assert_eq!(delivered(poll(&mut source, &server).await).rows, 300);
    let limits: Vec<_> = server.seen().iter().skip(1).map(limit).collect();
    assert_eq!(limits, [1000, 500, 250, 125, 125, 125]);
    server.hand.advance(Duration::from_secs(60));
    delivered(poll(&mut source, &server).await);
    assert!(server.seen().iter().all(|seen| limit(seen) == 125));
}

#[tokio::test]
async fn on_408_in_the_smallest_pages_hotels_are_read_apart() {
    let heavy = |seen: &Seen| match seen.path.as_str() {
        ENTERPRISES => enterprises(&["h1", "h2", "h3", "h4"].map(|id| enterprise(id, id))),
        _ => match seen.body["EnterpriseIds"].as_array() {
            Some(ids) if ids.len() == 1 => {
                let id = ids[0].as_str().unwrap();
                counters(&[counter(&format!("c-{id}"), id, 1)])
            }
            _ => failure(408, "Request timed out."),
        },
    };
    let server = StandIn::start(NOW, heavy).await;
    let mut source = account(&server, &one_token());
    let delivery = delivered(poll(&mut source, &server).await);
    assert_eq!(delivery.rows, 4);
    assert!(delivery.roster);
    server.seen();
    server.hand.advance(Duration::from_secs(60));
    assert_eq!(delivered(poll(&mut source, &server).await).rows, 4);
    assert_eq!(
        server.seen().len(),
        4,
        "one request for each hotel from then on"
    );
}

#[tokio::test]
async fn on_408_for_a_single_hotel_the_error_is_shown() {
    let server = StandIn::start(NOW, |seen: &Seen| match seen.path.as_str() {
        ENTERPRISES => enterprises(&[enterprise(HOTEL, "Hotel")]),
        _ => failure(408, "Request timed out."),
    })
    .await;
    let outcome = poll(&mut account(&server, &one_token()), &server).await;
    let error = outcome.error.unwrap();
    assert_eq!((error.kind, error.status), (ErrorKind::Http, Some(408)));
    assert_eq!(
        server.seen().len(),
        1 + 6,
        "from 1000 down to 50, and no further"
    );
}

#[tokio::test]
async fn on_413_requests_name_fewer_hotels_and_pages_keep_their_size() {
    let small = |seen: &Seen| {
        if seen.path == ENTERPRISES {
            return enterprises(&["h1", "h2", "h3", "h4"].map(|id| enterprise(id, id)));
        }
        assert_eq!(limit(seen), 1000);
        match seen.body["EnterpriseIds"].as_array() {
            Some(ids) if ids.len() == 1 => {
                let id = ids[0].as_str().unwrap();
                counters(&[counter(&format!("c-{id}"), id, 1)])
            }
            _ => failure(413, "Too large."),
        }
    };
    let server = StandIn::start(NOW, small).await;
    let mut chosen = one_token();
    chosen.enterprises = ["h1", "h2", "h3", "h4"].map(str::to_owned).into();
    let mut source = account(&server, &chosen);
    let delivery = delivered(poll(&mut source, &server).await);
    assert_eq!((delivery.rows, delivery.roster), (4, true));
    assert_eq!(server.seen().len(), 1 + 7, "four, two and two, one each");
    assert_eq!(delivered(poll(&mut source, &server).await).rows, 4);
    assert_eq!(server.seen().len(), 4, "it is remembered");
}

#[tokio::test]
async fn on_413_of_a_request_that_names_no_hotels_the_error_is_shown() {
    let server = StandIn::start(NOW, |seen: &Seen| match seen.path.as_str() {
        ENTERPRISES => enterprises(&["h1", "h2"].map(|id| enterprise(id, id))),
        _ => failure(413, "Too large."),
    })
    .await;
    let outcome = poll(&mut account(&server, &one_token()), &server).await;
    assert_eq!(outcome.error.unwrap().status, Some(413));
    assert_eq!(server.seen().len(), 2, "naming them would be larger still");
}

#[tokio::test]
async fn on_409_a_page_is_asked_for_once_more() {
    let conflicts = std::sync::atomic::AtomicU32::new(0);
    let changing = move |seen: &Seen| match seen.path.as_str() {
        ENTERPRISES => enterprises(&[]),
        _ if conflicts
            .fetch_add(1, std::sync::atomic::Ordering::SeqCst)
            .is_multiple_of(2) =>
        {
            failure(409, "Changed.")
        }
        _ => counters(&[counter("a", HOTEL, 5)]),
    };
    let server = StandIn::start(NOW, changing).await;
    assert_eq!(
        delivered(poll(&mut account(&server, &one_token()), &server).await).rows,
        1
    );

    let server = StandIn::start(NOW, |seen: &Seen| match seen.path.as_str() {
        ENTERPRISES => enterprises(&[]),
        _ => failure(409, "Changed."),
    })
    .await;
    let error = poll(&mut account(&server, &one_token()), &server)
        .await
        .error
        .unwrap();
    assert_eq!(error.status, Some(409));
    assert_eq!(count(&server.paths(), COUNTERS), 2);
}

#[tokio::test]
async fn what_came_before_a_page_failed_is_kept() {
    let cut = |seen: &Seen| match seen.path.as_str() {
        ENTERPRISES => enterprises(&[enterprise(HOTEL, "Hotel")]),
        _ if seen.body["Limitation"].get("Cursor").is_some() => failure(500, "Oops."),
        _ => paged(seen, 1500),
    };
    let server = StandIn::start(NOW, cut).await;
    let outcome = poll(&mut account(&server, &one_token()), &server).await;
    assert_eq!(outcome.error.unwrap().status, Some(500));
    let delivery = outcome.delivery.unwrap();
    assert_eq!((delivery.rows, delivery.roster), (1000, false));
}
