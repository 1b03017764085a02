//! The value of an entry: a CBOR map `{fetched_at, rows}`, written and read as vantage-live 0.4
//! writes and reads it.

use crate::cbor::{DecodeError, Fault, Head, MAX_DEPTH, Place, Reader, Result, Scan, key_at, position};
use ciborium::Value;
use ciborium_ll::{Encoder, Header};
use indexmap::IndexMap;
use std::borrow::Cow;
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
    /// Rows fetched just now.
    #[must_use]
    pub fn new(rows: IndexMap<String, Record>) -> CachedRows {
        CachedRows { rows, fetched_at: SystemTime::now() }
    }

    /// Decodes the value of an entry as leniently as vantage-live's `get`, and refuses what it
    /// refuses: an envelope that is no map, bytes that are not CBOR or end too soon, unknown simple
    /// values, text that is not UTF-8, nesting beyond 256 levels. Ignored are bytes behind the
    /// envelope, unknown keys, and keys that are not text; what is missing or of another type
    /// reads as 1970, as no rows, as an empty record. The last value counts of what is there twice.
    pub fn decode(value: &[u8]) -> Result<CachedRows> {
        let view = EnvelopeView::new(value)?;
        let mut rows = IndexMap::new();
        view.records(&mut |id, record| {
            rows.insert(id.into_owned(), record);
            Ok::<(), DecodeError>(())
        })?;
        let fetched_at = UNIX_EPOCH.checked_add(Duration::from_secs(view.fetched_at)).unwrap_or(UNIX_EPOCH);
        Ok(CachedRows { rows, fetched_at })
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
                ciborium::into_writer(value, &mut encoded).expect("a value is written to memory");
            }
        }
        envelope_of(since_1970, rows.rows.len(), encoded)
    }

    /// The encoded bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The number of rows in it.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

/// The value of an entry with another time, 2^63 - 1 at the most, and every other byte as it was:
/// vantage-live reads that time from it and the same rows as before. Of several `fetched_at` each gets
/// the time, so that it does not matter which of them counts; where there is none one is put in front.
pub(crate) fn redated(value: &[u8], fetched_at: u64) -> Result<Vec<u8>> {
    // The walk below relies on it.
    EnvelopeView::new(value)?;
    let mut reader = Reader::at(value, 0);
    let Head::Map(pairs) = reader.head()? else { unreachable!("an envelope is a map") };
    let first = reader.pos();
    let mut left = pairs;
    // Room for a longer time, or for a pair more.
    let mut redated = Vec::with_capacity(value.len() + 32);
    let mut copied = 0;
    while reader.more(&mut left)? {
        let is_time = if let Head::Text(len) = reader.peek()? {
            reader.head()?;
            reader.text(len)? == FETCHED_AT
        } else {
            reader.skip()?;
            false
        };
        // Mostly these are the rows, which are long.
        if !is_time && left == Some(0) {
            break;
        }
        let start = reader.pos();
        reader.skip()?;
        if is_time {
            redated.extend_from_slice(&value[copied..start]);
            push_head(&mut redated, Header::Positive(fetched_at));
            copied = reader.pos();
        }
    }
    if copied == 0 {
        push_head(&mut redated, Header::Map(pairs.map(|pairs| pairs + 1)));
        push_text(&mut redated, FETCHED_AT);
        push_head(&mut redated, Header::Positive(fetched_at));
        copied = first;
    }
    redated.extend_from_slice(&value[copied..]);
    Ok(redated)
}

/// The envelope of so many encoded rows: `encoded` is their ids and records one after the other.
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

pub(crate) fn push_head(out: &mut Vec<u8>, head: Header) {
    Encoder::from(out).push(head).expect("a head is written to memory");
}

pub(crate) fn push_text(out: &mut Vec<u8>, text: &str) {
    push_head(out, Header::Text(Some(text.len())));
    out.extend_from_slice(text.as_bytes());
}

