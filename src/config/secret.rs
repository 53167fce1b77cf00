//! Secrets: where they come from, and their resolution.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use crate::model::attempt::{ErrorKind, SourceError};

use super::command;
use super::outside::Fault;

/// How long a command may take to print its secret, and to end after that.
const COMMAND_LIMIT: Duration = Duration::from_secs(10);

/// No secret is longer; a wrong file or a flooding command must not fill the memory.
const LONGEST_BYTES: u64 = 64 * 1024;

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
    /// The secret itself. A command is run and waited for, up to 10 seconds, so asynchronous
    /// callers must not do this on a thread that others need.
    ///
    /// # Errors
    /// `config` when the variable is unset, the file cannot be read or the command fails; the
    /// message names the `key` it was configured with, the place and the fix, never the value.
    pub fn resolve(&self, key: &str) -> Result<SecretString, SourceError> {
        let told = |fault: Fault| format!("{}: {}", fault.what, fault.fix);
        let resolved = match self {
            Self::Literal(secret) => Ok(secret.clone()),
            Self::Env(name) => variable(name, std::env::var_os(name).as_deref()).map_err(told),
            Self::File(path) => file(path).map_err(told),
            Self::Command(command) => command::secret(command, COMMAND_LIMIT),
        };
        resolved.map_err(|why| SourceError::new(ErrorKind::Config, format!("{key}: {why}")))
    }

    /// Whether the secret is where it should be; a command is not run.
    pub(super) fn look_up(&self) -> Result<(), Fault> {
        match self {
            Self::Literal(_) | Self::Command(_) => Ok(()),
            Self::Env(name) => variable(name, std::env::var_os(name).as_deref()).map(drop),
            Self::File(path) => file(path).map(drop),
        }
    }
}

fn variable(name: &str, value: Option<&OsStr>) -> Result<SecretString, Fault> {
    let fault = |what: &str, fix| {
        let what = format!("the environment variable {name} {what}");
        Err(Fault::new(what, fix))
    };
    match value.map(OsStr::to_str) {
        None => fault("is not set", "set it before the program starts"),
        Some(None) => fault("is not UTF-8 text", "set it to the secret"),
        Some(Some("")) => fault("is empty", "set it to the secret"),
        Some(Some(value)) => Ok(SecretString::from(value)),
    }
}

fn file(path: &Path) -> Result<SecretString, Fault> {
    let place = path.display();
    let line = File::open(path)
        .and_then(|file| first_line(&mut BufReader::new(file)))
        .map_err(|fault| match fault.kind() {
            io::ErrorKind::NotFound => Fault::new(
                format!("the file {place} does not exist"),
                "create it with the secret on its first line",
            ),
            io::ErrorKind::PermissionDenied => Fault::new(
                format!("the file {place} may not be read by this user"),
                "change its permissions",
            ),
            kind => Fault::new(
                format!("the file {place} cannot be read ({kind})"),
                "name a file with the secret on its first line",
            ),
        })?;
    secret(line).ok_or_else(|| {
        Fault::new(
            format!("the file {place} has no secret"),
            "write it on the first line, as UTF-8 text",
        )
    })
}

/// The first line with its line break, cut at the longest a secret can be.
pub(super) fn first_line(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    from.take(LONGEST_BYTES).read_until(b'\n', &mut line)?;
    Ok(line)
}

/// A line without its line break; `None` when nothing is left or it is not text.
pub(super) fn secret(line: Vec<u8>) -> Option<SecretString> {
    let line = String::from_utf8(line).ok()?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    (!line.is_empty()).then(|| SecretString::from(line))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn text(secret: &Result<SecretString, Fault>) -> Result<&str, &str> {
        secret
            .as_ref()
            .map(ExposeSecret::expose_secret)
            .map_err(|fault| &*fault.what)
    }

    #[test]
    fn a_variable_must_be_set_and_filled() {
        assert_eq!(text(&variable("V", Some(OsStr::new(" x ")))), Ok(" x "));
        for value in [None, Some(OsStr::new(""))] {
            let why = variable("THE_NAME", value).unwrap_err();
            assert!(why.what.contains("THE_NAME"), "{why:?}");
            assert!(why.fix.contains("set it"), "{why:?}");
        }
    }

    #[test]
    fn the_first_line_of_a_file_counts_without_its_line_break() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        for (content, expected) in [
            ("hunter2", "hunter2"),
            ("hunter2\n", "hunter2"),
            ("hunter2\r\nrest\n", "hunter2"),
            (" hunter 2 \n", " hunter 2 "),
        ] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(text(&file(&path)), Ok(expected), "{content:?}");
        }
        for content in ["", "\n", "\r\nhunter2\n"] {
            std::fs::write(&path, content).unwrap();
            assert!(
                file(&path).unwrap_err().what.contains("has no secret"),
                "{content:?}"
            );
        }
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named_but_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing");
        assert!(
            file(&missing)
                .unwrap_err()
                .what
                .contains("missing does not exist")
        );
        let directory = file(folder.path()).unwrap_err().what;
        assert!(directory.contains("cannot be read"), "{directory}");
        let not_text = folder.path().join("bytes");
        std::fs::write(&not_text, b"hunter2\xff\n").unwrap();
        let why = file(&not_text).unwrap_err();
        assert!(why.fix.contains("UTF-8"), "{why:?}");
        assert!(!format!("{why:?}").contains("hunter2"), "{why:?}");
    }

    #[test]
    fn a_secret_without_end_is_cut() {
        let endless = io::repeat(b'x');
        let line = first_line(&mut BufReader::new(endless)).unwrap();
        assert_eq!(line.len() as u64, LONGEST_BYTES);
    }

    #[test]
    fn errors_are_of_the_configuration() {
        let missing = Secret::File("/nonexistent/secret".into());
        let error = missing.resolve("api_key").unwrap_err();
        assert_eq!(error.kind, ErrorKind::Config);
        assert!(error.message.starts_with("api_key: "), "{}", error.message);
        assert!(missing.look_up().is_err());
        assert!(Secret::Command(vec!["false".into()]).look_up().is_ok());
    }

    #[test]
    fn no_form_of_printing_tells_a_literal() {
        let literal = Secret::Literal(SecretString::from("hunter2"));
        assert!(!format!("{literal:?} {literal:#?}").contains("hunter2"));
    }
}
