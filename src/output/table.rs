//! Aligned columns without borders.

use super::{Freshness, Grid, Output, cut, escape, freshness};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};
use std::borrow::Cow;
use std::io::{self, Write};
use std::mem;
use unicode_width::UnicodeWidthStr;

/// How many rows are laid out at a time, so that a long table takes no more memory than a short one.
const CHUNK: usize = 1000;

/// Bytes of cells that are laid out at once, if they are long.
const CHUNK_BYTES: usize = 1024 * 1024;

/// Bytes of text for each column that it takes, at the most, if it is not a heap of marks.
const BYTES_PER_COLUMN: usize = 16;

/// Columns up to which cells are padded; a longer cell, such as a key of a megabyte, moves only its own row. The
/// table crate counts columns in 16 bits.
const WIDEST: usize = 200;

/// Spaces between two columns.
pub const GAP: u16 = 2;

/// The width to which a column may be cut so that others fit: that of a date and an ellipsis.
const NARROW: usize = 11;

/// The same for the first column, which tells the rows apart.
const NARROW_FIRST: usize = 24;

/// A column's heading, and whether it holds numbers, which are right-aligned.
pub type Column<'h> = (&'h str, bool);

/// Prints a table with `rows` under `columns`; nothing if there are none.
pub fn print<const N: usize, R>(
    output: &mut Output,
    columns: [Column<'_>; N],
    rows: &[R],
    cells: impl Fn(&R, &Output) -> [String; N],
) -> io::Result<()> {
    print_ages(output, columns, rows, cells, |_| [None; N])
}

/// The same with cells that are ages.
pub fn print_ages<const N: usize, R>(
    output: &mut Output,
    columns: [Column<'_>; N],
    rows: &[R],
    cells: impl Fn(&R, &Output) -> [String; N],
    freshness: impl Fn(&R) -> [Option<Freshness>; N],
) -> io::Result<()> {
    let cells = |row: usize, output: &Output| cells(&rows[row], output).into_iter().zip(freshness(&rows[row]));
    lay_out(output, &columns, rows.len(), WIDEST, cells)
}

/// Prints a grid, a line per row whatever there is in its cells; nothing if it has no rows. Cells are
/// cut so that it fits into `width`; columns that do not fit even so are left out. Returns how many
/// are not. `freshness` tells
/// which cells, by row and column, are ages.
pub fn print_grid_ages(
    output: &mut Output,
    grid: &Grid<'_>,
    width: Option<usize>,
    freshness: impl Fn(usize, usize) -> Option<Freshness>,
) -> io::Result<usize> {
    let limits = match width {
        Some(width) => {
            let full = |(column, (heading, _)): (usize, &(Cow<'_, str>, bool))| {
                let cells = (0..grid.rows).map(|row| width_of(&(grid.cell)(row, column), Some(width)));
                cells.max().unwrap_or_default().max(width_of(heading, Some(width)))
            };
            fit(&grid.columns.iter().enumerate().map(full).collect::<Vec<_>>(), width)
        }
        None => vec![usize::MAX; grid.columns.len()],
    };
    let headings: Vec<String> = grid.headings().zip(&limits).map(|(heading, limit)| shown(heading, *limit)).collect();
    let columns: Vec<Column<'_>> =
        headings.iter().zip(&grid.columns).map(|(heading, (_, is_number))| (heading.as_str(), *is_number)).collect();
    lay_out(output, &columns, grid.rows, width.unwrap_or(WIDEST), |row, _| {
        let cells = grid.row(row).zip(&limits).enumerate();
        cells.map(|(column, (cell, limit))| (shown(&cell, *limit), freshness(row, column))).collect::<Vec<_>>()
    })?;
    Ok(limits.len())
}

/// A cell as it is printed.
fn shown(text: &str, limit: usize) -> String {
    match limit {
        usize::MAX => escape::for_terminal(text).into_owned(),
        limit => cut::to_width(text, limit).into_owned(),
    }
}

/// The columns that a cell takes, in a table that has to fit into `width` or in one of any width.
pub fn width_of(text: &str, width: Option<usize>) -> usize {
    match width {
        Some(width) => cut::to_width(text, width).width(),
        None if text.len() > WIDEST * BYTES_PER_COLUMN => WIDEST,
        None => escape::for_terminal(text).width().min(WIDEST),
    }
}

/// Whether columns of these widths, of heading and cells, fit into `width` without a cut.
pub fn fits(columns: &[(Cow<'_, str>, bool, usize)], width: usize) -> bool {
    let full = columns.iter().map(|(heading, _, cells)| width_of(heading, Some(width)).max(*cells).max(1));
    full.map(|full| full + usize::from(GAP)).sum::<usize>() <= width + usize::from(GAP)
}

/// A table whose rows come one by one: how wide its cells are is known before.
pub struct Layout {
    headings: Vec<(String, bool)>,
    /// Columns to which cells are cut.
    limits: Vec<usize>,
    /// Columns to which they are padded.
    widths: Vec<usize>,
    lines: Vec<Vec<String>>,
    /// Bytes of the lines that are kept.
    bytes: usize,
}

impl Layout {
    /// A table with these headings, of which each says whether its column holds numbers, and how wide its cells are:
    /// the most that [`width_of`] tells. Cells are cut so that it fits into `width`; columns that do not fit even so
    /// are left out.
    pub fn new(columns: &[(Cow<'_, str>, bool, usize)], width: Option<usize>) -> Layout {
        let full: Vec<usize> =
            columns.iter().map(|(heading, _, cells)| width_of(heading, width).max(*cells).max(1)).collect();
        let limits = match width {
            Some(width) => fit(&full, width),
            None => vec![usize::MAX; columns.len()],
        };
        let widths = full.iter().zip(&limits).map(|(full, limit)| *full.min(limit)).collect();
        let headings = columns.iter().zip(&limits);
        let headings = headings.map(|((heading, is_number, _), limit)| (shown(heading, *limit), *is_number)).collect();
        Layout { headings, limits, widths, lines: Vec::new(), bytes: 0 }
    }

    /// The columns that fit.
    pub fn columns(&self) -> usize {
        self.limits.len()
    }

    pub fn heading(&self, output: &mut Output) -> io::Result<()> {
        let headings = self.headings.iter().map(|(heading, _)| heading.clone()).collect();
        output.heading(&self.laid_out(vec![headings]).concat())
    }

    /// Prints a row, with others after it.
    pub fn row<'c>(&mut self, output: &mut Output, cells: impl Iterator<Item = Cow<'c, str>>) -> io::Result<()> {
        let line: Vec<String> = cells.zip(&self.limits).map(|(cell, limit)| shown(&cell, *limit)).collect();
        self.bytes += line.iter().map(String::len).sum::<usize>();
        self.lines.push(line);
        if self.lines.len() == CHUNK || self.bytes >= CHUNK_BYTES { self.end(output) } else { Ok(()) }
    }

    /// Prints the rows that were kept.
    pub fn end(&mut self, output: &mut Output) -> io::Result<()> {
        self.bytes = 0;
        let lines = mem::take(&mut self.lines);
        self.laid_out(lines).iter().try_for_each(|line| writeln!(output.data(), "{line}"))
    }

    fn laid_out(&self, lines: Vec<Vec<String>>) -> Vec<String> {
        let columns: Vec<Column<'_>> =
            self.headings.iter().map(|(heading, is_number)| (heading.as_str(), *is_number)).collect();
        Chunk { columns: &columns, widths: &self.widths, lines }.take()
    }
}

/// The widths of as many columns, which take so much without a cut, as fit into `width` together.
fn fit(full: &[usize], width: usize) -> Vec<usize> {
    let gap = usize::from(GAP);
    let mut widths = Vec::new();
    let mut wanted = Vec::new();
    let mut room = width;
    for (column, full) in full.iter().map(|full| (*full).max(1)).enumerate() {
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

/// Cells are padded to no more than `widest` columns. Control characters in cells are escaped.
fn lay_out<C: IntoIterator<Item = (String, Option<Freshness>)>>(
    output: &mut Output,
    columns: &[Column<'_>],
    rows: usize,
    widest: usize,
    cells: impl Fn(usize, &Output) -> C,
) -> io::Result<()> {
    if rows == 0 {
        return Ok(());
    }
    let line = |row: usize, output: &Output| -> Vec<String> {
        let shown = |(cell, freshness): (String, Option<Freshness>)| {
            let cell = escape::for_terminal(&cell);
            match freshness.filter(|_| output.colours_data()) {
                Some(freshness) => freshness.marked(&cell),
                None => cell.into_owned(),
            }
        };
        cells(row, output).into_iter().map(shown).collect()
    };
    let headings: Vec<String> = columns.iter().map(|(heading, _)| escape::for_terminal(heading).into_owned()).collect();
    let mut widths: Vec<usize> = headings.iter().map(|heading| heading.width().min(widest)).collect();
    for row in 0..rows {
        for (width, cell) in widths.iter_mut().zip(line(row, output)) {
            *width = (*width).max(cell.width().min(widest));
        }
    }
    let mut chunk = Chunk { columns, widths: &widths, lines: Vec::new() };
    chunk.lines.push(headings);
    let heading = chunk.take().concat();
    output.heading(&heading)?;
    for row in 0..rows {
        if chunk.lines.len() == CHUNK {
            chunk.print(output)?;
        }
        chunk.lines.push(line(row, output));
    }
    chunk.print(output)
}

/// Lines that are laid out together. All chunks of a table have the same widths.
struct Chunk<'c> {
    columns: &'c [Column<'c>],
    widths: &'c [usize],
    lines: Vec<Vec<String>>,
}

impl Chunk<'_> {
    fn print(&mut self, output: &mut Output) -> io::Result<()> {
        let lines = self.take();
        if output.colours_data() {
            return lines.iter().try_for_each(|line| writeln!(output.data(), "{}", freshness::styled(line)));
        }
        lines.iter().try_for_each(|line| writeln!(output.data(), "{line}"))
    }

    fn take(&mut self) -> Vec<String> {
        if self.lines.is_empty() {
            return Vec::new();
        }
        let mut long = Vec::new();
        let mut table = Table::new();
        table.load_preset(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        for (row, mut line) in mem::take(&mut self.lines).into_iter().enumerate() {
            for (cell, width) in line.iter_mut().zip(self.widths) {
                if cell.len() > *width && cell.width() > *width {
                    long.push((row, mem::replace(cell, stand_in(*width)), *width));
                }
            }
            table.add_row(line);
        }
        for ((column, (_, is_number)), width) in table.column_iter_mut().zip(self.columns).zip(self.widths) {
            let width = u16::try_from(*width).unwrap_or(u16::MAX).saturating_add(GAP);
            column.set_padding((0, GAP)).set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
            if *is_number {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let mut lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        for (row, cell, width) in long {
            lines[row] = lines[row].replacen(&stand_in(width), &cell, 1);
        }
        lines
    }
}

/// What is laid out in place of a cell that is wider than its column: control characters, of which no cell has
/// any.
fn stand_in(width: usize) -> String {
    "\u{1}".repeat(width)
}
