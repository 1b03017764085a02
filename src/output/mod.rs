//! Words for people: tables, sizes, ages, meanings of values, colours and escapes. Data goes to standard output,
//! everything else to standard error. This wing knows what a value means to a reader; it must not know commands, their
//! arguments or the environment.

mod coloured_json;
mod cut;
pub mod delimited;
pub mod escape;
pub mod findings;
mod freshness;
mod grid;
pub mod histogram;
pub mod human;
pub mod listing;
pub mod markdown;
pub mod meaning;
pub mod pager;
pub mod progress;
pub mod rows;
mod streams;
pub mod table;
mod terminal_json;

use anstyle::{AnsiColor, Style};
use coloured_json::ColouredJson;
pub use cut::{in_the_middle, to_width};
pub use freshness::Freshness;
pub use grid::{Grid, unlike};
use pager::{Pager, PagerProgram};
use progress::Bar;
use serde::Serialize;
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt::Display;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::mem;
use std::sync::Arc;
pub use streams::{Color, Stream, Streams};
use terminal_json::TerminalJson;
use vlive::ops::{ChangedKey, Escape};

/// Where data and words go.
pub struct Output {
    data: Data,
    /// Messages that are held back while a pager has the terminal.
    held_back: RefCell<String>,
    streams: Streams,
}

impl Output {
    pub fn new(streams: Streams) -> Output {
        Output { data: Data::stdout(), held_back: RefCell::default(), streams }
    }

    /// The same streams, except that data goes to a file.
    pub fn to_file(&self, file: Arc<fs::File>) -> Output {
        let stdout = Stream { is_terminal: false, is_coloured: false };
        let streams = Streams { stdout, json_is_coloured: false, width: None, pager: None, ..self.streams.clone() };
        Output { data: Data::File(BufWriter::with_capacity(64 * 1024, file)), held_back: RefCell::default(), streams }
    }

    /// Shows data in a pager if it goes to a terminal, starting with the first output.
    pub fn page(&mut self) {
        if let (Data::Stdout(_), Some(pager)) = (&self.data, &self.streams.pager) {
            self.data = Data::Pageable(pager.clone());
        }
    }

    /// Waits until the user quits the pager; `false` if it could not be run.
    pub fn end_pager(&mut self) -> bool {
        if matches!(self.data, Data::Pager(_))
            && let Data::Pager(pager) = mem::replace(&mut self.data, Data::stdout())
        {
            let is_run = pager.wait();
            let messages = self.held_back.take();
            // If this fails, there is nowhere left to report it.
            let _ = io::stderr().write_all(messages.as_bytes());
            if !is_run {
                let hint = "VLIVE_PAGER or PAGER names the pager; --no-pager prints without one";
                self.error("the pager cannot be run", Some(hint));
                return false;
            }
        }
        true
    }

    /// Whether standard input is a terminal.
    pub fn stdin_is_terminal(&self) -> bool {
        self.streams.stdin_is_terminal
    }

    /// The characters that histograms are drawn with.
    pub fn blocks(&self) -> histogram::Blocks {
        self.streams.blocks
    }

    /// Whether data is coloured.
    pub fn colours_data(&self) -> bool {
        self.streams.stdout.is_coloured
    }

    /// Whether messages on standard error are coloured.
    pub fn colours_words(&self) -> bool {
        self.streams.stderr.is_coloured
    }

    pub fn is_terminal(&self) -> bool {
        self.streams.stdout.is_terminal
    }

    /// The width of standard output in columns; `None` if it is not a terminal, or its width is unknown.
    pub fn width(&self) -> Option<usize> {
        self.streams.width
    }