pub(crate) const FETCHED_AT: &str = "fetched_at";
pub(crate) const ROWS: &str = "rows";

/// The head of an envelope: what can be told without a look at its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvelopeHead {
    /// Whole seconds since 1970.
    pub fetched_at: u64,
    /// The number of rows that the envelope announces.
    pub rows: u64,
}

impl EnvelopeHead {
    /// Reads the head of an entry's value. An envelope that begins as vantage-live writes it is
    /// not read any further, so that a fault in its rows does not show here and rows that have an
    /// id twice are counted twice; any other is read to its end.
    pub fn decode(value: &[u8]) -> Result<EnvelopeHead> {
        if let Some(head) = announced(value) {
            return Ok(head);
        }
        let view = EnvelopeView::new(value)?;
        let mut rows = 0;
        view.rows(&mut |_, record: &mut Reader<'_>| {
            rows += 1;
            record.skip()
        })?;
        Ok(EnvelopeHead { fetched_at: view.fetched_at, rows })
    }
}

/// The time of an envelope that begins as vantage-live writes one, and where the map of rows begins
/// that is all there is besides.
pub(crate) fn usual(value: &[u8]) -> Option<(u64, usize)> {
    let rest = value.strip_prefix(b"\xa2\x6afetched_at")?;
    let mut reader = Reader::at(rest, 0);
    let Head::Unsigned(fetched_at) = reader.head().ok()? else { return None };
    let rest = reader.rest().strip_prefix(b"\x64rows")?;
    Some((seconds(i128::from(fetched_at)), value.len() - rest.len()))
}

/// The head of an envelope that begins as vantage-live writes one.
fn announced(value: &[u8]) -> Option<EnvelopeHead> {
    let (fetched_at, rows) = usual(value)?;
    let mut reader = Reader::at(value, rows);
    let Head::Map(Some(rows)) = reader.head().ok()? else { return None };
    // A row takes two bytes at the least: more rows than that cannot be there.
    let room = reader.rest().len() / 2;
    (rows <= room).then_some(EnvelopeHead { fetched_at, rows: rows as u64 })
}

/// vantage-live reads an integer outside of `i64`, and a negative one, as 0.
fn seconds(integer: i128) -> u64 {
    i64::try_from(integer).ok().and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(0)
}

/// An envelope whose bytes were verified to its end: what vantage-live reads from it, without a
/// value built.
#[derive(Clone, Debug)]
pub struct EnvelopeView<'b> {
    value: &'b [u8],
    fetched_at: u64,
    /// Where the maps of rows begin: one, but for a strange envelope.
    rows: Vec<usize>,
    odd: Vec<usize>,
}

/// Takes a key and a reader that stands at its value, and passes the value.
type Visit<'v, 'b, E> = dyn FnMut(Cow<'b, str>, &mut Reader<'b>) -> Result<(), E> + 'v;

