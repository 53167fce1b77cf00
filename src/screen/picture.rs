//! A frame as text, and as an SVG picture, for the manual. Blocks, lines and braille are drawn as shapes, so
//! that the picture looks the same whatever fonts a reader has.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// Columns and rows in user units.
const WIDTH: f64 = 8.4;
const HEIGHT: f64 = 18.0;
const MARGIN: f64 = 14.0;

/// The colours of a terminal: its own foreground and background and the sixteen named ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Default foreground.
    pub foreground: [u8; 3],
    /// Default background.
    pub background: [u8; 3],
    /// Black, red, green, yellow, blue, magenta, cyan, white, and their bright ones.
    pub named: [[u8; 3]; 16],
}

impl Default for Palette {
    fn default() -> Self {
        Self {
            foreground: [0xd8, 0xde, 0xe4],
            background: [0x14, 0x18, 0x1d],
            named: [
                [0x2a, 0x30, 0x38],
                [0xf2, 0x77, 0x7a],
                [0x8f, 0xc9, 0x8b],
                [0xf0, 0xc3, 0x6c],
                [0x7a, 0xa6, 0xda],
                [0xc3, 0x97, 0xd8],
                [0x5f, 0xc3, 0xc9],
                [0xd8, 0xde, 0xe4],
                [0x6b, 0x74, 0x80],
                [0xff, 0x8f, 0x92],
                [0xa8, 0xe0, 0xa3],
                [0xff, 0xd7, 0x8a],
                [0x95, 0xbd, 0xee],
                [0xd9, 0xb0, 0xec],
                [0x7e, 0xdd, 0xe2],
                [0xff, 0xff, 0xff],
            ],
        }
    }
}

