//! Explains a device: a counter, a vehicle, a sequence of documents, a machine.

use super::blame::{Who, fetch_trouble, is_overdue};
use super::calls::{last_call, next_call};
use super::corrected;
use super::happening::{document, machine};
use super::wall::Wall;
use super::{Explanation, Guide, Link, link, paragraph};
use crate::model::Timestamp;
use crate::model::board::{Activity, DeviceRow, Figures};
use crate::model::calendar::local_midnight;
use crate::model::device::{Detail, Kind};
use crate::model::figure::{Figure, Flag};
use crate::model::health::DataState;

impl Guide<'_> {
    /// Why the numbers of a device are what they are.
    #[must_use]
    pub fn device(&self, row: &DeviceRow) -> Explanation {
        let zone = row.zone(self.home);
        let wall = &self.wall(zone);
        let day = local_midnight(zone, self.now);
        let state = row.data_state(self.now);
        let mut sentences = match row.kind() {
            Kind::PeopleCounter => counter(row, (wall, day)),
            Kind::Tracker => tracker(row, (wall, day)),
            Kind::DocumentCounter => document(row, (wall, self.now)),
            Kind::Machine => machine(row, (wall, self.now)),
        };
        if row.paused {
            sentences.push("Its source is switched off in the configuration.".to_owned());
        }
        if row.is_blocked() {
            let why = if row.kind() == Kind::Machine {
                "It is switched off at the vendor"
            } else {
                "The vendor has blocked it (tariff)"
            };
            sentences.push(format!(
                "{why}, so its last values stay and nothing new is expected."
            ));
        } else {
            let grid = row.kind() == Kind::PeopleCounter;
            // That its data is fresh is no comfort while it does nothing.
            let silent = row.activity(self.now) == Some(Activity::Silent);
            if !(silent && state == DataState::Fresh) {
                sentences.extend(self.state(row.feed(), state, grid, wall));
            }
            let interval_s = if grid { row.expectation.period_s } else { 0 };
            sentences.extend(self.clocks(row.feed(), interval_s, wall));
            sentences.extend(self.device_blame(row, state, wall));
        }
        Explanation {
            paragraph: paragraph(sentences),
            chain: self.device_chain(row, state, wall),
        }
    }

    fn device_blame(&self, row: &DeviceRow, state: DataState, wall: &Wall) -> Option<String> {
        let source = self.source_of(row.id.source())?;
        if let Some(trouble) = fetch_trouble(source, wall) {
            return Some(trouble);
        }
        if !is_overdue(state) {
            return None;
        }
        let store = (row.store.as_deref()).and_then(|name| self.board.store(name));
        let store = store.filter(|_| row.kind() == Kind::PeopleCounter);
        let who = store.map_or(Who::Device(&row.id), |store| Who::Store(store));
        self.overdue_feed(source, who)
    }

    fn device_chain(&self, row: &DeviceRow, state: DataState, wall: &Wall) -> Vec<Link> {
        let source = self.source_of(row.id.source());
        let next: Vec<String> = if row.is_blocked() || row.paused {
            Vec::new()
        } else {
            let data = self.next_data(row.feed(), wall);
            let data = data.filter(|_| row.kind() == Kind::PeopleCounter || is_overdue(state));
            let call = source.map(|source| next_call(source, wall));
            data.into_iter().chain(call).collect()
        };
        let about = match row.kind() {
            Kind::PeopleCounter => "counts",
            Kind::Tracker | Kind::DocumentCounter | Kind::Machine => "vendor",
        };
        let call = source.map(|source| last_call(source, wall));
        let calls: Vec<_> = call.into_iter().chain(brought(row, wall)).collect();
        let links = [
            link(about, &claims(row, wall)),
            link("calls", &calls),
            link("next", &next),
        ];
        links.into_iter().flatten().collect()
    }
}

/// When the numbers came, where that is known and none of the calls that are told.
fn brought(row: &DeviceRow, wall: &Wall) -> Option<String> {
    let value = "value";
    let (what, came) = match &row.figures {
        Figures::PeopleCounter { today, .. } => (value, today.map(|it| it.fetched_at)),
        Figures::Tracker { odometer_km, .. } => (value, odometer_km.map(|it| it.fetched_at)),
        Figures::DocumentCounter { value: stands, .. } => (value, stands.map(|it| it.fetched_at)),
        Figures::Machine { last_sale_came, .. } => ("sale", *last_sale_came),
    };
    Some(format!("the newest {what} came at {}", wall.at(came?)))
}

