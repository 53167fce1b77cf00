//! Scores the estimator against simpler methods.
//!
//! ```console
//! $ cargo run --release --example score
//! $ cargo run --release --example score -- READINGS.csv [TRUTH.csv] [ZONE]
//! $ cargo run --release --example score -- picture > assets/one-day.svg
//! ```
//!
//! Without a file it runs simulated stores, whose true number is known, under several kinds of
//! faults. Files may be gzipped. With a truth the table gives the error of each method over opening
//! hours; without one it says how many people each method leaves inside at the reset.

mod picture;
mod recorded;
mod regimes;
mod run;
mod simulated;

use std::error::Error;
use std::io::{self, Write};

use chrono_tz::Tz;
use occtop::model::occupancy::Settings;
use occtop::model::store::Store;

use self::run::{METHODS, Run};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let out = &mut io::stdout().lock();
    match arguments.first().map(String::as_str) {
        None => simulated::tables(out)?,
        Some("picture") => out.write_all(picture::of_a_day().as_bytes())?,
        Some(readings) => score_files(readings, &arguments[1..], out)?,
    }
    Ok(())
}

fn score_files(readings: &str, rest: &[String], out: &mut impl Write) -> Result<()> {
    let truth = rest.first().filter(|name| *name != "-");
    let zone: Tz = match rest.get(1) {
        Some(zone) => zone.parse()?,
        None => chrono_tz::Europe::Athens,
    };
    for (name, rows) in recorded::by_store(readings)? {
        let settings = Settings::of(&Store::named(&name, zone));
        let run = Run::of(&rows, settings, &|_| true);
        let Some(truth) = truth else {
            run.at_resets(&name, out)?;
            continue;
        };
        let score = run.against(&recorded::truths(truth, &name)?);
        writeln!(
            out,
            "{name}: error over the mean of {:.1} people",
            score.people
        )?;
        for (method, error) in METHODS.iter().zip(score.errors) {
            writeln!(out, "  {method:14}{error:.3}")?;
        }
        writeln!(out, "  inside the band {:.2}", score.inside)?;
    }
    Ok(())
}
