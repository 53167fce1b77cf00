//! The forms a value can have: how it is written, read and described.

mod list;
mod number;
mod place;
mod secret;
mod text;
mod time;

pub use list::{List, Names};
pub use number::{Flag, Number, Share};
pub use place::{Address, Call, FilePath, Pointer};
pub use secret::{Hidden, SECRET_PLACES};
pub use text::{Choice, Identifier, Text};
pub use time::{Period, TimeOfDay, Zone};

use super::key::Group;
use super::section::Item;

/// How a value is written.
pub trait Form: Sync + std::fmt::Debug {
    /// What it is read into.
    type Value;

    /// Reads a value; notes what is wrong with it and gives `None`.
    fn read(&self, item: &Item<'_>) -> Option<Self::Value>;

    /// The accepted forms in a few words, for the reference.
    fn words(&self) -> String;

    /// Whether the value must not be shown.
    fn secret(&self) -> bool {
        false
    }

    /// The keys below, where the value is a table.
    fn group(&self) -> Option<&'static Group> {
        None
    }
}

/// A table with keys of its own.
#[derive(Debug)]
pub struct Table(pub &'static Group);

/// A list of tables with keys of their own.
#[derive(Debug)]
pub struct Tables(pub &'static Group);

// Tables are read with `Section::table` and `Section::tables`, key by key; as a value they have
// nothing to give.
impl Form for Table {
    type Value = ();

    fn read(&self, _item: &Item<'_>) -> Option<()> {
        None
    }

    fn words(&self) -> String {
        "table".to_owned()
    }

    fn group(&self) -> Option<&'static Group> {
        Some(self.0)
    }
}

impl Form for Tables {
    type Value = ();

    fn read(&self, _item: &Item<'_>) -> Option<()> {
        None
    }

    fn words(&self) -> String {
        "list of tables".to_owned()
    }

    fn group(&self) -> Option<&'static Group> {
        Some(self.0)
    }
}
