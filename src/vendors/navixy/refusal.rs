//! The error table of the Navixy platform: what each code means, and what is done about it.
//!
//! The code decides, not the HTTP status: the vendor's own pages disagree on the status of several
//! codes, and an error may come under status 200.

use crate::model::attempt::{ErrorKind, SourceError};
use crate::vendors::transport::{Reply, plain};

use super::request::Call;
use super::wire;

/// A call that did not bring what was asked.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// The vendor's code, when its own error envelope came.
    pub code: Option<i64>,
    /// The error in words.
    pub error: SourceError,
    /// It was the log-in that failed, not the call.
    pub no_session: bool,
}

/// What is done about a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    /// The schedule backs off and asks again.
    Retry,
    /// The session ended: log in once. With an API key the account stops.
    LogIn,
    /// Our own mistake or a setting: the same request is not repeated in this poll.
    OurFault,
    /// Ask for fewer trackers at once.
    Smaller,
    /// This call is not for us; the others go on.
    StopCall,
    /// The whole account backs off.
    Throttle,
    /// The credentials are useless as they are.
    StopAccount,
    /// The call is not on this server or not in its tariff: use another.
    FallBack,
    /// No such tracker, no such counter, or a counter without a value.
    NoEntity,
    /// The tracker is blocked by its tariff.
    Blocked,
    /// The time span is too long.
    HalveWindow,
    /// A tracker of the list is gone or blocked; the error does not name it.
    Relist,
    /// Not for clones of a tracker.
    NotForClones,
}

impl Reaction {
    /// The reaction to a code of the vendor's error table; codes that it does not list are retried
    /// like a fault of the server.
    pub(super) fn to(code: i64) -> Self {
        match code {
            3 | 4 => Self::LogIn,
            5 | 7 => Self::OurFault,
            9 | 221 => Self::Smaller,
            11..=13 | 101 => Self::StopCall,
            15 => Self::Throttle,
            102..=105 | 275 | 276 => Self::StopAccount,
            111 | 112 | 236 => Self::FallBack,
            201 | 204 => Self::NoEntity,
            208 => Self::Blocked,
            211 => Self::HalveWindow,
            217 => Self::Relist,
            219 => Self::NotForClones,
            _ => Self::Retry,
        }
    }
}

impl Refusal {
    /// The refusal in a reply that is no success.
    pub(super) fn of(call: Call, reply: &Reply, envelope: &wire::Envelope) -> Self {
        let status = envelope.status.as_ref();
        let Some(code) = status.and_then(|status| status.code) else {
            return Self::without_code(call, reply, envelope);
        };
        let mut message = format!("{}: {}", call.name(), words(code));
        for wrong in envelope.errors.iter().filter_map(|row| row.as_good()) {
            let why = wrong.error.as_deref().unwrap_or("not accepted");
            message.extend([" (", &*plain(&wrong.parameter), ": ", &*plain(why), ")"]);
        }
        append_description(&mut message, status);
        let error = SourceError::new(kind(code, reply.status), message)
            .with_status(reply.status)
            .with_code(code)
            .with_retry_at(reply.retry_at());
        Self {
            code: Some(code),
            error,
            no_session: false,
        }
    }

    fn without_code(call: Call, reply: &Reply, envelope: &wire::Envelope) -> Self {
        let mut error = reply.error();
        if reply.is_success() {
            error.kind = ErrorKind::Vendor;
            "the server says that it failed".clone_into(&mut error.message);
        }
        error.message = format!("{}: {}", call.name(), error.message);
        append_description(&mut error.message, envelope.status.as_ref());
        error.into()
    }

    /// A call that could not be made for want of a session.
    pub(super) fn without_session(error: SourceError) -> Self {
        Self {
            code: None,
            error,
            no_session: true,
        }
    }

    /// What is done about it.
    pub(super) fn reaction(&self) -> Reaction {
        if self.no_session {
            return Reaction::StopAccount;
        }
        // A path that a proxy in front of the server does not know is no path of this server.
        match (self.code, self.error.status) {
            (Some(code), _) => Reaction::to(code),
            (None, Some(404 | 405)) => Reaction::FallBack,
            (None, Some(413)) => Reaction::Smaller,
            (None, _) => Reaction::Retry,
        }
    }

    /// Whether nothing else should be asked in this poll: the account is refused or throttled, or
    /// the server cannot be reached.
    pub(super) fn ends_poll(&self) -> bool {
        // A server that says when to come back means every call, and a log-in is tried once.
        if self.no_session || self.error.retry_at.is_some() {
            return true;
        }
        match self.code {
            Some(_) => matches!(
                self.reaction(),
                Reaction::LogIn | Reaction::StopAccount | Reaction::Throttle
            ),
            None => !matches!(
                self.error.kind,
                ErrorKind::Http | ErrorKind::Schema | ErrorKind::Vendor
            ),
        }
    }
}

impl From<SourceError> for Refusal {
    fn from(error: SourceError) -> Self {
        Self {
            code: None,
            error,
            no_session: false,
        }
    }
}

