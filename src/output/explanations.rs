//! Every row of the board in words. They stand beside the rows and not in them, because words
//! change with the clock while what was measured stays.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use crate::model::Timestamp;
use crate::model::board::Board;
use crate::model::explain::Guide;

/// Explanations of a board, put into words only where they are written out.
#[derive(Debug)]
pub struct Explanations {
    board: Board,
    now: Timestamp,
}

impl Explanations {
    /// Those of the board as it looks at `now`.
    #[must_use]
    pub fn of(board: &Board, now: Timestamp) -> Self {
        Self {
            board: board.clone(),
            now,
        }
    }
}

impl Serialize for Explanations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Words::of(&self.board, self.now).serialize(serializer)
    }
}

/// Explanations by the name or id of what they explain.
#[derive(Serialize)]
struct Words {
    sources: BTreeMap<String, String>,
    stores: BTreeMap<String, String>,
    devices: BTreeMap<String, String>,
}

impl Words {
    fn of(board: &Board, now: Timestamp) -> Self {
        let guide = Guide::new(board, now, None);
        let sources = board.sources.iter();
        let stores = board.stores.iter().filter(|row| row.declared);
        let devices = board.devices.values();
        Self {
            sources: sources
                .map(|row| (row.name.to_string(), guide.source(row).to_string()))
                .collect(),
            stores: stores
                .map(|row| (row.store.name.to_string(), guide.store(row).to_string()))
                .collect(),
            devices: devices
                .map(|row| (row.id.to_string(), guide.device(row).to_string()))
                .collect(),
        }
    }
}
