//! A view of an envelope: what vantage-live reads from it, without building a value.

use super::error::Result;
use super::verify::verify;
use crate::cbor;
use crate::cbor::pairs::{VerifiedMaps, Visit};
use crate::cbor::reader::{Head, Reader};

/// An envelope whose bytes were verified to its end.
#[derive(Clone, Debug)]
pub struct EnvelopeView<'b> {
    fetched_at: u64,
    /// Where the maps of rows begin: a single one, unless `rows` is repeated or missing.
    rows: Vec<usize>,
    maps: VerifiedMaps<'b>,
}

impl<'b> EnvelopeView<'b> {
    /// Verifies the value of an entry.
    ///
    /// # Errors
    /// As [`CachedRows::decode`](super::CachedRows::decode).
    pub fn new(value: &'b [u8]) -> Result<EnvelopeView<'b>> {
        let found = verify(value)?;
        let maps = VerifiedMaps::new(value, found.irregular);
        Ok(EnvelopeView { fetched_at: found.fetched_at, rows: found.rows, maps })
    }

    /// When the entry was fetched, in whole seconds since 1970.
    #[must_use]
    pub fn fetched_at(&self) -> u64 {
        self.fetched_at
    }

    /// The bytes.
    pub(crate) fn value(&self) -> &'b [u8] {
        self.maps.bytes()
    }

    /// The maps in it.
    pub(crate) fn maps(&self) -> &VerifiedMaps<'b> {
        &self.maps
    }

    /// Calls `visit` with the id of each row and a reader that is at its record, which `visit` must read, in
    /// the order and with the contents that vantage-live gives them.
    pub(crate) fn rows<E: From<cbor::Error>>(&self, visit: &mut Visit<'_, 'b, E>) -> Result<(), E> {
        match *self.rows.as_slice() {
            [] => Ok(()),
            [map] => self.maps.pairs(&mut Reader::at(self.value(), map), visit),
            ref maps => self.maps.pairs_of_all(maps, visit),
        }
    }

    /// Reads the record that `record` is at, and calls `visit` with the name of each field and a reader at its value,
    /// as in [`Self::rows`]. A record that is not a map has no fields.
    pub(crate) fn fields<E: From<cbor::Error>>(
        &self,
        record: &mut Reader<'b>,
        visit: &mut Visit<'_, 'b, E>,
    ) -> Result<(), E> {
        match record.peek()? {
            Head::Map(_) => self.maps.pairs(record, visit),
            _ => Ok(record.pass_item()?),
        }
    }
}
