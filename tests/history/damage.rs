//! Damaged files are set aside, never deleted, and the history goes on.

use std::fs;
use std::path::Path;

use occtop::history::{History, HistoryError, Location, Query, Reader, SetAside};

use crate::building::*;

/// Writes a history of some size and gives its bytes.
async fn healthy(dir: &tempfile::TempDir) -> Vec<u8> {
    let history = in_dir(dir).await;
    let batch = (0..5000).map(|n| flow("opap/1", minute(n), 1, 1)).collect();
    history.record(delivery(minute(5000), batch)).await.unwrap();
    history.close().await.unwrap();
    fs::read(path(dir)).unwrap()
}

async fn open(dir: &tempfile::TempDir) -> (History, Option<SetAside>) {
    let (history, opened) = History::open(file(dir), minute(0)).await.unwrap();
    (history, opened.set_aside)
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

#[tokio::test]
async fn a_damaged_file_is_set_aside_and_a_new_one_works() {
    let sample = tempfile::tempdir().unwrap();
    let bytes = healthy(&sample).await;
    let cases = [
        ("empty", Vec::new()),
        ("garbage", b"Lorem ipsum dolor sit amet. ".repeat(500)),
        ("a header cut off", bytes[..60].to_vec()),
        (
            "cut off in the middle of a page",
            bytes[..bytes.len() / 2 + 100].to_vec(),
        ),
        (
            "cut off between pages",
            bytes[..bytes.len() / 4096 / 2 * 4096].to_vec(),
        ),
        ("zeros", vec![0; bytes.len()]),
    ];
    for (case, content) in cases {
        let dir = tempfile::tempdir().unwrap();
        fs::write(path(&dir), &content).unwrap();
        let (history, aside) = open(&dir).await;
        let aside = aside.unwrap_or_else(|| panic!("{case}: not noticed"));
        assert_eq!(
            name(&aside.path),
            "history.db.damaged-20260302T080000Z",
            "{case}"
        );
        assert_eq!(fs::read(&aside.path).unwrap(), content, "{case}");
        assert!(!aside.reason.is_empty(), "{case}");

        let batch = vec![flow("opap/1", minute(0), 1, 1)];
        history
            .record(delivery(minute(1), batch.clone()))
            .await
            .unwrap();
        history.close().await.unwrap();
        let (history, aside) = open(&dir).await;
        assert_eq!((all(&history).await, aside), (batch, None), "{case}");
    }
}

#[tokio::test]
async fn files_set_aside_in_one_second_keep_different_names() {
    let dir = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    for _ in 0..3 {
        fs::write(path(&dir), "damaged").unwrap();
        let (history, aside) = open(&dir).await;
        history.close().await.unwrap();
        names.push(aside.unwrap().path);
    }
    let names: Vec<_> = names.iter().map(|path| name(path)).collect();
    assert_eq!(
        names,
        [
            "history.db.damaged-20260302T080000Z",
            "history.db.damaged-20260302T080000Z-2",
            "history.db.damaged-20260302T080000Z-3"
        ]
    );
}

#[tokio::test]
async fn a_log_without_its_file_is_not_played_into_a_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("history.db-wal");
    fs::write(&log, "what is left").unwrap();
    let (history, aside) = open(&dir).await;
    assert_eq!(all(&history).await, []);
    let kept = aside.unwrap().path;
    let kept = kept.with_file_name(format!("{}-wal", name(&kept)));
    assert_eq!(fs::read(kept).unwrap(), b"what is left");
}

#[tokio::test]
async fn damage_found_while_running_costs_the_old_file_only() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = healthy(&dir).await;
    // The pages of the readings are overwritten; header and list of tables stay sound.
    let first = bytes.len() / 4096 - 10;
    bytes[first * 4096..].fill(0xa5);
    fs::write(path(&dir), &bytes).unwrap();
    let (history, opened) = History::open(file(&dir), at(START)).await.unwrap();
    assert_eq!(opened.set_aside, None, "the damage is not visible at first");

    let known: Vec<_> = (4000..5000)
        .map(|n| flow("opap/1", minute(n), 1, 1))
        .collect();
    let recorded = history
        .record(delivery(minute(5001), known.clone()))
        .await
        .unwrap();
    let aside = recorded.set_aside.expect("set aside");
    assert_eq!(name(&aside.path), "history.db.damaged-20260305T192100Z");
    assert_eq!(fs::read(&aside.path).unwrap(), bytes);
    assert_eq!(
        recorded.changes.len(),
        known.len(),
        "all is news to the new file"
    );

    let again = history
        .record(delivery(minute(5002), known.clone()))
        .await
        .unwrap();
    assert_eq!((again.changes.len(), again.set_aside), (0, None));
    history.close().await.unwrap();
    assert_eq!(all(&in_dir(&dir).await).await, known);
}

#[tokio::test]
async fn a_reader_says_so_and_moves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(path(&dir), "garbage, and rather too short at that").unwrap();
    assert!(matches!(
        Reader::open(&path(&dir)),
        Err(HistoryError::Damaged(_))
    ));
    let missing = dir.path().join("none.db");
    assert!(matches!(
        Reader::open(&missing),
        Err(HistoryError::Missing { .. })
    ));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_directory_in_its_place_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let location = Location::File(dir.path().to_owned());
    let error = History::open(location, at(START)).await.err().unwrap();
    assert!(matches!(error, HistoryError::File { .. }), "{error}");
    assert!(error.to_string().contains(dir.path().to_str().unwrap()));
}

/// A mistyped path must not cost a file of another program its name.
#[tokio::test]
async fn a_file_of_another_kind_keeps_its_name() {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in [
        ("letter.txt", &b"Dear Sir or Madam"[..]),
        ("passwords", b"root:x:0:0:root:/root:/bin/sh\n"),
        ("empty", b""),
    ] {
        let path = dir.path().join(name);
        fs::write(&path, content).unwrap();
        let location = Location::File(path.clone());
        let error = History::open(location, at(START)).await.err().unwrap();
        assert!(matches!(error, HistoryError::Foreign { .. }), "{error}");
        assert_eq!(fs::read(&path).unwrap(), content, "{name}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3, "nothing new");
}

/// A history by any name is one of ours once it has been written.
#[tokio::test]
async fn a_damaged_history_with_a_name_of_its_own_is_set_aside() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("readings");
    let location = || Location::File(path.clone());
    let (history, _) = History::open(location(), at(START)).await.unwrap();
    history.close().await.unwrap();
    fs::write(&path, "Lorem ipsum").unwrap();
    let (history, opened) = History::open(location(), at(START)).await.unwrap();
    assert!(opened.set_aside.is_some());
    history.close().await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_device_is_no_history() {
    let dir = tempfile::tempdir().unwrap();
    let link = dir.path().join("null.db");
    let socket = dir.path().join("socket.db");
    let _held = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    std::os::unix::fs::symlink(&socket, &link).unwrap();
    for path in [&socket, &link] {
        let location = Location::File(path.clone());
        let error = History::open(location, at(START)).await.err().unwrap();
        assert!(matches!(error, HistoryError::Foreign { .. }), "{error}");
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "nothing new");
}

#[tokio::test]
async fn an_empty_history_has_nothing() {
    let history = in_memory().await;
    assert_eq!(history.readings(Query::default()).await.unwrap(), []);
    assert_eq!(
        history.restore().await.unwrap(),
        occtop::history::Restored::default()
    );
}
