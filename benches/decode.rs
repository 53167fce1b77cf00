//! Decoding one full Bespot page: 10,000 rows, about 1 MB.
//!
//! `copy` is the floor, `by_hand` the practical limit: a parser that knows only this layout. The
//! budget of `page_to_readings` is 1.5 times `by_hand`.

#![expect(clippy::expect_used, reason = "the bench makes its own input")]

use std::fmt::Write;
use std::hint::black_box;

use chrono::{DateTime, TimeDelta};
use divan::Bencher;
use divan::counter::BytesCount;
use occtop::model::Timestamp;
use occtop::vendors::bespot::decode::{Feed, Rows, page, readings};
use occtop::vendors::bespot::stores::Stores;
use occtop::vendors::bespot::wire::Row;

const STORES: usize = 200;
const ROWS: usize = 10_000;

fn main() {
    divan::main();
}

/// Visits of 200 stores in 50 minutes, sorted by minute or by store.
fn body(by_minute: bool) -> String {
    let begin: Timestamp = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
    let mut body = String::from(r#"{"count": 10000, "next": null, "previous": null, "results": ["#);
    for row in 0..ROWS {
        let minutes = ROWS / STORES;
        let (store, minute) = if by_minute {
            (row % STORES, row / STORES)
        } else {
            (row / minutes, row % minutes)
        };
        let stamp = begin + TimeDelta::minutes(i64::try_from(minute).unwrap_or(0));
        let local = stamp.format("%Y-%m-%dT%H:%M:%S+02:00");
        let (entered, left) = (row % 7, row % 5);
        let comma = if row == 0 { "" } else { ", " };
        let _ = write!(
            body,
            "{comma}{{\"store_code\": \"{}\", \"in_metric\": {entered}, \"out_metric\": {left}, \
             \"diff_metric\": {}, \"minute\": \"{local}\"}}",
            200_000 + store,
            entered.cast_signed() - left.cast_signed(),
        );
    }
    body.push_str("]}");
    body
}

#[divan::bench(args = [true, false])]
fn copy(bencher: Bencher, by_minute: bool) {
    let body = body(by_minute);
    bencher
        .counter(BytesCount::of_str(&body))
        .bench(|| black_box(&body).as_bytes().to_vec());
}

#[divan::bench(args = [true, false])]
fn by_hand(bencher: Bencher, by_minute: bool) {
    let body = body(by_minute);
    bencher
        .counter(BytesCount::of_str(&body))
        .bench(|| to_readings(&Hand::rows(black_box(body.as_bytes())).expect("a page")));
}

#[divan::bench(args = [true, false])]
fn page_to_readings(bencher: Bencher, by_minute: bool) {
    let body = body(by_minute);
    bencher
        .counter(BytesCount::of_str(&body))
        .bench(|| to_readings(&page(black_box(body.as_bytes())).expect("a page").results));
}

fn to_readings(rows: &[Row<'_>]) -> Rows {
    let mut stores = Stores::new("opap".into(), &[]);
    let decoded = readings(rows, Feed::Visits, &mut stores, Timestamp::MAX_UTC);
    assert_eq!((decoded.readings.len(), decoded.rejected), (ROWS, 0));
    decoded
}

#[divan::bench]
fn into_json_values(bencher: Bencher) {
    let body = body(true);
    bencher
        .counter(BytesCount::of_str(&body))
        .bench(|| serde_json::from_str::<serde_json::Value>(black_box(&body)));
}

/// Reads flat objects of texts without escapes and whole numbers, in any order of their keys.
struct Hand<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Hand<'a> {
    fn rows(body: &'a [u8]) -> Option<Vec<Row<'a>>> {
        let start = body.iter().position(|b| *b == b'[')?;
        let mut hand = Self {
            body,
            at: start + 1,
        };
        let mut rows = Vec::with_capacity(ROWS);
        loop {
            match hand.token()? {
                b'{' => rows.push(hand.row()?),
                b',' => {}
                b']' => return Some(rows),
                _ => return None,
            }
        }
    }

    fn row(&mut self) -> Option<Row<'a>> {
        let mut row = Row::default();
        loop {
            match self.token()? {
                b'}' => return Some(row),
                b'"' => {}
                b',' => continue,
                _ => return None,
            }
            let key = self.text()?;
            (self.token()? == b':').then_some(())?;
            match (key, self.token()?) {
                ("store_code", b'"') => row.store_code = Some(self.text()?.into()),
                ("minute", b'"') => {
                    let stamp = DateTime::parse_from_rfc3339(self.text()?).ok()?;
                    row.minute = Some(stamp.to_utc());
                }
                ("in_metric", first) => row.entered = Some(self.number(first)?),
                ("out_metric", first) => row.left = Some(self.number(first)?),
                (_, first) => {
                    self.number(first)?;
                }
            }
        }
    }

    fn token(&mut self) -> Option<u8> {
        loop {
            let byte = *self.body.get(self.at)?;
            self.at += 1;
            if !byte.is_ascii_whitespace() {
                return Some(byte);
            }
        }
    }

    fn text(&mut self) -> Option<&'a str> {
        let rest = self.body.get(self.at..)?;
        let length = rest.iter().position(|b| *b == b'"')?;
        self.at += length + 1;
        std::str::from_utf8(&rest[..length]).ok()
    }

    fn number(&mut self, first: u8) -> Option<i64> {
        let negative = first == b'-';
        let mut value = if negative {
            0
        } else {
            i64::from(digit(first)?)
        };
        while let Some(digit) = self.body.get(self.at).copied().and_then(digit) {
            value = value * 10 + i64::from(digit);
            self.at += 1;
        }
        Some(if negative { -value } else { value })
    }
}

fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}
