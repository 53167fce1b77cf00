//! The page of a device: every number with its age, and what the vendor says about it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::board::{Activity, Correction, DeviceRow, Figures};
use crate::model::device::Detail;
use crate::model::figure::Figure;
use crate::model::health::due;

use super::hotel::House;
use super::{figures, vending};
use crate::screen::judge::Judged;
use crate::screen::row::data_word;
use crate::screen::scene::Scene;
use crate::screen::widgets::gauge::strip;
use crate::screen::widgets::page::{Block, scrolled};
use crate::screen::widgets::text::Piece;
use crate::screen::words;

pub fn draw(
    scene: &Scene<'_>,
    judged: &Judged<DeviceRow>,
    top: usize,
    area: Rect,
    buf: &mut Buffer,
) {
    let theme = scene.theme();
    let title = vec![
        (judged.row.facts.name.clone(), theme.strong),
        (format!("  {}", judged.row.id), theme.faint),
    ];
    let mut blocks = vec![Block::line(scene, title), Block::blank()];
    blocks.extend(lines(scene, judged).into_iter().map(|(label, pieces)| {
        let label = (label.to_owned(), theme.faint);
        Block::labelled(scene, label, &pieces, (14, area.width))
    }));
    let content = scrolled(&blocks, top, area, buf);
    scene.note_content(content, area.height.into());
}

