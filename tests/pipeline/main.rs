//! The whole way over real HTTP: simulators, transport, decoders, history, ledger, snapshot.
//!
//! The clock is moved by hand and nothing waits for real time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]

mod estate;
mod faults;
mod oddities;
mod outage;
mod totals;
