//! The list of sources: how fetching goes, how far the data reaches, when the next try comes; and
//! the page with everything about one of them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::board::{Requests, SourceRow};
use crate::model::incidents::{Freshness, OBJECTIVE, WINDOW_DAYS};
use crate::model::schedule::{ENOUGH, Habit};

use super::figures;
use super::list::{self, Table};
use crate::screen::judge::Judged;
use crate::screen::row::{Row, Sort, data_glyph, fetch_glyph, fetch_word};
use crate::screen::scene::Scene;
use crate::screen::widgets::beats;
use crate::screen::widgets::page::{Block, rule, scrolled};
use crate::screen::widgets::table::{Cell, Column};
use crate::screen::widgets::text::{Piece, put_pieces};
use crate::screen::words::{self, plural};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    Name,
    Vendor,
    Fetch,
    Glyph,
    State,
    Success,
    Age,
    Next,
    Took,
    Beats,
    Requests,
    Budget,
    Devices,
}

pub fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let table = Table {
        columns: columns(scene, area.width),
        cell: &|row, key, selected| match row {
            Row::Source(judged) => cell(scene, judged, key, selected),
            _ => Cell::blank(),
        },
        order: &|key| match key {
            Key::Name => Some(Sort::Name),
            Key::Age => Some(Sort::Age),
            Key::Fetch => Some(Sort::Attention),
            _ => None,
        },
        empty: "No sources. The configuration file names the vendors' accounts as [[source]].",
    };
    list::draw(scene, &table, area, buf);
    selected(scene, area, buf);
}

/// The page of a source.
pub fn draw_page(
    scene: &Scene<'_>,
    judged: &Judged<SourceRow>,
    top: usize,
    area: Rect,
    buf: &mut Buffer,
) {
    let mut blocks = vec![
        Block::line(
            scene,
            vec![
                (judged.row.name.to_string(), scene.theme().strong),
                (format!("  {}", judged.row.vendor), scene.theme().faint),
            ],
        ),
        Block::blank(),
    ];
    blocks.extend(facts(scene, judged, area.width));
    let content = scrolled(&blocks, top, area, buf);
    scene.note_content(content, area.height.into());
}

/// The facts of the selected source below the list, as far as there is room.
fn selected(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let below = list::below(scene.app, area);
    let Some(Row::Source(judged)) = scene.app.selected().filter(|_| below >= 3) else {
        return;
    };
    let panel = Rect {
        x: area.x + 2,
        y: area.bottom() - below,
        width: area.width.saturating_sub(4),
        height: below,
    };
    rule(scene, &judged.row.name, panel, buf);
    let inner = Rect {
        y: panel.y + 1,
        height: below - 1,
        ..panel
    };
    scrolled(&facts(scene, judged, inner.width), 0, inner, buf);
}

fn columns(scene: &Scene<'_>, width: u16) -> Vec<Column<Key>> {
    let longest = scene.app.list().listing.name_width.clamp(6, 24);
    let mut columns = vec![
        Column::words(Key::Name, "Source", longest.min(12), 0).up_to(longest),
        Column::words(Key::Vendor, "Vendor", 10, 7),
        Column::words(Key::Fetch, "Fetch", 15, 0),
    ];
    if width >= 60 {
        columns.push(Column::words(Key::State, "Data", 8, 1));
    } else {
        columns.push(Column::words(Key::Glyph, "", 1, 1).after(1));
    }
    columns.extend([
        Column::numbers(Key::Age, "Age", 5, 2).after(1),
        Column::numbers(Key::Success, "Success", 7, 4),
        Column::numbers(Key::Next, "Next in", 7, 3),
        Column::numbers(Key::Took, "Took", 6, 6),
        Column::words(Key::Beats, "Attempts", 12, 5).up_to(24),
        Column::numbers(Key::Requests, "Requests/h", 10, 8),
        Column::words(Key::Budget, "", 6, 9).after(1),
        Column::numbers(Key::Devices, "Devices", 7, 10),
    ]);
    columns
}

