//! Entries that differ, as JSON.

use crate::output::Output;
use anyhow::Result;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::mem;
use vlive::ops::{Change, Difference, EntryDiff, FieldDiff, RowDiff};

/// An entry without its rows.
#[derive(Serialize)]
struct EntryJson {
    key: String,
    change: &'static str,
    /// Null if it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    row_count: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fetched_at: Option<Values<u64>>,
    /// The numbers in the metadata of a set that differ, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    meta: BTreeMap<&'static str, Values<u64>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reordered: bool,
}

#[derive(Serialize)]
struct RowJson<'d> {
    id: &'d str,
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<&'d RawValue>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reordered: bool,
    /// Whether the row is incomplete, on the sides that have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    incomplete: Option<Values<bool>>,
}

#[derive(Serialize)]
struct FieldJson<'d> {
    name: &'d str,
    change: &'static str,
    #[serde(flatten)]
    values: Values<&'d RawValue>,
}

#[derive(Serialize)]
struct Values<T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<T>,
}

pub fn word(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Changed => "changed",
    }
}

/// An array of entries, or a line for each entry, printed piece by piece.
pub struct Array {
    is_lines: bool,
    /// The text that ends the open entry, if there is one.
    entry: Option<&'static str>,
    /// The text that ends the open row, if there is one.
    row: Option<&'static str>,
    has_rows: bool,
    has_fields: bool,
}

impl Array {
    pub fn begin(output: &mut Output) -> Result<Array> {
        output.data().write_all(b"[")?;
        Ok(Array { is_lines: false, ..Array::of_lines() })
    }

    /// Entries on lines of their own.
    pub fn of_lines() -> Array {
        Array { is_lines: true, entry: None, row: None, has_rows: false, has_fields: false }
    }

    pub fn add(&mut self, difference: &Difference, output: &mut Output) -> Result<()> {
        let mut out = output.json_data();
        match difference {
            Difference::Entry(entry) => {
                out.write_all(self.row.take().unwrap_or_default().as_bytes())?;
                if let Some(end) = self.entry {
                    write!(out, "{end}{}", if self.is_lines { "\n" } else { "," })?;
                }
                write_open(&mut out, &entry_json(entry))?;
                self.has_rows = false;
                self.entry = Some(begin_list(&mut out, "rows", entry.change)?);
            }
            Difference::Row(row) => {
                out.write_all(self.row.take().unwrap_or_default().as_bytes())?;
                if mem::replace(&mut self.has_rows, true) {
                    out.write_all(b",")?;
                }
                write_open(&mut out, &row_json(row))?;
                self.has_fields = false;
                self.row = Some(begin_list(&mut out, "fields", row.change)?);
            }
            Difference::Field(field) => {
                if mem::replace(&mut self.has_fields, true) {
                    out.write_all(b",")?;
                }
                serde_json::to_writer(&mut out, &field_json(field)).map_err(io::Error::from)?;
            }
            other => unreachable!("an unknown kind of difference: {other}"),
        }
        Ok(())
    }

    pub fn end(self, output: &mut Output) -> Result<()> {
        let end = match self.entry {
            None if self.is_lines => "",
            _ if self.is_lines => "\n",
            _ => "]",
        };
        write!(output.data(), "{}{}{end}", self.row.unwrap_or_default(), self.entry.unwrap_or_default())?;
        Ok(())
    }
}

/// Writes an object without its end, since rows or fields follow.
pub fn write_open(out: &mut impl Write, object: &impl Serialize) -> Result<()> {
    let json = serde_json::to_string(object)?;
    Ok(out.write_all(json.strip_suffix('}').unwrap_or(&json).as_bytes())?)
}

/// Begins the list of what differs inside something that is on both sides. Returns the text that ends the object.
fn begin_list(out: &mut impl Write, name: &str, change: Change) -> Result<&'static str> {
    if change != Change::Changed {
        return Ok("}");
    }
    write!(out, ",\"{name}\":[")?;
    Ok("]}")
}

fn entry_json(entry: &EntryDiff) -> EntryJson {
    EntryJson {
        key: entry.key.to_string(),
        change: word(entry.change),
        row_count: (entry.change != Change::Changed).then(|| entry.row_count.into()),
        fetched_at: entry.fetched_at.map(|(old, new)| Values { old: Some(old), new: Some(new) }),
        meta: entry.meta.iter().map(|diff| (diff.key.name(), Values { old: diff.old, new: diff.new })).collect(),
        reordered: entry.is_reordered,
    }
}

fn row_json(row: &RowDiff) -> RowJson<'_> {
    RowJson {
        id: &row.id,
        change: word(row.change),
        record: row.record.as_deref().map(raw),
        reordered: row.is_reordered,
        incomplete: row.is_incomplete.contains(&true).then(|| Values {
            old: (row.change != Change::Added).then_some(row.is_incomplete[0]),
            new: (row.change != Change::Removed).then_some(row.is_incomplete[1]),
        }),
    }
}

fn field_json(field: &FieldDiff) -> FieldJson<'_> {
    let values = Values { old: field.old.as_deref().map(raw), new: field.new.as_deref().map(raw) };
    FieldJson { name: &field.name, change: word(field.change()), values }
}

fn raw(json: &str) -> &RawValue {
    serde_json::from_str(json).expect("the library writes JSON")
}
