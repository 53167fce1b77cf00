//! The file of a history: where it is, who may write it, and what happens when it is damaged.

use std::ffi::OsString;
use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::model::Timestamp;

use super::error::HistoryError;
use super::schema;

/// A damaged history that was moved out of the way. It is never deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where the damaged file is now.
    pub path: PathBuf,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the history was damaged ({}); it was set aside as {} and a new one was begun",
            self.reason,
            self.path.display()
        )
    }
}

/// A history file that only this process writes, as long as this value lives.
#[derive(Debug)]
pub(super) struct Home {
    path: PathBuf,
    lock: File,
    /// Whether what stands there may be taken for a history of ours however damaged it is.
    is_ours: bool,
}

impl Home {
    /// Takes the right to write the history at `path`. The directory is created where needed.
    ///
    /// # Errors
    /// `InUse` when another process has it; `File` when the directory or the lock cannot be made.
    pub fn claim(path: &Path) -> Result<Self, HistoryError> {
        let path = settle(path)?;
        let is_ours = is_ours(&path);
        if !is_ours && !is_database(&path) {
            return Err(HistoryError::Foreign { path });
        }
        let lock = lock(&path)?;
        Ok(Self {
            path,
            lock,
            is_ours,
        })
    }

    /// Opens the file, or makes a new one where there is none or a damaged one had to be set aside.
    ///
    /// # Errors
    /// `Newer`, `Foreign` and `File`; the file is then as it was.
    pub fn open(&self, now: Timestamp) -> Result<(Connection, Option<SetAside>), HistoryError> {
        let attempt = if self.path.exists() {
            self.open_existing()
        } else if with_suffix(&self.path, "-wal").exists() {
            // SQLite would play such a left-over into any new file of that name.
            Err(HistoryError::Damaged(
                "only its write-ahead log is left".into(),
            ))
        } else {
            self.create()?;
            self.open_existing()
        };
        match attempt {
            Ok(connection) => Ok((connection, None)),
            Err(HistoryError::Damaged(_)) if !self.is_ours => Err(HistoryError::Foreign {
                path: self.path.clone(),
            }),
            Err(HistoryError::Damaged(reason)) => {
                let (connection, aside) = self.replace(reason, now)?;
                Ok((connection, Some(aside)))
            }
            Err(error) => Err(error),
        }
    }

    /// Sets the damaged file aside and opens a new one. No connection to it may be open.
    pub fn replace(
        &self,
        reason: String,
        now: Timestamp,
    ) -> Result<(Connection, SetAside), HistoryError> {
        let path = self.set_aside(now)?;
        self.create()?;
        let connection = self.open_existing()?;
        Ok((connection, SetAside { path, reason }))
    }

    fn open_existing(&self) -> Result<Connection, HistoryError> {
        let size = fs::metadata(&self.path)
            .map_err(|error| HistoryError::file("read", &self.path, error))?
            .len();
        if size == 0 {
            // A new file gets its name when it is complete, so an empty one has lost something.
            return Err(HistoryError::Damaged("the file is empty".into()));
        }
        let mut connection = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        check(&connection, &self.path).inspect_err(|_| leave_as_it_is(&connection))?;
        schema::migrate(&mut connection, schema::STEPS)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        // Without this a sync on macOS stops at the drive's own cache. Other systems ignore it.
        connection.pragma_update(None, "fullfsync", true)?;
        // After a long read the log is cut back to this size instead of staying large for ever.
        connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
        Ok(connection)
    }

    /// Makes a complete new file under another name and then gives it its own, so that a kill in
    /// between leaves no half-made history.
    fn create(&self) -> Result<(), HistoryError> {
        let new = with_suffix(&self.path, ".new");
        for leftover in [&new, &with_suffix(&new, "-journal")] {
            match fs::remove_file(leftover) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(HistoryError::file("remove", leftover, error));
                }
                _ => {}
            }
        }
        private_file(&new)?;
        let mut connection = connect(&new, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        schema::migrate(&mut connection, schema::STEPS)?;
        drop(connection);
        fs::rename(&new, &self.path).map_err(|e| HistoryError::file("create", &self.path, e))?;
        sync_directory(&self.path)
    }

    fn set_aside(&self, now: Timestamp) -> Result<PathBuf, HistoryError> {
        let stamp = now.format(".damaged-%Y%m%dT%H%M%SZ");
        let mut aside = with_suffix(&self.path, &stamp.to_string());
        let mut number = 1;
        while aside.exists() || with_suffix(&aside, "-wal").exists() {
            number += 1;
            aside = with_suffix(&self.path, &format!("{stamp}-{number}"));
        }
        // The log keeps its suffix, so that the pair can still be examined as one database.
        for suffix in ["-wal", "-shm", ""] {
            let from = with_suffix(&self.path, suffix);
            if from.exists() {
                fs::rename(&from, with_suffix(&aside, suffix))
                    .map_err(|error| HistoryError::file("set aside", &from, error))?;
            }
        }
        sync_directory(&self.path)?;
        Ok(aside)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // A child process that is just being started may share the open lock file for a moment,
        // and closing our side alone would leave it locked as long.
        let _ = self.lock.unlock();
    }
}

