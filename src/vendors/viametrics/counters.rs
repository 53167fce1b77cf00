//! The counters of an account: their devices, names, groups and intervals.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono_tz::Tz;

use crate::model::attempt::{ErrorKind, SourceError};
use crate::model::device::{Detail, DeviceId, Facts};

use super::listing::Listed;
use super::wire::{Key, Row};

/// What is known of an account's counters.
#[derive(Debug)]
pub struct Counters {
    source: Arc<str>,
    zone: Tz,
    /// Ids to watch; empty means all.
    watched: BTreeSet<String>,
    /// Counters met in rows or lists, by id, with the companies that have one of that id.
    met: BTreeMap<String, BTreeSet<Option<String>>>,
    /// Ids in the vendor's list, once it has been read.
    listed: Option<BTreeSet<String>>,
    names: BTreeMap<Key, String>,
    groups: BTreeMap<Key, String>,
    intervals: BTreeMap<DeviceId, u32>,
    /// Names and groups from history, for the time before the lists are here.
    known: BTreeMap<DeviceId, Facts>,
}

impl Counters {
    /// The counters of the source called `source` in `zone`; `watched` are ids to read, all when
    /// it is empty.
    #[must_use]
    pub fn new(source: Arc<str>, zone: Tz, watched: &[i64]) -> Self {
        Self {
            source,
            zone,
            watched: watched.iter().map(ToString::to_string).collect(),
            met: BTreeMap::new(),
            listed: None,
            names: BTreeMap::new(),
            groups: BTreeMap::new(),
            intervals: BTreeMap::new(),
            known: BTreeMap::new(),
        }
    }

    /// The zone of the vendor's stamps.
    #[must_use]
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Takes over what history knows; what rows and lists say is newer and stays.
    pub fn remember(&mut self, known: &[(DeviceId, Facts)]) {
        for (device, facts) in known {
            if let Detail::PeopleCounter {
                interval_s: Some(seconds),
                ..
            } = facts.detail
            {
                self.intervals.entry(device.clone()).or_insert(seconds);
            }
            self.known.insert(device.clone(), facts.clone());
        }
    }

    /// Takes over the vendor's list of counters.
    pub fn list(&mut self, counters: Vec<Listed>) {
        let mut ids = BTreeSet::new();
        for Listed { key, name } in counters {
            ids.insert(key.counter.clone());
            self.meet(&key);
            if let Some(name) = name {
                self.names.insert(key, name);
            }
        }
        self.listed = Some(ids);
    }

    /// Takes over the vendor's groups: a counter belongs to the first that names it.
    pub fn group(&mut self, members: Vec<Listed>) {
        self.groups.clear();
        for Listed { key, name } in members {
            if let Some(name) = name {
                self.groups.entry(key).or_insert(name);
            }
        }
    }

    /// The counter that a row belongs to. A row without an id belongs to the only counter, if
    /// there is but one.
    pub fn key_of(&mut self, row: &Row) -> Option<Key> {
        let counter = row.counter.clone().or_else(|| self.only())?;
        let key = Key {
            counter,
            customer: row.customer.clone(),
        };
        self.meet(&key);
        Some(key)
    }

    /// Whether the operator wants this counter.
    #[must_use]
    pub fn is_watched(&self, key: &Key) -> bool {
        self.watched.is_empty() || self.watched.contains(&key.counter)
    }

    /// The device of a counter. The company is part of its id only where two of them share the
    /// counter's id, so call this after all rows have been met.
    #[must_use]
    pub fn device(&self, key: &Key) -> DeviceId {
        let companies = self
            .met
            .get(&key.counter)
            .map_or(0, |companies| companies.iter().flatten().count());
        match &key.customer {
            Some(customer) if companies > 1 => {
                DeviceId::new(&self.source, format_args!("{customer}:{}", key.counter))
            }
            _ => DeviceId::new(&self.source, &key.counter),
        }
    }

