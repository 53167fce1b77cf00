//! What the screen looks like: from options, configuration and environment.

use chrono_tz::Tz;
use color_eyre::eyre::Result;

use super::{ColorChoice, Globals, GlyphChoice, UsageError};
use crate::config::Config;
use crate::screen::glyphs::{self, Choice};
use crate::screen::theme::Theme;
use crate::screen::{Environment, Look, Zone};

/// The look that options, configuration and environment ask for, in this order.
///
/// # Errors
/// [`UsageError`] for a theme that does not exist or cannot be read.
pub(super) fn of(config: &Config, globals: &Globals, zone: Tz, badge: &str) -> Result<Look> {
    let environment = Environment::read(|name| std::env::var(name).ok());
    let name = globals.theme.as_deref().unwrap_or(&config.display.theme);
    let colourless = match globals.color {
        ColorChoice::Auto => environment.is_colourless(),
        ColorChoice::Always => false,
        ColorChoice::Never => true,
    };
    let theme = Theme::load(name).map_err(|error| UsageError(error.to_string()))?;
    let choice = match globals.glyphs {
        Some(choice) => of_option(choice),
        None => Choice::parse(&config.display.glyphs).unwrap_or_default(),
    };
    Ok(Look {
        theme: if colourless { Theme::mono() } else { theme },
        glyphs: glyphs::choose(choice, &environment),
        zone: Zone::Named(zone),
        badge: badge.to_owned(),
        recorded: false,
    })
}

fn of_option(choice: GlyphChoice) -> Choice {
    match choice {
        GlyphChoice::Auto => Choice::Auto,
        GlyphChoice::Braille => Choice::Braille,
        GlyphChoice::Block => Choice::Block,
        GlyphChoice::Ascii => Choice::Ascii,
    }
}
