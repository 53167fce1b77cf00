//! `occtop export`, while a monitor holds the history.

use std::io::{self, Write};
use std::sync::Arc;

use clap::Parser;
use occtop::commands::UsageError;
use occtop::commands::export::{Args, write};
use occtop::config::Config;
use occtop::history::History;
use occtop::model::incidents::{
    About, Acknowledged, Cause, Changes, Event, FeedName, Incident, Severity, What,
};
use occtop::model::reading::{Currency, Level, Measure, Reading, Value};

use crate::building::*;

const CONFIG: &str = r#"
[display]
timezone = "UTC"

[[store]]
name = "Ermou, Athens"
timezone = "Europe/Athens"
members = ["opap/0041", "hotel/x"]

[[store]]
name = "Depot"
timezone = "Europe/Athens"
members = ["fleet/*"]

[[source]]
name = "opap"
vendor = "bespot"
url = "https://example.com/api"
username = "u"
password = "p"

[[source]]
name = "hotel"
vendor = "mews"
url = "https://example.com"
client_token = "c"
access_token = "a"

[[source]]
name = "fleet"
vendor = "navixy"
url = "https://example.com"
api_key = "k"
"#;

#[derive(Parser)]
struct Cli {
    #[command(flatten)]
    export: Args,
}

/// A history with something of everything, still open.
async fn filled(dir: &tempfile::TempDir) -> History {
    let history = in_dir(dir).await;
    let sale = |item, price| Reading {
        device: device("coffee/80"),
        start: minute(3),
        span_s: 0,
        item,
        measure: Measure::Sale {
            price,
            currency: Currency::parse("EUR").unwrap(),
        },
    };
    let batch = vec![
        flow("opap/0041", minute(0), 8, 4),
        flow("opap/0042", minute(0), 1, 1),
        level("opap/0041", minute(0), Level::Occupancy, Value::Int(-2)),
        level(
            "fleet/11",
            minute(1),
            Level::Odometer,
            Value::Real(20854.42),
        ),
        level(
            "fleet/11",
            minute(1),
            Level::EngineHours,
            Value::Real(613.0),
        ),
        level("fleet/11", minute(1), Level::OnBoard, Value::Int(17)),
        level(
            "hotel/x",
            minute(2),
            Level::CounterValue,
            Value::Int(i64::MAX),
        ),
        sale(1, Some(120)),
        sale(2, None),
    ];
    history.record(delivery(minute(4), batch)).await.unwrap();
    let corrected = vec![flow("opap/0041", minute(0), 9, 4)];
    history
        .record(delivery(minute(5), corrected))
        .await
        .unwrap();
    history
}

fn export_to(out: &mut dyn Write, dir: &tempfile::TempDir, args: &str) -> color_eyre::Result<()> {
    let args = Cli::parse_from(["export"].into_iter().chain(args.split_whitespace())).export;
    let config = Config::parse(CONFIG, "config.toml").unwrap().config;
    write(&args, &config, &path(dir), out)
}

fn export(dir: &tempfile::TempDir, args: &str) -> String {
    let mut out = Vec::new();
    export_to(&mut out, dir, args).unwrap();
    String::from_utf8(out).unwrap()
}

#[tokio::test]
async fn what_was_replaced_has_a_row_with_the_old_and_the_new_value() {
    let dir = tempfile::tempdir().unwrap();
    let _monitor = filled(&dir).await;
    assert_eq!(
        export(&dir, "--revisions"),
        "store,source,device,quantity,start,span_s,old_value,value,unit,revised_at,old_since\n\
         \"Ermou, Athens\",opap,opap/0041,in,2026-03-02T08:00:00Z,60,8,9,people,\
         2026-03-02T08:05:00Z,2026-03-02T08:04:00Z\n"
    );
    let other = export(&dir, "--revisions --device fleet/*");
    assert_eq!(other.lines().count(), 1);
}

