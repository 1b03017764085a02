//! Values of tables of rows: a byte that says whether the row is complete, and a CBOR map of its fields. They are read
//! as leniently as diorama reads them, and written as it writes them.

use crate::cbor::as_written::AsWritten;
use crate::cbor::encode::{push_head, push_text};
use crate::cbor::error::Error as CborError;
use crate::cbor::pairs::{VerifiedMaps, Visit};
use crate::cbor::reader::{Head, Reader};
use crate::cbor::verify::IrregularMaps;
use ciborium::Value;
use ciborium_ll::Header;
use indexmap::IndexMap;
use std::fmt;
use std::ops::Range;

/// How many containers and tags may be nested, including the row's own map.
const MAX_DEPTH: usize = 256;

/// How many of these levels are left for the value of a field.
pub(crate) const FIELD_DEPTH: usize = MAX_DEPTH - 1;

/// Whether a row has all of its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Status {
    /// All fields have been fetched.
    #[default]
    Complete,
    /// The row was listed, but its fields from a second source are still to be fetched.
    Incomplete,
}

impl Status {
    /// The byte before a row.
    pub(crate) fn byte(self) -> u8 {
        match self {
            Status::Complete => 0,
            Status::Incomplete => 1,
        }
    }

    /// The status of a stored row, and where its fields begin.
    pub(crate) fn of_value(value: &[u8]) -> (Status, usize) {
        let status = value.first().and_then(|byte| Status::of_byte(*byte));
        (status.unwrap_or_default(), usize::from(status.is_some()))
    }

    fn of_byte(byte: u8) -> Option<Status> {
        [Status::Complete, Status::Incomplete].into_iter().find(|status| status.byte() == byte)
    }
}

/// How many values, the first by their keys, decide whether a table without metadata holds rows.
pub(crate) const SAMPLE: usize = 8;

/// What values of a table look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// One of them is a row.
    Row,
    /// All begin as rows, with a status and a map, but diorama refuses them.
    Refused,
    /// All begin as records of vantage-redb: `[name, variant or null, value]`.
    Record,
    Neither,
}

impl Likeness {
    /// The likeness of a value together with `others`, the likeness of the values before it, if there are any.
    pub fn with(others: Option<Likeness>, value: &[u8]) -> Likeness {
        if others == Some(Likeness::Row) || RowView::new(value).is_ok() {
            return Likeness::Row;
        }
        let own = match value {
            [0 | 1, 0xa0..=0xbb | 0xbf, ..] => Likeness::Refused,
            [0x83, 0x60..=0x7b, ..] => Likeness::Record,
            _ => Likeness::Neither,
        };
        if others.is_none_or(|others| others == own) { own } else { Likeness::Neither }
    }
}

/// Why diorama refuses a row. One row that it refuses makes the whole table unlistable for the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowError(Refusal);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Cbor(CborError),
    NotAMap { offset: usize },
    KeyNotText { offset: usize },
}

impl From<CborError> for RowError {
    fn from(error: CborError) -> RowError {
        RowError(Refusal::Cbor(error))
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Refusal::Cbor(error) => error.fmt(f),
            Refusal::NotAMap { offset } => write!(f, "the row is not a map (at byte {offset})"),
            Refusal::KeyNotText { offset } => write!(f, "a field name that is not text (at byte {offset})"),
        }
    }
}

impl std::error::Error for RowError {}

type Result<T, E = RowError> = std::result::Result<T, E>;

/// A row whose bytes were verified to its end: what diorama reads from it, without building values.
#[derive(Clone, Debug)]
pub struct RowView<'b> {
    maps: VerifiedMaps<'b>,
    /// `None` for a row of diorama 0.5 or earlier, which wrote no status.
    status: Option<Status>,
    /// Where the map ends; diorama ignores what follows.
    end: usize,
}

