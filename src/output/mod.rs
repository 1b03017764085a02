//! Where words and numbers go: data to standard output, everything else to standard error.

mod cut;
pub mod delimited;
pub mod escape;
mod grid;
pub mod histogram;
pub mod human;
pub mod listing;
pub mod markdown;
pub mod meaning;
pub mod progress;
pub mod rows;
pub mod table;
mod terminal_json;

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
pub use cut::to_width;
pub use grid::Grid;
use progress::Bar;
use serde::Serialize;
use std::borrow::Cow;
use std::env;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use terminal_json::TerminalJson;

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// Both streams, and what is known of them; resolved once.
pub struct Output {
    data: Data,
    stdout_is_terminal: bool,
    width: Option<usize>,
    stderr_is_terminal: bool,
    is_dumb: bool,
    stdout_color: bool,
    stderr_color: bool,
    quiet: bool,
}

impl Output {
    pub fn new(color: Color, quiet: bool) -> Output {
        let auto = |choice| match color {
            Color::Auto => choice != anstream::ColorChoice::Never,
            Color::Always => true,
            Color::Never => false,
        };
        Output {
            stdout_is_terminal: io::stdout().is_terminal(),
            width: width(),
            stderr_is_terminal: io::stderr().is_terminal(),
            // One that cannot move its cursor.
            is_dumb: env::var_os("TERM").is_some_and(|term| term == "dumb"),
            stdout_color: auto(AutoStream::choice(&io::stdout())),
            stderr_color: auto(AutoStream::choice(&io::stderr())),
            data: Data::Stdout(BufWriter::with_capacity(64 * 1024, io::stdout().lock())),
            quiet,
        }
    }

    /// The same streams, but that data is kept, for a file that appears when it is whole.
    pub fn in_memory(&self) -> Output {
        Output {
            data: Data::Memory(Vec::new()),
            stdout_is_terminal: false,
            width: None,
            stdout_color: false,
            stderr_is_terminal: self.stderr_is_terminal,
            is_dumb: self.is_dumb,
            stderr_color: self.stderr_color,
            quiet: self.quiet,
        }
    }

    /// The data that was kept.
    pub fn into_memory(self) -> Vec<u8> {
        match self.data {
            Data::Stdout(_) => Vec::new(),
            Data::Memory(bytes) => bytes,
        }
    }

    pub fn is_terminal(&self) -> bool {
        self.stdout_is_terminal
    }

    /// The columns of the terminal that standard output is; `None` if it is none, or will not say.
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// Text from a cache as it may go to standard output: as it is to a pipe, and to a terminal
    /// without anything that could steer it.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.escape()(text)
    }

    /// What [`Self::text`] does, for where output is being written.
    pub fn escape(&self) -> fn(&str) -> Cow<'_, str> {
        if self.stdout_is_terminal { escape::for_terminal } else { |text| Cow::Borrowed(text) }
    }

    /// A key as [`Self::text`], but that nothing of it is invisible on a terminal.
    pub fn key<'t>(&self, key: &'t str) -> Cow<'t, str> {
        if self.stdout_is_terminal { escape::key_for_terminal(key) } else { Cow::Borrowed(key) }
    }

    pub fn data(&mut self) -> &mut impl Write {
        &mut self.data
    }

    /// Where JSON goes, whatever text there is in it.
    pub fn json_data(&mut self) -> Box<dyn Write + '_> {
        if self.stdout_is_terminal { Box::new(TerminalJson::new(&mut self.data)) } else { Box::new(&mut self.data) }
    }

    /// One line of JSON.
    pub fn json(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        let mut out = self.json_data();
        serde_json::to_writer(&mut out, value).map_err(io::Error::from)?;
        Ok(writeln!(out)?)
    }

    /// A bar for work that may take a while, named by a verb such as `checking`.
    pub fn bar(&self, doing: &'static str) -> Bar {
        Bar::new(doing, self.stderr_is_terminal && !self.is_dumb && !self.quiet)
    }

    /// The same for work that writes data meanwhile, which the bar must not get between.
    pub fn bar_beside_data(&self, doing: &'static str) -> Bar {
        if self.stdout_is_terminal { Bar::new(doing, false) } else { self.bar(doing) }
    }

    pub fn flush(&mut self) -> io::Result<()> {
        self.data.flush()
    }

    /// The heading of a table.
    pub fn heading(&mut self, line: &str) -> io::Result<()> {
        if self.stdout_color {
            let bold = Style::new().bold();
            writeln!(self.data, "{bold}{line}{bold:#}")
        } else {
            writeln!(self.data, "{line}")
        }
    }

    /// A line about something that was added (`+`), removed (`-`) or changed (`~`).
    pub fn changed(&mut self, level: usize, mark: char, line: impl Display) -> io::Result<()> {
        let indent = 2 * level;
        let color = match mark {
            '+' => AnsiColor::Green,
            '-' => AnsiColor::Red,
            _ => AnsiColor::Yellow,
        };
        if self.stdout_color {
            let style = color.on_default();
            writeln!(self.data, "{:indent$}{style}{mark} {line}{style:#}", "")
        } else {
            writeln!(self.data, "{:indent$}{mark} {line}", "")
        }
    }

    /// What was done; silenced by `-q`.
    pub fn summary(&self, text: &str) {
        if !self.quiet {
            self.tell(None, text);
        }
    }

    /// What is odd but stopped nothing; silenced by `-q`.
    pub fn warning(&self, text: &str) {
        if !self.quiet {
            self.tell(Some(("warning", AnsiColor::Yellow)), text);
        }
    }

    /// What went wrong, and on a line of its own what to do about it.
    pub fn error(&self, text: &str, hint: Option<&str>) {
        self.tell(Some(("error", AnsiColor::Red)), text);
        if let Some(hint) = hint {
            self.hint(hint);
        }
    }

    /// What to do about what was found; silenced by `-q`.
    pub fn advice(&self, text: &str) {
        if !self.quiet {
            self.hint(text);
        }
    }

    /// What to do about it.
    fn hint(&self, text: &str) {
        self.tell(Some(("hint", AnsiColor::Cyan)), text);
    }

    fn tell(&self, label: Option<(&str, AnsiColor)>, text: &str) {
        let text = if self.stderr_is_terminal { escape::for_terminal(text) } else { Cow::Borrowed(text) };
        // There is nowhere left to complain to if this fails.
        let _ = progress::suspended(|| self.write_line(label, &text));
    }

    fn write_line(&self, label: Option<(&str, AnsiColor)>, text: &str) -> io::Result<()> {
        let mut stderr = io::stderr().lock();
        match label {
            Some((label, color)) if self.stderr_color => {
                let style = color.on_default().bold();
                writeln!(stderr, "{style}{label}:{style:#} {text}")
            }
            Some((label, _)) => writeln!(stderr, "{label}: {text}"),
            None => writeln!(stderr, "{text}"),
        }
    }
}

/// Where data goes.
enum Data {
    Stdout(BufWriter<StdoutLock<'static>>),
    Memory(Vec<u8>),
}

impl Write for Data {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Data::Stdout(stdout) => stdout.write(bytes),
            Data::Memory(memory) => memory.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Data::Stdout(stdout) => stdout.flush(),
            Data::Memory(_) => Ok(()),
        }
    }
}

/// What the user says in `COLUMNS`, else what the terminal says.
fn width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let said = env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok());
    let width = said.filter(|columns| *columns > 0).or_else(|| {
        let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(io::stdout())?;
        Some(columns).filter(|columns| *columns > 0)
    })?;
    Some(usize::from(width))
}
