//! Explains the number of a store.

use super::blame::{Who, fetch_trouble, is_overdue};
use super::calls::{last_call, next_call};
use super::gaps::gaps;
use super::trust::{capacity, doubts, made};
use super::wall::{Wall, count, listed, percent};
use super::{Explanation, Guide, Link, link, paragraph};
use crate::model::after_hours::AfterHours;
use crate::model::board::{DeviceRow, Origin, StoreRow};
use crate::model::device::Kind;
use crate::model::health::DataState;
use crate::model::store::{Member, Reset};

/// So many devices, sources or holes are named.
const NAMED: usize = 3;

/// What the sentences about one store are made of.
pub(super) struct Tale<'a> {
    pub row: &'a StoreRow,
    pub state: DataState,
    pub wall: Wall,
    members: Vec<&'a DeviceRow>,
}

impl Tale<'_> {
    pub fn counters(&self) -> impl Iterator<Item = &DeviceRow> {
        let counters = self.members.iter().copied();
        counters.filter(|row| row.kind() == Kind::PeopleCounter)
    }

    pub fn is_live(&self) -> bool {
        matches!(
            self.state,
            DataState::Fresh | DataState::Due | DataState::Late | DataState::Stale
        )
    }
}

impl Guide<'_> {
    /// Why the number of a store is what it is.
    #[must_use]
    pub fn store(&self, row: &StoreRow) -> Explanation {
        let members = row.members.iter().filter_map(|id| self.board.device(id));
        let tale = &Tale {
            row,
            state: row.data_state(self.now),
            wall: self.wall(row.store.timezone),
            members: members.map(|row| &**row).collect(),
        };
        let mut sentences = vec![self.value(tale)];
        if let Some(inside) = &row.occupancy {
            sentences.extend(made(tale, inside));
            sentences.extend(self.state(row.feed(), tale.state, true, &tale.wall));
            let interval_s = row.expectation.period_s;
            sentences.extend(self.clocks(row.feed(), interval_s, &tale.wall));
        }
        sentences.extend(self.store_blame(tale));
        sentences.extend(row.after_hours(self.now).map(|seen| crossed(tale, seen)));
        if let Some(inside) = row.occupancy.as_ref().filter(|_| tale.is_live()) {
            sentences.extend(doubts(tale, inside));
            sentences.extend(capacity(row, inside));
        }
        Explanation {
            paragraph: paragraph(sentences),
            chain: self.store_chain(tale),
        }
    }

    fn value(&self, tale: &Tale<'_>) -> String {
        let (row, wall) = (tale.row, &tale.wall);
        let name = &row.store.name;
        let Some(inside) = &row.occupancy else {
            return unknown(tale);
        };
        let shown = inside.shown.value;
        let people = people(shown);
        let as_of = wall.ago(inside.shown.as_of);
        let band = format!("{} to {}", inside.low, inside.high);
        match tale.state {
            DataState::Paused => format!(
                "{name} is paused: its sources are switched off in the configuration. The last \
                 number was {shown} ({band}), as of {as_of}."
            ),
            DataState::Closed => {
                let hours = &row.store.hours;
                let opens = hours.next_change(row.store.timezone, self.now);
                let opens = opens.map_or_else(
                    || "closed for good".to_owned(),
                    |at| format!("closed until {}", wall.at(at)),
                );
                format!("{name} is {opens}. The last number was {shown}, as of {as_of}.")
            }
            DataState::Dead => format!(
                "How many are inside {name} is not shown, because its data is too old. The last \
                 number was {shown} ({band}), as of {as_of}."
            ),
            _ if inside.origin == Origin::OnBoard => {
                format!("{people} on board the vehicles of {name}, as of {as_of}.")
            }
            _ if shown == 0 => {
                format!("Probably nobody is inside {name}, very likely {band}, as of {as_of}.")
            }
            _ => format!("About {people} inside {name}, very likely {band}, as of {as_of}."),
        }
    }

    fn store_blame(&self, tale: &Tale<'_>) -> Vec<String> {
        if tale.state == DataState::Paused {
            return Vec::new();
        }
        let sources = self.leading_sources(tale);
        let trouble: Vec<_> = sources
            .iter()
            .filter_map(|source| fetch_trouble(source, &tale.wall))
            .collect();
        if !trouble.is_empty() {
            return trouble;
        }
        if !is_overdue(tale.state) {
            return Vec::new();
        }
        let worst = sources.into_iter().max_by_key(|source| {
            let (late, all) = self.overdue_of(source);
            late * 100 / all.max(1)
        });
        let said = worst.and_then(|source| self.overdue_feed(source, Who::Store(tale.row)));
        said.into_iter().collect()
    }

    /// The sources that the number depends on: those of the people counters, else of everything.
    fn leading_sources(&self, tale: &Tale<'_>) -> Vec<&crate::model::board::SourceRow> {
        let counters: Vec<_> = tale.counters().map(|row| row.id.source()).collect();
        if !counters.is_empty() {
            return self.sources_named(&counters);
        }
        let claimed = tale.row.store.members.iter().map(|member| match member {
            Member::Device(id) => id.source(),
            Member::AllOf(source) => source,
        });
        self.sources_named(&claimed.collect::<Vec<_>>())
    }

    fn store_chain(&self, tale: &Tale<'_>) -> Vec<Link> {
        let wall = &tale.wall;
        let sources = self.leading_sources(tale);
        let mut calls: Vec<_> = sources.iter().map(|row| last_call(row, wall)).collect();
        let by_hand = tale.row.evidence.by_hand.as_ref().map(|count| count.at);
        let inside = tale.row.occupancy.as_ref();
        if let Some(inside) = inside.filter(|inside| by_hand != Some(inside.shown.as_of)) {
            let came = wall.at(inside.shown.fetched_at);
            calls.push(format!("the newest counts came at {came}"));
        }
        let links = [
            link("number", &number(tale)),
            link("vendor", &vendor(tale)),
            link("counts", &counts(tale)),
            link("feeds", &self.feeds(tale)),
            link("calls", &calls),
            link("next", &self.next(tale)),
        ];
        links.into_iter().flatten().collect()
    }

    fn feeds(&self, tale: &Tale<'_>) -> Vec<String> {
        let wall = &tale.wall;
        let mut feeds: Vec<(DataState, String)> = tale
            .counters()
            .map(|row| {
                let state = row.data_state(self.now);
                let to = row
                    .covered_to
                    .map_or_else(|| "nothing".to_owned(), |to| wall.at(to));
                let text = format!("{} has data to {to} ({})", row.facts.name, state.word());
                (state, text)
            })
            .collect();
        // The worst one first: it decides.
        feeds.sort_by_key(|(state, _)| std::cmp::Reverse(*state));
        let counters = feeds.len();
        let named = listed(
            feeds.into_iter().map(|(_, text)| text).collect(),
            NAMED,
            ", ",
        );
        let others = tale.members.len() - counters;
        let mut parts: Vec<_> = (counters > 0).then_some(named).into_iter().collect();
        if others > 0 && tale.row.occupancy.as_ref().map(|o| o.origin) != Some(Origin::OnBoard) {
            let word = if others == 1 { "counts" } else { "count" };
            let also = if counters > 0 { "and " } else { "" };
            let others = count(others as u64, "device");
            parts.push(format!("{also}{others} that {word} no people"));
        }
        parts
    }

    fn next(&self, tale: &Tale<'_>) -> Vec<String> {
        let (row, wall) = (tale.row, &tale.wall);
        let store = &row.store;
        if tale.state == DataState::Paused {
            return Vec::new();
        }
        let data = self.next_data(row.feed(), wall);
        let data = data.filter(|_| tale.counters().next().is_some());
        let mut next: Vec<String> = data.into_iter().collect();
        let sources = self.leading_sources(tale);
        next.extend(sources.iter().map(|source| next_call(source, wall)));
        if let Some(change) = store.hours.next_change(store.timezone, self.now) {
            let open = store.hours.open_at(store.timezone, self.now);
            let word = if open { "closes" } else { "opens" };
            next.push(format!("{word} at {}", wall.at(change)));
        }
        if let (Reset::At(_), Some(_)) = (store.reset, &row.occupancy) {
            let reset =
                crate::model::calendar::next_day_start(store.timezone, store.reset, self.now);
            next.push(format!("starts again from zero at {}", wall.at(reset)));
        }
        next
    }
}

