//! The access tokens of an account.

use crate::config::form::{Hidden, Text};
use crate::config::key::{Group, Key};
use crate::config::section::Section;

use super::super::gate;
use super::AccessToken;
use super::keys::{ACCESS_TOKEN, ACCESS_TOKENS};

pub(super) static ACCESS_TOKEN_KEYS: Group = Group {
    title: "[[source.access_tokens]]",
    doc: "One property's token.",
    keys: &[&LABEL, &TOKEN],
};

static LABEL: Key<Text> = Key::optional(
    "label",
    Text,
    "the property's own name",
    "What to call the property.",
);
static TOKEN: Key<Hidden> = Key::required(
    "token",
    Hidden,
    "{ env = \"MEWS_ACCESS_TOKEN\" }",
    "The token.",
);

/// Reads the one token, or those of several properties.
pub(super) fn read_access_tokens(section: &Section<'_>) -> Option<Vec<AccessToken>> {
    let single = section.get(&ACCESS_TOKEN);
    let tables = section.tables(&ACCESS_TOKENS);
    let several: Vec<_> = tables.iter().map(read_access_token).collect();
    match (section.has(&ACCESS_TOKEN), section.has(&ACCESS_TOKENS)) {
        (true, true) => {
            let help = "keep one of the two";
            section.wrong(&ACCESS_TOKENS, "set beside access_token", help);
            None
        }
        (false, false) => {
            let help = "add access_token = { env = \"MEWS_ACCESS_TOKEN\" }";
            section.wrong(&ACCESS_TOKEN, "missing", help);
            None
        }
        (true, false) => Some(vec![AccessToken {
            label: None,
            token: single?,
        }]),
        (false, true) if several.is_empty() => {
            let help = "write [{ label = \"…\", token = { env = \"…\" } }]";
            section.wrong(&ACCESS_TOKENS, "names no token", help);
            None
        }
        (false, true) => {
            let one_each = distinct(&tables, &several);
            let several = several.into_iter().collect();
            one_each.then_some(several)?
        }
    }
}

/// Notes every token and every label that stands there a second time.
fn distinct(tables: &[Section<'_>], tokens: &[Option<AccessToken>]) -> bool {
    let mut distinct = true;
    for (place, (table, access)) in tables.iter().zip(tokens).enumerate() {
        let Some(access) = access else { continue };
        let earlier = || tokens[..place].iter().enumerate();
        let named = |access: &AccessToken| access.label.as_ref().map(|label| label.to_lowercase());
        let same_token = earlier().find(|(_, other)| {
            let name = gate::name(&access.token);
            other
                .as_ref()
                .is_some_and(|other| gate::name(&other.token) == name)
        });
        let same_label = earlier().find(|(_, other)| {
            let label = named(access);
            label.is_some() && other.as_ref().is_some_and(|other| named(other) == label)
        });
        if let Some((other, _)) = same_token {
            let message = format!("the same token as that of access_tokens {}", other + 1);
            table.wrong(&TOKEN, &message, "remove one of the two");
            distinct = false;
        }
        if let Some((other, _)) = same_label {
            let message = format!("the same label as that of access_tokens {}", other + 1);
            table.wrong(&LABEL, &message, "give each property a label of its own");
            distinct = false;
        }
    }
    distinct
}

fn read_access_token(section: &Section<'_>) -> Option<AccessToken> {
    section.only(&[&ACCESS_TOKEN_KEYS]);
    let label = section.get(&LABEL);
    let token = section.get(&TOKEN);
    Some(AccessToken {
        label,
        token: token?,
    })
}
