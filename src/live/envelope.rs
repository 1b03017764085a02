//! The codec of values: envelopes, written and read as vantage-live 0.4 writes and reads them.

use super::error::Result;
use super::layout::{FETCHED_AT, ROWS};
use super::view::EnvelopeView;
use crate::cbor;
use crate::cbor::encode::{push_head, push_text};
use crate::cbor::pairs::Visit;
use crate::cbor::reader::Reader;
use ciborium::Value;
use ciborium_ll::Header;
use indexmap::IndexMap;
use std::borrow::Cow;
use std::convert::Infallible;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// One row: field name to value, in the order of the backend.
pub type Record = IndexMap<String, Value>;

/// What vantage-live keeps under one key: rows by their id, and when they were fetched.
#[derive(Clone, Debug, PartialEq)]
pub struct CachedRows {
    /// Row id to record, in the order of the fetch.
    pub rows: IndexMap<String, Record>,
    /// When the fetch completed. The cache keeps whole seconds; a time before 1970 is kept as 1970.
    pub fetched_at: SystemTime,
}

impl CachedRows {
    /// Rows that were fetched just now.
    #[must_use]
    pub fn new(rows: IndexMap<String, Record>) -> CachedRows {
        CachedRows { rows, fetched_at: SystemTime::now() }
    }

    /// Decodes the value of an entry as leniently as vantage-live's `get`. Bytes after the envelope, unknown keys, and
    /// keys that are not text are ignored. A time that is missing or not an integer is read as 1970, rows that are
    /// missing or not a map as no rows, and a record that is not a map as an empty one. Of a repeated key the last
    /// value counts.
    ///
    /// # Errors
    /// What vantage-live refuses: an envelope that is not a map, bytes that are not CBOR or end too soon, unknown
    /// simple values, text that is not UTF-8, more than 256 nested levels.
    pub fn decode(value: &[u8]) -> Result<CachedRows> {
        let view = EnvelopeView::new(value)?;
        let mut rows = IndexMap::new();
        let Ok(()) = view.records::<Infallible>(&mut |id, record| {
            rows.insert(id.into_owned(), record);
            Ok(())
        });
        let fetched_at = UNIX_EPOCH.checked_add(Duration::from_secs(view.fetched_at())).unwrap_or(UNIX_EPOCH);
        Ok(CachedRows { rows, fetched_at })
    }
}

impl<'b> EnvelopeView<'b> {
    /// Calls `visit` with the id and the decoded record of every row, in order. Only one record at a time is in memory.
    ///
    /// # Errors
    /// What `visit` returns.
    pub fn records<E>(&self, visit: &mut dyn FnMut(Cow<'b, str>, Record) -> Result<(), E>) -> Result<(), E> {
        let visited = self.rows(&mut |id, record| visit(id, self.record(record)?).map_err(Stop::Visitor));
        visited.map_err(Stop::of_visitor)
    }

    /// Calls `visit` with the id of every row, in order, and a reader that is at its record, which `visit` may read.
    pub(crate) fn each_record<E>(&self, visit: &mut Visit<'_, 'b, E>) -> Result<(), E> {
        let visited = self.rows(&mut |id, record| {
            let start = record.pos();
            visit(id, record).map_err(Stop::Visitor)?;
            if record.pos() == start {
                record.pass_item()?;
            }
            Ok(())
        });
        visited.map_err(Stop::of_visitor)
    }

    /// Reads and decodes the record that the reader is at.
    pub(crate) fn record(&self, record: &mut Reader<'b>) -> cbor::error::Result<Record> {
        let mut fields = Record::new();
        self.fields::<cbor::Error>(record, &mut |name, field| {
            fields.insert(name.into_owned(), field.value()?);
            Ok(())
        })?;
        Ok(fields)
    }

    /// The envelope with only the rows for which `keep` is true, in their order. The bytes of their records stay as
    /// they are; everything that vantage-live ignores in the envelope is left out.
    ///
    /// # Errors
    /// What `keep` returns.
    pub fn retain<E>(&self, mut keep: impl FnMut(&str, Record) -> Result<bool, E>) -> Result<Envelope, E> {
        let (mut rows, mut encoded) = (0, Vec::new());
        let visited = self.rows(&mut |id, record| {
            let start = record.pos();
            if keep(&id, self.record(record)?).map_err(Stop::Visitor)? {
                push_text(&mut encoded, &id);
                encoded.extend_from_slice(&self.value()[start..record.pos()]);
                rows += 1;
            }
            Ok(())
        });
        visited.map_err(Stop::of_visitor)?;
        Ok(envelope_of(self.fetched_at(), rows, encoded))
    }
}

/// Why a walk over rows ends early.
enum Stop<E> {
    Unreadable,
    Visitor(E),
}

impl<E> Stop<E> {
    /// The error of the visitor. There is no other, since a view was verified to its end.
    fn of_visitor(self) -> E {
        match self {
            Stop::Visitor(error) => error,
            Stop::Unreadable => unreachable!("what was verified can be read"),
        }
    }
}

impl<E> From<cbor::Error> for Stop<E> {
    fn from(_: cbor::Error) -> Stop<E> {
        Stop::Unreadable
    }
}

/// The value of an entry, encoded: the bytes that vantage-live itself would write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    bytes: Vec<u8>,
    rows: u64,
}

impl Envelope {
    /// Encodes rows: definite lengths, the shortest form of every number, the order kept.
    #[must_use]
    pub fn encode(rows: &CachedRows) -> Envelope {
        let since_1970 = rows.fetched_at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut encoded = Vec::new();
        for (id, record) in &rows.rows {
            push_text(&mut encoded, id);
            push_head(&mut encoded, Header::Map(Some(record.len())));
            for (name, value) in record {
                push_text(&mut encoded, name);
                ciborium::into_writer(value, &mut encoded).expect("writing to memory cannot fail");
            }
        }
        envelope_of(since_1970, rows.rows.len(), encoded)
    }

    /// The encoded bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The encoded bytes, consuming the envelope.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// The number of rows in it.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

/// The envelope of rows that are already encoded: `encoded` holds their ids and records, one after the other.
pub(crate) fn envelope_of(fetched_at: u64, rows: usize, mut encoded: Vec<u8>) -> Envelope {
    let mut head = Vec::new();
    push_head(&mut head, Header::Map(Some(2)));
    push_text(&mut head, FETCHED_AT);
    push_head(&mut head, Header::Positive(fetched_at));
    push_text(&mut head, ROWS);
    push_head(&mut head, Header::Map(Some(rows)));
    encoded.splice(0..0, head);
    Envelope { bytes: encoded, rows: rows as u64 }
}
