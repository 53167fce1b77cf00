//! Counts by hand: two questions in the footer, and an effect once both are answered.

use std::sync::Arc;

use super::Action;
use crate::model::Timestamp;
use crate::model::device::Kind;
use crate::screen::Effect;
use crate::screen::app::{App, Present, Prompt, Question};
use crate::screen::input::{Code, Key};
use crate::screen::row::Row;

/// Nobody counts more people than this in one store.
const MOST: u32 = 100_000;
/// As many characters as a reason may have.
const LONGEST: usize = 80;

/// Asks how many people are inside the selected store.
pub fn ask(app: &mut App, now: Timestamp) {
    match countable(app) {
        Ok(store) => app.prompt = Some(Prompt::new(store, Question::People)),
        Err(refusal) => app.say(refusal, now),
    }
}

/// Asks whether the count that the selected store's number stands on is to be taken back.
pub fn ask_back(app: &mut App, now: Timestamp) {
    let store = match countable(app) {
        Ok(store) => store,
        Err(refusal) => return app.say(refusal, now),
    };
    let judged = app.judgement.store(&store);
    match judged.and_then(|judged| judged.row.evidence.by_hand.clone()) {
        Some(count) => app.prompt = Some(Prompt::new(store, Question::TakeBack(count))),
        None => app.say(
            format!("nothing to take back: nobody counted {store} by hand today"),
            now,
        ),
    }
}

/// The store that a count would be for, or why there can be none.
fn countable(app: &App) -> Result<Arc<str>, String> {
    if app.present == Present::Recorded {
        return Err("this is a recording: nobody is counted".to_owned());
    }
    if app.past().is_some() {
        return Err("this is the past: 0 comes back to the present, then count".to_owned());
    }
    if app.frozen.is_some() {
        return Err("the picture is frozen: Space lets it run, then count".to_owned());
    }
    let Some(Row::Store(judged)) = app.subject() else {
        return Err("no store is selected".to_owned());
    };
    let name = judged.row.store.name.clone();
    let mut members = judged.row.members.iter();
    let counts = members.any(|id| {
        let device = app.judgement.device(id);
        device.is_some_and(|device| device.row.kind() == Kind::PeopleCounter)
    });
    if counts {
        Ok(name)
    } else {
        Err(format!(
            "{name} has no people counter, so there is no number to set"
        ))
    }
}

/// Takes a key into the prompt; `None` for keys that keep their meaning.
pub fn answer(app: &mut App, key: Key, now: Timestamp) -> Option<Vec<Action>> {
    let prompt = app.prompt.as_mut()?;
    match key.code {
        Code::Char('u') if key.ctrl => prompt.text.clear(),
        Code::Char(_) if key.ctrl => return None,
        Code::Char(letter) => {
            if prompt.text.chars().count() < LONGEST {
                prompt.text.push(letter);
            }
            prompt.problem = None;
        }
        Code::Backspace => {
            prompt.text.pop();
            prompt.problem = None;
        }
        Code::Esc => {
            app.prompt = None;
            app.say("nothing was changed", now);
        }
        Code::Enter => return Some(confirm(app, now)),
        // A prompt is for one store: nothing else moves meanwhile.
        _ => {}
    }
    Some(Vec::new())
}

fn confirm(app: &mut App, now: Timestamp) -> Vec<Action> {
    let Some(prompt) = app.prompt.as_mut() else {
        return Vec::new();
    };
    let store = prompt.store.clone();
    let (effect, said) = match &prompt.question {
        Question::People => {
            match people(&prompt.text) {
                Ok(people) => *prompt = Prompt::new(store, Question::Reason { people }),
                Err(problem) => prompt.problem = Some(problem),
            }
            return Vec::new();
        }
        Question::Reason { people } => (
            Effect::Count {
                store: store.clone(),
                people: *people,
                reason: prompt.text.trim().to_owned(),
            },
            format!("{store}: counted {people} by hand; I takes it back"),
        ),
        Question::TakeBack(count) => (
            Effect::TakeBack {
                store: store.clone(),
            },
            format!("{store}: the count of {} is taken back", count.people),
        ),
    };
    app.prompt = None;
    app.say(said, now);
    vec![Action::Emit(effect)]
}

/// A number of people as somebody may type it.
fn people(text: &str) -> Result<u32, &'static str> {
    let text = text.trim();
    if text.is_empty() {
        return Err("a number, 0 for nobody");
    }
    if text.starts_with('-') {
        return Err("not below 0");
    }
    if !text.chars().all(|letter| letter.is_ascii_digit()) {
        return Err("digits only");
    }
    match text.parse() {
        Ok(people) if people <= MOST => Ok(people),
        _ => Err("100000 at most"),
    }
}

#[cfg(test)]
mod tests;
