//! The calls of every poll: the current day, and once a day the lists of names.

use chrono::NaiveDate;

use crate::model::attempt::{ErrorKind, SourceError};

use super::Viametrics;
use super::days::Days;
use super::haul::Haul;
use super::wire::Rows;

/// What asking for days brought, which may be less than all counters.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    pub rows: Rows,
    /// Calls that were answered.
    pub answered: usize,
    /// Counters that were not read, and why, as far as asking the others went on.
    pub refused: Vec<String>,
    /// Why the rest was not asked for.
    pub error: Option<SourceError>,
}

impl Viametrics {
    /// Reads today.
    ///
    /// # Errors
    /// When nothing of it could be read.
    pub(super) async fn read_today(
        &mut self,
        today: NaiveDate,
        haul: &mut Haul,
    ) -> Result<(), SourceError> {
        if self.singly && self.counters.ids().is_empty() {
            self.refresh_lists(today, haul).await;
        }
        let days = Days::only(today);
        let mut fetched = self.fetch(days).await;
        if fetched.rows.has_nameless() && self.counters.ids().is_empty() {
            // Whose rows they are shows once it is known how many counters there are.
            self.refresh_lists(today, haul).await;
            self.singly = self.counters.ids().len() > 1;
            if self.singly {
                fetched = self.fetch(days).await;
            }
        }
        match fetched.error {
            Some(error) if fetched.answered == 0 => return Err(error),
            Some(error) if is_own_ceiling(&error) => {
                let all = self.counters.ids().len();
                haul.notes.push(format!(
                    "read {} of {all} counters; more would exceed our own ceiling of requests, \
                     the next poll goes on from there: make `period` longer",
                    fetched.answered
                ));
                haul.holes = true;
                haul.spent = true;
            }
            Some(error) => {
                haul.holes = true;
                haul.fail(error);
            }
            None => {}
        }
        haul.holes |= !fetched.refused.is_empty();
        haul.notes.extend(fetched.refused);
        haul.replies.push(days, fetched.rows);
        Ok(())
    }

    /// Rows of these days, in one call for all counters or in one for each.
    pub(super) async fn fetch(&mut self, days: Days) -> Fetched {
        if !self.singly || self.counters.ids().is_empty() {
            match self.client.intervals(days, None).await {
                // Rows without an id are of no use where there are several counters.
                Ok(rows) if rows.has_nameless() && self.counters.ids().len() > 1 => {
                    self.singly = true;
                }
                Ok(rows) => {
                    return Fetched {
                        rows,
                        answered: 1,
                        ..Fetched::default()
                    };
                }
                Err(error) => {
                    return Fetched {
                        error: Some(error),
                        ..Fetched::default()
                    };
                }
            }
        }
        self.fetch_singly(days).await
    }

    /// Asks for counter after counter. Where the hour does not allow all of them, the next poll
    /// begins with the first that was left out.
    async fn fetch_singly(&mut self, days: Days) -> Fetched {
        let mut ids = self.counters.ids();
        let first = self.turn % ids.len().max(1);
        ids.rotate_left(first);
        let mut fetched = Fetched::default();
        let mut refusal = None;
        for (place, id) in ids.iter().enumerate() {
            match self.client.intervals(days, Some(id)).await {
                Ok(mut rows) => {
                    rows.name(id);
                    fetched.rows.append(rows);
                    fetched.answered += 1;
                }
                Err(error) if is_refusal(&error) => {
                    fetched.refused.push(format!("counter {id}: {error}"));
                    refusal.get_or_insert(error);
                }
                Err(error) => {
                    self.turn = first + place;
                    fetched.error = Some(error);
                    return fetched;
                }
            }
        }
        // What is wrong with every counter is no matter of a counter.
        fetched.error = refusal.filter(|_| fetched.answered == 0);
        fetched
    }

    /// Reads the lists of counters and groups once a day. Rows suffice without them, so a failure
    /// is only noted.
    pub(super) async fn refresh_lists(&mut self, today: NaiveDate, haul: &mut Haul) {
        if self.listed_on == Some(today) || haul.is_stopped() {
            return;
        }
        let mut lasting = true;
        match self.client.counters().await {
            Ok(counters) => self.counters.list(counters),
            Err(error) => lasting &= missing_names("counters", error, haul),
        }
        if !haul.is_stopped() {
            match self.client.groups().await {
                Ok(groups) => self.counters.group(groups),
                Err(error) => lasting &= missing_names("groups", error, haul),
            }
        }
        if lasting {
            self.listed_on = Some(today);
        }
    }
}

/// Notes that a list is missing. Tells whether it will be the same in an hour: what a status or a
/// form says will, a broken line will not.
fn missing_names(list: &str, error: SourceError, haul: &mut Haul) -> bool {
    haul.notes.push(format!(
        "names from the list of {list} are missing: {error}; see endpoints.{list}"
    ));
    let lasting = matches!(error.kind, ErrorKind::Schema | ErrorKind::Auth) || is_refusal(&error);
    if error.kind == ErrorKind::RateLimited {
        haul.fail(error);
    }
    lasting
}

/// A status that says no to this very call.
pub(super) fn is_refusal(error: &SourceError) -> bool {
    let client_error = |status: u16| (400..500).contains(&status);
    error.kind == ErrorKind::Http && error.status.is_some_and(client_error)
}

fn is_own_ceiling(error: &SourceError) -> bool {
    error.kind == ErrorKind::RateLimited && error.status.is_none()
}
