//! A question that stands in the footer until it is answered.

use std::sync::Arc;

use crate::model::hand::HandCount;

/// What is asked, of which store, and what was typed so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// Name of the store.
    pub store: Arc<str>,
    /// What is asked.
    pub question: Question,
    /// What was typed.
    pub text: String,
    /// Why the last answer was not taken.
    pub problem: Option<&'static str>,
}

/// What a prompt asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// How many people somebody counted inside.
    People,
    /// Why that was done.
    Reason {
        /// So many were counted.
        people: u32,
    },
    /// Whether a count is to be taken back.
    TakeBack(HandCount),
}

impl Prompt {
    /// A question that nothing has been answered to.
    #[must_use]
    pub fn new(store: Arc<str>, question: Question) -> Self {
        Self {
            store,
            question,
            text: String::new(),
            problem: None,
        }
    }
}
