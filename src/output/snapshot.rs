//! The board as scripts see it, schema `occtop.board/1`; `docs/board.md` is its reference.
//!
//! Absent knowledge is `null`, never 0. Instants are RFC 3339 in UTC with seconds.

use std::collections::BTreeMap;

use serde::Serialize;

use super::evidence::Evidence;
use super::explanations::Explanations;
use super::totals::{self, Sums, Totals};
use crate::model::Timestamp;
use crate::model::attempt::SourceError;
use crate::model::board::{Board, DeviceRow, Figures, Over, SourceRow, StoreRow};
use crate::model::calendar::day_start;
use crate::model::device::{Detail, Kind};
use crate::model::figure::Flag;
use crate::model::health::{DataState, FetchState};
use crate::model::incidents;
use crate::model::schedule::{ENOUGH, Habit};
use crate::model::store::Member;

/// The whole document.
#[derive(Debug, Serialize)]
pub struct Snapshot {
    schema: &'static str,
    at: Instant,
    /// Sources in file order.
    pub sources: Vec<Source>,
    /// Configured stores in file order.
    pub stores: Vec<Store>,
    /// Devices by source and then by id.
    pub devices: Vec<Device>,
    totals: Sums,
    groups: Vec<Totals>,
    explain: Explanations,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<String>,
}

/// An instant, written without fractions.
#[derive(Clone, Copy, Debug)]
pub struct Instant(pub Timestamp);

impl Serialize for Instant {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.format("%Y-%m-%dT%H:%M:%SZ"))
    }
}

/// One source.
#[derive(Debug, Serialize)]
pub struct Source {
    /// Unique name.
    pub name: String,
    vendor: String,
    /// How fetching goes.
    pub fetch: FetchState,
    /// How far its data reaches.
    pub data: DataState,
    horizon: Option<Instant>,
    due: Option<Instant>,
    next_poll: Option<Instant>,
    last_attempt: Option<Instant>,
    last_success: Option<Instant>,
    took_ms: Option<u32>,
    requests: Requests,
    devices: usize,
    rows: u32,
    rejected: u32,
    revised: u32,
    clock_skew_s: Option<i64>,
    freshness: Option<Freshness>,
    learned: Option<Learned>,
    notes: Vec<String>,
    /// What went wrong.
    pub error: Option<Failure>,
}

/// What is learned of how a source publishes.
#[derive(Debug, Serialize)]
struct Learned {
    period_s: u32,
    period_seen: bool,
    seen: usize,
    needed: usize,
    lag_p50_s: Option<u32>,
    lag_p95_s: Option<u32>,
}

/// How a source does against its freshness objective.
#[derive(Debug, Serialize)]
struct Freshness {
    objective: f64,
    window_days: i64,
    ratio: Option<f64>,
    budget_min: i64,
    left_min: i64,
    last_hour_min: i64,
}

#[derive(Debug, Serialize)]
struct Requests {
    last_poll: u32,
    last_hour: u32,
    limit_per_hour: u32,
}

/// Why a source could not be read.
#[derive(Debug, Serialize)]
pub struct Failure {
    kind: crate::model::attempt::ErrorKind,
    status: Option<u16>,
    code: Option<String>,
    /// What happened, in words.
    pub message: String,
    reference: Option<String>,
    retry_at: Option<Instant>,
}

/// One configured store.
#[derive(Debug, Serialize)]
pub struct Store {
    /// Unique name.
    pub name: String,
    group: Option<String>,
    timezone: String,
    open: bool,
    capacity: Option<u32>,
    /// How far its data reaches.
    pub data: DataState,
    /// People inside.
    pub occupancy: Inside,
    /// Totals since the reset.
    pub today: Today,
    #[serde(flatten)]
    evidence: Evidence,
    /// Its devices: those that the configuration names, whether or not they were ever seen, and
    /// those that it claims by their source.
    members: Vec<String>,
    conversion: Option<Conversion>,
}

/// Sales per visitor.
#[derive(Debug, Serialize)]
struct Conversion {
    sales: u64,
    visitors: u64,
    to: Instant,
    per_100: f64,
}

/// People inside a store; every number is `null` while nothing is known.
#[derive(Debug, Serialize)]
pub struct Inside {
    /// The number to show.
    pub shown: Option<u32>,
    /// Lower edge of the band.
    pub low: Option<u32>,
    /// Upper edge of the band.
    pub high: Option<u32>,
    raw: Option<i64>,
    origin: Option<&'static str>,
    /// Up to when it reaches.
    pub as_of: Option<Instant>,
    /// Share of the capacity, 1 when full.
    pub ratio: Option<f64>,
    /// How that stands to the capacity.
    pub band: &'static str,
    /// How sure it is that this is over the capacity.
    over: Option<&'static str>,
    /// How many may still enter; `null` without a live number.
    room: Option<u32>,
    /// What takes trust from the number.
    pub quality: Vec<&'static str>,
    why: Vec<String>,
}

