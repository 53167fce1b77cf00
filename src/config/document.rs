//! A configuration file while it is read: its text, and what has been found out about it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::outside::{Named, Outside};
use super::problem::{ConfigErrors, Problem, locate};

/// A file that is being read. Problems are collected, never thrown, so that all are told at once.
#[derive(Debug)]
pub struct Document<'a> {
    text: &'a str,
    name: &'a str,
    found: RefCell<Vec<Found>>,
    warnings: RefCell<Vec<(usize, String)>>,
    literals: RefCell<Vec<(usize, String)>>,
    references: RefCell<Vec<Reference>>,
}

/// Something outside the file that a value names.
#[derive(Debug)]
struct Reference {
    span: Range<usize>,
    label: String,
    source: Option<String>,
    named: Named,
}

#[derive(Debug)]
struct Found {
    span: Range<usize>,
    message: String,
    help: String,
}

/// What a file without errors still gives reason to say.
#[derive(Clone, Debug, Default)]
pub(super) struct Remarks {
    /// Sentences for the operator, each with its place.
    pub warnings: Vec<String>,
    /// Keys of secrets that are written in the file, with their lines.
    pub literals: Vec<String>,
    /// What the file names outside itself.
    pub outside: Vec<Outside>,
}

impl<'a> Document<'a> {
    /// Starts reading `text`, which the user knows as `name`.
    pub(super) fn new(text: &'a str, name: &'a str) -> Self {
        Self {
            text,
            name,
            found: RefCell::default(),
            warnings: RefCell::default(),
            literals: RefCell::default(),
            references: RefCell::default(),
        }
    }

    /// Notes a problem.
    pub(super) fn wrong(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.found.borrow_mut().push(Found {
            span,
            message: message.into(),
            help: help.into(),
        });
    }

    /// Notes something that is allowed but worth a word.
    pub(super) fn warn(&self, span: &Range<usize>, message: String) {
        self.warnings.borrow_mut().push((span.start, message));
    }

    /// Notes a secret that is written in the file.
    pub(super) fn literal(&self, span: &Range<usize>, key: String) {
        self.literals.borrow_mut().push((span.start, key));
    }

    /// Notes that a value names something outside the file.
    pub(super) fn refers(&self, span: Range<usize>, label: String, named: Named) {
        self.references.borrow_mut().push(Reference {
            span,
            label,
            source: None,
            named,
        });
    }

    /// How many references have been noted, for [`Document::belong`].
    pub(super) fn references(&self) -> usize {
        self.references.borrow().len()
    }

    /// Everything noted since there were `known` references is of this source, and is forgotten
    /// when nobody will use it.
    pub(super) fn belong(&self, known: usize, source: Option<&str>, used: bool) {
        let mut references = self.references.borrow_mut();
        if !used {
            references.truncate(known);
        }
        for reference in references.iter_mut().skip(known) {
            reference.source = source.map(str::to_owned);
        }
    }

    /// The place of a span for people: `line 12`.
    pub(super) fn line(&self, span: &Range<usize>) -> String {
        format!("line {}", locate(self.text, span, &[]).line)
    }

    /// Notes every name that has been used before.
    pub(super) fn unique<'n>(
        &self,
        kind: &str,
        names: impl Iterator<Item = &'n (String, Range<usize>)>,
    ) {
        let mut seen = BTreeMap::new();
        for (name, span) in names {
            match seen.get(name) {
                None => drop(seen.insert(name, span)),
                Some(first) => self.wrong(
                    span.clone(),
                    format!(
                        "{kind} {name:?}: the name is used in {} already",
                        self.line(first)
                    ),
                    format!("give each {kind} a name of its own"),
                ),
            }
        }
    }

    /// A path of the file: `~/` is the home directory, other relative paths start at the
    /// directory of the file.
    pub(super) fn path(&self, written: &str) -> PathBuf {
        if let Some(rest) = written.strip_prefix("~/")
            && let Some(base) = directories::BaseDirs::new()
        {
            return base.home_dir().join(rest);
        }
        let directory = Path::new(self.name).parent().unwrap_or(Path::new(""));
        directory.join(written)
    }

    /// What was found: the errors, or the remarks when there are none. The ranges in `hidden`
    /// are secret and not shown.
    pub(super) fn finish(self, hidden: &[Range<usize>]) -> Result<Remarks, ConfigErrors> {
        let found = self.found.into_inner();
        if !found.is_empty() {
            let problems = found
                .into_iter()
                .map(|found| Problem {
                    place: Some(locate(self.text, &found.span, hidden)),
                    message: found.message,
                    help: found.help,
                })
                .collect();
            return Err(ConfigErrors::new(self.name, problems));
        }
        let outside = self.references.into_inner().into_iter();
        let outside = outside.map(|reference| Outside {
            place: locate(self.text, &reference.span, hidden),
            label: reference.label,
            source: reference.source,
            named: reference.named,
        });
        let outside = outside.collect();
        let sorted = |notes: RefCell<Vec<(usize, String)>>| {
            let mut notes = notes.into_inner();
            notes.sort();
            notes
                .into_iter()
                .map(|(at, words)| (locate(self.text, &(at..at), &[]), words))
        };
        let (name, warnings, literals) = (self.name, sorted(self.warnings), sorted(self.literals));
        Ok(Remarks {
            warnings: warnings
                .map(|(place, words)| format!("{name}:{}:{}: {words}", place.line, place.column))
                .collect(),
            literals: literals
                .map(|(place, key)| format!("{key} (line {})", place.line))
                .collect(),
            outside,
        })
    }
}
