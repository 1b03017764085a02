//! How differences are shown: as lines, as JSON, or counted or listed in a table.

use super::json::{Array, word};
use super::print_lines;
use super::stat::{self, Stat};
use crate::output::Output;
use crate::output::listing::{self, TableFormat};
use anyhow::Result;
use serde::Serialize;
use std::io::Write;
use vlive::ops::{Change, Difference, EntryDiff, FieldDiff, RowDiff};

/// Differences in the form that they are shown in, as far as they are not printed as they come.
pub enum Shown {
    Lines,
    Json(Array),
    Stats(Vec<Stat>),
    Table(Vec<Line>),
}

/// One thing that differs, as a line of a table.
#[derive(Default, Serialize)]
pub struct Line {
    key: String,
    id: Option<String>,
    field: Option<String>,
    change: &'static str,
    old: Option<String>,
    new: Option<String>,
}

const COLUMNS: [listing::Column; 6] = [
    ("key", "KEY", false),
    ("id", "ROW", false),
    ("field", "FIELD", false),
    ("change", "CHANGE", false),
    ("old", "OLD", false),
    ("new", "NEW", false),
];

impl Shown {
    pub fn begin(is_stat: bool, format: TableFormat, output: &mut Output) -> Result<Shown> {
        Ok(match format {
            _ if is_stat => Shown::Stats(Vec::new()),
            TableFormat::Table => Shown::Lines,
            TableFormat::Json => Shown::Json(Array::begin(output)?),
            TableFormat::Jsonl => Shown::Json(Array::of_lines()),
            _ => Shown::Table(Vec::new()),
        })
    }

    pub fn add(&mut self, difference: &Difference, output: &mut Output) -> Result<()> {
        match self {
            Shown::Lines => print_lines(difference, output)?,
            Shown::Json(array) => array.add(difference, output)?,
            Shown::Stats(stats) => Stat::add(stats, difference),
            Shown::Table(lines) => match difference {
                Difference::Entry(entry) => lines.extend(of_entry(entry)),
                Difference::Row(row) => {
                    let key = lines.last().map(|line| line.key.clone()).unwrap_or_default();
                    lines.extend(of_row(&key, row));
                }
                Difference::Field(field) => {
                    let last = lines.last();
                    let (key, id) = last.map(|line| (line.key.clone(), line.id.clone())).unwrap_or_default();
                    lines.push(of_field(key, id, field));
                }
                other => unreachable!("a kind of difference that is not known: {other}"),
            },
        }
        Ok(())
    }

    pub fn end(self, format: TableFormat, output: &mut Output) -> Result<()> {
        match self {
            Shown::Lines => Ok(()),
            Shown::Json(array) => {
                array.end(output)?;
                if format == TableFormat::Json {
                    writeln!(output.data())?;
                }
                Ok(())
            }
            Shown::Stats(stats) => stat::print(&stats, format, output),
            Shown::Table(mut lines) => {
                // Of what changed only the changes are listed that are in it.
                lines.retain(|line| !line.change.is_empty());
                let text = |text: &Option<String>| text.clone().unwrap_or_default();
                Ok(listing::print(output, format, COLUMNS, &lines, |line, _| {
                    let change = line.change.to_owned();
                    [line.key.clone(), text(&line.id), text(&line.field), change, text(&line.old), text(&line.new)]
                })?)
            }
        }
    }
}

/// What differs in an entry as a whole, after a line that stands for it alone.
fn of_entry(entry: &EntryDiff) -> Vec<Line> {
    let key = entry.key.to_string();
    let line = |change, field: Option<&str>, old: Option<u64>, new: Option<u64>| Line {
        key: key.clone(),
        id: None,
        field: field.map(ToOwned::to_owned),
        change,
        old: old.map(|old| old.to_string()),
        new: new.map(|new| new.to_string()),
    };
    let change = if entry.change == Change::Changed { "" } else { word(entry.change) };
    let mut lines = vec![line(change, None, None, None)];
    lines.extend(entry.fetched_at.map(|(old, new)| line("changed", Some("fetched_at"), Some(old), Some(new))));
    lines.extend(entry.meta.iter().map(|diff| line("changed", Some(diff.key.name()), diff.old, diff.new)));
    if entry.is_reordered {
        lines.push(line("reordered", None, None, None));
    }
    if entry.undecodable.iter().any(Option::is_some) {
        lines.push(line("undecodable", None, None, None));
    }
    lines
}

/// What differs in a row as a whole; the last line stands for it.
fn of_row(key: &str, row: &RowDiff) -> Vec<Line> {
    let change = match row.change {
        Change::Changed if row.refused.iter().any(Option::is_some) => "undecodable",
        Change::Changed if row.is_reordered => "reordered",
        Change::Changed => "",
        change => word(change),
    };
    let (old, new) = match row.change {
        Change::Removed => (row.record.clone(), None),
        _ => (None, row.record.clone()),
    };
    let line = |change, old, new| Line { key: key.to_owned(), id: Some(row.id.clone()), field: None, change, old, new };
    let mut lines = vec![line(change, old, new)];
    let [before, after] = row.is_incomplete;
    if row.change == Change::Changed && before != after {
        let word = |is_incomplete| Some((if is_incomplete { "incomplete" } else { "complete" }).to_owned());
        lines.push(line("changed", word(before), word(after)));
    }
    lines
}

fn of_field(key: String, id: Option<String>, field: &FieldDiff) -> Line {
    let change = word(field.change());
    Line { key, id, field: Some(field.name.clone()), change, old: field.old.clone(), new: field.new.clone() }
}
