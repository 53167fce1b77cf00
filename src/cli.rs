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

/// Writes the manual page to `out`: one page with all commands.
///
/// # Errors
/// When `out` cannot be written to.
pub fn manual(out: &mut dyn std::io::Write) -> std::io::Result<()> {
    let mut page = Vec::new();
    let man = clap_mangen::Man::new(Cli::command());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    page.extend(b".SH COMMANDS\n");
    for command in Cli::command().get_subcommands() {
        command_section(command, &mut page)?;
    }
    page.extend(MANUAL_END.as_bytes());
    out.write_all(&page)
}

/// One command with its own options, as a subsection.
fn command_section(command: &clap::Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let name = command.get_name();
    let mut options = Vec::new();
    clap_mangen::Man::new(command.clone()).render_options_section(&mut options)?;
    let about = command.get_about().map(ToString::to_string);
    let about = about.unwrap_or_default().replace('-', "\\-");
    // The generator writes each list of options under a heading of its own.
    let options = String::from_utf8_lossy(&options);
    let options = options.replace(".SH OPTIONS\n", "");
    page.extend(format!(".SS \"occtop {name}\"\n{about}.\n{options}").bytes());
    Ok(())
}

/// What the manual page says beside the command line.
const MANUAL_END: &str = r#".SH "EXIT STATUS"
.TP
\fB0\fR
All well.
.TP
\fB1\fR
Unexpected failure.
.TP
\fB2\fR
Usage or configuration error; the message names file, line, key and the fix.
.TP
\fB3\fR
At least one source failed in \fBpoll\fR or \fBcheck\fR; the board is printed all the same.
.SH ENVIRONMENT
.TP
\fBNO_COLOR\fR
No colours when it is set and not empty; \fB\-\-color\fR overrides it.
.TP
\fBTERM\fR
With \fBdumb\fR no colours and only ASCII; on \fBlinux\fR no braille.
.TP
\fBXDG_CONFIG_HOME\fR, \fBXDG_DATA_HOME\fR
Where the configuration and the history are, instead of \fI~/.config\fR and \fI~/.local/share\fR.
.PP
Secrets may be kept in variables that the configuration names.
.SH FILES
.TP
\fI~/.config/occtop/config.toml\fR
The configuration; \fBocctop init\fR writes a commented one.
.TP
\fI~/.local/share/occtop/history.db\fR
Readings, corrections and attempts, unless the configuration names another place.
.SH EXAMPLES
.TP
\fBocctop demo\fR
Show the monitor on a simulated estate.
.TP
\fBocctop check \-\-offline\fR
Validate the configuration and the secrets it names, send nothing.
.TP
\fBocctop poll \-\-source people \-\-format json\fR
Poll one source and print the board for a script.
"#;

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
