//! Worked examples, computed by hand or with an independent program.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Europe::Athens;

use crate::model::Timestamp;
use crate::model::occupancy::day::Day;
use crate::model::occupancy::estimator::{Estimator, Visit};
use crate::model::occupancy::feeds::{Feed, Feeds};
use crate::model::occupancy::filter::{Filter, gains};
use crate::model::occupancy::learned::{Learned, Past, curve, log_ratio, scaled};
use crate::model::occupancy::never;
use crate::model::occupancy::running::{Morning, Running, Scene, Scratch};
use crate::model::occupancy::settings::{Settings, ZeroRows};
use crate::model::occupancy::sheet::Sheet;
use crate::model::occupancy::silent::Hearing;
use crate::model::reading::Flow;
use crate::model::store::{Reset, Store};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[track_caller]
fn near(actual: f64, expected: f64) {
    assert!(
        (actual - expected).abs() < 0.001,
        "{actual} is not {expected}"
    );
}

#[track_caller]
fn all_near<const N: usize>(actual: [f64; N], expected: [f64; N]) {
    for (index, (a, e)) in actual.iter().zip(&expected).enumerate() {
        assert!((a - e).abs() < 0.001, "number {index}: {a} is not {e}");
    }
}

/// A day at one store, with everything that a cell depends on put there by hand.
struct Bench {
    settings: Settings,
    feeds: Feeds,
    sheet: Sheet,
    learned: Learned,
    running: Running,
}

impl Bench {
    /// A store with so many doors in cells of `cell_min` minutes, as learned.
    fn new(doors: usize, cell_min: u32, learned: Learned) -> Self {
        let settings = Settings::of(&Store::named("Ermou", chrono_tz::UTC));
        let day = Day::of(
            settings.timezone,
            settings.turn(),
            cell_min,
            at("2026-03-02T12:00:00Z"),
        );
        let door = |index: usize| Feed {
            since: Some(day.start()),
            ..Feed::new(&format!("door {}", index + 1), ZeroRows::Explicit)
        };
        let morning = Morning {
            learned: Arc::new(learned.clone()),
            ..Morning::default()
        };
        Self {
            settings,
            feeds: Feeds {
                doors: (0..doors).map(door).collect(),
                ..Feeds::default()
            },
            sheet: Sheet::default(),
            learned,
            running: Running::begin(day, &morning, &settings, None),
        }
    }

    /// Starts with this cell.
    fn starting_at(mut self, cell: usize) -> Self {
        self.running.first = cell;
        self
    }

    /// Runs one cell with the counts of each door, `None` where it sends nothing.
    fn cell(&mut self, counts: &[Option<(u32, u32)>]) -> (f64, f64, f64) {
        let cell = self.running.next_cell();
        for (door, count) in counts.iter().enumerate() {
            if let Some((entered, left)) = *count {
                let flow = Flow { entered, left };
                self.sheet.replace(door, cell, flow, Flow::default());
            }
        }
        let scene = Scene {
            settings: &self.settings,
            feeds: &self.feeds,
            sheet: &self.sheet,
            learned: &self.learned,
        };
        self.running.step(scene, &mut Scratch::default());
        let (n, half) = (self.running.filter.n, self.running.half(&self.learned));
        (n, (n - half).max(0.0), n + half)
    }
}

/// A store that has learned, with the same pace in every slot.
fn learned(bias: f64, left: f32, base: f32, cell_min: usize) -> Learned {
    Learned {
        bias,
        left: vec![left; 1440 / cell_min],
        base: vec![base; 1440 / cell_min],
        rho2: 0.04,
        days: 1,
        ..Learned::default()
    }
}

#[test]
fn e1_the_ratio_is_the_median_of_the_days() {
    let mut learned = Learned::default();
    let days = [
        (1000.0, 1040.0, 0.0392),
        (900.0, 931.0, 0.0338),
        (1100.0, 1150.0, 0.0444),
        (1200.0, 1262.0, 0.0504),
        (950.0, 979.0, 0.0301),
        (400.0, 431.0, 0.0746),
        (1050.0, 1093.0, 0.0401),
    ];
    for (entered, left, y) in days {
        assert!((log_ratio(entered, left) - y).abs() < 0.0001);
        learned.learn_ratio(log_ratio(entered, left), entered + left);
    }
    assert!((learned.bias - 0.04012).abs() < 0.00001);
    let (gi, go) = gains(learned.bias);
    all_near([gi, go], [1.0409, 1.0]);

    let mut learned = Learned::default();
    for (entered, left) in [(1000.0, 962.0), (900.0, 870.0), (1100.0, 1052.0)] {
        learned.learn_ratio(log_ratio(entered, left), entered + left);
    }
    assert!((learned.bias + 0.03872).abs() < 0.00001);
    let (gi, go) = gains(learned.bias);
    all_near([gi, go], [1.0, 1.0395]);
}

