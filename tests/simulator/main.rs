//! The vendors' simulators over real HTTP: shapes, codes, limits, delays and faults.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

mod bespot;
mod faults;
mod lab;
mod life;
mod mews;
mod navixy;
mod smartnow;
mod viametrics;
