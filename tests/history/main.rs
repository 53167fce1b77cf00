//! The history as its users see it: what goes in comes out, over restarts, kills and damage.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod building;
mod crash;
mod damage;
mod events;
mod export;
mod format;
#[cfg(unix)]
mod full;
mod happening;
mod model;
mod reading;
mod recording;
mod rollup;
mod sharing;
mod usual;
mod writing;
