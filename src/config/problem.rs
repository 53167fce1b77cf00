//! What is wrong with a configuration file, and how it is told: place, sentence, the line with a
//! caret, and the fix.

use std::fmt;
use std::ops::Range;

use unicode_width::UnicodeWidthStr;

/// Everything that is wrong with a configuration file, in file order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors {
    /// The file as the user named it.
    file: String,
    /// At least one.
    problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it is; `None` when the file as a whole is meant.
    pub place: Option<Place>,
    /// What is wrong, naming the key.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

/// A place in a file, with the line as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The text of the line, without anything secret.
    pub shown: String,
    /// Width of what stands before the caret.
    indent: usize,
    /// Width of what the carets underline, at least 1.
    width: usize,
}

impl ConfigErrors {
    /// Errors of `file`; sorted by place, duplicates removed.
    pub(super) fn new(file: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| {
            let place = problem.place.as_ref();
            place.map_or((0, 0), |place| (place.line, place.column))
        });
        problems.dedup();
        Self {
            file: file.to_owned(),
            problems,
        }
    }

    /// One error about the file as a whole.
    pub(super) fn whole(file: &str, message: impl Into<String>, help: impl Into<String>) -> Self {
        let problem = Problem {
            place: None,
            message: message.into(),
            help: help.into(),
        };
        Self::new(file, vec![problem])
    }

    /// The problems in file order.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl std::error::Error for ConfigErrors {}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                writeln!(f, "\n")?;
            }
            write_problem(f, &self.file, problem)?;
        }
        if self.problems.iter().all(|problem| problem.place.is_none()) {
            return Ok(());
        }
        let count = self.problems.len();
        let noun = if count == 1 { "error" } else { "errors" };
        write!(f, "\n\n{count} {noun} in {}", self.file)
    }
}

fn write_problem(f: &mut fmt::Formatter<'_>, file: &str, problem: &Problem) -> fmt::Result {
    let Some(place) = &problem.place else {
        writeln!(f, "{file}: {}", problem.message)?;
        return write!(f, "help: {}", problem.help);
    };
    let number = place.line.to_string();
    writeln!(f, "{file}:{number}:{}: {}", place.column, problem.message)?;
    if !place.shown.is_empty() {
        let margin = " ".repeat(number.len());
        let indent = " ".repeat(place.indent);
        let carets = "^".repeat(place.width);
        writeln!(f, "  {number} | {}", place.shown)?;
        writeln!(f, "  {margin} | {indent}{carets}")?;
    }
    write!(f, "help: {}", problem.help)
}

/// The place of `span` in `text`, with the byte ranges in `hidden` left out of the line.
pub(super) fn locate(text: &str, span: &Range<usize>, hidden: &[Range<usize>]) -> Place {
    let start = floor(text, span.start);
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let line_text = text[line_start..line_end].trim_end_matches('\r');
    let line_end = line_start + line_text.len();
    let end = floor(text, span.end).clamp(start, line_end.max(start));

    let up_to = |at: usize| shown(text, line_start..at.min(line_end), hidden);
    // Inside a hidden part the caret stands below the `…`.
    let caret = hidden.iter().find(|secret| secret.contains(&start));
    let caret = caret.map_or(start, |secret| secret.start.max(line_start));
    let indent = up_to(caret).width();
    Place {
        line: text[..line_start].matches('\n').count() + 1,
        column: text[line_start..start].chars().count() + 1,
        indent,
        width: up_to(end).width().saturating_sub(indent).max(1),
        shown: cut(&up_to(line_end)),
    }
}

/// A line longer than any screen is not worth showing, nor is one that is all hidden.
fn cut(line: &str) -> String {
    const LONGEST: usize = 400;
    let line = line.trim_end();
    if line == "…" || line.chars().count() > LONGEST {
        return String::new();
    }
    line.to_owned()
}

/// The text of a range with hidden parts as `…` and without control characters, which a terminal
/// might obey.
fn shown(text: &str, range: Range<usize>, hidden: &[Range<usize>]) -> String {
    let mut out = String::new();
    for (offset, letter) in text[range.clone()].char_indices() {
        let at = range.start + offset;
        match hidden.iter().find(|secret| secret.contains(&at)) {
            Some(secret) if at == secret.start || offset == 0 => out.push('…'),
            Some(_) => {}
            None if letter == '\t' => out.push(' '),
            None if letter.is_control() => out.push('\u{fffd}'),
            None => out.push(letter),
        }
    }
    out
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_counts_characters_and_hides_what_is_secret() {
        let text = "a = 1\nkéy = \"hunter2\" # é\r\n";
        let at = text.find("\"hunter2\"").unwrap();
        let secret = at..at + 9;
        let place = locate(text, &secret, std::slice::from_ref(&secret));
        assert_eq!((place.line, place.column), (2, 7));
        assert_eq!(place.shown, "kéy = … # é");
        assert_eq!((place.indent, place.width), (6, 1));
    }

    #[test]
    fn a_span_past_the_end_is_the_end() {
        let place = locate("a", &(40..50), &[]);
        assert_eq!((place.line, place.column, place.width), (1, 2, 1));
    }
}
