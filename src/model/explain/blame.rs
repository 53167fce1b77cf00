//! Whose fault it is, looked for from the far end to the near one: our link, our account, the
//! vendor's API, the vendor's pipeline, the store's link, the sensor.

use std::collections::BTreeSet;

use super::wall::Wall;
use super::{Guide, sentence, wall};
use crate::model::attempt::{ErrorKind, SourceError};
use crate::model::board::{SourceRow, StoreRow};
use crate::model::device::{DeviceId, Kind};
use crate::model::health::{DataState, FetchState};
use crate::model::incidents::root::{Part, most, silence};

/// Who is explained.
#[derive(Clone, Copy)]
pub(super) enum Who<'a> {
    Source,
    Store(&'a StoreRow),
    Device(&'a DeviceId),
}

/// The overdue feeds of a source.
#[derive(Clone, Debug)]
pub(super) struct Overdue {
    late: usize,
    all: usize,
    /// Those for which the vendor is to blame.
    pipeline: BTreeSet<DeviceId>,
}

impl Guide<'_> {
    /// Whose fault it is that data is missing although calls succeed; `None` while it is not known
    /// whether they do.
    pub(super) fn overdue_feed(&self, source: &SourceRow, who: Who<'_>) -> Option<String> {
        source.is_readable().then(|| self.at_fault(source, who))
    }

    fn at_fault(&self, source: &SourceRow, who: Who<'_>) -> String {
        let (late, all) = self.overdue_of(source);
        let name = &source.name;
        let is_vendors = self.overdue(source).is_some_and(|overdue| match who {
            Who::Source => !overdue.pipeline.is_empty(),
            Who::Store(store) => store.members.iter().any(|id| overdue.pipeline.contains(id)),
            Who::Device(id) => overdue.pipeline.contains(id),
        });
        let found = if all <= 1 {
            ", so it is the vendor's pipeline or the device".to_owned()
        } else if is_vendors && late == 1 {
            " and no other device has brought news since, so it is the vendor's pipeline or the device"
                .to_owned()
        } else if is_vendors {
            format!(
                " and {late} of {all} devices of {name} are overdue, so it is the vendor's pipeline"
            )
        } else {
            match who {
                Who::Source => " and most of its devices are on time, so look at those named \
                                under feeds"
                    .to_owned(),
                Who::Store(store) if self.all_overdue(store) => format!(
                    " and most other devices of {name} are on time, so look at the link or hub of \
                     this store"
                ),
                Who::Store(_) => " and most other devices are on time, so look at the sensor that \
                                  is behind"
                    .to_owned(),
                Who::Device(_) => {
                    " and most other devices are on time, so look at this one".to_owned()
                }
            }
        };
        sentence(&format!("{}{found}", source.calls_in_words()))
    }

    /// How many feeds of a source are overdue, of how many that could be.
    pub(super) fn overdue_of(&self, source: &SourceRow) -> (usize, usize) {
        (self.overdue(source)).map_or((0, 0), |overdue| (overdue.late, overdue.all))
    }

    fn overdue(&self, source: &SourceRow) -> Option<&Overdue> {
        let rows = &self.board.sources;
        let position = rows.iter().position(|row| row.name == source.name)?;
        let known = self.overdue.get(position)?;
        Some(known.get_or_init(|| self.find_overdue(source)))
    }

    fn find_overdue(&self, source: &SourceRow) -> Overdue {
        let rows = self.board.devices_of(&source.name);
        let feeds = rows.filter_map(|row| {
            let part = Part::of(row, row.data_state(self.now), self.now)?;
            Some((&row.id, part))
        });
        let (ids, parts): (Vec<_>, Vec<_>) = feeds.unzip();
        let most = most(self.board.open_incidents(), &source.name);
        let pipeline = silence(&parts, most).pipeline.into_iter();
        Overdue {
            late: parts.iter().filter(|part| part.overdue.is_some()).count(),
            all: parts.len(),
            pipeline: pipeline.map(|at| ids[at].clone()).collect(),
        }
    }

    fn all_overdue(&self, store: &StoreRow) -> bool {
        let rows = store.members.iter().filter_map(|id| self.board.device(id));
        rows.filter(|row| row.kind() == Kind::PeopleCounter)
            .all(|row| is_overdue(row.data_state(self.now)))
    }

    /// The sources of these names, each once.
    pub(super) fn sources_named(&self, names: &[&str]) -> Vec<&SourceRow> {
        let mut rows: Vec<&SourceRow> = Vec::new();
        for name in names {
            if rows.iter().all(|row| *row.name != **name) {
                rows.extend(self.source_of(name));
            }
        }
        rows
    }
}

/// Why fetching fails, and whose doing that is; `None` while it works or was never tried.
pub(super) fn fetch_trouble(row: &SourceRow, wall: &Wall) -> Option<String> {
    let name = &row.name;
    let vendor = &row.vendor;
    let said = match row.fetch {
        FetchState::Never | FetchState::Ok | FetchState::Paused => return None,
        FetchState::Offline => {
            "Our own link is down: no vendor can be reached from here.".to_owned()
        }
        FetchState::Auth => format!(
            "Our credentials are to blame: {vendor} refuses those of {name}, so nothing new \
             can come until they are changed."
        ),
        FetchState::Throttled => {
            let until = (row.error.as_ref()).and_then(|error| error.retry_at);
            let until = until.max(row.next_poll).map_or_else(
                || "before it may be asked again".to_owned(),
                |at| format!("until {}", wall.at(at)),
            );
            format!("Our request rate is to blame: {name} has to wait {until}.")
        }
        FetchState::Schema => format!(
            "The answers of {vendor} to {name} are not of the form we know, so nothing of \
             them is used."
        ),
        FetchState::Misconfigured => format!(
            "Our configuration of {name} is to blame; {vendor} is not asked until it is \
             changed."
        ),
        FetchState::Retrying => format!(
            "The last call to {name} failed ({}); it is tried again soon.",
            place(row.error.as_ref())
        ),
        FetchState::Backoff => format!(
            "Calls to {name} keep failing ({}); it is tried again at growing distances.",
            place(row.error.as_ref())
        ),
    };
    Some(said)
}

/// Whether data is missing beyond the usual delay.
pub(super) fn is_overdue(state: DataState) -> bool {
    matches!(state, DataState::Late | DataState::Stale | DataState::Dead)
}

/// Where a failing call was lost.
fn place(error: Option<&SourceError>) -> String {
    let Some(error) = error else {
        return "for a reason that is not known".to_owned();
    };
    match (error.kind, error.status) {
        (ErrorKind::Http, Some(status)) => format!("the vendor's API answers {status}"),
        (ErrorKind::Timeout, _) => "the vendor's API does not answer in time".to_owned(),
        (ErrorKind::Network, _) => "the way to the vendor is broken".to_owned(),
        _ => "the vendor's API says no".to_owned(),
    }
}

/// So many of so many, where not all are: ` (3 of 4)`.
pub(super) fn of_all(some: usize, all: usize, what: &str) -> String {
    if some == all {
        wall::count(all as u64, what)
    } else {
        format!("{some} of {}", wall::count(all as u64, what))
    }
}
