//! What is known about the trackers of an account between polls.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use chrono_tz::Tz;

use crate::model::Timestamp;
use crate::model::device::{Detail, DeviceId, Facts};

use super::decode::{Asked, Listed, State, States};

/// The trackers of the account, or those that the configuration names.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    /// Trackers to watch; empty means all.
    wanted: BTreeSet<i64>,
    members: BTreeMap<i64, Member>,
    list_read: Option<Timestamp>,
    /// A tracker came or went since the list was read.
    list_outdated: bool,
    /// Trackers that have states although no list names them.
    unlisted: BTreeSet<i64>,
    seats: BTreeMap<i64, u32>,
    recalled: bool,
}

#[derive(Debug, Default)]
struct Member {
    listed: Option<Listed>,
    state: State,
    blocked: bool,
}

/// How long the list of trackers is good for.
const LIST_AGE: TimeDelta = TimeDelta::minutes(10);

impl Fleet {
    /// A fleet of which nothing is known yet.
    pub(super) fn new(wanted: &[i64]) -> Self {
        Self {
            wanted: wanted.iter().copied().collect(),
            ..Self::default()
        }
    }

    /// Fills in what history knows, so that a tracker that is blocked now keeps its last claims.
    pub(super) fn recall(&mut self, known: &[(DeviceId, Facts)]) {
        if std::mem::replace(&mut self.recalled, true) {
            return;
        }
        for (id, facts) in known {
            let Ok(id) = id.local().parse() else { continue };
            let Detail::Tracker {
                connection,
                movement,
                ignition,
                blocked,
                seats,
                clone,
                last_update,
            } = &facts.detail
            else {
                continue;
            };
            if !self.is_wanted(id) {
                continue;
            }
            let member = self.members.entry(id).or_default();
            member.blocked = *blocked;
            member.listed = Some(Listed {
                id,
                label: Some(facts.name.clone()),
                clone: *clone,
                blocked: *blocked,
            });
            member.state = State {
                connection: connection.clone(),
                movement: movement.clone(),
                ignition: *ignition,
                last_update: *last_update,
            };
            if let Some(seats) = seats {
                self.seats.insert(id, *seats);
            }
        }
    }

    /// Whether the list of trackers should be read again.
    pub(super) fn list_due(&self, now: Timestamp) -> bool {
        self.list_outdated || self.list_read.is_none_or(|read| now - read >= LIST_AGE)
    }

    /// Whether the list has been read since the program started.
    pub(super) fn is_listed(&self) -> bool {
        self.list_read.is_some()
    }

    /// Takes over a fresh list. Trackers that are no longer in it are forgotten; what the others
    /// said last is kept.
    pub(super) fn take_list(&mut self, trackers: Vec<Listed>, now: Timestamp) {
        let mut before = std::mem::take(&mut self.members);
        for listed in trackers {
            if !self.is_wanted(listed.id) {
                continue;
            }
            let mut member = before.remove(&listed.id).unwrap_or_default();
            member.blocked = listed.blocked;
            self.members.insert(
                listed.id,
                Member {
                    listed: Some(listed),
                    ..member
                },
            );
        }
        let left = before
            .into_iter()
            .filter(|(_, member)| member.listed.is_none());
        self.unlisted = left.map(|(id, _)| id).collect();
        self.list_read = Some(now);
        self.list_outdated = false;
    }

    /// Takes over what the trackers say. Trackers that only the states know are watched too, and
    /// make the list be read again once.
    pub(super) fn take_states(&mut self, states: States) {
        for (id, state) in states.by_tracker {
            if !self.is_wanted(id) {
                continue;
            }
            let known = self.members.contains_key(&id) || self.unlisted.contains(&id);
            let member = self.members.entry(id).or_default();
            member.state = state;
            self.list_outdated |= !known;
        }
        for (id, member) in &mut self.members {
            let listed = member.listed.as_ref().is_some_and(|listed| listed.blocked);
            member.blocked = listed || states.blocked.contains(id);
        }
        let members = &self.members;
        self.list_outdated |= states.missing.iter().any(|id| {
            members
                .get(id)
                .is_some_and(|member| member.listed.is_some())
        });
    }

    /// Takes over the seats of vehicles.
    pub(super) fn take_seats(&mut self, seats: BTreeMap<i64, u32>) {
        self.seats = seats;
    }

    /// The ids to ask states of, when the server wants ids.
    pub(super) fn ids(&self) -> Vec<i64> {
        self.members.keys().copied().collect()
    }

    /// The trackers whose values can be read, with the instant each was last heard of. A blocked
    /// one would fail the whole call.
    pub(super) fn readable(&self) -> Asked {
        let open = self.members.iter().filter(|(_, member)| !member.blocked);
        open.map(|(id, member)| (*id, member.state.last_update))
            .collect()
    }

