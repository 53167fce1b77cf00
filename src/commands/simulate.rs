//! `occtop simulate`: only the vendor simulators, with one configuration for them on standard
//! output.

use std::io::Write;
use std::net::SocketAddr;

use color_eyre::eyre::{Result, WrapErr};

use super::Exit;
use crate::clock::Clock;
use crate::simulator::{self, Options};

/// Arguments of `occtop simulate`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Address to listen on; the five vendors take this port and the next four, or any free ones
    /// when it is 0
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Seed of the estate: the same seed gives the same estate
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How many times faster than the wall time runs
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = speed)]
    pub speed: f64,
    /// Number of stores
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=2_000))]
    pub stores: u16,
    /// Let things go wrong now and then
    #[arg(long)]
    pub faults: bool,
}

/// Reads how many times faster time runs.
///
/// # Errors
/// When it is not a number from 0.1 to 3600.
pub fn speed(text: &str) -> Result<f64, String> {
    let speed: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if (0.1..=3_600.0).contains(&speed) {
        Ok(speed)
    } else {
        Err("must be from 0.1 to 3600".to_owned())
    }
}

/// Starts the simulators, prints their configuration and serves until it is interrupted.
///
/// # Errors
/// When a port cannot be had or the output fails.
pub async fn run(args: Args, out: &mut dyn Write) -> Result<Exit> {
    let mut end = Interrupt::listen()?;
    let wall = Clock::system();
    // At normal speed the wall's own clock is used, so that a monitor of its own agrees with it
    // even after the machine slept.
    let same = (args.speed - 1.0).abs() < f64::EPSILON;
    let clock = if same {
        wall
    } else {
        Clock::scaled(wall.now(), args.speed)
    };
    let running = simulator::start(Options {
        seed: args.seed,
        stores: args.stores.into(),
        faults: args.faults,
        listen: args.listen,
        ..Options::new(clock)
    })
    .await
    .wrap_err_with(|| format!("listening on {}", args.listen))?;
    out.write_all(running.config_toml().as_bytes())?;
    out.flush()?;
    super::say("the simulators are running; end them with Ctrl-C");
    if !same {
        super::say(
            "time runs faster here than on the wall, so a separate monitor will call the data early or late",
        );
    }
    end.wait().await;
    Ok(Exit::Ok)
}

/// Ctrl-C and, where there is one, the termination signal.
struct Interrupt {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Interrupt {
    /// Listens from now on, so that a signal during the start is not lost.
    fn listen() -> Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
                .wrap_err("listening for signals")?,
        })
    }

    #[cfg(unix)]
    async fn wait(&mut self) {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn wait(&mut self) {
        // Without a way to be interrupted it would be wrong to end at once.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
