//! The terminal screen: what an operator looks at all day.
//!
//! Boards come in, effects go out; the screen knows nothing of vendors, polling or history. The
//! state ([`app`]) is changed by a pure [`update`], read by [`view`], and drawn only when a key, a
//! board or the next change of a displayed time asks for it ([`runner`]).

pub mod app;
pub mod blame;
pub mod canvas;
pub mod glyphs;
pub mod input;
pub mod judge;
pub mod keymap;
pub mod listing;
pub mod picture;
pub mod row;
pub mod runner;
pub mod scene;
pub mod shift;
pub mod terminal;
pub mod theme;
pub mod told;
pub mod update;
pub mod view;
pub mod widgets;
pub mod words;

use std::sync::Arc;

use crate::model::Timestamp;
use crate::model::board::Board;
use crate::model::schedule::Refusal;
use crate::model::usual::Comparisons;

pub use runner::{Wires, run};
pub use words::Zone;

use glyphs::Glyphs;
use theme::Theme;

/// What the screen looks like.
#[derive(Clone, Debug)]
pub struct Look {
    /// Styles.
    pub theme: Theme,
    /// Signs.
    pub glyphs: &'static Glyphs,
    /// The zone of the clock and of screens that mix stores.
    pub zone: Zone,
    /// A few words beside the program's name, for example `demo 60x`; empty for none.
    pub badge: String,
    /// What is shown is a recording that is played, not the present.
    pub recorded: bool,
}

/// What the screen asks of whoever started it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Ask these sources now, as far as nothing speaks against it.
    PollNow(Vec<Arc<str>>),
    /// Bring the board as it was at an instant; the newest wish counts.
    LookBack(Timestamp),
    /// Somebody counted the people inside a store.
    Count {
        /// Name of the store.
        store: Arc<str>,
        /// So many are inside.
        people: u32,
        /// Why, in the operator's words; may be empty.
        reason: String,
    },
    /// The newest count by hand of a store was a mistake.
    TakeBack {
        /// Name of the store.
        store: Arc<str>,
    },
    /// Tell what is usual in each store, from now on for every day that begins.
    Compare,
    /// Somebody has seen incidents, or takes that back.
    Acknowledge {
        /// Their numbers.
        events: Vec<u64>,
        /// Seen, or not seen after all.
        seen: bool,
    },
    /// The operator has left.
    Quit,
}

/// What comes back on an effect.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The board as it was.
    Past {
        /// When.
        at: Timestamp,
        /// The board.
        board: Arc<Board>,
    },
    /// Nothing is known of so long ago.
    NoPast {
        /// From when on something is; `None` when nothing is at all.
        begins: Option<Timestamp>,
    },
    /// What is usual today.
    Usual(Arc<Comparisons>),
    /// Sources that are not asked although the operator wants it.
    NotAsked(Vec<(Arc<str>, Refusal)>),
    /// It could not be found out, in a sentence.
    Failed(String),
}

/// What the shell's job control does with the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Stop until the shell continues it.
    Stop,
    /// It was stopped from outside and runs again.
    Continued,
}

/// What the environment says about the terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// `TERM`.
    pub term: String,
    /// The locale of characters: `LC_ALL`, else `LC_CTYPE`, else `LANG`.
    pub locale: String,
    /// `NO_COLOR` is set and not empty.
    pub no_color: bool,
}

impl Environment {
    /// Reads it through `variable`, which looks up one variable.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        Self {
            term: set("TERM").unwrap_or_default(),
            locale: (set("LC_ALL").or_else(|| set("LC_CTYPE")))
                .or_else(|| set("LANG"))
                .unwrap_or_default(),
            no_color: set("NO_COLOR").is_some(),
        }
    }

    /// Whether the locale can show more than ASCII.
    #[must_use]
    pub fn is_utf8(&self) -> bool {
        let locale = self.locale.to_ascii_lowercase();
        self.term != "dumb" && (locale.contains("utf-8") || locale.contains("utf8"))
    }

    /// Whether it is a kernel console with its small font.
    #[must_use]
    pub fn is_console(&self) -> bool {
        self.term == "linux"
    }

    /// Whether colours should be left out unless the operator insists.
    #[must_use]
    pub fn is_colourless(&self) -> bool {
        self.no_color || self.term == "dumb"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_follows_the_usual_precedence() {
        let read = |pairs: &[(&str, &str)]| {
            Environment::read(|name| {
                let found = pairs.iter().find(|(key, _)| *key == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        let plain = read(&[("TERM", "xterm"), ("LANG", "el_GR.UTF-8"), ("NO_COLOR", "")]);
        assert!(plain.is_utf8() && !plain.is_colourless() && !plain.is_console());
        let forced = read(&[("LC_ALL", "C"), ("LANG", "en_GB.UTF-8"), ("NO_COLOR", "1")]);
        assert!(!forced.is_utf8() && forced.is_colourless());
        assert!(read(&[("TERM", "linux")]).is_console());
        assert!(read(&[("TERM", "dumb")]).is_colourless());
    }
}
