//! Where something is: in keys, row ids, names of fields, and values.

use crate::cbor;
use crate::cbor::reader::{Head, Reader};
use crate::error::{Error, Result};
use crate::live::envelope::Record;
use crate::live::error::DecodeError;
use crate::live::key::Key;
use crate::live::layout::MAX_DEPTH;
use crate::ops::list::Unreadable;
use crate::ops::scope::{Matched, Scope, each_entry};
use crate::snapshot::{Entry, Snapshot};
use crate::system::workers::{LARGE, with_workers};
use ciborium::Value;
use std::fmt;
use std::ops::ControlFlow;

/// What is looked for. The library walks bytes and text; what a value that is not text means to a reader is
/// up to the caller.
#[derive(Clone, Copy)]
pub struct Query<'q> {
    /// Whether a text matches.
    pub matches: &'q (dyn Fn(&str) -> bool + Sync),
    /// Whether encoded bytes may hold a match. It is asked of whole values first, then of rows; `true` is
    /// always right, and decodes more.
    pub may_match: &'q (dyn Fn(&[u8]) -> bool + Sync),
    /// The text of a value that is not text, an array or a map; `None` for a tag whose content is looked at
    /// instead.
    pub meaning: &'q (dyn Fn(&Value) -> Option<String> + Sync),
    /// Looks at the row with this id only.
    pub id: Option<&'q str>,
    /// Looks at values of the fields with this name only.
    pub field: Option<&'q str>,
}

impl fmt::Debug for Query<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query").field("id", &self.id).field("field", &self.field).finish_non_exhaustive()
    }
}

/// A place that matches.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Hit {
    /// The entry.
    pub key: Key,
    /// When it was fetched, in seconds since 1970; `None` if that cannot be read.
    pub fetched_at: Option<u64>,
    /// What matches.
    pub place: Place,
}

/// What matches in an entry.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Place {
    /// The full key.
    Key,
    /// The id of a row.
    RowId(String),
    /// The name of a field, or a key of a map inside one.
    Name {
        /// The row id.
        id: String,
        /// The way to it, itself included.
        path: Vec<Step>,
    },
    /// A value.
    Value {
        /// The row id.
        id: String,
        /// The way to it.
        path: Vec<Step>,
        /// Its text.
        text: String,
    },
}

/// A step from a row to a value in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Into the value of a field, or of a key of a map.
    Name(String),
    /// Into an element of an array, counted from 0.
    Index(usize),
}

/// A row that was looked for by its id.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FoundRow {
    /// The entry that holds it.
    pub key: Key,
    /// When the entry was fetched, in seconds since 1970.
    pub fetched_at: u64,
    /// The row.
    pub record: Record,
}

/// What a search came to, beside what it found.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Searched {
    /// Entries that may hold a match and cannot be decoded.
    pub unreadable: Vec<Unreadable>,
    /// Pages that cannot be read.
    pub damage: Vec<Error>,
    /// What the selections matched.
    pub matched: Matched,
}

/// Calls `visit` with every place in the scope that matches, in the order of the entries and of their
/// contents, until it breaks. Entries are searched on all cores.
pub fn find(
    snapshot: &Snapshot,
    scope: &Scope,
    query: Query<'_>,
    visit: impl FnMut(Hit) -> ControlFlow<()>,
) -> Result<Searched> {
    search(snapshot, scope, |entry| hits(entry, query), visit)
}

/// Calls `visit` with the row of this id from every entry in the scope that holds it, until it breaks.
pub fn find_row(
    snapshot: &Snapshot,
    scope: &Scope,
    id: &str,
    visit: impl FnMut(FoundRow) -> ControlFlow<()>,
) -> Result<Searched> {
    let finder = memchr::memmem::Finder::new(id);
    let work = |entry: &Entry| {
        if !may_hold(entry.value(), |bytes| finder.find(bytes).is_some()) {
            return Ok(Vec::new());
        }
        let envelope = entry.envelope()?;
        let mut rows = Vec::new();
        envelope.rows::<cbor::Error>(&mut |row, record| {
            if row == id {
                let record = envelope.record(record)?;
                rows.push(FoundRow { key: entry.key(), fetched_at: envelope.fetched_at(), record });
                return Ok(());
            }
            record.skip(MAX_DEPTH)
        })?;
        Ok(rows)
    };
    search(snapshot, scope, work, visit)
}

