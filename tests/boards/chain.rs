//! The chain: nine stores, a fleet, a hotel and machines.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;
use chrono_tz::Europe::Athens;
use occtop::model::Timestamp;
use occtop::model::board::{Board, DeviceRow, Figures, Gap, SourceRow};
use occtop::model::device::{Detail, DeviceId, Facts, OpenEvent};
use occtop::model::evidence::{Beside, Evidence, LastReset};
use occtop::model::figure::{Figure, Quality};
use occtop::model::hand::HandCount;
use occtop::model::health::Expectation;
use occtop::model::occupancy::Drift;
use occtop::model::reading::Currency;
use occtop::model::rhythm::{Pause, Rhythm};

use super::{Shop, at, now, source};

pub fn shops() -> Vec<Shop> {
    let mut ermou = Shop::new("Ermou", "Athens", 120, 0.82, 200_041);
    ermou.doors = vec![200_041, 200_042];
    ermou.evidence = Evidence {
        drift: Some(Drift {
            ratio: 0.961,
            spread: 0.012,
            days: 7,
        }),
        last_reset: Some(LastReset {
            at: at("2026-03-02T02:00:00Z"),
            residual: 31,
            remained: 2,
            half: 6,
        }),
        learned_days: 12,
        ..Evidence::default()
    };
    let mut syntagma = Shop::new("Syntagma", "Athens", 80, 0.86, 200_043);
    syntagma.evidence = disputed();
    let mut halandri = Shop::new("Halandri", "Athens", 60, 0.45, 200_044);
    halandri.hours = (9, 17);
    let mut station = Shop::new("Larissa Station", "Athens", 40, 0.3, 200_045);
    station.capacity = None;
    let mut loose = Shop::new("200077", "", 80, 0.2, 200_077);
    (loose.group, loose.capacity, loose.declared) = (None, None, false);
    loose.hours = (7, 22);
    vec![
        ermou,
        syntagma,
        halandri,
        station,
        Shop::new("Tsimiski", "Thessaloniki", 150, 0.62, 200_051),
        Shop::new("Αγίας Σοφίας", "Thessaloniki", 90, 0.55, 200_052),
        Shop::new("Ladadika", "Thessaloniki", 70, 0.71, 200_053),
        Shop::new("Kalamaria", "Thessaloniki", 110, 0.34, 200_054),
        loose,
    ]
}

/// A vendor that sees more people than we do, a reset with people left, and a count by hand.
fn disputed() -> Evidence {
    let counted = HandCount::new(at("2026-03-02T12:05:00Z"), 31, "fire drill");
    Evidence {
        vendor: Some(Beside {
            value: 71,
            as_of: at("2026-03-02T15:30:00Z"),
            counted: 53,
            half: 6,
            difference: 18,
            since: Some(at("2026-03-02T13:30:00Z")),
        }),
        drift: Some(Drift {
            ratio: 1.024,
            spread: 0.031,
            days: 3,
        }),
        last_reset: Some(LastReset {
            at: at("2026-03-02T02:00:00Z"),
            residual: -44,
            remained: 17,
            half: 9,
        }),
        learned_days: 3,
        by_hand: Some(counted.instead_of(Some(44))),
        after_hours: None,
    }
}

pub fn numbered(number: u32) -> Shop {
    let groups = ["Athens", "Thessaloniki", "Patras", "Heraklion", "Larissa"];
    let group = groups[number as usize * groups.len() / 1000 % groups.len()];
    let busy = 0.2 + f64::from(number * 37 % 100) / 130.0;
    Shop::new(
        &format!("Store {number:04}"),
        group,
        40 + number % 9 * 20,
        busy,
        300_000 + number,
    )
}

pub fn sources() -> Vec<SourceRow> {
    let mut fleet = source("fleet", "navixy");
    fleet.next_poll = Some(now() + TimeDelta::seconds(40));
    fleet.horizon = Some(now() - TimeDelta::seconds(70));
    fleet.requests.last_hour = 118;
    fleet.requests.limit_per_hour = 3600;
    fleet.took_ms = Some(212);
    let mut mall = source("mall", "viametrics");
    mall.requests.limit_per_hour = 450;
    mall.took_ms = Some(1430);
    let mut hotel = source("hotel", "mews");
    hotel.requests.last_hour = 12;
    hotel.requests.limit_per_hour = 600;
    let mut coffee = source("coffee", "smartnow");
    coffee.requests.last_hour = 41;
    vec![source("opap", "bespot"), mall, fleet, hotel, coffee]
}

