//! The rows that filters leave. A filter can take long, and rows are shown in two passes: so it runs once for each
//! row, on all cores, and what it gives is kept, in memory or, if it is much, in a temporary file without a name.

use super::rows::{Row, Visitor};
use crate::cli::filtering::Replacing;
use ciborium::Value;
use serde::{Deserialize, Serialize};
use std::env;
use std::io::{self, BufRead, BufReader, Seek};
use tempfile::SpooledTempFile;
use vlive::ops::{DumpError, Dumped, RowText, Scope, dump_rows};
use vlive::snapshot::{self, EntryKey, SetKey};
use vlive::{Key, Snapshot};

/// Bytes of rows in memory.
const MEMORY: usize = 4 * 1024 * 1024;

/// Levels of a kept row, more than a value of a cache or of a filter has.
const DEPTH: usize = 300;

/// The rows, in order.
pub struct Evaluated {
    kept: BufReader<SpooledTempFile>,
}

/// A row, or the end of an entry that can be read. The end of a set comes before its rows.
#[derive(Serialize, Deserialize)]
enum Kept {
    Row { key: KeptKey, id: String, fields: Vec<(String, Value)>, is_incomplete: bool },
    Entry { key: KeptKey, part_of_total: Option<(u64, u64)> },
}

#[derive(Serialize, Deserialize)]
enum KeptKey {
    Live(String),
    Set(String, Option<String>),
}

impl KeptKey {
    fn of(key: &EntryKey) -> KeptKey {
        match key {
            EntryKey::Live(key) => KeptKey::Live(key.to_string()),
            EntryKey::Set(key) => KeptKey::Set(key.name().to_owned(), key.row().map(str::to_owned)),
        }
    }

    fn into_key(self) -> EntryKey {
        match self {
            KeptKey::Live(key) => EntryKey::Live(Key::new(&key)),
            KeptKey::Set(name, None) => EntryKey::Set(SetKey::of_table(&name)),
            KeptKey::Set(name, Some(row)) => EntryKey::Set(SetKey::of_table(&name).of_row(&row)),
        }
    }
}

impl Evaluated {
    /// Runs the filters. The result has no rows where `replacing` gives none.
    pub fn new(
        snapshot: &Snapshot,
        scope: &Scope,
        replacing: Option<&Replacing>,
    ) -> Result<(Evaluated, Dumped), DumpError> {
        let mut kept = SpooledTempFile::new(MEMORY);
        let dumped = dump_rows(snapshot, scope, &Keeping { replacing }, &mut kept).map_err(|error| match error {
            DumpError::Output(error) => temporary(error),
            error @ DumpError::Cache(_) => error,
        })?;
        Ok((Evaluated { kept: BufReader::new(kept) }, dumped))
    }

    /// Passes on all rows and entries.
    pub fn each(&mut self, visitor: &mut dyn Visitor) -> Result<(), DumpError> {
        self.kept.rewind().map_err(temporary)?;
        while !self.kept.fill_buf().map_err(temporary)?.is_empty() {
            let kept = ciborium::de::from_reader_with_recursion_limit(&mut self.kept, DEPTH);
            match kept.map_err(|error| temporary(io::Error::other(error)))? {
                Kept::Row { key, id, fields, is_incomplete } => {
                    let (key, record) = (key.into_key(), fields.into_iter().collect());
                    visitor.row(Row { key: &key, id: &id, record: &record, is_incomplete })?;
                }
                Kept::Entry { key, part_of_total } => visitor.entry(&key.into_key(), part_of_total)?,
            }
        }
        Ok(())
    }
}

fn temporary(source: io::Error) -> DumpError {
    DumpError::Cache(vlive::Error::Temporary { folder: env::temp_dir(), source })
}

/// Runs filters on rows.
struct Keeping<'k> {
    replacing: Option<&'k Replacing>,
}

fn push(bytes: &mut Vec<u8>, kept: &Kept) {
    ciborium::into_writer(kept, bytes).expect("memory takes all");
}

impl RowText for Keeping<'_> {
    fn push(
        &self,
        bytes: &mut Vec<u8>,
        key: &EntryKey,
        fetched_at: Option<u64>,
        row: &snapshot::Row<'_>,
    ) -> Result<(), vlive::Error> {
        let records = match self.replacing {
            Some(replacing) => replacing.replace(key, fetched_at, row)?,
            None => vec![row.record()],
        };
        for record in records {
            let (key, fields) = (KeptKey::of(key), record.into_iter().collect());
            push(bytes, &Kept::Row { key, id: row.id().to_owned(), fields, is_incomplete: row.is_incomplete() });
        }
        Ok(())
    }

    fn entry(&self, bytes: &mut Vec<u8>, key: &EntryKey, part_of_total: Option<(u64, u64)>) {
        push(bytes, &Kept::Entry { key: KeptKey::of(key), part_of_total });
    }
}
