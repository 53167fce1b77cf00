//! Pages of lists: `Limitation` with `Count` and `Cursor`.

use serde_json::{Value, json};

use crate::simulator::faults::Fault;

use super::{Asked, Refused, Reply};

/// Most items of a page (vendor documentation).
const LARGEST_COUNT: u64 = 1_000;

impl Asked<'_> {
    /// The page of `items`, which come newest first, under the name `name`. The cursor is the id
    /// of the page's last item, also on the last page, and null only when the page is empty
    /// (vendor documentation).
    pub fn page(&self, name: &str, items: Vec<Value>) -> Reply {
        let limitation = &self.body["Limitation"];
        let count = limitation["Count"].as_u64();
        let count = count
            .filter(|count| (1..=LARGEST_COUNT).contains(count))
            .and_then(|count| usize::try_from(count).ok())
            .ok_or_else(|| Refused::property("Limitation", "Count"))?;
        let items = if self.call.has(&Fault::EmptyList) {
            Vec::new()
        } else {
            items
        };
        let skip = match &limitation["Cursor"] {
            Value::Null => 0,
            // A server that ignores the cursor would let a careless reader turn in circles.
            _ if self.call.has(&Fault::RepeatedRows) => 0,
            cursor => {
                let last = items.iter().position(|item| item["Id"] == *cursor);
                last.ok_or_else(|| Refused::property("Limitation", "Cursor"))? + 1
            }
        };
        let page: Vec<Value> = items.into_iter().skip(skip).take(count).collect();
        if self.call.has(&Fault::OtherShape) {
            return Ok(older_or_newer(name, page));
        }
        let cursor = page.last().map_or(Value::Null, |item| item["Id"].clone());
        Ok(json!({ name: page, "Cursor": cursor }))
    }
}

/// A page as readers may meet it: the vendor's own example has no cursor, and fields and types
/// get added without notice (vendor documentation).
fn older_or_newer(name: &str, mut page: Vec<Value>) -> Value {
    for item in &mut page {
        item["Colour"] = json!("red");
    }
    if let Some(last) = page.last_mut() {
        last["Type"] = json!("SomeFutureCounter");
    }
    json!({ name: page, "ProformaBillCounters": [] })
}
