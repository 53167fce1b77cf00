//! What happens on a panic: the terminal comes back first, then the report, then the end.

use color_eyre::eyre::Result;

use super::Exit;

/// Installs the reports for errors and panics. They name the place in the program and never the
/// configuration, so that nothing secret can be in them.
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
    let panic = panic.into_panic_hook();
    std::panic::set_hook(Box::new(move |info| {
        crate::screen::terminal::restore();
        panic(info);
        // A panic in one task would leave the others running on a terminal that is no longer
        // theirs. Whoever keeps the monitor open all day starts it again.
        std::process::exit(i32::from(Exit::Failure as u8));
    }));
    Ok(())
}
