//! A count by hand all the way: keys, effect, engine, history, board, and the page of the store.

use std::sync::Arc;

use occtop::commands::monitor::{Controls, serve};
use occtop::commands::past::Wishes;
use occtop::engine::Engine;
use occtop::model::board::Board;
use occtop::screen::app::App;
use occtop::screen::glyphs::BRAILLE;
use occtop::screen::input::{Code, Input, Key};
use occtop::screen::theme::Theme;
use occtop::screen::update::{Action, update};
use occtop::screen::{Effect, Look, Zone, view};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::{mpsc, watch};

use super::poll::{Poll, at, usual};
use super::stage::{CHAIN, Stage};

struct Monitor {
    app: App,
    boards: watch::Receiver<Arc<Board>>,
    effects: mpsc::Sender<Effect>,
}

impl Monitor {
    /// Types, and hands over what that asks for; `\r` is Enter.
    async fn types(&mut self, keys: &str) {
        for letter in keys.chars() {
            let key = match letter {
                '\r' => Key::plain(Code::Enter),
                letter => Key::char(letter),
            };
            for action in update(&mut self.app, Input::Key(key), at(NOW)) {
                if let Action::Emit(effect) = action {
                    self.effects.send(effect).await.unwrap();
                }
            }
        }
    }

    /// The picture after the next board.
    async fn after_the_next_board(&mut self) -> String {
        self.boards.changed().await.unwrap();
        let board = self.boards.borrow_and_update().clone();
        self.app.receive(board);
        self.picture()
    }

    fn picture(&mut self) -> String {
        let look = Look {
            theme: Theme::mono(),
            glyphs: &BRAILLE,
            zone: Zone::Named(chrono_tz::Europe::Athens),
            badge: String::new(),
            recorded: false,
        };
        let area = Rect::new(0, 0, 130, 50);
        let mut buffer = Buffer::empty(area);
        view::draw(&mut self.app, &look, at(NOW), area, &mut buffer);
        let rows = buffer.content.chunks(130);
        rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect())
            .collect::<Vec<String>>()
            .join("\n")
    }
}

const NOW: &str = "2026-03-02T13:06:00Z";

#[tokio::test]
async fn is_typed_shown_and_taken_back() {
    let mut stage = Stage::set(CHAIN, "2026-03-02T02:00:00Z").await;
    let day = ("2026-03-02T02:00:00Z", "2026-03-02T13:00:00Z");
    let poll =
        Poll::of("mall")
            .door("1", "North door", day, usual)
            .door("2", "South door", day, usual);
    stage.poll("2026-03-02T13:04:00Z", poll).await;
    let (engine, clock) = stage.running(NOW).await;
    let mut monitor = started(&engine, clock.now());
    let before = monitor.picture();
    assert!(before.contains("205 ±77"), "{before}");

    monitor.types("\ri12\rfire drill\r").await;
    let counted = monitor.after_the_next_board().await;
    assert!(counted.contains("12 ±3 inside"), "{counted}");
    let told = "counted by hand: 12 at 15:06 (fire drill), was 205";
    let plain: String = counted.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plain.contains(told), "{counted}");

    monitor.types("I\r").await;
    let back = monitor.after_the_next_board().await;
    assert!(back.contains("205 ±77"), "{back}");
    assert!(!back.contains("by hand: 12"), "{back}");
    engine.stop().await;
}

fn started(engine: &Engine, now: occtop::model::Timestamp) -> Monitor {
    let mut boards = engine.boards();
    let board = boards.borrow_and_update().clone();
    let (effects, wanted) = mpsc::channel(16);
    tokio::spawn(serve(wanted, Some(Controls::of(engine)), Wishes::new().0));
    Monitor {
        app: App::new(board, now, 1.0),
        boards,
        effects,
    }
}
