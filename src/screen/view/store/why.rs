//! Why a store's number is what it is, and when the next one is due: in sentences.

use crate::model::board::{Origin, StoreRow};
use crate::model::health::due;

use crate::screen::judge::Judged;
use crate::screen::row::data_word;
use crate::screen::scene::Scene;
use crate::screen::view::explain::signs;
use crate::screen::widgets::page::Block;
use crate::screen::widgets::text::wrap;
use crate::screen::words;

/// The sentences under a title.
pub fn blocks<'a>(scene: &'a Scene<'_>, judged: &Judged<StoreRow>, width: u16) -> Vec<Block<'a>> {
    let theme = scene.theme();
    let mut blocks = vec![Block::title(scene, "Why this number")];
    for sentence in sentences(scene, judged) {
        let sentence = signs(scene, &sentence);
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
fn sentences(scene: &Scene<'_>, judged: &Judged<StoreRow>) -> Vec<String> {
    let row = &*judged.row;
    let mut lines = Vec::new();
    if let Some(occupancy) = &row.occupancy {
        lines.extend(occupancy.why.iter().cloned());
        if occupancy.why.is_empty() {
            lines.push(origin(occupancy.origin).to_owned());
        }
        let raw = words::signed(occupancy.raw);
        lines.push(format!("the plain sum of in and out is {raw}"));
    }
    lines.push(state_sentence(scene, judged));
    if let Some(next) = row.store.hours.next_change(row.store.timezone, scene.now) {
        let open = row.store.hours.open_at(row.store.timezone, scene.now);
        let word = if open { "open until" } else { "closed until" };
        scene.wake_at(next);
        lines.push(format!("{word} {}", scene.time(next)));
    }
    lines
}

fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Vendor => "the vendor's own number",
        Origin::Counted => "counted from in and out",
        Origin::OnBoard => "people on board of its vehicles",
    }
}

/// What the data state means for this store, with the instants behind it.
fn state_sentence(scene: &Scene<'_>, judged: &Judged<StoreRow>) -> String {
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
