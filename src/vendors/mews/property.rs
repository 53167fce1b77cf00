//! One token: its enterprises, its counters, and what is optional.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use crate::model::Timestamp;
use crate::model::attempt::SourceError;
use crate::model::device::{Detail, DeviceId, Facts};
use crate::model::reading::{Level, Measure, Reading, Value};
use crate::vendors::transport::Transport;

use super::client::Client;
use super::counters::{Brought, Counters};
use super::decode::{self, Counter, Enterprise};
use super::harvest::Harvest;
use super::house::House;
use super::paging::{self, End, PageSize};
use super::refusal::{Reaction, Refusal};
use super::request::{self, Operation};
use super::settings::{Day, Settings};
use super::wire;

/// A property or portfolio behind one token.
#[derive(Debug)]
pub(super) struct Property {
    /// What to call it where a hotel's name is not known.
    label: Option<String>,
    /// What to call its token in messages, where there is something to tell apart.
    title: Option<String>,
    /// Its calls.
    pub client: Client,
    /// Enterprises to watch, in lower case; empty means all.
    wanted: Vec<String>,
    enterprises: BTreeMap<String, Enterprise>,
    enterprises_due: Option<Timestamp>,
    /// The list of enterprises has been read, so those that it lacks are none of this token.
    knows_enterprises: bool,
    /// Why the names and zones of hotels are not known.
    nameless: Option<String>,
    /// All hotels at once are too heavy: requests name them.
    by_hotel: bool,
    /// The day of hotels whose own is not known.
    day: Day,
    page_size: u32,
    counters: Counters,
    house: House,
}

/// How long the list of enterprises is good for.
const ENTERPRISES_AGE: TimeDelta = TimeDelta::days(1);

impl Property {
    pub(super) fn new(
        label: Option<String>,
        title: Option<String>,
        client: Client,
        settings: &Settings,
    ) -> Self {
        let page_size = settings.counters.page_size;
        Self {
            label,
            title,
            client,
            wanted: settings
                .enterprises
                .iter()
                .map(|id| id.to_lowercase())
                .collect(),
            enterprises: BTreeMap::new(),
            enterprises_due: None,
            knows_enterprises: false,
            nameless: None,
            by_hotel: false,
            day: settings.day,
            page_size,
            counters: Counters::new(settings.counters.clone()),
            house: House::new(settings.house.clone(), page_size),
        }
    }

    /// Reads what the token sees.
    pub(super) async fn poll(
        &mut self,
        source: &str,
        transport: &Transport,
        harvest: &mut Harvest,
    ) {
        let now = transport.clock().now();
        let failed = match (self.client.held(now), self.client.waits(now).await) {
            (Some(error), _) | (None, Some((_, error))) => Some(error),
            (None, None) => self.read(source, transport, harvest).await.err(),
        };
        if let Some(error) = failed {
            let now = transport.clock().now();
            match self.client.waits(now).await {
                Some((until, error)) => harvest.wait(self.labelled(error), until),
                None => harvest.fail(self.labelled(error)),
            }
        }
        self.describe(source, now, harvest);
    }

    async fn read(
        &mut self,
        source: &str,
        transport: &Transport,
        harvest: &mut Harvest,
    ) -> Result<(), SourceError> {
        let now = transport.clock().now();
        let mut listed = None;
        if self.enterprises_due.is_none_or(|due| now >= due) {
            listed = Some(self.read_enterprises(transport).await);
            if let Some(Err(refusal)) = &listed
                && matches!(refusal.reaction, Reaction::Throttle | Reaction::Unreachable)
            {
                self.client.refused(refusal.reaction, &refusal.error, now);
                return Err(refusal.error.clone());
            }
        }
        let Some(mut brought) = self.read_counters(transport).await else {
            harvest.heard |= matches!(listed, Some(Ok(())));
            return Ok(());
        };
        harvest.heard |= brought.heard;
        if let Some(refusal) = brought.refusal.take() {
            self.take(source, brought, harvest);
            return Err(self.explain(refusal, listed, transport).await);
        }
        self.take(source, brought, harvest);
        if let Some(Err(refusal)) = listed {
            self.note_enterprises(refusal, now, harvest);
        }
        let hotels = self.hotels();
        self.house
            .read(&mut self.client, transport, &hotels)
            .await?;
        self.client.went_well(transport.clock().now()).await;
        Ok(())
    }

