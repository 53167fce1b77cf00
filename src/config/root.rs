//! The file as a whole.

use toml::de::DeTable;

use super::display::{self, DISPLAY};
use super::document::Document;
use super::form::Tables;
use super::history::{self, HISTORY};
use super::key::{Group, Key};
use super::section::Section;
use super::source::{self, SOURCE};
use super::store::{self, STORE};
use super::{Config, zone};

/// What stands at the top of the file.
pub(super) static ROOT: Group = Group {
    title: "",
    doc: "",
    keys: &[&DISPLAY, &HISTORY, &SOURCES, &STORES],
};

static SOURCES: Key<Tables> =
    Key::optional("source", Tables(&SOURCE), "no source", "Vendor accounts.");
static STORES: Key<Tables> = Key::optional(
    "store",
    Tables(&STORE),
    "no store",
    "What an operator watches.",
);

/// Reads the file into a configuration; notes what is wrong in the document.
pub(super) fn read<'a>(document: &'a Document<'a>, table: &'a DeTable<'a>) -> Option<Config> {
    let root = Section::root(document, table);
    root.only(&[&ROOT]);
    let display = display::read(&root.table(&DISPLAY));
    let history = history::read(&root.table(&HISTORY));

    let sources: Vec<_> = root
        .tables(&SOURCES)
        .into_iter()
        .map(source::read)
        .collect();
    let names: Vec<_> = sources
        .iter()
        .filter_map(|draft| draft.name.clone())
        .collect();
    document.unique("source", names.iter());

    let display_zone = display.as_ref().and_then(|display| display.timezone);
    let zone = display_zone.unwrap_or_else(zone::machine);
    let stores = root.tables(&STORES).into_iter();
    let stores: Vec<_> = stores.map(|section| store::read(section, zone)).collect();
    store::check(document, &stores, &names);

    let sources: Option<Vec<_>> = sources.into_iter().map(|draft| draft.source).collect();
    let stores: Option<Vec<_>> = stores.into_iter().map(|draft| draft.store).collect();
    Some(Config {
        display: display?,
        history: history?,
        sources: sources?,
        stores: stores?,
    })
}
