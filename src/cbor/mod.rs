//! A walk over CBOR bytes that accepts what ciborium accepts, refuses what it refuses, and sees
//! the values that it sees, without building any.
//!
//! Where RFC 8949 and ciborium part, ciborium counts, since it is what vantage-live reads with:
//! simple values other than the four known ones are refused, `undefined` is null, strings of
//! indefinite length may nest, short bignums are integers, and 256 levels is as deep as it goes.

pub(crate) mod items;
pub(crate) mod notation;

pub use notation::notation;

use std::borrow::Cow;
use std::fmt;

/// Containers and tags that may enclose each other; a bignum that reads as an integer is no level.
pub(crate) const MAX_DEPTH: usize = 256;

/// What of that is left inside of a field: the envelope, `rows` and the record are levels too.
pub(crate) const FIELD_DEPTH: usize = MAX_DEPTH - 3;

/// The tags of bignums, and the longest byte string that ciborium reads as an integer under them.
const BIGNUM_TAGS: [u64; 2] = [2, 3];
const BIGNUM_LEN: usize = 16;

/// Why an envelope cannot be decoded, and the byte of the value at which that shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError {
    fault: Fault,
    offset: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Truncated,
    Reserved,
    NotUtf8,
    UnknownSimple,
    StrayBreak,
    MixedSegments,
    IntegerTooLarge,
    TooDeep,
    NotAMap,
    TooLarge,
}

impl DecodeError {
    pub(crate) fn new(fault: Fault, offset: usize) -> DecodeError {
        DecodeError { fault, offset }
    }

    /// The offset in the value, in bytes.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.fault {
            Fault::Truncated => "it ends in the middle of an item",
            Fault::Reserved => "an initial byte that CBOR reserves",
            Fault::NotUtf8 => "text that is not UTF-8",
            Fault::UnknownSimple => "an unknown simple value",
            Fault::StrayBreak => "a break outside of an item of indefinite length",
            Fault::MixedSegments => "a segment of another type in a string of indefinite length",
            Fault::IntegerTooLarge => "a negative bignum of more than 127 bits",
            Fault::TooDeep => "nested deeper than vantage-live reads",
            Fault::NotAMap => "the envelope is not a map",
            Fault::TooLarge => "more than redb can hold",
        };
        write!(f, "{what} (at byte {})", self.offset)
    }
}

impl std::error::Error for DecodeError {}

pub(crate) type Result<T, E = DecodeError> = std::result::Result<T, E>;

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

/// A tag as ciborium sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tagged {
    /// A bignum, read and past: any integer of 128 bits that ciborium allows.
    Integer(BigInt),
    /// Any other tag; its content follows.
    Tag(u64),
}

/// An integer from a bignum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BigInt {
    /// -2^64 to 2^64 - 1: what CBOR's own integers hold.
    Small(i128),
    /// Outside of that: the tag and the absolute value, less one if negative.
    Large(u64, u128),
}

/// A place in CBOR bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
    pos: usize,
}

impl<'b> Reader<'b> {
    pub(crate) fn at(bytes: &'b [u8], pos: usize) -> Reader<'b> {
        Reader { bytes, pos }
    }

    /// All of the bytes, those before this place too.
    pub(crate) fn all(&self) -> &'b [u8] {
        self.bytes
    }

