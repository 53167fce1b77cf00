//! Secrets: where they come from, and their resolution.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use secrecy::SecretString;

use crate::clock;
use crate::model::attempt::{ErrorKind, SourceError};

/// How long a command may take.
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
    /// message names the place and the fix, never the value.
    pub fn resolve(&self) -> Result<SecretString, SourceError> {
        match self {
            Self::Command(command) => run(command, COMMAND_LIMIT).map_err(|why| unresolved(&why)),
            _ => self
                .resolve_offline()
                .unwrap_or_else(|| Err(unresolved("not resolved"))),
        }
    }

    /// The secret itself, unless a command would have to be run for it.
    ///
    /// # Errors
    /// As [`Secret::resolve`].
    pub fn resolve_offline(&self) -> Option<Result<SecretString, SourceError>> {
        let resolved = match self {
            Self::Literal(secret) => Ok(secret.clone()),
            Self::Env(name) => variable(name, std::env::var_os(name).as_deref()),
            Self::File(path) => file(path),
            Self::Command(_) => return None,
        };
        Some(resolved.map_err(|why| unresolved(&why)))
    }
}

fn unresolved(why: &str) -> SourceError {
    SourceError::new(ErrorKind::Config, why)
}

fn variable(name: &str, value: Option<&OsStr>) -> Result<SecretString, String> {
    let Some(value) = value else {
        return Err(format!(
            "the environment variable {name} is not set: set it before the program starts"
        ));
    };
    match value.to_str() {
        None => Err(format!("the environment variable {name} is not UTF-8 text")),
        Some("") => Err(format!(
            "the environment variable {name} is empty: set it to the secret"
        )),
        Some(value) => Ok(SecretString::from(value)),
    }
}

fn file(path: &Path) -> Result<SecretString, String> {
    let place = path.display();
    let line = File::open(path)
        .and_then(|file| first_line(&mut BufReader::new(file)))
        .map_err(|fault| match fault.kind() {
            io::ErrorKind::NotFound => {
                format!(
                    "the file {place} does not exist: create it with the secret on its first line"
                )
            }
            io::ErrorKind::PermissionDenied => {
                format!("the file {place} may not be read by this user: change its permissions")
            }
            kind => format!("the file {place} cannot be read: {kind}"),
        })?;
    secret(line).ok_or_else(|| {
        format!("the file {place} has no secret: write it on the first line, as UTF-8 text")
    })
}

/// Runs a command without a shell and takes the first line it prints. What it says on standard
/// error is dropped: it might hold the secret.
fn run(command: &[String], limit: Duration) -> Result<SecretString, String> {
    let Some((program, arguments)) = command.split_first() else {
        return Err("the command is empty: name a program".to_owned());
    };
    let deadline = clock::monotonic() + limit;
    let mut child = start(program, arguments)?;
    let (sender, receiver) = mpsc::channel();
    if let Some(output) = child.stdout.take() {
        thread::spawn(move || {
            let mut output = BufReader::new(output);
            let line = first_line(&mut output);
            // The rest is read too, so that the command does not fail on a closed pipe.
            let drained = io::copy(&mut output, &mut io::sink());
            // Nobody listens after the time is up.
            let _ = sender.send(line.and_then(|line| drained.map(|_| line)));
        });
    }
    let outcome = receiver
        .recv_timeout(limit)
        .ok()
        .and_then(|line| Some((line, exit(&mut child, deadline)?)));
    let Some((line, status)) = outcome else {
        stop(&mut child);
        let seconds = limit.as_secs();
        return Err(format!(
            "the command {program} did not end within {seconds} seconds: it must not ask questions"
        ));
    };
    if !status.success() {
        return Err(format!(
            "the command {program} failed ({status}): run it by hand to see why"
        ));
    }
    let line =
        line.map_err(|fault| format!("the output of {program} cannot be read: {}", fault.kind()))?;
    secret(line).ok_or_else(|| {
        format!("the command {program} printed no secret: its first line of output is taken")
    })
}

fn start(program: &str, arguments: &[String]) -> Result<Child, String> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    // A group of its own, so that what the command starts can be stopped with it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    command.spawn().map_err(|fault| match fault.kind() {
        io::ErrorKind::NotFound => {
            format!("the command {program} was not found: install it or write its full path")
        }
        kind => format!("the command {program} cannot be started: {kind}"),
    })
}

/// Waits for a process that has closed its output; `None` when the time is up.
fn exit(child: &mut Child, deadline: tokio::time::Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if clock::monotonic() < deadline => {
                thread::sleep(Duration::from_millis(5));
            }
            _ => return None,
        }
    }
}

fn stop(child: &mut Child) {
    #[cfg(unix)]
    if let Some(group) = i32::try_from(child.id())
        .ok()
        .and_then(rustix::process::Pid::from_raw)
    {
        // It may have ended on its own by now.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}

fn first_line(from: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    from.take(LONGEST_BYTES).read_until(b'\n', &mut line)?;
    Ok(line)
}

/// A line without its line break; `None` when nothing is left or it is not text.
fn secret(line: Vec<u8>) -> Option<SecretString> {
    let line = String::from_utf8(line).ok()?;
    let line = line.strip_suffix('\n').unwrap_or(&line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    (!line.is_empty()).then(|| SecretString::from(line))
}
