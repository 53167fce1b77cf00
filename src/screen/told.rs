//! Events in words, made once for a board and not for every frame.

use std::sync::Arc;

use crate::model::device::DeviceId;
use crate::model::incidents::{
    About, Cause, Event, FeedName, Incident, Revision, Severity, StoreReset, What,
};

use super::words::{plural, signed};

/// So many names are told in a line; the others are counted.
const NAMED: usize = 2;

/// An event with its words.
#[derive(Clone, Debug)]
pub struct Told {
    /// The event.
    pub event: Arc<Event>,
    /// How much it matters.
    pub mark: Mark,
    /// What happened.
    pub text: String,
    /// Who suffers from it, or whom it is about.
    pub whom: String,
}

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// No incident.
    Note,
    /// A number cannot be taken for live.
    Warning,
    /// A number is gone, a password refused, or a store over its capacity.
    Critical,
}

impl Mark {
    /// The sign, the same in every glyph set.
    #[must_use]
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Note => ".",
            Self::Warning => "!",
            Self::Critical => "X",
        }
    }

    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => Severity::Warning.word(),
            Self::Critical => Severity::Critical.word(),
        }
    }
}

impl Told {
    /// The words of an event.
    #[must_use]
    pub fn of(event: &Arc<Event>) -> Self {
        let (text, whom) = match &event.what {
            What::Incident(incident) => (happened(incident), suffering(incident)),
            What::Revision(revision) => (corrected(revision), {
                let devices = revision.devices.iter().map(DeviceId::local);
                named(&devices.collect::<Vec<_>>())
            }),
            What::Reset(resets) => (began(resets), {
                let stores = resets.iter().map(|reset| &*reset.store);
                named(&stores.collect::<Vec<_>>())
            }),
            What::AfterHours(crossed) => {
                let people = plural_people(crossed.entered + crossed.left);
                let (entered, left) = (crossed.entered, crossed.left);
                let text = format!(
                    "{}: {people} crossed its doors while it was closed, {entered} in, {left} out",
                    crossed.store
                );
                (text, crossed.store.to_string())
            }
            What::Count(count) => {
                let text = match (count.people, count.reason.as_str()) {
                    (None, _) => format!("{}: a count by hand was taken back", count.store),
                    (Some(people), "") => format!("{}: {people} counted by hand", count.store),
                    (Some(people), reason) => {
                        format!("{}: {people} counted by hand ({reason})", count.store)
                    }
                };
                (text, count.store.to_string())
            }
            What::Gap => ("occtop was not running".to_owned(), String::new()),
            What::Skew { source, skew_s } => {
                let side = if *skew_s > 0 { "ahead of" } else { "behind" };
                let by = skew_s.unsigned_abs();
                let text = format!("{source}: the vendor's clock is {by} s {side} ours");
                (text, source.to_string())
            }
            What::Notice(text) => (text.clone(), String::new()),
        };
        Self {
            event: event.clone(),
            mark: match event.incident().map(|incident| incident.severity) {
                None => Mark::Note,
                Some(Severity::Warning) => Mark::Warning,
                Some(Severity::Critical) => Mark::Critical,
            },
            text,
            whom,
        }
    }

    /// The words by which `state:` finds it.
    pub fn states(&self) -> impl Iterator<Item = &'static str> {
        let incident = self.event.incident();
        let lasts = incident.map(|_| if self.event.is_open() { "open" } else { "over" });
        let seen = incident.map(|incident| match incident.acknowledged {
            Some(_) => "acknowledged",
            None => "unacknowledged",
        });
        [Some(self.mark.word()), lasts, seen].into_iter().flatten()
    }
}

/// `opap: the vendor publishes late`.
fn happened(incident: &Incident) -> String {
    let cause = incident.cause.word();
    let mut text = match (&incident.about, incident.cause) {
        (About::Everything, _) => format!("{cause}: no vendor can be reached from here"),
        (About::Vendor(vendor), _) => {
            format!(
                "{cause} of {vendor}, all {} sources",
                incident.sources.len()
            )
        }
        (About::Source(name), Cause::Pipeline) if incident.count == 1 => {
            format!("{name}: nothing new from one device; {cause}, or the device")
        }
        (About::Source(name) | About::Store(name), _) => format!("{name}: {cause}"),
        (About::Device(id), _) => {
            let feed = incident.feeds.first().map(|feed| feed.name.as_str());
            format!(
                "{}: silent, others are not; {cause}",
                feed.unwrap_or(id.local())
            )
        }
    };
    if !incident.detail.is_empty() {
        text = format!("{text}: {}", incident.detail);
    }
    text
}

/// `8 devices: Ermou, Kifisia and 3 more`.
fn suffering(incident: &Incident) -> String {
    if incident.count == 0 {
        return match &incident.about {
            About::Store(store) => store.to_string(),
            _ => String::new(),
        };
    }
    let mut names: Vec<&str> = Vec::new();
    for feed in &incident.feeds {
        let name = place(feed);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let devices = plural(incident.count, "device", "devices");
    format!("{devices}: {}", named(&names))
}

/// Where a feed is: its store, else its own name.
fn place(feed: &FeedName) -> &str {
    feed.store.as_deref().unwrap_or(&feed.name)
}

fn corrected(revision: &Revision) -> String {
    let values = plural(revision.values, "value", "values");
    if revision.entered == 0 && revision.left == 0 {
        return format!("{}: {values} corrected", revision.source);
    }
    format!(
        "{}: {values} corrected, {} in, {} out",
        revision.source,
        with_sign(revision.entered),
        with_sign(revision.left)
    )
}

fn began(resets: &[StoreReset]) -> String {
    let stores = plural(resets.len(), "store", "stores");
    let doubtful: Vec<_> = resets.iter().filter(|reset| !reset.confirmed).collect();
    match (resets, doubtful.as_slice()) {
        ([one], _) => format!(
            "{} began its day empty; residual {}{}",
            one.store,
            with_sign(one.residual),
            if one.confirmed { "" } else { ", unconfirmed" }
        ),
        (_, []) => format!("{stores} began their day empty"),
        (_, [one]) => format!(
            "{stores} began their day empty; {} unconfirmed, residual {}",
            one.store,
            with_sign(one.residual)
        ),
        (_, many) => format!("{stores} began their day empty; {} unconfirmed", many.len()),
    }
}

fn plural_people(number: u64) -> String {
    match number {
        1 => "1 person".to_owned(),
        many => format!("{many} people"),
    }
}

/// `+12`, `-3`, `0`.
#[must_use]
pub fn with_sign(number: i64) -> String {
    let sign = if number > 0 { "+" } else { "" };
    format!("{sign}{}", signed(number))
}

fn named(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, other] => format!("{one} and {other}"),
        _ => format!(
            "{} and {} more",
            names[..NAMED].join(", "),
            names.len() - NAMED
        ),
    }
}
