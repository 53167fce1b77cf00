//! Stable jitter: sources spread over time, each always at the same distance.

use chrono::TimeDelta;

/// A share in `[0, 1)` that belongs to a source for good.
///
/// Written out (FNV-1a with a final mix) because the hashes of the standard library may differ
/// from one release to the next, and a poll time that moves with an update would surprise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Jitter(u32);

impl Jitter {
    /// The share of the source called `name`.
    pub(super) fn of(name: &str) -> Self {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for byte in name.bytes() {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        // FNV leaves the high bits of short names nearly alike.
        hash = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self((hash >> 32) as u32)
    }

    /// The source's part of `range`, to the millisecond.
    pub(super) fn within(self, range: TimeDelta) -> TimeDelta {
        let range = i128::from(range.num_milliseconds().max(0));
        let part = (range * i128::from(self.0)) >> 32;
        TimeDelta::milliseconds(i64::try_from(part).unwrap_or(0))
    }

    /// The delay that a source adds to a wait of `period`: a twentieth, a minute at most.
    pub(super) fn of_period(self, period: TimeDelta) -> TimeDelta {
        self.within((period / 20).min(TimeDelta::minutes(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_share_for_ever() {
        let hour = TimeDelta::hours(1);
        let shares = ["opap", "fleet", "hotel", "coffee"].map(|name| Jitter::of(name).within(hour));
        let seconds = shares.map(|share| share.num_seconds());
        assert_eq!(seconds, [252, 878, 362, 3206]);
    }

    #[test]
    fn names_spread_evenly() {
        let mut tenths = [0; 10];
        for number in 0..1000 {
            let share = Jitter::of(&format!("store-{number}")).within(TimeDelta::seconds(10));
            tenths[usize::try_from(share.num_seconds()).unwrap()] += 1;
        }
        assert!(
            tenths.iter().all(|count| (70..130).contains(count)),
            "{tenths:?}"
        );
    }

    #[test]
    fn a_period_adds_a_minute_at_most() {
        let most = Jitter(u32::MAX);
        let table = [
            (60, 2_999),
            (900, 44_999),
            (3_600, 59_999),
            (86_400, 59_999),
        ];
        for (period, expected) in table {
            let jitter = most.of_period(TimeDelta::seconds(period));
            assert_eq!(jitter.num_milliseconds(), expected, "{period}");
        }
        assert_eq!(Jitter(0).of_period(TimeDelta::hours(1)), TimeDelta::zero());
        assert_eq!(most.within(TimeDelta::seconds(-5)), TimeDelta::zero());
    }
}
