//! Simulators of the five vendors, for the demo and for tests.

pub mod bespot;
pub mod credentials;
pub mod estate;
pub mod exchange;
pub mod faults;
mod limit;
pub mod navixy;
mod publication;
mod readout;
mod server;
mod tokens;
pub mod viametrics;
