//! `find --id`: one row in every entry that holds it, and where these differ.

use super::Find;
use crate::cli::ages::{exact_key, print_key};
use crate::cli::selection::Chosen;
use crate::cli::stale::Stale;
use crate::cli::time;
use crate::output::listing::TableFormat;
use crate::output::meaning::meaning;
use crate::output::{self, Grid, Output, delimited, escape, human, markdown, rows, table, unlike};
use anyhow::Result;
use ciborium::Value;
use std::borrow::Cow;
use std::io::Write;
use std::ops::ControlFlow;
use vlive::Snapshot;
use vlive::ops::{ExactKeys, FoundRow, Walked};

impl Find {
    /// Prints the entries that hold a row. Returns how many there are.
    pub(super) fn row(
        &self,
        id: &str,
        snapshot: &Snapshot,
        chosen: &Chosen,
        now: u64,
        output: &mut Output,
    ) -> Result<(usize, Walked)> {
        let mut found = Vec::new();
        let searched = vlive::ops::find_row(snapshot, &chosen.scope, id, |row| {
            if self.limit.is_some_and(|limit| found.len() >= limit) {
                return ControlFlow::Break(());
            }
            found.push(row);
            ControlFlow::Continue(())
        })?;
        let mut differing = differing(&found);
        let only = self.field.as_deref();
        differing.retain(|field| only.is_none_or(|only| only == *field));
        let shown = only.map_or_else(|| differing.clone(), |only| vec![only]);
        let null = self.selecting.null;
        let left_out = self.table.print(output, |output, format| {
            match format {
                _ if self.count => super::print_count(found.len(), format, output)?,
                _ if self.keys => {
                    let exact = ExactKeys::new(snapshot)?;
                    found.iter().try_for_each(|row| print_key(&exact_key(&exact, &row.key)?, null, output))?;
                }
                TableFormat::Json | TableFormat::Jsonl => print_json(id, &found, &differing, now, format, output)?,
                _ => return print_table(&found, &shown, now, &self.stale, format, output),
            }
            Ok(Vec::new())
        })?;
        if !left_out.is_empty() {
            output.summary(&format!("no room for {}", output::to_width(&left_out.join(", "), 1000)));
            output.advice("--field NAME shows one, and --format json shows all");
        }
        if !self.count && !self.keys && !found.is_empty() {
            output.summary(&summary(id, &found, &differing, only));
        }
        Ok((found.len(), searched))
    }
}

/// The fields that are not equal in all rows, in the order of the rows.
fn differing(found: &[FoundRow]) -> Vec<&str> {
    let mut fields: Vec<&str> = Vec::new();
    for field in found.iter().flat_map(|row| row.record.keys()) {
        let first = found[0].record.get(field);
        if !fields.contains(&field.as_str()) && found.iter().any(|row| !is_same(row.record.get(field), first)) {
            fields.push(field);
        }
    }
    fields
}

/// Whether two values are stored alike, in which case NaNs are too.
fn is_same(a: Option<&Value>, b: Option<&Value>) -> bool {
    let stored = |value: &Value| {
        let mut bytes = Vec::new();
        ciborium::into_writer(value, &mut bytes).expect("a vector takes everything");
        bytes
    };
    a == b || a.zip(b).is_some_and(|(a, b)| stored(a) == stored(b))
}

/// Seconds since the entry was fetched, if that is known.
fn age_of(row: &FoundRow, now: u64) -> Option<i64> {
    row.fetched_at.map(|fetched_at| time::age(now, fetched_at))
}

fn summary(id: &str, found: &[FoundRow], differing: &[&str], only: Option<&str>) -> String {
    let entries = human::count(found.len() as u64, "entry holds", "entries hold");
    let id = escape::visible(id);
    let fields: Vec<String> = differing.iter().map(|field| format!("`{}`", escape::visible(field))).collect();
    match (fields.as_slice(), only) {
        _ if found.len() == 1 => format!("{entries} `{id}`"),
        ([], Some(only)) => format!("{entries} `{id}`, with equal values of `{}`", escape::visible(only)),
        ([], None) => format!("{entries} `{id}`, with equal values"),
        _ => format!("{entries} `{id}`; they differ in {}", fields.join(", ")),
    }
}

/// A column of the table, in order.
#[derive(Clone, Copy, PartialEq)]
enum Column<'r> {
    Key,
    Fetched,
    Age,
    Status,
    Field(&'r str),
}

