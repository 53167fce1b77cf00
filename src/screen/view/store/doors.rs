//! In and out by the hour, of a store and of each of its doors.

use ratatui::layout::Rect;

use crate::model::board::{Day, Figures, StoreRow};

use crate::screen::scene::Scene;
use crate::screen::view::day::{Hour, HourFlow, hours};
use crate::screen::widgets::page::Block;
use crate::screen::widgets::table::{Align, Cell};
use crate::screen::widgets::text::{Piece, put};
use crate::screen::words;

/// The table: newest hour first.
pub fn table<'a>(scene: &'a Scene<'_>, row: &'a StoreRow) -> Vec<Block<'a>> {
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
    blocks.extend(hours.into_iter().map(|hour| hour_line(scene, hour)));
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

fn hour_line<'a>(scene: &'a Scene<'_>, hour: Hour) -> Block<'a> {
    Block::new(1, move |area, buf| {
        let theme = scene.theme();
        let ellipsis = scene.glyphs().ellipsis;
        let label = scene.time(hour.begins);
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
