//! `occtop demo`: the monitor on a simulated estate, over real HTTP with the same code.

use color_eyre::eyre::{Result, WrapErr};

use super::simulate::speed;
use super::{Exit, Globals, monitor, session};
use crate::clock::Clock;
use crate::config::Config;
use crate::simulator::{self, Options};

/// Arguments of `occtop demo`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Seed of the estate: the same seed gives the same estate
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How many times faster than the wall time runs
    #[arg(long, value_name = "X", default_value_t = 60.0, value_parser = speed)]
    pub speed: f64,
    /// Number of stores
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=2_000))]
    pub stores: u16,
    /// Let things go wrong now and then
    #[arg(long)]
    pub faults: bool,
}

/// Starts the simulators and shows them.
///
/// # Errors
/// When a port cannot be had or the terminal fails.
pub async fn run(args: Args, globals: &Globals) -> Result<Exit> {
    let origin = Options::demo_origin(Clock::system().now());
    let clock = Clock::scaled(origin, args.speed);
    let simulators = simulator::start(Options {
        seed: args.seed,
        stores: usize::from(args.stores),
        faults: args.faults,
        ..Options::new(clock.clone())
    })
    .await
    .wrap_err("starting the simulators")?;
    let config = Config::parse(&simulators.config_toml(), "the simulated estate")?.config;
    let history = session::history(&config, &clock).await?;
    let badge = format!("demo {}x", args.speed);
    monitor::show(&config, globals, history, clock, &badge).await
}
