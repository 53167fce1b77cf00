//! Makes the calls of one token: adds its credentials, keeps its pace, and waits when it is told.

use chrono::TimeDelta;

use crate::model::Timestamp;
use crate::model::attempt::SourceError;
use crate::vendors::pace::Pace;
use crate::vendors::transport::{Reply, Transport};

use super::refusal::{Reaction, Refusal};
use super::request::{self, Operation, Tokens};

/// One token of a property or portfolio.
#[derive(Debug)]
pub(super) struct Client {
    tokens: Tokens,
    pace: Pace,
    hold: Option<Hold>,
    /// Times in a row that the server said "too many requests" without saying until when.
    throttled: u32,
    /// The server's clock minus ours.
    skew: TimeDelta,
}

/// A pause of all calls.
#[derive(Debug)]
struct Hold {
    until: Timestamp,
    error: SourceError,
    why: Why,
}

/// Why all calls wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// The vendor has had enough of this token for now.
    Throttled,
    /// What was asked is refused.
    Refused,
}

/// First pause after "too many requests" without an end; doubled up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(30);
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(15);
/// Pause after a token is refused.
pub(super) const REFUSED_PAUSE: TimeDelta = TimeDelta::minutes(5);

impl Client {
    pub(super) fn new(tokens: Tokens) -> Self {
        // The vendor allows 200 calls in half a minute, and other programs may use the token too.
        let pace = Pace::new(20, TimeDelta::seconds(10));
        Self {
            tokens,
            pace,
            hold: None,
            throttled: 0,
            skew: TimeDelta::zero(),
        }
    }

    /// The error that all calls wait for, while they do.
    pub(super) fn held(&self, now: Timestamp) -> Option<SourceError> {
        self.holding(now).map(|hold| hold.error.clone())
    }

    /// Until when the vendor lets all calls wait, while it does.
    pub(super) fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        let hold = self.holding(now)?;
        (hold.why == Why::Throttled).then_some(hold.until)
    }

    fn holding(&self, now: Timestamp) -> Option<&Hold> {
        self.hold.as_ref().filter(|hold| now < hold.until)
    }

    /// Lets all calls wait because they are refused.
    pub(super) fn refused(&mut self, until: Timestamp, error: &SourceError) {
        self.hold = Some(Hold {
            until,
            error: error.clone(),
            why: Why::Refused,
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
        self.pace.pass(transport.clock()).await;
        let request = request::signed(operation, &self.tokens, wanted);
        let reply = transport.send(request).await?;
        if let Some(date) = reply.date() {
            self.skew = date - reply.received;
        }
        answer(operation, &reply).map_err(|mut refusal| {
            refusal.error.message = transport.scrub(&refusal.error.message);
            if refusal.reaction == Reaction::Throttle {
                self.pause(&reply, &refusal.error);
            }
            refusal
        })
    }

    /// Everything went well: the next pause is a short one again.
    pub(super) fn went_well(&mut self) {
        self.throttled = 0;
        self.hold = None;
    }

    /// Clients that keep asking may be blocked (vendor documentation).
    fn pause(&mut self, reply: &Reply, error: &SourceError) {
        let doubled = FIRST_PAUSE * (1 << self.throttled.min(8));
        self.throttled += 1;
        let pause = doubled.min(LONGEST_PAUSE);
        let until = error.retry_at.unwrap_or(reply.received + pause);
        self.hold = Some(Hold {
            until,
            error: error.clone(),
            why: Why::Throttled,
        });
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
