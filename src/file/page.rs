//! Pages of a B-tree: where they lie, and what a leaf and a branch hold.
//!
//! The layouts are those of redb's format document. No offset is trusted: a page is parsed once, and every range that
//! it returns was checked to lie inside its used bytes.

use super::buffers::Buffer;
use super::damage::Fault;
use super::page_number::PageNumber;
use super::{Result, checksum};
use std::ops::Range;

/// A reference to a page: its place, and the checksum that it must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PageRef {
    pub page: PageNumber,
    pub checksum: u128,
}

impl PageRef {
    /// Bytes in which the root of a tree is recorded: after the page comes the number of entries, which the definition
    /// of a table has as well.
    pub const ROOT_LEN: usize = 32;

    /// The root of a tree; `bytes` must hold [`PageRef::ROOT_LEN`] bytes.
    pub fn of_root(bytes: &[u8]) -> PageRef {
        PageRef {
            page: PageNumber::parse(u64_at(bytes, 0)),
            checksum: u128::from_le_bytes(bytes[8..24].try_into().expect("16 bytes")),
        }
    }
}

/// The widths of a tree's keys and values, where they are fixed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Widths {
    pub key: Option<u32>,
    pub value: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Leaf,
    Branch,
}

/// The first bytes of a page: its type and how many pairs or keys it holds.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    kind: Kind,
    count: usize,
    widths: Widths,
}

impl Shape {
    /// Bytes that [`Shape::parse`] needs.
    pub const LEN: usize = 4;

    pub fn parse(start: &[u8], widths: Widths) -> Result<Shape, Fault> {
        let kind = match start[0] {
            1 => Kind::Leaf,
            2 => Kind::Branch,
            _ => return Err(Fault::NeitherLeafNorBranch),
        };
        let count = usize::from(u16::from_le_bytes([start[2], start[3]]));
        if count == 0 { Err(Fault::Empty) } else { Ok(Shape { kind, count, widths }) }
    }

    /// Where the tables of offsets end and the keys begin.
    pub fn tables_end(self) -> usize {
        let keys = if self.widths.key.is_none() { 4 * self.count } else { 0 };
        let values = if self.widths.value.is_none() { 4 * self.count } else { 0 };
        match self.kind {
            Kind::Leaf => 4 + keys + values,
            Kind::Branch => 8 + 24 * (self.count + 1) + keys,
        }
    }

    /// The number of used bytes, which are what the page's checksum covers. `page` must reach to
    /// [`Shape::tables_end`].
    pub fn used(self, page: &[u8]) -> u64 {
        let last = self.count - 1;
        match self.kind {
            Kind::Leaf => self.value_end(page, last),
            Kind::Branch => self.key_end(page, last),
        }
    }

    /// The leaf that lies inside of a value, whose checksum is that of the page around it.
    pub fn inline(self, bytes: &[u8]) -> Option<Page> {
        let tables_end = self.tables_end();
        if self.kind != Kind::Leaf || tables_end > bytes.len() || self.used(bytes) > bytes.len() as u64 {
            return None;
        }
        let page = Page { bytes: bytes.to_vec().into(), used: bytes.len(), shape: self };
        page.offsets_are_sound().then_some(page)
    }

    fn keys_at(self) -> usize {
        match self.kind {
            Kind::Leaf => 4,
            Kind::Branch => 8 + 24 * (self.count + 1),
        }
    }

    fn key_end(self, page: &[u8], n: usize) -> u64 {
        match self.widths.key {
            Some(width) => self.tables_end() as u64 + u64::from(width) * (n as u64 + 1),
            None => offset_at(page, self.keys_at() + 4 * n),
        }
    }

    fn value_end(self, page: &[u8], n: usize) -> u64 {
        if let Some(width) = self.widths.value {
            return self.key_end(page, self.count - 1) + u64::from(width) * (n as u64 + 1);
        }
        let keys = if self.widths.key.is_none() { 4 * self.count } else { 0 };
        offset_at(page, 4 + keys + 4 * n)
    }
}

/// A page whose checksum was found to match.
#[derive(Debug)]
pub struct Page<B = Buffer> {
    /// May be longer than `used`: memory is used for one page after the other.
    bytes: B,
    used: usize,
    shape: Shape,
}

impl Page {
    /// Releases the part of the buffer after the used bytes.
    pub fn without_spare(self) -> Page {
        Page { bytes: self.bytes.without_spare(self.used), ..self }
    }
}

impl Page<&[u8]> {
    /// Copies its used bytes to `buffer`.
    pub fn copy_to(&self, mut buffer: Buffer) -> Page {
        buffer.fill(self.used_bytes());
        Page { bytes: buffer, used: self.used, shape: self.shape }
    }
}

