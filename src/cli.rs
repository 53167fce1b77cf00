//! The command line.

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

use crate::commands::{self, Globals};

/// Live occupancy of stores in a terminal.
///
/// Without a command the monitor opens with the configuration file. `occtop demo` shows it on a
/// simulated estate and needs no configuration.
#[derive(Debug, Parser)]
#[command(name = "occtop", version, max_term_width = 100)]
pub struct Cli {
    /// Options that every command takes.
    #[command(flatten)]
    pub globals: Globals,
    /// What to do; without a command the monitor opens.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Open the monitor on a simulated estate; needs no configuration, network or credentials
    Demo(commands::demo::Args),
    /// Poll every source once, print the board and exit
    Poll(commands::poll::Args),
    /// Validate the configuration and prove with the fewest requests that each source works
    Check(commands::check::Args),
    /// Show a span of the history again, or print estimates for readings from a CSV file
    Replay(commands::replay::Args),
    /// Print readings from the history
    Export(commands::export::Args),
    /// Copy the history to a file, also while the monitor runs
    Backup(commands::backup::Args),
    /// Run only the vendor simulators and print a configuration for them
    Simulate(commands::simulate::Args),
    /// Write a commented starter configuration
    Init(commands::init::Args),
    /// Print shell completions
    Completions {
        /// The shell to print them for
        shell: Shell,
    },
    /// Print the manual page
    Man,
}

/// Writes shell completions to `out`.
pub fn completions(shell: Shell, out: &mut dyn std::io::Write) {
    clap_complete::generate(shell, &mut Cli::command(), "occtop", &mut Output(out));
}

/// Writes the manual page to `out`.
///
/// # Errors
/// When `out` cannot be written to.
pub fn manual(out: &mut dyn std::io::Write) -> std::io::Result<()> {
    clap_mangen::Man::new(Cli::command()).render(out)
}

/// The generator wants a sized writer and panics on one that fails; a closed pipe is no failure.
struct Output<'a>(&'a mut dyn std::io::Write);

impl std::io::Write for Output<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(self.0.write(bytes).unwrap_or(bytes.len()))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
