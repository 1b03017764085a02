//! Why a filter is refused or fails, and at which place.

use jaq_core::compile::Undefined;
use jaq_core::load::{self, lex, parse};
use std::fmt;

/// A filter that cannot be compiled, or that fails on a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    what: String,
    /// The line of the filter with the fault, and the number of characters before it.
    place: Option<(String, usize)>,
}

impl Fault {
    pub(super) fn new(what: impl Into<String>) -> Fault {
        Fault { what: what.into(), place: None }
    }

    /// A fault at a byte of the filter.
    pub(super) fn at(code: &str, at: usize, what: impl Into<String>) -> Fault {
        let before = &code[..at];
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = code[start..].lines().next().unwrap_or_default();
        Fault { what: what.into(), place: Some((line.to_owned(), before[start..].chars().count())) }
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
    ) -> Fault {
        let first = faults.into_iter().flat_map(|(_, faults)| faults).next();
        let Some((name, undefined)) = first else { return Fault::new("it is not a jq filter") };
        let what = match undefined {
            Undefined::Filter(_) if out_of_reach.contains(&name) => format!("`{name}` is out of the reach of a filter"),
            Undefined::Var if name == "$ENV" || name == "$__prog_args" => {
                format!("`{name}` is out of the reach of a filter")
            }
            Undefined::Filter(0) => format!("`{name}` is not defined"),
            Undefined::Filter(arity) => format!("`{name}` with {arity} arguments is not defined"),
            Undefined::Var => format!("the variable `{name}` is not defined"),
            Undefined::Label => format!("the label `{name}` is not defined"),
            _ => format!("`{name}` is unknown"),
        };
        Fault::at(code, offset(code, name), what)
    }
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

impl fmt::Display for Fault {
    /// One line; with a place two more, the line of the filter and a mark below it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.place {
            Some((line, column)) => write!(f, "\n  {line}\n  {:>1$}", '^', column + 1),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}
