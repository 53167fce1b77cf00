//! occtop: live occupancy of stores in a terminal.
//!
//! `ARCHITECTURE.md` has the map of the modules and the rules between them.

pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod engine;
pub mod history;
pub mod model;
pub mod output;
pub mod screen;
pub mod simulator;
pub mod vendors;
