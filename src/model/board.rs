//! The board: everything a viewer needs, as immutable rows that are shared between publications.
//!
//! A publication costs what changed: rows that did not change are the same `Arc`s, and the device
//! map is a persistent tree. Nothing on the board depends on the clock; viewers derive ages and
//! data states from it with their own `now`.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono_tz::Tz;

use super::Timestamp;
use super::after_hours::AfterHours;
use super::attempt::{ErrorKind, SourceError};
use super::device::{Detail, DeviceId, Facts, Kind};
use super::evidence::Evidence;
use super::figure::Figure;
use super::health::{DataState, Expectation, Feed, FetchState, data_state, due, flapping};
use super::incidents::{Event, Freshness, Incident};
use super::reading::Currency;
use super::rhythm::Pause;
use super::schedule::Habit;
use super::store::Store;

mod activity;
mod corrected;
mod day;

pub use activity::{Activity, is_silent};
pub use corrected::{CORRECTIONS, Correction};
pub use day::{Cell, Day};

/// One consistent picture of all sources, stores and devices.
#[derive(Clone, Debug)]
pub struct Board {
    /// When it was made.
    pub at: Timestamp,
    /// Sources in file order.
    pub sources: Vec<Arc<SourceRow>>,
    /// Stores: those of the configuration in file order, then one for each people counter that no
    /// store claims.
    pub stores: imbl::Vector<Arc<StoreRow>>,
    /// Devices, sorted by the position of their source and then by id.
    pub devices: imbl::OrdMap<(u16, DeviceId), Arc<DeviceRow>>,
    /// Sentences about the program itself, for example that a damaged history was set aside.
    pub notices: Vec<Arc<str>>,
    /// What happened, newest first: the newest events, and all that last.
    pub events: imbl::Vector<Arc<Event>>,
}

/// One source: how its fetching goes and how far its data reaches.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceRow {
    /// Unique name.
    pub name: Arc<str>,
    /// The vendor's name, for example `bespot`.
    pub vendor: Arc<str>,
    /// Switched off by the operator.
    pub paused: bool,
    /// How fetching goes.
    pub fetch: FetchState,
    /// When its next data is expected.
    pub expectation: Expectation,
    /// Newest instant the vendor stamped.
    pub horizon: Option<Timestamp>,
    /// A fetch has succeeded since the program started.
    pub confirmed: bool,
    /// Start of the last attempt.
    pub last_attempt: Option<Timestamp>,
    /// Start of the last attempt that brought data.
    pub last_success: Option<Timestamp>,
    /// When it will be asked next.
    pub next_poll: Option<Timestamp>,
    /// Duration of the last attempt in milliseconds.
    pub took_ms: Option<u32>,
    /// Requests against the budget.
    pub requests: Requests,
    /// Number of its devices.
    pub devices: usize,
    /// Vendor rows decoded by the last attempt.
    pub rows: u32,
    /// Vendor rows of the last attempt that could not be used.
    pub rejected: u32,
    /// Readings of the last attempt that changed a known value.
    pub revised: u32,
    /// What went wrong last; `None` once an attempt succeeds.
    pub error: Option<SourceError>,
    /// Sentences from the vendor's adapter.
    pub notes: Vec<String>,
    /// The last attempts, oldest first, at most [`BEATS`].
    pub beats: Vec<Beat>,
    /// Server clock minus ours in seconds.
    pub clock_skew_s: Option<i64>,
    /// How it does against its freshness objective.
    pub freshness: Option<Freshness>,
    /// How it publishes; `None` where it does so all the time or was not asked yet.
    pub habit: Option<Habit>,
}

/// When two clocks differ by more seconds than this, it is told and heeded.
const NOTABLE_SKEW_S: u64 = 30;
/// A clock that is more than a day off is no clock.
const PLAUSIBLE_SKEW_S: u64 = 86_400;

/// The part of a difference of clocks by which data is judged: all of it, or nothing.
#[must_use]
pub fn heeded_skew_s(skew_s: i64) -> i64 {
    let heeded = NOTABLE_SKEW_S + 1..=PLAUSIBLE_SKEW_S;
    if heeded.contains(&skew_s.unsigned_abs()) {
        skew_s
    } else {
        0
    }
}

