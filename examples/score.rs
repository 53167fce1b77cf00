//! Scores the estimator against simpler methods, on readings with or without a known truth.
//!
//! ```console
//! $ cargo run --release --example score -- READINGS.csv [TRUTH.csv] [ZONE]
//! ```
//!
//! Files may be gzipped. With a truth the table gives the error of each method over opening hours;
//! without one it says how many people each method leaves inside at the reset.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::error::Error;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use chrono_tz::Tz;
use flate2::read::MultiGzDecoder;
use occtop::model::Timestamp;
use occtop::model::occupancy::{Day, Estimator, Settings, Visit, ZeroRows, gains};
use occtop::model::reading::Flow;
use occtop::model::store::Store;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The methods, in the order of their columns.
const METHODS: [&str; 4] = ["plain sum", "clamped", "7-day median", "occtop"];
/// Good days whose ratio the simple method with a median keeps.
const LEDGER: usize = 7;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let readings = arguments.next().ok_or("name a file of readings")?;
    let truth = arguments.next().filter(|name| name != "-");
    let zone: Tz = match arguments.next() {
        Some(zone) => zone.parse()?,
        None => chrono_tz::Europe::Athens,
    };
    let out = &mut io::stdout().lock();
    for (name, rows) in by_store(&readings)? {
        let run = Run::of(&rows, Settings::of(&Store::named(&name, zone)));
        match &truth {
            Some(truth) => run.against(&truths(truth, &name)?, &name, out)?,
            None => run.at_resets(&name, out)?,
        }
    }
    Ok(())
}

/// One delivered reading.
struct Row {
    door: String,
    visit: Visit,
    delivered: Timestamp,
}

/// What each method said at the end of each cell, and at each reset.
#[derive(Default)]
struct Run {
    cells: BTreeMap<Timestamp, [f64; 4]>,
    bands: BTreeMap<Timestamp, (f64, f64)>,
    resets: Vec<[f64; 4]>,
}

impl Run {
    fn of(rows: &[Row], settings: Settings) -> Self {
        let mut estimator = Estimator::new(settings);
        let mut run = Self::default();
        let mut known: HashMap<(&str, Timestamp), Flow> = HashMap::new();
        for row in rows {
            let door = estimator.door(&row.door, ZeroRows::Auto);
            let first = row.visit.start;
            let day = Day::of(settings.timezone, settings.turn(), 60, first);
            estimator.watched(door, day.start());
        }
        for batch in rows.chunk_by(|a, b| a.delivered == b.delivered) {
            for row in batch {
                let door = estimator.door(&row.door, ZeroRows::Auto);
                let old = known.insert((&row.door, row.visit.start), row.visit.flow);
                estimator.observe(door, row.visit, old, row.delivered);
            }
            estimator.run();
            run.note(&estimator);
        }
        run.simple(&known, settings, estimator.cell_min());
        run.resets_of(settings, estimator.cell_min());
        run
    }

    /// The numbers of the newest cells; those shown last for an instant count.
    fn note(&mut self, estimator: &Estimator) {
        let newest = self.cells.keys().next_back().copied();
        let points: Vec<_> = estimator.curve().collect();
        let fresh = points.iter().rev();
        for point in fresh.take_while(|point| newest.is_none_or(|newest| point.end >= newest)) {
            self.cells.insert(point.end, [0.0, 0.0, 0.0, point.n]);
            self.bands.insert(point.end, (point.low, point.high));
        }
        // A batch that comes after the reset leaves no curve of the day before.
        if let Some(day) = estimator.finished().next_back() {
            let numbers = [0.0, 0.0, 0.0, day.remained];
            self.cells.entry(day.end).or_insert(numbers);
        }
    }

