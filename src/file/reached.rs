//! The pages that a walk has reached, so that none is visited again: in a forged file a few pages can refer to each
//! other so often that a walk would never end.

use super::File;
use super::page_number::PageNumber;
use std::collections::HashMap;

/// Words of 64 base pages that are kept together. Memory grows with the pages reached, not with the length of the file,
/// which can be forged.
const WORDS: usize = 64;

/// A set of pages.
#[derive(Debug, Default)]
pub struct Reached(HashMap<u64, Box<[u64; WORDS]>>);

impl Reached {
    /// Adds a page of `file`; returns whether a part of it was there already. A page outside of the file is not added:
    /// reading it fails.
    pub fn add(&mut self, file: &File, page: PageNumber) -> bool {
        let geometry = file.header.geometry;
        let Some((start, size)) = geometry.locate(page).filter(|(start, size)| start + size <= file.len) else {
            return false;
        };
        let base = u64::from(geometry.page_size);
        let (mut next, end) = (start / base, (start + size) / base);
        let mut twice = false;
        while next < end {
            let words = self.0.entry(next / 64 / WORDS as u64).or_insert_with(|| Box::new([0; WORDS]));
            let word = &mut words[usize::try_from(next / 64 % WORDS as u64).expect("below 64")];
            let pages = (64 - next % 64).min(end - next);
            let mask = (u64::MAX >> (64 - pages)) << (next % 64);
            twice |= *word & mask != 0;
            *word |= mask;
            next += pages;
        }
        twice
    }
}
