//! Proves for each token with the fewest calls that it works: its enterprises and its counters.

use std::collections::BTreeMap;

use crate::model::attempt::Finding;

use super::Mews;
use super::counters::Brought;
use super::property::Property;
use super::refusal::{Reaction, Refusal};

impl Mews {
    /// Tries what a poll needs and says what matched.
    pub(super) async fn prove(&mut self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (place, property) in self.properties.iter_mut().enumerate() {
            let label = property.title().map(str::to_owned);
            let label = label.unwrap_or_else(|| format!("token {}", place + 1));
            let listed = property.read_enterprises(&self.transport).await;
            let counted = property.read_counters(&self.transport).await;
            let counters_work = counted
                .as_ref()
                .is_none_or(|brought| brought.refusal.is_none());
            findings.push(enterprises(&label, listed, property, counters_work));
            findings.push(counters(&label, counted, property));
            let house = property.prove_house(&self.transport).await;
            findings.extend(house.into_iter().map(|(what, said)| {
                // Counters work without it.
                Finding::new(format!("{what} of {label}"), true, vec![said])
            }));
        }
        let strangers = self.strangers();
        if !strangers.is_empty() {
            let told = strangers.iter().map(|(id, key)| format!("{id} (`{key}`)"));
            let told: Vec<_> = told.collect();
            let details = vec![format!("no token sees {}", told.join(", "))];
            findings.push(Finding::new(
                "enterprises of the configuration",
                false,
                details,
            ));
        }
        findings
    }
}

fn enterprises(
    label: &str,
    listed: Result<(), Refusal>,
    property: &Property,
    counters_work: bool,
) -> Finding {
    let what = format!("hotels of {label}");
    match listed {
        Ok(()) => Finding::new(&what, true, vec![property.hotel_names().join(", ")]),
        // Rights are given one by one, and this one can be done without.
        Err(refusal) => Finding::new(
            &what,
            counters_work
                && matches!(
                    refusal.reaction,
                    Reaction::Unauthorized | Reaction::Forbidden | Reaction::Gone
                ),
            vec![
                refusal.error.to_string(),
                "counters work without it, but have no hotel names and no time zones".to_owned(),
            ],
        ),
    }
}

fn counters(label: &str, counted: Option<Brought>, property: &Property) -> Finding {
    let what = format!("counters of {label}");
    let Some(brought) = counted else {
        let why = "`enterprises` names no hotel of this token".to_owned();
        return Finding::new(&what, true, vec![why]);
    };
    let mut by_type: BTreeMap<&str, usize> = BTreeMap::new();
    for counter in property.counters().values() {
        *by_type.entry(&counter.kind).or_default() += 1;
    }
    let mut details: Vec<String> = by_type
        .iter()
        .map(|(kind, count)| format!("{count} of type {kind}"))
        .collect();
    details.extend(fields(&brought.fields));
    if brought.rejected > 0 {
        details.push(format!("{} rows could not be used", brought.rejected));
    }
    details.extend(brought.note);
    let refusal = brought.refusal.map(|refusal| refusal.error.to_string());
    let ok = refusal.is_none();
    details.extend(refusal);
    if details.is_empty() {
        details.push("there are none".to_owned());
    }
    Finding::new(&what, ok, details)
}

/// Which fields of the first row are there, and which are not.
fn fields(fields: &[(&'static str, bool)]) -> Option<String> {
    let named = |there: bool| {
        let some = fields.iter().filter(|(_, is)| *is == there);
        some.map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    };
    let (there, missing) = (named(true), named(false));
    match (fields.is_empty(), missing.is_empty()) {
        (true, _) => None,
        (false, true) => Some(format!("fields: {there}")),
        (false, false) => Some(format!("fields: {there}; not there: {missing}")),
    }
}
