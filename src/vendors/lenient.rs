//! Reading JSON that is nearly right: one odd row or field costs itself only.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

/// One element of a list or map: of the expected form, or not.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Row<T> {
    /// As expected.
    Good(T),
    /// Anything else.
    Odd(IgnoredAny),
}

impl<T> Row<T> {
    /// The element, if it is of the expected form.
    pub fn good(self) -> Option<T> {
        match self {
            Self::Good(value) => Some(value),
            Self::Odd(_) => None,
        }
    }

    /// The element by reference, if it is of the expected form.
    pub fn as_good(&self) -> Option<&T> {
        match self {
            Self::Good(value) => Some(value),
            Self::Odd(_) => None,
        }
    }
}

/// Reads an optional field; a value of another type counts as absent.
///
/// # Errors
/// Those of the format itself; a mismatch of types is none.
pub fn lax<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Row::<T>::deserialize(deserializer).map(Row::good)
}

/// Reads a list or map that may be missing in any way; a value of another type counts as empty.
///
/// # Errors
/// Those of the format itself; a mismatch of types is none.
pub fn lax_or_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    lax(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Item {
        id: i64,
        #[serde(default, deserialize_with = "lax")]
        name: Option<String>,
        #[serde(default, deserialize_with = "lax_or_empty")]
        tags: Vec<String>,
    }

    #[test]
    fn an_odd_row_or_field_costs_itself_only() {
        let text = r#"[{"id":9007199254740993,"name":"a","tags":["x","y"]},{"id":2,"name":5,"tags":null},{"id":"3"},4,null,{"id":5}]"#;
        let rows: Vec<Row<Item>> = serde_json::from_str(text).unwrap();
        let seen: Vec<_> = rows.into_iter().map(Row::good).collect();
        let ids: Vec<_> = seen.iter().map(|row| row.as_ref().map(|i| i.id)).collect();
        assert_eq!(
            ids,
            [
                Some(9_007_199_254_740_993),
                Some(2),
                None,
                None,
                None,
                Some(5)
            ]
        );
        let tags: Vec<_> = seen.iter().flatten().map(|i| i.tags.len()).collect();
        assert_eq!(tags, [2, 0, 0]);
        let names: Vec<_> = seen.iter().flatten().map(|i| i.name.as_deref()).collect();
        assert_eq!(names, [Some("a"), None, None]);
    }
}