    /// What is left from this place on.
    pub(crate) fn rest(&self) -> &'b [u8] {
        &self.bytes[self.pos..]
    }

    /// Passes bytes of [`Self::rest`].
    pub(crate) fn pass(&mut self, len: usize) {
        self.pos += len;
    }

    pub(crate) fn pos(&self) -> usize {
        self.pos
    }

    /// The bytes from `start` up to this place.
    pub(crate) fn since(&self, start: usize) -> &'b [u8] {
        &self.bytes[start..self.pos]
    }

    fn error<T>(&self, fault: Fault) -> Result<T> {
        Err(DecodeError::new(fault, self.pos))
    }

    /// The next so many bytes.
    #[inline]
    pub(crate) fn take(&mut self, len: usize) -> Result<&'b [u8]> {
        match self.bytes[self.pos..].get(..len) {
            Some(taken) => {
                self.pos += len;
                Ok(taken)
            }
            None => Err(DecodeError::new(Fault::Truncated, self.bytes.len())),
        }
    }

    fn take_array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.take(N).map(|bytes| bytes.try_into().expect("as many as asked for"))
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
            _ => return Err(DecodeError::new(Fault::Reserved, start)),
        };
        let len = || -> Result<Option<usize>> {
            if minor == 31 {
                return Ok(None);
            }
            // A length that does not fit in memory is beyond the end too.
            usize::try_from(argument).map(Some).map_err(|_| DecodeError::new(Fault::Truncated, self.bytes.len()))
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
                25..=27 => Head::Float(Float { minor, bits: argument }),
                #[expect(clippy::cast_possible_truncation, reason = "it came from one byte")]
                _ => Head::Simple(argument as u8),
            },
        })
    }

    pub(crate) fn peek(&self) -> Result<Head> {
        let mut ahead = *self;
        ahead.head()
    }

    /// Whether another element follows; `left` is the number of those still due, `None` for an
    /// item that ends with a break, which is taken.
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
                None => self.error(Fault::Truncated),
            },
        }
    }

    /// The segments of a string whose head was just read: one for a definite length.
    pub(crate) fn segments(&mut self, text: bool, len: Option<usize>, mut each: impl FnMut(&'b [u8])) -> Result<()> {
        let mut segment = |reader: &mut Self, len: usize| -> Result<()> {
            let start = reader.pos;
            let bytes = reader.take(len)?;
            if text && !is_text(bytes) {
                return Err(DecodeError::new(Fault::NotUtf8, start));
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
                _ => return Err(DecodeError::new(Fault::MixedSegments, start)),
            }
        }
        Ok(())
    }

    /// Text whose head was just read.
    #[inline]
    pub(crate) fn text(&mut self, len: Option<usize>) -> Result<Cow<'b, str>> {
        if let Some(len) = len {
            let start = self.pos;
            return match std::str::from_utf8(self.take(len)?) {
                Ok(text) => Ok(Cow::Borrowed(text)),
                Err(_) => Err(DecodeError::new(Fault::NotUtf8, start)),
            };
        }
        let mut text = Vec::new();
        self.segments(true, None, |segment| text.extend_from_slice(segment))?;
        Ok(Cow::Owned(String::from_utf8(text).expect("segments of UTF-8")))
    }

    /// What a tag whose head was just read means.
    pub(crate) fn tagged(&mut self, tag: u64) -> Result<Tagged> {
        let content = self.peek()?;
        let Head::Bytes(Some(len)) = content else { return Ok(Tagged::Tag(tag)) };
        if !BIGNUM_TAGS.contains(&tag) || len > BIGNUM_LEN {
            return Ok(Tagged::Tag(tag));
        }
        self.head()?;
        let value = self.take(len)?.iter().fold(0, |value, byte| value << 8 | u128::from(*byte));
        let negative = tag == BIGNUM_TAGS[1];
        Ok(Tagged::Integer(match u64::try_from(value) {
            Ok(value) if negative => BigInt::Small(-1 - i128::from(value)),
            Ok(value) => BigInt::Small(i128::from(value)),
            Err(_) if negative && value >> 127 == 1 => return self.error(Fault::IntegerTooLarge),
            Err(_) => BigInt::Large(tag, value),
        }))
    }

    /// The next item, if it is an integer that is no larger than CBOR's own.
    pub(crate) fn integer(&mut self) -> Result<Option<i128>> {
        Ok(match self.head()? {
            Head::Unsigned(value) => Some(i128::from(value)),
            Head::Negative(value) => Some(-1 - i128::from(value)),
            Head::Tag(tag) => match self.tagged(tag)? {
                Tagged::Integer(BigInt::Small(value)) => Some(value),
                _ => None,
            },
            _ => None,
        })
    }

    /// Passes one item that a [`Scan`] has been over.
    pub(crate) fn skip(&mut self) -> Result<()> {
        Scan { reader: *self, keys: Vec::new(), odd: Vec::new(), record: Vec::new(), look: false }
            .value(MAX_DEPTH)
            .map(|end| self.pos = end)
    }
}

