//! Where a match may be in encoded bytes, without decoding them.

use super::Query;
use crate::cbor::reader::Reader;
use std::ops::Range;

/// Whether encoded bytes may hold a text that `contains` finds in contiguous bytes.
pub(super) fn may_hold(bytes: &[u8], contains: impl Fn(&[u8]) -> bool) -> bool {
    contains(bytes) || may_hold_in_chunks(bytes, contains)
}

/// Whether a text of indefinite length among encoded bytes may hold it, whose chunks are not contiguous.
fn may_hold_in_chunks(bytes: &[u8], contains: impl Fn(&[u8]) -> bool) -> bool {
    const INDEFINITE_TEXT: u8 = 0x7f;
    // Most of these bytes do not begin a text. If there are very many, decoding is faster.
    let mut left = 4 * bytes.len();
    memchr::memchr_iter(INDEFINITE_TEXT, bytes).any(|at| {
        let mut reader = Reader::at(bytes, at + 1);
        let holds = reader.text(None).is_ok_and(|text| contains(text.as_bytes()));
        let read = reader.pos() - at;
        left = left.saturating_sub(read);
        holds || left == 0
    })
}

/// The places among bytes where a match may begin.
pub(super) struct Candidates<'c> {
    query: Query<'c>,
    bytes: &'c [u8],
    /// Whether it may begin anywhere.
    anywhere: bool,
    /// The first place at or after `from`.
    next: Option<usize>,
    from: usize,
}

impl<'c> Candidates<'c> {
    pub(super) fn new(bytes: &'c [u8], query: Query<'c>) -> Candidates<'c> {
        let anywhere = may_hold_in_chunks(bytes, |bytes| (query.may_match)(bytes).is_some());
        Candidates { query, bytes, anywhere, next: (query.may_match)(bytes), from: 0 }
    }

    /// The places in a range.
    pub(super) fn within(&mut self, range: Range<usize>) -> Candidates<'c> {
        let next = self.next_in(&range).map(|next| next - range.start);
        let (query, bytes) = (self.query, &self.bytes[range]);
        let anywhere = self.anywhere && may_hold_in_chunks(bytes, |bytes| (query.may_match)(bytes).is_some());
        Candidates { query, bytes, anywhere, next, from: 0 }
    }

    /// Whether there is one at this offset or after it.
    pub(super) fn are_from(&mut self, start: usize) -> bool {
        self.anywhere || self.next_from(start).is_some()
    }

    /// Whether there is one in a range.
    pub(super) fn are_in(&mut self, range: &Range<usize>) -> bool {
        self.anywhere || self.next_in(range).is_some()
    }

    fn next_from(&mut self, start: usize) -> Option<usize> {
        if start < self.from || self.next.is_some_and(|next| next < start) {
            let next = (self.query.may_match)(&self.bytes[start..]);
            (self.next, self.from) = (next.map(|next| start + next), start);
        }
        self.next
    }

    /// The first place in a range. Of an empty range it may be the start, where an empty text can match.
    fn next_in(&mut self, range: &Range<usize>) -> Option<usize> {
        let end = range.end.max(range.start + 1);
        self.next_from(range.start).filter(|next| *next < end)
    }
}
