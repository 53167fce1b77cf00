//! What holds for any text.

use std::time::Duration;

use occtop::config::reference::{Chapter, chapters};
use occtop::config::{Config, SAMPLE, duration};
use occtop::model::calendar::{Hours, Span};
use proptest::prelude::*;

use crate::sample::uncommented;

/// A date with a time is what no key accepts.
const NONSENSE: &str = "1979-05-27T07:32:00Z";

/// The line of the uncommented sample that begins the table of a chapter.
fn header_line(chapter: &Chapter, lines: &[&str]) -> usize {
    let title = chapter.title.as_str();
    let line_of = |wanted: &str| lines.iter().position(|line| *line == wanted).unwrap();
    if title.starts_with('[') {
        return line_of(title);
    }
    let (vendor, table) = title.split_once(' ').unwrap_or((title, "[[source]]"));
    let vendor_line = line_of(&format!("vendor = \"{vendor}\""));
    let (before, after) = lines.split_at(vendor_line);
    match after.iter().position(|line| *line == table) {
        Some(offset) if table != "[[source]]" => vendor_line + offset,
        _ => before.iter().rposition(|line| *line == table).unwrap(),
    }
}

/// That every declared key is read can be seen from the error when its value is nonsense.
#[test]
fn every_declared_key_is_read() {
    let sample = uncommented();
    for chapter in chapters() {
        // These two stand in values, not in tables of the sample.
        if chapter.title.starts_with("{ env") || chapter.title.contains("access_tokens") {
            continue;
        }
        for entry in &chapter.keys {
            // The table of the hours has data for keys; the other tables have their own chapter.
            if entry.table || entry.name == "hours" {
                continue;
            }
            let lines: Vec<_> = sample.lines().collect();
            let header = header_line(&chapter, &lines);
            let end = lines[header + 1..]
                .iter()
                .position(|line| line.starts_with('['));
            let end = end.map_or(lines.len(), |end| header + 1 + end);
            let assigns = |line: &str| line.split(" = ").next() == Some(entry.name);
            let text: String = lines
                .iter()
                .enumerate()
                .map(|(at, line)| match at {
                    at if at == header => format!("{line}\n{} = {NONSENSE}\n", entry.name),
                    at if (header..end).contains(&at) && assigns(line) => "\n".to_owned(),
                    _ => format!("{line}\n"),
                })
                .collect();
            let errors = Config::parse(&text, "x.toml").expect_err(entry.name);
            let at_line = errors
                .problems()
                .iter()
                .filter(|problem| problem.place.as_ref().unwrap().line == header + 2)
                .any(|problem| problem.message.contains(entry.name));
            assert!(at_line, "{} {}:\n{errors}", chapter.title, entry.name);
        }
    }
}

/// Values of every kind, also extreme ones.
const VALUES: [&str; 16] = [
    "\"\"",
    "\"x\"",
    "\"\\u0000\"",
    "0",
    "-1",
    "9223372036854775807",
    "0xffffffffffffffff",
    "1e400",
    "nan",
    "-inf",
    "true",
    "1979-05-27",
    "[]",
    "[[]]",
    "{}",
    "{ a = 1 }",
];

#[test]
fn no_value_of_any_kind_panics_at_any_key() {
    let sample = uncommented();
    let lines: Vec<_> = sample.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) else {
            continue;
        };
        for value in VALUES {
            let replaced = format!("{key} = {value}");
            let mut lines = lines.clone();
            lines[at] = &replaced;
            if let Err(errors) = Config::parse(&lines.join("\n"), "x.toml") {
                assert!(errors.to_string().contains("x.toml:"));
            }
        }
    }
}

#[test]
fn deep_nesting_is_refused_not_fatal() {
    let deep = 20_000;
    for text in [
        format!("a = {}", "[".repeat(deep)),
        format!("a = {}1{}", "[".repeat(deep), "]".repeat(deep)),
        format!("a = {}", "{ a = ".repeat(deep)),
        format!("{}a = 1", "a.".repeat(deep)),
        format!("[{}a]", "a.".repeat(deep)),
    ] {
        assert!(Config::parse(&text, "x.toml").is_err());
    }
}

const SECRET: &str = "hunter2";

/// The sample with a secret in it.
fn with_secret() -> String {
    SAMPLE.replace("{ env = \"BESPOT_PASSWORD\" }", &format!("\"{SECRET}\""))
}

#[test]
fn a_slip_of_the_hand_never_shows_a_secret() {
    let text = with_secret();
    let secret = text.find(SECRET).unwrap();
    let near: Vec<_> = (secret - 120..secret + 120)
        .filter(|at| text.is_char_boundary(*at))
        .collect();
    let mut refused = 0;
    for length in 1..4 {
        for ends in near.windows(length + 1) {
            let (from, to) = (ends[0], ends[length]);
            // What is left of a damaged secret cannot be told from other text.
            if to > secret && from < secret + SECRET.len() {
                continue;
            }
            let damaged = format!("{}{}", &text[..from], &text[to..]);
            if let Err(errors) = Config::parse(&damaged, "x.toml") {
                refused += 1;
                assert!(!errors.to_string().contains(SECRET), "{errors}");
            }
        }
    }
    assert!(refused > 200, "{refused}");
}

proptest! {
    #[test]
    fn no_text_panics(text in "(?s).*") {
        if let Err(errors) = Config::parse(&text, "x.toml") {
            prop_assert!(!errors.to_string().is_empty());
        }
    }

    #[test]
    fn no_toml_like_text_panics(lines in prop::collection::vec(
        "(\\[\\[?(display|history|source|store|store.hours|source.endpoints)\\]?\\]|\
         (name|vendor|url|password|members|mon|timeout|dates|warn) = \
         (\"[a-z/*:0-9é-]{0,8}\"|[0-9.]{1,4}|\\[.{0,5}\\]|\\{.{0,8}\\}))", 0..12)) {
        if let Err(errors) = Config::parse(&lines.join("\n"), "x.toml") {
            prop_assert!(errors.problems().iter().all(|problem| !problem.help.is_empty()));
        }
    }

    #[test]
    fn any_duration_is_read_back(ms in 1_u64..=600_000) {
        let length = Duration::from_millis(ms);
        let written = duration::format(length);
        let text = with_secret().replace("#timeout = \"15s\"", &format!("timeout = \"{written}\""));
        let config = Config::parse(&text, "x.toml").unwrap().config;
        prop_assert_eq!(config.sources[0].common.timeout, length);
    }

    #[test]
    fn any_opening_hours_are_read_back(open in 0_u16..1440, length in 1_u16..1440) {
        let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
        let text = format!(
            "[[store]]\nname = \"s\"\n[store.hours]\nwed = \"{}-{}\"\n",
            clock(open),
            clock(open + length),
        );
        let config = Config::parse(&text, "x.toml").unwrap().config;
        let mut week: [Vec<Span>; 7] = Default::default();
        week[2] = vec![Span { open, close: open + length }];
        prop_assert_eq!(&config.stores[0].hours, &Hours::weekly(week, vec![]));
    }
}
