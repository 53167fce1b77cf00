//! The JSON of the Mews Connector API, as it comes.
//!
//! The vendor's own example breaks the vendor's own schema, fields and types come and go, and new
//! ones are announced as harmless: only what identifies and measures a row is required.

use serde::Deserialize;

use crate::vendors::lenient::{Row, lax};

/// A page of a list.
pub(super) trait Page: serde::de::DeserializeOwned + Default {
    /// One element.
    type Item;

    /// The elements and the cursor of the next page. An absent cursor is none.
    fn into_parts(self) -> (Vec<Row<Self::Item>>, Option<String>);

    /// Identity of an element, to notice pages that bring nothing new.
    fn id(item: &Self::Item) -> &str;
}

/// Writes out a page type: its list, its element, and how the element is identified.
macro_rules! page {
    ($name:ident, $list:literal, $item:ident) => {
        #[derive(Default, Deserialize)]
        pub(super) struct $name {
            #[serde(rename = $list)]
            list: Vec<Row<$item>>,
            #[serde(default, rename = "Cursor", deserialize_with = "lax")]
            cursor: Option<String>,
        }

        impl Page for $name {
            type Item = $item;

            fn into_parts(self) -> (Vec<Row<$item>>, Option<String>) {
                (self.list, self.cursor)
            }

            fn id(item: &$item) -> &str {
                &item.id
            }
        }
    };
}

page!(CounterPage, "Counters", Counter);
page!(EnterprisePage, "Enterprises", Enterprise);
page!(ReservationPage, "Reservations", Reservation);
page!(ServicePage, "Services", Service);

/// `counters/getAll`. The arrays by type beside `Counters` are deprecated and never read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Counter {
    pub id: String,
    pub value: i64,
    #[serde(default, deserialize_with = "lax")]
    pub enterprise_id: Option<String>,
    #[serde(default, deserialize_with = "lax")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "lax")]
    pub format: Option<String>,
    #[serde(default, rename = "Type", deserialize_with = "lax")]
    pub kind: Option<String>,
    #[serde(default, deserialize_with = "lax")]
    pub is_default: Option<bool>,
    #[serde(default, deserialize_with = "lax")]
    pub updated_utc: Option<String>,
}

impl Counter {
    /// The fields that are read, each with whether it is there.
    pub(super) fn fields(&self) -> [(&'static str, bool); 8] {
        [
            ("Id", true),
            ("Value", true),
            ("EnterpriseId", self.enterprise_id.is_some()),
            ("Name", self.name.is_some()),
            ("Type", self.kind.is_some()),
            ("IsDefault", self.is_default.is_some()),
            ("Format", self.format.is_some()),
            ("UpdatedUtc", self.updated_utc.is_some()),
        ]
    }
}

/// `enterprises/getAll`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Enterprise {
    pub id: String,
    #[serde(default, deserialize_with = "lax")]
    pub name: Option<String>,
    #[serde(default, deserialize_with = "lax")]
    pub time_zone_identifier: Option<String>,
    #[serde(default, deserialize_with = "lax")]
    pub business_day_closing_offset: Option<String>,
}

/// `reservations/getAll/2023-06-06`. Nothing of a person is read: the ids only keep a reservation
/// and a room from being counted twice, and are dropped with the list.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Reservation {
    pub id: String,
    #[serde(default, deserialize_with = "lax")]
    pub state: Option<String>,
    #[serde(default, deserialize_with = "lax")]
    pub person_counts: Option<Vec<Row<PersonCount>>>,
    #[serde(default, deserialize_with = "lax")]
    pub assigned_resource_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct PersonCount {
    pub count: u32,
}

/// `services/getAll`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Service {
    pub id: String,
    #[serde(default, deserialize_with = "lax")]
    pub enterprise_id: Option<String>,
    #[serde(default, deserialize_with = "lax")]
    pub is_active: Option<bool>,
    #[serde(default, deserialize_with = "lax")]
    pub data: Option<ServiceData>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ServiceData {
    #[serde(default, deserialize_with = "lax")]
    pub discriminator: Option<String>,
    #[serde(default, deserialize_with = "lax")]
    pub value: Option<BookableData>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BookableData {
    #[serde(default, deserialize_with = "lax")]
    pub time_unit_period: Option<String>,
}

/// `services/getAvailability/2024-01-22`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Availability {
    pub resource_category_availabilities: Vec<Row<CategoryAvailability>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CategoryAvailability {
    pub metrics: Metrics,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Metrics {
    pub usable_resources: Vec<i64>,
}

/// The body of a failure; everything in it is nullable.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(super) struct Failure {
    #[serde(deserialize_with = "lax")]
    pub message: Option<String>,
    #[serde(deserialize_with = "lax")]
    pub request_id: Option<String>,
}
