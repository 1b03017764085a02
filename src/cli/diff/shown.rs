//! The forms in which differences are shown: lines, JSON, counts, or a table.

use super::json::{Array, word};
use super::print_lines;
use super::stat::{self, Stat};
use crate::output::listing::TableFormat;
use crate::output::{Output, delimited, markdown};
use anyhow::Result;
use std::borrow::Cow;
use std::io::{self, Write};
use vlive::ops::{Change, Difference, EntryDiff, FieldDiff, RowDiff};

/// The form in which differences are shown. All but counts are printed one by one.
pub enum Shown {
    Lines,
    Json(Array),
    Stats(Vec<Stat>),
    Table(Table),
}

/// A table with a line for each thing that differs.
pub struct Table {
    format: TableFormat,
    /// The current entry and row.
    key: String,
    id: Option<String>,
}

/// One thing that differs, as a line of a table.
struct Line {
    key: String,
    id: Option<String>,
    field: Option<String>,
    change: &'static str,
    old: Option<String>,
    new: Option<String>,
}

/// The names of columns for machines, and their headings for people.
const COLUMNS: [(&str, &str); 6] =
    [("key", "KEY"), ("id", "ROW"), ("field", "FIELD"), ("change", "CHANGE"), ("old", "OLD"), ("new", "NEW")];

impl Table {
    fn begin(format: TableFormat, output: &mut Output) -> Result<Table> {
        match format {
            TableFormat::Markdown => markdown::headings(output, &COLUMNS.map(|(_, heading)| (heading.into(), false)))?,
            _ => delimited::row(output, delimiter(format), COLUMNS.into_iter().map(|(name, _)| name.into()))?,
        }
        Ok(Table { format, key: String::new(), id: None })
    }

    fn add(&mut self, difference: &Difference, output: &mut Output) -> Result<()> {
        let lines = match difference {
            Difference::Entry(entry) => {
                let key = if self.format.is_for_people() { entry.key.shown() } else { entry.key.to_string() };
                (self.key, self.id) = (key, None);
                of_entry(&self.key, entry)
            }
            Difference::Row(row) => {
                self.id = Some(row.id.clone());
                of_row(&self.key, row)
            }
            Difference::Field(field) => vec![of_field(self.key.clone(), self.id.clone(), field)],
            other => unreachable!("an unknown kind of difference: {other}"),
        };
        // Something that changed is listed by the changes inside it.
        let mut lines = lines.iter().filter(|line| !line.change.is_empty());
        Ok(lines.try_for_each(|line| self.print(line, output))?)
    }

    fn print(&self, line: &Line, output: &mut Output) -> io::Result<()> {
        let cells = [Some(&*line.key), line.id.as_deref(), line.field.as_deref(), Some(line.change)];
        let cells = cells.into_iter().chain([line.old.as_deref(), line.new.as_deref()]);
        let cells = cells.map(|cell| Cow::Borrowed(cell.unwrap_or_default()));
        match self.format {
            TableFormat::Markdown => markdown::row(output, cells),
            format => delimited::row(output, delimiter(format), cells),
        }
    }
}

fn delimiter(format: TableFormat) -> u8 {
    if format == TableFormat::Tsv { b'\t' } else { b',' }
}

impl Shown {
    pub fn begin(is_stat: bool, format: TableFormat, output: &mut Output) -> Result<Shown> {
        Ok(match format {
            _ if is_stat => Shown::Stats(Vec::new()),
            TableFormat::Table => Shown::Lines,
            TableFormat::Json => Shown::Json(Array::begin(output)?),
            TableFormat::Jsonl => Shown::Json(Array::of_lines()),
            _ => Shown::Table(Table::begin(format, output)?),
        })
    }

    pub fn add(&mut self, difference: &Difference, output: &mut Output) -> Result<()> {
        match self {
            Shown::Lines => print_lines(difference, output)?,
            Shown::Json(array) => array.add(difference, output)?,
            Shown::Stats(stats) => Stat::add(stats, difference),
            Shown::Table(table) => table.add(difference, output)?,
        }
        Ok(())
    }

    pub fn end(self, format: TableFormat, output: &mut Output) -> Result<()> {
        match self {
            Shown::Lines | Shown::Table(_) => Ok(()),
            Shown::Json(array) => {
                array.end(output)?;
                if format == TableFormat::Json {
                    writeln!(output.data())?;
                }
                Ok(())
            }
            Shown::Stats(stats) => stat::print(&stats, format, output),
        }
    }
}

/// A line for the entry itself, followed by what differs in it as a whole.
fn of_entry(key: &str, entry: &EntryDiff) -> Vec<Line> {
    let line = |change, field: Option<&str>, old: Option<u64>, new: Option<u64>| Line {
        key: key.to_owned(),
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

/// A line for the row itself, followed by a change of its status.
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