/// Totals of a running day.
#[derive(Debug, Serialize)]
pub struct Today {
    /// People in.
    #[serde(rename = "in")]
    pub entered: Option<u64>,
    /// People out.
    #[serde(rename = "out")]
    pub left: Option<u64>,
    since: Instant,
    coverage: Option<f64>,
}

/// One device.
#[derive(Debug, Serialize)]
pub struct Device {
    /// Full id.
    pub id: String,
    /// Name of its source.
    pub source: String,
    kind: Kind,
    name: String,
    /// Name of the store that claims it.
    pub store: Option<String>,
    /// Newest instant the vendor stamped.
    pub as_of: Option<Instant>,
    data: DataState,
    /// Its numbers.
    #[serde(flatten)]
    pub numbers: Numbers,
}

/// The numbers of a device by its kind.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Numbers {
    /// A people counter.
    Counter {
        /// People in since local midnight.
        in_today: Option<u64>,
        /// People out since local midnight.
        out_today: Option<u64>,
        /// The vendor's own occupancy.
        occupancy: Option<i64>,
    },
    /// A vehicle tracker.
    Tracker {
        /// Odometer.
        odometer_km: Option<f64>,
        /// Engine time.
        engine_hours: Option<f64>,
        /// Distance since local midnight.
        distance_today_km: Option<f64>,
        /// The vendor's word for the link.
        connection: Option<String>,
        /// The vendor's word for movement.
        movement: Option<String>,
        /// Blocked by the vendor.
        blocked: bool,
        /// People on board.
        on_board: Option<i64>,
        /// Seats.
        seats: Option<u32>,
    },
    /// A document counter.
    Document {
        /// The vendor's type word.
        #[serde(rename = "type")]
        counter_type: String,
        /// Its value.
        value: Option<i64>,
        /// Its value in the vendor's format.
        formatted: Option<String>,
        /// Growth since the start of the local day.
        growth_today: Option<i64>,
        /// The parts of it that are known only as a sum.
        growth_gaps: Vec<GrowthGap>,
        /// Nothing has happened for longer than is usual at these hours; unknown while that is
        /// being learned.
        silent: Option<bool>,
        /// From when it is silent if it does not change.
        silent_from: Option<Instant>,
        /// Name of the hotel.
        enterprise: Option<String>,
        /// Guests in house, where that read is allowed.
        guests_in_house: Option<u32>,
        /// Rooms that have guests, where that read is allowed.
        rooms_occupied: Option<u32>,
        /// Rooms that can be used tonight, where that read is allowed.
        rooms: Option<u32>,
    },
    /// A vending machine.
    Machine {
        /// Sales since local midnight.
        sales_today: Option<u64>,
        /// Takings since local midnight, for currencies with a known scale.
        revenue_today: BTreeMap<String, f64>,
        /// Sales in the 15 minutes before the snapshot.
        sales_15m: Option<usize>,
        /// When it sold last.
        last_sale: Option<Instant>,
        /// Nothing has happened for longer than is usual at these hours; unknown while that is
        /// being learned.
        silent: Option<bool>,
        /// From when it is silent if it does not sell.
        silent_from: Option<Instant>,
        /// About how many sales are usual in the time since the last one, while it is silent.
        sales_missed: Option<f64>,
        /// An offline event is open.
        offline: bool,
        /// Codes of the events that are open.
        open_events: Vec<String>,
    },
}

impl Snapshot {
    /// The board as it looks at `now`.
    #[must_use]
    pub fn of(board: &Board, now: Timestamp) -> Self {
        let stores = board.stores.iter().filter(|row| row.declared);
        let (totals, groups) = totals::of(board, now);
        Self {
            schema: "occtop.board/1",
            at: Instant(now),
            sources: board
                .sources
                .iter()
                .map(|row| source(board, row, now))
                .collect(),
            stores: stores.map(|row| store(board, row, now)).collect(),
            devices: (board.devices.values())
                .map(|row| device(row, now))
                .collect(),
            totals,
            groups,
            explain: Explanations::of(board, now),
            notices: board.notices.iter().map(ToString::to_string).collect(),
        }
    }
}

