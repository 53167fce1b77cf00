//! Telling a source that comes and goes from one that failed or recovered once.

/// The attempts that are looked at.
const WINDOW: usize = 21;
/// More changes than this make a source flapping.
const HIGH: usize = 5;
/// Fewer than this make it settled again; in between it stays what it was.
const LOW: usize = 3;

/// How often fetching changed between working and failing within the last attempts, while that is
/// so often that each change is no news; `None` for a source that is settled. `failed` tells of
/// each attempt, oldest first.
#[must_use]
pub fn flapping(failed: &[bool]) -> Option<usize> {
    let mut flaps = None;
    for newest in 1..=failed.len() {
        let window = &failed[newest.saturating_sub(WINDOW)..newest];
        let changes = window.windows(2).filter(|pair| pair[0] != pair[1]).count();
        flaps = match changes {
            _ if changes > HIGH => Some(changes),
            _ if changes < LOW => None,
            _ => flaps.map(|_| changes),
        };
    }
    flaps
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attempts as text: `x` failed.
    fn of(attempts: &str) -> Option<usize> {
        let failed: Vec<_> = attempts.chars().map(|sign| sign == 'x').collect();
        flapping(&failed)
    }

    #[test]
    fn more_than_five_changes_in_the_last_attempts_are_too_many() {
        for (attempts, expected) in [
            ("", None),
            ("xxxxxxxxxxxxxxxxxxxxxxxx", None),
            (".....x.....x............", None),
            // Five changes, then six.
            ("x..x..x...", None),
            ("x..x..x..x", Some(6)),
            (".x.x.x.x.x.x.x.x.x.x.x.x", Some(20)),
        ] {
            assert_eq!(of(attempts), expected, "{attempts}");
        }
    }

    #[test]
    fn it_lasts_until_fewer_than_three_changes_are_left() {
        let burst = "x.x.x.x";
        let mut last = of(burst);
        let mut ended = None;
        for calm in 1..40 {
            let changes = of(&format!("{burst}{}", "x".repeat(calm)));
            assert!(changes <= last, "{calm}");
            if changes.is_none() && ended.is_none() {
                ended = Some(calm);
                assert_eq!(last, Some(3), "{calm}");
            }
            last = changes;
        }
        // The last attempt that saw the third change leaves the window then.
        assert_eq!(ended, Some(18));
        // The same number of changes is no flapping where it never was.
        assert_eq!(of(&format!("...{}", "x.x..............")), None);
    }
}
