//! What in an envelope vantage-live would not have written: it ignores it when it reads, or writes it in another way.

use super::error::Result;
use super::layout::{FETCHED_AT, ROWS};
use super::view::EnvelopeView;
use crate::cbor;
use crate::cbor::as_written::AsWritten;
use crate::cbor::error::offset32;
use crate::cbor::key_comparison::are_distinct_at;
use crate::cbor::reader::{Head, Reader};
use std::fmt;

/// A way in which an envelope differs from what vantage-live would write for what it reads from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Deviation {
    /// There are bytes after the envelope.
    TrailingBytes,
    /// The envelope has a key other than `fetched_at` and `rows`.
    UnknownKey,
    /// A key of the envelope, a row id or a field name is not text.
    KeyNotText,
    /// `fetched_at` is missing, or is not an integer from 0 to 2^63 - 1; it is read as 1970.
    NoTime,
    /// `fetched_at` is in the future: the entry looks fresh until then.
    Future,
    /// `rows` is missing or is not a map; no rows are read.
    NoRows,
    /// A row is not a map; it is read as a record without fields.
    RowNotAMap,
    /// `fetched_at`, `rows`, a row id or a field is repeated; the last one counts.
    Repeated,
    /// `rows` come before `fetched_at`.
    Order,
    /// A length is indefinite, a number is longer than necessary, a small bignum stands for an integer, or
    /// `undefined` for null.
    Encoding,
}

impl fmt::Display for Deviation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Deviation::TrailingBytes => "bytes after the envelope",
            Deviation::UnknownKey => "an unknown key",
            Deviation::KeyNotText => "a key that is not text",
            Deviation::NoTime => "no usable fetched_at",
            Deviation::Future => "fetched_at in the future",
            Deviation::NoRows => "no map of rows",
            Deviation::RowNotAMap => "a row that is not a map",
            Deviation::Repeated => "a repeated key",
            Deviation::Order => "rows before fetched_at",
            Deviation::Encoding => "another encoding",
        })
    }
}

/// The deviations of the value of an entry, in order, each once; `now` in seconds since 1970.
///
/// # Errors
/// What [`EnvelopeView::new`] refuses.
pub fn deviations(value: &[u8], now: u64) -> Result<Vec<Deviation>> {
    // The walk relies on verified bytes, above all on the limit of nesting.
    let envelope = &EnvelopeView::new(value)?;
    let mut walk = Walk { envelope, written: AsWritten::new(Reader::at(value, 0)), found: Vec::new() };
    walk.envelope(now)?;
    if walk.written.reader.pos() < value.len() {
        walk.note(Deviation::TrailingBytes);
    }
    if walk.written.differs {
        walk.note(Deviation::Encoding);
    }
    walk.found.sort_unstable();
    Ok(walk.found)
}

struct Walk<'v, 'b> {
    envelope: &'v EnvelopeView<'b>,
    written: AsWritten<'b>,
    found: Vec<Deviation>,
}

impl Walk<'_, '_> {
    fn note(&mut self, deviation: Deviation) {
        if !self.found.contains(&deviation) {
            self.found.push(deviation);
        }
    }

    fn envelope(&mut self, now: u64) -> cbor::error::Result<()> {
        let (mut time, mut rows) = (None, false);
        self.pairs(&mut |walk, key| {
            match key {
                FETCHED_AT => {
                    // One that is not an integer does not replace an earlier one.
                    let mut ahead = walk.written.reader;
                    if let Some(integer) = ahead.integer()? {
                        time = i64::try_from(integer).ok().and_then(|time| u64::try_from(time).ok());
                    }
                    walk.written.value()
                }
                ROWS => {
                    let is_map = matches!(walk.written.reader.peek()?, Head::Map(_));
                    rows |= is_map;
                    if time.is_none() {
                        walk.note(Deviation::Order);
                    }
                    if is_map { walk.rows() } else { walk.written.value() }
                }
                _ => {
                    walk.note(Deviation::UnknownKey);
                    walk.written.value()
                }
            }
        })?;
        match time {
            None => {
                self.note(Deviation::NoTime);
                // Without a time, the place of `fetched_at` does not matter.
                self.found.retain(|deviation| *deviation != Deviation::Order);
            }
            Some(time) if time > now => self.note(Deviation::Future),
            Some(_) => {}
        }
        if !rows {
            self.note(Deviation::NoRows);
        }
        Ok(())
    }

    fn rows(&mut self) -> cbor::error::Result<()> {
        self.pairs(&mut |walk, _| {
            if !matches!(walk.written.reader.peek()?, Head::Map(_)) {
                walk.note(Deviation::RowNotAMap);
                return walk.written.value();
            }
            walk.pairs(&mut |walk, _| walk.written.value())
        })
    }

    /// Calls `visit` with each text key of a map, whose keys should all be text and differ. `visit` must read the
    /// value.
    fn pairs(&mut self, visit: &mut dyn FnMut(&mut Self, &str) -> cbor::error::Result<()>) -> cbor::error::Result<()> {
        let start = self.written.reader.pos();
        let Head::Map(mut left) = self.written.head()? else { unreachable!("only maps have pairs") };
        // The verification has already found the rows and records with repeated keys.
        let checks_keys = start == 0 || self.envelope.maps().is_irregular(start);
        let mut keys = Vec::new();
        while self.written.reader.more(&mut left)? {
            if let Head::Text(_) = self.written.reader.peek()? {
                if checks_keys {
                    keys.push(offset32(self.written.reader.pos())?);
                }
                let Head::Text(len) = self.written.head()? else { unreachable!("it was peeked at") };
                let key = self.written.reader.text(len)?;
                visit(self, &key)?;
            } else {
                self.note(Deviation::KeyNotText);
                self.written.value()?;
                self.written.value()?;
            }
        }
        let bytes = self.written.reader.all();
        if !are_distinct_at(bytes, &mut keys) {
            self.note(Deviation::Repeated);
        }
        Ok(())
    }
}
