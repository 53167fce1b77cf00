//! What is read behind the live calls: the day so far at a first start, what came while the program
//! was away, and each day once more in the following night.

use std::collections::{BTreeMap, VecDeque};

use chrono::TimeDelta;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::client::Part;
use super::cursor::Cursor;
use super::decode::{Event, Listed, Page, Sale};
use super::poll::{Catch, is_only_here};
use super::{POLL_S, SmartNow};
use crate::model::Timestamp;
use crate::model::attempt::{Ask, SourceError};
use crate::model::calendar::{first_instant, local_midnight};
use crate::model::reading::Currency;

/// What came longer ago is not read.
const LONGEST_ABSENCE: TimeDelta = TimeDelta::days(35);

/// Rows are found by the server's clock, which may differ from ours.
const MARGIN: TimeDelta = TimeDelta::hours(1);

/// Requests an hour beside those of the tables: lists, open events, log-ins, pages of a busy hour.
const SPARE: u32 = 20;

/// What the first poll of a run is taken to need for the newest rows, at most, in pages.
const FIRST_LIVE: u32 = 4;

/// How far the account has been read. A restart goes on from here.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    pub sales: Option<Cursor>,
    pub events: Option<Cursor>,
    /// What is to be read behind the live calls, what comes first in front.
    pub sweeps: VecDeque<Sweep>,
    pub nightly: Nightly,
    /// The newest sale without a readable price, by its currency.
    #[serde(default)]
    pub unpriced: BTreeMap<String, Timestamp>,
}

/// A growing table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Table {
    Sales,
    Events,
}

/// A part of a table that is read once, by the time at which the server learned of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sweep {
    table: Table,
    part: Part,
    /// All that the server learned of before this is read.
    read_to: Timestamp,
    /// The rest is for the cursor.
    to: Timestamp,
    /// It has been read before.
    again: bool,
}

impl SmartNow {
    /// Reads on behind the live calls, as far as the budget and a poll allow.
    pub(super) async fn sweep(&mut self, catch: &mut Catch) -> Result<(), SourceError> {
        self.progress.sweep_at_night(self.fleet.zone(), catch.now);
        while let Some(sweep) = self.progress.sweeps.front().copied() {
            if catch.pages == 0 || !self.affords_more(catch) {
                break;
            }
            if let Err(error) = self.sweep_page(sweep, catch).await {
                if is_only_here(&error) {
                    // What cannot be read must not stand in the way of the rest.
                    self.progress.sweeps.rotate_left(1);
                }
                return Err(error);
            }
        }
        Ok(())
    }

    async fn sweep_page(&mut self, mut sweep: Sweep, catch: &mut Catch) -> Result<(), SourceError> {
        let part = sweep.part();
        let read = match sweep.table {
            Table::Sales => {
                let endpoint = self.endpoints.sales.clone();
                let page = self.page::<Sale>(&endpoint, part, catch).await?;
                self.take_sales(&page.rows, catch);
                Read::of(&page)
            }
            Table::Events => {
                let endpoint = self.endpoints.events.clone();
                let page = self.page::<Event>(&endpoint, part, catch).await?;
                self.take_events(&page.rows, catch.now);
                Read::of(&page)
            }
        };
        self.progress.saw(sweep.table, &read.ids);
        self.progress.sweeps.pop_front();
        if read.cut {
            sweep.read(&read);
            self.progress.sweeps.push_front(sweep);
        }
        Ok(())
    }

    fn affords_more(&self, catch: &Catch) -> bool {
        let every_s = self.cadence.every_s.unwrap_or(POLL_S);
        // The first poll of a run has the whole overlap to read, the next ones what is missing.
        let most = if catch.first { FIRST_LIVE } else { u32::MAX };
        let budget = self.client.transport().budget();
        affords(budget, catch.live.min(most), every_s)
    }
}

/// What a page tells of how far a table has been read.
struct Read {
    ids: Vec<i64>,
    cut: bool,
    /// When the server learned of its newest row.
    newest: Option<Timestamp>,
}

impl Read {
    fn of<T: Listed>(page: &Page<T>) -> Self {
        Self {
            ids: page.ids.clone(),
            // Without ids there is no reading on.
            cut: page.is_cut() && !page.ids.is_empty(),
            newest: page.rows.iter().filter_map(T::created).max(),
        }
    }
}

impl Progress {
    /// From when on rows are to be read that the new cursor of a table does not give: the day so
    /// far at a first start, else what came while the program was away. `before` is when an earlier
    /// cursor had read all.
    pub fn since(before: Option<Timestamp>, ask: &Ask) -> Timestamp {
        // Without a cursor only the newest sale tells how far an earlier release has read.
        let horizon = ask.horizon.map(|horizon| (horizon - MARGIN).min(ask.since));
        let from = before.map(|before| before - MARGIN).or(horizon);
        from.unwrap_or(ask.since).max(ask.now - LONGEST_ABSENCE)
    }

    /// Plans to read sales from an instant on: first those of the running day, which are shown.
    pub fn sweep_sales(&mut self, from: Timestamp, ask: &Ask) {
        let today = from.max(ask.since);
        if from < today {
            let earlier = Sweep::over(Table::Sales, from, Some(today), ask.now);
            self.sweeps.push_back(earlier);
        }
        let today = Sweep::over(Table::Sales, today, None, ask.now);
        self.sweeps.push_front(today);
    }

    /// Plans to read events from an instant on, next after the sales of the running day.
    pub fn sweep_events(&mut self, from: Timestamp, ask: &Ask) {
        let events = Sweep::over(Table::Events, from, None, ask.now);
        self.sweeps.insert(self.sweeps.len().min(1), events);
    }

