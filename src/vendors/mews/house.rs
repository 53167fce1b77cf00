//! What a hotel says about tonight: guests in house and rooms that can be used. Both are optional
//! reads, off by default; a token may be refused them one by one.

mod check;
mod feature;

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
use super::refusal::Refusal;
use super::request::{self, Operation};
use super::settings::HouseSettings;
use super::wire;

use feature::{Answer, Feature};

/// The optional reads of one token.
#[derive(Debug)]
pub(super) struct House {
    inside: Feature<Inside>,
    rooms: Feature<u32>,
    /// Rooms of hotels that are known without asking, by enterprise id in lower case.
    capacity: BTreeMap<String, u32>,
    services: Option<(Timestamp, Vec<Service>)>,
    size: PageSize,
}

/// What the reservations that are checked in say in full.
#[derive(Clone, Copy, Debug)]
struct Inside {
    people: Option<u32>,
    rooms: Option<u32>,
}

/// How often services are asked for.
const SERVICES_EVERY: TimeDelta = TimeDelta::days(1);
/// Services of one hotel that are asked for their rooms.
const MOST_SERVICES: usize = 10;

impl House {
    pub(super) fn new(settings: HouseSettings, page_size: u32) -> Self {
        let HouseSettings {
            guests,
            guests_every,
            rooms,
            rooms_every,
            capacity,
        } = settings;
        Self {
            inside: Feature::new("guests in house", guests, guests_every),
            rooms: Feature::new("rooms", rooms, rooms_every),
            capacity,
            services: None,
            size: PageSize::new(page_size),
        }
    }

    /// Guests in house of an enterprise.
    pub(super) fn guests_of(&self, enterprise: &str, now: Timestamp) -> Option<u32> {
        self.inside.value(enterprise, now)?.people
    }

    /// Rooms of an enterprise that have guests.
    pub(super) fn occupied_of(&self, enterprise: &str, now: Timestamp) -> Option<u32> {
        self.inside.value(enterprise, now)?.rooms
    }

    /// Rooms of an enterprise that can be used tonight.
    pub(super) fn rooms_of(&self, enterprise: &str, now: Timestamp) -> Option<u32> {
        let by_hand = self.capacity.get(&enterprise.to_lowercase()).copied();
        by_hand.or_else(|| self.rooms.value(enterprise, now))
    }

    /// Sentences about reads that were switched off and figures that are not known.
    pub(super) fn notes(
        &self,
        hotels: &BTreeMap<String, Enterprise>,
        now: Timestamp,
    ) -> Vec<String> {
        let mut notes = self.inside.notes(hotels, now);
        notes.extend(self.rooms.notes(hotels, now));
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
        for id in self.inside.due(enterprises, now) {
            let inside = self.ask_inside(client, transport, &id).await;
            if !self.inside.take(&id, now, inside)? {
                break;
            }
        }
        let mut unknown = enterprises.clone();
        unknown.retain(|id, _| !self.capacity.contains_key(&id.to_lowercase()));
        let due = self.rooms.due(&unknown, now);
        if due.is_empty() {
            return Ok(());
        }
        let services = match self.ask_services(client, transport, now).await {
            Ok(services) => services,
            Err(refusal) => {
                for id in due {
                    if !self.rooms.take(&id, now, Err(refusal.clone()))? {
                        break;
                    }
                }
                return Ok(());
            }
        };
        for id in due {
            let zone = enterprises.get(&id).and_then(|enterprise| enterprise.zone);
            let count = ask_rooms(client, transport, &services, &id, zone, enterprises.len()).await;
            if !self.rooms.take(&id, now, count)? {
                break;
            }
        }
        Ok(())
    }

    async fn ask_inside(
        &mut self,
        client: &mut Client,
        transport: &Transport,
        enterprise: &str,
    ) -> Result<Answer<Inside>, Refusal> {
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
                let why = format!("not known (reservations that cannot be read: {odd})");
                Ok(Answer::unknown(why))
            }
            End::Complete => Ok(inside(&decode::in_house(&listing.items))),
            End::Endless(why) => {
                let why = format!("not known (the list of reservations has no end: {why})");
                Ok(Answer::unknown(why))
            }
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

/// A count of some would be a wrong count of all, so each figure needs every reservation.
fn inside(house: &InHouse) -> Answer<Inside> {
    let InHouse {
        uncounted,
        roomless,
        ..
    } = *house;
    let people = (uncounted > 0)
        .then(|| format!("people not known (reservations that do not say how many: {uncounted})"));
    let rooms = (roomless > 0)
        .then(|| format!("occupied rooms not known (reservations without a room: {roomless})"));
    let inside = Inside {
        people: people.is_none().then_some(house.people),
        rooms: rooms.is_none().then_some(house.rooms),
    };
    let gaps: Vec<_> = people.into_iter().chain(rooms).collect();
    Answer {
        value: Some(inside),
        gap: (!gaps.is_empty()).then(|| gaps.join(", ")),
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
) -> Result<Answer<u32>, Refusal> {
    let Some(zone) = zone else {
        let why = "not known (nor is the time zone of the hotel)";
        return Ok(Answer::unknown(why.to_owned()));
    };
    let own = services.iter().filter(|service| match &service.enterprise {
        Some(id) => id == enterprise,
        None => enterprises == 1,
    });
    let mut most = None;
    for service in own.take(MOST_SERVICES) {
        let now = client.server_now(transport.clock().now());
        let wanted = request::availability(&service.id, local_midnight(zone, now));
        let wire: wire::Availability = client
            .ask(transport, Operation::Availability, &wanted)
            .await?;
        most = most.max(decode::rooms(&wire));
    }
    let why = "not known (no service by the night says how many can be used)";
    Ok(Answer {
        value: most,
        gap: most.is_none().then(|| why.to_owned()),
    })
}
