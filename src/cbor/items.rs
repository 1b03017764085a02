//! The items of CBOR bytes one by one, as they are stored: what follows an item is a further item of a
//! sequence. The walk is not recursive, so that no nesting overflows the stack; a level takes eight bytes.
//!
//! It is as strict as RFC 8949, except for what ciborium accepts beyond that: strings of indefinite length
//! may nest, and a simple value below 32 may take two bytes. Text is not verified to be UTF-8.

use super::error::{Error, Fault, Result, offset32};
use super::reader::{Head, Reader};
use std::mem;

/// The role of an item in its container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// An element of an array, or of the outermost sequence.
    Element,
    Key,
    Value,
    /// The content of a tag.
    Content,
    /// A segment of a string of indefinite length.
    Segment,
}

/// What can contain items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Array,
    Map,
    Tag,
    Bytes,
    Text,
}

/// An item. If it contains others, they follow, and then its [`Event::End`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item<'b> {
    pub(crate) start: usize,
    pub(crate) head: Head,
    /// The bytes of the head.
    pub(crate) encoded: &'b [u8],
    /// The contents of a string of definite length.
    pub(crate) string: &'b [u8],
    pub(crate) role: Role,
    /// True for the first item of its container.
    pub(crate) first: bool,
    /// True for a key of a map, and for everything inside of one.
    pub(crate) in_key: bool,
    /// The number of containers around it.
    pub(crate) depth: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Event<'b> {
    Item(Item<'b>),
    /// The end of the innermost open container.
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
    /// True at the start of a container.
    first: bool,
}

#[derive(Debug)]
struct Level {
    /// Elements or pairs still to come; unused if a break ends them.
    left: u32,
    indefinite: bool,
    kind: Kind,
    /// True between the key and the value of a pair.
    value_due: bool,
    in_key: bool,
}

impl Level {
    /// What comes next in it; `None` at its end, which is consumed.
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
    /// Refuses 4 GiB and more.
    pub(crate) fn new(bytes: &'b [u8]) -> Result<Items<'b>> {
        offset32(bytes.len())?;
        Ok(Items { reader: Reader::at(bytes, 0), open: Vec::new(), start: 0, first: true })
    }

    /// What comes next; `None` at the end. Not to be called after an error.
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
            // A larger count exceeds the number of bytes, so the end comes first.
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
        Err(Error::new(fault, self.start))
    }

    /// The offset of the item that was read last or, after an error, could not be read.
    pub(crate) fn start(&self) -> usize {
        self.start
    }
}

/// What container a head opens, and its number of elements or pairs; `None` if a break ends it.
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
