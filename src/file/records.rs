//! The records of the pages of trees: in memory up to a limit, then in a temporary file without a name.

use super::{PageNumber, PageRef, Result};
use crate::system::spill::Spill;
use std::io;
use std::ops::Range;

/// Bytes of records in memory; the rest goes to the temporary file.
const MEMORY: usize = 16 * 1024 * 1024;

/// The records are rewritten once those no longer needed exceed those needed by this many bytes.
const WASTE: u64 = 64 * 1024 * 1024;

/// What is known of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// The record names its children.
    Branch(Place),
    /// The record holds its keys, each with what its entry is remembered by.
    Leaf(Place),
    /// It could not be read: nothing is known of what is below it.
    Damaged,
}

/// Where a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    offset: u64,
    len: u64,
}

/// The records of all mirrors of a file.
#[derive(Debug)]
pub struct Records {
    spill: Spill,
    /// Bytes of the records that are needed.
    live: u64,
}

impl Default for Records {
    fn default() -> Records {
        Records { spill: Spill::new(MEMORY), live: 0 }
    }
}

impl Records {
    pub(super) fn push(&mut self, record: &[u8]) -> Result<Place> {
        let offset = self.spill.push(record).map_err(of_spill)?;
        let len = record.len() as u64;
        self.live += len;
        Ok(Place { offset, len })
    }

    /// Adds the record of a branch.
    pub(super) fn push_branch(&mut self, children: &[(PageRef, Node)]) -> Result<Node> {
        let mut record = Vec::with_capacity(CHILD * children.len());
        for child in children {
            push_child(&mut record, child);
        }
        self.push(&record).map(Node::Branch)
    }

    pub(super) fn load(&self, place: Place) -> Result<Vec<u8>> {
        let mut record = vec![0; usize::try_from(place.len).expect("it was in memory")];
        self.spill.read(place.offset, &mut record).map_err(of_spill)?;
        Ok(record)
    }

    /// The children of a branch.
    pub(super) fn children(&self, place: Place) -> Result<Vec<(PageRef, Node)>> {
        Ok(self.load(place)?.chunks_exact(CHILD).map(child).collect())
    }

    pub(super) fn forget(&mut self, node: Node) {
        if let Node::Branch(place) | Node::Leaf(place) = node {
            self.live -= place.len;
        }
    }

    /// Whether most records are no longer needed.
    pub(super) fn is_wasteful(&self) -> bool {
        self.spill.len() > 2 * self.live + WASTE
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is made for `map_err`")]
fn of_spill(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("the temporary file for pages already read: {error}"))
}

/// Bytes of a child in the record of a branch: page, checksum, kind, and the offset and length of its own record.
const CHILD: usize = 8 + 16 + 1 + 8 + 8;

fn push_child(record: &mut Vec<u8>, (PageRef { page, checksum }, node): &(PageRef, Node)) {
    let (kind, place) = match node {
        Node::Branch(place) => (1, *place),
        Node::Leaf(place) => (2, *place),
        Node::Damaged => (0, Place { offset: 0, len: 0 }),
    };
    record.extend(page.raw().to_le_bytes());
    record.extend(checksum.to_le_bytes());
    record.push(kind);
    record.extend(place.offset.to_le_bytes());
    record.extend(place.len.to_le_bytes());
}

/// Reads what [`push_child`] wrote.
fn child(record: &[u8]) -> (PageRef, Node) {
    let number = |at: usize| u64::from_le_bytes(record[at..at + 8].try_into().expect("8 bytes"));
    let checksum = u128::from_le_bytes(record[8..24].try_into().expect("16 bytes"));
    let place = Place { offset: number(25), len: number(33) };
    let node = match record[24] {
        1 => Node::Branch(place),
        2 => Node::Leaf(place),
        _ => Node::Damaged,
    };
    (PageRef { page: PageNumber::parse(number(0)), checksum }, node)
}

/// Appends a piece of a leaf's record after its length.
pub(super) fn push_piece(to: &mut Vec<u8>, piece: impl FnOnce(&mut Vec<u8>)) {
    let at = to.len();
    to.extend_from_slice(&[0; 8]);
    piece(to);
    let len = (to.len() - at - 8) as u64;
    to[at..at + 8].copy_from_slice(&len.to_le_bytes());
}

/// Splits off the first piece.
pub(super) fn pop_piece(from: &[u8], at: &mut usize) -> Range<usize> {
    let len = u64::from_le_bytes(from[*at..*at + 8].try_into().expect("8 bytes"));
    let start = *at + 8;
    *at = start + usize::try_from(len).expect("it is in memory");
    start..*at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_of_a_branch_names_its_children() {
        let mut records = Records::default();
        let page = |raw, checksum| PageRef { page: PageNumber::parse(raw), checksum };
        let children = [
            (page(0, 0), Node::Damaged),
            (page(3 << 59 | 0xF_FFFF << 20 | 7, u128::MAX - 1), Node::Leaf(Place { offset: 1 << 40, len: 5 })),
            (page(20 << 59 | 1 << 20, 1 << 100), Node::Branch(Place { offset: 3, len: u64::MAX })),
        ];
        let Node::Branch(place) = records.push_branch(&children).expect("a record") else { panic!("a branch") };
        assert_eq!(records.children(place).expect("the record"), children);
    }
}
