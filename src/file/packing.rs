//! How many pages redb needs for pairs of keys and values that are packed into leaves in key order.

use std::collections::VecDeque;

/// Bytes of a base page.
pub const PAGE_SIZE: usize = 4096;

/// Bytes of a leaf that holds one pair, keys and values of variable width.
const SINGLE: usize = 4 + PER_PAIR;

/// Bytes of the two offsets of a pair.
const PER_PAIR: usize = 8;

/// Base pages that a page of at least `bytes` takes: redb allocates powers of two.
fn pages_for(bytes: usize) -> u64 {
    bytes.div_ceil(PAGE_SIZE).next_power_of_two() as u64
}

/// Bytes of a value with which a leaf of one pair fills its page exactly, so that redb never adds a second
/// pair to the leaf by itself; `None` if the key alone fills it.
#[must_use]
pub fn filler(key: usize) -> Option<usize> {
    PAGE_SIZE.checked_sub(SINGLE + key)
}

/// A tree that is being packed: which pairs share a leaf, and how many pages that makes.
#[derive(Debug, Default)]
pub struct Packing {
    pairs: usize,
    bytes: usize,
    last_key: usize,
    pages: u64,
    /// The largest page of the branches, in base pages.
    widest_branch: u64,
    levels: Vec<Branch>,
}

/// The rightmost branch of a level.
#[derive(Debug, Default)]
struct Branch {
    keys: VecDeque<usize>,
    bytes: usize,
}

impl Branch {
    fn len(keys: usize, bytes: usize) -> usize {
        8 + 24 * (keys + 1) + 4 * keys + bytes
    }
}

impl Packing {
    /// Adds a pair that follows all others. Returns whether it is the first one of its leaf.
    pub fn push(&mut self, key: usize, value: usize) -> bool {
        let is_first = self.pairs == 0 || 4 + PER_PAIR * (self.pairs + 1) + self.bytes + key + value > PAGE_SIZE;
        if is_first && self.pairs > 0 {
            self.close_leaf();
            self.add_separator(self.last_key);
        }
        self.pairs += 1;
        self.bytes += key + value;
        self.last_key = key;
        is_first
    }

    fn close_leaf(&mut self) {
        self.pages += pages_for(4 + PER_PAIR * self.pairs + self.bytes);
        (self.pairs, self.bytes) = (0, 0);
    }

    /// A branch is split in its middle, as soon as it does not fit, and what was split off stays half full:
    /// only the rightmost one grows.
    fn add_separator(&mut self, mut key: usize) {
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Branch::default());
            }
            let branch = &mut self.levels[level];
            branch.keys.push_back(key);
            branch.bytes += key;
            let len = Branch::len(branch.keys.len(), branch.bytes);
            self.widest_branch = self.widest_branch.max(pages_for(len));
            if len <= PAGE_SIZE || branch.keys.len() < 3 {
                return;
            }
            let left = branch.keys.len() / 2;
            let bytes = branch.keys.drain(..left).sum::<usize>();
            key = branch.keys.pop_front().expect("a branch of three keys has a middle one");
            branch.bytes -= bytes + key;
            self.pages += pages_for(Branch::len(left, bytes));
        }
    }

    /// All base pages of the tree.
    #[must_use]
    pub fn pages(mut self) -> u64 {
        if self.pairs > 0 {
            self.close_leaf();
        }
        let branches = self.levels.iter().filter(|branch| !branch.keys.is_empty());
        self.pages + branches.map(|branch| pages_for(Branch::len(branch.keys.len(), branch.bytes))).sum::<u64>()
    }

    /// Base pages that are in use for a moment while a pair is added: the branches on its way are written anew.
    #[must_use]
    pub fn scratch(&self) -> u64 {
        2 * self.widest_branch.max(1) * (self.levels.len() as u64 + 1)
    }
}
