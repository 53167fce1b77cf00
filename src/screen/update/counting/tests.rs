//! What the prompts for a count by hand take and refuse.

use std::sync::Arc;

use super::super::tests::{board, now, press};
use crate::model::board::{DeviceRow, Figures, StoreRow};
use crate::model::device::{Detail, DeviceId, Facts};
use crate::model::hand::HandCount;
use crate::screen::Effect;
use crate::screen::app::{App, Question};
use crate::screen::update::Action;

/// The small board; `Aarau` has a people counter, and somebody counted there.
fn app() -> App {
    let mut board = board();
    let id = DeviceId::new("opap", "Aarau");
    let row = DeviceRow {
        id: id.clone(),
        store: None,
        claimed_by: None,
        facts: Arc::new(Facts {
            name: "North door".to_owned(),
            timezone: None,
            detail: Detail::PeopleCounter {
                interval_s: None,
                group: None,
            },
        }),
        as_of: None,
        covered_to: None,
        expectation: board.stores[0].expectation,
        confirmed: true,
        paused: false,
        skew_s: 0,
        figures: Figures::PeopleCounter {
            today: None,
            occupancy: None,
            day: Arc::default(),
            corrections: [].into(),
        },
    };
    board.devices.insert((0, id), Arc::new(row));
    let mut store = StoreRow::clone(&board.stores[0]);
    store.evidence.by_hand = Some(HandCount::new(now(), 31, "stocktaking"));
    board.stores[0] = Arc::new(store);
    App::new(Arc::new(board), now(), 1.0)
}

fn count(people: u32, reason: &str) -> Vec<Action> {
    vec![Action::Emit(Effect::Count {
        store: "Aarau".into(),
        people,
        reason: reason.to_owned(),
    })]
}

fn said(app: &App) -> &str {
    app.message.as_ref().map_or("", |message| &message.text)
}

#[test]
fn a_number_and_a_reason_become_an_effect() {
    for (keys, people, reason) in [
        ("i12\rfire drill\r", 12, "fire drill"),
        ("i0\r\r", 0, ""),
        ("i 7 \r  walked round \r", 7, "walked round"),
        ("i99\u{8}\u{8}5\r\r", 5, ""),
        ("i1234^u8\r\r", 8, ""),
        // On the page, and while a filter stands.
        ("\ri3\r\r", 3, ""),
        ("/aar\ri3\r\r", 3, ""),
    ] {
        let mut app = app();
        assert_eq!(press(&mut app, keys), count(people, reason), "{keys}");
        assert_eq!(app.prompt, None);
        assert!(said(&app).contains("by hand"), "{}", said(&app));
    }
}

#[test]
fn a_greek_keyboard_commands_by_position_and_writes_its_own_letters() {
    let mut app = app();
    assert_eq!(press(&mut app, "ι12\rάσκηση\r"), count(12, "άσκηση"));
    press(&mut app, "Ι");
    let prompt = app.prompt.clone().unwrap();
    assert!(matches!(prompt.question, Question::TakeBack(_)));
}

#[test]
fn nonsense_is_refused_in_words() {
    for (typed, problem) in [
        ("", "0 for nobody"),
        ("twelve", "digits only"),
        ("1.5", "digits only"),
        ("-3", "not below 0"),
        ("100001", "at most"),
        ("99999999999999", "at most"),
    ] {
        let mut app = app();
        assert_eq!(press(&mut app, &format!("i{typed}\r")), Vec::new());
        let prompt = app.prompt.clone().unwrap();
        assert_eq!(prompt.question, Question::People, "{typed}");
        assert!(prompt.problem.unwrap().contains(problem), "{typed}");
        // It goes with the next key, and another number is taken.
        assert_eq!(press(&mut app, "^u4\r\r"), count(4, ""), "{typed}");
    }
}

#[test]
fn escape_changes_nothing() {
    for keys in ["i\u{1b}", "i12\u{1b}", "i12\rwhy\u{1b}", "I\u{1b}"] {
        let mut app = app();
        assert_eq!(press(&mut app, keys), Vec::new(), "{keys}");
        assert_eq!(app.prompt, None);
        assert_eq!(said(&app), "nothing was changed");
    }
}

#[test]
fn a_count_is_taken_back_after_a_question() {
    let mut app = app();
    let back = vec![Action::Emit(Effect::TakeBack {
        store: "Aarau".into(),
    })];
    assert_eq!(press(&mut app, "I"), Vec::new());
    assert_eq!(press(&mut app, "\r"), back);
    assert_eq!(app.prompt, None);
    // Where nobody counted there is nothing to take back.
    let mut board = board();
    board.devices = app.judgement.board.devices.clone();
    let mut app = App::new(Arc::new(board), now(), 1.0);
    press(&mut app, "I");
    assert!(
        said(&app).contains("nothing to take back"),
        "{}",
        said(&app)
    );
}

#[test]
fn without_a_counter_or_with_a_frozen_picture_there_is_no_count() {
    let mut app = app();
    press(&mut app, "ji");
    assert_eq!(app.prompt, None);
    assert!(said(&app).contains("no people counter"), "{}", said(&app));
    press(&mut app, "k i");
    assert_eq!(app.prompt, None);
    assert!(said(&app).contains("frozen"), "{}", said(&app));
}

#[test]
fn nothing_moves_under_a_question() {
    let mut app = app();
    press(&mut app, "i");
    let down = crate::screen::input::Key::plain(crate::screen::input::Code::Down);
    super::super::update(&mut app, crate::screen::input::Input::Key(down), now());
    assert_eq!(app.list().at, 0);
    assert!(app.prompt.is_some());
    press(&mut app, "^c");
    assert!(app.quitting, "the program can be left from here too");
}
