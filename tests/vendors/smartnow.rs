//! SmartNow against the simulated estate: what machines sold is what is read, to the last sale.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta};
use occtop::clock::{Clock, Hand};
use occtop::config::Config;
use occtop::model::Timestamp;
use occtop::model::attempt::{Ask, Delivery, Outcome};
use occtop::model::device::Detail;
use occtop::model::reading::{Measure, Reading};
use occtop::simulator::estate::machines::{Code, Event, Sale};
use occtop::simulator::faults::Fault;
use occtop::simulator::vendor::Vendor::Smartnow;
use occtop::simulator::{self, Options, Running};
use occtop::vendors::registry;
use occtop::vendors::source::Source;

/// Rows are written this much later than their creation says.
const WRITTEN_LATE: TimeDelta = TimeDelta::seconds(40);

struct Lab {
    running: Running,
    source: Box<dyn Source>,
    clock: Clock,
    hand: Hand,
    since: Timestamp,
    /// Sales by machine, row id and instant, as history keys them.
    sold: BTreeMap<(i64, i64, Timestamp), Reading>,
}

impl Lab {
    /// A program that starts at `at`, wanting data from `since` on.
    async fn open(since: &str, at: &str, stores: usize) -> Self {
        let (clock, hand) = Clock::manual(at.parse().unwrap());
        let options = Options {
            stores,
            ..Options::new(clock.clone())
        };
        let running = simulator::start(options).await.unwrap();
        let source = opened(&running, &clock);
        Self {
            running,
            source,
            clock,
            hand,
            since: since.parse().unwrap(),
            sold: BTreeMap::new(),
        }
    }

    async fn poll(&mut self) -> Outcome {
        let ask = Ask {
            now: self.clock.now(),
            since: self.since,
            horizon: None,
            known: Vec::new(),
            ..Ask::default()
        };
        let outcome = self.source.poll(&ask).await;
        for reading in outcome
            .delivery
            .iter()
            .flat_map(|delivery| &delivery.readings)
        {
            let machine = reading.device.local().parse().unwrap();
            let key = (machine, reading.item, reading.start);
            self.sold.insert(key, reading.clone());
        }
        outcome
    }

    async fn good_poll(&mut self) -> Delivery {
        let outcome = self.poll().await;
        assert_eq!(outcome.error, None);
        let delivery = outcome.delivery.unwrap();
        assert_eq!(delivery.rejected, 0);
        delivery
    }

    /// What happened on the business days around the test.
    fn happened<T>(&self, what: impl Fn(usize, NaiveDate) -> Vec<T>) -> Vec<T> {
        let first = NaiveDate::from_ymd_opt(2026, 3, 1).unwrap();
        let machines = 0..self.running.estate().machines().len();
        machines
            .flat_map(|machine| first.iter_days().take(4).map(move |day| (machine, day)))
            .flat_map(|(machine, day)| what(machine, day))
            .collect()
    }

    /// What the vendor has by now of what was sold, by machine and instant.
    fn truth(&self) -> Vec<(i64, Timestamp)> {
        let estate = self.running.estate();
        let known = |sale: &Sale| {
            sale.created >= self.since && sale.created <= self.clock.now() - WRITTEN_LATE
        };
        let sales = self.happened(|machine, day| estate.sales(machine, day));
        let mut sold: Vec<_> = sales
            .iter()
            .filter(|sale| known(sale))
            .map(|sale| (estate.machines()[sale.machine].id, sale.at))
            .collect();
        sold.sort_unstable();
        sold
    }

    fn read(&self) -> Vec<(i64, Timestamp)> {
        // What came in the last moments may or may not be there.
        let truth = self.truth();
        let mut read: Vec<_> = self
            .sold
            .keys()
            .map(|(machine, _, at)| (*machine, *at))
            .collect();
        read.sort_unstable();
        read.retain(|key| truth.binary_search(key).is_ok());
        read
    }
}

fn opened(running: &Running, clock: &Clock) -> Box<dyn Source> {
    let config = Config::parse(&running.config_toml(), "simulated")
        .unwrap()
        .config;
    let vendor = |source: &&occtop::config::SourceConfig| {
        source.account.vendor() == registry::Vendor::Smartnow
    };
    let source = config.sources.iter().find(vendor).unwrap();
    let budget = registry::budgets(std::slice::from_ref(source)).remove(0);
    registry::open(source, budget, clock.clone()).unwrap()
}

#[tokio::test]
async fn a_start_in_the_afternoon_reads_the_day_so_far() {
    let mut lab = Lab::open("2026-03-02T22:00:00Z", "2026-03-03T13:30:00Z", 20).await;
    let delivery = lab.good_poll().await;
    assert_eq!(delivery.facts.len(), lab.running.estate().machines().len());
    assert_eq!(delivery.notes, Vec::<String>::new());
    let truth = lab.truth();
    assert!(truth.len() > 100, "{}", truth.len());
    assert_eq!(lab.read(), truth);
    let priced = |reading: &Reading| {
        matches!(
            reading.measure,
            Measure::Sale {
                price: Some(1..),
                ..
            }
        )
    };
    assert!(lab.sold.values().all(priced));
}

#[tokio::test]
async fn an_afternoon_of_polls_misses_no_sale() {
    let mut lab = Lab::open("2026-03-02T22:00:00Z", "2026-03-03T12:00:00Z", 8).await;
    lab.good_poll().await;
    for poll in 0..90 {
        lab.hand.advance(Duration::from_secs(120));
        if poll % 20 == 7 {
            // A poll that fails costs nothing but time.
            lab.running.faults().once(Smartnow, Fault::Status(503));
            lab.poll().await;
        } else {
            lab.good_poll().await;
            assert_eq!(lab.read(), lab.truth(), "at {}", lab.clock.now());
        }
    }
}

#[tokio::test]
async fn machines_without_a_link_are_offline_and_come_back() {
    let mut lab = Lab::open("2026-03-02T22:00:00Z", "2026-03-03T08:00:00Z", 16).await;
    let mut down = 0;
    for _ in 0..48 {
        let delivery = lab.good_poll().await;
        let now = lab.clock.now();
        let estate = lab.running.estate().clone();
        let events = lab.happened(|machine, day| estate.events(machine, day));
        for (device, facts) in &delivery.facts {
            let Detail::Machine { offline, .. } = facts.detail else {
                panic!("{device} is no machine")
            };
            let id: i64 = device.local().parse().unwrap();
            let spell = |event: &&Event| {
                event.code == Code::Offline && estate.machines()[event.machine].id == id
            };
            // Noticed within seconds; its end is asked for every ten minutes.
            let surely = |event: &Event| {
                event.at + TimeDelta::minutes(2) < now && event.resolved.is_none_or(|end| end > now)
            };
            let maybe = |event: &Event| {
                event.at <= now
                    && event
                        .resolved
                        .is_none_or(|end| end + TimeDelta::minutes(15) > now)
            };
            let spells: Vec<_> = events.iter().filter(spell).collect();
            if spells.iter().any(|event| surely(event)) {
                assert!(offline, "{device} at {now}");
                down += 1;
            }
            if offline {
                assert!(spells.iter().any(|event| maybe(event)), "{device} at {now}");
            }
        }
        lab.hand.advance(Duration::from_secs(600));
    }
    assert!(down > 0, "no machine was ever offline");
}
