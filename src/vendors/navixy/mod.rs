//! Navixy: vehicle trackers, live.

mod decode;
mod on_board;
mod settings;
mod stamp;
mod wire;

pub use settings::{Credential, Settings};