pub fn board(shops: &[Shop], sources: Vec<SourceRow>) -> Board {
    let mut board = Board::empty(now());
    board.sources = sources.into_iter().map(Arc::new).collect();
    for shop in shops {
        board.stores.push_back(Arc::new(shop.row()));
        for number in 0..shop.doors.len() {
            let door = shop.door(number);
            board.devices.insert((0, door.id.clone()), Arc::new(door));
        }
    }
    let others = (vehicles().map(|row| (2, row)))
        .chain(counters().map(|row| (3, row)))
        .chain(machines().map(|row| (4, row)));
    for (position, row) in others {
        board
            .devices
            .insert((position, row.id.clone()), Arc::new(row));
    }
    claim(&mut board, "Syntagma", &DeviceId::new("coffee", 80));
    for position in 0..board.sources.len() {
        let devices = board
            .devices
            .keys()
            .filter(|(at, _)| usize::from(*at) == position);
        let count = devices.count();
        Arc::make_mut(&mut board.sources[position]).devices = count;
    }
    board
}

/// Makes a machine a member of a store.
fn claim(board: &mut Board, name: &str, id: &DeviceId) {
    let Some(at) = board.stores.iter().position(|row| *row.store.name == *name) else {
        return;
    };
    let row = Arc::make_mut(&mut board.stores[at]);
    row.members.push(id.clone());
    let store = row.store.clone();
    if let Some(device) = board.devices.get_mut(&(4, id.clone())) {
        let device = Arc::make_mut(device);
        device.store = Some(store.name.clone());
        device.claimed_by = Some(store);
    }
}

fn device(id: DeviceId, name: &str, detail: Detail, minutes: i64, figures: Figures) -> DeviceRow {
    let as_of = now() - TimeDelta::minutes(minutes);
    DeviceRow {
        id,
        store: None,
        claimed_by: None,
        facts: Arc::new(Facts {
            name: name.to_owned(),
            timezone: Some(Athens),
            detail,
        }),
        as_of: Some(as_of),
        covered_to: Some(as_of),
        expectation: Expectation {
            period_s: 3600,
            lag_s: 60,
            grace_s: 300,
        },
        confirmed: true,
        paused: false,
        skew_s: 0,
        figures,
    }
}

fn figure<T>(value: T, minutes: i64) -> Option<Figure<T>> {
    let as_of: Timestamp = now() - TimeDelta::minutes(minutes);
    Some(Figure {
        value,
        as_of,
        fetched_at: now(),
        quality: Quality::GOOD,
    })
}

fn vehicles() -> impl Iterator<Item = DeviceRow> {
    let vehicles = [
        (
            11,
            "Shuttle 1",
            20854.42,
            64.32,
            612.75,
            "active",
            "moving",
            Some(17),
            1,
            false,
        ),
        (
            12,
            "Shuttle 2",
            18211.07,
            41.90,
            540.10,
            "active",
            "stopped",
            Some(4),
            3,
            false,
        ),
        (
            13,
            "Airport bus",
            90233.50,
            212.45,
            3011.5,
            "idle",
            "parked",
            Some(0),
            48,
            false,
        ),
        (
            14,
            "Van Πειραιάς",
            45120.00,
            0.0,
            1204.0,
            "offline",
            "parked",
            None,
            190,
            false,
        ),
        (
            15, "Old van", 120_432.1, 0.0, 8000.0, "offline", "parked", None, 30_000, true,
        ),
    ];
    vehicles.into_iter().map(|vehicle| {
        let (id, name, odometer, today, engine, link, movement, aboard, minutes, blocked) = vehicle;
        device(
            DeviceId::new("fleet", id),
            name,
            Detail::Tracker {
                connection: Some(link.to_owned()),
                movement: Some(movement.to_owned()),
                ignition: Some(movement != "parked"),
                blocked,
                seats: aboard.map(|_| 50),
                clone: false,
                last_update: Some(now() - TimeDelta::minutes(minutes)),
            },
            minutes,
            Figures::Tracker {
                odometer_km: figure(odometer, minutes),
                engine_hours: figure(engine, minutes),
                distance_today_km: figure(today, minutes),
                distance_since: None,
                on_board: aboard.and_then(|people| figure(people, minutes)),
            },
        )
    })
}