fn source(board: &Board, row: &SourceRow, now: Timestamp) -> Source {
    Source {
        name: row.name.to_string(),
        vendor: row.vendor.to_string(),
        fetch: row.fetch,
        data: board.source_state(row, now),
        horizon: row.horizon.map(Instant),
        due: board.source_due(row, now).map(Instant),
        next_poll: row.next_poll.map(Instant),
        last_attempt: row.last_attempt.map(Instant),
        last_success: row.last_success.map(Instant),
        took_ms: row.took_ms,
        requests: Requests {
            last_poll: row.requests.last_poll,
            last_hour: row.requests.last_hour,
            limit_per_hour: row.requests.limit_per_hour,
        },
        devices: row.devices,
        rows: row.rows,
        rejected: row.rejected,
        revised: row.revised,
        clock_skew_s: row.clock_skew_s,
        freshness: row.freshness.map(freshness),
        learned: row.habit.map(learned),
        notes: row.remarks(),
        error: row.error.as_ref().map(failure),
    }
}

fn learned(habit: Habit) -> Learned {
    Learned {
        period_s: habit.period_s,
        period_seen: habit.period_seen,
        seen: habit.seen,
        needed: ENOUGH,
        lag_p50_s: habit.lag_s.map(|lag| lag.0),
        lag_p95_s: habit.lag_s.map(|lag| lag.1),
    }
}

fn freshness(freshness: incidents::Freshness) -> Freshness {
    Freshness {
        objective: incidents::OBJECTIVE,
        window_days: incidents::WINDOW_DAYS,
        ratio: freshness.ratio,
        budget_min: freshness.budget_min,
        left_min: freshness.left_min,
        last_hour_min: freshness.last_hour_min,
    }
}

fn failure(error: &SourceError) -> Failure {
    Failure {
        kind: error.kind,
        status: error.status,
        code: error.code.clone(),
        message: error.message.clone(),
        reference: error.reference.clone(),
        retry_at: error.retry_at.map(Instant),
    }
}

fn store(board: &Board, row: &StoreRow, now: Timestamp) -> Store {
    let spec = &row.store;
    Store {
        name: spec.name.to_string(),
        group: spec.group.as_deref().map(str::to_owned),
        timezone: spec.timezone.to_string(),
        open: spec.hours.open_at(spec.timezone, now),
        capacity: spec.capacity,
        data: row.data_state(now),
        occupancy: occupancy(row, now),
        today: today(row, now),
        evidence: Evidence::of(row, now),
        members: members(row),
        conversion: board.conversion(row, now).map(|sold| Conversion {
            sales: sold.sales,
            visitors: sold.visitors,
            to: Instant(sold.to),
            per_100: rounded(sold.per_100(), 1),
        }),
    }
}

fn today(row: &StoreRow, now: Timestamp) -> Today {
    let today = row.today.as_ref();
    let spec = &row.store;
    let since = today.map_or_else(
        || day_start(spec.timezone, spec.reset, now),
        |today| today.since,
    );
    Today {
        entered: today.map(|today| today.entered),
        left: today.map(|today| today.left),
        since: Instant(since),
        coverage: today.map(|today| today.coverage),
    }
}

fn members(row: &StoreRow) -> Vec<String> {
    let mut members: Vec<String> = Vec::new();
    for member in &row.store.members {
        match member {
            Member::Device(id) => members.push(id.to_string()),
            Member::AllOf(source) => {
                let seen = row.members.iter().filter(|id| id.source() == &**source);
                members.extend(seen.map(ToString::to_string));
            }
        }
    }
    members
}

fn occupancy(row: &StoreRow, now: Timestamp) -> Inside {
    let inside = row.occupancy.as_ref();
    let is_live = !matches!(row.data_state(now), DataState::Dead | DataState::Unknown);
    Inside {
        shown: inside.map(|inside| inside.shown.value),
        low: inside.map(|inside| inside.low),
        high: inside.map(|inside| inside.high),
        raw: inside.map(|inside| inside.raw),
        origin: inside.map(|inside| inside.origin.word()),
        as_of: inside.map(|inside| Instant(inside.shown.as_of)),
        ratio: row.ratio(),
        band: row.band().word(),
        over: row.over().map(Over::words),
        room: row.room().filter(|_| is_live),
        quality: inside.map_or_else(Vec::new, |inside| {
            inside.shown.quality.flags().map(Flag::word).collect()
        }),
        why: inside.map_or_else(Vec::new, |inside| inside.why.clone()),
    }
}

fn device(row: &DeviceRow, now: Timestamp) -> Device {
    Device {
        id: row.id.to_string(),
        source: row.id.source().to_owned(),
        kind: row.kind(),
        name: row.facts.name.clone(),
        store: row.store.as_deref().map(str::to_owned),
        as_of: row.as_of.map(Instant),
        data: row.data_state(now),
        numbers: numbers(row, now),
    }
}

