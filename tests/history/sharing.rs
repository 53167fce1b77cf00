//! One process writes; others are refused, or read.

use std::fs;

use occtop::commands::{UsageError, backup};
use occtop::history::{History, HistoryError, Location, Query, Reader};

use crate::building::*;

fn read(dir: &tempfile::TempDir) -> usize {
    let mut count = 0;
    Reader::open(&path(dir))
        .unwrap()
        .for_each(&Query::default(), |_| {
            count += 1;
            Ok::<_, HistoryError>(())
        })
        .unwrap();
    count
}

#[tokio::test]
async fn a_second_writer_is_refused_with_file_and_process() {
    let dir = tempfile::tempdir().unwrap();
    let history = in_dir(&dir).await;
    let error = History::open(file(&dir), at(START)).await.err().unwrap();
    let text = error.to_string();
    assert!(matches!(error, HistoryError::InUse { .. }), "{text}");
    assert!(text.contains("history.db"), "{text}");
    assert!(text.contains(&std::process::id().to_string()), "{text}");
    history.close().await.unwrap();
    in_dir(&dir).await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_to_the_file_shares_its_lock() {
    let dir = tempfile::tempdir().unwrap();
    let history = in_dir(&dir).await;
    let link = dir.path().join("link.db");
    std::os::unix::fs::symlink(path(&dir), &link).unwrap();
    let error = History::open(Location::File(link), at(START))
        .await
        .err()
        .unwrap();
    assert!(matches!(error, HistoryError::InUse { .. }), "{error}");
    drop(history);
}

#[tokio::test]
async fn a_reader_sees_every_poll_while_the_monitor_writes() {
    let dir = tempfile::tempdir().unwrap();
    let history = in_dir(&dir).await;
    for n in 0..20 {
        let batch = vec![flow("opap/1", minute(n), 1, 1)];
        history
            .record(delivery(minute(n + 1), batch))
            .await
            .unwrap();
        assert_eq!(read(&dir), usize::try_from(n).unwrap() + 1);
    }
    history.close().await.unwrap();
    assert_eq!(read(&dir), 20);
}

#[tokio::test]
async fn a_copy_is_made_while_the_monitor_writes_and_nothing_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let history = in_dir(&dir).await;
    let batch = |n| vec![flow("opap/1", minute(n), 1, 1)];
    history.record(delivery(minute(1), batch(0))).await.unwrap();
    let copy = dir.path().join("copy.db");
    let mut said = Vec::new();
    backup::write(&path(&dir), &copy, &mut said).unwrap();
    assert!(String::from_utf8(said).unwrap().contains("copy.db"));
    history.record(delivery(minute(2), batch(1))).await.unwrap();
    assert_eq!(all(&history).await.len(), 2);
    let (copied, opened) = History::open(Location::File(copy.clone()), at(START))
        .await
        .unwrap();
    assert_eq!((all(&copied).await.len(), opened.set_aside), (1, None));
    copied.close().await.unwrap();

    let before = fs::read(&copy).unwrap();
    for taken in [copy.clone(), path(&dir)] {
        let error = backup::write(&path(&dir), &taken, &mut Vec::new()).unwrap_err();
        let mistake = error.downcast_ref::<UsageError>().unwrap();
        assert!(mistake.0.contains("nothing is overwritten"), "{mistake}");
    }
    assert_eq!(fs::read(&copy).unwrap(), before);
    let nothing = dir.path().join("nowhere/history.db");
    let error = backup::write(&nothing, &dir.path().join("b.db"), &mut Vec::new()).unwrap_err();
    assert!(error.is::<UsageError>(), "{error}");
    assert_eq!(all(&history).await.len(), 2);
}

#[tokio::test]
async fn a_reader_keeps_its_picture_and_the_writer_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let history = in_dir(&dir).await;
    let batch = (0..100).map(|n| flow("opap/1", minute(n), 1, 1)).collect();
    history.record(delivery(minute(100), batch)).await.unwrap();
    let reader = Reader::open(&path(&dir)).unwrap();
    let batch = vec![flow("opap/2", minute(0), 1, 1)];
    history.record(delivery(minute(101), batch)).await.unwrap();
    history.close().await.unwrap();
    let mut count = 0;
    reader
        .for_each(&Query::default(), |_| {
            count += 1;
            Ok::<_, HistoryError>(())
        })
        .unwrap();
    assert!(count >= 100);
}

#[tokio::test]
async fn dropping_the_last_handle_finishes_the_queue_and_closes() {
    let dir = tempfile::tempdir().unwrap();
    let history = in_dir(&dir).await;
    let writes: Vec<_> = (0..30)
        .map(|n| {
            let history = history.clone();
            tokio::spawn(async move {
                let batch = vec![flow("opap/1", minute(n), 1, 1)];
                history.record(delivery(minute(n), batch)).await.unwrap();
            })
        })
        .collect();
    drop(history);
    for write in writes {
        write.await.unwrap();
    }
    assert!(
        !dir.path().join("history.db-wal").exists(),
        "the log was not written back"
    );
    assert_eq!(all(&in_dir(&dir).await).await.len(), 30);
}

#[tokio::test]
async fn after_closing_other_handles_are_told() {
    let history = in_memory().await;
    let other = history.clone();
    history.close().await.unwrap();
    let result = other.record(delivery(minute(0), Vec::new())).await;
    assert!(matches!(result, Err(HistoryError::Closed)));
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("a/b/history.db");
    let location = Location::File(place.clone());
    let (history, _) = History::open(location, at(START)).await.unwrap();
    let batch = vec![flow("opap/1", minute(0), 1, 1)];
    history.record(delivery(minute(1), batch)).await.unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(place.parent().unwrap()), 0o700);
    let files: Vec<_> = fs::read_dir(place.parent().unwrap()).unwrap().collect();
    assert_eq!(files.len(), 4, "database, log, shared memory and lock");
    for file in files {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}