impl<'b> EnvelopeView<'b> {
    /// Verifies the value of an entry; see [`CachedRows::decode`] for what is refused.
    pub fn new(value: &'b [u8]) -> Result<EnvelopeView<'b>> {
        let mut scan = Scan::new(value);
        let Head::Map(mut left) = scan.reader().head()? else {
            // Whether it is CBOR at all is the first question for vantage-live too.
            Scan::new(value).value(MAX_DEPTH)?;
            return Err(DecodeError::new(Fault::NotAMap, 0));
        };
        let inside = MAX_DEPTH - 1;
        let (mut fetched_at, mut rows) = (0, Vec::new());
        while scan.reader().more(&mut left)? {
            let key = if let Head::Text(len) = scan.reader().peek()? {
                scan.reader().head()?;
                Some(scan.reader().text(len)?)
            } else {
                scan.value(inside)?;
                None
            };
            let start = scan.reader().pos();
            match (key.as_deref(), scan.reader().peek()?) {
                (Some(ROWS), Head::Map(pairs)) => {
                    scan.reader().head()?;
                    scan.map(start, pairs, Place::Rows, inside)?;
                    rows.push(start);
                }
                (Some(FETCHED_AT), _) => {
                    scan.value(inside)?;
                    if let Some(integer) = Reader::at(value, start).integer()? {
                        fetched_at = seconds(integer);
                    }
                }
                _ => drop(scan.value(inside)?),
            }
        }
        Ok(EnvelopeView { value, fetched_at, rows, odd: scan.into_odd() })
    }

    /// Whole seconds since 1970.
    #[must_use]
    pub fn fetched_at(&self) -> u64 {
        self.fetched_at
    }

    /// Calls `visit` with the id and the decoded record of every row, in order; one record at a time is built.
    pub fn records<E: From<DecodeError>>(
        &self,
        visit: &mut dyn FnMut(Cow<'b, str>, Record) -> Result<(), E>,
    ) -> Result<(), E> {
        self.rows(&mut |id, record: &mut Reader<'b>| {
            let mut fields = Record::new();
            self.fields(record, &mut |name, field: &mut Reader<'b>| {
                let start = field.pos();
                field.skip()?;
                let value =
                    ciborium::from_reader(&self.value[start..field.pos()]).expect("ciborium reads what was verified");
                fields.insert(name.into_owned(), value);
                Ok::<(), DecodeError>(())
            })?;
            visit(id, fields)
        })
    }

    /// The bytes.
    pub(crate) fn value(&self) -> &'b [u8] {
        self.value
    }

    /// Whether the map that begins here is one that needs a second look; see [`Scan`].
    pub(crate) fn is_odd(&self, map: usize) -> bool {
        !self.odd.is_empty() && self.odd.binary_search(&map).is_ok()
    }

    /// Calls `visit` with the id of every row and a reader that stands at its record, which
    /// `visit` must pass, in the order and with the contents that vantage-live gives them.
    pub(crate) fn rows<E: From<DecodeError>>(&self, visit: &mut Visit<'_, 'b, E>) -> Result<(), E> {
        match *self.rows.as_slice() {
            [] => Ok(()),
            [map] => self.pairs(&mut Reader::at(self.value, map), visit),
            ref maps => {
                let mut keys = Vec::new();
                for &map in maps {
                    text_keys(&mut Reader::at(self.value, map), &mut keys)?;
                }
                self.visit_last(keys, visit)
            }
        }
    }

    /// The same for the fields of the record at which `record` stands, which is passed. A record
    /// that is no map has none.
    pub(crate) fn fields<E: From<DecodeError>>(
        &self,
        record: &mut Reader<'b>,
        visit: &mut Visit<'_, 'b, E>,
    ) -> Result<(), E> {
        match record.peek()? {
            Head::Map(_) => self.pairs(record, visit),
            _ => Ok(record.skip()?),
        }
    }

    /// The pairs of a map whose keys are text; of a key that is there twice the last value at the
    /// first position.
    fn pairs<E: From<DecodeError>>(&self, map: &mut Reader<'b>, visit: &mut Visit<'_, 'b, E>) -> Result<(), E> {
        let start = map.pos();
        let Head::Map(mut left) = map.head()? else { unreachable!("only maps have pairs") };
        if !self.is_odd(start) {
            while map.more(&mut left)? {
                let Head::Text(len) = map.head()? else { unreachable!("the keys of a regular map are text") };
                visit(map.text(len)?, map)?;
            }
            return Ok(());
        }
        *map = Reader::at(self.value, start);
        let mut keys = Vec::new();
        text_keys(map, &mut keys)?;
        self.visit_last(keys, visit)
    }

    /// Visits each key once, in the order of their first places, with the value at the last. `keys`
    /// are their places, in order.
    fn visit_last<E: From<DecodeError>>(&self, mut keys: Vec<u32>, visit: &mut Visit<'_, 'b, E>) -> Result<(), E> {
        let key = |at: u32| key_at(self.value, at);
        // No second list of this size: a value can be made of little but keys.
        keys.sort_unstable_by(|a, b| key(*a).cmp(&key(*b)).then(a.cmp(b)));
        let mut kept: Vec<(u32, u32)> = Vec::new();
        for at in keys {
            match kept.last_mut() {
                Some((first, last)) if key(*first) == key(at) => *last = at,
                _ => kept.push((at, at)),
            }
        }
        kept.sort_unstable();
        kept.into_iter().try_for_each(|(first, last)| {
            let mut name = Reader::at(self.value, first as usize);
            let Head::Text(len) = name.head()? else { unreachable!("only text was kept") };
            let mut value = Reader::at(self.value, last as usize);
            value.skip()?;
            visit(name.text(len)?, &mut value)
        })
    }
}

