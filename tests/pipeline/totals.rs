//! What the board says equals what the simulators know to be true.

use std::time::Duration;

use chrono::TimeDelta;
use occtop::model::Timestamp;
use occtop::simulator::estate::fleet::Role;
use occtop::simulator::estate::machines::{PRODUCTS, Sale, price_factor};
use occtop::simulator::estate::{hotel, wall};
use serde_json::Value;

use crate::estate::*;

/// The same day after the shops of Europe have closed.
const NIGHT: &str = "2026-03-03T21:30:00Z";
/// Midnight where the hotel is, and noon after it.
const MIDNIGHT: &str = "2026-03-03T22:00:00Z";
const NEXT_NOON: &str = "2026-03-04T10:00:00Z";

#[tokio::test]
async fn every_source_of_the_estate_is_read() {
    let estate = Estate::open(AFTERNOON).await;
    let board = estate.poll().await;
    for row in board["sources"].as_array().unwrap() {
        assert_eq!(row["fetch"], "ok", "{row:#}");
        assert!(row["error"].is_null(), "{row:#}");
        assert_eq!(row["rejected"], 0, "{row:#}");
        assert!(row["devices"].as_u64().unwrap() > 0, "{row:#}");
    }
    for row in board["stores"].as_array().unwrap() {
        assert!(!row["members"].as_array().unwrap().is_empty(), "{row:#}");
    }
    people(&estate, &board);
    vehicles(&estate, &board);
    documents(&estate, &board);
    sales(&estate, &board);

    // A second poll asks for the overlap again and counts nothing twice.
    let again = estate.poll().await;
    for (before, after) in rows(&board, "stores").iter().zip(rows(&again, "stores")) {
        assert_eq!(before["today"], after["today"], "{}", before["name"]);
    }
    for (before, after) in rows(&board, "devices").iter().zip(rows(&again, "devices")) {
        assert_eq!(before, after);
    }

    // At night the shops are empty and the last interval has settled: what was corrected during
    // the afternoon is in the totals, and they are as exact as before.
    estate.hand.set(NIGHT.parse().unwrap());
    let later = estate.poll().await;
    assert_ne!(rows(&board, "devices"), rows(&later, "devices"));
    people(&estate, &later);
    vehicles(&estate, &later);
    documents(&estate, &later);
    sales(&estate, &later);
}

fn rows<'a>(board: &'a Value, of: &str) -> &'a [Value] {
    board[of].as_array().unwrap()
}

/// What the board counts is what the sensors counted, to the last person.
fn people(estate: &Estate, board: &Value) {
    let truth = estate.simulators.estate();
    let mut compared = 0;
    for row in rows(board, "stores") {
        let name = row["name"].as_str().unwrap();
        let (Some(site), Some(today)) = (truth.site(name), row["today"].as_object()) else {
            continue;
        };
        let members = row["members"].as_array().unwrap();
        let bespot = members
            .iter()
            .any(|id| id.as_str().unwrap().starts_with("retail/"));
        let horizon = if bespot { "retail" } else { "nordic" };
        let horizon = instant(&source(board, horizon)["horizon"]);
        // A minute's row is stamped with its start, an interval's horizon is its end.
        let to = if bespot {
            horizon + Duration::from_secs(60)
        } else {
            horizon
        };
        let counted = truth.counted(site, None, instant(&today["since"]), to);
        let (at, source) = (&board["at"], horizon);
        let context = format!("{name} at {at}, told up to {source}: {row:#}");
        assert_eq!(today["in"], counted.entered, "{context}");
        assert_eq!(today["out"], counted.left, "{context}");
        compared += 1;
    }
    assert!(compared >= 6, "only {compared} stores were compared");
}

/// Odometer, engine time and people on board are those of the trackers' newest reports.
fn vehicles(estate: &Estate, board: &Value) {
    let truth = estate.simulators.estate();
    let now = estate.clock.now();
    let rows = devices(board, "fleet");
    assert_eq!(rows.len(), truth.vehicles().len());
    let mut compared = 0;
    for vehicle in truth.vehicles() {
        let row = rows
            .iter()
            .find(|row| row["id"] == format!("fleet/{}", vehicle.id))
            .unwrap();
        assert_eq!(row["name"], vehicle.label, "{row:#}");
        assert_eq!(row["blocked"], vehicle.role == Role::Blocked, "{row:#}");
        if vehicle.role == Role::Phone || vehicle.role == Role::Blocked {
            assert!(row["odometer_km"].is_null(), "{row:#}");
            continue;
        }
        let report = vehicle.report(truth.seed(), now);
        assert_eq!(row["odometer_km"], report.odometer_km, "{row:#}");
        assert_eq!(row["engine_hours"], report.engine_hours, "{row:#}");
        assert_eq!(row["on_board"], report.on_board, "{row:#}");
        assert_eq!(row["seats"], vehicle.seats, "{row:#}");
        assert_eq!(instant(&row["as_of"]), report.at, "{row:#}");
        compared += 1;
    }
    assert!(compared >= 3, "only {compared} vehicles were compared");
}

