//! Predicting the length of a compacted file.

use crate::database::rebuild;
use crate::file::{PAGE_SIZE, Packing};
use crate::snapshot::Table;

/// The base pages that a compacted file takes.
#[derive(Default)]
pub(super) struct Needs {
    pages: u64,
    scratch: u64,
    definitions: usize,
}

/// Bytes of the definition of a table, its name not included.
const DEFINITION: usize = 96;

impl Needs {
    pub fn packed(&mut self, table: &Table, packing: Packing) {
        self.scratch = self.scratch.max(packing.scratch());
        self.pages += packing.pages();
        self.definitions += DEFINITION + table.name().len();
    }

    /// A table whose leaves redb fills by itself: each is split in its middle when it is full.
    pub fn other(&mut self, table: &Table, bytes: u64) {
        let pages = bytes.div_ceil(PAGE_SIZE as u64);
        self.pages += if pages > 1 { 2 * pages + 2 } else { pages };
        self.definitions += DEFINITION + table.name().len();
    }

    pub fn file_len(&self) -> u64 {
        rebuild::file_len(self.pages + self.scratch + 2 * self.definitions.div_ceil(PAGE_SIZE) as u64 + 1)
    }
}
