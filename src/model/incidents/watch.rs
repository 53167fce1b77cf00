//! The watch over a board: looks at what changed, finds the roots, and keeps the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::TimeDelta;

use super::cause::{About, Cause, Severity};
use super::event::{Acknowledged, Crossed, Event, Incident, What};
use super::feeds::{Feeds, Key};
use super::log::{Changes, Log, Root};
use super::objective::{Account, Freshness, window};
use super::places::Places;
use super::root::{Scope, cause_of, most, unreadable};
use crate::model::Timestamp;
use crate::model::board::{Board, SourceRow};
use crate::model::health::FetchState;

/// When a look comes so much later than it was due, the machine slept: nobody watched.
const PUNCTUAL: TimeDelta = TimeDelta::seconds(90);

/// People who crossed a closed door longer ago than this are no news.
const AFTER_HOURS_NEWS: TimeDelta = TimeDelta::hours(36);

/// Rows of a board that were made anew since the last look.
#[derive(Clone, Debug, Default)]
pub struct Fresh {
    /// Devices, by the position of their source and their id.
    pub devices: Vec<Key>,
    /// Positions of stores.
    pub stores: Vec<usize>,
}

/// Watches a board for trouble.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    feeds: Feeds,
    places: Places,
    log: Log,
    sources: Vec<Watched>,
    looked: Option<Timestamp>,
}

/// What is kept of one source.
#[derive(Clone, Debug, Default)]
struct Watched {
    row: Option<Arc<SourceRow>>,
    /// The roots of its silence, while it can be read.
    silent: Vec<Root>,
    account: Account,
    /// Open seconds of the objective's window, with the day and the number of feeds they hold for.
    open_s: f64,
    open_s_of: Option<(i64, usize)>,
    skewed: bool,
}

impl Watch {
    /// The log as an earlier run left it.
    pub fn restore(&mut self, events: impl IntoIterator<Item = Event>) {
        self.log.restore(events);
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// What a history has to do to have the same log.
    pub fn take_changes(&mut self) -> Changes {
        self.log.take_changes()
    }

    /// What could not be written is written the next time.
    pub fn put_back(&mut self, changes: &Changes) {
        self.log.put_back(changes);
    }

    /// The history has lost everything: it is written again.
    pub fn write_all(&mut self) {
        self.log.write_all();
    }

    /// Adds what has no duration, or has it already.
    pub fn add(&mut self, span: (Timestamp, Timestamp), what: What) {
        self.log.add(span, what);
    }

    /// Somebody has seen an incident, or takes that back. False when there is none of this number.
    pub fn acknowledge(&mut self, id: u64, by: Option<Acknowledged>) -> bool {
        self.log.acknowledge(id, by)
    }

    /// Takes the account that an earlier run left of the source at this position.
    pub fn recall(&mut self, source: usize, account: Account) {
        self.watched(source).account = account;
    }

    /// The account of the source at this position.
    #[must_use]
    pub fn account(&self, source: usize) -> Option<&Account> {
        Some(&self.sources.get(source)?.account)
    }

    /// How the source at this position does against its objective.
    #[must_use]
    pub fn freshness(&self, source: usize) -> Option<Freshness> {
        let watched = self.sources.get(source)?;
        watched.open_s_of?;
        Some(watched.account.freshness(watched.open_s, self.looked?))
    }

    /// The first instant at which a look may find something that the clock alone has changed.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        let both = [self.feeds.until(), self.places.until()];
        both.into_iter().flatten().min()
    }

    /// Looks at a board, of which these rows were made anew since the last look.
    pub fn look(&mut self, board: &Board, fresh: &Fresh, now: Timestamp) {
        self.spend(now);
        self.feeds.take(board, &fresh.devices, now);
        self.feeds.renew(board, now);
        self.places.take(board, &fresh.stores, now);
        self.places.renew(board, now);
        self.note_resets(board, &fresh.stores, now);
        self.note_after_hours(board, &fresh.stores, now);
        let moved = self.take_sources(board, now);
        let stirred = self.feeds.take_stirred();
        for source in &stirred {
            self.listen(board, *source, now);
        }
        if self.places.take_stirred() || moved || !stirred.is_empty() {
            self.follow(board, now);
        }
        self.measure_windows(now);
        self.looked = Some(now);
    }

