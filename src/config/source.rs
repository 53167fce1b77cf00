//! `[[source]]`: the keys that every vendor account has.

use std::net::IpAddr;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;

use crate::model::ledger::plan::RowGrid;
use crate::model::schedule::Cadence;
use crate::vendors::registry::Vendor;
use crate::vendors::source::{Common, ZeroRows};

use super::SourceConfig;
use super::form::{Address, Choice, FilePath, Flag, Form, Number, Period, Text};
use super::key::{Group, Key};
use super::nearest::nearest;
use super::outside::Named;
use super::secret::Secret;
use super::section::{Item, Section};

/// Keys of every source; each vendor adds its own.
pub(super) static SOURCE: Group = Group {
    title: "[[source]]",
    doc: "One account at one vendor. Every vendor takes these keys and adds its own.",
    keys: &[
        &NAME,
        &VENDOR,
        &ENABLED,
        &PERIOD,
        &EVERY,
        &TIMEOUT,
        &REQUESTS_PER_HOUR,
        &CA_FILE,
        &ALLOW_HTTP,
        &ZERO_ROWS,
    ],
};

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

static NAME: Key<Name> = Key::required(
    "name",
    Name,
    "\"north\"",
    "Unique name: lower-case letters, digits, `_` and `-`. It is the first half of the ids of the \
     source's devices.",
);
static VENDOR: Key<Which> = Key::required("vendor", Which, "\"bespot\"", "Whose account it is.");
static ENABLED: Key<Flag> = Key::preset(
    "enabled",
    Flag,
    "true",
    "`false` keeps the source listed as paused and makes no request.",
);
static PERIOD: Key<Period> = Key::optional(
    "period",
    Period {
        least: SECOND,
        most: DAY,
    },
    "the vendor's, see below",
    "How often the vendor publishes. It decides when a value is late.",
);
static EVERY: Key<Period> = Key::optional(
    "every",
    Period {
        least: SECOND,
        most: DAY,
    },
    "learned from the vendor's delays, or the vendor's poll period",
    "Fixed time between two polls.",
);
static TIMEOUT: Key<Period> = Key::preset(
    "timeout",
    Period {
        least: Duration::from_millis(1),
        most: Duration::from_secs(60 * 60),
    },
    "\"15s\"",
    "Bounds each request together with its answer. Mews, which may take tens of seconds, gets \
     `\"30s\"` where nothing is set.",
);
static REQUESTS_PER_HOUR: Key<Number<u32>> = Key::optional(
    "requests_per_hour",
    Number::between(1, 1_000_000),
    "the vendor's, see below",
    "Our own ceiling of requests in any hour. Sources with the same credentials share it.",
);
static CA_FILE: Key<FilePath> = Key::optional(
    "ca_file",
    FilePath,
    "only the built-in certificate authorities",
    "PEM file with a further certificate authority to trust.",
);
static ALLOW_HTTP: Key<Flag> = Key::preset(
    "allow_http",
    Flag,
    "false",
    "Allow plain `http` to other machines. Credentials then travel readable; loopback needs no \
     permission.",
);
static ZERO_ROWS: Key<Choice<ZeroRows>> = Key::preset(
    "zero_rows",
    Choice(&[
        ("auto", ZeroRows::Auto),
        ("explicit", ZeroRows::Explicit),
        ("omitted", ZeroRows::Omitted),
    ]),
    "\"auto\"",
    "How the vendor writes an interval in which nobody passed: with a row of zeros (`explicit`), \
     or not at all (`omitted`). `auto` takes it as left out until a row of zeros has been seen.",
);

/// What a vendor adds to a source. Each vendor implements it in its own folder.
pub trait VendorSettings: Sized {
    /// The vendor's own keys, its `url` among them.
    fn keys() -> &'static Group;

    /// The key of the base address, with the vendor's default or example.
    fn url() -> &'static Key<Address>;