fn cell<'a>(
    scene: &'a Scene<'a>,
    judged: &'a Judged<SourceRow>,
    key: Key,
    selected: bool,
) -> Cell<'a> {
    let theme = scene.theme();
    let row = &*judged.row;
    let dash = || "--".to_owned();
    match key {
        Key::Name => Cell::text(&*row.name, figures::name_style(scene, selected)),
        Key::Vendor => Cell::text(&*row.vendor, theme.faint),
        Key::Fetch => Cell::Text(vec![fetch(scene, row)]),
        Key::Glyph => Cell::text(data_glyph(judged.state), scene.data_style(judged.state)),
        Key::State => Cell::Text(vec![figures::state(scene, judged.state)]),
        Key::Success => Cell::text(
            row.last_success.map_or_else(dash, |at| scene.time(at)),
            theme.text,
        ),
        Key::Age => Cell::text(
            (row.horizon).map_or_else(dash, |at| scene.age_by(at, row.heeded_skew_s())),
            theme.text,
        ),
        Key::Next => Cell::text(
            row.next_poll.map_or_else(dash, |at| scene.until(at)),
            theme.text,
        ),
        Key::Took => Cell::text(row.took_ms.map_or_else(dash, words::took), theme.faint),
        Key::Beats => Cell::draw(move |area, buf| {
            beats::render(&row.beats, area, buf, scene.glyphs(), theme);
        }),
        Key::Requests => Cell::text(used(row.requests), theme.faint),
        Key::Budget => Cell::draw(move |area, buf| budget(scene, row.requests, area, buf)),
        Key::Devices => Cell::text(row.devices.to_string(), theme.faint),
    }
}

fn fetch(scene: &Scene<'_>, row: &SourceRow) -> Piece {
    let text = format!("{} {}", fetch_glyph(row.fetch), fetch_word(row.fetch));
    (text, scene.fetch_style(row.fetch))
}

fn used(requests: Requests) -> String {
    format!("{}/{}", requests.last_hour, requests.limit_per_hour)
}

/// The share of the hour's requests that is used, as a small bar.
fn budget(scene: &Scene<'_>, requests: Requests, area: Rect, buf: &mut Buffer) {
    let (theme, glyphs) = (scene.theme(), scene.glyphs());
    let limit = u64::from(requests.limit_per_hour.max(1));
    let cells = u64::from(requests.last_hour) * u64::from(area.width);
    let filled = cells.div_ceil(limit);
    let style = match u64::from(requests.last_hour) * 100 / limit {
        ..70 => theme.accent,
        70..90 => theme.warn,
        _ => theme.bad,
    };
    for (number, x) in (area.x..area.right()).enumerate() {
        let on = (number as u64) < filled;
        let full = glyphs.fill.last().copied().unwrap_or("#");
        let (sign, style) = if on {
            (full, style)
        } else {
            (glyphs.rest, theme.line)
        };
        buf[(x, area.y)].set_symbol(sign).set_style(style);
    }
}

/// Everything about a source, a line each.
pub fn facts<'a>(
    scene: &'a Scene<'_>,
    judged: &'a Judged<SourceRow>,
    width: u16,
) -> Vec<Block<'a>> {
    let theme = scene.theme();
    let row = &*judged.row;
    let mut blocks = Vec::new();
    let mut fact = |label: &str, pieces: Vec<Piece>| {
        let label = (label.to_owned(), theme.faint);
        blocks.push(Block::labelled(scene, label, &pieces, (12, width)));
    };
    let padded = |(text, style): Piece| (format!("{text:<9}"), style);
    fact(
        "fetch",
        vec![padded(fetch(scene, row)), said_fetch(scene, row)],
    );
    let state = padded(figures::state(scene, judged.state));
    fact("data", vec![state, said_data(scene, judged)]);
    fact("next try", vec![(next(scene, row), theme.text)]);
    fact("requests", vec![(said_requests(row), theme.text)]);
    fact("last answer", vec![(said_answer(row), theme.text)]);
    match row.freshness {
        Some(freshness) => fact("freshness", said_freshness(scene, freshness)),
        None if scene.is_past() => {
            let text = "not known of the past, only of the present";
            fact("freshness", vec![(text.to_owned(), theme.faint)]);
        }
        None => {}
    }
    if let Some(error) = &row.error {
        fact("error", vec![(error.to_string(), theme.bad)]);
    }
    for note in row.remarks() {
        fact("note", vec![(note, theme.text)]);
    }
    let attempts = u16::try_from(row.beats.len()).unwrap_or(u16::MAX);
    blocks.push(Block::new(1, move |area, buf| {
        let strip = Rect {
            x: area.x + 12.min(area.width / 2),
            width: (area.width - 12.min(area.width / 2)).min(attempts),
            ..area
        };
        let label = [("attempts".to_owned(), theme.faint)];
        put_pieces(buf, area, &label, "");
        beats::render(&row.beats, strip, buf, scene.glyphs(), theme);
    }));
    if let Some(habit) = row.habit.filter(|_| !row.paused) {
        let label = ("learned".to_owned(), theme.faint);
        let said = [(said_habit(row, habit), theme.text)];
        blocks.push(Block::labelled(scene, label, &said, (12, width)));
    }
    blocks
}

