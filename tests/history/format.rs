//! Files of other releases and of other programs.

use std::fs;

use occtop::history::{History, HistoryError, Reader};
use occtop::model::reading::{Level, Value};
use rusqlite::Connection;

use crate::building::*;

/// A file as the first release wrote it. It is never edited: every later release must read it.
const FORMAT_1: &str = include_str!("format-1.sql");

#[tokio::test]
async fn the_first_format_is_read_and_continued() {
    let dir = tempfile::tempdir().unwrap();
    Connection::open(path(&dir))
        .unwrap()
        .execute_batch(FORMAT_1)
        .unwrap();
    let history = in_dir(&dir).await;
    let mut expected = vec![
        flow("opap/0041", minute(0), 9, 4),
        level(
            "fleet/11",
            minute(0),
            Level::Odometer,
            Value::Real(20854.42),
        ),
        flow("opap/0041", minute(1), 2, 0),
    ];
    assert_eq!(all(&history).await, expected);
    let restored = history.restore().await.unwrap();
    assert_eq!(
        restored.facts,
        [(device("opap/0041"), counter_facts("Ermou"))]
    );
    assert_eq!(restored.sources["opap"].attempts.len(), 2);
    assert_eq!(restored.memory["opap"]["lag"], 180);

    let next = flow("opap/0041", minute(2), 1, 1);
    history
        .record(delivery(minute(3), vec![next.clone()]))
        .await
        .unwrap();
    expected.push(next);
    assert_eq!(all(&history).await, expected);
}

#[tokio::test]
async fn a_newer_format_is_refused_and_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    in_dir(&dir).await.close().await.unwrap();
    let connection = Connection::open(path(&dir)).unwrap();
    let known: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let before = fs::read(path(&dir)).unwrap();

    let error = History::open(file(&dir), at(START)).await.err().unwrap();
    assert!(
        matches!(error, HistoryError::Newer { found: 99, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("update"), "{error}");
    assert!(matches!(
        Reader::open(&path(&dir)),
        Err(HistoryError::Newer { .. })
    ));
    assert_eq!(fs::read(path(&dir)).unwrap(), before);
    // The lock is free again: the file can be opened once it fits.
    Connection::open(path(&dir))
        .unwrap()
        .pragma_update(None, "user_version", known)
        .unwrap();
    in_dir(&dir).await;
}

#[tokio::test]
async fn the_database_of_another_program_is_refused_and_not_touched() {
    let dir = tempfile::tempdir().unwrap();
    let connection = Connection::open(path(&dir)).unwrap();
    connection
        .execute_batch("CREATE TABLE places (url TEXT)")
        .unwrap();
    drop(connection);
    let before = fs::read(path(&dir)).unwrap();
    let error = History::open(file(&dir), at(START)).await.err().unwrap();
    assert!(matches!(error, HistoryError::Foreign { .. }), "{error}");
    assert!(matches!(
        Reader::open(&path(&dir)),
        Err(HistoryError::Foreign { .. })
    ));
    assert_eq!(fs::read(path(&dir)).unwrap(), before);
}

#[tokio::test]
async fn an_older_format_waits_for_the_monitor() {
    let dir = tempfile::tempdir().unwrap();
    in_dir(&dir).await.close().await.unwrap();
    let connection = Connection::open(path(&dir)).unwrap();
    connection.pragma_update(None, "user_version", 0).unwrap();
    drop(connection);
    assert!(matches!(
        Reader::open(&path(&dir)),
        Err(HistoryError::Older { .. })
    ));
}
