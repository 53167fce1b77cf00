//! What a vendor asks for.

use std::fmt;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::config::endpoint::{Endpoint, Method};
use crate::model::attempt::{ErrorKind, SourceError};

/// A request to send.
#[derive(Clone)]
pub struct Request {
    /// Method.
    pub method: Method,
    /// Path below the base address, starting with `/`.
    pub path: String,
    /// Query parameters in order, unescaped.
    pub query: Vec<(String, String)>,
    /// Extra headers; mark secret values with [`HeaderValue::set_sensitive`].
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// JSON body.
    pub json: Option<serde_json::Value>,
    /// A space in the query is sent as `%20` instead of `+`.
    pub escapes_spaces: bool,
    /// Overrides the source's time-out, for calls that are known to be slow.
    pub timeout: Option<Duration>,
}

impl Request {
    /// A GET of `path`.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self::to(&Endpoint::get(path))
    }

    /// A POST to `path`.
    #[must_use]
    pub fn post(path: &str) -> Self {
        Self::to(&Endpoint::post(path))
    }

    /// A request to a configured endpoint.
    #[must_use]
    pub fn to(endpoint: &Endpoint) -> Self {
        Self {
            method: endpoint.method,
            path: endpoint.path.clone(),
            query: Vec::new(),
            headers: Vec::new(),
            json: None,
            escapes_spaces: false,
            timeout: None,
        }
    }

    /// With one more query parameter, unescaped.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// With spaces in the query sent as `%20`. As `+`, which is the default, they are spaces only to
    /// servers that read a query as a form.
    #[must_use]
    pub fn escaping_spaces(mut self) -> Self {
        self.escapes_spaces = true;
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(mut self, body: serde_json::Value) -> Self {
        self.json = Some(body);
        self
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With an `Authorization` header of this scheme (`Bearer`, `Basic`, …) that no log shows.
    ///
    /// # Errors
    /// `config` when the credential holds a character that no header can carry.
    pub fn authorized(self, scheme: &str, credential: &SecretString) -> Result<Self, SourceError> {
        let text = format!("{scheme} {}", credential.expose_secret());
        let mut value = HeaderValue::from_str(text.trim()).map_err(|_| {
            SourceError::new(
                ErrorKind::Config,
                "the credential has a character that cannot be sent in a header",
            )
        })?;
        value.set_sensitive(true);
        Ok(self.header(AUTHORIZATION, value))
    }
}

impl fmt::Debug for Request {
    /// Leaves out what could be secret: query values and the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.query.iter().map(|(name, _)| name).collect();
        f.debug_struct("Request")
            .field("method", &self.method.word())
            .field("path", &self.path)
            .field("query", &names)
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