fn said_fetch(scene: &Scene<'_>, row: &SourceRow) -> Piece {
    let success = row.last_success.map_or_else(
        || "never succeeded".to_owned(),
        |at| format!("last success {}, {} ago", scene.time(at), scene.age(at)),
    );
    let attempt = match row.last_attempt {
        Some(at) if row.last_success != Some(at) => {
            format!(", last attempt {}", scene.time(at))
        }
        _ => String::new(),
    };
    (format!("  {success}{attempt}"), scene.theme().text)
}

fn said_data(scene: &Scene<'_>, judged: &Judged<SourceRow>) -> Piece {
    let row = &*judged.row;
    let reach = row.horizon.map_or_else(
        || "nothing has arrived".to_owned(),
        |at| {
            let age = scene.age_by(at, row.heeded_skew_s());
            format!("reaches to {}, {age} ago", scene.time(at))
        },
    );
    let unconfirmed = match row.horizon {
        Some(_) if !row.confirmed => ", from history, not yet confirmed",
        _ => "",
    };
    let due = match scene.app.judgement.board.source_due(row, scene.now) {
        Some(at) if !row.paused && at > scene.now => {
            format!(", next due {}", scene.time(at))
        }
        Some(at) if !row.paused => format!(", was due {}", scene.time(at)),
        _ => String::new(),
    };
    (format!("  {reach}{unconfirmed}{due}"), scene.theme().text)
}

fn next(scene: &Scene<'_>, row: &SourceRow) -> String {
    match row.next_poll {
        Some(at) if at > scene.now => {
            format!("{}, in {}", scene.time(at), scene.until(at))
        }
        Some(_) => "now".to_owned(),
        None if row.paused => "none, it is switched off".to_owned(),
        None => "none until the settings change".to_owned(),
    }
}

fn said_requests(row: &SourceRow) -> String {
    let requests = row.requests;
    format!(
        "{} in the last hour of {} allowed, {} in the last poll",
        requests.last_hour, requests.limit_per_hour, requests.last_poll
    )
}

/// `each 15 min, delay p50 2:50, p95 3:10 min, of the last 64`.
fn said_habit(row: &SourceRow, habit: Habit) -> String {
    let clock = |seconds: u32| format!("{}:{:02}", seconds / 60, seconds % 60);
    let period = clock(habit.period_s);
    let period = period.strip_suffix(":00").unwrap_or(&period);
    let assumed = if habit.period_seen { "" } else { " assumed" };
    let lag = match habit.lag_s {
        Some((p50, p95)) => format!(
            "delay p50 {}, p95 {} min, of the last {}",
            clock(p50),
            clock(p95),
            habit.seen
        ),
        None => format!(
            "delay {} min assumed, learning ({} of {ENOUGH})",
            clock(row.expectation.lag_s),
            habit.seen
        ),
    };
    format!("each {period} min{assumed}, {lag}")
}

/// `99.87% of open time fresh, 99% wanted; 190 of 202 min left, 3 in the last hour`.
fn said_freshness(scene: &Scene<'_>, freshness: Freshness) -> Vec<Piece> {
    let theme = scene.theme();
    let share = freshness.ratio.map_or_else(
        || "nothing watched yet".to_owned(),
        |ratio| {
            format!(
                "{}% of open time fresh or due",
                words::decimal(ratio * 100.0, 2)
            )
        },
    );
    let wanted = words::percent(OBJECTIVE);
    let style = match freshness.left_min {
        ..=0 => theme.bad,
        _ if freshness.last_hour_min > 0 => theme.warn,
        _ => theme.text,
    };
    let (left, budget) = (freshness.left_min, freshness.budget_min);
    let left = format!(
        "{left} of {budget} min left in {WINDOW_DAYS} days, {} used in the last hour",
        freshness.last_hour_min
    );
    vec![
        (format!("{share}, {wanted} wanted; "), theme.text),
        (left, style),
    ]
}

fn said_answer(row: &SourceRow) -> String {
    let took = row.took_ms.map_or_else(|| "--".to_owned(), words::took);
    let rows = plural(row.rows as usize, "row", "rows");
    let devices = plural(row.devices, "device", "devices");
    format!(
        "{took}, {rows}, {} rejected, {} revised, {devices}",
        row.rejected, row.revised
    )
}
