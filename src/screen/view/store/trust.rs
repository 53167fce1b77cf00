//! How far to trust a store's number: the vendor's beside ours, how the counters err, the last
//! reset, a count by hand, sales per visitor, and who crossed the doors while it was closed.

use crate::model::after_hours::AfterHours;
use crate::model::board::{Origin, StoreRow};
use crate::model::evidence::{Beside, LastReset};
use crate::model::hand::HandCount;
use crate::model::occupancy::Drift;

use crate::screen::judge::Judged;
use crate::screen::scene::Scene;
use crate::screen::widgets::page::Block;
use crate::screen::widgets::text::Piece;
use crate::screen::words;

/// Columns of the labels.
const INDENT: u16 = 9;
/// So many good days make the errors of counters well known.
const LEARNED: u32 = 7;

/// The lines under a title; nothing while there is nothing to say.
pub fn blocks<'a>(scene: &'a Scene<'_>, judged: &Judged<StoreRow>, width: u16) -> Vec<Block<'a>> {
    let row = &*judged.row;
    let evidence = &row.evidence;
    let facts = [
        (evidence.by_hand.as_ref()).map(|count| ("number", by_hand(scene, count))),
        evidence
            .vendor
            .map(|said| ("vendor", beside(scene, row, said))),
        (evidence.drift).map(|drift| ("counters", drifting(scene, drift, evidence.learned_days))),
        evidence
            .last_reset
            .map(|last| ("reset", reset(scene, last))),
        sold(scene, row).map(|pieces| ("sales", pieces)),
        row.after_hours(scene.now)
            .map(|seen| ("closed", crossed(scene, seen))),
    ];
    let mut blocks = Vec::new();
    for (label, pieces) in facts.into_iter().flatten() {
        let label = (label.to_owned(), scene.theme().faint);
        blocks.push(Block::labelled(scene, label, &pieces, (INDENT, width)));
    }
    if !blocks.is_empty() {
        blocks.insert(0, Block::title(scene, "How far to trust it"));
        blocks.push(Block::blank());
    }
    blocks
}

/// `counted by hand: 12 at 14:05 (fire drill), was 31`.
fn by_hand(scene: &Scene<'_>, count: &HandCount) -> Vec<Piece> {
    let theme = scene.theme();
    let reason = if count.reason.is_empty() {
        String::new()
    } else {
        format!(" ({})", count.reason)
    };
    let was = (count.was).map_or_else(String::new, |was| format!(", was {was}"));
    let at = scene.time(count.at);
    vec![
        (format!("counted by hand: {}", count.people), theme.strong),
        (format!(" at {at}{reason}{was}"), theme.text),
    ]
}

/// `57 as of 17:30, ours 42 ±6 leads; apart by +15 since 11:30`.
fn beside(scene: &Scene<'_>, row: &StoreRow, said: Beside) -> Vec<Piece> {
    let theme = scene.theme();
    let origin = row.occupancy.as_ref().map(|inside| inside.origin);
    let leads = |which| {
        if origin == Some(which) { " leads" } else { "" }
    };
    let numbers = format!(
        "{} as of {}{}, ours {} {}{}{};",
        words::signed(said.value),
        scene.time(said.as_of),
        leads(Origin::Vendor),
        said.counted,
        scene.glyphs().plus_minus,
        said.half,
        leads(Origin::Counted),
    );
    let apart = match said.since {
        Some(since) => {
            let since = scene.time(since);
            let text = format!(" apart by {:+} since {since}", said.difference);
            (text, theme.warn)
        }
        None if said.is_near() => (" they agree".to_owned(), theme.text),
        None => (" apart for less than an hour".to_owned(), theme.text),
    };
    vec![(numbers, theme.text), apart]
}

/// `exits 4.0% short of entries, within 1.2% (7 days)`.
fn drifting(scene: &Scene<'_>, drift: Drift, learned: u32) -> Vec<Piece> {
    let off = (drift.ratio - 1.0).abs() * 100.0;
    let side = if off < 0.05 {
        "in and out fit each other".to_owned()
    } else if drift.ratio < 1.0 {
        format!("exits {off:.1}% short of entries")
    } else {
        format!("exits {off:.1}% above entries")
    };
    let days = if learned < LEARNED {
        format!("; learned {learned} of {LEARNED} days")
    } else {
        let spread = drift.spread * 100.0;
        let days = words::plural(drift.days, "day", "days");
        format!(", within {spread:.1}% ({days})")
    };
    vec![(format!("{side}{days}"), scene.theme().text)]
}

/// `at 04:00 left: sum +31, ours 2 ±6`.
fn reset(scene: &Scene<'_>, last: LastReset) -> Vec<Piece> {
    let theme = scene.theme();
    let unconfirmed = !last.is_confirmed();
    let text = format!(
        "at {} left: sum {:+}, ours {} {}{}{}",
        scene.time(last.at),
        last.residual,
        last.remained,
        scene.glyphs().plus_minus,
        last.half,
        if unconfirmed { ";" } else { "" }
    );
    let mut pieces = vec![(text, theme.text)];
    if unconfirmed {
        pieces.push((" unconfirmed".to_owned(), theme.warn));
    }
    pieces
}

/// `14 crossed its doors after it closed at 21:00: 9 in, 5 out, last 23:00 to 23:15`.
fn crossed(scene: &Scene<'_>, seen: &AfterHours) -> Vec<Piece> {
    let theme = scene.theme();
    let closed = seen.since.map_or_else(
        || "while it was closed".to_owned(),
        |since| format!("after it closed at {}", scene.time(since)),
    );
    let (from, to) = (scene.time(seen.last.0), scene.time(seen.last.1));
    let how = format!(
        " {} in, {} out, last {from} to {to}",
        seen.entered, seen.left
    );
    vec![
        (
            format!("{} crossed its doors {closed}:", seen.crossed()),
            theme.warn,
        ),
        (how, theme.text),
    ]
}

/// `14.1 per 100 visitors (31 of 220 to 17:00)`: sales, people in, and the end of both.
fn sold(scene: &Scene<'_>, row: &StoreRow) -> Option<Vec<Piece>> {
    let sold = scene.app.judgement.board.conversion(row, scene.now)?;
    let theme = scene.theme();
    let rate = format!("{:.1} per 100 visitors", sold.per_100());
    let to = scene.time(sold.to);
    let of = format!(" ({} of {} to {to})", sold.sales, sold.visitors);
    Some(vec![(rate, theme.strong), (of, theme.text)])
}
