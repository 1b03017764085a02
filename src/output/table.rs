//! Aligned columns without borders.

use super::Output;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};
use std::io::{self, Write};
use std::iter;
use unicode_width::UnicodeWidthStr;

/// Rows that comfy-table lays out. Those behind them are padded to the same widths, at a tenth of
/// the time and in no memory.
const LAID_OUT: usize = 1000;

/// Columns up to which cells are padded; a longer cell, such as a key of a megabyte, moves only its own
/// row.
const WIDEST: usize = 200;

/// Spaces between two columns.
const GAP: u16 = 2;

/// A column's heading, and whether it holds numbers, which stand to the right.
pub type Column = (&'static str, bool);

/// Prints a table with `rows` under `columns`; nothing if there are none.
pub fn print<const N: usize, R>(
    output: &mut Output,
    columns: [Column; N],
    rows: &[R],
    cells: impl Fn(&R, &Output) -> [String; N],
) -> io::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let is_long = |row: &R| cells(row, output).iter().any(|cell| cell.len() > WIDEST);
    let laid_out = if rows.iter().any(is_long) { 0 } else { rows.len().min(LAID_OUT) };
    let (laid_out, padded) = rows.split_at(laid_out);
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.add_row(columns.map(|(heading, _)| heading));
    table.add_rows(laid_out.iter().map(|row| cells(row, output)));
    let mut widths: Vec<usize> = table.column_max_content_widths().into_iter().map(usize::from).collect();
    for row in padded {
        for (width, cell) in widths.iter_mut().zip(cells(row, output)) {
            *width = (*width).max(cell.width().min(WIDEST));
        }
    }
    for ((column, (_, is_number)), width) in table.column_iter_mut().zip(columns).zip(&widths) {
        let width = u16::try_from(*width).unwrap_or(u16::MAX).saturating_add(GAP);
        column.set_padding((0, GAP)).set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
        if is_number {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let lines = table.to_string();
    let (heading, rest) = lines.split_once('\n').unwrap_or((&lines, ""));
    output.heading(heading.trim_end())?;
    for line in rest.lines() {
        writeln!(output.data(), "{}", line.trim_end())?;
    }
    let mut line = String::new();
    for row in padded {
        line.clear();
        for ((cell, (_, is_number)), width) in cells(row, output).iter().zip(columns).zip(&widths) {
            let missing = width.saturating_sub(cell.width());
            let (before, behind) = if is_number { (missing, 0) } else { (0, missing) };
            line.extend(iter::repeat_n(' ', before));
            line.push_str(cell);
            line.extend(iter::repeat_n(' ', behind + usize::from(GAP)));
        }
        writeln!(output.data(), "{}", line.trim_end())?;
    }
    Ok(())
}
