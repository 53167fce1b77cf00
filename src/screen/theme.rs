//! Styles by meaning. A widget asks for "warn", never for yellow.
//!
//! A theme is a small TOML file; the built-in ones are such files too. Without colour (`NO_COLOR`,
//! `--color never`) the mono theme serves, which tells everything by bold, dim and reverse.

use std::str::FromStr;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;
use thiserror::Error;

/// A style for each meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// The ground everything stands on.
    pub ground: Style,
    /// Ordinary text.
    pub text: Style,
    /// What should stand out a little: numbers that matter, the selected name.
    pub strong: Style,
    /// What should step back: units, labels, explanations.
    pub faint: Style,
    /// Lines and empty parts of gauges.
    pub line: Style,
    /// The one accent: the active tab, the selection, the filled part of a gauge.
    pub accent: Style,
    /// All is well.
    pub good: Style,
    /// Needs a look.
    pub warn: Style,
    /// Needs a hand.
    pub bad: Style,
    /// A number that is too old to be taken for live.
    pub stale: Style,
    /// A message over the whole width that needs a hand.
    pub banner: Style,
}

/// Why a theme could not be used.
#[derive(Debug, Error)]
pub enum ThemeError {
    /// Neither a built-in name nor a file.
    #[error("no theme `{name}`: {reason}; built in are {}", NAMES.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// Why it could not be read as a file.
        reason: std::io::Error,
    },
    /// The file is no theme.
    #[error("theme {name}: {reason}")]
    Invalid {
        /// What was asked for.
        name: String,
        /// What is wrong, with the line.
        reason: String,
    },
}

/// Names of the built-in themes.
pub const NAMES: [&str; 6] = [
    "auto",
    "dark",
    "light",
    "mono",
    "high-contrast",
    "deuteranopia",
];

const AUTO: &str = include_str!("../../assets/themes/auto.toml");
const DARK: &str = include_str!("../../assets/themes/dark.toml");
const LIGHT: &str = include_str!("../../assets/themes/light.toml");
const MONO: &str = include_str!("../../assets/themes/mono.toml");
const HIGH_CONTRAST: &str = include_str!("../../assets/themes/high-contrast.toml");
const DEUTERANOPIA: &str = include_str!("../../assets/themes/deuteranopia.toml");

impl Theme {
    /// The built-in theme of this name, or the theme file at this path.
    ///
    /// # Errors
    /// When there is neither, or the file is not a theme.
    pub fn load(name: &str) -> Result<Self, ThemeError> {
        let text = match name {
            "auto" => AUTO,
            "dark" => DARK,
            "light" => LIGHT,
            "mono" => MONO,
            "high-contrast" => HIGH_CONTRAST,
            "deuteranopia" => DEUTERANOPIA,
            path => {
                let text = std::fs::read_to_string(path).map_err(|reason| ThemeError::Unknown {
                    name: name.to_owned(),
                    reason,
                })?;
                return Self::parse(name, &text);
            }
        };
        Self::parse(name, text)
    }

    /// Reads a theme file; `name` is for the error message.
    ///
    /// # Errors
    /// When it is not TOML, has an unknown key, or a style has an unknown word.
    pub fn parse(name: &str, text: &str) -> Result<Self, ThemeError> {
        let file: File = toml::from_str(text).map_err(|error| ThemeError::Invalid {
            name: name.to_owned(),
            reason: error.to_string(),
        })?;
        let ground = file.ground.0;
        let over = |style: Paint| ground.patch(style.0);
        Ok(Self {
            ground,
            text: over(file.text),
            strong: over(file.strong),
            faint: over(file.faint),
            line: over(file.line),
            accent: over(file.accent),
            good: over(file.good),
            warn: over(file.warn),
            bad: over(file.bad),
            stale: over(file.stale),
            banner: over(file.banner),
        })
    }

