//! A configurable call: method and path.

/// Method of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// A read.
    Get,
    /// A read of vendors that post everything, or a login.
    Post,
}

impl Method {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A call as the configuration writes it: `GET /api/GetCounters`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Endpoint {
    /// Method.
    pub method: Method,
    /// Path, starting with `/`, relative to the base address; empty where a call is switched off.
    pub path: String,
}

impl Endpoint {
    /// A GET of `path`.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self {
            method: Method::Get,
            path: path.to_owned(),
        }
    }

    /// A POST to `path`.
    #[must_use]
    pub fn post(path: &str) -> Self {
        Self {
            method: Method::Post,
            path: path.to_owned(),
        }
    }
}
