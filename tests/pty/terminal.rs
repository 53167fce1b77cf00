//! A pseudo-terminal with a screen in it, and an emulator that shows what the screen wrote.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};

use super::SOON;

/// A running screen on a terminal of 120 columns and 40 rows.
pub struct Terminal {
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    picture: Arc<Mutex<vt100::Parser>>,
    child: Box<dyn Child + Send + Sync>,
}

/// The command that shows a board on its terminal.
pub fn command(show: &str, variables: &[(&str, &str)]) -> CommandBuilder {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "child::screen", "--ignored", "--nocapture"]);
    command.env("TERM", "xterm-256color");
    command.env("LC_ALL", "C.UTF-8");
    command.env_remove("NO_COLOR");
    command.env("OCCTOP_SHOW", show);
    for (name, value) in variables {
        command.env(name, value);
    }
    command
}

impl Terminal {
    pub fn start(show: &str, variables: &[(&str, &str)]) -> Self {
        let pair = native_pty_system().openpty(size(120, 40)).unwrap();
        let child = pair.slave.spawn_command(command(show, variables)).unwrap();
        drop(pair.slave);
        let lines = |lines: u16| NonZero::new(lines).unwrap();
        let picture = vt100::Parser::new(lines(40), lines(120), 0);
        let picture = Arc::new(Mutex::new(picture));
        let mut output = pair.master.try_clone_reader().unwrap();
        let shown = picture.clone();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                shown.lock().unwrap().process(&bytes[..count]);
            }
        });
        Self {
            keys: pair.master.take_writer().unwrap(),
            master: pair.master,
            picture,
            child,
        }
    }

    pub fn send(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        let lines = |lines: u16| NonZero::new(lines).unwrap();
        let mut picture = self.picture.lock().unwrap();
        picture.screen_mut().set_size(lines(rows), lines(columns));
        drop(picture);
        self.master.resize(size(columns, rows)).unwrap();
    }

    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.process_id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    pub fn text(&self) -> String {
        self.picture.lock().unwrap().screen().contents()
    }

    pub fn cell(&self, row: u16, column: u16) -> vt100::Cell {
        let picture = self.picture.lock().unwrap();
        picture.screen().cell(row, column).unwrap().clone()
    }

    pub fn is_alternate(&self) -> bool {
        self.picture.lock().unwrap().screen().alternate_screen()
    }

    pub fn is_cursor_hidden(&self) -> bool {
        self.picture.lock().unwrap().screen().hide_cursor()
    }

    /// The line discipline's settings, as text.
    pub fn modes(&self) -> String {
        format!("{:?}", self.master.get_termios().unwrap())
    }

    pub fn wait_for(&self, words: &str) {
        self.wait_until(words, |text| text.contains(words));
    }

    pub fn wait_until(&self, what: &str, holds: impl Fn(&str) -> bool) {
        let began = Instant::now();
        while !holds(&self.text()) {
            assert!(began.elapsed() < SOON, "no {what} in:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until the program has ended and all it wrote was read.
    pub fn wait_for_end(&mut self) {
        let began = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(began.elapsed() < SOON, "it does not end:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(5));
        }
        while Arc::strong_count(&self.picture) > 1 && began.elapsed() < SOON {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn size(columns: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols: columns,
        pixel_width: 0,
        pixel_height: 0,
    }
}