    /// What marks the active tab, on top of its colour.
    #[must_use]
    pub fn underline(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// The theme for terminals without colour.
    #[must_use]
    pub fn mono() -> Self {
        let plain = Style::new().fg(Color::Reset).bg(Color::Reset);
        let dim = plain.add_modifier(Modifier::DIM);
        let bold = plain.add_modifier(Modifier::BOLD);
        let loud = bold.add_modifier(Modifier::REVERSED);
        Self {
            ground: plain,
            text: plain,
            strong: bold,
            faint: dim,
            line: dim,
            accent: bold,
            good: plain,
            warn: bold,
            bad: loud,
            stale: dim,
            banner: loud,
        }
    }
}

/// A theme file. Every style is words: a colour, `on` and a colour, `bold dim reversed underlined`.
#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    ground: Paint,
    text: Paint,
    strong: Paint,
    faint: Paint,
    line: Paint,
    accent: Paint,
    good: Paint,
    warn: Paint,
    bad: Paint,
    stale: Paint,
    banner: Paint,
}

impl Default for File {
    fn default() -> Self {
        let mono = Theme::mono();
        Self {
            ground: Paint(mono.ground),
            text: Paint(Style::new()),
            strong: Paint(Style::new().add_modifier(Modifier::BOLD)),
            faint: Paint(Style::new().add_modifier(Modifier::DIM)),
            line: Paint(Style::new().add_modifier(Modifier::DIM)),
            accent: Paint(Style::new().add_modifier(Modifier::BOLD)),
            good: Paint(Style::new()),
            warn: Paint(Style::new().add_modifier(Modifier::BOLD)),
            bad: Paint(Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED)),
            stale: Paint(Style::new().add_modifier(Modifier::DIM)),
            banner: Paint(Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED)),
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Paint(Style);

impl TryFrom<String> for Paint {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let mut style = Style::new();
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            style = match word {
                "bold" => style.add_modifier(Modifier::BOLD),
                "dim" => style.add_modifier(Modifier::DIM),
                "reversed" => style.add_modifier(Modifier::REVERSED),
                "underlined" => style.add_modifier(Modifier::UNDERLINED),
                "on" => style.bg(colour(words.next().unwrap_or_default())?),
                word => style.fg(colour(word)?),
            };
        }
        Ok(Self(style))
    }
}

fn colour(word: &str) -> Result<Color, String> {
    if word == "default" {
        return Ok(Color::Reset);
    }
    Color::from_str(word).map_err(|_| {
        format!(
            "`{word}` is no colour: use a name such as `cyan`, a number from 0 to 255, `#rrggbb` \
             or `default`; styles are `bold`, `dim`, `reversed`, `underlined`"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_theme_is_a_valid_file() {
        for name in NAMES {
            Theme::load(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }

    #[test]
    fn auto_and_mono_leave_the_ground_to_the_terminal() {
        for name in ["auto", "mono"] {
            let theme = Theme::load(name).unwrap();
            assert_eq!(theme.ground.bg, Some(Color::Reset), "{name}");
            assert_eq!(theme.text.fg, Some(Color::Reset), "{name}");
        }
        assert_eq!(Theme::load("mono").unwrap(), Theme::mono());
    }

    #[test]
    fn mono_keeps_meanings_apart_without_colour() {
        let mono = Theme::mono();
        assert_ne!(mono.warn, mono.text);
        assert_ne!(mono.bad, mono.warn);
        assert_ne!(mono.stale, mono.text);
        for style in [mono.warn, mono.bad, mono.accent, mono.banner] {
            assert_eq!(
                (style.fg, style.bg),
                (Some(Color::Reset), Some(Color::Reset))
            );
        }
    }

    #[test]
    fn a_file_may_set_a_few_styles_only() {
        let theme = Theme::parse("own", "accent = \"#ff8800 bold\"\nground = \"on 16\"").unwrap();
        assert_eq!(theme.accent.fg, Some(Color::Rgb(255, 136, 0)));
        assert_eq!(theme.accent.bg, Some(Color::Indexed(16)));
    }

    #[test]
    fn mistakes_are_named() {
        let wrong = Theme::parse("own", "acent = \"red\"").unwrap_err();
        assert!(wrong.to_string().contains("acent"), "{wrong}");
        let wrong = Theme::parse("own", "bad = \"rad\"").unwrap_err();
        assert!(wrong.to_string().contains("`rad` is no colour"), "{wrong}");
        let wrong = Theme::load("solarised").unwrap_err();
        assert!(wrong.to_string().contains("high-contrast"), "{wrong}");
    }
}
