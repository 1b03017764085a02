//! The properties of the standard streams, determined before anything is written.

use super::histogram::Blocks;
use super::pager::PagerProgram;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set; `CLICOLOR_FORCE` colours elsewhere too
    #[default]
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// A stream for output.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stream {
    pub is_terminal: bool,
    pub is_coloured: bool,
}

/// The standard streams, and the user's preferences for them.
#[derive(Clone, Debug)]
pub struct Streams {
    pub stdin_is_terminal: bool,
    pub stdout: Stream,
    pub stderr: Stream,
    /// Whether JSON on standard output is coloured. It stays plain where a program may read it, unless the command
    /// line itself asks for colour.
    pub json_is_coloured: bool,
    /// Whether the terminal cannot move its cursor.
    pub is_dumb: bool,
    /// The width of standard output in columns; `None` if it is not a terminal, or its width is unknown.
    pub width: Option<usize>,
    pub blocks: Blocks,
    /// Shows output longer than a screen; `None` if no pager is used.
    pub pager: Option<PagerProgram>,
    /// Whether only data and errors are printed.
    pub is_quiet: bool,
}
