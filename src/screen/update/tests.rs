//! What each key does, on a small board, without a terminal.

use std::sync::Arc;

use chrono::TimeDelta;

use super::*;
use crate::model::attempt::{ErrorKind, SourceError};
use crate::model::board::{Board, Requests, SourceRow, StoreRow};
use crate::model::evidence::Evidence;
use crate::model::health::{Expectation, FetchState};
use crate::model::incidents::{About, Acknowledged, Cause, Event, Incident, Severity, What};
use crate::model::store::Store;
use crate::screen::app::{Against, Spot};
use crate::screen::input::Key;
use crate::screen::row::Sort;

pub(super) fn now() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().unwrap()
}

const HOURLY: Expectation = Expectation {
    period_s: 3600,
    lag_s: 60,
    grace_s: 300,
};

/// A store whose data is so many minutes old.
fn store(name: &str, minutes: i64) -> Arc<StoreRow> {
    let mut store = Store::named(name, chrono_tz::UTC);
    store.capacity = Some(10);
    Arc::new(StoreRow {
        store: Arc::new(store),
        declared: true,
        members: vec![DeviceId::new("opap", name), DeviceId::new("mall", 7)],
        occupancy: None,
        today: None,
        day: Arc::default(),
        expectation: HOURLY,
        covered_to: Some(now() - TimeDelta::minutes(minutes)),
        confirmed: true,
        paused: false,
        peak: None,
        evidence: Evidence::default(),
        skew_s: 0,
    })
}

fn source(name: &str) -> Arc<SourceRow> {
    Arc::new(SourceRow {
        name: name.into(),
        vendor: "bespot".into(),
        paused: false,
        fetch: FetchState::Ok,
        expectation: HOURLY,
        horizon: None,
        confirmed: true,
        last_attempt: None,
        last_success: None,
        next_poll: None,
        took_ms: None,
        requests: Requests::default(),
        devices: 0,
        rows: 0,
        rejected: 0,
        revised: 0,
        error: None,
        notes: Vec::new(),
        beats: Vec::new(),
        clock_skew_s: None,
        freshness: None,
        habit: None,
    })
}

/// Five stores, of which `Bari` and `Dover` are overdue, and two sources.
pub(super) fn board() -> Board {
    let mut board = Board::empty(now());
    board.sources = vec![source("opap"), source("mall")];
    board.stores = [
        ("Aarau", 5),
        ("Bari", 300),
        ("Calais", 5),
        ("Dover", 900),
        ("Essen", 5),
    ]
    .into_iter()
    .map(|(name, minutes)| store(name, minutes))
    .collect();
    board
}

fn app() -> App {
    let mut app = App::new(Arc::new(board()), now(), 1.0);
    app.list_mut().fit(3);
    app
}

/// Presses keys; `^x` is Ctrl, `\r` Enter, `\u{1b}` Esc, `\t` Tab, `\u{8}` Backspace.
pub(super) fn press(app: &mut App, keys: &str) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut letters = keys.chars();
    while let Some(letter) = letters.next() {
        let key = match letter {
            '^' => Key::ctrl(letters.next().unwrap()),
            '\r' => Key::plain(Code::Enter),
            '\u{1b}' => Key::plain(Code::Esc),
            '\t' => Key::plain(Code::Tab),
            '\u{8}' => Key::plain(Code::Backspace),
            letter => Key::char(letter),
        };
        actions = update(app, Input::Key(key), now());
    }
    actions
}

fn selected(app: &App) -> &str {
    app.selected().map_or("nothing", Row::name)
}

fn listed(app: &App) -> Vec<&str> {
    let listing = &app.list().listing;
    (0..listing.rows.len())
        .filter_map(|ordinal| listing.place(ordinal))
        .filter_map(|at| Row::of(&app.judgement, app.kind, at))
        .map(Row::name)
        .collect()
}

#[test]
fn moving_stays_within_the_list() {
    for (keys, name) in [
        ("", "Aarau"),
        ("j", "Bari"),
        ("jjjjjjjjj", "Essen"),
        ("jjkkkkk", "Aarau"),
        ("G", "Essen"),
        ("Gg", "Aarau"),
        ("^d", "Calais"),
        ("G^u", "Calais"),
    ] {
        let mut app = app();
        press(&mut app, keys);
        assert_eq!(selected(&app), name, "{keys}");
    }
}

