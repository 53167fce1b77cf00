//! Tokens of the simulated vendors: issued, checked, and dead after a while.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use rand::RngExt;
use serde_json::json;

use crate::model::Timestamp;

use super::estate::chance::{Subject, chance};

/// The tokens of one sort that a vendor has handed out.
#[derive(Debug)]
pub struct Tokens {
    seed: u64,
    sort: u64,
    life: TimeDelta,
    issued: Mutex<Issued>,
}

#[derive(Debug, Default)]
struct Issued {
    serial: i64,
    expiry: HashMap<String, Timestamp>,
}

/// What a token is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// It opens the door.
    Valid,
    /// It did once.
    Expired,
    /// Never issued, or taken back.
    Unknown,
}

impl Tokens {
    /// Tokens that live for `life_s` seconds; `sort` keeps different sorts apart.
    #[must_use]
    pub fn new(seed: u64, sort: u64, life_s: i64) -> Self {
        Self {
            seed,
            sort,
            life: TimeDelta::seconds(life_s),
            issued: Mutex::default(),
        }
    }

    /// A new JSON Web Token. Its signature is noise: only this server checks it, by memory.
    pub fn issue_jwt(&self, now: Timestamp) -> String {
        self.issue(now, |serial, noise, expiry| {
            let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
            let head = part(json!({ "alg": "HS256", "typ": "JWT" }));
            let claims = json!({
                "iat": now.timestamp(),
                "exp": expiry.timestamp(),
                "jti": serial,
            });
            let signature = URL_SAFE_NO_PAD.encode(noise);
            format!("{head}.{}.{signature}", part(claims))
        })
    }

    /// A new token without meaning of 32 hexadecimal digits.
    pub fn issue_opaque(&self, now: Timestamp) -> String {
        self.issue(now, |_, noise, _| hex(&noise))
    }

    fn issue(
        &self,
        now: Timestamp,
        write: impl FnOnce(i64, [u8; 16], Timestamp) -> String,
    ) -> String {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.serial += 1;
        // A token long dead may as well be unknown.
        issued
            .expiry
            .retain(|_, expiry| *expiry + TimeDelta::days(1) > now);
        let noise = chance(self.seed, Subject::Credentials, self.sort, issued.serial).random();
        let expiry = now + self.life;
        let token = write(issued.serial, noise, expiry);
        issued.expiry.insert(token.clone(), expiry);
        token
    }

    /// What a token is worth at `now`.
    #[must_use]
    pub fn worth(&self, token: &str, now: Timestamp) -> Worth {
        let issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        match issued.expiry.get(token) {
            None => Worth::Unknown,
            Some(expiry) if *expiry <= now => Worth::Expired,
            Some(_) => Worth::Valid,
        }
    }

    /// Takes a token back; whether it was valid.
    pub fn take_back(&self, token: &str, now: Timestamp) -> bool {
        let worth = self.worth(token, now);
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.expiry.remove(token);
        worth == Worth::Valid
    }
}

/// Hexadecimal digits, two for each byte.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write;
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_valid_until_it_expires_or_is_taken_back() {
        let tokens = Tokens::new(1, 1, 300);
        let start = Timestamp::UNIX_EPOCH;
        let (first, second) = (tokens.issue_jwt(start), tokens.issue_jwt(start));
        assert_ne!(first, second);
        assert_eq!(
            tokens.worth(&first, start + TimeDelta::seconds(299)),
            Worth::Valid
        );
        assert_eq!(
            tokens.worth(&first, start + TimeDelta::seconds(300)),
            Worth::Expired
        );
        assert!(tokens.take_back(&second, start));
        assert_eq!(tokens.worth(&second, start), Worth::Unknown);
        assert!(!tokens.take_back(&second, start));
    }

    #[test]
    fn a_web_token_tells_when_it_ends() {
        let token = Tokens::new(1, 1, 300).issue_jwt(Timestamp::UNIX_EPOCH);
        let claims = token.split('.').nth(1).unwrap();
        let claims = URL_SAFE_NO_PAD.decode(claims).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims["exp"], 300);
    }
}
