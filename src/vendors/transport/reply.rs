//! What a vendor answers.

use std::fmt;

use chrono::TimeDelta;
use reqwest::header::{AGE, CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};
use serde::de::DeserializeOwned;

use crate::model::Timestamp;
use crate::model::attempt::{ErrorKind, SourceError};

/// Longest wait that is believed.
const LONGEST_WAIT: TimeDelta = TimeDelta::days(1);

/// An answer, whatever its status.
#[derive(Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, unpacked and within the cap.
    pub body: Vec<u8>,
    /// When it was received, by our clock.
    pub received: Timestamp,
}

impl Reply {
    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    /// `schema`, naming the place of the mismatch but quoting nothing of the body.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, SourceError> {
        serde_json::from_slice(&self.body).map_err(|error| self.mismatch(&error))
    }

    /// The `schema` error for a body that a decoder could not read, for vendors that borrow from
    /// the body instead of using [`Self::json`]. Quotes nothing of the body.
    #[must_use]
    pub fn mismatch(&self, error: &serde_json::Error) -> SourceError {
        let message = if self.is_html() {
            "an HTML page instead of JSON (a proxy or a wrong path?)".to_owned()
        } else if self.body.iter().all(u8::is_ascii_whitespace) {
            "an empty body instead of JSON".to_owned()
        } else {
            mismatch(error)
        };
        SourceError::new(ErrorKind::Schema, message).with_status(self.status)
    }

    /// The instant that `Retry-After` names, in seconds or as an HTTP date; never in the past and
    /// at most a day ahead.
    #[must_use]
    pub fn retry_at(&self) -> Option<Timestamp> {
        let text = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
        let wait = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            // More digits than fit are a very long wait, not an error.
            let seconds = text.parse().unwrap_or(u32::MAX);
            TimeDelta::seconds(i64::from(seconds))
        } else {
            // The date is by the vendor's clock, so it is measured from the vendor's own `Date`.
            let named: Timestamp = httpdate::parse_http_date(text).ok()?.into();
            named - self.date().unwrap_or(self.received)
        };
        Some(self.received + wait.clamp(TimeDelta::zero(), LONGEST_WAIT))
    }

    /// The vendor's clock now. A cache on the way hands on an old `Date`, and says by `Age` how old
    /// it is.
    #[must_use]
    pub fn vendor_clock(&self) -> Option<Timestamp> {
        let age = self.headers.get(AGE).and_then(|value| value.to_str().ok());
        let age = age.and_then(|text| text.trim().parse::<u32>().ok());
        let date = self.date()?;
        date.checked_add_signed(TimeDelta::seconds(age.unwrap_or(0).into()))
    }

    /// The vendor's clock when it answered, from the `Date` header.
    #[must_use]
    pub fn date(&self) -> Option<Timestamp> {
        let text = self.headers.get(DATE)?.to_str().ok()?;
        Some(httpdate::parse_http_date(text).ok()?.into())
    }

    /// The vendor's clock now, or ours where it says nothing or is more than a day off, which no
    /// clock is.
    #[must_use]
    pub fn vendors_now(&self) -> Timestamp {
        let plausible = |date: &Timestamp| (*date - self.received).abs() <= TimeDelta::days(1);
        self.vendor_clock()
            .filter(plausible)
            .unwrap_or(self.received)
    }

    /// The error that this status stands for when the vendor says nothing more precise: 401 and
    /// 403 `auth`, 429 `rate_limited`, other 4xx and 5xx `http`; a success that should have been
    /// something else is `schema`.
    #[must_use]
    pub fn error(&self) -> SourceError {
        let (kind, message) = match self.status {
            401 => (ErrorKind::Auth, "the credentials are refused"),
            403 => (ErrorKind::Auth, "access is denied"),
            404 => (ErrorKind::Http, "there is nothing at this path"),
            429 => (ErrorKind::RateLimited, "too many requests"),
            400..=499 => (ErrorKind::Http, "the request is refused"),
            500..=599 => (ErrorKind::Http, "the vendor's server failed"),
            _ => (ErrorKind::Schema, "not the expected answer"),
        };
        SourceError::new(kind, message)
            .with_status(self.status)
            .with_retry_at(self.retry_at())
    }

    fn is_html(&self) -> bool {
        let declared = self
            .headers
            .get(CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
        declared || self.body.trim_ascii_start().starts_with(b"<")
    }
}

impl fmt::Debug for Reply {
    /// Leaves out the body and the headers: the answer to a log-in holds a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .field("received", &self.received)
            .finish_non_exhaustive()
    }
}

