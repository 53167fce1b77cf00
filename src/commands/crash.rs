//! What happens on a panic or an error report.

use color_eyre::eyre::Result;
use tokio::task::JoinError;

/// Installs the reports for errors and panics. They name the place in the program and never the
/// configuration, so that nothing secret can be in them. On the monitor a panic first gives the
/// terminal back.
///
/// # Errors
/// When reports were installed before.
pub fn install() -> Result<()> {
    let hooks = color_eyre::config::HookBuilder::default()
        .display_env_section(false)
        .panic_section(concat!(
            "This is a fault of occtop ",
            env!("CARGO_PKG_VERSION"),
            ". Readings that were shown are safe in the history."
        ));
    let (panic, error) = hooks.into_hooks();
    error.install()?;
    panic.install();
    crate::screen::terminal::install_panic_hook();
    Ok(())
}

/// What to say of a task that ended by a panic.
#[must_use]
pub fn of_task(error: &JoinError) -> String {
    format!(
        "a part of the program failed ({error}); readings that were shown are safe in the history"
    )
}
