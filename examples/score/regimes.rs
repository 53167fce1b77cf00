//! What goes wrong with the counters of a simulated store, beside their usual small errors.

use chrono::TimeDelta;
use occtop::model::Timestamp;
use occtop::model::reading::Flow;
use occtop::simulator::estate::Passage;

use super::run::Row;

/// A kind of fault that lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regime {
    /// Sensors miss 0.5 to 4 % in, 1 to 8 % out, and count 0.4 % twice; nothing else.
    Fair,
    /// Every door misses another 5 % of those who leave.
    Biased,
    /// Every door misses another 3 to 9 % of those who leave, another share every day.
    Unsteady,
    /// The main door sees only 64 % of those who leave.
    Severe,
    /// Tuned by 4 % on the 10th and the other way on the 19th day.
    Retuned,
    /// Other counters, 10 % different, from the 14th day on.
    Replaced,
    /// A door counts zero, six times for 6 to 30 hours.
    Dead,
    /// A door sends nothing, six times for 3 to 12 hours, and never makes up for it.
    Missing,
    /// Hourly rows, 15 to 60 minutes late, 2 % lost, 3 % corrected later.
    Late,
}

impl Regime {
    pub const ALL: [Self; 9] = [
        Self::Fair,
        Self::Biased,
        Self::Unsteady,
        Self::Severe,
        Self::Retuned,
        Self::Replaced,
        Self::Dead,
        Self::Missing,
        Self::Late,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Fair => "fair",
            Self::Biased => "biased",
            Self::Unsteady => "unsteady",
            Self::Severe => "severe",
            Self::Retuned => "retuned",
            Self::Replaced => "replaced",
            Self::Dead => "dead doors",
            Self::Missing => "missing rows",
            Self::Late => "late, hourly",
        }
    }

    /// Length of an interval in seconds.
    pub fn span_s(self) -> i64 {
        if self == Self::Late { 3600 } else { 900 }
    }

    /// What the sensor makes of a person on the day `day` of the run.
    pub fn counted(self, passage: &Passage, day: i64) -> Flow {
        let chance = dice(passage.at_s, i64::from(passage.door), 1);
        let lost_out = match self {
            Self::Biased => 0.05,
            Self::Unsteady => 0.03 + 0.06 * dice(day, 7, 2),
            Self::Severe if passage.door == 0 => 0.36,
            Self::Replaced if day >= 14 => 0.10,
            Self::Retuned if day >= 19 => 0.04,
            _ => 0.0,
        };
        let lost_in = match self {
            Self::Retuned if (10..19).contains(&day) => 0.04,
            _ => 0.0,
        };
        let lost = if passage.inward { lost_in } else { lost_out };
        if chance < lost {
            Flow::default()
        } else {
            passage.flow()
        }
    }

    /// What becomes of a row: nothing, one delivery, or two with a correction.
    pub fn deliver(self, row: Row, doors: usize, from: Timestamp) -> Vec<Row> {
        let start = row.visit.start;
        let hours = (start - from).num_hours();
        let stricken = doors > 1 && row.door == "1" && self.strikes(hours);
        match self {
            Self::Dead if stricken => {
                let mut row = row;
                row.visit.flow = Flow::default();
                vec![row]
            }
            Self::Missing if stricken => Vec::new(),
            Self::Late => late(row),
            _ => vec![row],
        }
    }

    fn strikes(self, hours: i64) -> bool {
        let (least, most) = if self == Self::Dead { (6, 30) } else { (3, 12) };
        (0..6).any(|time| {
            let begins = 24 * (3 + 4 * time) + 9 + 3 * (time % 3);
            let lasts = least + (most - least) * time / 5;
            (begins..begins + lasts).contains(&hours)
        })
    }
}

fn late(mut row: Row) -> Vec<Row> {
    let key = row.visit.start.timestamp();
    let door = i64::from(row.door.as_bytes()[0]);
    if dice(key, door, 3) < 0.02 {
        return Vec::new();
    }
    #[expect(clippy::cast_possible_truncation, reason = "less than an hour")]
    let minutes = 15 + (45.0 * dice(key, door, 4)) as i64;
    row.delivered += TimeDelta::minutes(minutes);
    if dice(key, door, 5) >= 0.03 {
        return vec![row];
    }
    let mut first = Row {
        door: row.door.clone(),
        ..row
    };
    first.visit.flow.entered /= 2;
    row.delivered += TimeDelta::hours(2);
    vec![first, row]
}

/// A number from 0 to 1 that depends on nothing but these three.
fn dice(one: i64, two: i64, three: i64) -> f64 {
    let mut bits = one.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15)
        ^ two.cast_unsigned().wrapping_mul(0xc2b2_ae3d_27d4_eb4f)
        ^ three.cast_unsigned().wrapping_mul(0x1656_67b1_9e37_79f9);
    for _ in 0..2 {
        bits = (bits ^ (bits >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    }
    #[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
    let high = (bits >> 32) as f64;
    high / 4_294_967_296.0
}
