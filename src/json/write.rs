//! A streaming writer from CBOR bytes to JSON text: no value is built on the way.
//!
//! An envelope such as vantage-live writes is verified and written in one walk, which is taken back
//! if it comes upon anything that needs a second look: a fault, a map that cannot be written before
//! all its keys are known, an envelope of another shape. Those go through an [`EnvelopeView`], which
//! has been over them before. Values are written by the same code in either case.

use super::names::RESERVED;
use crate::cbor::bignum::{BigInt, Tagged};
use crate::cbor::encode::shortest;
use crate::cbor::error::{Error as CborError, Fault};
use crate::cbor::escape::{ABOVE_ASCII, MAY_NEED_ESCAPE, classify, pieces, push_escaped};
use crate::cbor::keys::are_distinct;
use crate::cbor::reader::{Head, Reader};
use crate::live::error::DecodeError;
use crate::live::head::usual;
use crate::live::layout::{FETCHED_AT, FIELD_DEPTH, MAX_DEPTH, ROWS};
use crate::live::view::EnvelopeView;
use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64URL};
use ciborium::Value;
use std::io::{self, Write};
use std::ops::Range;

/// Text is handed on in pieces of about this size, however large a value is.
const PIECE: usize = 64 * 1024;

/// Up to this size an entry may be written before it is known to be sound; its text is kept until then.
const LARGE: usize = 1024 * 1024;

/// Text of an entry that is kept until the entry is known to be sound.
const LONG: usize = 8 * LARGE;

/// How JSON is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JsonStyle {
    /// With line breaks, indented by two spaces; else on one line.
    pub pretty: bool,
    /// For people and tools that know nothing of the forms for what JSON cannot hold, as RFC 8949,
    /// 6.1 has it: tags are dropped, byte strings are base64url without padding, NaN and the infinities
    /// null; a key that is a number or a word is its JSON, any other the base64url of its CBOR. It
    /// cannot be read back.
    pub plain: bool,
    /// Of an envelope only its rows, `{"<id>": {…}}`.
    pub rows_only: bool,
}

/// What entries stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// An object of full key to envelope.
    Document,
    /// An object each, `{"key": …, "fetched_at": …, "rows": …}`, on a line of its own.
    Lines,
}

/// Writes JSON.
///
/// The caller opens and closes objects; nothing checks that it does so in order.
///
/// ```
/// # use std::time::UNIX_EPOCH;
/// let rows = vlive::CachedRows { rows: Default::default(), fetched_at: UNIX_EPOCH };
/// let value = vlive::live::Envelope::encode(&rows);
/// let mut json = vlive::json::JsonWriter::new(Vec::new(), vlive::json::JsonStyle::default());
/// json.envelope(&vlive::live::EnvelopeView::new(value.bytes())?)?;
/// assert_eq!(json.finish()?, br#"{"fetched_at":0,"rows":{}}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct JsonWriter<W: Write> {
    out: W,
    text: Vec<u8>,
    style: JsonStyle,
    layout: Layout,
    depth: usize,
    first: bool,
    /// The length at which text is handed on or, where it is kept, is too long.
    enough: usize,
    keeps: bool,
    /// The fields of the last record that was verified as it was written.
    fields: Fields,
    /// Where in the value the keys of the maps around this place are.
    keys: Vec<Range<usize>>,
}

/// Records of a table mostly have the same fields, whose names need be read and escaped only once.
#[derive(Debug, Default)]
struct Fields {
    list: Vec<Field>,
    /// The depth at which they were written.
    depth: usize,
    /// Whether they are known to differ from each other.
    distinct: bool,
}

#[derive(Debug)]
struct Field {
    /// The name as it stands in the value.
    encoded: Vec<u8>,
    /// The name as it is written, from the line break before it to the colon behind it.
    written: Vec<u8>,
}

/// Where it is known from which maps are odd; see [`EnvelopeView::is_odd`].
#[derive(Clone, Copy)]
enum Maps<'v> {
    Seen(&'v EnvelopeView<'v>),
    /// Nowhere: they are looked at as they are written.
    Unseen,
}

impl<W: Write> JsonWriter<W> {
    /// A writer to `out`.
    pub fn new(out: W, style: JsonStyle) -> JsonWriter<W> {
        JsonWriter::with_room(out, style, 2 * PIECE)
    }

