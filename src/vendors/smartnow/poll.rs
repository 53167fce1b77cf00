//! One poll, with the fewest requests: two where nothing special happens.

use super::SmartNow;
use super::catch_up::Progress;
use super::client::Part;
use super::cursor::Cursor;
use super::decode::{Event, Listed, Page, Sale};
use super::open_events::SINGLY;
use super::request::Filter;
use crate::config::endpoint::Endpoint;
use crate::model::Timestamp;
use crate::model::attempt::{Ask, Delivery, ErrorKind, Outcome, SourceError};
use crate::model::device::{Detail, DeviceId};
use crate::model::reading::{Currency, Measure, Reading};

/// Pages of growing tables in one poll.
const PAGES: u32 = 5;

/// The same for the first poll of a run, which may be its only one.
const FIRST_PAGES: u32 = 60;

/// What a poll has brought so far.
#[derive(Debug)]
pub(super) struct Catch {
    pub now: Timestamp,
    pub delivery: Delivery,
    error: Option<SourceError>,
    /// Something was answered as it should be.
    answered: bool,
    /// Pages of growing tables that may still be read.
    pub pages: u32,
    /// Pages that the newest rows took.
    pub live: u32,
    /// It is the first poll of a run.
    pub first: bool,
    /// When the server learned of the newest row of the last page.
    read_to: Option<Timestamp>,
}