impl SourceRow {
    /// Whether our calls succeed, so that missing data is not for want of them: a first or second
    /// failure in a row does not count.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.confirmed && matches!(self.fetch, FetchState::Ok | FetchState::Retrying)
    }

    /// The first of the last failures in a row, as far as they are remembered.
    #[must_use]
    pub fn failing_since(&self) -> Option<Timestamp> {
        let failed = (self.beats.iter().rev()).take_while(|beat| beat.failure.is_some());
        failed.last().map(|beat| beat.at)
    }

    /// What is to be said of calls to a readable source.
    #[must_use]
    pub fn calls_in_words(&self) -> &'static str {
        if self.error.is_none() {
            "our calls succeed"
        } else {
            "our earlier calls succeeded"
        }
    }

    /// How often fetching changed between working and failing of late, while that is too often to
    /// tell each time.
    #[must_use]
    pub fn flapping(&self) -> Option<usize> {
        let failed: Vec<_> = self
            .beats
            .iter()
            .map(|beat| beat.failure.is_some())
            .collect();
        flapping(&failed)
    }

    /// The difference between the vendor's clock and ours, where it is more than half a minute.
    #[must_use]
    pub fn notable_skew_s(&self) -> Option<i64> {
        self.clock_skew_s
            .filter(|skew| skew.unsigned_abs() > NOTABLE_SKEW_S)
    }

    /// The difference of clocks by which its data is judged; 0 while they agree.
    #[must_use]
    pub fn heeded_skew_s(&self) -> i64 {
        self.clock_skew_s.map_or(0, heeded_skew_s)
    }

    /// What is to be said of the vendor's clock, where it differs from ours by more than half a
    /// minute: one of the two is wrong, and what the vendor stamps is judged by its own.
    #[must_use]
    pub fn clock_note(&self) -> Option<String> {
        let skew = self.notable_skew_s()?;
        let side = if skew > 0 { "ahead of" } else { "behind" };
        let heed = if heeded_skew_s(skew) == 0 {
            "that cannot be, so ages and states of its data are by our clock"
        } else {
            "ages and states of its data are by the vendor's clock"
        };
        Some(format!(
            "the vendor's clock is {} s {side} ours: {heed}",
            skew.unsigned_abs()
        ))
    }

    /// What the operator should know beside the state: the adapter's sentences, then ours.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let flapping = (self.flapping()).map(|changes| {
            format!("comes and goes: {changes} changes between working and failing of late")
        });
        let own = flapping.into_iter().chain(self.clock_note());
        self.notes.iter().cloned().chain(own).collect()
    }
}

/// How many attempts the heartbeat strip remembers.
pub const BEATS: usize = 40;

/// One attempt on the heartbeat strip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    /// When it started.
    pub at: Timestamp,
    /// How it went; `None` when all was well.
    pub failure: Option<ErrorKind>,
    /// It brought something new.
    pub news: bool,
}

/// Requests against the budget of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Requests of the last attempt, logins included.
    pub last_poll: u32,
    /// Requests in the hour before the last attempt's end.
    pub last_hour: u32,
    /// The ceiling.
    pub limit_per_hour: u32,
}

/// One store.
#[derive(Clone, Debug, PartialEq)]
pub struct StoreRow {
    /// The store as configured; made up from the counter where no store claims it.
    pub store: Arc<Store>,
    /// Whether the configuration declares it.
    pub declared: bool,
    /// Its devices that exist, sorted.
    pub members: Vec<DeviceId>,
    /// People inside.
    pub occupancy: Option<Occupancy>,
    /// Totals since the last reset; `None` while nothing is known.
    pub today: Option<Today>,
    /// The day so far on a grid.
    pub day: Arc<Day>,
    /// When its next data is expected: of the member that is worst off.
    pub expectation: Expectation,
    /// Up to where the data of the worst member reaches.
    pub covered_to: Option<Timestamp>,
    /// Its number was confirmed by a fetch since the program started.
    pub confirmed: bool,
    /// The sources of its members are all switched off.
    pub paused: bool,
    /// Most people inside today, and when.
    pub peak: Option<(u32, Timestamp)>,
    /// How far its number can be trusted.
    pub evidence: Evidence,
    /// The clock of the worst member's vendor minus ours in seconds, where it is heeded; else 0.
    pub skew_s: i64,
}

