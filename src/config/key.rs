//! Declarations of keys: one for each, used to read the file, to check the sample and to write
//! the reference.

use super::form::Form;

/// One key: its name, how its value is written, what holds when it is absent, and what it does.
#[derive(Debug)]
pub struct Key<F> {
    /// The name in the file.
    pub name: &'static str,
    /// How the value is written.
    pub form: F,
    /// What holds when the key is absent.
    pub preset: Preset,
    /// What it does, in one or two sentences.
    pub doc: &'static str,
}

/// What holds when a key is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// The key must be there; the text is an example of a value.
    Required(&'static str),
    /// Nothing is set, which means what the words say.
    Absent(&'static str),
    /// This value, written as in the file. It is read by the same code as a value of the file,
    /// so the documented default is the default.
    Value(&'static str),
}

/// Keys that belong together: a table of the file, or what a vendor adds to a source.
#[derive(Debug)]
pub struct Group {
    /// The header in the file, for example `[display]`; for a vendor's keys its name.
    pub title: &'static str,
    /// What the keys are for, in one or two sentences.
    pub doc: &'static str,
    /// The keys in the order of the reference.
    pub keys: &'static [&'static dyn Declared],
}

/// A key whatever its form, for the reference and for unknown keys.
pub trait Declared: Sync + std::fmt::Debug {
    /// The name in the file.
    fn name(&self) -> &'static str;
    /// How the value is written, in a few words.
    fn words(&self) -> String;
    /// What holds when the key is absent.
    fn preset(&self) -> Preset;
    /// What the key does.
    fn doc(&self) -> &'static str;
    /// Whether the value must not be shown.
    fn secret(&self) -> bool;
    /// The keys below this one, where it is a table.
    fn group(&self) -> Option<&'static Group>;
}

impl<F> Key<F> {
    /// A key that must be there, with an example of its value.
    pub const fn required(
        name: &'static str,
        form: F,
        example: &'static str,
        doc: &'static str,
    ) -> Self {
        Self {
            name,
            form,
            preset: Preset::Required(example),
            doc,
        }
    }

    /// A key that may be left out, with the words for what that means.
    pub const fn optional(
        name: &'static str,
        form: F,
        absent: &'static str,
        doc: &'static str,
    ) -> Self {
        Self {
            name,
            form,
            preset: Preset::Absent(absent),
            doc,
        }
    }

    /// A key with a default, written as in the file.
    pub const fn preset(
        name: &'static str,
        form: F,
        value: &'static str,
        doc: &'static str,
    ) -> Self {
        Self {
            name,
            form,
            preset: Preset::Value(value),
            doc,
        }
    }
}

impl<F: Form> Declared for Key<F> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn words(&self) -> String {
        self.form.words()
    }

    fn preset(&self) -> Preset {
        self.preset
    }

    fn doc(&self) -> &'static str {
        self.doc
    }

    fn secret(&self) -> bool {
        self.form.secret()
    }

    fn group(&self) -> Option<&'static Group> {
        self.form.group()
    }
}