#[test]
fn the_selected_row_is_always_in_the_window() {
    let mut app = app();
    for key in "jjjjkkkkGgj".chars() {
        press(&mut app, &key.to_string());
        let list = app.list();
        let line = list.listing.rows[list.at];
        assert!((list.top..list.top + list.window).contains(&line), "{key}");
    }
}

#[test]
fn attention_is_sought_in_a_circle() {
    let mut app = app();
    for (key, name) in [("n", "Bari"), ("n", "Dover"), ("n", "Bari"), ("N", "Dover")] {
        press(&mut app, key);
        assert_eq!(selected(&app), name);
    }
    press(&mut app, "p");
    assert_eq!(listed(&app), ["Bari", "Dover"]);
    press(&mut app, "p");
    assert_eq!(listed(&app).len(), 5);
    assert_eq!(selected(&app), "Dover", "the selection is kept by name");
}

#[test]
fn a_filter_is_typed_kept_and_dropped() {
    let mut app = app();
    press(&mut app, "/a");
    assert!(app.typing);
    assert_eq!(listed(&app), ["Aarau", "Bari", "Calais"]);
    press(&mut app, "q");
    assert_eq!(listed(&app), Vec::<&str>::new(), "letters are letters");
    press(&mut app, "\u{8}\r");
    assert!(!app.typing);
    assert_eq!(listed(&app).len(), 3);
    press(&mut app, "\u{1b}");
    assert_eq!(listed(&app).len(), 5);
    press(&mut app, "/dover\u{1b}");
    assert_eq!(listed(&app).len(), 5);
    press(&mut app, "/!state:fresh\r");
    assert_eq!(listed(&app), ["Bari", "Dover"]);
    press(&mut app, "\u{1b}/\u{8}");
    assert!(!app.typing, "deleting before the first letter ends it");
}

#[test]
fn greek_letters_command_but_are_typed_as_they_are() {
    let mut app = app();
    press(&mut app, "ξ");
    assert_eq!(selected(&app), "Bari");
    press(&mut app, "/ξ");
    assert_eq!(app.list().wish.filter, "ξ");
}

#[test]
fn orders_go_round() {
    let mut app = app();
    press(&mut app, "s");
    assert_eq!(app.list().wish.sort, Sort::Attention);
    assert_eq!(listed(&app)[..2], ["Dover", "Bari"]);
    press(&mut app, "ssssss");
    assert_eq!(app.list().wish.sort, Sort::Configured);
    press(&mut app, "ssS");
    assert_eq!(app.list().wish.sort, Sort::Name);
    assert_eq!(listed(&app)[0], "Essen");
}

#[test]
fn entering_and_going_back() {
    let mut app = app();
    press(&mut app, "j\r");
    assert_eq!(app.spot(), Spot::Store);
    press(&mut app, "?");
    assert_eq!(app.spot(), Spot::Help);
    press(&mut app, "\u{1b}");
    assert_eq!(app.spot(), Spot::Store);
    press(&mut app, "d");
    assert_eq!(app.spot(), Spot::Explain);
    press(&mut app, "d\u{1b}\u{1b}\u{1b}");
    assert_eq!(app.spot(), Spot::List(ListKind::Stores));
    assert_eq!(selected(&app), "Bari");
    press(&mut app, "4\r");
    assert_eq!(app.spot(), Spot::Source);
    press(&mut app, "2");
    assert_eq!(app.spot(), Spot::Store);
}

#[test]
fn tab_leaves_out_empty_screens() {
    let mut app = app();
    press(&mut app, "\t");
    assert_eq!(app.kind, ListKind::Sources);
    press(&mut app, "\t");
    assert_eq!(app.kind, ListKind::Stores);
    press(&mut app, "3");
    assert_eq!(app.kind, ListKind::Fleet, "a digit goes anywhere");
}

