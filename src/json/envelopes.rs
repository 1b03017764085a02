//! Envelopes as JSON, in two ways that write the same text.
//!
//! [`Envelopes::verified`] writes any envelope that an [`EnvelopeView`] has verified. [`Envelopes::unverified`]
//! verifies an envelope as it writes it, in half the time, but stops at the first thing that it cannot write without
//! having read further: a fault, an irregular map, or a shape that vantage-live does not write.

use super::style::JsonStyle;
use super::tokens::{Result, Stop, Tokens};
use super::values::{Maps, Values};
use crate::cbor::key_comparison::are_distinct;
use crate::cbor::reader::{Head, Reader};
use crate::live::head::usual;
use crate::live::layout::{FETCHED_AT, FIELD_DEPTH, MAX_DEPTH, ROWS};
use crate::live::view::EnvelopeView;
use std::io::Write;

/// Writes envelopes.
#[derive(Debug)]
pub(super) struct Envelopes<W> {
    pub values: Values<W>,
    rows_only: bool,
    frame: Frame,
    fields: Fields,
}

/// What encloses the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// An object of its own, unless only the rows are written.
    Own,
    /// An object that the caller has opened, with other fields; it is closed here.
    Opened,
}

impl<W: Write> Envelopes<W> {
    pub fn new(tokens: Tokens<W>, style: JsonStyle, frame: Frame) -> Envelopes<W> {
        let values = Values::new(tokens, style.plain);
        Envelopes { values, rows_only: style.rows_only, frame, fields: Fields::default() }
    }

    /// Writes an envelope as vantage-live reads it.
    pub fn verified(&mut self, envelope: &EnvelopeView<'_>) -> Result {
        self.begin(envelope.fetched_at())?;
        envelope.rows::<Stop>(&mut |id, record| {
            self.values.tokens.key(&id)?;
            self.record(envelope, record)
        })?;
        self.end();
        Ok(())
    }

    /// Writes the record of `envelope` at which `record` is.
    pub fn record<'b>(&mut self, envelope: &EnvelopeView<'b>, record: &mut Reader<'b>) -> Result {
        self.values.begin_object();
        envelope.fields::<Stop>(record, &mut |name, value| {
            self.values.tokens.key(&name)?;
            self.value(envelope, value)
        })?;
        self.values.end_object();
        Ok(())
    }

    /// Writes the value in a record of `envelope` at which `value` is.
    pub fn value(&mut self, envelope: &EnvelopeView<'_>, value: &mut Reader<'_>) -> Result {
        self.values.value(value, Maps::Verified(envelope.maps()), MAX_DEPTH)
    }

    fn begin(&mut self, fetched_at: u64) -> Result {
        if self.has_frame() {
            if self.frame == Frame::Own {
                self.values.begin_object();
            }
            if !self.rows_only {
                self.values.tokens.key(FETCHED_AT)?;
                self.values.tokens.number(fetched_at)?;
            }
            self.values.tokens.key(ROWS)?;
        }
        self.values.begin_object();
        Ok(())
    }

    fn end(&mut self) {
        self.values.end_object();
        if self.has_frame() {
            self.values.end_object();
        }
    }

    fn has_frame(&self) -> bool {
        self.frame == Frame::Opened || !self.rows_only
    }

    /// Verifies and writes an envelope, if vantage-live might have written it.
    pub fn unverified(&mut self, value: &[u8]) -> Result {
        let Some((fetched_at, rows)) = usual(value) else { return Err(Stop::Irregular) };
        let reader = &mut Reader::at(value, rows);
        let Head::Map(mut left) = reader.head()? else { return Err(Stop::Irregular) };
        self.begin(fetched_at)?;
        while reader.more(&mut left)? {
            self.values.tokens.item()?;
            self.values.unverified_key(reader)?;
            let Head::Map(fields) = reader.head()? else { return Err(Stop::Irregular) };
            self.values.begin_object();
            self.unverified_record(reader, fields)?;
            self.values.end_object();
        }
        self.values.expect_distinct(value, 0)?;
        self.end();
        Ok(())
    }

    /// Verifies and writes a row of diorama whose fields begin at an offset, if diorama might have written it.
    pub fn unverified_row(&mut self, id: &str, value: &[u8], fields: usize) -> Result {
        let reader = &mut Reader::at(value, fields);
        let Head::Map(fields) = reader.head()? else { return Err(Stop::Irregular) };
        self.values.tokens.key(id)?;
        self.values.begin_object();
        self.unverified_record(reader, fields)?;
        self.values.end_object();
        Ok(())
    }

    /// Buffers what `write` writes, and rolls it back if `write` stops.
    pub fn attempt(&mut self, write: impl FnOnce(&mut Self) -> Result) -> Result {
        let attempt = self.values.tokens.begin_attempt();
        let written = write(self);
        self.values.tokens.end_attempt(&attempt, written.is_ok());
        if written.is_err() {
            self.forget();
        }
        written
    }

    fn unverified_record(&mut self, reader: &mut Reader<'_>, mut left: Option<usize>) -> Result {
        self.fields.begin_record(self.values.tokens.depth());
        let mut n = 0;
        while reader.more(&mut left)? {
            self.values.tokens.comma();
            match self.fields.list.get(n) {
                Some(field) if reader.rest().starts_with(&field.encoded) => {
                    reader.pass(field.encoded.len());
                    self.values.tokens.raw(&field.written);
                }
                _ => self.new_field(reader, n)?,
            }
            n += 1;
            self.values.value(reader, Maps::Unverified, FIELD_DEPTH)?;
        }
        if self.fields.are_distinct() { Ok(()) } else { Err(Stop::Irregular) }
    }

    /// Writes the name of the `n`-th field, which differs from the last record's.
    fn new_field(&mut self, reader: &mut Reader<'_>, n: usize) -> Result {
        let (before, start) = (reader.pos(), self.values.tokens.position());
        self.values.tokens.line();
        self.values.unverified_key(reader)?;
        self.values.forget_key();
        let encoded = reader.since(before).to_vec();
        let written = self.values.tokens.since(start).to_vec();
        self.fields.replace_from(n, Field { encoded, written });
        Ok(())
    }

    /// Forgets what is known of an envelope that was rolled back.
    fn forget(&mut self) {
        self.fields.list.clear();
        self.values.forget_keys();
    }
}

/// The fields of the last record. The records of a table mostly have the same fields, whose names are then read and
/// escaped only once.
#[derive(Debug, Default)]
struct Fields {
    list: Vec<Field>,
    /// The number of open brackets around the written names.
    depth: usize,
    /// Whether the names are known to differ from each other.
    distinct: bool,
    /// For comparing the names; kept to reuse its memory.
    order: Vec<usize>,
}

#[derive(Debug)]
struct Field {
    /// The name as it is encoded.
    encoded: Vec<u8>,
    /// The name as JSON, from the line break before it to the colon after it.
    written: Vec<u8>,
}

impl Fields {
    fn begin_record(&mut self, depth: usize) {
        if self.depth != depth {
            self.list.clear();
            self.depth = depth;
        }
    }

    fn replace_from(&mut self, n: usize, field: Field) {
        self.list.truncate(n);
        self.list.push(field);
        self.distinct = false;
    }

    /// Whether the names differ. They are all in their shortest encoding, so that comparing bytes is enough.
    fn are_distinct(&mut self) -> bool {
        if !self.distinct {
            let Fields { list, order, .. } = self;
            order.clear();
            order.extend(0..list.len());
            self.distinct = are_distinct(order, |n| &list[*n].encoded);
        }
        self.distinct
    }
}
