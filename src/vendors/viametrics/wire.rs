//! The vendor's JSON, found by pointers and names from the configuration.

use chrono::NaiveDate;
use chrono_tz::Tz;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::model::attempt::{ErrorKind, SourceError};
use crate::model::reading::Flow;
use crate::vendors::lenient::Loose;
use crate::vendors::transport::plain;

use super::Fields;
use super::stamp::Stamp;

/// Where a token may be in the answer to a log-in; a bare text is one as well. None of it is
/// documented, `jwt` is what the vendor's portal uses.
pub const TOKEN_POINTERS: [&str; 6] = [
    "/jwt",
    "/token",
    "/accessToken",
    "/access_token",
    "/data/jwt",
    "/data/token",
];

/// A counter, by its own id and the company (CID) that owns it where the vendor says so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Id of the counter.
    pub counter: String,
    /// Id of the company.
    pub customer: Option<String>,
}

/// One row: a counter's counts in one interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Id of the counter, where the row has one.
    pub counter: Option<String>,
    /// Id of the company, where the row has one.
    pub customer: Option<String>,
    /// Start of the interval.
    pub stamp: Stamp,
    /// The counts; a direction that is missing counts as nobody.
    pub flow: Flow,
}

/// The rows of one or more replies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// Rows that can be read, in the order they came.
    pub rows: Vec<Row>,
    /// Rows that came.
    pub total: u32,
    /// Rows that cannot be read.
    pub rejected: u32,
    /// The names in a row that could not be read.
    pub odd_names: Option<String>,
}

impl Rows {
    /// Adds the rows of another reply.
    pub fn append(&mut self, mut other: Self) {
        self.rows.append(&mut other.rows);
        self.total += other.total;
        self.rejected += other.rejected;
        self.odd_names = self.odd_names.take().or(other.odd_names);
    }

    /// Whether some rows do not say whose they are.
    #[must_use]
    pub fn has_nameless(&self) -> bool {
        self.rows.iter().any(|row| row.counter.is_none())
    }

    /// Gives rows without a counter to this one.
    pub fn name(&mut self, counter: &str) {
        for row in &mut self.rows {
            row.counter.get_or_insert_with(|| counter.to_owned());
        }
    }

    /// The number of different local dates.
    #[must_use]
    pub fn dates(&self, zone: Tz) -> usize {
        let mut dates: Vec<NaiveDate> = self.rows.iter().map(|row| row.stamp.date(zone)).collect();
        dates.sort_unstable();
        dates.dedup();
        dates.len()
    }
}

/// The names by which a row was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched<'a> {
    /// Of the interval's start.
    pub time: Option<&'a str>,
    /// Of the in-count.
    pub entered: Option<&'a str>,
    /// Of the out-count.
    pub left: Option<&'a str>,
    /// Of the counter.
    pub counter: Option<&'a str>,
    /// Of the company.
    pub customer: Option<&'a str>,
}

/// Finds the list of rows.
///
/// # Errors
/// `schema` when there is no list at the pointer; it names the lists that are there.
pub fn list<'a>(body: &'a Json, pointer: &str) -> Result<&'a [Json], SourceError> {
    match body.pointer(pointer) {
        Some(Json::Array(rows)) => Ok(rows),
        Some(Json::Null) => Ok(&[]),
        _ => {
            let shown = if pointer.is_empty() {
                "the top"
            } else {
                pointer
            };
            let mut found = Vec::new();
            find_lists(body, &mut String::new(), 4, &mut found);
            let hint = if found.is_empty() {
                format!("the answer has {}", names(body))
            } else {
                format!("lists are at {}", found.join(", "))
            };
            let message = format!("no list of rows at {shown}; {hint}: set fields.rows");
            Err(SourceError::new(ErrorKind::Schema, message))
        }
    }
}

/// Reads the rows of a list.
#[must_use]
pub fn rows(list: &[Json], fields: &Fields) -> Rows {
    let mut read = Rows {
        total: u32::try_from(list.len()).unwrap_or(u32::MAX),
        ..Rows::default()
    };
    for json in list {
        if let Some(row) = row(json, fields) {
            read.rows.push(row);
        } else {
            read.rejected += 1;
            read.odd_names.get_or_insert_with(|| names(json));
        }
    }
    read
}