    /// Books the time since the last look, in which nothing has changed.
    fn spend(&mut self, now: Timestamp) {
        let Some(from) = self.looked else { return };
        let to = (self.until()).map_or(now, |until| now.min(until.max(from) + PUNCTUAL));
        for (at, watched) in self.sources.iter_mut().enumerate() {
            let observed = watched.row.as_ref().is_some_and(|row| is_observed(row));
            if let (true, Ok(source)) = (observed, u16::try_from(at)) {
                let tally = self.feeds.tally(source);
                watched
                    .account
                    .spend((from, to), tally.watched, tally.behind);
            }
        }
    }

    /// Takes the rows of the sources; true when fetching from one of them goes otherwise than
    /// before.
    fn take_sources(&mut self, board: &Board, now: Timestamp) -> bool {
        let mut moved = false;
        for (at, row) in board.sources.iter().enumerate() {
            let watched = self.watched(at);
            let known = watched.row.replace(row.clone());
            if known.as_ref().is_some_and(|known| Arc::ptr_eq(known, row)) {
                continue;
            }
            let standing = |row: &SourceRow| {
                let flapping = row.flapping().is_some();
                (row.fetch, row.confirmed, row.error.clone(), flapping)
            };
            moved |= known.is_none_or(|known| standing(&known) != standing(row));
            let skewed = row.notable_skew_s();
            let was_skewed = std::mem::replace(&mut watched.skewed, skewed.is_some());
            if let Some(skew_s) = skewed.filter(|_| !was_skewed) {
                let source = row.name.clone();
                self.log.add((now, now), What::Skew { source, skew_s });
            }
        }
        moved
    }

    /// Looks for the roots of a source's silence anew.
    fn listen(&mut self, board: &Board, source: u16, now: Timestamp) {
        let Some(row) = board.sources.get(usize::from(source)) else {
            return;
        };
        let open = self.log.open().map(|(_, incident)| incident);
        let most = most(open, &row.name);
        let roots = self.feeds.roots(board, source, (most, now));
        self.watched(usize::from(source)).silent = roots;
    }

    /// Brings the log up to date with all roots there are.
    fn follow(&mut self, board: &Board, now: Timestamp) {
        let rows: Vec<&SourceRow> = board.sources.iter().map(|row| &**row).collect();
        let mut roots: Vec<Root> = Vec::new();
        for root in unreadable(&rows) {
            roots.extend(self.fetch_root(board, &rows, &root, now));
        }
        for (row, watched) in rows.iter().zip(&self.sources) {
            if row.is_readable() {
                roots.extend(flapping(row, now));
                roots.extend(watched.silent.iter().cloned());
            }
        }
        roots.extend(self.places.roots().cloned());
        let roots = united(roots);
        let held = |incident: &Incident| {
            let mut sources = rows
                .iter()
                .filter(|row| incident.sources.contains(&row.name));
            sources.any(|row| is_unheard(row))
        };
        self.log.follow(&roots, held, now);
    }

    fn fetch_root(
        &self,
        board: &Board,
        rows: &[&SourceRow],
        found: &super::root::FetchRoot,
        now: Timestamp,
    ) -> Option<Root> {
        let suffering = self.feeds.missing(board, &found.sources);
        // Waiting because we asked often is no trouble before a number suffers from it.
        if found.cause == Cause::RequestRate && suffering.count == 0 {
            return None;
        }
        let mut severity = suffering.severity();
        if found.cause == Cause::Credentials {
            severity = Severity::Critical;
        }
        let first = rows.get(*found.sources.first()?)?;
        let since = found.sources.iter().map(|at| {
            let row = rows[*at];
            row.failing_since().or(row.last_attempt).unwrap_or(now)
        });
        Some(Root {
            cause: found.cause,
            about: match found.scope {
                Scope::Everything => About::Everything,
                Scope::Vendor => About::Vendor(first.vendor.clone()),
                Scope::Source => About::Source(first.name.clone()),
            },
            severity,
            since: match found.scope {
                // The last one that was reached is how far the link is known to have worked.
                Scope::Everything => since.max(),
                Scope::Vendor | Scope::Source => since.min(),
            }
            .unwrap_or(now),
            sources: found
                .sources
                .iter()
                .map(|at| rows[*at].name.clone())
                .collect(),
            feeds: suffering.feeds,
            count: suffering.count,
            detail: (first.error.as_ref()).map_or_else(String::new, ToString::to_string),
        })
    }