/// People inside a store.
#[derive(Clone, Debug, PartialEq)]
pub struct Occupancy {
    /// The number to show, never negative, with its age and quality.
    pub shown: Figure<u32>,
    /// Lower edge of the band.
    pub low: u32,
    /// Upper edge of the band.
    pub high: u32,
    /// The plain number before any correction or floor; may be negative.
    pub raw: i64,
    /// Where the shown number comes from.
    pub origin: Origin,
    /// Sentences that explain the number, most important first.
    pub why: Vec<String>,
}

/// Where an occupancy comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The vendor's own occupancy.
    Vendor,
    /// From in and out.
    Counted,
    /// From vehicles' sensors.
    OnBoard,
}

impl Origin {
    /// The word on every surface.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Vendor => "vendor",
            Self::Counted => "counted",
            Self::OnBoard => "on_board",
        }
    }
}

/// Totals of a running day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Today {
    /// People in.
    pub entered: u64,
    /// People out.
    pub left: u64,
    /// Start of the day: the last reset or local midnight.
    pub since: Timestamp,
    /// Share of what should have arrived by now that has, 0 to 1.
    pub coverage: f64,
}

/// One device.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceRow {
    /// Identity.
    pub id: DeviceId,
    /// Name of the store that claims it.
    pub store: Option<Arc<str>>,
    /// The store that claims it, for its opening hours.
    pub claimed_by: Option<Arc<Store>>,
    /// What the vendor says about it.
    pub facts: Arc<Facts>,
    /// Newest instant the vendor stamped for it.
    pub as_of: Option<Timestamp>,
    /// Up to where its data reaches; later than `as_of` for a feed that leaves out zero rows.
    pub covered_to: Option<Timestamp>,
    /// When its next data is expected.
    pub expectation: Expectation,
    /// Confirmed by a fetch since the program started.
    pub confirmed: bool,
    /// Its source is switched off.
    pub paused: bool,
    /// The vendor's clock minus ours in seconds, where it is heeded; else 0.
    pub skew_s: i64,
    /// Its numbers.
    pub figures: Figures,
}

/// Growth that is known only as a sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The last look before it, or the start of the day.
    pub from: Timestamp,
    /// The newest value in it.
    pub to: Timestamp,
    /// How much.
    pub growth: i64,
}

/// The numbers of a device by its kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Figures {
    /// A people counter.
    PeopleCounter {
        /// In and out since local midnight.
        today: Option<Figure<(u64, u64)>>,
        /// People inside by the vendor's own account, as it came (may be negative).
        occupancy: Option<Figure<i64>>,
        /// The day so far on a grid.
        day: Arc<Day>,
        /// Settled counts of its day, or of its store's, that the vendor changed, newest first.
        corrections: Arc<[Correction]>,
    },
    /// A vehicle tracker.
    Tracker {
        /// Odometer in kilometres.
        odometer_km: Option<Figure<f64>>,
        /// Engine time in hours.
        engine_hours: Option<Figure<f64>>,
        /// Kilometres since local midnight, or since the first value seen today.
        distance_today_km: Option<Figure<f64>>,
        /// From when the distance is measured.
        distance_since: Option<Timestamp>,
        /// People on board.
        on_board: Option<Figure<i64>>,
    },
    /// A document counter.
    DocumentCounter {
        /// Its value.
        value: Option<Figure<i64>>,
        /// Its value in the vendor's format.
        formatted: Option<String>,
        /// Documents since the start of the local day; `None` until a value from before it is known.
        growth_today: Option<i64>,
        /// Documents in the last full hour of history.
        per_hour: Option<f64>,
        /// Documents per hour of the day so far, oldest first; `None` where not known.
        hours: Arc<[Option<u32>]>,
        /// Growth of the day that is known only as a sum, because nobody looked meanwhile.
        unseen: Arc<[Gap]>,
        /// The pause since it changed last; `None` while what is usual is being learned.
        pause: Option<Pause>,
    },
    /// A vending machine.
    Machine {
        /// Sales since local midnight; `None` while some of them have not been read.
        sales_today: Option<Figure<u64>>,
        /// Takings since local midnight in minor units; without currencies in which some sale has
        /// no known price, and none while some sales have not been read.
        revenue_today: BTreeMap<Currency, i64>,
        /// When it sold last.
        last_sale: Option<Timestamp>,
        /// When word of that sale came.
        last_sale_came: Option<Timestamp>,
        /// Instants of the newest sales, oldest first, for "in the last 15 minutes".
        recent_sales: Arc<[Timestamp]>,
        /// Sales per hour of the local day so far, oldest first; `None` where not known.
        hours: Arc<[Option<u32>]>,
        /// The pause since its last sale; `None` while what is usual is being learned, and while
        /// newer sales may not have been read.
        pause: Option<Pause>,
    },
}