#[test]
fn e2_changed_counters_start_the_ledger_anew() {
    let ratios = [1.040, 1.043, 1.038, 1.041, 1.040, 0.990, 0.992];
    let run = |entered: f64| {
        let mut learned = Learned::default();
        let mut changed = false;
        for ratio in ratios {
            let left = (entered * ratio).round();
            changed = learned.learn_ratio(log_ratio(entered, left), entered + left);
        }
        (learned.ledger.len(), learned.bias, changed)
    };
    let (days, bias, changed) = run(17_000.0);
    assert_eq!((days, changed), (2, true));
    assert!((bias + 0.00904).abs() < 0.00001);
    let (days, bias, changed) = run(500.0);
    assert_eq!((days, changed), (7, false));
    assert!((bias - 0.03918).abs() < 0.00001);
}

#[test]
fn e3_the_first_day_knows_only_the_usual_stay() {
    let mut bench = Bench::new(2, 60, Learned::default()).starting_at(5);
    let first = bench.cell(&[Some((40, 5)), Some((20, 3))]);
    all_near([first.0, first.1, first.2], [48.5308, 35.0293, 62.0323]);
    near(bench.running.filter.signed, 52.0);
    let second = bench.cell(&[Some((60, 30)), Some((30, 20))]);
    all_near([second.0, second.1, second.2], [85.1312, 62.9311, 107.3314]);
    near(bench.running.filter.signed, 88.5308);
    let third = bench.cell(&[Some((10, 80)), Some((5, 60))]);
    all_near([third.0, third.1, third.2], [0.0, 0.0, 28.9755]);
    let filter = bench.running.filter;
    all_near(
        [filter.signed, filter.m, filter.p, filter.d],
        [-39.8688, 0.0, 134.3331, 0.92756],
    );
    let sums = bench.running.sums;
    all_near(
        [sums.counted, sums.pace, sums.floor],
        [-33.0, -6.8688, 39.8688],
    );
    assert!(bench.running.crowd.is_some());
}

#[test]
fn e4_one_cell_with_history() {
    let mut bench = Bench::new(1, 15, learned(0.04, 18.0, 60.0, 15));
    bench.running.filter = Filter {
        n: 120.0,
        m: 100.0,
        d: 0.1,
        p: 60.0,
        v: 0.03,
        c: 0.5,
        hold: 0.0,
        signed: 120.0,
    };
    let (n, low, high) = bench.cell(&[Some((50, 46))]);
    all_near([n, low, high], [125.4966, 108.1282, 142.8650]);
    let filter = bench.running.filter;
    all_near(
        [
            filter.signed,
            filter.m,
            filter.d,
            filter.p,
            filter.c,
            filter.v,
        ],
        [126.0405, 106.1987, 0.13278, 95.7281, 0.66103, 0.020_711],
    );
    let sums = bench.running.sums;
    all_near(
        [sums.counted, sums.ratio, sums.pace],
        [4.0, 2.0405, -0.5439],
    );
}

#[test]
fn e5_a_crowd_that_walks_out_is_believed() {
    let mut bench = Bench::new(1, 15, learned(0.0, 6.0, 60.0, 15));
    bench.running.filter = Filter {
        n: 120.0,
        m: 110.0,
        d: 0.0,
        p: 60.0,
        v: 0.04,
        c: 0.0,
        hold: 0.0,
        signed: 120.0,
    };
    let (n, ..) = bench.cell(&[Some((5, 118))]);
    let filter = bench.running.filter;
    all_near([n, filter.m, filter.d, filter.hold], [7.0, 7.0, 0.0, 60.0]);
    all_near(
        [bench.running.sums.counted, bench.running.sums.pace],
        [-113.0, 0.0],
    );
}

/// Two doors, the first counting three times as many as the second.
fn two_doors() -> Bench {
    let mut usual = learned(0.0, 30.0, 120.0, 15);
    for (door, ways) in [[30.0, 28.0], [10.0, 12.0]].into_iter().enumerate() {
        for (way, count) in ways.into_iter().enumerate() {
            let day: Vec<_> = (0..96).map(|slot| (slot, Some(count))).collect();
            usual.learn_door((door, way), &day, 96);
        }
    }
    let mut bench = Bench::new(2, 15, usual).starting_at(20);
    bench.running.filter = Filter::holding(80.0, 60.0, 0.04);
    bench.running.hearing = Hearing::with_level(30.0, 30.0);
    bench
}

