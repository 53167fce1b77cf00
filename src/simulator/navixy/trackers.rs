//! Calls about trackers: list, states, readings, counters.

use std::collections::BTreeMap;

use chrono::{NaiveDateTime, TimeDelta, TimeZone};
use serde_json::{Map, Value, json};

use crate::model::Timestamp;
use crate::simulator::estate::fleet::{self, Motion, Report, Role, Sensor, Vehicle};

use super::trouble::Trouble;
use super::{Asked, Reply, map};

/// Most trackers of one state call (vendor documentation).
const MOST_TRACKERS: usize = 2_000;
/// Longest span of counter history in days (vendor documentation).
const LONGEST_HISTORY: i64 = 31;
/// Distance of samples of counter history in seconds.
const HISTORY_STEP: i64 = 300;
/// After this silence the vendor no longer calls a tracker active.
const ACTIVE_FOR: TimeDelta = TimeDelta::minutes(5);

/// Answers the calls about trackers.
pub fn reply(asked: &Asked<'_>, action: &str) -> Reply {
    match action {
        "tracker/list" => Ok(asked.list()),
        "tracker/get_states" => asked.states(),
        "tracker/readings/batch_list" => asked.readings(),
        "tracker/get_counters" => asked.counters(),
        "tracker/counter/value/list" => asked.counter_values(),
        "tracker/counter/value/get" => asked.counter_value(),
        "tracker/counter/data/read" => asked.history(),
        "tracker/counter/read" => asked.counter_settings(),
        "vehicle/list" => Ok(asked.vehicle_list()),
        unknown if unknown.starts_with("tracker/") => Err(Trouble::new(112)),
        _ => Err(Trouble::new(111)),
    }
}

