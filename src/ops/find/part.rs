//! The search of one part of an entry, which skips what cannot match.

use super::candidates::{Candidates, may_hold};
use super::{Hit, Place, Query, Step};
use crate::cbor;
use crate::cbor::reader::{Head, Reader};
use crate::ops::parts::Part;
use crate::snapshot::{EntryKey, LiveRun, Row, RowFault, RowRun};
use std::borrow::Cow;
use std::ops::{ControlFlow, Range};

/// Takes a match, or the reason why rows that may have one cannot be read.
pub(super) type VisitHit<'v> = dyn FnMut(Result<&Hit<'_>, RowFault>) -> ControlFlow<()> + 'v;

/// Whether anything may match in entries of vantage-live.
pub(super) fn may_have_hits(run: &LiveRun, query: Query<'_>) -> bool {
    let may_match = |bytes: &[u8]| (query.may_match)(bytes).is_some();
    query.by_meaning
        || may_hold(run.values(), may_match)
        || query.field.is_none() && may_match(run.full_keys().as_bytes())
}

/// Calls `visit` with every match in a part of an entry, until it breaks.
pub(super) fn each_hit(part: &Part, query: Query<'_>, visit: &mut VisitHit<'_>) -> ControlFlow<()> {
    let (ids, values) = match part {
        // The ids are among the values.
        Part::Live(entry) => (&[][..], entry.value()),
        Part::Key(_) => (&[][..], &[][..]),
        Part::Rows(_, run) => (run.ids(), run.values()),
    };
    let (mut ids, mut values) = (Candidates::new(ids, query), Candidates::new(values, query));
    let may_have_rows = query.by_meaning || ids.are_from(0) || values.are_from(0);
    let has_key = is_key_in(part, query);
    if !has_key && !may_have_rows {
        return ControlFlow::Continue(());
    }
    let mut search = Search { query, key: &part.key(), fetched_at: part.fetched_at(), visit };
    if has_key {
        search.hit(false, Place::Key)?;
    }
    match part {
        Part::Live(_) if may_have_rows => part.rows(&mut |row| search.row_of_live(row, &mut values)),
        Part::Rows(_, run) => search.rows_of_set(run, &mut ids, &mut values),
        Part::Live(_) | Part::Key(_) => ControlFlow::Continue(()),
    }
}

/// Whether a part is responsible for its full key, and the stored or the readable key matches.
fn is_key_in(part: &Part, query: Query<'_>) -> bool {
    if query.field.is_some() {
        return false;
    }
    match part {
        Part::Live(entry) => (query.matches)(&entry.full_key()),
        Part::Key(set) => (query.matches)(&set.key().to_string()) || (query.matches)(&set.key().shown()),
        Part::Rows(..) => false,
    }
}

/// A search of one part.
struct Search<'s, 'v> {
    query: Query<'s>,
    key: &'s EntryKey,
    fetched_at: Option<u64>,
    visit: &'s mut VisitHit<'v>,
}

impl Search<'_, '_> {
    fn hit(&mut self, is_incomplete: bool, place: Place<'_>) -> ControlFlow<()> {
        (self.visit)(Ok(&Hit { key: self.key, fetched_at: self.fetched_at, is_incomplete, place }))
    }

    fn is_id_hit(&self, id: &str) -> bool {
        self.query.field.is_none() && (self.query.matches)(id)
    }

    /// The candidates are those in the whole entry.
    fn row_of_live(&mut self, row: Result<&Row<'_>, RowFault>, candidates: &mut Candidates<'_>) -> ControlFlow<()> {
        let row = match row {
            Ok(row) => row,
            Err(fault) => return (self.visit)(Err(fault)),
        };
        // The id stands just before the row, if in one piece.
        let id = row.start().saturating_sub(row.id().len())..row.start();
        let has_id = candidates.are_in(&id) && self.is_id_hit(row.id());
        self.row(row, has_id, candidates)
    }

    fn rows_of_set(&mut self, run: &RowRun, ids: &mut Candidates<'_>, values: &mut Candidates<'_>) -> ControlFlow<()> {
        let (mut ids_end, mut values_end) = (0, 0);
        run.rows().try_for_each(|(id, value)| {
            let (id_start, value_start) = (ids_end, values_end);
            (ids_end, values_end) = (ids_end + id.len(), values_end + value.len());
            let has_id = ids.are_in(&(id_start..ids_end)) && self.is_id_hit(id);
            let mut candidates = values.within(value_start..values_end);
            if !has_id && !self.query.by_meaning && !candidates.are_from(0) {
                return ControlFlow::Continue(());
            }
            Row::read_of_set(id, value, &mut |row| match row {
                Ok(row) => self.row(row, has_id, &mut candidates),
                Err(fault) => (self.visit)(Err(fault)),
            })
        })
    }

    fn row(&mut self, row: &Row<'_>, has_id: bool, candidates: &mut Candidates<'_>) -> ControlFlow<()> {
        if has_id {
            self.hit(row.is_incomplete(), Place::RowId(row.id()))?;
        }
        let query = self.query;
        let mut visit = |place: Place<'_>| self.hit(row.is_incomplete(), place);
        let walk = Walk { query, id: row.id(), path: Vec::new(), visit: &mut visit, flow: ControlFlow::Continue(()) };
        walk.row(row, candidates)
    }
}

