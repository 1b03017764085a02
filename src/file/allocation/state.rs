//! The bytes in which redb records the free pages of a region, computed from the pages that are in use.
//!
//! redb allocates by the buddy system: a free page is recorded at one order only, and always at the
//! largest that is free as a whole. The pages in use therefore determine every byte of the record.

use super::super::damage::Mismatch;
use super::super::page_number::PageNumber;

/// The record of one region.
#[derive(Debug)]
pub(super) struct RegionState {
    bytes: Vec<u8>,
    /// Where the bits of the pages in use begin, order by order.
    in_use: Vec<usize>,
    capacity: u32,
}

/// Bytes before the ends of the bitmaps: the largest order, padding, and the number of pages.
const FIXED: usize = 8;

impl RegionState {
    /// The record of a region of `pages` base pages and room for `capacity`, in which `in_use` are taken.
    /// None of them may overlap, or lie beyond `pages`.
    pub fn new(in_use: &[PageNumber], pages: u32, capacity: u32) -> RegionState {
        let max_order = max_order(capacity);
        // No page after these exists; in a small file that is most of the region.
        let end = in_use.iter().map(|page| (u64::from(page.index) + 1) << page.order).fold(u64::from(pages), u64::max);
        let end = u32::try_from(end).unwrap_or(capacity).min(capacity);
        let mut allocated: Vec<Vec<u64>> =
            orders(capacity).zip(0..).map(|(len, order)| vec![0; words(len.min((end >> order) + 1))]).collect();
        let mut free = vec![u64::MAX; words(end)];
        set_bits(&mut free, u64::from(pages)..64 * words(end) as u64, false);
        for page in in_use {
            set_bits(&mut allocated[usize::from(page.order)], u64::from(page.index)..u64::from(page.index) + 1, true);
            let first = u64::from(page.index) << page.order;
            set_bits(&mut free, first..first + (1 << page.order), false);
        }
        let mut free_index = Vec::new();
        for (order, len) in orders(capacity).enumerate() {
            let pairs = if order < usize::from(max_order) { both_of_a_pair(&free) } else { Vec::new() };
            // What is free together with its buddy is recorded at a larger order.
            let taken: Vec<u64> =
                free.iter().enumerate().map(|(n, word)| !(word & !spread(&pairs, n))).take(words(len)).collect();
            free_index.push(bitmap_tree(len, taken));
            free = pairs;
        }
        RegionState::assemble(max_order, pages, capacity, &free_index, &allocated)
    }

    fn assemble(max_order: u8, pages: u32, capacity: u32, free: &[Vec<u8>], allocated: &[Vec<u64>]) -> RegionState {
        let mut bytes = vec![max_order, 0, 0, 0];
        bytes.extend(pages.to_le_bytes());
        let mut end = FIXED + 4 * (free.len() + allocated.len());
        let lengths = free.iter().map(Vec::len).chain(orders(capacity).map(|len| 4 + 8 * words(len)));
        for length in lengths {
            end += length;
            bytes.extend(to_u32(end).to_le_bytes());
        }
        bytes.reserve(end - bytes.len());
        for bitmap in free {
            bytes.extend_from_slice(bitmap);
        }
        let mut in_use = Vec::new();
        for (len, first) in orders(capacity).zip(allocated) {
            in_use.push(bytes.len() + 4);
            push_level(&mut bytes, len, first, 0);
        }
        RegionState { bytes, in_use, capacity }
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The first difference to what is recorded of `region`.
    pub fn compare(&self, region: u32, recorded: &[u8]) -> Result<(), (Mismatch, Option<PageNumber>)> {
        if self.bytes == recorded {
            return Ok(());
        }
        let metadata = FIXED + 8 * self.in_use.len();
        if recorded.len() != self.bytes.len() || recorded[..metadata] != self.bytes[..metadata] {
            return Err((Mismatch::Layout, None));
        }
        for ((order, at), len) in (0u8..).zip(&self.in_use).zip(orders(self.capacity)) {
            for n in 0..8 * words(len) {
                let (expected, found) = (self.bytes[at + n], recorded[at + n]);
                if expected != found {
                    let bit = (expected ^ found).trailing_zeros();
                    let mismatch = if expected >> bit & 1 == 1 { Mismatch::RecordedFree } else { Mismatch::Unreached };
                    return Err((mismatch, Some(PageNumber { region, index: to_u32(8 * n) + bit, order })));
                }
            }
        }
        Err((Mismatch::FreeIndex, None))
    }
}

/// The number of pages that a recorded state says its region has.
pub(super) fn recorded_pages(recorded: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(recorded.get(4..8)?.try_into().ok()?))
}

