//! What can go wrong with the history, in a form that callers can branch on.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the history cannot be opened, written or read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Another process writes this history.
    #[error(
        "{} is in use by another occtop{}: close it, or give this one its own `path` under [history]",
        path.display(),
        pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
    )]
    InUse {
        /// The history.
        path: PathBuf,
        /// The other process, where it left its number.
        pid: Option<u32>,
    },
    /// The file was written by a newer release; it was not touched.
    #[error(
        "{} was written by a newer occtop (format {found}, this one knows up to {known}): update \
         occtop, or set another `path` under [history]",
        path.display()
    )]
    Newer {
        /// The history.
        path: PathBuf,
        /// The format of the file.
        found: i64,
        /// The newest format this release knows.
        known: i64,
    },
    /// The file was written by an older release and a reader may not change it.
    #[error(
        "{} was written by an older occtop: start the monitor once, it brings the history up to \
         date",
        path.display()
    )]
    Older {
        /// The history.
        path: PathBuf,
    },
    /// A sound database, but of another program; it was not touched.
    #[error(
        "{} is not a history of occtop: set another `path` under [history]",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// There is no history at this place.
    #[error(
        "there is no history at {}: the monitor begins one when it runs; `path` under [history] \
         says where",
        path.display()
    )]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The disk is full. Nothing was written; a later attempt can succeed.
    #[error("the disk with the history is full")]
    Full,
    /// The file is damaged.
    #[error("the history is damaged: {0}")]
    Damaged(String),
    /// The operating system refused a file operation.
    #[error("cannot {action} {}: {error}", path.display())]
    File {
        /// What was tried, for example `create`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        error: io::Error,
    },
    /// Any other failure of the database. Nothing was written.
    #[error("the history failed: {0}")]
    Database(#[source] rusqlite::Error),
    /// The history was closed.
    #[error("the history is closed")]
    Closed,
}

impl HistoryError {
    /// Whether the file itself is broken, so that trying again is useless.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged(_))
    }

    pub(super) fn file(action: &'static str, path: &Path, error: io::Error) -> Self {
        Self::File {
            action,
            path: path.to_owned(),
            error,
        }
    }
}

impl From<rusqlite::Error> for HistoryError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Database(error),
        }
    }
}
