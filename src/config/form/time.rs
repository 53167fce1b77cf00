//! Forms of time: lengths, times of day and zones.

use std::time::Duration;

use chrono::NaiveTime;
use chrono_tz::{TZ_VARIANTS, Tz};
use toml::de::DeValue;

use crate::config::duration;
use crate::config::nearest::nearest;
use crate::config::section::Item;

use super::Form;

/// A length of time within bounds.
#[derive(Debug)]
pub struct Period {
    /// The shortest that makes sense.
    pub least: Duration,
    /// The longest that makes sense.
    pub most: Duration,
}

impl Form for Period {
    type Value = Duration;

    fn read(&self, item: &Item<'_>) -> Option<Duration> {
        const HELP: &str = "write an integer and ms, s, m, h or d in quotes, for example \"15m\"";
        if let DeValue::Integer(number) = item.value {
            let help =
                format!("say the unit, in quotes: \"{number}s\", \"{number}m\" or \"{number}h\"");
            item.expected("a duration", &help);
            return None;
        }
        let text = item.text("a duration", HELP)?;
        let Some(length) = duration::parse(text) else {
            item.wrong(&format!("{text:?} is not a duration"), HELP);
            return None;
        };
        if length < self.least {
            let least = duration::format(self.least);
            item.wrong(
                &format!("{text:?} is too short"),
                &format!("write at least \"{least}\""),
            );
            return None;
        }
        if length > self.most {
            let most = duration::format(self.most);
            item.wrong(
                &format!("{text:?} is too long"),
                &format!("write at most \"{most}\""),
            );
            return None;
        }
        Some(length)
    }

    fn words(&self) -> String {
        let (least, most) = (duration::format(self.least), duration::format(self.most));
        format!("duration, \"{least}\" to \"{most}\"")
    }
}

/// A local time of day, or a word that stands for none.
#[derive(Debug)]
pub struct TimeOfDay {
    /// The word for "no time".
    pub or: &'static str,
}

impl Form for TimeOfDay {
    type Value = Option<NaiveTime>;

    fn read(&self, item: &Item<'_>) -> Option<Option<NaiveTime>> {
        let words = self.words();
        let help = format!("write a {words}");
        let text = item.text("a time of day", &help)?;
        if text == self.or {
            return Some(None);
        }
        let minutes = duration::minutes(text).filter(|minutes| *minutes < duration::DAY_MINUTES);
        if let Some(minutes) = minutes {
            let minutes = u32::from(minutes);
            return Some(NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0));
        }
        item.wrong(&format!("{text:?} is not a time of day"), &help);
        None
    }

    fn words(&self) -> String {
        format!("time of day such as \"04:00\", or \"{}\"", self.or)
    }
}

/// A time zone by its IANA name, or a word that stands for none.
#[derive(Debug)]
pub struct Zone {
    /// The word for "none of these", where there is one.
    pub or: Option<&'static str>,
}

impl Form for Zone {
    type Value = Option<Tz>;

    fn read(&self, item: &Item<'_>) -> Option<Option<Tz>> {
        let text = item.text(
            "a time zone",
            "write its IANA name, for example \"Europe/Athens\"",
        )?;
        if self.or == Some(text) {
            return Some(None);
        }
        if let Ok(zone) = text.parse::<Tz>() {
            return Some(Some(zone));
        }
        let known = TZ_VARIANTS.iter().map(|zone| zone.name());
        let near = nearest(text, known.chain(self.or)).unwrap_or_default();
        item.wrong(
            &format!("{text:?} is not a time zone"),
            &format!("did you mean \"{near}\"? Zones have IANA names such as \"Europe/Athens\""),
        );
        None
    }

    fn words(&self) -> String {
        match self.or {
            Some(word) => format!("IANA time zone, or \"{word}\""),
            None => "IANA time zone".to_owned(),
        }
    }
}