    fn with_room(out: W, style: JsonStyle, room: usize) -> JsonWriter<W> {
        JsonWriter {
            out,
            text: Vec::with_capacity(room),
            style,
            layout: Layout::Document,
            depth: 0,
            first: true,
            enough: PIECE,
            keeps: false,
            fields: Fields::default(),
            keys: Vec::new(),
        }
    }

    /// A writer of some entries of an object that is opened and closed elsewhere. Their text begins
    /// and ends without a comma.
    pub(crate) fn inside_object(out: W, style: JsonStyle) -> JsonWriter<W> {
        JsonWriter { depth: 1, ..JsonWriter::new(out, style) }
    }

    /// A writer of entries as JSON Lines, each with its line break.
    pub(crate) fn of_lines(out: W, style: JsonStyle) -> JsonWriter<W> {
        JsonWriter { layout: Layout::Lines, ..JsonWriter::new(out, JsonStyle { pretty: false, ..style }) }
    }

    /// Keeps all text in `buffer`, until [`Self::into_text`]. An entry that would make it longer than
    /// `most` bytes is [`Entry::TooLong`].
    pub(crate) fn keeping_text(self, buffer: Vec<u8>, most: usize) -> JsonWriter<W> {
        JsonWriter { text: buffer, enough: most, keeps: true, ..self }
    }

    /// The text that was not handed on.
    pub(crate) fn into_text(self) -> Vec<u8> {
        self.text
    }

    /// Opens an object.
    pub fn begin_object(&mut self) {
        self.begin(b'{');
    }

    /// Writes a key of the open object; its value must follow.
    pub fn key(&mut self, key: &str) -> io::Result<()> {
        Ok(self.key_of(key)?)
    }

    fn key_of(&mut self, key: &str) -> Result<(), Stop> {
        self.item()?;
        self.string(key.as_bytes())?;
        self.colon();
        Ok(())
    }

    /// Closes the open object.
    pub fn end_object(&mut self) {
        self.end(b'}');
    }

    /// Writes an entry of the open object: its full key, and the envelope that is its value. If that
    /// cannot be decoded, nothing is written.
    pub fn entry(&mut self, key: &str, value: &[u8]) -> io::Result<Result<(), DecodeError>> {
        match self.try_entry(key, value)? {
            Entry::Written => Ok(Ok(())),
            Entry::Undecodable(error) => Ok(Err(error)),
            Entry::TooLong => unreachable!("text is not kept"),
        }
    }

    pub(crate) fn try_entry(&mut self, key: &str, value: &[u8]) -> io::Result<Entry> {
        if value.len() <= LARGE {
            match self.undone_unless_written(|this| {
                this.begin_entry(key)?;
                this.unseen(value)?;
                this.end_entry();
                Ok(())
            })? {
                Some(Stop::Full) if self.keeps => return Ok(Entry::TooLong),
                Some(_) => {}
                None => return Ok(Entry::Written),
            }
        }
        let view = match EnvelopeView::new(value) {
            Ok(view) => view,
            Err(error) => return Ok(Entry::Undecodable(error)),
        };
        self.sound(|this| {
            this.begin_entry(key)?;
            this.seen(&view)?;
            this.end_entry();
            Ok(())
        })
    }

    /// Calls `write`, which finds no fault in what it writes.
    fn sound(&mut self, write: impl FnOnce(&mut Self) -> Result<(), Stop>) -> io::Result<Entry> {
        if !self.keeps {
            write(self)?;
            return Ok(Entry::Written);
        }
        let written = self.undone_unless_written(write)?;
        Ok(if written.is_none() { Entry::Written } else { Entry::TooLong })
    }

    /// Calls `write`, and takes back what it has written if it stops. Nothing is handed on meanwhile;
    /// it stops where it would keep too much. Returns why it stopped, if not for the output.
    fn undone_unless_written(&mut self, write: impl FnOnce(&mut Self) -> Result<(), Stop>) -> io::Result<Option<Stop>> {
        let (start, depth, first) = (self.text.len(), self.depth, self.first);
        let (enough, keeps) = (self.enough, self.keeps);
        if !keeps {
            self.enough = start + LONG;
            self.keeps = true;
        }
        let written = write(self);
        (self.enough, self.keeps) = (enough, keeps);
        match written {
            Ok(()) => Ok(None),
            Err(Stop::Io(error)) => Err(error),
            Err(stop) => {
                self.text.truncate(start);
                (self.depth, self.first) = (depth, first);
                self.fields.list.clear();
                self.keys.clear();
                Ok(Some(stop))
            }
        }
    }

