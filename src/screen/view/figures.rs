//! Numbers as text, with the marks of their state and quality.

use ratatui::style::Style;

use crate::model::board::{Activity, Band, DeviceRow, Figures, Occupancy, StoreRow};
use crate::model::device::Detail;
use crate::model::figure::{Flag, Quality};
use crate::model::health::DataState;
use crate::model::totals::Totals;

use crate::screen::judge::Judged;
use crate::screen::row::{data_glyph, data_word};
use crate::screen::scene::Scene;
use crate::screen::widgets::text::Piece;
use crate::screen::words;

/// People inside: the shown number, or the raw one; `0*` where it was lifted to zero.
pub fn inside(scene: &Scene<'_>, judged: &Judged<StoreRow>) -> Piece {
    let occupancy = judged.row.occupancy.as_ref();
    let text = occupancy.map(|occupancy| {
        if scene.app.raw {
            words::signed(occupancy.raw)
        } else {
            shown(occupancy)
        }
    });
    let style = match judged.state {
        DataState::Fresh | DataState::Due | DataState::Late => scene.theme().strong,
        state => scene.number_style(state),
    };
    (scene.figure(text, judged.state), style)
}

/// Whether a number in this state says something about now.
pub fn is_live(state: DataState) -> bool {
    matches!(
        state,
        DataState::Fresh | DataState::Due | DataState::Late | DataState::Stale
    )
}

/// The shown number of an occupancy without the marks of its state.
pub fn shown(occupancy: &Occupancy) -> String {
    let text = words::count(occupancy.shown.value.into());
    if occupancy.shown.value == 0 && occupancy.raw < 0 {
        return format!("{text}*");
    }
    text
}

/// The band: `±6`, or `0–9` where it is cut off at zero; nothing for a number without one.
pub fn band(scene: &Scene<'_>, judged: &Judged<StoreRow>) -> String {
    let gone = matches!(judged.state, DataState::Dead | DataState::Unknown);
    let Some(occupancy) = judged.row.occupancy.as_ref() else {
        return String::new();
    };
    if gone || scene.app.raw {
        return String::new();
    }
    let value = occupancy.shown.value;
    let below = value.saturating_sub(occupancy.low);
    let above = occupancy.high.saturating_sub(value);
    if below == 0 && above == 0 {
        String::new()
    } else if below < above && occupancy.low == 0 {
        let high = words::count(occupancy.high.into());
        format!("0{}{high}", scene.glyphs().dash)
    } else {
        let half = words::count(below.max(above).into());
        format!("{}{half}", scene.glyphs().plus_minus)
    }
}

/// People inside several stores, `--` while none of them has a live number.
pub fn people(totals: &Totals) -> String {
    if totals.counted == 0 {
        return "--".to_owned();
    }
    words::count(totals.inside)
}

/// The band around the people inside several stores: `±14`, or `0–71` where it is cut off at zero;
/// nothing without one.
pub fn spread(scene: &Scene<'_>, totals: &Totals) -> String {
    match totals.half() {
        0 => String::new(),
        half if half > totals.inside => {
            let high = words::count(totals.inside.saturating_add(half));
            format!("0{}{high}", scene.glyphs().dash)
        }
        half => format!("{}{}", scene.glyphs().plus_minus, words::count(half)),
    }
}

/// The share of the capacity and its word: `104% over`, `46% over?` where it is only possible.
pub fn full(scene: &Scene<'_>, judged: &Judged<StoreRow>) -> Vec<Piece> {
    let theme = scene.theme();
    let gone = matches!(judged.state, DataState::Dead | DataState::Unknown);
    let Some(ratio) = judged.row.ratio().filter(|_| !gone) else {
        return Vec::new();
    };
    let (word, style) = match judged.row.band() {
        _ if judged.state == DataState::Stale => ("", theme.stale),
        _ if judged.state == DataState::Closed => ("", theme.faint),
        Band::Over => ("over", theme.bad),
        Band::Near if judged.row.over().is_some() => ("over?", theme.warn),
        Band::Near => ("near", theme.warn),
        Band::Normal | Band::Unknown => ("", theme.text),
    };
    let percent = words::percent(ratio);
    vec![
        (format!("{percent:>5}"), style),
        (format!(" {word:<5}"), style),
    ]
}

