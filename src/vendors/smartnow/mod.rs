//! `SmartNow`: coffee and vending machines: sales, events and machine state. Activity, not people.
//!
//! The vendor's reference lacks most paths and contradicts itself about lists, so paths are
//! settings and every list is read with suspicion. Growing tables are followed by id.

mod catch_up;
mod check;
mod client;
mod cursor;
mod decode;
mod fleet;
mod login;
mod open_events;
mod poll;
mod request;
mod settings;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::clock::Clock;
use crate::model::attempt::{Ask, Finding, Outcome, SourceError};
use crate::model::health::Expectation;
use crate::model::schedule::Cadence;

use super::source::{Common, Source};
use super::transport::{SharedBudget, Transport};

use catch_up::Progress;
use client::Client;
use fleet::Fleet;
use open_events::OpenEvents;

pub use settings::{Endpoints, Settings};

/// Own ceiling of requests in any hour, where the configuration sets none. The vendor documents no
/// limit; a quiet account needs about 62.
pub const REQUESTS_PER_HOUR: u32 = 240;

/// Poll period in seconds. Sales take minutes to reach the server, so faster polls bring little.
const POLL_S: u32 = 120;

/// How long a machine may stay without any news, in seconds, where the configuration sets none.
const SILENCE_S: u32 = 24 * 3600;

/// One `SmartNow` account.
pub struct SmartNow {
    name: Arc<str>,
    cadence: Cadence,
    endpoints: Endpoints,
    money_scale: BTreeMap<String, u32>,
    /// How many ids a poll goes back.
    overlap: i64,
    client: Client,
    fleet: Fleet,
    open: OpenEvents,
    progress: Progress,
    /// How far it was before a poll that has not come to its end.
    unfinished: Option<Progress>,
    /// This run has polled, and has taken up what an earlier one knew.
    begun: bool,
}

/// Opens a `SmartNow` account.
///
/// # Errors
/// `config` when the password cannot be resolved or the transport cannot be set up.
pub fn open(
    common: &Common,
    settings: &Settings,
    budget: SharedBudget,
    clock: Clock,
) -> Result<SmartNow, SourceError> {
    let allowed = request::allowed(&settings.endpoints);
    let transport = Transport::open(common, allowed, budget, clock)?;
    let scales = settings.money_scale.iter();
    Ok(SmartNow {
        name: Arc::clone(&common.name),
        cadence: cadence(common),
        endpoints: settings.endpoints.clone(),
        money_scale: scales
            .map(|(currency, scale)| (currency.to_string(), *scale))
            .collect(),
        client: Client::new(transport, settings)?,
        overlap: settings.overlap,
        fleet: Fleet::watching(&settings.machines, &settings.locations),
        open: OpenEvents::new(&settings.offline_codes),
        progress: Progress::default(),
        unfinished: None,
        begun: false,
    })
}

/// Machines sell when somebody buys; a quiet night is normal.
fn cadence(common: &Common) -> Cadence {
    common.live(POLL_S, SILENCE_S, Expectation::silence)
}

impl Source for SmartNow {
    fn resume(&mut self, memory: Option<serde_json::Value>) {
        // What an older version left in another form is forgotten, not an error.
        let memory = memory.and_then(|memory| serde_json::from_value(memory).ok());
        self.progress = memory.unwrap_or_default();
        self.unfinished = None;
    }

    fn poll<'a>(&'a mut self, ask: &'a Ask) -> BoxFuture<'a, Outcome> {
        self.read(ask).boxed()
    }

    fn check<'a>(&'a mut self, _ask: &'a Ask) -> BoxFuture<'a, Vec<Finding>> {
        self.prove().boxed()
    }

    fn cadence(&self) -> Cadence {
        self.cadence
    }

    fn transport(&self) -> &Transport {
        self.client.transport()
    }
}
