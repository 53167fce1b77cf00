//! The last look at what a source says before anyone reads it.
//!
//! Vendors write back what they were sent, and their text may hold anything. Whatever an adapter
//! passes on, no secret that its source has sent leaves through here, nor a control character that
//! could drive a terminal.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::model::attempt::{Ask, Finding, Outcome, SourceError};
use crate::model::ledger::plan::RowGrid;
use crate::model::schedule::Cadence;

use super::source::{Past, Source};
use super::transport::{Transport, one_line};

/// Longest sentence that is passed on.
const LONGEST: usize = 1000;
/// Longest name of a device that is passed on.
const LONGEST_NAME: usize = 120;

/// A source whose sentences hold no secret.
pub struct Discreet {
    inner: Box<dyn Source>,
}

impl Discreet {
    /// Wraps a source.
    #[must_use]
    pub fn new(inner: Box<dyn Source>) -> Self {
        Self { inner }
    }
}

impl Source for Discreet {
    fn attach(&mut self, past: Arc<dyn Past>) {
        self.inner.attach(past);
    }

    fn resume(&mut self, memory: Option<serde_json::Value>) {
        self.inner.resume(memory);
    }

    fn poll<'a>(&'a mut self, ask: &'a Ask) -> BoxFuture<'a, Outcome> {
        async move {
            let mut outcome = self.inner.poll(ask).await;
            let transport = self.inner.transport();
            if let Some(error) = &mut outcome.error {
                clean_error(transport, error);
            }
            if let Some(delivery) = &mut outcome.delivery {
                clean_lines(transport, &mut delivery.notes);
                for (_, facts) in &mut delivery.facts {
                    facts.name = one_line(&facts.name, LONGEST_NAME);
                }
            }
            outcome
        }
        .boxed()
    }

    fn check<'a>(&'a mut self, ask: &'a Ask) -> BoxFuture<'a, Vec<Finding>> {
        async move {
            let mut findings = self.inner.check(ask).await;
            let transport = self.inner.transport();
            for finding in &mut findings {
                clean_lines(transport, &mut finding.details);
            }
            findings
        }
        .boxed()
    }

    fn cadence(&self) -> Cadence {
        self.inner.cadence()
    }

    fn grid(&self) -> RowGrid {
        self.inner.grid()
    }

    fn transport(&self) -> &Transport {
        self.inner.transport()
    }
}

fn clean_error(transport: &Transport, error: &mut SourceError) {
    error.message = clean(transport, &error.message);
    for text in [&mut error.code, &mut error.reference]
        .into_iter()
        .flatten()
    {
        *text = clean(transport, text);
    }
}

fn clean_lines(transport: &Transport, lines: &mut [String]) {
    for line in lines {
        *line = clean(transport, line);
    }
}

/// Secrets go first: a shortened one would not be found any more.
fn clean(transport: &Transport, text: &str) -> String {
    one_line(&transport.scrub(text), LONGEST)
}
