//! Heads and strings, one after the other.

use super::error::{Error, Fault, Result};
use super::float::Float;
use std::borrow::Cow;

/// The head of an item. A length is `None` where the item is of indefinite length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Head {
    Unsigned(u64),
    /// The integer -1 - n.
    Negative(u64),
    Bytes(Option<usize>),
    Text(Option<usize>),
    Array(Option<usize>),
    Map(Option<usize>),
    Tag(u64),
    Simple(u8),
    Float(Float),
    Break,
}

/// A position in CBOR bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
    pos: usize,
}

impl<'b> Reader<'b> {
    pub(crate) fn at(bytes: &'b [u8], pos: usize) -> Reader<'b> {
        Reader { bytes, pos }
    }

    /// All bytes, from the first on.
    pub(crate) fn all(&self) -> &'b [u8] {
        self.bytes
    }

    /// The bytes from here on.
    pub(crate) fn rest(&self) -> &'b [u8] {
        &self.bytes[self.pos..]
    }

    /// The next byte, if there is one.
    #[inline]
    pub(crate) fn peek_byte(&self) -> Option<u8> {
        self.bytes.get(self.pos).copied()
    }

    /// Skips bytes of [`Self::rest`].
    #[inline]
    pub(crate) fn pass(&mut self, len: usize) {
        self.pos += len;
    }

    pub(crate) fn pos(&self) -> usize {
        self.pos
    }

    /// The bytes from `start` to here.
    pub(crate) fn since(&self, start: usize) -> &'b [u8] {
        &self.bytes[start..self.pos]
    }

    /// The next `len` bytes.
    #[inline]
    pub(crate) fn take(&mut self, len: usize) -> Result<&'b [u8]> {
        match self.bytes[self.pos..].get(..len) {
            Some(taken) => {
                self.pos += len;
                Ok(taken)
            }
            None => Err(Error::new(Fault::Truncated, self.bytes.len())),
        }
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N).map(|bytes| bytes.try_into().expect("`take` returns N bytes"))
    }

    #[inline]
    pub(crate) fn head(&mut self) -> Result<Head> {
        let start = self.pos;
        let [initial] = self.take_array()?;
        let (major, minor) = (initial >> 5, initial & 31);
        let argument = match minor {
            0..24 => u64::from(minor),
            24 => u64::from(self.take_array::<1>()?[0]),
            25 => u64::from(u16::from_be_bytes(self.take_array()?)),
            26 => u64::from(u32::from_be_bytes(self.take_array()?)),
            27 => u64::from_be_bytes(self.take_array()?),
            31 if (2..=5).contains(&major) || major == 7 => 0,
            _ => return Err(Error::new(Fault::Reserved, start)),
        };
        let len = || -> Result<Option<usize>> {
            if minor == 31 {
                return Ok(None);
            }
            // A length that does not fit a `usize` is beyond the end too.
            usize::try_from(argument).map(Some).map_err(|_| Error::new(Fault::Truncated, self.bytes.len()))
        };
        Ok(match major {
            0 => Head::Unsigned(argument),
            1 => Head::Negative(argument),
            2 => Head::Bytes(len()?),
            3 => Head::Text(len()?),
            4 => Head::Array(len()?),
            5 => Head::Map(len()?),
            6 => Head::Tag(argument),
            _ => match minor {
                31 => Head::Break,
                #[expect(clippy::cast_possible_truncation, reason = "the argument has as many bytes")]
                25 => Head::Float(Float::Half(argument as u16)),
                #[expect(clippy::cast_possible_truncation, reason = "the argument has as many bytes")]
                26 => Head::Float(Float::Single(argument as u32)),
                27 => Head::Float(Float::Double(argument)),
                #[expect(clippy::cast_possible_truncation, reason = "the argument has one byte")]
                _ => Head::Simple(argument as u8),
            },
        })
    }

    pub(crate) fn peek(&self) -> Result<Head> {
        let mut ahead = *self;
        ahead.head()
    }

    /// Whether another element follows; `left` is how many are still to come, `None` for an item that ends
    /// with a break, which is consumed.
    #[inline]
    pub(crate) fn more(&mut self, left: &mut Option<usize>) -> Result<bool> {
        match left {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None => match self.bytes.get(self.pos) {
                Some(0xff) => {
                    self.pos += 1;
                    Ok(false)
                }
                Some(_) => Ok(true),
                None => Err(Error::new(Fault::Truncated, self.pos)),
            },
        }
    }

    /// Calls `each` with the segments of a string whose head was just read: one if its length is definite.
    pub(crate) fn segments(&mut self, text: bool, len: Option<usize>, mut each: impl FnMut(&'b [u8])) -> Result<()> {
        let mut segment = |reader: &mut Self, len: usize| -> Result<()> {
            let start = reader.pos;
            let bytes = reader.take(len)?;
            if text && !is_text(bytes) {
                return Err(Error::new(Fault::NotUtf8, start));
            }
            each(bytes);
            Ok(())
        };
        if let Some(len) = len {
            return segment(self, len);
        }
        let mut open = 1;
        while open > 0 {
            let start = self.pos;
            match self.head()? {
                Head::Break => open -= 1,
                Head::Text(inner) if text => match inner {
                    Some(len) => segment(self, len)?,
                    None => open += 1,
                },
                Head::Bytes(inner) if !text => match inner {
                    Some(len) => segment(self, len)?,
                    None => open += 1,
                },
                _ => return Err(Error::new(Fault::MixedSegments, start)),
            }
        }
        Ok(())
    }

    /// The next item, which is text.
    #[inline]
    pub(crate) fn text_item(&mut self) -> Result<Cow<'b, str>> {
        if let Some(initial @ 0x60..=0x77) = self.peek_byte() {
            self.pass(1);
            return self.text(Some(usize::from(initial - 0x60)));
        }
        let Head::Text(len) = self.head()? else { unreachable!("the next item is text") };
        self.text(len)
    }

    /// Text whose head was just read.
    #[inline]
    pub(crate) fn text(&mut self, len: Option<usize>) -> Result<Cow<'b, str>> {
        if let Some(len) = len {
            let start = self.pos;
            return match std::str::from_utf8(self.take(len)?) {
                Ok(text) => Ok(Cow::Borrowed(text)),
                Err(_) => Err(Error::new(Fault::NotUtf8, start)),
            };
        }
        let mut text = Vec::new();
        self.segments(true, None, |segment| text.extend_from_slice(segment))?;
        Ok(Cow::Owned(String::from_utf8(text).expect("segments of UTF-8")))
    }
}

/// Whether it is UTF-8. Most text is ASCII, which is faster to tell.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    bytes.is_ascii() || std::str::from_utf8(bytes).is_ok()
}
