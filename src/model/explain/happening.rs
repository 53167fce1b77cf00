//! Explains what tells of nothing but what happens: a sequence of documents, a machine.

use super::wall::{Wall, count, listed};
use crate::model::Timestamp;
use crate::model::board::{Activity, DeviceRow, Figures, Gap};
use crate::model::device::Detail;
use crate::model::rhythm::Stillness;

/// So many events of a machine are named.
const EVENTS: usize = 3;
/// So many steps that nobody saw are named.
const GAPS: usize = 2;

pub(super) fn document(row: &DeviceRow, (wall, now): (&Wall, Timestamp)) -> Vec<String> {
    let name = &row.facts.name;
    let Figures::DocumentCounter {
        value,
        growth_today,
        unseen,
        ..
    } = &row.figures
    else {
        return Vec::new();
    };
    let Some(value) = value else {
        return vec![format!(
            "{name} numbers documents; its value has not arrived yet."
        )];
    };
    let growth = match growth_today {
        Some(growth) => format!("{growth} were made since the day began"),
        None => "how many were made today is unknown until a value from before the day's start is \
                 known"
            .to_owned(),
    };
    let stands = format!(
        "{name} stands at {}, as of {}: the number of the newest document, never of people. {}.",
        value.value,
        wall.ago(value.as_of),
        capital(&growth)
    );
    let pause = pause(row, "document", (wall, now));
    [stands]
        .into_iter()
        .chain(stepped(unseen, wall))
        .chain(pause)
        .collect()
}

/// What was made while nobody looked: known as a sum, of no single hour.
fn stepped(unseen: &[Gap], wall: &Wall) -> Option<String> {
    let steps = unseen.iter().map(|gap| {
        let growth = match gap.growth {
            1 => "1 of them was".to_owned(),
            many => format!("{many} of them were"),
        };
        format!("{growth} made from {}", wall.stretch(gap.from, gap.to))
    });
    let steps: Vec<_> = steps.collect();
    (!steps.is_empty()).then(|| {
        format!(
            "{}, while nobody looked: that is known as a sum only, and no single hour has it.",
            listed(steps, GAPS, ", ")
        )
    })
}

/// How long nothing has happened, compared with what is usual at these hours.
fn pause(row: &DeviceRow, what: &str, (wall, now): (&Wall, Timestamp)) -> Option<String> {
    let activity = row.activity(now).filter(|_| !row.is_blocked())?;
    let pause = row.pause()?;
    let from = row.silent_from();
    Some(match activity {
        Activity::Active | Activity::Idle => {
            let from = from?;
            format!(
                "At these hours it may well pause until {}.",
                wall.ahead(from)
            )
        }
        Activity::Silent => {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a few, and never less than none"
            )]
            let missed = row.missed(now)?.round() as u64;
            let shorter = match pause.stillness {
                Stillness::Rare => "999 pauses in 1000",
                Stillness::Usual | Stillness::Unusual => "19 pauses in 20",
            };
            format!(
                "It is silent: about {} would be usual in this time, and {shorter} are shorter.",
                count(missed, what)
            )
        }
    })
}

pub(super) fn machine(row: &DeviceRow, (wall, now): (&Wall, Timestamp)) -> Vec<String> {
    let name = &row.facts.name;
    let (
        Figures::Machine {
            sales_today,
            revenue_today,
            last_sale,
            ..
        },
        Detail::Machine {
            offline,
            open_events,
            money_scale,
            ..
        },
    ) = (&row.figures, &row.facts.detail)
    else {
        return Vec::new();
    };
    let takings: Vec<_> = (row.revenue().iter())
        .map(|(currency, sum)| format!("{sum:.2} {currency}"))
        .collect();
    let takings = if takings.is_empty() {
        String::new()
    } else {
        format!(" for {}", takings.join(" and "))
    };
    let last = match last_sale {
        Some(at) if *at <= now => format!("the last one at {}", wall.ago(*at)),
        _ => "none has been seen yet".to_owned(),
    };
    let mut sentences = vec![match sales_today {
        Some(sales) => format!(
            "{name} made {} since midnight{takings}; {last}.",
            count(sales.value, "sale")
        ),
        None => format!(
            "How much {name} has sold since midnight is not known: earlier sales are still being \
             read; {last}."
        ),
    }];
    sentences.extend(pause(row, "sale", (wall, now)));
    let unknown = revenue_today
        .keys()
        .filter(|currency| !money_scale.contains_key(currency.as_str()));
    let unknown: Vec<_> = unknown.map(ToString::to_string).collect();
    if !unknown.is_empty() {
        sentences.push(format!(
            "Takings in {} are not shown: how many minor units make one is not known (money_scale).",
            unknown.join(", ")
        ));
    }
    if *offline {
        sentences.push(
            "The vendor says it is offline: sales may be missing until it is back.".to_owned(),
        );
    }
    let events = open_events.iter();
    let events: Vec<_> = events
        .map(|event| format!("{} since {}", event.code, wall.at(event.since)))
        .collect();
    if !events.is_empty() {
        sentences.push(format!(
            "Open at the vendor: {}.",
            listed(events, EVENTS, ", ")
        ));
    }
    sentences
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters
        .next()
        .map(|letter| letter.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}
