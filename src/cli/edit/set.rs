//! Editing a set of diorama, or a row of one.

use super::{ID_FIELD, Original, marks};
use crate::cli::{Refused, Status, diff, report_undated, report_unread};
use crate::output::Output;
use anyhow::Result;
use std::io::Write;
use std::ops::ControlFlow;
use vlive::fixture::FixtureOptions;
use vlive::json::JsonStyle;
use vlive::ops::{ChangedKey, DiffOptions, DumpStyle, Dumped, Replace, Side};
use vlive::snapshot::{Layout, Set};
use vlive::{Cache, Error, Fixture, Snapshot};

pub struct OriginalSet {
    seen: SeenSet,
    text: String,
    /// The unedited text, parsed.
    fixture: Fixture,
}

/// The state of a set and, if a single row is edited, the bytes of that row.
#[derive(Clone)]
pub struct SeenSet {
    set: Set,
    row: Option<Vec<u8>>,
}

impl SeenSet {
    fn new(snapshot: &Snapshot, set: Set) -> vlive::Result<SeenSet> {
        let row = if set.row().is_some() { snapshot.rows(&set).next().transpose()? } else { None };
        let row = row.map(|row| row.value().to_owned());
        Ok(SeenSet { set, row })
    }

    fn is_same(&self, other: &SeenSet) -> bool {
        match &self.row {
            Some(_) => self.row == other.row,
            None => self.set.has_same_tables(&other.set),
        }
    }
}

impl OriginalSet {
    /// The set as text. A set that cannot be read completely is reported and cannot be edited, since the rest would be
    /// lost.
    pub fn new(snapshot: &Snapshot, set: Set, output: &Output) -> Result<ControlFlow<Status, OriginalSet>> {
        let (text, dumped) = text(snapshot, &set, true)?;
        if let Some(status) = unreadable(&dumped, output) {
            return Ok(ControlFlow::Break(status));
        }
        let fixture = parse(&set, &text).expect("what is written without loss can be read");
        Ok(ControlFlow::Continue(OriginalSet { seen: SeenSet::new(snapshot, set)?, text, fixture }))
    }
}

/// Reports what cannot be read in a set, and would be lost if the set were written again.
pub fn unreadable(dumped: &Dumped, output: &Output) -> Option<Status> {
    let status = report_unread(&dumped.unread, output);
    (status != Status::Done).then_some(status)
}

/// A set as JSON without loss, except for what cannot be read.
fn text(snapshot: &Snapshot, set: &Set, pretty: bool) -> Result<(String, Dumped)> {
    let style = DumpStyle { json: JsonStyle { pretty, ..JsonStyle::default() }, ..DumpStyle::default() };
    let mut text = Vec::new();
    let dumped = vlive::ops::dump_set(snapshot, set, style, &mut text)?;
    if pretty {
        writeln!(text)?;
    }
    Ok((String::from_utf8(text).expect("JSON is UTF-8"), dumped))
}

fn parse(set: &Set, text: &str) -> Result<Fixture> {
    let options =
        FixtureOptions { id_field: ID_FIELD.to_owned(), layout: Some(Layout::Diorama), ..FixtureOptions::default() };
    Fixture::of_entry(&set.key().to_string(), "the text", text, &options).map_err(|error| match error {
        Error::Refused { source, .. } => Refused::error(source.to_string(), None),
        error => error.into(),
    })
}

/// Parses the text of a set after a change.
fn parse_changed(set: &Set, before: &str, after: &str) -> Result<Fixture> {
    parse(set, after).or_else(|error| match marks::without_removed(before, after) {
        Some(after) => parse(set, &after),
        None => Err(error),
    })
}

/// The new set, unless it equals the old one. Rows alone keep the metadata of the set. If it has lost rows, it loses its
/// times, unless these were edited.
fn unless_same(old: &Fixture, mut new: Fixture) -> vlive::Result<Option<Fixture>> {
    new.complete_rows_alone(old);
    new.undate_after_removal(old)?;
    let is_same = match (old.sets().next(), new.sets().next()) {
        (Some(old), Some(new)) => old.is_same(&new)?,
        _ => false,
    };
    Ok((!is_same).then_some(new))
}

