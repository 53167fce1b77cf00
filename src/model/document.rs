//! Numbers of documents in a hotel's own format.

/// The value in a .NET composite format: `{0}` or `{0:0000}` is replaced by the value, padded to
/// the number of zeros, and the rest is kept. Anything else gives the plain number.
///
/// The rule is inferred from the vendor's examples, such as `NORMAL{0:0000}`.
#[must_use]
pub fn formatted(format: Option<&str>, value: i64) -> String {
    format
        .and_then(|format| fill(format, value))
        .unwrap_or_else(|| value.to_string())
}

fn fill(format: &str, value: i64) -> Option<String> {
    let (before, rest) = format.split_once("{0")?;
    let (inside, after) = rest.split_once('}')?;
    if before.contains(['{', '}']) || after.contains(['{', '}']) {
        return None;
    }
    let width = if inside.is_empty() {
        0
    } else {
        let zeros = inside.strip_prefix(':')?;
        let all_zeros = !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0');
        all_zeros.then_some(zeros.len())?
    };
    let sign = if value < 0 { "-" } else { "" };
    let digits = value.unsigned_abs();
    Some(format!("{before}{sign}{digits:0width$}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_pads_to_its_zeros_and_keeps_the_rest() {
        for (format, value, expected) in [
            (Some("R{0:00000}"), 9034, "R09034"),
            (Some("NORMAL{0:0000}"), 123_456, "NORMAL123456"),
            (Some("{0}"), 7, "7"),
            (Some("{0:000}-A"), -5, "-005-A"),
            (Some(""), 12, "12"),
            (None, 12, "12"),
            (Some("plain"), 12, "12"),
            (Some("{0:N2}"), 12, "12"),
            (Some("{0:0}{1}"), 12, "12"),
            (Some("{0"), 12, "12"),
        ] {
            assert_eq!(formatted(format, value), expected, "{format:?}");
        }
    }
}
