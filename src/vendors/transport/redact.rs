//! Keeps secrets and control characters out of everything a person may read.

use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::Request;

/// What stands in the place of a secret.
const HIDDEN: &str = "***";
/// What stands where a quotation was cut.
const OMITTED: char = '…';
/// Longest text that is quoted from a reply.
const QUOTED: usize = 200;
/// A shorter secret is not looked for: it would blank ordinary words.
const SHORTEST: usize = 4;
/// Parts of names whose values are taken for secrets.
const SECRET_NAMES: [&str; 10] = [
    "token", "key", "secret", "password", "passwd", "pwd", "hash", "auth", "session", "sign",
];

/// The address as it may be shown: no credentials, and no values of parameters that could be
/// secret by their name.
#[must_use]
pub fn redact_url(url: &Url) -> String {
    let mut shown = url.clone();
    // Both fail only for addresses that cannot carry credentials.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_fragment(None);
    if url.query_pairs().any(|(name, _)| sounds_secret(&name)) {
        let pairs = url.query_pairs().map(|(name, value)| {
            let value = if sounds_secret(&name) {
                HIDDEN.into()
            } else {
                value
            };
            (name, value)
        });
        shown.query_pairs_mut().clear().extend_pairs(pairs);
    }
    shown.into()
}

/// Text of a vendor as it may be quoted: one short line, see [`one_line`].
#[must_use]
pub fn plain(text: &str) -> String {
    one_line(text, QUOTED)
}

/// Text in one line of at most `longest` characters, without control characters and marks that
/// could drive or confuse a terminal.
#[must_use]
pub fn one_line(text: &str, longest: usize) -> String {
    let clean = |c: char| {
        if c.is_control() || is_format(c) {
            ' '
        } else {
            c
        }
    };
    let line: String = text.chars().take(4 * longest).map(clean).collect();
    let mut line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((cut, _)) = line.char_indices().nth(longest) {
        line.truncate(cut);
        line.push(OMITTED);
    }
    line
}

/// Marks that reorder or hide text around them.
fn is_format(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_NAMES.iter().any(|part| name.contains(part))
}

/// The secrets that a source has sent, to find them again in what a vendor writes back.
#[derive(Debug, Default)]
pub(super) struct Secrets(Vec<SecretString>);

impl Secrets {
    /// More than any account has; tokens come anew each poll, so the oldest are forgotten.
    const KEPT: usize = 32;

    /// Takes note of what is secret in a request: sensitive headers, and values in query and body
    /// whose name says so.
    pub(super) fn learn(&mut self, request: &Request) {
        for (_, value) in request
            .headers
            .iter()
            .filter(|(_, value)| value.is_sensitive())
        {
            if let Ok(text) = value.to_str() {
                self.add(
                    text.split_once(' ')
                        .map_or(text, |(_, credential)| credential),
                );
            }
        }
        for (name, value) in &request.query {
            if sounds_secret(name) {
                self.add(value);
            }
        }
        if let Some(body) = &request.json {
            self.learn_json(body);
        }
    }

    fn learn_json(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(text) if sounds_secret(name) => self.add(text),
                        _ => self.learn_json(value),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.learn_json(item)),
            _ => {}
        }
    }

    /// Takes note of one secret; one that is known already becomes the newest.
    pub(super) fn add(&mut self, secret: &str) {
        self.add_form(secret);
        // Quoted text has its blanks collapsed before it comes here.
        let collapsed = one_line(secret, secret.len());
        if collapsed != secret {
            self.add_form(&collapsed);
        }
    }

    fn add_form(&mut self, secret: &str) {
        if secret.chars().count() < SHORTEST {
            return;
        }
        self.0.retain(|known| known.expose_secret() != secret);
        if self.0.len() == Self::KEPT {
            self.0.remove(0);
        }
        self.0.push(secret.into());
    }

    /// The text with every known secret blanked, in capitals or not, also where a quotation was
    /// cut in the middle of one.
    pub(super) fn scrub(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| {
            let secret = secret.expose_secret();
            blank_beginning(blank(text, secret), secret)
        })
    }
}

