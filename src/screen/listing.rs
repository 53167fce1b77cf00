//! The lines of a list: filtered, sorted, grouped. Worked out once for a board and a setting, not
//! for every frame.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use unicode_width::UnicodeWidthStr;

use crate::model::Timestamp;
use crate::model::totals::Totals;

use super::judge::Judgement;
use super::row::{Item, ListKind, Row, Sort, data_word, fetch_word};

/// How the operator wants a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    /// The filter as typed.
    pub filter: String,
    /// The order.
    pub sort: Sort,
    /// The other way round.
    pub reverse: bool,
    /// Only what needs attention.
    pub problems: bool,
    /// Only events about this.
    pub about: Option<Item>,
}

/// A finished list.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Lines from top to bottom.
    pub lines: Vec<Line>,
    /// Line numbers of the rows that can be selected.
    pub rows: Vec<usize>,
    /// How many rows there are without filter.
    pub all: usize,
    /// Columns of the widest name.
    pub name_width: u16,
    /// Whether any of them has a group.
    pub grouped: bool,
    /// What the listed stores add up to.
    pub totals: Totals,
}

/// One line of a list.
#[derive(Clone, Debug)]
pub enum Line {
    /// The heading of a group, with what its stores add up to.
    Group(Arc<str>, Totals),
    /// A row: its place in the judgement.
    Row(usize),
}

impl Listing {
    /// The list of this kind under a wish.
    #[must_use]
    pub fn new(judgement: &Judgement, kind: ListKind, wish: &Wish) -> Self {
        let filter = Filter::parse(&wish.filter);
        let mut all = 0;
        let mut places = Vec::new();
        for at in 0..length(judgement, kind) {
            let Some(row) = Row::of(judgement, kind, at) else {
                break;
            };
            let about = wish.about.as_ref();
            if !belongs(row, kind) || about.is_some_and(|item| !row.concerns(item)) {
                continue;
            }
            all += 1;
            if filter.admits(row) && (!wish.problems || row.trouble().is_some()) {
                places.push(at);
            }
        }
        let row = |at: usize| Row::of(judgement, kind, at);
        order(&mut places, wish, judgement.board.at, row);
        let mut listing = Self {
            all,
            name_width: widest(places.iter().filter_map(|at| row(*at))),
            grouped: (places.iter().filter_map(|at| row(*at))).any(|row| row.group().is_some()),
            ..Self::default()
        };
        for at in &places {
            if let Some(row) = row(*at) {
                row.add_to(&mut listing.totals);
            }
        }
        if kind == ListKind::Stores && wish.sort == Sort::Configured {
            listing.group(&places, row);
        } else {
            listing.lines = places.into_iter().map(Line::Row).collect();
        }
        listing.number();
        listing
    }

    /// The place in the judgement of the row with this ordinal.
    #[must_use]
    pub fn place(&self, ordinal: usize) -> Option<usize> {
        match self.lines.get(*self.rows.get(ordinal)?)? {
            Line::Row(at) => Some(*at),
            Line::Group(..) => None,
        }
    }

    /// The ordinal of an item's row.
    #[must_use]
    pub fn find(&self, judgement: &Judgement, kind: ListKind, item: &Item) -> Option<usize> {
        (0..self.rows.len()).find(|ordinal| {
            self.place(*ordinal)
                .and_then(|at| Row::of(judgement, kind, at))
                .is_some_and(|row| row.is(item))
        })
    }

    fn group<'a>(&mut self, places: &[usize], row: impl Fn(usize) -> Option<Row<'a>>) {
        let mut groups: Vec<(Heading<'a>, Totals, Vec<usize>)> = Vec::new();
        let mut known: HashMap<Heading<'a>, usize> = HashMap::new();
        for at in places {
            let Some(found) = row(*at) else { continue };
            let heading = Heading::of(found);
            let number = *known.entry(heading).or_insert_with(|| {
                groups.push((heading, Totals::default(), Vec::new()));
                groups.len() - 1
            });
            found.add_to(&mut groups[number].1);
            groups[number].2.push(*at);
        }
        let headed = groups.iter().any(|(heading, ..)| *heading != Heading::None);
        for (heading, totals, places) in groups {
            if headed {
                self.lines.push(Line::Group(heading.text(), totals));
            }
            self.lines.extend(places.into_iter().map(Line::Row));
        }
    }

    fn number(&mut self) {
        let lines = self.lines.iter().enumerate();
        self.rows = lines
            .filter(|(_, line)| matches!(line, Line::Row(_)))
            .map(|(number, _)| number)
            .collect();
    }
}

/// How many rows a list has without any filter.
#[must_use]
pub fn population(judgement: &Judgement, kind: ListKind) -> usize {
    let devices = kind.devices();
    devices.map_or_else(
        || length(judgement, kind),
        |devices| judgement.population(devices),
    )
}

fn length(judgement: &Judgement, kind: ListKind) -> usize {
    match kind {
        ListKind::Stores => judgement.stores.len(),
        ListKind::Sources => judgement.sources.len(),
        ListKind::Events => judgement.events.len(),
        _ => judgement.devices.len(),
    }
}

