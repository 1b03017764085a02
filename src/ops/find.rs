//! Searching keys, row ids, field names and values.

use crate::cbor;
use crate::cbor::reader::{Head, Reader};
use crate::error::{Error, Result};
use crate::live::envelope::Record;
use crate::ops::parts::{Part, Worked, on_all_cores};
use crate::ops::scope::{Matched, Scope};
use crate::ops::unread::Unread;
use crate::snapshot::{EntryKey, Row, RowFault, Snapshot};
use ciborium::Value;
use std::borrow::Cow;
use std::fmt;
use std::ops::{ControlFlow, Range};

/// A verified value is not nested too deeply.
const ANY_DEPTH: usize = usize::MAX;

/// A search. The library walks bytes and text; the caller decides what a value that is not text means to a
/// reader.
#[derive(Clone, Copy)]
pub struct Query<'q> {
    /// Whether a text matches.
    pub matches: &'q (dyn Fn(&str) -> bool + Sync),
    /// Where in encoded bytes the first match may begin: the bytes of a text that matches hold one there. `None` if
    /// there is none; `Some(0)` is always right, and decodes more. Whole values are asked about first, then rows.
    pub may_match: &'q (dyn Fn(&[u8]) -> Option<usize> + Sync),
    /// The text of a value that is not text, an array or a map; `None` for a tag whose content is looked at
    /// instead.
    pub meaning: &'q (dyn Fn(&Value) -> Option<String> + Sync),
    /// Searches only the row with this id.
    pub id: Option<&'q str>,
    /// Searches only values of the fields with this name.
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
    pub key: EntryKey,
    /// When it was fetched, in seconds since 1970; `None` if that is not known.
    pub fetched_at: Option<u64>,
    /// Whether diorama still has to fetch some fields of the row.
    pub is_incomplete: bool,
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

/// A row that was searched for by its id.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FoundRow {
    /// The entry that holds it.
    pub key: EntryKey,
    /// When the entry was fetched, in seconds since 1970; `None` if that is not known.
    pub fetched_at: Option<u64>,
    /// The row.
    pub record: Record,
    /// Whether diorama still has to fetch some of its fields.
    pub is_incomplete: bool,
}

/// What a search could not read, and what its selections matched.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Searched {
    /// Entries and rows that may hold a match and cannot be decoded, and pages that are damaged.
    pub unread: Unread,
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
    search(snapshot, scope, query.id, |part| hits(part, query), visit)
}

/// Calls `visit` with the row of this id from every entry in the scope that holds it, until it breaks.
pub fn find_row(
    snapshot: &Snapshot,
    scope: &Scope,
    id: &str,
    visit: impl FnMut(FoundRow) -> ControlFlow<()>,
) -> Result<Searched> {
    let finder = memchr::memmem::Finder::new(id);
    let work = |part: &Part| {
        let mut rows = Vec::new();
        let is_id_in = |value: &[u8]| may_hold(value, |bytes| finder.find(bytes).is_some());
        if matches!(part, Part::Live(entry) if !is_id_in(entry.value())) {
            return Ok(rows);
        }
        part.rows(&mut |row| {
            if row.id() == id {
                let (key, fetched_at) = (part.key(), part.fetched_at());
                rows.push(FoundRow { key, fetched_at, record: row.record(), is_incomplete: row.is_incomplete() });
            }
        })?;
        Ok(rows)
    };
    search(snapshot, scope, Some(id), work, visit)
}

/// Searches parts of entries on all cores, and passes what is found to `visit`, in order. With an id only that row of
/// a set is read.
fn search<Found: Send>(
    snapshot: &Snapshot,
    scope: &Scope,
    id: Option<&str>,
    work: impl Fn(&Part) -> Result<Vec<Found>, RowFault> + Sync,
    mut visit: impl FnMut(Found) -> ControlFlow<()>,
) -> Result<Searched> {
    let (mut unread, mut damage) = (Unread::default(), Vec::new());
    let one = |part: &Part| match work(part) {
        Ok(found) if found.is_empty() => None,
        found => Some((part.key(), found)),
    };
    let all = |parts: Vec<Part>| parts.iter().filter_map(one).collect::<Vec<_>>();
    let searched = on_all_cores(snapshot, scope, id, all, &mut damage, |worked| {
        let found = match worked {
            Worked::Parts(found) => found,
            Worked::Large(part) => one(&part).into_iter().collect(),
        };
        for (key, found) in found {
            match found {
                Ok(found) => {
                    if found.into_iter().try_for_each(&mut visit).is_break() {
                        return Err(Stop::Satisfied);
                    }
                }
                Err(fault) => unread.add(snapshot, || key.entry_shown(), fault)?,
            }
        }
        Ok(())
    });
    unread.damage.extend(damage);
    match searched {
        Ok(matched) => Ok(Searched { unread, matched }),
        Err(Stop::Satisfied) => Ok(Searched { unread, ..Searched::default() }),
        Err(Stop::Cache(error)) => Err(error),
    }
}

