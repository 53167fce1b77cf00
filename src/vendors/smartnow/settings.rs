//! `SmartNow`'s keys of the configuration.

use std::collections::BTreeMap;

use crate::config::endpoint::Endpoint;
use crate::config::secret::Secret;
use crate::model::reading::Currency;

/// What a `SmartNow` account needs beside the common settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// User name.
    pub username: String,
    /// Password.
    pub password: Secret,
    /// Paths.
    pub endpoints: Endpoints,
    /// Minor units per unit of a currency; money in other currencies is not shown.
    pub money_scale: BTreeMap<Currency, u32>,
}

/// Paths of the calls, relative to the base address.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// Default `POST /auth/login`.
    pub login: Endpoint,
    /// Default `POST /auth/refresh`; an empty path means: log in again.
    pub refresh: Endpoint,
    /// Default `GET /machine`.
    pub machine: Endpoint,
    /// Default `GET /location`.
    pub location: Endpoint,
    /// Default `GET /revenuetransaction`.
    pub sales: Endpoint,
    /// Default `GET /log`.
    pub events: Endpoint,
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            login: Endpoint::post("/auth/login"),
            refresh: Endpoint::post("/auth/refresh"),
            machine: Endpoint::get("/machine"),
            location: Endpoint::get("/location"),
            sales: Endpoint::get("/revenuetransaction"),
            events: Endpoint::get("/log"),
        }
    }
}
