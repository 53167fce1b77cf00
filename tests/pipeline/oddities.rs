//! What vendors are known to do now and then, and what must not change a single number.

use std::time::Duration;

use occtop::simulator::faults::{Fault, Link, Rule};
use occtop::simulator::vendor::Vendor::{self, Bespot, Mews, Navixy, Smartnow, Viametrics};
use serde_json::Value;

use crate::estate::*;

/// Noon in Stockholm, when every source has something to tell of today.
const NOON: &str = "2026-03-03T11:00:00Z";
/// So many stores have more people counts in a morning than one page takes.
const MANY: usize = 46;
/// By then every source has been asked for its overlap again.
const LATER: Duration = Duration::from_secs(9 * 60);

/// The rows of a source's devices and of the stores, without the name of a type nobody knows.
fn numbers(board: &Value, vendor: Vendor) -> Vec<Value> {
    let stores = board["stores"].as_array().unwrap();
    let rows = devices(board, vendor.source()).into_iter().chain(stores);
    let without_type = |row: &Value| {
        let mut row = row.clone();
        if let Some(row) = row.as_object_mut() {
            row.remove("type");
        }
        row
    };
    rows.map(without_type).collect()
}

fn is_well(board: &Value, vendor: Vendor, context: &str) {
    let row = source(board, vendor.source());
    assert_eq!(row["fetch"], "ok", "{context}: {row:#}");
    assert!(row["error"].is_null(), "{context}: {row:#}");
}

/// Polls a fresh estate with each fault in force and compares its numbers with those without.
async fn changes_nothing(stores: usize, faults: impl IntoIterator<Item = Rule>) {
    let good = Estate::with_stores(NOON, stores).await.poll().await;
    for rule in faults {
        let (context, vendor) = (format!("{rule:?}"), rule.vendor());
        let estate = Estate::with_stores(NOON, stores).await;
        estate.simulators.faults().add(rule);
        let board = estate.poll().await;
        is_well(&board, vendor, &context);
        assert_eq!(numbers(&board, vendor), numbers(&good, vendor), "{context}");
    }
}

#[tokio::test]
async fn other_shapes_and_cut_lists_change_no_number() {
    let faults = [
        Rule::new(Bespot, Fault::OtherShape),
        Rule::new(Bespot, Fault::NumericStrings),
        Rule::new(Viametrics, Fault::OtherShape),
        Rule::new(Viametrics, Fault::NumericStrings),
        Rule::new(Navixy, Fault::NumericStrings),
        Rule::new(Mews, Fault::OtherShape),
        Rule::new(Smartnow, Fault::Cut(30)),
        Rule::new(Smartnow, Fault::OtherShape),
    ];
    changes_nothing(4, faults).await;
}

#[tokio::test]
async fn odd_pages_change_no_number() {
    let faults = [
        Rule::new(Bespot, Fault::RepeatedRows),
        Rule::new(Bespot, Fault::GrowingCount),
        Rule::new(Bespot, Fault::NextLink(Link::OtherHost)),
        Rule::new(Bespot, Fault::NextLink(Link::Relative)),
        // The page, and what is tried in its place.
        Rule::new(Bespot, Fault::ShrunkResult)
            .on("/visits/")
            .times(2),
    ];
    changes_nothing(MANY, faults).await;
}

/// What is missing or other for a while is there when the vendor has it again.
#[tokio::test]
async fn what_was_missing_is_read_when_it_is_there() {
    let smooth = Estate::with_stores(NOON, 4).await;
    smooth.poll().await;
    smooth.hand.advance(LATER);
    let good = smooth.poll().await;
    for (vendor, fault) in [
        (Bespot, Fault::EmptyList),
        (Viametrics, Fault::EmptyList),
        (Viametrics, Fault::Late { by_s: 2 * 3600 }),
        (Mews, Fault::EmptyList),
        (Smartnow, Fault::Gap),
        (Smartnow, Fault::EmptyList),
    ] {
        let context = format!("{vendor:?} {fault:?}");
        let estate = Estate::with_stores(NOON, 4).await;
        estate.simulators.faults().set(vendor, fault);
        estate.poll().await;
        estate.simulators.faults().clear(vendor);
        estate.hand.advance(LATER);
        let board = estate.poll().await;
        is_well(&board, vendor, &context);
        assert_eq!(numbers(&board, vendor), numbers(&good, vendor), "{context}");
    }
}
