//! Why a filter is refused or fails, and at which place.

use crate::output::escape;
use jaq_core::compile::Undefined;
use jaq_core::load::{self, lex, parse};
use std::fmt;
use unicode_width::UnicodeWidthStr;

/// Characters of a message: one that names a value may be as long as that.
const LONGEST: usize = 300;

/// Those that are kept of its end, if it is longer.
const END: usize = 100;

/// A filter that cannot be compiled, or that fails on a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    what: String,
    /// The line of the filter with the fault, as a terminal may show it, and the number of columns before it.
    place: Option<(String, usize)>,
}

impl Fault {
    pub(super) fn new(what: impl Into<String>) -> Fault {
        Fault { what: shortened(what.into()), place: None }
    }

    /// A fault at a byte of the filter.
    pub(super) fn at(code: &str, at: usize, what: impl Into<String>) -> Fault {
        let before = &code[..at];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = code[start..].lines().next().unwrap_or_default();
        let column = escape::for_terminal(&before[start..]).width();
        Fault { what: shortened(what.into()), place: Some((escape::for_terminal(line).into_owned(), column)) }
    }

    /// The first fault that jaq found while parsing the filter.
    pub(super) fn of_loading(code: &str, faults: load::Errors<&str, ()>) -> Fault {
        let first = faults.into_iter().next().map(|(_, fault)| fault);
        match first {
            Some(load::Error::Lex(faults)) => of_lexing(code, &faults),
            Some(load::Error::Parse(faults)) => of_parsing(code, &faults),
            Some(load::Error::Io(modules)) if !modules.is_empty() => {
                Fault::at(code, offset(code, modules[0].0), "modules and files are out of its reach")
            }
            _ => Fault::new("it is not a jq filter"),
        }
    }

    /// The first undefined name.
    pub(super) fn of_compiling(
        code: &str,
        faults: load::Errors<&str, (), Vec<(&str, Undefined)>>,
        out_of_reach: &[&str],
        arities: impl Fn(&str) -> Vec<usize>,
    ) -> Fault {
        let first = faults.into_iter().flat_map(|(_, faults)| faults).next();
        let Some((name, undefined)) = first else { return Fault::new("it is not a jq filter") };
        let what = match undefined {
            Undefined::Filter(_) if out_of_reach.contains(&name) => format!("`{name}` is out of the reach of a filter"),
            Undefined::Var if name == "$ENV" || name == "$__prog_args" => {
                format!("`{name}` is out of the reach of a filter")
            }
            Undefined::Filter(arity) => match (arities(name).as_slice(), arity) {
                ([], 0) => format!("`{name}` is not defined"),
                ([], arity) => format!("`{name}` with {} is not defined", arguments(&[arity])),
                (takes, arity) => format!("`{name}` takes {}, not {arity}", arguments(takes)),
            },
            Undefined::Var => format!("the variable `{name}` is not defined"),
            Undefined::Label => format!("the label `{name}` is not defined"),
            _ => format!("`{name}` is unknown"),
        };
        Fault::at(code, offset(code, name), what)
    }
}

/// `1 argument`, `0 or 2 arguments`.
fn arguments(counts: &[usize]) -> String {
    let word = if counts == [1] { "argument" } else { "arguments" };
    format!("{} {word}", counts.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "))
}

/// The beginning and the end of a long message.
fn shortened(what: String) -> String {
    let chars = what.chars().count();
    if chars <= LONGEST {
        return what;
    }
    let begin: String = what.chars().take(LONGEST - END).collect();
    let end: String = what.chars().skip(chars - END).collect();
    format!("{begin}…{end}")
}

fn of_lexing(code: &str, faults: &[lex::Error<&str>]) -> Fault {
    let Some((expected, found)) = faults.first() else { return Fault::new("it is not a jq filter") };
    Fault::at(code, offset(code, found), format!("{} is expected here", expected.as_str()))
}

fn of_parsing(code: &str, faults: &[parse::Error<&str>]) -> Fault {
    let Some((expected, found)) = faults.first() else { return Fault::new("it is not a jq filter") };
    let at = if found.is_empty() { code.len() } else { offset(code, found) };
    Fault::at(code, at, format!("{} is expected here", expected.as_str()))
}

/// The byte at which a part of the filter begins; the end of the filter for any other text.
fn offset(code: &str, part: &str) -> usize {
    let start = load::span(code, part).start;
    if start <= code.len() && code.is_char_boundary(start) { start } else { code.len() }
}

impl Fault {
    /// Where it is, if that is known: the line of the filter, and a mark below it.
    pub fn excerpt(&self) -> Vec<String> {
        let lines =
            self.place.as_ref().map(|(line, column)| [format!("  {line}"), format!("  {:>1$}", '^', column + 1)]);
        lines.into_iter().flatten().collect()
    }
}

impl fmt::Display for Fault {
    /// What is wrong, in one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}
