//! An entry that differs, as JSON.

use crate::output::Output;
use anyhow::Result;
use serde::Serialize;
use serde_json::value::RawValue;
use std::io::{self, Write};
use vlive::{Change, EntryDiff, FieldDiff, RowDiff};

#[derive(Serialize)]
struct EntryJson<'d> {
    key: String,
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    row_count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fetched_at: Option<Values<u64>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reordered: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<RowJson<'d>>>,
}

#[derive(Serialize)]
struct RowJson<'d> {
    id: &'d str,
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<&'d RawValue>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reordered: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<Vec<FieldJson<'d>>>,
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

fn word(change: Change) -> &'static str {
    match change {
        Change::Added => "added",
        Change::Removed => "removed",
        Change::Changed => "changed",
    }
}

/// Prints an element of the array.
pub fn print(entry: &EntryDiff, is_first: bool, output: &mut Output) -> Result<()> {
    let is_changed = entry.change == Change::Changed;
    let json = EntryJson {
        key: entry.key.to_string(),
        change: word(entry.change),
        row_count: (!is_changed).then_some(entry.row_count),
        fetched_at: entry.fetched_at.map(|(old, new)| Values { old: Some(old), new: Some(new) }),
        reordered: entry.is_reordered,
        rows: is_changed.then(|| entry.rows.iter().map(row_json).collect()),
    };
    let mut out = output.json_data();
    if !is_first {
        out.write_all(b",")?;
    }
    Ok(serde_json::to_writer(&mut out, &json).map_err(io::Error::from)?)
}

fn row_json(row: &RowDiff) -> RowJson<'_> {
    RowJson {
        id: &row.id,
        change: word(row.change),
        record: row.record.as_deref().map(raw),
        reordered: row.is_reordered,
        fields: (row.change == Change::Changed).then(|| row.fields.iter().map(field_json).collect()),
    }
}

fn field_json(field: &FieldDiff) -> FieldJson<'_> {
    let values = Values { old: field.old.as_deref().map(raw), new: field.new.as_deref().map(raw) };
    FieldJson { name: &field.name, change: word(field.change()), values }
}

fn raw(json: &str) -> &RawValue {
    serde_json::from_str(json).expect("the library writes JSON")
}
