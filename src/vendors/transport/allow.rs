//! The list of calls that may leave the program.

use crate::config::endpoint::{Endpoint, Method};

/// A call that may leave the program. Everything else is refused before it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// Method.
    pub method: Method,
    /// Path below the base address. A `*` stands for one path segment.
    pub path: String,
}

impl Allowed {
    /// Allows a GET of `path`.
    #[must_use]
    pub fn get(path: &str) -> Self {
        Self::from(&Endpoint::get(path))
    }

    /// Allows a POST to `path`.
    #[must_use]
    pub fn post(path: &str) -> Self {
        Self::from(&Endpoint::post(path))
    }

    /// Whether this entry covers the call.
    #[must_use]
    pub fn covers(&self, method: Method, path: &str) -> bool {
        if self.method != method || !path.starts_with('/') {
            return false;
        }
        let mut wanted = self.path.split('/');
        let mut given = path.split('/');
        loop {
            match (wanted.next(), given.next()) {
                (None, None) => return true,
                (Some("*"), Some(segment)) if is_name(segment) => {}
                (Some(wanted), Some(given)) if wanted != "*" && wanted == given => {}
                _ => return false,
            }
        }
    }
}

impl From<&Endpoint> for Allowed {
    fn from(endpoint: &Endpoint) -> Self {
        Self {
            method: endpoint.method,
            path: endpoint.path.clone(),
        }
    }
}

/// A segment that is a name and cannot become another path: the URL parser reads `..` and its
/// escaped spellings as a step up, and `\` as `/`.
fn is_name(segment: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~:@+,=".contains(c);
    !segment.is_empty() && segment.chars().all(plain) && !segment.chars().all(|c| c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_segment_that_cannot_walk() {
        let one = Allowed::get("/machine/*");
        assert!(one.covers(Method::Get, "/machine/80"));
        for wrong in [
            "/machine",
            "/machine/",
            "/machine/80/",
            "/machine/80/reboot",
            "/machine/..",
            "/machine/.",
            "/machine/%2e%2e",
            "/machine/80?x=1",
            "/machine/..\\user",
            "machine/80",
        ] {
            assert!(!one.covers(Method::Get, wrong), "{wrong}");
        }
        assert!(!one.covers(Method::Post, "/machine/80"));
    }

    #[test]
    fn other_segments_are_taken_letter_by_letter() {
        let list = Allowed::post("/bi/visits/");
        assert!(list.covers(Method::Post, "/bi/visits/"));
        assert!(!list.covers(Method::Post, "/bi/visits"));
        assert!(!list.covers(Method::Post, "/bi/*/"));
        assert!(!list.covers(Method::Post, "/BI/visits/"));
        assert!(!Allowed::get("").covers(Method::Get, ""));
    }
}
