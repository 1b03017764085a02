//! The diagnostic notation of CBOR: the bytes as they are stored, for people.

use super::encode::{push_head, shortest};
use super::error::{Error, Fault, Result};
use super::escape::{hexadecimal, pieces, push_escaped};
use super::float::Float;
use super::items::{Event, Item, Items, Kind, Role};
use super::reader::{Head, is_text};
use ciborium_ll::Header;
use std::io::{self, Write};

/// Containers inside of more than this many others are on one line: indentation to any depth would make a
/// megabyte of brackets a terabyte of spaces.
const INDENTED: usize = 256;

/// Writes the bytes of a value in diagnostic notation, by RFC 8949, 8, and the draft that extends it,
/// draft-ietf-cbor-edn-literals. It denotes exactly these bytes: what follows the first item is the rest
/// of a sequence, indefinite lengths have their `_`, and a head that is longer than necessary has the
/// indicator of its width, as in `7_0`.
///
/// With `pretty` there are line breaks, and an indentation of two spaces for each level, this many levels
/// around the value included; otherwise all is on one line. Below 256 levels all is on one line in either
/// case. The text goes to `out` in small pieces.
///
/// Bytes are shown that are well-formed by RFC 8949, appendix C, with text that is UTF-8. Any others, and
/// an empty value, are shown as a byte string, `h'…'`, and what is wrong with them is returned.
///
/// Where the documents leave a choice:
/// - bignums are tagged byte strings, `2(h'010000000000000000')`;
/// - a NaN other than the usual one is written by its bits, `float'7e01'`;
/// - two faults that ciborium tolerates are shown: a string of indefinite length inside of another one,
///   `(_ (_ h'01'), h'02')`, and a simple value below 32 in two bytes, `simple(20_0)`.
///
/// ```
/// let value = b"\xbf\x6afetched_at\x18\x07\x64rows\xa1\x62c1\xa1\x62id\xc8\x82\x66client\x62c1\xff";
/// let mut text = Vec::new();
/// assert_eq!(vlive::cbor::notation(value, None, &mut text)?, None);
/// assert_eq!(text, br#"{_ "fetched_at": 7_0, "rows": {"c1": {"id": 8(["client", "c1"])}}}"#);
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// Those of `out`.
pub fn notation(value: &[u8], pretty: Option<usize>, out: &mut impl Write) -> io::Result<Option<Error>> {
    let mut notation = Notation { out, pretty, depth: 0 };
    if let Err(error) = verify(value) {
        notation.byte_string(value)?;
        return Ok(Some(error));
    }
    let mut items = Items::new(value).expect("verified");
    while let Some(event) = items.advance().expect("verified") {
        match event {
            Event::Item(item) => notation.item(&item, &value[item.start + item.encoded.len()..])?,
            Event::End { of, empty } => notation.end(of, empty)?,
        }
    }
    Ok(None)
}

/// Whether the bytes can be shown: well-formed items, at least one, with text that is UTF-8.
pub(crate) fn verify(value: &[u8]) -> Result<()> {
    let mut items = Items::new(value)?;
    if value.is_empty() {
        return Err(Error::new(Fault::Truncated, 0));
    }
    while let Some(event) = items.advance()? {
        if let Event::Item(Item { head: Head::Text(_), start, encoded, string, .. }) = event
            && !is_text(string)
        {
            return Err(Error::new(Fault::NotUtf8, start + encoded.len()));
        }
    }
    Ok(())
}

struct Notation<'o, W: Write> {
    out: &'o mut W,
    pretty: Option<usize>,
    /// The number of open arrays and maps.
    depth: usize,
}

