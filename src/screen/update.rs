//! What an input does: changes the state and says what is to be done outside. Pure.

use std::sync::Arc;

use crate::model::Timestamp;
use crate::model::device::DeviceId;
use crate::model::incidents::What;
use crate::model::schedule::{Reason, Refusal};
use crate::model::usual::Yardstick;

use super::app::{App, Frozen, ListKind, Overlay, Page, Present, Scroll, list_name};
use super::input::{Code, Input, Key};
use super::keymap::{self, Command};
use super::row::{Row, Sort};
use super::told::Told;
use super::words::{self, plural};
use super::{Answer, Effect, Job};

mod counting;

/// What is to be done outside the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// For whoever started the screen.
    Emit(Effect),
    /// Draw every cell anew: the terminal may show anything.
    Repaint,
    /// Stop the program until the shell continues it, or take note that it did.
    Job(Job),
    /// End, leaving the terminal as it is: it is gone.
    Abandon,
}

/// Takes an input.
pub fn update(app: &mut App, input: Input, now: Timestamp) -> Vec<Action> {
    let actions = match input {
        Input::Key(key) => press(app, key, now),
        Input::Resize(..) => Vec::new(),
        Input::Resumed => vec![Action::Job(Job::Continued)],
        Input::Terminate => vec![Action::Emit(Effect::Quit)],
        Input::Lost => vec![Action::Abandon],
    };
    // The next key of a burst finds the lists as this one left them.
    app.prepare(now);
    actions
}

/// Takes what came back on an effect.
pub fn answered(app: &mut App, answer: &Answer, now: Timestamp) {
    match answer {
        Answer::Past { at, board } => app.show_past(*at, board),
        Answer::Usual(usual) => app.comparing.usual = Some(usual.clone()),
        Answer::NoPast { begins } => {
            app.wanted = None;
            let text = match begins {
                Some(begins) => format!("the history begins {} ago", words::age(*begins, now)),
                None => "there is no history yet".to_owned(),
            };
            app.say(text, now);
        }
        Answer::NotAsked(refusals) => app.say(not_asked(refusals, now), now),
        Answer::Failed(sentence) => {
            app.wanted = None;
            app.say(sentence.clone(), now);
        }
    }
    app.prepare(now);
}

fn press(app: &mut App, key: Key, now: Timestamp) -> Vec<Action> {
    app.message = None;
    let armed = std::mem::take(&mut app.quitting);
    if app.prompt.is_some()
        && let Some(actions) = counting::answer(app, key, now)
    {
        return actions;
    }
    if app.typing && type_filter(app, key) {
        return Vec::new();
    }
    let key = app.layout.latin(key);
    let Some(command) = keymap::command(key, app.spot()) else {
        return Vec::new();
    };
    match command {
        Command::Quit | Command::Interrupt => quit(app, command, armed, now),
        Command::Repaint => vec![Action::Repaint],
        Command::Suspend => vec![Action::Job(Job::Stop)],
        Command::Poll => poll(app, now),
        Command::Earlier | Command::Later => look(app, command, now),
        Command::Compare => compare(app, now),
        Command::Acknowledge | Command::AcknowledgeAll => acknowledge(app, command, now),
        command => {
            act(app, command, now);
            Vec::new()
        }
    }
}

/// Takes a key into the filter that is being typed; false for keys that keep their meaning.
fn type_filter(app: &mut App, key: Key) -> bool {
    let before = app.filter_mut().clone();
    match key.code {
        Code::Char('u') if key.ctrl => app.filter_mut().clear(),
        Code::Char(letter) if !key.ctrl => app.filter_mut().push(letter),
        Code::Backspace => {
            if app.filter_mut().pop().is_none() {
                app.typing = false;
            }
        }
        Code::Enter => app.typing = false,
        Code::Esc => {
            app.filter_mut().clear();
            app.typing = false;
        }
        _ => return false,
    }
    // Help shows its beginning again, because what was scrolled to may be gone.
    if let (Some(Overlay::Help { scroll, .. }), true) = (&mut app.overlay, app.typing) {
        scroll.to(0);
    }
    if *app.filter_mut() != before && app.overlay.is_none() {
        app.list_mut().top = 0;
    }
    true
}

