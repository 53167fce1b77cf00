//! What sources may ask of the history while they poll.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::history::{FlowSum, History};
use crate::model::Timestamp;
use crate::vendors::source::{Counts, Past};

/// The past of one source. It is read on history's own thread, between the writes of others.
pub(super) struct PastOf {
    pub source: Arc<str>,
    pub history: History,
}

impl Past for PastOf {
    fn counted(&self, from: Timestamp, to: Timestamp) -> BoxFuture<'_, Option<Counts>> {
        async move {
            let sums = self.history.flow_sums(from, to).await.ok()?;
            Some(added(&self.source, sums))
        }
        .boxed()
    }
}

fn added(source: &str, sums: Vec<FlowSum>) -> Counts {
    let mut counts = Counts::new();
    for sum in sums.into_iter().filter(|sum| sum.device.source() == source) {
        let total = counts.entry(sum.device).or_default();
        total.entered = total.entered.saturating_add(sum.flow.entered);
        total.left = total.left.saturating_add(sum.flow.left);
    }
    counts
}

impl std::fmt::Debug for PastOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PastOf")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}
