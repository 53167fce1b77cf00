//! `[history]`: where readings are kept, and how long.

use std::time::Duration;

use super::form::{FilePath, Form, Period, Table};
use super::key::{Group, Key};
use super::section::{Item, Section};
use super::{History, HistoryPath};

pub(super) static HISTORY: Key<Table> = Key::optional(
    "history",
    Table(&KEYS),
    "the defaults below",
    "Where readings are kept.",
);

static KEYS: Group = Group {
    title: "[history]",
    doc: "Where readings are kept, and how long.",
    keys: &[&PATH, &KEEP],
};

const DAY_S: u64 = 24 * 60 * 60;

static PATH: Key<Place> = Key::optional(
    "path",
    Place,
    "`occtop/history.db` in the platform's data directory",
    "File of the history; `\":memory:\"` keeps nothing after the program ends.",
);
static KEEP: Key<Period> = Key::preset(
    "keep",
    Period {
        least: Duration::from_secs(DAY_S),
        most: Duration::from_secs(36_500 * DAY_S),
    },
    "\"400d\"",
    "How long readings are kept.",
);

pub(super) fn read(section: &Section<'_>) -> Option<History> {
    let path = section.get(&PATH);
    let keep = section.get(&KEEP);
    Some(History { path, keep: keep? })
}

/// A file, or the memory.
#[derive(Debug)]
struct Place;

impl Form for Place {
    type Value = HistoryPath;

    fn read(&self, item: &Item<'_>) -> Option<HistoryPath> {
        let help = "write a path in quotes, or \":memory:\"";
        if item.text("a path", help)? == ":memory:" {
            return Some(HistoryPath::Memory);
        }
        FilePath.read(item).map(HistoryPath::File)
    }

    fn words(&self) -> String {
        "path, or \":memory:\"".to_owned()
    }
}