/// The reason to end a search early.
enum Stop {
    Satisfied,
    Cache(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Cache(error)
    }
}

/// Whether encoded bytes may hold what `contains` finds in contiguous ones.
fn may_hold(bytes: &[u8], contains: impl Fn(&[u8]) -> bool) -> bool {
    contains(bytes) || may_hold_in_chunks(bytes, contains)
}

/// Whether a text of indefinite length among encoded bytes may hold it, whose chunks are not contiguous.
fn may_hold_in_chunks(bytes: &[u8], contains: impl Fn(&[u8]) -> bool) -> bool {
    const INDEFINITE_TEXT: u8 = 0x7f;
    // Most bytes like that begin no text. Where very many seem to, it is shorter to decode.
    let mut left = 4 * bytes.len();
    memchr::memchr_iter(INDEFINITE_TEXT, bytes).any(|at| {
        let mut reader = Reader::at(bytes, at + 1);
        let holds = reader.text(None).is_ok_and(|text| contains(text.as_bytes()));
        let read = reader.pos() - at;
        left = left.saturating_sub(read);
        holds || left == 0
    })
}

/// The places in a row where a match may begin, as they are passed.
struct Candidates<'c> {
    query: Query<'c>,
    bytes: &'c [u8],
    /// Whether it may begin anywhere.
    anywhere: bool,
    next: Option<usize>,
}

impl<'c> Candidates<'c> {
    /// `None` if nothing in the row can match.
    fn of(row: &'c Row<'_>, query: Query<'c>) -> Option<Candidates<'c>> {
        let is_irregular = row.maps().is_irregular(row.start());
        let in_chunks = may_hold_in_chunks(row.bytes(), |bytes| (query.may_match)(bytes).is_some());
        let next = (query.may_match)(row.bytes());
        let anywhere = is_irregular || in_chunks;
        (next.is_some() || anywhere).then_some(Candidates { query, bytes: row.bytes(), anywhere, next })
    }

    /// Whether there is one in a range, which begins at the end of the last one or after it.
    fn are_in(&mut self, range: Range<usize>) -> bool {
        if self.next.is_some_and(|next| next < range.start) {
            let next = (self.query.may_match)(&self.bytes[range.start..]);
            self.next = next.map(|next| range.start + next);
        }
        self.anywhere || self.next.is_some_and(|next| next < range.end)
    }
}

/// All that matches in a part of an entry.
fn hits(part: &Part, query: Query<'_>) -> Result<Vec<Hit>, RowFault> {
    let key = part.key();
    let hit = |fetched_at, is_incomplete, place| Hit { key: key.clone(), fetched_at, is_incomplete, place };
    let mut found = Vec::new();
    let has_key = !matches!(part, Part::Row(..)) && query.id.is_none() && query.field.is_none();
    let is_key_in =
        || (query.matches)(&key.to_string()) || matches!(key, EntryKey::Set(_)) && (query.matches)(&key.shown());
    if has_key && is_key_in() {
        found.push(hit(part.fetched_at(), false, Place::Key));
    }
    let may_match = |bytes: &[u8]| may_hold(bytes, |bytes| (query.may_match)(bytes).is_some());
    // The id of a row of a set is not among its bytes.
    let is_id_in = |part: &Part| matches!(part, Part::Row(_, row) if (query.matches)(row.id()));
    if !may_match(part.bytes()) && !is_id_in(part) {
        return Ok(found);
    }
    let fetched_at = part.fetched_at();
    part.rows(&mut |row| {
        if query.id.is_some_and(|only| only != row.id()) {
            return;
        }
        let hit = |place| hit(fetched_at, row.is_incomplete(), place);
        if query.field.is_none() && query.id.is_none() && (query.matches)(row.id()) {
            found.push(hit(Place::RowId(row.id().to_owned())));
        }
        let Some(mut candidates) = Candidates::of(row, query) else { return };
        let mut walk = Walk { query, id: row.id(), path: Vec::new(), places: Vec::new() };
        let mut passed = 0;
        let walked = row.fields::<cbor::Error>(&mut |name, field| {
            let start = field.pos();
            let mut after = *field;
            after.skip(ANY_DEPTH)?;
            // Within the row.
            let [from, to] = [start, after.pos()].map(|pos| pos.saturating_sub(row.start()));
            let has_name = candidates.are_in(passed..from);
            passed = to;
            if query.field.is_some_and(|only| only != name) {
                *field = after;
                return Ok(());
            }
            if has_name {
                walk.name(&name);
            }
            if candidates.are_in(from..to) {
                return walk.inside(At::Name(name), field);
            }
            *field = after;
            Ok(())
        });
        walked.expect("what was verified can be read");
        found.extend(walk.places.into_iter().map(hit));
    })?;
    Ok(found)
}

/// A walk through the values of a verified row.
struct Walk<'w, 'b> {
    query: Query<'w>,
    id: &'w str,
    path: Vec<At<'b>>,
    places: Vec<Place>,
}

/// A step on the way, which is kept only where something matches.
enum At<'b> {
    Name(Cow<'b, str>),
    Index(usize),
}

impl<'b> Walk<'_, 'b> {
    /// The name of a field, or a key of a map. Names do not match in a search of one field.
    fn name(&mut self, name: &str) {
        if self.query.field.is_none() && (self.query.matches)(name) {
            let path = self.steps().chain([Step::Name(name.to_owned())]).collect();
            self.places.push(Place::Name { id: self.id.to_owned(), path });
        }
    }

