//! Saving what a change replaces or removes, before the change.

use super::dump::{DumpError, DumpFormat, DumpStyle, dump_entry};
use crate::error::Result;
use crate::json::set_writer::{Beside, SetFrame, SetHead, SetWriter};
use crate::live::key::Key;
use crate::snapshot::{LiveEntry, Set, Snapshot};
use std::collections::BTreeSet;
use std::fmt;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

/// Receives what a change is about to replace or remove. If it fails, the change is not made.
type Keep = dyn FnMut(&mut dyn Iterator<Item = Result<Kept<'_>>>) -> Result<()> + Send;

/// Called before each change that replaces or removes anything, if set.
#[derive(Default)]
pub(crate) struct Keeper(Mutex<Option<Box<Keep>>>);

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keeper")
    }
}

/// What a change replaces or removes.
#[derive(Debug, Default)]
pub(crate) struct Lost {
    /// Entries of vantage-live. Keys that the cache does not have are ignored.
    pub keys: BTreeSet<Key>,
    /// Sets of diorama and rows of sets.
    pub sets: Vec<LostSet>,
}

/// What a change replaces or removes of a set.
#[derive(Clone, Debug)]
pub(crate) struct LostSet {
    /// The set, or one row of it.
    pub set: Set,
    pub what: LostPart,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LostPart {
    /// The rows and the metadata.
    All,
    /// Only the rows.
    Rows,
    /// Only the metadata.
    Meta,
}

impl Lost {
    /// For entries of vantage-live alone.
    pub fn of_keys(keys: impl IntoIterator<Item = Key>) -> Lost {
        Lost { keys: keys.into_iter().collect(), sets: Vec::new() }
    }

    /// Adds a set or one row of it.
    pub fn add(&mut self, set: &Set, what: LostPart) {
        self.sets.push(LostSet { set: set.clone(), what });
    }
}

/// An entry, or a part of a set, that a change is about to replace or remove.
#[derive(Debug)]
pub struct Kept<'k> {
    snapshot: &'k Snapshot,
    what: What<'k>,
}

#[derive(Debug)]
enum What<'k> {
    Entry(LiveEntry),
    Set(&'k LostSet),
}

impl Kept<'_> {
    /// The full key.
    #[must_use]
    pub fn key(&self) -> String {
        match &self.what {
            What::Entry(entry) => entry.key().to_string(),
            What::Set(lost) => lost.set.key().to_string(),
        }
    }

    /// Writes a line from which a [`Fixture`](crate::Fixture) restores it byte for byte.
    ///
    /// # Errors
    /// [`DumpError::Output`] if `out` fails, and those of the cache.
    pub fn write(&self, out: &mut impl Write) -> Result<(), DumpError> {
        match &self.what {
            What::Entry(entry) => {
                let style = DumpStyle { format: DumpFormat::RawLines, ..DumpStyle::default() };
                // Bytes are written whatever they are.
                dump_entry(entry, style, out).map(drop)
            }
            What::Set(lost) => lost.write(self.snapshot, out),
        }
    }
}

impl LostSet {
    /// Writes the stored bytes. Nothing is left out of them: damage is an error.
    fn write(&self, snapshot: &Snapshot, out: &mut impl Write) -> Result<(), DumpError> {
        let LostSet { set, what } = self;
        let meta = if *what == LostPart::Rows { None } else { snapshot.stored_meta(set)? };
        // Marked as a part, so that restoring it leaves alone what remains of the set.
        let is_part = set.row().is_some() || *what != LostPart::All;
        let key = set.key().to_string();
        let head = SetHead {
            key: &key,
            part_of: is_part.then(|| set.name()),
            beside: Beside::Stored { meta: meta.as_deref(), has_rows: set.rows_table().is_some() },
        };
        let mut json = SetWriter::begin(out, SetFrame::Line, DumpStyle::default().json, &head)?;
        if *what != LostPart::Meta {
            for row in snapshot.rows(set) {
                let row = row?;
                json.raw_row(row.id(), row.value())?;
            }
        }
        json.end_rows();
        json.finish()?;
        Ok(())
    }
}

impl Keeper {
    pub fn set(&self, keep: Box<Keep>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(keep);
    }

    /// Passes on what the cache has of it: entries in the order of their keys, then sets.
    pub fn keep(&self, snapshot: &Snapshot, lost: &Lost) -> Result<()> {
        let mut keep = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(keep) = keep.as_mut() else { return Ok(()) };
        let entries = lost.keys.iter().filter_map(|key| snapshot.entry(key).transpose());
        let entries = entries.map(|entry| Ok(Kept { snapshot, what: What::Entry(entry?) }));
        let sets = lost.sets.iter().map(|lost| Ok(Kept { snapshot, what: What::Set(lost) }));
        let mut kept = entries.chain(sets).peekable();
        if kept.peek().is_some() { keep(&mut kept) } else { Ok(()) }
    }
}
