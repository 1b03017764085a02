//! `find --id`: one row in every entry that holds it, and where these differ.

use super::Find;
use crate::cli::selection::Chosen;
use crate::cli::stale::Stale;
use crate::cli::time;
use crate::output::listing::TableFormat;
use crate::output::meaning::meaning;
use crate::output::{Grid, Output, delimited, escape, human, markdown, rows, table, unlike};
use anyhow::Result;
use std::borrow::Cow;
use std::io::Write;
use std::ops::ControlFlow;
use vlive::Snapshot;
use vlive::ops::{FoundRow, Searched};

impl Find {
    /// Prints the entries that hold a row. Returns how many there are.
    pub(super) fn row(
        &self,
        id: &str,
        snapshot: &Snapshot,
        chosen: &Chosen,
        now: u64,
        output: &mut Output,
    ) -> Result<(usize, Searched)> {
        let mut found = Vec::new();
        let searched = vlive::ops::find_row(snapshot, &chosen.scope, id, |row| {
            found.push(row);
            if self.limit.is_some_and(|limit| found.len() >= limit) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })?;
        let differing = differing(&found, self.field.as_deref());
        let null = self.selecting.null;
        self.table.print(output, |output, format| match format {
            _ if self.count => super::print_count(found.len(), format, output),
            _ if self.keys => {
                found.iter().try_for_each(|row| crate::cli::ages::print_key(&row.key.to_string(), null, output))
            }
            TableFormat::Json | TableFormat::Jsonl => print_json(id, &found, &differing, now, format, output),
            _ => print_table(&found, &differing, now, &self.stale, format, output),
        })?;
        if !self.count && !self.keys && !found.is_empty() {
            output.summary(&summary(id, &found, &differing));
        }
        Ok((found.len(), searched))
    }
}

/// The fields that are not equal in all of the rows, in the order in which they come; with `only` that one field,
/// equal or not.
fn differing<'r>(found: &'r [FoundRow], only: Option<&'r str>) -> Vec<&'r str> {
    if let Some(only) = only {
        return vec![only];
    }
    let mut fields: Vec<&str> = Vec::new();
    for field in found.iter().flat_map(|row| row.record.keys()) {
        let first = found[0].record.get(field);
        if !fields.contains(&field.as_str()) && found.iter().any(|row| row.record.get(field) != first) {
            fields.push(field);
        }
    }
    fields
}

/// Seconds since the entry was fetched, where that is known.
fn age_of(row: &FoundRow, now: u64) -> Option<i64> {
    row.fetched_at.map(|fetched_at| time::age(now, fetched_at))
}

fn summary(id: &str, found: &[FoundRow], differing: &[&str]) -> String {
    let entries = human::count(found.len() as u64, "entry holds", "entries hold");
    let id = escape::visible(id);
    let fields: Vec<String> = differing.iter().map(|field| format!("`{}`", escape::visible(field))).collect();
    match fields.as_slice() {
        _ if found.len() == 1 => format!("{entries} `{id}`"),
        [] => format!("{entries} `{id}`, with equal values"),
        _ => format!("{entries} `{id}`; they differ in {}", fields.join(", ")),
    }
}

fn print_table(
    found: &[FoundRow],
    differing: &[&str],
    now: u64,
    stale: &Stale,
    format: TableFormat,
    output: &mut Output,
) -> Result<()> {
    let is_table = format == TableFormat::Table;
    let name = |name: String| if is_table { escape::visible(&name).into_owned() } else { name };
    let mut columns: Vec<(Cow<'_, str>, bool)> =
        [("key", false), ("fetched", false), ("age", true)].map(|(name, end)| (unlike(name, differing), end)).into();
    let has_status = found.iter().any(|row| row.is_incomplete);
    if has_status {
        columns.push((unlike("status", differing), false));
    }
    let before = columns.len();
    columns.extend(differing.iter().map(|field| (Cow::Owned(name((*field).to_owned())), false)));
    let cell = |row: usize, column: usize| {
        let row = &found[row];
        Cow::Owned(match column {
            0 => name(row.key.shown()),
            1 => row.fetched_at.map(human::time).unwrap_or_default(),
            2 => age_of(row, now).map(human::age).unwrap_or_default(),
            3 if has_status => (if row.is_incomplete { "incomplete" } else { "" }).to_owned(),
            field => match row.record.get(differing[field - before]) {
                Some(value) => meaning(value).into_text().into_owned(),
                None => String::new(),
            },
        })
    };
    let grid = Grid { columns, rows: found.len(), cell: Box::new(cell) };
    match format {
        TableFormat::Csv => delimited::print(output, &grid, b',')?,
        TableFormat::Tsv => delimited::print(output, &grid, b'\t')?,
        TableFormat::Markdown => markdown::print(output, &grid)?,
        _ => {
            let width = output.width();
            let age = |row: usize| age_of(&found[row], now).and_then(|age| stale.freshness(age));
            table::print_grid_ages(output, &grid, width, |row, column| age(row).filter(|_| column == 2))?;
        }
    }
    Ok(())
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
        rows::push_lossless(&mut text, row.record.clone());
        text.extend_from_slice(b",\"differs\":");
        serde_json::to_writer(&mut text, differing)?;
        text.extend_from_slice(if row.is_incomplete { b",\"incomplete\":true" } else { b"" });
        text.extend_from_slice(if is_lines { b"}\n" } else { b"}" });
        out.write_all(&text)?;
    }
    Ok(out.write_all(if is_lines { b"" } else { b"]\n" })?)
}
