//! Why JSON was refused, and where.

use super::position::Position;
use std::fmt;

/// Why JSON was refused, and at which place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputError {
    /// `None` if it is about the input as a whole.
    at: Option<Position>,
    entry: Option<String>,
    place: String,
    what: String,
}

impl InputError {
    pub(crate) fn new(at: Position, what: impl Into<String>) -> InputError {
        InputError { at: Some(at), entry: None, place: String::new(), what: what.into() }
    }

    pub(super) fn at_place(at: Position, place: Option<&Place<'_>>, what: impl Into<String>) -> InputError {
        InputError { place: place.map(ToString::to_string).unwrap_or_default(), ..InputError::new(at, what) }
    }

    /// An error of an input as a whole; `what` completes a sentence that begins with the name of the input.
    pub(crate) fn of_whole(what: impl Into<String>) -> InputError {
        InputError { at: None, entry: None, place: String::new(), what: what.into() }
    }

    pub(crate) fn is_of_whole(&self) -> bool {
        self.at.is_none()
    }

    /// An error of `serde_json`, without its wording of the place.
    pub(crate) fn of_json(error: &serde_json::Error) -> InputError {
        // serde_json counts columns from 0 before the first character.
        let at = Position { line: error.line(), column: error.column().max(1) };
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or_default();
        InputError::new(at, format!("this is not JSON: {what}"))
    }

    /// The error with its place in a larger text, in which the text that was read begins at `start`.
    pub(crate) fn moved_to(self, start: Position) -> InputError {
        let moved = |at: Position| {
            let column = if at.line == 1 { start.column + at.column - 1 } else { at.column };
            Position { line: start.line + at.line - 1, column }
        };
        InputError { at: self.at.map(moved), ..self }
    }

    /// The error with the key of its entry.
    pub(crate) fn in_entry(self, key: &dyn fmt::Display) -> InputError {
        InputError { entry: Some(key.to_string()), ..self }
    }

    /// The error without the key of its entry, for an input that has only one.
    #[must_use]
    pub fn without_entry(self) -> InputError {
        InputError { entry: None, ..self }
    }
}

/// Why a text cannot be JSON that begins with a byte order mark or is UTF-16, judged by its first bytes.
pub(crate) fn wrong_encoding(text: &[u8]) -> Option<&'static str> {
    match text {
        [0xEF, 0xBB, 0xBF, ..] => Some("this begins with a byte order mark (BOM), which JSON must not have"),
        // The first two characters of JSON are ASCII, half of which is zero in UTF-16.
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, 1..=255, ..] | [1..=255, 0, ..] => {
            Some("this looks like UTF-16, and JSON must be UTF-8")
        }
        _ => None,
    }
}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(Position { line, column }) = self.at else { return f.write_str(&self.what) };
        write!(f, "line {line}, column {column}")?;
        match (&self.entry, self.place.as_str()) {
            (None, "") => {}
            (None, place) => write!(f, " ({place})")?,
            (Some(entry), "") => write!(f, " (entry `{entry}`)")?,
            (Some(entry), place) => write!(f, " (entry `{entry}`, {place})")?,
        }
        write!(f, ": {}", self.what)
    }
}

impl std::error::Error for InputError {}

/// A place in the rows, from the inside out.
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
