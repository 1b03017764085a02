//! The verification of an envelope to its end, with everything that is nested in it.

use super::error::{DecodeError, Result};
use super::layout::{FETCHED_AT, MAX_DEPTH, ROWS, seconds};
use crate::cbor;
use crate::cbor::key_comparison::{are_distinct_at, are_equal};
use crate::cbor::reader::{Head, Reader};
use crate::cbor::verify::{IrregularMaps, Maps, deeper};

/// A record of more fields than this is not compared with the next one.
const LARGE_RECORD: usize = 1000;

/// What the verification finds.
#[derive(Clone, Debug, Default)]
pub(super) struct Verified {
    pub fetched_at: u64,
    /// Where the maps of rows begin: a single one, unless `rows` is repeated or missing.
    pub rows: Vec<usize>,
    /// Where the irregular maps begin, in ascending order; the envelope itself is not among them.
    pub irregular: Vec<usize>,
}

/// Verifies the value of an entry; bytes after the envelope are ignored.
pub(super) fn verify(value: &[u8]) -> Result<Verified> {
    let mut verifier =
        Verifier { reader: Reader::at(value, 0), maps: IrregularMaps::default(), last_record: Vec::new() };
    let Head::Map(left) = verifier.reader.head()? else {
        // Like vantage-live, refuses what is not CBOR before what is not a map.
        Reader::at(value, 0).skip(MAX_DEPTH)?;
        return Err(DecodeError::NOT_A_MAP);
    };
    let mut found = Verified::default();
    verifier.envelope(left, &mut found)?;
    found.irregular = verifier.maps.into_sorted();
    Ok(found)
}

struct Verifier<'b> {
    reader: Reader<'b>,
    maps: IrregularMaps,
    /// Where the fields begin in the last record whose field names all differ.
    last_record: Vec<u32>,
}

impl Verifier<'_> {
    fn value(&mut self, depth: usize) -> cbor::error::Result<()> {
        self.reader.verify(depth, &mut self.maps)
    }

    /// An envelope whose head was just read.
    fn envelope(&mut self, mut left: Option<usize>, found: &mut Verified) -> cbor::error::Result<()> {
        let depth = MAX_DEPTH - 1;
        while self.reader.more(&mut left)? {
            let key = if let Head::Text(len) = self.reader.peek()? {
                self.reader.head()?;
                Some(self.reader.text(len)?)
            } else {
                self.value(depth)?;
                None
            };
            let mut value = self.reader;
            match key.as_deref() {
                Some(ROWS) if self.reader.at_map() => {
                    self.rows(depth)?;
                    found.rows.push(value.pos());
                }
                Some(FETCHED_AT) => {
                    self.value(depth)?;
                    if let Some(integer) = value.integer()? {
                        found.fetched_at = seconds(integer);
                    }
                }
                _ => self.value(depth)?,
            }
        }
        Ok(())
    }

    /// The map of rows.
    fn rows(&mut self, depth: usize) -> cbor::error::Result<()> {
        let start = self.reader.pos();
        let Head::Map(mut left) = self.reader.head()? else { unreachable!("rows are a map") };
        let depth = deeper(depth, start)?;
        let begun = self.maps.begin();
        let mut all_text = true;
        while self.reader.more(&mut left)? {
            all_text &= self.key(depth)?;
            if self.reader.at_map() {
                self.record(depth)?;
            } else {
                self.value(depth)?;
            }
        }
        self.maps.end(self.reader.all(), start, begun, all_text);
        Ok(())
    }

    fn record(&mut self, depth: usize) -> cbor::error::Result<()> {
        let start = self.reader.pos();
        let Head::Map(mut left) = self.reader.head()? else { unreachable!("a record is a map") };
        let depth = deeper(depth, start)?;
        let begun = self.maps.begin();
        let mut all_text = true;
        while self.reader.more(&mut left)? {
            all_text &= self.key(depth)?;
            self.value(depth)?;
        }
        let is_regular = all_text && self.fields_differ(begun);
        self.maps.end_known(start, begun, is_regular);
        Ok(())
    }

    /// Verifies a key and records where it begins. Returns whether it is text.
    fn key(&mut self, depth: usize) -> cbor::error::Result<bool> {
        let (start, is_text) = (self.reader.pos(), self.reader.at_text());
        self.value(depth)?;
        self.maps.key(start)?;
        Ok(is_text)
    }

    /// Whether the field names of the record that began with `begun` differ from each other. The records of a table
    /// mostly have the same fields, so that a comparison with the last record is enough.
    fn fields_differ(&mut self, begun: usize) -> bool {
        let bytes = self.reader.all();
        let keys = self.maps.keys_since(begun);
        if keys.len() > LARGE_RECORD {
            return are_distinct_at(bytes, keys);
        }
        let mut both = keys.iter().zip(&self.last_record);
        if keys.len() == self.last_record.len() && both.all(|(key, last)| are_equal(bytes, *key, *last)) {
            return true;
        }
        self.last_record.clear();
        self.last_record.extend_from_slice(keys);
        let differ = are_distinct_at(bytes, keys);
        if !differ {
            self.last_record.clear();
        }
        differ
    }
}
