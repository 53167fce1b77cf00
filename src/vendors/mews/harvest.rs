//! What the tokens of an account bring in one poll, and what is told of those that bring nothing.

use chrono::{SubsecRound, TimeDelta};

use crate::model::Timestamp;
use crate::model::attempt::{Delivery, ErrorKind, Outcome, SourceError};

/// What a poll of the whole account has gathered so far.
#[derive(Debug, Default)]
pub(super) struct Harvest {
    pub delivery: Delivery,
    /// Some token brought something.
    pub heard: bool,
    errors: Vec<SourceError>,
    /// Errors of the tokens that have to wait, each with the time at which its wait is over.
    waiting: Vec<SourceError>,
}

impl Harvest {
    /// Takes note of what went wrong.
    pub(super) fn fail(&mut self, error: SourceError) {
        self.errors.push(error);
    }

    /// Takes note of a token that the vendor lets wait.
    pub(super) fn wait(&mut self, error: SourceError, until: Timestamp) {
        self.waiting.push(error.with_retry_at(Some(until)));
    }

    /// The outcome of the poll of `tokens` tokens.
    ///
    /// The vendor counts requests by token, so one that has to wait is no reason to let the others
    /// wait: while one of them brings something it is only noted. Where all wait, the first that is
    /// free says when to come back.
    pub(super) fn finish(mut self, tokens: usize) -> Outcome {
        let all_wait = self.waiting.len() == tokens;
        let mut errors: Vec<_> = self.errors.into_iter().map(|e| (haste(&e), e)).collect();
        if self.heard && !all_wait {
            self.delivery
                .notes
                .extend(self.waiting.iter().map(asked_again));
        } else {
            let first = self.waiting.into_iter().min_by_key(|error| error.retry_at);
            errors.extend(first.map(|error| (Haste::Wait, error)));
        }
        let error = errors.into_iter().min_by_key(|(haste, _)| *haste);
        Outcome {
            delivery: self.heard.then_some(self.delivery),
            error: error.map(|(_, error)| error),
        }
    }
}

/// How soon the schedule asks again after an error. Of several tokens' errors the one that is asked
/// again soonest is told, or it would wait for the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Haste {
    /// Our own ceiling: it holds for all tokens.
    Ceiling,
    Hiccup,
    Wait,
    Refused,
    Never,
}

fn haste(error: &SourceError) -> Haste {
    match error.kind {
        ErrorKind::RateLimited => Haste::Ceiling,
        ErrorKind::Auth => Haste::Refused,
        ErrorKind::Config => Haste::Never,
        ErrorKind::Http
        | ErrorKind::Timeout
        | ErrorKind::Network
        | ErrorKind::Schema
        | ErrorKind::Vendor => Haste::Hiccup,
    }
}

fn asked_again(error: &SourceError) -> String {
    let Some(until) = error.retry_at else {
        return error.to_string();
    };
    // The instant itself may lie within the second.
    let until = (until + TimeDelta::milliseconds(999)).trunc_subsecs(0);
    format!("{error}; asked again at {}", until.format("%H:%M:%S UTC"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(kind: ErrorKind) -> SourceError {
        SourceError::new(kind, kind.word())
    }

    #[test]
    fn the_error_that_is_asked_again_soonest_is_told() {
        let order = [
            ErrorKind::RateLimited,
            ErrorKind::Http,
            ErrorKind::Auth,
            ErrorKind::Config,
        ];
        for (place, sooner) in order.iter().enumerate() {
            for later in &order[place + 1..] {
                let mut harvest = Harvest::default();
                harvest.fail(error(*later));
                harvest.fail(error(*sooner));
                let told = harvest.finish(2).error.unwrap();
                assert_eq!(told.kind, *sooner, "beside {later:?}");
            }
        }
    }

    #[test]
    fn a_token_that_waits_does_not_wait_for_one_that_is_refused_nor_hold_up_one_that_failed() {
        let until = "2026-03-01T09:00:17.5Z".parse().unwrap();
        for (other, told) in [
            (ErrorKind::Http, ErrorKind::Http),
            (ErrorKind::Auth, ErrorKind::RateLimited),
            (ErrorKind::Config, ErrorKind::RateLimited),
        ] {
            let mut harvest = Harvest::default();
            harvest.fail(error(other));
            harvest.wait(error(ErrorKind::RateLimited), until);
            assert_eq!(harvest.finish(2).error.unwrap().kind, told);
        }
    }

    #[test]
    fn a_wait_is_told_to_the_end_of_its_second() {
        let until = "2026-03-01T09:00:17.5Z".parse().unwrap();
        let mut harvest = Harvest {
            heard: true,
            ..Harvest::default()
        };
        harvest.wait(error(ErrorKind::RateLimited), until);
        let delivery = harvest.finish(2).delivery.unwrap();
        assert_eq!(
            delivery.notes,
            ["rate_limited; asked again at 09:00:18 UTC"]
        );
    }
}
