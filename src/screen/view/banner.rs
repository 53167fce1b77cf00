//! One line for each root of trouble, under the header.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::board::Requests;
use crate::screen::blame::{Blame, Since};
use crate::screen::scene::Scene;
use crate::screen::widgets::text::{Piece, pieces_columns, put, put_pieces};

pub fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let blames = &scene.app.judgement.blames;
    let lines = usize::from(area.height);
    for (number, y) in (area.y..area.bottom()).enumerate() {
        let line = Rect {
            y,
            height: 1,
            ..area
        };
        let hidden = if number + 1 == lines {
            blames.len().saturating_sub(lines)
        } else {
            0
        };
        draw_one(scene, &blames[number], hidden, line, buf);
    }
}

/// The sentence gives way to the time of the next try and to the number of hidden lines. Since when
/// and with how many requests is told where everything else has room.
fn draw_one(scene: &Scene<'_>, blame: &Blame, hidden: usize, area: Rect, buf: &mut Buffer) {
    let (theme, glyphs) = (scene.theme(), scene.glyphs());
    let (sign, style) = if blame.urgent {
        ("X", theme.banner)
    } else {
        ("!", theme.warn)
    };
    if blame.urgent {
        buf.set_style(area, style);
    }
    let room = area.width.saturating_sub(4);
    let styled = |text: String| (text, style);
    let next = blame.next.filter(|next| *next > scene.now);
    let next = next.map(|next| styled(format!(", next try {}", scene.time(next))));
    let hidden = (hidden > 0).then(|| styled(format!("  +{hidden} more on 4")));
    let mut tail: Vec<Piece> = next.into_iter().chain(hidden).collect();
    if pieces_columns(&tail) + 12 > room {
        tail.clear();
    }
    let needed = pieces_columns(&[styled(blame.text.clone())]) + pieces_columns(&tail);
    let mut free = room.saturating_sub(needed);
    let mut spare = |text: Option<String>| {
        let piece = text.map(styled)?;
        free = free.checked_sub(pieces_columns(std::slice::from_ref(&piece)))?;
        Some(piece)
    };
    let before = (blame.since).and_then(|since| {
        said_since(scene, since)
            .into_iter()
            .find_map(|said| spare(Some(said)))
    });
    let after = spare(blame.requests.and_then(said_requests));
    // What hides other lines stays at the end.
    let place = tail.len() - usize::from(tail.last().is_some_and(|last| last.0.starts_with("  +")));
    tail.splice(place..place, after);
    tail.splice(0..0, before);
    let most = room - pieces_columns(&tail).min(room);
    put(buf, (area.x + 1, area.y), 1, (sign, style), "");
    let at = (area.x.saturating_add(3), area.y);
    let used = put(buf, at, most, (&blame.text, style), glyphs.ellipsis);
    let rest = Rect {
        x: at.0.saturating_add(used),
        width: room - used.min(room),
        ..area
    };
    put_pieces(buf, rest, &tail, glyphs.ellipsis);
}

/// How late, or since when calls fail, in more and in fewer words.
fn said_since(scene: &Scene<'_>, since: Since) -> Vec<String> {
    match since {
        Since::Failing(at) => vec![format!(", since {}", scene.time(at))],
        Since::Late(at) => {
            let late = format!(", late {}", scene.age(at));
            vec![format!("{late} since {}", scene.time(at)), late]
        }
    }
}

fn said_requests(requests: Requests) -> Option<String> {
    let (used, all) = (requests.last_hour, requests.limit_per_hour);
    (used > 0).then(|| format!(", {used} of {all} calls used this hour"))
}
