//! Secrets: where they come from, and their resolution.

use std::path::PathBuf;

use secrecy::SecretString;

use crate::model::attempt::{ErrorKind, SourceError};

/// Where a secret comes from. It is resolved when its source starts, never printed.
#[derive(Clone, Debug)]
pub enum Secret {
    /// Written in the file.
    Literal(SecretString),
    /// An environment variable.
    Env(String),
    /// The first line of a file.
    File(PathBuf),
    /// The first line that a command prints.
    Command(Vec<String>),
}

impl Secret {
    /// The secret itself.
    ///
    /// # Errors
    /// `config` when the variable is unset, the file cannot be read or the command fails; the
    /// message names the place, never the value.
    pub fn resolve(&self) -> Result<SecretString, SourceError> {
        match self {
            Self::Literal(secret) => Ok(secret.clone()),
            _ => Err(SourceError::new(ErrorKind::Config, "not yet")),
        }
    }
}
