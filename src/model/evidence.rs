//! What is known about how far the number of a store can be trusted, beside the number itself.

use super::Timestamp;
use super::after_hours::AfterHours;
use super::hand::HandCount;
use super::occupancy::Drift;

/// What speaks for and against the number of a store.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Evidence {
    /// The vendor's own number beside ours, where both exist.
    pub vendor: Option<Beside>,
    /// How entries and exits have differed over the learned days.
    pub drift: Option<Drift>,
    /// The last reset that was lived through.
    pub last_reset: Option<LastReset>,
    /// Good days learned, of all time.
    pub learned_days: u32,
    /// The count by hand that the number stands on.
    pub by_hand: Option<HandCount>,
    /// Who crossed its doors in the newest closed stretch in which anybody did.
    pub after_hours: Option<AfterHours>,
}

/// The vendor's number and ours side by side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beside {
    /// The vendor's number as it came; may be negative.
    pub value: i64,
    /// The instant the vendor stamped for it.
    pub as_of: Timestamp,
    /// Our own number.
    pub counted: u32,
    /// Half-width of our band.
    pub half: u32,
    /// The vendor's number minus ours, where they were last compared.
    pub difference: i64,
    /// Since when they have been apart by more than the band; `None` while they agree.
    pub since: Option<Timestamp>,
}

/// The vendor's number and ours may differ by so many people, however narrow our band is.
const TOLERANCE: u64 = 5;

impl Beside {
    /// Whether the two numbers are as near to each other as our band lets them be. Apart they are
    /// a dispute only after an hour.
    #[must_use]
    pub fn is_near(&self) -> bool {
        let apart = self.value.abs_diff(i64::from(self.counted));
        apart <= u64::from(self.half).max(TOLERANCE)
    }
}

/// A reset, when the store was empty whatever the counts said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LastReset {
    /// When.
    pub at: Timestamp,
    /// The plain sum just before it: what the counters missed or invented that day.
    pub residual: i64,
    /// People our own number still had inside just before it.
    pub remained: u32,
    /// Half-width of the band just before it.
    pub half: u32,
}

impl LastReset {
    /// Whether the band explains what was left.
    #[must_use]
    pub fn is_confirmed(&self) -> bool {
        self.remained <= self.half
    }
}
