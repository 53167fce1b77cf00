//! The key table: which key does what, and where. Footer, help and `docs/keys.md` come from it.

use std::fmt::Write;

use super::app::{ListKind, Spot};
use super::input::{Code, Key};

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
    /// Corrected or raw numbers.
    Raw,
    /// Why this number.
    Explain,
    /// The keys.
    Help,
    /// Hold the picture.
    Freeze,
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

const ALL: &[Spot] = &Spot::ALL;
const PLAIN: &[Spot] = &[
    Spot::List(ListKind::Stores),
    Spot::Store,
    Spot::List(ListKind::Fleet),
    Spot::List(ListKind::Sources),
    Spot::List(ListKind::Hotel),
    Spot::List(ListKind::Vending),
    Spot::Source,
    Spot::Device,
];
const LISTS: &[Spot] = &[
    Spot::List(ListKind::Stores),
    Spot::List(ListKind::Fleet),
    Spot::List(ListKind::Sources),
    Spot::List(ListKind::Hotel),
    Spot::List(ListKind::Vending),
];
const FILTERED: &[Spot] = &[
    Spot::List(ListKind::Stores),
    Spot::List(ListKind::Fleet),
    Spot::List(ListKind::Sources),
    Spot::List(ListKind::Hotel),
    Spot::List(ListKind::Vending),
    Spot::Help,
];
const EXPLAINED: &[Spot] = &[
    Spot::List(ListKind::Stores),
    Spot::Store,
    Spot::List(ListKind::Fleet),
    Spot::List(ListKind::Sources),
    Spot::List(ListKind::Hotel),
    Spot::List(ListKind::Vending),
    Spot::Source,
    Spot::Device,
    Spot::Explain,
];
const STORES: &[Spot] = &[Spot::List(ListKind::Stores), Spot::Store];

const fn bind(
    keys: &'static [Key],
    command: Command,
    about: &'static str,
    hint: Option<&'static str>,
    places: &'static [Spot],
) -> Binding {
    Binding {
        keys,
        command,
        about,
        hint,
        places,
    }
}

const fn key(letter: char) -> Key {
    Key::char(letter)
}

const fn plain(code: Code) -> Key {
    Key::plain(code)
}

/// The table. No key stands at two lines that share a place.
pub const KEYS: &[Binding] = &[
    bind(
        &[plain(Code::Enter)],
        Command::Open,
        "Open the selected row",
        Some("open"),
        LISTS,
    ),
    bind(
        &[plain(Code::Esc)],
        Command::Back,
        "Close an overlay, go back a level, or clear the filter; never ends the program",
        Some("back"),
        ALL,
    ),
    bind(
        &[key('?'), plain(Code::F(1))],
        Command::Help,
        "The keys that work here, and away again",
        Some("help"),
        ALL,
    ),
    bind(
        &[key('/')],
        Command::Filter,
        "Filter as you type: name, state:late, group:x, source:x; ! turns it round",
        Some("filter"),
        FILTERED,
    ),
    bind(
        &[key('s')],
        Command::Sort,
        "Sort by the next column",
        Some("sort"),
        LISTS,
    ),
    bind(
        &[key('S')],
        Command::Reverse,
        "Sort the other way round",
        None,
        LISTS,
    ),
    bind(
        &[key('p')],
        Command::Problems,
        "Only what needs attention, or everything",
        Some("problems"),
        LISTS,
    ),
    bind(
        &[key('n')],
        Command::NextProblem,
        "To the next row that needs attention",
        Some("next problem"),
        LISTS,
    ),
    bind(
        &[key('N')],
        Command::PreviousProblem,
        "To the previous row that needs attention",
        None,
        LISTS,
    ),
    bind(
        &[key('d')],
        Command::Explain,
        "Explain: why this value and this state",
        Some("explain"),
        EXPLAINED,
    ),
    bind(
        &[key('r')],
        Command::Poll,
        "Ask the source of the selected row now, within its request budget",
        Some("poll now"),
        PLAIN,
    ),
    bind(
        &[key('c')],
        Command::Raw,
        "Corrected occupancy, or the plain sum of in and out",
        Some("raw"),
        STORES,
    ),
    bind(
        &[key(' ')],
        Command::Freeze,
        "Freeze the picture while data keeps coming, or let it run again",
        Some("freeze"),
        PLAIN,
    ),
    bind(
        &[key('j'), plain(Code::Down)],
        Command::Down,
        "Down a row or a line",
        None,
        ALL,
    ),
    bind(
        &[key('k'), plain(Code::Up)],
        Command::Up,
        "Up a row or a line",
        None,
        ALL,
    ),
    bind(
        &[plain(Code::PageDown), Key::ctrl('d')],
        Command::PageDown,
        "Down a page",
        None,
        ALL,
    ),
    bind(
        &[plain(Code::PageUp), Key::ctrl('u')],
        Command::PageUp,
        "Up a page",
        None,
        ALL,
    ),
    bind(
        &[key('g'), plain(Code::Home)],
        Command::First,
        "To the top",
        None,
        ALL,
    ),
    bind(
        &[key('G'), plain(Code::End)],
        Command::Last,
        "To the bottom",
        None,
        ALL,
    ),
    bind(
        &[key('1')],
        Command::Show(ListKind::Stores),
        "Stores",
        None,
        PLAIN,
    ),
    bind(
        &[key('2')],
        Command::ShowStore,
        "The selected store",
        None,
        PLAIN,
    ),
    bind(
        &[key('3')],
        Command::Show(ListKind::Fleet),
        "Fleet: vehicles",
        None,
        PLAIN,
    ),
    bind(
        &[key('4')],
        Command::Show(ListKind::Sources),
        "Sources: how fetching goes, how far the data reaches",
        None,
        PLAIN,
    ),
    bind(
        &[key('5')],
        Command::Show(ListKind::Hotel),
        "Hotel: document counters",
        None,
        PLAIN,
    ),
    bind(
        &[key('6')],
        Command::Show(ListKind::Vending),
        "Vending: machines",
        None,
        PLAIN,
    ),
    bind(
        &[plain(Code::Tab), plain(Code::Right)],
        Command::NextScreen,
        "To the next screen that has something to show",
        None,
        PLAIN,
    ),
    bind(
        &[plain(Code::BackTab), plain(Code::Left)],
        Command::PreviousScreen,
        "To the previous screen that has something to show",
        None,
        PLAIN,
    ),
    bind(
        &[Key::ctrl('l')],
        Command::Repaint,
        "Draw the whole screen anew",
        None,
        ALL,
    ),
    bind(
        &[Key::ctrl('z')],
        Command::Suspend,
        "Suspend; `fg` in the shell comes back",
        None,
        ALL,
    ),
    bind(
        &[key('q')],
        Command::Quit,
        "Close; on a list, a second q ends the program",
        Some("quit"),
        ALL,
    ),
    bind(
        &[Key::ctrl('c')],
        Command::Interrupt,
        "End the program, after a second press",
        None,
        ALL,
    ),
];

#[cfg(test)]
mod tests {
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
