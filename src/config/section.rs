//! Reading one table of the file: keys by their declaration, every problem collected.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::document::Document;
use super::form::{Form, Table, Tables};
use super::key::{Declared, Group, Key, Preset};
use super::nearest::nearest;

/// A table of the file while it is read.
///
/// A reader asks for all its keys before it gives up on any, so that one run tells all errors:
/// `get` notes what is wrong and gives `None`.
#[derive(Clone, Debug)]
pub struct Section<'a> {
    document: &'a Document<'a>,
    /// What the table is called in messages, for example `source "opap"`; empty for the file.
    label: String,
    /// What stands between the label and the name of a key.
    joint: &'static str,
    /// Where a missing key is reported.
    header: Range<usize>,
    /// `None` when the table is absent, so that every key has its default.
    table: Option<&'a DeTable<'a>>,
}

/// A value of the file with its place.
#[derive(Clone, Debug)]
pub struct Item<'a> {
    document: &'a Document<'a>,
    /// What the value is called in messages, for example `source "opap", timeout`.
    label: String,
    /// Where it is.
    pub span: Range<usize>,
    /// The value.
    pub value: &'a DeValue<'a>,
}

impl<'a> Section<'a> {
    /// The whole file.
    pub(super) fn root(document: &'a Document<'a>, table: &'a DeTable<'a>) -> Self {
        Self {
            document,
            label: String::new(),
            joint: "",
            header: 0..0,
            table: Some(table),
        }
    }

    /// Calls the table `label` in messages from here on.
    #[must_use]
    pub fn labelled(mut self, label: String) -> Self {
        self.label = label;
        self.joint = ", ";
        self
    }

    /// The value of a key: as written, else its default. `None` when it is absent without a
    /// default, and when it is wrong, which has then been noted.
    pub fn get<F: Form>(&self, key: &Key<F>) -> Option<F::Value> {
        if let Some(item) = self.item(key.name) {
            return key.form.read(&item);
        }
        match key.preset {
            Preset::Absent(_) => None,
            Preset::Value(text) => read_preset(&key.form, text),
            Preset::Required(example) => {
                self.document.wrong(
                    self.header.clone(),
                    format!("{}: missing", self.called(key.name)),
                    format!("add for example: {} = {example}", key.name),
                );
                None
            }
        }
    }

