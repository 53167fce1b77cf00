//! A running day on a grid, in few bytes: each store and each counter on the board has one.

use crate::model::Timestamp;
use crate::model::packing;
use crate::model::reading::Flow;

/// A running day on a fixed grid; a hole stays a hole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Day {
    /// Start of the first cell.
    pub start: Timestamp,
    /// Length of a cell in seconds.
    pub cell_s: u32,
    count: u32,
    packed: Box<[u8]>,
}

/// One cell of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cell {
    /// In and out; `None` where nothing has arrived.
    pub flow: Option<Flow>,
    /// People inside at the end of the cell, as shown; `None` where it is not known.
    pub inside: Option<u32>,
    /// The plain number at that time, before any correction or floor.
    pub raw: Option<i32>,
    /// The newest cell, which may still be rewritten.
    pub provisional: bool,
    /// A value of this cell was changed after it was first shown.
    pub revised: bool,
}

/// What a packed cell has; the numbers follow in this order.
const FLOW: u64 = 1;
const INSIDE: u64 = 2;
const RAW: u64 = 4;
/// The plain number is the one inside and does not follow.
const RAW_IS_INSIDE: u64 = 8;
const PROVISIONAL: u64 = 16;
const REVISED: u64 = 32;

impl Day {
    /// A day that starts at `start` with cells of `cell_s` seconds, up to the newest data.
    pub fn new(start: Timestamp, cell_s: u32, filled: impl IntoIterator<Item = Cell>) -> Self {
        let mut packed = Vec::new();
        let mut count = 0;
        for cell in filled {
            cell.pack(&mut packed);
            count += 1;
        }
        Self {
            start,
            cell_s,
            count,
            packed: packed.into_boxed_slice(),
        }
    }

    /// Its cells in order.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = Cell> + '_ {
        let mut numbers = packing::numbers(&self.packed);
        (0..self.count).map(move |_| Cell::unpack(&mut numbers))
    }
}

impl Cell {
    fn pack(&self, bytes: &mut Vec<u8>) {
        let inside = self.inside.map(i64::from);
        let alike = self.raw.is_some() && self.raw.map(i64::from) == inside;
        let marks = [
            (FLOW, self.flow.is_some()),
            (INSIDE, self.inside.is_some()),
            (RAW, self.raw.is_some() && !alike),
            (RAW_IS_INSIDE, alike),
            (PROVISIONAL, self.provisional),
            (REVISED, self.revised),
        ];
        let set = marks.into_iter().filter(|(_, holds)| *holds);
        packing::put(bytes, set.map(|(mark, _)| mark).sum());
        if let Some(flow) = self.flow {
            packing::put(bytes, flow.entered.into());
            packing::put(bytes, flow.left.into());
        }
        if let Some(inside) = self.inside {
            packing::put(bytes, inside.into());
        }
        if let Some(raw) = self.raw.filter(|_| !alike) {
            packing::put(bytes, zigzag(raw));
        }
    }

    fn unpack(numbers: &mut impl Iterator<Item = u64>) -> Self {
        let marks = numbers.next().unwrap_or_default();
        let has = |mark| marks & mark != 0;
        let mut next = || u32::try_from(numbers.next().unwrap_or_default()).unwrap_or(u32::MAX);
        let flow = has(FLOW).then(|| Flow {
            entered: next(),
            left: next(),
        });
        let inside = has(INSIDE).then(&mut next);
        let raw = if has(RAW_IS_INSIDE) {
            inside.and_then(|inside| i32::try_from(inside).ok())
        } else {
            has(RAW).then(&mut next).map(unzigzag)
        };
        Self {
            flow,
            inside,
            raw,
            provisional: has(PROVISIONAL),
            revised: has(REVISED),
        }
    }
}

/// Small numbers of either sign as small numbers.
fn zigzag(number: i32) -> u64 {
    u64::from(((number << 1) ^ (number >> 31)).cast_unsigned())
}

fn unzigzag(number: u32) -> i32 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    prop_compose! {
        fn cell()(
            flow: Option<(u32, u32)>, inside: Option<u32>, raw: Option<i32>, alike: bool,
            provisional: bool, revised: bool,
        ) -> Cell {
            let same = inside.and_then(|inside| i32::try_from(inside).ok());
            Cell {
                flow: flow.map(|(entered, left)| Flow { entered, left }),
                inside,
                raw: if alike { same } else { raw },
                provisional,
                revised,
            }
        }
    }

    proptest! {
        #[test]
        fn packing_keeps_every_cell(cells in proptest::collection::vec(cell(), 0..100)) {
            let day = Day::new(Timestamp::UNIX_EPOCH, 900, cells.clone());
            prop_assert_eq!(day.cells().len(), cells.len());
            prop_assert_eq!(day.cells().collect::<Vec<_>>(), cells);
        }
    }

    #[test]
    fn a_busy_day_takes_a_few_bytes_a_cell() {
        let cell = Cell {
            flow: Some(Flow {
                entered: 90,
                left: 80,
            }),
            inside: Some(100),
            raw: Some(-60),
            ..Cell::default()
        };
        let day = Day::new(Timestamp::UNIX_EPOCH, 900, [cell; 96]);
        assert!(day.packed.len() <= 96 * 5, "{}", day.packed.len());
    }
}
