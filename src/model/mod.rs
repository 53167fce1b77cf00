//! The domain: what is measured, how far it reaches and how far it can be trusted.
//!
//! Pure by rule: no I/O, no async, no clock, no terminal. `now` is an argument everywhere, so
//! schedules, health and occupancy can be tested in a microsecond and replayed from a file.

pub mod after_hours;
pub mod attempt;
pub mod board;
pub mod budget;
pub mod calendar;
pub mod conversion;
pub mod device;
pub mod document;
pub mod evidence;
pub mod explain;
pub mod figure;
pub mod hand;
pub mod health;
pub mod incidents;
pub mod ledger;
pub mod occupancy;
pub(crate) mod packing;
pub mod reading;
pub mod rhythm;
pub mod schedule;
pub mod store;
pub mod totals;
pub mod usual;

/// An instant. Local time exists only at the edges, with the zone of the store it is shown for.
pub type Timestamp = chrono::DateTime<chrono::Utc>;