    /// Plans to read the day before once more, when its night has come.
    pub fn sweep_at_night(&mut self, zone: Tz, now: Timestamp) {
        self.sweeps.extend(self.nightly.due(zone, now));
    }

    /// The stretch from which sales may be missing, by when the server learned of them.
    pub fn unread(&self, ask: &Ask) -> Option<(Timestamp, Timestamp)> {
        if self.sales.is_none() {
            return Some((ask.since, ask.now));
        }
        let sales = |sweep: &&Sweep| sweep.table == Table::Sales && !sweep.again;
        let sweeps = self.sweeps.iter().filter(sales);
        let open = sweeps.filter(|sweep| sweep.read_to < sweep.to);
        let from = open.clone().map(|sweep| sweep.read_to).min()?;
        Some((from, open.map(|sweep| sweep.to).max()?))
    }

    /// Takes note of ids of a table that were read behind the live calls.
    pub fn saw(&mut self, table: Table, ids: &[i64]) {
        let cursor = match table {
            Table::Sales => &mut self.sales,
            Table::Events => &mut self.events,
        };
        if let Some(cursor) = cursor {
            cursor.saw(ids);
        }
    }

    /// Takes note of a sale without a readable price.
    pub fn miss_price(&mut self, currency: Currency, at: Timestamp) {
        let newest = self.unpriced.entry(currency.to_string()).or_insert(at);
        *newest = at.max(*newest);
    }

    /// Says for which currencies takings of the last day are not known.
    pub fn unpriced_note(&mut self, now: Timestamp) -> Option<String> {
        self.unpriced.retain(|_, at| now - *at < TimeDelta::days(1));
        let currencies: Vec<_> = self.unpriced.keys().map(String::as_str).collect();
        let newest = self.unpriced.values().max()?.format("%Y-%m-%d %H:%MZ");
        let currencies = currencies.join(" and ");
        Some(format!(
            "sales without a readable price, the newest of {newest}: takings in {currencies} are \
             not shown for the machines and the day of such a sale"
        ))
    }

    /// Forgets what no poll will go back to.
    pub fn forget(&mut self, overlap: i64) {
        let cursors = [&mut self.sales, &mut self.events];
        for cursor in cursors.into_iter().flatten() {
            cursor.forget(overlap);
        }
    }

    /// How far it is with what is read behind the live calls; `None` when nothing is left.
    pub fn note(&self) -> Option<String> {
        let at = self.sweeps.front()?.read_to;
        let at = at.format("%Y-%m-%d %H:%MZ");
        Some(format!(
            "catching up: earlier rows are still being read; those until {at} are read"
        ))
    }
}

impl Sweep {
    fn over(table: Table, from: Timestamp, to: Option<Timestamp>, now: Timestamp) -> Self {
        Self {
            table,
            part: Part {
                after: 0,
                created: Some((from, to)),
            },
            read_to: from,
            to: to.unwrap_or(now),
            again: false,
        }
    }

    /// What to read next.
    fn part(&self) -> Part {
        self.part
    }

    fn read(&mut self, page: &Read) {
        let last = page.ids.iter().copied().max();
        self.part.after = self.part.after.max(last.unwrap_or(0));
        self.read_to = self.read_to.max(page.newest.unwrap_or(self.read_to));
    }
}

/// Whether one more request may be spent on what is not live, so that the live calls of an hour do
/// not run into our own ceiling. `live` are the pages that a poll needs, `every_s` is its period.
pub(super) fn affords(budget: (u32, u32), live: u32, every_s: u32) -> bool {
    let (used, ceiling) = budget;
    let polls = 3600 / every_s.clamp(1, 3600);
    let reserve = live.max(2).saturating_mul(polls).saturating_add(SPARE);
    // With a low ceiling, or a poll that brings much, something is still left for the past.
    let reserve = reserve.min(ceiling - ceiling / 4);
    ceiling.saturating_sub(used) > reserve
}

/// Reads each day once more in the following night, for rows that came out of order by more than
/// the overlap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Nightly {
    /// The night, by the instant at which it was due, up to which nothing is left to do.
    done: Option<Timestamp>,
}

impl Nightly {
    /// The sweep of the day before, once per night from 03:30 on. None on the night of a first
    /// start, which reads all that is needed.
    fn due(&mut self, zone: Tz, now: Timestamp) -> Option<Sweep> {
        let due = latest_night(zone, now);
        let done = self.done.replace(due)?;
        if done == due {
            return None;
        }
        let today = local_midnight(zone, due);
        let yesterday = local_midnight(zone, today - TimeDelta::hours(1));
        let sweep = Sweep::over(Table::Sales, yesterday, Some(today), now);
        Some(Sweep {
            again: true,
            ..sweep
        })
    }
}

/// The newest 03:30 at or before `now`.
fn latest_night(zone: Tz, now: Timestamp) -> Timestamp {
    let time = chrono::NaiveTime::from_hms_opt(3, 30, 0).unwrap_or_default();
    let date = now.with_timezone(&zone).date_naive();
    let today = first_instant(zone, date, time);
    if today <= now {
        return today;
    }
    date.pred_opt()
        .map_or(today, |yesterday| first_instant(zone, yesterday, time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn live_calls_of_an_hour_are_left() {
        // Two calls every two minutes, and what comes beside them.
        assert!(affords((0, 240), 2, 120) && affords((159, 240), 2, 120));
        assert!(!affords((160, 240), 2, 120));
        // A busy account, and one that is asked more often.
        assert!(!affords((100, 240), 4, 120) && !affords((100, 240), 2, 60));
        // A low ceiling leaves a quarter to the past.
        assert!(affords((14, 60), 2, 120) && !affords((15, 60), 2, 120));
        assert!(!affords((1, 1), 2, 120) && !affords((240, 240), 2, 0));
    }
}
