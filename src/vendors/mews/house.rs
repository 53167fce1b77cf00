//! What a hotel says about tonight: guests in house and rooms that can be used. Both are optional
//! reads, off by default; a token may be refused them one by one.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use chrono_tz::Tz;

use crate::model::Timestamp;
use crate::model::attempt::SourceError;
use crate::model::calendar::local_midnight;
use crate::vendors::transport::Transport;

use super::client::Client;
use super::decode::{self, Enterprise, InHouse, Service};
use super::paging::{self, End, PageSize};
use super::refusal::{Reaction, Refusal};
use super::request::{self, Operation};
use super::wire;

/// The optional reads of one token.
#[derive(Debug)]
pub(super) struct House {
    guests: Feature,
    rooms: Feature,
    services: Option<(Timestamp, Vec<Service>)>,
    size: PageSize,
}

/// One optional figure of each enterprise.
#[derive(Debug)]
struct Feature {
    /// What to call it in notes.
    what: &'static str,
    wanted: bool,
    /// Why it is switched off.
    off: Option<String>,
    known: BTreeMap<String, Known>,
}

#[derive(Clone, Debug, Default)]
struct Known {
    value: Option<u32>,
    /// When the value was read.
    read: Option<Timestamp>,
    /// When it is asked for next.
    due: Timestamp,
    /// Why the last answer brought no value.
    gap: Option<String>,
}

/// An answer without a refusal: a figure, or why there is none.
type Answer = Result<u32, String>;

/// How often each figure is asked for.
const GUESTS_EVERY: TimeDelta = TimeDelta::seconds(115);
const ROOMS_EVERY: TimeDelta = TimeDelta::hours(1);
const SERVICES_EVERY: TimeDelta = TimeDelta::days(1);
/// A figure that could not be read again for so many periods is no longer known.
const PERIODS: i32 = 5;
/// Enterprises asked for one figure in a poll; the others have their turn in the next.
const IN_A_POLL: usize = 10;

impl House {
    pub(super) fn new(guests: bool, rooms: bool) -> Self {
        let feature = |what, wanted| Feature {
            what,
            wanted,
            off: None,
            known: BTreeMap::new(),
        };
        Self {
            guests: feature("guests in house", guests),
            rooms: feature("rooms", rooms),
            services: None,
            size: PageSize::default(),
        }
    }

    /// Guests in house of an enterprise.
    pub(super) fn guests_of(&self, enterprise: &str, now: Timestamp) -> Option<u32> {
        self.guests.value(enterprise, now, GUESTS_EVERY)
    }

    /// Rooms of an enterprise that can be used tonight.
    pub(super) fn rooms_of(&self, enterprise: &str, now: Timestamp) -> Option<u32> {
        self.rooms.value(enterprise, now, ROOMS_EVERY)
    }

    /// Sentences about reads that were switched off and figures that are not known.
    pub(super) fn notes(&self, hotels: &BTreeMap<String, Enterprise>) -> Vec<String> {
        let mut notes = self.guests.notes(hotels);
        notes.extend(self.rooms.notes(hotels));
        notes
    }

    /// Reads what is wanted and due.
    ///
    /// # Errors
    /// Only what all calls of the token have to know: these figures are not worth a failed poll.
    pub(super) async fn read(
        &mut self,
        client: &mut Client,
        transport: &Transport,
        enterprises: &BTreeMap<String, Enterprise>,
    ) -> Result<(), SourceError> {
        let now = transport.clock().now();
        for id in self.guests.due(enterprises, now) {
            let count = self.ask_guests(client, transport, &id).await;
            if !self.guests.take(&id, now, GUESTS_EVERY, count)? {
                break;
            }
        }
        let due = self.rooms.due(enterprises, now);
        if due.is_empty() {
            return Ok(());
        }
        let services = match self.ask_services(client, transport, now).await {
            Ok(services) => services,
            Err(refusal) => {
                self.rooms.take(&due[0], now, ROOMS_EVERY, Err(refusal))?;
                return Ok(());
            }
        };
        for id in due {
            let zone = enterprises.get(&id).and_then(|enterprise| enterprise.zone);
            let count = ask_rooms(client, transport, &services, &id, zone, enterprises.len()).await;
            if !self.rooms.take(&id, now, ROOMS_EVERY, count)? {
                break;
            }
        }
        Ok(())
    }

