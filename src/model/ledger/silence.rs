//! How long a device without a grid may stay silent before it is missed.

use chrono::TimeDelta;

use crate::model::health::Expectation;

const MOVING_S: u32 = 5 * 60;
const AWAKE_S: u32 = 15 * 60;
const PARKED_S: u32 = 24 * 3600;

/// A vehicle's longest plausible silence depends on what it said last: while it moves it reports
/// every few minutes, with the ignition on somewhat less often, parked perhaps once a day.
pub(super) fn of_tracker(movement: Option<&str>, ignition: Option<bool>) -> Expectation {
    Expectation::silence(match (movement, ignition) {
        (Some("moving"), _) => MOVING_S,
        (Some("stopped"), _) | (_, Some(true)) => AWAKE_S,
        _ => PARKED_S,
    })
}

/// A document counter changes when somebody writes a document, and some are rarely written: it may
/// stand still for twice as long as it is known to have done, and for a day in any case. A period
/// of less than a day has been set by somebody who knows better.
pub(super) fn of_document(of_source: Expectation, longest: TimeDelta) -> Expectation {
    let twice = longest.num_seconds().max(0).saturating_mul(2);
    let twice = u32::try_from(twice).unwrap_or(u32::MAX);
    if of_source.period_s < PARKED_S || twice <= of_source.period_s {
        return of_source;
    }
    Expectation::silence(twice)
}
