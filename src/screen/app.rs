//! What the screen knows: the board, where the operator is, and how the lists are set.
//!
//! No styles, no widgets, no terminal: `update` changes it, `view` reads it.

use std::sync::Arc;

use chrono::TimeDelta;

use crate::model::Timestamp;
use crate::model::board::Board;

use super::input::Layout;
use super::judge::Judgement;
use super::listing::population;
use super::row::{Item, Row};

mod comparing;
mod list;
mod past;
mod prompt;

pub use super::row::ListKind;
pub use comparing::{Against, Comparing};
pub use list::List;
pub use prompt::{Prompt, Question};

/// The state of the screen.
#[derive(Clone, Debug)]
pub struct App {
    /// The board that is shown, with the state of each row.
    pub judgement: Judgement,
    /// The board that came last.
    pub newest: Arc<Board>,
    /// The held picture.
    pub frozen: Option<Frozen>,
    /// The instant of the past that was asked for and has not come yet.
    pub wanted: Option<Timestamp>,
    /// What the present is.
    pub present: Present,
    /// The list at the root.
    pub kind: ListKind,
    /// The page that was opened from it.
    pub page: Option<Page>,
    /// What lies over it.
    pub overlay: Option<Overlay>,
    /// A filter is being typed.
    pub typing: bool,
    /// A question that is being answered.
    pub prompt: Option<Prompt>,
    /// Raw instead of corrected occupancy.
    pub raw: bool,
    /// What the running day is compared with.
    pub comparing: Comparing,
    /// What the footer has to say.
    pub message: Option<Message>,
    /// A first press of a key that ends the program.
    pub quitting: bool,
    /// The keyboard, as far as it has given itself away.
    pub layout: Layout,
    /// How many seconds of the clock pass in one second of the wall.
    pub pace: f64,
    /// Where the events about something were asked for.
    pub asked_from: Option<(ListKind, Option<Page>)>,
    lists: [List; 6],
}

/// Where boards come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Present {
    /// From sources that are being polled.
    Live,
    /// From a recording that is played.
    Recorded,
}

/// A held picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// Since when.
    pub at: Timestamp,
    /// Boards that have come since.
    pub waiting: usize,
    /// It was brought from the past, and is not the last one that came.
    pub past: bool,
}

/// A page with everything about one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The row.
    pub item: Item,
    /// First visible line.
    pub scroll: Scroll,
}

/// What lies over a list or page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// The keys.
    Help {
        /// First visible line.
        scroll: Scroll,
        /// Words to narrow them.
        filter: String,
    },
    /// Why a number is what it is.
    Explain {
        /// First visible line.
        scroll: Scroll,
    },
}

/// The position in text that may be longer than its window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scroll {
    /// First visible line.
    pub top: usize,
    /// Lines of the text, as drawn last.
    pub content: usize,
    /// Lines of the window, as drawn last.
    pub window: usize,
}

impl Scroll {
    /// Takes note of the sizes and stays within them.
    pub fn fit(&mut self, content: usize, window: usize) {
        self.content = content;
        self.window = window;
        self.top = self.top.min(self.last());
    }

    /// Moves to a line, within the text.
    pub fn to(&mut self, line: usize) {
        self.top = line.min(self.last());
    }

    fn last(&self) -> usize {
        self.content.saturating_sub(self.window)
    }
}

/// A sentence in the footer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The sentence.
    pub text: String,
    /// When it goes.
    pub until: Timestamp,
}

/// Where keys go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// A list.
    List(ListKind),
    /// The page of a store.
    Store,
    /// The page of a source.
    Source,
    /// The page of a device.
    Device,
    /// The page of an event.
    Event,
    /// The help overlay.
    Help,
    /// The explain overlay.
    Explain,
}

impl Spot {
    /// Every spot.
    pub const ALL: [Self; 12] = [
        Self::List(ListKind::Stores),
        Self::Store,
        Self::List(ListKind::Fleet),
        Self::List(ListKind::Sources),
        Self::List(ListKind::Hotel),
        Self::List(ListKind::Vending),
        Self::List(ListKind::Events),
        Self::Source,
        Self::Device,
        Self::Event,
        Self::Help,
        Self::Explain,
    ];

    /// Its name in the manual.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::List(kind) => list_name(kind),
            Self::Store => "store",
            Self::Source => "source",
            Self::Device => "device",
            Self::Event => "event",
            Self::Help => "help",
            Self::Explain => "explain",
        }
    }
}

/// The name of a list, as in the tabs.
#[must_use]
pub fn list_name(kind: ListKind) -> &'static str {
    match kind {
        ListKind::Stores => "Stores",
        ListKind::Fleet => "Fleet",
        ListKind::Sources => "Sources",
        ListKind::Hotel => "Hotel",
        ListKind::Vending => "Vending",
        ListKind::Events => "Events",
    }
}

