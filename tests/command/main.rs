//! The program itself: started as an operator or a script starts it, over real sockets.
//!
//! Nothing waits for a fixed time: the tests wait for output or for the end of a process, with a
//! deadline that only a hanging program reaches.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly")]
#![allow(
    clippy::disallowed_methods,
    reason = "a real process needs a real deadline"
)]

mod board;
mod echo;
mod life;
#[cfg(unix)]
mod murder;
mod program;
mod secrets;
mod usage;
