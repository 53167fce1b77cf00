//! Compares the learned poll times with fixed ones, on vendors that publish in different ways.
//!
//! ```console
//! $ cargo run --release --example cadence
//! ```
//!
//! Each profile is a week of three sources of one vendor. The schedules start knowing nothing; every
//! request and every interval of the week counts, those of the learning time too. The extra age of
//! an interval is the time from its being readable at the vendor to its being read.

use std::io::{self, Write};
use std::ops::Range;

use chrono::TimeDelta;
use occtop::model::Timestamp;
use occtop::model::attempt::{ErrorKind, SourceError};
use occtop::model::health::Expectation;
use occtop::model::schedule::{Cadence, Finished, Publish, Schedule};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp, Normal};

const MINUTE: i64 = 60;
const QUARTER: i64 = 15 * MINUTE;
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
/// How long each vendor is followed.
const WEEK: i64 = 7 * DAY;
/// The names of the sources, which decide where within a few seconds each is asked.
const SOURCES: [&str; 3] = ["opap", "mall", "nordic"];
/// Fixed polling is tried at so many phases, because it may be lucky with one of them.
const PHASES: i64 = 7;

fn main() -> io::Result<()> {
    let out = &mut io::stdout().lock();
    writeln!(
        out,
        "{:<13} {:<44} {:>8}  {:>11}  {:>11}  {:>11}",
        "", "", "requests", "learned", "fixed, same", "each minute"
    )?;
    writeln!(
        out,
        "{:<13} {:<44} {:>8}  {:>11}  {:>11}  {:>11}",
        "profile", "what the vendor does", "per hour", "mean   p95", "mean   p95", "mean   p95"
    )?;
    for row in table() {
        let ages = |cost: &Cost| format!("{:>4.0}  {:>4.0}", cost.mean_s, cost.p95_s);
        writeln!(
            out,
            "{:<13} {:<44} {:>8.1}  {:>11}  {:>11}  {:>11}",
            row.name,
            row.what,
            row.learned.per_hour,
            ages(&row.learned),
            ages(&row.fixed),
            ages(&row.minute),
        )?;
    }
    writeln!(out, "\nExtra age in seconds.")
}

/// What polling one vendor cost.
pub struct Row {
    /// Name of the profile.
    pub name: &'static str,
    /// What the vendor does.
    pub what: &'static str,
    /// By the schedule.
    pub learned: Cost,
    /// At fixed times, with the same number of requests.
    pub fixed: Cost,
    /// At fixed times, every minute.
    pub minute: Cost,
}

/// Requests and what they brought.
#[derive(Debug)]
pub struct Cost {
    /// Requests per hour.
    pub per_hour: f64,
    /// Mean extra age in seconds.
    pub mean_s: f64,
    /// The extra age that one interval in twenty exceeds, in seconds.
    pub p95_s: f64,
}

/// All profiles.
pub fn table() -> Vec<Row> {
    profiles()
        .map(|(name, what, vendor)| row(name, what, vendor))
        .collect()
}

fn row(name: &'static str, what: &'static str, vendor: fn(u64) -> Vendor) -> Row {
    let (mut learned, mut fixed, mut minute) =
        (Tally::default(), Tally::default(), Tally::default());
    for (seed, source) in (1..).zip(SOURCES) {
        let vendor = vendor(seed);
        let week = vendor.follow(source);
        fixed.add(vendor.fixed(WEEK * 1000 / week.polls.max(1)));
        minute.add(vendor.fixed(MINUTE * 1000));
        learned.add(week);
    }
    Row {
        name,
        what,
        learned: learned.cost(),
        fixed: fixed.cost(),
        minute: minute.cost(),
    }
}

/// Weeks of polling.
#[derive(Default)]
struct Tally {
    weeks: i64,
    polls: i64,
    /// The extra age of each interval that was read.
    ages: Vec<f64>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.weeks += other.weeks;
        self.polls += other.polls;
        self.ages.extend(other.ages);
    }

    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    fn cost(mut self) -> Cost {
        self.ages.sort_by(f64::total_cmp);
        let count = self.ages.len();
        Cost {
            per_hour: (self.polls * HOUR) as f64 / (self.weeks * WEEK) as f64,
            mean_s: self.ages.iter().sum::<f64>() / count.max(1) as f64,
            p95_s: self.ages.get(count * 95 / 100).copied().unwrap_or(0.0),
        }
    }
}

