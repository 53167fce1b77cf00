//! A kill at any instant loses nothing that was acknowledged and leaves nothing half done.

use std::collections::HashMap;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use occtop::history::{History, Location};
use occtop::model::Timestamp;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::building::*;

/// Tells this test program to be the process that is killed, and where it writes.
const VICTIM: &str = "OCCTOP_TEST_VICTIM";
/// Readings of one attempt.
const BATCH: usize = 700;
const KILLS: usize = 20;

fn start_victim(dir: &tempfile::TempDir) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["crash::victim", "--exact", "--nocapture"])
        .env(VICTIM, path(dir))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Not a test of its own: the process that writes until it is killed. It tells every attempt that
/// was acknowledged.
#[tokio::test]
async fn victim() {
    let Some(path) = env::var_os(VICTIM) else {
        return;
    };
    let say = |text: &str| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{text}").unwrap();
        out.flush().unwrap();
    };
    say("started");
    let location = Location::File(path.into());
    let (history, opened) = History::open(location, at(START)).await.unwrap();
    assert_eq!(opened.set_aside, None);
    let done = history.restore().await.unwrap().sources;
    let done = done.get("opap").and_then(|source| source.attempts.last());
    let mut number = done.map_or(0, |last| (last.started - minute(0)).num_minutes() + 1);
    loop {
        history
            .record(delivery(minute(number), batch(number)))
            .await
            .unwrap();
        say(&format!("acknowledged {number}"));
        number += 1;
    }
}

/// The readings of an attempt: every value tells which attempt wrote it, and a part of them
/// rewrites readings of the attempt before.
fn batch(number: i64) -> Vec<occtop::model::reading::Reading> {
    let value = u32::try_from(number).unwrap();
    (0..BATCH)
        .map(|n| flow(&format!("opap/{n}"), slot(number, n), value, 0))
        .collect()
}

/// Even devices report a new instant each time, odd ones rewrite theirs once.
fn slot(number: i64, device: usize) -> Timestamp {
    minute(if device.is_multiple_of(2) {
        number
    } else {
        number / 2
    })
}

/// Kills the victim after so many acknowledgements and a short while; gives the last one.
fn kill_after(mut victim: Child, acknowledgements: usize, spins: u32) -> Option<i64> {
    let lines = BufReader::new(victim.stdout.take().unwrap()).lines();
    let mut lines = lines.map(Result::unwrap);
    let mut last = None;
    lines.find(|line| line == "started").unwrap();
    let mut acknowledged =
        lines.filter_map(|line| line.strip_prefix("acknowledged ")?.parse().ok());
    for _ in 0..acknowledgements {
        last = Some(acknowledged.next().unwrap());
    }
    for _ in 0..spins {
        std::thread::yield_now();
    }
    victim.kill().unwrap();
    victim.wait().unwrap();
    // What the victim said before it died counts too.
    acknowledged.last().or(last)
}

async fn check(dir: &tempfile::TempDir, acknowledged: Option<i64>) {
    let history = in_dir(dir).await;
    let sources = history.restore().await.unwrap().sources;
    let written = sources
        .get("opap")
        .and_then(|source| source.attempts.last());
    let written = written.map(|last| (last.started - minute(0)).num_minutes());
    assert!(written >= acknowledged, "{written:?} < {acknowledged:?}");
    let mut expected = HashMap::new();
    for number in 0..=written.unwrap_or(-1) {
        for reading in batch(number) {
            expected.insert((reading.device.clone(), reading.start), reading);
        }
    }
    let held: HashMap<_, _> = all(&history)
        .await
        .into_iter()
        .map(|reading| ((reading.device.clone(), reading.start), reading))
        .collect();
    assert!(
        held == expected,
        "{} of {} readings",
        held.len(),
        expected.len()
    );
    history.close().await.unwrap();
}

#[tokio::test]
async fn nothing_acknowledged_is_lost() {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = None;
    for _ in 0..KILLS {
        let (after, spins) = (random.random_range(1..6), random.random_range(0..400));
        acknowledged = kill_after(start_victim(&dir), after, spins).or(acknowledged);
        check(&dir, acknowledged).await;
    }
}

#[tokio::test]
async fn a_kill_while_the_file_is_made_leaves_no_half_made_file() {
    let mut random = ChaCha8Rng::seed_from_u64(8);
    for _ in 0..KILLS {
        let dir = tempfile::tempdir().unwrap();
        let acknowledged = kill_after(start_victim(&dir), 0, random.random_range(0..2000));
        check(&dir, acknowledged).await;
    }
}