impl Asked<'_> {
    fn list(&self) -> Map<String, Value> {
        let list: Vec<Value> = self.estate.vehicles().iter().map(entry).collect();
        map(json!({ "list": list }))
    }

    fn vehicle_list(&self) -> Map<String, Value> {
        let with_seats = |vehicle: &&Vehicle| vehicle.role != Role::Phone;
        let list: Vec<Value> = (self.estate.vehicles().iter().filter(with_seats))
            .map(|vehicle| {
                json!({
                    "id": 100 + vehicle.id,
                    "tracker_id": vehicle.id,
                    "label": vehicle.label,
                    "type": "bus",
                    "passengers": vehicle.seats,
                })
            })
            .collect();
        map(json!({ "list": list }))
    }

    /// Without `trackers` the whole account (vendor documentation).
    fn states(&self) -> Reply {
        let flag = |name: &str| self.body[name] == true;
        let wanted = match self.ids()? {
            Some(ids) if ids.len() > MOST_TRACKERS => return Err(Trouble::new(221)),
            Some(ids) => ids,
            None => self.estate.vehicles().iter().map(|one| one.id).collect(),
        };
        let whole = self.body["trackers"].is_null();
        let (mut states, mut blocked, mut missing) = (Map::new(), Vec::new(), Vec::new());
        for id in wanted {
            match self.vehicle(id) {
                None if flag("allow_not_exist") => missing.push(id),
                None => return Err(Trouble::new(217)),
                Some(one) if one.role != Role::Blocked => {
                    states.insert(id.to_string(), self.state(one));
                }
                Some(_) if flag("list_blocked") => blocked.push(id),
                Some(_) if whole => {}
                Some(_) => return Err(Trouble::new(208)),
            }
        }
        Ok(map(json!({
            "user_time": self.stamp(self.now),
            "states": states, "blocked": blocked, "not_exist": missing,
        })))
    }

    fn state(&self, vehicle: &Vehicle) -> Value {
        let report = self.report(vehicle);
        let at = self.stamp(report.at);
        let running = report.motion != Motion::Parked;
        let connection = match vehicle.role {
            Role::Offline => "offline",
            _ if self.now - report.at > ACTIVE_FOR => "idle",
            _ => "active",
        };
        json!({
            "source_id": 890 + vehicle.id,
            "gps": {
                "updated": at, "signal_level": 100, "heading": report.heading,
                "speed": report.speed_kmh, "alt": 12,
                "location": { "lat": report.position.0, "lng": report.position.1 },
            },
            "connection_status": connection,
            "movement_status": match report.motion {
                Motion::Moving => "moving",
                Motion::Stopped => "stopped",
                Motion::Parked => "parked",
            },
            "movement_status_update": self.stamp(report.motion_since),
            "ignition": running,
            "ignition_update": self.stamp(report.motion_since),
            "last_update": at,
            "inputs": [running, false],
            "outputs": [],
            "additional": {},
        })
    }

    fn readings(&self) -> Reply {
        let ids = self.ids()?.ok_or_else(|| required("trackers"))?;
        let mut result = Map::new();
        for vehicle in self.usable(&ids)? {
            result.insert(vehicle.id.to_string(), self.reading(vehicle));
        }
        Ok(map(json!({ "result": result })))
    }

    /// Categories that a tracker lacks are left out.
    fn reading(&self, vehicle: &Vehicle) -> Value {
        let report = self.report(vehicle);
        let at = self.stamp(report.at);
        let mut reading = json!({ "inputs": [], "states": [], "virtual_sensors": [] });
        match vehicle.sensor {
            Sensor::Input => {
                reading["inputs"] = json!([{
                    "sensor_id": 60 + vehicle.id, "label": "On board",
                    "name": "passengers_remaining", "type": "custom", "units_type": "custom",
                    "units": "", "value": report.on_board, "update_time": at,
                }]);
            }
            Sensor::State => {
                reading["states"] = json!([{
                    "field": "passengers_remaining", "value": report.on_board, "update_time": at,
                }]);
            }
            Sensor::None => return json!({ "inputs": [], "states": [] }),
        }
        let counters: Vec<Value> = (values(vehicle, &report).into_iter())
            .map(|(sort, value)| json!({ "type": sort, "value": value, "update_time": at }))
            .collect();
        reading["counters"] = json!(counters);
        reading
    }

    fn counters(&self) -> Reply {
        let vehicle = self.one()?;
        let report = self.report(vehicle);
        let at = self.stamp(report.at);
        let list: Vec<Value> = (values(vehicle, &report).into_iter())
            .map(|(sort, value)| json!({ "type": sort, "value": value, "update_time": at }))
            .collect();
        Ok(map(
            json!({ "user_time": self.stamp(self.now), "list": list }),
        ))
    }

    /// One tracker without the counter fails the whole call (vendor documentation).
    fn counter_values(&self) -> Reply {
        let ids = self.ids()?.ok_or_else(|| required("trackers"))?;
        let mut found = Map::new();
        for vehicle in self.usable(&ids)? {
            found.insert(vehicle.id.to_string(), json!(self.value_of(vehicle)?));
        }
        Ok(map(json!({ "value": found })))
    }

    fn counter_value(&self) -> Reply {
        Ok(map(json!({ "value": self.value_of(self.one()?)? })))
    }

    fn counter_settings(&self) -> Reply {
        let vehicle = self.one()?;
        self.value_of(vehicle)?;
        let sort = self.body["type"].clone();
        Ok(map(
            json!({ "value": { "id": 100 + vehicle.id, "type": sort, "multiplier": 1.0 } }),
        ))
    }

    fn history(&self) -> Reply {
        let vehicle = self.one()?;
        self.value_of(vehicle)?;
        let (from, to) = (self.time("from")?, self.time("to")?);
        if to - from > TimeDelta::days(LONGEST_HISTORY) {
            return Err(Trouble::parameter("to", "period is too long"));
        }
        if from > to {
            return Err(Trouble::parameter("from", "is after to"));
        }
        let mut samples = BTreeMap::new();
        let mut at = from;
        while at <= to.min(self.heard) {
            let report = vehicle.report(self.estate.seed(), at);
            if report.at >= from {
                samples.insert(report.at, self.counter_of(vehicle, &report));
            }
            at += TimeDelta::seconds(HISTORY_STEP);
        }
        let list: Vec<Value> = samples
            .into_iter()
            .map(|(at, value)| json!({ "value": value, "update_time": self.stamp(at) }))
            .collect();
        Ok(map(json!({ "list": list })))
    }

    fn value_of(&self, vehicle: &Vehicle) -> Result<f64, Trouble> {
        self.counter_of(vehicle, &self.report(vehicle))
            .ok_or(Trouble::new(204))
    }

    fn counter_of(&self, vehicle: &Vehicle, report: &Report) -> Option<f64> {
        let wanted = self.body["type"].as_str()?;
        values(vehicle, report)
            .into_iter()
            .find_map(|(sort, value)| (sort == wanted).then_some(value))
    }

    fn report(&self, vehicle: &Vehicle) -> Report {
        let mut report = vehicle.report(self.estate.seed(), self.heard);
        if self.restarted {
            report.odometer_km %= 100.0;
            report.engine_hours %= 10.0;
        }
        report
    }

    fn vehicle(&self, id: i64) -> Option<&Vehicle> {
        self.estate.vehicles().iter().find(|one| one.id == id)
    }

    /// The tracker of `tracker_id`.
    fn one(&self) -> Result<&Vehicle, Trouble> {
        let id = self.body["tracker_id"].as_i64();
        let id = id.ok_or_else(|| required("tracker_id"))?;
        let vehicle = self.vehicle(id).ok_or(Trouble::new(204))?;
        if vehicle.role == Role::Blocked {
            return Err(Trouble::new(208));
        }
        Ok(vehicle)
    }

    /// The trackers of a list, all of which must exist and not be blocked.
    fn usable(&self, ids: &[i64]) -> Result<Vec<&Vehicle>, Trouble> {
        ids.iter()
            .map(|id| {
                self.vehicle(*id)
                    .filter(|one| one.role != Role::Blocked)
                    .ok_or(Trouble::new(217))
            })
            .collect()
    }

    fn ids(&self) -> Result<Option<Vec<i64>>, Trouble> {
        match &self.body["trackers"] {
            Value::Null => Ok(None),
            Value::Array(ids) => ids
                .iter()
                .map(Value::as_i64)
                .collect::<Option<_>>()
                .map(Some)
                .ok_or_else(|| Trouble::parameter("trackers", "must be a list of ids")),
            _ => Err(Trouble::parameter("trackers", "must be a list of ids")),
        }
    }

    /// A time in either form.
    fn time(&self, name: &str) -> Result<Timestamp, Trouble> {
        let text = self.body[name].as_str().ok_or_else(|| required(name))?;
        if let Ok(instant) = chrono::DateTime::parse_from_rfc3339(text) {
            return Ok(instant.to_utc());
        }
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S")
            .ok()
            .and_then(|naive| fleet::zone().from_local_datetime(&naive).earliest())
            .map(|local| local.to_utc())
            .ok_or_else(|| Trouble::parameter(name, "is not a date"))
    }
}

fn entry(vehicle: &Vehicle) -> Value {
    let model = if vehicle.role == Role::Phone {
        "mobile_unknown"
    } else {
        "telfmb920"
    };
    json!({
        "id": vehicle.id,
        "label": vehicle.label,
        "group_id": 0,
        "clone": false,
        "source": {
            "id": 890 + vehicle.id,
            "device_id": format!("3563070424{:05}", 41_000 + vehicle.id),
            "model": model,
            "blocked": vehicle.role == Role::Blocked,
            "tariff_id": 3,
            "creation_date": "2024-02-01",
            "tariff_end_date": "2028-02-01",
        },
        "tag_bindings": [],
    })
}

fn values(vehicle: &Vehicle, report: &Report) -> Vec<(&'static str, f64)> {
    if vehicle.role == Role::Phone {
        return Vec::new();
    }
    vec![
        ("odometer", report.odometer_km),
        ("engine_hours", report.engine_hours),
    ]
}

fn required(name: &str) -> Trouble {
    Trouble::parameter(name, "is required")
}
