//! How a reading stands in a row: its key as four integers, its measure in two columns.

use rusqlite::types::{Value as Cell, ValueRef};
use rusqlite::{Row, Statement};

use crate::model::Timestamp;
use crate::model::device::DeviceId;
use crate::model::reading::{Currency, Flow, Level, Measure, Quantity, Reading, Value};

/// The key of a row. Time comes first: a poll then writes neighbouring pages, which costs a fifth
/// of scattering them over all devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    /// Unix seconds.
    pub start: i64,
    /// Number of the device in this file.
    pub device: i64,
    /// Number of the quantity, see [`quantity_code`].
    pub quantity: i64,
    /// The vendor's row id, or 0.
    pub item: i64,
}

impl Key {
    /// Binds the key to four parameters from `first` on.
    pub fn bind(&self, statement: &mut Statement<'_>, first: usize) -> rusqlite::Result<()> {
        statement.raw_bind_parameter(first, self.start)?;
        statement.raw_bind_parameter(first + 1, self.device)?;
        statement.raw_bind_parameter(first + 2, self.quantity)?;
        statement.raw_bind_parameter(first + 3, self.item)
    }

    /// Reads the key from four columns from `first` on.
    pub fn read(row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            start: row.get(first)?,
            device: row.get(first + 1)?,
            quantity: row.get(first + 2)?,
            item: row.get(first + 3)?,
        })
    }

    /// The reading of this key.
    pub fn reading(&self, device: DeviceId, span_s: u32, measure: Measure) -> Reading {
        Reading {
            device,
            start: instant(self.start),
            span_s,
            item: self.item,
            measure,
        }
    }
}

/// The instant of a column that holds Unix seconds.
pub(super) fn instant(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(seconds, 0).unwrap_or_default()
}

/// The instant of a column that holds Unix milliseconds.
pub(super) fn instant_ms(milliseconds: i64) -> Timestamp {
    Timestamp::from_timestamp_millis(milliseconds).unwrap_or_default()
}

/// The number of people in and out.
pub(super) const FLOW: i64 = 0;
/// The levels that live on from day to day, which the table `level` leads to.
pub(super) const LASTING_LEVELS: [i64; 4] = [2, 3, 4, 5];
const FIRST_SALE: i64 = 100;
const LETTERS: i64 = 26;

/// The number of a quantity in the file. These numbers are part of the format.
pub(super) fn quantity_code(quantity: Quantity) -> i64 {
    match quantity {
        Quantity::Flow => FLOW,
        Quantity::Level(Level::Occupancy) => 1,
        Quantity::Level(Level::OnBoard) => 2,
        Quantity::Level(Level::Odometer) => 3,
        Quantity::Level(Level::EngineHours) => 4,
        Quantity::Level(Level::CounterValue) => 5,
        Quantity::Sale(currency) => currency
            .as_str()
            .bytes()
            .fold(0, |code, letter| {
                code * LETTERS + i64::from(letter) - i64::from(b'A')
            })
            .saturating_add(FIRST_SALE),
    }
}

/// The quantity of a number; `None` for a number that this release does not know.
pub(super) fn quantity_of(code: i64) -> Option<Quantity> {
    Some(match code {
        FLOW => Quantity::Flow,
        1 => Quantity::Level(Level::Occupancy),
        2 => Quantity::Level(Level::OnBoard),
        3 => Quantity::Level(Level::Odometer),
        4 => Quantity::Level(Level::EngineHours),
        5 => Quantity::Level(Level::CounterValue),
        FIRST_SALE.. => Quantity::Sale(currency_of(code - FIRST_SALE)?),
        _ => return None,
    })
}

fn currency_of(code: i64) -> Option<Currency> {
    let letter = |power: i64| {
        let index = u8::try_from(code / power % LETTERS).ok()?;
        Some(char::from(b'A' + index))
    };
    if code >= LETTERS.pow(3) {
        return None;
    }
    let text: String = [letter(LETTERS * LETTERS)?, letter(LETTERS)?, letter(1)?]
        .iter()
        .collect();
    Currency::parse(&text)
}

/// The two columns of a measure: the value (or people in), and people out.
pub(super) fn columns(measure: &Measure) -> (Cell, Option<u32>) {
    match *measure {
        Measure::Flow(Flow { entered, left }) => (Cell::Integer(entered.into()), Some(left)),
        Measure::Level(_, Value::Int(value)) => (Cell::Integer(value), None),
        Measure::Level(_, Value::Real(value)) => (Cell::Real(value), None),
        Measure::Sale { price, .. } => (price.map_or(Cell::Null, Cell::Integer), None),
    }
}

/// The measure of two columns; `None` when they do not fit the quantity.
pub(super) fn measure(quantity: i64, value: ValueRef<'_>, out: Option<u32>) -> Option<Measure> {
    Some(match (quantity_of(quantity)?, value, out) {
        (Quantity::Flow, ValueRef::Integer(entered), Some(left)) => Measure::Flow(Flow {
            entered: u32::try_from(entered).ok()?,
            left,
        }),
        (Quantity::Level(level), ValueRef::Integer(value), None) => {
            Measure::Level(level, Value::Int(value))
        }
        (Quantity::Level(level), ValueRef::Real(value), None) => {
            Measure::Level(level, Value::Real(value))
        }
        (Quantity::Sale(currency), ValueRef::Integer(price), None) => Measure::Sale {
            price: Some(price),
            currency,
        },
        (Quantity::Sale(currency), ValueRef::Null, None) => Measure::Sale {
            price: None,
            currency,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_survives_its_columns() {
        let currency = Currency::parse("EUR").unwrap();
        let measures = [
            Measure::Flow(Flow {
                entered: u32::MAX,
                left: 0,
            }),
            Measure::Level(Level::Occupancy, Value::Int(-3)),
            Measure::Level(Level::OnBoard, Value::Int(17)),
            Measure::Level(Level::Odometer, Value::Real(20854.42)),
            Measure::Level(Level::EngineHours, Value::Real(5.0)),
            Measure::Level(Level::CounterValue, Value::Int(i64::MAX)),
            Measure::Sale {
                price: Some(i64::MIN),
                currency,
            },
            Measure::Sale {
                price: None,
                currency,
            },
        ];
        for known in measures {
            let (value, out) = columns(&known);
            let code = quantity_code(known.quantity());
            assert_eq!(measure(code, ValueRef::from(&value), out), Some(known));
        }
    }

    #[test]
    fn every_currency_has_its_own_number() {
        for (text, code) in [("AAA", 100), ("EUR", 3341), ("ZZZ", 17_675)] {
            let quantity = Quantity::Sale(Currency::parse(text).unwrap());
            assert_eq!(quantity_code(quantity), code, "{text}");
            assert_eq!(quantity_of(code), Some(quantity), "{text}");
        }
        for unknown in [-1, 6, 99, 17_676] {
            assert_eq!(quantity_of(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn columns_that_do_not_fit_are_refused() {
        for (quantity, value, out) in [
            (0, ValueRef::Integer(-1), Some(0)),
            (0, ValueRef::Integer(1), None),
            (3, ValueRef::Null, None),
            (99, ValueRef::Integer(1), None),
        ] {
            assert_eq!(measure(quantity, value, out), None);
        }
    }
}
