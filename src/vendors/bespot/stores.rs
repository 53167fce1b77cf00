//! The stores of an account: which are watched, which have been met, which the vendor denies.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::model::attempt::SourceError;
use crate::model::device::{Detail, DeviceId, Facts};

use super::decode::MINUTE_S;
use super::request::PAGE_SIZE;

/// Most stores that are asked for by name in one poll to find out whether they exist.
const PROBES: usize = 10;

/// The store codes of an account and their devices.
#[derive(Debug)]
pub struct Stores {
    source: Arc<str>,
    /// Codes to watch; empty means all.
    watched: BTreeSet<String>,
    /// Codes met so far, each with its device unless it is not watched.
    met: Vec<(String, Option<DeviceId>)>,
    /// Places in `met`.
    places: HashMap<String, usize>,
    /// Place of the code that was asked for last.
    last: usize,
    /// Watched codes that the vendor does not know, with its words.
    unknown: BTreeMap<String, SourceError>,
    /// The account sees far more than is watched: ask store by store.
    one_by_one: bool,
}

impl Stores {
    /// The stores of the source called `source`, of which only `watched` matter unless it is empty.
    #[must_use]
    pub fn new(source: Arc<str>, watched: &[String]) -> Self {
        Self {
            source,
            watched: watched.iter().cloned().collect(),
            met: Vec::new(),
            places: HashMap::new(),
            last: 0,
            unknown: BTreeMap::new(),
            one_by_one: false,
        }
    }

    /// What to ask for: everything at once, or store by store. Empty when no watched store exists.
    #[must_use]
    pub fn scopes(&self) -> Vec<Option<String>> {
        let known = |code: &&String| !self.unknown.contains_key(*code);
        let mut known = self.watched.iter().filter(known).peekable();
        if self.watched.is_empty() || (known.peek().is_some() && !self.one_by_one) {
            return vec![None];
        }
        known.cloned().map(Some).collect()
    }

    /// Goes over to asking store by store when one list of everything, of so many rows, takes more
    /// requests than that. Tells whether it did so now.
    pub fn narrow(&mut self, rows: u32) -> bool {
        let before = self.one_by_one;
        let pages = usize::try_from(rows.div_ceil(PAGE_SIZE)).unwrap_or(usize::MAX);
        self.one_by_one |= !self.watched.is_empty() && pages > self.watched.len();
        self.one_by_one != before
    }

    /// Whether it is asked store by store.
    #[must_use]
    pub fn one_by_one(&self) -> bool {
        self.one_by_one
    }

    /// Takes up what an earlier run found out about that.
    pub fn recall(&mut self, one_by_one: bool) {
        self.one_by_one = one_by_one && !self.watched.is_empty();
    }

    /// Watched stores of which neither a row nor a refusal has come, and that history does not
    /// know: a few of them, to be asked for by name.
    #[must_use]
    pub fn silent(&self, known: &[(DeviceId, Facts)]) -> Vec<String> {
        if self.one_by_one {
            return Vec::new();
        }
        let in_history = |code: &str| known.iter().any(|(device, _)| device.local() == code);
        let silent = |code: &&String| {
            !self.places.contains_key(*code)
                && !self.unknown.contains_key(*code)
                && !in_history(code)
        };
        self.watched
            .iter()
            .filter(silent)
            .take(PROBES)
            .cloned()
            .collect()
    }

    /// Takes note that the vendor knows this store, though it has no rows.
    pub fn confirm(&mut self, code: &str) {
        self.place(code);
    }

    /// Takes note that the vendor does not know this store. It is not asked for again.
    pub fn refuse(&mut self, code: &str, error: SourceError) {
        self.unknown.insert(code.to_owned(), error);
    }

    /// The error that names every watched store that does not exist.
    #[must_use]
    pub fn error(&self) -> Option<SourceError> {
        let mut error = self.unknown.values().next()?.clone();
        let codes: Vec<_> = self.unknown.keys().map(String::as_str).collect();
        error.message = format!(
            "the vendor knows no store {}: check store_codes",
            codes.join(", ")
        );
        Some(error)
    }

