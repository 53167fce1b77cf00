//! The known name that is nearest to a wrong one.

/// The name that `wrong` most likely stands for; `None` only when there is no name at all.
pub(super) fn nearest<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    known
        .into_iter()
        .map(|name| (likeness(&wrong, &name.to_lowercase()), name))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

/// From 0 (nothing in common) to 1 (the same).
fn likeness(wrong: &str, name: &str) -> f64 {
    let spelling = strsim::normalized_damerau_levenshtein(wrong, name);
    // People type the last part of a long name: `athens` for `Europe/Athens`.
    let last = name.rsplit('/').next().unwrap_or(name);
    let tail = strsim::normalized_damerau_levenshtein(wrong, last) * 0.99;
    spelling.max(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_and_last_parts_find_their_name() {
        let zones = ["Europe/Athens", "America/New_York", "Asia/Tokyo"];
        for (wrong, right) in [
            ("Europe/Atens", "Europe/Athens"),
            ("athens", "Europe/Athens"),
            ("New York", "America/New_York"),
        ] {
            assert_eq!(nearest(wrong, zones), Some(right), "{wrong}");
        }
        assert_eq!(nearest("x", []), None);
    }
}
