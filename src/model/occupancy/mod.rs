//! People inside a store, estimated from what its doors count.
//!
//! Every counter misses or invents a few people, not equally in both directions, so the plain sum
//! of in minus out drifts. This module learns from each finished day how the counters err and how
//! long people stay, and joins both into a number with a band and an explanation. The method, its
//! constants and its limits are described in `docs/occupancy.md`.

mod day;
mod estimate;
mod estimator;
mod explain;
mod faults;
mod feeds;
mod filter;
mod forward;
mod learned;
mod never;
mod running;
mod settings;
mod sheet;
mod sheets;
mod silent;
mod sums;
pub mod vendor;

pub use day::Day;
pub use estimate::{Drift, Estimate, Point};
pub use estimator::{Door, Estimator, Taken, Visit};
pub use faults::Hush;
pub use filter::{Crossings, Filter, Moved, Usual, gains};
pub use forward::Ran;
pub use running::Finished;
pub use settings::{Settings, ZeroRows};
pub use sums::Sums;

#[cfg(test)]
mod tests;
