//! What lists need to know about a row, whatever it is of.

use std::sync::Arc;

use crate::model::Timestamp;
use crate::model::board::{DeviceRow, Figures, SourceRow, StoreRow};
use crate::model::device::{DeviceId, Kind};
use crate::model::health::{DataState, FetchState};
use crate::model::totals::Totals;

use super::judge::{Judged, Judgement, Trouble, device_trouble, overdue, trouble};
use super::told::{Mark, Told};

/// The lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListKind {
    /// Stores.
    Stores,
    /// Vehicles.
    Fleet,
    /// Vendor accounts.
    Sources,
    /// Document counters.
    Hotel,
    /// Machines.
    Vending,
    /// Incidents and what else happened.
    Events,
}

impl ListKind {
    /// All lists in the order of their keys.
    pub const ALL: [Self; 6] = [
        Self::Stores,
        Self::Fleet,
        Self::Sources,
        Self::Hotel,
        Self::Vending,
        Self::Events,
    ];

    /// The kind of device it lists; `None` for lists of something else.
    #[must_use]
    pub fn devices(self) -> Option<Kind> {
        match self {
            Self::Stores | Self::Sources | Self::Events => None,
            Self::Fleet => Some(Kind::Tracker),
            Self::Hotel => Some(Kind::DocumentCounter),
            Self::Vending => Some(Kind::Machine),
        }
    }

    /// The orders it can be sorted in.
    #[must_use]
    pub fn sorts(self) -> &'static [Sort] {
        use Sort::{
            Age, Attention, Configured, Entered, Full, Inside, Missed, Name, OnBoard, Today,
        };
        match self {
            Self::Stores => &[Configured, Attention, Name, Inside, Full, Entered, Age],
            Self::Fleet => &[Configured, Attention, Name, Today, OnBoard, Age],
            Self::Sources => &[Configured, Attention, Name, Age],
            Self::Hotel => &[Configured, Attention, Name, Today, Age],
            Self::Vending => &[Missed, Configured, Attention, Name, Today, Age],
            Self::Events => &[Configured, Attention],
        }
    }

    /// The order it is in before anybody asks for another.
    #[must_use]
    pub fn usual_sort(self) -> Sort {
        self.sorts()[0]
    }
}

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// As the configuration has it, stores under their groups; events newest first.
    #[default]
    Configured,
    /// What needs attention first.
    Attention,
    /// By name.
    Name,
    /// Most people first.
    Inside,
    /// Fullest first.
    Full,
    /// Most visitors first.
    Entered,
    /// Farthest, or most documents or sales, first.
    Today,
    /// Most missed sales first.
    Missed,
    /// Most passengers first.
    OnBoard,
    /// Oldest number first.
    Age,
}

impl Sort {
    /// The word in the footer.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Configured => "as configured",
            Self::Attention => "attention",
            Self::Name => "name",
            Self::Inside => "inside",
            Self::Full => "full",
            Self::Entered => "in",
            Self::Today => "today",
            Self::Missed => "missed",
            Self::OnBoard => "on board",
            Self::Age => "age",
        }
    }
}

/// The identity of a row across boards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A store, by name.
    Store(Arc<str>),
    /// A source, by name.
    Source(Arc<str>),
    /// A device.
    Device(DeviceId),
    /// An event, by its number.
    Event(u64),
}

