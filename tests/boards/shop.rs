//! A store and its doors on one day, from a handful of numbers.

use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Europe::Athens;
use occtop::model::Timestamp;
use occtop::model::board::{Cell, Day, DeviceRow, Figures, Occupancy, Origin, StoreRow, Today};
use occtop::model::calendar::{Hours, Span};
use occtop::model::device::{Detail, DeviceId, Facts};
use occtop::model::evidence::Evidence;
use occtop::model::figure::{Figure, Flag, Quality};
use occtop::model::reading::Flow;
use occtop::model::store::Store;

use super::{QUARTERLY, at};

/// A store of the chain.
#[derive(Clone, Debug)]
pub struct Shop {
    pub name: String,
    pub group: Option<&'static str>,
    pub capacity: Option<u32>,
    /// Share of the capacity (of 100 without one) that is inside at the peak.
    pub busy: f64,
    /// Opening and closing hour.
    pub hours: (u16, u16),
    /// Bespot store codes of its doors.
    pub doors: Vec<u32>,
    /// Minutes by which its data reaches beyond 17:30.
    pub reaches: i64,
    /// First and last missing quarter of the day.
    pub hole: Option<(usize, usize)>,
    pub declared: bool,
    pub evidence: Evidence,
}

impl Shop {
    pub fn new(name: &str, group: &'static str, capacity: u32, busy: f64, door: u32) -> Self {
        Self {
            name: name.to_owned(),
            group: Some(group),
            capacity: Some(capacity),
            busy,
            hours: (9, 21),
            doors: vec![door],
            reaches: 0,
            hole: None,
            declared: true,
            evidence: Evidence::default(),
        }
    }

    pub fn store(&self) -> Store {
        let span = Span {
            open: self.hours.0 * 60,
            close: self.hours.1 * 60,
        };
        let mut store = Store::named(&self.name, Athens);
        store.group = self.group.map(Into::into);
        store.capacity = self.capacity;
        if self.declared {
            store.hours = Hours::weekly(std::array::from_fn(|_| vec![span]), Vec::new());
        }
        store
    }

    pub fn members(&self) -> Vec<DeviceId> {
        let ids = self.doors.iter().map(|code| DeviceId::new("opap", code));
        ids.collect()
    }

    /// Up to where the data reaches.
    pub fn horizon(&self) -> Timestamp {
        at("2026-03-02T15:30:00Z") + TimeDelta::minutes(self.reaches)
    }

    pub fn row(&self) -> StoreRow {
        let day = self.day(1.0);
        let horizon = self.horizon();
        let flows = day.cells().filter_map(|cell| cell.flow);
        let sum = flows.fold(Flow::default(), |sum, flow| sum + flow);
        let inside = day
            .cells()
            .filter_map(|cell| cell.inside)
            .last()
            .unwrap_or(0);
        let numbered = day.cells().zip(0_i64..);
        let peak = numbered
            .filter_map(|(cell, number)| Some((cell.inside?, number)))
            .max_by_key(|(inside, number)| (*inside, -number))
            .map(|(inside, number)| (inside, day.start + TimeDelta::minutes(15 * (number + 1))));
        let quality = Quality::GOOD.with_if(Flag::Partial, self.hole.is_some());
        let band = inside / 12 + 1;
        StoreRow {
            store: Arc::new(self.store()),
            declared: self.declared,
            members: self.members(),
            occupancy: Some(Occupancy {
                shown: Figure {
                    value: inside,
                    as_of: horizon,
                    fetched_at: horizon + TimeDelta::minutes(3),
                    quality,
                },
                low: inside.saturating_sub(band),
                high: inside + band,
                raw: i64::from(inside) + 4,
                origin: Origin::Counted,
                why: vec![
                    format!(
                        "{} in, {} out since 04:00: {:+}",
                        sum.entered,
                        sum.left,
                        sum.net()
                    ),
                    "exits usually come 4 % short of entries (7 days): -4".to_owned(),
                ],
            }),
            today: Some(Today {
                entered: sum.entered.into(),
                left: sum.left.into(),
                since: day.start,
                coverage: if self.hole.is_some() { 0.78 } else { 1.0 },
            }),
            day: Arc::new(day),
            expectation: QUARTERLY,
            covered_to: Some(horizon),
            confirmed: true,
            paused: false,
            peak,
            evidence: self.evidence.clone(),
            skew_s: 0,
        }
    }