    /// Text from a cache for standard output: unchanged for a pipe, and for a terminal without anything that could
    /// control it.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.escape()(text)
    }

    /// The function behind [`Self::text`], for use while the output is borrowed.
    pub fn escape(&self) -> Escape {
        if self.streams.stdout.is_terminal { escape::for_terminal } else { |text| Cow::Borrowed(text) }
    }

    /// A key as [`Self::text`] gives it, with nothing invisible on a terminal.
    pub fn key<'t>(&self, key: &'t str) -> Cow<'t, str> {
        self.escape_key()(key)
    }

    /// A key that was changed: on a terminal as people read it, in a pipe as it is stored.
    pub fn changed_key<'k>(&self, key: &'k ChangedKey) -> Cow<'k, str> {
        self.key(if self.is_terminal() { key.shown() } else { key.as_str() })
    }

    /// The function behind [`Self::key`], for use while the output is borrowed.
    pub fn escape_key(&self) -> Escape {
        if self.streams.stdout.is_terminal { escape::key_for_terminal } else { |key| Cow::Borrowed(key) }
    }

    pub fn data(&mut self) -> &mut impl Write {
        &mut self.data
    }

    /// The output for JSON, which may hold any text.
    pub fn json_data(&mut self) -> Box<dyn Write + '_> {
        match (self.streams.stdout.is_terminal, self.streams.json_is_coloured) {
            (true, true) => Box::new(TerminalJson::new(ColouredJson::new(&mut self.data))),
            (false, true) => Box::new(ColouredJson::new(&mut self.data)),
            (_, false) => self.uncoloured_data(),
        }
    }

    /// The output for bytes, and for text that is escaped like JSON, such as diagnostic notation.
    pub fn uncoloured_data(&mut self) -> Box<dyn Write + '_> {
        if self.streams.stdout.is_terminal {
            Box::new(TerminalJson::new(&mut self.data))
        } else {
            Box::new(&mut self.data)
        }
    }

    /// Prints a line of JSON.
    pub fn json(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        let mut out = self.json_data();
        serde_json::to_writer(&mut out, value).map_err(io::Error::from)?;
        Ok(writeln!(out)?)
    }

    /// A progress bar for work that may take a while, named by a verb such as `checking`.
    pub fn bar(&self, doing: &'static str) -> Bar {
        Bar::new(doing, self.streams.stderr.is_terminal && !self.streams.is_dumb && !self.streams.is_quiet)
    }

    /// A progress bar for work that reads standard input, unless that is a terminal.
    pub fn bar_beside_input(&self, doing: &'static str) -> Bar {
        if self.streams.stdin_is_terminal { Bar::new(doing, false) } else { self.bar(doing) }
    }

    /// A progress bar for work that prints data, unless it would interrupt data on a terminal.
    pub fn bar_beside_data(&self, doing: &'static str) -> Bar {
        if self.streams.stdout.is_terminal { Bar::new(doing, false) } else { self.bar(doing) }
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.data.flush()
    }

    /// Prints the heading of a table.
    pub fn heading(&mut self, line: &str) -> io::Result<()> {
        if self.streams.stdout.is_coloured {
            let bold = Style::new().bold();
            writeln!(self.data, "{bold}{line}{bold:#}")
        } else {
            writeln!(self.data, "{line}")
        }
    }

    /// Prints a line about something that was added (`+`), removed (`-`) or changed (`~`).
    pub fn changed(&mut self, level: usize, mark: char, line: impl Display) -> io::Result<()> {
        self.changed_after(&" ".repeat(2 * level), mark, line)
    }

    /// Prints a line as [`Self::changed`] does, after a text without colour. `@` marks an entry with another time.
    pub fn changed_after(&mut self, before: &str, mark: char, line: impl Display) -> io::Result<()> {
        let color = match mark {
            '+' => AnsiColor::Green,
            '-' => AnsiColor::Red,
            '@' => AnsiColor::Cyan,
            _ => AnsiColor::Yellow,
        };
        if self.streams.stdout.is_coloured {
            let style = color.on_default();
            writeln!(self.data, "{before}{style}{mark} {line}{style:#}")
        } else {
            writeln!(self.data, "{before}{mark} {line}")
        }
    }

    /// Tells what was done, unless `-q` is given.
    pub fn summary(&self, text: &str) {
        if !self.streams.is_quiet {
            self.print_message(None, text);
        }
    }

    /// Warns of something that did not stop the command, unless `-q` is given.
    pub fn warning(&self, text: &str) {
        if !self.streams.is_quiet {
            self.print_message(Some(("warning", AnsiColor::Yellow)), text);
        }
    }

    /// Tells what went wrong and, on a line of its own, what to do about it.
    pub fn error(&self, text: &str, hint: Option<&str>) {
        self.error_at(text, &[], hint);
    }

    /// Tells what went wrong as [`Self::error`] does, with lines of the input below the message.
    pub fn error_at(&self, text: &str, excerpt: &[String], hint: Option<&str>) {
        self.print_message(Some(("error", AnsiColor::Red)), text);
        for line in excerpt {
            self.print_message(None, line);
        }
        if let Some(hint) = hint {
            self.hint(hint);
        }
    }

    /// Tells what to do about a finding, unless `-q` is given.
    pub fn advice(&self, text: &str) {
        if !self.streams.is_quiet {
            self.hint(text);
        }
    }

    /// Whether a question can be asked: standard input and standard error are terminals.
    pub fn can_ask(&self) -> bool {
        self.streams.stderr.is_terminal && self.streams.stdin_is_terminal
    }

    /// Asks a yes-or-no question; an empty answer is `default`. Without a terminal the answer is no.
    pub fn ask(&self, question: &str, default: bool) -> bool {
        if !self.can_ask() {
            return false;
        }
        let choice = if default { "[Y/n]" } else { "[y/N]" };
        let mut answer = String::new();
        let _ = progress::suspended(|| io::stderr().write_all(format!("{question} {choice} ").as_bytes()));
        match io::stdin().read_line(&mut answer) {
            // The terminal has been closed, or its user has closed the input.
            Ok(0) | Err(_) => false,
            Ok(_) => match answer.trim().to_lowercase().as_str() {
                "" => default,
                answer => answer == "y" || answer == "yes",
            },
        }
    }

    /// Tells what to do.
    pub fn hint(&self, text: &str) {
        self.print_message(Some(("hint", AnsiColor::Cyan)), text);
    }

    fn print_message(&self, label: Option<(&str, AnsiColor)>, text: &str) {
        let text = escape::for_terminal(text);
        let line = match label {
            Some((label, color)) if self.streams.stderr.is_coloured => {
                let style = color.on_default().bold();
                format!("{style}{label}:{style:#} {text}\n")
            }
            Some((label, _)) => format!("{label}: {text}\n"),
            None => format!("{text}\n"),
        };
        if matches!(self.data, Data::Pager(_)) && self.streams.stderr.is_terminal {
            self.held_back.borrow_mut().push_str(&line);
            return;
        }
        // If this fails, there is nowhere left to report it.
        let _ = progress::suspended(|| io::stderr().write_all(line.as_bytes()));
    }
}

/// Where data goes.
enum Data {
    Stdout(BufWriter<Box<dyn Write>>),
    File(BufWriter<Arc<fs::File>>),
    /// A pager that is started with the first data.
    Pageable(PagerProgram),
    Pager(Pager),
}

impl Data {
    fn stdout() -> Data {
        Data::Stdout(BufWriter::with_capacity(64 * 1024, unbuffered_stdout()))
    }
}

/// Standard output without the buffer of the standard library, which looks for line breaks in all that is written.
fn unbuffered_stdout() -> Box<dyn Write> {
    #[cfg(unix)]
    if let Ok(stdout) = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned() {
        return Box::new(fs::File::from(stdout));
    }
    Box::new(io::stdout().lock())
}

impl Write for Data {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Data::Stdout(stdout) => stdout.write(bytes),
            Data::File(file) => file.write(bytes),
            Data::Pager(pager) => pager.write(bytes),
            Data::Pageable(program) => {
                *self = Pager::start(program).map_or_else(Data::stdout, Data::Pager);
                self.write(bytes)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Data::Stdout(stdout) => stdout.flush(),
            Data::Pager(pager) => pager.flush(),
            Data::File(file) => file.flush(),
            Data::Pageable(_) => Ok(()),
        }
    }
}