/// A label and what belongs to it.
pub type Fact = (&'static str, Vec<Piece>);

/// Everything about a device.
pub fn lines(scene: &Scene<'_>, judged: &Judged<DeviceRow>) -> Vec<Fact> {
    let theme = scene.theme();
    let row = &*judged.row;
    let mut lines: Vec<Fact> = vec![("state", vec![figures::state(scene, judged.state)])];
    let text = |text: String| vec![(text, theme.text)];
    if let Some(store) = &row.store {
        lines.push(("store", text(store.to_string())));
    }
    lines.extend(numbers(scene, judged));
    lines.extend(claims(scene, row));
    if let Some(as_of) = row.as_of {
        let age = scene.age_by(as_of, row.skew_s);
        let said = format!("{}, {age} ago", scene.time(as_of));
        lines.push(("as of", text(said)));
    }
    if let Some(at) = due(row.feed(), scene.now) {
        let said = if at > scene.now {
            format!("{}, in {}", scene.time(at), scene.until(at))
        } else {
            format!(
                "{}, {} ago: {}",
                scene.time(at),
                scene.age(at),
                data_word(judged.state)
            )
        };
        lines.push(("next due", text(said)));
    }
    lines
}

fn numbers(scene: &Scene<'_>, judged: &Judged<DeviceRow>) -> Vec<Fact> {
    let row = &*judged.row;
    match &row.figures {
        Figures::PeopleCounter { .. } => counted(scene, row),
        Figures::Tracker {
            odometer_km,
            engine_hours,
            distance_today_km,
            distance_since,
            on_board,
        } => {
            let mut today = shown(scene, distance_today_km.as_ref(), |km| {
                format!("{} km", words::decimal(*km, 2))
            });
            if let Some(since) = distance_since {
                let text = format!(", measured since {}", scene.time(*since));
                today.push((text, scene.theme().faint));
            }
            vec![
                (
                    "odometer",
                    shown(scene, odometer_km.as_ref(), |km| {
                        format!("{} km", words::decimal(*km, 2))
                    }),
                ),
                ("today", today),
                (
                    "engine",
                    shown(scene, engine_hours.as_ref(), |hours| {
                        format!("{} h", words::decimal(*hours, 2))
                    }),
                ),
                (
                    "on board",
                    shown(scene, on_board.as_ref(), |people| words::signed(*people)),
                ),
            ]
        }
        Figures::DocumentCounter {
            value,
            growth_today,
            per_hour,
            unseen,
            ..
        } => {
            let mut numbers = vec![
                ("value", shown(scene, value.as_ref(), i64::to_string)),
                ("today", plain(scene, growth_today.map(words::signed))),
                (
                    "last hour",
                    plain(scene, per_hour.map(|rate| words::decimal(rate, 1))),
                ),
            ];
            numbers.extend(pause(scene, row, "documents"));
            // What nobody saw being made is one step, not a row of hours.
            numbers.extend(unseen.iter().map(|gap| {
                let growth = words::signed(gap.growth);
                let (from, to) = (scene.time(gap.from), scene.time(gap.to));
                let text = format!("{growth} between {from} and {to}, when nobody looked");
                ("gap", plain(scene, Some(text)))
            }));
            numbers
        }
        Figures::Machine {
            sales_today,
            last_sale,
            ..
        } => [
            (
                "sales today",
                shown(scene, sales_today.as_ref(), |sales| words::count(*sales)),
            ),
            ("takings", plain(scene, Some(vending::takings(row)))),
            (
                "last sale",
                plain(
                    scene,
                    last_sale.map(|at| format!("{}, {} ago", scene.time(at), scene.age(at))),
                ),
            ),
        ]
        .into_iter()
        .chain(pause(scene, row, "sales"))
        .collect(),
    }
}

/// In and out of a counter, and what the vendor changed of it.
fn counted(scene: &Scene<'_>, row: &DeviceRow) -> Vec<Fact> {
    let Figures::PeopleCounter {
        today,
        occupancy,
        corrections,
        ..
    } = &row.figures
    else {
        return Vec::new();
    };
    [
        (
            "in today",
            shown(scene, today.as_ref(), |flow| words::count(flow.0)),
        ),
        (
            "out today",
            shown(scene, today.as_ref(), |flow| words::count(flow.1)),
        ),
        (
            "vendor inside",
            shown(scene, occupancy.as_ref(), |value| words::signed(*value)),
        ),
    ]
    .into_iter()
    .chain(corrections.iter().map(|it| correction(scene, it)))
    .collect()
}

/// `14:00 to 14:15: 40 in, 39 out -> 31 in, 19 out  known at 15:07`.
fn correction(scene: &Scene<'_>, correction: &Correction) -> Fact {
    let (from, to) = (scene.time(correction.start), scene.time(correction.end()));
    let known = scene.time(correction.known_at);
    let pieces = vec![
        (
            format!("{from} to {to}: {}", correction.change()),
            scene.theme().text,
        ),
        (format!("  known at {known}"), scene.theme().faint),
    ];
    ("corrected", pieces)
}

/// How long nothing has happened, compared with what is usual at these hours.
fn pause(scene: &Scene<'_>, row: &DeviceRow, what: &str) -> Option<Fact> {
    let activity = row.activity(scene.now)?;
    let theme = scene.theme();
    let mut pieces = vec![match activity {
        Activity::Active | Activity::Idle => (activity.word().to_owned(), theme.text),
        Activity::Silent if row.is_missed() => (activity.word().to_owned(), theme.bad),
        Activity::Silent => (activity.word().to_owned(), theme.warn),
    }];
    let more = match (row.missed(scene.now), row.silent_from()) {
        (Some(missed), _) => format!("  about {missed:.0} {what} are usual in this time"),
        (None, Some(from)) => format!("  silent from {} if nothing comes", scene.time(from)),
        (None, None) => String::new(),
    };
    pieces.push((more, theme.faint));
    Some(("activity", pieces))
}

/// A figure with its own age and quality; here even a dead one shows its last value.
fn shown<T>(
    scene: &Scene<'_>,
    figure: Option<&Figure<T>>,
    word: impl Fn(&T) -> String,
) -> Vec<Piece> {
    let theme = scene.theme();
    let Some(figure) = figure else {
        return vec![("--".to_owned(), theme.faint)];
    };
    let mut pieces = vec![
        (word(&figure.value), theme.strong),
        (format!("  as of {}", scene.time(figure.as_of)), theme.faint),
    ];
    let flags = figures::flags(figure.quality);
    if !flags.is_empty() {
        pieces.push((format!("  {flags}"), theme.warn));
    }
    pieces
}

fn plain(scene: &Scene<'_>, text: Option<String>) -> Vec<Piece> {
    let text = text.filter(|text| !text.is_empty());
    vec![(text.unwrap_or_else(|| "--".to_owned()), scene.theme().text)]
}

/// How full a hotel is: a gauge, the share, and the two numbers it is made of.
fn rooms(scene: &Scene<'_>, row: &DeviceRow) -> Vec<Piece> {
    // Short enough to fit beside its numbers on the narrowest terminal.
    const GAUGE: u16 = 8;
    let house = House::of(row);
    let mut pieces = Vec::new();
    if let Some(share) = house.share() {
        pieces = strip(share, GAUGE, scene.glyphs(), scene.theme());
        let percent = format!("  {}  ", words::percent(share));
        pieces.push((percent, scene.theme().text));
    }
    pieces.extend(plain(scene, house.rooms()));
    pieces
}

/// What only the vendor knows, in its own words.
fn claims(scene: &Scene<'_>, row: &DeviceRow) -> Vec<Fact> {
    let say = |text: Option<String>| plain(scene, text);
    match &row.facts.detail {
        Detail::PeopleCounter { interval_s, group } => vec![
            (
                "interval",
                say(interval_s.map(|seconds| format!("{} min", seconds / 60))),
            ),
            ("vendor group", say(group.clone())),
        ],
        Detail::Tracker {
            ignition,
            seats,
            last_update,
            clone,
            ..
        } => {
            let heard = last_update.map(|at| format!("{}, {} ago", scene.time(at), scene.age(at)));
            let ignition = ignition.map(|on| if on { "on" } else { "off" }.to_owned());
            let mut claims = vec![
                (
                    "vendor says",
                    say(Some(format!(
                        "{}, {}",
                        figures::connection(row),
                        figures::movement(row)
                    ))),
                ),
                ("ignition", say(ignition)),
                ("seats", say(seats.map(|seats| seats.to_string()))),
                ("last heard", say(heard)),
            ];
            if *clone {
                claims.push((
                    "clone",
                    say(Some("shares its hardware, not in totals".to_owned())),
                ));
            }
            claims
        }
        Detail::DocumentCounter {
            counter_type,
            enterprise_name,
            guests_in_house,
            ..
        } => vec![
            ("type", say(Some(counter_type.clone()))),
            ("hotel", say(enterprise_name.clone())),
            (
                "guests",
                say(guests_in_house.map(|guests| guests.to_string())),
            ),
            ("rooms", rooms(scene, row)),
        ],
        Detail::Machine {
            location,
            active,
            open_events,
            ..
        } => {
            let active = active.map(|on| if on { "yes" } else { "no" }.to_owned());
            let mut claims = vec![("location", say(location.clone())), ("active", say(active))];
            claims.extend(open_events.iter().map(|event| {
                let text = format!("{} since {}", event.code, scene.time(event.since));
                ("event", vec![(text, scene.theme().bad)])
            }));
            claims
        }
    }
}
