//! The reference in `docs/configuration.md` says what the declarations say.

use std::fs;

use occtop::config::Config;
use occtop::config::reference::chapters;

use crate::{compare, repository};

const DOCS: &str = "docs/configuration.md";
const END: &str = "<!-- end of keys -->\n";

#[test]
fn the_tables_are_those_of_the_declarations() {
    let path = repository(DOCS);
    let mut docs = fs::read_to_string(&path).unwrap();
    for chapter in chapters() {
        let begin = format!("<!-- keys: {} -->\n", chapter.title);
        if !docs.contains(&begin) {
            // A new vendor's keys, below all others; the words around them are for a person.
            docs = format!("{docs}\n### {}\n\n{begin}{END}", chapter.title);
        }
        let at = docs.find(&begin).unwrap();
        let from = at + begin.len();
        let to = from + docs[from..].find(END).unwrap();
        docs.replace_range(from..to, &chapter.markdown);
    }
    assert_eq!(docs.matches("<!-- keys: ").count(), chapters().len());
    compare(&path, &docs).unwrap();
}

#[test]
fn the_examples_are_valid() {
    let docs = fs::read_to_string(repository(DOCS)).unwrap();
    let examples: Vec<_> = docs
        .split("```toml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(examples.len() >= 5);
    for example in examples {
        if let Err(errors) = Config::parse(example, "example.toml") {
            panic!("{errors}\n{example}");
        }
    }
}
