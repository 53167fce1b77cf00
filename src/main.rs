//! Start: arguments, error reports, exit status.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use color_eyre::eyre::{Report, Result, WrapErr};
use occtop::cli::{self, Cli, Command};
use occtop::commands::{self, Exit};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    ExitCode::from(match start(cli) {
        Ok(exit) => exit as u8,
        Err(report) => commands::report(&report) as u8,
    })
}

/// Help and versions go to standard output with status 0, mistakes to standard error with 2.
fn usage(error: &clap::Error) -> ExitCode {
    // A reader that has gone away is told nothing.
    drop(error.print());
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(Exit::Usage as u8),
    }
}

fn start(cli: Cli) -> Result<Exit> {
    commands::crash::install()?;
    let screen = match &cli.command {
        None | Some(Command::Demo(_)) => true,
        Some(Command::Replay(args)) => args.from.is_some(),
        Some(_) => false,
    };
    let _log = commands::log::start(&cli.globals, screen)?;
    // Two threads serve the sources and the screen; a monitor should be small.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .wrap_err("starting the runtime")?;
    let exit = runtime.block_on(run(cli));
    // What still hangs on the network must not hold the exit.
    runtime.shutdown_background();
    quiet_pipe(exit)
}

async fn run(cli: Cli) -> Result<Exit> {
    let globals = &cli.globals;
    let out = &mut std::io::stdout();
    let exit = match cli.command {
        None => commands::monitor::run(globals).await,
        Some(Command::Demo(args)) => commands::demo::run(args, globals).await,
        Some(Command::Poll(args)) => commands::poll::run(args, globals, out).await,
        Some(Command::Check(args)) => commands::check::run(args, globals, out).await,
        Some(Command::Replay(args)) => commands::replay::start(&args, globals, out).await,
        Some(Command::Export(args)) => commands::export::run(args, globals, out).await,
        Some(Command::Backup(args)) => commands::backup::run(args, globals, out).await,
        Some(Command::Simulate(args)) => commands::simulate::run(args, out).await,
        Some(Command::Init(args)) => commands::init::run(&args, globals, out),
        Some(Command::Completions { shell }) => {
            cli::completions(shell, out);
            Ok(Exit::Ok)
        }
        Some(Command::Man) => cli::manual(out).map(|()| Exit::Ok).map_err(Report::from),
    }?;
    out.flush()?;
    Ok(exit)
}

/// A reader that has had enough (`occtop export | head`) is no failure.
fn quiet_pipe(exit: Result<Exit>) -> Result<Exit> {
    match exit {
        Err(report) if is_closed_pipe(&report) => Ok(Exit::Ok),
        exit => exit,
    }
}

fn is_closed_pipe(report: &Report) -> bool {
    report.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>();
        io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
