//! What views draw with: the state, the look, the instant, and the note of when to draw again.

use std::cell::Cell;
use std::rc::Rc;

use chrono_tz::Tz;
use ratatui::style::Style;

use crate::model::Timestamp;
use crate::model::health::{DataState, FetchState, shifted};

use super::Look;
use super::app::App;
use super::glyphs::Glyphs;
use super::theme::Theme;
use super::words::{self, Zone};

/// One frame's surroundings.
#[derive(Debug)]
pub struct Scene<'a> {
    /// The state.
    pub app: &'a App,
    /// The look.
    pub look: &'a Look,
    /// The instant that is shown.
    pub now: Timestamp,
    /// The present; another instant than the one that is shown while the picture stands still.
    pub present: Timestamp,
    zone: Zone,
    wake: Rc<Cell<Option<Timestamp>>>,
    content: Rc<Cell<Option<(usize, usize)>>>,
}

impl<'a> Scene<'a> {
    /// The surroundings of a frame at `now`.
    #[must_use]
    pub fn new(app: &'a App, look: &'a Look, now: Timestamp) -> Self {
        Self {
            app,
            look,
            now,
            present: now,
            zone: look.zone,
            wake: Rc::default(),
            content: Rc::default(),
        }
    }

    /// The same surroundings at another present.
    #[must_use]
    pub fn living(mut self, present: Timestamp) -> Self {
        self.present = present;
        self
    }

    /// Whether the picture is made from history and not from what is polled.
    #[must_use]
    pub fn is_past(&self) -> bool {
        self.look.recorded || self.app.past().is_some()
    }

    /// Styles.
    #[must_use]
    pub fn theme(&self) -> &'a Theme {
        &self.look.theme
    }

    /// Signs.
    #[must_use]
    pub fn glyphs(&self) -> &'static Glyphs {
        self.look.glyphs
    }

    /// How long ago `at` was.
    #[must_use]
    pub fn age(&self, at: Timestamp) -> String {
        self.wake_at(words::next_minute(self.now));
        words::age(at, self.now)
    }

    /// How long ago a vendor's clock read `at`, which is `skew_s` seconds ahead of ours.
    #[must_use]
    pub fn age_by(&self, at: Timestamp, skew_s: i64) -> String {
        self.age(shifted(at, -skew_s))
    }

    /// How long until `at`.
    #[must_use]
    pub fn until(&self, at: Timestamp) -> String {
        if at > self.now {
            self.wake_at(at.min(words::next_minute(self.now)));
        }
        words::until(at, self.now)
    }

    /// The same surroundings with the wall clock of a store.
    #[must_use]
    pub fn in_zone(&self, zone: Tz) -> Scene<'a> {
        Scene {
            zone: Zone::Named(zone),
            wake: self.wake.clone(),
            content: self.content.clone(),
            ..*self
        }
    }

    /// The wall clock at `at`: that of the screen, or of the store the scene is set in.
    #[must_use]
    pub fn time(&self, at: Timestamp) -> String {
        self.zone.time(at, self.now)
    }

    /// The short name of the scene's zone, where it is not the one of the screen's clock.
    #[must_use]
    pub fn other_zone(&self) -> Option<String> {
        let here = self.zone.show(self.now, "%Z");
        (here != self.look.zone.show(self.now, "%Z")).then_some(here)
    }

    /// Asks for a frame at `at`.
    pub fn wake_at(&self, at: Timestamp) {
        let earliest = self.wake.get().map_or(at, |known| known.min(at));
        self.wake.set(Some(earliest));
    }

    /// When the next frame is due.
    #[must_use]
    pub fn wake(&self) -> Option<Timestamp> {
        self.wake.get()
    }

    /// Notes the lines of a scrolled text and of its window.
    pub fn note_content(&self, content: usize, window: usize) {
        self.content.set(Some((content, window)));
    }

    /// Whether the topmost scrolled text is longer than its window.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.content
            .get()
            .is_some_and(|(content, window)| content > window)
    }

    /// The sizes of the topmost scrolled text.
    #[must_use]
    pub fn content(&self) -> Option<(usize, usize)> {
        self.content.get()
    }

    /// The style of a data state's glyph and word.
    #[must_use]
    pub fn data_style(&self, state: DataState) -> Style {
        let theme = self.theme();
        match state {
            DataState::Fresh => theme.good,
            DataState::Due => theme.text,
            DataState::Late => theme.warn,
            DataState::Stale | DataState::Dead => theme.bad,
            DataState::Unknown | DataState::Paused | DataState::Closed => theme.faint,
        }
    }

    /// The style of a fetch state's glyph and word.
    #[must_use]
    pub fn fetch_style(&self, state: FetchState) -> Style {
        let theme = self.theme();
        match state {
            FetchState::Ok => theme.good,
            FetchState::Never | FetchState::Paused => theme.faint,
            FetchState::Retrying | FetchState::Throttled => theme.warn,
            state if state.is_failing() => theme.bad,
            _ => theme.text,
        }
    }

    /// The style of a number whose data is in this state.
    #[must_use]
    pub fn number_style(&self, state: DataState) -> Style {
        let theme = self.theme();
        match state {
            DataState::Fresh | DataState::Due | DataState::Late => theme.text,
            DataState::Stale => theme.stale,
            _ => theme.faint,
        }
    }

    /// A number with the marks of its state: `~` when stale, `--` when dead or unknown.
    #[must_use]
    pub fn figure(&self, value: Option<String>, state: DataState) -> String {
        match (value, state) {
            (_, DataState::Dead | DataState::Unknown) | (None, _) => "--".to_owned(),
            (Some(text), DataState::Stale) => format!("~{text}"),
            (Some(text), _) => text,
        }
    }
}