    /// What the operator should know.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let note = "the account sees far more stores than are watched: asking store by store";
        self.one_by_one
            .then(|| note.to_owned())
            .into_iter()
            .collect()
    }

    /// The devices met so far.
    #[must_use]
    pub fn facts(&self) -> Vec<(DeviceId, Facts)> {
        let facts = |(code, device): &(String, Option<DeviceId>)| {
            let detail = Detail::PeopleCounter {
                interval_s: Some(MINUTE_S),
                group: None,
            };
            let facts = Facts {
                name: code.clone(),
                timezone: None,
                detail,
            };
            Some((device.clone()?, facts))
        };
        self.met.iter().filter_map(facts).collect()
    }

    /// The device of a store code; `None` when it is not watched.
    pub(super) fn device(&mut self, code: &str) -> Option<&DeviceId> {
        self.last = self.place(code);
        self.met.get(self.last)?.1.as_ref()
    }

    fn place(&mut self, code: &str) -> usize {
        // Rows stand store by store or minute by minute: the code is the last one or its follower.
        let likely = [self.last, self.last + 1, 0];
        let is_here = |place: &usize| self.met.get(*place).is_some_and(|(met, _)| met == code);
        if let Some(place) = likely.into_iter().find(is_here) {
            return place;
        }
        if let Some(place) = self.places.get(code) {
            return *place;
        }
        let watched = self.watched.is_empty() || self.watched.contains(code);
        let device = watched.then(|| DeviceId::new(&self.source, code));
        self.met.push((code.to_owned(), device));
        self.places.insert(code.to_owned(), self.met.len() - 1);
        self.met.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use crate::model::attempt::ErrorKind;

    use super::*;

    fn watching(codes: &[&str]) -> Stores {
        let codes: Vec<_> = codes.iter().map(ToString::to_string).collect();
        Stores::new("opap".into(), &codes)
    }

    fn denied() -> SourceError {
        SourceError::new(ErrorKind::Config, "no").with_code("store_code_not_found")
    }

    #[test]
    fn each_code_has_one_device_in_any_order() {
        let mut stores = watching(&[]);
        for code in ["1", "0001", "A", "A", "1", "0001", "B", "1"] {
            let device = stores.device(code).unwrap();
            assert_eq!(device.as_str(), format!("opap/{code}"));
        }
        assert_eq!(stores.facts().len(), 4);
    }

    #[test]
    fn a_store_that_is_not_watched_has_no_device() {
        let mut stores = watching(&["1"]);
        assert!(stores.device("2").is_none());
        assert!(stores.device("1").is_some());
        assert_eq!(stores.facts().len(), 1);
    }

    #[test]
    fn an_unknown_store_is_not_asked_for_again_and_named() {
        let mut stores = watching(&["1", "2", "3"]);
        stores.device("1");
        assert_eq!(stores.silent(&[]), ["2", "3"]);
        stores.refuse("2", denied());
        stores.confirm("3");
        assert!(stores.silent(&[]).is_empty());
        assert!(stores.error().unwrap().message.contains("no store 2:"));
        assert_eq!(stores.scopes(), [None]);
        assert!(stores.narrow(4 * PAGE_SIZE));
        assert_eq!(
            stores.scopes(),
            [Some("1".to_owned()), Some("3".to_owned())]
        );
        stores.refuse("1", denied());
        stores.refuse("3", denied());
        assert!(stores.scopes().is_empty());
    }

    #[test]
    fn history_spares_the_question() {
        let stores = watching(&["1"]);
        let facts = watching(&[]).facts();
        assert_eq!(stores.silent(&facts), ["1"]);
        let mut other = watching(&[]);
        other.device("1");
        assert!(stores.silent(&other.facts()).is_empty());
    }

    #[test]
    fn all_at_once_stays_the_rule_without_a_list_of_stores() {
        let mut stores = watching(&[]);
        assert!(!stores.narrow(100 * PAGE_SIZE));
        assert_eq!(stores.scopes(), [None]);
    }
}