/// Hands entries to all cores, and what they find to `visit`, in order.
fn search<Found: Send>(
    snapshot: &Snapshot,
    scope: &Scope,
    work: impl Fn(&Entry) -> Result<Vec<Found>, DecodeError> + Sync,
    mut visit: impl FnMut(Found) -> ControlFlow<()>,
) -> Result<Searched> {
    type Batch<Found> = Vec<(Key, Result<Vec<Found>, DecodeError>)>;
    let mut unreadable = Vec::new();
    let mut take = |batch: Batch<Found>| {
        for (key, found) in batch {
            match found {
                Ok(found) => {
                    if found.into_iter().try_for_each(&mut visit).is_break() {
                        return Err(Stop::Satisfied);
                    }
                }
                Err(error) => unreadable.push(Unreadable { key, error }),
            }
        }
        Ok(())
    };
    let one = |entry: &Entry| match work(entry) {
        Ok(found) if found.is_empty() => None,
        found => Some((entry.key(), found)),
    };
    let walked = with_workers(
        |entries: Vec<Entry>| entries.iter().filter_map(one).collect(),
        |workers| {
            let walked = each_entry(snapshot, scope, |entry| {
                let len = entry.value().len();
                if len < LARGE {
                    workers.push(entry, len);
                    return workers.next_due().map_or(Ok(()), &mut take);
                }
                while let Some(batch) = workers.next() {
                    take(batch)?;
                }
                take(one(&entry).into_iter().collect())
            })?;
            while let Some(batch) = workers.next() {
                take(batch)?;
            }
            Ok(walked)
        },
    );
    match walked {
        Ok((matched, damage)) => Ok(Searched { unreadable, damage, matched }),
        Err(Stop::Satisfied) => Ok(Searched { unreadable, ..Searched::default() }),
        Err(Stop::Cache(error)) => Err(error),
    }
}

/// Why a search ends early.
enum Stop {
    Satisfied,
    Cache(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Cache(error)
    }
}

/// Whether encoded bytes may hold what `contains` finds in contiguous ones. A text of indefinite length, which
/// begins with this byte, need not be contiguous.
fn may_hold(bytes: &[u8], contains: impl Fn(&[u8]) -> bool) -> bool {
    const INDEFINITE_TEXT: u8 = 0x7f;
    contains(bytes) || memchr::memchr(INDEFINITE_TEXT, bytes).is_some()
}

/// All that matches in an entry.
fn hits(entry: &Entry, query: Query<'_>) -> Result<Vec<Hit>, DecodeError> {
    let key = entry.key();
    let hit = |fetched_at, place| Hit { key: key.clone(), fetched_at, place };
    let mut found = Vec::new();
    if query.id.is_none() && query.field.is_none() && (query.matches)(&key.to_string()) {
        found.push(hit(entry.head().ok().map(|head| head.fetched_at), Place::Key));
    }
    let may_match = |bytes: &[u8]| may_hold(bytes, query.may_match);
    let value = entry.value();
    if !may_match(value) {
        return Ok(found);
    }
    let envelope = entry.envelope()?;
    let fetched_at = Some(envelope.fetched_at());
    envelope.rows::<cbor::Error>(&mut |id, record| {
        let start = record.pos();
        record.skip(MAX_DEPTH)?;
        if query.id.is_some_and(|only| only != id) {
            return Ok(());
        }
        if query.field.is_none() && query.id.is_none() && (query.matches)(&id) {
            found.push(hit(fetched_at, Place::RowId(id.clone().into_owned())));
        }
        if !may_match(&value[start..record.pos()]) {
            return Ok(());
        }
        let mut walk = Walk { query, id: &id, path: Vec::new(), places: Vec::new() };
        envelope.fields::<cbor::Error>(&mut Reader::at(value, start), &mut |name, field| {
            if query.field.is_some_and(|only| only != name) {
                return field.skip(MAX_DEPTH);
            }
            walk.name(&name);
            walk.path.push(Step::Name(name.into_owned()));
            walk.value(field)?;
            walk.path.pop();
            Ok(())
        })?;
        found.extend(walk.places.into_iter().map(|place| hit(fetched_at, place)));
        Ok(())
    })?;
    Ok(found)
}

