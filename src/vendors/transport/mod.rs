//! The only HTTP client of the program, and the rules that hold for every vendor.
//!
//! `client` sends, `allow` refuses what is not a known read, `request` and `reply` are what goes
//! out and what comes back, `failure` and `redirect` put errors into words, `redact` keeps secrets
//! out of them, and `session` is the log-in that most vendors share.

mod allow;
mod client;
mod failure;
mod redact;
mod redirect;
mod reply;
mod request;
pub mod session;

use std::sync::{Arc, Mutex};

use crate::model::budget::Budget;

pub use allow::Allowed;
pub use client::{BODY_CAP, Transport};
pub use redact::{one_line, plain, redact_url};
pub use reply::Reply;
pub use request::Request;

/// A budget that every source on the same credential shares.
pub type SharedBudget = Arc<Mutex<Budget>>;