impl Catch {
    fn new(now: Timestamp, first: bool) -> Self {
        Self {
            now,
            delivery: Delivery::default(),
            error: None,
            answered: false,
            pages: if first { FIRST_PAGES } else { PAGES },
            live: 0,
            first,
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
        // A poll that was given up midway has taken along what it read.
        if let Some(before) = self.unfinished.take() {
            self.progress = before;
        }
        self.unfinished = Some(self.progress.clone());
        let mut catch = Catch::new(ask.now, !self.begun);
        self.restore(ask);
        self.steps(ask, &mut catch).await;
        self.unfinished = None;
        self.progress.forget(self.overlap);
        self.outcome(ask, catch)
    }

    /// The steps of a poll, until one fails in a way that the others would too. What is live comes
    /// first.
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
        let resolved = self.ask_again(catch).await;
        if !catch.goes_on(resolved) {
            return;
        }
        let swept = self.sweep(catch).await;
        if !catch.goes_on(swept) {
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
        if std::mem::replace(&mut self.begun, true) {
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
        let known = self.progress.sales.clone();
        let left = known
            .as_ref()
            .and_then(|cursor| cursor.left_behind(ask.now));
        let Some(mut cursor) = known.filter(|_| left.is_none()) else {
            return self.begin_sales(left, ask, catch).await;
        };
        // One page is left for the events.
        while catch.pages > 1 {
            let page = self
                .page::<Sale>(&endpoint, cursor.start(self.overlap), catch)
                .await?;
            if cursor.is_of_nothing() && page.is_cut() {
                return self.begin_sales(None, ask, catch).await;
            }
            cursor.read(&page.ids, page.is_cut(), ask.now);
            catch.live += 1;
            self.progress.sales = Some(cursor.clone());
            self.take_sales(&page.rows, catch);
            if !cursor.is_behind() {
                return Ok(());
            }
        }
        catch.behind("more sales wait than one poll reads");
        Ok(())
    }

    /// Begins behind the newest sale; those since `left`, or else of the running day, are swept.
    async fn begin_sales(
        &mut self,
        left: Option<Timestamp>,
        ask: &Ask,
        catch: &mut Catch,
    ) -> Result<(), SourceError> {
        let endpoint = self.endpoints.sales.clone();
        let listed = self.fleet.newest().0;
        let placed = self.place::<Sale>(&endpoint, listed, catch).await?;
        self.progress.sales = Some(placed);
        self.progress.sweep_sales(Progress::since(left, ask), ask);
        Ok(())
    }

    async fn follow_events(&mut self, ask: &Ask, catch: &mut Catch) -> Result<(), SourceError> {
        let endpoint = self.endpoints.events.clone();
        let known = self.progress.events.clone();
        let left = known
            .as_ref()
            .and_then(|cursor| cursor.left_behind(ask.now));
        let Some(mut cursor) = known.filter(|_| left.is_none()) else {
            return self.begin_events(left, ask, catch).await;
        };
        while catch.pages > 0 {
            let page = self
                .page::<Event>(&endpoint, cursor.start(self.overlap), catch)
                .await?;
            if cursor.is_of_nothing() && page.is_cut() {
                return self.begin_events(None, ask, catch).await;
            }
            cursor.read(&page.ids, page.is_cut(), ask.now);
            catch.live += 1;
            self.progress.events = Some(cursor.clone());
            self.take_events(&page.rows, catch.now);
            if !cursor.is_behind() {
                return Ok(());
            }
        }
        catch.behind("more events wait than one poll reads");
        Ok(())
    }

    /// Begins behind the newest event, with what is offline already.
    async fn begin_events(
        &mut self,
        left: Option<Timestamp>,
        ask: &Ask,
        catch: &mut Catch,
    ) -> Result<(), SourceError> {
        let endpoint = self.endpoints.events.clone();
        let listed = self.fleet.newest().1;
        let placed = self.place::<Event>(&endpoint, listed, catch).await?;
        self.find_offline(&endpoint, catch).await?;
        self.progress.events = Some(placed);
        // What happened while the program was away; a first start needs no more than what is
        // offline now.
        if left.or(ask.horizon).is_some() {
            self.progress.sweep_events(Progress::since(left, ask), ask);
        }
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
        Ok(Cursor::at(newest, catch.now))
    }

    /// Finds machines that are offline already.
    async fn find_offline(
        &mut self,
        endpoint: &Endpoint,
        catch: &mut Catch,
    ) -> Result<(), SourceError> {
        for code in self.open.offline_codes().to_vec() {
            let filter = Filter::code(&code);
            let limit = self.client.page_size();
            let page: Page<Event> = self.client.newest(endpoint, &filter, limit).await?;
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

    pub(super) async fn page<T: Listed>(
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

    pub(super) fn take_sales(&mut self, sales: &[Sale], catch: &mut Catch) {
        let fleet = &self.fleet;
        let watched = |sale: &&Sale| fleet.watches(sale.machine, sale.location);
        let watched: Vec<_> = sales.iter().filter(watched).collect();
        for sale in watched {
            self.fleet
                .mention(sale.machine, sale.location, sale.created);
            let reading = reading(&self.name, sale);
            if let Measure::Sale {
                price: None,
                currency,
            } = reading.measure
            {
                self.progress.miss_price(currency, sale.at);
            }
            catch.delivery.readings.push(reading);
        }
    }

    pub(super) fn take_events(&mut self, events: &[Event], now: Timestamp) {
        let fleet = &self.fleet;
        let watched = |event: &&Event| fleet.watches(event.machine, event.location);
        let watched: Vec<_> = events.iter().filter(watched).collect();
        for event in watched {
            self.fleet
                .mention(event.machine, event.location, event.created);
            self.open.take(event, now);
        }
    }

    fn outcome(&mut self, ask: &Ask, catch: Catch) -> Outcome {
        let Catch {
            mut delivery,
            error,
            answered,
            ..
        } = catch;
        let unread = self.progress.unread(ask);
        let fleet = &self.fleet;
        delivery.facts = fleet.facts(&self.name, &self.open, &self.money_scale, unread);
        delivery.notes.extend(self.progress.note());
        delivery.notes.extend(self.progress.unpriced_note(ask.now));
        delivery.memory = serde_json::to_value(&self.progress).ok();
        delivery.roster = self.fleet.is_listed();
        Outcome {
            delivery: answered.then_some(delivery),
            error: error.or_else(|| self.fleet.missing()),
        }
    }
}

/// Whether other calls may succeed where this one failed. A user may lack the right to read one
/// table; a server that says when to come back means every call.
pub(super) fn is_only_here(error: &SourceError) -> bool {
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