/// A week of a vendor that publishes one interval per period.
struct Vendor {
    period_s: i64,
    /// The lag that a configuration would assume.
    assumed_s: u32,
    /// When each interval becomes readable, in order.
    readable: Vec<i64>,
    /// When no request is answered.
    down: Range<i64>,
}

impl Vendor {
    /// A vendor whose interval that ends at a given second is readable a lag later.
    fn new(period_s: i64, seed: u64, lag: impl Fn(i64, &mut ChaCha8Rng) -> f64) -> Self {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let ends = (1..=WEEK / period_s).map(|number| number * period_s);
        #[expect(clippy::cast_possible_truncation, reason = "seconds of a week")]
        let mut readable: Vec<i64> = ends
            .map(|end| end + lag(end, &mut chance).max(1.0) as i64)
            .collect();
        // Publishing later what is older is the same as publishing both then.
        for number in 1..readable.len() {
            readable[number] = readable[number].max(readable[number - 1]);
        }
        Self {
            period_s,
            assumed_s: if period_s == HOUR { 300 } else { 180 },
            readable,
            down: 0..0,
        }
    }

    /// Publishes nothing within these hours; all of it comes at their end.
    fn stalled(mut self, hours: Range<i64>) -> Self {
        for at in &mut self.readable {
            if (hours.start * HOUR..hours.end * HOUR).contains(at) {
                *at = hours.end * HOUR;
            }
        }
        self
    }

    /// Answers nothing within these hours. What it publishes then is readable at their end.
    fn down(self, hours: Range<i64>) -> Self {
        Self {
            down: hours.start * HOUR..hours.end * HOUR,
            ..self.stalled(hours)
        }
    }

    /// Leaves out every so many-th publication: its interval comes with the next one.
    fn missing(mut self, every: usize) -> Self {
        for number in (every..self.readable.len()).step_by(every) {
            self.readable[number - 1] = self.readable[number];
        }
        self
    }

    /// The number of intervals that can be read.
    fn published(&self, at_ms: i64) -> usize {
        self.readable.partition_point(|at| at * 1000 <= at_ms)
    }

    /// Polls as the schedule says.
    fn follow(&self, source: &str) -> Tally {
        let period_s = u32::try_from(self.period_s).unwrap_or(u32::MAX);
        let cadence = Cadence {
            publish: Publish::Batches,
            expectation: Expectation::batches(period_s, self.assumed_s),
            every_s: None,
        };
        let mut schedule = Schedule::new(source, cadence);
        let mut polls = Vec::new();
        let error = SourceError::new(ErrorKind::Http, "unavailable");
        let mut now = Timestamp::UNIX_EPOCH + TimeDelta::seconds(1000);
        while now.timestamp() < WEEK {
            polls.push(now.timestamp_millis());
            let up = !self.down.contains(&now.timestamp());
            let read = i64::try_from(self.published(now.timestamp_millis())).unwrap_or(0);
            let horizon = Timestamp::from_timestamp(read * self.period_s, 0);
            let next = schedule.finished(Finished {
                at: now,
                horizon: horizon.filter(|_| up && read > 0),
                error: (!up).then_some(&error),
                delivered: up,
            });
            let Some(next) = next else { break };
            now = next;
        }
        self.tally(&polls)
    }

    /// Polls every so many milliseconds, at several phases.
    fn fixed(&self, every_ms: i64) -> Tally {
        let mut tally = Tally::default();
        for phase in 0..PHASES {
            let first = every_ms * phase / PHASES;
            let count = (WEEK * 1000 - first + every_ms - 1) / every_ms;
            let polls: Vec<_> = (0..count).map(|number| first + number * every_ms).collect();
            tally.add(self.tally(&polls));
        }
        tally
    }

