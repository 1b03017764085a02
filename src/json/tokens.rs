//! JSON as text: brackets, separators, strings and numbers, and where the text goes.

use crate::cbor;
use crate::cbor::error::Fault;
use crate::cbor::escape::{ABOVE_ASCII, MAY_NEED_ESCAPE, classify, pieces, push_escaped};
use base64::Engine;
use base64::engine::GeneralPurpose;
use std::io::{self, Write};

/// Text goes to the output in pieces of about this size, however large a value is.
const PIECE: usize = 64 * 1024;

/// The most text to buffer while it may be rolled back.
const ATTEMPT: usize = 8 * 1024 * 1024;

/// Writes tokens. The caller is responsible for an order that makes sense.
///
/// Text is either streamed, so that memory is bounded whatever is written, or buffered up to a limit, so that
/// it can be rolled back.
#[derive(Debug)]
pub(super) struct Tokens<W> {
    out: W,
    text: Vec<u8>,
    pretty: bool,
    /// The number of open brackets.
    depth: usize,
    /// True at the start of a container.
    first: bool,
    /// The length of `text` at which it goes to the output or, if it is buffered, is too long.
    limit: usize,
    is_buffered: bool,
}

/// Why writing stopped.
#[derive(Debug)]
pub(super) enum Stop {
    Io(io::Error),
    Cbor(cbor::Error),
    /// The value cannot be written without verifying its envelope first.
    Irregular,
    /// The text exceeds what may be buffered.
    TooLong,
}

pub(super) type Result<T = ()> = std::result::Result<T, Stop>;

impl<W: Write> Tokens<W> {
    pub fn new(out: W, pretty: bool) -> Tokens<W> {
        Tokens {
            out,
            text: Vec::with_capacity(2 * PIECE),
            pretty,
            depth: 0,
            first: true,
            limit: PIECE,
            is_buffered: false,
        }
    }

    /// Buffers all text in `buffer`, until [`Self::into_text`]; more than `limit` bytes are too long.
    pub fn buffered(out: W, pretty: bool, buffer: Vec<u8>, limit: usize) -> Tokens<W> {
        Tokens { out, text: buffer, pretty, depth: 0, first: true, limit, is_buffered: true }
    }

    /// For items of a container that the caller opens and closes.
    pub fn inside_container(self) -> Tokens<W> {
        self.inside(1)
    }

    /// For items with `depth` open brackets around them.
    pub fn inside(self, depth: usize) -> Tokens<W> {
        Tokens { depth, ..self }
    }

    /// The text that has not gone to the output.
    pub fn into_text(self) -> Vec<u8> {
        self.text
    }

