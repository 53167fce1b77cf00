//! Devices: the counters, trackers, machines and document counters that vendors report on.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// Identity of a device across the program: `<source name>/<vendor's id>`.
///
/// The vendor's id is text: leading zeros and letters survive.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceId(Arc<str>);

impl DeviceId {
    /// Joins the name of a source and the vendor's own id.
    #[must_use]
    pub fn new(source: &str, local: impl fmt::Display) -> Self {
        Self(format!("{source}/{local}").into())
    }

    /// Reads the text form; `None` when it has no `/` or an empty half.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (source, local) = text.split_once('/')?;
        (!source.is_empty() && !local.is_empty()).then(|| Self(text.into()))
    }

    /// An id that sorts before all others, to start a range with.
    #[must_use]
    pub fn first() -> Self {
        Self("".into())
    }

    /// The full text, `<source>/<id>`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the source.
    #[must_use]
    pub fn source(&self) -> &str {
        self.0.split_once('/').map_or("", |(source, _)| source)
    }

    /// The vendor's own id.
    #[must_use]
    pub fn local(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, local)| local)
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What sort of thing a device is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Counts people in and out of a store, or over one door.
    PeopleCounter,
    /// A vehicle tracker.
    Tracker,
    /// A document-number sequence of a hotel; never a number of people.
    DocumentCounter,
    /// A vending or coffee machine.
    Machine,
}

impl Kind {
    /// Whether such a device tells of nothing but what happens, so that a pause means little by
    /// itself.
    #[must_use]
    pub fn only_happens(self) -> bool {
        matches!(self, Self::DocumentCounter | Self::Machine)
    }
}

/// What the vendor says about a device apart from its readings. Kept in history as it came last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The name to show; the vendor's id where it gives none.
    pub name: String,
    /// IANA zone the vendor gives for the device, for "today" when no store claims it.
    pub timezone: Option<chrono_tz::Tz>,
    /// What is particular to the kind of device.
    pub detail: Detail,
}

impl Facts {
    /// The kind of device these facts describe.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.detail {
            Detail::PeopleCounter { .. } => Kind::PeopleCounter,
            Detail::Tracker { .. } => Kind::Tracker,
            Detail::DocumentCounter { .. } => Kind::DocumentCounter,
            Detail::Machine { .. } => Kind::Machine,
        }
    }
}

impl Facts {
    /// Whether nothing is expected of it: a tracker that the vendor has blocked, a machine that is
    /// switched off there.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        matches!(
            self.detail,
            Detail::Tracker { blocked: true, .. }
                | Detail::Machine {
                    active: Some(false),
                    ..
                }
        )
    }

    /// The stretch of which not all sales of a machine have been read yet.
    #[must_use]
    pub fn sales_unread(&self) -> Option<(Timestamp, Timestamp)> {
        match self.detail {
            Detail::Machine { sales_unread, .. } => sales_unread,
            _ => None,
        }
    }

    /// Whether it is a clone, which shares its hardware with another tracker.
    #[must_use]
    pub fn is_clone(&self) -> bool {
        matches!(self.detail, Detail::Tracker { clone: true, .. })
    }
}

/// Facts that only one kind of device has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Detail {
    /// A people counter.
    PeopleCounter {
        /// Length of its intervals in seconds where the row spacing shows it.
        interval_s: Option<u32>,
        /// The vendor's group, for example a facility.
        group: Option<String>,
    },
    /// A vehicle tracker.
    Tracker {
        /// The vendor's claim about the link, in its own word (`active`, `idle`, `offline`, …).
        connection: Option<String>,
        /// The vendor's claim about movement (`moving`, `stopped`, `parked`).
        movement: Option<String>,
        /// Whether the ignition is on, where the vendor says so.
        ignition: Option<bool>,
        /// Blocked by the vendor (tariff): it stays on the board with its last values.
        blocked: bool,
        /// Seats of the vehicle, the capacity for people on board.
        seats: Option<u32>,
        /// A clone shares its hardware with another tracker and must not be added to totals.
        clone: bool,
        /// When the vehicle was last heard of, whatever it said.
        last_update: Option<Timestamp>,
    },
    /// A hotel's document counter.
    DocumentCounter {
        /// The vendor's type word, also one we have never seen.
        counter_type: String,
        /// .NET composite format for the value, where it has one.
        format: Option<String>,
        /// Id of the hotel (enterprise).
        enterprise: Option<String>,
        /// Name of the hotel.
        enterprise_name: Option<String>,
        /// How long after local midnight the hotel's business day starts, in seconds.
        day_offset_s: i32,
        /// Guests in house by the vendor's reservations, when that read is allowed.
        guests_in_house: Option<u32>,
        /// Rooms that have guests by the vendor's reservations, when that read is allowed.
        #[serde(default)]
        rooms_occupied: Option<u32>,
        /// Rooms that can be used tonight, when that read is allowed.
        rooms: Option<u32>,
    },
    /// A vending machine.
    Machine {
        /// Name of its location.
        location: Option<String>,
        /// Switched on at the vendor.
        active: Option<bool>,
        /// An offline event is open.
        offline: bool,
        /// Resolvable events that are still open, oldest first.
        open_events: Vec<OpenEvent>,
        /// The newest instant the vendor stamped for it: its own update, or the creation of its
        /// newest sale or event.
        last_update: Option<Timestamp>,
        /// Minor units per unit of each currency whose scale is known.
        #[serde(default)]
        money_scale: std::collections::BTreeMap<String, u32>,
        /// The stretch of which not all sales have been read yet, by when the vendor learned of
        /// them.
        #[serde(default)]
        sales_unread: Option<(Timestamp, Timestamp)>,
    },
}

/// A machine event that waits for its resolution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenEvent {
    /// The vendor's id, to ask for exactly this event again.
    pub id: i64,
    /// The vendor's code, for example `CM_OFFLINE`.
    pub code: String,
    /// When it happened.
    pub since: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_keeps_leading_zeros_and_splits_at_the_first_slash() {
        let id = DeviceId::new("opap", "0012/a");
        assert_eq!(
            (id.source(), id.local(), id.as_str()),
            ("opap", "0012/a", "opap/0012/a")
        );
        assert_eq!(DeviceId::parse("opap/0012/a"), Some(id));
        for wrong in ["", "opap", "/1", "opap/"] {
            assert_eq!(DeviceId::parse(wrong), None, "{wrong}");
        }
    }
}