/// The text without the secret. Hosts come back in small letters, so case is no difference.
fn blank(text: String, secret: &str) -> String {
    let (wanted, folded) = (secret.to_ascii_lowercase(), text.to_ascii_lowercase());
    if !folded.contains(&wanted) {
        return text;
    }
    // Folding ASCII moves no byte, so positions are those of the text.
    let mut blanked = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in folded.match_indices(&wanted) {
        blanked.push_str(&text[from..at]);
        blanked.push_str(HIDDEN);
        from = at + wanted.len();
    }
    blanked.push_str(&text[from..]);
    blanked
}

/// The text without the beginning of the secret before a mark of omission.
fn blank_beginning(text: String, secret: &str) -> String {
    let cuts: Vec<_> = text.match_indices(OMITTED).map(|(at, _)| at).collect();
    let mut text = text;
    // From the end, so that what is still to be looked at stays where it is.
    for cut in cuts.into_iter().rev() {
        let beginnings = secret.char_indices().skip(SHORTEST).map(|(end, _)| end);
        let shown = beginnings.filter(|end| {
            let tail = cut.checked_sub(*end).and_then(|from| text.get(from..cut));
            tail.is_some_and(|tail| tail.eq_ignore_ascii_case(&secret[..*end]))
        });
        if let Some(shown) = shown.last() {
            text.replace_range(cut - shown..cut, HIDDEN);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_sound_secret_are_hidden() {
        let url =
            Url::parse("https://u:p@h.test/a?startTime=1+2&userToken=abc&apiKey=x#f").unwrap();
        assert_eq!(
            redact_url(&url),
            "https://h.test/a?startTime=1+2&userToken=***&apiKey=***"
        );
    }

    #[test]
    fn an_open_address_is_shown_as_it_is_sent() {
        let url = Url::parse("https://h.test/a?where%5Bid%5D=5&t=10%3A00").unwrap();
        assert_eq!(redact_url(&url), url.as_str());
    }

    #[test]
    fn quoted_text_is_one_clean_short_line() {
        assert_eq!(plain("a\u{1b}[31m\n b\u{202e}c"), "a [31m b c");
        let long = plain(&"word ".repeat(1000));
        assert_eq!(long.chars().count(), QUOTED + 1);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn what_was_sent_is_blanked_when_it_comes_back() {
        let mut secrets = Secrets::default();
        let body = serde_json::json!({"username": "monitor", "nested": [{"password": "pa55word"}]});
        let request = Request::post("/login")
            .json(body)
            .query("hash", "0123456789")
            .authorized("Bearer", &"tok-1".into())
            .unwrap();
        secrets.learn(&request);
        assert_eq!(
            secrets.scrub("monitor: tok-1, pa55word, 0123456789"),
            "monitor: ***, ***, ***"
        );
        assert!(!format!("{secrets:?} {request:?}").contains("pa55word"));
        assert!(!format!("{request:?}").contains("tok-1"));
    }

    #[test]
    fn no_form_of_quoting_brings_a_secret_back() {
        let mut secrets = Secrets::default();
        secrets.add("Correct  horse\tbattery");
        secrets.add("Pa55word-Ünique");
        let cut = plain(&format!("{} Pa55word-Ünique", "x".repeat(QUOTED - 10)));
        assert!(cut.ends_with("Pa55word-…"), "{cut}");
        for text in [
            &*plain("you sent Correct  horse\tbattery"),
            "https://pa55word-Ünique.test/",
            &cut,
        ] {
            let said = secrets.scrub(text).to_ascii_lowercase();
            assert!(!said.contains("horse") && !said.contains("pa55"), "{said}");
            assert!(said.contains(HIDDEN), "{said}");
        }
        assert_eq!(secrets.scrub("Pa5… Pass…"), "Pa5… Pass…");
    }

    #[test]
    fn only_the_newest_secrets_are_kept() {
        let mut secrets = Secrets::default();
        for n in 0..100 {
            secrets.add(&format!("token-{n}"));
        }
        assert_eq!(secrets.0.len(), Secrets::KEPT);
        assert_eq!(secrets.scrub("token-99 token-1x"), "*** token-1x");
    }
}
