//! The operations a reader needs: counters, enterprises, reservations, rooms.

use chrono::{DateTime, NaiveDate, TimeDelta};
use serde_json::{Map, Value, json};

use crate::model::Timestamp;
use crate::simulator::credentials::identity;
use crate::simulator::estate::hotel::{self, DocumentCounter, Night, ROOMS, Stay};
use crate::simulator::estate::wall;
use crate::simulator::faults::Fault;

use super::{Asked, Refused, Reply, stamp};

/// What ids are drawn for.
const ENTERPRISE: u64 = 1;
const CHAIN: u64 = 2;
const SERVICE: u64 = 3;
const AGE_CATEGORY: u64 = 4;
const DOUBLES: u64 = 5;
const SUITES: u64 = 6;
const COUNTERS: u64 = 10;
const FIRST_ROOM: u64 = 100;
const FIRST_STAY: u64 = 1_000;

/// Longest interval of a filter in days (vendor documentation: three months).
const LONGEST_FILTER: i64 = 92;
/// Longest span of availability in days (vendor documentation).
const LONGEST_AVAILABILITY: i64 = 367;
/// Most categories of one call for the state of rooms (vendor documentation).
const MOST_CATEGORIES: usize = 5;

/// Answers an operation.
pub fn reply(asked: &Asked<'_>, action: &str) -> Reply {
    match action {
        "counters/getAll" => asked.counters(),
        "enterprises/getAll" => asked.page("Enterprises", vec![asked.enterprise()]),
        "configuration/get" => Ok(asked.configuration()),
        "reservations/getAll/2023-06-06" => asked.reservations(),
        "services/getAll" => asked.page("Services", vec![asked.service()]),
        "resourceCategories/getAll" => asked.categories(),
        "services/getAvailability/2024-01-22" => asked.availability(),
        "resources/getAll" => asked.resources(),
        "resources/getOccupancyState" => asked.occupancy_state(),
        _ => Err(Refused::new(404, "Not found.")),
    }
}

/// A filter on instants: from start to before end, or exactly one instant when both are equal.
struct Interval {
    start: Timestamp,
    end: Timestamp,
}

impl Interval {
    fn holds(&self, at: Timestamp) -> bool {
        at == self.start || (self.start..self.end).contains(&at)
    }
}

