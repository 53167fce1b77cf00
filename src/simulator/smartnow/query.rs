//! Filters, order and length of a list: `where[column][operator]=value`, `sort`, `skip`, `limit`.

use std::cmp::Ordering;

use chrono::DateTime;
use serde_json::{Value, json};

use crate::model::Timestamp;
use crate::simulator::exchange::Call;
use crate::simulator::faults::Fault;

/// Most rows of a list (vendor documentation).
const LONGEST: usize = 100;
/// Rows of a list when nothing is said (the framework's default).
const DEFAULT: usize = 30;

/// What was asked of a list.
#[derive(Clone, Debug)]
pub struct Query {
    conditions: Vec<Condition>,
    /// Newest first.
    pub descending: bool,
    skip: usize,
    limit: usize,
}

#[derive(Clone, Debug, PartialEq)]
struct Condition {
    column: String,
    operator: String,
    /// Several are alternatives.
    values: Vec<Value>,
}

impl Query {
    /// Reads the query parameters.
    pub fn read(call: &Call) -> Result<Self, String> {
        let number = |name: &str, default| match call.param(name) {
            None => Ok(default),
            Some(text) => text.parse::<usize>().map_err(|_| format!("Invalid {name}")),
        };
        let cut = call.faults.iter().find_map(|fault| match fault {
            Fault::Cut(rows) => Some(*rows),
            _ => None,
        });
        let limit = number("limit", DEFAULT)?.min(LONGEST);
        let sort = call.param("sort").unwrap_or_default().to_ascii_lowercase();
        Ok(Self {
            conditions: conditions(&call.query)?,
            descending: sort.ends_with("desc"),
            skip: number("skip", 0)?,
            limit: cut.map_or(limit, |cut| limit.min(cut)),
        })
    }

    /// Asks for the row of one id.
    pub fn one(id: i64) -> Self {
        Self {
            conditions: vec![Condition {
                column: "id".to_owned(),
                operator: String::new(),
                values: vec![json!(id)],
            }],
            descending: false,
            skip: 0,
            limit: 1,
        }
    }

    /// The smallest id that the conditions let through.
    pub fn least_id(&self) -> Option<i64> {
        let bounds = self.conditions.iter().filter(|one| {
            one.column == "id" && matches!(one.operator.as_str(), "" | "in" | ">" | ">=")
        });
        let least = |one: &Condition| one.values.iter().filter_map(integer).min();
        bounds.filter_map(least).max()
    }

    /// The earliest arrival that the conditions let through.
    pub fn created_from(&self) -> Option<Timestamp> {
        let bounds = self
            .conditions
            .iter()
            .filter(|one| one.column == "createdAt" && matches!(one.operator.as_str(), ">" | ">="));
        bounds.filter_map(|one| instant(one.values.first()?)).max()
    }

    /// The answer to the query from a short table in ascending order.
    pub fn apply(&self, mut rows: Vec<Value>) -> Vec<Value> {
        rows.retain(|row| self.holds(row));
        if self.descending {
            rows.reverse();
        }
        rows.into_iter().skip(self.skip).take(self.limit).collect()
    }

    fn holds(&self, row: &Value) -> bool {
        self.conditions.iter().all(|condition| condition.holds(row))
    }
}

/// Collects the rows of a long table that is read piece by piece.
pub struct Filter<'a> {
    query: &'a Query,
    skipped: usize,
    rows: Vec<Value>,
}

impl<'a> Filter<'a> {
    /// Nothing collected yet.
    pub fn new(query: &'a Query) -> Self {
        Self {
            query,
            skipped: 0,
            rows: Vec::new(),
        }
    }

    /// Takes what it needs of the next piece, in ascending order; whether it has enough.
    pub fn take(&mut self, mut piece: Vec<Value>) -> bool {
        if self.query.descending {
            piece.reverse();
        }
        for row in piece.into_iter().filter(|row| self.query.holds(row)) {
            if self.skipped < self.query.skip {
                self.skipped += 1;
            } else if self.rows.len() < self.query.limit {
                self.rows.push(row);
            }
        }
        self.rows.len() >= self.query.limit
    }

    /// What was collected.
    pub fn into_rows(self) -> Vec<Value> {
        self.rows
    }
}

impl Condition {
    fn holds(&self, row: &Value) -> bool {
        let field = &row[&self.column];
        let any = |test: &dyn Fn(&Value) -> bool| self.values.iter().any(test);
        let text = |value: &Value| plain(value).to_lowercase();
        match self.operator.as_str() {
            "" | "in" => any(&|value| order(field, value) == Some(Ordering::Equal)),
            "!" | "!=" => !any(&|value| order(field, value) == Some(Ordering::Equal)),
            "<" => any(&|value| order(field, value) == Some(Ordering::Less)),
            "<=" => any(&|value| order(field, value).is_some_and(Ordering::is_le)),
            ">" => any(&|value| order(field, value) == Some(Ordering::Greater)),
            ">=" => any(&|value| order(field, value).is_some_and(Ordering::is_ge)),
            "contains" => any(&|value| text(field).contains(&text(value))),
            "startsWith" => any(&|value| text(field).starts_with(&text(value))),
            _ => false,
        }
    }
}

