//! Readings: what a vendor measured, for an interval or at an instant.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Timestamp;
use super::device::DeviceId;

/// One measured fact. Its key is (device, quantity, start, item): a newer reading with the same
/// key replaces the older one and is kept as a revision; it is never added.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The device it belongs to.
    pub device: DeviceId,
    /// Start of the interval, or the instant of a level.
    pub start: Timestamp,
    /// Length of the interval in seconds; 0 for an instant.
    pub span_s: u32,
    /// Distinguishes several facts of one instant (the vendor's row id of a sale), else 0.
    pub item: i64,
    /// What was measured.
    pub measure: Measure,
}

/// A reading that is new or that replaced another value of the same key.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The reading as it stands now.
    pub reading: Reading,
    /// What it replaced; `None` for a new key.
    pub old: Option<Measure>,
}

impl Reading {
    /// The end of the interval; the instant itself for a level.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.start + chrono::TimeDelta::seconds(i64::from(self.span_s))
    }
}

/// What was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Measure {
    /// People who crossed a counting line during the interval.
    Flow(Flow),
    /// A value that holds at an instant.
    Level(Level, Value),
    /// One sale.
    Sale {
        /// Price in the vendor's number, minor units where a scale is known.
        price: Option<i64>,
        /// The currency it came in.
        currency: Currency,
    },
}

/// People in and out during one interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// People who came in.
    pub entered: u32,
    /// People who went out.
    pub left: u32,
}

impl Flow {
    /// In minus out; may be negative and is never clamped.
    #[must_use]
    pub fn net(self) -> i64 {
        i64::from(self.entered) - i64::from(self.left)
    }
}

impl std::ops::Add for Flow {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            entered: self.entered.saturating_add(other.entered),
            left: self.left.saturating_add(other.left),
        }
    }
}

/// Quantities that hold at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// People inside, by the vendor's own account. May be negative as it came.
    Occupancy,
    /// People on board a vehicle.
    OnBoard,
    /// Odometer in kilometres.
    Odometer,
    /// Engine time in hours.
    EngineHours,
    /// Value of a document counter.
    CounterValue,
}

/// A number as the vendor gave it: 64-bit integers survive exactly.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Int(i64),
    /// A real number; always finite.
    Real(f64),
}

impl Value {
    /// As a real number.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "shown values are far below 2^53"
    )]
    pub fn real(self) -> f64 {
        match self {
            Self::Int(value) => value as f64,
            Self::Real(value) => value,
        }
    }

    /// As a whole number, rounded.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
    pub fn int(self) -> i64 {
        match self {
            Self::Int(value) => value,
            Self::Real(value) => value.round() as i64,
        }
    }
}

/// A three-letter currency code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// No currency, as ISO 4217 writes it: for amounts whose currency cannot be read.
    pub const UNKNOWN: Self = Self(*b"XXX");

    /// Reads an ISO 4217 code; `None` unless it is three ASCII letters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let code: [u8; 3] = text.trim().as_bytes().try_into().ok()?;
        code.iter()
            .all(u8::is_ascii_alphabetic)
            .then(|| Self(code.map(|letter| letter.to_ascii_uppercase())))
    }

    /// The code as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The name a measure's quantity has in history, exports and tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// In and out of one interval.
    Flow,
    /// A level.
    Level(Level),
    /// A sale in a currency.
    Sale(Currency),
}

impl Measure {
    /// The quantity this measure is of.
    #[must_use]
    pub fn quantity(&self) -> Quantity {
        match *self {
            Self::Flow(_) => Quantity::Flow,
            Self::Level(level, _) => Quantity::Level(level),
            Self::Sale { currency, .. } => Quantity::Sale(currency),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_currency_is_three_letters() {
        assert_eq!(Currency::parse("eur").unwrap().as_str(), "EUR");
        for wrong in ["", "EU", "EURO", "E1R", "€"] {
            assert_eq!(Currency::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn net_may_be_negative() {
        let flow = Flow {
            entered: 1,
            left: 3,
        };
        assert_eq!(flow.net(), -2);
    }
}
