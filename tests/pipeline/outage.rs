//! Vendors that are gone for six hours and come back: in the end the history holds what it would
//! have held without that.

use std::time::Duration;

use occtop::history::Query;
use occtop::model::Timestamp;
use occtop::model::reading::{Measure, Reading};
use occtop::simulator::faults::Fault;
use occtop::simulator::vendor::Vendor;

use crate::estate::Estate;

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

#[tokio::test]
async fn after_six_hours_without_vendors_nothing_is_missing_and_nothing_is_twice() {
    let (smooth, broken) = (day(false).await, day(true).await);
    for vendor in COUNTING {
        let of = |kept: &[Reading]| -> Vec<Reading> {
            let own = kept.iter();
            own.filter(|reading| reading.device.source() == vendor.source())
                .cloned()
                .collect()
        };
        let (smooth, broken) = (of(&smooth), of(&broken));
        assert!(smooth.len() > 30, "{}: {}", vendor.source(), smooth.len());
        let missing: Vec<_> = smooth.iter().filter(|r| !broken.contains(r)).collect();
        let extra: Vec<_> = broken.iter().filter(|r| !smooth.contains(r)).collect();
        assert_eq!((missing, extra), (vec![], vec![]), "{}", vendor.source());
    }
}

/// What history holds of counts and sales after a day that was polled every half hour.
async fn day(interrupted: bool) -> Vec<Reading> {
    let estate = Estate::with_stores(MORNING, 4).await;
    for poll in 0..BEFORE + GONE + AFTER {
        let gone = interrupted && (BEFORE..BEFORE + GONE).contains(&poll);
        for vendor in Vendor::ALL {
            if gone {
                estate.simulators.faults().set(vendor, Fault::Status(503));
            } else {
                estate.simulators.faults().clear(vendor);
            }
        }
        estate.poll().await;
        estate.hand.advance(STEP);
    }
    let all = Query::since(Timestamp::UNIX_EPOCH);
    let stored = estate.history.readings(all).await.unwrap();
    let readings = stored.into_iter().map(|stored| stored.reading);
    readings
        .filter(|reading| !matches!(reading.measure, Measure::Level(..)))
        .collect()
}
