//! Pages of a list: `count`, `next`, `previous`, `results`.

use reqwest::Url;
use serde_json::{Value, json};

use crate::model::Timestamp;
use crate::simulator::estate::Estate;
use crate::simulator::exchange::{Answer, Call};
use crate::simulator::faults::{Fault, Link};

use super::rows::{List, Row};

/// Rows of a page when nothing is asked (vendor documentation).
const DEFAULT_SIZE: usize = 1_000;
/// Most rows of a page; more is cut silently (the framework's behaviour).
const LARGEST_SIZE: usize = 10_000;

/// The page that a call asks for; `None` when there is no such page.
pub fn page(call: &Call, list: List, estate: &Estate, rows: &[Row]) -> Option<Answer> {
    let size = size(call);
    let number = match call.param("page") {
        None => 1,
        Some(text) => text.parse::<usize>().ok().filter(|page| *page > 0)?,
    };
    let pages = rows.len().div_ceil(size).max(1);
    if number > pages || (number > 1 && call.has(&Fault::ShrunkResult)) {
        return None;
    }
    let mut first = (number - 1) * size;
    if number > 1 && call.has(&Fault::RepeatedRows) {
        first -= 1;
    }
    if number > 1 && call.has(&Fault::LostRows) {
        first += 1;
    }
    let end = (first + size).min(rows.len());
    let results: Vec<Value> = rows[first.min(end)..end]
        .iter()
        .map(|row| wire(call, list, estate, *row))
        .collect();
    let grown = if call.has(&Fault::GrowingCount) {
        number
    } else {
        0
    };
    Some(Answer::json(
        200,
        &json!({
            "count": rows.len() + grown,
            "next": (number < pages).then(|| link(call, number + 1)),
            "previous": (number > 1).then(|| link(call, number - 1)),
            "results": results,
        }),
    ))
}

/// An unparsable size falls back to the default (the framework's behaviour).
fn size(call: &Call) -> usize {
    match call.param("page_size").map(str::parse::<usize>) {
        Some(Ok(size)) if size > 0 => size.min(LARGEST_SIZE),
        _ => DEFAULT_SIZE,
    }
}

/// The address of a page: parameters in alphabetical order, no `page` for the first, and plain
/// http, because the framework does not know of the proxy before it.
fn link(call: &Call, page: usize) -> String {
    let mut query: Vec<(String, String)> = call
        .query
        .iter()
        .filter(|(name, _)| name != "page")
        .cloned()
        .collect();
    if page > 1 {
        query.push(("page".to_owned(), page.to_string()));
    }
    query.sort();
    let rest = format!("{}?{}", call.path, query_text(&query));
    let form = call.faults.iter().find_map(|fault| match fault {
        Fault::NextLink(form) => Some(*form),
        _ => None,
    });
    match form {
        None => format!("http://{}{rest}", call.host()),
        Some(Link::Https) => format!("https://{}{rest}", call.host()),
        Some(Link::OtherHost) => format!("http://elsewhere.example{rest}"),
        Some(Link::Relative) => rest,
    }
}

/// Query parameters as they stand in an address.
pub fn query_text(query: &[(String, String)]) -> String {
    Url::parse_with_params("http://localhost/", query)
        .ok()
        .and_then(|url| url.query().map(str::to_owned))
        .unwrap_or_default()
}

fn wire(call: &Call, list: List, estate: &Estate, row: Row) -> Value {
    let site = &estate.sites()[row.site];
    let minute = Timestamp::from_timestamp(row.minute_s, 0)
        .unwrap_or_default()
        .with_timezone(&site.city.zone)
        .format("%Y-%m-%dT%H:%M:%S%:z")
        .to_string();
    let code = &site.code;
    let (entered, left, net) = (row.first, row.second, row.first - row.second);
    let short = call.has(&Fault::OtherShape);
    match list {
        List::Visits if short => json!({
            "store_code": code, "in": entered, "out": left, "diff": net, "minute": minute,
        }),
        List::Visits => json!({
            "store_code": code, "in_metric": entered, "out_metric": left, "diff_metric": net,
            "minute": minute,
        }),
        List::Occupancy if short => json!({
            "store_code": code, "occupancy": row.first, "minute": minute,
        }),
        List::Occupancy => json!({
            "store_code": code, "occupancy_metric": row.first, "minute": minute,
        }),
    }
}