#[tokio::test]
async fn incidents_and_notes_are_exported_with_their_ends() {
    let dir = tempfile::tempdir().unwrap();
    let history = filled(&dir).await;
    let incident = Incident {
        cause: Cause::Pipeline,
        about: About::Source("opap".into()),
        severity: Severity::Critical,
        sources: vec!["opap".into()],
        feeds: vec![FeedName {
            id: device("opap/0041"),
            name: "North".to_owned(),
            store: Some("Ermou, Athens".into()),
        }],
        count: 1,
        times: 2,
        detail: String::new(),
        acknowledged: Some(Acknowledged {
            at: minute(12),
            who: "local operator".to_owned(),
        }),
    };
    let event = |id, start, end, what| {
        Arc::new(Event {
            id,
            start,
            end,
            what,
        })
    };
    let changes = Changes {
        written: vec![
            event(1, minute(8), Some(minute(9)), What::Gap),
            event(2, minute(5), None, What::Incident(incident)),
        ],
        gone: Vec::new(),
    };
    history.write_events(Arc::new(changes)).await.unwrap();
    let header = "start,end,kind,cause,about,severity,times,detail,acknowledged\n";
    let silent = "2026-03-02T08:05:00Z,,incident,the vendor publishes late,opap,critical,2,\
                  \"opap: nothing new from one device; the vendor publishes late, or the device\",\
                  2026-03-02T08:12:00Z\n";
    let gap = "2026-03-02T08:08:00Z,2026-03-02T08:09:00Z,not_running,,,,,\
               occtop was not running,\n";
    assert_eq!(export(&dir, "--events"), format!("{header}{silent}{gap}"));
    let later = export(&dir, "--events --from 2026-03-02T08:08:00Z");
    assert_eq!(later, format!("{header}{gap}"));
    let earlier = export(
        &dir,
        "--events --to 2026-03-02T08:08:00Z --device opap/0041",
    );
    assert_eq!(earlier, format!("{header}{silent}"));
    let json = export(&dir, "--events --format jsonl --to 2026-03-02T08:08:00Z");
    let line: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&line["end"], &line["times"]),
        (&serde_json::Value::Null, &2.into())
    );
}

const HEADER: &str = "store,source,device,quantity,start,span_s,value,unit,revised_at\n";

#[tokio::test]
async fn every_kind_of_reading_has_its_rows() {
    let dir = tempfile::tempdir().unwrap();
    let _monitor = filled(&dir).await;
    let expected = "\
\"Ermou, Athens\",opap,opap/0041,in,2026-03-02T08:00:00Z,60,9,people,2026-03-02T08:05:00Z
\"Ermou, Athens\",opap,opap/0041,out,2026-03-02T08:00:00Z,60,4,people,2026-03-02T08:05:00Z
\"Ermou, Athens\",opap,opap/0041,occupancy,2026-03-02T08:00:00Z,0,-2,people,
,opap,opap/0042,in,2026-03-02T08:00:00Z,60,1,people,
,opap,opap/0042,out,2026-03-02T08:00:00Z,60,1,people,
Depot,fleet,fleet/11,on_board,2026-03-02T08:01:00Z,0,17,people,
Depot,fleet,fleet/11,odometer_km,2026-03-02T08:01:00Z,0,20854.42,km,
Depot,fleet,fleet/11,engine_hours,2026-03-02T08:01:00Z,0,613.0,h,
\"Ermou, Athens\",hotel,hotel/x,value,2026-03-02T08:02:00Z,0,9223372036854775807,count,
,coffee,coffee/80,sale,2026-03-02T08:03:00Z,0,120,EUR,
,coffee,coffee/80,sale,2026-03-02T08:03:00Z,0,,EUR,
";
    assert_eq!(export(&dir, ""), format!("{HEADER}{expected}"));
}

#[tokio::test]
async fn json_lines_carry_the_same_columns() {
    let dir = tempfile::tempdir().unwrap();
    let _monitor = filled(&dir).await;
    let lines = export(&dir, "--format jsonl");
    assert_eq!(lines.lines().count(), 11);
    let first = r#"{"store":"Ermou, Athens","source":"opap","device":"opap/0041","quantity":"in","start":"2026-03-02T08:00:00Z","span_s":60,"value":9,"unit":"people","revised_at":"2026-03-02T08:05:00Z"}"#;
    assert_eq!(lines.lines().next(), Some(first));
    let last = r#"{"store":null,"source":"coffee","device":"coffee/80","quantity":"sale","start":"2026-03-02T08:03:00Z","span_s":0,"value":null,"unit":"EUR","revised_at":null}"#;
    assert_eq!(lines.lines().last(), Some(last));
}

