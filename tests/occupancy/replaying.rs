//! The replay command: batches, fixed times, and mistakes in its input.

use std::time::Duration;

use occtop::commands::replay::{Args, replay, run};
use occtop::commands::{Globals, UsageError};
use occtop::config::Config;

const HEADER: &str = "store,door,start,span_s,in,out,delivered\n";

fn output(rows: &str, at_every: Option<Duration>) -> Vec<String> {
    let mut out = Vec::new();
    replay(rows.as_bytes(), "rows.csv", None, at_every, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let mut lines = text.lines().map(str::to_owned);
    let header = lines.next().unwrap();
    assert_eq!(header, "store,at,occupancy,low,high,raw,quality");
    lines.collect()
}

fn mistake(rows: &str) -> String {
    let mut out = Vec::new();
    let error = replay(rows.as_bytes(), "rows.csv", None, None, &mut out).unwrap_err();
    assert!(
        out.is_empty(),
        "nothing is printed of a file with a mistake"
    );
    error.downcast_ref::<UsageError>().unwrap().0.clone()
}

/// The columns `at`, `raw` and `quality`.
fn brief(lines: &[String]) -> Vec<String> {
    let column = |line: &String, index: usize| line.split(',').nth(index).unwrap().to_owned();
    let brief = |line| [1, 5, 6].map(|index| column(line, index)).join(" ");
    lines.iter().map(brief).collect()
}

#[test]
fn a_file_without_rows_gives_a_header() {
    assert_eq!(output(HEADER, None), Vec::<String>::new());
}

#[test]
fn one_row_for_each_batch_that_could_change_the_number() {
    let rows = [
        HEADER,
        // The first door waits for the second.
        "Ermou,north,2026-03-02T08:00:00Z,900,12,9,2026-03-02T08:17:00Z\n",
        "Ermou,south,2026-03-02T08:00:00Z,900,3,4,2026-03-02T08:18:10Z\n",
        // Both doors and another store in one batch.
        "Ermou,north,2026-03-02T08:15:00Z,900,5,5,2026-03-02T08:32:00Z\n",
        "Stoa,east,2026-03-02T08:15:00Z,900,1,0,2026-03-02T08:32:00Z\n",
        "Ermou,south,2026-03-02T08:15:00Z,900,1,0,2026-03-02T08:32:00Z\n",
        // A correction, and the same again.
        "Ermou,south,2026-03-02T08:00:00Z,900,6,4,2026-03-02T08:40:00Z\n",
        "Ermou,south,2026-03-02T08:00:00Z,900,6,4,2026-03-02T08:41:00Z\n",
    ];
    let lines = output(&rows.concat(), None);
    assert_eq!(
        brief(&lines),
        [
            "2026-03-02T08:15:00Z 2 ",
            "2026-03-02T08:30:00Z 3 ",
            "2026-03-02T08:30:00Z 1 ",
            "2026-03-02T08:30:00Z 6 revised",
            "2026-03-02T08:30:00Z 6 revised",
        ]
    );
    assert!(lines[1].starts_with("Ermou,") && lines[2].starts_with("Stoa,"));
}

#[test]
fn delivered_defaults_to_the_end_of_the_interval() {
    let rows = "door,store,out,in,span_s,start\n\
        north,Ermou,0,4,900,2026-03-02T08:00:00Z\n\
        south,Ermou,1,2,900,2026-03-02T10:00:00+02:00\n\
        north,Ermou,0,1,900,2026-03-02T08:15:00Z\n\
        south,Ermou,0,1,900,2026-03-02T08:15:00Z\n";
    let lines = output(rows, None);
    assert_eq!(
        brief(&lines),
        ["2026-03-02T08:15:00Z 5 ", "2026-03-02T08:30:00Z 7 "]
    );
}

#[test]
fn minutes_move_the_number_within_a_cell() {
    let rows: Vec<_> = (0..16)
        .map(|minute| format!("Ermou,north,2026-03-02T08:{minute:02}:00Z,60,1,0,\n"))
        .collect();
    let rows = rows.concat();
    let lines = output(&format!("{HEADER}{rows}"), None);
    assert_eq!(lines.len(), 16);
    let brief = brief(&lines);
    assert_eq!(brief[0], "2026-03-02T08:01:00Z 1 provisional");
    assert_eq!(brief[14], "2026-03-02T08:15:00Z 15 ");
    assert_eq!(brief[15], "2026-03-02T08:16:00Z 16 provisional");
}

#[test]
fn fixed_times_show_what_was_known_by_then() {
    let rows = [
        HEADER,
        "Ermou,north,2026-03-02T08:00:00Z,900,4,0,2026-03-02T08:17:00Z\n",
        "Ermou,north,2026-03-02T08:15:00Z,900,3,0,2026-03-02T08:35:00Z\n",
        "Ermou,north,2026-03-02T08:30:00Z,900,2,0,2026-03-02T08:47:00Z\n",
    ];
    let every = |minutes: u64| output(&rows.concat(), Some(Duration::from_secs(minutes * 60)));
    assert_eq!(
        brief(&every(10)),
        [
            "2026-03-02T08:20:00Z 4 ",
            "2026-03-02T08:30:00Z 4 ",
            "2026-03-02T08:40:00Z 7 ",
            "2026-03-02T08:50:00Z 9 ",
        ]
    );
    assert_eq!(
        brief(&every(35)),
        ["2026-03-02T08:25:00Z 4 ", "2026-03-02T09:00:00Z 9 "]
    );
}

#[test]
fn a_configured_store_has_its_zone_and_reset() {
    let config = "[[store]]\nname = \"Ermou\"\ntimezone = \"Europe/Athens\"\nreset = \"06:00\"\n";
    let config = Config::parse(config, "occtop.toml").unwrap().config;
    let rows = [
        HEADER,
        "Ermou,north,2026-03-02T03:45:00Z,900,7,0,\n",
        "Ermou,north,2026-03-02T04:00:00Z,900,1,0,\n",
        "Other,north,2026-03-02T03:45:00Z,900,7,0,\n",
        "Other,north,2026-03-02T04:00:00Z,900,1,0,\n",
    ];
    let mut out = Vec::new();
    replay(
        rows.concat().as_bytes(),
        "rows.csv",
        Some(&config),
        None,
        &mut out,
    )
    .unwrap();
    let lines: Vec<_> = String::from_utf8(out)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect();
    assert_eq!(
        brief(&lines[1..]),
        [
            "2026-03-02T06:00:00+02:00 7 ",
            "2026-03-02T06:15:00+02:00 1 reset_unconfirmed",
            "2026-03-02T04:00:00Z 7 ",
            "2026-03-02T04:15:00Z 1 reset_unconfirmed",
        ]
    );
}

#[test]
fn a_mistake_names_line_column_and_fix() {
    let row = |row: &str| {
        mistake(&format!(
            "{HEADER}S,d,2026-03-02T08:00:00Z,900,1,1,\n{row}\n"
        ))
    };
    for (line, column, word) in [
        ("S,d,yesterday,900,1,1,", "start", "RFC 3339"),
        ("S,d,2026-03-02T08:15:00,900,1,1,", "start", "offset"),
        (
            "S,d,2026-03-02T08:15:00Z,0,1,1,",
            "span_s",
            "between 1 and 86400",
        ),
        (
            "S,d,2026-03-02T08:15:00Z,15m,1,1,",
            "span_s",
            "whole number",
        ),
        ("S,d,2026-03-02T08:15:00Z,900,-1,1,", "in", "whole number"),
        ("S,d,2026-03-02T08:15:00Z,900,1,1.5,", "out", "whole number"),
        (
            "S,d,2026-03-02T08:15:00Z,900,1,1,noon",
            "delivered",
            "RFC 3339",
        ),
        (
            "S,d,2026-03-02T08:15:00Z,900,1,1,2026-03-02T08:14:00Z",
            "delivered",
            "before start",
        ),
        (",d,2026-03-02T08:15:00Z,900,1,1,", "store", "empty"),
        ("S,,2026-03-02T08:15:00Z,900,1,1,", "door", "empty"),
        ("S,d,2026-03-02T08:15:00Z,900", "in", "empty"),
    ] {
        let message = row(line);
        let place = format!("rows.csv, line 3, column {column}: ");
        assert!(message.starts_with(&place), "{line}: {message}");
        assert!(message.contains(word), "{line}: {message}");
    }
    let message = mistake("store,door,start,in,out\n");
    assert!(
        message.starts_with("rows.csv, line 1: column span_s is missing"),
        "{message}"
    );
    assert!(mistake("").contains("column store is missing"));
}

#[test]
fn a_file_that_cannot_be_read_is_a_usage_error() {
    let args = Args {
        file: Some("no/such/file.csv".into()),
        from: None,
        to: None,
        speed: None,
        at_every: None,
    };
    let error = run(&args, &Globals::default(), &mut Vec::new()).unwrap_err();
    let message = &error.downcast_ref::<UsageError>().unwrap().0;
    assert!(
        message.starts_with("cannot read no/such/file.csv: "),
        "{message}"
    );
}

#[test]
fn bytes_that_are_no_text_are_told_by_line() {
    let mut rows = format!("{HEADER}S,d,2026-03-02T08:00:00Z,900,1,1,\nS").into_bytes();
    rows.extend(b"\xff,d,2026-03-02T08:15:00Z,900,1,1,\n");
    let error = replay(&rows[..], "rows.csv", None, None, &mut Vec::new()).unwrap_err();
    let message = &error.downcast_ref::<UsageError>().unwrap().0;
    assert!(
        message.contains("line 3") && message.contains("UTF-8"),
        "{message}"
    );
}