impl DeviceRow {
    /// The kind of device.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.facts.kind()
    }

    /// The zone of its days and of what is told of it: that of the store which claims it, else the
    /// vendor's, else `home`.
    #[must_use]
    pub fn zone(&self, home: Tz) -> Tz {
        let of_store = self.claimed_by.as_ref().map(|store| store.timezone);
        of_store.or(self.facts.timezone).unwrap_or(home)
    }

    /// The data state at `now`.
    #[must_use]
    pub fn data_state(&self, now: Timestamp) -> DataState {
        data_state(self.feed(), now)
    }

    /// What its data state is computed from.
    #[must_use]
    pub fn feed(&self) -> Feed<'_> {
        Feed {
            horizon: self.covered_to,
            expectation: self.expectation,
            confirmed: self.confirmed,
            paused: self.paused,
            hours: self
                .claimed_by
                .as_deref()
                .map(|store| (&store.hours, store.timezone)),
            skew_s: self.skew_s,
        }
    }

    /// Takings of a machine since local midnight in whole units, by currency; money whose scale
    /// is not known is left out.
    #[must_use]
    pub fn revenue(&self) -> BTreeMap<String, f64> {
        let (Figures::Machine { revenue_today, .. }, Detail::Machine { money_scale, .. }) =
            (&self.figures, &self.facts.detail)
        else {
            return BTreeMap::new();
        };
        let scaled = revenue_today.iter().filter_map(|(currency, minor)| {
            let scale = *money_scale.get(currency.as_str())?;
            #[expect(clippy::cast_precision_loss, reason = "takings are far below 2^53")]
            let units = *minor as f64 / f64::from(scale.max(1));
            Some((currency.to_string(), units))
        });
        scaled.collect()
    }

    /// Whether nothing is expected of it: a tracker that the vendor has blocked, a machine that is
    /// switched off there.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.facts.is_blocked()
    }

    /// Whether it is a machine that the vendor says is offline.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        matches!(self.facts.detail, Detail::Machine { offline: true, .. })
    }
}

impl StoreRow {
    /// What its data state is computed from.
    #[must_use]
    pub fn feed(&self) -> Feed<'_> {
        Feed {
            horizon: self.covered_to,
            expectation: self.expectation,
            confirmed: self.confirmed,
            paused: self.paused,
            hours: Some((&self.store.hours, self.store.timezone)),
            skew_s: self.skew_s,
        }
    }

    /// The data state at `now`.
    #[must_use]
    pub fn data_state(&self, now: Timestamp) -> DataState {
        data_state(self.feed(), now)
    }

    /// Who crossed its doors while it was closed, until it closes again.
    #[must_use]
    pub fn after_hours(&self, now: Timestamp) -> Option<&AfterHours> {
        let (hours, zone) = (&self.store.hours, self.store.timezone);
        let seen = self.evidence.after_hours.as_ref();
        seen.filter(|seen| seen.is_news(hours, zone, now))
    }

    /// How full it is.
    #[must_use]
    pub fn band(&self) -> Band {
        let (Some(capacity), Some(occupancy)) = (self.store.capacity, &self.occupancy) else {
            return Band::Unknown;
        };
        let shown = occupancy.shown.value;
        if shown > capacity {
            Band::Over
        } else if f64::from(shown) >= self.store.warn * f64::from(capacity)
            || occupancy.high > capacity
        {
            Band::Near
        } else {
            Band::Normal
        }
    }

    /// How sure it is that there are more people inside than the capacity allows; `None` when not
    /// even the upper edge of the band is above it.
    #[must_use]
    pub fn over(&self) -> Option<Over> {
        let (capacity, occupancy) = (self.store.capacity?, self.occupancy.as_ref()?);
        if occupancy.low > capacity {
            Some(Over::Certainly)
        } else if occupancy.shown.value > capacity {
            Some(Over::Over)
        } else {
            (occupancy.high > capacity).then_some(Over::Possibly)
        }
    }

    /// How many may still enter. Counted from the upper edge of the band, so that it errs on the
    /// safe side.
    #[must_use]
    pub fn room(&self) -> Option<u32> {
        let (capacity, occupancy) = (self.store.capacity?, self.occupancy.as_ref()?);
        Some(capacity.saturating_sub(occupancy.high.max(occupancy.shown.value)))
    }

    /// Share of the capacity, 1.0 when full.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        let capacity = self.store.capacity.filter(|capacity| *capacity > 0)?;
        Some(f64::from(self.occupancy.as_ref()?.shown.value) / f64::from(capacity))
    }
}