impl<'b> RowView<'b> {
    /// Verifies the value of a row.
    ///
    /// # Errors
    /// What diorama refuses: what is not CBOR to ciborium, is nested more than 256 levels deep, is not a
    /// map, or has a field name that is not text.
    pub fn new(value: &'b [u8]) -> Result<RowView<'b>> {
        let status = value.first().and_then(|byte| Status::of_byte(*byte));
        let body = usize::from(status.is_some());
        let mut reader = Reader::at(value, body);
        let mut irregular = IrregularMaps::default();
        // Like diorama, refuses what is not CBOR before what is not a map.
        reader.verify(MAX_DEPTH, &mut irregular)?;
        let maps = VerifiedMaps::new(value, irregular.into_sorted());
        let view = RowView { maps, status, end: reader.pos() };
        view.refuse_other_than_fields(body)?;
        Ok(view)
    }

    fn refuse_other_than_fields(&self, body: usize) -> Result<()> {
        let mut reader = Reader::at(self.maps.bytes(), body);
        let Head::Map(mut left) = reader.head()? else { return Err(RowError(Refusal::NotAMap { offset: body })) };
        // A regular map has only text for keys.
        if !self.maps.is_irregular(body) {
            return Ok(());
        }
        while reader.more(&mut left)? {
            if !reader.at_text() {
                return Err(RowError(Refusal::KeyNotText { offset: reader.pos() }));
            }
            reader.skip(MAX_DEPTH)?;
            reader.skip(MAX_DEPTH)?;
        }
        Ok(())
    }

    /// Whether the row is complete; a row without a status counts as complete.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status.unwrap_or_default()
    }

    /// Where its map is.
    pub(crate) fn body_range(&self) -> Range<usize> {
        self.body()..self.end
    }

    fn body(&self) -> usize {
        usize::from(self.status.is_some())
    }

    /// The maps in it.
    pub(crate) fn maps(&self) -> &VerifiedMaps<'b> {
        &self.maps
    }

    /// Calls `visit` with the name of every field and a reader at its value, which `visit` must read. A repeated name
    /// is visited once, in its first place, with its last value.
    pub(crate) fn fields<E: From<CborError>>(&self, visit: &mut Visit<'_, 'b, E>) -> Result<(), E> {
        self.maps.pairs(&mut Reader::at(self.maps.bytes(), self.body()), visit)
    }

    /// The fields as diorama reads them.
    #[must_use]
    pub fn decode(&self) -> IndexMap<String, Value> {
        let mut fields = IndexMap::new();
        let read = self.fields(&mut |name, value: &mut Reader<'b>| {
            fields.insert(name.into_owned(), value.value()?);
            Ok::<(), CborError>(())
        });
        read.expect("verified");
        fields
    }

    /// How the bytes differ from what diorama would write for the same row.
    #[must_use]
    pub fn deviations(&self) -> Vec<RowDeviation> {
        let mut found = Vec::new();
        if self.status.is_none() {
            found.push(RowDeviation::NoStatus);
        }
        if self.end < self.maps.bytes().len() {
            found.push(RowDeviation::TrailingBytes);
        }
        let body = self.body();
        if self.maps.is_irregular(body) {
            found.push(RowDeviation::Repeated);
        } else if !self.is_as_written() {
            found.push(RowDeviation::Encoding);
        }
        found
    }

    fn is_as_written(&self) -> bool {
        let mut body = AsWritten::new(Reader::at(self.maps.bytes(), self.body()));
        body.value().expect("what was verified can be read");
        !body.differs
    }
}

/// A way in which a row differs from what diorama would write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum RowDeviation {
    /// No status byte: diorama 0.5 and earlier wrote none. The row counts as complete.
    NoStatus,
    /// Bytes after the map.
    TrailingBytes,
    /// A field is repeated; the last value counts.
    Repeated,
    /// A length is indefinite, a number is longer than necessary, a small bignum stands for an integer, or
    /// `undefined` for null.
    Encoding,
}

impl fmt::Display for RowDeviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            RowDeviation::NoStatus => "no status byte",
            RowDeviation::TrailingBytes => "bytes after the row",
            RowDeviation::Repeated => "a repeated field",
            RowDeviation::Encoding => "another encoding",
        })
    }
}

/// Encodes a row as diorama writes it.
#[must_use]
pub fn encode(fields: &IndexMap<String, Value>, status: Status) -> Vec<u8> {
    let mut value = vec![status.byte()];
    push_head(&mut value, Header::Map(Some(fields.len())));
    for (name, field) in fields {
        push_text(&mut value, name);
        ciborium::into_writer(field, &mut value).expect("writing to memory cannot fail");
    }
    value
}
