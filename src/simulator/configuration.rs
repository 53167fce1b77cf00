//! The configuration that makes the program watch a simulated estate.

use std::fmt::Write;
use std::time::Duration;

use super::Running;
use super::credentials::Credentials;
use super::estate::Estate;
use super::estate::fleet::{Role, Vehicle};
use super::estate::places::{CURRENCIES, Network, home, nordic_zone};
use super::estate::site::Site;
use super::vendor::Vendor;

/// From so many stores on, a first start needs more pages than the usual ceiling allows.
const MANY_STORES: usize = 200;

/// The whole configuration as TOML.
pub(super) fn toml(running: &Running) -> String {
    let mut text = String::from(
        "# A simulated estate. Every address is on this machine, and the secrets open nothing else.\n\
         \n[history]\npath = \":memory:\"\n",
    );
    for vendor in Vendor::ALL {
        if let Some(url) = running.url(vendor) {
            source(&mut text, running, vendor, &url);
        }
    }
    for site in running.estate().sites() {
        store(&mut text, running.estate(), site);
    }
    shuttles(&mut text, running.estate());
    text
}

fn source(text: &mut String, running: &Running, vendor: Vendor, url: &str) {
    let mut section = Section::new(text, "source");
    section.text("name", vendor.source());
    section.text("vendor", vendor.word());
    section.text("url", url);
    if running.is_remote(vendor) {
        section.plain("allow_http", "true");
    }
    account(&mut section, running.credentials(), vendor);
    match vendor {
        Vendor::Bespot if running.estate().sites().len() > MANY_STORES => {
            section.plain("requests_per_hour", "2000");
        }
        Vendor::Viametrics => {
            section.text("timezone", nordic_zone().name());
            section.text("period", &duration(running.interval));
        }
        Vendor::Mews => {
            section.plain("guests", "true");
            section.plain("rooms", "true");
        }
        Vendor::Smartnow => section.plain("money_scale", &money_scale()),
        Vendor::Bespot | Vendor::Navixy => {}
    }
}

fn account(section: &mut Section<'_>, credentials: &Credentials, vendor: Vendor) {
    let pairs = match vendor {
        Vendor::Bespot => vec![
            ("username", &credentials.username),
            ("password", &credentials.bespot_password),
        ],
        Vendor::Viametrics => vec![
            ("client_id", &credentials.client_id),
            ("api_key", &credentials.api_key),
        ],
        Vendor::Navixy => vec![("api_key", &credentials.navixy_key)],
        Vendor::Mews => vec![
            ("client_token", &credentials.client_token),
            ("access_token", &credentials.access_token),
        ],
        Vendor::Smartnow => vec![
            ("username", &credentials.username),
            ("password", &credentials.smartnow_password),
        ],
    };
    for (key, value) in pairs {
        section.text(key, value);
    }
}

fn store(text: &mut String, estate: &Estate, site: &Site) {
    let mut section = Section::new(text, "store");
    section.text("name", &site.name);
    section.text("group", site.city.name);
    section.text("timezone", site.city.zone.name());
    section.plain("capacity", &site.capacity.to_string());
    section.text("stay", &format!("{:.0}m", site.stay_min * 1.2));
    section.list("members", &members(estate, site));
    let Some(hours) = site.hours else {
        section.text("reset", "never");
        return;
    };
    section.sub("store.hours");
    section.text("mon-fri", &span(hours.weekdays));
    section.text("sat", &span(hours.saturday));
    if let Some(sunday) = hours.sunday {
        section.text("sun", &span(sunday));
    }
}

fn members(estate: &Estate, site: &Site) -> Vec<String> {
    let mut members = match site.city.network {
        Network::Bespot => vec![format!("{}/{}", Vendor::Bespot.source(), site.code)],
        Network::Viametrics => (site.doors.iter())
            .map(|door| format!("{}/{}", Vendor::Viametrics.source(), door.counter))
            .collect(),
    };
    let machines = estate
        .machines()
        .iter()
        .filter(|machine| machine.site == site.index);
    members.extend(machines.map(|machine| format!("{}/{}", Vendor::Smartnow.source(), machine.id)));
    members
}

/// The vehicles that carry people and can be heard, as a place of their own.
fn shuttles(text: &mut String, estate: &Estate) {
    let carrying = || {
        let heard = |one: &&Vehicle| one.role == Role::Shuttle;
        estate.vehicles().iter().filter(heard)
    };
    let seats: u32 = carrying().map(|one| one.seats).sum();
    let members: Vec<String> = carrying()
        .map(|one| format!("{}/{}", Vendor::Navixy.source(), one.id))
        .collect();
    let mut section = Section::new(text, "store");
    section.text("name", "Shuttles");
    section.text("group", home().name);
    section.text("timezone", home().zone.name());
    section.plain("capacity", &seats.to_string());
    section.list("members", &members);
}

/// A table of the configuration that is being written.
struct Section<'a>(&'a mut String);

impl<'a> Section<'a> {
    fn new(text: &'a mut String, name: &str) -> Self {
        let mut section = Self(text);
        section.line(format_args!("\n[[{name}]]"));
        section
    }

    fn sub(&mut self, name: &str) {
        self.line(format_args!("[{name}]"));
    }

    fn text(&mut self, key: &str, value: &str) {
        self.line(format_args!("{key} = {}", quoted(value)));
    }

    fn plain(&mut self, key: &str, value: &str) {
        self.line(format_args!("{key} = {value}"));
    }

    fn list(&mut self, key: &str, values: &[String]) {
        let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
        self.line(format_args!("{key} = [{}]", values.join(", ")));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{line}");
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn span((open, close): (u32, u32)) -> String {
    let clock = |minute: u32| format!("{:02}:{:02}", minute / 60 % 24, minute % 60);
    format!("{}-{}", clock(open), clock(close))
}

fn duration(duration: Duration) -> String {
    format!("{}m", duration.as_secs() / 60)
}

fn money_scale() -> String {
    let scales: Vec<String> = CURRENCIES
        .iter()
        .map(|(code, scale)| format!("{code} = {scale}"))
        .collect();
    format!("{{ {} }}", scales.join(", "))
}