/// How full a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Band {
    /// No capacity or no value.
    Unknown,
    /// Below the warning share.
    Normal,
    /// At or above the warning share, or possibly over the capacity.
    Near,
    /// Over the capacity.
    Over,
}

/// How sure it is that a store is over its capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The upper edge of the band is above the capacity.
    Possibly,
    /// The shown number is.
    Over,
    /// The lower edge is.
    Certainly,
}

impl Over {
    /// The words on every surface.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Possibly => "possibly over",
            Self::Over => "over",
            Self::Certainly => "certainly over",
        }
    }
}

impl Band {
    /// The word on every surface.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Normal => "normal",
            Self::Near => "near",
            Self::Over => "over",
        }
    }
}

impl Board {
    /// The incidents that last, newest first.
    pub fn open_incidents(&self) -> impl Iterator<Item = &Incident> {
        let open = self.events.iter().filter(|event| event.is_open());
        open.filter_map(|event| event.incident())
    }

    /// An empty board.
    #[must_use]
    pub fn empty(at: Timestamp) -> Self {
        Self {
            at,
            sources: Vec::new(),
            stores: imbl::Vector::new(),
            devices: imbl::OrdMap::new(),
            notices: Vec::new(),
            events: imbl::Vector::new(),
        }
    }

    /// The row of a device.
    #[must_use]
    pub fn device(&self, id: &DeviceId) -> Option<&Arc<DeviceRow>> {
        let position = self
            .sources
            .iter()
            .position(|row| *row.name == *id.source())?;
        self.devices
            .get(&(u16::try_from(position).ok()?, id.clone()))
    }

    /// The row of a store by its name.
    #[must_use]
    pub fn store(&self, name: &str) -> Option<&Arc<StoreRow>> {
        self.stores.iter().find(|row| *row.store.name == *name)
    }

    /// The devices of a source, by id.
    pub fn devices_of(&self, source: &str) -> impl Iterator<Item = &Arc<DeviceRow>> {
        let position = self.sources.iter().position(|row| *row.name == *source);
        let position = position.and_then(|at| u16::try_from(at).ok());
        position.into_iter().flat_map(|at| {
            let from = (at, DeviceId::first());
            let to = (at.saturating_add(1), DeviceId::first());
            self.devices.range(from..to).map(|(_, row)| row)
        })
    }

    /// The data state of a source at `now`: that of its worst open store or device, `closed` only
    /// when all are closed. Devices of which nothing is expected do not count.
    #[must_use]
    pub fn source_state(&self, source: &SourceRow, now: Timestamp) -> DataState {
        if source.paused {
            return DataState::Paused;
        }
        self.devices_of(&source.name)
            .filter(|row| !row.is_blocked())
            .map(|row| row.data_state(now))
            .max()
            .unwrap_or(DataState::Unknown)
    }

    /// When the next data of a source is due: of the device that is to be heard of first.
    #[must_use]
    pub fn source_due(&self, source: &SourceRow, now: Timestamp) -> Option<Timestamp> {
        self.devices_of(&source.name)
            .filter(|row| !row.is_blocked())
            .filter_map(|row| due(row.feed(), now))
            .min()
    }
}