/// Whether a set loses its times.
pub fn loses_times(set: &Set, new: &Fixture) -> bool {
    let new = new.sets().next().filter(|new| !new.is_part());
    set.fetched_at().is_some() && new.is_some_and(|new| new.meta().refreshed_at.is_none())
}

/// The result of changing the text of a set.
pub enum Changed {
    /// The set stays as it is, since what cannot be read would be lost.
    Unreadable(Dumped),
    /// The result is not a set, for this reason.
    Refused(String),
    Same,
    New(Fixture),
}

/// Changes the text of a set with `change`.
pub fn changed(snapshot: &Snapshot, set: &Set, change: impl FnOnce(&str) -> Result<String, String>) -> Result<Changed> {
    let (before, dumped) = text(snapshot, set, false)?;
    if !dumped.unread.is_empty() {
        return Ok(Changed::Unreadable(dumped));
    }
    let after = match change(&before) {
        Ok(after) if after == before => return Ok(Changed::Same),
        Ok(after) => after,
        Err(what) => return Ok(Changed::Refused(what)),
    };
    let fixture = match parse_changed(set, &before, &after) {
        Ok(fixture) => fixture,
        Err(error) => return Ok(Changed::Refused(format!("in its result, {error}"))),
    };
    Ok(unless_same(&parse(set, &before)?, fixture)?.map_or(Changed::Same, Changed::New))
}

impl Original for OriginalSet {
    type New = Fixture;
    type Seen = SeenSet;

    fn key(&self) -> ChangedKey {
        self.seen.set.key().into()
    }

    fn text(&self) -> &str {
        &self.text
    }

    fn read(&self, text: &str) -> Result<Option<Fixture>> {
        Ok(unless_same(&self.fixture, parse_changed(&self.seen.set, &self.text, text)?)?)
    }

    fn seen(&self) -> SeenSet {
        self.seen.clone()
    }

    fn look(&self, snapshot: &Snapshot) -> vlive::Result<Option<SeenSet>> {
        look(&self.seen.set, snapshot)
    }

    fn write(&self, cache: &Cache, seen: Option<&SeenSet>, new: &Fixture) -> vlive::Result<bool> {
        let is_due = |snapshot: &Snapshot| {
            let there = look(&self.seen.set, snapshot)?;
            Ok(match (seen, &there) {
                (Some(seen), Some(there)) => seen.is_same(there),
                (None, None) => true,
                _ => false,
            })
        };
        Ok(cache.seed_if(new, Replace::Entries, is_due)?.is_some())
    }

    fn bytes(&self, new: &Fixture) -> u64 {
        new.bytes()
    }

    fn report_diff(&self, new: &Fixture, output: &mut Output) -> Result<()> {
        report_diff(&self.fixture, new, output)
    }

    fn report_loss(&self, new: &Fixture, output: &Output) {
        if loses_times(&self.seen.set, new) {
            report_undated(&self.seen.set.shown(), output);
        }
    }
}

/// The state of a set, or of a row of it, in a snapshot.
fn look(set: &Set, snapshot: &Snapshot) -> vlive::Result<Option<SeenSet>> {
    snapshot.set(&set.key())?.map(|set| SeenSet::new(snapshot, set)).transpose()
}

/// Shows what a dry run would change in a set, given the result of [`changed`].
pub fn report_change(snapshot: &Snapshot, set: &Set, new: &Fixture, output: &mut Output) -> Result<()> {
    let (before, _) = text(snapshot, set, false)?;
    report_diff(&parse(set, &before)?, new, output)
}

fn report_diff(old: &Fixture, new: &Fixture, output: &mut Output) -> Result<()> {
    let options = DiffOptions { fetched_at: true, order: true };
    let print = |difference| diff::print_lines(&difference, output);
    vlive::ops::diff(Side::Fixture(old), Side::Fixture(new), options, print).map(drop)
}