#[test]
fn e6_a_door_that_sends_nothing_is_filled_from_its_sister() {
    let mut bench = two_doors();
    let (n, low, high) = bench.cell(&[Some((36, 33)), None]);
    near(bench.running.filled, 25.6397);
    near(bench.running.sums.filled, -2.1103);
    let (counted, usual) = bench.running.hearing.level_in();
    all_near([counted, usual], [61.2269, 55.2269]);
    all_near([n, low, high], [83.4015, 64.2116, 102.5914]);
    near(bench.running.filter.p, 129.8259);
    near(bench.running.sums.counted, 3.0);
    near(bench.running.sums.pace, 2.5118);
}

#[test]
fn e7_a_door_that_says_zero_is_believed_for_an_hour() {
    let mut bench = two_doors();
    let expected = [
        (80.272, 0.0, [10.0, 12.75]),
        (80.593, 0.0, [19.828, 25.280]),
        (80.961, 0.0, [29.606, 37.748]),
        (82.981, 89.549, [0.0; 2]),
        (87.494, 111.713, [0.0; 2]),
    ];
    for (index, (n, filled, owed)) in expected.into_iter().enumerate() {
        let (actual, ..) = bench.cell(&[Some((30, 30)), Some((0, 0))]);
        near(actual, n);
        near(bench.running.filled, filled);
        if index < 3 {
            all_near(bench.running.hearing.owed(1), owed);
            assert!(!bench.running.hearing.has_dead());
        } else {
            assert!(bench.running.hearing.has_dead());
        }
    }
    let since = bench.running.hearing.silent_since(1);
    assert_eq!(since, Some(bench.running.day.cell_start(20)));
}

#[test]
fn a_first_count_ends_a_silence_and_refunds_nothing() {
    let mut bench = two_doors();
    for _ in 0..5 {
        bench.cell(&[Some((30, 30)), Some((0, 0))]);
    }
    let filled = bench.running.filled;
    bench.cell(&[Some((30, 30)), Some((1, 1))]);
    near(bench.running.filled, filled);
    assert_eq!(bench.running.hearing.silent_since(1), None);
}

/// The cells of a finished day, one slot each.
fn past(counts: &[(u32, u32)]) -> Vec<Past> {
    let cells = counts.iter().enumerate();
    cells
        .map(|(slot, (entered, left))| Past {
            slot,
            count: [f64::from(*entered), f64::from(*left)],
            m: 0.0,
        })
        .collect()
}

#[test]
fn e8_a_finished_day_is_closed_at_both_ends() {
    let day = past(&[(0, 0), (40, 5), (60, 40), (30, 45), (10, 30), (0, 15)]);
    let y = log_ratio(140.0, 135.0);
    assert!((y + 0.03624).abs() < 0.00001);
    let fair = scaled(&day, y);
    let inside = curve(&fair, 0.0);
    all_near(
        inside.clone().try_into().unwrap(),
        [0.0, 34.8125, 53.3298, 36.6643, 15.5545, 0.0],
    );
    let mut learned = Learned::default();
    learned.learn_pace(&fair, &inside, 0.0, 6);
    let table = |table: &[f32]| -> [f64; 6] {
        let values: Vec<f64> = table.iter().copied().map(f64::from).collect();
        values.try_into().unwrap()
    };
    all_near(
        table(&learned.left),
        [0.0, 5.1845, 41.4760, 46.6605, 31.1070, 15.5535],
    );
    all_near(
        table(&learned.base),
        [0.0, 40.0, 94.8125, 83.3298, 46.6643, 15.5545],
    );

    let floored = curve(&past(&[(10, 2), (0, 14), (6, 0)]), 0.0);
    all_near(floored.try_into().unwrap(), [10.25, 0.0, 0.0]);
}

#[test]
fn e9_a_correction_changes_today() {
    let day = [(12, 3), (50, 30), (40, 45)];
    let run = |first: (u32, u32)| {
        let mut bench = Bench::new(1, 60, learned(0.02, 50.0, 80.0, 60));
        let mut cells = [(0.0, 0.0, 0.0); 3];
        for (index, cell) in cells.iter_mut().enumerate() {
            let count = if index == 0 { first } else { day[index] };
            *cell = bench.cell(&[Some(count)]);
        }
        cells
    };
    let before = run(day[0]);
    all_near(
        [before[0].0, before[1].0, before[2].0],
        [6.5995, 24.9808, 23.5106],
    );
    all_near([before[2].1, before[2].2], [14.5025, 32.5187]);
    let after = run((31, 6));
    all_near(
        [after[0].0, after[1].0, after[2].0],
        [18.9621, 34.2283, 30.4181],
    );
    all_near([after[2].1, after[2].2], [21.0015, 39.8347]);
}

