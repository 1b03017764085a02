//! Entries as JSON, each written whole or not at all.
//!
//! An entry that cannot be decoded must leave no text, but checking it first would read every value twice. So there are
//! two passes, and nearly every entry needs only the first:
//!
//! 1. **Unverified.** The value is verified and written in one walk, while its text is buffered up to a
//!    limit. If the walk completes, the text stays. If it stops, at a fault, at an irregular map, at an
//!    envelope of an unusual shape or at the limit, the text is rolled back.
//! 2. **Verified.** An [`EnvelopeView`] reads the value to its end, and finds its faults and its irregular
//!    maps. If there is a fault, it is returned and nothing is written. Otherwise the entry is written
//!    with that knowledge, and its text can be streamed.
//!
//! Values of more than a megabyte go to the second pass at once, so that their text is never buffered.

use super::envelopes::{Envelopes, Frame};
use super::style::JsonStyle;
use super::tokens::{Result as Writing, Stop, Tokens};
use super::values::{Maps, Values};
use crate::cbor::pairs::VerifiedMaps;
use crate::cbor::reader::{Head, Reader};
use crate::live::error::DecodeError;
use crate::live::view::EnvelopeView;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::fmt;
use std::io::{self, Write};

/// The depth of verified values has already been checked.
const ANY_DEPTH: usize = usize::MAX;

/// The largest value that is written unverified, in bytes.
const LARGE: usize = 1024 * 1024;

/// What encloses entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// An object of full key to envelope.
    Document,
    /// A part of such an object, which the caller opens and closes. It begins and ends without a comma.
    Part,
    /// For each entry an object, `{"key": …, "fetched_at": …, "rows": …}`, on a line of its own.
    Lines,
}

/// Writes entries as a JSON document, an object of full key to envelope, or as JSON Lines.
///
/// ```
/// # use std::time::UNIX_EPOCH;
/// let rows = vlive::CachedRows { rows: Default::default(), fetched_at: UNIX_EPOCH };
/// let value = vlive::live::Envelope::encode(&rows);
/// let mut json = vlive::json::JsonWriter::document(Vec::new(), vlive::json::JsonStyle::default());
/// json.entry("clients/page_1", value.bytes())?;
/// assert_eq!(json.finish()?, br#"{"clients/page_1":{"fetched_at":0,"rows":{}}}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct JsonWriter<W: Write> {
    envelopes: Envelopes<W>,
    layout: Layout,
}

/// Why an entry was not written. Unless the output failed, no part of it was written.
#[derive(Debug)]
#[non_exhaustive]
pub enum EntryError {
    /// The output failed.
    Io(io::Error),
    /// The value of the entry cannot be decoded.
    Undecodable(DecodeError),
    /// The text of the entry exceeds the memory that the writer may use for it.
    TooLong,
}

impl<W: Write> JsonWriter<W> {
    /// A writer of a document to `out`.
    pub fn document(out: W, style: JsonStyle) -> JsonWriter<W> {
        let mut tokens = Tokens::new(out, style.pretty);
        tokens.begin(b'{');
        JsonWriter::new(tokens, style, Layout::Document)
    }

    /// A writer of JSON Lines to `out`; [`JsonStyle::pretty`] is ignored.
    pub fn lines(out: W, style: JsonStyle) -> JsonWriter<W> {
        JsonWriter::new(Tokens::new(out, false), style, Layout::Lines)
    }

    /// A writer of entries of a document that the caller opens and closes. All text stays in `buffer`, for
    /// [`Self::into_text`]; an entry that would make it longer than `limit` bytes is too long.
    pub(crate) fn buffered_part(out: W, style: JsonStyle, buffer: Vec<u8>, limit: usize) -> JsonWriter<W> {
        let tokens = Tokens::buffered(out, style.pretty, buffer, limit).inside_container();
        JsonWriter::new(tokens, style, Layout::Part)
    }

    /// A writer of JSON Lines, buffered as in [`Self::buffered_part`].
    pub(crate) fn buffered_lines(out: W, style: JsonStyle, buffer: Vec<u8>, limit: usize) -> JsonWriter<W> {
        JsonWriter::new(Tokens::buffered(out, false, buffer, limit), style, Layout::Lines)
    }

    fn new(tokens: Tokens<W>, style: JsonStyle, layout: Layout) -> JsonWriter<W> {
        let frame = if layout == Layout::Lines { Frame::Opened } else { Frame::Own };
        JsonWriter { envelopes: Envelopes::new(tokens, style, frame), layout }
    }

    /// The text of a buffered writer.
    pub(crate) fn into_text(self) -> Vec<u8> {
        self.envelopes.values.tokens.into_text()
    }

