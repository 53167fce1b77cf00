//! A list with the operator's place in it.

use crate::screen::judge::Judgement;
use crate::screen::listing::{Line, Listing, Wish};
use crate::screen::row::{Item, ListKind, Row};

/// One list with the operator's place in it.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// How it is wanted.
    pub wish: Wish,
    /// Its lines.
    pub listing: Listing,
    /// The selected row, by its number among the rows.
    pub at: usize,
    /// First visible line.
    pub top: usize,
    /// Visible lines, as laid out last.
    pub window: usize,
    selected: Option<Item>,
    made: Option<(u64, Wish)>,
}

impl List {
    /// A list as it is before anybody has asked for anything.
    pub fn of(kind: ListKind) -> Self {
        Self {
            wish: Wish {
                sort: kind.usual_sort(),
                ..Wish::default()
            },
            ..Self::default()
        }
    }

    /// Makes the list anew where board, states or wish have changed, and finds the selected row
    /// again.
    pub fn prepare(&mut self, judgement: &Judgement, kind: ListKind) {
        let current = (self.made.as_ref())
            .is_some_and(|(version, wish)| *version == judgement.version && *wish == self.wish);
        if current {
            return;
        }
        self.listing = Listing::new(judgement, kind, &self.wish);
        self.made = Some((judgement.version, self.wish.clone()));
        let found =
            (self.selected.as_ref()).and_then(|item| self.listing.find(judgement, kind, item));
        self.at = found.unwrap_or(self.at.min(self.listing.rows.len().saturating_sub(1)));
        let place = self.listing.place(self.at);
        self.selected = place
            .and_then(|at| Row::of(judgement, kind, at))
            .map(Row::item);
        self.show_selected();
    }

    /// Keeps to an item, wherever later boards put it.
    pub fn keep(&mut self, item: Option<Item>) {
        self.selected = item;
        self.show_selected();
    }

    /// Takes note of how many lines are visible.
    pub fn fit(&mut self, window: usize) {
        self.window = window;
        self.show_selected();
    }

    /// Scrolls so that the selected line is visible, and the heading above it if there is one.
    fn show_selected(&mut self) {
        let line = self.listing.rows.get(self.at).copied().unwrap_or(0);
        let above = line.checked_sub(1);
        let headed = above
            .and_then(|above| self.listing.lines.get(above))
            .is_some_and(|line| matches!(line, Line::Group(..)));
        let first = if headed && self.window > 1 {
            line - 1
        } else {
            line
        };
        if first < self.top {
            self.top = first;
        }
        if line >= self.top + self.window.max(1) {
            self.top = line + 1 - self.window.max(1);
        }
        let last = self.listing.lines.len().saturating_sub(self.window.max(1));
        self.top = self.top.min(last);
    }
}