    /// The ids to ask for where the vendor is asked counter by counter: those that are watched,
    /// else those in its list.
    #[must_use]
    pub fn ids(&self) -> Vec<String> {
        let listed = self.listed.as_ref().filter(|_| self.watched.is_empty());
        listed.unwrap_or(&self.watched).iter().cloned().collect()
    }

    /// The interval that rows have shown, in seconds.
    #[must_use]
    pub fn interval(&self, device: &DeviceId) -> Option<u32> {
        self.intervals.get(device).copied()
    }

    /// Takes note of the interval that rows show.
    pub fn set_interval(&mut self, device: &DeviceId, seconds: u32) {
        self.intervals.insert(device.clone(), seconds);
    }

    /// How many counters there are to read, as far as is known.
    #[must_use]
    pub fn count(&self) -> usize {
        self.keys().count()
    }

    /// How many counters are to be expected in an answer: before any have come in this run, those
    /// that history knows.
    #[must_use]
    pub fn expected(&self) -> usize {
        self.count().max(self.known.len())
    }

    /// Every counter of the account, or those that are watched.
    #[must_use]
    pub fn facts(&self) -> Vec<(DeviceId, Facts)> {
        self.keys().map(|key| self.describe(&key)).collect()
    }

    /// Whether [`Self::facts`] has every counter of the account.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.listed.is_some()
    }

    /// The error that names configured counters which the vendor does not have.
    #[must_use]
    pub fn missing(&self) -> Option<SourceError> {
        let listed = self.listed.as_ref()?;
        let missing: Vec<_> = self
            .watched
            .iter()
            .filter(|id| !listed.contains(*id) && !self.met.contains_key(*id))
            .map(String::as_str)
            .collect();
        (!missing.is_empty()).then(|| {
            let message = format!(
                "the vendor lists no counter {}: check counters",
                missing.join(", ")
            );
            SourceError::new(ErrorKind::Config, message)
        })
    }

    fn meet(&mut self, key: &Key) {
        let companies = self.met.entry(key.counter.clone()).or_default();
        companies.insert(key.customer.clone());
    }

    /// The id of the only counter.
    fn only(&self) -> Option<String> {
        let ids = if self.watched.is_empty() {
            self.listed.as_ref()?
        } else {
            &self.watched
        };
        (ids.len() == 1).then(|| ids.first().cloned()).flatten()
    }

    /// Counters to read. A row without a company is the same counter as one with it, as long as
    /// there is only one such company.
    fn keys(&self) -> impl Iterator<Item = Key> {
        self.met
            .iter()
            .flat_map(|(counter, companies)| {
                let named = companies.iter().any(Option::is_some);
                companies
                    .iter()
                    .filter(move |company| company.is_some() || !named)
                    .map(|company| Key {
                        counter: counter.clone(),
                        customer: company.clone(),
                    })
            })
            .filter(|key| self.is_watched(key))
    }

    fn describe(&self, key: &Key) -> (DeviceId, Facts) {
        let device = self.device(key);
        let known = self.known.get(&device);
        let name = of_counter(&self.names, key)
            .or_else(|| known.map(|facts| facts.name.clone()))
            .unwrap_or_else(|| device.local().to_owned());
        let known_group = known.and_then(|facts| match &facts.detail {
            Detail::PeopleCounter { group, .. } => group.clone(),
            _ => None,
        });
        let detail = Detail::PeopleCounter {
            interval_s: self.interval(&device),
            group: of_counter(&self.groups, key).or(known_group),
        };
        let facts = Facts {
            name,
            timezone: Some(self.zone),
            detail,
        };
        (device, facts)
    }
}