fn row(json: &Json, fields: &Fields) -> Option<Row> {
    let id = |aliases| Some(loose(field(json, aliases)?.1).id()?.trim().to_owned());
    // A value that is no number spoils the row; a direction that is not there does not.
    let count = |aliases| match field(json, aliases) {
        Some((_, value)) => loose(value).int().map(Some),
        None => Some(None),
    };
    let (entered, left) = (count(&fields.entered)?, count(&fields.left)?);
    if entered.is_none() && left.is_none() {
        return None;
    }
    Some(Row {
        counter: id(&fields.counter),
        customer: id(&fields.customer),
        stamp: Stamp::parse(&loose(field(json, &fields.time)?.1).text()?)?,
        flow: Flow {
            entered: entered.unwrap_or(0).try_into().ok()?,
            left: left.unwrap_or(0).try_into().ok()?,
        },
    })
}

/// The names that this row has.
#[must_use]
pub fn matched<'a>(row: &Json, fields: &'a Fields) -> Matched<'a> {
    let name = |aliases| field(row, aliases).map(|(alias, _)| alias);
    Matched {
        time: name(&fields.time),
        entered: name(&fields.entered),
        left: name(&fields.left),
        counter: name(&fields.counter),
        customer: name(&fields.customer),
    }
}

/// The first alias that the row has, with its value.
pub(super) fn field<'a, 'b>(row: &'a Json, aliases: &'b [String]) -> Option<(&'b str, &'a Json)> {
    aliases.iter().find_map(|alias| {
        let value = row.get(alias).filter(|value| !value.is_null())?;
        Some((alias.as_str(), value))
    })
}

/// A value in whatever type it came.
pub(super) fn loose(value: &Json) -> Loose<'_> {
    Loose::deserialize(value).unwrap_or_default()
}

/// The token in the answer to a log-in, and where it was found.
#[must_use]
pub fn token(body: &[u8]) -> Option<(SecretString, &'static str)> {
    let Ok(json) = serde_json::from_slice::<Json>(body) else {
        let text = std::str::from_utf8(body).ok()?.trim();
        return is_token(text).then(|| (text.into(), "the bare answer"));
    };
    if let Json::String(text) = &json {
        return (!text.is_empty()).then(|| (text.as_str().into(), "the bare answer"));
    }
    TOKEN_POINTERS.into_iter().find_map(|pointer| {
        let text = json.pointer(pointer)?.as_str()?;
        (!text.is_empty()).then(|| (text.into(), pointer))
    })
}

/// The form of a JSON web token, so that a page of text is not taken for one.
fn is_token(text: &str) -> bool {
    let part = |part: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        !part.is_empty() && part.bytes().all(plain)
    };
    text.split('.').count() == 3 && text.split('.').all(part)
}

/// The names in an object, or what it is instead. Names are no values: they may be shown.
#[must_use]
pub fn names(json: &Json) -> String {
    match json {
        Json::Object(fields) if fields.is_empty() => "no names".to_owned(),
        Json::Object(fields) => {
            let names: Vec<_> = fields.keys().take(20).map(String::as_str).collect();
            format!("the names {}", plain(&names.join(", ")))
        }
        Json::Array(_) => "a list".to_owned(),
        Json::String(_) => "a text".to_owned(),
        _ => "no object".to_owned(),
    }
}

