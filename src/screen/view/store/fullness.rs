//! How full a store is: the number in words, the large gauge with its scale, the day's totals.

use crate::model::board::{Band, Over, StoreRow, Today};

use crate::screen::app::Against;
use crate::screen::judge::Judged;
use crate::screen::scene::Scene;
use crate::screen::view::figures;
use crate::screen::widgets::gauge::Gauge;
use crate::screen::widgets::page::Block;
use crate::screen::widgets::text::{Piece, put};
use crate::screen::words;

/// The number, its band, the share of the capacity, and what to keep in mind.
pub fn numbers<'a>(scene: &'a Scene<'_>, judged: &Judged<StoreRow>, width: u16) -> Block<'a> {
    let theme = scene.theme();
    let band = figures::band(scene, judged);
    let space = if band.is_empty() { "" } else { " " };
    let unit = if scene.app.raw {
        " inside, raw"
    } else {
        " inside"
    };
    let inside = vec![
        figures::inside(scene, judged),
        (format!("{space}{band}{unit}"), theme.faint),
    ];
    let quality = (judged.row.occupancy.as_ref()).map(|occupancy| occupancy.shown.quality);
    let flags = figures::flags(quality.unwrap_or_default());
    let flags = if flags.is_empty() {
        Vec::new()
    } else {
        vec![(flags, theme.warn)]
    };
    let mut groups = vec![inside];
    groups.extend(share(scene, judged));
    groups.push(flags);
    Block::flow(scene, groups, width)
}

/// `80% of 120`, what that means, and how many can still enter: counted from the upper edge of the
/// band, so that it errs on the safe side.
fn share(scene: &Scene<'_>, judged: &Judged<StoreRow>) -> Vec<Vec<Piece>> {
    let theme = scene.theme();
    let Some(capacity) = judged.row.store.capacity else {
        return vec![vec![("no capacity set".to_owned(), theme.faint)]];
    };
    let full = figures::full(scene, judged);
    let Some((percent, style)) = full.first() else {
        return Vec::new();
    };
    let live = figures::is_live(judged.state);
    let word = match (judged.row.over().filter(|_| live), judged.row.band()) {
        (Some(Over::Certainly), _) => "certainly over capacity",
        (Some(Over::Over), _) => "over capacity",
        (Some(Over::Possibly), _) => "possibly over capacity",
        (None, Band::Near) if live => "near capacity",
        _ => "",
    };
    let share = vec![
        (percent.trim().to_owned(), *style),
        (format!(" of {capacity}"), theme.faint),
    ];
    let word = if word.is_empty() {
        Vec::new()
    } else {
        vec![(word.to_owned(), *style)]
    };
    let room = (judged.row.room().filter(|_| live)).map_or_else(Vec::new, |room| {
        vec![(format!("{room} can still enter"), theme.text)]
    });
    vec![share, word, room]
}

/// The large gauge with its scale below.
pub fn gauge<'a>(
    scene: &'a Scene<'_>,
    judged: &'a Judged<StoreRow>,
    height: u16,
) -> Vec<Block<'a>> {
    const HEADROOM: f64 = 0.1;
    let Some(capacity) = judged.row.store.capacity.filter(|capacity| *capacity > 0) else {
        return Vec::new();
    };
    let thick = if height >= 30 { 2 } else { 1 };
    let bar = Block::new(thick, move |area, buf| {
        Gauge::new(&judged.row, judged.state)
            .large(HEADROOM)
            .render(area, buf, scene.glyphs(), scene.theme());
    });
    let warn = judged.row.store.warn;
    let scale = Block::new(1, move |area, buf| {
        let theme = scene.theme();
        let place = |share: f64| {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a share of the width"
            )]
            let offset = (share / (1.0 + HEADROOM) * f64::from(area.width)) as u16;
            area.x + offset.min(area.width.saturating_sub(1))
        };
        let mut right = area.right();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the cast saturates"
        )]
        let warn_at = (warn * f64::from(capacity)).ceil() as u64;
        for (share, text) in [
            (1.0, format!("{capacity} capacity")),
            (warn, format!("{} warn", words::count(warn_at))),
            (0.0, "0".to_owned()),
        ] {
            let width = u16::try_from(text.len()).unwrap_or(u16::MAX);
            let x = place(share).min(right.saturating_sub(width));
            if x >= area.x && x + width <= right {
                put(buf, (x, area.y), width, (&text, theme.faint), "");
                right = x.saturating_sub(1);
            }
        }
    });
    vec![bar, scale]
}

/// The day's totals.
pub fn day<'a>(scene: &'a Scene<'_>, row: &StoreRow, width: u16) -> Block<'a> {
    let theme = scene.theme();
    let faint = |text: &str| (text.to_owned(), theme.faint);
    let Some(today) = row.today else {
        return Block::line(scene, vec![faint("No data for today yet.")]);
    };
    let number = |value: u64| (words::count(value), theme.text);
    let mut groups = vec![
        vec![faint("in "), number(today.entered)],
        vec![faint("out "), number(today.left)],
        usual(scene, row, &today),
        vec![faint(&format!("since {}", scene.time(today.since)))],
        vec![faint(&format!(
            "coverage {}",
            words::percent(today.coverage)
        ))],
    ];
    if let Some((peak, at)) = row.peak {
        let at = faint(&format!(" at {}", scene.time(at)));
        groups.push(vec![faint("peak "), number(peak.into()), at]);
    }
    Block::flow(scene, groups, width)
}

/// How many had come in by then on the day that is compared with: `last week 380 in by 14:15, +8%`.
fn usual(scene: &Scene<'_>, row: &StoreRow, today: &Today) -> Vec<Piece> {
    let theme = scene.theme();
    let faint = |text: String| (text, theme.faint);
    let usual = match scene.app.against(row) {
        None => return Vec::new(),
        Some(Against::Reading) => return vec![faint("reading the last weeks".to_owned())],
        Some(Against::NoGoodDay) => {
            let other = scene.app.past().is_some();
            let why = if other {
                "another day, not compared"
            } else {
                "no good day to compare"
            };
            return vec![faint(why.to_owned())];
        }
        Some(Against::Usual(usual)) => usual,
    };
    let by = row.covered_to.unwrap_or(scene.now).min(scene.now);
    let entered = usual.entered_by(by);
    let word = match scene.app.comparing.word() {
        "median" => format!("median of {} ", usual.dates.len()),
        word => format!("{word} "),
    };
    let mut pieces = vec![
        faint(word),
        (words::count(entered), theme.text),
        faint(format!(" in by {}", scene.time(by))),
    ];
    if let Some(change) = words::change(today.entered, entered) {
        pieces.push(faint(format!(", {change}")));
    }
    pieces
}
