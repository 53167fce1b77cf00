//! Mews' keys of the configuration.

use crate::config::secret::Secret;

/// What a Mews account needs beside the common settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Token of the integration.
    pub client_token: Secret,
    /// Tokens of the properties, each with an optional label.
    pub access_tokens: Vec<AccessToken>,
    /// Name and version of the client as the vendor should see it.
    pub client: String,
    /// Enterprise ids to watch; empty means all that the tokens see.
    pub enterprises: Vec<String>,
    /// Read the number of guests in house (reservations in state Started). Off by default.
    pub guests: bool,
    /// Read the rooms that can be used tonight. Off by default.
    pub rooms: bool,
}

/// One property's token.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// What to call the property where its name is not known yet.
    pub label: Option<String>,
    /// The token.
    pub token: Secret,
}
