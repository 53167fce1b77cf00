//! The key table: which key does what, and where. Footer, help and `docs/keys.md` come from it.

use std::fmt::Write;

use super::app::{ListKind, Spot};
use super::input::Key;

mod table;

pub use table::KEYS;
use table::{EXPLAINED, FILTERED, LISTS, PLAIN, SUBJECTS};

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Go to a list.
    Show(ListKind),
    /// Go to the page of the selected store.
    ShowStore,
    /// To the next screen that has something to show.
    NextScreen,
    /// To the previous screen that has something to show.
    PreviousScreen,
    /// One down.
    Down,
    /// One up.
    Up,
    /// One page down.
    PageDown,
    /// One page up.
    PageUp,
    /// To the first.
    First,
    /// To the last.
    Last,
    /// Into the selected row.
    Open,
    /// Close, clear, or one level up.
    Back,
    /// Type a filter.
    Filter,
    /// The next sort column.
    Sort,
    /// The other way round.
    Reverse,
    /// Problems only, or everything.
    Problems,
    /// To the next row that needs attention.
    NextProblem,
    /// To the previous row that needs attention.
    PreviousProblem,
    /// Ask the source of the selected row now.
    Poll,
    /// The events about the selected row.
    EventsAbout,
    /// The selected incident has been seen, or not after all.
    Acknowledge,
    /// All incidents of the list have been seen.
    AcknowledgeAll,
    /// Corrected or raw numbers.
    Raw,
    /// Type in how many people somebody counted.
    Count,
    /// Take the newest count by hand back.
    TakeBack,
    /// The next yardstick for the day, or none.
    Compare,
    /// Why this number.
    Explain,
    /// The keys.
    Help,
    /// Hold the picture.
    Freeze,
    /// Back in time.
    Earlier,
    /// Forward in time.
    Later,
    /// To the present.
    Present,
    /// Draw everything anew.
    Repaint,
    /// Stop the program; the shell's `fg` brings it back.
    Suspend,
    /// Close, or end the program after a second press.
    Quit,
    /// End the program after a second press, from anywhere.
    Interrupt,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    /// The keys, the one to show first.
    pub keys: &'static [Key],
    /// What they do.
    pub command: Command,
    /// What they do, in a line.
    pub about: &'static str,
    /// The word for the footer; `None` where the footer leaves it out.
    pub hint: Option<&'static str>,
    /// Where they do it.
    pub places: &'static [Spot],
}

/// The command of a key at a spot.
#[must_use]
pub fn command(key: Key, spot: Spot) -> Option<Command> {
    KEYS.iter()
        .find(|binding| binding.keys.contains(&key) && binding.places.contains(&spot))
        .map(|binding| binding.command)
}

/// The lines of the table that apply at a spot.
pub fn at(spot: Spot) -> impl Iterator<Item = &'static Binding> {
    KEYS.iter()
        .filter(move |binding| binding.places.contains(&spot))
}

/// The keys of a line as text: `j Down`.
#[must_use]
pub fn names(binding: &Binding) -> String {
    let names: Vec<_> = binding.keys.iter().map(Key::to_string).collect();
    names.join(" ")
}

/// The table as a page of the manual.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(
        "# Keys\n\n\
         Greek and Cyrillic letters count by their position on the keyboard. While a filter is \
         being typed every character belongs to it; `Enter` keeps it, `Esc` drops it.\n\n\
         | keys | what they do | where |\n| --- | --- | --- |\n",
    );
    for binding in KEYS {
        let keys: Vec<_> = (binding.keys.iter())
            .map(|key| format!("`{key}`"))
            .collect();
        let places = places(binding.places);
        let keys = keys.join(" ");
        let _ = writeln!(page, "| {keys} | {} | {places} |", binding.about);
    }
    page
}

fn places(places: &'static [Spot]) -> String {
    if Spot::ALL.iter().all(|spot| places.contains(spot)) {
        return "everywhere".to_owned();
    }
    for (set, words) in [
        (PLAIN, "lists and pages"),
        (SUBJECTS, "lists and pages of stores, sources and devices"),
        (LISTS, "lists"),
        (FILTERED, "lists, help"),
        (EXPLAINED, "lists and pages, explain"),
    ] {
        if places == set {
            return words.to_owned();
        }
    }
    let names: Vec<_> = places.iter().map(|spot| spot.name()).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::input::Code;
    use super::*;

    #[test]
    fn no_key_means_two_things_at_one_place() {
        for spot in Spot::ALL {
            let mut seen = std::collections::BTreeMap::new();
            for binding in at(spot) {
                for key in binding.keys {
                    if let Some(other) = seen.insert(*key, binding.about) {
                        panic!(
                            "{key} on {}: `{other}` and `{}`",
                            spot.name(),
                            binding.about
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn one_key_has_one_meaning_in_the_whole_table() {
        let mut seen = std::collections::BTreeMap::new();
        for binding in KEYS {
            for key in binding.keys {
                let other = seen.insert(*key, binding.about);
                assert_eq!(other, None, "{key}");
            }
        }
    }

    #[test]
    fn the_program_can_be_left_from_everywhere() {
        for spot in Spot::ALL {
            assert!(at(spot).any(|binding| binding.command == Command::Quit));
            assert!(at(spot).any(|binding| binding.command == Command::Interrupt));
            assert!(at(spot).any(|binding| binding.command == Command::Back));
        }
    }

    #[test]
    fn every_key_can_be_typed_without_altgr() {
        for key in KEYS.iter().flat_map(|binding| binding.keys) {
            if let Code::Char(letter) = key.code {
                assert!(!"[]{}\\|@~".contains(letter), "{key}");
            }
        }
    }

    #[test]
    fn the_manual_page_lists_every_binding() {
        let page = markdown();
        for binding in KEYS {
            assert!(page.contains(binding.about));
        }
    }
}
