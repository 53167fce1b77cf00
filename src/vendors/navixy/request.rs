//! What is asked of the Navixy platform: the calls that may be made, and their bodies.

use chrono::SecondsFormat;
use chrono_tz::Tz;
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};

use crate::model::Timestamp;
use crate::model::attempt::SourceError;
use crate::vendors::transport::{Allowed, Request};

use super::decode::CounterType;

/// The reads of this vendor. Everything is a POST, so the method protects nobody: what is not in
/// this list is never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Auth,
    Info,
    TrackerList,
    States,
    Readings,
    CounterValues,
    Counters,
    CounterHistory,
    Vehicles,
}

/// Asks for date-times with an offset (vendor documentation).
const ISO_TIMES: HeaderName = HeaderName::from_static("nvx-iso-datetime");

impl Call {
    /// Every call.
    pub(super) const ALL: [Self; 9] = [
        Self::Auth,
        Self::Info,
        Self::TrackerList,
        Self::States,
        Self::Readings,
        Self::CounterValues,
        Self::Counters,
        Self::CounterHistory,
        Self::Vehicles,
    ];

    /// Resource and action, as the vendor names them.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Auth => "user/auth",
            Self::Info => "user/get_info",
            Self::TrackerList => "tracker/list",
            Self::States => "tracker/get_states",
            Self::Readings => "tracker/readings/batch_list",
            Self::CounterValues => "tracker/counter/value/list",
            Self::Counters => "tracker/get_counters",
            Self::CounterHistory => "tracker/counter/data/read",
            Self::Vehicles => "vehicle/list",
        }
    }

    fn path(self) -> String {
        format!("/{}", self.name())
    }
}

/// The calls that the transport lets through.
pub(super) fn allowed() -> Vec<Allowed> {
    Call::ALL.map(|call| Allowed::post(&call.path())).into()
}

/// A log-in: the only call without a credential in its header.
pub(super) fn log_in(username: &str, password: &SecretString) -> Request {
    unsigned(
        Call::Auth,
        json!({"login": username, "password": password.expose_secret()}),
    )
}

/// A read, signed with an API key or the hash of a session.
///
/// # Errors
/// `config` when the hash cannot be sent in a header.
pub(super) fn signed(call: Call, body: Json, hash: &SecretString) -> Result<Request, SourceError> {
    unsigned(call, body).authorized("NVX", hash)
}

fn unsigned(call: Call, body: Json) -> Request {
    Request::post(&call.path())
        .header(ISO_TIMES, HeaderValue::from_static("true"))
        .json(body)
}

/// States of the whole account, or of some trackers. Without the two flags one bad tracker fails
/// the call (vendor documentation).
pub(super) fn states(trackers: Option<&[i64]>) -> Json {
    let mut body = json!({"list_blocked": true, "allow_not_exist": true});
    if let Some(trackers) = trackers {
        body["trackers"] = json!(trackers);
    }
    body
}

/// Counters and sensors of some trackers. No `sensor_type`: with it there are no counters.
pub(super) fn readings(trackers: &[i64]) -> Json {
    json!({"trackers": trackers, "include_components": false})
}

/// One counter of some trackers.
pub(super) fn counter_values(trackers: &[i64], kind: CounterType) -> Json {
    json!({"trackers": trackers, "type": kind.word()})
}

/// All counters of one tracker.
pub(super) fn counters(tracker: i64) -> Json {
    json!({"tracker_id": tracker})
}

/// What one counter of one tracker showed between two instants. A server that writes times without
/// an offset reads them so too: as local time of the account's `zone`.
pub(super) fn counter_history(
    tracker: i64,
    kind: CounterType,
    (from, to): (Timestamp, Timestamp),
    zone: Option<Tz>,
) -> Json {
    let stamp = |at: Timestamp| match zone {
        Some(zone) => at
            .with_timezone(&zone)
            .format("%Y-%m-%d %H:%M:%S")
            .to_string(),
        None => at.to_rfc3339_opts(SecondsFormat::Secs, true),
    };
    json!({"tracker_id": tracker, "type": kind.word(), "from": stamp(from), "to": stamp(to)})
}

#[cfg(test)]
mod tests {
    use crate::config::endpoint::Method;

    use super::*;

    #[test]
    fn only_reads_may_be_sent() {
        let allowed = allowed();
        let covers = |path: &str| allowed.iter().any(|a| a.covers(Method::Post, path));
        for call in Call::ALL {
            assert!(covers(&call.path()), "{call:?}");
        }
        for never in [
            "/tracker/counter/value/set",
            "/tracker/counter/update",
            "/tracker/delete",
            "/tracker/send_command",
            "/tracker/raw_command/send",
            "/tracker/location_request",
            "/tracker/output/set",
            "/tracker/sensor/batch_copy",
            "/user/logout",
            "/api/key/create",
            "/user/settings/update",
            "/vehicle/update",
        ] {
            assert!(!covers(never), "{never}");
        }
        assert!(!allowed.iter().any(|a| a.method == Method::Get));
    }

    #[test]
    fn a_signed_read_asks_for_offsets_and_hides_its_hash() {
        let hash = SecretString::from("0123456789abcdef0123456789abcdef");
        let request = signed(Call::States, states(None), &hash).unwrap();
        assert_eq!(request.path, "/tracker/get_states");
        assert_eq!(
            request.json,
            Some(json!({"list_blocked": true, "allow_not_exist": true}))
        );
        let header = |name: &str| {
            request
                .headers
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v)
        };
        assert_eq!(header("nvx-iso-datetime").unwrap(), "true");
        let authorization = header("authorization").unwrap();
        assert_eq!(authorization, "NVX 0123456789abcdef0123456789abcdef");
        assert!(authorization.is_sensitive());
        assert!(!format!("{request:?}").contains("0123456789abcdef"));
    }

    #[test]
    fn bodies_are_as_documented() {
        assert_eq!(states(Some(&[11, 12]))["trackers"], json!([11, 12]));
        assert_eq!(
            readings(&[11, 13]),
            json!({"trackers": [11, 13], "include_components": false})
        );
        assert_eq!(
            counter_values(&[11, 14], CounterType::EngineHours),
            json!({"trackers": [11, 14], "type": "engine_hours"})
        );
        let (from, to) = ("2026-03-01T11:00:00Z", "2026-03-01T13:15:30Z");
        assert_eq!(
            counter_history(
                11,
                CounterType::Odometer,
                (from.parse().unwrap(), to.parse().unwrap()),
                None
            ),
            json!({"tracker_id": 11, "type": "odometer", "from": from, "to": to})
        );
        // As the vendor's pages have it without the ISO option.
        let local = counter_history(
            11,
            CounterType::Odometer,
            (from.parse().unwrap(), to.parse().unwrap()),
            Some(chrono_tz::America::New_York),
        );
        assert_eq!(local["from"], "2026-03-01 06:00:00");
        assert_eq!(local["to"], "2026-03-01 08:15:30");
    }
}
