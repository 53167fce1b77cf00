//! Simulated stores, whose true number of people is known, under each kind of fault.

use std::collections::BTreeMap;
use std::io::{self, Write};

use chrono::TimeDelta;
use occtop::model::Timestamp;
use occtop::model::figure::Flag;
use occtop::model::occupancy::{Settings, Visit};
use occtop::model::reading::Flow;
use occtop::model::store::{Reset, Store};
use occtop::simulator::estate::site::Site;
use occtop::simulator::estate::{Estate, Passage, wall};

use super::regimes::Regime;
use super::run::{Alarms, METHODS, Row, Run};

/// The stores of one seed: ten that close at night and two that are odd.
const STORES: usize = 12;
const SEED: u64 = 1;
const WEEKS: i64 = 4;

/// One store over some weeks under a regime.
pub struct Story {
    pub rows: Vec<Row>,
    /// True number at the end of each cell while the store is open.
    pub truth: Vec<(Timestamp, f64)>,
    pub settings: Settings,
}

/// Prints the error of each method and the alarms, regime by regime.
pub fn tables(out: &mut impl Write) -> io::Result<()> {
    let estate = Estate::new(SEED, STORES);
    writeln!(
        out,
        "Error over the mean number of people: {STORES} stores, {WEEKS} weeks from day 1"
    )?;
    let columns = METHODS.map(|method| format!("{method:>14}")).concat();
    writeln!(out, "{:14}{columns}{:>14}", "", "inside band")?;
    let mut alarms = Vec::new();
    for regime in Regime::ALL {
        let (mut errors, mut inside, mut raised) = ([0.0; 4], 0.0, Alarms::new());
        for site in estate.sites() {
            let story = Story::of(&estate, site, regime);
            let run = Run::of(&story.rows, story.settings, &|at| is_open(site, at));
            let score = run.against(&story.truth);
            for (sum, error) in errors.iter_mut().zip(score.errors) {
                *sum += error / f64::from(u8::try_from(STORES).unwrap_or(1));
            }
            inside += score.inside / f64::from(u8::try_from(STORES).unwrap_or(1));
            for (flag, times) in run.alarms {
                *raised.entry(flag).or_default() += times;
            }
        }
        let numbers = errors.map(|error| format!("{error:14.3}")).concat();
        writeln!(out, "{:14}{numbers}{inside:14.2}", regime.name())?;
        alarms.push((regime, raised));
    }
    write_alarms(&alarms, out)
}

fn write_alarms(alarms: &[(Regime, Alarms)], out: &mut impl Write) -> io::Result<()> {
    let flags = [
        Flag::Suspect,
        Flag::Silent,
        Flag::OneWay,
        Flag::Drifting,
        Flag::ResetUnconfirmed,
    ];
    writeln!(out, "\nAlarms raised in {} store-days", 7 * WEEKS * 12)?;
    let columns = flags.map(|flag| format!("{:>18}", flag.word())).concat();
    writeln!(out, "{:14}{columns}", "")?;
    for (regime, raised) in alarms {
        let times = flags.map(|flag| raised.get(flag.word()).copied().unwrap_or(0));
        let times = times.map(|times| format!("{times:18}")).concat();
        writeln!(out, "{:14}{times}", regime.name())?;
    }
    Ok(())
}

impl Story {
    pub fn of(estate: &Estate, site: &Site, regime: Regime) -> Self {
        let zone = site.city.zone;
        let monday = "2026-02-02".parse().unwrap_or_default();
        let from = wall::day_start(zone, monday);
        let to = from + TimeDelta::weeks(WEEKS);
        let passages = estate.passages(site, from, to);
        let mut store = Store::named(&site.name, zone);
        if site.hours.is_none() {
            store.reset = Reset::Never;
        }
        let step = TimeDelta::seconds(regime.span_s());
        let counts = counts(&passages, regime, from);
        let mut rows = Vec::new();
        let mut start = from;
        while start < to {
            for door in 0..site.doors.len() {
                let flow = counts.get(&(start, door)).copied().unwrap_or_default();
                let span_s = u32::try_from(regime.span_s()).unwrap_or(900);
                let row = Row {
                    door: door.to_string(),
                    visit: Visit {
                        start,
                        span_s,
                        flow,
                    },
                    delivered: start + step,
                };
                rows.extend(regime.deliver(row, site.doors.len(), from));
            }
            start += step;
        }
        rows.sort_by_key(|row| row.delivered);
        let before = i64::from(estate.truth(site, from).inside);
        Self {
            rows,
            truth: truth(&passages, site, before, (from, to, step)),
            settings: Settings::of(&store),
        }
    }
}

/// What was counted, by start of the interval and door.
fn counts(
    passages: &[Passage],
    regime: Regime,
    from: Timestamp,
) -> BTreeMap<(Timestamp, usize), Flow> {
    let mut counts: BTreeMap<_, Flow> = BTreeMap::new();
    for passage in passages {
        let after_s = passage.at_s - from.timestamp();
        let start = from + TimeDelta::seconds(after_s - after_s % regime.span_s());
        let flow = regime.counted(passage, after_s / 86_400);
        let sum = counts.entry((start, passage.door.into())).or_default();
        *sum = *sum + flow;
    }
    counts
}

fn truth(
    passages: &[Passage],
    site: &Site,
    before: i64,
    (from, to, step): (Timestamp, Timestamp, TimeDelta),
) -> Vec<(Timestamp, f64)> {
    let mut truth = Vec::new();
    let (mut inside, mut passed) = (before, passages.iter().peekable());
    let mut at = from + step;
    while at <= to {
        while let Some(passage) = passed.next_if(|passage| passage.at_s < at.timestamp()) {
            inside += if passage.inward { 1 } else { -1 };
        }
        if is_open(site, at - TimeDelta::seconds(1)) {
            #[expect(clippy::cast_precision_loss, reason = "numbers of people are small")]
            truth.push((at, inside as f64));
        }
        at += step;
    }
    truth
}

pub fn is_open(site: &Site, at: Timestamp) -> bool {
    let zone = site.city.zone;
    let date = wall::business_date(zone, at);
    site.open_on(date).is_some_and(|(open, close)| {
        (wall::instant(zone, date, open)..wall::instant(zone, date, close)).contains(&at)
    })
}