#[test]
fn leaving_takes_two_presses() {
    let quit = vec![Action::Emit(Effect::Quit)];
    let mut app = app();
    assert_eq!(press(&mut app, "\u{1b}\u{1b}q"), []);
    assert_eq!(
        press(&mut app, "jq"),
        [],
        "another key in between starts anew"
    );
    assert_eq!(press(&mut app, "q"), quit);
    let mut app = self::app();
    assert_eq!(press(&mut app, "\r^c"), []);
    assert_eq!(press(&mut app, "^c"), quit, "also from a page");
    let mut app = self::app();
    assert_eq!(press(&mut app, "\rq"), [], "q closes the page");
    assert_eq!(app.spot(), Spot::List(ListKind::Stores));
}

#[test]
fn polling_names_each_source_once() {
    let mut app = app();
    let asked = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).into()).collect();
        Action::Emit(Effect::PollNow(names))
    };
    assert_eq!(press(&mut app, "r"), [asked(&["opap", "mall"])]);
    assert_eq!(app.message.as_ref().unwrap().text, "asked opap, mall");
    assert_eq!(press(&mut app, "4jr"), [asked(&["mall"])]);
    assert_eq!(press(&mut app, "3r"), [], "nothing is selected");
}

#[test]
fn a_source_that_is_not_asked_says_why_and_for_how_long() {
    let mut app = app();
    let in_minutes = |minutes| Some(now() + TimeDelta::minutes(minutes));
    let told = |app: &mut App, refusals: &[(&str, Reason, Option<Timestamp>)]| {
        let refusals = refusals.iter().map(|(name, reason, until)| {
            let name: Arc<str> = (*name).into();
            (name, Refusal::new(*reason, *until))
        });
        answered(app, &Answer::NotAsked(refusals.collect()), now());
        app.message.as_ref().unwrap().text.clone()
    };
    let table = [
        (Reason::Asking, None, "opap not asked: a poll is under way"),
        (
            Reason::JustAsked,
            in_minutes(0),
            "opap not asked for a moment: asked just now",
        ),
        (
            Reason::Throttled,
            in_minutes(29),
            "opap not asked for 29m: we have to wait",
        ),
        (
            Reason::Refused,
            in_minutes(12),
            "opap not asked for 12m: password refused, more tries may lock the account",
        ),
        (
            Reason::Share,
            in_minutes(58),
            "opap not asked for 58m: your tenth of its requests is used",
        ),
    ];
    for (reason, until, text) in table {
        assert_eq!(told(&mut app, &[("opap", reason, until)]), text);
    }
    let both = [
        ("opap", Reason::Asking, None),
        ("mall", Reason::Asking, None),
    ];
    assert_eq!(
        told(&mut app, &both),
        "opap, mall not asked: a poll is under way"
    );
}

#[test]
fn a_frozen_picture_stays_while_boards_come() {
    let mut app = app();
    press(&mut app, " ");
    app.receive(Arc::new(Board::empty(now())));
    app.prepare(now() + TimeDelta::hours(9));
    assert_eq!(listed(&app).len(), 5);
    assert_eq!(app.frozen.unwrap().waiting, 1);
    assert_eq!(app.shown_at(now() + TimeDelta::hours(9)), now());
    press(&mut app, " ");
    assert_eq!(listed(&app), Vec::<&str>::new());
}

#[test]
fn what_is_usual_is_asked_for_once() {
    let mut app = app();
    assert_eq!(press(&mut app, "w"), [Action::Emit(Effect::Compare)]);
    assert_eq!(app.comparing.word(), "last week");
    assert_eq!(press(&mut app, "w"), []);
    assert_eq!(app.comparing.word(), "median");
    assert_eq!(press(&mut app, "ww"), []);
    assert_eq!(app.comparing.word(), "last week");
    let row = app.judgement.stores[0].row.clone();
    assert_eq!(app.against(&row), Some(Against::Reading));
    answered(&mut app, &Answer::Usual(Arc::default()), now());
    assert_eq!(app.against(&row), Some(Against::NoGoodDay));
    press(&mut app, "ww");
    assert_eq!(app.against(&row), None);
}