    /// Completes the document, and returns the output.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(self) -> io::Result<W> {
        let mut tokens = self.envelopes.values.tokens;
        if self.layout == Layout::Document {
            tokens.end(b'}');
        }
        tokens.finish()
    }

    /// Writes an entry: its full key, and the envelope that is its value. A document must get each key only once.
    ///
    /// # Errors
    /// [`EntryError::Undecodable`] if the value is not an envelope that vantage-live reads, [`EntryError::Io`] if the
    /// output fails.
    pub fn entry(&mut self, key: &str, value: &[u8]) -> Result<(), EntryError> {
        if value.len() <= LARGE {
            match self
                .envelopes
                .attempt(|envelopes| framed(envelopes, self.layout, key, |envelopes| envelopes.unverified(value)))
            {
                Ok(()) => return Ok(()),
                Err(Stop::Io(error)) => return Err(EntryError::Io(error)),
                Err(Stop::TooLong) if self.envelopes.values.tokens.is_buffered() => return Err(EntryError::TooLong),
                Err(Stop::TooLong | Stop::Cbor(_) | Stop::Irregular) => {}
            }
        }
        let view = EnvelopeView::new(value).map_err(EntryError::Undecodable)?;
        self.whole(key, |envelopes| envelopes.verified(&view))
    }

    /// Writes an entry of JSON Lines with the stored bytes of its value.
    pub(crate) fn raw_entry(&mut self, key: &str, value: &[u8]) -> Result<(), EntryError> {
        self.whole(key, |envelopes| {
            envelopes.values.tokens.key("raw")?;
            envelopes.values.tokens.base64(value, &BASE64)?;
            envelopes.values.end_object();
            Ok(())
        })
    }

    /// Writes a verified entry: only the output or its limit can stop it.
    fn whole(&mut self, key: &str, write: impl FnOnce(&mut Envelopes<W>) -> Writing) -> Result<(), EntryError> {
        let is_buffered = self.envelopes.values.tokens.is_buffered();
        let write = |envelopes: &mut Envelopes<W>| framed(envelopes, self.layout, key, write);
        match if is_buffered { self.envelopes.attempt(write) } else { write(&mut self.envelopes) } {
            Ok(()) => Ok(()),
            Err(Stop::TooLong) => Err(EntryError::TooLong),
            Err(stop) => Err(EntryError::Io(stop.into())),
        }
    }
}

/// Writes the key, then the value with `write`.
fn framed<W: Write>(
    envelopes: &mut Envelopes<W>,
    layout: Layout,
    key: &str,
    write: impl FnOnce(&mut Envelopes<W>) -> Writing,
) -> Writing {
    let tokens = &mut envelopes.values.tokens;
    if layout != Layout::Lines {
        tokens.key(key)?;
        return write(envelopes);
    }
    tokens.begin(b'{');
    tokens.key("key")?;
    tokens.string(key.as_bytes())?;
    write(envelopes)?;
    envelopes.values.tokens.end_line();
    Ok(())
}

/// Writes the envelope of one entry to `out`: `{"fetched_at": N, "rows": {"<id>": {…}}}`, as vantage-live
/// reads it, or its rows alone.
///
/// ```
/// # use std::time::UNIX_EPOCH;
/// let rows = vlive::CachedRows { rows: Default::default(), fetched_at: UNIX_EPOCH };
/// let value = vlive::live::Envelope::encode(&rows);
/// let mut json = Vec::new();
/// let envelope = vlive::live::EnvelopeView::new(value.bytes())?;
/// vlive::json::write_envelope(&envelope, vlive::json::JsonStyle::default(), &mut json)?;
/// assert_eq!(json, br#"{"fetched_at":0,"rows":{}}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// Those of `out`.
pub fn write_envelope(envelope: &EnvelopeView<'_>, style: JsonStyle, out: impl Write) -> io::Result<()> {
    let mut envelopes = Envelopes::new(Tokens::new(out, style.pretty), style, Frame::Own);
    envelopes.verified(envelope)?;
    envelopes.values.tokens.finish()?;
    Ok(())
}

/// Writes an entry of a document that the caller opens and closes, without a comma before or after it.
pub(crate) fn write_document_entry(
    key: &str,
    envelope: &EnvelopeView<'_>,
    style: JsonStyle,
    out: impl Write,
) -> io::Result<()> {
    let tokens = Tokens::new(out, style.pretty).inside_container();
    let mut envelopes = Envelopes::new(tokens, style, Frame::Own);
    envelopes.values.tokens.key(key)?;
    envelopes.verified(envelope)?;
    envelopes.values.tokens.finish()?;
    Ok(())
}

/// The record that begins at an offset of verified bytes, on one line. A record of vantage-live that is not a map has
/// no fields.
pub(crate) fn record_json(maps: &VerifiedMaps<'_>, offset: usize) -> String {
    on_one_line(|values| {
        let mut record = Reader::at(maps.bytes(), offset);
        values.begin_object();
        if let Head::Map(_) = record.peek()? {
            maps.pairs::<Stop>(&mut record, &mut |name, value| {
                values.tokens.key(&name)?;
                values.value(value, Maps::Verified(maps), ANY_DEPTH)
            })?;
        }
        values.end_object();
        Ok(())
    })
}

/// The value in a record that begins at an offset of verified bytes, on one line.
pub(crate) fn value_json(maps: &VerifiedMaps<'_>, offset: usize) -> String {
    on_one_line(|values| values.value(&mut Reader::at(maps.bytes(), offset), Maps::Verified(maps), ANY_DEPTH))
}

fn on_one_line(write: impl FnOnce(&mut Values<io::Sink>) -> Writing) -> String {
    let tokens = Tokens::buffered(io::sink(), false, Vec::new(), usize::MAX);
    let mut values = Values::new(tokens, JsonStyle::default().plain);
    write(&mut values).map_err(io::Error::from).expect("verified, and memory takes all text");
    String::from_utf8(values.tokens.into_text()).expect("JSON is UTF-8")
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EntryError::Io(_) => "the output failed",
            EntryError::Undecodable(_) => "the entry cannot be decoded",
            EntryError::TooLong => "the text of the entry takes too much memory",
        })
    }
}

impl std::error::Error for EntryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            EntryError::Io(error) => Some(error),
            EntryError::Undecodable(error) => Some(error),
            EntryError::TooLong => None,
        }
    }
}
