//! Forms of places: addresses, calls below an address, files.

use std::path::PathBuf;

use reqwest::Url;

use crate::config::endpoint::{Endpoint, Method};
use crate::config::section::Item;

use super::Form;

/// A base address of a vendor.
#[derive(Debug)]
pub struct Address;

impl Form for Address {
    type Value = Url;

    fn read(&self, item: &Item<'_>) -> Option<Url> {
        let example = "write for example \"https://api.example.com/v2\"";
        let text = item.text("an address", example)?;
        // The address is not repeated in the message: a badly written one may hold a password.
        let (message, help) = match Url::parse(text) {
            Err(_) => ("not an address".to_owned(), example),
            Ok(url) if !matches!(url.scheme(), "http" | "https") => (
                format!("vendors do not speak {}", url.scheme()),
                "start it with https://",
            ),
            Ok(url) if !url.username().is_empty() || url.password().is_some() => (
                "contains a user name or a password".to_owned(),
                "remove what stands before the @ and use the keys for credentials",
            ),
            Ok(url) if url.query().is_some() || url.fragment().is_some() => (
                "contains a query or a fragment".to_owned(),
                "write only scheme, host and path: end it before the ? or #",
            ),
            Ok(url) => return Some(url),
        };
        item.wrong(&message, help);
        None
    }

    fn words(&self) -> String {
        "address".to_owned()
    }
}

/// A call below the base address: method and path.
#[derive(Debug)]
pub struct Call {
    /// Whether it may be a POST: only for logins.
    pub login: bool,
    /// Whether empty text switches the call off.
    pub optional: bool,
}

impl Form for Call {
    type Value = Endpoint;

    fn read(&self, item: &Item<'_>) -> Option<Endpoint> {
        let example = if self.login {
            "\"POST /auth/login\""
        } else {
            "\"GET /path\""
        };
        let help = format!("write method and path, for example {example}");
        let text = item.text("a method and a path", &help)?;
        if text.is_empty() && self.optional {
            return Some(Endpoint {
                method: Method::Post,
                path: String::new(),
            });
        }
        let (method, path) = match text.split_once(' ') {
            Some(("GET", path)) => (Method::Get, path),
            Some(("POST", path)) if self.login => (Method::Post, path),
            Some((word, path)) if path.starts_with('/') => {
                item.wrong(
                    &format!("{word} is not allowed here"),
                    &format!("the program only reads: {help}"),
                );
                return None;
            }
            _ => {
                item.wrong("not a method and a path", &help);
                return None;
            }
        };
        if let Some(fault) = path_fault(path) {
            item.wrong(
                fault,
                "write a path below the base address, for example \"/api/GetCounters\"",
            );
            return None;
        }
        Some(Endpoint {
            method,
            path: path.to_owned(),
        })
    }

    fn words(&self) -> String {
        let methods = if self.login {
            "`POST` or `GET`"
        } else {
            "`GET`"
        };
        let or_empty = if self.optional { ", or empty" } else { "" };
        format!("{methods} and a path{or_empty}")
    }
}

/// What makes a path unfit. A path must stay below the base address and must not be a pattern:
/// `*` stands for any segment where calls are allowed.
fn path_fault(path: &str) -> Option<&'static str> {
    let plain =
        |letter: char| letter.is_ascii_alphanumeric() || "/-._~:@!$&'()+,;=%".contains(letter);
    if path.contains("://") {
        return Some("the path has a scheme and a host");
    }
    if !path.starts_with('/') || path.starts_with("//") {
        return Some("the path does not start with one /");
    }
    if path.contains(['?', '#']) {
        return Some("the path has a query or a fragment");
    }
    if !path.chars().all(plain) {
        return Some("the path has a character that does not belong in one");
    }
    let decoded = path
        .to_ascii_lowercase()
        .replace("%2e", ".")
        .replace("%2f", "/");
    let climbs = decoded
        .split('/')
        .any(|segment| matches!(segment, "." | ".."));
    climbs.then_some("the path has a . or .. segment")
}

/// A JSON pointer: empty for the whole reply, else `/` before each step.
#[derive(Debug)]
pub struct Pointer;

impl Form for Pointer {
    type Value = String;

    fn read(&self, item: &Item<'_>) -> Option<String> {
        const HELP: &str = "write for example \"/data/rows\", or \"\" for the whole reply";
        let text = item.text("a JSON pointer", HELP)?;
        if text.is_empty() || text.starts_with('/') {
            return Some(text.to_owned());
        }
        item.wrong(&format!("{text:?} is not a JSON pointer"), HELP);
        None
    }

    fn words(&self) -> String {
        "JSON pointer".to_owned()
    }
}

/// A file. Relative paths start at the directory of the configuration file.
#[derive(Debug)]
pub struct FilePath;

impl Form for FilePath {
    type Value = PathBuf;

    fn read(&self, item: &Item<'_>) -> Option<PathBuf> {
        let written = super::Text.read(item)?;
        Some(item.document().path(&written))
    }

    fn words(&self) -> String {
        "path".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_the_base_and_is_no_pattern() {
        for good in ["/", "/api/GetCounters", "/v1/auth/login/", "/a:b/c%20d"] {
            assert_eq!(path_fault(good), None, "{good}");
        }
        for bad in [
            "",
            "api",
            "//host/x",
            "/a/../b",
            "/a/%2e%2E/b",
            "/a%2f..%2fb",
            "/a/./b",
            "/a?b=c",
            "/a#b",
            "/a/*",
            "/a b",
            "/a\\b",
            "https://host/x",
            "/a/http://x",
            "/a\n",
        ] {
            assert!(path_fault(bad).is_some(), "{bad}");
        }
    }
}