    async fn ask_guests(
        &mut self,
        client: &mut Client,
        transport: &Transport,
        enterprise: &str,
    ) -> Result<Answer, Refusal> {
        let wanted = request::reservations(enterprise);
        let listing = paging::read::<wire::ReservationPage>(
            client,
            transport,
            Operation::Reservations,
            &wanted,
            &mut self.size,
        )
        .await;
        // A count of some of them would be a wrong count of all.
        match listing.end {
            End::Complete if listing.rejected > 0 => {
                let odd = listing.rejected;
                Ok(Err(format!("reservations that cannot be read: {odd}")))
            }
            End::Complete => Ok(guests(&decode::in_house(&listing.items))),
            End::Endless(why) => Ok(Err(format!("the list of reservations has no end: {why}"))),
            End::Refused(refusal) => Err(*refusal),
        }
    }

    async fn ask_services(
        &mut self,
        client: &mut Client,
        transport: &Transport,
        now: Timestamp,
    ) -> Result<Vec<Service>, Refusal> {
        if let Some((read, services)) = &self.services
            && now - *read < SERVICES_EVERY
        {
            return Ok(services.clone());
        }
        let listing = paging::read::<wire::ServicePage>(
            client,
            transport,
            Operation::Services,
            &request::services(),
            &mut self.size,
        )
        .await;
        if let End::Refused(refusal) = listing.end {
            return Err(*refusal);
        }
        let services = decode::services(listing.items);
        self.services = Some((now, services.clone()));
        Ok(services)
    }
}

fn guests(house: &InHouse) -> Answer {
    match house.uncounted {
        0 => Ok(house.people),
        some => Err(format!(
            "reservations that do not say how many people: {some}"
        )),
    }
}

/// Rooms of the service that has most of them. Services may share their rooms, so they are not
/// added up.
async fn ask_rooms(
    client: &mut Client,
    transport: &Transport,
    services: &[Service],
    enterprise: &str,
    zone: Option<Tz>,
    enterprises: usize,
) -> Result<Answer, Refusal> {
    let Some(zone) = zone else {
        return Ok(Err("the time zone of the hotel is not known".to_owned()));
    };
    let own = services.iter().filter(|service| match &service.enterprise {
        Some(id) => id == enterprise,
        None => enterprises == 1,
    });
    let mut most = None;
    for service in own.take(IN_A_POLL) {
        let now = client.server_now(transport.clock().now());
        let wanted = request::availability(&service.id, local_midnight(zone, now));
        let wire: wire::Availability = client
            .ask(transport, Operation::Availability, &wanted)
            .await?;
        most = most.max(decode::rooms(&wire));
    }
    Ok(most.ok_or_else(|| "no service by the night says how many can be used".to_owned()))
}

impl Feature {
    fn value(&self, enterprise: &str, now: Timestamp, every: TimeDelta) -> Option<u32> {
        let known = self.known.get(enterprise)?;
        known.read.filter(|read| now - *read < every * PERIODS)?;
        known.value
    }

    fn notes(&self, hotels: &BTreeMap<String, Enterprise>) -> Vec<String> {
        let gaps = self.known.iter().filter_map(|(id, known)| {
            let hotel = hotels.get(id)?.name.as_deref().unwrap_or(id);
            let gap = known.gap.as_ref()?;
            Some(format!("{} of {hotel} not known: {gap}", self.what))
        });
        self.off.clone().into_iter().chain(gaps).collect()
    }

    /// The enterprises whose turn it is, those that waited longest first.
    fn due(&self, enterprises: &BTreeMap<String, Enterprise>, now: Timestamp) -> Vec<String> {
        if !self.wanted || self.off.is_some() {
            return Vec::new();
        }
        let due_at = |id: &String| self.known.get(id).map(|known| known.due);
        let mut due: Vec<&String> = enterprises
            .keys()
            .filter(|id| due_at(id).is_none_or(|at| at <= now))
            .collect();
        due.sort_by_key(|id| due_at(id));
        due.into_iter().take(IN_A_POLL).cloned().collect()
    }

    /// Takes over an answer; `false` when no more should be asked in this poll.
    ///
    /// # Errors
    /// What all calls of the token have to know.
    fn take(
        &mut self,
        enterprise: &str,
        now: Timestamp,
        every: TimeDelta,
        answer: Result<Answer, Refusal>,
    ) -> Result<bool, SourceError> {
        let known = self.known.entry(enterprise.to_owned()).or_default();
        known.due = now + every;
        let refusal = match answer {
            Ok(answer) => {
                known.read = Some(now);
                known.value = answer.as_ref().ok().copied();
                known.gap = answer.err();
                return Ok(true);
            }
            Err(refusal) => refusal,
        };
        match refusal.reaction {
            Reaction::Throttle => Err(refusal.error),
            Reaction::Unauthorized | Reaction::Stop | Reaction::Gone => {
                self.known.clear();
                self.off = Some(format!("{} switched off: {}", self.what, refusal.error));
                Ok(false)
            }
            Reaction::Unreachable => Ok(false),
            Reaction::Retry | Reaction::Less | Reaction::Again => Ok(true),
        }
    }
}