    /// The table below a key; without it a table in which every key is absent.
    #[must_use]
    pub fn table(&self, key: &Key<Table>) -> Section<'a> {
        let mut below = Section {
            document: self.document,
            label: self.called(key.name),
            joint: ".",
            header: self.header.clone(),
            table: None,
        };
        let Some(item) = self.item(key.name) else {
            return below;
        };
        below.header = item.span.clone();
        match item.value {
            DeValue::Table(table) => {
                below.table = Some(table);
                below.only(&[key.form.0]);
            }
            _ => item.expected("a table", &format!("write {}", key.form.0.title)),
        }
        below
    }

    /// The tables in the list below a key. Each must be given its keys with [`Section::only`].
    pub fn tables(&self, key: &Key<Tables>) -> Vec<Section<'a>> {
        let Some(item) = self.item(key.name) else {
            return Vec::new();
        };
        let title = key.form.0.title;
        let DeValue::Array(array) = item.value else {
            item.expected("a list of tables", &format!("write {title}"));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for (index, element) in array.iter().enumerate() {
            let label = format!("{} {}", self.called(key.name), index + 1);
            let element = Item {
                document: self.document,
                label: label.clone(),
                span: element.span(),
                value: element.get_ref(),
            };
            match element.value {
                DeValue::Table(table) => sections.push(Section {
                    document: self.document,
                    label,
                    joint: ", ",
                    header: element.span,
                    table: Some(table),
                }),
                _ => element.expected("a table", &format!("write {title}")),
            }
        }
        sections
    }

    /// Notes every key that none of the groups declares, with the nearest that they do.
    pub fn only(&self, groups: &[&Group]) {
        self.only_else(groups, |_| None);
    }

    /// As [`Section::only`], with better help for some keys.
    pub(super) fn only_else(&self, groups: &[&Group], better: impl Fn(&str) -> Option<String>) {
        let known = || {
            groups
                .iter()
                .flat_map(|group| group.keys)
                .map(|key| key.name())
        };
        for (key, _) in self.table.iter().flat_map(|table| table.iter()) {
            let name = key.get_ref().as_ref();
            if known().any(|known| known == name) {
                continue;
            }
            let near = nearest(name, known()).unwrap_or_default();
            let help = better(name).unwrap_or_else(|| format!("the nearest known key is {near}"));
            self.document.wrong(
                key.span(),
                format!("{}: unknown key", self.called(name)),
                help,
            );
        }
    }

    /// Whether a key is written.
    pub fn has(&self, key: &dyn Declared) -> bool {
        self.item(key.name()).is_some()
    }

    /// Notes a problem at a key's value, or at the header where the key is absent.
    pub fn wrong(&self, key: &dyn Declared, message: &str, help: &str) {
        let message = format!("{}: {message}", self.called(key.name()));
        self.document.wrong(self.span(key), message, help);
    }

    /// Every entry of the table, for tables whose keys are data.
    pub fn entries(&self) -> Vec<(Range<usize>, &'a str, Item<'a>)> {
        let entries = self.table.iter().flat_map(|table| table.iter());
        entries
            .map(|(key, value)| {
                let name = key.get_ref().as_ref();
                let item = Item {
                    document: self.document,
                    label: self.called(name),
                    span: value.span(),
                    value: value.get_ref(),
                };
                (key.span(), name, item)
            })
            .collect()
    }

    /// The document the table is in.
    pub(super) fn document(&self) -> &'a Document<'a> {
        self.document
    }

    /// What the table is called in messages.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// Where a key's value is, or the header where the key is absent.
    pub(super) fn span(&self, key: &dyn Declared) -> Range<usize> {
        self.item(key.name())
            .map_or(self.header.clone(), |item| item.span)
    }

    fn item(&self, name: &str) -> Option<Item<'a>> {
        let (_, value) = self.table?.iter().find(|(key, _)| key.get_ref() == name)?;
        Some(Item {
            document: self.document,
            label: self.called(name),
            span: value.span(),
            value: value.get_ref(),
        })
    }

    fn called(&self, name: &str) -> String {
        format!("{}{}{}", self.label, self.joint, name.escape_debug())
    }
}

impl<'a> Item<'a> {
    /// The text, or a note that text was expected.
    pub fn text(&self, what: &str, help: &str) -> Option<&'a str> {
        if let DeValue::String(text) = self.value {
            return Some(text.as_ref());
        }
        self.expected(what, help);
        None
    }

    /// The elements of a list, or a note that a list was expected.
    pub fn elements(&self, what: &str, help: &str) -> Option<Vec<Item<'a>>> {
        let DeValue::Array(array) = self.value else {
            self.expected(what, help);
            return None;
        };
        let element = |element: &'a toml::Spanned<DeValue<'a>>| Item {
            document: self.document,
            label: self.label.clone(),
            span: element.span(),
            value: element.get_ref(),
        };
        Some(array.iter().map(element).collect())
    }

    /// The value as a table of its own, or a note that a table was expected.
    pub fn section(&self, what: &str, help: &str) -> Option<Section<'a>> {
        let DeValue::Table(table) = self.value else {
            self.expected(what, help);
            return None;
        };
        Some(Section {
            document: self.document,
            label: self.label.clone(),
            joint: ".",
            header: self.span.clone(),
            table: Some(table),
        })
    }

    /// Notes that the value is of the wrong type.
    pub fn expected(&self, what: &str, help: &str) {
        self.wrong(
            &format!("expected {what}, found {}", found(self.value)),
            help,
        );
    }

    /// Notes what is wrong with the value.
    pub fn wrong(&self, message: &str, help: &str) {
        self.document.wrong(
            self.span.clone(),
            format!("{}: {message}", self.label),
            help,
        );
    }

    /// What the value is called in messages.
    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// The document the value is in.
    pub(super) fn document(&self) -> &'a Document<'a> {
        self.document
    }
}

/// Reads a declared default. It notes nothing: that every default can be read is a test.
fn read_preset<F: Form>(form: &F, text: &str) -> Option<F::Value> {
    let value = DeValue::parse(text).ok()?;
    let document = Document::new(text, "");
    form.read(&Item {
        document: &document,
        label: String::new(),
        span: value.span(),
        value: value.get_ref(),
    })
}

/// The kind of a value; never the value, which may be secret.
fn found(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
