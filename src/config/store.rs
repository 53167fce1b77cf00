//! `[[store]]`: what an operator watches.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use chrono_tz::Tz;

use crate::model::device::DeviceId;
use crate::model::store::{Lead, Member, Reset, Store};

use super::document::Document;
use super::form::{Choice, Form, List, Number, Period, Share, Text, TimeOfDay, Zone};
use super::hours::{self, CLOSED, HOURS};
use super::key::{Group, Key};
use super::nearest::nearest;
use super::section::{Item, Section};

/// Keys of a store.
pub(super) static STORE: Group = Group {
    title: "[[store]]",
    doc: "What an operator watches: devices that belong together, with a limit and opening hours. \
          Stores are optional; devices that no store claims are shown under their source.",
    keys: &[
        &NAME, &GROUP, &TIMEZONE, &CAPACITY, &WARN, &RESET, &STAY, &ESTIMATE, &MEMBERS, &HOURS,
        &CLOSED,
    ],
};

static NAME: Key<Text> = Key::required("name", Text, "\"Ermou\"", "Unique name of the store.");
static GROUP: Key<Text> = Key::optional(
    "group",
    Text,
    "no group",
    "Group for totals, for example a city.",
);
static TIMEZONE: Key<Zone> = Key::optional(
    "timezone",
    Zone { or: None },
    "`timezone` of `[display]`",
    "Zone of the opening hours, of the reset and of the times shown for the store.",
);
static CAPACITY: Key<Number<u32>> = Key::optional(
    "capacity",
    Number::between(1, 1_000_000),
    "no limit: no gauge and no alarm",
    "How many people may be inside.",
);
static WARN: Key<Share> = Key::preset(
    "warn",
    Share,
    "0.8",
    "Share of the capacity at which the gauge turns amber.",
);
static RESET: Key<TimeOfDay> = Key::preset(
    "reset",
    TimeOfDay { or: "never" },
    "\"04:00\"",
    "Local time at which the store is known to be empty and its totals start anew; `\"never\"` for \
     places that never empty.",
);
static STAY: Key<Period> = Key::preset(
    "stay",
    Period {
        least: Duration::from_secs(60),
        most: Duration::from_secs(24 * 60 * 60),
    },
    "\"30m\"",
    "Usual length of a visit. It matters until the first good day has been learned.",
);
static ESTIMATE: Key<Choice<Lead>> = Key::preset(
    "estimate",
    Choice(&[("counted", Lead::Counted), ("vendor", Lead::Vendor)]),
    "\"counted\"",
    "Which number leads once a day has been learned: ours, counted from in and out, or the \
     vendor's own.",
);
static MEMBERS: Key<List<Claimed>> = Key::preset(
    "members",
    List {
        of: Claimed,
        filled: false,
    },
    "[]",
    "Devices that belong to the store, as `<source>/<id>`; `<source>/*` is every device of a \
     source. A device belongs to one store only.",
);

/// A store as far as it could be read, with what is needed to check it against the rest of the
/// file.
pub(super) struct Draft {
    /// The store; `None` where something of it is wrong.
    pub store: Option<Store>,
    /// What it is called in messages.
    label: String,
    /// Its name and where that is.
    name: Option<(String, Range<usize>)>,
    claims: Vec<Claim>,
}

/// A claim on devices, with its place.
#[derive(Clone, Debug)]
struct Claim {
    member: Member,
    written: String,
    span: Range<usize>,
}

/// Reads one store; its zone is `zone` where it names none.
pub(super) fn read(section: Section<'_>, zone: Tz) -> Draft {
    let name = section.get(&NAME);
    let section = match &name {
        Some(name) => section.labelled(format!("store {name:?}")),
        None => section,
    };
    section.only(&[&STORE]);
    let claims: Vec<Claim> = section
        .get(&MEMBERS)
        .into_iter()
        .flatten()
        .flatten()
        .collect();
    Draft {
        store: read_store(&section, name.as_deref(), zone, &claims),
        label: section.label().to_owned(),
        name: name.map(|name| (name, section.span(&NAME))),
        claims,
    }
}