/// Passes a map and adds the places of its keys that are text.
fn text_keys(map: &mut Reader<'_>, keys: &mut Vec<u32>) -> Result<()> {
    let Head::Map(mut left) = map.head()? else { unreachable!("only maps have keys") };
    while map.more(&mut left)? {
        if let Head::Text(_) = map.peek()? {
            keys.push(position(map.pos())?);
        }
        map.skip()?;
        map.skip()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::key::Selection;
    use crate::snapshot::Snapshot;

    const LAST: u64 = i64::MAX.unsigned_abs();

    /// A value, and what it is with the time 7.
    const REDATED: [(&[u8], &[u8]); 23] = [
        (b"\xa2\x6afetched_at\x00\x64rows\xa0", b"\xa2\x6afetched_at\x07\x64rows\xa0"),
        (b"\xa2\x6afetched_at\x1a\x65\x50\0\0\x64rows\xa0", b"\xa2\x6afetched_at\x07\x64rows\xa0"),
        // Rows in other encodings, of another type, with a field of that name.
        (
            b"\xa2\x6afetched_at\x01\x64rows\xbf\x61a\xb8\x01\x6afetched_at\x18\x02\xff",
            b"\xa2\x6afetched_at\x07\x64rows\xbf\x61a\xb8\x01\x6afetched_at\x18\x02\xff",
        ),
        (b"\xa2\x6afetched_at\x01\x64rows\x6afetched_at", b"\xa2\x6afetched_at\x07\x64rows\x6afetched_at"),
        // Bytes behind the envelope.
        (b"\xa1\x6afetched_at\x01\x6afetched_at\x01\xff", b"\xa1\x6afetched_at\x07\x6afetched_at\x01\xff"),
        (b"\xa0\x00", b"\xa1\x6afetched_at\x07\x00"),
        // Times that are none, or are none to vantage-live.
        (b"\xa1\x6afetched_at\x20", b"\xa1\x6afetched_at\x07"),
        (b"\xa1\x6afetched_at\xc1\x01", b"\xa1\x6afetched_at\x07"),
        (b"\xa1\x6afetched_at\xc2\x41\x05", b"\xa1\x6afetched_at\x07"),
        (b"\xa1\x6afetched_at\x9f\x01\xa1\x01\x02\xff", b"\xa1\x6afetched_at\x07"),
        (b"\xa1\x6afetched_at\x7f\x63now\x60\xff", b"\xa1\x6afetched_at\x07"),
        (b"\xa1\x6afetched_at\xf6", b"\xa1\x6afetched_at\x07"),
        // In any place, more than once, and with its name in another encoding.
        (b"\xa2\x64rows\xa0\x6afetched_at\x18\x2a", b"\xa2\x64rows\xa0\x6afetched_at\x07"),
        (
            b"\xa3\x6afetched_at\x01\x64rows\xa0\x6afetched_at\x61x",
            b"\xa3\x6afetched_at\x07\x64rows\xa0\x6afetched_at\x07",
        ),
        (b"\xbf\x7f\x65fetch\x65ed_at\xff\x01\xff", b"\xbf\x7f\x65fetch\x65ed_at\xff\x07\xff"),
        (b"\xb9\0\x01\x78\x0afetched_at\x1b\0\0\0\0\0\0\0\x01", b"\xb9\0\x01\x78\x0afetched_at\x07"),
        // None: a pair more in front, and a head for that.
        (b"\xa0", b"\xa1\x6afetched_at\x07"),
        (b"\xbf\xff", b"\xbf\x6afetched_at\x07\xff"),
        (b"\xa1\x64rows\xa1\x61a\xa0", b"\xa2\x6afetched_at\x07\x64rows\xa1\x61a\xa0"),
        (b"\xbb\0\0\0\0\0\0\0\x01\x64etag\x01", b"\xa2\x6afetched_at\x07\x64etag\x01"),
        (b"\xa2\x4afetched_at\x01\x6bfetched_at \x01", b"\xa3\x6afetched_at\x07\x4afetched_at\x01\x6bfetched_at \x01"),
        (b"\xa1\x01\x6afetched_at", b"\xa2\x6afetched_at\x07\x01\x6afetched_at"),
        (b"\xa1\xa1\x6afetched_at\x01\x02", b"\xa2\x6afetched_at\x07\xa1\x6afetched_at\x01\x02"),
    ];

    #[test]
    fn a_value_with_another_time_is_the_same_in_every_other_byte() {
        for (value, expected) in REDATED {
            assert_eq!(redated(value, 7).as_deref(), Ok(expected), "{}", value.escape_ascii());
        }
        // More pairs than a head of one byte counts.
        let pairs = b"\x61a\x01".repeat(23);
        let expected = [&b"\xb8\x18\x6afetched_at\x07"[..], &pairs].concat();
        assert_eq!(redated(&[&b"\xb7"[..], &pairs].concat(), 7), Ok(expected));
    }

    #[test]
    fn a_time_takes_no_more_bytes_than_it_must() {
        for (fetched_at, encoded) in [
            (0, &b"\x00"[..]),
            (23, b"\x17"),
            (24, b"\x18\x18"),
            (255, b"\x18\xff"),
            (256, b"\x19\x01\0"),
            (65_536, b"\x1a\0\x01\0\0"),
            (1 << 32, b"\x1b\0\0\0\x01\0\0\0\0"),
            (LAST, b"\x1b\x7f\xff\xff\xff\xff\xff\xff\xff"),
        ] {
            let expected = [&b"\xa2\x6afetched_at"[..], encoded, b"\x64rows\xa0"].concat();
            assert_eq!(redated(b"\xa2\x6afetched_at\x18\x2a\x64rows\xa0", fetched_at), Ok(expected));
        }
    }

    #[test]
    fn a_hand_made_value_keeps_its_rows_or_is_refused_as_it_is_when_it_is_read() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/caches/envelopes");
        let snapshot = Snapshot::open(folder).expect("the cache is there");
        let (mut done, mut refused) = (0, 0);
        for entry in snapshot.entries(&Selection::All).expect("the tables can be read") {
            let entry = entry.expect("the entry can be read");
            for fetched_at in [0, 1_770_000_000, LAST] {
                match (CachedRows::decode(entry.value()), redated(entry.value(), fetched_at)) {
                    (Ok(mut rows), Ok(value)) => {
                        done += 1;
                        rows.fetched_at = UNIX_EPOCH + Duration::from_secs(fetched_at);
                        let again = CachedRows::decode(&value).expect("it can still be read");
                        // As bytes, since no NaN equals another.
                        assert_eq!(Envelope::encode(&again), Envelope::encode(&rows), "{}", entry.key());
                        assert_eq!(redated(&value, fetched_at), Ok(value), "{}", entry.key());
                    }
                    (Err(expected), Err(error)) => {
                        refused += 1;
                        assert_eq!(error, expected, "{}", entry.key());
                    }
                    (rows, value) => panic!("{}: {rows:?}, {value:02x?}", entry.key()),
                }
            }
        }
        assert_eq!((done + refused, refused), (3 * 56, 3 * 17));
    }
}
