//! Navixy: vehicle trackers, live.

mod catch_up;
mod check;
mod client;
mod decode;
mod fleet;
mod memory;
mod on_board;
mod poll;
mod refusal;
mod request;
mod round;
mod settings;
mod stamp;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use chrono_tz::Tz;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::clock::Clock;
use crate::model::attempt::{Ask, Finding, Outcome, SourceError};
use crate::model::health::Expectation;
use crate::model::schedule::Cadence;

use super::source::{Common, Source};
use super::transport::{SharedBudget, Transport};

use catch_up::CatchUp;
use client::Client;
use fleet::Fleet;
use memory::Readings;
use poll::Extras;

pub use settings::{Credential, Settings};

/// Own ceiling of requests in any hour, where the configuration sets none. The vendor allows 50 a
/// second; two polls a minute of a thousand trackers need a fifth of this.
pub const REQUESTS_PER_HOUR: u32 = 3600;

/// One Navixy account.
#[derive(Debug)]
pub struct Navixy {
    name: Arc<str>,
    cadence: Cadence,
    client: Client,
    fleet: Fleet,
    readings: Readings,
    catch_up: CatchUp,
    extras: Extras,
    /// The account's zone, asked for only when the server writes times without an offset.
    zone: Option<Tz>,
    /// The server wants to be told whose states it should give.
    states_by_id: bool,
}

/// Opens a Navixy account.
///
/// # Errors
/// `config` when a secret cannot be resolved or the transport cannot be set up.
pub fn open(
    common: &Common,
    settings: &Settings,
    budget: SharedBudget,
    clock: Clock,
) -> Result<Navixy, SourceError> {
    let transport = Transport::open(common, request::allowed(), budget, clock)?;
    Ok(Navixy {
        name: Arc::clone(&common.name),
        cadence: cadence(common),
        client: Client::new(transport, &settings.credential)?,
        fleet: Fleet::new(&settings.trackers),
        readings: Readings {
            on_board: settings.on_board.clone(),
            ..Readings::default()
        },
        catch_up: CatchUp::default(),
        extras: Extras::default(),
        zone: None,
        states_by_id: !settings.trackers.is_empty(),
    })
}

/// Trackers report when they like; a parked one may be silent for a day.
fn cadence(common: &Common) -> Cadence {
    common.live(30, 300, |period_s| Expectation {
        period_s,
        lag_s: 30,
        grace_s: 60,
    })
}

impl Source for Navixy {
    fn resume(&mut self, memory: Option<serde_json::Value>) {
        self.catch_up.resume(memory);
    }

    fn poll<'a>(&'a mut self, ask: &'a Ask) -> BoxFuture<'a, Outcome> {
        self.read(ask).boxed()
    }

    fn check<'a>(&'a mut self, ask: &'a Ask) -> BoxFuture<'a, Vec<Finding>> {
        self.prove(ask).boxed()
    }

    fn cadence(&self) -> Cadence {
        self.cadence
    }

    fn transport(&self) -> &Transport {
        self.client.transport()
    }
}