/// A walk through a verified row.
struct Walk<'w, 'b> {
    query: Query<'w>,
    id: &'w str,
    path: Vec<Step<'b>>,
    visit: &'w mut dyn FnMut(Place<'_>) -> ControlFlow<()>,
    /// Whether more is needed.
    flow: ControlFlow<()>,
}

impl<'w, 'b: 'w> Walk<'w, 'b> {
    /// Walks through a row.
    fn row(mut self, row: &Row<'b>, candidates: &mut Candidates<'_>) -> ControlFlow<()> {
        let walked = if row.maps().is_irregular(row.start()) {
            // Names and values stand in another order then, and are read from anywhere in it.
            row.fields(&mut |name, field| {
                let value = *field;
                field.pass_item()?;
                self.field(name, true, Some(value))
            })
        } else {
            row.each_place(&mut |name, value| {
                let at = |place: &Range<usize>| Reader::at(row.maps().bytes(), place.start);
                let by_meaning = self.query.by_meaning && !at(&value).at_text();
                let (has_name, has_value) = (candidates.are_in(&name), by_meaning || candidates.are_in(&value));
                if has_name || has_value {
                    self.field(at(&name).text_item()?, has_name, has_value.then(|| at(&value)))?;
                }
                let is_done = self.flow.is_break() || !self.query.by_meaning && !candidates.are_from(value.end);
                Ok(if is_done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })
        };
        walked.unwrap_or_else(|error: cbor::Error| unreachable!("what was verified can be read: {error}"));
        self.flow
    }

    /// A field: its name, if that may match, and its value.
    fn field(&mut self, name: Cow<'b, str>, has_name: bool, value: Option<Reader<'b>>) -> cbor::error::Result<()> {
        if self.flow.is_break() || self.query.field.is_some_and(|only| only != name) {
            return Ok(());
        }
        let (id, path) = (self.id, [Step::Name(name)]);
        if let [Step::Name(name)] = &path
            && has_name
            && self.query.field.is_none()
            && (self.query.matches)(name)
        {
            self.flow = (self.visit)(Place::Name { id, path: &path });
        }
        match value {
            // Most values are text, and need no memory for the path.
            Some(mut value) if value.at_text() => {
                let text = value.text_item()?;
                if self.flow.is_continue() && (self.query.matches)(&text) {
                    self.flow = (self.visit)(Place::Value { id, path: &path, text: &text });
                }
            }
            Some(mut value) => {
                self.path.extend(path);
                self.value(&mut value)?;
                self.path.clear();
            }
            None => {}
        }
        Ok(())
    }

    /// The last name of the path: of a field, or a key of a map. Names do not match in a search of one field.
    fn name(&mut self) {
        let Some(Step::Name(name)) = self.path.last() else { return };
        if self.flow.is_continue() && self.query.field.is_none() && (self.query.matches)(name) {
            self.flow = (self.visit)(Place::Name { id: self.id, path: &self.path });
        }
    }

    fn text(&mut self, text: &str) {
        if self.flow.is_continue() && (self.query.matches)(text) {
            self.flow = (self.visit)(Place::Value { id: self.id, path: &self.path, text });
        }
    }

    /// A value and everything inside it.
    fn value(&mut self, reader: &mut Reader<'b>) -> cbor::error::Result<()> {
        if reader.at_text() {
            let text = reader.text_item()?;
            self.text(&text);
            return Ok(());
        }
        match reader.peek()? {
            Head::Array(mut left) => {
                reader.head()?;
                let mut index = 0;
                while reader.more(&mut left)? {
                    self.path.push(Step::Index(index));
                    self.value(reader)?;
                    self.path.pop();
                    index += 1;
                }
            }
            Head::Map(mut left) => {
                reader.head()?;
                while reader.more(&mut left)? {
                    let (name, is_searched) = self.key(reader)?;
                    self.path.push(Step::Name(name));
                    if is_searched {
                        self.name();
                    }
                    self.value(reader)?;
                    self.path.pop();
                }
            }
            head => {
                let mut item = *reader;
                reader.pass_item()?;
                let bytes = reader.since(item.pos());
                // Most values need not be decoded.
                if !self.query.by_meaning && !may_hold(bytes, |bytes| (self.query.may_match)(bytes).is_some()) {
                    return Ok(());
                }
                let value = Reader::at(bytes, 0).value()?;
                match ((self.query.meaning)(&value), head) {
                    (Some(text), _) => self.text(&text),
                    (None, Head::Tag(_)) => {
                        item.head()?;
                        self.value(&mut item)?;
                    }
                    (None, _) => {}
                }
            }
        }
        Ok(())
    }

    /// The name of a map's key, its text or what the caller calls it, and whether it is searched: like a value that
    /// has no text, a key without one is not, since its bytes do not hold its name.
    fn key(&self, reader: &mut Reader<'b>) -> cbor::error::Result<(Cow<'b, str>, bool)> {
        if reader.at_text() {
            return Ok((reader.text_item()?, true));
        }
        let key = reader.value()?;
        Ok((Cow::Owned((self.query.key_name)(&key)), (self.query.meaning)(&key).is_some()))
    }
}
