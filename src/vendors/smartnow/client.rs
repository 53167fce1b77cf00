//! Makes the calls and reads the answers, with the traps that all lists of this vendor share.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::decode::{self, Event, Listed, Page};
use super::login::User;
use super::request::{self, Dialect, Filter};
use super::settings::Settings;
use super::wire::Message;
use crate::config::endpoint::Endpoint;
use crate::model::Timestamp;
use crate::model::attempt::{ErrorKind, SourceError};
use crate::vendors::transport::session::Session;
use crate::vendors::transport::{Reply, Request, Transport, plain};

/// One account on one server.
pub(super) struct Client {
    transport: Transport,
    session: Session<User>,
    /// Rows a page.
    page_size: usize,
    /// How filters may be written, what worked last first.
    ways: Vec<Dialect>,
}

/// A part of a growing table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    /// Rows with a greater id.
    pub after: i64,
    /// Rows that the server learned of in this time only, `[from, to)`.
    pub created: Option<(Timestamp, Option<Timestamp>)>,
}

/// More rows than any list has; a server that pages in circles must not hold us for ever.
const MOST_ROWS: usize = 10_000;

impl Client {
    /// A client for the account.
    ///
    /// # Errors
    /// `config` when the password cannot be resolved.
    pub(super) fn new(transport: Transport, settings: &Settings) -> Result<Self, SourceError> {
        Ok(Self {
            transport,
            session: Session::new(User::new(settings)?),
            page_size: settings.page_size,
            ways: Dialect::open(settings.filter_style, settings.greater_than),
        })
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Rows a page.
    pub(super) fn page_size(&self) -> usize {
        self.page_size
    }

    /// How filters are written, as far as is known.
    fn way(&self) -> Dialect {
        self.ways.first().copied().unwrap_or_default()
    }

    /// Starts a poll: one renewal is allowed again.
    pub(super) fn begin(&mut self) {
        self.session.begin();
    }

    /// Logs in unless there is a token that can be used.
    pub(super) async fn ready(&mut self) -> Result<(), SourceError> {
        self.session.ready(&self.transport).await
    }

    /// Reads the user who is logged in. That the server refuses this, even with 401, says nothing
    /// of the token.
    pub(super) async fn own_user(&mut self) -> Result<Reply, SourceError> {
        self.session.begin_without_renewal();
        let reply = self.get("own user", request::own_user()).await;
        self.session.begin();
        reply
    }

    /// Sends a request and gives the answer if it is a success. Errors begin with the name of the
    /// call.
    pub(super) async fn get(&mut self, name: &str, request: Request) -> Result<Reply, SourceError> {
        let reply = self.session.send(&self.transport, request).await;
        let reply = reply.map_err(|error| named(name, error))?;
        if reply.is_success() {
            Ok(reply)
        } else {
            Err(named(name, error(&self.transport, &reply)))
        }
    }

    /// Reads a list in the answer to a request for so many rows.
    fn rows<T: Listed>(reply: &Reply, limit: usize) -> Result<Page<T>, SourceError> {
        decode::page(reply, limit).map_err(|error| named(T::NAME, error))
    }

    /// Reads a whole list by position.
    pub(super) async fn list<T: Listed>(
        &mut self,
        endpoint: &Endpoint,
    ) -> Result<Page<T>, SourceError> {
        let mut whole = Page {
            rows: Vec::new(),
            ids: Vec::new(),
            len: 0,
            asked: self.page_size,
        };
        let mut known = BTreeSet::new();
        for _ in 0..MOST_ROWS.div_ceil(self.page_size) {
            let limit = self.page_size;
            let request = request::skipping(endpoint, whole.len, limit);
            let page: Page<T> = Self::rows(&self.get(T::NAME, request).await?, limit)?;
            let cut = page.is_cut();
            // A server that ignores `skip` sends the same page again.
            let news = page.ids.iter().filter(|id| known.insert(**id)).count();
            if page.len > 0 && news == 0 {
                break;
            }
            whole.len += page.len;
            whole.ids.extend(page.ids);
            whole.rows.extend(page.rows);
            if !cut {
                break;
            }
        }
        Ok(whole)
    }

    /// Reads a page of a growing table in the order of ids.
    ///
    /// # Errors
    /// `config` when the server does not keep to the filter however it is written: the page then starts
    /// with rows from years ago, and paging on would read the whole table.
    pub(super) async fn page<T: Listed>(
        &mut self,
        endpoint: &Endpoint,
        part: Part,
    ) -> Result<Page<T>, SourceError> {
        let mut refusal = None;
        for way in 0..self.ways.len() {
            let limit = self.page_size;
            let request = request::ascending(endpoint, &part.filter(), self.ways[way], limit);
            let page = match self.get(T::NAME, request).await {
                Ok(reply) => Self::rows(&reply, limit)?,
                // A sign that this version of the framework does not know.
                Err(error) if matches!(error.status, Some(400 | 500)) => {
                    refusal.get_or_insert(error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            if part.holds(&page) {
                // What works comes first from now on.
                self.ways[..=way].rotate_right(1);
                check_order(endpoint, &page)?;
                return Ok(page);
            }
        }
        let (name, path) = (T::NAME, &endpoint.path);
        let message = format!(
            "{name}: GET {path} ignores `where`: it answers with rows that were not asked for, so new rows \
             cannot be told from old ones"
        );
        Err(refusal.unwrap_or_else(|| SourceError::new(ErrorKind::Config, message)))
    }

    /// Reads the newest rows.
    pub(super) async fn newest<T: Listed>(
        &mut self,
        endpoint: &Endpoint,
        filter: &Filter,
        limit: usize,
    ) -> Result<Page<T>, SourceError> {
        let request = request::newest(endpoint, filter, self.way(), limit);
        Self::rows(&self.get(T::NAME, request).await?, limit)
    }

    /// Reads events by their ids; `None` when the server cannot select by a list of ids.
    pub(super) async fn events(
        &mut self,
        endpoint: &Endpoint,
        ids: &[i64],
    ) -> Result<Option<Page<Event>>, SourceError> {
        let filter = Filter::ids(ids.to_vec());
        // A small page must not pass for events that are gone.
        let limit = self.page_size.max(ids.len());
        let request = request::ascending(endpoint, &filter, self.way(), limit);
        match self.get(Event::NAME, request).await {
            Ok(reply) => {
                let page: Page<Event> = Self::rows(&reply, limit)?;
                let asked = page.ids.iter().all(|id| ids.contains(id));
                Ok(asked.then_some(page))
            }
            Err(error) if matches!(error.status, Some(400 | 404 | 500)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads one event; `None` when it is gone or cannot be used.
    pub(super) async fn event(
        &mut self,
        endpoint: &Endpoint,
        id: i64,
    ) -> Result<Option<Event>, SourceError> {
        match self.get("one event", request::event(endpoint, id)).await {
            Ok(reply) => {
                let wire = reply.json().map_err(|error| named("one event", error))?;
                Ok(Event::read(wire, decode::clock(&reply)))
            }
            Err(error) if matches!(error.status, Some(404 | 410)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Part {
    fn filter(&self) -> Filter {
        match self.created {
            // Every id is greater than none.
            Some((from, to)) if self.after == 0 => Filter::default().created(from, to),
            Some((from, to)) => Filter::after(self.after).created(from, to),
            None => Filter::after(self.after),
        }
    }

    /// Whether a page has only rows that were asked for.
    fn holds<T: Listed>(&self, page: &Page<T>) -> bool {
        // Stamps are compared with a margin: the server may round where we cut.
        let early = |row: &T| {
            let from = self
                .created
                .map(|(from, _)| from - chrono::TimeDelta::minutes(1));
            from.zip(row.created())
                .is_some_and(|(from, created)| created < from)
        };
        page.ids.iter().all(|id| *id > self.after) && !page.rows.iter().any(early)
    }
}

/// A cut page in another order has lost rows that paging on would never find.
fn check_order<T: Listed>(endpoint: &Endpoint, page: &Page<T>) -> Result<(), SourceError> {
    if !page.is_cut() || page.ids.is_sorted() {
        return Ok(());
    }
    let (name, path) = (T::NAME, &endpoint.path);
    let message =
        format!("{name}: GET {path} ignores `sort`: a page of new rows is not in order of ids");
    Err(SourceError::new(ErrorKind::Config, message))
}

/// The name of the log-in in errors.
pub(super) const LOG_IN: &str = "log-in";

/// An error with the name of the call in front. The log-in, which any call may need, has its own,
/// and our own ceiling concerns them all.
pub(super) fn named(name: &str, mut error: SourceError) -> SourceError {
    let ours = error.kind == ErrorKind::RateLimited && error.status.is_none();
    if !ours && !error.message.starts_with(LOG_IN) {
        error.message = format!("{name}: {}", error.message);
    }
    error
}

/// The error that a refused call stands for, with the vendor's own words.
pub(super) fn error(transport: &Transport, reply: &Reply) -> SourceError {
    let mut error = reply.error();
    if let Ok(Message { message }) = reply.json() {
        let words = plain(&transport.scrub(&message));
        if !words.is_empty() {
            error.message = format!("{}: \"{words}\"", error.message);
        }
    }
    if reply.status == 404 {
        error
            .message
            .push_str("; check `url` and [source.endpoints]");
    }
    error
}