impl<B: AsRef<[u8]>> Page<B> {
    /// Verifies a page as [`Page::verify`] does; `bytes` reaches from its start to the end of its place.
    pub fn of_place(bytes: B, widths: Widths, expected: u128) -> Result<Page<B>, Fault> {
        let place = bytes.as_ref();
        let shape = Shape::parse(&place[..Shape::LEN], widths)?;
        let tables_end = shape.tables_end();
        if tables_end > place.len() {
            return Err(Fault::HoldsTooMuch);
        }
        match usize::try_from(shape.used(place)) {
            Ok(used) if (tables_end..=place.len()).contains(&used) => Page::verify(bytes, used, shape, expected),
            _ => Err(Fault::LastOffset),
        }
    }

    /// Verifies that `bytes[..used]` has the checksum `expected` and that every offset in it is valid.
    pub fn verify(bytes: B, used: usize, shape: Shape, expected: u128) -> Result<Page<B>, Fault> {
        if checksum(&bytes.as_ref()[..used]) != expected {
            return Err(Fault::Checksum);
        }
        if shape.tables_end() > used {
            return Err(Fault::HoldsTooMuch);
        }
        let page = Page { bytes, used, shape };
        if page.offsets_are_sound() { Ok(page) } else { Err(Fault::Offsets) }
    }

    /// The widths of keys and values that it was read with.
    pub fn widths(&self) -> Widths {
        self.shape.widths
    }

    pub fn used_bytes(&self) -> &[u8] {
        &self.bytes.as_ref()[..self.used]
    }

    fn offsets_are_sound(&self) -> bool {
        let mut end = self.shape.tables_end() as u64;
        let mut ascend = |next: u64| {
            let ascends = next >= end && next <= self.used as u64;
            end = next;
            ascends
        };
        let bytes = self.used_bytes();
        (0..self.shape.count).all(|n| ascend(self.shape.key_end(bytes, n)))
            && (self.shape.kind == Kind::Branch
                || (0..self.shape.count).all(|n| ascend(self.shape.value_end(bytes, n))))
    }

    pub fn is_leaf(&self) -> bool {
        self.shape.kind == Kind::Leaf
    }

    /// Pairs of a leaf, keys of a branch; at least one.
    pub fn count(&self) -> usize {
        self.shape.count
    }

    pub fn key(&self, n: usize) -> &[u8] {
        self.keys(n..n + 1)
    }

    /// The keys of a range that is not empty, which lie one after the other.
    pub fn keys(&self, pairs: Range<usize>) -> &[u8] {
        let bytes = self.used_bytes();
        let start = match pairs.start {
            0 => self.shape.tables_end() as u64,
            n => self.shape.key_end(bytes, n - 1),
        };
        &bytes[range(start, self.shape.key_end(bytes, pairs.end - 1))]
    }

    /// The value of a leaf's pair.
    pub fn value(&self, n: usize) -> &[u8] {
        self.values(n..n + 1)
    }

    /// The values of the same.
    pub fn values(&self, pairs: Range<usize>) -> &[u8] {
        let bytes = self.used_bytes();
        let start = match pairs.start {
            0 => self.shape.key_end(bytes, self.shape.count - 1),
            n => self.shape.value_end(bytes, n - 1),
        };
        &bytes[range(start, self.shape.value_end(bytes, pairs.end - 1))]
    }

    /// The children of a branch from one of them on: there is one more than there are keys.
    pub fn children_from(&self, n: usize) -> Vec<PageRef> {
        (n..=self.count()).map(|n| self.child(n)).collect()
    }

    /// A child of a branch.
    pub fn child(&self, n: usize) -> PageRef {
        let checksum = 8 + 16 * n;
        let number = 8 + 16 * (self.shape.count + 1) + 8 * n;
        let bytes = self.used_bytes();
        PageRef {
            page: PageNumber::parse(u64_at(bytes, number)),
            checksum: u128::from_le_bytes(bytes[checksum..checksum + 16].try_into().expect("16 bytes")),
        }
    }

    /// The first pair or key that is not before `key`. In a branch it is the number of the child
    /// to look into: a key of a branch is the last one of the child left of it.
    pub fn position(&self, key: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.shape.count);
        while low < high {
            let middle = low.midpoint(high);
            if self.key(middle) < key { low = middle + 1 } else { high = middle }
        }
        low
    }
}

fn offset_at(page: &[u8], at: usize) -> u64 {
    u64::from(u32::from_le_bytes(page[at..at + 4].try_into().expect("4 bytes")))
}

/// Offsets of a verified page lie in memory, so they fit.
fn range(start: u64, end: u64) -> Range<usize> {
    usize::try_from(start).expect("an offset in memory")..usize::try_from(end).expect("an offset in memory")
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("8 bytes"))
}
