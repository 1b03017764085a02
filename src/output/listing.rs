//! Rows with named fields, in every format that tables have: for people in aligned columns and in Markdown, for
//! machines as JSON and as values with delimiters.

use super::{Freshness, Grid, Output, cut, delimited, markdown, table};
use serde::Serialize;
use serde_json::Value;
use std::borrow::Cow;
use std::io::{self, Write};
use unicode_width::UnicodeWidthStr;

/// The format of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum TableFormat {
    /// Aligned columns, for people
    Table,
    /// An array of objects
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

/// A column: the name of its field for machines, its heading for people, and whether it holds numbers, which
/// are aligned to the right.
pub type Column = (&'static str, &'static str, bool);

/// The narrowest terminal, in columns, for which keys are cut.
const NARROW_KEY: usize = 16;

/// Prints `rows`. People see `cells`, and on a terminal the first of them cut in the middle if the table is too
/// wide otherwise; machines get the fields as they are serialized.
pub fn print<const N: usize, R: Serialize>(
    output: &mut Output,
    format: TableFormat,
    columns: [Column; N],
    rows: &[R],
    cells: impl Fn(&R, &Output) -> [String; N],
) -> io::Result<()> {
    print_ages(output, format, columns, rows, cells, |_| [None; N])
}

/// The same with cells that are ages.
pub fn print_ages<const N: usize, R: Serialize>(
    output: &mut Output,
    format: TableFormat,
    columns: [Column; N],
    rows: &[R],
    cells: impl Fn(&R, &Output) -> [String; N],
    freshness: impl Fn(&R) -> [Option<Freshness>; N],
) -> io::Result<()> {
    match format {
        TableFormat::Table => {
            let rows = rows.iter().map(|row| (cells(row, output), freshness(row))).collect();
            print_table(output, columns, rows)
        }
        TableFormat::Json => {
            let mut out = output.json_data();
            for (n, row) in rows.iter().enumerate() {
                out.write_all(if n == 0 { b"[" } else { b"," })?;
                serde_json::to_writer(&mut out, row)?;
            }
            out.write_all(if rows.is_empty() { b"[]\n" } else { b"]\n" })
        }
        TableFormat::Jsonl => {
            let mut out = output.json_data();
            for row in rows {
                serde_json::to_writer(&mut out, row)?;
                out.write_all(b"\n")?;
            }
            Ok(())
        }
        TableFormat::Csv | TableFormat::Tsv => {
            let fields = rows.iter().map(|row| fields(row, &columns)).collect::<io::Result<Vec<_>>>()?;
            let headings = columns.iter().map(|(name, _, is_number)| (Cow::Borrowed(*name), *is_number)).collect();
            let cell = |row: usize, column: usize| Cow::Borrowed(fields[row][column].as_str());
            let grid = Grid { columns: headings, rows: rows.len(), cell: Box::new(cell) };
            delimited::print(output, &grid, if format == TableFormat::Csv { b',' } else { b'\t' })
        }
        TableFormat::Markdown => {
            let cells: Vec<_> = rows.iter().map(|row| cells(row, output)).collect();
            let headings =
                columns.iter().map(|(_, heading, is_number)| (Cow::Borrowed(*heading), *is_number)).collect();
            let cell = |row: usize, column: usize| Cow::Borrowed(cells[row][column].as_str());
            markdown::print(output, &Grid { columns: headings, rows: rows.len(), cell: Box::new(cell) })
        }
    }
}

fn print_table<const N: usize>(
    output: &mut Output,
    columns: [Column; N],
    mut rows: Vec<([String; N], [Option<Freshness>; N])>,
) -> io::Result<()> {
    if let Some(width) = output.width() {
        let widths: [usize; N] = std::array::from_fn(|column| {
            let cells = rows.iter().map(|(cells, _)| cells[column].width());
            cells.max().unwrap_or_default().max(columns[column].1.width()) + usize::from(table::GAP)
        });
        let beside: usize = widths.iter().skip(1).sum();
        let room = width.saturating_sub(beside).max(NARROW_KEY);
        if widths[0] > room {
            for (cells, _) in &mut rows {
                cells[0] = cut::in_the_middle(&cells[0], room).into_owned();
            }
        }
    }
    let headings = columns.map(|(_, heading, is_number)| (heading, is_number));
    table::print_ages(output, headings, &rows, |(cells, _), _| cells.clone(), |(_, freshness)| *freshness)
}

/// The fields of a row as text; one that is null or missing is empty.
fn fields<const N: usize>(row: &impl Serialize, columns: &[Column; N]) -> io::Result<[String; N]> {
    let row = serde_json::to_value(row)?;
    Ok(columns.map(|(name, ..)| match row.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
    }))
}