    fn note_resets(&mut self, board: &Board, stores: &[usize], now: Timestamp) {
        for (at, news) in self.places.resets(board, stores, now) {
            let known = self
                .log
                .newest(|event| event.start == at && matches!(event.what, What::Reset(_)));
            match known.map(|event| event.id) {
                None => {
                    self.log.add((at, at), What::Reset(news));
                }
                Some(id) => self.log.rewrite(id, |event| {
                    if let What::Reset(known) = &mut event.what {
                        let is_new = |reset: &super::event::StoreReset| {
                            known.iter().all(|known| known.store != reset.store)
                        };
                        let news: Vec<_> = news.into_iter().filter(is_new).collect();
                        known.extend(news);
                    }
                }),
            }
        }
    }

    /// One note for each store and stretch in which it was closed, which grows while people come.
    fn note_after_hours(&mut self, board: &Board, stores: &[usize], now: Timestamp) {
        for row in stores.iter().filter_map(|place| board.stores.get(*place)) {
            let Some(seen) = row.evidence.after_hours else {
                continue;
            };
            let crossed = Crossed {
                store: row.store.name.clone(),
                entered: seen.entered,
                left: seen.left,
                closed: seen.since,
            };
            let span = (seen.first, seen.last.1);
            let same = |event: &Event| match &event.what {
                What::AfterHours(known) => {
                    known.store == crossed.store && known.closed == crossed.closed
                }
                _ => false,
            };
            match self.log.newest(same).map(|event| event.id) {
                Some(id) => self.log.rewrite(id, |event| {
                    event.start = span.0;
                    event.end = Some(span.1);
                    event.what = What::AfterHours(crossed);
                }),
                None if span.1 >= now - AFTER_HOURS_NEWS => {
                    self.log.add(span, What::AfterHours(crossed));
                }
                None => {}
            }
        }
    }

    /// How long each source's window is, once a day and when it has got feeds.
    fn measure_windows(&mut self, now: Timestamp) {
        let day = now.timestamp().div_euclid(86_400);
        for (at, watched) in self.sources.iter_mut().enumerate() {
            let Ok(source) = u16::try_from(at) else {
                continue;
            };
            // A feed more is another row, and another row is another number of devices.
            let devices = watched.row.as_ref().map_or(0, |row| row.devices);
            if devices > 0 && watched.open_s_of != Some((day, devices)) {
                watched.open_s = self.feeds.open_seconds(source, window(now));
                watched.open_s_of = Some((day, devices));
            }
        }
    }

    fn watched(&mut self, source: usize) -> &mut Watched {
        if self.sources.len() <= source {
            self.sources.resize_with(source + 1, Watched::default);
        }
        &mut self.sources[source]
    }
}

/// Whether a source was asked and could have answered: what our own link or a start withheld is
/// nobody's lateness.
fn is_observed(row: &SourceRow) -> bool {
    let unobserved = matches!(
        row.fetch,
        FetchState::Never | FetchState::Offline | FetchState::Paused
    );
    row.confirmed && !unobserved
}

/// Whether nothing has been heard of a source since the program started that would say how it is.
fn is_unheard(row: &SourceRow) -> bool {
    match row.fetch {
        FetchState::Never => true,
        FetchState::Retrying => !row.confirmed,
        _ => false,
    }
}

/// A source that comes and goes is one root as long as it does, also while it works.
fn flapping(row: &SourceRow, now: Timestamp) -> Option<Root> {
    row.flapping()?;
    let mut failed = row.beats.iter().rev().filter(|beat| beat.failure.is_some());
    let cause = cause_of(failed.next()?.failure);
    // To be told to wait now and then is no trouble.
    (cause != Cause::RequestRate).then(|| Root {
        cause,
        about: About::Source(row.name.clone()),
        severity: Severity::Warning,
        since: row.last_attempt.unwrap_or(now),
        sources: vec![row.name.clone()],
        feeds: Vec::new(),
        count: 0,
        detail: "comes and goes".to_owned(),
    })
}

/// One root for each cause and subject: a store may have counters of several sources.
fn united(roots: Vec<Root>) -> Vec<Root> {
    let mut known: BTreeMap<(Cause, About), Root> = BTreeMap::new();
    for root in roots {
        let key = (root.cause, root.about.clone());
        match known.get_mut(&key) {
            None => {
                known.insert(key, root);
            }
            Some(known) => {
                known.severity = known.severity.max(root.severity);
                known.since = known.since.min(root.since);
                known.count += root.count;
                known.feeds.extend(root.feeds);
                known.sources.extend(root.sources);
            }
        }
    }
    known.into_values().collect()
}
