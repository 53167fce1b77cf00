//! Makes the calls of one token: adds its credentials, keeps its pace, and waits when it is told.

use chrono::TimeDelta;

use crate::model::Timestamp;
use crate::model::attempt::{ErrorKind, SourceError};
use crate::vendors::transport::{Reply, Transport};

use super::gate::{SharedGate, doubled};
use super::refusal::{Reaction, Refusal};
use super::request::{self, Operation, Tokens};

/// One token of a property or portfolio.
#[derive(Debug)]
pub(super) struct Client {
    tokens: Tokens,
    /// Shared with everyone who uses the access token.
    gate: SharedGate,
    per_second: u32,
    hold: Option<Hold>,
    /// Times in a row that the server failed.
    failed: u32,
    /// The server's clock minus ours.
    skew: TimeDelta,
}

/// A pause of this client's calls, because what it asks is refused or the server fails.
#[derive(Debug)]
struct Hold {
    until: Timestamp,
    error: SourceError,
}

/// The longest pause after a failure; the first takes a second, each twice as long as the last.
const LONGEST_FAILURE: TimeDelta = TimeDelta::seconds(60);
/// Pause after a token is refused.
pub(super) const REFUSED_PAUSE: TimeDelta = TimeDelta::minutes(5);
/// Pause after an answer that only other settings or another version can change: so seldom that it
/// is no burden, so that an address which was wrong at the vendor's end is noticed to be right.
const STOPPED_PAUSE: TimeDelta = TimeDelta::hours(1);

impl Client {
    pub(super) fn new(tokens: Tokens, gate: SharedGate, per_second: u32) -> Self {
        Self {
            tokens,
            gate,
            per_second,
            hold: None,
            failed: 0,
            skew: TimeDelta::zero(),
        }
    }

    /// The error that this client's calls wait for, while they do.
    pub(super) fn held(&self, now: Timestamp) -> Option<SourceError> {
        let hold = self.hold.as_ref().filter(|hold| now < hold.until)?;
        Some(hold.error.clone())
    }

    /// Until when the vendor lets all calls of the token wait and why, while it does.
    pub(super) async fn waits(&self, now: Timestamp) -> Option<(Timestamp, SourceError)> {
        self.gate.lock().await.waiting(now)
    }

    /// Lets all calls wait because what the token is for could not be read.
    pub(super) fn refused(&mut self, reaction: Reaction, error: &SourceError, now: Timestamp) {
        let until = match reaction {
            // It has been seen to where the answer came in.
            Reaction::Throttle => return,
            Reaction::Stop | Reaction::Gone => now + STOPPED_PAUSE,
            Reaction::Unauthorized | Reaction::Forbidden => now + REFUSED_PAUSE,
            // Our own ceiling, or an answer that no time heals.
            Reaction::Unreachable
                if matches!(error.kind, ErrorKind::RateLimited | ErrorKind::Config) =>
            {
                return;
            }
            Reaction::Unreachable
            | Reaction::Retry
            | Reaction::Less
            | Reaction::Fewer
            | Reaction::Again => now + doubled(&mut self.failed, LONGEST_FAILURE),
        };
        self.hold = Some(Hold {
            until,
            error: error.clone(),
        });
    }

    /// What time it is by the server's clock, as far as its replies told.
    pub(super) fn server_now(&self, now: Timestamp) -> Timestamp {
        now + self.skew
    }

    /// Calls an operation. An answer without a body is an empty one.
    pub(super) async fn ask<T: serde::de::DeserializeOwned + Default>(
        &mut self,
        transport: &Transport,
        operation: Operation,
        wanted: &serde_json::Value,
    ) -> Result<T, Refusal> {
        let mut gate = self.gate.lock().await;
        gate.pass(self.per_second, transport.clock()).await;
        if let Some((_, error)) = gate.waiting(transport.clock().now()) {
            return Err(Refusal {
                error,
                reaction: Reaction::Throttle,
            });
        }
        let request = request::signed(operation, &self.tokens, wanted);
        let reply = transport.send(request).await?;
        self.skew = reply.vendors_now() - reply.received;
        answer(operation, &reply).map_err(|mut refusal| {
            refusal.error.message = transport.scrub(&refusal.error.message);
            if refusal.reaction == Reaction::Throttle {
                gate.close(&mut refusal.error, reply.received);
            }
            refusal
        })
    }

    /// Everything went well: the next pause is a short one again.
    pub(super) async fn went_well(&mut self, now: Timestamp) {
        self.failed = 0;
        self.hold = None;
        self.gate.lock().await.went_well(now);
    }
}

fn answer<T: serde::de::DeserializeOwned + Default>(
    operation: Operation,
    reply: &Reply,
) -> Result<T, Refusal> {
    if reply.status == 204 {
        return Ok(T::default());
    }
    if !reply.is_success() {
        return Err(Refusal::of(operation, reply));
    }
    reply
        .json()
        .map_err(|error| Refusal::unreadable(operation, reply, error))
}