const OPERATORS: [&str; 9] = [
    "in",
    "!",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "contains",
    "startsWith",
];

fn conditions(query: &[(String, String)]) -> Result<Vec<Condition>, String> {
    let mut found: Vec<Condition> = Vec::new();
    for (key, value) in query.iter().filter(|(key, _)| key.starts_with("where")) {
        if key == "where" {
            found.extend(from_json(value)?);
            continue;
        }
        let mut parts = key["where".len()..]
            .split('[')
            .skip(1)
            .map(|part| part.trim_end_matches(']'));
        let column = parts.next().unwrap_or_default().to_owned();
        let operator = parts.next().unwrap_or_default().to_owned();
        if column.is_empty() || !(operator.is_empty() || OPERATORS.contains(&operator.as_str())) {
            return Err(format!("Could not parse the where clause: {key}"));
        }
        let same = found
            .iter_mut()
            .find(|one| one.column == column && one.operator == operator);
        match same {
            // A key that occurs again gives an alternative.
            Some(condition) => condition.values.push(json!(value)),
            None => found.push(Condition {
                column,
                operator,
                values: vec![json!(value)],
            }),
        }
    }
    Ok(found)
}

/// Reads `{"id":{">":1},"code":"CM_OFFLINE"}`.
fn from_json(text: &str) -> Result<Vec<Condition>, String> {
    let wrong = || format!("Could not parse the where clause: {text}");
    let clause: Value = serde_json::from_str(text).map_err(|_| wrong())?;
    let columns = clause.as_object().ok_or_else(wrong)?;
    let mut found = Vec::new();
    for (column, test) in columns {
        let tests = match test {
            Value::Object(tests) => tests.clone().into_iter().collect(),
            plain => vec![(String::new(), plain.clone())],
        };
        for (operator, value) in tests {
            if !(operator.is_empty() || OPERATORS.contains(&operator.as_str())) {
                return Err(wrong());
            }
            let values = match value {
                Value::Array(values) => values,
                one => vec![one],
            };
            found.push(Condition {
                column: column.clone(),
                operator,
                values,
            });
        }
    }
    Ok(found)
}

/// Compares as numbers, as instants or as text, whatever both can be read as.
fn order(field: &Value, value: &Value) -> Option<Ordering> {
    if field.is_null() {
        return matches!(plain(value).as_str(), "" | "null").then_some(Ordering::Equal);
    }
    if let (Some(field), Some(value)) = (integer(field), integer(value)) {
        return Some(field.cmp(&value));
    }
    if let (Some(field), Some(value)) = (instant(field), instant(value)) {
        return Some(field.cmp(&value));
    }
    Some(plain(field).cmp(&plain(value)))
}

fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn instant(value: &Value) -> Option<Timestamp> {
    // A plus sign that was sent bare arrives as a space.
    let text = value.as_str()?.replace(' ', "+");
    DateTime::parse_from_rfc3339(&text)
        .ok()
        .map(|instant| instant.to_utc())
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(query: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        query.iter().map(owned).collect()
    }

    fn matches(query: &[(&str, &str)]) -> bool {
        let row = json!({
            "id": 7, "code": "CM_OFFLINE", "createdAt": "2026-03-02T08:00:00Z", "resolvedAt": null,
        });
        let conditions = conditions(&pairs(query)).unwrap();
        conditions.iter().all(|condition| condition.holds(&row))
    }

    #[test]
    fn conditions_compare_numbers_instants_and_text() {
        for (key, value, expected) in [
            ("where[id][>]", "6", true),
            ("where[id][>]", "7", false),
            ("where[id][>=]", "7", true),
            ("where[id][<]", "10", true),
            ("where[id]", "7", true),
            ("where[code]", "CM_OFFLINE", true),
            ("where[code][!=]", "CM_OFFLINE", false),
            ("where[code][startsWith]", "cm_", true),
            ("where[createdAt][>=]", "2026-03-02T10:00:00+02:00", true),
            ("where[createdAt][>]", "2026-03-02T08:00:00.000Z", false),
            ("where[resolvedAt]", "null", true),
            ("where", r#"{"id":{">":6},"code":"CM_OFFLINE"}"#, true),
            ("where", r#"{"id":[1,2]}"#, false),
        ] {
            assert_eq!(matches(&[(key, value)]), expected, "{key}={value}");
        }
        assert!(matches(&[("where[id][]", "1"), ("where[id][]", "7")]));
    }

    #[test]
    fn an_unknown_operator_is_refused() {
        for query in [
            [("where[id][~]", "1")],
            [("where", "{")],
            [("where[]", "1")],
        ] {
            assert!(conditions(&pairs(&query)).is_err(), "{query:?}");
        }
    }
}
