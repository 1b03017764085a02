//! The rows that filters leave. A filter can take long, and rows are shown in two passes: so it runs once for each
//! row, on all cores, and what it gives is kept, in memory or, if it is much, in a temporary file without a name.

use super::rows::{Row, Visitor};
use crate::cli::filtering::Replacing;
use std::borrow::Cow;
use std::env;
use std::io::{self, BufRead, BufReader, Read, Seek};
use tempfile::SpooledTempFile;
use vlive::diorama::row::{RowView, Status, encode};
use vlive::ops::{DumpError, Dumped, RowText, Scope, dump_rows};
use vlive::snapshot::{self, EntryKey, SetKey};
use vlive::{Key, Record, Snapshot};

/// Bytes of rows in memory.
const MEMORY: usize = 4 * 1024 * 1024;

/// The rows, in order.
pub struct Evaluated {
    kept: BufReader<SpooledTempFile>,
}

/// What is kept, as its first byte says: a row with its key, its id and its value as diorama would store it, or an entry
/// that can be read with its key and perhaps two numbers. A set comes before its rows.
const ROW: u8 = 0;
const ENTRY: u8 = 1;
const PARTIAL_ENTRY: u8 = 2;

/// The kinds of keys.
const LIVE: u8 = 0;
const SET: u8 = 1;
const SET_ROW: u8 = 2;

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
            let (kind, key) = (self.byte()?, self.key()?);
            if kind != ROW {
                let part_of_total = if kind == PARTIAL_ENTRY { Some((self.number()?, self.number()?)) } else { None };
                visitor.entry(&key, part_of_total)?;
                continue;
            }
            let (id, value) = (self.text()?, self.bytes()?);
            let view = RowView::new(&value).expect("it was just encoded");
            let record = if visitor.looks_at_fields() { view.decode() } else { Record::new() };
            let is_incomplete = view.status() == Status::Incomplete;
            visitor.row(Row { key: &key, id: &id, record: &record, is_incomplete })?;
        }
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DumpError> {
        let mut bytes = [0; N];
        self.kept.read_exact(&mut bytes).map_err(temporary)?;
        Ok(bytes)
    }

    fn byte(&mut self) -> Result<u8, DumpError> {
        self.array().map(|[byte]| byte)
    }

    fn number(&mut self) -> Result<u64, DumpError> {
        self.array().map(u64::from_le_bytes)
    }

    fn bytes(&mut self) -> Result<Vec<u8>, DumpError> {
        let len = usize::try_from(self.number()?).expect("it was in memory");
        let mut bytes = vec![0; len];
        self.kept.read_exact(&mut bytes).map_err(temporary)?;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<String, DumpError> {
        Ok(String::from_utf8(self.bytes()?).expect("it was text"))
    }

    fn key(&mut self) -> Result<EntryKey, DumpError> {
        let (kind, name) = (self.byte()?, self.text()?);
        Ok(match kind {
            LIVE => EntryKey::Live(Key::new(&name)),
            SET => EntryKey::Set(SetKey::of_table(&name)),
            _ => EntryKey::Set(SetKey::of_table(&name).of_row(&self.text()?)),
        })
    }
}

fn temporary(source: io::Error) -> DumpError {
    DumpError::Cache(vlive::Error::Temporary { folder: env::temp_dir(), source })
}

/// Runs filters on rows.
struct Keeping<'k> {
    replacing: Option<&'k Replacing>,
}

fn push_bytes(kept: &mut Vec<u8>, bytes: &[u8]) {
    kept.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    kept.extend_from_slice(bytes);
}

/// Appends the first byte and the key.
fn push_begin(kept: &mut Vec<u8>, kind: u8, key: &EntryKey) {
    let (of_key, name, row) = match key {
        EntryKey::Live(key) => (LIVE, Cow::Owned(key.to_string()), None),
        EntryKey::Set(key) => (if key.row().is_some() { SET_ROW } else { SET }, Cow::Borrowed(key.name()), key.row()),
    };
    kept.extend_from_slice(&[kind, of_key]);
    push_bytes(kept, name.as_bytes());
    if let Some(row) = row {
        push_bytes(kept, row.as_bytes());
    }
}

impl RowText for Keeping<'_> {
    fn push(
        &self,
        kept: &mut Vec<u8>,
        key: &EntryKey,
        fetched_at: Option<u64>,
        row: &snapshot::Row<'_>,
    ) -> Result<(), vlive::Error> {
        let records = match self.replacing {
            Some(replacing) => replacing.replace(key, fetched_at, row)?,
            None => vec![row.record()],
        };
        let status = if row.is_incomplete() { Status::Incomplete } else { Status::Complete };
        for record in records {
            push_begin(kept, ROW, key);
            push_bytes(kept, row.id().as_bytes());
            push_bytes(kept, &encode(&record, status));
        }
        Ok(())
    }

    fn entry(&self, kept: &mut Vec<u8>, key: &EntryKey, part_of_total: Option<(u64, u64)>) {
        push_begin(kept, if part_of_total.is_some() { PARTIAL_ENTRY } else { ENTRY }, key);
        for number in part_of_total.into_iter().flat_map(|(rows, total)| [rows, total]) {
            kept.extend_from_slice(&number.to_le_bytes());
        }
    }
}
