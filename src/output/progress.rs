//! A progress bar on standard error for work that takes long.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use std::io::{self, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use vlive::system::progress::Progress;

/// How long to wait before a bar is shown.
const PATIENCE: Duration = Duration::from_millis(500);

/// How often a bar is updated.
const TICK: Duration = Duration::from_millis(100);

const OF_EXPECTED: &str = "{msg} [{wide_bar}] {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";
const WITHOUT_END: &str = "{msg} {spinner} {bytes}, {bytes_per_sec}, {elapsed}";

/// The visible bar, for code that must clear it.
static SHOWN: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Shows the progress of work that takes a while, until it is dropped.
pub struct Bar {
    progress: Progress,
    /// `None` if it would not be visible.
    drawing: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Bar {
    pub fn new(doing: &'static str, is_shown: bool) -> Bar {
        let progress = Progress::default();
        let (stop, stopped) = channel();
        let counted = progress.clone();
        let draw = move || {
            let waited = stopped.recv_timeout(PATIENCE);
            if waited == Err(RecvTimeoutError::Timeout) {
                let target = ProgressDrawTarget::term_like(Box::new(Terminal));
                set(Some(ProgressBar::with_draw_target(None, target).with_message(doing)));
                while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                    show(&counted);
                }
                set(None);
            }
        };
        let thread = is_shown.then(|| thread::Builder::new().spawn(draw).ok()).flatten();
        Bar { progress, drawing: thread.map(|thread| (stop, thread)) }
    }

    /// Counts what `work` does; see [`Progress::of`].
    pub fn of<T>(&self, work: impl FnOnce() -> T) -> T {
        self.progress.of(work)
    }

    /// Restarts the count, with the total in bytes if it is known.
    pub fn expect(&self, bytes: Option<u64>) {
        self.progress.expect(bytes);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.drawing.take() {
            drop(stop);
            // The bar must be cleared before anything else is written.
            thread.join().ok();
        }
    }
}

/// Clears the bar, if there is one, and prevents others: for a program that a signal is about to end.
pub fn clear() {
    let mut shown = shown();
    if let Some(bar) = shown.take() {
        bar.finish_and_clear();
    }
    std::mem::forget(shown);
}

/// Writes something else to standard error while the bar is hidden.
pub fn suspended<T>(write: impl FnOnce() -> T) -> T {
    match &*shown() {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

fn shown() -> MutexGuard<'static, Option<ProgressBar>> {
    SHOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn set(bar: Option<ProgressBar>) {
    if let Some(before) = std::mem::replace(&mut *shown(), bar) {
        before.finish_and_clear();
    }
}

fn show(progress: &Progress) {
    let shown = shown();
    let Some(bar) = &*shown else { return };
    let (bytes, expected) = (progress.bytes(), progress.expected());
    if bar.length() != expected || bar.position() == 0 {
        let template = if expected.is_some() { OF_EXPECTED } else { WITHOUT_END };
        let style = ProgressStyle::with_template(template).expect("the template is right");
        bar.set_style(style.progress_chars("=> ").tick_chars("|/-\\ "));
        match expected {
            Some(expected) => bar.set_length(expected),
            None => bar.unset_length(),
        }
    }
    bar.set_position(expected.map_or(bytes, |expected| bytes.min(expected)));
    bar.tick();
}

/// Standard error as a terminal that is some columns narrower. If the bar filled the line, the `^C` of an interrupt
/// would go to the next line, and the bar could not be cleared.
#[derive(Debug)]
struct Terminal;

const MARGIN: u16 = 4;

impl Terminal {
    /// Moves the cursor; `direction` is the last letter of the escape sequence.
    fn go(n: usize, direction: char) -> io::Result<()> {
        if n == 0 { Ok(()) } else { write!(io::stderr(), "\x1b[{n}{direction}") }
    }
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        let size = terminal_size::terminal_size_of(io::stderr());
        size.map_or(80, |(terminal_size::Width(columns), _)| columns).saturating_sub(MARGIN)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        Terminal::go(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        Terminal::go(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        Terminal::go(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        Terminal::go(n, 'D')
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        writeln!(io::stderr(), "{line}")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        write!(io::stderr(), "{text}")
    }

    fn clear_line(&self) -> io::Result<()> {
        write!(io::stderr(), "\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        io::stderr().flush()
    }
}
