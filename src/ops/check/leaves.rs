//! What is wrong with the pairs in the leaves of a table. One thread reads the leaves; as many as there are cores
//! decode them.

use super::sets;
use crate::file::Page;
use crate::live::deviation;
use crate::live::key::Key;
use crate::ops::findings::{FindingKind, FindingPlace, Findings};
use crate::system::workers::{LARGE, Workers};
use std::str;
use std::sync::Arc;

/// A leaf of a table.
pub(super) struct Leaf {
    /// The cache key or the set to which it belongs.
    owner: Arc<str>,
    holds: Holds,
    page: Arc<Page>,
}

/// The workers that decode leaves.
pub(super) type Decoding<'w> = Workers<'w, Leaf, Decoded>;

/// What a table holds.
#[derive(Clone, Copy)]
pub(super) enum Holds {
    /// Entries of vantage-live.
    Entries,
    /// Rows of diorama.
    Rows,
}

/// What was found in leaves.
#[derive(Default)]
pub(super) struct Decoded {
    /// The number of pairs.
    pub entries: u64,
    /// The number of pairs whose key is not UTF-8.
    pub keys_not_text: u64,
    pub refused: Findings,
    pub altered: Findings,
}

/// The leaves of one table.
pub(super) struct Leaves<'d, 'w> {
    owner: Arc<str>,
    holds: Holds,
    now: u64,
    decoding: &'d mut Decoding<'w>,
    decoded: Decoded,
}

impl<'d, 'w> Leaves<'d, 'w> {
    /// The leaves of the table of a cache key or a set. `now` is in seconds since 1970.
    pub fn new(owner: &str, holds: Holds, now: u64, decoding: &'d mut Decoding<'w>) -> Leaves<'d, 'w> {
        Leaves { owner: owner.into(), holds, now, decoding, decoded: Decoded::default() }
    }

    /// Has a leaf decoded.
    pub fn push(&mut self, page: &Arc<Page>) {
        let bytes = page.used_bytes().len();
        let leaf = Leaf { owner: Arc::clone(&self.owner), holds: self.holds, page: Arc::clone(page) };
        if bytes >= LARGE {
            self.wait();
            self.decoded.extend(decode(&[leaf], self.now));
            return;
        }
        self.decoding.push(leaf, bytes);
        while let Some(next) = self.decoding.next_due() {
            self.decoded.extend(next);
        }
    }

    /// What was found in all of them.
    pub fn finish(mut self) -> Decoded {
        self.wait();
        self.decoded
    }

    fn wait(&mut self) {
        while let Some(next) = self.decoding.next() {
            self.decoded.extend(next);
        }
    }
}

impl Decoded {
    fn extend(&mut self, next: Decoded) {
        self.entries += next.entries;
        self.keys_not_text += next.keys_not_text;
        self.refused.extend(next.refused);
        self.altered.extend(next.altered);
    }

    fn entry(&mut self, cache_key: &Arc<str>, sub_key: &str, value: &[u8], now: u64) {
        let place = || Some(FindingPlace::Entry(Key::from_parts(Arc::clone(cache_key), sub_key)));
        match deviation::deviations(value, now) {
            Ok(deviations) if deviations.is_empty() => {}
            Ok(deviations) => self.altered.add(place(), FindingKind::Altered(deviations)),
            Err(error) => self.refused.add(place(), FindingKind::Refused(error)),
        }
    }
}

/// Decodes every pair in some leaves.
pub(super) fn decode(leaves: &[Leaf], now: u64) -> Decoded {
    let mut decoded = Decoded::default();
    for Leaf { owner, holds, page } in leaves {
        for n in 0..page.count() {
            decoded.entries += 1;
            let Ok(key) = str::from_utf8(page.key(n)) else {
                decoded.keys_not_text += 1;
                continue;
            };
            let value = page.value(n);
            match holds {
                Holds::Entries => decoded.entry(owner, key, value, now),
                Holds::Rows => sets::row(owner, key, value, &mut decoded.refused, &mut decoded.altered),
            }
        }
    }
    decoded
}
