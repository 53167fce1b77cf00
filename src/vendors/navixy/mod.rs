//! Navixy: vehicle trackers, live.

mod settings;

pub use settings::{Credential, Settings};
