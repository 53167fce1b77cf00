//! What one poll of a source brings, put together from a few words.

use std::collections::BTreeMap;

use chrono::{TimeDelta, Timelike};
use chrono_tz::Europe::Athens;
use occtop::model::Timestamp;
use occtop::model::attempt::Delivery;
use occtop::model::device::{Detail, DeviceId, Facts, OpenEvent};
use occtop::model::reading::{Currency, Flow, Level, Measure, Reading, Value};

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub struct Poll {
    pub source: &'static str,
    pub delivery: Delivery,
}

/// What a door of Ermou usually counts in a quarter of an hour: open from nine to nine in Athens,
/// and everybody stays for half an hour. It misses one of forty exits.
pub fn usual(start: Timestamp) -> (u32, u32) {
    let local = start.with_timezone(&Athens);
    let minute = local.hour() * 60 + local.minute();
    let busy = |minute: u32| (540..1230).contains(&minute);
    let entered = if busy(minute) { 40 } else { 0 };
    let left = if minute.checked_sub(30).is_some_and(busy) {
        39
    } else {
        0
    };
    (entered, left)
}

impl Poll {
    pub fn of(source: &'static str) -> Self {
        Self {
            source,
            delivery: Delivery::default(),
        }
    }

    fn fact(mut self, local: &str, name: &str, detail: Detail) -> Self {
        let facts = Facts {
            name: name.to_owned(),
            timezone: Some(Athens),
            detail,
        };
        let id = DeviceId::new(self.source, local);
        self.delivery.facts.push((id, facts));
        self
    }

    fn reading(
        mut self,
        local: &str,
        at: Timestamp,
        (span_s, item): (u32, i64),
        measure: Measure,
    ) -> Self {
        self.delivery.readings.push(Reading {
            device: DeviceId::new(self.source, local),
            start: at,
            span_s,
            item,
            measure,
        });
        self.delivery.rows += 1;
        self
    }

    /// A door and its quarters of an hour in `[from, to)`.
    pub fn door(
        self,
        local: &str,
        name: &str,
        (from, to): (&str, &str),
        counts: impl Fn(Timestamp) -> (u32, u32),
    ) -> Self {
        let detail = Detail::PeopleCounter {
            interval_s: Some(900),
            group: None,
        };
        let mut poll = self.fact(local, name, detail);
        let mut start = at(from);
        while start < at(to) {
            let (entered, left) = counts(start);
            let measure = Measure::Flow(Flow { entered, left });
            poll = poll.reading(local, start, (900, 0), measure);
            start += TimeDelta::minutes(15);
        }
        poll
    }

    /// Both doors of Ermou as they usually count.
    pub fn ermou(self, stretch: (&str, &str)) -> Self {
        self.door("1", "North door", stretch, usual)
            .door("2", "South door", stretch, usual)
    }

    pub fn level(self, local: &str, when: &str, level: Level, value: f64) -> Self {
        self.reading(
            local,
            at(when),
            (0, 0),
            Measure::Level(level, Value::Real(value)),
        )
    }

    pub fn vehicle(self, local: &str, name: &str, movement: &str, heard: &str) -> Self {
        let detail = tracker("active", movement, heard);
        self.fact(local, name, detail)
    }

    pub fn blocked(self, local: &str, name: &str, heard: &str) -> Self {
        let mut detail = tracker("offline", "parked", heard);
        if let Detail::Tracker { blocked, .. } = &mut detail {
            *blocked = true;
        }
        self.fact(local, name, detail)
    }

    pub fn odometer(self, local: &str, when: &str, km: f64) -> Self {
        self.level(local, when, Level::Odometer, km)
    }

    pub fn documents(self, local: &str, name: &str, when: &str, value: f64) -> Self {
        let detail = Detail::DocumentCounter {
            counter_type: "BillCounter".to_owned(),
            format: None,
            enterprise: None,
            enterprise_name: Some("Grand Plaza".to_owned()),
            day_offset_s: 0,
            guests_in_house: None,
            rooms_occupied: None,
            rooms: None,
        };
        self.fact(local, name, detail)
            .level(local, when, Level::CounterValue, value)
    }

    /// A machine; its scale of euros is known, others are not.
    pub fn machine(self, local: &str, name: &str, heard: &str) -> Self {
        self.fact(local, name, vending(heard, Vec::new()))
    }

    pub fn offline_machine(self, local: &str, name: &str, since: &str) -> Self {
        let event = OpenEvent {
            id: 7,
            code: "CM_OFFLINE".to_owned(),
            since: at(since),
        };
        self.fact(local, name, vending(since, vec![event]))
    }

    pub fn sale(self, local: &str, when: &str, (item, price): (i64, i64), currency: &str) -> Self {
        let measure = Measure::Sale {
            price: Some(price),
            currency: Currency::parse(currency).unwrap(),
        };
        self.reading(local, at(when), (0, item), measure)
    }
}

fn tracker(connection: &str, movement: &str, heard: &str) -> Detail {
    Detail::Tracker {
        connection: Some(connection.to_owned()),
        movement: Some(movement.to_owned()),
        ignition: Some(movement != "parked"),
        blocked: false,
        seats: Some(20),
        clone: false,
        last_update: Some(at(heard)),
    }
}

fn vending(heard: &str, open_events: Vec<OpenEvent>) -> Detail {
    Detail::Machine {
        location: Some("Hall".to_owned()),
        active: Some(true),
        offline: !open_events.is_empty(),
        open_events,
        last_update: Some(at(heard)),
        money_scale: BTreeMap::from([("EUR".to_owned(), 100)]),
        sales_unread: None,
    }
}
