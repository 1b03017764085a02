//! A streaming writer from verified CBOR bytes to JSON text: no value is built on the way.

use crate::EnvelopeView;
use crate::cbor::{BigInt, DecodeError, Head, Reader, Tagged};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::io::{self, Write};

/// Text is handed on in pieces of about this size, however large a value is.
const PIECE: usize = 64 * 1024;

/// Writes JSON, indented by two spaces or on one line.
///
/// The caller opens and closes objects; nothing checks that it does so in order.
///
/// ```
/// # use std::time::UNIX_EPOCH;
/// let rows = vlive::CachedRows { rows: Default::default(), fetched_at: UNIX_EPOCH };
/// let value = vlive::Envelope::encode(&rows);
/// let mut json = vlive::JsonWriter::new(Vec::new(), false);
/// json.envelope(&vlive::EnvelopeView::new(value.bytes())?)?;
/// assert_eq!(json.finish()?, br#"{"fetched_at":0,"rows":{}}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct JsonWriter<W: Write> {
    out: W,
    text: Vec<u8>,
    pretty: bool,
    depth: usize,
    first: bool,
}

impl<W: Write> JsonWriter<W> {
    /// A writer to `out`, with line breaks and indentation if `pretty`.
    pub fn new(out: W, pretty: bool) -> JsonWriter<W> {
        JsonWriter { out, text: Vec::with_capacity(2 * PIECE), pretty, depth: 0, first: true }
    }

    /// Opens an object.
    pub fn begin_object(&mut self) {
        self.begin(b'{');
    }

    /// Writes a key of the open object; its value must follow.
    pub fn key(&mut self, key: &str) -> io::Result<()> {
        self.item()?;
        self.string(key.as_bytes())?;
        self.text.extend_from_slice(if self.pretty { b": " } else { b":" });
        Ok(())
    }

    /// Closes the open object.
    pub fn end_object(&mut self) {
        self.end(b'}');
    }

