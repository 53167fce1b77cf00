//! What the statuses of the Mews Connector API mean, and what is done about each.

use crate::model::attempt::{ErrorKind, SourceError};
use crate::vendors::transport::{Reply, plain};

use super::request::Operation;
use super::wire;

/// A call that did not bring what was asked.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// The error in words.
    pub error: SourceError,
    /// What is done about it.
    pub reaction: Reaction,
}

/// What is done about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// The schedule backs off and asks again.
    Retry,
    /// The same request is not repeated: our own mistake, or a setting.
    Stop,
    /// A rule of the hotel is against it, for now.
    Forbidden,
    /// The token is bad, or it has no right to this one operation.
    Unauthorized,
    /// The answer is too heavy: ask for less.
    Less,
    /// The request itself is too large: name fewer ids.
    Fewer,
    /// The data changed meanwhile: ask once more.
    Again,
    /// There is nothing at the address, or no longer.
    Gone,
    /// All calls of this token wait.
    Throttle,
    /// The server cannot be reached, or our own ceiling is: nothing else is asked.
    Unreachable,
}

impl Reaction {
    /// The reaction to a status.
    pub(super) fn to(status: u16) -> Self {
        match status {
            400 => Self::Stop,
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 | 405 | 410 => Self::Gone,
            408 => Self::Less,
            409 => Self::Again,
            413 => Self::Fewer,
            429 => Self::Throttle,
            _ => Self::Retry,
        }
    }
}

impl Refusal {
    /// The refusal in a reply that is no success.
    pub(super) fn of(operation: Operation, reply: &Reply) -> Self {
        let failure: wire::Failure = serde_json::from_slice(&reply.body).unwrap_or_default();
        let mut error = reply.error();
        error.message = format!("{}: {}", operation.name(), words(reply.status));
        let said = failure.message.as_deref().map(plain).unwrap_or_default();
        if !said.is_empty() {
            error.message.extend(["; the server says: ", &*said]);
        }
        // A server that says when to come back means every call of this token.
        let reaction = match Reaction::to(reply.status) {
            Reaction::Retry if error.retry_at.is_some() => Reaction::Throttle,
            reaction => reaction,
        };
        Self {
            error: error.with_reference(reference(reply, failure.request_id.as_deref())),
            reaction,
        }
    }

    /// The refusal of an answer that cannot be read.
    pub(super) fn unreadable(operation: Operation, reply: &Reply, mut error: SourceError) -> Self {
        error.message = format!("{}: {}", operation.name(), error.message);
        Self {
            error: error.with_reference(reference(reply, None)),
            reaction: Reaction::Retry,
        }
    }
}

impl From<SourceError> for Refusal {
    /// An error of the transport: there is no answer.
    fn from(error: SourceError) -> Self {
        let reaction = match error.kind {
            ErrorKind::Schema => Reaction::Retry,
            _ => Reaction::Unreachable,
        };
        Self { error, reaction }
    }
}

/// The vendor's name for this call, for a support request: in the body of failures, and in a
/// header of every reply.
fn reference(reply: &Reply, request_id: Option<&str>) -> Option<String> {
    let header = reply.headers.get("request-id");
    let header = header.and_then(|value| value.to_str().ok());
    let id = request_id.or(header).map(plain)?;
    (!id.is_empty()).then_some(id)
}