    /// Writes the rest of the text to the output, and returns the output.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&self.text)?;
        Ok(self.out)
    }

    pub fn is_buffered(&self) -> bool {
        self.is_buffered
    }

    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Adds items that were written apart for this depth, the first of them without a comma before it.
    pub fn items(&mut self, text: &[u8]) -> Result {
        self.comma();
        if self.is_buffered || text.len() < PIECE {
            self.raw(text);
            return self.pass_on();
        }
        // Written directly, which saves copying it.
        self.out.write_all(&self.text)?;
        self.text.clear();
        Ok(self.out.write_all(text)?)
    }

    /// Writes a text that is JSON, or a part of it.
    pub fn raw(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
    }

    pub fn begin(&mut self, bracket: u8) {
        self.text.push(bracket);
        self.depth += 1;
        self.first = true;
    }

    pub fn end(&mut self, bracket: u8) {
        self.depth -= 1;
        if !self.first {
            self.line();
        }
        self.text.push(bracket);
        self.first = false;
    }

    /// Ends a line of JSON Lines; the next item is the first one again.
    pub fn end_line(&mut self) {
        self.text.push(b'\n');
        self.first = true;
    }

    /// Writes what precedes an element of an array or a key of an object.
    pub fn item(&mut self) -> Result {
        self.comma();
        self.line();
        self.pass_on()
    }

    /// Writes what precedes an item, without the line break.
    pub fn comma(&mut self) {
        if !self.first {
            self.text.push(b',');
        }
        self.first = false;
    }

    pub fn line(&mut self) {
        const BREAK: &[u8; 65] = b"\n                                                                ";
        if !self.pretty {
            return;
        }
        let indent = 2 * self.depth;
        if let Some(line) = BREAK.get(..=indent) {
            self.text.extend_from_slice(line);
        } else {
            self.text.push(b'\n');
            self.text.resize(self.text.len() + indent, b' ');
        }
    }

    /// Writes a key of the open object, whose value must follow.
    pub fn key(&mut self, key: &str) -> Result {
        self.item()?;
        self.key_text(key.as_bytes())
    }

    /// Writes a key after [`Self::item`], and verifies that it is UTF-8.
    pub fn key_text(&mut self, key: &[u8]) -> Result {
        self.string(key)?;
        self.text.extend_from_slice(if self.pretty { b": " } else { b":" });
        Ok(())
    }

    /// Writes a text, and verifies that it is UTF-8. Most texts are plain ASCII, which a single pass can tell.
    pub fn string(&mut self, text: &[u8]) -> Result {
        self.text.push(b'"');
        let classes = classify(text);
        if classes & ABOVE_ASCII != 0 && std::str::from_utf8(text).is_err() {
            return Err(cbor::Error::new(Fault::NotUtf8, 0).into());
        }
        if classes & MAY_NEED_ESCAPE == 0 && text.len() <= PIECE {
            self.text.extend_from_slice(text);
        } else {
            self.escaped(text)?;
        }
        self.text.push(b'"');
        Ok(())
    }

    fn escaped(&mut self, text: &[u8]) -> Result {
        for piece in pieces(text) {
            push_escaped(&mut self.text, piece);
            self.pass_on()?;
        }
        Ok(())
    }

    pub fn base64(&mut self, bytes: &[u8], engine: &GeneralPurpose) -> Result {
        self.text.push(b'"');
        // A multiple of three bytes, so that only the end is padded.
        for piece in bytes.chunks(PIECE / 4 * 3) {
            let start = self.text.len();
            self.text.resize(start + piece.len().div_ceil(3) * 4, 0);
            let written = engine.encode_slice(piece, &mut self.text[start..]);
            self.text.truncate(start + written.expect("four characters for three bytes are enough"));
            self.pass_on()?;
        }
        self.text.push(b'"');
        Ok(())
    }

    pub fn number(&mut self, value: u64) -> Result {
        Ok(serde_json::to_writer(&mut self.text, &value).map_err(io::Error::from)?)
    }

    pub fn integer(&mut self, value: i128) -> Result {
        Ok(serde_json::to_writer(&mut self.text, &value).map_err(io::Error::from)?)
    }

    /// Writes a finite float, always with a `.` or an `e`, and any other float as null.
    pub fn float(&mut self, value: f64) -> Result {
        Ok(serde_json::to_writer(&mut self.text, &value).map_err(io::Error::from)?)
    }

    fn pass_on(&mut self) -> Result {
        if self.text.len() >= self.limit {
            if self.is_buffered {
                return Err(Stop::TooLong);
            }
            self.out.write_all(&self.text)?;
            self.text.clear();
        }
        Ok(())
    }

    /// The position in the buffered text, for [`Self::since`].
    pub fn position(&self) -> usize {
        self.text.len()
    }

    /// The buffered text from a position on.
    pub fn since(&self, position: usize) -> &[u8] {
        &self.text[position..]
    }

    /// Begins an attempt, which can be rolled back: text is buffered until it ends.
    pub fn begin_attempt(&mut self) -> Attempt {
        let attempt = Attempt {
            len: self.text.len(),
            depth: self.depth,
            first: self.first,
            limit: self.limit,
            is_buffered: self.is_buffered,
        };
        if !self.is_buffered {
            self.limit = attempt.len + ATTEMPT;
            self.is_buffered = true;
        }
        attempt
    }

    /// Ends an attempt, and rolls back what was written since its beginning unless `is_kept`.
    pub fn end_attempt(&mut self, attempt: &Attempt, is_kept: bool) {
        (self.limit, self.is_buffered) = (attempt.limit, attempt.is_buffered);
        if !is_kept {
            self.text.truncate(attempt.len);
            (self.depth, self.first) = (attempt.depth, attempt.first);
        }
    }
}

/// The state to which an attempt is rolled back.
pub(super) struct Attempt {
    len: usize,
    depth: usize,
    first: bool,
    limit: usize,
    is_buffered: bool,
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Io(error)
    }
}

impl From<cbor::Error> for Stop {
    fn from(error: cbor::Error) -> Stop {
        Stop::Cbor(error)
    }
}

/// For verified values that are streamed, which stop only if the output fails.
impl From<Stop> for io::Error {
    fn from(stop: Stop) -> io::Error {
        match stop {
            Stop::Io(error) => error,
            Stop::Cbor(error) => io::Error::new(io::ErrorKind::InvalidData, error),
            Stop::Irregular | Stop::TooLong => unreachable!("neither unverified nor buffered"),
        }
    }
}