/// A row of any list.
#[derive(Clone, Copy, Debug)]
pub enum Row<'a> {
    /// A store.
    Store(&'a Judged<StoreRow>),
    /// A source.
    Source(&'a Judged<SourceRow>),
    /// A device.
    Device(&'a Judged<DeviceRow>),
    /// An event.
    Event(&'a Told),
}

impl<'a> Row<'a> {
    /// The row at a place of the judgement.
    #[must_use]
    pub fn of(judgement: &'a Judgement, kind: ListKind, at: usize) -> Option<Self> {
        match kind {
            ListKind::Stores => judgement.stores.get(at).map(Self::Store),
            ListKind::Sources => judgement.sources.get(at).map(Self::Source),
            ListKind::Events => judgement.events.get(at).map(Self::Event),
            _ => judgement.devices.get(at).map(Self::Device),
        }
    }

    /// Its identity.
    #[must_use]
    pub fn item(self) -> Item {
        match self {
            Self::Store(judged) => Item::Store(judged.row.store.name.clone()),
            Self::Source(judged) => Item::Source(judged.row.name.clone()),
            Self::Device(judged) => Item::Device(judged.row.id.clone()),
            Self::Event(told) => Item::Event(told.event.id),
        }
    }

    /// Whether this is the row of `item`.
    #[must_use]
    pub fn is(self, item: &Item) -> bool {
        match (self, item) {
            (Self::Store(judged), Item::Store(name)) => judged.row.store.name == *name,
            (Self::Source(judged), Item::Source(name)) => judged.row.name == *name,
            (Self::Device(judged), Item::Device(id)) => judged.row.id == *id,
            (Self::Event(told), Item::Event(id)) => told.event.id == *id,
            _ => false,
        }
    }

    /// The name to show.
    #[must_use]
    pub fn name(self) -> &'a str {
        match self {
            Self::Store(judged) => &judged.row.store.name,
            Self::Source(judged) => &judged.row.name,
            Self::Device(judged) => &judged.row.facts.name,
            Self::Event(told) => &told.text,
        }
    }

    /// What else a filter finds it by.
    #[must_use]
    pub fn also(self) -> Option<&'a str> {
        match self {
            Self::Event(told) => Some(&told.whom),
            _ => None,
        }
    }

    /// Whether it has anything to do with an item. Only events tell of others.
    #[must_use]
    pub fn concerns(self, item: &Item) -> bool {
        match (self, item) {
            (Self::Event(told), Item::Store(name)) => told.event.is_of_store(name),
            (Self::Event(told), Item::Source(name)) => told.event.is_of_source(name),
            (Self::Event(told), Item::Device(id)) => told.event.is_of_device(id),
            _ => self.is(item),
        }
    }

    /// The group: a store's group, a device's store, a source's vendor.
    #[must_use]
    pub fn group(self) -> Option<&'a str> {
        match self {
            Self::Store(judged) => judged.row.store.group.as_deref(),
            Self::Source(judged) => Some(&judged.row.vendor),
            Self::Device(judged) => judged.row.store.as_deref(),
            Self::Event(_) => None,
        }
    }

    /// Whether it has anything to do with the source.
    #[must_use]
    pub fn is_from(self, source: &str) -> bool {
        match self {
            Self::Store(judged) => judged.row.members.iter().any(|id| id.source() == source),
            Self::Source(judged) => *judged.row.name == *source,
            Self::Device(judged) => judged.row.id.source() == source,
            Self::Event(told) => told.event.is_of_source(source),
        }
    }

    /// Its data state; events have none.
    #[must_use]
    pub fn state(self) -> DataState {
        match self {
            Self::Store(judged) => judged.state,
            Self::Source(judged) => judged.state,
            Self::Device(judged) => judged.state,
            Self::Event(_) => DataState::Unknown,
        }
    }

    /// How fetching goes; sources only.
    #[must_use]
    pub fn fetch(self) -> Option<FetchState> {
        match self {
            Self::Source(judged) => Some(judged.row.fetch),
            _ => None,
        }
    }

    /// Its worst trouble.
    #[must_use]
    pub fn trouble(self) -> Option<Trouble> {
        match self {
            Self::Store(judged) => trouble(judged),
            Self::Source(judged) if judged.row.fetch.is_failing() => Some(Trouble::Dead),
            Self::Source(judged) => overdue(judged.state),
            Self::Device(judged) => device_trouble(judged),
            Self::Event(told) if told.event.wants_attention() => Some(match told.mark {
                Mark::Critical => Trouble::Dead,
                _ => Trouble::Stale,
            }),
            Self::Event(_) => None,
        }
    }

    /// The newest instant of its data.
    #[must_use]
    pub fn as_of(self) -> Option<Timestamp> {
        match self {
            Self::Store(judged) => (judged.row.occupancy.as_ref())
                .map(|occupancy| occupancy.shown.as_of)
                .or(judged.row.covered_to),
            Self::Source(judged) => judged.row.horizon,
            Self::Device(judged) => judged.row.as_of,
            Self::Event(told) => Some(told.event.start),
        }
    }

    /// Adds a store to what several add up to; other rows have nothing to add.
    pub fn add_to(self, totals: &mut Totals) {
        if let Self::Store(judged) = self {
            totals.add(&judged.row, judged.state);
        }
    }

    /// What a numeric order compares at `now`; `None` stands last.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "an order, not a figure")]
    pub fn weight(self, sort: Sort, now: Timestamp) -> Option<f64> {
        match sort {
            Sort::Configured | Sort::Name => None,
            Sort::Attention => Some(
                self.trouble()
                    .map_or(0.0, |trouble| f64::from(trouble as u8) + 1.0),
            ),
            Sort::Age => self.as_of().map(|at| -(at.timestamp() as f64)),
            _ => match self {
                Self::Store(judged) => store_weight(&judged.row, sort),
                Self::Source(_) | Self::Event(_) => None,
                Self::Device(judged) if sort == Sort::Missed => judged.row.missed(now),
                Self::Device(judged) => device_weight(&judged.row.figures, sort),
            },
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "an order, not a figure")]
fn store_weight(row: &StoreRow, sort: Sort) -> Option<f64> {
    match sort {
        Sort::Inside => Some(f64::from(row.occupancy.as_ref()?.shown.value)),
        Sort::Full => row.ratio(),
        Sort::Entered => Some(row.today?.entered as f64),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "an order, not a figure")]
fn device_weight(figures: &Figures, sort: Sort) -> Option<f64> {
    match (figures, sort) {
        (
            Figures::Tracker {
                distance_today_km, ..
            },
            Sort::Today,
        ) => Some(distance_today_km.as_ref()?.value),
        (Figures::Tracker { on_board, .. }, Sort::OnBoard) => Some(on_board.as_ref()?.value as f64),
        (Figures::DocumentCounter { growth_today, .. }, Sort::Today) => {
            Some((*growth_today)? as f64)
        }
        (Figures::Machine { sales_today, .. }, Sort::Today) => {
            Some(sales_today.as_ref()?.value as f64)
        }
        _ => None,
    }
}

/// The glyph of a data state, the same in every glyph set.
#[must_use]
pub fn data_glyph(state: DataState) -> &'static str {
    match state {
        DataState::Unknown => "?",
        DataState::Paused => "=",
        DataState::Closed => "o",
        DataState::Dead => "X",
        DataState::Stale => "!",
        DataState::Late => ">",
        DataState::Due => ".",
        DataState::Fresh => "+",
    }
}

