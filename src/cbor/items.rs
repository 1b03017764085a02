//! A walk over the items of CBOR bytes one by one, as they are stored, whatever vantage-live makes of
//! them: what follows an item is a further item of a sequence. It does not call itself, so that no
//! nesting is too deep for the stack; a level takes eight bytes of memory.
//!
//! It is as strict as RFC 8949, but for what ciborium takes beyond that: strings of indefinite length
//! may nest, and a simple value below 32 may take two bytes. Text may be anything.

use crate::cbor::{DecodeError, Fault, Head, Reader, Result, position};
use std::mem;

/// What an item is to the one around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// One of an array, or of the sequence that is not inside of anything.
    Element,
    Key,
    Value,
    /// What a tag tags.
    Content,
    /// Of a string of indefinite length.
    Segment,
}

/// What items may be inside of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Array,
    Map,
    Tag,
    Bytes,
    Text,
}

/// An item. If there are others inside of it, they follow, and then its [`Event::End`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'b> {
    pub(crate) start: usize,
    pub(crate) head: Head,
    /// The bytes of the head.
    pub(crate) encoded: &'b [u8],
    /// What a string of definite length consists of.
    pub(crate) string: &'b [u8],
    pub(crate) role: Role,
    /// Whether it is the first one inside of that around it.
    pub(crate) first: bool,
    /// Whether it is the key of a map, or somewhere inside of one.
    pub(crate) in_key: bool,
    /// How many others it is inside of.
    pub(crate) depth: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Event<'b> {
    Item(Item<'b>),
    /// Of the innermost item that had not ended.
    End {
        of: Kind,
        empty: bool,
    },
}

#[derive(Debug)]
pub(crate) struct Items<'b> {
    reader: Reader<'b>,
    open: Vec<Level>,
    start: usize,
    /// Whether nothing has come yet inside of what is open.
    first: bool,
}

#[derive(Debug)]
struct Level {
    /// Elements or pairs still to come, unless they end with a break.
    left: u32,
    indefinite: bool,
    kind: Kind,
    /// Whether the key of a pair has come and its value has not.
    value_due: bool,
    in_key: bool,
}

impl Level {
    /// What comes next inside of it; `None` at its end, which is passed.
    fn next(&mut self, reader: &mut Reader<'_>) -> Result<Option<Role>> {
        if mem::take(&mut self.value_due) {
            return Ok(Some(Role::Value));
        }
        let mut left = (!self.indefinite).then_some(self.left as usize);
        if !reader.more(&mut left)? {
            return Ok(None);
        }
        self.left = self.left.saturating_sub(1);
        self.value_due = self.kind == Kind::Map;
        Ok(Some(match self.kind {
            Kind::Array => Role::Element,
            Kind::Map => Role::Key,
            Kind::Tag => Role::Content,
            Kind::Bytes | Kind::Text => Role::Segment,
        }))
    }
}

impl<'b> Items<'b> {
    /// Refuses more than redb can hold.
    pub(crate) fn new(bytes: &'b [u8]) -> Result<Items<'b>> {
        position(bytes.len())?;
        Ok(Items { reader: Reader::at(bytes, 0), open: Vec::new(), start: 0, first: true })
    }

    /// What comes next; `None` at the end. After an error there is no next.
    pub(crate) fn advance(&mut self) -> Result<Option<Event<'b>>> {
        let first = mem::take(&mut self.first);
        self.start = self.reader.pos();
        let (role, in_key) = match self.open.last_mut() {
            None if self.reader.rest().is_empty() => return Ok(None),
            None => (Role::Element, false),
            Some(level) => {
                let Some(role) = level.next(&mut self.reader)? else {
                    let of = level.kind;
                    self.open.pop();
                    return Ok(Some(Event::End { of, empty: first }));
                };
                (role, level.in_key || role == Role::Key)
            }
        };
        let head = self.reader.head()?;
        let encoded = self.reader.since(self.start);
        self.expect_fitting(head, role)?;
        let string = match head {
            Head::Bytes(Some(len)) | Head::Text(Some(len)) => self.reader.take(len)?,
            _ => &[],
        };
        let depth = self.open.len();
        if let Some((kind, left)) = opened(head) {
            // That many are more than there are bytes.
            let count = left.map(|left| u32::try_from(left).unwrap_or(u32::MAX));
            let (left, indefinite) = (count.unwrap_or(0), count.is_none());
            self.open.push(Level { left, indefinite, kind, value_due: false, in_key });
            self.first = true;
        }
        Ok(Some(Event::Item(Item { start: self.start, head, encoded, string, role, first, in_key, depth })))
    }

    fn expect_fitting(&self, head: Head, role: Role) -> Result<()> {
        let text = self.open.last().is_some_and(|level| level.kind == Kind::Text);
        let fault = match (role, head) {
            (Role::Segment, Head::Text(_)) if text => return Ok(()),
            (Role::Segment, Head::Bytes(_)) if !text => return Ok(()),
            (Role::Segment, _) => Fault::MixedSegments,
            (_, Head::Break) => Fault::StrayBreak,
            _ => return Ok(()),
        };
        Err(DecodeError::new(fault, self.start))
    }

    /// The bytes from which on nothing has come, the item that could not be read included.
    pub(crate) fn start(&self) -> usize {
        self.start
    }
}

/// What a head opens, with the number of elements or pairs that will come unless that is left open.
fn opened(head: Head) -> Option<(Kind, Option<usize>)> {
    match head {
        Head::Array(left) => Some((Kind::Array, left)),
        Head::Map(left) => Some((Kind::Map, left)),
        Head::Tag(_) => Some((Kind::Tag, Some(1))),
        Head::Bytes(None) => Some((Kind::Bytes, None)),
        Head::Text(None) => Some((Kind::Text, None)),
        _ => None,
    }
}
