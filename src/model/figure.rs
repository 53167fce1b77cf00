//! A number that knows how far it reaches and how far it can be trusted.

use super::Timestamp;

/// A value with its age and its quality. Widgets take figures, never bare numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figure<T> {
    /// The value.
    pub value: T,
    /// The newest instant the vendor stamped for it.
    pub as_of: Timestamp,
    /// When we learned it.
    pub fetched_at: Timestamp,
    /// What to keep in mind when reading it.
    pub quality: Quality,
}

impl<T> Figure<T> {
    /// The same age and quality around another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Figure<U> {
        Figure {
            value: change(self.value),
            as_of: self.as_of,
            fetched_at: self.fetched_at,
            quality: self.quality,
        }
    }
}

/// A set of quality flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Quality(u8);

/// One thing to keep in mind about a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Flag {
    /// Less than 80 % of what was expected has arrived.
    Partial = 1,
    /// The newest interval may still be rewritten.
    Provisional = 2,
    /// A value was changed by the vendor after it was first shown.
    Revised = 4,
    /// A reset, a jump or an impossible value.
    Suspect = 8,
    /// Only zeros although the hour is usually busy.
    Silent = 16,
    /// One direction counts, the other does not.
    OneWay = 32,
    /// In and out drift apart by more than 5 %.
    Drifting = 64,
    /// At the reset more people were left than the band allows.
    ResetUnconfirmed = 128,
}

impl Flag {
    /// All flags, in the order they are shown.
    pub const ALL: [Self; 8] = [
        Self::Partial,
        Self::Provisional,
        Self::Revised,
        Self::Suspect,
        Self::Silent,
        Self::OneWay,
        Self::Drifting,
        Self::ResetUnconfirmed,
    ];

    /// The word of the flag on every surface.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Partial => "partial",
            Self::Provisional => "provisional",
            Self::Revised => "revised",
            Self::Suspect => "suspect",
            Self::Silent => "silent",
            Self::OneWay => "one_way",
            Self::Drifting => "drifting",
            Self::ResetUnconfirmed => "reset_unconfirmed",
        }
    }
}

impl Quality {
    /// Nothing to keep in mind.
    pub const GOOD: Self = Self(0);

    /// With one flag more.
    #[must_use]
    pub fn with(self, flag: Flag) -> Self {
        Self(self.0 | flag as u8)
    }

    /// With one flag more when `set`.
    #[must_use]
    pub fn with_if(self, flag: Flag, set: bool) -> Self {
        if set { self.with(flag) } else { self }
    }

    /// Without one of the flags.
    #[must_use]
    pub fn without(self, flag: Flag) -> Self {
        Self(self.0 & !(flag as u8))
    }

    /// The flags of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a flag is set.
    #[must_use]
    pub fn has(self, flag: Flag) -> bool {
        self.0 & flag as u8 != 0
    }

    /// The flags that are set, in the order they are shown.
    pub fn flags(self) -> impl Iterator<Item = Flag> {
        Flag::ALL.into_iter().filter(move |flag| self.has(*flag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_add_up_and_list_in_order() {
        let quality = Quality::GOOD
            .with(Flag::Revised)
            .and(Quality::GOOD.with(Flag::Partial));
        let words: Vec<_> = quality.flags().map(Flag::word).collect();
        assert_eq!(words, ["partial", "revised"]);
        assert!(!quality.has(Flag::Silent));
        assert!(!quality.without(Flag::Partial).has(Flag::Partial));
    }
}
