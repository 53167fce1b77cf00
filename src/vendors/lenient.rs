//! Reading JSON that is nearly right: one odd row or field costs itself only, and a value whose
//! type a vendor does not keep (a number that comes as text, an id that comes as a number) is taken
//! as what it means.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
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

/// Reads an optional whole number, however it is written; anything else counts as absent.
///
/// # Errors
/// Those of the format itself; a mismatch of types is none.
pub fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Loose::deserialize(deserializer).map(|loose| loose.int())
}

/// Longest id that is believed, in bytes.
const LONGEST_ID: usize = 64;

/// A whole number, a text, or something that is neither.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Loose<'a> {
    /// A whole number; also a real one without a fraction.
    Int(i64),
    /// Text, borrowed from the body where it has no escapes.
    Text(Cow<'a, str>),
    /// Anything else, `null` included.
    #[default]
    Other,
}

impl<'a> Loose<'a> {
    /// As a whole number, also when it came as text.
    #[must_use]
    pub fn int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Text(text) => {
                let text = text.trim();
                text.parse().ok().or_else(|| exact(text.parse().ok()?))
            }
            Self::Other => None,
        }
    }

    /// As text that is not empty, also when it came as a number.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Int(value) => Some(value.to_string().into()),
            Self::Text(text) => (!text.trim().is_empty()).then_some(text),
            Self::Other => None,
        }
    }

    /// As an id: short text without control characters, also when it came as a number. Ids end up
    /// in tables and logs, where anything else could pass for something it is not.
    #[must_use]
    pub fn id(self) -> Option<Cow<'a, str>> {
        self.text()
            .filter(|id| id.len() <= LONGEST_ID && !id.contains(char::is_control))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Loose<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Loose::Int(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Loose::Other, Loose::Int))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(exact(value).map_or(Loose::Other, Loose::Int))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Loose::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Loose::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Loose::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Other)
    }
}

/// A real number as a whole one, where nothing is lost.
#[expect(
    clippy::cast_possible_truncation,
    reason = "checked to be whole and far within range"
)]
fn exact(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() < 1e15).then_some(value as i64)
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

    #[test]
    fn types_are_taken_as_they_come() {
        let cases = [
            ("7", Some(7), Some("7")),
            ("-7", Some(-7), Some("-7")),
            ("7.0", Some(7), Some("7")),
            (r#""7""#, Some(7), Some("7")),
            (r#"" 7 ""#, Some(7), Some(" 7 ")),
            (r#""7.00""#, Some(7), Some("7.00")),
            (r#""7.5""#, None, Some("7.5")),
            (r#""0012""#, Some(12), Some("0012")),
            (r#""120.00""#, Some(120), Some("120.00")),
            (r#""1.2""#, None, Some("1.2")),
            (r#""AHQ21\u0030""#, None, Some("AHQ210")),
            (r#""""#, None, None),
            ("7.5", None, None),
            ("1e300", None, None),
            ("18446744073709551615", None, None),
            ("null", None, None),
            ("true", None, None),
            (r#"[1,{"a":2}]"#, None, None),
            (r#"{"a":[1]}"#, None, None),
        ];
        for (json, int, text) in cases {
            let loose: Loose<'_> = serde_json::from_str(json).unwrap();
            assert_eq!(loose.int(), int, "{json}");
            assert_eq!(loose.text().as_deref(), text, "{json}");
        }
    }

    #[test]
    fn an_id_is_short_and_plain() {
        let id = |text: &str| Loose::Text(text.into()).id().map(Cow::into_owned);
        assert_eq!(id("AHQ21000").as_deref(), Some("AHQ21000"));
        assert_eq!(id("Ω/1").as_deref(), Some("Ω/1"));
        for odd in ["", " ", "a\u{1b}[2J", "a\nb", &"x".repeat(65)] {
            assert_eq!(id(odd), None, "{odd:?}");
        }
        assert_eq!(Loose::Int(7).id().as_deref(), Some("7"));
    }
}
