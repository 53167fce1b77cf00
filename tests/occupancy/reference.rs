//! The replay command against recorded output of an independent implementation.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use occtop::commands::replay::replay;
use occtop::config::Config;
use occtop::model::Timestamp;

/// One row of output: people inside and the band.
type Row = (Timestamp, [f64; 3]);

fn read(set: &str, file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/occupancy/sets")
        .join(set)
        .join(format!("{file}.csv.gz"));
    let mut text = String::new();
    let mut unpacked = GzDecoder::new(std::fs::File::open(path).unwrap());
    unpacked.read_to_string(&mut text).unwrap();
    text
}

fn records(text: &str) -> Vec<csv::StringRecord> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.records().map(Result::unwrap).collect()
}

fn rows(text: &str) -> Vec<Row> {
    let number = |text: &str| text.parse::<f64>().unwrap();
    records(text)
        .iter()
        .map(|row| {
            (
                row[1].parse().unwrap(),
                [2, 3, 4].map(|field| number(&row[field])),
            )
        })
        .collect()
}

fn run(set: &str) -> Vec<Row> {
    let config = format!("[[store]]\nname = \"{set}-1\"\ntimezone = \"Europe/Athens\"\n");
    let config = Config::parse(&config, "replay.toml").unwrap().config;
    let mut out = Vec::new();
    let input = read(set, "readings");
    replay(
        input.as_bytes(),
        "readings.csv",
        Some(&config),
        None,
        &mut out,
    )
    .unwrap();
    rows(&String::from_utf8(out).unwrap())
}

/// Pairs each of our rows with the reference row of the same instant and order.
fn compare(set: &str) {
    let (ours, theirs) = (run(set), rows(&read(set, "reference")));
    let mut reference = theirs.iter().peekable();
    let mut skipped = 0;
    for (at, numbers) in &ours {
        // A batch that completes several cells gives one row, the reference one for each.
        while reference.next_if(|(other, _)| other < at).is_some() {
            skipped += 1;
        }
        let (other, expected) = reference.next().unwrap();
        assert_eq!(at, other, "{set}: a row too many");
        for (actual, expected) in numbers.iter().zip(expected) {
            assert!(
                (actual - expected).abs() <= 0.01,
                "{set} {at}: {actual}, {expected}"
            );
        }
    }
    assert!(skipped * 50 < theirs.len(), "{set}: {skipped} rows too few");
    assert_eq!(reference.next(), None, "{set}: the last rows are missing");
}

/// Root mean square error over the mean of the true number, over opening hours.
fn nrmse(set: &str) -> f64 {
    // The last row of an instant counts.
    let ours: BTreeMap<_, _> = run(set).into_iter().collect();
    let (mut squares, mut people, mut count) = (0.0, 0.0, 0.0);
    for row in records(&read(set, "truth")) {
        let truth: f64 = row[2].parse().unwrap();
        let at: Timestamp = row[1].parse().unwrap();
        let Some([n, low, high]) = ours.get(&at).filter(|_| &row[3] == "1") else {
            continue;
        };
        assert!(0.0 <= *low && low <= n && n <= high);
        squares += (n - truth).powi(2);
        people += truth;
        count += 1.0;
    }
    f64::sqrt(squares / count) / (people / count)
}

#[test]
fn biased_doors_follow_the_reference() {
    compare("biased");
    assert!((nrmse("biased") - 0.137).abs() < 0.002);
}

#[test]
fn dead_doors_follow_the_reference() {
    compare("dead");
    assert!((nrmse("dead") - 0.122).abs() < 0.002);
}

#[test]
fn late_and_corrected_rows_follow_the_reference() {
    compare("late");
    assert!((nrmse("late") - 0.117).abs() < 0.002);
}

#[test]
fn a_kiosk_follows_the_reference() {
    compare("kiosk");
    assert!((nrmse("kiosk") - 0.383).abs() < 0.002);
}
