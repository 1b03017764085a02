//! CBOR values as JSON, written from the bytes without building values.

use super::names::{BYTES, FLOAT, INT, MAP, RESERVED, TAG};
use super::tokens::{Result, Stop, Tokens};
use crate::cbor;
use crate::cbor::bignum::{BigInt, Tagged, bignum_bytes};
use crate::cbor::encode::shortest;
use crate::cbor::key_comparison::are_distinct;
use crate::cbor::pairs::VerifiedMaps;
use crate::cbor::reader::{Head, Reader};
use crate::live::layout::MAX_DEPTH;
use base64::engine::general_purpose::STANDARD as BASE64;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as URL_BASE64;
use std::io::Write;
use std::ops::Range;

/// Writes values.
#[derive(Debug)]
pub(super) struct Values<W> {
    pub tokens: Tokens<W>,
    /// See [`JsonStyle::plain`](super::JsonStyle::plain).
    pub plain: bool,
    /// Where the keys of the open unverified maps are.
    keys: Vec<Range<usize>>,
}

/// What is known of the maps that are being written.
#[derive(Clone, Copy)]
pub(super) enum Maps<'v> {
    /// The maps are verified, and it is known which are irregular.
    Verified(&'v VerifiedMaps<'v>),
    /// Nothing is known: maps are verified as they are written, and an irregular map stops the writing.
    Unverified,
}

impl<W: Write> Values<W> {
    pub fn new(tokens: Tokens<W>, plain: bool) -> Values<W> {
        Values { tokens, plain, keys: Vec::new() }
    }

    pub fn begin_object(&mut self) {
        self.tokens.begin(b'{');
    }

    pub fn end_object(&mut self) {
        self.tokens.end(b'}');
    }

    /// Writes the next value, in which `depth` levels may be nested.
    pub fn value(&mut self, reader: &mut Reader<'_>, maps: Maps<'_>, depth: usize) -> Result {
        let start = reader.pos();
        match reader.head()? {
            Head::Unsigned(value) => self.tokens.number(value)?,
            Head::Negative(value) => self.integer(-1 - i128::from(value))?,
            Head::Bytes(Some(len)) => self.byte_string(reader.take(len)?)?,
            Head::Bytes(None) => {
                let mut bytes = Vec::new();
                reader.segments(false, None, |segment| bytes.extend_from_slice(segment))?;
                self.byte_string(&bytes)?;
            }
            Head::Text(Some(len)) => self.tokens.string(reader.take(len)?)?,
            Head::Text(None) => {
                let text = reader.text(None)?;
                self.tokens.string(text.as_bytes())?;
            }
            Head::Array(left) => self.array(reader, left, maps, deeper(depth)?)?,
            Head::Map(left) => match maps {
                Maps::Verified(known) if known.is_irregular(start) || has_reserved_name(reader, left) => {
                    self.pairs(reader, left, maps)?;
                }
                _ => self.map(reader, left, maps, deeper(depth)?)?,
            },
            Head::Tag(tag) => match reader.tagged(tag)? {
                Tagged::Integer(BigInt::Small(value)) => self.integer(value)?,
                Tagged::Integer(BigInt::Large(tag, argument)) => {
                    self.tag(tag, |this| this.byte_string(&bignum_bytes(argument)))?;
                }
                Tagged::Tag(tag) => {
                    let depth = deeper(depth)?;
                    self.tag(tag, |this| this.value(reader, maps, depth))?;
                }
            },
            Head::Simple(20) => self.tokens.raw(b"false"),
            Head::Simple(21) => self.tokens.raw(b"true"),
            // ciborium reads `undefined` as null.
            Head::Simple(22 | 23) => self.tokens.raw(b"null"),
            Head::Float(float) => self.float(float.value())?,
            Head::Simple(_) | Head::Break => return Err(Stop::Irregular),
        }
        Ok(())
    }

    fn array(&mut self, reader: &mut Reader<'_>, mut left: Option<usize>, maps: Maps<'_>, depth: usize) -> Result {
        self.tokens.begin(b'[');
        while reader.more(&mut left)? {
            self.tokens.item()?;
            self.value(reader, maps, depth)?;
        }
        self.tokens.end(b']');
        Ok(())
    }

    /// A map as an object.
    fn map(&mut self, reader: &mut Reader<'_>, mut left: Option<usize>, maps: Maps<'_>, depth: usize) -> Result {
        let base = self.keys.len();
        self.begin_object();
        while reader.more(&mut left)? {
            match maps {
                Maps::Unverified => {
                    self.tokens.item()?;
                    self.unverified_key(reader)?;
                }
                Maps::Verified(_) => {
                    let Head::Text(len) = reader.head()? else { unreachable!("the keys of a regular map are text") };
                    let key = reader.text(len)?;
                    self.tokens.key(&key)?;
                }
            }
            self.value(reader, maps, depth)?;
        }
        if let Maps::Unverified = maps {
            if let [only] = &self.keys[base..]
                && RESERVED.iter().any(|name| name.as_bytes() == &reader.all()[only.clone()])
            {
                return Err(Stop::Irregular);
            }
            self.expect_distinct(reader.all(), base)?;
        }
        self.end_object();
        Ok(())
    }

