//! Mistakes in how the program is called, and the commands that need no vendor.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::program::{Estate, Place, finish, program, wait};

#[test]
fn mistakes_of_the_caller_end_with_2_and_say_what_to_do() {
    let place = Place::new("[display]\ntheme = \"dark\"\n");
    let missing = place.path("missing.toml");
    let missing = missing.to_str().unwrap();
    for (args, words) in [
        (&["poll", "--source", "nobody"][..], "nobody"),
        (&["poll", "--format", "xml"], "table, json, csv"),
        (&["--config", missing, "poll"], "missing.toml"),
        (&["--config", missing, "check"], "init"),
        (&["plol"], "poll"),
        (&["replay"], "FILE"),
        (&["replay", missing], "missing.toml"),
        (&["replay", missing, "--speed", "5"], "cannot be used with"),
        (
            &["replay", missing, "--to", "2026-03-02"],
            "cannot be used with",
        ),
        (&["replay", "--from", "yesterday"], "2026-03-02"),
        (&["replay", "--from", "2026-03-02"], "no history at"),
        (&["replay", "--to", "2026-03-02"], "--from"),
        (&["backup", "copy.db"], "no history at"),
        (&["export", "--format", "xml"], "csv"),
        (&["backup"], "FILE"),
        (&["simulate", "--speed", "0"], "0.1 to 3600"),
        (&["simulate", "--listen", "somewhere"], "somewhere"),
        (&["completions", "basic"], "bash"),
        (
            &["poll", "--log", "/nowhere/at/all.log"],
            "/nowhere/at/all.log",
        ),
    ] {
        let mut command = program(place.folder.path());
        if !args.contains(&"--config") {
            command.arg("--config").arg(place.config());
        }
        let ran = finish(command.args(args)).exits(2);
        assert!(
            ran.err.contains(words),
            "{args:?}: no {words} in\n{}",
            ran.err
        );
        assert_eq!(ran.out, "", "{args:?}");
    }
}

#[test]
fn all_mistakes_in_a_configuration_are_told_at_once_with_their_places() {
    let place = Place::new(concat!(
        "[display]\ntheem = \"dark\"\n\n",
        "[[source]]\nname = \"opap\"\nvendor = \"bespott\"\nurl = \"http://example.org\"\n\n",
        "[[store]]\nname = \"Ermou\"\ncapacity = -3\n",
    ));
    for command in ["poll", "check", "export"] {
        let ran = place.run(&[command]).exits(2);
        assert_eq!(ran.out, "");
        for words in [
            "config.toml:2:1",
            "theem",
            "theme",
            "config.toml:6:",
            "bespott",
            "bespot",
            "config.toml:11:",
            "capacity",
        ] {
            assert!(
                ran.err.contains(words),
                "{command}: no {words} in\n{}",
                ran.err
            );
        }
    }
}

#[test]
fn help_versions_completions_and_the_manual_are_results() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| finish(program(folder.path()).args(args)).exits(0);
    for (args, words) in [
        (&["--help"][..], "simulate"),
        (&["poll", "--help"], "--source"),
        (&["--version"], "occtop 0"),
        (&["man"], ".TH"),
        (&["man"], "\\-\\-at\\-every"),
        (&["man"], "EXIT STATUS"),
        (&["completions", "bash"], "_occtop"),
        (&["completions", "zsh"], "#compdef occtop"),
        (&["completions", "fish"], "complete -c occtop"),
        (&["completions", "powershell"], "occtop"),
        (&["completions", "elvish"], "occtop"),
        (&["init", "--print"], "[[source]]"),
    ] {
        let ran = run(args);
        assert!(
            ran.out.contains(words),
            "{args:?}: no {words} in\n{}",
            ran.out
        );
        assert_eq!(ran.err, "", "{args:?}");
        assert!(!ran.out.contains('\u{1b}'), "{args:?}");
    }
}

#[test]
fn init_writes_where_the_program_looks_and_only_once() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let mut command = program(folder.path());
        finish(command.env("XDG_CONFIG_HOME", folder.path()).args(args))
    };
    let ran = run(&["init"]).exits(0);
    assert!(ran.out.contains("occtop check"), "{ran:#?}");
    let again = run(&["init"]).exits(2);
    assert!(again.err.contains("exists"), "{again:#?}");
    run(&["check", "--offline"]).exits(0);
    let ran = run(&["check"]).exits(0);
    assert!(ran.out.contains("no source is switched on"), "{ran:#?}");
}

#[test]
fn the_monitor_needs_a_terminal() {
    let place = Place::new("[history]\npath = \":memory:\"\n");
    for args in [&[][..], &["demo"]] {
        let ran = place.run(args).exits(2);
        assert!(ran.err.contains("terminal"), "{ran:#?}");
        assert_eq!(ran.out, "");
    }
}

