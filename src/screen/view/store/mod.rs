//! The page of a store: how full, how the day went, which door, and why the number is what it is.

mod doors;
mod fullness;
mod trust;
mod why;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::board::StoreRow;
use crate::model::usual::Yardstick;

use super::day::Axis;
use super::figures;
use super::stores::warn_level;
use crate::screen::app::Against;
use crate::screen::judge::Judged;
use crate::screen::scene::Scene;
use crate::screen::widgets::chart::Chart;
use crate::screen::widgets::page::{Block, scrolled};
use crate::screen::widgets::text::{pieces_columns, put, put_pieces};

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
    blocks.push(fullness::numbers(scene, judged, area.width));
    blocks.extend(fullness::gauge(scene, judged, area.height));
    blocks.push(fullness::day(scene, row, area.width));
    blocks.push(Block::blank());
    blocks.extend(chart(scene, row, area));
    if area.width >= 90 {
        let left = area.width / 2 - 2;
        let right = area.width - left - 3;
        let mut second = members(scene, row);
        second.push(Block::blank());
        second.extend(trust::blocks(scene, judged, right));
        second.extend(why::blocks(scene, judged, right));
        blocks.push(Block::beside(left, doors::table(scene, row), second));
    } else {
        blocks.extend(doors::table(scene, row));
        blocks.push(Block::blank());
        blocks.extend(members(scene, row));
        blocks.push(Block::blank());
        blocks.extend(trust::blocks(scene, judged, area.width));
        blocks.extend(why::blocks(scene, judged, area.width));
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
            let age = scene.age_by(as_of, judged.row.skew_s);
            let mut text = format!("  {age}");
            if area.width >= 60 {
                let zone = scene
                    .other_zone()
                    .map_or(String::new(), |zone| format!(" {zone}"));
                text = format!("  as of {}{zone}, {age}", scene.time(as_of));
            }
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

fn chart<'a>(scene: &'a Scene<'_>, row: &'a StoreRow, area: Rect) -> Vec<Block<'a>> {
    let height = match area.height {
        ..10 => return Vec::new(),
        10..18 => 5,
        18..30 => 7,
        _ => 10,
    };
    let axis = Axis::of(&row.store, &row.day);
    let points = axis.points(&row.day);
    let revised = axis.revised(&row.day);
    let (marks, title) = match scene.app.against(row) {
        Some(Against::Usual(usual)) => (axis.usual(usual), compared(scene)),
        _ if revised.is_empty() => (Vec::new(), "People inside today"),
        _ => (Vec::new(), corrected(scene)),
    };
    let every = if area.width >= 70 { 1 } else { 2 };
    let labels = axis.hours(&row.store, every);
    let drawing = Block::new(height, move |area, buf| {
        let chart = Chart {
            points: &points,
            total: axis.cells(),
            capacity: row.store.capacity,
            warn: warn_level(row),
            marks: &marks,
            revised: &revised,
            labels: &labels,
        };
        chart.render(area, buf, scene.glyphs(), scene.theme());
    });
    vec![Block::title(scene, title), drawing, Block::blank()]
}

/// The title of a chart with corrections.
fn corrected(scene: &Scene<'_>) -> &'static str {
    match scene.glyphs().revised {
        "r" => "People inside today, r corrected",
        _ => "People inside today, ± corrected",
    }
}

/// The title of a chart with marks.
fn compared(scene: &Scene<'_>) -> &'static str {
    match scene.app.comparing.yardstick {
        Some(Yardstick::MedianOfFour) => "People inside today, marks: median",
        _ => "People inside today, marks: last week",
    }
}

fn members<'a>(scene: &'a Scene<'_>, row: &'a StoreRow) -> Vec<Block<'a>> {
    let theme = scene.theme();
    let mut blocks = vec![Block::title(scene, "Members")];
    let found = (row.members.iter()).filter_map(|id| scene.app.judgement.device(id));
    blocks.extend(found.map(|judged| {
        Block::new(1, move |area, buf| {
            let ellipsis = scene.glyphs().ellipsis;
            let row = &judged.row;
            let age =
                (row.as_of).map_or_else(|| "--".to_owned(), |at| scene.age_by(at, row.skew_s));
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
