//! The page of a store: how full, how the day went, which door, and why the number is what it is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::board::{Band, Day, Figures, StoreRow};
use crate::model::health::due;

use super::super::judge::Judged;
use super::super::scene::Scene;
use super::super::widgets::chart::Chart;
use super::super::widgets::gauge::Gauge;
use super::super::widgets::page::{Block, scrolled};
use super::super::widgets::table::{Align, Cell};
use super::super::widgets::text::{Piece, pieces_columns, put, put_pieces, wrap};
use super::super::words;
use super::day::{Axis, Hour, HourFlow, hours};
use super::figures;
use super::stores::warn_level;

pub fn draw(
    scene: &Scene<'_>,
    judged: &Judged<StoreRow>,
    top: usize,
    area: Rect,
    buf: &mut Buffer,
) {
    let row = &*judged.row;
    let mut blocks = vec![title(scene, judged)];
    if area.height >= 16 {
        blocks.push(Block::blank());
    }
    blocks.push(numbers(scene, judged, area.width));
    blocks.extend(gauge(scene, judged, area.height));
    blocks.push(Block::line(scene, day_line(scene, row)));
    blocks.push(Block::blank());
    blocks.extend(chart(scene, row, area));
    if area.width >= 90 {
        let left = area.width / 2 - 2;
        let right = area.width - left - 3;
        let mut second = members(scene, row);
        second.push(Block::blank());
        second.extend(why(scene, judged, right));
        blocks.push(Block::beside(left, table(scene, row), second));
    } else {
        blocks.extend(table(scene, row));
        blocks.push(Block::blank());
        blocks.extend(members(scene, row));
        blocks.push(Block::blank());
        blocks.extend(why(scene, judged, area.width));
    }
    let content = scrolled(&blocks, top, area, buf);
    scene.note_content(content, area.height.into());
}

/// Name and group at the left, state and age at the right.
fn title<'a>(scene: &'a Scene<'_>, judged: &'a Judged<StoreRow>) -> Block<'a> {
    Block::new(1, move |area, buf| {
        let theme = scene.theme();
        let store = &judged.row.store;
        let mut right = vec![figures::state(scene, judged.state)];
        if let Some(occupancy) = &judged.row.occupancy {
            let as_of = occupancy.shown.as_of;
            let text = format!("  as of {}, {}", scene.time(as_of), scene.age(as_of));
            right.push((text, theme.faint));
        }
        let width = pieces_columns(&right).min(area.width);
        let place = Rect {
            x: area.right() - width,
            width,
            ..area
        };
        put_pieces(buf, place, &right, scene.glyphs().ellipsis);
        let mut left = vec![(store.name.to_string(), theme.strong)];
        if let Some(group) = &store.group {
            left.push((format!("  {group}"), theme.faint));
        }
        let place = Rect {
            width: area.width.saturating_sub(width + 2),
            ..area
        };
        put_pieces(buf, place, &left, scene.glyphs().ellipsis);
    })
}

/// The number, its band, the share of the capacity, and what to keep in mind.
fn numbers<'a>(scene: &'a Scene<'_>, judged: &Judged<StoreRow>, width: u16) -> Block<'a> {
    let theme = scene.theme();
    let faint = |text: &str| (text.to_owned(), theme.faint);
    let mut pieces: Vec<Piece> = vec![figures::inside(scene, judged)];
    let band = figures::band(scene, judged);
    if !band.is_empty() {
        pieces.push((format!(" {band}"), theme.faint));
    }
    pieces.push(faint(if scene.app.raw {
        " inside, raw"
    } else {
        " inside"
    }));
    let full = figures::full(scene, judged);
    if let (Some(capacity), false) = (judged.row.store.capacity, full.is_empty()) {
        let style = full[0].1;
        pieces.push((format!("   {}", full[0].0.trim()), style));
        pieces.push((format!(" of {capacity}"), theme.faint));
        let word = match judged.row.band() {
            Band::Over => "   over capacity",
            Band::Near if possibly_over(&judged.row) => "   possibly over capacity",
            Band::Near => "   near capacity",
            Band::Normal | Band::Unknown => "",
        };
        pieces.push((word.to_owned(), style));
    } else if judged.row.store.capacity.is_none() && width >= 60 {
        pieces.push(faint("   no capacity set"));
    }
    let quality = (judged.row.occupancy.as_ref()).map(|occupancy| occupancy.shown.quality);
    let flags = figures::flags(quality.unwrap_or_default());
    if !flags.is_empty() {
        pieces.push((format!("   {flags}"), theme.warn));
    }
    Block::line(scene, pieces)
}

fn possibly_over(row: &StoreRow) -> bool {
    let (Some(capacity), Some(occupancy)) = (row.store.capacity, &row.occupancy) else {
        return false;
    };
    occupancy.high > capacity
}

/// The large gauge with its scale below.
fn gauge<'a>(scene: &'a Scene<'_>, judged: &'a Judged<StoreRow>, height: u16) -> Vec<Block<'a>> {
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

