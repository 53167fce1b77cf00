//! What is asked of the Mews Connector API: the operations that may be called, and their bodies.

use chrono::SecondsFormat;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value as Json, json};

use crate::model::Timestamp;
use crate::vendors::transport::{Allowed, Request};

/// The reads of this vendor. Everything is a POST, so the method protects nobody: what is not in
/// this list is never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Enterprises,
    Counters,
    Reservations,
    Services,
    Availability,
}

/// The credentials of one property, which travel in the body of every call.
#[derive(Clone, Debug)]
pub(super) struct Tokens {
    /// Of the integration.
    pub client: SecretString,
    /// Of the integration at one property or portfolio.
    pub access: SecretString,
    /// Name and version of the program.
    pub program: String,
}

/// A span of time in which something was updated: `from <= x < to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    pub from: Timestamp,
    pub to: Timestamp,
}

impl Operation {
    /// Every operation.
    pub(super) const ALL: [Self; 5] = [
        Self::Enterprises,
        Self::Counters,
        Self::Reservations,
        Self::Services,
        Self::Availability,
    ];

    /// Resource, action and version, as the vendor names them. Case matters, and a slash at the
    /// end is another address (vendor documentation).
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Enterprises => "enterprises/getAll",
            Self::Counters => "counters/getAll",
            Self::Reservations => "reservations/getAll/2023-06-06",
            Self::Services => "services/getAll",
            Self::Availability => "services/getAvailability/2024-01-22",
        }
    }

    fn path(self) -> String {
        format!("/api/connector/v1/{}", self.name())
    }
}

/// The operations that the transport lets through.
pub(super) fn allowed() -> Vec<Allowed> {
    Operation::ALL
        .map(|operation| Allowed::post(&operation.path()))
        .into()
}

/// A call with its credentials. What it asks for is an object of further fields.
pub(super) fn signed(operation: Operation, tokens: &Tokens, wanted: &Json) -> Request {
    let mut body = Map::new();
    body.insert("ClientToken".into(), tokens.client.expose_secret().into());
    body.insert("AccessToken".into(), tokens.access.expose_secret().into());
    body.insert("Client".into(), tokens.program.as_str().into());
    if let Some(wanted) = wanted.as_object() {
        body.extend(wanted.clone());
    }
    Request::post(&operation.path()).json(Json::Object(body))
}

/// Adds the page that is wanted, which every list requires.
pub(super) fn page(wanted: &Json, count: u32, cursor: Option<&str>) -> Json {
    let mut wanted = wanted.clone();
    wanted["Limitation"] = json!({ "Count": count });
    if let Some(cursor) = cursor {
        wanted["Limitation"]["Cursor"] = json!(cursor);
    }
    wanted
}

/// All enterprises of a token.
pub(super) fn enterprises() -> Json {
    json!({})
}

/// Counters of some enterprises, or of all; of one type, or of any; updated in an interval, or
/// ever. An empty list is not valid, so the field is left out.
pub(super) fn counters(
    enterprises: Option<&[String]>,
    kind: Option<&str>,
    updated: Option<Interval>,
) -> Json {
    let mut wanted = json!({});
    if let Some(kind) = kind {
        wanted["Type"] = json!(kind);
    }
    if let Some(enterprises) = enterprises {
        wanted["EnterpriseIds"] = json!(enterprises);
    }
    // Both ends: one of the vendor's documents requires them.
    if let Some(Interval { from, to }) = updated {
        wanted["UpdatedUtc"] = json!({"StartUtc": instant(from), "EndUtc": instant(to)});
    }
    wanted
}

/// The reservations whose guests have checked in and not out.
pub(super) fn reservations(enterprise: &str) -> Json {
    json!({"States": ["Started"], "EnterpriseIds": [enterprise]})
}

/// What guests can book by the night, among other things.
pub(super) fn services() -> Json {
    json!({"ServiceType": "Bookable"})
}

/// The rooms of a service in the night that starts at `midnight`, local time of the hotel.
pub(super) fn availability(service: &str, midnight: Timestamp) -> Json {
    json!({
        "ServiceId": service,
        "FirstTimeUnitStartUtc": instant(midnight),
        "LastTimeUnitStartUtc": instant(midnight),
        "Metrics": ["UsableResources"],
    })
}

fn instant(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use crate::config::endpoint::Method;

    use super::*;

    fn tokens() -> Tokens {
        Tokens {
            client: "CLIENT-TOKEN".into(),
            access: "ACCESS-TOKEN".into(),
            program: "Occupancy Monitor 1.0.0".to_owned(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn only_reads_may_be_sent() {
        let allowed = allowed();
        let covers = |path: &str| allowed.iter().any(|a| a.covers(Method::Post, path));
        for operation in Operation::ALL {
            assert!(covers(&operation.path()), "{operation:?}");
        }
        for never in [
            "/api/connector/v1/reservations/add",
            "/api/connector/v1/reservations/cancel",
            "/api/connector/v1/reservations/start",
            "/api/connector/v1/reservations/process",
            "/api/connector/v1/reservations/price",
            "/api/connector/v1/bills/close",
            "/api/connector/v1/counters/getAll/",
            "/api/connector/v1/counters/getall",
            "/counters/getAll",
        ] {
            assert!(!covers(never), "{never}");
        }
        assert!(!allowed.iter().any(|a| a.method == Method::Get));
    }

    #[test]
    fn trap_10_tokens_are_in_the_body_and_nowhere_else() {
        let wanted = page(&counters(None, None, None), 1000, None);
        let request = signed(Operation::Counters, &tokens(), &wanted);
        assert_eq!(request.path, "/api/connector/v1/counters/getAll");
        assert_eq!(
            request.json,
            Some(json!({
                "ClientToken": "CLIENT-TOKEN", "AccessToken": "ACCESS-TOKEN",
                "Client": "Occupancy Monitor 1.0.0", "Limitation": {"Count": 1000}
            }))
        );
        assert!(request.headers.is_empty() && request.query.is_empty());
        let shown = format!("{request:?} {:?}", tokens());
        assert!(!shown.contains("-TOKEN"), "{shown}");
    }

    #[test]
    fn a_delta_names_both_ends_its_enterprises_its_type_and_its_page() {
        let updated = Interval {
            from: at("2026-03-01T08:00:00Z"),
            to: at("2026-03-01T09:05:00Z"),
        };
        let enterprises = ["0c7b1e52-5f2e-4a76-9b3c-6d5a1f0e2b11".to_owned()];
        let wanted = page(
            &counters(Some(&enterprises), Some("BillCounter"), Some(updated)),
            2,
            Some("5a1c9a5e-93f4-4f55-8c6e-2f0e6c1d7a03"),
        );
        assert_eq!(
            wanted,
            json!({
                "EnterpriseIds": ["0c7b1e52-5f2e-4a76-9b3c-6d5a1f0e2b11"], "Type": "BillCounter",
                "UpdatedUtc": {"StartUtc": "2026-03-01T08:00:00Z", "EndUtc": "2026-03-01T09:05:00Z"},
                "Limitation": {"Count": 2, "Cursor": "5a1c9a5e-93f4-4f55-8c6e-2f0e6c1d7a03"}
            })
        );
    }

    #[test]
    fn a_night_is_asked_for_by_its_exact_start() {
        let wanted = availability("service", at("2026-02-28T23:00:00Z"));
        assert_eq!(wanted["FirstTimeUnitStartUtc"], "2026-02-28T23:00:00Z");
        assert_eq!(wanted["LastTimeUnitStartUtc"], "2026-02-28T23:00:00Z");
    }
}
