//! Coffee machines in stores: they sell to visitors, lose their link now and then, and hand in
//! what they sold in batches.

use chrono::{NaiveDate, TimeDelta};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::model::Timestamp;

use super::Estate;
use super::chance::{Subject, chance};
use super::day::{StoreDay, date_key};
use super::site::Site;
use super::wall;

/// A machine.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The vendor's id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Position of its store in the estate.
    pub site: usize,
    /// Share of visitors who buy.
    pub conversion: f64,
}

/// A sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sale {
    /// When it happened.
    pub at: Timestamp,
    /// When the vendor's server learned of it.
    pub created: Timestamp,
    /// Position of the machine.
    pub machine: usize,
    /// Position of the product in [`PRODUCTS`].
    pub product: usize,
    /// Number of the sale on the machine's own count of the day.
    pub number: u32,
}

/// Something that happened to a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// When it happened.
    pub at: Timestamp,
    /// When it was over, for events that have an end.
    pub resolved: Option<Timestamp>,
    /// Position of the machine.
    pub machine: usize,
    /// What happened.
    pub code: Code,
}

/// What happens to machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The link is down.
    Offline,
    /// It started again.
    Reboot,
    /// The manufacturer's code for empty bean hoppers.
    NoBeans,
}

impl Code {
    /// The vendor's word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Offline => "CM_OFFLINE",
            Self::Reboot => "CM_REBOOT",
            Self::NoBeans => "ED017",
        }
    }
}

/// What is sold: name, short name and price in hundredths of a euro; other currencies take the
/// same number of their own units times [`price_factor`].
pub const PRODUCTS: [(&str, &str, i64); 6] = [
    ("Espresso", "ESP", 120),
    ("Coffee small", "COF-S", 120),
    ("Coffee large", "COF-L", 160),
    ("Cappuccino", "CAP", 180),
    ("Latte macchiato", "LAT", 210),
    ("Hot chocolate", "CHO", 190),
];

/// Id of the first machine.
const FIRST_ID: i64 = 80;
/// No more machines than this, however many stores there are.
const MOST_MACHINES: usize = 300;
/// A machine hands in its sales every so many seconds.
const BATCH_S: i64 = 360;

/// The machines of an estate: two of three stores have one.
#[must_use]
pub fn machines(seed: u64, sites: &[Site]) -> Vec<Machine> {
    sites
        .iter()
        .filter(|site| site.index % 3 != 2)
        .take(MOST_MACHINES)
        .zip(FIRST_ID..)
        .map(|(site, id)| {
            let mut draw = chance(seed, Subject::Sales, id.unsigned_abs(), i64::MIN);
            Machine {
                id,
                name: format!("{} coffee", site.name),
                site: site.index,
                conversion: draw.random_range(0.04..0.13),
            }
        })
        .collect()
}

/// How many minor units of a currency cost as much as one euro cent.
#[must_use]
pub fn price_factor(currency: &str) -> f64 {
    match currency {
        "SEK" => 11.0,
        "JPY" => 1.6,
        "SGD" => 1.4,
        "USD" => 1.1,
        _ => 1.0,
    }
}

impl Estate {
    /// What a machine sold on a business day, in order.
    #[must_use]
    pub fn sales(&self, machine: usize, date: NaiveDate) -> Vec<Sale> {
        let sold_by = &self.machines()[machine];
        let site = &self.sites()[sold_by.site];
        let day = self.day(site, date);
        let mut draw = chance(
            self.seed(),
            Subject::Sales,
            sold_by.id.unsigned_abs(),
            date_key(date),
        );
        let spells = self.offline(machine, date);
        let mut sales: Vec<Sale> = entering(&day)
            .filter_map(|at| {
                // Every visitor takes the same two draws, so that one sale does not move another.
                let buys = draw.random_bool(sold_by.conversion);
                let (after_s, product) = (draw.random_range(45..420), product(&mut draw));
                let at = at + TimeDelta::seconds(after_s);
                buys.then(|| Sale {
                    at,
                    created: handed_in(at, &spells),
                    machine,
                    product,
                    number: 0,
                })
            })
            .collect();
        sales.sort_by_key(|sale| sale.at);
        for (number, sale) in (0..).zip(&mut sales) {
            sale.number = number;
        }
        sales
    }

    /// What happened to a machine on a business day, in order.
    #[must_use]
    pub fn events(&self, machine: usize, date: NaiveDate) -> Vec<Event> {
        let zone = self.sites()[self.machines()[machine].site].city.zone;
        let start = wall::day_start(zone, date);
        let mut draw = self.incidents(machine, date);
        let mut events = Vec::new();
        if let Some((from, to)) = spell(&mut draw, start) {
            events.push(event(machine, Code::Offline, from, Some(to)));
            events.push(event(
                machine,
                Code::Reboot,
                to - TimeDelta::seconds(40),
                None,
            ));
        }
        if draw.random_bool(0.15) {
            let at = start + TimeDelta::seconds(draw.random_range(0..80_000));
            events.push(event(machine, Code::Reboot, at, None));
        }
        if draw.random_bool(0.2) {
            let at = start + TimeDelta::seconds(draw.random_range(20_000..60_000));
            let refilled = at + TimeDelta::seconds(draw.random_range(600..6_000));
            events.push(event(machine, Code::NoBeans, at, Some(refilled)));
        }
        events.sort_by_key(|event| event.at);
        events
    }

    /// Spells without a link on a business day and the one before.
    fn offline(&self, machine: usize, date: NaiveDate) -> Vec<(Timestamp, Timestamp)> {
        let zone = self.sites()[self.machines()[machine].site].city.zone;
        let before = date.pred_opt().unwrap_or(date);
        [before, date]
            .into_iter()
            .filter_map(|date| {
                spell(
                    &mut self.incidents(machine, date),
                    wall::day_start(zone, date),
                )
            })
            .collect()
    }

    fn incidents(&self, machine: usize, date: NaiveDate) -> ChaCha8Rng {
        let id = self.machines()[machine].id.unsigned_abs();
        chance(self.seed(), Subject::Incidents, id, date_key(date))
    }
}

fn entering(day: &StoreDay) -> impl Iterator<Item = Timestamp> {
    let inward = day.crossings.iter().filter(|crossing| crossing.inward);
    inward.map(|crossing| day.start + TimeDelta::seconds(crossing.second.into()))
}

fn product(draw: &mut ChaCha8Rng) -> usize {
    draw.random_range(0..PRODUCTS.len())
}

/// Every fourth day or so the link is down for a while, from ten minutes to three hours.
fn spell(draw: &mut ChaCha8Rng, start: Timestamp) -> Option<(Timestamp, Timestamp)> {
    let happens = draw.random_bool(0.25);
    let from = start + TimeDelta::seconds(draw.random_range(14_000..58_000));
    let lasts = TimeDelta::seconds(draw.random_range(600..10_800));
    happens.then_some((from, from + lasts))
}

/// When a sale reaches the server: with the next batch, or after the link is up again.
fn handed_in(at: Timestamp, spells: &[(Timestamp, Timestamp)]) -> Timestamp {
    let batch = wall::floor_to(at, BATCH_S) + TimeDelta::seconds(BATCH_S + at.timestamp() % 50);
    let down = spells
        .iter()
        .find(|(from, to)| (*from..*to).contains(&batch));
    down.map_or(batch, |(_, up)| {
        *up + TimeDelta::seconds(20 + at.timestamp() % 40)
    })
}

fn event(machine: usize, code: Code, at: Timestamp, resolved: Option<Timestamp>) -> Event {
    Event {
        at,
        resolved,
        machine,
        code,
    }
}
