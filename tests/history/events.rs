//! Events: written, changed, joined, read back, and deleted when they are old.

use std::sync::Arc;

use occtop::history::History;
use occtop::model::Timestamp;
use occtop::model::incidents::{
    About, Cause, Changes, Event, FeedName, Incident, RECENT, Severity, What,
};

use crate::building::*;

fn incident(id: u64, start: Timestamp, end: Option<Timestamp>) -> Event {
    Event {
        id,
        start,
        end,
        what: What::Incident(Incident {
            cause: Cause::Pipeline,
            about: About::Source("opap".into()),
            severity: Severity::Critical,
            sources: vec!["opap".into()],
            feeds: vec![FeedName {
                id: device("opap/0041"),
                name: "Ermou".to_owned(),
                store: Some("Ermou".into()),
            }],
            count: 1,
            times: 2,
            detail: String::new(),
            acknowledged: None,
        }),
    }
}

async fn write(history: &History, events: &[Event], gone: &[u64]) {
    let changes = Changes {
        written: events.iter().cloned().map(Arc::new).collect(),
        gone: gone.to_vec(),
    };
    history.write_events(Arc::new(changes)).await.unwrap();
}

async fn events(history: &History) -> Vec<Event> {
    history.restore().await.unwrap().events
}

#[tokio::test]
async fn events_come_back_after_a_restart_as_they_were_changed_last() {
    let dir = tempfile::tempdir().unwrap();
    let history = in_dir(&dir).await;
    let first = incident(1, minute(0), None);
    let gap = Event {
        id: 2,
        start: minute(1),
        end: Some(minute(9)),
        what: What::Gap,
    };
    write(
        &history,
        &[first, gap.clone(), incident(3, minute(4), None)],
        &[],
    )
    .await;
    let ended = incident(1, minute(0), Some(minute(30)));
    write(&history, std::slice::from_ref(&ended), &[3]).await;
    history.close().await.unwrap();
    let again = in_dir(&dir).await;
    assert_eq!(events(&again).await, [gap, ended]);
}

#[tokio::test]
async fn the_newest_events_and_all_that_last_are_at_hand() {
    let history = in_memory().await;
    let last = u64::try_from(RECENT).unwrap() + 10;
    let all: Vec<_> = (1..=last)
        .map(|id| incident(id, minute(0), (id > 1).then(|| minute(1))))
        .collect();
    write(&history, &all, &[]).await;
    let ids: Vec<_> = events(&history)
        .await
        .iter()
        .map(|event| event.id)
        .collect();
    assert_eq!(ids.len(), RECENT + 1);
    assert_eq!((ids[0], ids[RECENT]), (last, 1));
}

#[tokio::test]
async fn old_events_go_but_not_what_lasts() {
    let history = in_memory().await;
    let all = [
        incident(1, minute(0), None),
        incident(2, minute(0), Some(minute(10))),
        incident(3, minute(0), Some(minute(30))),
    ];
    write(&history, &all, &[]).await;
    let pruned = history.prune(minute(20)).await.unwrap();
    assert_eq!(pruned.events, 1);
    let left: Vec<_> = events(&history)
        .await
        .iter()
        .map(|event| event.id)
        .collect();
    assert_eq!(left, [3, 1]);
}
