//! `Screen`: the lines under the log on a terminal. One for the process, as standard output is: whatever is printed goes
//! above them, in one piece with what draws them anew, so that they do not flicker.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const TICK: Duration = Duration::from_millis(120);
/// Runs shorter than this show nothing.
const GRACE: Duration = Duration::from_millis(400);
/// A terminal that knows these shows what is between them at once.
const TOGETHER: (&str, &str) = ("\x1b[?2026h", "\x1b[?2026l");

static SCREEN: Mutex<Option<Screen>> = Mutex::new(None);
/// Of the next screen.
static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// Lines for a terminal of so many columns and rows, with their colours.
type Lines = Box<dyn Fn(usize, usize) -> Vec<String> + Send>;

struct Screen {
    lines: Lines,
    opened: Instant,
    is_hidden: bool,
    /// What is there now.
    drawn: Vec<String>,
    /// Tells the thread of this screen from that of one before it.
    number: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Out,
    Err,
}

/// Whether standard output and standard error are a terminal that can move its cursor.
pub fn is_possible() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
    !dumb && std::io::stderr().is_terminal() && std::io::stdout().is_terminal()
}

/// Shows `lines` from now on, and keeps them up to date.
pub(crate) fn open(lines: Lines) {
    close();
    let opened = Instant::now();
    let mut screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    *screen = Some(Screen { lines, opened, is_hidden: false, drawn: Vec::new(), number });
    drop(screen);
    let _ = std::thread::Builder::new().name("screen".to_owned()).spawn(move || {
        loop {
            std::thread::sleep(TICK);
            let mut screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
            match screen.as_mut().filter(|screen| screen.number == number) {
                Some(screen) => screen.refresh(),
                None => return,
            }
        }
    });
}

/// Nothing is shown any more.
pub(crate) fn close() {
    if let Some(mut screen) = SCREEN.lock().unwrap_or_else(PoisonError::into_inner).take() {
        write(Stream::Out, &screen.erase());
    }
}

/// Leaves the place to a question and its answer.
pub(crate) fn hide() {
    if let Some(screen) = SCREEN.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        screen.is_hidden = true;
        write(Stream::Out, &screen.erase());
    }
}

/// From the next moment on.
pub(crate) fn show() {
    if let Some(screen) = SCREEN.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
        screen.is_hidden = false;
    }
}

/// Whole lines.
pub(crate) fn print(stream: Stream, text: &str) {
    let mut screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(screen) = screen.as_mut().filter(|screen| !screen.drawn.is_empty()) else { return write(stream, text) };
    let (erase, lines) = (screen.erase(), screen.draw());
    if stream == Stream::Out {
        return write(Stream::Out, &format!("{}{erase}{text}{lines}{}", TOGETHER.0, TOGETHER.1));
    }
    write(Stream::Out, &erase);
    write(Stream::Err, text);
    write(Stream::Out, &lines);
}

impl Screen {
    fn refresh(&mut self) {
        if self.is_hidden || self.opened.elapsed() < GRACE {
            return;
        }
        let (before, erase) = (self.drawn.clone(), self.erase());
        let lines = self.draw();
        if self.drawn != before {
            write(Stream::Out, &format!("{}{erase}{lines}{}", TOGETHER.0, TOGETHER.1));
        }
    }

    /// What takes away what is there: a terminal that became narrower has wrapped it.
    fn erase(&mut self) -> String {
        let drawn = std::mem::take(&mut self.drawn);
        if drawn.is_empty() { String::new() } else { erasure(&drawn, size().0) }
    }

    fn draw(&mut self) -> String {
        let (columns, rows) = size();
        self.drawn = (self.lines)(columns, rows);
        self.drawn.join("\n")
    }
}

fn erasure(drawn: &[String], columns: usize) -> String {
    let rows: usize = drawn.iter().map(|line| width(line).div_ceil(columns.max(1)).max(1)).sum();
    let up = if rows > 1 { format!("\x1b[{}A", rows - 1) } else { String::new() };
    format!("\r{up}\x1b[J")
}

fn size() -> (usize, usize) {
    let (rows, columns) = console::Term::stdout().size();
    (usize::from(columns), usize::from(rows))
}

/// A reader that went away is not worth an error: the run goes on.
fn write(stream: Stream, text: &str) {
    let _ = match stream {
        Stream::Out => {
            let mut out = std::io::stdout().lock();
            out.write_all(text.as_bytes()).and_then(|()| out.flush())
        }
        Stream::Err => std::io::stderr().lock().write_all(text.as_bytes()),
    };
}

/// Columns a text takes, without its colours.
pub(crate) fn width(text: &str) -> usize {
    let (mut columns, mut is_escape) = (0, false);
    for c in text.chars() {
        match (is_escape, c) {
            (true, 'm') => is_escape = false,
            (true, _) => {}
            (false, '\x1b') => is_escape = true,
            (false, c) => columns += columns_of(c),
        }
    }
    columns
}

/// The start of a text without colours that fits into `columns`.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let fits = |c: &char| {
        let fits = columns_of(*c) <= left;
        left = left.saturating_sub(columns_of(*c));
        fits
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// East Asian characters and pictures take two.
fn columns_of(c: char) -> usize {
    match u32::from(c) {
        0..0x20 | 0x7f..0xa0 | 0x300..0x370 => 0,
        0x1100..0x1160
        | 0x2e80..0xa4d0
        | 0xac00..0xd7a4
        | 0xf900..0xfb00
        | 0xfe30..0xfe70
        | 0xff00..0xff61
        | 0x1f300..0x1fb00
        | 0x20000..0x40000 => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_measured_without_colours_and_cut_where_they_end() {
        assert_eq!(width("\x1b[0;32mok\x1b[0m · 漢"), 7);
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("漢漢漢", 4), "漢…");
    }

    #[test]
    fn what_a_narrower_terminal_has_wrapped_goes_as_well() {
        let drawn = ["x".repeat(100), "y".repeat(20)];
        assert_eq!(erasure(&drawn, 200), "\r\x1b[1A\x1b[J");
        assert_eq!(erasure(&drawn, 40), "\r\x1b[3A\x1b[J");
        assert_eq!(erasure(&drawn[1..], 40), "\r\x1b[J");
    }
}