/// The frame's text, a line each, without space at the ends.
#[must_use]
pub fn text(frame: &Buffer) -> String {
    let rows = frame.content.chunks(usize::from(frame.area.width.max(1)));
    let lines = rows.map(|row| {
        let mut line = String::new();
        let mut skip = 0;
        for cell in row {
            if skip == 0 {
                line.push_str(cell.symbol());
                // What follows a wide character is the rest of it.
                skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).max(1);
            }
            skip -= 1;
        }
        line.trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The frame as SVG text.
#[must_use]
pub fn svg(frame: &Buffer, palette: &Palette) -> String {
    let area = frame.area;
    let ground = frame.content.first().and_then(|cell| rgb(cell.bg, palette));
    let palette = &Palette {
        background: ground.unwrap_or(palette.background),
        ..palette.clone()
    };
    let width = f64::from(area.width) * WIDTH + 2.0 * MARGIN;
    let height = f64::from(area.height) * HEIGHT + 2.0 * MARGIN;
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{}\"/>\n\
         <g font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\" \
         font-size=\"14\">\n",
        hex(palette.background)
    );
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let cell = &frame[(x, y)];
            let end = run_end(frame, (x, y));
            draw_run(&mut out, frame, (x, end, y), cell, palette);
            x = end;
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// The end of the run of cells that look alike and are all shapes, or all letters of a word.
fn run_end(frame: &Buffer, (x, y): (u16, u16)) -> u16 {
    let first = &frame[(x, y)];
    let alike = |cell: &Cell| {
        (cell.fg, cell.bg, cell.modifier) == (first.fg, first.bg, first.modifier)
            && sort_of(cell) == sort_of(first)
    };
    (x + 1..frame.area.width)
        .find(|next| sort_of(first) == Sort::Other || !alike(&frame[(*next, y)]))
        .unwrap_or(frame.area.width)
}

/// What a cell is drawn as.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Space,
    Letter,
    Shape,
    /// Text that may be wider or narrower than a column: it stands alone.
    Other,
}

fn sort_of(cell: &Cell) -> Sort {
    let symbol = cell.symbol();
    let sign = symbol.chars().next().unwrap_or(' ');
    if symbol == " " {
        Sort::Space
    } else if symbol.is_ascii() {
        Sort::Letter
    } else if shape(sign, (0.0, 0.0)).is_some() {
        Sort::Shape
    } else {
        Sort::Other
    }
}

fn draw_run(
    out: &mut String,
    frame: &Buffer,
    (from, to, y): (u16, u16, u16),
    cell: &Cell,
    palette: &Palette,
) {
    let reversed = cell.modifier.contains(Modifier::REVERSED);
    let mut fore = rgb(cell.fg, palette).unwrap_or(palette.foreground);
    let mut back = rgb(cell.bg, palette);
    if reversed {
        let ground = back.unwrap_or(palette.background);
        back = Some(fore);
        fore = ground;
    }
    let left = MARGIN + f64::from(from) * WIDTH;
    let top = MARGIN + f64::from(y) * HEIGHT;
    let width = f64::from(to - from) * WIDTH;
    if let Some(back) = back.filter(|back| *back != palette.background) {
        let fill = hex(back);
        let _ = writeln!(
            out,
            "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{HEIGHT}\" \
             fill=\"{fill}\" shape-rendering=\"crispEdges\"/>"
        );
    }
    let text: String = (from..to).map(|x| frame[(x, y)].symbol()).collect();
    if text.trim().is_empty() {
        return;
    }
    let dim = cell.modifier.contains(Modifier::DIM);
    let paint = format!(
        "fill=\"{}\"{}",
        hex(fore),
        if dim { " opacity=\"0.55\"" } else { "" }
    );
    let shapes = text.chars().zip(0_u16..).map(|(sign, column)| {
        let left = left + f64::from(column) * WIDTH;
        shape(sign, (left, top))
    });
    if let Some(shapes) = shapes.collect::<Option<String>>() {
        let _ = writeln!(out, "<path d=\"{shapes}\" {paint}/>");
        return;
    }
    let lead = text.len() - text.trim_start().len();
    let columns = text.trim().chars().count();
    #[expect(clippy::cast_precision_loss, reason = "columns of a terminal")]
    let (at, length) = (left + lead as f64 * WIDTH, columns as f64 * WIDTH);
    let bold = if cell.modifier.contains(Modifier::BOLD) {
        " font-weight=\"bold\""
    } else {
        ""
    };
    let underline = if cell.modifier.contains(Modifier::UNDERLINED) {
        " text-decoration=\"underline\""
    } else {
        ""
    };
    let base = top + 13.5;
    let escaped = escape(text.trim());
    let _ = writeln!(
        out,
        "<text x=\"{at:.1}\" y=\"{base:.1}\" textLength=\"{length:.1}\" xml:space=\"preserve\" \
         {paint}{bold}{underline}>{escaped}</text>"
    );
}

/// Blocks, lines and braille as paths; `None` for what is text.
fn shape(sign: char, (left, top): (f64, f64)) -> Option<String> {
    let code = u32::from(sign);
    let rect = |x: f64, y: f64, width: f64, height: f64| {
        format!(
            "M{:.2} {:.2}h{width:.2}v{height:.2}h-{width:.2}z",
            left + x,
            top + y
        )
    };
    let eighths = |part: u32, whole: f64| f64::from(part) / 8.0 * whole;
    Some(match code {
        0x2581..=0x2588 => {
            let height = eighths(code - 0x2580, HEIGHT);
            rect(0.0, HEIGHT - height, WIDTH, height)
        }
        0x2589..=0x258f => rect(0.0, 3.0, eighths(0x2590 - code, WIDTH), HEIGHT - 6.0),
        0x2592 => (0_u8..3)
            .map(|line| rect(0.0, 4.0 + f64::from(line) * 4.0, WIDTH, 2.0))
            .collect(),
        0x2500 => rect(0.0, HEIGHT / 2.0, WIDTH, 1.0),
        0x2501 => rect(0.0, HEIGHT / 2.0 - 1.5, WIDTH, 4.0),
        0x2578 => rect(0.0, HEIGHT / 2.0 - 1.5, WIDTH / 2.0, 4.0),
        0x2502 => rect(WIDTH / 2.0, 0.0, 1.0, HEIGHT),
        0x254c => rect(1.0, HEIGHT / 2.0, WIDTH - 4.0, 1.0),
        0x250a => rect(WIDTH / 2.0, 3.0, 1.0, HEIGHT - 6.0),
        0x2801..=0x28ff => braille(code - 0x2800, (left, top)),
        _ => return None,
    })
}

fn braille(bits: u32, (left, top): (f64, f64)) -> String {
    const PLACES: [(f64, f64); 8] = [
        (0.0, 0.0),
        (0.0, 1.0),
        (0.0, 2.0),
        (1.0, 0.0),
        (1.0, 1.0),
        (1.0, 2.0),
        (0.0, 3.0),
        (1.0, 3.0),
    ];
    let mut path = String::new();
    for (bit, (column, row)) in PLACES.iter().enumerate() {
        if bits & (1 << bit) != 0 {
            let x = left + column * WIDTH / 2.0 + 0.6;
            let y = top + row * HEIGHT / 4.0 + 0.8;
            let _ = write!(path, "M{x:.2} {y:.2}h3v3h-3z");
        }
    }
    path
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn rgb(color: Color, palette: &Palette) -> Option<[u8; 3]> {
    let named = |index: usize| Some(palette.named[index]);
    match color {
        Color::Reset => None,
        Color::Rgb(red, green, blue) => Some([red, green, blue]),
        Color::Black => named(0),
        Color::Red => named(1),
        Color::Green => named(2),
        Color::Yellow => named(3),
        Color::Blue => named(4),
        Color::Magenta => named(5),
        Color::Cyan => named(6),
        Color::Gray => named(7),
        Color::DarkGray => named(8),
        Color::LightRed => named(9),
        Color::LightGreen => named(10),
        Color::LightYellow => named(11),
        Color::LightBlue => named(12),
        Color::LightMagenta => named(13),
        Color::LightCyan => named(14),
        Color::White => named(15),
        Color::Indexed(index) => Some(indexed(index, palette)),
    }
}

/// The 256 colours: sixteen named ones, a cube of six levels, a ramp of greys.
fn indexed(index: u8, palette: &Palette) -> [u8; 3] {
    match index {
        0..16 => palette.named[usize::from(index)],
        16..232 => {
            let cube = index - 16;
            [cube / 36, cube / 6 % 6, cube % 6].map(|level| match level {
                0 => 0,
                level => 55 + 40 * level,
            })
        }
        232.. => [8 + 10 * (index - 232); 3],
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn text_shapes_and_backgrounds_become_svg() {
        let mut frame = Buffer::with_lines(["a<b ⣿ █─"]);
        frame.set_style(
            ratatui::layout::Rect::new(0, 0, 3, 1),
            Style::new().bg(Color::Indexed(196)),
        );
        let svg = svg(&frame, &Palette::default());
        assert!(svg.contains(">a&lt;b</text>"), "{svg}");
        assert!(svg.contains("#ff0000"), "{svg}");
        assert_eq!(svg.matches("<path").count(), 2, "{svg}");
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    }

    #[test]
    fn the_cube_and_the_greys() {
        let palette = Palette::default();
        assert_eq!(indexed(16, &palette), [0, 0, 0]);
        assert_eq!(indexed(231, &palette), [255, 255, 255]);
        assert_eq!(indexed(244, &palette), [128, 128, 128]);
    }
}
