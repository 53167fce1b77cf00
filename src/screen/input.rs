//! Keys as the program knows them, and how the terminal's events become keys.
//!
//! The type is our own so that the key table, the update function and their tests know nothing of
//! a terminal library.

use std::fmt;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// What reaches the screen from outside, apart from boards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed.
    Key(Key),
    /// The terminal has a new size in columns and rows.
    Resize(u16, u16),
    /// The program runs again after it was stopped; the terminal may show anything.
    Resumed,
    /// The program is asked to end.
    Terminate,
    /// The terminal is gone: nobody reads, nobody types.
    Lost,
}

/// A key with the one modifier that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// Which key.
    pub code: Code,
    /// Whether Ctrl was held.
    pub ctrl: bool,
}

/// Which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// A character, upper case with Shift.
    Char(char),
    /// Function key.
    F(u8),
    /// Enter or Return.
    Enter,
    /// Escape.
    Esc,
    /// Tabulator.
    Tab,
    /// Shift with tabulator.
    BackTab,
    /// Deletes to the left.
    Backspace,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// To the beginning.
    Home,
    /// To the end.
    End,
    /// One page up.
    PageUp,
    /// One page down.
    PageDown,
}

impl Key {
    /// A plain key.
    #[must_use]
    pub const fn plain(code: Code) -> Self {
        Self { code, ctrl: false }
    }

    /// A character.
    #[must_use]
    pub const fn char(letter: char) -> Self {
        Self::plain(Code::Char(letter))
    }

    /// A character with Ctrl.
    #[must_use]
    pub const fn ctrl(letter: char) -> Self {
        Self {
            code: Code::Char(letter),
            ctrl: true,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.ctrl {
            f.write_str("Ctrl-")?;
        }
        match self.code {
            Code::Char(' ') => f.write_str("Space"),
            Code::Char(letter) => write!(f, "{letter}"),
            Code::F(number) => write!(f, "F{number}"),
            Code::PageUp => f.write_str("PgUp"),
            Code::PageDown => f.write_str("PgDn"),
            Code::BackTab => f.write_str("Shift-Tab"),
            other => write!(f, "{other:?}"),
        }
    }
}

/// The program's input for a terminal event; `None` for those it has no use for.
#[must_use]
pub fn translate(event: &Event) -> Option<Input> {
    match event {
        Event::Key(key) => translate_key(key).map(Input::Key),
        Event::Resize(columns, rows) => Some(Input::Resize(*columns, *rows)),
        _ => None,
    }
}

fn translate_key(event: &KeyEvent) -> Option<Key> {
    if event.kind == KeyEventKind::Release || event.modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    let code = match event.code {
        KeyCode::Char(letter) => Code::Char(letter),
        KeyCode::F(number) => Code::F(number),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        _ => return None,
    };
    let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
    Some(Key { code, ctrl })
}

/// The keyboard layout as far as the keys typed so far give it away.
///
/// Greek and Cyrillic letters are taken by their position on the keyboard. Signs that stand
/// elsewhere on such a layout are moved only after one of its letters was seen, because the same
/// sign is what it says on a Latin keyboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    greek: bool,
    cyrillic: bool,
}

impl Layout {
    /// The key at the same position of a Latin keyboard.
    pub fn latin(&mut self, key: Key) -> Key {
        let Code::Char(letter) = key.code else {
            return key;
        };
        if let Some(latin) = at_position(letter, GREEK) {
            self.greek = true;
            return moved(key, latin);
        }
        if let Some(latin) = at_position(letter, CYRILLIC) {
            self.cyrillic = true;
            return moved(key, latin);
        }
        let sign = match letter {
            ';' if self.greek => 'q',
            ':' if self.greek => 'Q',
            '.' if self.cyrillic => '/',
            ',' if self.cyrillic => '?',
            other => other,
        };
        moved(key, sign)
    }
}

fn moved(key: Key, letter: char) -> Key {
    Key {
        code: Code::Char(letter),
        ..key
    }
}

const GREEK: &str = "αaβbψcδdεeφfγgηhιiξjκkλlμmνnοoπpρrσsτtθuωvςwχxυyζz";
const CYRILLIC: &str = "фaиbсcвdуeаfпgрhшiоjлkдlьmтnщoзpйqкrыsеtгuмvцwчxнyяz";

fn at_position(letter: char, pairs: &str) -> Option<char> {
    let small = letter.to_lowercase().next()?;
    let mut letters = pairs.chars();
    while let (Some(theirs), Some(latin)) = (letters.next(), letters.next()) {
        if theirs == small {
            let upper = letter.is_uppercase();
            return Some(if upper {
                latin.to_ascii_uppercase()
            } else {
                latin
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latin(typed: &str) -> String {
        let mut layout = Layout::default();
        typed
            .chars()
            .map(|letter| match layout.latin(Key::char(letter)).code {
                Code::Char(letter) => letter,
                _ => ' ',
            })
            .collect()
    }

    #[test]
    fn greek_and_cyrillic_letters_count_by_position() {
        assert_eq!(latin("ασδφγηξκλ"), "asdfghjkl");
        assert_eq!(latin("ςερτυθιοπ"), "wertyuiop");
        assert_eq!(latin("ζχψωβνμ"), "zxcvbnm");
        assert_eq!(latin("йцукенгшщз"), "qwertyuiop");
        assert_eq!(latin("фывапролд"), "asdfghjkl");
        assert_eq!(latin("ячсмить"), "zxcvbnm");
        assert_eq!(latin("ΝГj"), "NUj");
    }

    #[test]
    fn signs_move_only_on_a_layout_that_was_seen() {
        assert_eq!(latin(";.,"), ";.,");
        assert_eq!(latin("ν;"), "nq");
        assert_eq!(latin("о.,"), "j/?");
    }

    #[test]
    fn a_release_and_an_alt_key_are_nothing() {
        let press = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE);
        assert_eq!(
            translate(&Event::Key(press)),
            Some(Input::Key(Key::char('q')))
        );
        let release = KeyEvent {
            kind: KeyEventKind::Release,
            ..press
        };
        assert_eq!(translate(&Event::Key(release)), None);
        let alt = KeyEvent::new(KeyCode::Char('q'), KeyModifiers::ALT);
        assert_eq!(translate(&Event::Key(alt)), None);
        assert_eq!(translate(&Event::FocusGained), None);
    }

    #[test]
    fn keys_have_names() {
        for (key, name) in [
            (Key::char('q'), "q"),
            (Key::char(' '), "Space"),
            (Key::ctrl('l'), "Ctrl-l"),
            (Key::plain(Code::BackTab), "Shift-Tab"),
            (Key::plain(Code::PageDown), "PgDn"),
            (Key::plain(Code::F(1)), "F1"),
        ] {
            assert_eq!(key.to_string(), name);
        }
    }
}
