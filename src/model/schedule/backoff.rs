//! How long to wait after a failure.

use chrono::TimeDelta;

use crate::model::attempt::ErrorKind;

/// The longest wait of any backoff.
const LONGEST: i64 = 15 * 60;

/// Delay before attempt `failures + 1` after `failures` failures of this kind in a row; `None`
/// when only new settings can help.
///
/// A hiccup is tried again soon (5 s, 20 s, 60 s), then at doubling distances of up to a period
/// or a quarter of an hour. An answer of the wrong form will not be right a second later, so it
/// starts with two minutes. Refused credentials are tried once per quarter of an hour, because
/// some vendors lock an account after a few.
#[must_use]
pub fn backoff(failures: u32, kind: ErrorKind, period_s: u32) -> Option<TimeDelta> {
    let cap = i64::from(period_s).min(LONGEST);
    let seconds = match kind {
        ErrorKind::Config => return None,
        ErrorKind::Auth => LONGEST,
        ErrorKind::RateLimited => doubling(60, failures, LONGEST),
        ErrorKind::Schema => doubling(120, failures, cap),
        ErrorKind::Http | ErrorKind::Timeout | ErrorKind::Network | ErrorKind::Vendor => {
            match failures {
                0 | 1 => cap.min(5),
                2 => cap.min(20),
                3 => cap.min(60),
                _ => doubling(120, failures - 3, cap),
            }
        }
    };
    Some(TimeDelta::seconds(seconds))
}

/// `first` seconds, doubled with each further failure, up to `cap`.
fn doubling(first: i64, failures: u32, cap: i64) -> i64 {
    let doublings = failures.saturating_sub(1).min(16);
    (first << doublings).min(cap)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(kind: ErrorKind, period_s: u32) -> Vec<i64> {
        (1..=8)
            .filter_map(|failures| backoff(failures, kind, period_s))
            .map(|delay| delay.num_seconds())
            .collect()
    }

    #[test]
    fn the_table_of_delays() {
        let hiccup = [5, 20, 60, 120, 240, 480, 900, 900];
        for kind in [ErrorKind::Http, ErrorKind::Timeout, ErrorKind::Network] {
            assert_eq!(seconds(kind, 3600), hiccup, "{kind:?}");
        }
        assert_eq!(seconds(ErrorKind::Vendor, 900), hiccup);
        assert_eq!(
            seconds(ErrorKind::Timeout, 300),
            [5, 20, 60, 120, 240, 300, 300, 300]
        );
        assert_eq!(
            seconds(ErrorKind::Http, 10),
            [5, 10, 10, 10, 10, 10, 10, 10]
        );
        assert_eq!(
            seconds(ErrorKind::Schema, 3600),
            [120, 240, 480, 900, 900, 900, 900, 900]
        );
        assert_eq!(
            seconds(ErrorKind::RateLimited, 300),
            [60, 120, 240, 480, 900, 900, 900, 900]
        );
        assert_eq!(seconds(ErrorKind::Auth, 60), [900; 8]);
        assert!(seconds(ErrorKind::Config, 60).is_empty());
    }

    #[test]
    fn no_number_of_failures_overflows() {
        let longest = TimeDelta::seconds(LONGEST);
        for kind in [ErrorKind::Http, ErrorKind::Schema, ErrorKind::RateLimited] {
            assert_eq!(backoff(u32::MAX, kind, u32::MAX), Some(longest));
        }
    }
}
