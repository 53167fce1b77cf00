//! Roll-up: old counts become sums per quarter hour, older ones per hour, and of old levels the
//! last of each stays. Done in steps so short that no poll waits for long; every step is one
//! transaction.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::model::Timestamp;

use super::database::Database;
use super::error::HistoryError;
use super::row::{self, Key};

/// Which readings are rolled up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollUp {
    /// What started before becomes quarter hours.
    pub quarters_before: Timestamp,
    /// What started before becomes hours.
    pub hours_before: Timestamp,
}

/// How long single counts are kept.
const FINE: TimeDelta = TimeDelta::days(90);
/// How long quarter hours are kept.
const QUARTERS: TimeDelta = TimeDelta::days(180);

impl RollUp {
    /// What is due at `now`: single counts are kept 90 days, quarter hours 180 days.
    #[must_use]
    pub fn due(now: Timestamp) -> Self {
        Self {
            quarters_before: now - FINE,
            hours_before: now - QUARTERS,
        }
    }

    /// The passes, the coarsest first: length of a cell, and up to where.
    pub(super) fn passes(self) -> [(Cell, Timestamp); 2] {
        [
            (Cell::HOUR, self.hours_before),
            (Cell::QUARTER, self.quarters_before),
        ]
    }
}

/// How much was rolled up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RolledUp {
    /// Readings that went.
    pub readings: usize,
    /// Sums that stand for them.
    pub sums: usize,
}

impl std::ops::AddAssign for RolledUp {
    fn add_assign(&mut self, step: Self) {
        self.readings += step.readings;
        self.sums += step.sums;
    }
}

/// A length to which readings are rolled up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cell(i64);

impl Cell {
    const QUARTER: Self = Self(900);
    const HOUR: Self = Self(3600);

    /// The start of the cell that an instant is in.
    fn start(self, at: i64) -> i64 {
        at.div_euclid(self.0) * self.0
    }
}

/// How far the file has been rolled up, by the length of a cell.
#[derive(Debug, Default)]
pub(super) struct Marks(BTreeMap<Cell, i64>);

impl Marks {
    /// Reads them.
    pub fn load(connection: &Connection) -> Result<Self, HistoryError> {
        let mut statement = connection.prepare("SELECT cell_s, before FROM rollup")?;
        let marks = statement.query_map([], |row| Ok((Cell(row.get(0)?), row.get(1)?)))?;
        Ok(Self(marks.collect::<Result<_, _>>()?))
    }

    /// Whether a count of this start and length may be part of a sum already.
    pub fn concern(&self, start: i64, span_s: u32) -> bool {
        self.sums(start, span_s).next().is_some()
    }

