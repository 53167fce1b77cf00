//! One poll, with the fewest requests: two where nothing special happens.

use chrono::TimeDelta;

use super::SmartNow;
use super::client::Part;
use super::cursor::{Cursor, Sweep};
use super::decode::{Event, Listed, Page, Sale};
use super::open_events::SINGLY;
use super::request::{Filter, PAGE};
use crate::config::endpoint::Endpoint;
use crate::model::Timestamp;
use crate::model::attempt::{Ask, Delivery, ErrorKind, Outcome, SourceError};
use crate::model::device::{Detail, DeviceId};
use crate::model::reading::{Currency, Measure, Reading};

/// Pages of growing tables in one poll.
const PAGES: u32 = 5;

/// The same for the first poll, which reads the whole day.
const FIRST_PAGES: u32 = 60;

/// After a longer absence, only so much is read back.
const LONGEST_ABSENCE: TimeDelta = TimeDelta::days(35);

/// What a poll has brought so far.
#[derive(Debug)]
pub(super) struct Catch {
    now: Timestamp,
    delivery: Delivery,
    error: Option<SourceError>,
    /// Something was answered as it should be.
    answered: bool,
    /// Pages of growing tables that may still be read.
    pages: u32,
    /// When the server learned of the newest row of the last page.
    read_to: Option<Timestamp>,
}

impl Catch {
    fn new(now: Timestamp, pages: u32) -> Self {
        Self {
            now,
            delivery: Delivery::default(),
            error: None,
            answered: false,
            pages,
            read_to: None,
        }
    }

    /// Takes note of how a step ended; false when the next steps would only fail in the same way.
    fn goes_on(&mut self, step: Result<(), SourceError>) -> bool {
        let Err(error) = step else { return true };
        let only_here = is_only_here(&error);
        self.error.get_or_insert(error);
        only_here
    }

    fn count<T>(&mut self, page: &Page<T>) {
        let count = |rows: usize| u32::try_from(rows).unwrap_or(u32::MAX);
        self.delivery.rows += count(page.rows.len());
        self.delivery.rejected += count(page.rejected());
        self.answered = true;
    }

    /// Says that more waits than a poll may read, and how far it is.
    fn behind(&mut self, what: &str) {
        let read_to = self.read_to.map_or_else(String::new, |at| {
            format!("; those until {} are read", at.format("%Y-%m-%d %H:%MZ"))
        });
        let sentence = format!("catching up: {what}{read_to}");
        self.delivery.notes.push(sentence);
    }
}

impl SmartNow {
    /// Reads the account once.
    pub(super) async fn read(&mut self, ask: &Ask) -> Outcome {
        self.client.begin();
        let first = self.sales.is_none() || self.events.is_none();
        let mut catch = Catch::new(ask.now, if first { FIRST_PAGES } else { PAGES });
        self.restore(ask);
        self.steps(ask, &mut catch).await;
        self.outcome(catch)
    }

    /// The steps of a poll, until one fails in a way that the others would too.
    async fn steps(&mut self, ask: &Ask, catch: &mut Catch) {
        if self.fleet.is_due(ask.now) {
            let listed = self.list(catch).await;
            if !catch.goes_on(listed) {
                return;
            }
        }
        let sales = self.follow_sales(ask, catch).await;
        if !catch.goes_on(sales) {
            return;
        }
        let events = self.follow_events(ask, catch).await;
        if !catch.goes_on(events) {
            return;
        }
        let swept = self.sweep(catch).await;
        if !catch.goes_on(swept) {
            return;
        }
        let resolved = self.ask_again(catch).await;
        if !catch.goes_on(resolved) {
            return;
        }
        // A row of this poll may have named a machine that the list does not have yet.
        if self.fleet.is_listed() && self.fleet.is_due(ask.now) {
            let listed = self.list(catch).await;
            catch.goes_on(listed);
        }
    }

    /// Takes up the open events that an earlier run knew.
    fn restore(&mut self, ask: &Ask) {
        if std::mem::replace(&mut self.restored, true) {
            return;
        }
        for (device, facts) in &ask.known {
            if let Detail::Machine { open_events, .. } = &facts.detail
                && let Ok(machine) = device.local().parse()
            {
                self.open.restore(machine, open_events);
            }
        }
    }