#[test]
fn space_and_zero_come_back_from_the_past_and_from_a_frozen_picture() {
    let past = now() - TimeDelta::minutes(15);
    for back in [" ", "0"] {
        let mut app = app();
        let asked = press(&mut app, " ,");
        assert_eq!(
            asked,
            [Action::Emit(Effect::LookBack(past))],
            "from a frozen one too"
        );
        let board = Arc::new(Board::empty(past));
        answered(&mut app, &Answer::Past { at: past, board }, now());
        assert_eq!((app.past(), listed(&app).len()), (Some(past), 0));
        press(&mut app, back);
        assert_eq!((app.past(), listed(&app).len()), (None, 5));
        assert_eq!(app.shown_at(now()), now());
    }
    let mut app = app();
    assert_eq!(
        press(&mut app, "."),
        [],
        "there is nothing after the present"
    );
}

#[test]
fn a_recording_asks_nobody() {
    let mut app = app();
    app.present = Present::Recorded;
    assert_eq!(press(&mut app, "r"), []);
}

#[test]
fn the_page_of_a_row_that_is_gone_closes() {
    let mut app = app();
    press(&mut app, "\rd");
    app.receive(Arc::new(Board::empty(now())));
    app.prepare(now());
    assert_eq!(app.spot(), Spot::List(ListKind::Stores));
}

#[test]
fn signals_and_loss_are_actions() {
    for (input, action) in [
        (Input::Resumed, Action::Job(Job::Continued)),
        (Input::Terminate, Action::Emit(Effect::Quit)),
        (Input::Lost, Action::Abandon),
        (Input::Key(Key::ctrl('l')), Action::Repaint),
        (Input::Key(Key::ctrl('z')), Action::Job(Job::Stop)),
    ] {
        assert_eq!(update(&mut app(), input, now()), [action]);
    }
}

#[test]
fn a_message_stays_eight_seconds_of_the_wall() {
    let mut app = App::new(Arc::new(board()), now(), 60.0);
    press(&mut app, "c");
    app.prepare(now() + TimeDelta::seconds(479));
    assert!(app.message.is_some());
    app.prepare(now() + TimeDelta::seconds(480));
    assert_eq!(app.message, None);
}

/// The board with an open incident about each of two stores, and a note.
fn eventful() -> App {
    let incident = |id: u64, store: &str| {
        Arc::new(Event {
            id,
            start: now() - TimeDelta::minutes(60),
            end: None,
            what: What::Incident(Incident {
                cause: Cause::StoreLink,
                about: About::Store(store.into()),
                severity: Severity::Warning,
                sources: vec!["opap".into()],
                feeds: Vec::new(),
                count: 1,
                times: 1,
                detail: String::new(),
                acknowledged: None,
            }),
        })
    };
    let gap = Event {
        id: 3,
        start: now() - TimeDelta::minutes(90),
        end: Some(now() - TimeDelta::minutes(80)),
        what: What::Gap,
    };
    let mut board = board();
    board.events = [Arc::new(gap), incident(2, "Dover"), incident(1, "Bari")]
        .into_iter()
        .collect();
    let mut app = App::new(Arc::new(board), now(), 1.0);
    app.list_mut().fit(3);
    app
}

#[test]
fn incidents_are_acknowledged_one_or_all_and_notes_are_not() {
    let seen = |events: &[u64], seen| {
        let events = events.to_vec();
        vec![Action::Emit(Effect::Acknowledge { events, seen })]
    };
    let mut app = eventful();
    assert_eq!(press(&mut app, "7a"), seen(&[2], true));
    assert_eq!(press(&mut app, "\ra"), seen(&[2], true), "on its page too");
    assert_eq!(press(&mut app, "qA"), seen(&[2, 1], true));
    assert_eq!(press(&mut app, "/bari\rA"), seen(&[1], true));
    assert_eq!(press(&mut app, "\u{1b}Ga"), []);
    assert_eq!(
        app.message.as_ref().unwrap().text,
        "no incident to acknowledge here"
    );
    let mut board = Board::clone(&app.newest);
    let mut first = Event::clone(&board.events[1]);
    if let What::Incident(incident) = &mut first.what {
        incident.acknowledged = Some(Acknowledged {
            at: now(),
            who: "local operator".to_owned(),
        });
    }
    board.events.set(1, Arc::new(first));
    app.receive(Arc::new(board));
    app.prepare(now());
    assert_eq!(
        press(&mut app, "ga"),
        seen(&[2], false),
        "the same key takes it back"
    );
    assert_eq!(app.judgement.unacknowledged, 1);
}