    /// Whether a count is part of a sum that the file holds. Its own value is not known any more,
    /// so neither can it be added nor the sum corrected.
    pub fn hold(
        &self,
        connection: &Connection,
        key: Key,
        span_s: u32,
    ) -> Result<bool, HistoryError> {
        let mut find = connection.prepare_cached(
            "SELECT span_s >= ?3 FROM reading \
             WHERE start = ?1 AND device = ?2 AND quantity = 0 AND item = 0",
        )?;
        for cell in self.sums(key.start, span_s) {
            let sum = params![cell.start(key.start), key.device, cell.0];
            if find.query_row(sum, |row| row.get(0)).optional()? == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn sums(&self, start: i64, span_s: u32) -> impl Iterator<Item = Cell> {
        let marks = self.0.iter();
        marks
            .filter(move |(cell, before)| start < **before && i64::from(span_s) < cell.0)
            .map(|(cell, _)| *cell)
    }
}

/// Rows that one step looks at, or one cell where that has more.
const STEP: u32 = 2000;

impl Database {
    /// Rolls up some of what lies before `before`; gives `false` when all of it is done.
    ///
    /// # Errors
    /// `Full`, `Database` and `Damaged`; the step is then undone.
    pub fn roll_up_step(
        &mut self,
        cell: Cell,
        before: Timestamp,
    ) -> Result<(RolledUp, bool), HistoryError> {
        let before = cell.start(before.timestamp());
        // What is coarser already has nothing to give.
        let marks = self.marks.0.range(cell..);
        let done = marks.map(|(_, before)| *before).max().unwrap_or(0);
        if done >= before {
            return Ok((RolledUp::default(), false));
        }
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let range = next_range(&transaction, cell, (done, before))?;
        let mut step = Step::default();
        if let Some((from, to)) = range {
            step = Step::read(&transaction, cell, (from, to))?;
            step.write(&transaction, (from, to))?;
        }
        let mark = range.map_or(before, |(_, to)| to);
        transaction.execute(
            "INSERT OR REPLACE INTO rollup VALUES (?1, ?2)",
            [cell.0, mark],
        )?;
        transaction.commit()?;
        self.marks.0.insert(cell, mark);
        for (device, _, start) in step.newest {
            self.devices.set_newest((device, 0), start);
        }
        let rolled = RolledUp {
            readings: step.gone.len(),
            sums: step.sums.len(),
        };
        Ok((rolled, mark < before))
    }
}

/// The whole cells of the next step: from the first reading on.
fn next_range(
    connection: &Connection,
    cell: Cell,
    (done, before): (i64, i64),
) -> Result<Option<(i64, i64)>, HistoryError> {
    let mut find = connection.prepare_cached(
        "SELECT start FROM reading WHERE start >= ?1 AND start < ?2 \
         ORDER BY start LIMIT 1 OFFSET ?3",
    )?;
    let mut start = |offset: u32| {
        find.query_row((done, before, offset), |row| row.get::<_, i64>(0))
            .optional()
    };
    let Some(first) = start(0)? else {
        return Ok(None);
    };
    let from = cell.start(first);
    let to = start(STEP)?.map_or(before, |start| cell.start(start).max(from + cell.0));
    Ok(Some((from, to)))
}

/// What one step does.
#[derive(Default)]
struct Step {
    /// Rows that go.
    gone: Vec<Key>,
    sums: Vec<(Key, Sum)>,
    /// Devices whose newest count became part of a sum: number, old and new start.
    newest: Vec<(i64, i64, i64)>,
}

/// Counts of one device in one cell.
#[derive(Default)]
struct Sum {
    entered: i64,
    left: i64,
    span_s: i64,
    covered_s: i64,
    fetched: i64,
    revised: bool,
    parts: Vec<Key>,
}

impl Step {
    fn read(
        connection: &Connection,
        cell: Cell,
        (from, to): (i64, i64),
    ) -> Result<Self, HistoryError> {
        let mut statement = connection.prepare_cached(
            "SELECT start, device, quantity, item, span_s, value, out, fetched, revised, \
             covered_s FROM reading WHERE start >= ?1 AND start < ?2 AND quantity BETWEEN 0 AND 5 \
             ORDER BY start, device, quantity, item",
        )?;
        let mut rows = statement.query([from, to])?;
        let mut step = Self::default();
        let mut sums: BTreeMap<(i64, i64), Sum> = BTreeMap::new();
        let mut levels: BTreeMap<(i64, i64, i64), Key> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let key = Key::read(row, 0)?;
            let at = cell.start(key.start);
            if key.quantity != row::FLOW {
                let last = levels.insert((at, key.device, key.quantity), key);
                step.gone.extend(last);
                continue;
            }
            let span_s: i64 = row.get(4)?;
            let sum = sums.entry((at, key.device)).or_default();
            sum.entered += row.get::<_, i64>(5)?;
            sum.left += row.get::<_, i64>(6)?;
            sum.span_s = sum.span_s.max(span_s);
            sum.covered_s += row.get::<_, Option<i64>>(9)?.unwrap_or(span_s);
            sum.fetched = sum.fetched.max(row.get(7)?);
            sum.revised |= row.get::<_, bool>(8)?;
            sum.parts.push(key);
        }
        for ((start, device), sum) in sums {
            step.add(cell, (start, device), sum);
        }
        Ok(step)
    }

    fn add(&mut self, cell: Cell, (start, device): (i64, i64), mut sum: Sum) {
        let coarse = sum.parts.len() == 1 && sum.span_s >= cell.0;
        // A sum that a row cannot hold is never made: exact or not at all.
        let fits = [sum.entered, sum.left].map(|people| u32::try_from(people).is_ok());
        if coarse || fits != [true, true] {
            return;
        }
        sum.span_s = sum.span_s.max(cell.0);
        sum.covered_s = sum.covered_s.min(sum.span_s);
        self.gone.append(&mut sum.parts.clone());
        if let Some(last) = sum.parts.last() {
            self.newest.push((device, last.start, start));
        }
        let key = Key {
            start,
            device,
            quantity: row::FLOW,
            item: 0,
        };
        self.sums.push((key, sum));
    }

    fn write(
        &mut self,
        connection: &Connection,
        (from, to): (i64, i64),
    ) -> Result<(), HistoryError> {
        let mut delete = connection.prepare_cached(
            "DELETE FROM reading \
             WHERE start = ?1 AND device = ?2 AND quantity = ?3 AND item = ?4",
        )?;
        let mut forget = connection.prepare_cached(
            "DELETE FROM level WHERE device = ?1 AND quantity = ?2 AND start = ?3",
        )?;
        for key in &self.gone {
            delete.execute((key.start, key.device, key.quantity, key.item))?;
            if row::LASTING_LEVELS.contains(&key.quantity) {
                forget.execute((key.device, key.quantity, key.start))?;
            }
        }
        // What was corrected is not there any more; that it was stays with the sum.
        connection
            .prepare_cached(
                "DELETE FROM revision WHERE start >= ?1 AND start < ?2 AND quantity <= 5 \
                 AND NOT EXISTS (SELECT 1 FROM reading AS kept \
                 WHERE kept.start = revision.start AND kept.device = revision.device \
                 AND kept.quantity = revision.quantity AND kept.item = revision.item)",
            )?
            .execute([from, to])?;
        let mut insert = connection
            .prepare_cached("INSERT INTO reading VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9)")?;
        for (key, sum) in &self.sums {
            let covered_s = Some(sum.covered_s).filter(|covered_s| *covered_s < sum.span_s);
            insert.execute(params![
                key.start,
                key.device,
                key.quantity,
                sum.span_s,
                sum.entered,
                sum.left,
                sum.fetched,
                sum.revised,
                covered_s,
            ])?;
        }
        self.move_newest(connection)
    }

    /// The newest instant of a device that fell silent must lead to a row that exists.
    fn move_newest(&mut self, connection: &Connection) -> Result<(), HistoryError> {
        let mut moved = connection.prepare_cached(
            "UPDATE newest SET start = ?3 WHERE device = ?1 AND quantity = 0 AND start = ?2",
        )?;
        let mut kept = Vec::new();
        for newest in self.newest.drain(..) {
            if moved.execute(newest)? > 0 {
                kept.push(newest);
            }
        }
        self.newest = kept;
        Ok(())
    }
}
