//! A recursive walk that verifies an item to its end: it accepts what ciborium accepts and refuses what
//! ciborium refuses. How deep it goes is up to the caller, since the layouts differ in it.

use super::bignum::Tagged;
use super::error::{Error, Fault, Result, offset32};
use super::key_comparison::are_distinct_at;
use super::reader::{Head, Reader, is_text};
use std::ops::Range;

/// Observes the maps of a walk.
pub(crate) trait Maps {
    /// A map begins. What this returns is passed to [`Self::end`].
    fn begin(&mut self) -> usize;

    /// A key of the innermost map begins at `offset`.
    fn key(&mut self, offset: usize) -> Result<()>;

    /// The innermost map has ended; it began at `offset`.
    fn end(&mut self, bytes: &[u8], offset: usize, begun: usize, all_text: bool);
}

/// For walks that only verify.
impl Maps for () {
    fn begin(&mut self) -> usize {
        0
    }

    fn key(&mut self, _: usize) -> Result<()> {
        Ok(())
    }

    fn end(&mut self, _: &[u8], _: usize, _: usize, _: bool) {}
}

/// Finds the irregular maps: those with a key that is not text, or with a repeated key.
#[derive(Debug)]
pub(crate) struct IrregularMaps {
    /// Where the keys of the open maps begin: four bytes each, since a value can consist of little else.
    keys: Vec<u32>,
    found: Vec<usize>,
}

impl Default for IrregularMaps {
    fn default() -> IrregularMaps {
        // Enough for most rows: to make room step by step takes longer than to verify one.
        IrregularMaps { keys: Vec::with_capacity(32), found: Vec::new() }
    }
}

impl IrregularMaps {
    /// The keys of the map that began with `begun`.
    pub(crate) fn keys_since(&mut self, begun: usize) -> &mut [u32] {
        &mut self.keys[begun..]
    }

    /// Ends a map of which the caller has found out whether it is regular.
    pub(crate) fn end_known(&mut self, offset: usize, begun: usize, is_regular: bool) {
        if !is_regular {
            self.found.push(offset);
        }
        self.keys.truncate(begun);
    }

    /// Where the irregular maps begin, in ascending order.
    pub(crate) fn into_sorted(mut self) -> Vec<usize> {
        self.found.sort_unstable();
        self.found
    }
}

impl Maps for IrregularMaps {
    fn begin(&mut self) -> usize {
        self.keys.len()
    }

    fn key(&mut self, offset: usize) -> Result<()> {
        self.keys.push(offset32(offset)?);
        Ok(())
    }

    fn end(&mut self, bytes: &[u8], offset: usize, begun: usize, all_text: bool) {
        let is_regular = all_text && are_distinct_at(bytes, &mut self.keys[begun..]);
        self.end_known(offset, begun, is_regular);
    }
}

impl Reader<'_> {
    /// Skips one item and verifies it; at most `depth` levels of containers and tags may be nested in each
    /// other, 256 of which every stack can take.
    pub(crate) fn skip(&mut self, depth: usize) -> Result<()> {
        self.verify(depth, &mut ())
    }

    /// Passes by one item that was verified, however deep it is, without another look at its text.
    pub(crate) fn pass_item(&mut self) -> Result<()> {
        let mut left = 1;
        while left > 0 {
            left -= 1;
            match self.peek_byte() {
                Some(0x00..=0x17 | 0x20..=0x37 | 0xf4..=0xf7) => self.pass(1),
                Some(initial @ 0x60..=0x77) => drop(self.take(usize::from(initial - 0x60) + 1)?),
                Some(0x5f | 0x7f | 0x9f | 0xbf) => self.skip(usize::MAX)?,
                _ => match self.head()? {
                    Head::Bytes(Some(len)) | Head::Text(Some(len)) => drop(self.take(len)?),
                    Head::Array(Some(items)) => left += items,
                    Head::Map(Some(pairs)) => left += 2 * pairs,
                    Head::Tag(_) => left += 1,
                    _ => {}
                },
            }
        }
        Ok(())
    }

    /// Passes by one item as [`Self::pass_item`] does, and returns where it is.
    pub(crate) fn item_range(&mut self) -> Result<Range<usize>> {
        let start = self.pos();
        self.pass_item()?;
        Ok(start..self.pos())
    }

    /// Does what [`Self::skip`] does, and tells `maps` of every map.
    pub(crate) fn verify<M: Maps>(&mut self, depth: usize, maps: &mut M) -> Result<()> {
        let start = self.pos();
        // The items that most values consist of need no more than their first byte.
        match self.peek_byte() {
            Some(0x00..=0x17 | 0x20..=0x37 | 0xf4..=0xf7) => {
                self.pass(1);
                return Ok(());
            }
            Some(initial @ 0x60..=0x77) => {
                self.pass(1);
                let text = self.take(usize::from(initial - 0x60))?;
                return if is_text(text) { Ok(()) } else { Err(Error::new(Fault::NotUtf8, start + 1)) };
            }
            _ => {}
        }
        match self.head()? {
            Head::Unsigned(_) | Head::Negative(_) | Head::Float(_) | Head::Simple(20..=23) => {}
            Head::Bytes(Some(len)) => drop(self.take(len)?),
            Head::Bytes(None) => self.segments(false, None, drop)?,
            Head::Text(len) => self.segments(true, len, drop)?,
            Head::Array(mut left) => {
                let depth = deeper(depth, start)?;
                while self.more(&mut left)? {
                    self.verify(depth, maps)?;
                }
            }
            Head::Map(left) => self.verify_map(start, left, depth, maps)?,
            Head::Tag(tag) => {
                // A bignum that is read as an integer is not a level.
                if let Tagged::Tag(_) = self.tagged(tag)? {
                    self.verify(deeper(depth, start)?, maps)?;
                }
            }
            Head::Simple(_) => return Err(Error::new(Fault::UnknownSimple, start)),
            Head::Break => return Err(Error::new(Fault::StrayBreak, start)),
        }
        Ok(())
    }

    /// Verifies a map whose head, just read, began at `start`.
    fn verify_map<M: Maps>(&mut self, start: usize, mut left: Option<usize>, depth: usize, maps: &mut M) -> Result<()> {
        let depth = deeper(depth, start)?;
        let begun = maps.begin();
        let mut all_text = true;
        while self.more(&mut left)? {
            let key = self.pos();
            all_text &= self.at_text();
            self.verify(depth, maps)?;
            maps.key(key)?;
            self.verify(depth, maps)?;
        }
        maps.end(self.all(), start, begun, all_text);
        Ok(())
    }

    /// Whether the next item is text.
    pub(crate) fn at_text(&self) -> bool {
        matches!(self.peek_byte(), Some(0x60..=0x7f))
    }

    /// Whether the next item is a map.
    pub(crate) fn at_map(&self) -> bool {
        matches!(self.peek_byte(), Some(0xa0..=0xbf))
    }
}

/// The levels that are left inside of an item that begins at `start`.
pub(crate) fn deeper(depth: usize, start: usize) -> Result<usize> {
    depth.checked_sub(1).ok_or(Error::new(Fault::TooDeep, start))
}