    /// Reads names, zones and business days of the hotels.
    pub(super) async fn read_enterprises(&mut self, transport: &Transport) -> Result<(), Refusal> {
        let listing = paging::read::<wire::EnterprisePage>(
            &mut self.client,
            transport,
            Operation::Enterprises,
            &request::enterprises(),
            &mut PageSize::new(self.page_size),
        )
        .await;
        if let End::Refused(refusal) = listing.end {
            return Err(*refusal);
        }
        self.enterprises = decode::enterprises(listing.items);
        self.knows_enterprises = true;
        self.nameless = None;
        self.by_hotel = false;
        self.enterprises_due = Some(transport.clock().now() + ENTERPRISES_AGE);
        Ok(())
    }

    /// Reads the counters; `None` when the filter leaves this token nothing to do.
    pub(super) async fn read_counters(&mut self, transport: &Transport) -> Option<Brought> {
        loop {
            let scope = self.scope();
            if scope.as_ref().is_some_and(Vec::is_empty) {
                return None;
            }
            let counters = &mut self.counters;
            let brought = counters
                .read(&mut self.client, transport, scope.as_deref())
                .await;
            let refusal = brought.refusal.as_ref();
            let too_heavy = refusal.is_some_and(|refusal| refusal.reaction == Reaction::Less);
            if !too_heavy || scope.is_some() || self.enterprises.len() < 2 {
                return Some(brought);
            }
            self.by_hotel = true;
        }
    }

    /// The enterprises that requests name; `None` means all that the token sees.
    fn scope(&self) -> Option<Vec<String>> {
        if self.wanted.is_empty() && !self.by_hotel {
            return None;
        }
        if !self.knows_enterprises {
            return Some(self.wanted.clone());
        }
        let own = self.enterprises.keys().filter(|id| self.is_wanted(id));
        Some(own.cloned().collect())
    }

    fn is_wanted(&self, enterprise: &str) -> bool {
        self.wanted.is_empty() || self.wanted.contains(&enterprise.to_lowercase())
    }

    /// The hotels to ask about tonight: from the list, or as the counters name them.
    fn hotels(&self) -> BTreeMap<String, Enterprise> {
        let from_counters = self
            .counters
            .by_id()
            .values()
            .filter_map(|c| c.enterprise.clone());
        let from_counters = from_counters.map(|id| (id, Enterprise::default()));
        let mut hotels: BTreeMap<_, _> = from_counters.collect();
        hotels.extend(self.enterprises.clone());
        hotels.retain(|id, _| self.is_wanted(id));
        for hotel in hotels.values_mut() {
            hotel.zone = hotel.zone.or(self.day.zone);
        }
        hotels
    }

    fn take(&mut self, source: &str, brought: Brought, harvest: &mut Harvest) {
        let delivery = &mut harvest.delivery;
        delivery.rejected = delivery.rejected.saturating_add(brought.rejected);
        delivery.notes.extend(brought.note);
        for (id, value, at) in brought.values {
            // A server may ignore the filter.
            let known = self.counters.by_id().get(&id);
            let enterprise = known.and_then(|counter| counter.enterprise.as_deref());
            if enterprise.is_some_and(|enterprise| !self.is_wanted(enterprise)) {
                continue;
            }
            delivery.rows = delivery.rows.saturating_add(1);
            delivery.readings.push(Reading {
                device: DeviceId::new(source, id),
                start: at,
                span_s: 0,
                item: 0,
                measure: Measure::Level(Level::CounterValue, Value::Int(value)),
            });
        }
    }

    /// The error of a refused reading of counters. A 401 does double duty: where another operation
    /// works the token is good, and only this operation is not for it.
    async fn explain(
        &mut self,
        refusal: Refusal,
        listed: Option<Result<(), Refusal>>,
        transport: &Transport,
    ) -> SourceError {
        let now = transport.clock().now();
        let mut error = refusal.error;
        if refusal.reaction == Reaction::Unauthorized {
            let other = match listed {
                Some(result) => result,
                None => self.read_enterprises(transport).await,
            };
            let verdict = match other {
                Ok(()) => "; the token itself works: ask for the right to read counters",
                Err(other) if other.reaction == Reaction::Unauthorized => {
                    "; no other operation works either: the token is bad"
                }
                Err(_) => "",
            };
            error.message.push_str(verdict);
        }
        self.client.refused(refusal.reaction, &error, now);
        error
    }

