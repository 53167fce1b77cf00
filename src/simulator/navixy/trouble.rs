//! The vendor's error codes with their statuses and words (vendor documentation).

use serde_json::{Value, json};

use crate::simulator::exchange::Answer;

/// An error of the vendor.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    code: u32,
    errors: Option<Value>,
}

impl Trouble {
    /// The error of a code.
    #[must_use]
    pub fn new(code: u32) -> Self {
        Self { code, errors: None }
    }

    /// Code 7, naming the parameter that is wrong.
    #[must_use]
    pub fn parameter(name: &str, error: &str) -> Self {
        Self {
            code: 7,
            errors: Some(json!([{ "parameter": name, "error": error }])),
        }
    }

    /// The answer that reports it.
    #[must_use]
    pub fn answer(&self) -> Answer {
        let (status, description) = words(self.code);
        let status_part = json!({ "code": self.code, "description": description });
        let mut body = json!({ "success": false, "status": status_part });
        if let Some(errors) = &self.errors {
            body["errors"] = errors.clone();
        }
        Answer::json(status, &body)
    }
}

fn words(code: u32) -> (u16, &'static str) {
    match code {
        3 => (400, "Wrong user hash"),
        4 => (400, "User or API key not found or session ended"),
        5 => (400, "Wrong request format"),
        7 => (400, "Invalid parameters"),
        13 => (403, "Operation not permitted"),
        14 => (503, "Database unavailable"),
        15 => (429, "Too many requests, rate limit exceeded"),
        102 => (400, "Wrong login or password"),
        111 => (400, "Wrong handler"),
        112 => (400, "Wrong method"),
        204 => (404, "Entity not found"),
        208 => (403, "Device blocked"),
        217 => (400, "List contains nonexistent entities"),
        221 => (403, "Device limit exceeded"),
        236 => (402, "Feature unavailable due to tariff restrictions"),
        _ => (500, "Unexpected error"),
    }
}
