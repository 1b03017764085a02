//! Watched sets of diorama: their states, and the changes of a commit.

use crate::diorama::identity::TableName;
use crate::diorama::meta::{Meta, MetaKey};
use crate::file::{self, Advance, Records};
use crate::live::key::Selection;
use crate::snapshot::entry::EntryKey;
use crate::snapshot::set_key::{SetKey, table_and_row};
use crate::snapshot::watched::{EntryChange, Event, Remembered, RowChange, RowChanges, SetState};
use std::collections::BTreeMap;
use std::str;

/// The last known state of a set.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    has_rows: bool,
    has_meta: bool,
    state: SetState,
    /// Bytes of its rows.
    bytes: u64,
}

impl Known {
    fn exists(&self) -> bool {
        self.has_rows || self.has_meta
    }

    fn remembered(&self) -> Option<Remembered> {
        self.exists().then(|| Remembered::of_set(self.state, self.bytes))
    }
}

/// All known sets, by the names of their tables.
#[derive(Debug, Default)]
pub(super) struct WatchedSets(BTreeMap<String, Known>);

/// A changed table of a set.
pub(super) struct ChangedTable<'a> {
    pub name: String,
    pub exists: bool,
    /// `None` if its entries are the same.
    pub advance: Option<&'a Advance>,
}

/// What to report about sets.
#[derive(Clone, Copy)]
pub(super) struct SetReport<'a> {
    pub selections: &'a [Selection],
    pub records: &'a Records,
    /// Whether to report the values of changed rows.
    pub values: bool,
    /// Whether to report the ids of changed rows.
    pub ids: bool,
}

impl WatchedSets {
    pub fn is_known(&self, table: &str) -> bool {
        match TableName::of(table) {
            TableName::Rows(set) => self.0.get(set).is_some_and(|known| known.has_rows),
            TableName::Meta(set) => self.0.get(set).is_some_and(|known| known.has_meta),
            TableName::Hidden => false,
        }
    }

    /// Stores the new state of the tables, and returns the changes to report.
    pub fn advance(&mut self, tables: &[ChangedTable<'_>], report: SetReport<'_>) -> file::Result<Vec<EntryChange>> {
        let mut by_set: BTreeMap<&str, [Option<&ChangedTable<'_>>; 2]> = BTreeMap::new();
        for table in tables {
            match TableName::of(&table.name) {
                TableName::Rows(set) => by_set.entry(set).or_default()[0] = Some(table),
                TableName::Meta(set) => by_set.entry(set).or_default()[1] = Some(table),
                TableName::Hidden => {}
            }
        }
        let mut reported = Vec::new();
        for (set, [rows, meta]) in by_set {
            let old = self.0.get(set).copied().unwrap_or_default();
            let mut new = old;
            if let Some(table) = meta {
                new.has_meta = table.exists;
                new.state = meta_after(old.state, table, report.records)?;
            }
            let wanted = wanted(report.selections, set, |name| self.0.contains_key(name));
            let [keeps_values, keeps_ids] =
                [report.values, report.ids].map(|keeps| keeps && old.exists() && !wanted.is_empty());
            let mut changes = RowChanges::default();
            let advance = rows.and_then(|table| table.advance);
            if let Some(table) = rows {
                new.has_rows = table.exists;
            }
            if let Some(advance) = advance {
                let states = [old.state, new.state];
                let rows = Rows { set, states, keeps_values, keeps_ids, wanted: &wanted };
                changes = rows.after(&mut new, advance, report.records, &mut reported)?;
            }
            let unknown = advance.map_or([false; 2], Advance::has_unknown);
            if wanted.iter().any(Option::is_none) {
                reported.extend(whole(set, [&old, &new], changes, unknown));
            }
            if new.exists() {
                self.0.insert(set.to_owned(), new);
            } else {
                self.0.remove(set);
            }
        }
        Ok(reported)
    }
}

/// Whether a set or rows of it may be selected.
pub(super) fn concerns(selections: &[Selection], set: &str) -> bool {
    !wanted(selections, set, |_| false).is_empty()
}

/// Whether a whole set may be selected, and not only rows of it.
pub(super) fn is_whole_concerned(selections: &[Selection], set: &str) -> bool {
    wanted(selections, set, |_| false).iter().any(Option::is_none)
}

/// What is selected of a set: `None` for all of it, or a selection with its part that names rows.
type Wanted<'s> = Vec<Option<(&'s Selection, String)>>;

fn wanted<'s>(selections: &'s [Selection], set: &str, is_known: impl Fn(&str) -> bool) -> Wanted<'s> {
    let of = |selection: &'s Selection| {
        let Some(typed) = selection.named() else { return Some(None) };
        let is_this_set = |name: &str| (name == set || is_known(name)).then(|| name == set);
        match table_and_row(&typed, is_this_set) {
            Some((true, row)) => Some(row.map(|row| (selection, row.to_owned()))),
            _ => None,
        }
    };
    selections.iter().filter_map(of).collect()
}