    /// Writes the next item as a key of the open object if it is text in its shortest encoding, and records where it
    /// is.
    pub fn unverified_key(&mut self, reader: &mut Reader<'_>) -> Result {
        let before = reader.pos();
        let Head::Text(Some(len)) = reader.head()? else { return Err(Stop::Irregular) };
        if reader.pos() - before != shortest(len as u64) {
            return Err(Stop::Irregular);
        }
        let start = reader.pos();
        self.tokens.key_text(reader.take(len)?)?;
        self.keys.push(start..start + len);
        Ok(())
    }

    /// Verifies that the keys recorded from `base` on differ, and forgets them.
    pub fn expect_distinct(&mut self, bytes: &[u8], base: usize) -> Result {
        if !are_distinct(&mut self.keys[base..], |key| &bytes[key.clone()]) {
            return Err(Stop::Irregular);
        }
        self.keys.truncate(base);
        Ok(())
    }

    /// Forgets the key that was recorded last.
    pub fn forget_key(&mut self) {
        self.keys.pop();
    }

    /// Forgets all keys, after a rollback.
    pub fn forget_keys(&mut self) {
        self.keys.clear();
    }

    /// Writes a map that is irregular, or has a reserved name for its only key.
    fn pairs(&mut self, reader: &mut Reader<'_>, mut left: Option<usize>, maps: Maps<'_>) -> Result {
        if self.plain {
            return self.plain_pairs(reader, left, maps);
        }
        self.begin_object();
        self.tokens.key(MAP)?;
        self.tokens.begin(b'[');
        while reader.more(&mut left)? {
            self.tokens.item()?;
            self.array(reader, Some(2), maps, MAX_DEPTH)?;
        }
        self.tokens.end(b']');
        self.end_object();
        Ok(())
    }

    fn tag(&mut self, tag: u64, content: impl FnOnce(&mut Self) -> Result) -> Result {
        if self.plain {
            return content(self);
        }
        self.begin_object();
        self.tokens.key(TAG)?;
        self.tokens.begin(b'[');
        self.tokens.item()?;
        self.tokens.number(tag)?;
        self.tokens.item()?;
        content(self)?;
        self.tokens.end(b']');
        self.end_object();
        Ok(())
    }

    pub fn integer(&mut self, value: i128) -> Result {
        if value >= i128::from(i64::MIN) || self.plain {
            self.tokens.integer(value)
        } else {
            self.special(INT, &value.to_string())
        }
    }

    pub fn float(&mut self, value: f64) -> Result {
        const USUAL_NAN: u64 = 0x7ff8_0000_0000_0000;
        if value.is_finite() || self.plain {
            return self.tokens.float(value);
        }
        match value.to_bits() {
            USUAL_NAN => self.special(FLOAT, "NaN"),
            bits if value.is_nan() => self.special(FLOAT, &format!("{bits:#018x}")),
            _ if value > 0.0 => self.special(FLOAT, "Infinity"),
            _ => self.special(FLOAT, "-Infinity"),
        }
    }

    pub fn byte_string(&mut self, bytes: &[u8]) -> Result {
        if self.plain {
            return self.tokens.base64(bytes, &URL_BASE64);
        }
        self.begin_object();
        self.tokens.key(BYTES)?;
        self.tokens.base64(bytes, &BASE64)?;
        self.end_object();
        Ok(())
    }

    /// Writes an object with a reserved name for its only key, and a text for its value.
    fn special(&mut self, name: &str, text: &str) -> Result {
        self.begin_object();
        self.tokens.key(name)?;
        self.tokens.string(text.as_bytes())?;
        self.end_object();
        Ok(())
    }
}

/// Whether a regular map, whose head has just been read, has a reserved name for its only key.
fn has_reserved_name(map: &Reader<'_>, left: Option<usize>) -> bool {
    let is_only_key = |mut map: Reader<'_>| {
        let Head::Text(len) = map.head()? else { return Ok(false) };
        if !RESERVED.contains(&map.text(len)?.as_ref()) {
            return Ok(false);
        }
        map.skip(MAX_DEPTH)?;
        Ok::<bool, cbor::Error>(left.is_some() || map.peek()? == Head::Break)
    };
    matches!(left, None | Some(1)) && is_only_key(*map).unwrap_or(false)
}

fn deeper(depth: usize) -> Result<usize> {
    depth.checked_sub(1).ok_or(Stop::Irregular)
}
