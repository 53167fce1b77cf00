//! From text to a TOML table, with every syntax error at once.

use toml::Spanned;
use toml::de::DeTable;

use super::privacy;
use super::problem::{ConfigErrors, Problem, locate};

/// Parses the text.
///
/// # Errors
/// Every syntax error. Keys are not looked at then: what a broken file means is guesswork.
pub(super) fn parse<'a>(text: &'a str, name: &str) -> Result<Spanned<DeTable<'a>>, ConfigErrors> {
    let (table, faults) = DeTable::parse_recoverable(text);
    if faults.is_empty() {
        return Ok(table);
    }
    let hidden = privacy::hidden_in_broken(text);
    let mut faults: Vec<_> = faults
        .iter()
        .map(|fault| {
            (
                fault.span().unwrap_or(text.len()..text.len()),
                fault.message(),
            )
        })
        .collect();
    faults.sort_by_key(|(span, _)| span.start);
    let mut problems = Vec::new();
    let mut line_end = None;
    for (span, message) in faults {
        // After the first error of a line the others are mostly echoes of it.
        if line_end.is_some_and(|line_end| span.start <= line_end) {
            continue;
        }
        let rest = text.get(span.start..).unwrap_or_default();
        line_end = Some(span.start + rest.find('\n').unwrap_or(rest.len()));
        problems.push(Problem {
            place: Some(locate(text, &span, &hidden)),
            message: format!("not TOML: {message}"),
            help: help(message).to_owned(),
        });
    }
    Err(ConfigErrors::new(name, problems))
}

/// What to do about a syntax error, by the parser's words for it.
fn help(message: &str) -> &'static str {
    const HELPS: [(&str, &str); 9] = [
        (
            "duplicate key",
            "keep one of the two; a further source or store begins with [[source]] or [[store]]",
        ),
        (
            "string values must be quoted",
            "put text in double quotes: \"text\"",
        ),
        (
            "unclosed table",
            "end the header with ]: [display], [[source]]",
        ),
        ("unclosed array", "end the list with ]"),
        ("unclosed inline table", "end the table with }"),
        (
            "invalid basic string",
            "end the text with a double quote on the same line, and write a backslash as \\\\",
        ),
        (
            "leading zero",
            "put the number in quotes to keep its zeros: \"0012\"",
        ),
        (
            "comma",
            "end the list with ], or put a comma between its values",
        ),
        ("no value", "write key = value"),
    ];
    HELPS
        .iter()
        .find(|(word, _)| message.contains(word))
        .map_or(
            "write key = value, [section] or a # comment",
            |(_, help)| help,
        )
}
