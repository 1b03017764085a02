//! A view of an envelope: what vantage-live reads from it, without building a value.

use super::error::Result;
use super::layout::MAX_DEPTH;
use super::verify::{Verified, verify};
use crate::cbor;
use crate::cbor::error::offset32;
use crate::cbor::keys::key_at;
use crate::cbor::reader::{Head, Reader};
use indexmap::IndexMap;
use std::borrow::Cow;
use std::ops::Range;

/// An envelope whose bytes were verified to its end.
#[derive(Clone, Debug)]
pub struct EnvelopeView<'b> {
    value: &'b [u8],
    found: Verified,
}

/// Where the values of names are among the bytes, in the order of the names.
pub(crate) type Ranges<'b> = IndexMap<Cow<'b, str>, Range<usize>>;

/// Takes a key and a reader that is at its value, and must read the value.
type Visit<'v, 'b, E> = dyn FnMut(Cow<'b, str>, &mut Reader<'b>) -> Result<(), E> + 'v;

impl<'b> EnvelopeView<'b> {
    /// Verifies the value of an entry; see [`CachedRows::decode`](super::CachedRows::decode) for what is
    /// refused.
    pub fn new(value: &'b [u8]) -> Result<EnvelopeView<'b>> {
        Ok(EnvelopeView { value, found: verify(value)? })
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub fn fetched_at(&self) -> u64 {
        self.found.fetched_at
    }

    /// The bytes.
    pub(crate) fn value(&self) -> &'b [u8] {
        self.value
    }

    /// Whether the map that begins at this offset has a key that is not text, or a repeated key.
    pub(crate) fn is_irregular(&self, map: usize) -> bool {
        !self.found.irregular.is_empty() && self.found.irregular.binary_search(&map).is_ok()
    }

    /// Calls `visit` with the id of each row and a reader that is at its record, which `visit` must read, in
    /// the order and with the contents that vantage-live gives them.
    pub(crate) fn rows<E: From<cbor::Error>>(&self, visit: &mut Visit<'_, 'b, E>) -> Result<(), E> {
        match *self.found.rows.as_slice() {
            [] => Ok(()),
            [map] => self.pairs(&mut Reader::at(self.value, map), visit),
            ref maps => {
                let mut keys = Vec::new();
                for &map in maps {
                    text_keys(&mut Reader::at(self.value, map), &mut keys)?;
                }
                self.visit_last(keys, visit)
            }
        }
    }

    /// The same for the fields of the record that `record` is at and that is read. A record that is not a
    /// map has none.
    pub(crate) fn fields<E: From<cbor::Error>>(
        &self,
        record: &mut Reader<'b>,
        visit: &mut Visit<'_, 'b, E>,
    ) -> Result<(), E> {
        match record.peek()? {
            Head::Map(_) => self.pairs(record, visit),
            _ => Ok(record.skip(MAX_DEPTH)?),
        }
    }

    /// Where the record of each row is, by row id.
    pub(crate) fn record_ranges(&self) -> Ranges<'b> {
        ranges(|visit| self.rows(visit))
    }

    /// Where the value of each field is, by name, for the record that begins at this offset.
    pub(crate) fn field_ranges(&self, record: usize) -> Ranges<'b> {
        ranges(|visit| self.fields(&mut Reader::at(self.value, record), visit))
    }

    /// The pairs of a map whose keys are text; of a repeated key, the last value in the place of the first.
    fn pairs<E: From<cbor::Error>>(&self, map: &mut Reader<'b>, visit: &mut Visit<'_, 'b, E>) -> Result<(), E> {
        let start = map.pos();
        let Head::Map(mut left) = map.head()? else { unreachable!("only maps have pairs") };
        if !self.is_irregular(start) {
            while map.more(&mut left)? {
                let Head::Text(len) = map.head()? else { unreachable!("the keys of a regular map are text") };
                visit(map.text(len)?, map)?;
            }
            return Ok(());
        }
        *map = Reader::at(self.value, start);
        let mut keys = Vec::new();
        text_keys(map, &mut keys)?;
        self.visit_last(keys, visit)
    }

    /// Visits each key once, in the order of their first occurrence, with the value of the last. `keys` are
    /// offsets in ascending order.
    fn visit_last<E: From<cbor::Error>>(&self, mut keys: Vec<u32>, visit: &mut Visit<'_, 'b, E>) -> Result<(), E> {
        let key = |at: u32| key_at(self.value, at);
        // In place, without a second list of this size: a value can consist of little but keys.
        keys.sort_unstable_by(|a, b| key(*a).cmp(&key(*b)).then(a.cmp(b)));
        let mut kept: Vec<(u32, u32)> = Vec::new();
        for at in keys {
            match kept.last_mut() {
                Some((first, last)) if key(*first) == key(at) => *last = at,
                _ => kept.push((at, at)),
            }
        }
        kept.sort_unstable();
        kept.into_iter().try_for_each(|(first, last)| {
            let mut name = Reader::at(self.value, first as usize);
            let Head::Text(len) = name.head()? else { unreachable!("only text was kept") };
            let mut value = Reader::at(self.value, last as usize);
            value.skip(MAX_DEPTH)?;
            visit(name.text(len)?, &mut value)
        })
    }
}

/// Where the values are that `walk`, which goes through verified bytes, visits.
fn ranges<'b>(walk: impl FnOnce(&mut Visit<'_, 'b, cbor::Error>) -> cbor::error::Result<()>) -> Ranges<'b> {
    let mut ranges = Ranges::new();
    let walked = walk(&mut |name, value| {
        let start = value.pos();
        value.skip(MAX_DEPTH)?;
        ranges.insert(name, start..value.pos());
        Ok(())
    });
    walked.expect("what was verified can be read");
    ranges
}

/// Reads a map and adds the offsets of its keys that are text.
fn text_keys(map: &mut Reader<'_>, keys: &mut Vec<u32>) -> cbor::error::Result<()> {
    let Head::Map(mut left) = map.head()? else { unreachable!("only maps have keys") };
    while map.more(&mut left)? {
        if map.at_text() {
            keys.push(offset32(map.pos())?);
        }
        map.skip(MAX_DEPTH)?;
        map.skip(MAX_DEPTH)?;
    }
    Ok(())
}
