//! Aligned columns without borders.

use super::{Grid, Output, cut, escape};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};
use std::io::{self, Write};
use std::iter;
use unicode_width::UnicodeWidthStr;

/// Rows that comfy-table lays out. Those behind them are padded to the same widths, at a tenth of
/// the time and in no memory.
const LAID_OUT: usize = 1000;

/// Columns of a table that comfy-table lays out at all.
const MOST_COLUMNS: usize = 64;

/// Columns up to which cells are padded; a longer cell, such as a key of a megabyte, moves only its own
/// row.
const WIDEST: usize = 200;

/// Spaces between two columns.
pub const GAP: u16 = 2;

/// Width to which a column may be cut so that others fit beside it: that of a date and an ellipsis.
const NARROW: usize = 11;

/// The same for the first column, which tells the rows apart.
const NARROW_FIRST: usize = 24;

/// A column's heading, and whether it holds numbers, which stand to the right.
pub type Column<'h> = (&'h str, bool);

/// Prints a table with `rows` under `columns`; nothing if there are none.
pub fn print<const N: usize, R>(
    output: &mut Output,
    columns: [Column<'_>; N],
    rows: &[R],
    cells: impl Fn(&R, &Output) -> [String; N],
) -> io::Result<()> {
    lay_out(output, &columns, rows.len(), WIDEST, |row, output| cells(&rows[row], output))
}

/// Prints a grid, a line per row whatever there is in its cells; nothing if it has no rows. Cells are
/// cut so that it fits into `width`; columns that do not fit even so are left out. Returns how many
/// are not.
pub fn print_grid(output: &mut Output, grid: &Grid<'_>, width: Option<usize>) -> io::Result<usize> {
    let limits = match width {
        Some(width) => fit(grid, width),
        None => vec![usize::MAX; grid.columns.len()],
    };
    let shown = |text: &str, limit| match limit {
        usize::MAX => escape::for_terminal(text).into_owned(),
        limit => cut::to_width(text, limit).into_owned(),
    };
    let headings: Vec<String> = grid.headings().zip(&limits).map(|(heading, limit)| shown(heading, *limit)).collect();
    let columns: Vec<Column<'_>> =
        headings.iter().zip(&grid.columns).map(|(heading, (_, is_number))| (heading.as_str(), *is_number)).collect();
    lay_out(output, &columns, grid.rows, width.unwrap_or(WIDEST), |row, _| {
        grid.row(row).zip(&limits).map(|(cell, limit)| shown(&cell, *limit)).collect::<Vec<_>>()
    })?;
    Ok(limits.len())
}

/// Whether a grid fits into `width` without a cut.
pub fn fits(grid: &Grid<'_>, width: usize) -> bool {
    let mut room = width + usize::from(GAP);
    (0..grid.columns.len()).all(|column| {
        let left = room.checked_sub(full_width(grid, column, width) + usize::from(GAP));
        room = left.unwrap_or_default();
        left.is_some()
    })
}

/// The widths of as many columns as fit into `width` together.
fn fit(grid: &Grid<'_>, width: usize) -> Vec<usize> {
    let gap = usize::from(GAP);
    let mut widths = Vec::new();
    let mut wanted = Vec::new();
    let mut room = width;
    for column in 0..grid.columns.len() {
        let full = full_width(grid, column, width);
        let (least, gap) = if column == 0 { (NARROW_FIRST.min(width / 2), 0) } else { (NARROW, gap) };
        let least = least.min(full);
        if least + gap > room {
            break;
        }
        room -= least + gap;
        widths.push(least);
        wanted.push(full - least);
    }
    // What is left goes to all in equal shares; those that need less leave it to the others.
    let mut modest_first: Vec<usize> = (0..widths.len()).collect();
    modest_first.sort_by_key(|column| wanted[*column]);
    for (n, column) in modest_first.iter().enumerate() {
        let share = wanted[*column].min(room / (modest_first.len() - n));
        widths[*column] += share;
        room -= share;
    }
    widths
}

/// What a column takes if nothing in it is cut that fits into `width` by itself.
fn full_width(grid: &Grid<'_>, column: usize, width: usize) -> usize {
    let mut widest = cut::to_width(&grid.columns[column].0, width).width().max(1);
    for row in 0..grid.rows {
        if widest >= width {
            break;
        }
        widest = widest.max(cut::to_width(&(grid.cell)(row, column), width).width());
    }
    widest
}

/// Cells are padded to no more than `widest` columns.
fn lay_out<C: AsRef<[String]>>(
    output: &mut Output,
    columns: &[Column<'_>],
    rows: usize,
    widest: usize,
    cells: impl Fn(usize, &Output) -> C,
) -> io::Result<()> {
    if rows == 0 {
        return Ok(());
    }
    let is_long = |cell: &str| cell.len() > WIDEST;
    let by_hand = columns.len() > MOST_COLUMNS
        || columns.iter().any(|(heading, _)| is_long(heading))
        || (0..rows).any(|row| cells(row, output).as_ref().iter().any(|cell| is_long(cell)));
    let mut widths: Vec<usize> = columns.iter().map(|(heading, _)| heading.width().min(widest)).collect();
    for row in 0..rows {
        for (width, cell) in widths.iter_mut().zip(cells(row, output).as_ref()) {
            *width = (*width).max(cell.width().min(widest));
        }
    }
    let laid_out = if by_hand { 0 } else { rows.min(LAID_OUT) };
    if by_hand {
        let heading = padded(columns, &widths, columns.iter().map(|(heading, _)| *heading));
        output.heading(&heading)?;
    } else {
        let mut table = Table::new();
        table.load_preset(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.add_row(columns.iter().map(|(heading, _)| heading));
        table.add_rows((0..laid_out).map(|row| cells(row, output).as_ref().to_vec()));
        for ((column, (_, is_number)), width) in table.column_iter_mut().zip(columns).zip(&widths) {
            let width = u16::try_from(*width).unwrap_or(u16::MAX).saturating_add(GAP);
            column.set_padding((0, GAP)).set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
            if *is_number {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let lines = table.to_string();
        let (heading, rest) = lines.split_once('\n').unwrap_or((&lines, ""));
        output.heading(heading.trim_end())?;
        for line in rest.lines() {
            writeln!(output.data(), "{}", line.trim_end())?;
        }
    }
    for row in laid_out..rows {
        let line = padded(columns, &widths, cells(row, output).as_ref().iter().map(String::as_str));
        writeln!(output.data(), "{line}")?;
    }
    Ok(())
}

/// A line as comfy-table would lay it out.
fn padded<'l>(columns: &[Column<'_>], widths: &[usize], cells: impl Iterator<Item = &'l str>) -> String {
    let mut line = String::new();
    for ((cell, (_, is_number)), width) in cells.zip(columns).zip(widths) {
        let missing = width.saturating_sub(cell.width());
        let (before, behind) = if *is_number { (missing, 0) } else { (0, missing) };
        line.extend(iter::repeat_n(' ', before));
        line.push_str(cell);
        line.extend(iter::repeat_n(' ', behind + usize::from(GAP)));
    }
    line.truncate(line.trim_end().len());
    line
}
