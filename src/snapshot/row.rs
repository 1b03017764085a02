//! A row of an entry of either layout.

use crate::cbor::error::Error as CborError;
use crate::cbor::pairs::{VerifiedMaps, Visit};
use crate::cbor::reader::{Head, Reader};
use crate::diorama::row::{RowError, RowView, Status};
use crate::error::Error;
use crate::live::envelope::Record;
use crate::live::error::DecodeError;
use crate::live::key::Key;
use crate::live::view::EnvelopeView;
use indexmap::IndexMap;
use std::borrow::Cow;
use std::cell::Cell;
use std::ops::{ControlFlow, Range};

/// Takes a row, or why it cannot be read.
pub type VisitRow<'v, T> = dyn FnMut(Result<&Row<'_>, RowFault>) -> T + 'v;

/// Why rows cannot be read.
#[derive(Debug)]
#[non_exhaustive]
pub enum RowFault {
    /// The value of an entry of vantage-live cannot be decoded, and none of its rows can be read.
    Envelope {
        /// The entry.
        key: Key,
        /// What is wrong with its value.
        error: DecodeError,
    },
    /// A row that diorama refuses.
    Refused {
        /// The id of the row.
        id: String,
        /// Why it is refused.
        error: RowError,
    },
    /// Rows are missing because a page is damaged or the cache cannot be read.
    Cache(Error),
}

/// The positions of values in the bytes, in the order of their names.
pub(crate) type Ranges<'b> = IndexMap<Cow<'b, str>, Range<usize>>;

/// A row of an entry, whose bytes were verified.
#[derive(Clone, Debug)]
pub struct Row<'r> {
    id: Cow<'r, str>,
    maps: &'r VerifiedMaps<'r>,
    start: usize,
    /// Where its fields end, once that is known.
    end: Cell<Option<usize>>,
    is_incomplete: bool,
}

impl<'r> Row<'r> {
    /// A row of a set of diorama.
    pub(crate) fn of_set(id: &'r str, view: &'r RowView<'r>) -> Row<'r> {
        let range = view.body_range();
        let is_incomplete = view.status() == Status::Incomplete;
        let end = Cell::new(Some(range.end));
        Row { id: Cow::Borrowed(id), maps: view.maps(), start: range.start, end, is_incomplete }
    }

    /// Calls `visit` with a stored row of a set as diorama reads it, or with the reason why diorama refuses it.
    pub(crate) fn read_of_set<T>(id: &str, value: &[u8], visit: &mut VisitRow<'_, T>) -> T {
        match RowView::new(value) {
            Ok(view) => visit(Ok(&Row::of_set(id, &view))),
            Err(error) => visit(Err(RowFault::Refused { id: id.to_owned(), error })),
        }
    }

    /// Calls `visit` with each row of an envelope of vantage-live.
    pub(crate) fn each_of<E>(
        envelope: &EnvelopeView<'_>,
        visit: &mut dyn FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        envelope.each_record(&mut |id, record| {
            let (start, end) = (record.pos(), Cell::new(None));
            let row = Row { id, maps: envelope.maps(), start, end, is_incomplete: false };
            visit(&row)?;
            // If the visitor has read the fields, the end is known.
            record.pass(row.end.get().map_or(0, |end| end - start));
            Ok(())
        })
    }

    /// The row with this id and record of an envelope.
    pub(crate) fn of_envelope(id: &'r str, envelope: &'r EnvelopeView<'r>, record: &Range<usize>) -> Row<'r> {
        let (start, end) = (record.start, Cell::new(Some(record.end)));
        Row { id: Cow::Borrowed(id), maps: envelope.maps(), start, end, is_incomplete: false }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether diorama still has to fetch some of its fields.
    #[must_use]
    pub fn is_incomplete(&self) -> bool {
        self.is_incomplete
    }

    /// Its fields as CBOR, as they are stored.
    #[must_use]
    pub fn bytes(&self) -> &'r [u8] {
        let end = self.end.get().unwrap_or_else(|| {
            let mut record = Reader::at(self.maps.bytes(), self.start);
            record.pass_item().expect("what was verified can be read");
            self.end.set(Some(record.pos()));
            record.pos()
        });
        &self.maps.bytes()[self.start..end]
    }

    /// The maps among the bytes that it is read from.
    pub(crate) fn maps(&self) -> &'r VerifiedMaps<'r> {
        self.maps
    }

    /// Where its fields begin among these bytes.
    pub(crate) fn start(&self) -> usize {
        self.start
    }

    /// Where the value of each field is among these bytes, by name.
    pub(crate) fn field_ranges(&self) -> Ranges<'r> {
        let mut ranges = Ranges::new();
        let walked = self.fields::<CborError>(&mut |name, value| {
            ranges.insert(name, value.item_range()?);
            Ok(())
        });
        walked.expect("what was verified can be read");
        ranges
    }

    /// Calls `visit` with the name of each field and a reader at its value, which `visit` must read. A record of
    /// vantage-live that is not a map has none.
    pub(crate) fn fields<E: From<CborError>>(&self, visit: &mut Visit<'_, 'r, E>) -> Result<(), E> {
        let mut record = Reader::at(self.maps.bytes(), self.start);
        if record.at_map() {
            self.maps.pairs(&mut record, visit)?;
            self.end.set(Some(record.pos()));
        }
        Ok(())
    }

    /// Calls `visit` with where the name and the value of each field are among these bytes, until it breaks. The map
    /// must be regular.
    pub(crate) fn each_place(
        &self,
        visit: &mut dyn FnMut(Range<usize>, Range<usize>) -> Result<ControlFlow<()>, CborError>,
    ) -> Result<(), CborError> {
        let mut record = Reader::at(self.maps.bytes(), self.start);
        let Head::Map(mut left) = record.head()? else { return Ok(()) };
        while record.more(&mut left)? {
            if visit(record.item_range()?, record.item_range()?)?.is_break() {
                return Ok(());
            }
        }
        self.end.set(Some(record.pos()));
        Ok(())
    }

    /// Its fields, decoded.
    #[must_use]
    pub fn record(&self) -> Record {
        let mut fields = Record::new();
        let read = self.fields::<CborError>(&mut |name, value| {
            fields.insert(name.into_owned(), value.value()?);
            Ok(())
        });
        read.expect("what was verified can be read");
        fields
    }
}