    /// Whether the configuration names trackers.
    pub(super) fn is_filtered(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// Trackers that the configuration names and the account does not have.
    pub(super) fn strangers(&self) -> Vec<i64> {
        let strangers = self
            .wanted
            .iter()
            .filter(|id| !self.members.contains_key(id));
        strangers.copied().collect()
    }

    /// Number of trackers.
    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    /// The trackers as the vendor describes them now.
    pub(super) fn facts(&self, source: &str, timezone: Option<Tz>) -> Vec<(DeviceId, Facts)> {
        let facts = |(id, member): (&i64, &Member)| {
            let listed = member.listed.as_ref();
            let label = listed.and_then(|listed| listed.label.clone());
            let state = member.state.clone();
            let facts = Facts {
                name: label.unwrap_or_else(|| id.to_string()),
                timezone,
                detail: Detail::Tracker {
                    connection: state.connection,
                    movement: state.movement,
                    ignition: state.ignition,
                    blocked: member.blocked,
                    seats: self.seats.get(id).copied(),
                    clone: listed.is_some_and(|listed| listed.clone),
                    last_update: state.last_update,
                },
            };
            (DeviceId::new(source, id), facts)
        };
        self.members.iter().map(facts).collect()
    }

    fn is_wanted(&self, id: i64) -> bool {
        self.wanted.is_empty() || self.wanted.contains(&id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    fn listed(id: i64, blocked: bool) -> Listed {
        Listed {
            id,
            label: Some(format!("Bus {id}")),
            clone: false,
            blocked,
        }
    }

    fn states(ids: &[i64], blocked: &[i64]) -> States {
        let state = State {
            connection: Some("active".into()),
            last_update: Some(at(1)),
            ..State::default()
        };
        States {
            by_tracker: ids.iter().map(|id| (*id, state.clone())).collect(),
            blocked: blocked.iter().copied().collect(),
            ..States::default()
        }
    }

    fn shown(fleet: &Fleet) -> Vec<(String, bool, Option<String>)> {
        let facts = fleet.facts("fleet", None).into_iter();
        facts
            .map(|(id, facts)| match facts.detail {
                Detail::Tracker {
                    blocked,
                    connection,
                    ..
                } => (id.to_string(), blocked, connection),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn the_list_is_read_at_start_and_every_ten_minutes() {
        let mut fleet = Fleet::new(&[]);
        assert!(fleet.list_due(at(0)));
        fleet.take_list(vec![listed(1, false)], at(0));
        assert!(!fleet.list_due(at(9)));
        assert!(fleet.list_due(at(10)));
    }

    #[test]
    fn a_tracker_that_only_the_states_know_is_shown_and_makes_the_list_be_read_once() {
        let mut fleet = Fleet::new(&[]);
        fleet.take_list(vec![listed(1, false)], at(0));
        fleet.take_states(states(&[1, 2], &[]));
        assert!(fleet.list_due(at(1)));
        assert_eq!(fleet.len(), 2);
        fleet.take_list(vec![listed(1, false), listed(2, false)], at(1));
        fleet.take_states(states(&[1, 2], &[]));
        assert!(!fleet.list_due(at(2)));
    }

    #[test]
    fn a_tracker_that_no_list_names_does_not_make_it_be_read_again_and_again() {
        let mut fleet = Fleet::new(&[]);
        fleet.take_list(vec![listed(1, false)], at(0));
        fleet.take_states(states(&[1, 2], &[]));
        fleet.take_list(vec![listed(1, false)], at(1));
        for _ in 0..3 {
            fleet.take_states(states(&[1, 2], &[]));
            assert!(!fleet.list_due(at(2)));
        }
        assert_eq!(fleet.ids(), [1, 2]);
    }

    #[test]
    fn a_blocked_tracker_stays_with_its_last_claims_and_is_not_asked() {
        let mut fleet = Fleet::new(&[]);
        fleet.take_list(
            vec![listed(1, false), listed(2, false), listed(3, true)],
            at(0),
        );
        fleet.take_states(states(&[1, 2], &[]));
        fleet.take_states(states(&[1], &[2]));
        let active = || Some("active".to_owned());
        assert_eq!(
            shown(&fleet),
            [
                ("fleet/1".to_owned(), false, active()),
                ("fleet/2".to_owned(), true, active()),
                ("fleet/3".to_owned(), true, None)
            ]
        );
        assert_eq!(fleet.readable().into_keys().collect::<Vec<_>>(), [1]);
        // The tariff is paid again.
        fleet.take_states(states(&[1, 2], &[]));
        assert_eq!(fleet.readable().into_keys().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn history_lends_a_blocked_tracker_its_last_claims_after_a_restart() {
        let mut before = Fleet::new(&[]);
        before.take_list(vec![listed(2, false)], at(0));
        before.take_states(states(&[2], &[]));
        before.take_seats(BTreeMap::from([(2, 30)]));
        let mut fleet = Fleet::new(&[]);
        fleet.recall(&before.facts("fleet", None));
        fleet.take_list(vec![listed(2, true)], at(0));
        let (_, facts) = fleet.facts("fleet", None).remove(0);
        let Detail::Tracker {
            connection,
            blocked,
            seats,
            ..
        } = facts.detail
        else {
            panic!("not a tracker");
        };
        assert_eq!(
            (connection.as_deref(), blocked, seats),
            (Some("active"), true, Some(30))
        );
    }

    #[test]
    fn only_the_trackers_that_the_configuration_names_are_watched() {
        let mut fleet = Fleet::new(&[2, 9]);
        fleet.take_list(vec![listed(1, false), listed(2, false)], at(0));
        fleet.take_states(states(&[1, 2, 3], &[]));
        assert_eq!(fleet.ids(), [2]);
        assert_eq!(fleet.strangers(), [9]);
        assert!(!fleet.list_due(at(1)));
    }

    #[test]
    fn a_tracker_that_left_the_account_is_forgotten() {
        let mut fleet = Fleet::new(&[]);
        fleet.take_list(vec![listed(1, false), listed(2, false)], at(0));
        fleet.take_states(States {
            missing: BTreeSet::from([2]),
            ..states(&[1], &[])
        });
        assert!(fleet.list_due(at(1)), "the list is read again at once");
        fleet.take_list(vec![listed(1, false)], at(1));
        assert_eq!(fleet.ids(), [1]);
    }
}
