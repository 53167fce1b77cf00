//! One simulated day as a picture: the plain sum, the estimate with its band, and the truth.

use std::fmt::Write;

use occtop::model::Timestamp;
use occtop::model::occupancy::{Day, Estimator, Point, ZeroRows};
use occtop::simulator::estate::Estate;

use super::regimes::Regime;
use super::simulated::Story;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 320.0;
/// Room for labels.
const LEFT: f64 = 44.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 28.0;
/// Seed of the estate, and position of a store that shows well what happens.
const SEED: u64 = 1;
const STORE: usize = 3;
/// Days lived through before the one that is drawn: a Friday.
const DAYS_BEFORE: i64 = 11;

/// Colours that can be read on white and on black.
const STYLE: &str = "text{font:13px sans-serif;fill:#6b7280}.line{fill:none;stroke-width:2}\
    .grid{stroke:#9ca3af;stroke-opacity:.35}.raw{stroke:#d97706;stroke-dasharray:6 4}\
    .raws{fill:#d97706}.ours{stroke:#3b82f6}.ourss{fill:#3b82f6}.band{fill:#3b82f6;fill-opacity:.22}\
    .truth{fill:#6b7280}\
    @media(prefers-color-scheme:dark){text,.truth{fill:#b6bcc6}}";

/// The picture as SVG.
pub fn of_a_day() -> String {
    let estate = Estate::new(SEED, 12);
    let site = &estate.sites()[STORE];
    let story = Story::of(&estate, site, Regime::Biased);
    let zone = site.city.zone;
    let first = story.rows[0].visit.start;
    let begins = first + chrono::TimeDelta::days(DAYS_BEFORE);
    let day = Day::of(zone, story.settings.turn(), 15, begins);
    let curve = curve(&story, &day);
    let truth: Vec<_> = (story.truth.iter())
        .filter(|(at, _)| *at > day.start() && *at <= day.end())
        .copied()
        .collect();
    let (Some((opens, _)), Some((closes, _))) = (truth.first(), truth.last()) else {
        return String::new();
    };
    let (from, to) = (*opens - chrono::TimeDelta::minutes(15), *closes);
    let shown: Vec<_> = (curve.into_iter())
        .filter(|point| point.end >= from && point.end <= to)
        .collect();
    draw(&Frame::of(&shown, from, to), &shown, &truth, zone)
}

/// The estimates of a day, as it was at its end.
fn curve(story: &Story, day: &Day) -> Vec<Point> {
    let mut estimator = Estimator::new(story.settings);
    for row in &story.rows {
        let door = estimator.door(&row.door, ZeroRows::Explicit);
        estimator.watched(door, row.visit.start);
    }
    for row in story.rows.iter().filter(|row| row.delivered <= day.end()) {
        let door = estimator.door(&row.door, ZeroRows::Explicit);
        estimator.observe(door, row.visit, None, row.delivered);
    }
    estimator.run();
    estimator.curve().collect()
}

/// Where instants and numbers of people are on the picture.
struct Frame {
    from: Timestamp,
    to: Timestamp,
    least: f64,
    most: f64,
}

impl Frame {
    fn of(points: &[Point], from: Timestamp, to: Timestamp) -> Self {
        let raw = |point: &Point| people(point.raw);
        let most = points.iter().map(|point| point.high.max(raw(point)));
        let least = points.iter().map(raw);
        Self {
            from,
            to,
            least: (least.fold(0.0, f64::min) / 20.0).floor() * 20.0,
            most: (most.fold(20.0, f64::max) / 20.0).ceil() * 20.0,
        }
    }

    fn x(&self, at: Timestamp) -> f64 {
        let share = people((at - self.from).num_seconds())
            / people((self.to - self.from).num_seconds()).max(1.0);
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, number: f64) -> f64 {
        let share = (number - self.least) / (self.most - self.least);
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    }

    fn line<'a>(&self, points: impl Iterator<Item = (Timestamp, f64)> + 'a) -> String {
        points.fold(String::new(), |mut line, (at, number)| {
            // Writing to a string does not fail.
            let _ = write!(line, "{:.0},{:.0} ", self.x(at), self.y(number));
            line
        })
    }
}

fn draw(
    frame: &Frame,
    points: &[Point],
    truth: &[(Timestamp, f64)],
    zone: chrono_tz::Tz,
) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n\
         <title>People inside on one day: plain sum, estimate with band, and truth</title>\n\
         <style>{STYLE}</style>\n"
    );
    let _ = write!(svg, "{}", axes(frame, zone));
    let upper = points.iter().map(|point| (point.end, point.high));
    let lower = points.iter().rev().map(|point| (point.end, point.low));
    let band = frame.line(upper.chain(lower));
    let ours = frame.line(points.iter().map(|point| (point.end, point.n)));
    let raw = frame.line(points.iter().map(|point| (point.end, people(point.raw))));
    let _ = write!(
        svg,
        "<polygon class=\"band\" points=\"{}\"/>\n\
         <polyline class=\"line raw\" points=\"{}\"/>\n\
         <polyline class=\"line ours\" points=\"{}\"/>\n",
        band.trim(),
        raw.trim(),
        ours.trim()
    );
    for (at, number) in truth {
        let (x, y) = (frame.x(*at), frame.y(*number));
        let _ = writeln!(
            svg,
            "<circle class=\"truth\" cx=\"{x:.0}\" cy=\"{y:.0}\" r=\"2\"/>"
        );
    }
    let _ = write!(
        svg,
        "<text class=\"raws\" x=\"{LEFT}\" y=\"18\">- - plain sum of in and out</text>\n\
         <text class=\"ourss\" x=\"260\" y=\"18\">\u{2014} estimate with its band</text>\n\
         <text x=\"470\" y=\"18\">\u{2022} truth (simulated)</text>\n</svg>\n"
    );
    svg
}

/// Lines for numbers of people, and the hours below.
fn axes(frame: &Frame, zone: chrono_tz::Tz) -> String {
    let mut svg = String::new();
    let step = ((frame.most - frame.least) / 100.0).ceil().max(1.0) * 20.0;
    let mut number = (frame.least / step).ceil() * step;
    while number <= frame.most {
        let y = frame.y(number);
        let (x, end) = (LEFT - 6.0, WIDTH - RIGHT);
        let _ = writeln!(
            svg,
            "<path class=\"grid\" d=\"M{LEFT} {y:.0}H{end}\"/>\
             <text x=\"{x}\" y=\"{:.0}\" text-anchor=\"end\">{number:.0}</text>",
            y + 4.0
        );
        number += step;
    }
    let mut hour = frame.from;
    while hour <= frame.to {
        let clock = hour.with_timezone(&zone).format("%H");
        let _ = writeln!(
            svg,
            "<text x=\"{:.0}\" y=\"{}\" text-anchor=\"middle\">{clock}</text>",
            frame.x(hour),
            HEIGHT - 8.0
        );
        hour += chrono::TimeDelta::hours(2);
    }
    svg
}

#[expect(clippy::cast_precision_loss, reason = "numbers of people are small")]
fn people(number: i64) -> f64 {
    number as f64
}
