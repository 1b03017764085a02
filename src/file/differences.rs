//! The entries that differ between two states of a tree, as stored by the mirror.

use super::Result;
use super::records::{Place, Records, pop_piece};
use std::ops::Range;

/// An entry in both states: what the mirror has stored of it.
pub struct Changed<'c> {
    pub key: &'c [u8],
    pub old: Option<&'c [u8]>,
    pub new: Option<&'c [u8]>,
}

/// The entries that differ, in the order of the keys.
pub struct Differences<'r> {
    old: Entries<'r>,
    new: Entries<'r>,
}

impl<'r> Differences<'r> {
    /// The records of the leaves that only one of the states has, in order.
    pub(super) fn new(records: &'r Records, old: Vec<Place>, new: Vec<Place>) -> Differences<'r> {
        Differences { old: Entries::new(records, old), new: Entries::new(records, new) }
    }

    /// The next entry that differs.
    pub fn next(&mut self) -> Result<Option<Changed<'_>>> {
        let Differences { old, new } = self;
        let [has_old, has_new] = loop {
            let sides = [old.step()?, new.step()?];
            let sides = match sides {
                [false, false] => return Ok(None),
                [true, true] => {
                    let order = old.key().cmp(new.key());
                    [order.is_le(), order.is_ge()]
                }
                one => one,
            };
            old.is_taken |= sides[0];
            new.is_taken |= sides[1];
            if sides != [true, true] || old.value() != new.value() {
                break sides;
            }
        };
        let key = if has_old { old.key() } else { new.key() };
        Ok(Some(Changed { key, old: has_old.then(|| old.value()), new: has_new.then(|| new.value()) }))
    }
}

/// The records of leaves, one after the other.
struct Entries<'r> {
    records: &'r Records,
    leaves: std::vec::IntoIter<Place>,
    leaf: Vec<u8>,
    at: usize,
    key: Range<usize>,
    value: Range<usize>,
    /// Whether to go on to the next entry.
    is_taken: bool,
}

impl<'r> Entries<'r> {
    fn new(records: &'r Records, leaves: Vec<Place>) -> Entries<'r> {
        let leaves = leaves.into_iter();
        Entries { records, leaves, leaf: Vec::new(), at: 0, key: 0..0, value: 0..0, is_taken: true }
    }

    /// Goes on to the next entry if that is due; `false` at the end.
    fn step(&mut self) -> Result<bool> {
        if !self.is_taken {
            return Ok(true);
        }
        while self.at == self.leaf.len() {
            let Some(place) = self.leaves.next() else { return Ok(false) };
            self.leaf = self.records.load(place)?;
            self.at = 0;
        }
        self.key = pop_piece(&self.leaf, &mut self.at);
        self.value = pop_piece(&self.leaf, &mut self.at);
        self.is_taken = false;
        Ok(true)
    }

    fn key(&self) -> &[u8] {
        &self.leaf[self.key.clone()]
    }

    fn value(&self) -> &[u8] {
        &self.leaf[self.value.clone()]
    }
}