    /// Reads the vendor's own keys, except `url`.
    fn read(section: &Section<'_>) -> Option<Self>;

    /// The secrets with the names of their keys, to resolve them before the first request.
    fn secrets(&self) -> Vec<(String, &Secret)>;

    /// When it is polled and what is expected of it, with what `common` overrides.
    fn cadence(common: &Common) -> Cadence;

    /// How its interval rows are to be read.
    fn grid() -> RowGrid {
        RowGrid::default()
    }

    /// What the vendor counts requests by, where it can be told without the secret: accounts that
    /// share it share one budget.
    fn credential(&self) -> Option<String> {
        None
    }

    /// The least time that a request gets where the configuration sets no `timeout`.
    fn patience() -> Duration {
        Duration::ZERO
    }
}

/// A source as far as it could be read.
pub(super) struct Draft {
    /// The source; `None` where something of it is wrong.
    pub source: Option<SourceConfig>,
    /// Its name and where that is, for the stores that refer to it.
    pub name: Option<(String, Range<usize>)>,
}

/// Reads one source.
pub(super) fn read(section: Section<'_>) -> Draft {
    let name = section.get(&NAME);
    let section = match &name {
        Some(name) => section.labelled(format!("source {name:?}")),
        None => section,
    };
    let document = section.document();
    let known = document.references();
    let source = if let Some(vendor) = section.get(&VENDOR) {
        section.only_else(&[&SOURCE, vendor.keys()], other_vendor);
        read_source(&section, name.as_deref(), vendor)
    } else {
        // Without its vendor a source may have the keys of any.
        let groups = Vendor::ALL.iter().map(|vendor| vendor.keys());
        let groups: Vec<_> = std::iter::once(&SOURCE).chain(groups).collect();
        section.only(&groups);
        read_settings(&section);
        None
    };
    let used = source.as_ref().is_none_or(|source| source.enabled);
    document.belong(known, name.as_deref(), used);
    Draft {
        source,
        name: name.map(|name| (name, section.span(&NAME))),
    }
}

fn read_source(section: &Section<'_>, name: Option<&str>, vendor: Vendor) -> Option<SourceConfig> {
    let settings = read_settings(section);
    let url = section.get(vendor.url());
    let account = vendor.read(section);
    let (settings, url) = (settings?, url?);
    if let Some(fault) = plain_http(&url, settings.allow_http) {
        let help = "write https://, or set allow_http = true if you trust the network in between";
        section.wrong(vendor.url(), &fault, help);
        return None;
    }
    Some(SourceConfig {
        common: Common {
            name: name?.into(),
            url,
            period: settings.period,
            every: settings.every,
            timeout: if section.has(&TIMEOUT) {
                settings.timeout
            } else {
                settings.timeout.max(vendor.patience())
            },
            requests_per_hour: settings.requests_per_hour,
            ca_file: settings.ca_file,
            allow_http: settings.allow_http,
            zero_rows: settings.zero_rows,
        },
        enabled: settings.enabled,
        account: account?,
    })
}

/// Help for a key that belongs to another vendor.
fn other_vendor(name: &str) -> Option<String> {
    let has = |vendor: &&Vendor| vendor.keys().keys.iter().any(|key| key.name() == name);
    let vendor = Vendor::ALL.iter().find(has)?.name();
    Some(format!(
        "it is a key of {vendor} sources: remove it here, or correct vendor"
    ))
}

/// The keys that do not depend on the vendor.
struct Shared {
    enabled: bool,
    period: Option<Duration>,
    every: Option<Duration>,
    timeout: Duration,
    requests_per_hour: Option<u32>,
    ca_file: Option<PathBuf>,
    allow_http: bool,
    zero_rows: ZeroRows,
}

fn read_settings(section: &Section<'_>) -> Option<Shared> {
    let enabled = section.get(&ENABLED);
    let period = section.get(&PERIOD);
    let every = section.get(&EVERY);
    let timeout = section.get(&TIMEOUT);
    let requests_per_hour = section.get(&REQUESTS_PER_HOUR);
    let ca_file = section.get(&CA_FILE);
    if let Some(path) = &ca_file {
        let (label, named) = (section.label(), Named::Certificates(path.clone()));
        let label = format!("{label}, {}", CA_FILE.name);
        section
            .document()
            .refers(section.span(&CA_FILE), label, named);
    }
    let allow_http = section.get(&ALLOW_HTTP);
    let zero_rows = section.get(&ZERO_ROWS);
    Some(Shared {
        enabled: enabled?,
        period,
        every,
        timeout: timeout?,
        requests_per_hour,
        ca_file,
        allow_http: allow_http?,
        zero_rows: zero_rows?,
    })
}

/// Why an address may not be used, when it is plain http to another machine.
fn plain_http(url: &Url, allowed: bool) -> Option<String> {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    let refused = url.scheme() == "http" && !loopback && !allowed;
    refused.then(|| format!("plain http to {host} would send credentials readable by anyone"))
}

/// The name of a source.
#[derive(Debug)]
struct Name;

impl Form for Name {
    type Value = String;

    fn read(&self, item: &Item<'_>) -> Option<String> {
        let text = Text.read(item)?;
        let legal = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '_' | '-');
        if text.chars().all(legal) {
            return Some(text);
        }
        let lower = text.to_lowercase();
        let legal_name: String = lower
            .chars()
            .map(|c| if legal(c) { c } else { '-' })
            .collect();
        item.wrong(
            &format!("{text:?} is not a name of lower-case letters, digits, _ and -"),
            &format!("write for example \"{legal_name}\""),
        );
        None
    }

    fn words(&self) -> String {
        "letters `a`-`z`, digits, `_`, `-`".to_owned()
    }
}

/// The name of a vendor.
#[derive(Debug)]
struct Which;

impl Form for Which {
    type Value = Vendor;

    fn read(&self, item: &Item<'_>) -> Option<Vendor> {
        let names = || Vendor::ALL.iter().map(|vendor| vendor.name());
        let text = item.text("the name of a vendor", &format!("write {}", self.words()))?;
        let found = Vendor::ALL.iter().find(|vendor| vendor.name() == text);
        if found.is_none() {
            let near = nearest(text, names()).unwrap_or_default();
            item.wrong(
                &format!("{text:?} is not a vendor; known are {}", self.words()),
                &format!("did you mean \"{near}\"?"),
            );
        }
        found.copied()
    }

    fn words(&self) -> String {
        let quoted = Vendor::ALL
            .iter()
            .map(|vendor| format!("\"{}\"", vendor.name()));
        quoted.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        for (url, allowed, refused) in [
            ("https://api.example.com", false, false),
            ("http://127.0.0.1:8080/api", false, false),
            ("http://127.9.9.9", false, false),
            ("http://[::1]:80", false, false),
            ("http://LOCALHOST:80", false, false),
            ("http://api.example.com", false, true),
            ("http://api.example.com", true, false),
            ("http://localhost.example.com", false, true),
            ("http://0.0.0.0", false, true),
        ] {
            let url_parsed = url.parse().unwrap();
            assert_eq!(plain_http(&url_parsed, allowed).is_some(), refused, "{url}");
        }
    }
}
