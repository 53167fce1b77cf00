//! The zone of the machine.

use chrono_tz::Tz;

/// The machine's zone; UTC where it cannot be found out.
#[must_use]
pub fn machine() -> Tz {
    iana_time_zone::get_timezone()
        .ok()
        .and_then(|name| name.parse().ok())
        .unwrap_or(Tz::UTC)
}