fn quit(app: &mut App, command: Command, armed: bool, now: Timestamp) -> Vec<Action> {
    let at_root = app.page.is_none() && app.overlay.is_none();
    if command == Command::Quit && !at_root {
        back(app);
        return Vec::new();
    }
    if armed {
        return vec![Action::Emit(Effect::Quit)];
    }
    app.quitting = true;
    app.say("press q or Ctrl-C again to end the program", now);
    Vec::new()
}

/// Asks for the board of an earlier or later instant.
fn look(app: &mut App, command: Command, now: Timestamp) -> Vec<Action> {
    let instant = match command {
        Command::Earlier => Some(app.earlier(now)),
        _ => app.later(now),
    };
    let Some(instant) = instant else {
        present(app, now);
        return Vec::new();
    };
    app.wanted = Some(instant);
    vec![Action::Emit(Effect::LookBack(instant))]
}

/// Compares with the next yardstick.
fn compare(app: &mut App, now: Timestamp) -> Vec<Action> {
    let ask = app.comparing.turn();
    let with = match app.comparing.yardstick {
        Some(Yardstick::MedianOfFour) => "the median of the last four same weekdays",
        Some(Yardstick::LastWeek) => "the same weekday last week",
        None => "nothing",
    };
    app.say(format!("compared with {with}"), now);
    let ask = ask.then_some(Action::Emit(Effect::Compare));
    ask.into_iter().collect()
}

fn present(app: &mut App, now: Timestamp) {
    if !app.to_present() {
        app.say("this is the present", now);
    }
}

fn poll(app: &mut App, now: Timestamp) -> Vec<Action> {
    if app.present == Present::Recorded {
        app.say("this is a recording: nobody is asked", now);
        return Vec::new();
    }
    let sources = match app.subject() {
        Some(Row::Store(judged)) => names(&judged.row.members),
        Some(Row::Source(judged)) => vec![judged.row.name.clone()],
        Some(Row::Device(judged)) => names(std::slice::from_ref(&judged.row.id)),
        Some(Row::Event(told)) => sources_of(told, app),
        None => Vec::new(),
    };
    if sources.is_empty() {
        app.say("nothing to ask here", now);
        return Vec::new();
    }
    app.say(format!("asked {}", sources.join(", ")), now);
    vec![Action::Emit(Effect::PollNow(sources))]
}

/// Why sources are not asked, and until when. Those with the same reason are told together.
fn not_asked(refusals: &[(Arc<str>, Refusal)], now: Timestamp) -> String {
    let mut told: Vec<(Vec<&str>, Refusal)> = Vec::new();
    for (name, refusal) in refusals {
        match told.iter_mut().find(|(_, known)| known == refusal) {
            Some((names, _)) => names.push(name),
            None => told.push((vec![name], *refusal)),
        }
    }
    let told = told.iter().map(|(names, refusal)| {
        let wait = (refusal.until).map_or_else(String::new, |at| match words::until(at, now) {
            moment if moment == "<1m" || moment == "now" => " for a moment".to_owned(),
            wait => format!(" for {wait}"),
        });
        format!(
            "{} not asked{wait}: {}",
            names.join(", "),
            why(refusal.reason)
        )
    });
    told.collect::<Vec<_>>().join("; ")
}

fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::Asking => "a poll is under way",
        Reason::JustAsked => "asked just now",
        Reason::Throttled => "we have to wait",
        Reason::Refused => "password refused, more tries may lock the account",
        Reason::Share => "your tenth of its requests is used",
        Reason::Settings => "switched off or misconfigured",
    }
}

/// The sources that an event has to do with.
fn sources_of(told: &Told, app: &App) -> Vec<Arc<str>> {
    let sources = app.judgement.sources.iter().map(|judged| &judged.row.name);
    match told.event.what {
        What::Gap => Vec::new(),
        _ => sources
            .filter(|name| told.event.is_of_source(name))
            .cloned()
            .collect(),
    }
}