/// The day's totals in a line.
fn day_line(scene: &Scene<'_>, row: &StoreRow) -> Vec<Piece> {
    let theme = scene.theme();
    let faint = |text: String| (text, theme.faint);
    let Some(today) = row.today else {
        return vec![faint("No data for today yet.".to_owned())];
    };
    let mut pieces = vec![
        faint("in ".to_owned()),
        (words::count(today.entered), theme.text),
        faint("  out ".to_owned()),
        (words::count(today.left), theme.text),
        faint(format!(
            "  since {}, coverage {}",
            local(row, today.since),
            words::percent(today.coverage)
        )),
    ];
    if let Some((peak, at)) = row.peak {
        pieces.push(faint("  peak ".to_owned()));
        pieces.push((words::count(peak.into()), theme.text));
        pieces.push(faint(format!(" at {}", local(row, at))));
    }
    pieces
}

/// An instant in the store's own zone.
fn local(row: &StoreRow, at: crate::model::Timestamp) -> String {
    let local = at.with_timezone(&row.store.timezone);
    local.format("%H:%M").to_string()
}

fn chart<'a>(scene: &'a Scene<'_>, row: &'a StoreRow, area: Rect) -> Vec<Block<'a>> {
    let height = match area.height {
        ..10 => return Vec::new(),
        10..18 => 5,
        18..30 => 7,
        _ => 10,
    };
    let axis = Axis::of(&row.store, &row.day);
    let points = axis.points(&row.day);
    let every = if area.width >= 70 { 1 } else { 2 };
    let labels = axis.hours(&row.store, every);
    let drawing = Block::new(height, move |area, buf| {
        let chart = Chart {
            points: &points,
            total: axis.cells(),
            capacity: row.store.capacity,
            warn: warn_level(row),
            labels: &labels,
        };
        chart.render(area, buf, scene.glyphs(), scene.theme());
    });
    let title = Block::title(scene, "People inside today");
    vec![title, drawing, Block::blank()]
}

/// In and out by the hour, of the store and of each of its doors.
fn table<'a>(scene: &'a Scene<'_>, row: &'a StoreRow) -> Vec<Block<'a>> {
    let theme = scene.theme();
    let doors: Vec<(&str, &Day)> = (row.members.iter())
        .filter_map(|id| scene.app.judgement.device(id))
        .filter_map(|judged| match &judged.row.figures {
            Figures::PeopleCounter { day, .. } => Some((judged.row.facts.name.as_str(), &**day)),
            _ => None,
        })
        .collect();
    let doors = if doors.len() > 1 { doors } else { Vec::new() };
    let days: Vec<_> = doors.iter().map(|(_, day)| *day).collect();
    let hours = hours(row, &days);
    let mut blocks = vec![Block::title(scene, "In and out by the hour")];
    if hours.is_empty() {
        blocks.push(Block::line(
            scene,
            vec![("Nothing has arrived yet.".to_owned(), theme.faint)],
        ));
        return blocks;
    }
    let names: Vec<&str> = doors.iter().map(|(name, _)| *name).collect();
    let heading = names.clone();
    blocks.push(Block::new(1, move |area, buf| {
        let titles = std::iter::once("Store").chain(heading.iter().copied());
        for (title, place) in titles.zip(flow_columns(area)) {
            let cell = Cell::text(title, theme.faint);
            cell.render(place, Align::Right, buf, scene.glyphs().ellipsis);
        }
    }));
    blocks.push(Block::new(1, move |area, buf| {
        for (_, place) in (0..=names.len()).zip(flow_columns(area)) {
            let cell = Cell::text("in    out", theme.faint);
            cell.render(place, Align::Right, buf, "");
        }
    }));
    blocks.extend(hours.into_iter().map(|hour| hour_line(scene, row, hour)));
    blocks
}

/// Width of the hour at the left, and of each pair of in and out.
const HOUR: u16 = 5;
const PAIR: u16 = 12;

/// The places for the pairs, as many as fit.
fn flow_columns(area: Rect) -> impl Iterator<Item = Rect> {
    let first = area.x + HOUR;
    let fitting = area.width.saturating_sub(HOUR) / (PAIR + 1);
    (0..fitting).map(move |number| Rect {
        x: first + number * (PAIR + 1),
        width: PAIR,
        height: 1,
        ..area
    })
}

fn hour_line<'a>(scene: &'a Scene<'_>, row: &'a StoreRow, hour: Hour) -> Block<'a> {
    Block::new(1, move |area, buf| {
        let theme = scene.theme();
        let ellipsis = scene.glyphs().ellipsis;
        let label = local(row, hour.begins);
        put(buf, (area.x, area.y), HOUR, (&label, theme.faint), ellipsis);
        for (flow, place) in hour.flows.iter().zip(flow_columns(area)) {
            let pieces = flow_pieces(scene, *flow);
            Cell::Text(pieces).render(place, Align::Right, buf, ellipsis);
        }
    })
}

