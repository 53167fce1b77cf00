//! A board on which much has happened.

use std::sync::Arc;

use chrono::TimeDelta;
use occtop::model::Timestamp;
use occtop::model::board::Board;
use occtop::model::device::DeviceId;
use occtop::model::incidents::{
    About, Acknowledged, Cause, Corrected, Count, Crossed, Event, FeedName, Freshness, Incident,
    Revision, Severity, StoreReset, What,
};

use super::now;

/// Adds events and what they did to freshness.
pub fn to(board: &mut Board) {
    let events = (happened().into_iter().zip(1..)).map(|((start, end, what), id)| {
        Arc::new(Event {
            id,
            start,
            end,
            what,
        })
    });
    let mut events: Vec<_> = events.collect();
    events.reverse();
    board.events = events.into_iter().collect();
    for row in &mut board.sources {
        Arc::make_mut(row).freshness = Some(Freshness {
            ratio: Some(0.9946),
            budget_min: 202,
            left_min: 93,
            last_hour_min: 12,
        });
    }
}

fn ago(minutes: i64) -> Timestamp {
    now() - TimeDelta::minutes(minutes)
}

type Happened = (Timestamp, Option<Timestamp>, What);

/// Oldest first.
fn happened() -> Vec<Happened> {
    let at = |minutes, what| (ago(minutes), Some(ago(minutes)), what);
    let reset = |store: &str, residual, remained, confirmed| StoreReset {
        store: store.into(),
        residual,
        remained,
        confirmed,
    };
    vec![
        (ago(1900), Some(ago(1500)), What::Gap),
        (
            ago(1130),
            Some(ago(1055)),
            What::AfterHours(Crossed {
                store: "Halandri".into(),
                entered: 9,
                left: 5,
                closed: Some(ago(1472)),
            }),
        ),
        at(
            812,
            What::Reset(vec![
                reset("Ermou", 14, 9, false),
                reset("Kifisia", -2, 0, true),
                reset("Glyfada", 0, 0, true),
            ]),
        ),
        (ago(500), Some(ago(440)), own_link()),
        at(300, revision()),
        (ago(180), None, dead()),
        at(
            95,
            What::Count(Count {
                store: "Ermou".into(),
                people: Some(96),
                reason: "fire drill".to_owned(),
            }),
        ),
        at(
            60,
            What::Skew {
                source: "opap".into(),
                skew_s: -95,
            },
        ),
        (ago(46), None, refused()),
        (ago(17), None, over()),
    ]
}

fn incident(cause: Cause, about: About, severity: Severity) -> Incident {
    Incident {
        cause,
        about,
        severity,
        sources: vec!["opap".into()],
        feeds: Vec::new(),
        count: 0,
        times: 1,
        detail: String::new(),
        acknowledged: None,
    }
}

fn own_link() -> What {
    What::Incident(Incident {
        sources: ["opap", "mall", "fleet"].map(Into::into).into(),
        times: 3,
        acknowledged: Some(Acknowledged {
            at: ago(430),
            who: "local operator".to_owned(),
        }),
        ..incident(Cause::OwnLink, About::Everything, Severity::Warning)
    })
}

fn dead() -> What {
    let feed = |code: u32, store: &str| FeedName {
        id: DeviceId::new("opap", code),
        name: code.to_string(),
        store: Some(store.into()),
    };
    let about = About::Source("opap".into());
    What::Incident(Incident {
        feeds: vec![
            feed(200_041, "Glyfada"),
            feed(200_042, "Kifisia"),
            feed(200_043, "Patra"),
        ],
        count: 3,
        ..incident(Cause::Pipeline, about, Severity::Critical)
    })
}

fn refused() -> What {
    let about = About::Source("coffee".into());
    What::Incident(Incident {
        sources: vec!["coffee".into()],
        detail: "password refused, check username and password (status 401)".to_owned(),
        ..incident(Cause::Credentials, about, Severity::Critical)
    })
}

fn over() -> What {
    let about = About::Store("Kifisia".into());
    What::Incident(Incident {
        detail: "96 inside, 80 allowed".to_owned(),
        ..incident(Cause::OverCapacity, about, Severity::Critical)
    })
}

fn revision() -> What {
    What::Revision(Revision {
        source: "opap".into(),
        values: 3,
        devices: vec![
            DeviceId::new("opap", 200_041),
            DeviceId::new("opap", 200_042),
        ],
        stores: vec!["Glyfada".into(), "Kifisia".into()],
        entered: 12,
        left: -3,
        largest: Corrected {
            device: DeviceId::new("opap", 200_041),
            start: ago(407),
            span_s: 900,
            old: "3 in, 4 out".to_owned(),
            new: "15 in, 1 out".to_owned(),
        },
    })
}