    /// The simple methods, which here see all rows at once, also late ones.
    fn simple(&mut self, known: &HashMap<(&str, Timestamp), Flow>, settings: Settings, cell: u32) {
        let mut counts: BTreeMap<Timestamp, [f64; 2]> = BTreeMap::new();
        for ((_, start), flow) in known {
            let day = Day::of(settings.timezone, settings.turn(), cell, *start);
            let end = day.cell_end(day.cell_at(*start));
            let sum = counts.entry(end).or_default();
            sum[0] += f64::from(flow.entered);
            sum[1] += f64::from(flow.left);
        }
        let mut day: Option<Day> = None;
        let (mut sums, mut total) = ([0.0_f64; 3], [0.0_f64; 2]);
        let mut ledger: VecDeque<f64> = VecDeque::new();
        let shown = self.cells.keys().copied();
        let ends: BTreeSet<_> = counts.keys().copied().chain(shown).collect();
        for end in ends {
            let within = end - chrono::TimeDelta::seconds(1);
            if !day.is_some_and(|day| day.contains(within)) {
                if total[0].min(total[1]) >= 20.0 {
                    ledger.push_back(f64::ln((total[1] + 0.5) / (total[0] + 0.5)));
                    ledger.drain(..ledger.len().saturating_sub(LEDGER));
                }
                day = Some(Day::of(settings.timezone, settings.turn(), cell, within));
                (sums, total) = ([0.0; 3], [0.0; 2]);
            }
            let [entered, left] = counts.get(&end).copied().unwrap_or_default();
            let (gi, go) = gains(median(ledger.iter().copied()));
            sums[0] += entered - left;
            sums[1] = (sums[1] + entered - left).max(0.0);
            sums[2] = (sums[2] + gi * entered - go * left).max(0.0);
            total = [total[0] + entered, total[1] + left];
            if let Some(numbers) = self.cells.get_mut(&end) {
                numbers[..3].copy_from_slice(&sums);
            }
        }
    }

    fn resets_of(&mut self, settings: Settings, cell: u32) {
        for (end, numbers) in &self.cells {
            if Day::of(settings.timezone, settings.turn(), cell, *end).start() == *end {
                self.resets.push(*numbers);
            }
        }
    }

    /// Error of each method over the mean of the true number.
    fn against(&self, truth: &[(Timestamp, f64)], name: &str, out: &mut impl Write) -> Result<()> {
        let (mut squares, mut people, mut count, mut inside) = ([0.0; 4], 0.0, 0.0, 0.0);
        for (at, truth) in truth {
            let (Some(numbers), Some((low, high))) = (self.cells.get(at), self.bands.get(at))
            else {
                continue;
            };
            for (square, number) in squares.iter_mut().zip(numbers) {
                *square += (number - truth) * (number - truth);
            }
            people += truth;
            count += 1.0;
            inside += f64::from(u8::from(low <= truth && truth <= high));
        }
        writeln!(
            out,
            "{name}: error over the mean of {:.1} people",
            people / count
        )?;
        for (method, square) in METHODS.iter().zip(squares) {
            let error = f64::sqrt(square / count) / (people / count);
            writeln!(out, "  {method:14}{error:.3}")?;
        }
        writeln!(out, "  inside the band {:.2}", inside / count)?;
        Ok(())
    }

    /// People whom each method leaves inside at the reset.
    fn at_resets(&self, name: &str, out: &mut impl Write) -> Result<()> {
        writeln!(
            out,
            "{name}: people left at {} resets, median and most",
            self.resets.len()
        )?;
        for (index, method) in METHODS.iter().enumerate() {
            let left = || self.resets.iter().map(|numbers| numbers[index].abs());
            let most = left().fold(0.0, f64::max);
            let middle = median(left());
            writeln!(out, "  {method:14}{middle:8.1}{most:8.1}")?;
        }
        Ok(())
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<_> = values.collect();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// Readings by store, in file order.
fn by_store(path: &str) -> Result<BTreeMap<String, Vec<Row>>> {
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
fn truths(path: &str, store: &str) -> Result<Vec<(Timestamp, f64)>> {
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
