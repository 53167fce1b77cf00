//! Whatever is pressed on whatever board at whatever size: nothing panics, nothing is written
//! outside, and the program never ends by accident.

use std::sync::Arc;

use occtop::model::board::{Board, StoreRow};
use occtop::model::figure::{Flag, Quality};
use occtop::screen::Effect;
use occtop::screen::glyphs::{ASCII, BLOCK, BRAILLE, CONSOLE};
use occtop::screen::input::{Code, Input, Key};
use occtop::screen::theme::Theme;
use occtop::screen::update::{Action, update};
use proptest::prelude::*;

use super::boards::{self, Shop};
use super::{Screen, look};

fn any_key() -> impl Strategy<Value = Key> {
    let letters = "jkgGnNpPsSdrcqeaA/?!1234567 xyzαΑς;фЖ.,新\u{7f}\u{200f}";
    let letters: Vec<_> = letters.chars().collect();
    let codes = [
        Code::Enter,
        Code::Esc,
        Code::Tab,
        Code::BackTab,
        Code::Backspace,
        Code::Up,
        Code::Down,
        Code::Left,
        Code::Right,
        Code::Home,
        Code::End,
        Code::PageUp,
        Code::PageDown,
        Code::F(1),
        Code::F(12),
    ];
    prop_oneof![
        6 => prop::sample::select(letters).prop_map(Key::char),
        3 => prop::sample::select(codes.to_vec()).prop_map(Key::plain),
        1 => prop::sample::select(vec!['c', 'l', 'u', 'd', 'x']).prop_map(Key::ctrl),
    ]
}

fn any_store() -> impl Strategy<Value = StoreRow> {
    let hours = (5_u16..22, 1_u16..6);
    let shop = (".{0,30}", hours, -600_i64..300, 0_u32..4, any::<bool>());
    let numbers = (
        any_count(),
        any_count(),
        any_count(),
        any::<i64>(),
        0_u8..=255,
    );
    let limits = (prop::option::of(any_count()), -0.5..2.0);
    let totals = (any::<u64>(), any::<u64>(), -0.5..2.0);
    (shop, numbers, limits, totals).prop_map(|(shop, numbers, limits, totals)| {
        let (name, (open, length), reaches, doors, declared) = shop;
        let mut shop = Shop::new(&name, "Πάτρα", 50, 0.7, 1);
        shop.doors = (0..doors).map(|door| 500 + door).collect();
        shop.hours = (open, open + length);
        (shop.reaches, shop.declared) = (reaches, declared);
        let mut row = shop.row();
        let store = Arc::make_mut(&mut row.store);
        (store.capacity, store.warn) = limits;
        let occupancy = row.occupancy.as_mut().unwrap();
        (
            occupancy.shown.value,
            occupancy.low,
            occupancy.high,
            occupancy.raw,
            _,
        ) = numbers;
        occupancy.shown.quality = (Flag::ALL.into_iter()).fold(Quality::GOOD, |quality, flag| {
            quality.with_if(flag, numbers.4 & flag as u8 != 0)
        });
        let today = row.today.as_mut().unwrap();
        (today.entered, today.left, today.coverage) = totals;
        row
    })
}

fn any_count() -> impl Strategy<Value = u32> {
    prop_oneof![0_u32..300, Just(0), Just(1), Just(u32::MAX)]
}

fn any_board() -> impl Strategy<Value = Board> {
    let from_shops = prop::collection::vec(any_store(), 0..12).prop_map(|stores| {
        let mut board = boards::calm();
        board.stores.extend(stores.into_iter().map(Arc::new));
        board
    });
    prop_oneof![
        3 => from_shops,
        1 => Just(boards::nothing()),
        1 => Just(boards::first_start()),
        1 => Just(boards::troubled()),
        1 => Just(boards::eventful()),
        1 => Just(boards::many(300)),
    ]
}

#[derive(Clone, Debug)]
enum Event {
    Key(Key),
    Board(usize),
    Size(u16, u16),
    Minutes(i64),
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => any_key().prop_map(Event::Key),
        1 => (0_usize..3).prop_map(Event::Board),
        2 => (0_u16..140, 0_u16..50).prop_map(|(width, height)| Event::Size(width, height)),
        1 => (-500_i64..3000).prop_map(Event::Minutes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(
        boards in prop::collection::vec(any_board(), 3),
        events in prop::collection::vec(any_event(), 1..60),
        set in 0_usize..4,
    ) {
        let set = [&BRAILLE, &BLOCK, &CONSOLE, &ASCII][set];
        let mut screen = Screen::new(boards[0].clone(), (80, 24));
        screen.look = look(Theme::load("auto").unwrap(), set);
        for event in events {
            match event {
                Event::Key(key) => {
                    let was_asked = screen.app.quitting;
                    let actions = update(&mut screen.app, Input::Key(key), screen.now);
                    let quits = actions.contains(&Action::Emit(Effect::Quit));
                    prop_assert!(was_asked || !quits, "{key} ended the program unasked");
                }
                Event::Board(number) => screen.app.receive(Arc::new(boards[number].clone())),
                Event::Size(width, height) => screen.size = (width, height),
                Event::Minutes(minutes) => {
                    screen.now += chrono::TimeDelta::minutes(minutes);
                }
            }
            let frame = screen.draw();
            for cell in &frame.content {
                prop_assert!(!cell.symbol().chars().any(char::is_control), "{:?}", cell.symbol());
            }
        }
    }
}