/// What a list says about a counter, also where only one of list and rows names the company.
fn of_counter(map: &BTreeMap<Key, String>, key: &Key) -> Option<String> {
    let nameless = Key {
        counter: key.counter.clone(),
        customer: None,
    };
    let any = || {
        let mut same = map.iter().filter(|(other, _)| other.counter == key.counter);
        key.customer.is_none().then(|| same.next()).flatten()
    };
    map.get(key)
        .or_else(|| map.get(&nameless))
        .or_else(|| any().map(|(_, text)| text))
        .cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(watched: &[i64]) -> Counters {
        Counters::new("mall".into(), chrono_tz::Europe::Stockholm, watched)
    }

    fn listed(counter: &str, customer: Option<&str>, name: &str) -> Listed {
        Listed {
            key: Key {
                counter: counter.to_owned(),
                customer: customer.map(str::to_owned),
            },
            name: Some(name.to_owned()),
        }
    }

    fn ids(counters: &Counters) -> Vec<String> {
        let facts = counters.facts();
        facts.iter().map(|(device, _)| device.to_string()).collect()
    }

    #[test]
    fn the_company_is_part_of_the_id_only_where_it_must_be() {
        let mut counters = counters(&[]);
        counters.list(vec![
            listed("507", Some("1"), "A"),
            listed("508", Some("1"), "B"),
            listed("508", Some("2"), "C"),
        ]);
        assert_eq!(ids(&counters), ["mall/507", "mall/1:508", "mall/2:508"]);
        let names: Vec<_> = counters
            .facts()
            .into_iter()
            .map(|(_, facts)| facts.name)
            .collect();
        assert_eq!(names, ["A", "B", "C"]);
    }

    #[test]
    fn a_row_without_company_is_the_listed_counter() {
        let mut counters = counters(&[]);
        counters.list(vec![listed("507", Some("1"), "A")]);
        let row = Row {
            counter: Some("507".to_owned()),
            customer: None,
            stamp: super::super::stamp::Stamp::parse("2026-03-02").unwrap(),
            flow: crate::model::reading::Flow::default(),
        };
        let key = counters.key_of(&row).unwrap();
        assert_eq!(counters.device(&key).as_str(), "mall/507");
        assert_eq!(ids(&counters), ["mall/507"]);
        let anonymous = Row {
            counter: None,
            ..row
        };
        assert_eq!(counters.key_of(&anonymous).unwrap().counter, "507");
        counters.list(vec![listed("507", None, "A"), listed("508", None, "B")]);
        assert_eq!(counters.key_of(&anonymous), None);
    }

    #[test]
    fn watched_counters_that_the_vendor_lacks_are_named() {
        let mut counters = counters(&[507, 509]);
        assert_eq!(counters.missing(), None);
        counters.list(vec![listed("507", None, "A"), listed("508", None, "B")]);
        let error = counters.missing().unwrap();
        assert_eq!(error.kind, ErrorKind::Config);
        assert!(error.message.contains("no counter 509:"));
        assert_eq!(ids(&counters), ["mall/507"]);
    }

    #[test]
    fn history_fills_in_until_the_lists_are_here() {
        let mut counters = counters(&[]);
        let device = DeviceId::new("mall", "507");
        let facts = Facts {
            name: "Main entrance".to_owned(),
            timezone: None,
            detail: Detail::PeopleCounter {
                interval_s: Some(900),
                group: Some("Library".to_owned()),
            },
        };
        counters.remember(&[(device.clone(), facts)]);
        assert!(counters.facts().is_empty());
        counters.meet(&listed("507", None, "").key);
        let (_, facts) = counters.facts().remove(0);
        assert_eq!(
            (&*facts.name, counters.interval(&device)),
            ("Main entrance", Some(900))
        );
        counters.list(vec![listed("507", Some("1"), "Door")]);
        counters.group(vec![listed("507", Some("1"), "Mall")]);
        let (_, facts) = counters.facts().remove(0);
        assert_eq!(facts.name, "Door");
        let group = Some("Mall".to_owned());
        assert_eq!(
            facts.detail,
            Detail::PeopleCounter {
                interval_s: Some(900),
                group
            }
        );
    }
}
