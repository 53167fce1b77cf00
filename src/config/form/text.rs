//! Forms of text.

use toml::de::DeValue;

use crate::config::nearest::nearest;
use crate::config::section::Item;

use super::Form;

/// Text that is not empty and has no control characters, which a terminal might obey.
#[derive(Debug)]
pub struct Text;

impl Form for Text {
    type Value = String;

    fn read(&self, item: &Item<'_>) -> Option<String> {
        if let DeValue::Integer(number) = item.value {
            let help = format!("put it in quotes, which keeps leading zeros: \"{number}\"");
            item.expected("text in quotes", &help);
            return None;
        }
        let text = item.text("text", "write it in double quotes")?;
        if text.trim().is_empty() {
            item.wrong("empty", "write a text, or remove the key");
            return None;
        }
        if text.chars().any(char::is_control) {
            item.wrong(
                "contains a control character",
                "use printable characters only",
            );
            return None;
        }
        Some(text.to_owned())
    }

    fn words(&self) -> String {
        "text".to_owned()
    }
}

/// The id of an account: text, or a number, which has no leading zeros to lose.
#[derive(Debug)]
pub struct Identifier;

impl Form for Identifier {
    type Value = String;

    fn read(&self, item: &Item<'_>) -> Option<String> {
        match item.value {
            DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
            _ => Text.read(item),
        }
    }

    fn words(&self) -> String {
        "text or number".to_owned()
    }
}

/// One of a few words.
#[derive(Debug)]
pub struct Choice<T: 'static>(pub &'static [(&'static str, T)]);

impl<T: Clone + Sync + std::fmt::Debug> Form for Choice<T> {
    type Value = T;

    fn read(&self, item: &Item<'_>) -> Option<T> {
        let words = self.words();
        let text = item.text(&format!("one of {words}"), "write one of them in quotes")?;
        if let Some((_, value)) = self.0.iter().find(|(word, _)| *word == text) {
            return Some(value.clone());
        }
        let near = nearest(text, self.0.iter().map(|(word, _)| *word)).unwrap_or_default();
        item.wrong(
            &format!("{text:?} is not one of {words}"),
            &format!("did you mean \"{near}\"?"),
        );
        None
    }

    fn words(&self) -> String {
        let quoted = self.0.iter().map(|(word, _)| format!("\"{word}\""));
        quoted.collect::<Vec<_>>().join(", ")
    }
}