/// Pointers to lists of objects, with their lengths.
fn find_lists(json: &Json, at: &mut String, depth: usize, found: &mut Vec<String>) {
    match json {
        Json::Array(list) if list.iter().any(Json::is_object) && found.len() < 5 => {
            let shown = if at.is_empty() {
                "the top"
            } else {
                at.as_str()
            };
            found.push(format!("{} ({} rows)", plain(shown), list.len()));
        }
        Json::Object(fields) if depth > 0 => {
            for (name, value) in fields {
                let length = at.len();
                at.push('/');
                at.push_str(&name.replace('~', "~0").replace('/', "~1"));
                find_lists(value, at, depth - 1, found);
                at.truncate(length);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::json;

    use super::*;

    fn read(body: &Json) -> Rows {
        let fields = Fields::default();
        rows(list(body, &fields.rows).unwrap(), &fields)
    }

    #[test]
    fn rows_are_read_by_any_alias_and_numbers_as_text() {
        let body = json!({"data": {"counterData": [
            {"counterId": 507, "datetime": "2026-03-02 09:00:00", "I": 12, "O": 3},
            {"id": "507", "date": "2026-03-02 09:15:00", "in": "9", "out": "6", "cid": 12},
            {"time": "2026-03-02 09:30:00", "inValue": "21", "outValue": 9.0, "customerId": "x"},
            {"counterId": 507, "datetime": "2026-03-02 09:45:00", "I": 1, "O": null},
        ]}});
        let rows = read(&body);
        assert_eq!((rows.total, rows.rejected), (4, 0));
        let counts: Vec<_> = rows
            .rows
            .iter()
            .map(|row| (row.flow.entered, row.flow.left))
            .collect();
        assert_eq!(counts, [(12, 3), (9, 6), (21, 9), (1, 0)]);
        let ids: Vec<_> = rows.rows.iter().map(|row| row.counter.as_deref()).collect();
        assert_eq!(ids, [Some("507"), Some("507"), None, Some("507")]);
        let customers: Vec<_> = rows
            .rows
            .iter()
            .map(|row| row.customer.as_deref())
            .collect();
        assert_eq!(customers, [None, Some("12"), Some("x"), None]);
    }

    #[test]
    fn rows_that_cannot_be_used_are_counted() {
        let body = json!({"data": {"counterData": [
            {"counterId": 507, "datetime": "2026-03-02 09:00:00"},
            {"counterId": 507, "datetime": "2026-03-02 09:00:00", "I": null, "O": "n/a"},
            {"counterId": 507, "datetime": "2026-03-02 09:00:00", "I": 3, "O": "n/a"},
            {"counterId": 507, "datetime": "2026-03-02 09:00:00", "I": 2.5, "O": 1},
            {"counterId": 507, "datetime": "soon", "I": 1, "O": 1},
            {"counterId": 507, "I": 1, "O": 1},
            {"counterId": 507, "datetime": "2026-03-02 09:00:00", "I": -1, "O": 1},
            null, 7, []
        ]}});
        let rows = read(&body);
        assert_eq!((rows.total, rows.rejected, rows.rows.len()), (10, 10, 0));
        assert_eq!(
            rows.odd_names.as_deref(),
            Some("the names counterId, datetime")
        );
    }

    #[test]
    fn a_wrong_pointer_names_the_lists_that_are_there() {
        let error = list(
            &json!({"result": {"a/b": [{"x": 1}], "n": [1]}}),
            "/data/rows",
        )
        .unwrap_err();
        assert_eq!(error.kind, ErrorKind::Schema);
        assert!(error.message.contains("/result/a~1b (1 rows)"), "{error}");
        let error = list(&json!({"message": "s3cret"}), "").unwrap_err();
        assert!(error.message.contains("the names message"), "{error}");
        assert!(!error.message.contains("s3cret"));
        assert!(
            list(&json!({"data": {"counterData": null}}), "/data/counterData")
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn a_token_is_found_in_all_its_places() {
        let jwt = "aaaa.bbbb.cc-_";
        for pointer in TOKEN_POINTERS {
            let name = pointer.rsplit('/').next().unwrap();
            let body = if pointer.starts_with("/data") {
                json!({"data": {name: jwt}})
            } else {
                json!({name: jwt})
            };
            let (token, found) = token(body.to_string().as_bytes()).unwrap();
            assert_eq!((token.expose_secret(), found), (jwt, pointer));
        }
        for body in [format!("\"{jwt}\""), jwt.to_owned(), format!(" {jwt}\n")] {
            assert_eq!(token(body.as_bytes()).unwrap().0.expose_secret(), jwt);
        }
        for body in [
            "{}",
            "<html></html>",
            "",
            "null",
            r#"{"jwt":""}"#,
            r#"{"jwt":5}"#,
            "a.b",
            "a. b.c",
        ] {
            assert!(token(body.as_bytes()).is_none(), "{body}");
        }
    }
}