fn numbers(row: &DeviceRow, now: Timestamp) -> Numbers {
    match (&row.figures, &row.facts.detail) {
        (
            Figures::PeopleCounter {
                today, occupancy, ..
            },
            _,
        ) => Numbers::Counter {
            in_today: today.map(|today| today.value.0),
            out_today: today.map(|today| today.value.1),
            occupancy: occupancy.map(|inside| inside.value),
        },
        (Figures::Tracker { .. }, detail) => tracker(row, detail),
        (Figures::DocumentCounter { .. }, detail) => document(row, detail),
        (Figures::Machine { .. }, detail) => machine(row, detail, now),
    }
}

fn tracker(row: &DeviceRow, detail: &Detail) -> Numbers {
    let (connection, movement, blocked, seats) = match detail {
        Detail::Tracker {
            connection,
            movement,
            blocked,
            seats,
            ..
        } => (connection.clone(), movement.clone(), *blocked, *seats),
        _ => (None, None, false, None),
    };
    let (odometer_km, engine_hours, distance_today_km, on_board) = match &row.figures {
        Figures::Tracker {
            odometer_km,
            engine_hours,
            distance_today_km,
            on_board,
            ..
        } => (*odometer_km, *engine_hours, *distance_today_km, *on_board),
        _ => (None, None, None, None),
    };
    Numbers::Tracker {
        odometer_km: odometer_km.map(|km| rounded(km.value, 3)),
        engine_hours: engine_hours.map(|hours| rounded(hours.value, 3)),
        distance_today_km: distance_today_km.map(|km| rounded(km.value, 3)),
        connection,
        movement,
        blocked,
        on_board: on_board.map(|people| people.value),
        seats,
    }
}

fn document(row: &DeviceRow, detail: &Detail) -> Numbers {
    let (counter_type, enterprise, house) = match detail {
        Detail::DocumentCounter {
            counter_type,
            enterprise_name,
            guests_in_house,
            rooms_occupied,
            rooms,
            ..
        } => (
            counter_type.clone(),
            enterprise_name.clone(),
            (*guests_in_house, *rooms_occupied, *rooms),
        ),
        _ => (String::new(), None, (None, None, None)),
    };
    let (guests_in_house, rooms_occupied, rooms) = house;
    let (value, formatted, growth_today, unseen) = match &row.figures {
        Figures::DocumentCounter {
            value,
            formatted,
            growth_today,
            unseen,
            ..
        } => (
            value.map(|v| v.value),
            formatted.clone(),
            *growth_today,
            &unseen[..],
        ),
        _ => (None, None, None, &[][..]),
    };
    let growth_gaps = unseen.iter().map(|gap| GrowthGap {
        from: Instant(gap.from),
        to: Instant(gap.to),
        growth: gap.growth,
    });
    Numbers::Document {
        counter_type,
        value,
        formatted,
        growth_today,
        growth_gaps: growth_gaps.collect(),
        silent: row.is_silent(),
        silent_from: row.silent_from().map(Instant),
        enterprise,
        guests_in_house,
        rooms_occupied,
        rooms,
    }
}

/// Growth between two looks that were far apart.
#[derive(Debug, Serialize)]
pub struct GrowthGap {
    /// The last look before it.
    from: Instant,
    /// The newest value in it.
    to: Instant,
    /// How much.
    growth: i64,
}

fn machine(row: &DeviceRow, detail: &Detail, now: Timestamp) -> Numbers {
    let (offline, open_events) = match detail {
        Detail::Machine {
            offline,
            open_events,
            ..
        } => (
            *offline,
            open_events.iter().map(|event| event.code.clone()).collect(),
        ),
        _ => (false, Vec::new()),
    };
    let (sales_today, last_sale) = match &row.figures {
        Figures::Machine {
            sales_today,
            last_sale,
            ..
        } => (sales_today.map(|sales| sales.value), *last_sale),
        _ => (None, None),
    };
    Numbers::Machine {
        sales_today,
        revenue_today: row.revenue(),
        sales_15m: row.sales_within(chrono::TimeDelta::minutes(15), now),
        last_sale: last_sale.map(Instant),
        silent: row.is_silent(),
        silent_from: row.silent_from().map(Instant),
        sales_missed: row.missed(now).map(|sales| rounded(sales, 1)),
        offline,
        open_events,
    }
}

pub(super) fn rounded(value: f64, places: i32) -> f64 {
    let scale = 10_f64.powi(places);
    (value * scale).round() / scale
}