#[test]
fn events_about_a_row_and_back() {
    let mut app = eventful();
    press(&mut app, "j\re");
    assert_eq!(app.spot(), Spot::List(ListKind::Events));
    assert_eq!(
        listed(&app),
        ["Bari: link or hub", "occtop was not running"]
    );
    press(&mut app, "p");
    assert_eq!(listed(&app), ["Bari: link or hub"]);
    press(&mut app, "p/running\r\u{1b}");
    assert_eq!(listed(&app).len(), 2, "Esc drops the filter first");
    press(&mut app, "\u{1b}");
    assert_eq!((app.spot(), selected(&app)), (Spot::Store, "Bari"));
    press(&mut app, "q4e");
    assert_eq!(listed(&app).len(), 3);
    press(&mut app, "7");
    assert_eq!(listed(&app).len(), 3);
    press(&mut app, "\u{1b}");
    assert_eq!(app.kind, ListKind::Events, "a digit forgets the way back");
    press(&mut app, "d");
    assert_eq!(app.spot(), Spot::Event, "an event explains itself");
    press(&mut app, "q/state:open\r");
    assert_eq!(listed(&app).len(), 2);
    press(&mut app, "/\u{1b}/source:mall\r");
    assert_eq!(listed(&app), ["occtop was not running"]);
}

mod roots {
    //! Who is to blame.

    use super::*;
    use crate::screen::judge::{Counts, Judgement};

    fn failing(name: &str, fetch: FetchState, kind: ErrorKind, message: &str) -> Arc<SourceRow> {
        let mut row = SourceRow::clone(&source(name));
        row.fetch = fetch;
        row.error = Some(SourceError::new(kind, message));
        row.next_poll = Some(now() + TimeDelta::minutes(15));
        Arc::new(row)
    }

    fn texts(board: Board) -> Vec<String> {
        let judgement = Judgement::new(Arc::new(board), now());
        let blames = judgement.blames.into_iter();
        blames.map(|blame| blame.text).collect()
    }

    #[test]
    fn a_refused_password_comes_before_a_throttle() {
        let mut board = board();
        board.sources = vec![
            failing(
                "opap",
                FetchState::Throttled,
                ErrorKind::RateLimited,
                "our ceiling is reached",
            ),
            failing(
                "mall",
                FetchState::Auth,
                ErrorKind::Auth,
                "password refused",
            ),
        ];
        assert_eq!(
            texts(board),
            ["mall: password refused", "opap: our ceiling is reached"]
        );
    }

    #[test]
    fn our_own_link_is_one_sentence() {
        let mut board = board();
        board.sources = vec![
            failing("opap", FetchState::Offline, ErrorKind::Network, "refused"),
            failing("mall", FetchState::Offline, ErrorKind::Network, "refused"),
        ];
        let texts = texts(board);
        assert_eq!(texts, ["our own link: no vendor can be reached from here"]);
    }

    #[test]
    fn notices_come_last() {
        let mut board = board();
        board.notices = vec!["a damaged history was set aside".into()];
        board.sources = vec![failing(
            "mall",
            FetchState::Auth,
            ErrorKind::Auth,
            "refused",
        )];
        assert_eq!(texts(board)[1], "a damaged history was set aside");
    }

    #[test]
    fn a_verdict_is_kept_until_it_runs_out() {
        let board = Arc::new(board());
        let mut judgement = Judgement::new(board.clone(), now());
        let before = judgement.version;
        let until = judgement.until.unwrap();
        judgement.refresh(&board, until - TimeDelta::seconds(1));
        assert_eq!(judgement.version, before);
        judgement.refresh(&board, until);
        assert_eq!(judgement.version, before + 1);
        assert_eq!(
            judgement.counts,
            Counts {
                overdue: 2,
                ..Counts::default()
            }
        );
    }

    #[test]
    fn verdicts_are_those_of_a_fresh_look() {
        let board = Arc::new(board());
        let mut judgement = Judgement::new(board.clone(), now());
        for minute in 0..1500 {
            let at = now() + TimeDelta::minutes(minute);
            judgement.refresh(&board, at);
            for judged in &judgement.stores {
                assert_eq!(judged.state, judged.row.data_state(at), "minute {minute}");
            }
        }
    }
}
