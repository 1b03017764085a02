//! Predicting the length of a compacted file.

use crate::database::rebuild;
use crate::file::{PAGE_SIZE, Packing};
use crate::snapshot::Table;

/// The space that a compacted file needs.
#[derive(Default)]
pub(super) struct Needs {
    /// Base pages of all tables.
    pages: u64,
    /// Base pages that redb needs in addition while it writes one table.
    scratch: u64,
    /// Bytes of the definitions of tables.
    definitions: usize,
}

/// Bytes of the definition of a table without its name.
const DEFINITION: usize = 96;

impl Needs {
    pub fn packed(&mut self, table: &Table, packing: Packing) {
        self.scratch = self.scratch.max(packing.scratch());
        self.pages += packing.pages();
        self.definitions += DEFINITION + table.name().len();
    }

    /// Adds a table whose leaves redb fills by itself: it splits a full leaf in the middle.
    pub fn other(&mut self, table: &Table, bytes: u64) {
        let pages = bytes.div_ceil(PAGE_SIZE as u64);
        self.pages += if pages > 1 { 2 * pages + 2 } else { pages };
        self.definitions += DEFINITION + table.name().len();
    }

    pub fn file_len(&self) -> u64 {
        rebuild::file_len(self.pages + self.scratch + 2 * self.definitions.div_ceil(PAGE_SIZE) as u64 + 1)
    }
}
