//! Why JSON was refused, and where.

use super::position::Position;
use crate::live::key::Key;
use std::fmt;

/// Why JSON was refused, and where that shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    line: usize,
    column: usize,
    place: String,
    what: String,
}

impl InputError {
    pub(crate) fn new(at: Position, what: impl Into<String>) -> InputError {
        InputError { line: at.line, column: at.column, place: String::new(), what: what.into() }
    }

    pub(super) fn at_place(at: Position, place: Option<&Place<'_>>, what: impl Into<String>) -> InputError {
        InputError { place: place.map(ToString::to_string).unwrap_or_default(), ..InputError::new(at, what) }
    }

    /// What is wrong with an input whatever its text is; completes a sentence that begins with its name.
    pub(crate) fn of_whole(what: impl Into<String>) -> InputError {
        InputError { line: 0, column: 0, place: String::new(), what: what.into() }
    }

    pub(crate) fn is_of_whole(&self) -> bool {
        self.line == 0
    }

    /// What `serde_json` found, without its own words for the place.
    pub(crate) fn of_json(error: &serde_json::Error) -> InputError {
        let (line, column) = (error.line(), error.column());
        InputError { line, column, place: String::new(), what: format!("this is not JSON: {}", words(error)) }
    }

    /// The same error in a text in which its own begins at `at`.
    pub(crate) fn moved_to(self, at: Position) -> InputError {
        // serde_json counts from 0 before the first character.
        let column = if self.line == 1 { at.column + self.column.max(1) - 1 } else { self.column.max(1) };
        InputError { line: at.line + self.line - 1, column, ..self }
    }

    /// The same error in an entry.
    pub(crate) fn in_entry(self, key: &Key) -> InputError {
        let place = if self.place.is_empty() { String::new() } else { format!(", {}", self.place) };
        InputError { place: format!("entry `{key}`{place}"), ..self }
    }
}

/// What `serde_json` says, without the place.
pub(super) fn words(error: &serde_json::Error) -> String {
    let what = error.to_string();
    what.split(" at line ").next().unwrap_or(&what).to_owned()
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_of_whole() {
            return f.write_str(&self.what);
        }
        write!(f, "line {}, column {}", self.line, self.column)?;
        if !self.place.is_empty() {
            write!(f, " ({})", self.place)?;
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for InputError {}

/// A place inside of the rows, from the inside out.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub step: Step<'p>,
    around: Option<&'p Place<'p>>,
}

#[derive(Clone, Copy)]
pub(super) enum Step<'p> {
    Row(&'p str),
    NthRow(usize),
    Field(&'p str),
    Key(&'p str),
    Index(usize),
}

impl<'p> Place<'p> {
    pub fn top(step: Step<'p>) -> Place<'p> {
        Place { step, around: None }
    }

    pub fn inside(&'p self, step: Step<'p>) -> Place<'p> {
        Place { step, around: Some(self) }
    }

    /// The field that the place lies in.
    pub fn field(&'p self) -> &'p Place<'p> {
        std::iter::successors(Some(self), |place| place.around)
            .find(|place| matches!(place.step, Step::Field(_)))
            .unwrap_or(self)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(around) = self.around {
            around.fmt(f)?;
        }
        match self.step {
            Step::Row(id) => write!(f, "row `{id}`"),
            Step::NthRow(n) => write!(f, "row number {}", n + 1),
            Step::Field(name) => write!(f, ", field `{name}`"),
            Step::Key(key) => write!(f, ".{key}"),
            Step::Index(n) => write!(f, "[{n}]"),
        }
    }
}