/// A float as it stands in the bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Float {
    minor: u8,
    bits: u64,
}

impl Float {
    #[expect(clippy::cast_possible_truncation, reason = "it came from so many bytes")]
    pub(crate) fn value(self) -> f64 {
        match self.minor {
            27 => f64::from_bits(self.bits),
            26 => f32::from_bits(self.bits as u32).into(),
            // Halves go through ciborium's own conversion, so that a NaN keeps the payload that it has there.
            _ => {
                let [high, low] = (self.bits as u16).to_be_bytes();
                match ciborium_ll::Decoder::from(&[0xf9, high, low][..]).pull() {
                    Ok(ciborium_ll::Header::Float(value)) => value,
                    _ => unreachable!("a float of 2 bytes"),
                }
            }
        }
    }
}

/// A walk that verifies an item to its end and notes which maps are odd: those that have a key
/// that is no text or a key twice and, below a record, those whose only key is reserved.
pub(crate) struct Scan<'b> {
    reader: Reader<'b>,
    /// Where the keys of the maps that enclose this place are. Four bytes each, since a value can be
    /// made of little else.
    keys: Vec<u32>,
    odd: Vec<usize>,
    /// Where the fields are of the last record that had each of its fields once.
    record: Vec<u32>,
    /// Whether keys are compared at all.
    look: bool,
}

/// Where a map stands, which decides when it is odd.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Rows,
    Record,
    Value,
}

impl<'b> Scan<'b> {
    pub(crate) fn new(bytes: &'b [u8]) -> Scan<'b> {
        Scan { reader: Reader::at(bytes, 0), keys: Vec::new(), odd: Vec::new(), record: Vec::new(), look: true }
    }

    pub(crate) fn reader(&mut self) -> &mut Reader<'b> {
        &mut self.reader
    }

    /// Where the odd maps begin, in ascending order.
    pub(crate) fn into_odd(mut self) -> Vec<usize> {
        self.odd.sort_unstable();
        self.odd
    }

    /// Any item, inside of which `depth` further levels may open. Returns where it ends.
    pub(crate) fn value(&mut self, depth: usize) -> Result<usize> {
        let start = self.reader.pos;
        // The items that most values are made of need no more than their first byte.
        match self.reader.bytes.get(start) {
            Some(0x00..=0x17 | 0x20..=0x37 | 0xf4..=0xf7) => {
                self.reader.pos += 1;
                return Ok(self.reader.pos);
            }
            Some(&initial @ 0x60..=0x77) => {
                self.reader.pos += 1;
                let text = self.reader.take(usize::from(initial - 0x60))?;
                return if is_text(text) {
                    Ok(self.reader.pos)
                } else {
                    Err(DecodeError::new(Fault::NotUtf8, start + 1))
                };
            }
            _ => {}
        }
        match self.reader.head()? {
            Head::Unsigned(_) | Head::Negative(_) | Head::Float(_) | Head::Simple(20..=23) => {}
            Head::Bytes(Some(len)) => drop(self.reader.take(len)?),
            Head::Bytes(None) => self.reader.segments(false, None, drop)?,
            Head::Text(len) => self.reader.segments(true, len, drop)?,
            Head::Array(mut left) => {
                let depth = deeper(depth, start)?;
                while self.reader.more(&mut left)? {
                    self.value(depth)?;
                }
            }
            Head::Map(left) => self.map(start, left, Place::Value, depth)?,
            Head::Tag(tag) => {
                if let Tagged::Tag(_) = self.reader.tagged(tag)? {
                    self.value(deeper(depth, start)?)?;
                }
            }
            Head::Simple(_) => return Err(DecodeError::new(Fault::UnknownSimple, start)),
            Head::Break => return Err(DecodeError::new(Fault::StrayBreak, start)),
        }
        Ok(self.reader.pos)
    }

