//! JSON text that may be larger than memory: objects one after the other, pair by pair, each value as
//! a piece of text. What is inside of a piece is checked by whoever reads it.

use super::InputError;
use crate::error::Error;
use crate::live::key::Key;
use memchr::memchr2;
use std::io::{self, Read};

/// Bytes that are asked for at once.
const CHUNK: usize = 64 * 1024;

/// Why reading stopped.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The input cannot be read.
    Io(io::Error),
    /// What is in it is refused.
    Refused(InputError),
    /// It is not the input's fault.
    Other(Error),
}

impl Stop {
    /// The same in an entry.
    pub fn in_entry(self, key: &Key) -> Stop {
        match self {
            Stop::Refused(error) => Stop::Refused(error.in_entry(key)),
            other => other,
        }
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Io(error)
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Other(error)
    }
}

impl From<InputError> for Stop {
    fn from(error: InputError) -> Stop {
        Stop::Refused(error)
    }
}

/// A line and a column in the input, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub line: usize,
    pub column: usize,
}

/// The text of a value.
#[derive(Debug)]
pub(crate) struct Piece<'t> {
    pub text: &'t str,
    pub at: Position,
}

/// The objects of an input.
pub(crate) struct Objects<R> {
    input: R,
    /// What was read; passed up to `next`.
    text: Vec<u8>,
    next: usize,
    at: Position,
    /// Whether a pair of the open object was read.
    has_pairs: bool,
}

impl<R: Read> Objects<R> {
    pub fn new(input: R) -> Objects<R> {
        Objects { input, text: Vec::new(), next: 0, at: Position::START, has_pairs: false }
    }

    /// Where the next byte stands.
    pub fn at(&self) -> Position {
        self.at
    }

    /// Goes into the next object; `false` at the end of the input.
    pub fn begin(&mut self) -> Result<bool, Stop> {
        match self.peek()? {
            None => Ok(false),
            Some(b'{') => {
                self.pass(1);
                self.has_pairs = false;
                Ok(true)
            }
            Some(_) => Err(self.refuse("an object is expected here")),
        }
    }

    /// The next key of the open object, whose value must be taken then; `None` at its end.
    pub fn key(&mut self) -> Result<Option<(String, Position)>, Stop> {
        match (self.peek()?, self.has_pairs) {
            (Some(b'}'), _) => {
                self.pass(1);
                return Ok(None);
            }
            (Some(b','), true) => {
                self.pass(1);
                self.peek()?;
            }
            (Some(_), true) => return Err(self.refuse("`,` or `}` is expected here")),
            _ => {}
        }
        self.has_pairs = true;
        match self.peek()? {
            Some(b'"') => {}
            Some(_) => return Err(self.refuse("a key is expected here, in quotes")),
            None => return Err(self.refuse("the input ends inside of an object")),
        }
        let piece = self.value()?;
        let at = piece.at;
        let key = serde_json::from_str(piece.text).map_err(|error| InputError::of_json(&error).moved_to(at))?;
        match self.peek()? {
            Some(b':') => self.pass(1),
            _ => return Err(self.refuse("`:` is expected here")),
        }
        Ok(Some((key, at)))
    }

    /// The next value, which is no longer than its brackets say.
    pub fn value(&mut self) -> Result<Piece<'_>, Stop> {
        self.peek()?;
        let at = self.at;
        let mut extent = Extent::default();
        let mut len = 0;
        loop {
            let found = extent.end(&self.text[self.next + len..]);
            len = found.map_or(self.text.len() - self.next, |end| len + end);
            if found.is_some() || !self.fill()? {
                break;
            }
        }
        if len == 0 {
            return Err(self.refuse("a value is expected here"));
        }
        let start = self.next;
        self.pass(len);
        match str::from_utf8(&self.text[start..start + len]) {
            Ok(text) => Ok(Piece { text, at }),
            Err(error) => {
                let before = at.after(&self.text[start..start + error.valid_up_to()]);
                Err(InputError::new(before, "this is not UTF-8").into())
            }
        }
    }

    fn refuse(&self, what: &str) -> Stop {
        InputError::new(self.at, what).into()
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Result<Option<u8>, Stop> {
        loop {
            let rest = &self.text[self.next..];
            let spaces = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
            let byte = rest.get(spaces).copied();
            self.pass(spaces);
            if byte.is_some() || !self.fill()? {
                return Ok(byte);
            }
        }
    }

    fn pass(&mut self, len: usize) {
        self.at = self.at.after(&self.text[self.next..self.next + len]);
        self.next += len;
    }

    /// Reads more, and forgets what was passed; `false` at the end of the input.
    fn fill(&mut self) -> io::Result<bool> {
        self.text.drain(..self.next);
        self.next = 0;
        let before = self.text.len();
        // What a huge value took is not kept for the small ones behind it.
        if before < CHUNK {
            self.text.shrink_to(4 * CHUNK);
        }
        // A string without an end runs out of memory, which is an error and not the end of the process.
        self.text.try_reserve(CHUNK).map_err(|_| io::ErrorKind::OutOfMemory)?;
        self.text.resize(before + CHUNK, 0);
        let read = loop {
            match self.input.read(&mut self.text[before..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.text.truncate(before + read.as_ref().copied().unwrap_or(0));
        Ok(read? > 0)
    }
}

impl Position {
    pub const START: Position = Position { line: 1, column: 1 };

    /// Where the text behind `text` stands.
    pub fn after(self, text: &[u8]) -> Position {
        let lines = text.iter().filter(|byte| **byte == b'\n').count();
        if lines == 0 {
            return Position { line: self.line, column: self.column + text.len() };
        }
        let column = text.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        Position { line: self.line + lines, column }
    }
}

/// A look for the end of a value that comes in parts.
#[derive(Default)]
pub(super) struct Extent {
    depth: usize,
    in_text: bool,
    is_escaped: bool,
    has_begun: bool,
}

impl Extent {
    /// Where the value ends in `part`, if it does.
    pub fn end(&mut self, part: &[u8]) -> Option<usize> {
        let mut n = 0;
        while let Some(byte) = part.get(n) {
            if self.is_escaped {
                self.is_escaped = false;
                n += 1;
                continue;
            }
            if self.in_text {
                n += memchr2(b'"', b'\\', &part[n..])? + 1;
                self.is_escaped = part[n - 1] == b'\\';
                self.in_text = self.is_escaped;
                if !self.in_text && self.depth == 0 {
                    return Some(n);
                }
                continue;
            }
            match byte {
                b'"' | b'{' | b'[' if self.depth == 0 && self.has_begun => return Some(n),
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 1 => self.depth -= 1,
                b'}' | b']' => return Some(n + self.depth),
                b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 => return Some(n),
                _ => {}
            }
            self.has_begun = true;
            n += 1;
        }
        None
    }
}
