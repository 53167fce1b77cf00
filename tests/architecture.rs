//! Fails when a module imports what it must not know. `ARCHITECTURE.md` has the reasons.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Who may know whom; every module may know itself.
const MAY_KNOW: [(&str, &[&str]); 9] = [
    ("model", &[]),
    ("clock", &["model"]),
    ("config", &["model", "vendors"]),
    ("vendors", &["clock", "config", "model"]),
    ("history", &["model"]),
    ("output", &["model"]),
    ("screen", &["clock", "model"]),
    ("simulator", &["clock", "model"]),
    (
        "engine",
        &["clock", "config", "history", "model", "vendors"],
    ),
];

/// What the pure domain must not touch.
const IMPURE: [&str; 9] = [
    "tokio",
    "reqwest",
    "rusqlite",
    "ratatui",
    "crossterm",
    "axum",
    "std::fs",
    "std::net",
    "std::env",
];

#[test]
fn modules_import_only_what_they_may_know() {
    let mut wrong = Vec::new();
    for (module, may_know) in MAY_KNOW {
        for file in files_of(module) {
            let text = fs::read_to_string(&file).unwrap();
            for known in modules_named(&text) {
                if known != module && !may_know.contains(&known.as_str()) {
                    wrong.push(format!("{} imports crate::{known}", file.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "forbidden imports:\n{}", wrong.join("\n"));
}

#[test]
fn the_domain_is_pure() {
    let mut wrong = Vec::new();
    for file in files_of("model") {
        let code = code_of(&fs::read_to_string(&file).unwrap());
        for word in IMPURE {
            if code.contains(&format!("{word}::")) {
                wrong.push(format!("{} uses {word}", file.display()));
            }
        }
        if code.contains("async ") {
            wrong.push(format!("{} is async", file.display()));
        }
    }
    assert!(wrong.is_empty(), "impure domain:\n{}", wrong.join("\n"));
}

#[test]
fn every_module_of_the_source_tree_is_ruled() {
    let free = BTreeSet::from(["cli", "commands", "lib", "main"]);
    for entry in fs::read_dir(source()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let ruled = MAY_KNOW.iter().any(|(module, _)| *module == name);
        assert!(ruled || free.contains(name.as_str()), "no rule for {name}");
    }
}

#[test]
fn every_module_says_what_it_is() {
    for file in rust_files(&source()) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("//!"),
            "{} has no //! line",
            file.display()
        );
    }
}

/// The check itself must see an import in every form it can take.
#[test]
fn a_forbidden_import_is_seen() {
    let text = "//! See crate::engine.\nuse crate::history::History;\nfn f() { crate::vendors::x() }\n\
                use crate::{clock::Clock, screen};\nuse crate::{\n    output,\n    config::{A, B},\n};\n";
    let seen: Vec<_> = modules_named(text).into_iter().collect();
    assert_eq!(
        seen,
        ["clock", "config", "history", "output", "screen", "vendors"]
    );
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files_of(module: &str) -> Vec<PathBuf> {
    let mut files = rust_files(&source().join(module));
    let single = source().join(format!("{module}.rs"));
    if single.exists() {
        files.push(single);
    }
    assert!(!files.is_empty(), "{module} has no files");
    files
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                rust_files(&path)
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                vec![path]
            } else {
                Vec::new()
            }
        })
        .collect()
}

/// The text without comments.
fn code_of(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or(""));
    lines.collect::<Vec<_>>().join("\n")
}

/// The top-level modules that a text names as `crate::module` or within `crate::{…}`.
fn modules_named(text: &str) -> BTreeSet<String> {
    let code = code_of(text);
    let mut named = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            None => named.extend(word(rest)),
            Some(group) => named.extend(first_words(group)),
        }
    }
    named
}

/// The first word of each item of a brace group, ignoring what is nested.
fn first_words(group: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut depth = 0;
    let mut start = true;
    for (at, letter) in group.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            _ if start && !letter.is_whitespace() => {
                words.extend(word(&group[at..]));
                start = false;
            }
            _ => {}
        }
    }
    words
}

fn word(text: &str) -> Option<String> {
    let word: String = text
        .chars()
        .take_while(|letter| letter.is_ascii_lowercase() || *letter == '_')
        .collect();
    (!word.is_empty()).then_some(word)
}