impl<W: Write> Notation<'_, W> {
    /// `rest` is what follows the head.
    fn item(&mut self, item: &Item<'_>, rest: &[u8]) -> io::Result<()> {
        match item.role {
            Role::Element | Role::Key if item.start == 0 => {}
            Role::Element | Role::Key => self.next(item.first)?,
            Role::Value => self.out.write_all(b": ")?,
            Role::Content => {}
            Role::Segment => self.out.write_all(if item.first { b"(_ " } else { b", " })?,
        }
        match item.head {
            Head::Unsigned(argument) => write!(self.out, "{argument}{}", indicator(item, argument)),
            Head::Negative(argument) => {
                write!(self.out, "{}{}", -1 - i128::from(argument), indicator(item, argument))
            }
            Head::Bytes(Some(len)) => {
                self.byte_string(item.string)?;
                self.out.write_all(indicator(item, len as u64).as_bytes())
            }
            Head::Text(Some(len)) => {
                self.text(item.string)?;
                self.out.write_all(indicator(item, len as u64).as_bytes())
            }
            // Its first segment, or its end if there is none, writes how it begins.
            Head::Bytes(None) | Head::Text(None) => Ok(()),
            Head::Array(len) => self.begin("[", item, len, rest),
            Head::Map(len) => self.begin("{", item, len, rest),
            Head::Tag(tag) => write!(self.out, "{tag}{}(", indicator(item, tag)),
            Head::Simple(simple) => self.simple(simple, item),
            Head::Float(float) => self.float(float, item),
            Head::Break => unreachable!("a break is not an item"),
        }
    }

    fn begin(&mut self, bracket: &str, item: &Item<'_>, len: Option<usize>, rest: &[u8]) -> io::Result<()> {
        self.depth += 1;
        let indicator = len.map_or("_", |len| indicator(item, len as u64));
        let empty = len.map_or(rest.first() == Some(&0xff), |len| len == 0);
        // White space must follow an indicator; a line break is enough.
        let space = if indicator.is_empty() || !empty && self.breaks_lines() { "" } else { " " };
        write!(self.out, "{bracket}{indicator}{space}")
    }

    fn end(&mut self, of: Kind, empty: bool) -> io::Result<()> {
        if let Kind::Array | Kind::Map = of {
            let breaks = !empty && self.breaks_lines();
            self.depth -= 1;
            if breaks {
                self.line()?;
            }
        }
        self.out.write_all(match of {
            Kind::Array => b"]",
            Kind::Map => b"}",
            Kind::Bytes if empty => b"''_",
            Kind::Text if empty => b"\"\"_",
            Kind::Tag | Kind::Bytes | Kind::Text => b")",
        })
    }

    /// Writes what separates the next element or key from what is before it.
    fn next(&mut self, first: bool) -> io::Result<()> {
        if !first {
            self.out.write_all(b",")?;
        }
        match (self.breaks_lines(), first) {
            (true, _) => self.line(),
            (false, false) => self.out.write_all(b" "),
            (false, true) => Ok(()),
        }
    }

    fn breaks_lines(&self) -> bool {
        self.pretty.is_some() && self.depth <= INDENTED
    }

    fn line(&mut self) -> io::Result<()> {
        let indent = 2 * (self.pretty.unwrap_or(0) + self.depth);
        write!(self.out, "\n{:indent$}", "")
    }

    fn byte_string(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(b"h'")?;
        self.digits(bytes)?;
        self.out.write_all(b"'")
    }

    fn digits(&mut self, bytes: &[u8]) -> io::Result<()> {
        bytes.chunks(4096).try_for_each(|piece| {
            let digits: Vec<_> = piece.iter().map(|byte| hexadecimal(*byte)).collect();
            self.out.write_all(digits.as_flattened())
        })
    }

    fn text(&mut self, text: &[u8]) -> io::Result<()> {
        self.out.write_all(b"\"")?;
        let mut escaped = Vec::new();
        for piece in pieces(text) {
            escaped.clear();
            push_escaped(&mut escaped, piece);
            self.out.write_all(&escaped)?;
        }
        self.out.write_all(b"\"")
    }

    fn simple(&mut self, simple: u8, item: &Item<'_>) -> io::Result<()> {
        match (simple, item.encoded.len()) {
            (20, 1) => self.out.write_all(b"false"),
            (21, 1) => self.out.write_all(b"true"),
            (22, 1) => self.out.write_all(b"null"),
            (23, 1) => self.out.write_all(b"undefined"),
            // Two bytes are right for none of them: 24 to 31 do not exist.
            (0..32, 2) => write!(self.out, "simple({simple}_0)"),
            _ => write!(self.out, "simple({simple})"),
        }
    }

    fn float(&mut self, float: Float, item: &Item<'_>) -> io::Result<()> {
        let value = float.value();
        let bits = &item.encoded[1..];
        if value.is_finite() {
            let text = serde_json::to_string(&value)?;
            match text.split_once('e') {
                Some((digits, exponent)) if !digits.contains('.') => write!(self.out, "{digits}.0e{exponent}")?,
                _ => self.out.write_all(text.as_bytes())?,
            }
        } else if value.is_infinite() {
            self.out.write_all(if value > 0.0 { b"Infinity" } else { b"-Infinity" })?;
        } else if let [0x7e, 0] | [0x7f, 0xc0, 0, 0] | [0x7f, 0xf8, 0, 0, 0, 0, 0, 0] = bits {
            self.out.write_all(b"NaN")?;
        } else {
            self.out.write_all(b"float'")?;
            self.digits(bits)?;
            self.out.write_all(b"'")?;
        }
        self.out.write_all(match bits.len() {
            4 if !is_shortest(value, bits) => b"_2",
            8 if !is_shortest(value, bits) => b"_3",
            _ => b"",
        })
    }
}

/// Whether no shorter float has this value. A NaN can be shortened if that cuts only zeros from its payload.
fn is_shortest(value: f64, bits: &[u8]) -> bool {
    if value.is_nan() {
        return match *bits {
            [_, _, a, b] => a & 0x1f != 0 || b != 0,
            [_, _, _, _, a, ref rest @ ..] => a & 0x1f != 0 || rest.iter().any(|byte| *byte != 0),
            _ => true,
        };
    }
    let mut written = Vec::with_capacity(9);
    push_head(&mut written, Header::Float(value));
    written.len() == 1 + bits.len()
}

/// The indicator of a head that is wider than its argument needs.
fn indicator(item: &Item<'_>, argument: u64) -> &'static str {
    match item.encoded.len() {
        len if len == shortest(argument) => "",
        2 => "_0",
        3 => "_1",
        5 => "_2",
        _ => "_3",
    }
}
