//! Readings from CSV: every mistake names its line, its column and the fix.

use std::collections::HashMap;
use std::io::Read;

use chrono::DateTime;
use csv::StringRecord;

use crate::commands::UsageError;
use crate::model::reading::Flow;

const REQUIRED: [&str; 6] = ["store", "door", "start", "span_s", "in", "out"];
const DELIVERED: &str = "delivered";
/// The longest interval that can be told from a mistake, in seconds.
const LONGEST_S: u32 = 24 * 60 * 60;

/// What a file holds.
#[derive(Debug, Default)]
pub struct Rows {
    /// Stores in the order of their first row.
    pub stores: Vec<StoreRows>,
    /// Rows in file order.
    pub rows: Vec<Row>,
}

/// A store of the file.
#[derive(Debug)]
pub struct StoreRows {
    /// Its name.
    pub name: String,
    /// Its doors in the order of their first row.
    pub doors: Vec<DoorRows>,
}

/// A door of a store.
#[derive(Debug)]
pub struct DoorRows {
    /// Its name.
    pub name: String,
    /// Its earliest start, in Unix seconds.
    pub first: i64,
}

/// One reading. Small, because a year of minutes is held at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Index of its store.
    pub store: u32,
    /// Index of its door within the store.
    pub door: u32,
    /// Start in Unix seconds.
    pub start: i64,
    /// Length in seconds.
    pub span_s: u32,
    /// Who crossed.
    pub flow: Flow,
    /// When it became known, in Unix seconds.
    pub delivered: i64,
}

/// Reads all rows of a CSV file called `name`.
///
/// # Errors
/// The first mistake, with line, column and fix.
pub fn read(input: impl Read, name: &str) -> Result<Rows, UsageError> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .buffer_capacity(1 << 16)
        .from_reader(input);
    let columns = Columns::of(reader.headers().map_err(|fault| broken(name, &fault))?)
        .map_err(|message| UsageError(format!("{name}, line 1: {message}")))?;
    let mut rows = Rows::default();
    let mut names = Names::default();
    let mut record = StringRecord::new();
    while reader
        .read_record(&mut record)
        .map_err(|fault| broken(name, &fault))?
    {
        let row =
            columns
                .row(&record, &mut names, &mut rows.stores)
                .map_err(|(column, message)| {
                    let line = record.position().map_or(0, csv::Position::line);
                    UsageError(format!("{name}, line {line}, column {column}: {message}"))
                })?;
        rows.rows.push(row);
    }
    Ok(rows)
}

/// A mistake: the column, and what is wrong with it and how to put it right.
type Mistake = (&'static str, String);

/// Where each column is.
struct Columns {
    required: [usize; 6],
    delivered: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, String> {
        let find = |wanted: &str| {
            let mut names = header.iter();
            names.position(|name| name.trim_start_matches('\u{feff}') == wanted)
        };
        let mut required = [0; 6];
        for (at, wanted) in required.iter_mut().zip(REQUIRED) {
            *at = find(wanted).ok_or_else(|| {
                format!(
                    "column {wanted} is missing; begin the file with {},{DELIVERED} \
                     (the last one may be left out)",
                    REQUIRED.join(",")
                )
            })?;
        }
        Ok(Self {
            required,
            delivered: find(DELIVERED),
        })
    }

    fn row(
        &self,
        record: &StringRecord,
        names: &mut Names,
        stores: &mut Vec<StoreRows>,
    ) -> Result<Row, Mistake> {
        let field = |index: usize| {
            record
                .get(self.required[index])
                .filter(|text| !text.is_empty())
                .ok_or_else(|| (REQUIRED[index], "is empty; every row needs it".to_owned()))
        };
        let start = instant("start", field(2)?)?;
        let span_s = number("span_s", field(3)?)?;
        if !(1..=LONGEST_S).contains(&span_s) {
            let message = format!("{span_s} is not between 1 and {LONGEST_S} seconds");
            return Err(("span_s", message));
        }
        let flow = Flow {
            entered: number("in", field(4)?)?,
            left: number("out", field(5)?)?,
        };
        let delivered = self.delivered.and_then(|column| record.get(column));
        let delivered = match delivered.filter(|text| !text.is_empty()) {
            Some(text) => instant(DELIVERED, text)?,
            None => start + i64::from(span_s),
        };
        if delivered < start {
            let message = "lies before start; a row cannot be known before it begins".to_owned();
            return Err((DELIVERED, message));
        }
        let (store, door) = names.find(field(0)?, field(1)?, start, stores);
        Ok(Row {
            store,
            door,
            start,
            span_s,
            flow,
            delivered,
        })
    }
}

/// Indices of the names seen so far.
#[derive(Default)]
struct Names {
    stores: HashMap<String, u32>,
    /// By store.
    doors: Vec<HashMap<String, u32>>,
}

impl Names {
    fn find(
        &mut self,
        store: &str,
        door: &str,
        start: i64,
        stores: &mut Vec<StoreRows>,
    ) -> (u32, u32) {
        let store_at = index(&mut self.stores, store);
        if store_at as usize == stores.len() {
            stores.push(StoreRows {
                name: store.to_owned(),
                doors: Vec::new(),
            });
            self.doors.push(HashMap::new());
        }
        let doors = &mut stores[store_at as usize].doors;
        let door_at = index(&mut self.doors[store_at as usize], door);
        match doors.get_mut(door_at as usize) {
            Some(known) => known.first = known.first.min(start),
            None => doors.push(DoorRows {
                name: door.to_owned(),
                first: start,
            }),
        }
        (store_at, door_at)
    }
}

/// The index of a name; a new one comes last.
fn index(names: &mut HashMap<String, u32>, name: &str) -> u32 {
    if let Some(index) = names.get(name) {
        return *index;
    }
    let index = u32::try_from(names.len()).unwrap_or(u32::MAX);
    names.insert(name.to_owned(), index);
    index
}

fn instant(column: &'static str, text: &str) -> Result<i64, Mistake> {
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.timestamp())
        .map_err(|_| {
            let fix = "write RFC 3339 with an offset, for example 2026-03-02T08:15:00Z";
            (column, format!("{text:?} is not an instant; {fix}"))
        })
}

fn number(column: &'static str, text: &str) -> Result<u32, Mistake> {
    text.parse().map_err(|_| {
        let fix = "write a whole number from 0 up, in digits";
        (column, format!("{text:?} is not a number; {fix}"))
    })
}

fn broken(name: &str, fault: &csv::Error) -> UsageError {
    let place = fault.position().map_or_else(String::new, |position| {
        format!(", line {}", position.line())
    });
    let message = match fault.kind() {
        csv::ErrorKind::Utf8 { .. } => "is not UTF-8 text; save the file as UTF-8".to_owned(),
        csv::ErrorKind::Io(fault) => format!("cannot be read: {fault}"),
        _ => fault.to_string(),
    };
    UsageError(format!("{name}{place}: {message}"))
}
