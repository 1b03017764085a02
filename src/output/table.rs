//! Aligned columns without borders.

use super::Output;
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};
use std::io::{self, Write};

/// Rows that are laid out at once, so that a long table takes little memory.
const BATCH: usize = 1000;

/// A column's heading, and whether it holds numbers, which stand to the right.
pub type Column = (&'static str, bool);

/// Prints a table with `rows` under `columns`; nothing if there are none.
pub fn print<const N: usize, R>(
    output: &mut Output,
    columns: [Column; N],
    rows: &[R],
    cells: impl Fn(&R, &Output) -> [String; N],
) -> io::Result<()> {
    let mut widths = columns.map(|(heading, _)| u16::try_from(heading.len()).unwrap_or(u16::MAX));
    let batches = || rows.chunks(BATCH).map(|batch| batch.iter());
    if rows.len() > BATCH {
        for batch in batches() {
            let mut table = Table::new();
            table.add_rows(batch.map(|row| cells(row, output)));
            for (width, widest) in widths.iter_mut().zip(table.column_max_content_widths()) {
                *width = (*width).max(widest);
            }
        }
    }
    for (n, batch) in batches().enumerate() {
        let mut table = Table::new();
        table.load_preset(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        // The heading is there in every batch, so that it is aligned with all of them.
        table.add_row(columns.map(|(heading, _)| heading));
        table.add_rows(batch.map(|row| cells(row, output)));
        for (column, ((_, is_number), width)) in table.column_iter_mut().zip(columns.into_iter().zip(widths)) {
            column.set_padding((0, 2)).set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width + 2)));
            if is_number {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let lines = table.to_string();
        let (heading, rest) = lines.split_once('\n').unwrap_or((&lines, ""));
        if n == 0 {
            output.heading(heading.trim_end())?;
        }
        for line in rest.lines() {
            writeln!(output.data(), "{}", line.trim_end())?;
        }
    }
    Ok(())
}