    /// Counters came, so a refused list of enterprises is a matter of rights: note it.
    fn note_enterprises(&mut self, refusal: Refusal, now: Timestamp, harvest: &mut Harvest) {
        match refusal.reaction {
            Reaction::Unauthorized | Reaction::Stop | Reaction::Forbidden | Reaction::Gone => {
                let why = &refusal.error;
                self.nameless = Some(format!("names and zones of hotels are not known: {why}"));
                self.enterprises_due = Some(now + ENTERPRISES_AGE);
            }
            _ => harvest.fail(self.labelled(refusal.error)),
        }
    }

    fn describe(&self, source: &str, now: Timestamp, harvest: &mut Harvest) {
        let counters = self.counters.by_id().values();
        let shown =
            counters.filter(|c| c.enterprise.as_deref().is_none_or(|id| self.is_wanted(id)));
        let facts = shown.map(|c| (DeviceId::new(source, &c.id), self.facts(c, now)));
        harvest.delivery.facts.extend(facts);
        let notes = self.nameless.clone().into_iter();
        let notes = notes.chain(self.house.notes(&self.hotels(), now));
        let notes = notes.map(|note| match &self.title {
            Some(title) => format!("{title}: {note}"),
            None => note,
        });
        harvest.delivery.notes.extend(notes);
    }

    fn facts(&self, counter: &Counter, now: Timestamp) -> Facts {
        let enterprise = counter.enterprise.as_deref();
        let hotel = enterprise.and_then(|id| self.enterprises.get(id));
        let name = hotel.and_then(|hotel| hotel.name.clone());
        Facts {
            name: counter.name.clone(),
            timezone: hotel.and_then(|hotel| hotel.zone).or(self.day.zone),
            detail: Detail::DocumentCounter {
                counter_type: counter.kind.clone(),
                format: counter.format.clone(),
                enterprise: counter.enterprise.clone(),
                enterprise_name: name.or_else(|| self.label.clone()),
                day_offset_s: hotel.map_or(self.day.offset_s, |hotel| hotel.day_offset_s),
                guests_in_house: enterprise.and_then(|id| self.house.guests_of(id, now)),
                rooms_occupied: enterprise.and_then(|id| self.house.occupied_of(id, now)),
                rooms: enterprise.and_then(|id| self.house.rooms_of(id, now)),
            },
        }
    }

    fn labelled(&self, mut error: SourceError) -> SourceError {
        if let Some(title) = &self.title {
            error.message = format!("{title}: {}", error.message);
        }
        error
    }

    /// Tries the optional reads once, and says what came of each.
    pub(super) async fn prove_house(
        &mut self,
        transport: &Transport,
    ) -> Vec<(&'static str, String)> {
        let hotels = self.hotels();
        let house = &mut self.house;
        house.prove(&mut self.client, transport, &hotels).await
    }

    /// Whether the token has this enterprise; `None` when nobody knows.
    pub(super) fn has(&self, enterprise: &str) -> Option<bool> {
        let has = || {
            self.enterprises
                .keys()
                .any(|id| id.eq_ignore_ascii_case(enterprise))
        };
        self.knows_enterprises.then(has)
    }

    /// Whether all its counters have been read since the program started.
    pub(super) fn is_complete(&self) -> bool {
        let nothing_to_do = self.scope().is_some_and(|scope| scope.is_empty());
        nothing_to_do || self.counters.is_complete()
    }

    /// What to call its token, for a person.
    pub(super) fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// Names of the hotels, for a person.
    pub(super) fn hotel_names(&self) -> Vec<String> {
        let named = self.enterprises.iter();
        named
            .map(|(id, hotel)| hotel.name.clone().unwrap_or_else(|| id.clone()))
            .collect()
    }

    /// The counters by id.
    pub(super) fn counters(&self) -> &BTreeMap<String, Counter> {
        self.counters.by_id()
    }
}
