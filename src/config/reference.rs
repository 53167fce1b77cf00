//! The reference of all keys, written from their declarations.

use std::fmt::Write;

use super::form::SECRET_PLACES;
use super::key::{Declared, Group, Preset};
use super::root::ROOT;
use super::source::SOURCE;
use crate::vendors::registry::Vendor;

/// The keys of one table of the file.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// Unique, for example `[display]`, `bespot` or `viametrics [source.endpoints]`.
    pub title: String,
    /// The keys.
    pub keys: Vec<Entry>,
    /// A sentence about the keys and a table of them, as Markdown.
    pub markdown: String,
}

/// What the reference says of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name.
    pub name: &'static str,
    /// What holds when it is absent.
    pub preset: Preset,
    /// Whether it is a table with a chapter of its own.
    pub table: bool,
}

/// Every chapter: the common tables in file order, each vendor after `[[source]]`.
#[must_use]
pub fn chapters() -> Vec<Chapter> {
    let mut chapters = vec![chapter("", &SECRET_PLACES)];
    for group in ROOT.keys.iter().filter_map(|key| key.group()) {
        add("", group, &mut chapters);
        if std::ptr::eq(group, &raw const SOURCE) {
            for vendor in Vendor::ALL {
                let own = chapters.len();
                add(&format!("{} ", vendor.name()), vendor.keys(), &mut chapters);
                let ceiling = vendor.requests_per_hour();
                let sentence = format!(" Its usual `requests_per_hour` is {ceiling}.\n\n");
                chapters[own].markdown = chapters[own].markdown.replacen("\n\n", &sentence, 1);
            }
        }
    }
    chapters
}

/// Adds a group and the tables below it.
fn add(prefix: &str, group: &'static Group, chapters: &mut Vec<Chapter>) {
    let own = if prefix.trim() == group.title {
        ""
    } else {
        prefix
    };
    chapters.push(chapter(own, group));
    for below in group.keys.iter().filter_map(|key| key.group()) {
        add(prefix, below, chapters);
    }
}

fn chapter(prefix: &str, group: &'static Group) -> Chapter {
    let mut markdown = format!(
        "{}\n\n| key | value | default | what it does |\n",
        group.doc
    );
    markdown.push_str("| --- | --- | --- | --- |\n");
    for key in group.keys {
        // Writing to a string does not fail.
        let _ = writeln!(markdown, "{}", row(*key));
    }
    let entry = |key: &&'static dyn Declared| Entry {
        name: key.name(),
        preset: key.preset(),
        table: key.group().is_some(),
    };
    Chapter {
        title: format!("{prefix}{}", group.title),
        keys: group.keys.iter().map(entry).collect(),
        markdown,
    }
}

fn row(key: &dyn Declared) -> String {
    let default = match key.preset() {
        Preset::Required(example) => format!("required, for example `{example}`"),
        Preset::Absent(words) => words.to_owned(),
        Preset::Value(value) => format!("`{value}`"),
    };
    let cells = [key.words(), default, key.doc().to_owned()];
    let cells = cells.map(|cell| code(&cell).replace('|', "\\|"));
    format!("| `{}` | {} |", key.name(), cells.join(" | "))
}

/// Sets what stands in double quotes as code, unless it is already.
fn code(text: &str) -> String {
    if text.contains('`') {
        return text.to_owned();
    }
    let mut out = String::new();
    for (index, part) in text.split('"').enumerate() {
        match index {
            0 => {}
            odd if odd % 2 == 1 => out.push_str("`\""),
            _ => out.push_str("\"`"),
        }
        out.push_str(part);
    }
    out
}
