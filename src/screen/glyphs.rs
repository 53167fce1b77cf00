//! The signs that charts and marks are drawn with, in four sets.
//!
//! Braille is the finest; block elements serve fonts without braille; the console set keeps to
//! what a kernel console's font has; ASCII goes everywhere. State glyphs (`+ . > ! X`) are the
//! same in every set.

use super::Environment;

/// What the operator asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The finest set the terminal is likely to show.
    #[default]
    Auto,
    /// Braille dots.
    Braille,
    /// Block elements.
    Block,
    /// ASCII only.
    Ascii,
}

impl Choice {
    /// Reads the word of the configuration: `auto`, `braille`, `block` or `ascii`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "auto" => Self::Auto,
            "braille" => Self::Braille,
            "block" => Self::Block,
            "ascii" => Self::Ascii,
            _ => return None,
        })
    }
}

/// How a column of a sparkline or chart is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dots {
    /// Two by four dots in each cell.
    Braille,
    /// One column per cell; the signs are its heights, lowest first.
    Steps(&'static [&'static str]),
}

/// One set of signs, each one column wide.
#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    /// Charts and sparklines.
    pub dots: Dots,
    /// Parts of a large gauge's last cell, smallest first; the last one is a full cell.
    pub fill: &'static [&'static str],
    /// A large gauge from the lower edge of its band to the number.
    pub likely: &'static str,
    /// A large gauge from the number to the upper edge of its band.
    pub band: &'static str,
    /// As `fill`, for a gauge in a table row.
    pub thin: &'static [&'static str],
    /// As `band`, for a gauge in a table row.
    pub thin_band: &'static str,
    /// The empty part of a gauge.
    pub rest: &'static str,
    /// The warning share on a gauge.
    pub warn: &'static str,
    /// The capacity on a gauge.
    pub capacity: &'static str,
    /// The end of a gauge whose value goes past it.
    pub beyond: &'static str,
    /// A line across a chart.
    pub level: &'static str,
    /// A reading of zero in a sparkline.
    pub zero: &'static str,
    /// A reading that should be there and is not.
    pub missing: &'static str,
    /// Closed.
    pub closed: &'static str,
    /// A value of a chart that the vendor changed after it was first shown.
    pub revised: &'static str,
    /// An attempt that brought something new.
    pub beat: &'static str,
    /// An attempt that went well and brought nothing new.
    pub quiet: &'static str,
    /// An attempt that failed.
    pub failed: &'static str,
    /// The selected row.
    pub marker: &'static str,
    /// Where text was cut.
    pub ellipsis: &'static str,
    /// A horizontal line.
    pub rule: &'static str,
    /// A vertical line.
    pub bar: &'static str,
    /// The corners of a box: top left, top right, bottom left, bottom right.
    pub corners: [&'static str; 4],
    /// Sorted with the smallest first.
    pub ascending: &'static str,
    /// Sorted with the largest first.
    pub descending: &'static str,
    /// Plus or minus; may be two columns wide.
    pub plus_minus: &'static str,
    /// Between two things of a list.
    pub dot: &'static str,
    /// From … to.
    pub dash: &'static str,
}

/// Braille dots.
pub static BRAILLE: Glyphs = Glyphs {
    dots: Dots::Braille,
    ..BLOCK
};

