//! Where something is: in keys, row ids, names of fields, and values.

use crate::cbor;
use crate::cbor::reader::{Head, Reader};
use crate::error::{Error, Result};
use crate::live::envelope::Record;
use crate::ops::entries::each_entry;
use crate::ops::scope::{Matched, Scope};
use crate::ops::unread::Unread;
use crate::ops::{past_damage, unless_moved};
use crate::snapshot::{Entry, EntryKey, LiveEntry, Row, RowFault, Set, SetRow, Snapshot};
use crate::system::workers::{LARGE, with_workers};
use ciborium::Value;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

/// What was verified is not too deep.
const ANY_DEPTH: usize = usize::MAX;

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

/// A row that was looked for by its id.
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

/// What a search came to, beside what it found.
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

/// What is searched at once.
enum Part {
    /// An entry of vantage-live.
    Live(LiveEntry),
    /// The key of a set.
    Key(Arc<Set>),
    /// A row of a set.
    Row(Arc<Set>, SetRow),
}

impl Part {
    fn key(&self) -> EntryKey {
        match self {
            Part::Live(entry) => entry.key().into(),
            Part::Key(set) | Part::Row(set, _) => set.key().into(),
        }
    }

    fn fetched_at(&self) -> Option<u64> {
        match self {
            Part::Live(entry) => entry.head().ok().map(|head| head.fetched_at),
            Part::Key(set) | Part::Row(set, _) => set.fetched_at(),
        }
    }

    /// The bytes that hold its rows.
    fn bytes(&self) -> &[u8] {
        match self {
            Part::Live(entry) => entry.value(),
            Part::Key(_) => &[],
            Part::Row(_, row) => row.value(),
        }
    }

    fn rows(&self, visit: &mut dyn FnMut(&Row<'_>)) -> Result<(), RowFault> {
        match self {
            Part::Live(entry) => match entry.envelope() {
                Err(error) => Err(RowFault::Envelope { key: entry.key(), error }),
                Ok(envelope) => Row::each_of(&envelope, &mut |row| {
                    visit(&row);
                    Ok(())
                }),
            },
            Part::Key(_) => Ok(()),
            Part::Row(_, row) => row.read(&mut |row| row.map(|row| visit(&row))),
        }
    }
}

/// Hands parts of entries to all cores, and what they find to `visit`, in order. Of sets only the row with this id is
/// read, if there is one.
fn search<Found: Send>(
    snapshot: &Snapshot,
    scope: &Scope,
    id: Option<&str>,
    work: impl Fn(&Part) -> Result<Vec<Found>, RowFault> + Sync,
    mut visit: impl FnMut(Found) -> ControlFlow<()>,
) -> Result<Searched> {
    type Batch<Found> = Vec<(EntryKey, Result<Vec<Found>, RowFault>)>;
    let mut unread = Unread::default();
    let mut damage = Vec::new();
    let mut take = |batch: Batch<Found>| {
        for (key, found) in batch {
            match found {
                Ok(found) => {
                    if found.into_iter().try_for_each(&mut visit).is_break() {
                        return Err(Stop::Satisfied);
                    }
                }
                Err(fault) => unread.add(snapshot, || key.shown(), fault)?,
            }
        }
        Ok(())
    };
    let one = |part: &Part| match work(part) {
        Ok(found) if found.is_empty() => None,
        found => Some((part.key(), found)),
    };
    let walked = with_workers(
        |parts: Vec<Part>| parts.iter().filter_map(one).collect(),
        |workers| {
            let mut push = |part: Part| {
                let len = part.bytes().len();
                if len < LARGE {
                    workers.push(part, len);
                    return workers.next_due().map_or(Ok(()), &mut take);
                }
                while let Some(batch) = workers.next() {
                    take(batch)?;
                }
                take(one(&part).into_iter().collect())
            };
            let walked = each_entry(snapshot, scope, |entry| match entry {
                Entry::Live(entry) => push(Part::Live(entry)),
                Entry::Set(set) => {
                    push(Part::Key(Arc::clone(&set)))?;
                    each_part(snapshot, &set, id, &mut damage, &mut push)
                }
            })?;
            while let Some(batch) = workers.next() {
                take(batch)?;
            }
            Ok(walked)
        },
    );
    unread.damage.extend(damage);
    match walked {
        Ok((matched, damage)) => {
            unread.damage.extend(damage);
            Ok(Searched { unread, matched })
        }
        Err(Stop::Satisfied) => Ok(Searched { unread, ..Searched::default() }),
        Err(Stop::Cache(error)) => Err(error),
    }
}

/// Calls `push` with the rows of a set, or with the one that has this id.
fn each_part(
    snapshot: &Snapshot,
    set: &Arc<Set>,
    id: Option<&str>,
    damage: &mut Vec<Error>,
    push: &mut impl FnMut(Part) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let only = match id {
        Some(id) if set.row().is_some_and(|row| row != id) => return Ok(()),
        Some(id) => match past_damage(unless_moved(snapshot.with_row(set, id), snapshot), damage)?.flatten() {
            Some(only) => only,
            None => return Ok(()),
        },
        None => Set::clone(set),
    };
    for row in snapshot.rows(&only) {
        if let Some(row) = past_damage(unless_moved(row, snapshot), damage)? {
            push(Part::Row(Arc::clone(set), row))?;
        }
    }
    Ok(())
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

/// All that matches in a part of an entry.
fn hits(part: &Part, query: Query<'_>) -> Result<Vec<Hit>, RowFault> {
    let key = part.key();
    let hit = |fetched_at, is_incomplete, place| Hit { key: key.clone(), fetched_at, is_incomplete, place };
    let mut found = Vec::new();
    let has_key = !matches!(part, Part::Row(..)) && query.id.is_none() && query.field.is_none();
    if has_key && ((query.matches)(&key.to_string()) || (query.matches)(&key.shown())) {
        found.push(hit(part.fetched_at(), false, Place::Key));
    }
    let may_match = |bytes: &[u8]| may_hold(bytes, query.may_match);
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
        if !may_match(row.bytes()) {
            return;
        }
        let mut walk = Walk { query, id: row.id(), path: Vec::new(), places: Vec::new() };
        let walked = row.fields::<cbor::Error>(&mut |name, field| {
            if query.field.is_some_and(|only| only != name) {
                return field.skip(ANY_DEPTH);
            }
            walk.name(&name);
            walk.path.push(Step::Name(name.into_owned()));
            walk.value(field)?;
            walk.path.pop();
            Ok(())
        });
        walked.expect("what was verified can be read");
        found.extend(walk.places.into_iter().map(hit));
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
                reader.skip(ANY_DEPTH)?;
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
        reader.skip(ANY_DEPTH)?;
        let key = decoded(&reader.all()[start..reader.pos()]);
        Ok((self.query.meaning)(&key).unwrap_or_else(|| crate::json::plain(&key)))
    }
}

/// A value from bytes that were verified.
fn decoded(bytes: &[u8]) -> Value {
    ciborium::from_reader(bytes).expect("ciborium reads what was verified")
}
