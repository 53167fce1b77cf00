//! A disk that takes no more: the attempt fails as a whole, and later ones succeed.
//!
//! The test runs itself again in a shell that limits the size of files, which a process can lift
//! again later: as near to a full disk as one gets without a disk of one's own.

use std::env;
use std::process::Command;

use occtop::history::{History, HistoryError, Location};
use occtop::model::reading::Reading;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::building::*;

const PLACE: &str = "OCCTOP_TEST_LIMITED";

#[test]
fn a_full_disk_costs_the_attempt_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    // The signal must be ignored, else it ends the process before the write can fail.
    let limited = "trap '' XFSZ; ulimit -S -f 2000; exec \"$0\" full::limited --exact --nocapture";
    let run = Command::new("sh")
        .args(["-c", limited])
        .arg(env::current_exe().unwrap())
        .env(PLACE, path(&dir))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    let failed = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{said}{failed}");
    assert!(said.contains("went on"), "{said}{failed}");
}

/// Not a test of its own: the process whose files are limited.
#[tokio::test]
async fn limited() {
    let Some(place) = env::var_os(PLACE) else {
        return;
    };
    let location = Location::File(place.into());
    let (history, _) = History::open(location.clone(), at(START)).await.unwrap();
    let mut number = 0;
    let error = loop {
        match history
            .record(delivery(minute(number), batch(number)))
            .await
        {
            Ok(recorded) => assert_eq!(recorded.changes.len(), batch(number).len()),
            Err(error) => break error,
        }
        number += 1;
    };
    assert!(number > 0, "the limit is too narrow for this test");
    assert!(
        matches!(error, HistoryError::Full | HistoryError::Database(_)),
        "{error}"
    );
    let written: Vec<Reading> = (0..number).flat_map(batch).collect();
    assert!(
        all(&history).await == written,
        "half an attempt was written"
    );

    lift_the_limit();
    let recorded = history
        .record(delivery(minute(number), batch(number)))
        .await
        .unwrap();
    assert_eq!(
        recorded.changes.len(),
        batch(number).len(),
        "the failed attempt left a trace"
    );
    history.close().await.unwrap();
    let (history, opened) = History::open(location, at(START)).await.unwrap();
    assert_eq!(opened.set_aside, None);
    let written: Vec<Reading> = (0..=number).flat_map(batch).collect();
    assert!(all(&history).await == written);
    assert_eq!(
        history.restore().await.unwrap().sources["opap"]
            .attempts
            .last()
            .unwrap()
            .started,
        minute(number)
    );
    println!("went on");
}

/// Devices come anew with each attempt, so that a failed one must forget its new devices.
fn batch(number: i64) -> Vec<Reading> {
    (0..2000)
        .map(|n| flow(&format!("opap/{number:02}-{n:04}"), minute(number), 1, 1))
        .collect()
}

fn lift_the_limit() {
    let limit = getrlimit(Resource::Fsize);
    let lifted = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Fsize, lifted).unwrap();
}
