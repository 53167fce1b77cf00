//! A plain loop of random mutations for machines without a fuzzer: `hammer TARGET [SECONDS]`.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Pieces that break things more often than random bytes do.
const PIECES: [&str; 22] = [
    "null",
    "0",
    "-1",
    "1e999",
    "9223372036854775807",
    "-9223372036854775808",
    "4294967296",
    "1.5",
    "\"\"",
    "[]",
    "{}",
    "true",
    "\"2026-03-29T03:30:00\"",
    "\"0000-00-00T00:00:00Z\"",
    "\"9999-12-31T23:59:59Z\"",
    "\"-262143-01-01T00:00:00Z\"",
    "\u{1b}[2J",
    "\u{202e}",
    "\n%%\n",
    "\"\\u0000\"",
    "401\n",
    "99999999999999999999999999",
];

fn main() {
    let mut args = std::env::args().skip(1);
    let target = args.next().unwrap_or_default();
    assert!(
        occtop_fuzz::TARGETS.contains(&&*target),
        "name one of {}",
        occtop_fuzz::TARGETS.join(", ")
    );
    let seconds = args.next().and_then(|text| text.parse().ok()).unwrap_or(60);
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(&target);
    let mut inputs: Vec<Vec<u8>> = fs::read_dir(corpus)
        .expect("a corpus")
        .map(|entry| fs::read(entry.expect("an entry").path()).expect("a file"))
        .collect();
    inputs.sort();
    let mut draw = ChaCha8Rng::seed_from_u64(std::process::id().into());
    let last = std::env::temp_dir().join(format!("hammer-{target}.input"));
    let began = Instant::now();
    let mut runs = 0_u64;
    while began.elapsed() < Duration::from_secs(seconds) {
        let mut input = inputs[draw.random_range(0..inputs.len())].clone();
        for _ in 0..draw.random_range(0..6) {
            mutate(&mut input, &mut draw);
        }
        // What is here when it panics is the input that did it.
        fs::write(&last, &input).expect("a place for the input");
        let started = Instant::now();
        occtop_fuzz::run(&target, &input);
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "a slow input: {}",
            last.display()
        );
        runs += 1;
    }
    println!("{target}: {runs} runs, no finding");
}

fn mutate(input: &mut Vec<u8>, draw: &mut ChaCha8Rng) {
    let at = draw.random_range(0..=input.len());
    let end = (at + draw.random_range(0..24)).min(input.len());
    match draw.random_range(0..6) {
        0 => drop(input.drain(at..end)),
        1 => {
            let copy = input[at..end].to_vec();
            let to = draw.random_range(0..=input.len());
            input.splice(to..to, copy);
        }
        2 if at < input.len() => input[at] ^= 1 << draw.random_range(0..8),
        3 => value(input, at, draw),
        4 => {
            let piece = PIECES[draw.random_range(0..PIECES.len())];
            input.splice(at..at, piece.bytes());
        }
        _ => digits(input, at, draw),
    }
}

/// Puts another value where one stands after a colon or comma.
fn value(input: &mut Vec<u8>, from: usize, draw: &mut ChaCha8Rng) {
    let ends = |byte: &u8| b",}]\n=".contains(byte);
    let Some(start) = input[from..].iter().position(|byte| b":,=".contains(byte)) else {
        return;
    };
    let start = from + start + 1;
    let length = input[start..].iter().position(ends).unwrap_or(0);
    let piece = PIECES[draw.random_range(0..PIECES.len())];
    input.splice(start..start + length, piece.bytes());
}

/// Changes a digit.
fn digits(input: &mut [u8], from: usize, draw: &mut ChaCha8Rng) {
    if let Some(digit) = input[from..].iter_mut().find(|byte| byte.is_ascii_digit()) {
        *digit = b'0' + draw.random_range(0..10);
    }
}
