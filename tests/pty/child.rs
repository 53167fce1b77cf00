//! What runs inside the terminal, and how a terminal is lost.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use occtop::clock::Clock;
use occtop::screen::glyphs::{self, Choice};
use occtop::screen::terminal::{Guard, install_panic_hook};
use occtop::screen::theme::Theme;
use occtop::screen::{self, Environment, Look, Zone};
use portable_pty::native_pty_system;

use super::boards;
use super::terminal::{command, size};

/// Not a test: the program that the tests start on a terminal.
#[test]
#[ignore = "started by the other tests on a terminal of its own"]
fn screen() {
    let Ok(show) = std::env::var("OCCTOP_SHOW") else {
        return;
    };
    install_panic_hook();
    // As long as this connection is open, the process lives.
    let _alive = std::env::var("OCCTOP_ALIVE").map(|at| TcpStream::connect(at).unwrap());
    match show.as_str() {
        "panic" => {
            let _guard = Guard::enter().unwrap();
            panic!("on purpose");
        }
        "panic elsewhere" => {
            let elsewhere = std::thread::spawn(|| {
                std::thread::sleep(Duration::from_millis(50));
                panic!("on purpose");
            });
            run();
            drop(elsewhere);
        }
        _ => run(),
    }
    std::process::exit(0);
}

fn run() {
    let environment = Environment::read(|name| std::env::var(name).ok());
    let theme = if environment.is_colourless() {
        Theme::mono()
    } else {
        Theme::load("auto").unwrap()
    };
    let look = Look {
        theme,
        glyphs: glyphs::choose(Choice::Auto, &environment),
        zone: Zone::Named(chrono_tz::Europe::Athens),
        badge: String::new(),
        recorded: false,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (_feed, boards) = tokio::sync::watch::channel(Arc::new(boards::troubled()));
    let (effects, _asked) = tokio::sync::mpsc::channel(16);
    let (_answer, answers) = tokio::sync::mpsc::channel(1);
    let clock = Clock::scaled(boards::now(), 1.0);
    let wires = screen::Wires {
        boards,
        effects,
        answers,
    };
    let shown = runtime.block_on(screen::run(look, wires, clock));
    runtime.shutdown_background();
    shown.unwrap();
}

/// Not a test: holds a terminal with a screen until it is killed.
#[test]
#[ignore = "started by the other tests"]
fn holder() {
    if std::env::var("OCCTOP_ALIVE").is_err() {
        return;
    }
    let pair = native_pty_system().openpty(size(120, 40)).unwrap();
    let alive = std::env::var("OCCTOP_ALIVE").unwrap();
    let screen = command("troubled", &[("OCCTOP_ALIVE", alive.as_str())]);
    let _child = pair.slave.spawn_command(screen).unwrap();
    drop(pair.slave);
    let mut output = pair.master.try_clone_reader().unwrap();
    let mut seen = Vec::new();
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = output.read(&mut bytes) {
        seen.extend_from_slice(&bytes[..count]);
        if String::from_utf8_lossy(&seen).contains("Ermou") {
            let mut painted = std::io::stdout();
            painted.write_all(b"painted\n").unwrap();
            painted.flush().unwrap();
        }
    }
}

/// Kills the holder of a screen's terminal; true when the screen has ended in time.
///
/// The screen is not our child, so its end is seen by the end of a connection that it holds.
pub fn lose_terminal(time: Duration) -> bool {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap().to_string();
    let mut holder = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child::holder", "--ignored", "--nocapture"])
        .env("OCCTOP_ALIVE", at)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let (mut alive, _) = listener.accept().unwrap();
    let mut said = holder.stdout.take().unwrap();
    let mut heard = String::new();
    let mut byte = [0];
    while !heard.contains("painted") && said.read(&mut byte).unwrap() == 1 {
        heard.push(char::from(byte[0]));
    }
    assert!(heard.contains("painted"), "{heard}");
    holder.kill().unwrap();
    holder.wait().unwrap();
    alive.set_read_timeout(Some(time)).unwrap();
    alive.read(&mut byte).is_ok_and(|count| count == 0)
}
