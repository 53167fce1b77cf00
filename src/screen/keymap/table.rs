//! The table itself.

use super::{Binding, Command};
use crate::screen::app::{ListKind, Spot};
use crate::screen::input::{Code, Key};

const ALL: &[Spot] = &Spot::ALL;
/// Lists, pages, and the explanation of what they show.
const SHOWN: [Spot; 11] = [
    Spot::List(ListKind::Stores),
    Spot::List(ListKind::Fleet),
    Spot::List(ListKind::Sources),
    Spot::List(ListKind::Hotel),
    Spot::List(ListKind::Vending),
    Spot::List(ListKind::Events),
    Spot::Store,
    Spot::Source,
    Spot::Device,
    Spot::Event,
    Spot::Explain,
];
pub const EXPLAINED: &[Spot] = &SHOWN;
pub const PLAIN: &[Spot] = SHOWN.split_at(10).0;
pub const LISTS: &[Spot] = SHOWN.split_at(6).0;
pub const FILTERED: &[Spot] = &[
    Spot::List(ListKind::Stores),
    Spot::List(ListKind::Fleet),
    Spot::List(ListKind::Sources),
    Spot::List(ListKind::Hotel),
    Spot::List(ListKind::Vending),
    Spot::List(ListKind::Events),
    Spot::Help,
];
pub const SUBJECTS: &[Spot] = &[
    Spot::List(ListKind::Stores),
    Spot::Store,
    Spot::List(ListKind::Fleet),
    Spot::List(ListKind::Sources),
    Spot::List(ListKind::Hotel),
    Spot::List(ListKind::Vending),
    Spot::Source,
    Spot::Device,
];
const EVENTS: &[Spot] = &[Spot::List(ListKind::Events), Spot::Event];
const STORES: &[Spot] = &[Spot::List(ListKind::Stores), Spot::Store];
const COMPARED: &[Spot] = &[
    Spot::List(ListKind::Stores),
    Spot::Store,
    Spot::List(ListKind::Hotel),
    Spot::List(ListKind::Vending),
];

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
        &[key('j'), plain(Code::Down)],
        Command::Down,
        "Down a row or a line",
        Some("more"),
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
        &[key('e')],
        Command::EventsAbout,
        "Events about the selected row; Esc comes back",
        Some("events"),
        SUBJECTS,
    ),
    bind(
        &[key('a')],
        Command::Acknowledge,
        "Acknowledge the incident, or take that back",
        Some("seen"),
        EVENTS,
    ),
    bind(
        &[key('A')],
        Command::AcknowledgeAll,
        "Acknowledge every incident that is listed",
        None,
        &[Spot::List(ListKind::Events)],
    ),
    bind(
        &[key('c')],
        Command::Raw,
        "Corrected occupancy, or the plain sum of in and out",
        Some("raw"),
        STORES,
    ),
    bind(
        &[key('w')],
        Command::Compare,
        "Compare today with the same weekday last week, the median of the last four, or nothing",
        None,
        COMPARED,
    ),
    bind(
        &[key(' ')],
        Command::Freeze,
        "Freeze the picture while data keeps coming, or let it run again",
        Some("freeze"),
        PLAIN,
    ),
    bind(
        &[key(',')],
        Command::Earlier,
        "Back a quarter of an hour: the board as it was then",
        None,
        PLAIN,
    ),
    bind(
        &[key('.')],
        Command::Later,
        "Forward a quarter of an hour, up to the present",
        None,
        PLAIN,
    ),
    bind(
        &[key('0')],
        Command::Present,
        "Back to the present, from the past or from a frozen picture",
        None,
        PLAIN,
    ),
    bind(
        &[key('i')],
        Command::Count,
        "People inside, counted by hand: a number and a reason; stays on this machine",
        Some("count by hand"),
        STORES,
    ),
    bind(
        &[key('I')],
        Command::TakeBack,
        "Take the newest count by hand back",
        None,
        STORES,
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
        &[key('7')],
        Command::Show(ListKind::Events),
        "Events: incidents, corrections, resets",
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
