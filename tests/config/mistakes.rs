//! What the user is told about each mistake.

use std::fs;
use std::path::PathBuf;

use occtop::config::{Config, ConfigErrors};

use crate::{compare, repository};

/// The files of mistakes, by name.
fn files() -> Vec<(String, PathBuf, String)> {
    let mut files: Vec<_> = fs::read_dir(repository("tests/config/mistakes"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = fs::read_to_string(&path).unwrap();
            (name, path, text)
        })
        .collect();
    files.sort();
    files
}

fn errors(text: &str, name: &str) -> ConfigErrors {
    match Config::parse(text, &format!("{name}.toml")) {
        Ok(_) => panic!("{name} has a mistake that is not found"),
        Err(errors) => errors,
    }
}

#[test]
fn each_mistake_is_told_with_its_place_and_its_fix() {
    let files = files();
    assert!(files.len() >= 100, "only {} mistakes", files.len());
    let mut wrong = String::new();
    for (name, path, text) in files {
        let told = format!("{}\n", errors(&text, &name));
        if let Err(difference) = compare(&path.with_extension("expected"), &told) {
            wrong.push_str(&difference);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn one_mistake_is_one_error_with_a_place_and_help() {
    for (name, _, text) in files() {
        let errors = errors(&text, &name);
        // A text that is not closed swallows what follows, which cannot be helped.
        let swallows = name.starts_with("syntax-unclosed");
        assert!(
            errors.problems().len() == 1 || swallows,
            "{name}:\n{errors}"
        );
        for problem in errors.problems() {
            let place = problem.place.as_ref().unwrap();
            assert!(place.line <= text.lines().count() + 1, "{name}");
            assert!(
                !problem.message.is_empty() && !problem.help.is_empty(),
                "{name}"
            );
        }
    }
}

#[test]
fn no_secret_is_repeated() {
    for (name, _, text) in files() {
        let told = errors(&text, &name).to_string();
        for secret in ["hunter2", "12345"] {
            assert!(!told.contains(secret), "{name} tells a secret:\n{told}");
        }
    }
}

#[test]
fn all_errors_come_at_once_in_file_order() {
    let text = fs::read_to_string(repository("tests/config/several.toml")).unwrap();
    let errors = errors(&text, "several");
    let places: Vec<_> = errors
        .problems()
        .iter()
        .map(|problem| {
            problem
                .place
                .as_ref()
                .map(|place| (place.line, place.column))
                .unwrap()
        })
        .collect();
    assert!(places.is_sorted(), "{places:?}");
    let marked: Vec<_> = text
        .lines()
        .enumerate()
        .flat_map(|(index, line)| {
            // A line says how many errors it has: `# 2 errors`.
            let count = line
                .split("# ")
                .nth(1)
                .and_then(|words| words.split(' ').next());
            let count = count
                .and_then(|count| count.parse::<usize>().ok())
                .unwrap_or(0);
            std::iter::repeat_n(index + 1, count)
        })
        .collect();
    let lines: Vec<_> = places.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, marked, "{errors}");
    assert!(
        errors.to_string().ends_with("14 errors in several.toml"),
        "{errors}"
    );
}

#[test]
fn all_syntax_errors_come_at_once() {
    let text =
        "[display]\ntheme = dark\nglyphs = \"auto\n[history]\nkeep = \"1d\"\nkeep = \"2d\"\n";
    let lines: Vec<_> = errors(text, "syntax")
        .problems()
        .iter()
        .map(|problem| problem.place.as_ref().unwrap().line)
        .collect();
    assert_eq!(lines, [2, 3, 6]);
}
