//! Starts the program and waits for it, and the estate that it is to watch.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use occtop::clock::Clock;
use occtop::simulator::vendor::Vendor;
use occtop::simulator::{self, Options, Running};
use serde_json::Value;
use tempfile::TempDir;

/// Much more than anything takes, because the machine may be busy.
pub const DEADLINE: Duration = Duration::from_secs(120);

/// What a run of the program left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// Asserts the exit status.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// The program with nothing of this machine's settings around it.
pub fn program(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_occtop"));
    command.env_clear();
    for name in ["PATH", "SystemRoot", "LLVM_PROFILE_FILE"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("HOME", home).stdin(Stdio::null());
    command
}

/// Waits for the end of a process; one that hangs is killed and fails the test.
pub fn wait(child: Child) -> Output {
    let id = child.id();
    let (ended, end) = mpsc::channel();
    std::thread::spawn(move || ended.send(child.wait_with_output()));
    if let Ok(output) = end.recv_timeout(DEADLINE) {
        return output.unwrap();
    }
    end_process(id);
    panic!("process {id} does not end");
}

#[cfg(unix)]
fn end_process(id: u32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
}

#[cfg(not(unix))]
fn end_process(_: u32) {}

pub fn finish(command: &mut Command) -> Ran {
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let output = wait(command.spawn().unwrap());
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A folder with a configuration, a history and a log.
pub struct Place {
    pub folder: TempDir,
}

impl Place {
    pub fn new(toml: &str) -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        place.configure(toml);
        place
    }

    /// Writes the configuration, as a file that only its owner reads.
    pub fn configure(&self, toml: &str) {
        fs::write(self.config(), toml).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(self.config(), fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn config(&self) -> PathBuf {
        self.path("config.toml")
    }

    pub fn history(&self) -> PathBuf {
        self.path("history.db")
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = program(self.folder.path());
        command.arg("--config").arg(self.config()).args(args);
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        finish(&mut self.command(args))
    }
}

/// Simulators in this process, where one of them can be stopped, and a place to watch them from.
pub struct Estate {
    pub running: Running,
    runtime: tokio::runtime::Runtime,
    pub place: Place,
}

impl Estate {
    /// Four stores at the wall's own time, with a history in a file.
    pub fn open() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let options = Options {
            stores: 4,
            ..Options::new(Clock::system())
        };
        let running = runtime.block_on(simulator::start(options)).unwrap();
        let place = Place::new("");
        place.configure(&kept(&running.config_toml(), &place.history()));
        Self {
            running,
            runtime,
            place,
        }
    }

    pub fn stop(&mut self, vendor: Vendor) {
        let _inside = self.runtime.enter();
        let url = self.running.url(vendor).unwrap();
        self.running.stop(vendor);
        // The port is closed by a task that has to be run first.
        let address = url.trim_start_matches("http://").split('/').next().unwrap();
        while std::net::TcpStream::connect(address).is_ok() {
            std::thread::yield_now();
        }
    }
}

/// A simulated configuration with its history in a file.
pub fn kept(toml: &str, history: &Path) -> String {
    let history = toml::Value::from(history.to_str().unwrap());
    let kept = toml.replace("path = \":memory:\"", &format!("path = {history}"));
    assert_ne!(kept, toml);
    kept
}

/// `occtop simulate` as a process of its own, ended when this is dropped.
pub struct Simulate {
    child: Child,
    pub toml: String,
}

impl Simulate {
    pub fn start(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = program(folder.path())
            .arg("simulate")
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut out = child.stdout.take().unwrap();
        let mut line = String::new();
        errors.read_line(&mut line).unwrap();
        assert!(line.contains("simulators are running"), "{line}");
        // The whole configuration was written before that was said.
        let mut toml = Vec::new();
        let mut bytes = [0; 4096];
        while !toml.ends_with(b"\n") || !ends_with_shuttles(&toml) {
            let count = out.read(&mut bytes).unwrap();
            assert!(count > 0, "{}", String::from_utf8_lossy(&toml));
            toml.extend_from_slice(&bytes[..count]);
        }
        Self {
            child,
            toml: String::from_utf8(toml).unwrap(),
        }
    }

    /// Ends it as a service manager does and gives its exit status.
    #[cfg(unix)]
    pub fn terminate(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

/// The shuttles' members are the last line of a simulated configuration.
fn ends_with_shuttles(toml: &[u8]) -> bool {
    let text = String::from_utf8_lossy(toml);
    let last = text.rsplit("[[store]]").next().unwrap_or_default();
    last.contains("\"Shuttles\"") && last.contains("members = ")
}

impl Drop for Simulate {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