/// The class of an error: by its code where the code has a class, else by the HTTP status. Codes
/// of a known meaning that is no refusal of the credentials stay clear of `auth`, whatever status
/// they come under.
fn kind(code: i64, status: u16) -> ErrorKind {
    match code {
        3 | 4 | 11..=13 | 102..=105 | 275 | 276 => ErrorKind::Auth,
        15 => ErrorKind::RateLimited,
        _ if !is_listed(code) && matches!(status, 401 | 403) => ErrorKind::Auth,
        _ if status == 429 => ErrorKind::RateLimited,
        _ if status >= 400 => ErrorKind::Http,
        _ => ErrorKind::Vendor,
    }
}

fn is_listed(code: i64) -> bool {
    words(code) != UNLISTED
}

const UNLISTED: &str = "an error that the vendor's table does not list";

/// The code in words that say what to do where something can be done.
fn words(code: i64) -> &'static str {
    match code {
        1 => "the server's database failed",
        2 => "the server's sign-in service failed",
        3 => "the key or session is refused as malformed or revoked",
        4 => "the key or user is not known, or the session has ended",
        5 => "the server does not understand the request",
        6 => "the server failed unexpectedly",
        7 => "the server refuses a parameter",
        8 => "the server's queue failed",
        9 => "the request is too large",
        11 => "access is denied",
        12 => "the dealer of this account is not found: check the url",
        13 => "this user may not make the call: give it the right to read trackers",
        14 => "the server's database is not available",
        15 => "too many requests: other programs may share the account or the address",
        101 => "switched off in the vendor's demo mode",
        102 => "wrong user name or password",
        103 => "the user is not activated yet",
        104 => "too many log-ins: wait, or use an API key",
        105 => "too many log-in attempts: wait before trying again",
        111 => "this server does not have the call",
        112 => "this server does not have the action",
        201 => "not found in the database",
        204 => "no such tracker or counter, or the counter has no value yet",
        208 => "the tracker is blocked by its tariff",
        211 => "the time span is too long for this server",
        217 => "some of the trackers do not exist or are blocked",
        219 => "not allowed for clones of a tracker",
        221 => "too many trackers at once",
        229 => "the server has not prepared the data yet",
        236 => "not in the tariff of this account",
        275 => "the user is blocked",
        276 => "not allowed with this kind of session",
        _ => UNLISTED,
    }
}

