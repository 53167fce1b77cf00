//! Forms of lists.

use std::collections::BTreeMap;

use crate::config::section::Item;

use super::Form;

/// A list of values of one form. One wrong element does not hide another.
#[derive(Debug)]
pub struct List<F> {
    /// The form of the elements.
    pub of: F,
    /// Whether at least one is needed.
    pub filled: bool,
}

impl<F: Form> Form for List<F> {
    type Value = Vec<F::Value>;

    fn read(&self, item: &Item<'_>) -> Option<Vec<F::Value>> {
        let words = format!("a {}", self.words());
        let elements = item.elements(&words, "write the values between [ and ]")?;
        if self.filled && elements.is_empty() {
            item.wrong("empty list", "write at least one value, or remove the key");
            return None;
        }
        let read: Vec<_> = elements.iter().map(|item| self.of.read(item)).collect();
        read.into_iter().collect()
    }

    fn words(&self) -> String {
        format!("list of {}", self.of.words())
    }
}

/// A table whose keys are names of one kind.
pub struct Names<K: 'static, F> {
    /// Reads a name; `None` when it is not one.
    pub name: fn(&str) -> Option<K>,
    /// What the names are, for example `currency codes such as EUR`.
    pub what: &'static str,
    /// The form of the values.
    pub of: F,
}

impl<K, F> std::fmt::Debug for Names<K, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Names")
            .field("what", &self.what)
            .finish_non_exhaustive()
    }
}

impl<K: Ord, F: Form> Form for Names<K, F> {
    type Value = BTreeMap<K, F::Value>;

    fn read(&self, item: &Item<'_>) -> Option<Self::Value> {
        let section = item.section(&format!("a {}", self.words()), "write { NAME = value }")?;
        let mut read = Some(BTreeMap::new());
        for (span, name, item) in section.entries() {
            let value = self.of.read(&item);
            let key = (self.name)(name);
            if key.is_none() {
                let message = format!("{}: unknown name", item.label());
                item.document()
                    .wrong(span, message, format!("use {}", self.what));
            }
            match (key, value, &mut read) {
                (Some(key), Some(value), Some(read)) => drop(read.insert(key, value)),
                _ => read = None,
            }
        }
        read
    }

    fn words(&self) -> String {
        format!("table of {} to {}", self.what, self.of.words())
    }
}