fn read_store(
    section: &Section<'_>,
    name: Option<&str>,
    zone: Tz,
    claims: &[Claim],
) -> Option<Store> {
    let group = section.get(&GROUP);
    let timezone = section.get(&TIMEZONE);
    let capacity = section.get(&CAPACITY);
    let warn = section.get(&WARN);
    let reset = section.get(&RESET);
    let stay = section.get(&STAY);
    let lead = section.get(&ESTIMATE);
    let hours = hours::read(section);
    let mut members: Vec<Member> = Vec::new();
    for claim in claims {
        if members.contains(&claim.member) {
            let words = format!(
                "{}, members: {:?} is named twice",
                section.label(),
                claim.written
            );
            section.document().warn(&claim.span, words);
        } else {
            members.push(claim.member.clone());
        }
    }
    Some(Store {
        name: name?.into(),
        group: group.map(Into::into),
        timezone: timezone.flatten().unwrap_or(zone),
        capacity,
        warn: warn?,
        reset: reset?.map_or(Reset::Never, Reset::At),
        stay: stay?,
        lead: lead?,
        members,
        hours: hours?,
    })
}

/// Checks stores against each other and against the names of the sources.
pub(super) fn check(document: &Document<'_>, drafts: &[Draft], sources: &[(String, Range<usize>)]) {
    document.unique(
        "store",
        drafts.iter().filter_map(|draft| draft.name.as_ref()),
    );
    let mut owners = Owners::default();
    for draft in drafts {
        for claim in &draft.claims {
            check_source(document, draft, claim, sources);
            if let Some(other) = owners.claim(claim, draft) {
                let message = format!(
                    "{}, members: {:?} is claimed by {} already ({:?} in {})",
                    draft.label,
                    claim.written,
                    other.draft.label,
                    other.claim.written,
                    document.line(&other.claim.span),
                );
                let help = "a device belongs to one store only: remove one of the two";
                document.wrong(claim.span.clone(), message, help);
            }
        }
    }
}

fn check_source(
    document: &Document<'_>,
    draft: &Draft,
    claim: &Claim,
    sources: &[(String, Range<usize>)],
) {
    let source = source_of(&claim.member);
    if sources.iter().any(|(known, _)| known == source) {
        return;
    }
    let help = nearest(source, sources.iter().map(|(known, _)| known.as_str())).map_or_else(
        || format!("add a [[source]] with name = {source:?}"),
        |near| format!("did you mean \"{near}\"? It must be the name of a [[source]]"),
    );
    let message = format!("{}, members: no source is called {source:?}", draft.label);
    document.wrong(claim.span.clone(), message, help);
}

/// Who claims what, by source.
#[derive(Default)]
struct Owners<'a> {
    by_source: BTreeMap<&'a str, Vec<Owner<'a>>>,
}

struct Owner<'a> {
    draft: &'a Draft,
    claim: &'a Claim,
}

impl<'a> Owners<'a> {
    /// Takes note of a claim; gives the earlier claim of another store that it collides with.
    fn claim(&mut self, claim: &'a Claim, draft: &'a Draft) -> Option<&Owner<'a>> {
        let owners = self.by_source.entry(source_of(&claim.member)).or_default();
        owners.push(Owner { draft, claim });
        let (_, earlier) = owners.split_last()?;
        earlier.iter().find(|other| {
            !std::ptr::eq(other.draft, draft) && collide(&other.claim.member, &claim.member)
        })
    }
}

fn collide(a: &Member, b: &Member) -> bool {
    match (a, b) {
        (Member::Device(a), Member::Device(b)) => a == b,
        _ => source_of(a) == source_of(b),
    }
}

fn source_of(member: &Member) -> &str {
    match member {
        Member::Device(id) => id.source(),
        Member::AllOf(source) => source,
    }
}

/// A device or all devices of a source.
#[derive(Debug)]
struct Claimed;

impl Form for Claimed {
    // A claim that is wrong has been noted and leaves the others to be checked.
    type Value = Option<Claim>;

    fn read(&self, item: &Item<'_>) -> Option<Option<Claim>> {
        const HELP: &str = "write \"<source>/<id>\", or \"<source>/*\" for all its devices";
        let Some(text) = Text.read(item) else {
            return Some(None);
        };
        let Some(id) = DeviceId::parse(&text) else {
            item.wrong(&format!("{text:?} is not a device"), HELP);
            return Some(None);
        };
        let member = match id.local() {
            "*" => Member::AllOf(id.source().into()),
            _ => Member::Device(id),
        };
        Some(Some(Claim {
            member,
            written: text,
            span: item.span.clone(),
        }))
    }

    fn words(&self) -> String {
        "device ids".to_owned()
    }
}
