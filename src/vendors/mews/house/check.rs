//! Tries the optional reads once, for `check`.

use std::collections::BTreeMap;

use crate::vendors::transport::Transport;

use super::super::client::Client;
use super::super::decode::Enterprise;
use super::feature::Answer;
use super::{House, Inside, Refusal, ask_rooms};

impl House {
    /// Asks once for each figure that is wanted, about the first hotel, and says what came: the
    /// figure's name and a sentence.
    pub(in super::super) async fn prove(
        &mut self,
        client: &mut Client,
        transport: &Transport,
        hotels: &BTreeMap<String, Enterprise>,
    ) -> Vec<(&'static str, String)> {
        let Some((id, hotel)) = hotels.first_key_value() else {
            let wanted = [self.inside.wanted_as(), self.rooms.wanted_as()];
            let said = |what| (what, "there is no hotel to ask about".to_owned());
            return wanted.into_iter().flatten().map(said).collect();
        };
        let name = hotel.name.as_deref().unwrap_or(id);
        let mut said = Vec::new();
        if let Some(what) = self.inside.wanted_as() {
            let answer = self.ask_inside(client, transport, id).await;
            said.push((what, told(name, answer, inside)));
        }
        if let Some(what) = self.rooms.wanted_as() {
            let answer = self.prove_rooms(client, transport, id, hotels).await;
            let rooms = |rooms: u32| format!("{rooms} can be used tonight");
            said.push((what, told(name, answer, rooms)));
        }
        said
    }

    /// The rooms of the first service of a hotel.
    async fn prove_rooms(
        &mut self,
        client: &mut Client,
        transport: &Transport,
        id: &str,
        hotels: &BTreeMap<String, Enterprise>,
    ) -> Result<Answer<u32>, Refusal> {
        let now = transport.clock().now();
        let mut services = self.ask_services(client, transport, now).await?;
        services.retain(|service| service.enterprise.as_deref().is_none_or(|own| own == id));
        services.truncate(1);
        let zone = hotels.get(id).and_then(|hotel| hotel.zone);
        ask_rooms(client, transport, &services, id, zone, hotels.len()).await
    }
}

fn inside(inside: Inside) -> String {
    let people = inside.people.map(|people| format!("{people} people"));
    let rooms = inside.rooms.map(|rooms| format!("{rooms} rooms occupied"));
    let known: Vec<_> = people.into_iter().chain(rooms).collect();
    known.join(", ")
}

/// What came, or why not; counters do not need it.
fn told<T>(hotel: &str, answer: Result<Answer<T>, Refusal>, value: impl Fn(T) -> String) -> String {
    match answer {
        Ok(Answer { value: known, gap }) => {
            let known = known.map(value).filter(|text| !text.is_empty());
            let parts: Vec<_> = known.into_iter().chain(gap).collect();
            format!("{hotel}: {}", parts.join(", "))
        }
        Err(refusal) => format!("not read, counters work without it: {}", refusal.error),
    }
}
