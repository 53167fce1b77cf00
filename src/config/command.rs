//! Secrets that a command prints.

use std::io::{self, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use secrecy::SecretString;

use super::secret::first_line;

/// Runs a command without a shell and takes the first line it prints. What it says on standard
/// error is dropped: it might hold the secret.
///
/// # Errors
/// A sentence that names the program and what to do, never what it printed.
pub(super) fn secret(command: &[String], limit: Duration) -> Result<SecretString, String> {
    let Some((program, arguments)) = command.split_first() else {
        return Err("the command is empty: name a program".to_owned());
    };
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
        .and_then(|line| Some((line, exit(&mut child, limit)?)));
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
    super::secret::secret(line).ok_or_else(|| {
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

/// Waits for a process that has closed its output; `None` when it has not ended by then.
fn exit(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    const NAP: Duration = Duration::from_millis(5);
    // Almost always the first look finds it ended.
    for _ in 0..=limit.as_millis() / NAP.as_millis() {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        thread::sleep(NAP);
    }
    None
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

#[cfg(all(test, unix))]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    /// Long enough for any machine; no test waits for it.
    const PATIENT: Duration = Duration::from_secs(60);

    fn shell(script: &str, limit: Duration) -> Result<String, String> {
        let command = ["sh", "-c", script].map(str::to_owned);
        secret(&command, limit).map(|secret| secret.expose_secret().to_owned())
    }

    #[test]
    fn the_first_line_is_the_secret() {
        assert_eq!(
            shell("echo hunter2; echo rest", PATIENT),
            Ok("hunter2".to_owned())
        );
        assert_eq!(
            shell("printf 'hunter 2'", PATIENT),
            Ok("hunter 2".to_owned())
        );
    }

    #[test]
    fn arguments_are_passed_as_they_are() {
        let command = ["printf", "%s", "$HOME; *"].map(str::to_owned);
        assert_eq!(
            secret(&command, PATIENT).unwrap().expose_secret(),
            "$HOME; *"
        );
    }

    #[test]
    fn a_talkative_command_does_not_fail_on_a_closed_pipe() {
        let script = "echo hunter2; i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done";
        assert_eq!(shell(script, PATIENT), Ok("hunter2".to_owned()));
    }

    #[test]
    fn a_failure_tells_the_program_and_nothing_it_said() {
        let why = shell("echo hunter2; echo hunter2 >&2; exit 3", PATIENT).unwrap_err();
        assert!(
            why.contains("sh") && why.contains('3') && !why.contains("hunter2"),
            "{why}"
        );
        let why = shell("echo", PATIENT).unwrap_err();
        assert!(why.contains("printed no secret"), "{why}");
        let why = secret(&["/nonexistent/program".to_owned()], PATIENT).unwrap_err();
        assert!(why.contains("/nonexistent/program was not found"), "{why}");
        assert!(secret(&[], PATIENT).is_err());
    }

    #[test]
    fn a_command_that_waits_for_input_gets_none() {
        assert!(shell("read answer && echo hunter2", PATIENT).is_err());
    }

    #[test]
    fn what_does_not_end_is_stopped_with_all_it_started() {
        let short = Duration::from_millis(50);
        // The second leaves a process behind that holds the output open.
        for script in [
            "sleep 600",
            "echo hunter2; sleep 600 & exit 0",
            "exec 1>&-; sleep 600",
        ] {
            let why = shell(script, short).unwrap_err();
            assert!(why.contains("did not end"), "{script}: {why}");
        }
    }
}
