//! Polls that operators want: whether there is one is decided at the desk, where everything meets
//! that speaks against it.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

use super::desk::Desk;
use crate::model::Timestamp;
use crate::model::schedule::{Reason, Refusal};

/// A source that an operator wants asked, and what becomes of it.
pub(super) type Poke = (Arc<str>, oneshot::Sender<Result<(), Refusal>>);

/// Wakes the pollers, by source. One poke waits at most: a second one is already satisfied by the
/// first.
pub(super) type Pokes = BTreeMap<Arc<str>, mpsc::Sender<()>>;

/// Asks sources to poll now.
#[derive(Clone, Debug)]
pub struct Poker(pub(super) mpsc::Sender<Poke>);

impl Poker {
    /// Asks sources to poll now and tells of each whether it does. One that hears of nothing, as
    /// the engine has stopped or is asked for too much at a time, is left out.
    pub fn poll_now(
        &self,
        sources: Vec<Arc<str>>,
    ) -> impl Future<Output = Vec<(Arc<str>, Result<(), Refusal>)>> + Send + use<> {
        let asked = sources.into_iter().filter_map(|name| {
            let (answer, answered) = oneshot::channel();
            self.0.try_send((name.clone(), answer)).ok()?;
            Some((name, answered))
        });
        let asked: Vec<_> = asked.collect();
        async move {
            let mut answers = Vec::new();
            for (name, answered) in asked {
                if let Ok(answer) = answered.await {
                    answers.push((name, answer));
                }
            }
            answers
        }
    }
}

impl Desk {
    /// Has a source asked for an operator, unless something speaks against it.
    pub(super) fn poke(
        &mut self,
        name: &str,
        pokes: &Pokes,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let never = Refusal::new(Reason::Settings, None);
        let clerk = self.clerks.iter_mut().find(|clerk| *clerk.name == *name);
        let (Some(clerk), Some(poller)) = (clerk, pokes.get(name)) else {
            return Err(never);
        };
        if poller.is_closed() {
            return Err(never);
        }
        clerk.poke(now)?;
        // A full queue means that a poll is already asked for.
        let _ = poller.try_send(());
        Ok(())
    }
}