/// The word of a data state.
#[must_use]
pub fn data_word(state: DataState) -> &'static str {
    match state {
        DataState::Unknown => "new",
        DataState::Paused => "paused",
        DataState::Closed => "closed",
        DataState::Dead => "dead",
        DataState::Stale => "stale",
        DataState::Late => "late",
        DataState::Due => "due",
        DataState::Fresh => "fresh",
    }
}

/// The glyph of a fetch state.
#[must_use]
pub fn fetch_glyph(state: FetchState) -> &'static str {
    match state {
        FetchState::Never => "?",
        FetchState::Ok => "+",
        FetchState::Retrying => ">",
        FetchState::Backoff | FetchState::Throttled | FetchState::Offline => "!",
        FetchState::Auth | FetchState::Schema | FetchState::Misconfigured => "X",
        FetchState::Paused => "=",
    }
}

/// The word of a fetch state.
#[must_use]
pub fn fetch_word(state: FetchState) -> &'static str {
    match state {
        FetchState::Never => "never",
        FetchState::Ok => "ok",
        FetchState::Retrying => "retrying",
        FetchState::Backoff => "backoff",
        FetchState::Throttled => "throttled",
        FetchState::Auth => "auth",
        FetchState::Schema => "schema",
        FetchState::Misconfigured => "misconfigured",
        FetchState::Offline => "offline",
        FetchState::Paused => "paused",
    }
}
