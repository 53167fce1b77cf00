//! Incidents: one for each root of trouble, with everything that suffers from it inside; and what
//! else happened to a board.
//!
//! Pure: [`Watch::look`] takes a board and an instant. What has been missing for two publications
//! is an incident; late data is none. A root that comes back within half an hour is the same
//! incident, and one that a wider root explains becomes part of that.

mod cause;
mod event;
mod feeds;
mod log;
mod objective;
mod places;
pub mod root;
#[cfg(test)]
mod tests;
mod watch;

pub use cause::{About, Cause, Severity};
pub use event::{
    Acknowledged, Corrected, Count, Crossed, Event, FeedName, Incident, NAMED, Revision,
    StoreReset, What,
};
pub use log::{Changes, Log, MERGE, RECENT, Root, same_events};
pub use objective::{Account, Freshness, OBJECTIVE, WINDOW_DAYS};
pub use watch::{Fresh, Watch};