/// Says of an incident that it was seen or takes that back, or says so of all that are listed.
fn acknowledge(app: &mut App, command: Command, now: Timestamp) -> Vec<Action> {
    if app.present == Present::Recorded {
        app.say("this is a recording: nothing is acknowledged", now);
        return Vec::new();
    }
    let (events, seen) = if command == Command::AcknowledgeAll {
        let list = app.list();
        let listed = (0..list.listing.rows.len()).filter_map(|ordinal| list.listing.place(ordinal));
        let unseen = listed
            .filter_map(|at| app.judgement.events.get(at))
            .filter(|told| told.event.is_unacknowledged());
        (unseen.map(|told| told.event.id).collect(), true)
    } else {
        let incident = match app.subject() {
            Some(Row::Event(told)) => told
                .event
                .incident()
                .map(|incident| (told.event.id, incident.acknowledged.is_none())),
            _ => None,
        };
        let (events, seen) = incident.map_or((Vec::new(), true), |(id, seen)| (vec![id], seen));
        (events, seen)
    };
    if events.is_empty() {
        app.say("no incident to acknowledge here", now);
        return Vec::new();
    }
    let count = plural(events.len(), "incident", "incidents");
    app.say(
        if seen {
            format!("acknowledged {count}")
        } else {
            format!("{count} not acknowledged any more")
        },
        now,
    );
    vec![Action::Emit(Effect::Acknowledge { events, seen })]
}

/// The events about the selected row.
fn events_about(app: &mut App, now: Timestamp) {
    let Some(item) = app.subject().map(Row::item) else {
        app.say("nothing is selected", now);
        return;
    };
    let from = (app.kind, app.page.clone());
    show(app, ListKind::Events);
    app.asked_from = Some(from);
    let list = app.list_mut();
    list.wish.about = Some(item);
    (list.at, list.top) = (0, 0);
}

/// The sources of devices, each once.
fn names(members: &[DeviceId]) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = Vec::new();
    for member in members {
        if names.iter().all(|known| **known != *member.source()) {
            names.push(member.source().into());
        }
    }
    names
}

fn act(app: &mut App, command: Command, now: Timestamp) {
    match command {
        Command::Show(kind) => show(app, kind),
        Command::ShowStore => show_store(app, now),
        Command::NextScreen => cycle(app, 1),
        Command::PreviousScreen => cycle(app, ListKind::ALL.len() - 1),
        Command::Open => open(app),
        Command::Back => back(app),
        Command::Help => help(app),
        Command::Explain => explain(app, now),
        Command::EventsAbout => events_about(app, now),
        Command::Freeze => freeze(app, now),
        Command::Present => present(app, now),
        Command::Count => counting::ask(app, now),
        Command::TakeBack => counting::ask_back(app, now),
        Command::Raw => {
            app.raw = !app.raw;
            let which = if app.raw {
                "raw: plain sum of in and out"
            } else {
                "corrected"
            };
            app.say(format!("occupancy {which}"), now);
        }
        Command::Filter => app.typing = true,
        Command::Sort | Command::Reverse | Command::Problems => arrange(app, command, now),
        Command::NextProblem | Command::PreviousProblem => seek(app, command, now),
        _ => travel(app, command),
    }
}

fn show(app: &mut App, kind: ListKind) {
    app.kind = kind;
    app.page = None;
    app.typing = false;
    app.asked_from = None;
    app.list_mut().wish.about = None;
}

fn show_store(app: &mut App, now: Timestamp) {
    show(app, ListKind::Stores);
    app.prepare(now);
    open(app);
}

fn cycle(app: &mut App, step: usize) {
    let count = ListKind::ALL.len();
    let populated = (1..=count)
        .map(|turn| ListKind::ALL[(app.kind as usize + turn * step) % count])
        .find(|kind| app.is_populated(*kind));
    if let Some(kind) = populated {
        show(app, kind);
    }
}

fn open(app: &mut App) {
    if let Some(item) = app.selected().map(Row::item) {
        app.page = Some(Page {
            item,
            scroll: Scroll::default(),
        });
    }
}

