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
    let mut problems: Vec<_> = faults
        .iter()
        .map(|fault| {
            let span = fault.span().unwrap_or(text.len()..text.len());
            Problem {
                place: Some(locate(text, &span, &hidden)),
                message: format!("not TOML: {}", fault.message()),
                help: help(fault.message()).to_owned(),
            }
        })
        .collect();
    // After the first error of a line the others are mostly echoes of it.
    problems.sort_by_key(line);
    problems.dedup_by_key(|problem| line(problem));
    Err(ConfigErrors::new(name, problems))
}

fn line(problem: &Problem) -> usize {
    problem.place.as_ref().map_or(0, |place| place.line)
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