/// Words for a JSON error without the value that serde quotes in it. What follows the last
/// ", expected" and the name of a missing field come from our own types, never from the body.
fn mismatch(error: &serde_json::Error) -> String {
    let place = format!("line {} column {}", error.line(), error.column());
    if !error.is_data() {
        let what = if error.is_eof() {
            "it ends early"
        } else {
            "a syntax error"
        };
        return format!("not JSON: {what} at {place}");
    }
    let full = error.to_string();
    let text = full
        .rsplit_once(" at line ")
        .map_or(&*full, |(text, _)| text);
    if text.starts_with("missing field `") {
        return format!("unexpected JSON: {text} at {place}");
    }
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("unexpected JSON: not {expected} at {place}"),
        None => format!("unexpected JSON at {place}"),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;
    use serde::Deserialize;

    use super::*;

    fn reply(status: u16, headers: &[(reqwest::header::HeaderName, &str)], body: &str) -> Reply {
        Reply {
            status,
            headers: headers
                .iter()
                .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
                .collect(),
            body: body.as_bytes().to_vec(),
            received: "2026-03-02T08:00:00Z".parse().unwrap(),
        }
    }

    #[test]
    fn a_clock_that_is_more_than_a_day_off_is_not_believed() {
        for (date, believed) in [
            ("Mon, 02 Mar 2026 23:00:00 GMT", true),
            ("Wed, 04 Mar 2026 08:16:02 GMT", false),
            ("Thu, 26 Nov 2026 08:16:02 GMT", false),
        ] {
            let reply = reply(200, &[(DATE, date)], "");
            let clock = if believed {
                reply.vendor_clock().unwrap()
            } else {
                reply.received
            };
            assert_eq!(reply.vendors_now(), clock, "{date}");
        }
        let silent = reply(200, &[], "");
        assert_eq!(silent.vendors_now(), silent.received);
    }

    #[test]
    fn retry_after_is_read_in_both_forms_and_never_absurd() {
        let cases = [
            ("60", Some("2026-03-02T08:01:00Z")),
            ("0", Some("2026-03-02T08:00:00Z")),
            (
                "Mon, 02 Mar 2026 08:10:00 GMT",
                Some("2026-03-02T08:10:00Z"),
            ),
            (
                "Mon, 02 Mar 2020 08:10:00 GMT",
                Some("2026-03-02T08:00:00Z"),
            ),
            (
                "Mon, 02 Mar 2099 08:10:00 GMT",
                Some("2026-03-03T08:00:00Z"),
            ),
            ("99999999999999999999999", Some("2026-03-03T08:00:00Z")),
            ("-5", None),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let at = reply(429, &[(RETRY_AFTER, text)], "").retry_at();
            assert_eq!(at, expected.map(|at| at.parse().unwrap()), "{text}");
        }
        assert_eq!(reply(429, &[], "").retry_at(), None);
    }

    #[test]
    fn a_retry_date_is_measured_on_the_vendors_clock() {
        let skewed = [
            (DATE, "Mon, 02 Mar 2026 09:00:00 GMT"),
            (RETRY_AFTER, "Mon, 02 Mar 2026 09:00:30 GMT"),
        ];
        let at = reply(503, &skewed, "").retry_at();
        assert_eq!(at, Some("2026-03-02T08:00:30Z".parse().unwrap()));
    }

    #[test]
    fn a_date_from_a_cache_is_as_old_as_the_cache_says() {
        let date = (DATE, "Mon, 02 Mar 2026 07:30:00 GMT");
        for (age, expected) in [
            (None, "2026-03-02T07:30:00Z"),
            (Some("1800"), "2026-03-02T08:00:00Z"),
            (Some("soon"), "2026-03-02T07:30:00Z"),
        ] {
            let headers: Vec<_> = std::iter::once(date.clone())
                .chain(age.map(|age| (AGE, age)))
                .collect();
            let clock = reply(200, &headers, "").vendor_clock();
            assert_eq!(clock, Some(expected.parse().unwrap()), "{age:?}");
        }
        assert_eq!(reply(200, &[(AGE, "3")], "").vendor_clock(), None);
    }

    #[test]
    fn a_status_has_its_kind() {
        let cases = [
            (401, ErrorKind::Auth),
            (403, ErrorKind::Auth),
            (404, ErrorKind::Http),
            (429, ErrorKind::RateLimited),
            (400, ErrorKind::Http),
            (418, ErrorKind::Http),
            (500, ErrorKind::Http),
            (502, ErrorKind::Http),
            (200, ErrorKind::Schema),
        ];
        for (status, kind) in cases {
            let error = reply(status, &[], "").error();
            assert_eq!((error.kind, error.status), (kind, Some(status)));
        }
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its reading is of interest")]
    struct Login {
        access: String,
        seconds: u32,
    }

    #[test]
    fn a_mismatch_names_the_place_and_quotes_nothing() {
        let cases = [
            (
                r#"{"access":"s3cret"}"#,
                "missing field `seconds` at line 1 column 19",
            ),
            (
                r#"{"access":"s3cret","seconds":"s3cret, expected s3cret"}"#,
                "unexpected JSON: not u32 at line 1 column 54",
            ),
            (r#"{"access":"s3cret""#, "not JSON: it ends early"),
            (
                r#"{"access":s3cret}"#,
                "not JSON: a syntax error at line 1 column 11",
            ),
            ("", "an empty body"),
            (
                " <!doctype html><p>s3cret</p>",
                "an HTML page instead of JSON",
            ),
        ];
        for (body, words) in cases {
            let error = reply(200, &[], body).json::<Login>().unwrap_err();
            assert_eq!((error.kind, error.status), (ErrorKind::Schema, Some(200)));
            assert!(error.message.contains(words), "{body}: {}", error.message);
            assert!(!error.message.contains("s3cret"));
        }
    }

    #[test]
    fn debug_does_not_show_the_body() {
        let text = format!("{:?}", reply(200, &[], r#"{"access":"s3cret"}"#));
        assert!(text.contains("200") && !text.contains("s3cret"));
    }
}
