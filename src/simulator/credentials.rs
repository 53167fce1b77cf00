//! The accounts at the simulated vendors, another for each seed.

use rand::RngExt;
use uuid::{Builder, Uuid};

use super::estate::chance::{Subject, chance};
use super::tokens::hex;

/// What opens the vendors' doors. The printed configuration carries it; it opens nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// User name at Bespot and SmartNow.
    pub username: String,
    /// Password at Bespot.
    pub bespot_password: String,
    /// Company id at Viametrics.
    pub client_id: String,
    /// Key at Viametrics.
    pub api_key: String,
    /// Key at Navixy: 32 hexadecimal digits.
    pub navixy_key: String,
    /// Login at Navixy.
    pub navixy_login: String,
    /// Password at Navixy.
    pub navixy_password: String,
    /// Token of the integration at Mews.
    pub client_token: String,
    /// Token of the property at Mews.
    pub access_token: String,
    /// Password at SmartNow.
    pub smartnow_password: String,
}

impl Credentials {
    /// The accounts of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut draw = chance(seed, Subject::Credentials, 0, 0);
        let mut secret = || hex(&draw.random::<[u8; 16]>());
        Self {
            username: "monitor".to_owned(),
            bespot_password: secret(),
            api_key: secret(),
            navixy_key: secret(),
            navixy_login: "ops@example.org".to_owned(),
            navixy_password: secret(),
            client_token: secret().to_uppercase(),
            access_token: secret().to_uppercase(),
            smartnow_password: secret(),
            client_id: (1000 + seed % 9000).to_string(),
        }
    }
}

/// A lasting id of something in the estate.
#[must_use]
pub fn identity(seed: u64, thing: u64, occasion: i64) -> Uuid {
    let bytes = chance(seed, Subject::Identity, thing, occasion).random();
    Builder::from_random_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_seed_has_its_own_secrets() {
        let (one, other) = (Credentials::new(1), Credentials::new(2));
        assert_eq!(one, Credentials::new(1));
        assert_ne!(one.bespot_password, other.bespot_password);
        assert_ne!(one.navixy_key, one.api_key);
        assert_eq!(one.navixy_key.len(), 32);
    }
}
