//! The vendor's lists of counters and groups. They give names, rows do without them.

use serde_json::Value as Json;

use crate::vendors::transport::plain;

use super::Fields;
use super::wire::{Key, field, loose};

/// A counter in the vendor's list of counters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Which one.
    pub key: Key,
    /// Its name.
    pub name: Option<String>,
}

/// Reads the list of counters; `None` when there is no list.
#[must_use]
pub fn counters(body: &Json, fields: &Fields) -> Option<Vec<Listed>> {
    let list = entries(body, &["/data/counters", "/counters", "/data", ""])?;
    let read = |json: &Json| {
        // A counter's own list calls it `id`, whatever the rows call it.
        let id = json
            .get("id")
            .or_else(|| Some(field(json, &fields.counter)?.1))?;
        Some(Listed {
            key: Key {
                counter: loose(id).id()?.trim().to_owned(),
                customer: customer(json, fields),
            },
            name: name(json),
        })
    };
    Some(list.iter().filter_map(read).collect())
}

/// Reads the list of groups: each counter of a facility with the facility's name.
#[must_use]
pub fn groups(body: &Json, fields: &Fields) -> Option<Vec<Listed>> {
    let list = entries(
        body,
        &["/data/counterGroups", "/counterGroups", "/data", ""],
    )?;
    let is_facility = |json: &&Json| match json.get("flag").and_then(Json::as_str) {
        Some(flag) => flag.eq_ignore_ascii_case("facility"),
        // Only facilities are given out (vendor documentation).
        None => true,
    };
    let members = |json: &Json| {
        let customer = customer(json, fields);
        let name = name(json);
        let ids = json.get("counterIds").and_then(Json::as_array).cloned();
        ids.unwrap_or_default().into_iter().filter_map(move |id| {
            let key = Key {
                counter: loose(&id).id()?.trim().to_owned(),
                customer: customer.clone(),
            };
            Some(Listed {
                key,
                name: name.clone(),
            })
        })
    };
    Some(list.iter().filter(is_facility).flat_map(members).collect())
}

fn customer(json: &Json, fields: &Fields) -> Option<String> {
    let (_, value) = field(json, &fields.customer)?;
    Some(loose(value).id()?.trim().to_owned())
}

fn name(json: &Json) -> Option<String> {
    let name = plain(json.get("name")?.as_str()?);
    (!name.is_empty()).then_some(name)
}

fn entries<'a>(body: &'a Json, pointers: &[&str]) -> Option<&'a [Json]> {
    let list = |pointer: &&str| body.pointer(pointer).and_then(Json::as_array);
    pointers.iter().find_map(list).map(Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_of_counters_and_groups_are_read() {
        let fields = Fields::default();
        let body = json!({"data": {"counters": [
            {"id": 507, "name": "Main entrance", "cid": 1234}, {"name": "no id"}, 5
        ]}});
        let listed = counters(&body, &fields).unwrap();
        let key = Key {
            counter: "507".to_owned(),
            customer: Some("1234".to_owned()),
        };
        let name = Some("Main entrance".to_owned());
        assert_eq!(
            listed,
            [Listed {
                key: key.clone(),
                name
            }]
        );

        let body = json!({"data": {"counterGroups": [
            {"id": 91, "name": "Library", "flag": "FACILITY", "cid": 1234, "counterIds": [507, "508"]},
            {"id": 92, "name": "Zone", "flag": "ZONE", "cid": 1234, "counterIds": [507]},
        ]}});
        let listed = groups(&body, &fields).unwrap();
        assert_eq!(listed.len(), 2);
        assert_eq!(
            (&listed[0].key, listed[0].name.as_deref()),
            (&key, Some("Library"))
        );
        assert_eq!(counters(&json!([{"id": 1}]), &fields).unwrap().len(), 1);
        assert!(groups(&json!({"message": "no"}), &fields).is_none());
    }
}
