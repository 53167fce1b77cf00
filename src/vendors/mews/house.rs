//! What a hotel says about tonight: guests in house and rooms that can be used. Both are optional
//! reads, off by default; a token may be refused them one by one.

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
use super::wire;

use feature::{Answer, Feature};

/// The optional reads of one token.
#[derive(Debug)]
pub(super) struct House {
    guests: Feature<u32>,
    rooms: Feature<u32>,
    services: Option<(Timestamp, Vec<Service>)>,
    size: PageSize,
}

/// How often each figure is asked for.
const GUESTS_EVERY: TimeDelta = TimeDelta::seconds(115);
const ROOMS_EVERY: TimeDelta = TimeDelta::hours(1);
const SERVICES_EVERY: TimeDelta = TimeDelta::days(1);
/// Services of one hotel that are asked for their rooms.
const MOST_SERVICES: usize = 10;

impl House {
    pub(super) fn new(guests: bool, rooms: bool) -> Self {
        Self {
            guests: Feature::new("guests in house", guests, GUESTS_EVERY),
            rooms: Feature::new("rooms", rooms, ROOMS_EVERY),
            services: None,
            size: PageSize::default(),
        }
    }

    /// Guests in house of an enterprise.
    pub(super) fn guests_of(&self, enterprise: &str, now: Timestamp) -> Option<u32> {
        self.guests.value(enterprise, now)
    }

    /// Rooms of an enterprise that can be used tonight.
    pub(super) fn rooms_of(&self, enterprise: &str, now: Timestamp) -> Option<u32> {
        self.rooms.value(enterprise, now)
    }

    /// Sentences about reads that were switched off and figures that are not known.
    pub(super) fn notes(
        &self,
        hotels: &BTreeMap<String, Enterprise>,
        now: Timestamp,
    ) -> Vec<String> {
        let mut notes = self.guests.notes(hotels, now);
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
        for id in self.guests.due(enterprises, now) {
            let count = self.ask_guests(client, transport, &id).await;
            if !self.guests.take(&id, now, count)? {
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

    async fn ask_guests(
        &mut self,
        client: &mut Client,
        transport: &Transport,
        enterprise: &str,
    ) -> Result<Answer<u32>, Refusal> {
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

fn guests(house: &InHouse) -> Answer<u32> {
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
) -> Result<Answer<u32>, Refusal> {
    let Some(zone) = zone else {
        return Ok(Err("the time zone of the hotel is not known".to_owned()));
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
    Ok(most.ok_or_else(|| "no service by the night says how many can be used".to_owned()))
}