    /// Writes an envelope: `{"fetched_at": N, "rows": {"<id>": {…}}}`, as vantage-live reads it.
    pub fn envelope(&mut self, envelope: &EnvelopeView<'_>) -> io::Result<()> {
        self.begin_object();
        self.key("fetched_at")?;
        self.number(envelope.fetched_at())?;
        self.key("rows")?;
        self.begin_object();
        envelope.rows::<Interrupted>(&mut |id, record| {
            self.key(&id)?;
            self.begin_object();
            envelope.fields::<Interrupted>(record, &mut |name, value| {
                self.key(&name)?;
                self.value(value, envelope)
            })?;
            self.end_object();
            Ok(())
        })?;
        self.end_object();
        self.end_object();
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
    fn item(&mut self) -> io::Result<()> {
        if !self.first {
            self.text.push(b',');
        }
        self.first = false;
        self.line();
        self.hand_on()
    }

    fn line(&mut self) {
        if self.pretty {
            self.text.push(b'\n');
            self.text.resize(self.text.len() + 2 * self.depth, b' ');
        }
    }

    fn hand_on(&mut self) -> io::Result<()> {
        if self.text.len() >= PIECE {
            self.out.write_all(&self.text)?;
            self.text.clear();
        }
        Ok(())
    }

    /// An object with one of the reserved names for its only key, and a text for its value.
    fn special(&mut self, name: &str, text: &str) -> Result<(), Interrupted> {
        self.begin_object();
        self.key(name)?;
        self.string(text.as_bytes())?;
        self.end_object();
        Ok(())
    }

    fn value(&mut self, reader: &mut Reader<'_>, envelope: &EnvelopeView<'_>) -> Result<(), Interrupted> {
        let start = reader.pos();
        match reader.head()? {
            Head::Unsigned(value) => self.number(value)?,
            Head::Negative(value) => self.integer(-1 - i128::from(value))?,
            Head::Bytes(Some(len)) => self.byte_string(reader.string(len)?)?,
            Head::Bytes(None) => {
                let mut bytes = Vec::new();
                reader.segments(false, None, |segment| bytes.extend_from_slice(segment))?;
                self.byte_string(&bytes)?;
            }
            Head::Text(Some(len)) => self.string(reader.string(len)?)?,
            Head::Text(None) => {
                let text = reader.text(None)?;
                self.string(text.as_bytes())?;
            }
            Head::Array(mut left) => {
                self.begin(b'[');
                while reader.more(&mut left)? {
                    self.item()?;
                    self.value(reader, envelope)?;
                }
                self.end(b']');
            }
            Head::Map(left) if envelope.is_odd(start) => self.odd_map(reader, left, envelope)?,
            Head::Map(mut left) => {
                self.begin_object();
                while reader.more(&mut left)? {
                    let Head::Text(len) = reader.head()? else { unreachable!("the keys of a regular map are text") };
                    let key = reader.text(len)?;
                    self.key(&key)?;
                    self.value(reader, envelope)?;
                }
                self.end_object();
            }
            Head::Tag(tag) => match reader.tagged(tag)? {
                Tagged::Integer(BigInt::Small(value)) => self.integer(value)?,
                Tagged::Integer(BigInt::Large(tag, value)) => {
                    let bytes = value.to_be_bytes();
                    let bytes = &bytes[(value.leading_zeros() / 8) as usize..];
                    self.tag(tag, |this| this.byte_string(bytes))?;
                }
                Tagged::Tag(tag) => self.tag(tag, |this| this.value(reader, envelope))?,
            },
            Head::Simple(20) => self.text.extend_from_slice(b"false"),
            Head::Simple(21) => self.text.extend_from_slice(b"true"),
            // ciborium reads `undefined` as null.
            Head::Simple(_) => self.text.extend_from_slice(b"null"),
            Head::Float(value) => self.float(value)?,
            Head::Break => unreachable!("a break was taken by the item that it ends"),
        }
        Ok(())
    }

    fn odd_map(
        &mut self,
        reader: &mut Reader<'_>,
        mut left: Option<usize>,
        envelope: &EnvelopeView<'_>,
    ) -> Result<(), Interrupted> {
        self.begin_object();
        self.key("$map")?;
        self.begin(b'[');
        while reader.more(&mut left)? {
            self.item()?;
            self.begin(b'[');
            for _key_and_value in 0..2 {
                self.item()?;
                self.value(reader, envelope)?;
            }
            self.end(b']');
        }
        self.end(b']');
        self.end_object();
        Ok(())
    }

    fn tag(&mut self, tag: u64, content: impl FnOnce(&mut Self) -> Result<(), Interrupted>) -> Result<(), Interrupted> {
        self.begin_object();
        self.key("$tag")?;
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

    fn integer(&mut self, value: i128) -> Result<(), Interrupted> {
        if value >= i128::from(i64::MIN) {
            Ok(serde_json::to_writer(&mut self.text, &value).map_err(io::Error::from)?)
        } else {
            self.special("$int", &value.to_string())
        }
    }

    fn float(&mut self, value: f64) -> Result<(), Interrupted> {
        const PLAIN_NAN: u64 = 0x7ff8_0000_0000_0000;
        if value.is_finite() {
            return Ok(serde_json::to_writer(&mut self.text, &value).map_err(io::Error::from)?);
        }
        match value.to_bits() {
            PLAIN_NAN => self.special("$float", "NaN"),
            bits if value.is_nan() => self.special("$float", &format!("{bits:#018x}")),
            _ if value > 0.0 => self.special("$float", "Infinity"),
            _ => self.special("$float", "-Infinity"),
        }
    }

    fn byte_string(&mut self, bytes: &[u8]) -> Result<(), Interrupted> {
        self.begin_object();
        self.key("$bytes")?;
        self.text.push(b'"');
        // A multiple of three bytes, so that padding comes at the end alone.
        for piece in bytes.chunks(PIECE / 4 * 3) {
            let start = self.text.len();
            self.text.resize(start + piece.len().div_ceil(3) * 4, 0);
            BASE64.encode_slice(piece, &mut self.text[start..]).expect("room for four characters per three bytes");
            self.hand_on()?;
        }
        self.text.push(b'"');
        self.end_object();
        Ok(())
    }

    /// `text` is UTF-8.
    fn string(&mut self, text: &[u8]) -> io::Result<()> {
        self.text.push(b'"');
        let mut rest = text;
        while !rest.is_empty() {
            let cut = rest.len().min(PIECE);
            let splits_control = rest[cut - 1] == 0xC2;
            let (piece, left) = rest.split_at(if splits_control { cut + 1 } else { cut });
            self.escape(piece);
            self.hand_on()?;
            rest = left;
        }
        self.text.push(b'"');
        Ok(())
    }

    /// Bytes above ASCII pass as they are but for the control characters U+0080 to U+009F, whose
    /// first byte is 0xC2; no piece ends with it.
    fn escape(&mut self, piece: &[u8]) {
        let mut plain = 0;
        let mut at = 0;
        while let Some(&byte) = piece.get(at) {
            if !NEEDS_A_LOOK[usize::from(byte)] {
                at += 1;
                continue;
            }
            let (taken, code) = match (byte, piece.get(at + 1)) {
                (0xC2, Some(&next)) if next < 0xA0 => (2, next),
                (0xC2, _) => {
                    at += 2;
                    continue;
                }
                _ => (1, byte),
            };
            self.text.extend_from_slice(&piece[plain..at]);
            match code {
                b'"' => self.text.extend_from_slice(b"\\\""),
                b'\\' => self.text.extend_from_slice(b"\\\\"),
                b'\n' => self.text.extend_from_slice(b"\\n"),
                b'\r' => self.text.extend_from_slice(b"\\r"),
                b'\t' => self.text.extend_from_slice(b"\\t"),
                0x08 => self.text.extend_from_slice(b"\\b"),
                0x0c => self.text.extend_from_slice(b"\\f"),
                _ => {
                    let hex = |digit: u8| b"0123456789abcdef"[usize::from(digit)];
                    self.text.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(code >> 4), hex(code & 15)]);
                }
            }
            at += taken;
            plain = at;
        }
        self.text.extend_from_slice(&piece[plain..]);
    }
}

const NEEDS_A_LOOK: [bool; 256] = {
    let mut look = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        look[byte] = true;
        byte += 1;
    }
    look[b'"' as usize] = true;
    look[b'\\' as usize] = true;
    look[0x7f] = true;
    look[0xC2] = true;
    look
};

/// Why writing stopped.
enum Interrupted {
    Io(io::Error),
    Decode(DecodeError),
}

impl From<io::Error> for Interrupted {
    fn from(error: io::Error) -> Interrupted {
        Interrupted::Io(error)
    }
}

impl From<DecodeError> for Interrupted {
    fn from(error: DecodeError) -> Interrupted {
        Interrupted::Decode(error)
    }
}

impl From<Interrupted> for io::Error {
    fn from(interrupted: Interrupted) -> io::Error {
        match interrupted {
            Interrupted::Io(error) => error,
            Interrupted::Decode(error) => io::Error::new(io::ErrorKind::InvalidData, error),
        }
    }
}