fn people(number: u32) -> String {
    if number == 1 {
        "1 person is".to_owned()
    } else {
        format!("{number} people are")
    }
}

/// `14 people crossed its doors (9 in, 5 out) after it closed at 21:00, the last from 23:00 to
/// 23:15.`
fn crossed(tale: &Tale<'_>, seen: &AfterHours) -> String {
    let wall = &tale.wall;
    let people = match seen.crossed() {
        1 => "1 person".to_owned(),
        many => format!("{many} people"),
    };
    let closed = seen.since.map_or_else(
        || "while it was closed".to_owned(),
        |since| format!("after it closed at {}", wall.bare(since)),
    );
    format!(
        "{people} crossed its doors ({} in, {} out) {closed}, the last from {}; the hour after \
         closing and the hour before opening do not count.",
        seen.entered,
        seen.left,
        wall.stretch(seen.last.0, seen.last.1)
    )
}

fn unknown(tale: &Tale<'_>) -> String {
    let name = &tale.row.store.name;
    if tale.state == DataState::Paused {
        return format!("{name} is paused: its sources are switched off in the configuration.");
    }
    if tale.members.is_empty() {
        return format!(
            "How many are inside {name} is unknown: none of its devices has been seen yet."
        );
    }
    if tale.counters().next().is_none() {
        return format!(
            "How many are inside {name} is unknown and stays so: it has no people counter."
        );
    }
    format!("How many are inside {name} is unknown: no counts of today have arrived yet.")
}