fn append_description(message: &mut String, status: Option<&wire::Status>) {
    let description = status.and_then(|status| status.description.as_deref());
    let description = description.map(plain).unwrap_or_default();
    if !description.is_empty() {
        message.extend(["; the server says: ", &*description]);
    }
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderMap;

    use super::*;

    fn refusal(status: u16, body: &str) -> Refusal {
        let reply = Reply {
            status,
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
            received: "2026-03-01T13:15:30Z".parse().unwrap(),
        };
        let envelope = serde_json::from_str(body).unwrap_or_default();
        Refusal::of(Call::States, &reply, &envelope)
    }

    /// Code, HTTP status, class, reaction: one row for each of the vendor's error table.
    /// One test for each row of the vendor's table, and the rows as a list.
    macro_rules! rows {
        ($($name:ident: $code:literal, $status:literal, $kind:ident, $reaction:ident;)+) => {
            const TABLE: [(i64, u16, ErrorKind, Reaction); 32] =
                [$(($code, $status, ErrorKind::$kind, Reaction::$reaction)),+];
            $(
                #[test]
                fn $name() {
                    is_told($code, $status, (ErrorKind::$kind, Reaction::$reaction));
                }
            )+
        };
    }

    rows! {
        code_001_database_error: 1, 500, Http, Retry;
        code_002_service_auth_error: 2, 403, Http, Retry;
        code_003_wrong_hash: 3, 400, Auth, LogIn;
        code_004_user_or_key_not_found: 4, 400, Auth, LogIn;
        code_005_wrong_request_format: 5, 400, Http, OurFault;
        code_006_unexpected_error: 6, 500, Http, Retry;
        code_007_invalid_parameters: 7, 400, Http, OurFault;
        code_008_queue_error: 8, 503, Http, Retry;
        code_009_too_large: 9, 412, Http, Smaller;
        code_011_access_denied: 11, 403, Auth, StopCall;
        code_012_dealer_not_found: 12, 400, Auth, StopCall;
        code_013_not_permitted: 13, 403, Auth, StopCall;
        code_014_database_unavailable: 14, 503, Http, Retry;
        code_015_too_many_requests: 15, 429, RateLimited, Throttle;
        code_101_demo_mode: 101, 403, Http, StopCall;
        code_102_wrong_password: 102, 400, Auth, StopAccount;
        code_103_not_activated: 103, 400, Auth, StopAccount;
        code_104_too_many_log_ins: 104, 400, Auth, StopAccount;
        code_105_log_in_attempts: 105, 400, Auth, StopAccount;
        code_111_wrong_handler: 111, 400, Http, FallBack;
        code_112_wrong_method: 112, 400, Http, FallBack;
        code_201_not_in_database: 201, 400, Http, NoEntity;
        code_204_entity_not_found: 204, 404, Http, NoEntity;
        code_208_device_blocked: 208, 403, Http, Blocked;
        code_211_span_too_big: 211, 400, Http, HalveWindow;
        code_217_nonexistent_in_list: 217, 400, Http, Relist;
        code_219_not_for_clones: 219, 403, Http, NotForClones;
        code_221_device_limit: 221, 403, Http, Smaller;
        code_229_not_ready: 229, 404, Http, Retry;
        code_236_not_in_tariff: 236, 402, Http, FallBack;
        code_275_user_blocked: 275, 403, Auth, StopAccount;
        code_276_kind_of_session: 276, 403, Auth, StopAccount;
    }

    /// A row has a class, a reaction and words.
    fn is_told(code: i64, status: u16, expected: (ErrorKind, Reaction)) {
        let body = format!(r#"{{"success":false,"status":{{"code":{code},"description":"D"}}}}"#);
        let refusal = refusal(status, &body);
        let error = &refusal.error;
        assert_eq!((error.kind, refusal.reaction()), expected);
        assert_eq!(
            (error.status, error.code.as_deref()),
            (Some(status), Some(&*code.to_string()))
        );
        assert!(is_listed(code));
        assert!(error.message.starts_with("tracker/get_states: "), "{error}");
        assert!(error.message.ends_with("; the server says: D"), "{error}");
    }

    #[test]
    fn the_code_decides_also_under_status_200() {
        for (code, _, kind, reaction) in TABLE {
            let body = format!(r#"{{"success":false,"status":{{"code":{code}}}}}"#);
            let refusal = refusal(200, &body);
            let expected = if kind == ErrorKind::Http {
                ErrorKind::Vendor
            } else {
                kind
            };
            assert_eq!(
                (refusal.error.kind, refusal.reaction()),
                (expected, reaction),
                "{code}"
            );
        }
    }

    #[test]
    fn a_missing_tracker_under_403_is_no_matter_of_credentials() {
        for code in [204, 211, 217] {
            let body = format!(r#"{{"success":false,"status":{{"code":{code}}}}}"#);
            assert_eq!(refusal(403, &body).error.kind, ErrorKind::Http, "{code}");
        }
    }

    #[test]
    fn unlisted_codes_are_retried_and_classed_by_their_status() {
        for code in [0, 10, 16, 26, 100, 205, 216, 999, -1] {
            let body = format!(r#"{{"success":false,"status":{{"code":{code}}}}}"#);
            assert_eq!(refusal(500, &body).reaction(), Reaction::Retry, "{code}");
            assert_eq!(refusal(403, &body).error.kind, ErrorKind::Auth, "{code}");
            assert_eq!(refusal(400, &body).error.kind, ErrorKind::Http, "{code}");
            assert_eq!(refusal(200, &body).error.kind, ErrorKind::Vendor, "{code}");
        }
    }

    #[test]
    fn a_reply_without_an_envelope_is_classed_by_its_status() {
        let cases = [
            (502, "<html>Bad gateway</html>", ErrorKind::Http),
            (401, "", ErrorKind::Auth),
            (429, "slow down", ErrorKind::RateLimited),
            (200, r#"{"success":false}"#, ErrorKind::Vendor),
            (500, r#"{"success":false,"status":"odd"}"#, ErrorKind::Http),
        ];
        for (status, body, kind) in cases {
            let refusal = refusal(status, body);
            assert_eq!(
                (refusal.code, refusal.error.kind),
                (None, kind),
                "{status} {body}"
            );
        }
        assert_eq!(refusal(404, "<html>").reaction(), Reaction::FallBack);
    }

    #[test]
    fn a_refused_parameter_is_named() {
        let refusal = refusal(
            400,
            r#"{"success":false,"status":{"code":7,"description":"Invalid parameters"},"errors":[{"parameter":"to","error":"period is too long"},5]}"#,
        );
        assert_eq!(
            refusal.error.message,
            "tracker/get_states: the server refuses a parameter (to: period is too long); the server says: Invalid parameters"
        );
    }

    #[test]
    fn only_trouble_of_the_whole_account_ends_a_poll() {
        let ends = |code: i64| {
            refusal(
                400,
                &format!(r#"{{"success":false,"status":{{"code":{code}}}}}"#),
            )
            .ends_poll()
        };
        for (code, _, _, reaction) in TABLE {
            let expected = matches!(
                reaction,
                Reaction::LogIn | Reaction::StopAccount | Reaction::Throttle
            );
            assert_eq!(ends(code), expected, "{code}");
        }
        assert!(refusal(429, "").ends_poll());
        assert!(!refusal(500, "").ends_poll());
        assert!(Refusal::from(SourceError::new(ErrorKind::Timeout, "late")).ends_poll());
    }
}
