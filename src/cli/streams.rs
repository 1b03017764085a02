//! The terminals that the program is connected to, and the variables about them, read here once and passed down as
//! values.

use super::global::GlobalArgs;
use crate::output::histogram::Blocks;
use crate::output::pager::PagerProgram;
use crate::output::{Color, Stream, Streams};
use anstream::AutoStream;
use std::env;
use std::io::{self, IsTerminal};

/// The standard streams, given the options of the command line.
pub fn streams(args: &GlobalArgs) -> Streams {
    let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
    let is_forced = env::var_os("CLICOLOR_FORCE").is_some_and(|force| force != "0");
    let is_coloured = |choice| match args.color {
        // `CI` alone would colour even a dumb terminal.
        Color::Auto => choice != anstream::ColorChoice::Never && (is_forced || !is_dumb),
        Color::Always => true,
        Color::Never => false,
    };
    let stdout =
        Stream { is_terminal: io::stdout().is_terminal(), is_coloured: is_coloured(AutoStream::choice(&io::stdout())) };
    let stderr =
        Stream { is_terminal: io::stderr().is_terminal(), is_coloured: is_coloured(AutoStream::choice(&io::stderr())) };
    Streams {
        stdin_is_terminal: io::stdin().is_terminal(),
        stdout,
        stderr,
        json_is_coloured: stdout.is_coloured && (stdout.is_terminal || args.color == Color::Always),
        is_dumb,
        width: if stdout.is_terminal { width() } else { None },
        blocks: Blocks::of_locale(|name| env::var(name).ok()),
        pager: if stdout.is_terminal && !is_dumb && !args.no_pager { pager() } else { None },
        is_quiet: args.quiet,
    }
}

/// The width that `COLUMNS` gives, or else the terminal.
fn width() -> Option<usize> {
    let said = env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok());
    let width = said.filter(|columns| *columns > 0).or_else(|| {
        let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(io::stdout())?;
        Some(columns).filter(|columns| *columns > 0)
    })?;
    Some(usize::from(width))
}

/// The pager that `VLIVE_PAGER` or `PAGER` names, or else `less`; none if the variable is empty or `cat`.
fn pager() -> Option<PagerProgram> {
    let said = ["VLIVE_PAGER", "PAGER"].into_iter().find_map(|name| env::var(name).ok());
    let line = said.map(|said| said.trim().to_owned());
    if matches!(line.as_deref(), Some("" | "cat")) {
        return None;
    }
    // A `less` or `lv` of the user's own choice shows colours too.
    let unset = [("LESS", "FRX"), ("LV", "-c")].into_iter().filter(|(name, _)| env::var_os(name).is_none());
    Some(PagerProgram { line, variables: unset.collect() })
}