    /// Writes an entry as JSON Lines have it, with the bytes of its value as they are.
    pub(crate) fn try_raw(&mut self, key: &str, value: &[u8]) -> io::Result<Entry> {
        self.sound(|this| {
            this.begin_entry(key)?;
            this.key_of("raw")?;
            this.base64(value, &BASE64)?;
            this.end_object();
            this.end_entry();
            Ok(())
        })
    }

    /// Goes to where the envelope of an entry stands.
    fn begin_entry(&mut self, key: &str) -> Result<(), Stop> {
        if self.layout == Layout::Document {
            return self.key_of(key);
        }
        self.begin_object();
        self.key_of("key")?;
        self.string(key.as_bytes())
    }

    fn end_entry(&mut self) {
        if self.layout == Layout::Lines {
            self.text.push(b'\n');
            self.first = true;
        }
    }

    /// Writes an envelope: `{"fetched_at": N, "rows": {"<id>": {…}}}`, as vantage-live reads it, or its
    /// rows alone.
    pub fn envelope(&mut self, envelope: &EnvelopeView<'_>) -> io::Result<()> {
        Ok(self.seen(envelope)?)
    }

    fn seen(&mut self, envelope: &EnvelopeView<'_>) -> Result<(), Stop> {
        self.begin_envelope(envelope.fetched_at())?;
        envelope.rows::<Stop>(&mut |id, record| {
            self.key_of(&id)?;
            self.record(envelope, record)
        })?;
        self.end_envelope();
        Ok(())
    }