/// A walk through the values of a row that was verified.
struct Walk<'w> {
    query: Query<'w>,
    id: &'w str,
    path: Vec<Step>,
    places: Vec<Place>,
}

impl Walk<'_> {
    /// A name, of a field or of a key of a map. Where values of one field are looked for, names do not count.
    fn name(&mut self, name: &str) {
        if self.query.field.is_none() && (self.query.matches)(name) {
            let path = self.path.iter().cloned().chain([Step::Name(name.to_owned())]).collect();
            self.places.push(Place::Name { id: self.id.to_owned(), path });
        }
    }

    fn text(&mut self, text: &str) {
        if (self.query.matches)(text) {
            let (id, path) = (self.id.to_owned(), self.path.clone());
            self.places.push(Place::Value { id, path, text: text.to_owned() });
        }
    }

    /// A value and all that is in it.
    fn value(&mut self, reader: &mut Reader<'_>) -> cbor::error::Result<()> {
        match reader.peek()? {
            Head::Text(_) => {
                let Head::Text(len) = reader.head()? else { unreachable!("just peeked at") };
                let text = reader.text(len)?;
                self.text(&text);
                Ok(())
            }
            Head::Array(mut left) => {
                reader.head()?;
                let mut index = 0;
                while reader.more(&mut left)? {
                    self.path.push(Step::Index(index));
                    self.value(reader)?;
                    self.path.pop();
                    index += 1;
                }
                Ok(())
            }
            Head::Map(mut left) => {
                reader.head()?;
                while reader.more(&mut left)? {
                    let name = self.key(reader)?;
                    self.name(&name);
                    self.path.push(Step::Name(name));
                    self.value(reader)?;
                    self.path.pop();
                }
                Ok(())
            }
            head => {
                let mut item = *reader;
                reader.skip(MAX_DEPTH)?;
                let bytes = &item.all()[item.pos()..reader.pos()];
                // Most values are told apart without decoding them.
                if !may_hold(bytes, self.query.may_match) {
                    return Ok(());
                }
                match ((self.query.meaning)(&decoded(bytes)), head) {
                    (Some(text), _) => {
                        self.text(&text);
                        Ok(())
                    }
                    (None, Head::Tag(_)) => {
                        item.head()?;
                        self.value(&mut item)
                    }
                    (None, _) => Ok(()),
                }
            }
        }
    }

    /// A key of a map: its text, or what it means.
    fn key(&self, reader: &mut Reader<'_>) -> cbor::error::Result<String> {
        if let Head::Text(_) = reader.peek()? {
            let Head::Text(len) = reader.head()? else { unreachable!("just peeked at") };
            return Ok(reader.text(len)?.into_owned());
        }
        let start = reader.pos();
        reader.skip(MAX_DEPTH)?;
        let key = decoded(&reader.all()[start..reader.pos()]);
        Ok((self.query.meaning)(&key).unwrap_or_else(|| crate::json::plain(&key)))
    }
}

/// A value from bytes that were verified.
fn decoded(bytes: &[u8]) -> Value {
    ciborium::from_reader(bytes).expect("ciborium reads what was verified")
}
