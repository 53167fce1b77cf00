//! The readings of one door that may still be corrected.

use std::collections::VecDeque;

use crate::model::reading::Flow;

/// Readings older than this before the newest one are forgotten, in seconds. The estimator looks
/// back a little less.
const KEPT_S: i64 = 17 * 24 * 60 * 60;

/// The newest value of each reading of a door, by start.
#[derive(Debug, Default)]
pub struct Known(VecDeque<(i64, Flow)>);

impl Known {
    /// Keeps a reading, and gives the value it replaces.
    pub fn replace(&mut self, start: i64, flow: Flow) -> Option<Flow> {
        if self.0.back().is_none_or(|(newest, _)| *newest < start) {
            while self.0.front().is_some_and(|(at, _)| start - at > KEPT_S) {
                self.0.pop_front();
            }
            self.0.push_back((start, flow));
            return None;
        }
        match self.0.binary_search_by_key(&start, |(at, _)| *at) {
            Ok(at) => Some(std::mem::replace(&mut self.0[at].1, flow)),
            Err(at) => {
                self.0.insert(at, (start, flow));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_correction_gives_what_it_replaces() {
        let flow = |entered| Flow { entered, left: 0 };
        let mut known = Known::default();
        for start in [0, 60, 180] {
            assert_eq!(known.replace(start, flow(1)), None);
        }
        assert_eq!(known.replace(120, flow(2)), None, "late, but new");
        assert_eq!(known.replace(120, flow(3)), Some(flow(2)));
        assert_eq!(known.replace(0, flow(4)), Some(flow(1)));
        known.replace(KEPT_S + 61, flow(5));
        assert_eq!(known.0.front().map(|(at, _)| *at), Some(120));
    }
}