fn counters() -> impl Iterator<Item = DeviceRow> {
    let counters = [
        (
            "7d0f4c1a",
            "Service orders",
            "ServiceOrderCounter",
            25_812,
            12,
        ),
        ("7d0f4c1b", "Bills", "BillCounter", 9_102, 31),
        (
            "7d0f4c1c",
            "Registration cards",
            "RegistrationCardCounter",
            18_340,
            0,
        ),
    ];
    counters.into_iter().map(|(id, name, kind, value, today)| {
        // Nobody looked at one of them for some hours.
        let gap = (today == 12).then(|| Gap {
            from: now() - TimeDelta::minutes(502),
            to: now() - TimeDelta::minutes(232),
            growth: 5,
        });
        let hours = (0..17).map(|hour| {
            let unseen = gap.is_some() && (9..=13).contains(&hour);
            (!unseen).then_some(hour * 7 % 5 * today / 12)
        });
        device(
            DeviceId::new("hotel", id),
            name,
            Detail::DocumentCounter {
                counter_type: kind.to_owned(),
                format: None,
                enterprise: Some("e-1".to_owned()),
                enterprise_name: Some("Grand Plaza".to_owned()),
                day_offset_s: 0,
                guests_in_house: Some(141),
                rooms_occupied: Some(71),
                rooms: Some(98),
            },
            9,
            Figures::DocumentCounter {
                value: figure(value, 9),
                formatted: Some(value.to_string()),
                growth_today: Some(today.into()),
                per_hour: Some(f64::from(today) / 8.0),
                hours: hours.collect(),
                unseen: gap.into_iter().collect(),
                pause: pause(now() - TimeDelta::minutes(9), 20),
            },
        )
    })
}

/// The pause since `last` of something that happens every so many minutes.
fn pause(last: Timestamp, every: i64) -> Option<Pause> {
    let mut rhythm = Rhythm::default();
    for minutes in (0..=9 * 24 * 60)
        .rev()
        .step_by(usize::try_from(every).unwrap())
    {
        let at = last - TimeDelta::minutes(minutes);
        rhythm.happened(at, at, Athens);
    }
    rhythm.happened(last, last, Athens);
    rhythm.pause(Some(now()), Athens, None)
}

fn machines() -> impl Iterator<Item = DeviceRow> {
    let machines = [
        (80, "Hall left", "Syntagma", 31, 4650, 6, false),
        (81, "Hall right", "Syntagma", 22, 3380, 19, false),
        (82, "Platform 2", "Larissa Station", 4, 560, 211, true),
    ];
    machines
        .into_iter()
        .map(|(id, name, place, sales, takings, minutes, offline)| {
            let last = now() - TimeDelta::minutes(minutes);
            let euro = Currency::parse("EUR").unwrap();
            let event = OpenEvent {
                id: 7,
                code: "CM_OFFLINE".to_owned(),
                since: last,
            };
            let hours = (0..17_u32).map(|hour| Some(if hour < 7 { 0 } else { hour * 5 % 7 }));
            device(
                DeviceId::new("coffee", id),
                name,
                Detail::Machine {
                    location: Some(place.to_owned()),
                    active: Some(true),
                    last_update: Some(last),
                    offline,
                    open_events: if offline { vec![event] } else { Vec::new() },
                    money_scale: BTreeMap::from([("EUR".to_owned(), 100)]),
                    sales_unread: None,
                },
                minutes.min(40),
                Figures::Machine {
                    sales_today: figure(sales, minutes),
                    revenue_today: BTreeMap::from([(euro, takings)]),
                    last_sale: Some(last),
                    last_sale_came: Some(last),
                    recent_sales: Arc::from([last]),
                    hours: hours.collect(),
                    pause: pause(last, 9),
                },
            )
        })
}