    fn record<'b>(&mut self, envelope: &EnvelopeView<'b>, record: &mut Reader<'b>) -> Result<(), Stop> {
        self.begin_object();
        envelope.fields::<Stop>(record, &mut |name, value| {
            self.key_of(&name)?;
            self.value(value, Maps::Seen(envelope), MAX_DEPTH)
        })?;
        self.end_object();
        Ok(())
    }

    /// Writes the record of `envelope` at which `record` stands.
    pub(crate) fn record_of<'b>(&mut self, envelope: &EnvelopeView<'b>, record: &mut Reader<'b>) -> io::Result<()> {
        Ok(self.record(envelope, record)?)
    }

    /// Writes the value in a field of `envelope` at which `value` stands.
    pub(crate) fn value_of<'b>(&mut self, envelope: &EnvelopeView<'b>, value: &mut Reader<'b>) -> io::Result<()> {
        Ok(self.value(value, Maps::Seen(envelope), MAX_DEPTH)?)
    }

    /// Goes into the rows.
    fn begin_envelope(&mut self, fetched_at: u64) -> Result<(), Stop> {
        if self.has_envelope() {
            // On a line its fields stand beside the key.
            if self.layout == Layout::Document {
                self.begin_object();
            }
            if !self.style.rows_only {
                self.key_of(FETCHED_AT)?;
                self.number(fetched_at)?;
            }
            self.key_of(ROWS)?;
        }
        self.begin_object();
        Ok(())
    }

    fn end_envelope(&mut self) {
        self.end_object();
        if self.has_envelope() {
            self.end_object();
        }
    }

    /// Whether there is an object around the rows.
    fn has_envelope(&self) -> bool {
        self.layout == Layout::Lines || !self.style.rows_only
    }

    /// Verifies and writes an envelope that is as vantage-live writes one.
    fn unseen(&mut self, value: &[u8]) -> Result<(), Stop> {
        let Some((fetched_at, rows)) = usual(value) else { return Err(Stop::Odd) };
        let reader = &mut Reader::at(value, rows);
        let Head::Map(mut left) = reader.head()? else { return Err(Stop::Odd) };
        self.begin_envelope(fetched_at)?;
        while reader.more(&mut left)? {
            self.item()?;
            self.unseen_key(reader)?;
            let Head::Map(fields) = reader.head()? else { return Err(Stop::Odd) };
            self.begin_object();
            self.unseen_record(reader, fields)?;
            self.end_object();
        }
        self.expect_distinct(value, 0)?;
        self.end_envelope();
        Ok(())
    }

    fn unseen_record(&mut self, reader: &mut Reader<'_>, mut left: Option<usize>) -> Result<(), Stop> {
        if self.fields.depth != self.depth {
            self.fields.list.clear();
            self.fields.depth = self.depth;
        }
        let mut n = 0;
        while reader.more(&mut left)? {
            if !self.first {
                self.text.push(b',');
            }
            self.first = false;
            match self.fields.list.get(n) {
                Some(field) if reader.rest().starts_with(&field.encoded) => {
                    reader.pass(field.encoded.len());
                    self.text.extend_from_slice(&field.written);
                }
                _ => self.new_field(reader, n)?,
            }
            n += 1;
            self.value(reader, Maps::Unseen, FIELD_DEPTH)?;
        }
        if !self.fields.distinct {
            let list = &self.fields.list;
            let mut order: Vec<usize> = (0..list.len()).collect();
            if !are_distinct(&mut order, |n| &list[*n].encoded) {
                return Err(Stop::Odd);
            }
            self.fields.distinct = true;
        }
        Ok(())
    }

    /// The name of a field that is another than that of the record before.
    fn new_field(&mut self, reader: &mut Reader<'_>, n: usize) -> Result<(), Stop> {
        let (rest, start) = (reader.rest(), self.text.len());
        self.line();
        self.unseen_key(reader)?;
        self.keys.pop();
        let encoded = rest[..rest.len() - reader.rest().len()].to_vec();
        self.fields.list.truncate(n);
        self.fields.list.push(Field { encoded, written: self.text[start..].to_vec() });
        self.fields.distinct = false;
        Ok(())
    }

    /// Writes the key at which `reader` stands, with its colon, and notes where it is.
    fn unseen_key(&mut self, reader: &mut Reader<'_>) -> Result<(), Stop> {
        let before = reader.pos();
        let Head::Text(Some(len)) = reader.head()? else { return Err(Stop::Odd) };
        // Keys are compared as they are encoded, so each must have the one encoding.
        if reader.pos() - before != shortest(len as u64) {
            return Err(Stop::Odd);
        }
        let start = reader.pos();
        self.string(reader.take(len)?)?;
        self.colon();
        self.keys.push(start..start + len);
        Ok(())
    }

    /// The keys noted from the `base`-th on must differ; they are forgotten.
    fn expect_distinct(&mut self, value: &[u8], base: usize) -> Result<(), Stop> {
        if !are_distinct(&mut self.keys[base..], |key| &value[key.clone()]) {
            return Err(Stop::Odd);
        }
        self.keys.truncate(base);
        Ok(())
    }

    /// Hands on what is left and gives the output back.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&self.text)?;
        Ok(self.out)
    }

    fn begin(&mut self, bracket: u8) {
        self.text.push(bracket);
        self.depth += 1;
        self.first = true;
    }

    fn end(&mut self, bracket: u8) {
        self.depth -= 1;
        if !self.first {
            self.line();
        }
        self.text.push(bracket);
        self.first = false;
    }

    /// Goes to where the next element of an array or key of an object stands.
    fn item(&mut self) -> Result<(), Stop> {
        if !self.first {
            self.text.push(b',');
        }
        self.first = false;
        self.line();
        self.hand_on()
    }

    fn line(&mut self) {
        const BREAK: &[u8; 65] = b"\n                                                                ";
        if !self.style.pretty {
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

    fn colon(&mut self) {
        self.text.extend_from_slice(if self.style.pretty { b": " } else { b":" });
    }

    fn hand_on(&mut self) -> Result<(), Stop> {
        if self.text.len() >= self.enough {
            if self.keeps {
                return Err(Stop::Full);
            }
            self.out.write_all(&self.text)?;
            self.text.clear();
        }
        Ok(())
    }

    /// An object with one of the reserved names for its only key, and a text for its value.
    fn special(&mut self, name: &str, text: &str) -> Result<(), Stop> {
        self.begin_object();
        self.key_of(name)?;
        self.string(text.as_bytes())?;
        self.end_object();
        Ok(())
    }

    /// A value in a field, inside of which `depth` further levels may open.
    fn value(&mut self, reader: &mut Reader<'_>, maps: Maps<'_>, depth: usize) -> Result<(), Stop> {
        let start = reader.pos();
        match reader.head()? {
            Head::Unsigned(value) => self.number(value)?,
            Head::Negative(value) => self.integer(-1 - i128::from(value))?,
            Head::Bytes(Some(len)) => self.byte_string(reader.take(len)?)?,
            Head::Bytes(None) => {
                let mut bytes = Vec::new();
                reader.segments(false, None, |segment| bytes.extend_from_slice(segment))?;
                self.byte_string(&bytes)?;
            }
            Head::Text(Some(len)) => self.string(reader.take(len)?)?,
            Head::Text(None) => {
                let text = reader.text(None)?;
                self.string(text.as_bytes())?;
            }
            Head::Array(left) => self.array(reader, left, maps, deeper(depth)?)?,
            Head::Map(left) => match maps {
                Maps::Seen(envelope) if envelope.maps().is_irregular(start) || is_reserved(reader, left) => {
                    self.odd_map(reader, left, maps)?;
                }
                _ => self.map(reader, left, maps, deeper(depth)?)?,
            },
            Head::Tag(tag) => match reader.tagged(tag)? {
                Tagged::Integer(BigInt::Small(value)) => self.integer(value)?,
                Tagged::Integer(BigInt::Large(tag, value)) => {
                    let bytes = value.to_be_bytes();
                    let bytes = &bytes[(value.leading_zeros() / 8) as usize..];
                    self.tag(tag, |this| this.byte_string(bytes))?;
                }
                Tagged::Tag(tag) => {
                    let depth = deeper(depth)?;
                    self.tag(tag, |this| this.value(reader, maps, depth))?;
                }
            },
            Head::Simple(20) => self.text.extend_from_slice(b"false"),
            Head::Simple(21) => self.text.extend_from_slice(b"true"),
            // ciborium reads `undefined` as null.
            Head::Simple(22 | 23) => self.text.extend_from_slice(b"null"),
            Head::Float(float) => self.float(float.value())?,
            Head::Simple(_) | Head::Break => return Err(Stop::Odd),
        }
        Ok(())
    }

    fn array(
        &mut self,
        reader: &mut Reader<'_>,
        mut left: Option<usize>,
        maps: Maps<'_>,
        depth: usize,
    ) -> Result<(), Stop> {
        self.begin(b'[');
        while reader.more(&mut left)? {
            self.item()?;
            self.value(reader, maps, depth)?;
        }
        self.end(b']');
        Ok(())
    }

    fn map(
        &mut self,
        reader: &mut Reader<'_>,
        mut left: Option<usize>,
        maps: Maps<'_>,
        depth: usize,
    ) -> Result<(), Stop> {
        let base = self.keys.len();
        self.begin_object();
        while reader.more(&mut left)? {
            match maps {
                Maps::Unseen => {
                    self.item()?;
                    self.unseen_key(reader)?;
                }
                Maps::Seen(_) => {
                    let Head::Text(len) = reader.head()? else { unreachable!("the keys of a regular map are text") };
                    let key = reader.text(len)?;
                    self.key_of(&key)?;
                }
            }
            self.value(reader, maps, depth)?;
        }
        if let Maps::Unseen = maps {
            if let [only] = &self.keys[base..]
                && RESERVED.iter().any(|name| name.as_bytes() == &reader.all()[only.clone()])
            {
                return Err(Stop::Odd);
            }
            self.expect_distinct(reader.all(), base)?;
        }
        self.end_object();
        Ok(())
    }

    fn odd_map(&mut self, reader: &mut Reader<'_>, mut left: Option<usize>, maps: Maps<'_>) -> Result<(), Stop> {
        if self.style.plain {
            return self.plain_map(reader, left, maps);
        }
        self.begin_object();
        self.key_of("$map")?;
        self.begin(b'[');
        while reader.more(&mut left)? {
            self.item()?;
            self.array(reader, Some(2), maps, MAX_DEPTH)?;
        }
        self.end(b']');
        self.end_object();
        Ok(())
    }

    /// A map whose keys are made text.
    fn plain_map(&mut self, reader: &mut Reader<'_>, mut left: Option<usize>, maps: Maps<'_>) -> Result<(), Stop> {
        self.begin_object();
        while reader.more(&mut left)? {
            if let Head::Text(len) = reader.peek()? {
                reader.head()?;
                let key = reader.text(len)?;
                self.key_of(&key)?;
            } else {
                self.plain_key(reader)?;
            }
            self.value(reader, maps, MAX_DEPTH)?;
        }
        self.end_object();
        Ok(())
    }

    /// What is itself in JSON is its JSON. Of anything else the text would have to be escaped in each
    /// key around it, and grow twofold each time.
    fn plain_key(&mut self, reader: &mut Reader<'_>) -> Result<(), Stop> {
        let start = reader.pos();
        let text = match reader.head()? {
            Head::Unsigned(value) => value.to_string(),
            Head::Negative(value) => (-1 - i128::from(value)).to_string(),
            Head::Float(float) => serde_json::to_string(&float.value()).map_err(io::Error::from)?,
            Head::Simple(20) => "false".to_owned(),
            Head::Simple(21) => "true".to_owned(),
            Head::Simple(_) => "null".to_owned(),
            _ => {
                *reader = Reader::at(reader.all(), start);
                reader.skip(MAX_DEPTH)?;
                BASE64URL.encode(reader.since(start))
            }
        };
        self.key_of(&text)
    }

    /// A value that was built, as plain JSON.
    fn built(&mut self, value: &Value) -> Result<(), Stop> {
        match value {
            Value::Integer(integer) => self.integer((*integer).into())?,
            Value::Bytes(bytes) => self.byte_string(bytes)?,
            Value::Float(float) => self.float(*float)?,
            Value::Text(text) => self.string(text.as_bytes())?,
            Value::Bool(true) => self.text.extend_from_slice(b"true"),
            Value::Bool(false) => self.text.extend_from_slice(b"false"),
            Value::Tag(_, content) => self.built(content)?,
            Value::Array(values) => {
                self.begin(b'[');
                for value in values {
                    self.item()?;
                    self.built(value)?;
                }
                self.end(b']');
            }
            Value::Map(pairs) => {
                self.begin_object();
                for (key, value) in pairs {
                    self.built_key(key)?;
                    self.built(value)?;
                }
                self.end_object();
            }
            // Null; ciborium reads nothing but these.
            _ => self.text.extend_from_slice(b"null"),
        }
        Ok(())
    }

    /// See [`Self::plain_key`].
    fn built_key(&mut self, key: &Value) -> Result<(), Stop> {
        match key {
            Value::Text(text) => self.key_of(text),
            Value::Bytes(_) | Value::Tag(..) | Value::Array(_) | Value::Map(_) => {
                let mut encoded = Vec::new();
                ciborium::into_writer(key, &mut encoded).expect("a value is written to memory");
                self.key_of(&BASE64URL.encode(encoded))
            }
            word => self.key_of(&plain(word)),
        }
    }

    fn tag(&mut self, tag: u64, content: impl FnOnce(&mut Self) -> Result<(), Stop>) -> Result<(), Stop> {
        if self.style.plain {
            return content(self);
        }
        self.begin_object();
        self.key_of("$tag")?;
        self.begin(b'[');
        self.item()?;
        self.number(tag)?;
        self.item()?;
        content(self)?;
        self.end(b']');
        self.end_object();
        Ok(())
    }

    fn number(&mut self, value: u64) -> io::Result<()> {
        Ok(serde_json::to_writer(&mut self.text, &value)?)
    }

    fn integer(&mut self, value: i128) -> Result<(), Stop> {
        if value >= i128::from(i64::MIN) || self.style.plain {
            Ok(serde_json::to_writer(&mut self.text, &value).map_err(io::Error::from)?)
        } else {
            self.special("$int", &value.to_string())
        }
    }

    fn float(&mut self, value: f64) -> Result<(), Stop> {
        const PLAIN_NAN: u64 = 0x7ff8_0000_0000_0000;
        if value.is_finite() {
            return Ok(serde_json::to_writer(&mut self.text, &value).map_err(io::Error::from)?);
        }
        match value.to_bits() {
            _ if self.style.plain => {
                self.text.extend_from_slice(b"null");
                Ok(())
            }
            PLAIN_NAN => self.special("$float", "NaN"),
            bits if value.is_nan() => self.special("$float", &format!("{bits:#018x}")),
            _ if value > 0.0 => self.special("$float", "Infinity"),
            _ => self.special("$float", "-Infinity"),
        }
    }

    fn byte_string(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        if self.style.plain {
            return self.base64(bytes, &BASE64URL);
        }
        self.begin_object();
        self.key_of("$bytes")?;
        self.base64(bytes, &BASE64)?;
        self.end_object();
        Ok(())
    }

    fn base64(&mut self, bytes: &[u8], engine: &GeneralPurpose) -> Result<(), Stop> {
        self.text.push(b'"');
        // A multiple of three bytes, so that padding comes at the end alone.
        for piece in bytes.chunks(PIECE / 4 * 3) {
            let start = self.text.len();
            self.text.resize(start + piece.len().div_ceil(3) * 4, 0);
            let written = engine.encode_slice(piece, &mut self.text[start..]);
            self.text.truncate(start + written.expect("room for four characters per three bytes"));
            self.hand_on()?;
        }
        self.text.push(b'"');
        Ok(())
    }

    /// Most text is plain ASCII, which one look over it can tell; any other is verified to be UTF-8.
    fn string(&mut self, text: &[u8]) -> Result<(), Stop> {
        self.text.push(b'"');
        let kinds = classify(text);
        if kinds & ABOVE_ASCII != 0 && std::str::from_utf8(text).is_err() {
            return Err(CborError::new(Fault::NotUtf8, 0).into());
        }
        if kinds & MAY_NEED_ESCAPE == 0 && text.len() <= PIECE {
            self.text.extend_from_slice(text);
        } else {
            self.escaped(text)?;
        }
        self.text.push(b'"');
        Ok(())
    }

    fn escaped(&mut self, text: &[u8]) -> Result<(), Stop> {
        for piece in pieces(text) {
            push_escaped(&mut self.text, piece);
            self.hand_on()?;
        }
        Ok(())
    }
}

/// A value as [plain](JsonStyle::plain) JSON on one line.
pub fn plain(value: &Value) -> String {
    let style = JsonStyle { plain: true, ..JsonStyle::default() };
    let mut json = JsonWriter::with_room(io::sink(), style, 0).keeping_text(Vec::new(), usize::MAX);
    json.built(value).map_err(io::Error::from).expect("all text is kept");
    String::from_utf8(json.into_text()).expect("JSON is text")
}

/// Whether a map whose head was just read has one of the reserved names for its only key.
fn is_reserved(map: &Reader<'_>, left: Option<usize>) -> bool {
    let mut map = *map;
    let mut is_only = || {
        let Head::Text(len) = map.head()? else { return Ok(false) };
        let key = map.text(len)?;
        if !RESERVED.contains(&key.as_ref()) {
            return Ok(false);
        }
        map.skip(MAX_DEPTH)?;
        Ok::<bool, CborError>(left.is_some() || map.peek()? == Head::Break)
    };
    matches!(left, None | Some(1)) && is_only().unwrap_or(false)
}

fn deeper(depth: usize) -> Result<usize, Stop> {
    depth.checked_sub(1).ok_or(Stop::Odd)
}

/// Why writing stopped.
enum Stop {
    Io(io::Error),
    Decode(CborError),
    /// What was being written needs a second look.
    Odd,
    /// It would take more memory than is given to what may have to be taken back.
    Full,
}

/// What became of an entry.
pub(crate) enum Entry {
    Written,
    /// It was not written, and cannot be.
    Undecodable(DecodeError),
    /// It was not written, since its text would take too much memory.
    TooLong,
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Io(error)
    }
}

impl From<CborError> for Stop {
    fn from(error: CborError) -> Stop {
        Stop::Decode(error)
    }
}

impl From<Stop> for io::Error {
    fn from(interrupted: Stop) -> io::Error {
        match interrupted {
            Stop::Io(error) => error,
            Stop::Decode(error) => io::Error::new(io::ErrorKind::InvalidData, error),
            Stop::Odd | Stop::Full => unreachable!("an envelope that was seen, and text that is handed on"),
        }
    }
}
