//! What a configuration names outside itself: variables, files. Whether they are there is looked
//! up only when somebody asks, because a file is right or wrong without them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::problem::{Place, Problem};
use super::secret::Secret;

/// Something outside the file, and the value that names it.
#[derive(Clone, Debug)]
pub struct Outside {
    /// Where the value is.
    pub(super) place: Place,
    /// What it is called in messages, for example `source "opap", password`.
    pub(super) label: String,
    /// The source that needs it; `None` when the program does.
    pub(super) source: Option<String>,
    /// What is named.
    pub(super) named: Named,
}

/// What a value names.
#[derive(Clone, Debug)]
pub(super) enum Named {
    /// A secret.
    Secret(Secret),
    /// A file with certificates.
    Certificates(PathBuf),
    /// A theme file.
    Theme(PathBuf),
}

impl Outside {
    /// The source that needs it; `None` when the program does.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// What is wrong with it. Commands are not run and count as right.
    pub(super) fn problem(&self) -> Option<Problem> {
        let looked_up = match &self.named {
            Named::Secret(secret) => secret.look_up(),
            Named::Certificates(path) => readable(path, "name a PEM file, or remove the key"),
            Named::Theme(path) => {
                readable(path, "name a theme file, or one of the built-in themes")
            }
        };
        let fault = looked_up.err()?;
        Some(Problem {
            place: Some(self.place.clone()),
            message: format!("{}: {}", self.label, fault.what),
            help: fault.fix.to_owned(),
        })
    }
}

/// Why something outside cannot be used, without anything secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub fix: &'static str,
}

impl Fault {
    pub fn new(what: String, fix: &'static str) -> Self {
        Self { what, fix }
    }
}

fn readable(path: &Path, fix: &'static str) -> Result<(), Fault> {
    let place = path.display();
    fs::read_to_string(path).map(drop).map_err(|fault| {
        let what = match fault.kind() {
            io::ErrorKind::NotFound => format!("the file {place} does not exist"),
            io::ErrorKind::PermissionDenied => {
                format!("the file {place} may not be read by this user")
            }
            io::ErrorKind::InvalidData => format!("the file {place} is not text"),
            kind => format!("the file {place} cannot be read: {kind}"),
        };
        Fault::new(what, fix)
    })
}
