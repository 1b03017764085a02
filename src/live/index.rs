//! The rows of an envelope by position.

use super::envelope::Record;
use super::view::EnvelopeView;
use crate::cbor;
use crate::cbor::reader::Reader;
use std::borrow::Cow;

/// The rows of an envelope by position. A row is decoded when it is requested.
#[derive(Clone, Debug)]
pub struct RowIndex<'v, 'b> {
    view: &'v EnvelopeView<'b>,
    /// Ids, and where the records begin.
    rows: Vec<(Cow<'b, str>, usize)>,
}

impl<'b> EnvelopeView<'b> {
    /// Finds the position of each row without decoding any.
    #[must_use]
    pub fn index(&self) -> RowIndex<'_, 'b> {
        let mut rows = Vec::new();
        let walked = self.rows::<cbor::Error>(&mut |id, record| {
            rows.push((id, record.pos()));
            record.pass_item()
        });
        walked.expect("what was verified can be read");
        RowIndex { view: self, rows }
    }
}

impl RowIndex<'_, '_> {
    /// The number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The id of the row at a position, counted from 0 in the order of the entry.
    #[must_use]
    pub fn id(&self, position: usize) -> Option<&str> {
        self.rows.get(position).map(|(id, _)| &**id)
    }

    /// The row at a position, decoded.
    #[must_use]
    pub fn record(&self, position: usize) -> Option<Record> {
        let (_, start) = self.rows.get(position)?;
        let record = self.view.record(&mut Reader::at(self.view.value(), *start));
        Some(record.expect("what was verified can be read"))
    }
}

#[cfg(test)]
mod tests {
    use crate::live::{CachedRows, EnvelopeView};

    #[test]
    fn a_row_by_its_position_is_the_row_that_decoding_the_whole_entry_gives() {
        // {"rows": {"a": {"x": 1}, "b": 7, "a": {"x": 2}}, "rows": {"c": {}}}: repeated, and not all of them maps.
        let strange = b"\xa2\x64rows\xa3\x61a\xa1\x61x\x01\x61b\x07\x61a\xa1\x61x\x02\x64rows\xa1\x61c\xa0";
        let usual = b"\xa2\x6afetched_at\x05\x64rows\xa2\x61b\xa1\x61x\x01\x61a\xa0";
        for value in [&strange[..], usual, b"\xa0"] {
            let view = EnvelopeView::new(value).expect("it is an envelope");
            let index = view.index();
            let whole = CachedRows::decode(value).expect("it is an envelope");
            assert_eq!((index.len(), index.is_empty()), (whole.rows.len(), whole.rows.is_empty()));
            for (place, (id, record)) in whole.rows.iter().enumerate() {
                assert_eq!((index.id(place), index.record(place).as_ref()), (Some(id.as_str()), Some(record)));
            }
            assert_eq!((index.id(whole.rows.len()), index.record(usize::MAX)), (None, None));
        }
    }
}
