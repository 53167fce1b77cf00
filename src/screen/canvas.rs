//! The picture on the terminal and the next one: only the difference is sent.
//!
//! Unlike ratatui's own terminal it sends nothing at all when nothing differs, and never asks the
//! terminal a question.

use ratatui::backend::{Backend, ClearType};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use super::shift;

/// A terminal with the picture it shows.
#[derive(Debug)]
pub struct Canvas<B: Backend> {
    backend: B,
    shown: Buffer,
    next: Buffer,
}

/// Used where the terminal does not know its size.
const UNKNOWN_SIZE: Size = Size {
    width: 80,
    height: 24,
};

impl<B: Backend> Canvas<B> {
    /// A canvas on a cleared terminal.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn new(mut backend: B) -> Result<Self, B::Error> {
        let size = backend.size().unwrap_or(UNKNOWN_SIZE);
        backend.clear_region(ClearType::All)?;
        let area = area(size);
        Ok(Self {
            backend,
            shown: Buffer::empty(area),
            next: Buffer::empty(area),
        })
    }

    /// The size of the picture.
    #[must_use]
    pub fn area(&self) -> Rect {
        self.shown.area
    }

    /// The terminal.
    #[must_use]
    pub fn backend(&self) -> &B {
        &self.backend
    }

    /// The terminal, to change it.
    pub fn backend_mut(&mut self) -> &mut B {
        &mut self.backend
    }

    /// Takes the terminal's present size and forgets what it shows.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn renew(&mut self) -> Result<(), B::Error> {
        let size = self.backend.size().unwrap_or(UNKNOWN_SIZE);
        let area = area(size);
        self.shown = Buffer::empty(area);
        self.next = Buffer::empty(area);
        self.backend.clear_region(ClearType::All)
    }

    /// Draws a picture and sends what differs; true when anything did.
    ///
    /// # Errors
    /// When the terminal cannot be written to.
    pub fn paint(&mut self, draw: impl FnOnce(Rect, &mut Buffer)) -> Result<bool, B::Error> {
        self.next.reset();
        draw(self.next.area, &mut self.next);
        if self.next.content == self.shown.content {
            return Ok(false);
        }
        if let Some(shift) = shift::find(&self.shown, &self.next) {
            let lines = shift.lines.clone();
            if shift.up {
                self.backend.scroll_region_up(lines, shift.by)?;
            } else {
                self.backend.scroll_region_down(lines, shift.by)?;
            }
            shift::apply(&shift, &mut self.shown);
        }
        self.backend.draw(self.shown.diff_iter(&self.next))?;
        self.backend.flush()?;
        std::mem::swap(&mut self.shown, &mut self.next);
        Ok(true)
    }
}

fn area(size: Size) -> Rect {
    let size = if size.width == 0 || size.height == 0 {
        UNKNOWN_SIZE
    } else {
        size
    };
    Rect::from((ratatui::layout::Position::ORIGIN, size))
}