    async fn list(&mut self, catch: &mut Catch) -> Result<(), SourceError> {
        let locations = self.client.list(&self.endpoints.location).await;
        if let Err(error) = &locations
            && !is_only_here(error)
        {
            return Err(error.clone());
        }
        let machines = self.client.list(&self.endpoints.machine).await?;
        catch.count(&machines);
        self.fleet.take_machines(machines.rows, catch.now);
        let locations = locations.inspect_err(|_| self.fleet.expire())?;
        catch.count(&locations);
        self.fleet.take_locations(locations.rows);
        Ok(())
    }

    async fn follow_sales(&mut self, ask: &Ask, catch: &mut Catch) -> Result<(), SourceError> {
        let endpoint = self.endpoints.sales.clone();
        let Some(mut cursor) = self.sales else {
            let listed = self.fleet.newest().0;
            self.sales = Some(self.place::<Sale>(&endpoint, listed, catch).await?);
            self.sale_sweeps.push_back(Sweep::since(backfill_from(ask)));
            return Ok(());
        };
        let mut part = cursor.start();
        // One page is left for the events.
        while catch.pages > 1 {
            let page = self.page::<Sale>(&endpoint, part, catch).await?;
            cursor.read(page.last_id(), page.is_cut());
            self.sales = Some(cursor);
            self.take_sales(&page.rows, catch);
            part = cursor.start();
            if !cursor.is_behind() {
                return Ok(());
            }
        }
        catch.behind("more sales wait than one poll reads");
        Ok(())
    }

    async fn follow_events(&mut self, ask: &Ask, catch: &mut Catch) -> Result<(), SourceError> {
        let endpoint = self.endpoints.events.clone();
        let Some(mut cursor) = self.events else {
            let listed = self.fleet.newest().1;
            let placed = self.place::<Event>(&endpoint, listed, catch).await?;
            self.find_offline(&endpoint, catch).await?;
            self.events = Some(placed);
            // What happened while the program was away; a first start needs no more than what is
            // offline now.
            if ask.horizon.is_some() {
                self.event_sweeps
                    .push_back(Sweep::since(backfill_from(ask)));
            }
            return Ok(());
        };
        let mut part = cursor.start();
        while catch.pages > 0 {
            let page = self.page::<Event>(&endpoint, part, catch).await?;
            cursor.read(page.last_id(), page.is_cut());
            self.events = Some(cursor);
            self.take_events(&page.rows, catch.now);
            part = cursor.start();
            if !cursor.is_behind() {
                return Ok(());
            }
        }
        catch.behind("more events wait than one poll reads");
        Ok(())
    }

    /// Places a cursor behind the newest row. The list of machines names newest rows too, which
    /// helps where a server ignores `sort` and gives the oldest row of all.
    async fn place<T: Listed>(
        &mut self,
        endpoint: &Endpoint,
        listed: Option<i64>,
        catch: &mut Catch,
    ) -> Result<Cursor, SourceError> {
        let page: Page<T> = self.client.newest(endpoint, &Filter::default(), 1).await?;
        catch.count(&page);
        let newest = page.last_id().max(listed).unwrap_or(0);
        Ok(Cursor::at(newest))
    }

    /// Finds machines that are offline already.
    async fn find_offline(
        &mut self,
        endpoint: &Endpoint,
        catch: &mut Catch,
    ) -> Result<(), SourceError> {
        for code in self.open.offline_codes().to_vec() {
            let filter = Filter::code(&code);
            let page: Page<Event> = self.client.newest(endpoint, &filter, PAGE).await?;
            catch.count(&page);
            let events = page.rows.into_iter();
            // A server may ignore the filter.
            let offline: Vec<_> = events
                .filter(|event| self.open.tells_offline(&event.code))
                .collect();
            self.take_events(&offline, catch.now);
        }
        Ok(())
    }

