//! How long a device without a grid may stay silent before it is missed.

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