fn back(app: &mut App) {
    if app.overlay.take().is_some() {
        app.typing = false;
    } else if app.page.take().is_none() {
        let list = app.list_mut();
        if !list.wish.filter.is_empty() {
            list.wish.filter.clear();
        } else if let Some((kind, page)) = app.asked_from.take() {
            show(app, kind);
            app.page = page;
        }
    }
}

fn help(app: &mut App) {
    app.overlay = match app.overlay {
        Some(Overlay::Help { .. }) => None,
        _ => Some(Overlay::Help {
            scroll: Scroll::default(),
            filter: String::new(),
        }),
    };
}

fn explain(app: &mut App, now: Timestamp) {
    if app.overlay.take().is_some() {
        return;
    }
    if matches!(app.subject(), Some(Row::Event(_))) {
        // An event is its own explanation.
        open(app);
    } else if app.subject().is_some() {
        app.overlay = Some(Overlay::Explain {
            scroll: Scroll::default(),
        });
    } else {
        app.say("nothing to explain here", now);
    }
}

fn freeze(app: &mut App, now: Timestamp) {
    // A picture of the past stands still as well: in both cases it goes on with the present.
    if !app.to_present() {
        app.frozen = Some(Frozen {
            at: now,
            waiting: 0,
            past: false,
        });
    }
}

fn arrange(app: &mut App, command: Command, now: Timestamp) {
    let kind = app.kind;
    let wish = &mut app.list_mut().wish;
    let said = match command {
        Command::Sort => {
            let sorts = kind.sorts();
            let at = sorts
                .iter()
                .position(|sort| *sort == wish.sort)
                .unwrap_or(0);
            wish.sort = sorts[(at + 1) % sorts.len()];
            wish.reverse = false;
            format!("sorted by {}", order(kind, wish.sort))
        }
        Command::Reverse => {
            wish.reverse = !wish.reverse;
            let way = if wish.reverse { ", reversed" } else { "" };
            format!("sorted by {}{way}", order(kind, wish.sort))
        }
        _ => {
            wish.problems = !wish.problems;
            let which = if wish.problems {
                "problems only"
            } else {
                "everything"
            };
            format!("{}: {which}", list_name(kind))
        }
    };
    app.list_mut().top = 0;
    app.say(said, now);
}

/// The words for an order. Events are not configured, they come.
fn order(kind: ListKind, sort: Sort) -> &'static str {
    match (kind, sort) {
        (ListKind::Events, Sort::Configured) => "time",
        _ => sort.word(),
    }
}

fn seek(app: &mut App, command: Command, now: Timestamp) {
    let list = app.list();
    let count = list.listing.rows.len();
    let found = (1..=count)
        .map(|step| match command {
            Command::NextProblem => (list.at + step) % count,
            _ => (list.at + count - step) % count,
        })
        .find(|ordinal| {
            let place = list.listing.place(*ordinal);
            place
                .and_then(|at| Row::of(&app.judgement, app.kind, at))
                .is_some_and(|row| row.trouble().is_some())
        });
    match found {
        Some(ordinal) => app.select(ordinal),
        None => app.say("nothing needs attention here", now),
    }
}

/// Moves the selection of a list, or the text of a page or overlay.
fn travel(app: &mut App, command: Command) {
    if let Some(scroll) = app.scroll_mut() {
        let (top, page) = (scroll.top, scroll.window.max(2) - 1);
        scroll.to(destination(command, top, page, scroll.content));
    } else {
        let list = app.list();
        let page = list.window.max(2) - 1;
        app.select(destination(command, list.at, page, list.listing.rows.len()));
    }
}

fn destination(command: Command, at: usize, page: usize, count: usize) -> usize {
    match command {
        Command::Down => at + 1,
        Command::Up => at.saturating_sub(1),
        Command::PageDown => at + page,
        Command::PageUp => at.saturating_sub(page),
        Command::First => 0,
        Command::Last => count,
        _ => at,
    }
}

#[cfg(test)]
mod tests;