fn belongs(row: Row<'_>, kind: ListKind) -> bool {
    match row {
        Row::Device(judged) => kind.devices() == Some(judged.row.kind()),
        Row::Store(_) | Row::Source(_) | Row::Event(_) => true,
    }
}

/// What stands over a group of stores.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Heading<'a> {
    /// The group of the configuration.
    Group(&'a str),
    /// The source of counters that no store claims.
    Unclaimed(&'a str),
    /// Nothing in particular.
    None,
}

impl<'a> Heading<'a> {
    fn of(row: Row<'a>) -> Self {
        let Row::Store(judged) = row else {
            return Self::None;
        };
        match (&judged.row.store.group, judged.row.members.first()) {
            (_, Some(member)) if !judged.row.declared => Self::Unclaimed(member.source()),
            (Some(group), _) => Self::Group(group),
            (None, _) => Self::None,
        }
    }

    fn text(self) -> Arc<str> {
        match self {
            Self::Group(name) => name.into(),
            Self::Unclaimed(source) => format!("{source}, in no store").into(),
            Self::None => "Other".into(),
        }
    }
}

fn widest<'a>(rows: impl Iterator<Item = Row<'a>>) -> u16 {
    let widest = rows.map(|row| row.name().width()).max().unwrap_or(0);
    u16::try_from(widest).unwrap_or(u16::MAX)
}

fn order<'a>(
    places: &mut [usize],
    wish: &Wish,
    now: Timestamp,
    row: impl Fn(usize) -> Option<Row<'a>>,
) {
    match wish.sort {
        Sort::Configured => {}
        Sort::Name => {
            places.sort_by_cached_key(|at| row(*at).map(|row| (row.name().to_lowercase(), *at)));
        }
        sort => {
            // The weights are taken once each; equals and unknowns keep the configured order.
            let mut weighed: Vec<_> = (places.iter())
                .map(|at| (row(*at).and_then(|row| row.weight(sort, now)), *at))
                .collect();
            weighed.sort_by(|(left, _), (right, _)| heavier_first(*left, *right, wish.reverse));
            for (slot, (_, at)) in places.iter_mut().zip(weighed) {
                *slot = at;
            }
            return;
        }
    }
    if wish.reverse {
        places.reverse();
    }
}

fn heavier_first(left: Option<f64>, right: Option<f64>, reverse: bool) -> Ordering {
    match (left, right) {
        (Some(left), Some(right)) if reverse => left.total_cmp(&right),
        (Some(left), Some(right)) => right.total_cmp(&left),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

/// A filter: every term must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Filter(Vec<Term>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    wanted: bool,
    field: Field,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Name,
    State,
    Group,
    Source,
}

impl Filter {
    fn parse(text: &str) -> Self {
        let terms = text.split_whitespace().filter_map(|word| {
            let (wanted, word) = match word.strip_prefix('!') {
                Some(rest) => (false, rest),
                None => (true, word),
            };
            let (field, text) = match word.split_once(':') {
                Some(("state", text)) => (Field::State, text),
                Some(("group", text)) => (Field::Group, text),
                Some(("source", text)) => (Field::Source, text),
                _ => (Field::Name, word),
            };
            // A term that is still being typed holds everything.
            (!text.is_empty()).then(|| Term {
                wanted,
                field,
                text: text.to_lowercase(),
            })
        });
        Self(terms.collect())
    }

    fn admits(&self, row: Row<'_>) -> bool {
        self.0.iter().all(|term| term.holds(row) == term.wanted)
    }
}

impl Term {
    fn holds(&self, row: Row<'_>) -> bool {
        let has = |text: &str| text.to_lowercase().contains(&self.text);
        match self.field {
            Field::Name => has(row.name()) || row.also().is_some_and(has),
            Field::Group => row.group().is_some_and(has),
            Field::Source => row.is_from(&self.text),
            Field::State if let Row::Event(told) = row => {
                told.states().any(|word| word.starts_with(&self.text))
            }
            Field::State => {
                data_word(row.state()).starts_with(&self.text)
                    || row
                        .fetch()
                        .is_some_and(|fetch| fetch_word(fetch).starts_with(&self.text))
                    || band_word(row).is_some_and(|word| word.starts_with(&self.text))
            }
        }
    }
}

fn band_word(row: Row<'_>) -> Option<&'static str> {
    match row {
        Row::Store(judged) => Some(judged.row.band().word()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_words_fields_and_their_opposites() {
        let filter = Filter::parse("erm !state:late group:Athens !");
        let terms: Vec<_> = (filter.0.iter())
            .map(|term| (term.wanted, term.field, term.text.as_str()))
            .collect();
        assert_eq!(
            terms,
            [
                (true, Field::Name, "erm"),
                (false, Field::State, "late"),
                (true, Field::Group, "athens"),
            ]
        );
        assert_eq!(Filter::parse("state:"), Filter::default());
    }

    #[test]
    fn unknown_weights_stand_last_both_ways() {
        for reverse in [false, true] {
            assert_eq!(heavier_first(Some(0.0), None, reverse), Ordering::Less);
        }
        assert_eq!(heavier_first(Some(2.0), Some(1.0), false), Ordering::Less);
        assert_eq!(heavier_first(Some(2.0), Some(1.0), true), Ordering::Greater);
    }
}
