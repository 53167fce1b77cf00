//! Puts failures below HTTP into words.

use std::error::Error;
use std::io;
use std::time::Duration;

use reqwest::Url;

use crate::model::attempt::{ErrorKind, SourceError};

/// How far an exchange had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// No answer yet.
    Answer,
    /// The head of the answer is here, its body is not complete.
    Body,
}

/// The whole exchange took too long.
pub(super) fn timed_out(url: &Url, stage: Stage, limit: Duration) -> SourceError {
    let host = host(url);
    let message = match stage {
        Stage::Answer => format!("{host} did not answer within {limit:?}"),
        Stage::Body => format!("{host} did not finish its answer within {limit:?}"),
    };
    SourceError::new(ErrorKind::Timeout, message)
}

/// The client gave up: connecting, sending or reading failed.
pub(super) fn broken(url: &Url, stage: Stage, error: &reqwest::Error) -> SourceError {
    let host = host(url);
    let io = find::<io::Error>(error).map(io::Error::kind);
    if error.is_timeout() {
        return SourceError::new(
            ErrorKind::Timeout,
            format!("{host} cannot be reached: time-out"),
        );
    }
    if let Some(tls) = find::<rustls::Error>(error) {
        let message = format!("no safe connection to {host}: {tls}");
        return SourceError::new(ErrorKind::Network, message);
    }
    let unpacking = matches!(io, Some(io::ErrorKind::InvalidData));
    if unpacking || find::<flate2::DecompressError>(error).is_some() {
        let message = format!("the compressed body from {host} cannot be unpacked");
        return SourceError::new(ErrorKind::Schema, message);
    }
    let what = match (stage, io) {
        _ if error.is_dns() => format!("the name {host} cannot be resolved"),
        (_, Some(io::ErrorKind::ConnectionRefused)) => format!("{host} refused the connection"),
        _ if error.is_connect() => format!("{host} cannot be reached: {}", root(error)),
        (Stage::Answer, Some(io::ErrorKind::ConnectionReset)) => {
            format!("{host} reset the connection")
        }
        (Stage::Answer, _) => format!("no answer from {host}: {}", root(error)),
        (Stage::Body, _) => format!("the body from {host} was cut off"),
    };
    SourceError::new(ErrorKind::Network, what)
}

fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or("the server");
    url.port()
        .map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

/// The first error of type `E` in the chain. An [`io::Error`] may carry another error inside that
/// its own chain skips.
fn find<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        let inner = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
            .and_then(|inner| find::<E>(inner as &(dyn Error + 'static)));
        if inner.is_some() {
            return inner;
        }
        next = error.source();
    }
    None
}

/// The innermost cause. Only the outermost layer knows the address, so this quotes none.
fn root(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    while let Some(deeper) = cause.and_then(Error::source) {
        cause = Some(deeper);
    }
    cause.map_or_else(|| "unknown cause".to_owned(), ToString::to_string)
}
