//! Makes the calls of one token: adds its credentials, keeps its pace, and waits when it is told.

use chrono::TimeDelta;

use crate::model::Timestamp;
use crate::model::attempt::{ErrorKind, SourceError};
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
    /// Times in a row that the server failed.
    failed: u32,
    /// The server's clock minus ours.
    skew: TimeDelta,
}

/// A pause of all calls.
#[derive(Debug)]
struct Hold {
    /// `None` until the settings change.
    until: Option<Timestamp>,
    error: SourceError,
    why: Why,
}

/// Why all calls wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// The vendor has had enough of this token for now.
    Throttled,
    /// What was asked is refused, or the server fails.
    Refused,
}

/// The longest pause after "too many requests" without an end, and after a failure. The first
/// ones take a second, and each is twice as long as the one before (vendor documentation: never a
/// fixed pause).
const LONGEST_THROTTLE: TimeDelta = TimeDelta::seconds(120);
const LONGEST_FAILURE: TimeDelta = TimeDelta::seconds(60);
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
            failed: 0,
            skew: TimeDelta::zero(),
        }
    }

    /// The error that all calls wait for, while they do.
    pub(super) fn held(&self, now: Timestamp) -> Option<SourceError> {
        self.holding(now).map(|hold| hold.error.clone())
    }

    /// Until when the vendor lets all calls wait, while it does.
    pub(super) fn waits_until(&self, now: Timestamp) -> Option<Timestamp> {
        let throttled = self.holding(now).filter(|hold| hold.why == Why::Throttled);
        throttled?.until
    }

    fn holding(&self, now: Timestamp) -> Option<&Hold> {
        let hold = self.hold.as_ref()?;
        hold.until.is_none_or(|until| now < until).then_some(hold)
    }

    /// Nothing is asked any more until the settings change.
    pub(super) fn is_stopped(&self) -> bool {
        self.hold.as_ref().is_some_and(|hold| hold.until.is_none())
    }

    /// Asks again after all.
    pub(super) fn release(&mut self) {
        self.hold = None;
    }

    /// Lets all calls wait because what the token is for could not be read.
    pub(super) fn refused(&mut self, reaction: Reaction, error: &SourceError, now: Timestamp) {
        let until = match reaction {
            // It has been seen to where the answer came in.
            Reaction::Throttle => return,
            Reaction::Stop | Reaction::Gone => None,
            Reaction::Unauthorized | Reaction::Forbidden => Some(now + REFUSED_PAUSE),
            // Our own ceiling, or an answer that no time heals.
            Reaction::Unreachable
                if matches!(error.kind, ErrorKind::RateLimited | ErrorKind::Config) =>
            {
                return;
            }
            Reaction::Unreachable | Reaction::Retry | Reaction::Less | Reaction::Again => {
                Some(now + doubled(&mut self.failed, LONGEST_FAILURE))
            }
        };
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
                self.pause(&reply, &mut refusal.error);
            }
            refusal
        })
    }

    /// Everything went well: the next pause is a short one again.
    pub(super) fn went_well(&mut self) {
        (self.throttled, self.failed) = (0, 0);
        self.hold = None;
    }

    /// Clients that keep asking may be blocked (vendor documentation).
    fn pause(&mut self, reply: &Reply, error: &mut SourceError) {
        let until = error
            .retry_at
            .unwrap_or_else(|| reply.received + doubled(&mut self.throttled, LONGEST_THROTTLE));
        error.retry_at = Some(until);
        self.hold = Some(Hold {
            until: Some(until),
            error: error.clone(),
            why: Why::Throttled,
        });
    }
}

/// A second, twice as long each time, up to the longest.
fn doubled(times: &mut u32, longest: TimeDelta) -> TimeDelta {
    let pause = TimeDelta::seconds(1) * (1 << (*times).min(16));
    *times = times.saturating_add(1);
    pause.min(longest)
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