/// Prints the entries as a table. Returns the headings of the columns for which the terminal has no room.
fn print_table(
    found: &[FoundRow],
    differing: &[&str],
    now: u64,
    stale: &Stale,
    format: TableFormat,
    output: &mut Output,
) -> Result<Vec<String>> {
    let is_table = format == TableFormat::Table;
    let is_data = matches!(format, TableFormat::Csv | TableFormat::Tsv);
    let name = |name: String| if is_table { escape::visible(&name).into_owned() } else { name };
    let text = |row: &FoundRow, column: Column<'_>| match column {
        Column::Key if is_data => row.key.to_string(),
        Column::Key => name(row.key.shown()),
        Column::Fetched if is_data => row.fetched_at.map(|at| at.to_string()).unwrap_or_default(),
        Column::Fetched => row.fetched_at.map(human::time).unwrap_or_default(),
        Column::Age if is_data => age_of(row, now).map(|age| age.to_string()).unwrap_or_default(),
        Column::Age => age_of(row, now).map(human::age).unwrap_or_default(),
        Column::Status => (if row.is_incomplete { "incomplete" } else { "" }).to_owned(),
        Column::Field(field) => {
            row.record.get(field).map(|value| meaning(value).into_text().into_owned()).unwrap_or_default()
        }
    };
    let heading = |column: Column<'_>| match column {
        Column::Key => unlike("key", differing).into_owned(),
        Column::Fetched if is_data => unlike("fetched_at", differing).into_owned(),
        Column::Fetched => unlike("fetched", differing).into_owned(),
        Column::Age => unlike("age", differing).into_owned(),
        Column::Status => unlike("status", differing).into_owned(),
        Column::Field(field) => name(field.to_owned()),
    };
    let mut columns = vec![Column::Key, Column::Fetched, Column::Age];
    columns.extend(found.iter().any(|row| row.is_incomplete).then_some(Column::Status));
    columns.extend(differing.iter().map(|field| Column::Field(field)));
    let width = output.width().filter(|_| is_table);
    // Ages take fewer columns than times, and a time that is cut is useless.
    let taken = |column: &Column<'_>| {
        let cells = found.iter().map(|row| table::width_of(&text(row, *column), width)).max();
        (Cow::Owned(heading(*column)), false, cells.unwrap_or_default())
    };
    if width.is_some_and(|width| !table::fits(&columns.iter().map(taken).collect::<Vec<_>>(), width)) {
        columns.retain(|column| *column != Column::Fetched);
    }
    let cell = |row: usize, column: usize| Cow::Owned(text(&found[row], columns[column]));
    let headings = columns.iter().map(|column| (Cow::Owned(heading(*column)), *column == Column::Age));
    let grid = Grid { columns: headings.collect(), rows: found.len(), cell: Box::new(cell) };
    match format {
        TableFormat::Csv => delimited::print(output, &grid, b',')?,
        TableFormat::Tsv => delimited::print(output, &grid, b'\t')?,
        TableFormat::Markdown => markdown::print(output, &grid)?,
        _ => {
            let age = |row: usize| age_of(&found[row], now).and_then(|age| stale.freshness(age));
            let is_age = |column: usize| columns[column] == Column::Age;
            let fitting =
                table::print_grid_ages(output, &grid, width, |row, column| age(row).filter(|_| is_age(column)))?;
            return Ok(columns[fitting..].iter().map(|column| heading(*column)).collect());
        }
    }
    Ok(Vec::new())
}

/// Prints `{"key", "fetched_at", "age", "id", "row", "differs"}` for each entry: the row without loss, and the
/// fields that are not equal in all of them.
fn print_json(
    id: &str,
    found: &[FoundRow],
    differing: &[&str],
    now: u64,
    format: TableFormat,
    output: &mut Output,
) -> Result<()> {
    let is_lines = format == TableFormat::Jsonl;
    let mut out = output.json_data();
    out.write_all(if is_lines { b"" } else { b"[" })?;
    for (n, row) in found.iter().enumerate() {
        let mut text = Vec::new();
        text.extend_from_slice(if n > 0 && !is_lines { b",{\"key\":" } else { b"{\"key\":" });
        rows::push_text(&mut text, &row.key.to_string());
        let number = |number: Option<i128>| number.map_or_else(|| "null".to_owned(), |number| number.to_string());
        let (fetched_at, age) = (row.fetched_at.map(i128::from), age_of(row, now).map(i128::from));
        let times = format!(",\"fetched_at\":{},\"age\":{},\"id\":", number(fetched_at), number(age));
        text.extend_from_slice(times.as_bytes());
        rows::push_text(&mut text, id);
        text.extend_from_slice(b",\"row\":");
        rows::push_lossless(&mut text, &row.record);
        text.extend_from_slice(b",\"differs\":");
        serde_json::to_writer(&mut text, differing)?;
        text.extend_from_slice(if row.is_incomplete { b",\"incomplete\":true" } else { b"" });
        text.extend_from_slice(if is_lines { b"}\n" } else { b"}" });
        out.write_all(&text)?;
    }
    Ok(out.write_all(if is_lines { b"" } else { b"]\n" })?)
}