    /// Reads on in the parts that are read once.
    async fn sweep(&mut self, catch: &mut Catch) -> Result<(), SourceError> {
        if let Some(sweep) = self.nightly.due(self.fleet.zone(), catch.now) {
            self.sale_sweeps.push_back(sweep);
        }
        let endpoint = self.endpoints.events.clone();
        while let Some(mut sweep) = self
            .event_sweeps
            .front()
            .copied()
            .filter(|_| catch.pages > 0)
        {
            let page = self.page::<Event>(&endpoint, sweep.part(), catch).await?;
            self.take_events(&page.rows, catch.now);
            sweep.read(page.last_id());
            self.event_sweeps.pop_front();
            if page.is_cut() {
                self.event_sweeps.push_front(sweep);
            }
        }
        let endpoint = self.endpoints.sales.clone();
        while let Some(mut sweep) = self
            .sale_sweeps
            .front()
            .copied()
            .filter(|_| catch.pages > 0)
        {
            let page = self.page::<Sale>(&endpoint, sweep.part(), catch).await?;
            self.take_sales(&page.rows, catch);
            sweep.read(page.last_id());
            self.sale_sweeps.pop_front();
            if page.is_cut() {
                self.sale_sweeps.push_front(sweep);
            }
        }
        if !self.sale_sweeps.is_empty() || !self.event_sweeps.is_empty() {
            catch.behind("earlier rows are still being read");
        }
        Ok(())
    }

    async fn page<T: Listed>(
        &mut self,
        endpoint: &Endpoint,
        part: Part,
        catch: &mut Catch,
    ) -> Result<Page<T>, SourceError> {
        catch.pages = catch.pages.saturating_sub(1);
        let page = self.client.page::<T>(endpoint, part).await?;
        catch.read_to = page.rows.iter().filter_map(T::created).max();
        catch.count(&page);
        Ok(page)
    }

    /// Asks for the open events again, by a list of ids where the server can do that.
    async fn ask_again(&mut self, catch: &mut Catch) -> Result<(), SourceError> {
        let endpoint = self.endpoints.events.clone();
        let mut ids = self.open.due(catch.now);
        if ids.is_empty() {
            return Ok(());
        }
        if !self.open.one_by_one {
            match self.client.events(&endpoint, &ids).await? {
                Some(page) => {
                    catch.count(&page);
                    self.take_events(&page.rows, catch.now);
                    // Those left out may be gone, or the server read only a part of the list.
                    ids.retain(|id| !page.ids.contains(id));
                }
                None => self.open.one_by_one = true,
            }
        }
        for id in ids.into_iter().take(SINGLY) {
            self.open.asked(id, catch.now);
            match self.client.event(&endpoint, id).await? {
                Some(event) => self.take_events(&[event], catch.now),
                None => self.open.forget(id),
            }
            catch.answered = true;
        }
        Ok(())
    }

    fn take_sales(&mut self, sales: &[Sale], catch: &mut Catch) {
        for sale in sales {
            self.fleet
                .mention(sale.machine, sale.location, sale.created);
            catch.delivery.readings.push(reading(&self.name, sale));
        }
    }

    fn take_events(&mut self, events: &[Event], now: Timestamp) {
        for event in events {
            self.fleet
                .mention(event.machine, event.location, event.created);
            self.open.take(event, now);
        }
    }

    fn outcome(&self, catch: Catch) -> Outcome {
        let Catch {
            mut delivery,
            error,
            answered,
            ..
        } = catch;
        delivery.facts = self.fleet.facts(&self.name, &self.open, &self.money_scale);
        delivery.roster = self.fleet.is_listed();
        Outcome {
            delivery: answered.then_some(delivery),
            error,
        }
    }
}

/// Whether other calls may succeed where this one failed. A user may lack the right to read one
/// table; a server that says when to come back means every call.
fn is_only_here(error: &SourceError) -> bool {
    let of_this_call = match error.kind {
        ErrorKind::Http | ErrorKind::Schema | ErrorKind::Config | ErrorKind::Vendor => true,
        ErrorKind::Auth => error.status == Some(403),
        ErrorKind::RateLimited | ErrorKind::Timeout | ErrorKind::Network => false,
    };
    of_this_call && error.retry_at.is_none()
}

/// A sale without a readable currency still counts as one sale.
fn reading(source: &str, sale: &Sale) -> Reading {
    Reading {
        device: DeviceId::new(source, sale.machine),
        start: sale.at,
        span_s: 0,
        item: sale.id,
        measure: Measure::Sale {
            price: sale.price,
            currency: sale.currency.unwrap_or(Currency::UNKNOWN),
        },
    }
}

/// From when on sales are read at a start: the day so far, and what came while the program was
/// away. The horizon may lie a little ahead of what was read, so an hour is added.
fn backfill_from(ask: &Ask) -> Timestamp {
    let seen = ask.horizon.map(|horizon| horizon - TimeDelta::hours(1));
    let from = seen.map_or(ask.since, |seen| seen.min(ask.since));
    from.max(ask.now - LONGEST_ABSENCE)
}