/// The change of a whole set.
fn whole(set: &str, [old, new]: [&Known; 2], rows: RowChanges, [_, unknown]: [bool; 2]) -> Option<EntryChange> {
    let has_rows = rows.added + rows.replaced + rows.removed + rows.lost > 0;
    let event = match (old.exists(), new.exists()) {
        (false, true) => Event::Added,
        (true, false) if unknown => Event::Lost,
        (true, false) => Event::Removed,
        (true, true) if has_rows => Event::Replaced,
        (true, true) if old.state.meta != new.state.meta => Event::Touched,
        _ => return None,
    };
    let key = EntryKey::Set(SetKey::new(set, None));
    Some(EntryChange { key, event, old: old.remembered(), new: new.remembered(), rows: Some(rows) })
}

/// The change of a row that is itself selected.
fn row(
    set: &str,
    states: [SetState; 2],
    id: &str,
    sides: [Option<&Remembered>; 2],
    [unknown_old, unknown_new]: [bool; 2],
    values: Vec<RowChange>,
) -> EntryChange {
    let event = match sides {
        [None, _] if unknown_old => Event::Found,
        [None, _] => Event::Added,
        [_, None] if unknown_new => Event::Lost,
        [_, None] => Event::Removed,
        _ => Event::Replaced,
    };
    let [old, new] =
        [0, 1].map(|n: usize| sides[n].map(|side| Remembered::of_set(state_of_row(&states[n]), side.bytes)));
    let key = EntryKey::Set(SetKey::new(set, Some(id)));
    EntryChange {
        key,
        event,
        old,
        new,
        rows: Some(RowChanges { values, ids: vec![id.into()], ..RowChanges::default() }),
    }
}

/// The state of a row, which has the time of its set and no total.
fn state_of_row(set: &SetState) -> SetState {
    let meta = Meta { refreshed_at: set.meta.refreshed_at, ..Meta::default() };
    SetState { rows: 1, meta, is_time_malformed: set.is_time_malformed }
}

/// The state after a change of the meta table.
fn meta_after(mut state: SetState, table: &ChangedTable<'_>, records: &Records) -> file::Result<SetState> {
    if !table.exists {
        return Ok(SetState { rows: state.rows, ..SetState::default() });
    }
    let Some(advance) = table.advance else { return Ok(state) };
    let mut differences = advance.differences(records);
    while let Some(changed) = differences.next()? {
        let Some(key) = str::from_utf8(changed.key).ok().and_then(MetaKey::of_name) else { continue };
        state.meta.remove(key);
        // A value that diorama cannot read counts as missing.
        let value = changed.new.and_then(|new| Remembered::parse(new).value);
        let is_malformed = value.is_some_and(|value| state.meta.read(key.name(), &value).is_err());
        if key == MetaKey::RefreshedAt {
            state.is_time_malformed = is_malformed;
        }
    }
    Ok(state)
}

/// The changes of the rows of a set.
struct Rows<'a> {
    set: &'a str,
    /// The set before and after, except for the number of its rows.
    states: [SetState; 2],
    keeps_values: bool,
    keeps_ids: bool,
    wanted: &'a Wanted<'a>,
}

impl Rows<'_> {
    /// Counts the new rows, and reports those that are themselves selected.
    fn after(
        &self,
        known: &mut Known,
        advance: &Advance,
        records: &Records,
        reported: &mut Vec<EntryChange>,
    ) -> file::Result<RowChanges> {
        let mut changes = RowChanges::default();
        let unknown = advance.has_unknown();
        let mut differences = advance.differences(records);
        while let Some(changed) = differences.next()? {
            let Ok(id) = str::from_utf8(changed.key) else { continue };
            let [old, new] = [changed.old, changed.new].map(|side| side.map(Remembered::parse));
            let len = |side: &Option<Remembered>| side.as_ref().map_or(0, |side| side.bytes);
            known.bytes = (known.bytes + len(&new)).saturating_sub(len(&old));
            known.state.rows = (known.state.rows + u64::from(new.is_some())).saturating_sub(u64::from(old.is_some()));
            match (&old, &new) {
                (None, _) => changes.added += 1,
                (_, None) if unknown[1] => changes.lost += 1,
                (_, None) => changes.removed += 1,
                _ => changes.replaced += 1,
            }
            let is_lost = new.is_none() && unknown[1];
            let is_wanted = self.wanted.iter().flatten().any(|(selection, named)| selection.takes_row(named, id));
            let sides = [old.as_ref(), new.as_ref()];
            let [old, new] = sides.map(|side| side.and_then(|side| side.value.clone()).filter(|_| self.keeps_values));
            let change = (self.keeps_values && !is_lost).then(|| RowChange { id: id.to_owned(), old, new });
            if is_wanted {
                reported.push(row(self.set, self.states, id, sides, unknown, change.iter().cloned().collect()));
            }
            changes.values.extend(change);
            changes.ids.extend((self.keeps_ids && !is_lost).then(|| id.into()));
        }
        Ok(changes)
    }
}
