//! The picture, region by region. Views read the state and write cells; they change nothing.

mod banner;
mod day;
mod device;
mod events;
mod explain;
mod figures;
mod fleet;
mod footer;
mod header;
mod help;
mod hotel;
mod list;
mod sources;
mod store;
mod stores;
mod summary;
mod vending;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Timestamp;

use super::Look;
use super::app::{App, ListKind, Overlay};
use super::row::Row;
use super::scene::Scene;
use super::words::next_minute;

/// Draws the screen as of `now` and says when it has to be drawn again, if nothing else happens.
pub fn draw(
    app: &mut App,
    look: &Look,
    now: Timestamp,
    area: Rect,
    buf: &mut Buffer,
) -> Option<Timestamp> {
    app.prepare(now);
    let regions = Regions::of(app, area);
    let window = list::window(app, regions.body);
    app.list_mut().fit(window);
    buf.set_style(area, look.theme.ground);
    let scene = Scene::new(app, look, app.shown_at(now)).living(now);
    if area.height < 3 {
        summary::draw(&scene, area, buf);
        if app.prompt.is_some() {
            footer::draw(&scene, regions.footer, buf);
        }
    } else {
        header::draw(&scene, regions.header, buf);
        banner::draw(&scene, regions.banner, buf);
        body(&scene, regions.body, buf);
        match &app.overlay {
            Some(Overlay::Help { scroll, filter }) => {
                help::draw(&scene, (scroll.top, filter), regions.body, buf);
            }
            Some(Overlay::Explain { scroll }) => {
                explain::draw(&scene, scroll.top, regions.body, buf);
            }
            None => {}
        }
        // Last, because it tells of text that goes on below.
        footer::draw(&scene, regions.footer, buf);
    }
    let content = scene.content();
    let shown = scene.wake().filter(|_| app.frozen.is_none());
    let states = app.judgement.until.filter(|_| app.frozen.is_none());
    // Beside the past stands the time of the present.
    let present = app.past().map(|_| next_minute(now));
    let message = app.message.as_ref().map(|message| message.until);
    if let (Some((content, window)), Some(scroll)) = (content, app.scroll_mut()) {
        scroll.fit(content, window);
    }
    [shown, states, present, message]
        .into_iter()
        .flatten()
        .min()
}

/// Where things stand.
struct Regions {
    header: Rect,
    banner: Rect,
    body: Rect,
    footer: Rect,
}

impl Regions {
    /// The ladder: a small terminal first loses the air, then the footer, then the banner.
    fn of(app: &App, area: Rect) -> Self {
        let troubles = u16::try_from(app.judgement.blames.len()).unwrap_or(u16::MAX);
        let banner = match area.height {
            ..6 => 0,
            6..24 => troubles.min(1),
            _ => troubles.min(3),
        };
        let air = u16::from(area.height >= 16);
        // A question must be seen wherever it can be answered.
        let footer = u16::from(area.height >= 5 || app.prompt.is_some()).min(area.height);
        let header = area.height.min(1);
        let body_top = header + banner + air;
        let body = area.height.saturating_sub(body_top + footer);
        let strip = |y: u16, height: u16| Rect {
            y: area.y + y.min(area.height),
            height,
            ..area
        };
        Self {
            header: strip(0, header),
            banner: strip(header, banner),
            body: strip(body_top, body),
            footer: strip(area.height - footer, footer),
        }
    }
}

fn body(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let Some(page) = &scene.app.page else {
        return root(scene, area, buf);
    };
    let area = inset(area);
    match scene.app.subject() {
        Some(Row::Store(judged)) => {
            let scene = &scene.in_zone(judged.row.store.timezone);
            store::draw(scene, judged, page.scroll.top, area, buf);
        }
        Some(Row::Source(judged)) => sources::draw_page(scene, judged, page.scroll.top, area, buf),
        Some(Row::Device(judged)) => device::draw(scene, judged, page.scroll.top, area, buf),
        Some(Row::Event(told)) => events::draw_page(scene, told, page.scroll.top, area, buf),
        None => {}
    }
}

fn root(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    match scene.app.kind {
        ListKind::Stores => stores::draw(scene, area, buf),
        ListKind::Fleet => fleet::draw(scene, area, buf),
        ListKind::Sources => sources::draw(scene, area, buf),
        ListKind::Hotel => hotel::draw(scene, area, buf),
        ListKind::Vending => vending::draw(scene, area, buf),
        ListKind::Events => events::draw(scene, area, buf),
    }
}

/// The area without a margin at both sides, where there is room for one.
fn inset(area: Rect) -> Rect {
    if area.width < 40 {
        return area;
    }
    Rect {
        x: area.x + 2,
        width: area.width - 4,
        ..area
    }
}