    fn text(&mut self, text: &str) {
        if (self.query.matches)(text) {
            let (id, path) = (self.id.to_owned(), self.steps().collect());
            self.places.push(Place::Value { id, path, text: text.to_owned() });
        }
    }

    fn steps(&self) -> impl Iterator<Item = Step> {
        self.path.iter().map(|at| match at {
            At::Name(name) => Step::Name(name.clone().into_owned()),
            At::Index(index) => Step::Index(*index),
        })
    }

    /// The value to which a step leads.
    fn inside(&mut self, at: At<'b>, reader: &mut Reader<'b>) -> cbor::error::Result<()> {
        self.path.push(at);
        self.value(reader)?;
        self.path.pop();
        Ok(())
    }

    /// A value and everything inside it.
    fn value(&mut self, reader: &mut Reader<'b>) -> cbor::error::Result<()> {
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
                    self.inside(At::Index(index), reader)?;
                    index += 1;
                }
                Ok(())
            }
            Head::Map(mut left) => {
                reader.head()?;
                while reader.more(&mut left)? {
                    let name = self.key(reader)?;
                    self.name(&name);
                    self.inside(At::Name(name), reader)?;
                }
                Ok(())
            }
            head => {
                let mut item = *reader;
                reader.skip(ANY_DEPTH)?;
                let bytes = &item.all()[item.pos()..reader.pos()];
                // Most values are told apart without decoding them.
                if !may_hold(bytes, |bytes| (self.query.may_match)(bytes).is_some()) {
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

    /// A key of a map: its text, or the text of its meaning.
    fn key(&self, reader: &mut Reader<'b>) -> cbor::error::Result<Cow<'b, str>> {
        if let Head::Text(_) = reader.peek()? {
            let Head::Text(len) = reader.head()? else { unreachable!("just peeked at") };
            return reader.text(len);
        }
        let start = reader.pos();
        reader.skip(ANY_DEPTH)?;
        let key = decoded(&reader.all()[start..reader.pos()]);
        Ok(Cow::Owned((self.query.meaning)(&key).unwrap_or_else(|| crate::json::plain(&key))))
    }
}

/// A value from verified bytes.
fn decoded(bytes: &[u8]) -> Value {
    ciborium::from_reader(bytes).expect("ciborium reads what was verified")
}
