//! What an operator who wants a poll now is answered.

use chrono::TimeDelta;

use crate::model::Timestamp;
use crate::model::health::FetchState;

/// Who was asked within this time has nothing new to say.
pub const FRESHLY: TimeDelta = TimeDelta::seconds(15);

/// Why a source is not asked although an operator wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A poll is under way.
    Asking,
    /// The last poll ended a moment ago.
    JustAsked,
    /// The vendor or our own ceiling says to wait.
    Throttled,
    /// The credentials are refused, and some vendors lock an account after a few log-ins.
    Refused,
    /// The requests that an hour leaves to operators are used.
    Share,
    /// It is switched off, or its configuration cannot be used.
    Settings,
}

/// That a source is not asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// From when on it is asked; `None` when no time can be told.
    pub until: Option<Timestamp>,
}

impl Refusal {
    /// Refuses until an instant.
    #[must_use]
    pub fn new(reason: Reason, until: impl Into<Option<Timestamp>>) -> Self {
        Self {
            reason,
            until: until.into(),
        }
    }
}

/// Whether a source that was asked at `last` and will be asked at `next` may be asked now.
pub(super) fn poke(
    state: FetchState,
    (last, next): (Option<Timestamp>, Option<Timestamp>),
    now: Timestamp,
) -> Result<(), Refusal> {
    let waits = next.filter(|next| *next > now);
    match (state, waits) {
        (FetchState::Throttled, Some(next)) => {
            return Err(Refusal::new(Reason::Throttled, next));
        }
        (FetchState::Auth, Some(next)) => return Err(Refusal::new(Reason::Refused, next)),
        _ => {}
    }
    // A clock that was set back makes nobody wait.
    match last.filter(|last| *last <= now && now < *last + FRESHLY) {
        Some(last) => Err(Refusal::new(Reason::JustAsked, last + FRESHLY)),
        None => Ok(()),
    }
}
