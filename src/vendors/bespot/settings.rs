//! Bespot's keys of the configuration.

use crate::config::secret::Secret;

/// What a Bespot account needs beside the common settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How to authenticate.
    pub auth: Auth,
    /// User name.
    pub username: String,
    /// Password.
    pub password: Secret,
    /// Store codes to watch; empty means all that the account sees.
    pub store_codes: Vec<String>,
}

/// How requests are authenticated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Auth {
    /// A short-lived token from `/auth/jwt/token/`, as the vendor advises.
    #[default]
    Jwt,
    /// User name and password with each request.
    Basic,
}