#[test]
fn replay_reads_csv_and_names_the_line_that_is_wrong() {
    let place = Place::new("");
    let file = place.path("readings.csv");
    let path = file.to_str().unwrap().to_owned();
    let header = "store,door,start,span_s,in,out";
    for (rows, words) in [
        ("", "begin the file with store,door"),
        ("store,door,start\n", "span_s"),
        (
            &format!("{header}\nErmou,1,yesterday,900,1,0\n"),
            "yesterday",
        ),
        (
            &format!("{header}\nErmou,1,2026-03-02T08:00:00Z,900,-1,0\n"),
            "-1",
        ),
        (
            &format!("{header}\nErmou,1,2026-03-02T08:00:00Z,0,1,0\n"),
            "span_s",
        ),
        (
            &format!("{header}\nErmou,1,2026-03-02T08:00:00Z,900\n"),
            "2",
        ),
    ] {
        std::fs::write(&file, rows).unwrap();
        let ran = place.run(&["replay", &path]).exits(2);
        assert!(ran.err.contains("readings.csv"), "{rows:?}: {}", ran.err);
        assert!(
            ran.err.contains(words),
            "{rows:?}: no {words} in {}",
            ran.err
        );
    }
    let rows = format!("{header}\nErmou,1,2026-03-02T08:00:00Z,900,5,2\n");
    std::fs::write(&file, rows).unwrap();
    let ran = finish(program(place.folder.path()).args(["replay", &path])).exits(0);
    let mut lines = ran.out.lines();
    assert_eq!(
        lines.next(),
        Some("store,at,occupancy,low,high,raw,quality")
    );
    let row = lines.next().unwrap();
    assert!(row.starts_with("Ermou,2026-03-02T08:15:00Z,"), "{row}");
    assert_eq!(row.split(',').nth(5), Some("3"), "{row}");
}

/// `occtop … | head -1` is no failure and leaves no words behind.
#[test]
fn a_reader_that_has_had_enough_is_no_failure() {
    let estate = Estate::open();
    let rows: Vec<_> = (0..5_000)
        .map(|n| format!("Ermou,{n},2026-03-02T08:00:00Z,900,5,2\n"))
        .collect();
    let rows = rows.concat();
    let file = estate.place.path("readings.csv");
    std::fs::write(&file, format!("store,door,start,span_s,in,out\n{rows}")).unwrap();
    estate.place.run(&["poll"]).exits(0);
    for args in [
        &["poll", "--format", "json"][..],
        &["poll", "--format", "csv"],
        &["poll", "--format", "table"],
        &["export"],
        &["export", "--format", "jsonl"],
        &["check", "--offline"],
        &["replay", file.to_str().unwrap(), "--at-every", "1s"],
        &["man"],
        &["completions", "bash"],
        &["init", "--print"],
        &["--help"],
    ] {
        let mut command = estate.place.command(args);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // The reader goes before the first byte is written or in the middle of it.
        drop(child.stdout.take());
        let output = wait(child);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{args:?}: {said}");
        assert_eq!(said, "", "{args:?}");
    }
    let mut child = estate
        .place
        .command(&["export"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    drop(out);
    assert_eq!(wait(child).status.code(), Some(0));
}

/// No form of the output has colours where they are not wanted, whatever the terminal is called.
#[test]
fn plain_output_stays_plain() {
    let estate = Estate::open();
    for (name, value) in [
        ("NO_COLOR", "1"),
        ("TERM", "dumb"),
        ("TERM", "xterm-256color"),
    ] {
        for args in [
            &["poll", "--format", "table"][..],
            &["check"],
            &["poll", "--nope"],
        ] {
            let mut command = estate.place.command(args);
            let ran = finish(command.env(name, value));
            assert!(!ran.out.contains('\u{1b}'), "{args:?}: {}", ran.out);
            assert!(!ran.err.contains('\u{1b}'), "{args:?}: {}", ran.err);
        }
    }
}

#[test]
fn more_words_go_to_standard_error_or_to_the_log() {
    let estate = Estate::open();
    let log = estate.place.path("own.log");
    let log = log.to_str().unwrap();
    let ran = estate.place.run(&["poll", "-v"]).exits(0);
    ran.json();
    assert!(ran.err.contains("request method"), "{}", ran.err);
    assert!(!ran.err.contains('\u{1b}'), "{}", ran.err);
    let ran = estate.place.run(&["poll", "-v", "--log", log]).exits(0);
    assert_eq!(ran.err, "");
    let logged = std::fs::read_to_string(log).unwrap();
    assert!(logged.contains("request method"), "{logged}");
}

#[test]
fn a_theme_file_that_is_missing_is_told_with_its_place() {
    let place = Place::new("[display]\ntheme = \"./own.toml\"\n");
    for args in [&["check"][..], &["check", "--offline"], &[]] {
        let ran = place.run(args).exits(2);
        assert!(
            ran.err.contains("config.toml:2:9: display.theme: "),
            "{args:?}: {}",
            ran.err
        );
        assert_eq!(ran.out, "", "{args:?}");
    }
    // What draws nothing needs no theme.
    place.run(&["poll"]).exits(0);
}

#[test]
fn a_history_where_there_can_be_none_is_a_mistake_of_the_caller() {
    let place = Place::new("");
    let letter = place.path("letter.txt");
    std::fs::write(&letter, "Dear Sir or Madam").unwrap();
    for path in [".", "letter.txt", "letter.txt/below/history.db"] {
        place.configure(&format!("[history]\npath = \"{path}\"\n"));
        let ran = place.run(&["poll"]).exits(2);
        assert!(ran.err.contains("[history]"), "{path}: {}", ran.err);
        assert_eq!(ran.out, "", "{path}");
    }
    assert_eq!(std::fs::read(&letter).unwrap(), b"Dear Sir or Madam");
}
