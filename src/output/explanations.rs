//! Every row of the board in words. They stand beside the rows and not in them, because words
//! change with the clock while what was measured stays.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::Timestamp;
use crate::model::board::Board;
use crate::model::explain::Guide;

/// Explanations by the name or id of what they explain.
#[derive(Debug, Serialize)]
pub struct Explanations {
    sources: BTreeMap<String, String>,
    stores: BTreeMap<String, String>,
    devices: BTreeMap<String, String>,
}

impl Explanations {
    /// Those of the board as it looks at `now`.
    #[must_use]
    pub fn of(board: &Board, now: Timestamp) -> Self {
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