/// Block elements.
pub static BLOCK: Glyphs = Glyphs {
    dots: Dots::Steps(&["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]),
    fill: &["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
    likely: "▓",
    band: "▒",
    thin: &["╸", "━"],
    thin_band: "─",
    rest: "·",
    warn: "┊",
    capacity: "│",
    beyond: "▶",
    level: "╌",
    zero: "_",
    missing: "·",
    closed: "x",
    revised: "±",
    beat: "▅",
    quiet: "▂",
    failed: "x",
    marker: "▌",
    ellipsis: "…",
    rule: "─",
    bar: "│",
    corners: ["╭", "╮", "╰", "╯"],
    ascending: "▴",
    descending: "▾",
    plus_minus: "±",
    dot: "·",
    dash: "–",
};

/// What a kernel console's font has.
pub static CONSOLE: Glyphs = Glyphs {
    dots: Dots::Steps(&["▄", "█"]),
    fill: &["▌", "█"],
    likely: "▓",
    band: "▒",
    thin: &["▌", "█"],
    thin_band: "▒",
    rest: "·",
    warn: "│",
    capacity: "║",
    beyond: ">",
    level: "-",
    zero: "_",
    missing: "·",
    closed: "x",
    revised: "±",
    beat: "█",
    quiet: "▄",
    failed: "x",
    marker: "▌",
    ellipsis: ".",
    rule: "─",
    bar: "│",
    corners: ["┌", "┐", "└", "┘"],
    ascending: "^",
    descending: "v",
    plus_minus: "±",
    dot: "·",
    dash: "-",
};

/// ASCII only.
pub static ASCII: Glyphs = Glyphs {
    dots: Dots::Steps(&[",", "-", "+", "*", "#"]),
    fill: &["#"],
    likely: "+",
    band: "=",
    thin: &["#"],
    thin_band: "=",
    rest: ".",
    warn: ":",
    capacity: "|",
    beyond: ">",
    level: "-",
    zero: "0",
    missing: ".",
    closed: "x",
    revised: "r",
    beat: "|",
    quiet: ".",
    failed: "x",
    marker: ">",
    ellipsis: "~",
    rule: "-",
    bar: "|",
    corners: ["+", "+", "+", "+"],
    ascending: "^",
    descending: "v",
    plus_minus: "+-",
    dot: "-",
    dash: "-",
};

/// The set for a wish on a terminal.
#[must_use]
pub fn choose(choice: Choice, environment: &Environment) -> &'static Glyphs {
    match choice {
        Choice::Block => &BLOCK,
        Choice::Ascii => &ASCII,
        Choice::Auto if !environment.is_utf8() => &ASCII,
        Choice::Auto if environment.is_console() => &CONSOLE,
        Choice::Auto | Choice::Braille => &BRAILLE,
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    fn environment(term: &str, locale: &str) -> Environment {
        Environment {
            term: term.to_owned(),
            locale: locale.to_owned(),
            no_color: false,
        }
    }

    #[test]
    fn auto_follows_terminal_and_locale() {
        for (term, locale, set) in [
            ("xterm-256color", "en_GB.UTF-8", &BRAILLE),
            ("xterm-256color", "el_GR.utf8", &BRAILLE),
            ("linux", "C.UTF-8", &CONSOLE),
            ("linux", "C", &ASCII),
            ("xterm", "", &ASCII),
            ("vt100", "POSIX", &ASCII),
            ("dumb", "C.UTF-8", &ASCII),
        ] {
            let chosen = choose(Choice::Auto, &environment(term, locale));
            assert_eq!(chosen, set, "{term} {locale}");
        }
    }

    #[test]
    fn a_wish_beats_the_terminal() {
        let linux = environment("linux", "C");
        assert_eq!(choose(Choice::Braille, &linux), &BRAILLE);
        assert_eq!(choose(Choice::Block, &linux), &BLOCK);
        assert_eq!(Choice::parse("ascii"), Some(Choice::Ascii));
        assert_eq!(Choice::parse("emoji"), None);
    }

    #[test]
    fn every_sign_is_one_column_and_zero_missing_closed_differ() {
        for set in [&BRAILLE, &BLOCK, &CONSOLE, &ASCII] {
            let mut signs = vec![
                set.band,
                set.rest,
                set.warn,
                set.capacity,
                set.beyond,
                set.level,
                set.zero,
                set.missing,
                set.closed,
                set.revised,
                set.beat,
                set.quiet,
                set.failed,
                set.marker,
                set.ellipsis,
                set.rule,
                set.bar,
                set.ascending,
                set.descending,
                set.dot,
                set.dash,
            ];
            signs.extend(set.fill);
            signs.extend(set.thin);
            signs.push(set.thin_band);
            signs.extend(set.corners);
            if let Dots::Steps(steps) = set.dots {
                signs.extend(steps);
                assert!(!steps.contains(&set.zero) && !steps.contains(&set.missing));
            }
            for sign in signs {
                assert_eq!(sign.width(), 1, "{sign}");
            }
            assert_ne!(set.zero, set.missing);
            assert_ne!(set.missing, set.closed);
            assert_ne!(set.zero, set.closed);
            for other in [set.zero, set.missing, set.closed, set.level, set.rule] {
                assert_ne!(set.revised, other);
            }
        }
    }

    #[test]
    fn the_ascii_set_is_ascii() {
        let text = format!("{ASCII:?}");
        assert!(text.is_ascii());
    }
}
