//! Bespot: visits and occupancy per store and minute, published every 15 minutes.

mod settings;

pub use settings::{Auth, Settings};
