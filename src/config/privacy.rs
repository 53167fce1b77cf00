//! What of a file must not be shown: secrets, and what may be one.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::key::{Declared, Group};
use super::root::ROOT;
use super::source::SOURCE;
use crate::vendors::registry::Vendor;

/// The byte ranges of a readable file that must not be shown. Values of unknown keys are hidden
/// too: a misspelt `password` is still one.
pub(super) fn hidden(table: &DeTable<'_>) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    hide_table(table, &mut ranges);
    ranges
}

fn hide_table(table: &DeTable<'_>, ranges: &mut Vec<Range<usize>>) {
    for (key, value) in table {
        match openness(key.get_ref()) {
            Openness::Open => hide_credentials(value.get_ref(), value.span(), ranges),
            Openness::Below | Openness::Hidden => hide(value, ranges),
        }
    }
}

fn hide(value: &toml::Spanned<DeValue<'_>>, ranges: &mut Vec<Range<usize>>) {
    match value.get_ref() {
        DeValue::Table(table) => hide_table(table, ranges),
        DeValue::Array(array) => array.iter().for_each(|element| hide(element, ranges)),
        _ => ranges.push(value.span()),
    }
}

/// An address may hold a password or a token even though its key is harmless.
fn hide_credentials(value: &DeValue<'_>, span: Range<usize>, ranges: &mut Vec<Range<usize>>) {
    if matches!(value, DeValue::String(text) if text.contains(['@', '?'])) {
        ranges.push(span);
    }
}

enum Openness {
    /// May be shown with all that is below.
    Open,
    /// A table of keys, each of which decides for itself.
    Below,
    Hidden,
}

/// Goes by the name alone, so that a key in the wrong table is treated as in the right one.
fn openness(name: &str) -> Openness {
    let mut declared = Vec::new();
    collect(&ROOT, &mut declared);
    collect(&SOURCE, &mut declared);
    for vendor in Vendor::ALL {
        collect(vendor.keys(), &mut declared);
    }
    let same: Vec<_> = declared.iter().filter(|key| key.name() == name).collect();
    if same.is_empty() || same.iter().any(|key| key.secret()) {
        return Openness::Hidden;
    }
    if same.iter().any(|key| key.group().is_some()) {
        return Openness::Below;
    }
    Openness::Open
}

fn collect(group: &'static Group, into: &mut Vec<&'static dyn Declared>) {
    for key in group.keys {
        into.push(*key);
        if let Some(below) = key.group() {
            collect(below, into);
        }
    }
}

/// The byte ranges of a file with syntax errors that must not be shown. Nothing can be known of
/// such a file for certain, so of a line that assigns only the key is shown, unless the key is
/// known to be harmless and the line has nothing else in it.
pub(super) fn hidden_in_broken(text: &str) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let end = at + line.trim_end().len();
        let header = line.trim_start().starts_with('[') && !line.contains(['"', '\'', '=']);
        let value_at = line.find('=').map_or(0, |equals| equals + 1);
        let key = line[..value_at].trim_end_matches('=').trim();
        let harmless = value_at > 0
            && matches!(openness(key), Openness::Open)
            && !line[value_at..].contains(['=', '{', '@', '?']);
        if !header && !harmless && at + value_at < end {
            ranges.push(at + value_at..end);
        }
        at += line.len();
    }
    ranges
}