/// Counter values are the hotel's, and what they grew by since local midnight.
fn documents(estate: &Estate, board: &Value) {
    let hotel = estate.simulators.estate().hotel();
    let now = estate.clock.now();
    let rows = devices(board, "hotel");
    assert_eq!(rows.len(), hotel.counters.len());
    for counter in &hotel.counters {
        let (value, changed) = hotel.value(counter, now);
        let row = rows
            .iter()
            .find(|row| row["type"] == counter.sort && row["name"] == counter.name)
            .unwrap();
        assert_eq!(row["value"], value, "{row:#}");
        assert_eq!(
            instant(&row["as_of"]),
            wall::floor_to(changed, 1),
            "{row:#}"
        );
        // Nobody has told the value at midnight.
        assert!(row["growth_today"].is_null(), "{row:#}");
    }
    let tonight = now.with_timezone(&hotel::zone()).date_naive();
    let rooms = [false, true].map(|suites| hotel.night(suites, tonight).usable);
    let rooms: usize = rooms.iter().sum();
    assert!(rows.iter().all(|row| row["rooms"] == rooms), "{rooms}");
    let stays = hotel.in_house(now);
    let guests: u32 = stays.iter().map(|stay| stay.guests).sum();
    let told =
        |row: &&Value| row["guests_in_house"] == guests && row["rooms_occupied"] == stays.len();
    assert!(rows.iter().all(told), "{guests}: {rows:#?}");
}

/// Sales since the store's local midnight are exactly those that the server has written.
fn sales(estate: &Estate, board: &Value) {
    let truth = estate.simulators.estate();
    let now = estate.clock.now();
    let rows = devices(board, "coffee");
    assert_eq!(rows.len(), truth.machines().len());
    let (mut sold_at_all, mut exact) = (0, 0);
    for (position, machine) in truth.machines().iter().enumerate() {
        let row = rows
            .iter()
            .find(|row| row["id"] == format!("coffee/{}", machine.id))
            .unwrap();
        let zone = truth.sites()[machine.site].city.zone;
        let today = now.with_timezone(&zone).date_naive();
        let midnight: Timestamp = wall::instant(zone, today, 0);
        let business_days = [today - TimeDelta::days(1), today];
        let sold = |after: TimeDelta| -> Vec<Sale> {
            let all = business_days
                .iter()
                .flat_map(|date| truth.sales(position, *date));
            all.filter(|sale| sale.at >= midnight && sale.created + after <= now)
                .collect()
        };
        // Some rows are written up to 40 s late, so a sale of the last moments may be missing.
        let told = row["sales_today"].as_u64().unwrap_or(0);
        let (least, most) = (sold(TimeDelta::seconds(40)), sold(TimeDelta::zero()));
        assert!(
            (least.len() as u64..=most.len() as u64).contains(&told),
            "{} <= {told} <= {}: {row:#}",
            least.len(),
            most.len()
        );
        sold_at_all += told;
        if least == most {
            money(truth.sites()[machine.site].city.currency, &most, row);
            let recent = most
                .iter()
                .filter(|sale| sale.at > now - TimeDelta::minutes(15) && sale.at <= now);
            assert_eq!(row["sales_15m"], recent.count(), "{row:#}");
            exact += 1;
        }
    }
    assert!(sold_at_all > 100, "only {sold_at_all} sales");
    assert!(
        exact >= 3,
        "only {exact} machines were compared to the cent"
    );
}

/// Takings are what the sales cost, in the currency of the store.
fn money(currency: &str, sales: &[Sale], row: &Value) {
    let cents = sales.iter().map(|sale| PRODUCTS[sale.product].2);
    let cents = cents.map(|cents| f64::from(i32::try_from(cents).unwrap()));
    // Prices end in a round ten of the smallest unit, of which a yen has one.
    let minor = cents.map(|cents| (cents * price_factor(currency) / 10.0).round() * 10.0);
    let units = minor.sum::<f64>() / if currency == "JPY" { 1.0 } else { 100.0 };
    let told = row["revenue_today"].as_object().unwrap();
    if sales.is_empty() {
        assert!(told.is_empty(), "{row:#}");
    } else {
        let told = told[currency].as_f64().unwrap();
        assert!((told - units).abs() < 0.005, "{units}: {row:#}");
    }
}

/// What a hotel writes from midnight on is its growth, where the value at midnight was told.
#[tokio::test]
async fn documents_grow_from_midnight_on() {
    let estate = Estate::with_stores(MIDNIGHT, 1).await;
    estate.poll().await;
    let midnight = estate.clock.now();
    estate.hand.set(NEXT_NOON.parse().unwrap());
    let board = estate.poll().await;
    let hotel = estate.simulators.estate().hotel();
    let rows = devices(&board, "hotel");
    let mut grown = 0;
    for counter in &hotel.counters {
        let value = |at| hotel.value(counter, at).0;
        let growth = value(estate.clock.now()) - value(midnight);
        let row = rows
            .iter()
            .find(|row| row["type"] == counter.sort && row["name"] == counter.name)
            .unwrap();
        assert_eq!(row["growth_today"], growth, "{row:#}");
        grown += growth;
    }
    assert!(grown > 0, "nothing was written");
}

/// No secret of the configuration is anywhere on the board.
#[tokio::test]
async fn no_secret_is_on_the_board() {
    use occtop::simulator::faults::Fault;
    use occtop::simulator::vendor::Vendor;

    let estate = Estate::with_stores(AFTERNOON, 3).await;
    for vendor in Vendor::ALL {
        estate.simulators.faults().set(vendor, Fault::RefusedToken);
    }
    let board = estate.poll().await.to_string();
    let toml = estate.simulators.config_toml();
    let secrets: Vec<_> = toml
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .filter(|(key, _)| ["password", "api_key", "client_token", "access_token"].contains(key))
        .map(|(_, value)| value.trim_matches('"'))
        .collect();
    assert!(secrets.len() >= 5, "{secrets:?}");
    for secret in secrets {
        assert!(!board.contains(secret));
    }
}