#[tokio::test]
async fn stores_devices_and_ranges_narrow_the_export() {
    let dir = tempfile::tempdir().unwrap();
    let _monitor = filled(&dir).await;
    // The day of the store begins two hours earlier than that of UTC.
    for (args, rows) in [
        ("--device fleet/11", 3),
        ("--device fleet/*", 3),
        ("--device fleet/11 --device hotel/x", 4),
        ("--store Depot", 3),
        ("--store Depot --device hotel/x", 0),
        ("--from 2026-03-02T08:02:00Z", 3),
        ("--from 2026-03-02T10:02:00+02:00", 3),
        ("--to 2026-03-02T08:02:00Z", 8),
        ("--from 2026-03-02 --to 2026-03-03", 11),
        ("--from 2026-03-03", 0),
    ] {
        assert_eq!(export(&dir, args).lines().count() - 1, rows, "{args}");
    }
    assert_eq!(export(&dir, "--from 2026-03-03"), HEADER);
}

#[tokio::test]
async fn a_day_begins_at_the_stores_midnight() {
    let dir = tempfile::tempdir().unwrap();
    let history = in_dir(&dir).await;
    let batch = vec![
        level(
            "fleet/11",
            at("2026-03-01T21:59:59Z"),
            Level::Odometer,
            Value::Int(1),
        ),
        level(
            "fleet/11",
            at("2026-03-01T22:00:00Z"),
            Level::Odometer,
            Value::Int(2),
        ),
        level(
            "fleet/11",
            at("2026-03-02T00:00:00Z"),
            Level::Odometer,
            Value::Int(3),
        ),
    ];
    history.record(delivery(minute(0), batch)).await.unwrap();
    let rows = |args: &str| export(&dir, args).lines().count() - 1;
    assert_eq!(rows("--from 2026-03-02 --store Depot"), 2);
    assert_eq!(rows("--to 2026-03-02 --store Depot"), 1);
    assert_eq!(rows("--from 2026-03-02"), 1);
}

#[tokio::test]
async fn mistakes_are_told_in_one_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let monitor = filled(&dir).await;
    let fails = |args: &str| {
        let mut out = Vec::new();
        let report = export_to(&mut out, &dir, args).unwrap_err();
        assert!(out.is_empty());
        report
            .downcast_ref::<UsageError>()
            .unwrap_or_else(|| panic!("{report:?}"))
            .to_string()
    };
    let text = fails("--store Nowhere");
    assert!(
        text.contains("Nowhere") && text.contains("Ermou, Athens, Depot"),
        "{text}"
    );
    for unknown in ["fleet/12", "12", "nothing/*"] {
        let text = fails(&format!("--device {unknown}"));
        assert!(text.contains(unknown), "{text}");
    }
    monitor.close().await.unwrap();
    std::fs::remove_file(path(&dir)).unwrap();
    let text = fails("");
    assert!(text.contains("history.db"), "{text}");
    for wrong in ["yesterday", "2026-03-02T08:00:00", "2026-02-30"] {
        let parsed = Cli::try_parse_from(["export", "--from", wrong]);
        assert!(parsed.is_err(), "{wrong}");
    }
}

/// A reader that has seen enough.
struct Closed;

impl Write for Closed {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_closed_pipe_is_told_as_such() {
    let dir = tempfile::tempdir().unwrap();
    let _monitor = filled(&dir).await;
    for format in ["csv", "jsonl"] {
        let args = format!("--format {format}");
        let report = export_to(&mut Closed, &dir, &args).unwrap_err();
        let closed = report.chain().any(|cause| {
            let error = cause.downcast_ref::<io::Error>();
            error.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
        });
        assert!(closed, "{format}: {report:?}");
    }
}
