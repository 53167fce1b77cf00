use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use chrono::Timelike;
use occtop::clock::Clock;
use occtop::config::Config;
use occtop::model::Timestamp;
use occtop::simulator::estate::site::Site;
use occtop::simulator::estate::wall;
use occtop::simulator::vendor::Vendor;
use occtop::simulator::{Options, start};

use crate::lab::{Lab, NOON, at};

#[tokio::test]
async fn the_configuration_names_everything_there_is() {
    let lab = Lab::with(NOON, |options| Options {
        stores: 30,
        ..options
    })
    .await;
    let text = lab.running.config_toml();
    let config: toml::Table = text.parse().unwrap();
    let sources = config["source"].as_array().unwrap();
    assert_eq!(sources.len(), 5);
    for (source, vendor) in sources.iter().zip(Vendor::ALL) {
        assert_eq!(source["vendor"].as_str(), Some(vendor.word()));
        assert_eq!(
            source["url"].as_str().map(str::to_owned),
            lab.running.url(vendor)
        );
        assert!(
            source["url"]
                .as_str()
                .unwrap()
                .starts_with("http://127.0.0.1:")
        );
    }
    let stores = config["store"].as_array().unwrap();
    assert_eq!(stores.len(), 31, "thirty stores and the shuttles");
    for (store, site) in stores.iter().zip(lab.estate().sites()) {
        assert_eq!(store["name"].as_str(), Some(site.name.as_str()));
        assert_eq!(store["timezone"].as_str(), Some(site.city.zone.name()));
        assert!(!store["members"].as_array().unwrap().is_empty());
        assert_eq!(store.get("hours").is_none(), site.hours.is_none());
        assert_eq!(store.get("reset").is_some(), site.hours.is_none());
    }
}

#[tokio::test]
async fn the_program_accepts_the_configuration() {
    let lab = Lab::with(NOON, |options| Options {
        stores: 30,
        ..options
    })
    .await;
    let loaded = Config::parse(&lab.running.config_toml(), "estate.toml").unwrap();
    assert_eq!(
        (loaded.config.sources.len(), loaded.config.stores.len()),
        (5, 31)
    );
    for (store, site) in loaded.config.stores.iter().zip(lab.estate().sites()) {
        assert_eq!(
            (&*store.name, store.capacity),
            (site.name.as_str(), Some(site.capacity))
        );
        assert_eq!(
            store.hours.open_at(store.timezone, lab.now()),
            is_open(site, lab.now())
        );
    }
}

fn is_open(site: &Site, now: Timestamp) -> bool {
    let zone = site.city.zone;
    let date = wall::business_date(zone, now);
    site.open_on(date).is_some_and(|(open, close)| {
        (wall::instant(zone, date, open)..wall::instant(zone, date, close)).contains(&now)
    })
}

#[tokio::test]
async fn replies_carry_the_date_of_the_estate() {
    let lab = Lab::at(NOON).await;
    let reply = lab.get(Vendor::Smartnow, "/", &[]).await;
    assert_eq!(reply.header("date"), Some("Wed, 04 Mar 2026 10:00:00 GMT"));
}

#[tokio::test]
async fn a_fixed_port_is_the_first_of_five() {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let first = free.min(u16::MAX - 5);
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, first));
    let (clock, _) = Clock::manual(at(NOON));
    let Ok(running) = start(Options {
        listen,
        ..Options::new(clock)
    })
    .await
    else {
        // Somebody else has one of the five: nothing can be learned from that.
        return;
    };
    for (position, vendor) in (0..).zip(Vendor::ALL) {
        let expected = format!("http://127.0.0.1:{}{}", first + position, vendor.prefix());
        assert_eq!(running.url(vendor), Some(expected));
    }
}

#[tokio::test]
async fn five_ports_must_fit() {
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, u16::MAX - 2));
    let (clock, _) = Clock::manual(at(NOON));
    assert!(
        start(Options {
            listen,
            ..Options::new(clock)
        })
        .await
        .is_err()
    );
}

#[test]
fn a_demo_begins_in_the_afternoon_whatever_the_wall_says() {
    for now in [
        "2026-03-04T00:10:00Z",
        "2026-07-04T12:00:00Z",
        "2026-10-25T22:59:00Z",
    ] {
        let origin = Options::demo_origin(at(now));
        let athens = origin.with_timezone(&chrono_tz::Europe::Athens);
        assert_eq!((athens.hour(), athens.minute()), (15, 30));
        assert_eq!(
            athens.date_naive(),
            at(now).with_timezone(&athens.timezone()).date_naive()
        );
    }
}
