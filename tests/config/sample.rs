//! The shipped sample shows every key with its default.

use occtop::config::key::Preset;
use occtop::config::reference::{Chapter, Entry, chapters};
use occtop::config::{Config, SAMPLE};

/// A setting of the sample, commented or not.
struct Setting<'a> {
    /// Index of its line.
    line: usize,
    key: &'a str,
    value: &'a str,
    /// Titles of the chapters its key may come from.
    chapters: Vec<String>,
}

/// A line that is a setting when its `#` is removed: no space follows.
fn is_commented(line: &str) -> bool {
    line.starts_with('#') && !line[1..].starts_with([' ', '#']) && line.len() > 1
}

fn active(line: &str) -> &str {
    if is_commented(line) { &line[1..] } else { line }
}

/// The sample with every setting active.
pub fn uncommented() -> String {
    SAMPLE.lines().map(active).collect::<Vec<_>>().join(
        "
",
    )
}

/// The settings of a text without commented ones.
fn settings(text: &str) -> Vec<Setting<'_>> {
    let lines: Vec<_> = text.lines().collect();
    let mut vendor = "";
    let mut header = "";
    let mut settings = Vec::new();
    for (line, words) in lines.iter().enumerate() {
        if words.starts_with('[') {
            header = words;
            if *words == "[[source]]" {
                let rest = lines[line..].iter();
                let mut vendors = rest.filter_map(|line| line.strip_prefix("vendor = "));
                vendor = vendors.next().unwrap().trim_matches('"');
            }
        } else if let Some((key, value)) = words.split_once(" = ")
            && !words.starts_with('#')
        {
            let chapters = match header {
                "[[source]]" => vec![header.to_owned(), vendor.to_owned()],
                _ if header.starts_with("[source.") => vec![format!("{vendor} {header}")],
                _ => vec![header.to_owned()],
            };
            settings.push(Setting {
                line,
                key,
                value,
                chapters,
            });
        }
    }
    settings
}

fn entry(setting: &Setting<'_>, chapters: &[Chapter]) -> Option<Entry> {
    let own = chapters
        .iter()
        .filter(|chapter| setting.chapters.contains(&chapter.title));
    own.flat_map(|chapter| &chapter.keys)
        .find(|entry| entry.name == setting.key)
        .copied()
}

fn read(text: &str) -> Config {
    match Config::parse(text, "config.toml") {
        Ok(loaded) => {
            assert_eq!(loaded.warnings, Vec::<String>::new());
            loaded.config
        }
        Err(errors) => panic!("{errors}\n{text}"),
    }
}

/// Everything of a configuration but its stores. Secrets are named by their place, so nothing
/// that differs is hidden.
fn without_stores(text: &str) -> String {
    let config = read(text);
    format!(
        "{:#?}{:#?}{:#?}",
        config.display, config.history, config.sources
    )
}

#[test]
fn it_is_the_defaults_and_its_sources_which_are_off() {
    let sample = read(SAMPLE);
    let defaults = read("");
    assert_eq!(sample.display, defaults.display);
    assert_eq!(sample.history, defaults.history);
    assert_eq!(sample.stores, []);
    assert!(sample.sources.iter().all(|source| !source.enabled));
    let vendors: Vec<_> = sample
        .sources
        .iter()
        .map(|source| source.account.vendor())
        .collect();
    assert_eq!(vendors, occtop::vendors::registry::Vendor::ALL);
}

#[test]
fn everything_shown_for_display_history_and_sources_is_the_default() {
    assert_eq!(without_stores(&uncommented()), without_stores(SAMPLE));
}

#[test]
fn each_setting_can_be_uncommented_alone() {
    let shipped = without_stores(SAMPLE);
    let lines: Vec<_> = SAMPLE.lines().collect();
    let mut header = None;
    for (index, line) in lines.iter().enumerate() {
        if line.is_empty() {
            header = None;
        }
        if !is_commented(line) {
            continue;
        }
        if active(line).starts_with('[') {
            header = Some(index);
        }
        if header.is_some_and(|header| {
            lines[header].starts_with("#[store") || lines[header] == "#[[store]]"
        }) {
            continue;
        }
        let wanted = |at: usize| at == index || Some(at) == header;
        let text: Vec<_> = (0..lines.len())
            .map(|at| {
                if wanted(at) {
                    active(lines[at])
                } else {
                    lines[at]
                }
            })
            .collect();
        let text = text.join("\n");
        assert_eq!(without_stores(&text), shipped, "{line}");
    }
}

#[test]
fn each_default_shown_is_the_declared_one() {
    let chapters = chapters();
    let text = uncommented();
    let whole = format!("{:#?}", read(&text));
    let mut shown = 0;
    for setting in settings(&text) {
        let Some(entry) = entry(&setting, &chapters) else {
            // Days of the opening hours are data, not keys.
            assert_eq!(setting.chapters, ["[store.hours]"], "{}", setting.key);
            continue;
        };
        // An example is no default.
        let example = ["enabled", "dates", "members"].contains(&setting.key);
        let Preset::Value(default) = entry.preset else {
            continue;
        };
        if example {
            continue;
        }
        shown += 1;
        assert_eq!(setting.value, default, "{}", setting.key);
        let without = text
            .lines()
            .enumerate()
            .filter(|(at, _)| *at != setting.line);
        let without: Vec<_> = without.map(|(_, line)| line).collect();
        let without = without.join("\n");
        assert_eq!(format!("{:#?}", read(&without)), whole, "{}", setting.key);
    }
    assert!(shown > 30, "{shown}");
}

#[test]
fn no_key_is_left_out() {
    let text = uncommented();
    let settings = settings(&text);
    let words = || SAMPLE.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
    for chapter in chapters() {
        for entry in chapter.keys {
            let is_shown = settings.iter().any(|setting| {
                setting.key == entry.name && setting.chapters.contains(&chapter.title)
            });
            // Keys without a default cannot be shown as one; the comments speak of them.
            let is_told =
                words().any(|word| word == entry.name) && !matches!(entry.preset, Preset::Value(_));
            assert!(is_shown || is_told, "{} {}", chapter.title, entry.name);
        }
    }
}
