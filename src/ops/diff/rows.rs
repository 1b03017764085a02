//! Differences between the rows of an entry, and between the fields of a row.

use super::DiffOptions;
use super::difference::{Change, Difference, EntryDiff, FieldDiff, RowDiff};
use crate::cbor;
use crate::json::writer::{record_json, value_json};
use crate::live::view::EnvelopeView;
use crate::snapshot::{EntryKey, Ranges, Row};
use indexmap::IndexMap;
use std::borrow::Cow;
use std::ops::Range;

/// Calls `each` with every difference between two values of an entry of vantage-live, as [`diff`](super::diff) does.
///
/// # Errors
/// What `each` returns.
pub fn diff_values<E>(
    key: impl Into<EntryKey>,
    old: &[u8],
    new: &[u8],
    options: DiffOptions,
    each: &mut impl FnMut(Difference) -> Result<(), E>,
) -> Result<(), E> {
    if old == new {
        return Ok(());
    }
    let mut entry = EntryDiff::new(key.into(), Change::Changed);
    let (a, b) = match (EnvelopeView::new(old), EnvelopeView::new(new)) {
        (Ok(a), Ok(b)) => (a, b),
        (a, b) => return each(Difference::Entry(EntryDiff { undecodable: [a.err(), b.err()], ..entry })),
    };
    if options.fetched_at && a.fetched_at() != b.fetched_at() {
        entry.fetched_at = Some((a.fetched_at(), b.fetched_at()));
    }
    let (old, new) = (records(&a), records(&b));
    entry.is_reordered = options.order && is_reordered(&old, &new);
    let differs = entry.fetched_at.is_some() || entry.is_reordered;
    let mut events = Events::new(entry, each);
    if differs {
        events.begin_entry()?;
    }
    for (id, record) in &old {
        let row = Row::of_envelope(id, &a, record);
        match new.get(id) {
            None => events.alone(&row, Change::Removed)?,
            Some(other) => events.both([&row, &Row::of_envelope(id, &b, other)], options)?,
        }
    }
    for (id, record) in new.iter().filter(|(id, _)| !old.contains_key(*id)) {
        events.alone(&Row::of_envelope(id, &b, record), Change::Added)?;
    }
    Ok(())
}

/// Where the record of each row is, by row id.
fn records<'b>(envelope: &EnvelopeView<'b>) -> IndexMap<Cow<'b, str>, Range<usize>> {
    let mut records = IndexMap::new();
    let walked = envelope.each_record::<cbor::Error>(&mut |id, record| {
        records.insert(id, record.item_range()?);
        Ok(())
    });
    walked.expect("what was verified can be read");
    records
}

/// Reports what differs in an entry: the entry before its first row, and a row before its first field.
pub(super) struct Events<'e, F> {
    /// `None` once it has been reported.
    entry: Option<EntryDiff>,
    /// The row whose fields are being compared; `None` once it has been reported.
    row: Option<RowDiff>,
    each: &'e mut F,
}

impl<'e, E, F: FnMut(Difference) -> Result<(), E>> Events<'e, F> {
    /// For an entry that is reported only if something in it differs.
    pub fn new(entry: EntryDiff, each: &'e mut F) -> Events<'e, F> {
        Events { entry: Some(entry), row: None, each }
    }

    /// Reports the entry, unless it has been reported.
    pub fn begin_entry(&mut self) -> Result<(), E> {
        self.entry.take().map_or(Ok(()), |entry| (self.each)(Difference::Entry(entry)))
    }

    /// Reports a row.
    pub fn row(&mut self, row: RowDiff) -> Result<(), E> {
        self.begin_entry()?;
        (self.each)(Difference::Row(row))
    }

    fn field(&mut self, name: &str, old: Option<String>, new: Option<String>) -> Result<(), E> {
        if let Some(row) = self.row.take() {
            self.row(row)?;
        }
        (self.each)(Difference::Field(FieldDiff { name: name.to_owned(), old, new }))
    }

    /// Reports a row that only one side has.
    pub fn alone(&mut self, row: &Row<'_>, change: Change) -> Result<(), E> {
        let is_incomplete = [change == Change::Removed, change == Change::Added].map(|has| has && row.is_incomplete());
        let record = Some(record_json(row.maps(), row.start()));
        self.row(RowDiff { record, is_incomplete, ..RowDiff::new(row.id(), change) })
    }

    /// Reports what differs in a row that both sides have.
    pub fn both(&mut self, [a, b]: [&Row<'_>; 2], options: DiffOptions) -> Result<(), E> {
        let is_incomplete = [a, b].map(Row::is_incomplete);
        if a.bytes() == b.bytes() && is_incomplete[0] == is_incomplete[1] {
            return Ok(());
        }
        let (old, new) = (a.field_ranges(), b.field_ranges());
        let is_reordered = options.order && is_reordered(&old, &new);
        let row = RowDiff { is_reordered, is_incomplete, ..RowDiff::new(a.id(), Change::Changed) };
        if is_reordered || is_incomplete[0] != is_incomplete[1] {
            self.row(row)?;
        } else {
            self.row = Some(row);
        }
        self.fields([a, b], &old, &new)?;
        self.row = None;
        Ok(())
    }

    fn fields(&mut self, [a, b]: [&Row<'_>; 2], old: &Ranges<'_>, new: &Ranges<'_>) -> Result<(), E> {
        let (a_bytes, b_bytes) = (a.maps().bytes(), b.maps().bytes());
        for (name, value) in old {
            let other = new.get(name);
            if other.is_some_and(|other| a_bytes[value.clone()] == b_bytes[other.clone()]) {
                continue;
            }
            let old = Some(value_json(a.maps(), value.start));
            let new = other.map(|other| value_json(b.maps(), other.start));
            if old != new {
                self.field(name, old, new)?;
            }
        }
        for (name, value) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
            self.field(name, None, Some(value_json(b.maps(), value.start)))?;
        }
        Ok(())
    }
}

/// Whether the names that both have are in a different order.
fn is_reordered<T>(a: &IndexMap<Cow<'_, str>, T>, b: &IndexMap<Cow<'_, str>, T>) -> bool {
    let common = |ours: &IndexMap<Cow<'_, str>, T>, theirs: &IndexMap<Cow<'_, str>, T>| {
        ours.keys().filter(|name| theirs.contains_key(*name)).cloned().map(Cow::into_owned).collect::<Vec<String>>()
    };
    common(a, b) != common(b, a)
}