fn number(tale: &Tale<'_>) -> Vec<String> {
    let Some(inside) = &tale.row.occupancy else {
        return Vec::new();
    };
    inside.why.clone()
}

/// The vendor's number beside ours.
fn vendor(tale: &Tale<'_>) -> Vec<String> {
    let Some(beside) = tale.row.evidence.vendor else {
        return Vec::new();
    };
    let wall = &tale.wall;
    let since = match beside.since {
        Some(since) => format!("apart by {:+} since {}", beside.difference, wall.at(since)),
        None if beside.is_near() => "they agree within the band".to_owned(),
        None => "apart for less than an hour".to_owned(),
    };
    vec![
        format!(
            "the vendor says {} as of {}",
            beside.value,
            wall.at(beside.as_of)
        ),
        format!("we count {} \u{b1}{}", beside.counted, beside.half),
        since,
    ]
}

/// The intervals that the sums are made of, and the holes between them.
fn counts(tale: &Tale<'_>) -> Vec<String> {
    let row = tale.row;
    let Some(today) = row.today else {
        return Vec::new();
    };
    let wall = &tale.wall;
    let day = &row.day;
    let have = day.cells().filter(|cell| cell.flow.is_some()).count();
    let mut parts = vec![format!(
        "{} in, {} out since {}, in {} of {} min; {} of what should be here has come",
        today.entered,
        today.left,
        wall.at(today.since),
        count(have as u64, "interval"),
        day.cell_s / 60,
        percent(today.coverage)
    )];
    let holes = gaps(row).into_iter();
    let holes: Vec<_> = holes
        .map(|(from, to)| format!("{} to {}", wall.bare(from), wall.bare(to)))
        .collect();
    if !holes.is_empty() {
        parts.push(format!("missing: {}", listed(holes, NAMED, ", ")));
    }
    let revised = day.cells().filter(|cell| cell.revised).count();
    if revised > 0 {
        parts.push(format!(
            "{} revised by the vendor",
            count(revised as u64, "interval")
        ));
    }
    if day.cells().last().is_some_and(|cell| cell.provisional) {
        parts.push("the newest may still change".to_owned());
    }
    parts
}
