//! Navixy's keys of the configuration.

use crate::config::secret::Secret;

/// What a Navixy account needs beside the common settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How to authenticate.
    pub credential: Credential,
    /// Tracker ids to watch; empty means all.
    pub trackers: Vec<i64>,
}

/// How requests are authenticated.
#[derive(Clone, Debug)]
pub enum Credential {
    /// An API key of the account's owner; it never expires.
    ApiKey(Secret),
    /// User name and password, exchanged for a session.
    Login {
        /// User name.
        username: String,
        /// Password.
        password: Secret,
    },
}
