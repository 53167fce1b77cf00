//! The running day beside earlier ones.

use std::sync::Arc;

use super::App;
use crate::model::Timestamp;
use crate::model::board::StoreRow;
use crate::model::device::DeviceId;
use crate::model::usual::{Comparisons, Usual, Yardstick};

/// What the running day is compared with.
#[derive(Clone, Debug, Default)]
pub struct Comparing {
    /// By which days; `None` for not at all.
    pub yardstick: Option<Yardstick>,
    /// What is usual today, once it has come.
    pub usual: Option<Arc<Comparisons>>,
    /// It was asked for.
    asked: bool,
}

/// What there is to compare a store with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Against<'a> {
    /// This day.
    Usual(&'a Usual),
    /// None was good enough, or the board is one of another day.
    NoGoodDay,
    /// It has not come yet.
    Reading,
}

impl Comparing {
    /// On to the next yardstick. True when what is usual has to be asked for.
    pub fn turn(&mut self) -> bool {
        self.yardstick = match self.yardstick {
            None => Some(Yardstick::LastWeek),
            Some(Yardstick::LastWeek) => Some(Yardstick::MedianOfFour),
            Some(Yardstick::MedianOfFour) => None,
        };
        !std::mem::replace(&mut self.asked, true)
    }

    /// The heading of a column for what is usual.
    #[must_use]
    pub fn heading(&self) -> Option<&'static str> {
        Some(match self.yardstick? {
            Yardstick::LastWeek => "Last wk",
            Yardstick::MedianOfFour => "Median",
        })
    }

    /// The yardstick in a word or two.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.yardstick {
            None => "nothing",
            Some(Yardstick::LastWeek) => "last week",
            Some(Yardstick::MedianOfFour) => "median",
        }
    }
}

impl App {
    /// What a store is compared with; `None` while nothing is compared.
    #[must_use]
    pub fn against(&self, row: &StoreRow) -> Option<Against<'_>> {
        let yardstick = self.comparing.yardstick?;
        let Some(usual) = &self.comparing.usual else {
            return Some(Against::Reading);
        };
        let usual = usual.of(&row.store.name, yardstick, row.day.start);
        Some(usual.map_or(Against::NoGoodDay, Against::Usual))
    }

    /// How many sales or documents a device usually has by `now`; `None` while nothing is compared
    /// or there is no good day to compare with.
    #[must_use]
    pub fn usual_by(&self, id: &DeviceId, now: Timestamp) -> Option<u64> {
        let usual = self.comparing.usual.as_ref()?;
        usual.happened(id, self.comparing.yardstick?, now)
    }
}
