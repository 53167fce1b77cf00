//! Faults: what vendors do on bad days, on request.
//!
//! Tests add rules and take them away while the servers run; the demo adds a gentle random mix.

mod mix;

use std::sync::{Arc, Mutex, PoisonError};

use crate::model::Timestamp;
use crate::simulator::vendor::Vendor;

pub use mix::Mix;

/// Something that goes wrong on the vendor's side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection is accepted and the answer never comes.
    Hang,
    /// The answer has this status and the vendor's own error body.
    Status(u16),
    /// The answer has this status and an HTML page, as a gateway in front of the vendor sends it.
    Html(u16),
    /// The body ends in the middle and the connection is closed.
    Truncated,
    /// The answer is good JSON of another shape under 200.
    WrongShape,
    /// The answer points to another address.
    Redirect(String),
    /// Credentials and tokens are refused.
    RefusedToken,
    /// Too many calls; with or without `Retry-After`.
    Throttled {
        /// Seconds to wait, where the vendor says so.
        retry_after_s: Option<u32>,
    },
    /// Publication takes this much longer than usual. What was published stays published.
    Late {
        /// Seconds.
        by_s: u32,
    },
    /// A store sends nothing since its link broke: it has no rows from then on.
    SilentStore {
        /// Position of the store in the estate.
        site: usize,
        /// When the link broke.
        from: Timestamp,
    },
    /// The sensor of one door counts nothing.
    DeadDoor {
        /// Position of the store in the estate.
        site: usize,
        /// Position of the door.
        door: usize,
        /// When it died.
        from: Timestamp,
        /// When it was repaired; `None` when nobody has noticed yet.
        to: Option<Timestamp>,
    },
    /// Values that were published before come back a little larger.
    Revised,
    /// The last row of a page comes again as the first of the next.
    RepeatedRows,
    /// The first row of every page but the first is missing, as when rows vanish while paging.
    LostRows,
    /// The announced number of rows grows from page to page.
    GrowingCount,
    /// The result shrinks while it is read: every page after the first is past the end.
    ShrunkResult,
    /// The link to the next page has this form.
    NextLink(Link),
    /// Rows have the other shape that is known of the vendor: the short names of its prose
    /// (Bespot), the names of its older interface (Viametrics), no cursor but fields and a type
    /// nobody knows (Mews), other types of values and the location in place of its id
    /// (SmartNow).
    OtherShape,
    /// Every count is a numeric string.
    NumericStrings,
    /// The list is empty although there is data.
    EmptyList,
    /// A log-in asks for a second factor.
    SecondFactor,
    /// A list is cut at this many rows whatever was asked.
    Cut(usize),
    /// A row is missing although later ones are there, as when rows are written out of order.
    Gap,
    /// Running totals begin again from nearly nothing, as after a change of hardware.
    Restarted,
    /// A token cannot be renewed.
    RefusedRefresh,
    /// A feature of the vendor is not available to this account.
    NotPermitted,
}

/// Forms of a link to the next page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// With `https://`.
    Https,
    /// To another host.
    OtherHost,
    /// Without scheme and host.
    Relative,
}

/// A fault with where and how often it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    vendor: Vendor,
    fault: Fault,
    path: Option<String>,
    left: Option<u32>,
}

impl Rule {
    /// The fault in every answer of a vendor until it is cleared.
    #[must_use]
    pub fn new(vendor: Vendor, fault: Fault) -> Self {
        Self {
            vendor,
            fault,
            path: None,
            left: None,
        }
    }

    /// Only in answers to calls whose path contains `part`.
    #[must_use]
    pub fn on(mut self, part: &str) -> Self {
        self.path = Some(part.to_owned());
        self
    }

    /// Only in the next `times` answers it applies to.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.left = Some(times);
        self
    }

    /// Whose answers it spoils.
    #[must_use]
    pub fn vendor(&self) -> Vendor {
        self.vendor
    }

    fn applies(&self, vendor: Vendor, path: &str) -> bool {
        self.vendor == vendor
            && self.left != Some(0)
            && self.path.as_deref().is_none_or(|part| path.contains(part))
    }
}

/// The faults in force, shared by all servers of an estate.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    rules: Arc<Mutex<Vec<Rule>>>,
    mix: Option<Mix>,
}

impl Faults {
    /// No faults but those added.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// A gentle random mix, beside those added.
    #[must_use]
    pub fn mixed(mix: Mix) -> Self {
        Self {
            rules: Arc::default(),
            mix: Some(mix),
        }
    }

    /// Puts a rule in force.
    pub fn add(&self, rule: Rule) {
        self.rules().push(rule);
    }

    /// Puts a fault in force for every answer of a vendor until it is cleared.
    pub fn set(&self, vendor: Vendor, fault: Fault) {
        self.add(Rule::new(vendor, fault));
    }

    /// Puts a fault in force for the next answer of a vendor.
    pub fn once(&self, vendor: Vendor, fault: Fault) {
        self.add(Rule::new(vendor, fault).times(1));
    }

    /// Ends the added faults of a vendor.
    pub fn clear(&self, vendor: Vendor) {
        self.rules().retain(|rule| rule.vendor != vendor);
    }

    /// The faults of the answer to a call, used up where they are counted.
    #[must_use]
    pub fn take(&self, vendor: Vendor, path: &str, now: Timestamp) -> Vec<Fault> {
        let mut rules = self.rules();
        let mut found = Vec::new();
        for rule in rules.iter_mut().filter(|rule| rule.applies(vendor, path)) {
            rule.left = rule.left.map(|left| left - 1);
            found.push(rule.fault.clone());
        }
        rules.retain(|rule| rule.left != Some(0));
        if let Some(mix) = &self.mix {
            found.extend(mix.at(vendor, now));
        }
        found
    }

    fn rules(&self) -> std::sync::MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    #[test]
    fn a_rule_keeps_to_its_vendor_path_and_number() {
        let faults = Faults::none();
        faults.add(
            Rule::new(Vendor::Bespot, Fault::Hang)
                .on("/visits/")
                .times(2),
        );
        assert!(faults.take(Vendor::Mews, "/visits/", now()).is_empty());
        assert!(faults.take(Vendor::Bespot, "/token/", now()).is_empty());
        for _ in 0..2 {
            assert_eq!(
                faults.take(Vendor::Bespot, "/visits/", now()),
                [Fault::Hang]
            );
        }
        assert!(faults.take(Vendor::Bespot, "/visits/", now()).is_empty());
    }

    #[test]
    fn clearing_a_vendor_leaves_the_others() {
        let faults = Faults::none();
        faults.set(Vendor::Bespot, Fault::Hang);
        faults.set(Vendor::Mews, Fault::Truncated);
        faults.clear(Vendor::Bespot);
        assert!(faults.take(Vendor::Bespot, "/", now()).is_empty());
        assert_eq!(faults.take(Vendor::Mews, "/", now()), [Fault::Truncated]);
    }
}