/// The status in words that say what to do where something can be done.
fn words(status: u16) -> &'static str {
    match status {
        400 => "the server does not accept the request",
        401 => "the token is not valid here, has expired, or has no right to this operation",
        403 => "a rule of the hotel forbids it",
        404 => "there is nothing at this address: check the url of the platform",
        408 => "the answer is too heavy for the server",
        409 => "the data changed meanwhile",
        410 => "the vendor has discontinued this operation: update this program",
        413 => "the request is too large",
        429 => "too many requests: other programs may use the same token",
        500..=599 => "the vendor's server failed",
        _ => "the request is refused",
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::*;

    fn refusal(status: u16, headers: &[(&'static str, &str)], body: &str) -> Refusal {
        let reply = Reply {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| {
                    let name = HeaderName::from_static(name);
                    (name, HeaderValue::from_str(value).unwrap())
                })
                .collect::<HeaderMap>(),
            body: body.as_bytes().to_vec(),
            received: "2026-03-01T09:00:00Z".parse().unwrap(),
        };
        Refusal::of(Operation::Counters, &reply)
    }

    #[test]
    fn every_row_of_the_status_table_has_a_class_a_reaction_and_words() {
        let table = [
            (400, ErrorKind::Http, Reaction::Stop, "does not accept"),
            (401, ErrorKind::Auth, Reaction::Unauthorized, "token"),
            (403, ErrorKind::Auth, Reaction::Forbidden, "rule"),
            (404, ErrorKind::Http, Reaction::Gone, "check the url"),
            (408, ErrorKind::Http, Reaction::Less, "too heavy"),
            (409, ErrorKind::Http, Reaction::Again, "changed"),
            (410, ErrorKind::Http, Reaction::Gone, "discontinued"),
            (413, ErrorKind::Http, Reaction::Fewer, "too large"),
            (429, ErrorKind::RateLimited, Reaction::Throttle, "too many"),
            (500, ErrorKind::Http, Reaction::Retry, "failed"),
            (503, ErrorKind::Http, Reaction::Retry, "failed"),
            (418, ErrorKind::Http, Reaction::Retry, "refused"),
        ];
        for (status, kind, reaction, words) in table {
            let refusal = refusal(
                status,
                &[],
                r#"{"Message":"Said.","RequestId":"0HN5:1","Details":null}"#,
            );
            assert_eq!(
                (refusal.error.kind, refusal.reaction),
                (kind, reaction),
                "{status}"
            );
            assert_eq!(refusal.error.status, Some(status));
            assert_eq!(refusal.error.reference.as_deref(), Some("0HN5:1"));
            let message = &refusal.error.message;
            assert!(
                message.starts_with("counters/getAll: ") && message.contains(words),
                "{message}"
            );
            assert!(message.ends_with("; the server says: Said."), "{message}");
        }
    }

    #[test]
    fn everything_in_a_failure_may_be_null_missing_or_odd() {
        for body in [
            "",
            "<html>",
            "[]",
            "{}",
            r#"{"Message":null,"RequestId":null,"Details":[1]}"#,
            r#"{"Message":5}"#,
        ] {
            let refusal = refusal(500, &[("request-id", "from-header")], body);
            assert_eq!(
                refusal.error.message,
                "counters/getAll: the vendor's server failed"
            );
            assert_eq!(
                refusal.error.reference.as_deref(),
                Some("from-header"),
                "{body}"
            );
        }
        assert_eq!(refusal(500, &[], "").error.reference, None);
    }

    #[test]
    fn retry_after_may_be_seconds_or_a_date_or_missing() {
        let cases = [
            (Some("17"), Some(17)),
            (Some("Sun, 01 Mar 2026 09:00:40 GMT"), Some(40)),
            (Some("soon"), None),
            (None, None),
        ];
        for (value, seconds) in cases {
            let headers: Vec<_> = value
                .map(|value| ("retry-after", value))
                .into_iter()
                .collect();
            let refusal = refusal(
                429,
                &headers,
                r#"{"Message":"Too many requests.","RequestId":null}"#,
            );
            let received: crate::model::Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
            let wait = refusal
                .error
                .retry_at
                .map(|at| (at - received).num_seconds());
            assert_eq!(wait, seconds, "{value:?}");
        }
    }

    #[test]
    fn a_failing_server_that_says_when_to_come_back_is_left_alone_until_then() {
        let refusal = refusal(503, &[("retry-after", "17")], "");
        assert_eq!(refusal.error.kind, ErrorKind::Http);
        assert_eq!(refusal.reaction, Reaction::Throttle);
    }

    #[test]
    fn what_the_server_writes_cannot_drive_a_terminal() {
        let refusal = refusal(
            403,
            &[],
            "{\"Message\":\"a\\u001b[2Jb\\nc\",\"RequestId\":\"x\\u0007\"}",
        );
        assert!(
            refusal.error.message.ends_with("a [2Jb c"),
            "{}",
            refusal.error.message
        );
        assert_eq!(refusal.error.reference.as_deref(), Some("x"));
    }
}
