//! Vendors that are gone for six hours, or say nothing new for as long, and come back: in the end
//! everything is as it would be without that.
//!
//! Every poll here is that of a new run of the program, so each of these days also lives through a
//! restart between any two polls.

use std::time::Duration;

use occtop::history::Query;
use occtop::model::Timestamp;
use occtop::model::reading::{Measure, Reading};
use occtop::simulator::faults::Fault;
use occtop::simulator::vendor::Vendor;
use serde_json::{Value, json};

use crate::estate::{Estate, devices, source};

/// Nine in Athens, where shops open.
const MORNING: &str = "2026-03-03T07:00:00Z";
const STEP: Duration = Duration::from_secs(30 * 60);
/// Polls before, during and after the outage.
const BEFORE: u32 = 3;
const GONE: u32 = 12;
const AFTER: u32 = 4;

/// Those whose counts and sales can be asked for later. A tracker's odometer can as well, but by
/// the vendor's own samples; what a hotel's counters grew is known only as a sum.
const COUNTING: [Vendor; 3] = [Vendor::Bespot, Vendor::Viametrics, Vendor::Smartnow];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Trouble {
    /// None.
    Smooth,
    /// Vendors do not answer as they should.
    Gone,
    /// Vendors answer and publish nothing; then all at once.
    Mute,
}

#[tokio::test]
async fn after_six_hours_without_vendors_nothing_is_missing_and_nothing_is_twice() {
    let (smooth, gone) = (day(Trouble::Smooth).await, day(Trouble::Gone).await);
    same_history(&smooth, &gone);
    same_board(&smooth, &gone);
}

#[tokio::test]
async fn after_six_hours_of_answers_without_news_nothing_is_missing_and_nothing_is_twice() {
    let (smooth, mute) = (day(Trouble::Smooth).await, day(Trouble::Mute).await);
    assert_eq!(mute.silent, [true; Vendor::ALL.len()], "nothing new came");
    same_history(&smooth, &mute);
    same_board(&smooth, &mute);
}

fn same_history(smooth: &Day, broken: &Day) {
    for vendor in COUNTING {
        let of = |day: &Day| -> Vec<Reading> {
            let own = day.kept.iter();
            own.filter(|reading| reading.device.source() == vendor.source())
                .cloned()
                .collect()
        };
        let (smooth, broken) = (of(smooth), of(broken));
        assert!(smooth.len() > 30, "{}: {}", vendor.source(), smooth.len());
        let missing: Vec<_> = smooth.iter().filter(|r| !broken.contains(r)).collect();
        let extra: Vec<_> = broken.iter().filter(|r| !smooth.contains(r)).collect();
        assert_eq!((missing, extra), (vec![], vec![]), "{}", vendor.source());
    }
}

/// The sums of the day, the odometers and the hotel's numbers.
fn same_board(smooth: &Day, broken: &Day) {
    for vendor in Vendor::ALL {
        let (smooth, broken) = (
            numbers(&smooth.board, vendor),
            numbers(&broken.board, vendor),
        );
        assert!(!smooth.is_empty(), "{}", vendor.source());
        assert_eq!(smooth, broken, "{}", vendor.source());
    }
    let stores = |day: &Day| -> Vec<Value> {
        let stores = day.board["stores"].as_array().unwrap();
        stores.iter().map(|row| row["today"].clone()).collect()
    };
    assert_eq!(stores(smooth), stores(broken));
}

/// What the devices of a vendor have come to.
fn numbers(board: &Value, vendor: Vendor) -> Vec<Value> {
    let fields = [
        "id",
        "in_today",
        "out_today",
        "odometer_km",
        "engine_hours",
        "distance_today_km",
        "value",
        "growth_today",
        "sales_today",
        "revenue_today",
    ];
    let rows = devices(board, vendor.source()).into_iter();
    rows.map(|row| {
        let known = fields.iter().filter(|field| !row[**field].is_null());
        known.map(|field| (*field, row[*field].clone())).collect()
    })
    .collect()
}

/// What a day that was polled every half hour left.
struct Day {
    /// Counts and sales in the history.
    kept: Vec<Reading>,
    /// The last board.
    board: Value,
    /// By vendor: its horizon did not move during the trouble.
    silent: [bool; Vendor::ALL.len()],
}

async fn day(trouble: Trouble) -> Day {
    let estate = Estate::with_stores(MORNING, 4).await;
    let mut board = json!(null);
    let mut silent = [true; Vendor::ALL.len()];
    for poll in 0..BEFORE + GONE + AFTER {
        let since = poll.checked_sub(BEFORE).filter(|since| *since < GONE);
        // As late as the last poll before is long ago.
        let late = since.map(|since| Fault::Late {
            by_s: (since + 1) * u32::try_from(STEP.as_secs()).unwrap(),
        });
        for vendor in Vendor::ALL {
            estate.simulators.faults().clear(vendor);
            match (trouble, &late) {
                (Trouble::Gone, Some(_)) => {
                    estate.simulators.faults().set(vendor, Fault::Status(503));
                }
                (Trouble::Mute, Some(late)) => {
                    estate.simulators.faults().set(vendor, late.clone());
                }
                _ => {}
            }
        }
        let before = std::mem::replace(&mut board, estate.poll().await);
        if since.is_some() {
            for (silent, vendor) in silent.iter_mut().zip(Vendor::ALL) {
                let horizon = |board: &Value| source(board, vendor.source())["horizon"].clone();
                *silent &= horizon(&before) == horizon(&board);
            }
        }
        estate.hand.advance(STEP);
    }
    let all = Query::since(Timestamp::UNIX_EPOCH);
    let stored = estate.history.readings(all).await.unwrap();
    let readings = stored.into_iter().map(|stored| stored.reading);
    Day {
        kept: readings
            .filter(|reading| !matches!(reading.measure, Measure::Level(..)))
            .collect(),
        board,
        silent,
    }
}