/// Opens a history for reading only, also while another process writes it.
///
/// # Errors
/// `Missing`, `Newer`, `Older`, `Foreign`, `Damaged`; nothing is ever changed.
pub(super) fn open_read_only(path: &Path) -> Result<Connection, HistoryError> {
    if !path.exists() {
        return Err(HistoryError::Missing {
            path: path.to_owned(),
        });
    }
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    if check(&connection, path)? < schema::newest() {
        return Err(HistoryError::Older {
            path: path.to_owned(),
        });
    }
    Ok(connection)
}

/// Lets go of a damaged database without writing its log back into it.
pub(super) fn leave_as_it_is(connection: &Connection) {
    // Where this fails the file was not a database at all, and nothing will be written back.
    let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
}

/// Creates an empty file that only its owner can read.
pub(super) fn private_file(path: &Path) -> Result<File, HistoryError> {
    private()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(|error| HistoryError::file("create", path, error))
}

/// Makes a rename last over a power cut.
pub(super) fn sync_directory(file: &Path) -> Result<(), HistoryError> {
    let parent = parent(file);
    // Only Unix can open a directory, and only there is it needed.
    if cfg!(unix) {
        File::open(parent)
            .and_then(|directory| directory.sync_all())
            .map_err(|error| HistoryError::file("write", parent, error))?;
    }
    Ok(())
}

/// `path` with something appended to its file name.
pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

fn check(connection: &Connection, path: &Path) -> Result<i64, HistoryError> {
    let path = path.to_owned();
    let stamp = schema::stamp(connection)?;
    if stamp.application_id != schema::APPLICATION_ID {
        Err(HistoryError::Foreign { path })
    } else if stamp.version > schema::newest() {
        Err(HistoryError::Newer {
            path,
            found: stamp.version,
            known: schema::newest(),
        })
    } else {
        Ok(stamp.version)
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, HistoryError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // A reader and a writer meet only while the log is opened or put away.
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Makes the directory and resolves links, so that two names of one file share one lock.
fn settle(path: &Path) -> Result<PathBuf, HistoryError> {
    let parent = parent(path);
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(parent)
        .map_err(|error| HistoryError::file("create", parent, error))?;
    let real = if path.exists() {
        path.canonicalize()
    } else {
        parent
            .canonicalize()
            .map(|parent| parent.join(path.file_name().unwrap_or_default()))
    };
    let real = real.map_err(|error| HistoryError::file("open", path, error))?;
    if real.is_dir() {
        let error = io::Error::from(io::ErrorKind::IsADirectory);
        return Err(HistoryError::file("open", path, error));
    }
    if real.exists() && !real.is_file() {
        // A device or a pipe would be moved out of the way as a damaged history.
        return Err(HistoryError::Foreign { path: real });
    }
    Ok(real)
}

/// Whether a damaged file at this place would be a history: it is named like a database, or its
/// lock tells that a history was written here. A mistyped path must not cost a file of another
/// program its name.
fn is_ours(path: &Path) -> bool {
    let named = path.extension().is_some_and(|end| {
        ["db", "sqlite", "sqlite3"]
            .iter()
            .any(|known| end.eq_ignore_ascii_case(known))
    });
    named || !path.exists() || with_suffix(path, ".lock").exists()
}

/// Whether a file begins as every database does.
fn is_database(path: &Path) -> bool {
    let mut header = [0; 16];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    read.is_ok() && header == *b"SQLite format 3\0"
}

/// Takes the lock beside the file. The system releases it when the process ends, however it ends.
fn lock(path: &Path) -> Result<File, HistoryError> {
    let name = with_suffix(path, ".lock");
    let refused = |error| HistoryError::file("lock", &name, error);
    let mut file = private()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&name)
        .map_err(refused)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let pid = file.read_to_string(&mut text).ok();
            return Err(HistoryError::InUse {
                path: path.to_owned(),
                pid: pid.and_then(|_| text.trim().parse().ok()),
            });
        }
        Err(TryLockError::Error(error)) => return Err(refused(error)),
    }
    // The number is a courtesy to whoever is refused; a full disk must not keep the history shut.
    let _ = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(file)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn parent(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}