    /// A map whose head, just read, began at `start`. A value of `rows` that is a map is a record.
    pub(crate) fn map(&mut self, start: usize, mut left: Option<usize>, place: Place, depth: usize) -> Result<()> {
        let depth = deeper(depth, start)?;
        let base = self.keys.len();
        let mut only_text = true;
        while self.reader.more(&mut left)? {
            let key = self.reader.pos;
            only_text &= matches!(self.reader.peek()?, Head::Text(_));
            self.value(depth)?;
            if self.look {
                self.keys.push(position(key)?);
            }
            if place == Place::Rows
                && let Head::Map(fields) = self.reader.peek()?
            {
                let start = self.reader.pos;
                self.reader.head()?;
                self.map(start, fields, Place::Record, depth)?;
            } else {
                self.value(depth)?;
            }
        }
        if self.look {
            if !only_text || !self.are_regular(base, place) {
                self.odd.push(start);
            }
            self.keys.truncate(base);
        }
        Ok(())
    }

    fn are_regular(&mut self, base: usize, place: Place) -> bool {
        let bytes = self.reader.bytes;
        let keys = &mut self.keys[base..];
        if place == Place::Value && is_reserved(bytes, keys) {
            return false;
        }
        if place != Place::Record || keys.len() > LARGE_RECORD {
            return are_distinct(bytes, keys);
        }
        // Records of a table mostly have the same fields, so that one comparison will do.
        let key = |key: &u32| key_at(bytes, *key);
        if keys.iter().map(key).eq(self.record.iter().map(key)) {
            return true;
        }
        self.record.clear();
        self.record.extend_from_slice(keys);
        let distinct = are_distinct(bytes, keys);
        if !distinct {
            self.record.clear();
        }
        distinct
    }
}

/// A record of more fields than this is not remembered for the next one.
const LARGE_RECORD: usize = 1000;

/// The bytes of the text at a place that a [`Scan`] has been over.
pub(crate) fn key_at(bytes: &[u8], key: u32) -> Cow<'_, [u8]> {
    let mut reader = Reader::at(bytes, key as usize);
    match reader.head() {
        Ok(Head::Text(Some(len))) => Cow::Borrowed(reader.take(len).unwrap_or_default()),
        Ok(Head::Text(None)) => Cow::Owned(reader.text(None).unwrap_or_default().into_owned().into_bytes()),
        _ => unreachable!("a key that is text"),
    }
}

/// A place in a value, which redb keeps below 4 GiB.
pub(crate) fn position(pos: usize) -> Result<u32> {
    u32::try_from(pos).map_err(|_| DecodeError::new(Fault::TooLarge, pos))
}

/// Most text is ASCII, which is quicker to tell.
pub(crate) fn is_text(bytes: &[u8]) -> bool {
    bytes.is_ascii() || std::str::from_utf8(bytes).is_ok()
}

fn deeper(depth: usize, start: usize) -> Result<usize> {
    depth.checked_sub(1).ok_or(DecodeError::new(Fault::TooDeep, start))
}

/// The names that stand for values that JSON has no form for.
pub(crate) const RESERVED: [&str; 5] = ["$bytes", "$tag", "$float", "$int", "$map"];

fn is_reserved(bytes: &[u8], keys: &[u32]) -> bool {
    matches!(keys, [key] if RESERVED.iter().any(|name| name.as_bytes() == &*key_at(bytes, *key)))
}

/// Whether no key is there twice; `keys` may be left in another order.
pub(crate) fn are_distinct(bytes: &[u8], keys: &mut [u32]) -> bool {
    let ascend = |a: &u32, b: &u32| key_at(bytes, *a) < key_at(bytes, *b);
    if keys.is_sorted_by(ascend) {
        return true;
    }
    // A few are compared sooner than sorted.
    if keys.len() <= 12 {
        let differs = |(n, key): (usize, &u32)| {
            let key = key_at(bytes, *key);
            keys[..n].iter().all(|other| key_at(bytes, *other) != key)
        };
        return keys.iter().enumerate().all(differs);
    }
    keys.sort_unstable_by(|a, b| key_at(bytes, *a).cmp(&key_at(bytes, *b)));
    keys.is_sorted_by(ascend)
}

/// Bytes of the shortest head with this argument, which is the one that ciborium writes.
pub(crate) fn shortest(argument: u64) -> usize {
    match argument {
        0..24 => 1,
        24..0x100 => 2,
        0x100..0x1_0000 => 3,
        0x1_0000..0x1_0000_0000 => 5,
        _ => 9,
    }
}