    /// What a week of polls brought.
    fn tally(&self, polls: &[i64]) -> Tally {
        let heard: Vec<i64> = (polls.iter().copied())
            .filter(|at| !self.down.contains(&(at / 1000)))
            .collect();
        let ages = self.readable.iter().filter_map(|at| {
            let read = heard.get(heard.partition_point(|poll| *poll < at * 1000))?;
            Some(seconds(read - at * 1000))
        });
        Tally {
            weeks: 1,
            polls: i64::try_from(polls.len()).unwrap_or(i64::MAX),
            ages: ages.collect(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "less than a week")]
fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}

/// Goes from one value to another over the first three days.
#[expect(clippy::cast_precision_loss, reason = "seconds of a week")]
fn slope(at: i64, from: f64, to: f64) -> f64 {
    from + (to - from) * (at as f64 / (3 * DAY) as f64).min(1.0)
}

fn normal(chance: &mut ChaCha8Rng, mean: f64, deviation: f64) -> f64 {
    Normal::new(mean, deviation).map_or(mean, |normal| normal.sample(chance))
}

fn tail(chance: &mut ChaCha8Rng, mean: f64) -> f64 {
    Exp::new(1.0 / mean).map_or(mean, |tail| tail.sample(chance))
}

type Profile = (&'static str, &'static str, fn(u64) -> Vendor);

fn profiles() -> impl Iterator<Item = Profile> {
    steady().into_iter().chain(moving()).chain(broken())
}

/// Vendors whose habits stay as they are.
fn steady() -> Vec<Profile> {
    vec![
        ("constant", "3:20 min after each quarter hour", |seed| {
            Vendor::new(QUARTER, seed, |_, _| 200.0)
        }),
        ("jittered", "3 min, give or take 40 s", |seed| {
            Vendor::new(QUARTER, seed, |_, chance| normal(chance, 180.0, 40.0))
        }),
        ("tailed", "1 min, and 50 s that may be many more", |seed| {
            Vendor::new(QUARTER, seed, |_, chance| 60.0 + tail(chance, 50.0))
        }),
        (WILD, "anywhere from 1 to 8 min", |seed| {
            Vendor::new(QUARTER, seed, |_, chance| chance.random_range(60.0..480.0))
        }),
        (
            "hourly",
            "once an hour, 7 min, give or take 1 min",
            |seed| Vendor::new(HOUR, seed, |_, chance| normal(chance, 420.0, 60.0)),
        ),
        ("hourly, wide", "once an hour, from 5 to 20 min", |seed| {
            Vendor::new(HOUR, seed, |_, chance| chance.random_range(300.0..1200.0))
        }),
    ]
}

/// A vendor so uncertain that a tenth of the requests cannot come within half a minute of asking
/// every minute, whoever chooses their times.
pub const WILD: &str = "wild";

/// Vendors whose habits change.
fn moving() -> Vec<Profile> {
    vec![
        ("shrinking", "from 10 min to 1 min in three days", |seed| {
            Vendor::new(QUARTER, seed, |at, _| slope(at, 600.0, 60.0))
        }),
        ("growing", "from 1 min to 10 min in three days", |seed| {
            Vendor::new(QUARTER, seed, |at, _| slope(at, 60.0, 600.0))
        }),
        ("sudden", "10 min, from the third day on 90 s", |seed| {
            Vendor::new(
                QUARTER,
                seed,
                |at, _| {
                    if at < 2 * DAY { 600.0 } else { 90.0 }
                },
            )
        }),
        ("bursts", "90 s, but 7 min for 90 min twice a day", |seed| {
            Vendor::new(QUARTER, seed, |at, chance| {
                let slow = at % (12 * HOUR) < 90 * MINUTE;
                normal(chance, if slow { 420.0 } else { 90.0 }, 10.0)
            })
        }),
    ]
}

/// Vendors that do not publish, or do not answer, when they should.
fn broken() -> Vec<Profile> {
    vec![
        (
            "missing",
            "3 min, each 24th comes with the next one",
            |seed| usual(seed).missing(24),
        ),
        (
            "outage",
            "3 min, no answer for 3 h of the third day",
            |seed| usual(seed).down(60..63),
        ),
        (
            "stalled",
            "3 min, nothing new for 3 h of the third day",
            |seed| usual(seed).stalled(60..63),
        ),
    ]
}

fn usual(seed: u64) -> Vendor {
    Vendor::new(QUARTER, seed, |_, chance| normal(chance, 180.0, 10.0))
}