#[test]
fn e9_a_correction_through_the_estimator_equals_a_run_from_scratch() {
    let settings = Settings::of(&Store::named("Ermou", chrono_tz::UTC));
    let begin = at("2026-03-02T04:00:00Z");
    let visit = |hour: i64, (entered, left): (u32, u32)| Visit {
        start: begin + TimeDelta::hours(hour),
        span_s: 3600,
        flow: Flow { entered, left },
    };
    let feed = |counts: [(u32, u32); 3]| {
        let mut estimator = Estimator::new(settings);
        let door = estimator.door("north", ZeroRows::Explicit);
        for (hour, count) in (0..).zip(counts) {
            let visit = visit(hour, count);
            estimator.observe(door, visit, None, visit.start + TimeDelta::hours(1));
            estimator.run();
        }
        (estimator, door)
    };
    let (mut estimator, door) = feed([(12, 3), (50, 30), (40, 45)]);
    let old = Flow {
        entered: 12,
        left: 3,
    };
    let corrected = visit(0, (31, 6));
    estimator.observe(door, corrected, Some(old), at("2026-03-02T07:20:00Z"));
    assert!(estimator.run().corrected);
    let scratch = feed([(31, 6), (50, 30), (40, 45)]).0;
    let (ours, theirs) = (estimator.estimate().unwrap(), scratch.estimate().unwrap());
    assert_eq!(
        (ours.n, ours.low, ours.high),
        (theirs.n, theirs.low, theirs.high)
    );
    assert!(ours.quality.has(crate::model::figure::Flag::Revised));
}

#[test]
fn e10_a_store_that_never_empties_is_read_from_its_leavers() {
    let day = past(&[
        (2, 3),
        (1, 2),
        (10, 4),
        (30, 18),
        (40, 38),
        (30, 40),
        (12, 18),
        (6, 8),
    ]);
    let (start, rate) = never::start(&day, 0.0).unwrap();
    assert!((rate - 0.68796).abs() < 0.00001);
    near(start, 2.0);
    near(never::variance(start), 4.36);
}

#[test]
fn e10_the_next_day_starts_with_the_people_left() {
    let settings = Settings {
        reset: Reset::Never,
        ..Settings::of(&Store::named("Ward", chrono_tz::UTC))
    };
    let mut estimator = Estimator::new(settings);
    let door = estimator.door("gate", ZeroRows::Explicit);
    let day = [
        (2, 3),
        (1, 2),
        (10, 4),
        (30, 18),
        (40, 38),
        (30, 40),
        (12, 18),
        (6, 8),
        (0, 0),
    ];
    for (index, (entered, left)) in (0..).zip(day) {
        // Three hours each, put into the first of three cells of an hour.
        for hour in 0..3 {
            let flow = if hour == 0 {
                Flow { entered, left }
            } else {
                Flow::default()
            };
            let start = at("2026-03-02T04:00:00Z") + TimeDelta::hours(3 * index + hour);
            let visit = Visit {
                start,
                span_s: 3600,
                flow,
            };
            estimator.observe(door, visit, None, start + TimeDelta::hours(1));
            estimator.run();
        }
    }
    let estimate = estimator.estimate().unwrap();
    assert!(estimate.sums.start >= 2.0, "the running net falls to -2");
    near(estimate.sums.total(), estimate.n);
}

#[test]
fn e12_days_with_a_clock_change_reset_once() {
    let settings = Settings {
        timezone: Athens,
        stay: Duration::from_secs(1800),
        reset: Store::named("Ermou", Athens).reset,
    };
    let day = |text: &str| Day::of(Athens, settings.turn(), 15, at(text));
    let autumn = day("2026-10-24T12:00:00Z");
    assert_eq!(autumn.start(), at("2026-10-24T04:00:00+03:00"));
    assert_eq!(autumn.end(), at("2026-10-25T04:00:00+02:00"));
    assert_eq!(autumn.cells(), 100);
    let slot = |text: &str| autumn.slot(autumn.cell_at(at(text)));
    assert_eq!(slot("2026-10-25T03:00:00+03:00"), 92);
    assert_eq!(slot("2026-10-25T03:00:00+02:00"), 92);
    assert_eq!(autumn.next().start(), autumn.end());

    let spring = day("2026-03-28T12:00:00Z");
    assert_eq!(spring.cells(), 92);
    let slots: Vec<_> = (0..spring.cells()).map(|cell| spring.slot(cell)).collect();
    assert!((92..96).all(|slot| !slots.contains(&slot)), "{slots:?}");
    assert_eq!(spring.end(), at("2026-03-29T04:00:00+03:00"));
}