/// The glyph and word of a data state.
pub fn state(scene: &Scene<'_>, state: DataState) -> Piece {
    let text = format!("{} {}", data_glyph(state), data_word(state));
    (text, scene.data_style(state))
}

/// The words of the quality flags that an operator should know of; that the newest interval is
/// provisional is drawn, not said.
pub fn flags(quality: Quality) -> String {
    let words: Vec<_> = (quality.flags())
        .filter(|flag| *flag != Flag::Provisional)
        .map(|flag| flag.word().replace('_', " "))
        .collect();
    words.join(", ")
}

/// A count of a device or store in the style of its state.
pub fn number(scene: &Scene<'_>, value: Option<u64>, state: DataState) -> Piece {
    let text = scene.figure(value.map(words::count), state);
    (text, scene.number_style(state))
}

/// A decimal in the style of its state.
pub fn decimal(scene: &Scene<'_>, value: Option<f64>, places: usize, state: DataState) -> Piece {
    let text = value.map(|value| words::decimal(value, places));
    (scene.figure(text, state), scene.number_style(state))
}

/// What the vendor claims about a vehicle's link, or that it is blocked.
pub fn connection(row: &DeviceRow) -> &str {
    match &row.facts.detail {
        Detail::Tracker { blocked: true, .. } => "blocked",
        Detail::Tracker { connection, .. } => connection.as_deref().unwrap_or("--"),
        _ => "",
    }
}

/// What the vendor claims about a vehicle's movement.
pub fn movement(row: &DeviceRow) -> &str {
    match &row.facts.detail {
        Detail::Tracker { movement, .. } => movement.as_deref().unwrap_or("--"),
        _ => "",
    }
}

/// A device's numbers in a few words, for a list of members.
pub fn brief(scene: &Scene<'_>, judged: &Judged<DeviceRow>) -> Vec<Piece> {
    let theme = scene.theme();
    let style = scene.number_style(judged.state);
    let figure = |text: Option<String>| (scene.figure(text, judged.state), style);
    let word = |text: &str| (text.to_owned(), theme.faint);
    match &judged.row.figures {
        Figures::PeopleCounter { today, .. } => vec![
            word("in "),
            figure(today.map(|today| words::count(today.value.0))),
            word("  out "),
            figure(today.map(|today| words::count(today.value.1))),
        ],
        Figures::Tracker {
            distance_today_km, ..
        } => vec![
            figure(distance_today_km.map(|km| words::decimal(km.value, 1))),
            word(" km today  "),
            (movement(&judged.row).to_owned(), style),
        ],
        Figures::DocumentCounter {
            value,
            growth_today,
            ..
        } => vec![
            figure(value.map(|value| words::signed(value.value))),
            word("  today "),
            figure(growth_today.map(words::signed)),
        ],
        Figures::Machine { sales_today, .. } => {
            let (trouble, style) = if judged.row.is_offline() {
                ("  offline", theme.bad)
            } else if judged.row.activity(scene.now) == Some(Activity::Silent) {
                ("  silent", theme.warn)
            } else {
                ("", theme.text)
            };
            vec![
                figure(sales_today.map(|sales| words::count(sales.value))),
                word(" sales today"),
                (trouble.to_owned(), style),
            ]
        }
    }
}

/// The style of a name: the selected one stands out.
pub fn name_style(scene: &Scene<'_>, selected: bool) -> Style {
    if selected {
        scene.theme().strong
    } else {
        scene.theme().text
    }
}
