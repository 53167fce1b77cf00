//! The form of a secret: in the file, or better a place where it is kept.

use secrecy::SecretString;
use toml::de::DeValue;

use crate::config::key::{Group, Key};
use crate::config::outside::Named;
use crate::config::secret::Secret;
use crate::config::section::{Item, Section};

use super::{FilePath, Form, List, Text};

/// A secret.
#[derive(Debug)]
pub struct Hidden;

static ENV: Key<Text> = Key::optional(
    "env",
    Text,
    "one of the three is needed",
    "Name of the environment variable that holds the secret.",
);
static FILE: Key<FilePath> = Key::optional(
    "file",
    FilePath,
    "one of the three is needed",
    "File whose first line is the secret.",
);
static COMMAND: Key<List<Text>> = Key::optional(
    "command",
    List {
        of: Text,
        filled: true,
    },
    "one of the three is needed",
    "Program and arguments; the first line it prints is the secret. No shell is involved, and it \
     has 10 seconds.",
);

/// The places a secret can be kept, exactly one of which is named.
pub static SECRET_PLACES: Group = Group {
    title: "{ env = … }",
    doc: "Where a secret is kept.",
    keys: &[&ENV, &FILE, &COMMAND],
};

const HELP: &str =
    "write { env = \"NAME\" }, { file = \"path\" } or { command = [\"program\", \"argument\"] }";

impl Form for Hidden {
    type Value = Secret;

    fn read(&self, item: &Item<'_>) -> Option<Secret> {
        match item.value {
            DeValue::String(text) if text.is_empty() => {
                item.wrong("empty", HELP);
                None
            }
            DeValue::String(text) => {
                item.document().literal(&item.span, item.label().to_owned());
                Some(Secret::Literal(SecretString::from(text.as_ref())))
            }
            DeValue::Table(_) => {
                let secret = place(item, &item.section("a table", HELP)?)?;
                let (span, label) = (item.span.clone(), item.label().to_owned());
                let named = Named::Secret(secret.clone());
                item.document().refers(span, label, named);
                Some(secret)
            }
            // The number itself may be the secret, so the fix is told without it.
            _ => {
                item.expected("a secret", &format!("put it in quotes, or {HELP}"));
                None
            }
        }
    }

    fn words(&self) -> String {
        "secret".to_owned()
    }

    fn secret(&self) -> bool {
        true
    }
}

fn place(item: &Item<'_>, section: &Section<'_>) -> Option<Secret> {
    section.only(&[&SECRET_PLACES]);
    let named = SECRET_PLACES.keys.iter().filter(|key| section.has(**key));
    if named.count() != 1 {
        item.wrong("must name exactly one place of the secret", HELP);
        return None;
    }
    if section.has(&ENV) {
        let name = section.get(&ENV)?;
        if name.contains('=') {
            section.wrong(&ENV, "not the name of a variable", "write the name only");
            return None;
        }
        return Some(Secret::Env(name));
    }
    if section.has(&FILE) {
        return section.get(&FILE).map(Secret::File);
    }
    section.get(&COMMAND).map(Secret::Command)
}
