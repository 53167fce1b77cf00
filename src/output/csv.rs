//! The device list as CSV: one row per device and quantity, unknown values left out.

use std::io::{self, Write};

use serde_json::Value;

use super::snapshot::{Device, Snapshot};

/// The columns, in order.
pub const HEADER: [&str; 7] = [
    "store", "source", "device", "quantity", "value", "unit", "as_of",
];

/// Writes the devices of a snapshot.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(snapshot: &Snapshot, out: &mut dyn Write) -> io::Result<()> {
    rows(snapshot, out).map_err(failure)
}

/// The failure of the output behind an error of the writer, which hides it: a closed pipe must be
/// known as one.
#[must_use]
pub fn failure(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn rows(snapshot: &Snapshot, out: &mut dyn Write) -> csv::Result<()> {
    let mut rows = csv::Writer::from_writer(out);
    rows.write_record(HEADER)?;
    for device in &snapshot.devices {
        for (quantity, value, unit) in quantities(device) {
            let as_of = device.as_of.map(|at| at.0.format("%Y-%m-%dT%H:%M:%SZ"));
            rows.write_record([
                device.store.as_deref().unwrap_or_default(),
                &device.source,
                &device.id,
                &quantity,
                &value,
                &unit,
                &as_of.map(|at| at.to_string()).unwrap_or_default(),
            ])?;
        }
    }
    rows.flush()?;
    Ok(())
}

/// The known quantities of a device: name, value, unit. The names are those of the JSON board.
fn quantities(device: &Device) -> Vec<(String, String, String)> {
    let Ok(Value::Object(numbers)) = serde_json::to_value(&device.numbers) else {
        return Vec::new();
    };
    let mut rows = Vec::new();
    for (name, value) in numbers {
        match value {
            Value::Number(number) => {
                rows.push((name.clone(), number.to_string(), unit(&name).to_owned()));
            }
            Value::Object(by_currency) => {
                for (currency, amount) in by_currency {
                    rows.push((name.clone(), amount.to_string(), currency));
                }
            }
            // Words are no quantities.
            Value::String(_) | Value::Bool(_) | Value::Array(_) | Value::Null => {}
        }
    }
    rows
}

fn unit(quantity: &str) -> &'static str {
    match quantity {
        "in_today" | "out_today" | "occupancy" | "on_board" | "guests_in_house" => "people",
        "odometer_km" | "distance_today_km" => "km",
        "engine_hours" => "h",
        _ => "count",
    }
}