/// Bytes of the record of a region with room for `capacity` pages.
pub(super) fn state_len(capacity: u32) -> u64 {
    let tree = |len: u32| -> usize {
        let levels = levels(len);
        4 + levels.iter().map(|len| 8 + 8 * words(*len)).sum::<usize>()
    };
    let bitmaps: usize = orders(capacity).map(|len| 8 + tree(len) + 4 + 8 * words(len)).sum();
    (FIXED + bitmaps) as u64
}

/// redb's list of the regions that may have a free page, a bitmap for each order: a cleared bit is only a hint, but
/// must not name a region that does not exist.
pub(super) fn tracker_is_sound(recorded: &[u8], regions: u32) -> bool {
    tracker_bitmaps(recorded).is_some_and(|bitmaps| {
        bitmaps.iter().all(|bitmap| {
            let Some((len, leaf)) = last_level(bitmap) else { return false };
            let beyond = u64::from(regions)..64 * leaf.len() as u64;
            let mut full = leaf.clone();
            set_bits(&mut full, beyond, true);
            len >= regions && full == leaf && *bitmap == bitmap_tree(len, leaf)
        })
    })
}

const TRACKED_ORDERS: usize = PageNumber::MAX_ORDER as usize + 1;

fn tracker_bitmaps(recorded: &[u8]) -> Option<Vec<&[u8]>> {
    let (fixed, bitmaps) = recorded.split_at_checked(8)?;
    let orders = u32::from_le_bytes(fixed[..4].try_into().ok()?);
    let len = usize::try_from(u32::from_le_bytes(fixed[4..].try_into().ok()?)).ok()?;
    if orders != u32::try_from(TRACKED_ORDERS).ok()? || len == 0 || bitmaps.len() < len.checked_mul(TRACKED_ORDERS)? {
        return None;
    }
    let bitmaps: Vec<&[u8]> = bitmaps.chunks_exact(len).take(TRACKED_ORDERS).collect();
    let capacity = last_level(bitmaps[0])?.0;
    bitmaps.iter().all(|bitmap| last_level(bitmap).is_some_and(|(len, _)| len == capacity)).then_some(bitmaps)
}

/// The length in bits and the words of the lowest level of a tree of bitmaps.
fn last_level(bitmap: &[u8]) -> Option<(u32, Vec<u64>)> {
    let field = |at: usize| Some(u32::from_le_bytes(bitmap.get(at..at.checked_add(4)?)?.try_into().ok()?));
    let height = usize::try_from(field(0)?).ok().filter(|height| (1..=4).contains(height))?;
    let start = if height == 1 { 4 + 4 * height } else { usize::try_from(field(4 * (height - 1))?).ok()? };
    let len = field(start)?;
    let bits = bitmap.get(start.checked_add(4)?..)?;
    let is_whole = bits.len() == 8 * words(len) && !bits.is_empty();
    is_whole.then(|| (len, bits.chunks_exact(8).map(|word| u64::from_le_bytes(word.try_into().expect("8"))).collect()))
}

