//! `SmartNow`: coffee and vending machines: sales, events and machine state. Activity, not people.

mod settings;

pub use settings::{Endpoints, Settings};
