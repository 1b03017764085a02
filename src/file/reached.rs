//! Which pages a walk has reached, so that none is reached twice: a file can be made in which a few
//! pages lead to each other more often than any walk could end.

use super::File;
use super::page_number::PageNumber;
use std::collections::HashMap;

/// Words of 64 base pages that are kept together. What is kept grows with what is reached, not with
/// the length of the file, which costs nothing to claim.
const WORDS: usize = 64;

/// A set of pages.
#[derive(Debug, Default)]
pub struct Reached(HashMap<u64, Box<[u64; WORDS]>>);

impl Reached {
    /// Adds a page of `file`; returns whether a part of it was there already. A page outside of the
    /// file is none, which reading it will tell.
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