/// `8     4`, with `~` before sums that are not complete and `.` for an hour without data.
fn flow_pieces(scene: &Scene<'_>, hour: HourFlow) -> Vec<Piece> {
    let theme = scene.theme();
    let Some(flow) = hour.flow else {
        let missing = scene.glyphs().missing;
        return vec![(format!("{missing}      {missing}"), theme.faint)];
    };
    let mark = if hour.partial { "~" } else { "" };
    let style = if hour.partial {
        theme.stale
    } else {
        theme.text
    };
    let entered = format!("{mark}{}", words::count(flow.entered.into()));
    let left = format!("{:>7}", words::count(flow.left.into()));
    vec![(entered, style), (left, style)]
}

fn members<'a>(scene: &'a Scene<'_>, row: &'a StoreRow) -> Vec<Block<'a>> {
    let theme = scene.theme();
    let mut blocks = vec![Block::title(scene, "Members")];
    let found = (row.members.iter()).filter_map(|id| scene.app.judgement.device(id));
    blocks.extend(found.map(|judged| {
        Block::new(1, move |area, buf| {
            let ellipsis = scene.glyphs().ellipsis;
            let age = (judged.row.as_of).map_or_else(|| "--".to_owned(), |at| scene.age(at));
            let state = figures::state(scene, judged.state);
            let state = (format!("{:<8}", state.0), state.1);
            let right = [state, (format!(" {age:>5}"), theme.faint)];
            let width = pieces_columns(&right).min(area.width);
            let place = Rect {
                x: area.right() - width,
                width,
                ..area
            };
            put_pieces(buf, place, &right, ellipsis);
            let room = area.width.saturating_sub(width + 2);
            let name = (room / 2).min(18);
            let at = (area.x, area.y);
            put(
                buf,
                at,
                name,
                (&judged.row.facts.name, theme.text),
                ellipsis,
            );
            let rest = Rect {
                x: area.x + (name + 2).min(room),
                width: room.saturating_sub(name + 2),
                ..area
            };
            put_pieces(buf, rest, &figures::brief(scene, judged), ellipsis);
        })
    }));
    if blocks.len() == 1 {
        let text = "No device of this store has been seen yet.".to_owned();
        blocks.push(Block::line(scene, vec![(text, theme.faint)]));
    }
    blocks
}

/// Why the number is what it is, and when the next one is due.
fn why<'a>(scene: &'a Scene<'_>, judged: &Judged<StoreRow>, width: u16) -> Vec<Block<'a>> {
    let theme = scene.theme();
    let mut blocks = vec![Block::title(scene, "Why this number")];
    for sentence in sentences(scene, judged) {
        for (number, line) in wrap(&sentence, usize::from(width.max(12)) - 2)
            .into_iter()
            .enumerate()
        {
            let bullet = if number == 0 { scene.glyphs().dot } else { " " };
            let pieces = vec![(format!("{bullet} "), theme.faint), (line, theme.text)];
            blocks.push(Block::line(scene, pieces));
        }
    }
    blocks
}

/// Everything that explains a store's number, most important first.
pub fn sentences(scene: &Scene<'_>, judged: &Judged<StoreRow>) -> Vec<String> {
    let row = &*judged.row;
    let mut lines = Vec::new();
    if let Some(occupancy) = &row.occupancy {
        lines.extend(occupancy.why.iter().cloned());
        lines.push(format!(
            "{}; the plain sum is {}",
            origin(occupancy.origin),
            words::signed(occupancy.raw)
        ));
    }
    lines.push(state_sentence(scene, judged));
    if let Some(next) = row.store.hours.next_change(row.store.timezone, scene.now) {
        let open = row.store.hours.open_at(row.store.timezone, scene.now);
        let word = if open { "open until" } else { "closed until" };
        scene.wake_at(next);
        lines.push(format!("{word} {}", day_and_time(scene, row, next)));
    }
    lines
}

fn origin(origin: crate::model::board::Origin) -> &'static str {
    use crate::model::board::Origin;
    match origin {
        Origin::Vendor => "the vendor's own number",
        Origin::Counted => "counted from in and out",
        Origin::OnBoard => "people on board of its vehicles",
    }
}

/// What the data state means for this store, with the instants behind it.
fn state_sentence(scene: &Scene<'_>, judged: &Judged<StoreRow>) -> String {
    use super::super::row::data_word;
    let reach = judged.row.covered_to.map_or_else(
        || "no data has arrived yet".to_owned(),
        |at| format!("data reaches to {}", scene.time(at)),
    );
    let next = due(judged.row.feed(), scene.now).map_or_else(String::new, |at| {
        if at > scene.now {
            format!(
                ", the next is due {}, in {}",
                scene.time(at),
                scene.until(at)
            )
        } else {
            format!(
                ", the next was due {}, {} ago",
                scene.time(at),
                scene.age(at)
            )
        }
    });
    format!("{}: {reach}{next}", data_word(judged.state))
}

fn day_and_time(scene: &Scene<'_>, row: &StoreRow, at: crate::model::Timestamp) -> String {
    let zone = super::super::words::Zone::Named(row.store.timezone);
    zone.time(at, scene.now)
}
