//! Mews: document counters of hotels. They number documents and are never people.

mod check;
mod client;
mod counters;
mod decode;
mod gate;
mod harvest;
mod house;
mod paging;
mod property;
mod refusal;
mod request;
mod settings;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret, SecretString};

use crate::clock::Clock;
use crate::model::attempt::{Ask, ErrorKind, Finding, Outcome, SourceError};
use crate::model::health::Expectation;
use crate::model::schedule::Cadence;

use super::source::{Common, Source};
use super::transport::{SharedBudget, Transport};

use client::Client;
use harvest::Harvest;
use property::Property;
use request::Tokens;

pub use settings::{AccessToken, CounterSettings, Day, HouseSettings, Settings};

/// Own ceiling of requests in any hour, where the configuration sets none. The vendor allows 200
/// in half a minute for each token; a poll of one token takes one or two.
pub const REQUESTS_PER_HOUR: u32 = 2400;

/// How long a counter may stay as it is, in seconds, where the configuration sets none.
const ACTIVITY_S: u32 = 24 * 3600;

/// One Mews account: an integration with the tokens of its properties.
#[derive(Debug)]
pub struct Mews {
    name: Arc<str>,
    cadence: Cadence,
    transport: Transport,
    properties: Vec<Property>,
    /// Enterprises that the configuration names, each with the key that does.
    named: Vec<(String, &'static str)>,
}

/// Opens a Mews account.
///
/// # Errors
/// `config` when a secret cannot be resolved or the transport cannot be set up.
pub fn open(
    common: &Common,
    settings: &Settings,
    budget: SharedBudget,
    clock: Clock,
) -> Result<Mews, SourceError> {
    let client_token = settings.client_token.resolve("client_token")?;
    let mut properties = Vec::new();
    let transport = Transport::open(common, request::allowed(), budget, clock)?;
    let several = settings.access_tokens.len() > 1;
    let mut seen: Vec<SecretString> = Vec::new();
    let same =
        |one: &SecretString, other: &SecretString| one.expose_secret() == other.expose_secret();
    for (place, access) in settings.access_tokens.iter().enumerate() {
        let token = access.token.resolve("access_token")?;
        let known = seen.iter().position(|known| same(known, &token));
        if let Some(other) = known {
            return Err(same_token(other + 1, place + 1));
        }
        seen.push(token.clone());
        let gate = gate::shared(&common.url, &token);
        let tokens = Tokens {
            client: client_token.clone(),
            access: token,
            program: settings.client.clone(),
        };
        let client = Client::new(tokens, gate, settings.requests_per_second);
        let label = access.label.clone();
        let title = label
            .clone()
            .or_else(|| several.then(|| format!("token {}", place + 1)));
        properties.push(Property::new(label, title, client, settings));
    }
    Ok(Mews {
        name: Arc::clone(&common.name),
        cadence: cadence(common),
        transport,
        properties,
        named: named(settings),
    })
}

/// The enterprises that the configuration names, each with the key that does.
fn named(settings: &Settings) -> Vec<(String, &'static str)> {
    let watched = settings.enterprises.iter();
    let watched = watched.map(|id| (id.clone(), "enterprises"));
    let counted = settings.house.capacity.keys();
    let counted = counted.map(|id| (id.clone(), "capacity"));
    watched.chain(counted).collect()
}

/// Two places of the configuration lead to one token.
fn same_token(one: usize, other: usize) -> SourceError {
    let message = format!(
        "access_tokens {one} and access_tokens {other} are the same token: remove one of them"
    );
    SourceError::new(ErrorKind::Config, message)
}

/// Counters move when a document is written; at night nothing may move for hours.
fn cadence(common: &Common) -> Cadence {
    common.live(60, ACTIVITY_S, Expectation::silence)
}

impl Mews {
    async fn read(&mut self) -> Outcome {
        let mut harvest = Harvest::default();
        for property in &mut self.properties {
            property
                .poll(&self.name, &self.transport, &mut harvest)
                .await;
        }
        let strangers = self.strangers();
        if harvest.heard && !strangers.is_empty() {
            harvest.fail(unknown_enterprises(&strangers));
        }
        let delivery = &mut harvest.delivery;
        // Two tokens may see the same hotel.
        let facts: BTreeMap<_, _> = delivery.facts.drain(..).collect();
        delivery.facts.extend(facts);
        delivery.roster = self.properties.iter().all(Property::is_complete);
        harvest.finish(self.properties.len())
    }

    /// Enterprises that the configuration names and no token has, each with the key that names it;
    /// none while that is not known.
    fn strangers(&self) -> Vec<(&str, &str)> {
        let nowhere = |id: &str| self.properties.iter().all(|p| p.has(id) == Some(false));
        let named = self.named.iter().map(|(id, key)| (id.as_str(), *key));
        named.filter(|(id, _)| nowhere(id)).collect()
    }
}

fn unknown_enterprises(strangers: &[(&str, &str)]) -> SourceError {
    let some = strangers.iter().take(3);
    let some: Vec<_> = some.map(|(id, key)| format!("{id} (`{key}`)")).collect();
    let (some, more) = (
        some.join(", "),
        if strangers.len() > 3 { ", …" } else { "" },
    );
    let message =
        format!("no token sees the enterprise {some}{more}: correct the keys of this source");
    SourceError::new(ErrorKind::Config, message)
}

impl Source for Mews {
    fn poll<'a>(&'a mut self, _ask: &'a Ask) -> BoxFuture<'a, Outcome> {
        self.read().boxed()
    }

    fn check<'a>(&'a mut self, _ask: &'a Ask) -> BoxFuture<'a, Vec<Finding>> {
        self.prove().boxed()
    }

    fn cadence(&self) -> Cadence {
        self.cadence
    }

    fn transport(&self) -> &Transport {
        &self.transport
    }
}
