//! The board on paper: one snapshot type for JSON, CSV and the plain table.

pub mod csv;
pub mod evidence;
pub mod explanations;
pub mod snapshot;
pub mod table;
pub mod totals;

pub use snapshot::Snapshot;
