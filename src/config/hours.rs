//! Opening hours as the file writes them.

use std::ops::Range;

use chrono::{NaiveDate, Weekday};
use toml::de::DeValue;

use crate::model::calendar::{Hours, Span, weekdays};

use super::duration::{self, DAY_MINUTES};
use super::form::{Form, List, Table};
use super::key::{Group, Key};
use super::nearest::nearest;
use super::section::{Item, Section};

/// A week of opening spans, Monday first.
type Week = [Vec<Span>; 7];

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const HELP: &str = "write \"09:00-21:00\", \"24h\", \"closed\", or a list of spans for a break: \
                    [\"09:00-13:00\", \"16:00-21:00\"]";

pub(super) static HOURS: Key<Weekly> = Key::optional(
    "hours",
    Weekly,
    "always open",
    "Local opening hours: days (`mon` … `sun`) or ranges of days (`mon-fri`), each with a span, a \
     list of spans, `\"24h\"` or `\"closed\"`. A day that is not named is closed.",
);

pub(super) static CLOSED: Key<Table> =
    Key::optional("closed", Table(&CLOSED_GROUP), "no holidays", "Holidays.");

/// Holidays of a store.
static CLOSED_GROUP: Group = Group {
    title: "[store.closed]",
    doc: "Days on which a store stays closed whatever its hours say.",
    keys: &[&DATES],
};

static DATES: Key<List<Date>> = Key::preset(
    "dates",
    List {
        of: Date,
        filled: false,
    },
    "[]",
    "Local dates on which the store stays closed.",
);

/// Reads the hours and the holidays of a store.
pub(super) fn read(store: &Section<'_>) -> Option<Hours> {
    let has_hours = store.has(&HOURS);
    let week = store.get(&HOURS);
    let closed = store.table(&CLOSED).get(&DATES)?;
    match (has_hours, week) {
        (false, _) => Some(Hours::always_but(closed)),
        (true, week) => Some(Hours::weekly(week?, closed)),
    }
}

/// Opening spans by weekday.
#[derive(Debug)]
pub(super) struct Weekly;

impl Form for Weekly {
    type Value = Week;

    fn read(&self, item: &Item<'_>) -> Option<Week> {
        let section = item.section("a table of days", "write [store.hours]")?;
        let entries = section.entries();
        if entries.is_empty() {
            item.wrong(
                "names no day, so the store would never open",
                "name the days, or remove [store.hours] for a store that is always open",
            );
            return None;
        }
        let mut week: [Option<Vec<Span>>; 7] = Default::default();
        let mut sound = true;
        for (key_span, name, item) in entries {
            let spans = day_spans(&item);
            let days = named_days(&item, name, key_span.clone());
            sound &= spans.is_some() && days.is_some();
            for day in days.unwrap_or_default() {
                let slot = &mut week[day];
                if slot.is_some() {
                    let message = format!("{}: {} is given twice", item.label(), DAYS[day]);
                    let help = "name each day once";
                    item.document().wrong(key_span.clone(), message, help);
                    sound = false;
                }
                *slot = Some(spans.clone().unwrap_or_default());
            }
        }
        sound.then(|| week.map(Option::unwrap_or_default))
    }

    fn words(&self) -> String {
        "table of days to spans such as \"09:00-21:00\"".to_owned()
    }
}

/// The days a key names, as indexes from Monday.
fn named_days(item: &Item<'_>, name: &str, span: Range<usize>) -> Option<Vec<usize>> {
    if let Some(days) = weekdays(name) {
        let index = |day: &Weekday| day.num_days_from_monday() as usize;
        return Some(days.iter().map(index).collect());
    }
    let first = name.split('-').next().unwrap_or_default();
    let near = nearest(first, DAYS).unwrap_or_default();
    item.document().wrong(
        span,
        format!("{}: not a day or a range of days", item.label()),
        format!("did you mean {near}? Days are mon tue wed thu fri sat sun, ranges mon-fri"),
    );
    None
}

/// The spans of one day, in order.
fn day_spans(item: &Item<'_>) -> Option<Vec<Span>> {
    let elements = match item.value {
        DeValue::Array(_) => item.elements("a list of spans", HELP)?,
        _ if matches!(item.value, DeValue::String(text) if text == "closed") => {
            return Some(vec![]);
        }
        _ => vec![item.clone()],
    };
    let spans: Vec<_> = elements.iter().map(span).collect();
    let mut spans = spans.into_iter().collect::<Option<Vec<_>>>()?;
    spans.sort_by_key(|span| span.open);
    if spans.windows(2).any(|pair| pair[0].close > pair[1].open) {
        item.wrong(
            "the spans overlap",
            "let each span end before the next begins",
        );
        return None;
    }
    Some(spans)
}

/// One span. It closes after midnight when its end is not after its start.
fn span(item: &Item<'_>) -> Option<Span> {
    let text = item.text("opening hours", HELP)?;
    if text == "24h" {
        return Some(Span {
            open: 0,
            close: DAY_MINUTES,
        });
    }
    let times = text.split_once('-').and_then(|(open, close)| {
        let open = duration::minutes(open.trim())?;
        let close = duration::minutes(close.trim())?;
        (open < DAY_MINUTES).then_some((open, close))
    });
    let Some((open, close)) = times else {
        item.wrong(&format!("{text:?} is not a span of opening hours"), HELP);
        return None;
    };
    if open == close {
        item.wrong(
            &format!("{text:?} is empty"),
            "write \"24h\" for a day around the clock, or \"closed\"",
        );
        return None;
    }
    let next_day = if close < open { DAY_MINUTES } else { 0 };
    Some(Span {
        open,
        close: close + next_day,
    })
}

/// A date, in quotes or as a TOML date.
#[derive(Debug)]
struct Date;

impl Form for Date {
    type Value = NaiveDate;

    fn read(&self, item: &Item<'_>) -> Option<NaiveDate> {
        const HELP: &str = "write year, month and day: \"2026-12-25\"";
        let written = match item.value {
            DeValue::Datetime(date) if date.time.is_none() => date.to_string(),
            _ => item.text("a date", HELP)?.to_owned(),
        };
        let date = NaiveDate::parse_from_str(&written, "%Y-%m-%d").ok();
        // The parser takes single digits too; the file is to have one spelling.
        let date = date.filter(|date| date.to_string() == written);
        if date.is_none() {
            item.wrong(&format!("{written:?} is not a date"), HELP);
        }
        date
    }

    fn words(&self) -> String {
        "dates such as \"2026-12-25\"".to_owned()
    }
}