impl App {
    /// The screen at its start.
    #[must_use]
    pub fn new(board: Arc<Board>, now: Timestamp, pace: f64) -> Self {
        let mut app = Self {
            judgement: Judgement::new(board.clone(), now),
            newest: board,
            frozen: None,
            wanted: None,
            present: Present::Live,
            kind: ListKind::Stores,
            page: None,
            overlay: None,
            typing: false,
            prompt: None,
            raw: false,
            comparing: Comparing::default(),
            message: None,
            quitting: false,
            layout: Layout::default(),
            pace,
            asked_from: None,
            lists: ListKind::ALL.map(List::of),
        };
        app.prepare(now);
        app
    }

    /// Takes a new board; a held picture only counts it.
    pub fn receive(&mut self, board: Arc<Board>) {
        self.newest = board;
        if let Some(frozen) = &mut self.frozen {
            frozen.waiting += 1;
        }
    }

    /// The instant that the picture shows.
    #[must_use]
    pub fn shown_at(&self, now: Timestamp) -> Timestamp {
        self.frozen.map_or(now, |frozen| frozen.at)
    }

    /// Brings states, lists and selection up to date before they are read.
    pub fn prepare(&mut self, now: Timestamp) {
        let shown_at = self.shown_at(now);
        if self.frozen.is_none() {
            let newest = self.newest.clone();
            self.judgement.refresh(&newest, shown_at);
        }
        if self
            .message
            .as_ref()
            .is_some_and(|message| message.until <= now)
        {
            self.message = None;
        }
        self.lists[self.kind as usize].prepare(&self.judgement, self.kind);
        if self.page.is_some() && self.subject().is_none() {
            self.page = None;
            self.overlay = None;
        }
    }

    /// The list at the root.
    #[must_use]
    pub fn list(&self) -> &List {
        &self.lists[self.kind as usize]
    }

    /// The list at the root, to change it.
    pub fn list_mut(&mut self) -> &mut List {
        &mut self.lists[self.kind as usize]
    }

    /// Where keys go.
    #[must_use]
    pub fn spot(&self) -> Spot {
        match (&self.overlay, &self.page) {
            (Some(Overlay::Help { .. }), _) => Spot::Help,
            (Some(Overlay::Explain { .. }), _) => Spot::Explain,
            (None, page) => Self::ground(self.kind, page.as_ref()),
        }
    }

    /// Where keys go once overlays are closed.
    #[must_use]
    pub fn ground_spot(&self) -> Spot {
        Self::ground(self.kind, self.page.as_ref())
    }

    fn ground(kind: ListKind, page: Option<&Page>) -> Spot {
        match page.map(|page| &page.item) {
            Some(Item::Store(_)) => Spot::Store,
            Some(Item::Source(_)) => Spot::Source,
            Some(Item::Device(_)) => Spot::Device,
            Some(Item::Event(_)) => Spot::Event,
            None => Spot::List(kind),
        }
    }

    /// The row that keys are about: that of the page, else the selected one.
    #[must_use]
    pub fn subject(&self) -> Option<Row<'_>> {
        match &self.page {
            Some(page) => match &page.item {
                Item::Store(name) => self.judgement.store(name).map(Row::Store),
                Item::Source(name) => self.judgement.source(name).map(Row::Source),
                Item::Device(id) => self.judgement.device(id).map(Row::Device),
                Item::Event(id) => self.judgement.event(*id).map(Row::Event),
            },
            None => self.selected(),
        }
    }

    /// The selected row of the list.
    #[must_use]
    pub fn selected(&self) -> Option<Row<'_>> {
        let list = self.list();
        let at = list.listing.place(list.at)?;
        Row::of(&self.judgement, self.kind, at)
    }

    /// Selects a row of the list by its number; the last one when there are fewer.
    pub fn select(&mut self, ordinal: usize) {
        let rows = self.list().listing.rows.len();
        self.list_mut().at = ordinal.min(rows.saturating_sub(1));
        let item = self.selected().map(Row::item);
        self.list_mut().keep(item);
    }

    /// Says something in the footer for eight seconds of the wall, or until the next key.
    pub fn say(&mut self, text: impl Into<String>, now: Timestamp) {
        #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
        let span = TimeDelta::milliseconds((8000.0 * self.pace) as i64);
        self.message = Some(Message {
            text: text.into(),
            until: now.checked_add_signed(span).unwrap_or(now),
        });
    }

    /// The text that is being scrolled: an overlay's, else the page's.
    pub fn scroll_mut(&mut self) -> Option<&mut Scroll> {
        match &mut self.overlay {
            Some(Overlay::Help { scroll, .. } | Overlay::Explain { scroll }) => Some(scroll),
            None => self.page.as_mut().map(|page| &mut page.scroll),
        }
    }

    /// The filter that typing changes: that of the help, else that of the list.
    pub fn filter_mut(&mut self) -> &mut String {
        match &mut self.overlay {
            Some(Overlay::Help { filter, .. }) => filter,
            _ => &mut self.lists[self.kind as usize].wish.filter,
        }
    }

    /// Whether a list has anything to show.
    #[must_use]
    pub fn is_populated(&self, kind: ListKind) -> bool {
        population(&self.judgement, kind) > 0
    }
}