/// A bitmap of `len` bits with the bitmaps above it that say which 64 bits below are all set, from the top down. All
/// bits after those of `first` are set: a region has room for many more pages than a small file has.
fn bitmap_tree(len: u32, first: Vec<u64>) -> Vec<u8> {
    let mut levels = vec![(len, first)];
    while levels[0].0 > 64 {
        let below = &levels[0].1;
        let mut above = vec![u64::MAX; below.len().div_ceil(64)];
        for (n, _) in below.iter().enumerate().filter(|(_, word)| **word != u64::MAX) {
            above[n / 64] &= !(1 << (n % 64));
        }
        levels.insert(0, (levels[0].0.div_ceil(64), above));
    }
    let mut end = 4 + 4 * levels.len();
    let mut bytes = Vec::with_capacity(end + levels.iter().map(|(len, _)| 4 + 8 * words(*len)).sum::<usize>());
    bytes.extend(to_u32(levels.len()).to_le_bytes());
    for (len, _) in &levels {
        end += 4 + 8 * words(*len);
        bytes.extend(to_u32(end).to_le_bytes());
    }
    for (len, first) in &levels {
        push_level(&mut bytes, *len, first, u8::MAX);
    }
    bytes
}

/// The lengths of the levels of a tree of bitmaps, from the bottom up.
fn levels(len: u32) -> Vec<u32> {
    let mut levels = vec![len];
    while let Some(len) = levels.last().filter(|len| **len > 64) {
        levels.push(len.div_ceil(64));
    }
    levels
}

/// Adds a bitmap of `len` bits: its first words, and `rest` for every byte after them.
fn push_level(bytes: &mut Vec<u8>, len: u32, first: &[u64], rest: u8) {
    bytes.extend(len.to_le_bytes());
    let mut level = vec![rest; 8 * words(len)];
    for (room, word) in level.as_chunks_mut().0.iter_mut().zip(first) {
        *room = word.to_le_bytes();
    }
    bytes.append(&mut level);
}

fn max_order(capacity: u32) -> u8 {
    PageNumber::MAX_ORDER.min(u8::try_from(capacity.ilog2()).expect("below 32"))
}

/// How many pages of each order a region has room for.
fn orders(capacity: u32) -> impl Iterator<Item = u32> {
    (0..=max_order(capacity)).map(move |order| capacity >> order)
}

fn words(bits: u32) -> usize {
    usize::try_from(bits.div_ceil(64)).expect("at most 2^26")
}

fn to_u32(n: usize) -> u32 {
    u32::try_from(n).expect("a region's record is far below 4 GiB")
}

fn set_bits(words: &mut [u64], bits: std::ops::Range<u64>, value: bool) {
    let mut bit = bits.start;
    while bit < bits.end {
        let in_word = bit % 64;
        let count = (64 - in_word).min(bits.end - bit);
        let mask = (u64::MAX >> (64 - count)) << in_word;
        let word = &mut words[usize::try_from(bit / 64).expect("an index in memory")];
        if value {
            *word |= mask;
        } else {
            *word &= !mask;
        }
        bit += count;
    }
}

/// Half as many bits: those of which both bits of a pair are set.
fn both_of_a_pair(words: &[u64]) -> Vec<u64> {
    let half = |word: u64| {
        // Most pairs are both free or both in use.
        if word == 0 || word == u64::MAX {
            return word >> 32;
        }
        let mut bits = word & (word >> 1) & 0x5555_5555_5555_5555;
        for (shift, mask) in [
            (1, 0x3333_3333_3333_3333),
            (2, 0x0f0f_0f0f_0f0f_0f0f),
            (4, 0x00ff_00ff_00ff_00ff),
            (8, 0x0000_ffff_0000_ffff),
            (16, 0x0000_0000_ffff_ffff),
        ] {
            bits = (bits | bits >> shift) & mask;
        }
        bits
    };
    words.chunks(2).map(|pair| half(pair[0]) | pair.get(1).map_or(0, |word| half(*word) << 32)).collect()
}

/// The word `n` of what [`both_of_a_pair`] made `pairs` of, with both bits of each such pair.
fn spread(pairs: &[u64], n: usize) -> u64 {
    let mut bits = pairs.get(n / 2).map_or(0, |word| word >> (32 * (n % 2)) & 0xffff_ffff);
    if bits == 0 || bits == 0xffff_ffff {
        return bits | bits << 32;
    }
    for (shift, mask) in [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        bits = (bits | bits << shift) & mask;
    }
    bits | bits << 1
}
