//! The counts of one business day: a sum per door and cell, nothing finer.
//!
//! Single readings stay in the history; a correction arrives with the value it replaces, so sums
//! are enough. A finished day is packed into a few bytes per cell, because thousands of stores
//! keep two weeks each.

use crate::model::Timestamp;
use crate::model::packing;
use crate::model::reading::Flow;

use super::day::Day;

/// Everything delivered for one business day.
#[derive(Clone, Debug, Default)]
pub(super) struct Sheet {
    /// By door.
    strips: Vec<Strip>,
    /// Newest vendor occupancy in each cell, by cell. A value at the very end of a cell is in it.
    levels: Vec<VendorLevel>,
    /// Counts by hand, at most one for each cell, by cell.
    by_hand: Vec<ByHand>,
}

/// The vendor's own occupancy at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct VendorLevel {
    pub cell: usize,
    pub at: Timestamp,
    pub value: i64,
}

/// People that somebody counted inside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ByHand {
    /// It holds at the start of this cell.
    pub cell: usize,
    pub at: Timestamp,
    pub people: u32,
}

impl Sheet {
    /// A day without any delivery.
    pub const fn empty() -> Self {
        Self {
            strips: Vec::new(),
            levels: Vec::new(),
            by_hand: Vec::new(),
        }
    }

    /// What a door delivered for a cell; `None` without any row.
    pub fn get(&self, door: usize, cell: usize) -> Option<Flow> {
        match self.strips.get(door)? {
            Strip::Open(cells) => cells.get(cell).copied().flatten(),
            Strip::Packed(bytes) => unpack(bytes).get(cell).copied().flatten(),
        }
    }

    /// Puts `new` in the place of `old` within a cell's sum.
    pub fn replace(&mut self, door: usize, cell: usize, new: Flow, old: Flow) {
        if self.strips.len() <= door {
            self.strips.resize_with(door + 1, Strip::default);
        }
        let cells = self.strips[door].open();
        if cells.len() <= cell {
            // Room for two hours more, not for twice as much: thousands of stores keep a day each.
            let room = (cell + 1).next_multiple_of(8);
            cells.reserve_exact(room - cells.len());
            cells.resize(cell + 1, None);
        }
        let sum = cells[cell].unwrap_or_default();
        cells[cell] = Some(Flow {
            entered: (sum.entered.saturating_sub(old.entered)).saturating_add(new.entered),
            left: (sum.left.saturating_sub(old.left)).saturating_add(new.left),
        });
    }

    /// Keeps the newest vendor value of a cell.
    pub fn put_level(&mut self, level: VendorLevel) {
        match self
            .levels
            .binary_search_by_key(&level.cell, |known| known.cell)
        {
            Ok(at) if self.levels[at].at > level.at => {}
            Ok(at) => self.levels[at] = level,
            Err(at) => self.levels.insert(at, level),
        }
    }

    /// Whether the vendor sends a number at all.
    pub fn has_levels(&self) -> bool {
        !self.levels.is_empty()
    }

    /// The newest vendor value of a cell.
    pub fn level(&self, cell: usize) -> Option<VendorLevel> {
        let at = self.levels.binary_search_by_key(&cell, |known| known.cell);
        at.ok().map(|at| self.levels[at])
    }

    /// Keeps a count by hand; a later one for the same cell replaces it.
    pub fn put_by_hand(&mut self, count: ByHand) {
        self.by_hand.retain(|known| known.cell != count.cell);
        self.by_hand.push(count);
        self.by_hand.sort_by_key(|count| count.cell);
    }

    /// Drops the count that was made at an instant; false where there is none.
    pub fn drop_by_hand(&mut self, at: Timestamp) -> bool {
        let before = self.by_hand.len();
        self.by_hand.retain(|known| known.at != at);
        self.by_hand.len() < before
    }

    /// The count by hand that holds at the start of a cell.
    pub fn by_hand(&self, cell: usize) -> Option<ByHand> {
        self.by_hand
            .iter()
            .copied()
            .find(|count| count.cell == cell)
    }

    /// The newest count by hand.
    pub fn last_by_hand(&self) -> Option<ByHand> {
        self.by_hand.last().copied()
    }

    /// The same counts in cells of another length.
    pub fn cut_anew(&self, before: &Day, after: &Day) -> Self {
        let mut sheet = Self::default();
        for (door, cell, flow) in self.sums() {
            let cell = after.cell_at(before.cell_start(cell));
            sheet.replace(door, cell, flow, Flow::default());
        }
        for level in &self.levels {
            let cell = after.cell_at(before.cell_start(level.cell));
            sheet.put_level(VendorLevel { cell, ..*level });
        }
        for count in &self.by_hand {
            let cell = after.cell_at(before.cell_start(count.cell));
            sheet.put_by_hand(ByHand { cell, ..*count });
        }
        sheet
    }

