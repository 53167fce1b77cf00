//! Local days, resets and opening hours, right across clock changes.

mod days;
mod hours;
#[cfg(test)]
mod tests;

pub use days::{day_start, first_instant, local_midnight, next_day_start, next_midnight};
pub use hours::{Hours, Opening, Span, weekdays};