    /// A door of the store, with its share of the traffic.
    pub fn door(&self, number: usize) -> DeviceRow {
        let share = 1.0 / (self.doors.len() as f64);
        let day = self.day(share);
        let horizon = self.horizon();
        let flows = day.cells().filter_map(|cell| cell.flow);
        let sum = flows.fold(Flow::default(), |sum, flow| sum + flow);
        let names = ["North door", "South door", "Arcade"];
        let code = self.doors[number];
        let name = match self.doors.len() {
            1 => code.to_string(),
            _ => names[number % names.len()].to_owned(),
        };
        let store = Arc::new(self.store());
        DeviceRow {
            id: DeviceId::new("opap", code),
            store: self.declared.then(|| store.name.clone()),
            claimed_by: self.declared.then_some(store),
            facts: Arc::new(Facts {
                name,
                timezone: Some(Athens),
                detail: Detail::PeopleCounter {
                    interval_s: Some(900),
                    group: None,
                },
            }),
            as_of: Some(horizon),
            covered_to: Some(horizon),
            expectation: QUARTERLY,
            confirmed: true,
            paused: false,
            skew_s: 0,
            figures: Figures::PeopleCounter {
                today: Some(Figure {
                    value: (sum.entered.into(), sum.left.into()),
                    as_of: horizon,
                    fetched_at: horizon,
                    quality: Quality::GOOD,
                }),
                occupancy: None,
                day: Arc::new(day),
                corrections: [].into(),
            },
        }
    }

    /// The day in quarters since 04:00: a swell until six in the evening.
    fn day(&self, share: f64) -> Day {
        let start = at("2026-03-02T02:00:00Z");
        let quarters = (self.horizon() - start).num_minutes() / 15;
        let most = f64::from(self.capacity.unwrap_or(100)) * self.busy;
        let open = f64::from(self.hours.0 - 4) * 4.0;
        let close = f64::from(self.hours.1 - 4) * 4.0;
        let mut inside = 0_i64;
        let mut cells = Vec::new();
        for number in 0..usize::try_from(quarters).unwrap() {
            let through = (number as f64 + 1.0 - open) / (close - open);
            let wanted = if (0.0..1.0).contains(&through) {
                let swell = (through * std::f64::consts::PI).sin().powf(0.8);
                let lunch = 1.0 - 0.35 * (-(through - 0.45).powi(2) * 120.0).exp();
                let noise = 1.0 + 0.12 * wobble(number + self.name.len());
                (most * swell * lunch * noise) as i64
            } else {
                0
            };
            let change = wanted - inside;
            inside = wanted;
            let churn = (wanted as f64 * 0.45) as i64;
            let flow = Flow {
                entered: scaled(churn + change.max(0), share),
                left: scaled(churn + (-change).max(0), share),
            };
            let missing = self
                .hole
                .is_some_and(|(from, to)| (from..=to).contains(&number));
            cells.push(Cell {
                flow: (!missing).then_some(flow),
                inside: (!missing).then(|| u32::try_from(inside).unwrap()),
                provisional: number + 1 == usize::try_from(quarters).unwrap(),
                raw: (!missing).then(|| i32::try_from(inside).unwrap() + 4),
                revised: false,
            });
        }
        Day::new(start, 900, cells)
    }
}

fn scaled(people: i64, share: f64) -> u32 {
    (people as f64 * share).round() as u32
}

/// A number between -1 and 1 that looks random and is not.
fn wobble(seed: usize) -> f64 {
    let mixed = seed.wrapping_mul(2_654_435_761) >> 7;
    (mixed % 2001) as f64 / 1000.0 - 1.0
}
