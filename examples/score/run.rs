//! One store through the estimator and through simpler methods.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::io::{self, Write};

use occtop::model::Timestamp;
use occtop::model::figure::{Flag, Quality};
use occtop::model::occupancy::{Day, Estimator, Settings, Visit, ZeroRows, gains};
use occtop::model::reading::Flow;

/// The methods, in the order of their columns.
pub const METHODS: [&str; 4] = ["plain sum", "clamped", "7-day median", "occtop"];
/// Good days whose ratio the simple method with a median keeps.
const LEDGER: usize = 7;

/// One delivered reading.
pub struct Row {
    pub door: String,
    pub visit: Visit,
    pub delivered: Timestamp,
}

/// How good the methods were.
pub struct Score {
    /// Mean true number of people.
    pub people: f64,
    /// Error of each method over that mean.
    pub errors: [f64; 4],
    /// Share of true numbers inside the band.
    pub inside: f64,
}

/// How often each flag was raised anew.
pub type Alarms = BTreeMap<&'static str, u32>;

/// What each method said at the end of each cell, and at each reset.
#[derive(Default)]
pub struct Run {
    cells: BTreeMap<Timestamp, [f64; 4]>,
    bands: BTreeMap<Timestamp, (f64, f64)>,
    resets: Vec<[f64; 4]>,
    raised: Quality,
    pub alarms: Alarms,
}

impl Run {
    /// Feeds a store's rows in order of delivery. `is_open` tells quiet hours from closed ones.
    pub fn of(rows: &[Row], settings: Settings, is_open: &dyn Fn(Timestamp) -> bool) -> Self {
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
            run.watch(&estimator, is_open);
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

    /// Counts the flags that have just been raised.
    fn watch(&mut self, estimator: &Estimator, is_open: &dyn Fn(Timestamp) -> bool) {
        let Some(estimate) = estimator.estimate() else {
            return;
        };
        let hushed = estimator.hush(is_open).is_some();
        let now = estimate.quality.with_if(Flag::Silent, hushed);
        for flag in now.flags().filter(|flag| !self.raised.has(*flag)) {
            *self.alarms.entry(flag.word()).or_default() += 1;
        }
        self.raised = now;
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
    pub fn against(&self, truth: &[(Timestamp, f64)]) -> Score {
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
        Score {
            people: people / count,
            errors: squares.map(|square| f64::sqrt(square / count) / (people / count)),
            inside: inside / count,
        }
    }

    /// People whom each method leaves inside at the reset.
    pub fn at_resets(&self, name: &str, out: &mut impl Write) -> io::Result<()> {
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
