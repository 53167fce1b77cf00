//! Boards to look at and to test with: a small chain on a Monday afternoon, and the same chain in
//! trouble. Everything follows from fixed numbers; nothing reads a clock.

#![allow(dead_code, reason = "each test and example uses some of the boards")]
#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::unnecessary_wraps,
    reason = "fixtures are made of small fixed numbers"
)]

mod chain;
mod happened;
mod shop;

use std::sync::Arc;

use chrono::TimeDelta;
use occtop::model::Timestamp;
use occtop::model::after_hours::AfterHours;
use occtop::model::attempt::{ErrorKind, SourceError};
use occtop::model::board::{Beat, Board, Requests, SourceRow, StoreRow};
use occtop::model::health::{Expectation, FetchState};
use occtop::model::schedule::Habit;

pub use shop::Shop;

/// Monday, 17:32 in Athens.
pub fn now() -> Timestamp {
    at("2026-03-02T15:32:10Z")
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// What a Bespot feed is expected to do.
pub const QUARTERLY: Expectation = Expectation {
    period_s: 900,
    lag_s: 180,
    grace_s: 120,
};

/// The chain with everything well.
pub fn calm() -> Board {
    chain::board(&chain::shops(), chain::sources())
}

/// The chain with a store over its capacity, one late, one stale, one dead, and a source whose
/// password is refused.
pub fn troubled() -> Board {
    let mut shops = chain::shops();
    shops[1].busy = 1.28;
    shops[4].reaches = -20;
    shops[5].reaches = -40;
    shops[6].reaches = -180;
    shops[7].hole = Some((20, 26));
    let mut sources = chain::sources();
    refuse_password(&mut sources[4]);
    chain::board(&shops, sources)
}

/// The chain in trouble, with the events that tell of it.
pub fn eventful() -> Board {
    let mut board = troubled();
    happened::to(&mut board);
    board
}

/// The chain when nothing has been fetched yet.
pub fn first_start() -> Board {
    let mut board = chain::board(&chain::shops(), chain::sources());
    board.devices.clear();
    board.stores = (board.stores.iter())
        .map(|row| Arc::new(untouched(row)))
        .collect();
    board.sources = (board.sources.iter())
        .map(|row| Arc::new(never(&row.name, &row.vendor)))
        .collect();
    board
}

/// A board without anything.
pub fn nothing() -> Board {
    Board::empty(now())
}

/// The chain with every vendor out of reach.
pub fn offline() -> Board {
    let mut board = calm();
    board.sources = (board.sources.iter())
        .map(|row| {
            let mut row = SourceRow::clone(row);
            row.fetch = FetchState::Offline;
            row.error = Some(SourceError::new(ErrorKind::Network, "connection refused"));
            Arc::new(row)
        })
        .collect();
    board
}

/// The chain after closing time, to be looked at from [`night`].
pub fn closed() -> Board {
    let mut shops = chain::shops();
    for shop in &mut shops {
        shop.reaches = 210;
    }
    // Somebody was in the one that had closed at five.
    shops[2].evidence.after_hours = Some(AfterHours {
        entered: 9,
        left: 5,
        since: Some(at("2026-03-02T15:00:00Z")),
        until: Some(at("2026-03-03T07:00:00Z")),
        first: at("2026-03-02T17:15:00Z"),
        last: (at("2026-03-02T18:30:00Z"), at("2026-03-02T18:45:00Z")),
    });
    chain::board(&shops, chain::sources())
}

/// Half past eleven in the evening in Athens.
pub fn night() -> Timestamp {
    at("2026-03-02T21:30:00Z")
}

/// So many stores, a quarter of them busy.
pub fn many(count: u32) -> Board {
    let shops: Vec<_> = (0..count).map(chain::numbered).collect();
    chain::board(&shops, chain::sources())
}

/// A source that has never been asked.
pub fn never(name: &str, vendor: &str) -> SourceRow {
    SourceRow {
        fetch: FetchState::Never,
        horizon: None,
        confirmed: false,
        last_attempt: None,
        last_success: None,
        took_ms: None,
        requests: Requests {
            limit_per_hour: 60,
            ..Requests::default()
        },
        devices: 0,
        rows: 0,
        beats: Vec::new(),
        ..source(name, vendor)
    }
}

/// A source that works.
pub fn source(name: &str, vendor: &str) -> SourceRow {
    let polled = at("2026-03-02T15:18:04Z");
    SourceRow {
        name: name.into(),
        vendor: vendor.into(),
        paused: false,
        fetch: FetchState::Ok,
        expectation: QUARTERLY,
        horizon: Some(at("2026-03-02T15:15:00Z")),
        confirmed: true,
        last_attempt: Some(polled),
        last_success: Some(polled),
        next_poll: Some(at("2026-03-02T15:33:20Z")),
        took_ms: Some(84),
        requests: Requests {
            last_poll: 2,
            last_hour: 9,
            limit_per_hour: 60,
        },
        devices: 2,
        rows: 11,
        rejected: 0,
        revised: 0,
        error: None,
        notes: Vec::new(),
        beats: beats(|number| number % 4 != 3),
        clock_skew_s: Some(0),
        freshness: None,
        habit: Some(Habit {
            period_s: 900,
            period_seen: true,
            seen: 7,
            lag_s: None,
        }),
    }
}

fn beats(news: impl Fn(i64) -> bool) -> Vec<Beat> {
    let beat = |number: i64| Beat {
        at: now() - TimeDelta::minutes(15 * (30 - number)),
        failure: None,
        news: news(number),
    };
    (0..30).map(beat).collect()
}

fn refuse_password(row: &mut SourceRow) {
    row.fetch = FetchState::Auth;
    row.error = Some(SourceError {
        kind: ErrorKind::Auth,
        status: Some(401),
        code: Some("authentication_failed".to_owned()),
        message: "password refused, check username and password".to_owned(),
        reference: Some("00000000000000a1".to_owned()),
        retry_at: None,
    });
    row.last_success = Some(at("2026-03-02T14:46:12Z"));
    row.last_attempt = Some(at("2026-03-02T15:31:12Z"));
    row.next_poll = Some(at("2026-03-02T15:46:12Z"));
    row.notes = vec!["event data is switched off: the account may not read it".to_owned()];
    for beat in row.beats.iter_mut().rev().take(4) {
        beat.failure = Some(ErrorKind::Auth);
        beat.news = false;
    }
}

fn untouched(row: &StoreRow) -> StoreRow {
    StoreRow {
        members: Vec::new(),
        occupancy: None,
        today: None,
        day: Arc::default(),
        covered_to: None,
        confirmed: false,
        peak: None,
        ..row.clone()
    }
}
