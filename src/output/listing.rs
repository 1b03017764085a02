//! Rows with named fields in every format of tables: aligned columns and Markdown for people, JSON and delimited values
//! for machines.

use super::{Freshness, Output, delimited, markdown, table};
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use std::io::{self, Write};

/// The format of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum TableFormat {
    /// Aligned columns, for people
    Table,
    /// A JSON document: an array of objects, or one object
    Json,
    /// An object on each line
    Jsonl,
    /// Comma-separated values
    Csv,
    /// Tab-separated values
    Tsv,
    /// A Markdown table
    Markdown,
}

impl TableFormat {
    /// Whether it is for people, who read sets of diorama by their readable names. The other formats have the stored
    /// names.
    pub fn is_for_people(self) -> bool {
        matches!(self, TableFormat::Table | TableFormat::Markdown)
    }
}

/// A column: the name of its field for machines, its heading for people, and whether it holds numbers, which
/// are aligned to the right.
pub type Column = (&'static str, &'static str, bool);

/// Prints `rows`. People see `cells`; machines get the fields as they are serialized. There may be fewer columns than
/// cells: the last cells are then left out.
pub fn print<const N: usize, R: Serialize + Copy>(
    output: &mut Output,
    format: TableFormat,
    columns: &[Column],
    rows: impl IntoIterator<Item = R, IntoIter: Clone>,
    cells: impl Fn(R, &Output) -> [String; N],
) -> io::Result<()> {
    print_ages(output, format, columns, rows, cells, |_| [None; N])
}

/// Prints `rows` as [`print`] does, with a style for cells that are ages. No row is kept in memory.
pub fn print_ages<const N: usize, R: Serialize + Copy>(
    output: &mut Output,
    format: TableFormat,
    columns: &[Column],
    rows: impl IntoIterator<Item = R, IntoIter: Clone>,
    cells: impl Fn(R, &Output) -> [String; N],
    freshness: impl Fn(R) -> [Option<Freshness>; N],
) -> io::Result<()> {
    let headings: Vec<table::Column<'_>> =
        columns.iter().map(|(_, heading, is_number)| (*heading, *is_number)).collect();
    match format {
        TableFormat::Table => table::print_ages(output, &headings, rows, cells, freshness),
        TableFormat::Json => {
            let mut out = output.json_data();
            let mut before: &[u8] = b"[";
            for row in rows {
                write_json(&mut out, before, row, b"")?;
                before = b",";
            }
            out.write_all(if before == b"[" { b"[]\n" } else { b"]\n" })
        }
        TableFormat::Jsonl => {
            let mut out = output.json_data();
            rows.into_iter().try_for_each(|row| write_json(&mut out, b"", row, b"\n"))
        }
        TableFormat::Csv | TableFormat::Tsv => {
            let delimiter = if format == TableFormat::Csv { b',' } else { b'\t' };
            let names = columns.iter().map(|(name, ..)| (*name).to_owned()).collect();
            let lines = rows.into_iter().map(|row| fields(&row, columns));
            delimited::lines(output, delimiter, [Ok(names)].into_iter().chain(lines))
        }
        TableFormat::Markdown => {
            let headings = headings.iter().map(|(heading, is_number)| (Cow::Borrowed(*heading), *is_number));
            markdown::headings(output, &headings.collect::<Vec<_>>())?;
            rows.into_iter().try_for_each(|row| {
                let cells = cells(row, output).into_iter().take(columns.len());
                markdown::row(output, cells.map(Cow::Owned))
            })
        }
    }
}

/// Writes a row as JSON between two texts, with a single call of `out`, which may be slow.
fn write_json(out: &mut impl Write, before: &[u8], row: impl Serialize, after: &[u8]) -> io::Result<()> {
    let mut text = before.to_vec();
    serde_json::to_writer(&mut text, &row)?;
    text.extend_from_slice(after);
    out.write_all(&text)
}

/// The fields of a row as text; a field that is null or missing is empty.
fn fields(row: &impl Serialize, columns: &[Column]) -> io::Result<Vec<String>> {
    let row = serde_json::to_value(row)?;
    let text = |(name, ..): &Column| match row.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    };
    Ok(columns.iter().map(text).collect())
}
