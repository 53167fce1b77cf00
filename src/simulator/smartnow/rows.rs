//! Rows as the vendor writes them.

use chrono::{SecondsFormat, TimeDelta};
use serde_json::{Value, json};

use crate::model::Timestamp;
use crate::simulator::estate::Estate;
use crate::simulator::estate::machines::{Code, Event, PRODUCTS, Sale, price_factor};
use crate::simulator::estate::site::Site;

use super::ledger::noticed;

/// When machines and locations were entered.
const ENTERED: &str = "2025-01-10T09:05:00Z";

/// A machine with the ids of its newest sale and event.
pub fn machine(
    estate: &Estate,
    position: usize,
    last_sale: Option<i64>,
    last_event: Option<i64>,
    now: Timestamp,
) -> Value {
    let machine = &estate.machines()[position];
    json!({
        "id": machine.id,
        "name": machine.name,
        "hostname": format!("sn-{:06}", machine.id),
        "gateway": 12,
        "location": location_id(&estate.sites()[machine.site]),
        "machineModel": 5, "machineType": 1, "manufacturer": 3,
        "lastRevenuetransaction": last_sale,
        "lastLog": last_event,
        "lastIotevent": null,
        "tag": format!("M{}", machine.id), "notes": "", "virtualPrices": 0,
        "active": 1, "currency": 1, "debtor": null,
        "logSynced": 1, "revenuetransactionSynced": 1, "ioteventSynced": 0, "ruleSet": null,
        "createdAt": ENTERED, "updatedAt": utc(now - TimeDelta::minutes(7)),
        "lastSoldId": 1, "isManagedAssortment": 0, "configState": "scheduled",
        "transactionProfile": 1, "hasSubscription": 1,
    })
}

/// The location of a store.
pub fn location(site: &Site) -> Value {
    let (latitude, longitude) = site.city.centre;
    json!({
        "id": location_id(site),
        "name": site.name,
        "address": site.name, "postcode": "", "city": site.city.name,
        "country": site.city.country, "activeShift": null,
        // Coordinates are text when read (vendor documentation).
        "latitude": format!("{latitude:.4}"), "longitude": format!("{longitude:.4}"),
        "placeId": "", "timeZone": site.city.zone.name(),
        "createdAt": ENTERED, "updatedAt": "2025-06-01T12:00:00Z",
    })
}

/// A sale.
pub fn sale(estate: &Estate, id: i64, sale: &Sale) -> Value {
    let machine = &estate.machines()[sale.machine];
    let site = &estate.sites()[machine.site];
    let (name, short, cents) = PRODUCTS[sale.product];
    json!({
        "id": id,
        "product": sale.product + 1, "name": name, "internalRef": short,
        "machine": machine.id, "location": location_id(site),
        "occurredAt": local(sale.at, site), "timeZone": site.city.zone.name(),
        "originalPrice": 0, "price": price(cents, site.city.currency),
        "barcode": null, "currency": site.city.currency,
        "timestamp": sale.at.timestamp(), "token": "", "salestype": 0,
        "numPaymentTransactions": 1,
        "remote": machine.id * 1_000_000 + sale.at.timestamp() % 1_000_000,
        "pricelist": 0, "usergroup": 0,
        "createdAt": utc(sale.created), "updatedAt": utc(sale.created),
    })
}

/// An event as it stands at `now`: its end is filled in later, and nothing tells when.
pub fn event(estate: &Estate, id: i64, event: &Event, now: Timestamp) -> Value {
    let machine = &estate.machines()[event.machine];
    let site = &estate.sites()[machine.site];
    let resolved = event.resolved.filter(|end| *end <= now);
    let extra = (event.code == Code::Reboot).then(|| json!({ "uptime": 67 }).to_string());
    json!({
        "id": id,
        "remote": machine.id * 1_000_000 + event.at.timestamp() % 1_000_000,
        "machine": machine.id, "location": location_id(site),
        "code": event.code.word(),
        "errorIdentity": event.code as u8 + 1, "type": 1,
        "isResolvable": event.resolved.is_some(),
        "occurredAt": local(event.at, site), "timeZone": site.city.zone.name(),
        "duration": resolved.map(|end| (end - event.at).num_seconds()),
        // JSON inside a string (vendor documentation).
        "extraData": extra,
        "date": event.at.timestamp(), "timestamp": event.at.timestamp(),
        "resolvedAt": resolved.map(|end| local(end, site)),
        "state": null, "createdAt": utc(noticed(event)),
    })
}

/// The same row with other types of values: flags as booleans, prices as text, an object where
/// an id stood, broken extra data. All of that occurs (vendor documentation).
pub fn otherwise(mut row: Value) -> Value {
    if let Some(price) = row["price"].as_i64() {
        row["price"] = json!(price.to_string());
    }
    if let Some(active) = row["active"].as_i64() {
        row["active"] = json!(active == 1);
    }
    if let Some(location) = row["location"].as_i64() {
        row["location"] = json!({ "id": location });
    }
    if row["extraData"].is_string() {
        row["extraData"] = json!("{\"uptime\": ");
    }
    row
}

fn location_id(site: &Site) -> usize {
    site.index + 1
}

/// A round price in the minor units of a currency.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "prices of coffee"
)]
fn price(cents: i64, currency: &str) -> i64 {
    (cents as f64 * price_factor(currency) / 10.0).round() as i64 * 10
}

fn utc(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn local(at: Timestamp, site: &Site) -> String {
    at.with_timezone(&site.city.zone)
        .to_rfc3339_opts(SecondsFormat::Secs, false)
}
