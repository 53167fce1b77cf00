//! Readings and true numbers from files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use occtop::model::Timestamp;
use occtop::model::occupancy::Visit;
use occtop::model::reading::Flow;

use super::Result;
use super::run::Row;

/// Readings by store, in file order.
pub fn by_store(path: &str) -> Result<BTreeMap<String, Vec<Row>>> {
    let mut stores: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    let mut table = csv::Reader::from_reader(open(path)?);
    for record in table.records() {
        let record = record?;
        let start: Timestamp = record[2].parse()?;
        let span_s: u32 = record[3].parse()?;
        let delivered = match record.get(6) {
            Some(text) => text.parse()?,
            None => start + chrono::TimeDelta::seconds(i64::from(span_s)),
        };
        let flow = Flow {
            entered: record[4].parse()?,
            left: record[5].parse()?,
        };
        stores.entry(record[0].to_owned()).or_default().push(Row {
            door: record[1].to_owned(),
            visit: Visit {
                start,
                span_s,
                flow,
            },
            delivered,
        });
    }
    Ok(stores)
}

/// The true number at the instants at which the store is open.
pub fn truths(path: &str, store: &str) -> Result<Vec<(Timestamp, f64)>> {
    let mut truth = Vec::new();
    let mut table = csv::Reader::from_reader(open(path)?);
    for record in table.records() {
        let record = record?;
        if &record[0] == store && &record[3] == "1" {
            truth.push((record[1].parse()?, record[2].parse()?));
        }
    }
    Ok(truth)
}

fn open(path: &str) -> Result<Box<dyn Read>> {
    let file = File::open(path).map_err(|fault| format!("{path}: {fault}"))?;
    let packed = Path::new(path).extension().is_some_and(|end| end == "gz");
    Ok(if packed {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    })
}
