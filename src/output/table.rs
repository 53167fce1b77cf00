//! The board as a plain table for a terminal or a mail.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::snapshot::{Device, Numbers, Snapshot, Source, Store};
use crate::model::Timestamp;

/// Writes a snapshot as aligned text: stores, then devices that no store shows, then sources.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(snapshot: &Snapshot, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    let stores: Vec<_> = snapshot.stores.iter().map(|row| store(row, now)).collect();
    let columns = [
        "STORE", "INSIDE", "BAND", "FULL", "IN", "OUT", "AGE", "STATE",
    ];
    section(out, &columns, &stores)?;
    let devices: Vec<_> = snapshot
        .devices
        .iter()
        .map(|row| device(row, now))
        .collect();
    section(out, &["DEVICE", "STORE", "NUMBERS", "AGE"], &devices)?;
    let sources: Vec<_> = snapshot.sources.iter().map(source).collect();
    section(out, &["SOURCE", "FETCH", "DATA", "ERROR"], &sources)
}

fn store(row: &Store, now: Timestamp) -> Vec<String> {
    let count = |count: Option<u64>| count.map_or_else(unknown, |count| count.to_string());
    let inside = &row.occupancy;
    let band = inside.low.zip(inside.high);
    vec![
        row.name.clone(),
        count(inside.shown.map(u64::from)),
        band.map_or_else(unknown, |(low, high)| format!("{low}-{high}")),
        inside.ratio.map_or_else(unknown, percent),
        count(row.today.entered),
        count(row.today.left),
        inside.as_of.map_or_else(unknown, |at| age(at.0, now)),
        state(row),
    ]
}

/// How far the numbers reach, and everything that takes trust from them.
fn state(row: &Store) -> String {
    let band = Some(row.occupancy.band).filter(|band| matches!(*band, "near" | "over"));
    let words = std::iter::once(row.data.word()).chain(band);
    let words: Vec<_> = words.chain(row.occupancy.quality.iter().copied()).collect();
    words.join(", ")
}

fn percent(ratio: f64) -> String {
    format!("{:.0} %", ratio * 100.0)
}

fn device(row: &Device, now: Timestamp) -> Vec<String> {
    vec![
        row.id.clone(),
        row.store.clone().unwrap_or_default(),
        numbers(&row.numbers),
        row.as_of.map_or_else(unknown, |at| age(at.0, now)),
    ]
}

fn numbers(numbers: &Numbers) -> String {
    let said = match numbers {
        Numbers::Counter {
            in_today,
            out_today,
            occupancy,
        } => vec![
            in_today.map(|n| format!("in {n}")),
            out_today.map(|n| format!("out {n}")),
            occupancy.map(|n| format!("inside {n}")),
        ],
        Numbers::Tracker {
            odometer_km,
            distance_today_km,
            on_board,
            movement,
            blocked,
            ..
        } => vec![
            odometer_km.map(|km| format!("{km:.1} km")),
            distance_today_km.map(|km| format!("today {km:.1} km")),
            on_board.map(|n| format!("on board {n}")),
            movement.clone(),
            blocked.then(|| "blocked".to_owned()),
        ],
        Numbers::Document {
            counter_type,
            formatted,
            growth_today,
            ..
        } => vec![
            Some(counter_type.clone()),
            formatted.clone(),
            growth_today.map(|n| format!("today +{n}")),
        ],
        Numbers::Machine {
            sales_today,
            silent,
            offline,
            ..
        } => vec![
            sales_today.map(|n| format!("sold {n} today")),
            silent.filter(|silent| *silent).map(|_| "silent".to_owned()),
            offline.then(|| "offline".to_owned()),
        ],
    };
    let said: Vec<_> = said.into_iter().flatten().collect();
    if said.is_empty() {
        unknown()
    } else {
        said.join(", ")
    }
}

fn source(row: &Source) -> Vec<String> {
    vec![
        row.name.clone(),
        row.fetch.word().to_owned(),
        row.data.word().to_owned(),
        row.error
            .as_ref()
            .map(|error| error.message.clone())
            .unwrap_or_default(),
    ]
}

fn unknown() -> String {
    "--".to_owned()
}

/// An age in its largest whole unit.
fn age(at: Timestamp, now: Timestamp) -> String {
    let minutes = (now - at).num_minutes().max(0);
    match minutes {
        0..=119 => format!("{minutes} min"),
        120..=2879 => format!("{} h", minutes / 60),
        _ => format!("{} d", minutes / 1440),
    }
}

fn section(out: &mut dyn Write, header: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let widths: Vec<_> = (0..header.len())
        .map(|column| {
            let cells = rows.iter().map(|row| row[column].width());
            cells.chain([header[column].width()]).max().unwrap_or(0)
        })
        .collect();
    let header: Vec<_> = header.iter().map(ToString::to_string).collect();
    for row in std::iter::once(&header).chain(rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - cell.width() + 2));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    writeln!(out)
}
