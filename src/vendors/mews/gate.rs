//! What all who use one access token share: its pace, its pauses, and one request at a time. The
//! vendor counts requests by token, whoever sends them.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use chrono::TimeDelta;
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::clock::Clock;
use crate::config::secret::Secret;
use crate::model::Timestamp;
use crate::model::attempt::SourceError;
use crate::vendors::pace::Pace;

/// The gate of a token; who holds the lock may send.
pub(super) type SharedGate = Arc<tokio::sync::Mutex<Gate>>;

/// What lets the requests of a token pass, or not.
#[derive(Debug)]
pub(super) struct Gate {
    pace: Pace,
    /// Requests a second that the pace allows.
    per_second: u32,
    /// The error after which the vendor wants no request, and until when.
    wait: Option<(Timestamp, SourceError)>,
    /// Times in a row that the server said "too many requests" without saying until when.
    throttled: u32,
}

/// The longest pause after "too many requests" without an end.
const LONGEST: TimeDelta = TimeDelta::seconds(120);

/// The gates that are in use, by platform and token. Sources do not know of each other.
static GATES: Mutex<Gates> = Mutex::new(BTreeMap::new());

type Gates = BTreeMap<(String, u64), Weak<tokio::sync::Mutex<Gate>>>;

/// The gate of a token at a platform.
pub(super) fn shared(url: &Url, token: &SecretString) -> SharedGate {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    let key = (format!("{host}:{port}"), hash(token.expose_secret()));
    let mut gates = GATES.lock().unwrap_or_else(PoisonError::into_inner);
    gates.retain(|_, gate| gate.strong_count() > 0);
    if let Some(gate) = gates.get(&key).and_then(Weak::upgrade) {
        return gate;
    }
    let gate = Arc::new(tokio::sync::Mutex::new(Gate::new()));
    gates.insert(key, Arc::downgrade(&gate));
    gate
}

impl Gate {
    fn new() -> Self {
        Self {
            pace: pace(u32::MAX),
            per_second: u32::MAX,
            wait: None,
            throttled: 0,
        }
    }

    /// Waits until one more request may pass, at so many a second. Of all who share the gate the
    /// most careful sets the pace.
    pub(super) async fn pass(&mut self, per_second: u32, clock: &Clock) {
        if per_second < self.per_second {
            (self.per_second, self.pace) = (per_second, pace(per_second));
        }
        self.pace.pass(clock).await;
    }

    /// The error that all calls wait for and the time they are free again, while they wait.
    pub(super) fn waiting(&self, now: Timestamp) -> Option<(Timestamp, SourceError)> {
        self.wait.clone().filter(|(until, _)| now < *until)
    }

    /// Lets all calls wait until the vendor's time, or for a second that doubles each time: it
    /// wants no fixed pause, and clients that keep asking may be blocked (vendor documentation).
    pub(super) fn close(&mut self, error: &mut SourceError, now: Timestamp) {
        let until = error.retry_at;
        let until = until.unwrap_or_else(|| now + doubled(&mut self.throttled, LONGEST));
        error.retry_at = Some(until);
        self.wait = Some((until, error.clone()));
    }

    /// Everything went well: the next pause is a short one again, unless somebody else who shares
    /// the gate has just been told to wait.
    pub(super) fn went_well(&mut self, now: Timestamp) {
        if self.waiting(now).is_none() {
            self.throttled = 0;
        }
    }
}

/// Bursts pass, and the rest waits: the vendor allows 200 calls in half a minute.
fn pace(per_second: u32) -> Pace {
    let most = usize::try_from(per_second).unwrap_or(usize::MAX);
    Pace::new(most.saturating_mul(10), TimeDelta::seconds(10))
}

/// A second, twice as long each time, up to the longest.
pub(super) fn doubled(times: &mut u32, longest: TimeDelta) -> TimeDelta {
    let pause = TimeDelta::seconds(1) * (1 << (*times).min(16));
    *times = times.saturating_add(1);
    pause.min(longest)
}

/// Names a secret as far as the configuration tells it, without anything secret: two that are
/// named alike are the same.
pub(super) fn name(secret: &Secret) -> String {
    match secret {
        Secret::Literal(secret) => format!("value {:016x}", hash(secret.expose_secret())),
        Secret::Env(variable) => format!("env {variable}"),
        Secret::File(path) => format!("file {}", path.display()),
        Secret::Command(command) => format!("command {command:?}"),
    }
}

/// Tokens are long and random, so that none can be guessed from this.
fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(url: &str, token: &str) -> SharedGate {
        shared(&url.parse().unwrap(), &token.into())
    }

    #[test]
    fn a_gate_is_shared_by_platform_and_token_while_it_is_in_use() {
        let one = gate("https://one.example/a", "TOKEN");
        assert!(Arc::ptr_eq(
            &one,
            &gate("https://one.example:443/b", "TOKEN")
        ));
        assert!(!Arc::ptr_eq(&one, &gate("https://one.example", "OTHER")));
        assert!(!Arc::ptr_eq(&one, &gate("https://other.example", "TOKEN")));
        let error = SourceError::new(crate::model::attempt::ErrorKind::RateLimited, "busy");
        let now = Timestamp::UNIX_EPOCH;
        one.try_lock().unwrap().close(&mut error.clone(), now);
        drop(one);
        let new = gate("https://one.example", "TOKEN");
        assert_eq!(new.try_lock().unwrap().waiting(now), None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_most_careful_sets_the_pace_of_a_token() {
        let start = Timestamp::UNIX_EPOCH;
        let clock = Clock::scaled(start, 1.0);
        let gate = gate("https://pace.example", "TOKEN");
        let mut gate = gate.lock().await;
        for turn in 0..40 {
            gate.pass([3, 1][turn % 2], &clock).await;
        }
        assert!((clock.now() - start).num_seconds() >= 30);
    }

    #[test]
    fn what_went_well_for_one_does_not_end_the_pause_of_another() {
        let mut gate = Gate::new();
        let now = Timestamp::UNIX_EPOCH;
        let error = SourceError::new(crate::model::attempt::ErrorKind::RateLimited, "busy");
        let close = |gate: &mut Gate, now| {
            gate.close(&mut error.clone(), now);
            gate.waiting(now)
                .map(|(until, _)| (until - now).num_seconds())
        };
        assert_eq!(close(&mut gate, now), Some(1));
        gate.went_well(now);
        assert!(gate.waiting(now).is_some());
        let later = now + TimeDelta::seconds(1);
        assert_eq!(close(&mut gate, later), Some(2));
        let later = later + TimeDelta::seconds(2);
        gate.went_well(later);
        assert_eq!(close(&mut gate, later), Some(1));
    }

    #[test]
    fn a_name_tells_no_secret() {
        let literal = |text: &str| name(&Secret::Literal(text.into()));
        assert_eq!(literal("TOKEN"), literal("TOKEN"));
        assert_ne!(literal("TOKEN"), literal("OTHER"));
        assert!(!literal("TOKEN").contains("TOKEN"));
        assert_eq!(name(&Secret::Env("T".into())), "env T");
    }
}
