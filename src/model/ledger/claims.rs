//! What the configuration names and an account does not have.

use std::collections::HashSet;

use super::plan::Plan;
use crate::model::attempt::{ErrorKind, SourceError};
use crate::model::device::{DeviceId, Facts};
use crate::model::store::Member;

/// The error for a configured device that the account does not have.
pub(super) fn missing_member(
    plan: &Plan,
    source: &str,
    roster: &[(DeviceId, Facts)],
) -> Option<SourceError> {
    let known: HashSet<_> = roster.iter().map(|(id, _)| id).collect();
    let (store, id) = claimed(plan, source).find(|(_, id)| !known.contains(id))?;
    Some(SourceError::new(
        ErrorKind::Config,
        format!(
            "store \"{store}\" names {id}, which this account does not have; \
             correct `members` in the configuration"
        ),
    ))
}

/// The devices of a source that stores name, each with the store's name.
pub(super) fn claimed<'a>(
    plan: &'a Plan,
    source: &'a str,
) -> impl Iterator<Item = (&'a str, &'a DeviceId)> {
    plan.stores.iter().flat_map(move |store| {
        let members = store.members.iter();
        members.filter_map(move |member| match member {
            Member::Device(id) if id.source() == source => Some((&*store.name, id)),
            _ => None,
        })
    })
}
