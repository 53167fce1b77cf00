//! How feeds go that tell of nothing but what happens: machines that sell, documents that are made.

use chrono::TimeDelta;

use super::{DeviceRow, Figures};
use crate::model::Timestamp;
use crate::model::device::Kind;
use crate::model::rhythm::{Pause, Stillness};

/// Something that happened within this makes a feed active.
const ACTIVE: TimeDelta = TimeDelta::minutes(15);

/// How such a feed goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activity {
    /// Something happened within the last quarter of an hour.
    Active,
    /// Nothing did, and that is plausible.
    Idle,
    /// Nothing did for longer than is usual at these hours.
    Silent,
}

impl Activity {
    /// The word on every surface.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Idle => "idle",
            Self::Silent => "silent",
        }
    }
}

/// Whether a pause is longer than a feed of this kind usually makes: a machine is silent when 19
/// gaps in 20 are shorter, documents, which nobody has to make, when 999 in 1000 are.
#[must_use]
pub fn is_silent(kind: Kind, pause: &Pause) -> bool {
    match kind {
        Kind::Machine => pause.stillness >= Stillness::Unusual,
        Kind::DocumentCounter => pause.stillness == Stillness::Rare,
        Kind::PeopleCounter | Kind::Tracker => false,
    }
}

impl DeviceRow {
    /// The pause since something happened last; `None` while what is usual is being learned.
    #[must_use]
    pub fn pause(&self) -> Option<&Pause> {
        match &self.figures {
            Figures::DocumentCounter { pause, .. } | Figures::Machine { pause, .. } => {
                pause.as_ref()
            }
            Figures::PeopleCounter { .. } | Figures::Tracker { .. } => None,
        }
    }

    /// How a machine or a sequence of documents goes at `now`; `None` for other devices, and while
    /// what is usual is being learned.
    #[must_use]
    pub fn activity(&self, now: Timestamp) -> Option<Activity> {
        let newest = match &self.figures {
            Figures::DocumentCounter { value, .. } => value.map(|value| value.as_of),
            Figures::Machine { last_sale, .. } => *last_sale,
            Figures::PeopleCounter { .. } | Figures::Tracker { .. } => None,
        };
        if newest.is_some_and(|newest| newest > now - ACTIVE && newest <= now) {
            return Some(Activity::Active);
        }
        Some(if self.is_silent()? {
            Activity::Silent
        } else {
            Activity::Idle
        })
    }

    /// Whether nothing has happened for longer than is usual at these hours; `None` while that is
    /// being learned.
    #[must_use]
    pub fn is_silent(&self) -> Option<bool> {
        let silent = is_silent(self.kind(), self.pause()?);
        Some(silent && !self.is_blocked())
    }

    /// From when it is silent if nothing happens meanwhile.
    #[must_use]
    pub fn silent_from(&self) -> Option<Timestamp> {
        let pause = self.pause()?;
        match self.kind() {
            Kind::Machine => pause.unusual,
            _ => pause.rare,
        }
    }

    /// How many sales or documents usually come in the time since the newest one, while it is
    /// silent.
    #[must_use]
    pub fn missed(&self, now: Timestamp) -> Option<f64> {
        let pause = self.pause()?;
        let feed = self.feed();
        self.is_silent()?
            .then(|| pause.missed(feed.theirs(now), feed.hours))
    }

    /// Whether it has been silent for so long that somebody should go and look.
    #[must_use]
    pub fn is_missed(&self) -> bool {
        let pause = self.pause().filter(|_| !self.is_blocked());
        pause.is_some_and(|pause| pause.stillness == Stillness::Rare)
    }

    /// How many sales a machine made in the stretch before `now`; `None` while some of them have
    /// not been read.
    #[must_use]
    pub fn sales_within(&self, stretch: TimeDelta, now: Timestamp) -> Option<usize> {
        let Figures::Machine { recent_sales, .. } = &self.figures else {
            return None;
        };
        let from = now - stretch;
        let unread = self.facts.sales_unread();
        let known = unread.is_none_or(|unread| unread.1 <= from || now <= unread.0);
        let within = |at: &&Timestamp| **at > from && **at <= now;
        known.then(|| recent_sales.iter().filter(within).count())
    }
}