impl Asked<'_> {
    fn counters(&self) -> Reply {
        let enterprises = self.ids("EnterpriseIds")?;
        let wanted = self.ids("CounterIds")?;
        let updated = self.interval("UpdatedUtc")?;
        let sort = self.body["Type"].as_str().filter(|sort| *sort != "Counter");
        let counters = self.estate.hotel().counters.iter().enumerate();
        let items = counters
            .map(|(position, counter)| self.counter(position, counter))
            .filter(|(item, changed)| {
                among(enterprises.as_ref(), &item["EnterpriseId"])
                    && among(wanted.as_ref(), &item["Id"])
                    && sort.is_none_or(|sort| item["Type"] == sort)
                    && updated
                        .as_ref()
                        .is_none_or(|interval| interval.holds(*changed))
            });
        self.page("Counters", items.map(|(item, _)| item).collect())
    }

    fn counter(&self, position: usize, counter: &DocumentCounter) -> (Value, Timestamp) {
        let shown = self.call.published(self.now);
        let (value, changed) = self.estate.hotel().value(counter, shown);
        // Instants are sent in whole seconds, and filters compare what was sent.
        let changed = wall::floor_to(changed, 1);
        let restarted = self.call.has(&Fault::Restarted);
        let item = json!({
            "Id": self.id(COUNTERS + position as u64, 0),
            "EnterpriseId": self.id(ENTERPRISE, 0),
            "Name": counter.name,
            "IsDefault": counter.default,
            "Value": if restarted { value % 10 } else { value },
            "Format": counter.format,
            "Type": counter.sort,
            "CreatedUtc": stamp(hotel::founded()),
            "UpdatedUtc": stamp(changed),
        });
        (item, changed)
    }

    fn enterprise(&self) -> Value {
        json!({
            "Id": self.id(ENTERPRISE, 0),
            "Name": "Harbour Hotel",
            "ShortName": null,
            "ChainId": self.id(CHAIN, 0),
            "ChainName": "Example Chain",
            "TimeZoneIdentifier": hotel::zone().name(),
            "BusinessDayClosingOffset": null,
            "LinkedUtc": "2023-06-01T00:00:00Z",
            "CreatedUtc": stamp(hotel::founded()),
            "UpdatedUtc": "2025-11-20T12:00:00Z",
        })
    }

    fn configuration(&self) -> Value {
        json!({ "NowUtc": stamp(self.now), "Enterprise": self.enterprise() })
    }

    fn reservations(&self) -> Reply {
        let enterprises = self.ids("EnterpriseIds")?;
        let started = match &self.body["States"] {
            Value::Null => true,
            states => states
                .as_array()
                .is_some_and(|states| states.contains(&json!("Started"))),
        };
        let here = among(enterprises.as_ref(), &json!(self.id(ENTERPRISE, 0)));
        let mut stays = if started && here {
            self.estate.hotel().in_house(self.now)
        } else {
            Vec::new()
        };
        stays.sort_by_key(|stay| std::cmp::Reverse(stay.checked_in));
        self.page(
            "Reservations",
            stays.iter().map(|stay| self.reservation(stay)).collect(),
        )
    }

    fn reservation(&self, stay: &Stay) -> Value {
        let room = stay.room as u64;
        json!({
            "Id": self.id(FIRST_STAY + room, stay.cycle),
            "ServiceId": self.id(SERVICE, 0),
            "Number": (stay.cycle * 64 + i64::try_from(stay.room).unwrap_or(0)).to_string(),
            "State": "Started",
            "AssignedResourceId": self.id(FIRST_ROOM + room, 0),
            "ScheduledStartUtc": stamp(stay.from),
            "ActualStartUtc": stamp(stay.checked_in),
            "ScheduledEndUtc": stamp(stay.until),
            "ActualEndUtc": null,
            "UpdatedUtc": stamp(stay.checked_in + TimeDelta::seconds(1)),
            "PersonCounts": [{ "AgeCategoryId": self.id(AGE_CATEGORY, 0), "Count": stay.guests }],
        })
    }

    fn service(&self) -> Value {
        json!({
            "Id": self.id(SERVICE, 0),
            "EnterpriseId": self.id(ENTERPRISE, 0),
            "IsActive": true,
            "Name": "Accommodation",
            "Data": { "Discriminator": "Bookable", "Value": { "TimeUnitPeriod": "Day" } },
        })
    }

    fn categories(&self) -> Reply {
        let services = self.ids("ServiceIds")?;
        let services = services.ok_or_else(|| Refused::invalid("ServiceIds"))?;
        let known = services.contains(&json!(self.id(SERVICE, 0)));
        let categories = [(DOUBLES, "Double"), (SUITES, "Suite")];
        let items = categories.iter().filter(|_| known).map(|(thing, name)| {
            json!({
                "Id": self.id(*thing, 0),
                "ServiceId": self.id(SERVICE, 0),
                "EnterpriseId": self.id(ENTERPRISE, 0),
                "IsActive": true,
                "Type": "Room",
                "Names": { "en-US": name },
                "Capacity": 2,
            })
        });
        self.page("ResourceCategories", items.collect())
    }

    /// Both times must be exact starts of a day in the hotel's zone (vendor documentation).
    fn availability(&self) -> Reply {
        if self.body["ServiceId"] != self.id(SERVICE, 0) {
            return Err(Refused::invalid("ServiceId"));
        }
        let first = self.day("FirstTimeUnitStartUtc")?;
        let last = self.day("LastTimeUnitStartUtc")?;
        if last < first || (last - first).num_days() >= LONGEST_AVAILABILITY {
            return Err(Refused::invalid("LastTimeUnitStartUtc"));
        }
        let metrics = self.body["Metrics"].as_array();
        let metrics = metrics.ok_or_else(|| Refused::invalid("Metrics"))?;
        let days: Vec<NaiveDate> = first.iter_days().take_while(|day| *day <= last).collect();
        let starts = days
            .iter()
            .map(|day| stamp(wall::instant(hotel::zone(), *day, 0)));
        let categories = [(DOUBLES, false), (SUITES, true)].map(|(thing, suites)| {
            let nights = days
                .iter()
                .map(|day| self.estate.hotel().night(suites, *day));
            let nights: Vec<Night> = nights.collect();
            let metrics: Map<String, Value> = (metrics.iter().filter_map(Value::as_str))
                .filter_map(|name| Some((name.to_owned(), metric(name, &nights)?)))
                .collect();
            json!({ "ResourceCategoryId": self.id(thing, 0), "Metrics": metrics })
        });
        Ok(json!({
            "TimeUnitStartsUtc": starts.collect::<Vec<_>>(),
            "ResourceCategoryAvailabilities": categories,
        }))
    }

    fn resources(&self) -> Reply {
        let items = (0..ROOMS).map(|room| {
            json!({
                "Id": self.id(FIRST_ROOM + room as u64, 0),
                "EnterpriseId": self.id(ENTERPRISE, 0),
                "IsActive": true,
                "Name": format!("{}", 101 + room / 16 * 100 + room % 16),
                "State": "Inspected",
            })
        });
        self.page("Resources", items.collect())
    }

    fn occupancy_state(&self) -> Reply {
        let categories = self.ids("ResourceCategoryIds")?.unwrap_or_default();
        if categories.is_empty() || categories.len() > MOST_CATEGORIES {
            return Err(Refused::invalid("ResourceCategoryIds"));
        }
        let hotel = self.estate.hotel();
        let stays = hotel.in_house(self.now);
        let states = categories.iter().map(|category| {
            let rooms = (0..ROOMS).filter(|room| {
                let thing = if hotel.is_suite(*room) {
                    SUITES
                } else {
                    DOUBLES
                };
                *category == self.id(thing, 0)
            });
            let rooms = rooms.map(|room| {
                let taken = stays.iter().any(|stay| stay.room == room);
                json!({
                    "ResourceId": self.id(FIRST_ROOM + room as u64, 0),
                    "ResourceState": if taken { "Clean" } else { "Inspected" },
                    "OccupancyState": if taken { "Reserved" } else { "Vacant" },
                })
            });
            json!({
                "ResourceCategoryId": category,
                "ResourceOccupancyStates": rooms.collect::<Vec<_>>(),
            })
        });
        let states: Vec<Value> = states.collect();
        Ok(json!({ "ResourceCategoryOccupancyStates": states }))
    }

    fn id(&self, thing: u64, occasion: i64) -> String {
        identity(self.estate.seed(), thing, occasion).to_string()
    }

    /// A list of ids: absent, or 1 to 1000 of them (vendor documentation).
    fn ids(&self, field: &str) -> Result<Option<Vec<Value>>, Refused> {
        match &self.body[field] {
            Value::Null => Ok(None),
            Value::Array(ids) if (1..=1_000).contains(&ids.len()) => Ok(Some(ids.clone())),
            _ => Err(Refused::invalid(field)),
        }
    }

    fn interval(&self, field: &str) -> Result<Option<Interval>, Refused> {
        let filter = &self.body[field];
        if filter.is_null() {
            return Ok(None);
        }
        let bound =
            |name: &str| instant(&filter[name]).ok_or_else(|| Refused::property(field, name));
        let (start, end) = (bound("StartUtc")?, bound("EndUtc")?);
        if end < start || end - start > TimeDelta::days(LONGEST_FILTER) {
            return Err(Refused::invalid(field));
        }
        Ok(Some(Interval { start, end }))
    }

    /// The day whose exact start a field names.
    fn day(&self, field: &str) -> Result<NaiveDate, Refused> {
        let start = instant(&self.body[field]).ok_or_else(|| Refused::invalid(field))?;
        let date = start.with_timezone(&hotel::zone()).date_naive();
        if wall::instant(hotel::zone(), date, 0) == start {
            Ok(date)
        } else {
            Err(Refused::invalid(field))
        }
    }
}

fn metric(name: &str, nights: &[Night]) -> Option<Value> {
    let read: fn(&Night) -> usize = match name {
        "Occupied" | "ConfirmedReservations" => |night| night.occupied,
        "UsableResources" => |night| night.usable,
        "ActiveResources" => |night| night.active,
        "OutOfOrderBlocks" => |night| night.active - night.usable,
        _ => return None,
    };
    Some(nights.iter().map(read).collect())
}

fn among(ids: Option<&Vec<Value>>, id: &Value) -> bool {
    ids.is_none_or(|ids| ids.contains(id))
}

fn instant(value: &Value) -> Option<Timestamp> {
    let parsed = DateTime::parse_from_rfc3339(value.as_str()?).ok()?;
    Some(parsed.to_utc())
}
