//! Durations and times of day as the file writes them.

use std::time::Duration;

/// Minutes of a day without a clock change.
pub const DAY_MINUTES: u16 = 24 * 60;

const UNITS: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1000),
    ("m", 60 * 1000),
    ("h", 60 * 60 * 1000),
    ("d", 24 * 60 * 60 * 1000),
];

/// Reads an integer and a unit: `500ms`, `15s`, `15m`, `2h`, `400d`.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let unit_at = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (digits, word) = text.split_at(unit_at);
    let (_, unit_ms) = UNITS.iter().find(|(unit, _)| *unit == word)?;
    let count = digits.parse::<u64>().ok()?;
    Some(Duration::from_millis(count.checked_mul(*unit_ms)?))
}

/// Writes a duration in the largest unit that keeps it whole. What is below a millisecond is
/// dropped.
#[must_use]
pub fn format(length: Duration) -> String {
    let ms = length.as_millis();
    let whole = |(_, unit_ms): &&(&str, u64)| ms.is_multiple_of(u128::from(*unit_ms));
    let largest = UNITS.iter().rev().find(whole);
    match largest {
        Some((unit, unit_ms)) if ms > 0 => format!("{}{unit}", ms / u128::from(*unit_ms)),
        _ => "0s".to_owned(),
    }
}

/// Reads a time of day, `00:00` to `24:00`, as minutes after midnight.
#[must_use]
pub fn minutes(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let two_digits = |part: &str| {
        let well_formed = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        well_formed.then(|| part.parse::<u16>().ok()).flatten()
    };
    let (hours, minutes) = (two_digits(hours)?, two_digits(minutes)?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= DAY_MINUTES).then_some(total)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_an_integer_and_a_unit() {
        for (text, ms) in [
            ("0s", 0),
            ("500ms", 500),
            ("15s", 15_000),
            ("15m", 900_000),
            ("2h", 7_200_000),
            ("400d", 34_560_000_000),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(ms)), "{text}");
        }
        for wrong in [
            "",
            "15",
            "m",
            "1.5h",
            "-1s",
            "15 m",
            " 15m",
            "15M",
            "1h30m",
            "15min",
            "٣s",
            "99999999999999999999d",
            "18446744073709551615d",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_time_of_day_has_two_digits_each() {
        for (text, expected) in [
            ("00:00", Some(0)),
            ("04:30", Some(270)),
            ("24:00", Some(1440)),
            ("24:01", None),
            ("4:00", None),
            ("04:60", None),
            ("99:99", None),
            ("", None),
            ("+4:00", None),
        ] {
            assert_eq!(minutes(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(ms in 0_u64..=u64::MAX / 2) {
            let length = Duration::from_millis(ms);
            prop_assert_eq!(parse(&format(length)), Some(length));
        }

        #[test]
        fn no_text_panics(text in "\\PC*") {
            let _ = (parse(&text), minutes(&text));
        }
    }
}