    /// The day's last vendor value.
    pub fn last_level(&self) -> Option<VendorLevel> {
        self.levels.last().copied()
    }

    /// Unpacks for quick access while the day is run.
    pub fn open(&mut self) {
        for strip in &mut self.strips {
            strip.open();
        }
    }

    /// Packs a finished day.
    pub fn pack(&mut self) {
        for strip in &mut self.strips {
            if let Strip::Open(cells) = strip {
                *strip = Strip::Packed(pack(cells));
            }
        }
        // Of the vendor's numbers only what was left at night is asked for again.
        self.levels.drain(..self.levels.len().saturating_sub(1));
        self.levels.shrink_to_fit();
        self.strips.shrink_to_fit();
    }

    /// Every cell that has a sum, as (door, cell, sum).
    fn sums(&self) -> Vec<(usize, usize, Flow)> {
        let mut sums = Vec::new();
        for (door, strip) in self.strips.iter().enumerate() {
            let cells = match strip {
                Strip::Open(cells) => cells.clone(),
                Strip::Packed(bytes) => unpack(bytes),
            };
            let known = cells.iter().enumerate();
            sums.extend(known.filter_map(|(cell, flow)| Some((door, cell, (*flow)?))));
        }
        sums
    }
}

/// The sums of one door, by cell.
#[derive(Clone, Debug)]
enum Strip {
    Open(Vec<Option<Flow>>),
    Packed(Box<[u8]>),
}

impl Default for Strip {
    fn default() -> Self {
        Self::Open(Vec::new())
    }
}

impl Strip {
    fn open(&mut self) -> &mut Vec<Option<Flow>> {
        if let Self::Packed(bytes) = self {
            *self = Self::Open(unpack(bytes));
        }
        match self {
            Self::Open(cells) => cells,
            Self::Packed(_) => unreachable!("it has just been opened"),
        }
    }
}

/// What begins a run of cells without a row, or of zeros; the length of the run follows.
const MISSING: u64 = 0;
const QUIET: u64 = 1;

/// Each cell as in + 2 and out, runs of missing and of quiet cells as one.
fn pack(cells: &[Option<Flow>]) -> Box<[u8]> {
    let mut bytes = Vec::with_capacity(cells.len() * 2);
    for run in cells.chunk_by(|a, b| a == b && a.unwrap_or_default() == Flow::default()) {
        match run[0] {
            Some(flow) if flow != Flow::default() => {
                packing::put(&mut bytes, u64::from(flow.entered) + 2);
                packing::put(&mut bytes, u64::from(flow.left));
            }
            quiet => {
                packing::put(&mut bytes, if quiet.is_some() { QUIET } else { MISSING });
                packing::put(&mut bytes, run.len() as u64);
            }
        }
    }
    bytes.into_boxed_slice()
}

fn unpack(bytes: &[u8]) -> Vec<Option<Flow>> {
    let mut numbers = packing::numbers(bytes);
    let mut cells = Vec::new();
    while let (Some(first), Some(second)) = (numbers.next(), numbers.next()) {
        let short = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        if first > QUIET {
            cells.push(Some(Flow {
                entered: short(first - 2),
                left: short(second),
            }));
        } else {
            let cell = (first == QUIET).then(Flow::default);
            cells.extend((0..second).map(|_| cell));
        }
    }
    cells
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn packing_keeps_every_cell(cells in proptest::collection::vec(
            proptest::option::of(prop_oneof![
                Just((0, 0)),
                (0..=u32::MAX, 0..=u32::MAX),
            ]), 0..100)
        ) {
            let cells: Vec<_> = cells
                .into_iter()
                .map(|cell| cell.map(|(entered, left)| Flow { entered, left }))
                .collect();
            prop_assert_eq!(unpack(&pack(&cells)), cells);
        }
    }

    #[test]
    fn a_quiet_day_packs_to_nothing() {
        assert_eq!(pack(&[Some(Flow::default()); 96]).len(), 2);
        assert_eq!(pack(&[None; 96]).len(), 2);
        let busy = Flow {
            entered: 90,
            left: 90,
        };
        assert_eq!(pack(&[Some(busy); 96]).len(), 192);
    }

    #[test]
    fn a_new_value_takes_the_place_of_the_old_one() {
        let flow = |entered, left| Flow { entered, left };
        let mut sheet = Sheet::default();
        sheet.replace(1, 3, flow(5, 2), Flow::default());
        sheet.replace(1, 3, flow(1, 1), Flow::default());
        sheet.pack();
        sheet.replace(1, 3, flow(7, 2), flow(5, 2));
        assert_eq!(sheet.get(1, 3), Some(flow(8, 3)));
        assert_eq!((sheet.get(1, 2), sheet.get(0, 3)), (None, None));
    }
}