fn counter(row: &DeviceRow, (wall, day): (&Wall, Timestamp)) -> Vec<String> {
    let name = &row.facts.name;
    let Figures::PeopleCounter {
        today, occupancy, ..
    } = &row.figures
    else {
        return Vec::new();
    };
    let Some(today) = today else {
        return vec![match row.as_of {
            Some(at) => format!(
                "{name} counts people; nothing of today has arrived yet, its newest data is of {}.",
                wall.ago(at)
            ),
            None => format!("{name} counts people; nothing has arrived from it yet."),
        }];
    };
    let (entered, left) = today.value;
    let mut sentences = vec![format!(
        "{name} counted {entered} in and {left} out since midnight, as of {}. These are the \
         vendor's counts as they came; corrections are made for the store as a whole.",
        wall.ago(today.as_of)
    )];
    if today.quality.has(Flag::Revised) {
        let changed = "The vendor changed counts of today after they were first shown; the sums \
                       follow";
        sentences.push(match corrected::of_counter(row, day, wall) {
            Some(which) => format!("{changed}: {which}."),
            None => format!("{changed}."),
        });
    }
    if let Some(inside) = occupancy {
        sentences.push(format!(
            "The vendor itself says {} are inside, as of {}.",
            inside.value,
            wall.at(inside.as_of)
        ));
    }
    sentences
}

fn tracker(row: &DeviceRow, (wall, day): (&Wall, Timestamp)) -> Vec<String> {
    let name = &row.facts.name;
    let Figures::Tracker {
        odometer_km,
        distance_today_km,
        distance_since,
        on_board,
        ..
    } = &row.figures
    else {
        return Vec::new();
    };
    let mut sentences = Vec::new();
    match (distance_today_km, odometer_km) {
        (Some(distance), Some(odometer)) if odometer.as_of >= day => {
            sentences.push(driven(name, *distance, *distance_since, (wall, day)));
            sentences.push(format!(
                "Its odometer stands at {:.2} km, the vendor's reading as it came.",
                odometer.value
            ));
            if distance.quality.has(Flag::Suspect) {
                sentences.push(
                    "The odometer fell or leapt today, as it does when a device is replaced or \
                     set anew: that step is left out of the distance."
                        .to_owned(),
                );
            }
        }
        (_, Some(odometer)) => sentences.push(format!(
            "The odometer of {name} stands at {:.2} km, as of {}. It has said nothing of today, \
             so how far it drove is not known.",
            odometer.value,
            wall.ago(odometer.as_of)
        )),
        _ => sentences.push(match row.as_of {
            Some(at) => format!(
                "{name} was heard of at {}, without an odometer.",
                wall.ago(at)
            ),
            None => format!("{name} is a vehicle of which nothing has been heard yet."),
        }),
    }
    if let Some(people) = on_board {
        let seats = match row.facts.detail {
            Detail::Tracker {
                seats: Some(seats), ..
            } => format!(" on {seats} seats"),
            _ => String::new(),
        };
        sentences.push(format!(
            "{} on board{seats} by its sensors, as of {}.",
            people.value,
            wall.at(people.as_of)
        ));
    }
    if row.facts.is_clone() {
        sentences.push(
            "It is a clone: it shares its hardware with another tracker and is left out of totals."
                .to_owned(),
        );
    }
    sentences
}

fn driven(
    name: &str,
    distance: Figure<f64>,
    since: Option<Timestamp>,
    (wall, day): (&Wall, Timestamp),
) -> String {
    let as_of = wall.ago(distance.as_of);
    let far = distance.value;
    match since.filter(|since| *since > day) {
        Some(since) => {
            let since = wall.bare(since);
            format!(
                "{name} has driven {far:.2} km since {since}, as of {as_of}. Its first value of \
                 today is of {since}, and none from midnight is known."
            )
        }
        None => format!("{name} has driven {far:.2} km since midnight, as of {as_of}."),
    }
}

/// What only the vendor claims.
fn claims(row: &DeviceRow, wall: &Wall) -> Vec<String> {
    match &row.facts.detail {
        Detail::PeopleCounter { interval_s, .. } => {
            let step = interval_s.map(|seconds| format!("intervals of {} min", seconds / 60));
            let to = row
                .covered_to
                .map(|to| format!("data reaches to {}", wall.at(to)));
            step.into_iter()
                .chain(to)
                .chain(corrected::more(row))
                .collect()
        }
        Detail::Tracker {
            connection,
            movement,
            last_update,
            ..
        } => {
            let words = [connection, movement].into_iter().flatten();
            let words: Vec<_> = words.map(String::as_str).collect();
            let said = (!words.is_empty()).then(|| format!("it says {}", words.join(", ")));
            let heard = last_update.map(|at| format!("last heard of at {}", wall.ago(at)));
            said.into_iter().chain(heard).collect()
        }
        Detail::DocumentCounter { counter_type, .. } => {
            vec![format!("it calls this a {counter_type}")]
        }
        Detail::Machine { last_update, .. } => {
            let heard = last_update.map(|at| format!("last heard of at {}", wall.ago(at)));
            heard.into_iter().collect()
        }
    }
}
