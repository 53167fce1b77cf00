//! The server's books: sales and events in the order in which they arrived, with their ids.
//!
//! Ids count up within a day of arrival and start higher on the next, so that the id of any row
//! is known without counting all rows before it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use serde_json::Value;

use crate::model::Timestamp;
use crate::simulator::estate::Estate;
use crate::simulator::estate::machines::{Event, Sale};
use crate::simulator::estate::tally::day_number;
use crate::simulator::estate::wall;

use super::{Table, rows};

/// More rows than this do not arrive in a day.
const SALES_A_DAY: i64 = 100_000;
const EVENTS_A_DAY: i64 = 10_000;
/// Days that are remembered.
const DAYS_KEPT: usize = 40;
/// Some rows are written a while after rows with larger ids.
const WRITTEN_LATE: TimeDelta = TimeDelta::seconds(40);
/// How far back the newest row of a machine is looked for, in days.
const LOOK_BACK: usize = 10;

type Memory<T> = Mutex<HashMap<NaiveDate, Arc<Vec<(i64, T)>>>>;

/// The books of an estate.
#[derive(Debug)]
pub struct Ledger {
    estate: Arc<Estate>,
    sales: Memory<Sale>,
    events: Memory<Event>,
}

/// The day of arrival of a row.
pub fn day_of(table: Table, id: i64) -> NaiveDate {
    let days = id.div_euclid(rows_a_day(table)).clamp(0, 20_000);
    NaiveDate::from_ymd_opt(2025, 1, 1).unwrap_or_default() + TimeDelta::days(days)
}

impl Ledger {
    /// The books of an estate.
    pub fn new(estate: Arc<Estate>) -> Self {
        Self {
            estate,
            sales: Memory::default(),
            events: Memory::default(),
        }
    }

    /// Sales that arrived on a day and can be read at `now`, by id.
    pub fn sale_rows(&self, day: NaiveDate, now: Timestamp) -> Vec<Value> {
        let sales = self.sales(day);
        let written = sales
            .iter()
            .filter(|(id, sale)| written(*id, sale.created, now));
        written
            .map(|(id, sale)| rows::sale(&self.estate, *id, sale))
            .collect()
    }

    /// Events that arrived on a day and can be read at `now`, by id.
    pub fn event_rows(&self, day: NaiveDate, now: Timestamp) -> Vec<Value> {
        let events = self.events(day);
        let written = events
            .iter()
            .filter(|(id, event)| written(*id, noticed(event), now));
        written
            .map(|(id, event)| rows::event(&self.estate, *id, event, now))
            .collect()
    }

    /// The id of the newest row of a machine, if it had one lately.
    pub fn newest(&self, table: Table, machine: usize, now: Timestamp) -> Option<i64> {
        let mut day = now.date_naive();
        for _ in 0..LOOK_BACK {
            let found = match table {
                Table::Sales => newest(&self.sales(day), |id, sale| {
                    sale.machine == machine && written(id, sale.created, now)
                }),
                Table::Events => newest(&self.events(day), |id, event| {
                    event.machine == machine && written(id, noticed(event), now)
                }),
            };
            if found.is_some() {
                return found;
            }
            day = day.pred_opt()?;
        }
        None
    }

    fn sales(&self, day: NaiveDate) -> Arc<Vec<(i64, Sale)>> {
        remembered(&self.sales, day, || {
            let sold = |machine, date| self.estate.sales(machine, date);
            let mut sales = self.around(day, sold, |sale| sale.created);
            sales.sort_by_key(|sale| (sale.created, sale.machine, sale.number));
            numbered(Table::Sales, day, sales)
        })
    }

    fn events(&self, day: NaiveDate) -> Arc<Vec<(i64, Event)>> {
        remembered(&self.events, day, || {
            let happened = |machine, date| self.estate.events(machine, date);
            let mut events = self.around(day, happened, noticed);
            events.sort_by_key(|event| (event.at, event.machine));
            numbered(Table::Events, day, events)
        })
    }

    /// What arrived on a UTC day, from all business days that could have caused it.
    fn around<T>(
        &self,
        day: NaiveDate,
        caused: impl Fn(usize, NaiveDate) -> Vec<T>,
        arrived: impl Fn(&T) -> Timestamp,
    ) -> Vec<T> {
        let start = day.and_time(NaiveTime::MIN).and_utc();
        let end = start + TimeDelta::days(1);
        let mut found = Vec::new();
        for (position, machine) in self.estate.machines().iter().enumerate() {
            let zone = self.estate.sites()[machine.site].city.zone;
            // Nothing arrives more than half a day after it happened.
            let first = wall::business_date(zone, start - TimeDelta::hours(12));
            let last = wall::business_date(zone, end);
            for date in first.iter_days().take_while(|date| *date <= last) {
                let all = caused(position, date).into_iter();
                found.extend(all.filter(|one| (start..end).contains(&arrived(one))));
            }
        }
        found
    }
}

/// Events are near-live: the server knows them a second later.
pub fn noticed(event: &Event) -> Timestamp {
    event.at + TimeDelta::seconds(1)
}

fn written(id: i64, created: Timestamp, now: Timestamp) -> bool {
    let delay = if id % 11 == 0 {
        WRITTEN_LATE
    } else {
        TimeDelta::zero()
    };
    created + delay <= now
}

fn newest<T>(rows: &[(i64, T)], wanted: impl Fn(i64, &T) -> bool) -> Option<i64> {
    let mut newest_first = rows.iter().rev();
    newest_first
        .find(|(id, row)| wanted(*id, row))
        .map(|(id, _)| *id)
}

fn numbered<T>(table: Table, day: NaiveDate, rows: Vec<T>) -> Vec<(i64, T)> {
    let first = day_number(day).max(0) * rows_a_day(table) + 1;
    (first..).zip(rows).collect()
}

fn rows_a_day(table: Table) -> i64 {
    match table {
        Table::Sales => SALES_A_DAY,
        Table::Events => EVENTS_A_DAY,
    }
}

fn remembered<T>(
    memory: &Memory<T>,
    day: NaiveDate,
    compute: impl FnOnce() -> Vec<(i64, T)>,
) -> Arc<Vec<(i64, T)>> {
    let lock = || memory.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(rows) = lock().get(&day) {
        return rows.clone();
    }
    let rows = Arc::new(compute());
    let mut days = lock();
    if days.len() >= DAYS_KEPT {
        // Readers follow the newest days; the oldest is missed least.
        let oldest = days.keys().min().copied();
        oldest.map(|oldest| days.remove(&oldest));
    }
    days.insert(day, rows.clone());
    rows
}
