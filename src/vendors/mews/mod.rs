//! Mews: document counters of hotels. They number documents and are never people.

mod settings;

pub use settings::{AccessToken, Settings};
