//! `[display]`: what the screen looks like.

use super::Display;
use super::form::{Choice, Form, Table, Text, Zone};
use super::key::{Group, Key};
use super::nearest::nearest;
use super::outside::Named;
use super::section::{Item, Section};

pub(super) static DISPLAY: Key<Table> = Key::optional(
    "display",
    Table(&KEYS),
    "the defaults below",
    "What the screen looks like.",
);

static KEYS: Group = Group {
    title: "[display]",
    doc: "What the screen looks like.",
    keys: &[&THEME, &GLYPHS, &TIMEZONE],
};

/// The themes that are built in.
const THEMES: [&str; 6] = [
    "auto",
    "dark",
    "light",
    "mono",
    "high-contrast",
    "deuteranopia",
];

static THEME: Key<Theme> = Key::preset(
    "theme",
    Theme,
    "\"auto\"",
    "Colours: the name of a theme, or the path of a theme file.",
);
static GLYPHS: Key<Choice<&str>> = Key::preset(
    "glyphs",
    Choice(&[
        ("auto", "auto"),
        ("braille", "braille"),
        ("block", "block"),
        ("ascii", "ascii"),
    ]),
    "\"auto\"",
    "Characters that charts are drawn with; `auto` takes what the terminal can show.",
);
static TIMEZONE: Key<Zone> = Key::preset(
    "timezone",
    Zone { or: Some("local") },
    "\"local\"",
    "Zone of screens that mix stores, and of stores that name none; `\"local\"` is the machine's.",
);

pub(super) fn read(section: &Section<'_>) -> Option<Display> {
    let theme = section.get(&THEME);
    let glyphs = section.get(&GLYPHS);
    let timezone = section.get(&TIMEZONE);
    Some(Display {
        theme: theme?,
        glyphs: glyphs?.to_owned(),
        timezone: timezone?,
    })
}

/// The name of a theme, or the path of a theme file.
#[derive(Debug)]
struct Theme;

impl Form for Theme {
    type Value = String;

    fn read(&self, item: &Item<'_>) -> Option<String> {
        let text = Text.read(item)?;
        if THEMES.contains(&text.as_str()) {
            return Some(text);
        }
        let is_path = text.contains(['/', '\\'])
            || std::path::Path::new(&text)
                .extension()
                .is_some_and(|end| end == "toml");
        if is_path {
            let path = item.document().path(&text);
            let (span, label) = (item.span.clone(), item.label().to_owned());
            item.document()
                .refers(span, label, Named::Theme(path.clone()));
            return Some(path.to_string_lossy().into_owned());
        }
        let near = nearest(&text, THEMES).unwrap_or_default();
        item.wrong(
            &format!("{text:?} is neither a theme nor a path"),
            &format!("did you mean \"{near}\"? A theme file is named by its path: \"./my.toml\""),
        );
        None
    }

    fn words(&self) -> String {
        let quoted = THEMES.map(|theme| format!("\"{theme}\""));
        format!("{}, or a path", quoted.join(", "))
    }
}
