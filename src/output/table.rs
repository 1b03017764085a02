//! Aligned columns without borders.
//!
//! comfy-table pads and aligns. The padding of a cell depends only on its column and its width. So comfy-table lays out
//! only the rows in which a cell has a width that is new to its column; the other rows reuse that padding. A table of
//! any length therefore costs little more than its text.

use super::{Freshness, Grid, Output, cut, escape};
use comfy_table::{CellAlignment, ColumnConstraint, ContentArrangement, Table, Width};
use std::borrow::Cow;
use std::io::{self, Write};

/// The most bytes that ordinary text takes per column. Only very many marks on a letter take more.
const BYTES_PER_COLUMN: usize = 16;

/// The width in columns up to which cells are padded. A wider cell, such as a key of a megabyte, moves only its own
/// row.
const WIDEST: usize = 200;

/// Spaces between two columns.
const GAP: u16 = 2;

/// The smallest width to which a column is cut so that others fit: a date and an ellipsis.
const NARROW: usize = 11;

/// The smallest width of the first column, which identifies the rows.
const NARROW_FIRST: usize = 24;

/// The smallest width of the first column in a table in which only that column is cut.
const NARROW_KEY: usize = 16;

/// Marks the end of a placeholder cell; it takes no column.
const MARK: &str = "\u{301}";

/// A column's heading, and whether it holds numbers, which are right-aligned.
pub type Column<'h> = (&'h str, bool);

/// Prints a table, or nothing if there are no rows. If it is too wide for the terminal, cells of the first column are
/// cut in the middle. There may be fewer columns than cells: the last cells are then left out.
pub fn print<const N: usize, R: Copy>(
    output: &mut Output,
    columns: &[Column<'_>],
    rows: impl IntoIterator<Item = R, IntoIter: Clone>,
    cells: impl Fn(R, &Output) -> [String; N],
) -> io::Result<()> {
    print_ages(output, columns, rows, cells, |_| [None; N])
}

/// Prints a table as [`print`] does, with a style for cells that are ages. Cells are computed twice, which saves
/// memory.
pub fn print_ages<const N: usize, R: Copy>(
    output: &mut Output,
    columns: &[Column<'_>],
    rows: impl IntoIterator<Item = R, IntoIter: Clone>,
    cells: impl Fn(R, &Output) -> [String; N],
    freshness: impl Fn(R) -> [Option<Freshness>; N],
) -> io::Result<()> {
    let rows = rows.into_iter();
    let mut widths: Vec<usize> = columns.iter().map(|(heading, _)| width_of(heading, None)).collect();
    let mut is_empty = true;
    for row in rows.clone() {
        is_empty = false;
        for (width, cell) in widths.iter_mut().zip(cells(row, output)) {
            *width = (*width).max(width_of(&cell, None));
        }
    }
    if is_empty {
        return Ok(());
    }
    let beside: usize = widths.iter().skip(1).map(|width| usize::from(GAP) + width).sum();
    let room = output.width().map_or(usize::MAX, |width| width.saturating_sub(beside).max(NARROW_KEY));
    let narrow = widths[0].min(room);
    let is_cut = narrow < widths[0];
    widths[0] = narrow;
    let columns =
        columns.iter().zip(widths).map(|((heading, is_number), width)| (Cow::Borrowed(*heading), *is_number, width));
    let mut layout = Layout::new(&columns.collect::<Vec<_>>(), None);
    layout.heading(output)?;
    for row in rows {
        let mut cells = cells(row, output);
        if is_cut {
            cells[0] = cut::in_the_middle(&cells[0], room).into_owned();
        }
        layout.row_of_ages(output, cells.into_iter().map(Cow::Owned).zip(freshness(row)))?;
    }
    Ok(())
}

/// Prints a grid, one line per row whatever its cells hold, or nothing if it has no rows. Cells are cut to fit `width`;
/// columns that do not fit even then are left out. `freshness` is the style of the cell in a row and a column. Returns
/// the number of columns that were printed.
pub fn print_grid_ages(
    output: &mut Output,
    grid: &Grid<'_>,
    width: Option<usize>,
    freshness: impl Fn(usize, usize) -> Option<Freshness>,
) -> io::Result<usize> {
    let columns = grid.columns.iter().enumerate().map(|(column, (heading, is_number))| {
        let cells = (0..grid.rows).map(|row| width_of(&(grid.cell)(row, column), width));
        (heading.clone(), *is_number, cells.max().unwrap_or_default())
    });
    let mut layout = Layout::new(&columns.collect::<Vec<_>>(), width);
    if grid.rows > 0 {
        layout.heading(output)?;
    }
    for row in 0..grid.rows {
        let cells = grid.row(row).enumerate().map(|(column, cell)| (cell, freshness(row, column)));
        layout.row_of_ages(output, cells)?;
    }
    Ok(layout.columns())
}

/// A cell as it is printed.
fn shown(text: Cow<'_, str>, limit: usize) -> Cow<'_, str> {
    let changed = match if limit == usize::MAX { escape::for_terminal(&text) } else { cut::to_width(&text, limit) } {
        Cow::Borrowed(_) => None,
        Cow::Owned(changed) => Some(changed),
    };
    changed.map_or(text, Cow::Owned)
}

/// The width of a cell in columns, in a table that must fit `width`, or in one of any width.
pub fn width_of(text: &str, width: Option<usize>) -> usize {
    match width {
        Some(width) => cut::width(&cut::to_width(text, width)),
        None if text.len() > WIDEST * BYTES_PER_COLUMN => WIDEST,
        None => cut::width(&escape::for_terminal(text)).min(WIDEST),
    }
}

/// Whether columns with these headings and cell widths fit `width` without a cut.
pub fn fits(columns: &[(Cow<'_, str>, bool, usize)], width: usize) -> bool {
    let full = columns.iter().map(|(heading, _, cells)| width_of(heading, Some(width)).max(*cells).max(1));
    full.map(|full| full + usize::from(GAP)).sum::<usize>() <= width + usize::from(GAP)
}

/// A table whose rows are printed one by one, with cells of known widths.
pub struct Layout {
    columns: Vec<LaidOut>,
    /// As many spaces as are ever needed in a row.
    spaces: String,
    line: String,
}

/// A column, and how comfy-table pads its cells.
struct LaidOut {
    heading: String,
    is_number: bool,
    /// Whether it is the first column, whose cells are cut in the middle.
    is_first: bool,
    /// The width to which cells are cut.
    limit: usize,
    /// The width to which cells are padded.
    width: usize,
    /// The spaces before a cell, by its width; `None` for a width that has not been laid out yet.
    before: Vec<Option<u16>>,
}

impl LaidOut {
    /// A cell as it is printed.
    fn shown<'c>(&self, text: Cow<'c, str>) -> Cow<'c, str> {
        if !self.is_first || self.limit == usize::MAX {
            return shown(text, self.limit);
        }
        match cut::in_the_middle(&escape::for_terminal(&text), self.limit) {
            cut if *cut == *text => text,
            cut => Cow::Owned(cut.into_owned()),
        }
    }
}

/// A cell as it is printed, and its width, at most that of its column.
struct Cell<'c> {
    text: Cow<'c, str>,
    width: usize,
    freshness: Option<Freshness>,
}

impl Layout {
    /// A table with these columns: heading, whether it holds numbers, and the largest [`width_of`] its cells. Cells are
    /// cut to fit `width`; columns that do not fit even then are left out.
    pub fn new(columns: &[(Cow<'_, str>, bool, usize)], width: Option<usize>) -> Layout {
        let full: Vec<usize> =
            columns.iter().map(|(heading, _, cells)| width_of(heading, width).max(*cells).max(1)).collect();
        let limits = match width {
            Some(width) => fit(&full, width),
            None => vec![usize::MAX; columns.len()],
        };
        let laid_out =
            columns.iter().zip(full).zip(limits).enumerate().map(|(n, (((heading, is_number, _), full), limit))| {
                // comfy-table counts columns, including the gap, in 16 bits.
                let width = full.min(limit).min(usize::from(u16::MAX - GAP));
                let heading = shown(Cow::Borrowed(&**heading), limit).into_owned();
                LaidOut {
                    heading,
                    is_number: *is_number,
                    is_first: n == 0,
                    limit,
                    width,
                    before: vec![None; width + 1],
                }
            });
        let columns: Vec<LaidOut> = laid_out.collect();
        let widest = columns.iter().map(|column| column.width).max().unwrap_or_default();
        Layout { columns, spaces: " ".repeat(widest + usize::from(GAP)), line: String::new() }
    }

    /// The number of columns that fit.
    pub fn columns(&self) -> usize {
        self.columns.len()
    }

    pub fn heading(&mut self, output: &mut Output) -> io::Result<()> {
        let headings: Vec<String> = self.columns.iter().map(|column| column.heading.clone()).collect();
        self.lay_out(headings.iter().map(|heading| (Cow::Borrowed(heading.as_str()), None)));
        output.heading(&self.line)
    }

    /// Prints a row.
    pub fn row<'c>(&mut self, output: &mut Output, cells: impl Iterator<Item = Cow<'c, str>>) -> io::Result<()> {
        self.row_of_ages(output, cells.map(|cell| (cell, None)))
    }

    /// Prints a row with a style for each cell.
    fn row_of_ages<'c>(
        &mut self,
        output: &mut Output,
        cells: impl Iterator<Item = (Cow<'c, str>, Option<Freshness>)>,
    ) -> io::Result<()> {
        let is_coloured = output.colours_data();
        self.lay_out(cells.map(|(cell, freshness)| (cell, freshness.filter(|_| is_coloured))));
        self.line.push('\n');
        output.data().write_all(self.line.as_bytes())
    }

    /// Lays out a row in `self.line`.
    fn lay_out<'c>(&mut self, cells: impl Iterator<Item = (Cow<'c, str>, Option<Freshness>)>) {
        let cells = cells.zip(&self.columns).map(|((text, freshness), column)| {
            let text = column.shown(text);
            let is_long = text.len() > column.width.max(WIDEST) * BYTES_PER_COLUMN;
            let width = if is_long { column.width } else { cut::width(&text).min(column.width) };
            Cell { text, width, freshness }
        });
        let cells: Vec<Cell<'_>> = cells.collect();
        if self.columns.iter().zip(&cells).any(|(column, cell)| column.before[cell.width].is_none()) {
            self.lay_out_widths(&cells);
        }
        self.line.clear();
        for (column, Cell { text, width, freshness }) in self.columns.iter().zip(&cells) {
            let before = usize::from(column.before[*width].unwrap_or_default());
            self.line.push_str(&self.spaces[..before]);
            match freshness {
                Some(freshness) => self.line.push_str(&freshness.painted(text)),
                None => self.line.push_str(text),
            }
            self.line.push_str(&self.spaces[..column.width + usize::from(GAP) - before - width]);
        }
        self.line.truncate(self.line.trim_end().len());
    }

    /// Has comfy-table lay out a row of placeholder cells with the same widths.
    fn lay_out_widths(&mut self, cells: &[Cell<'_>]) {
        let mut table = Table::new();
        table.load_preset(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.add_row(cells.iter().map(|cell| "x".repeat(cell.width) + MARK));
        for (column, LaidOut { width, is_number, .. }) in table.column_iter_mut().zip(&self.columns) {
            let width = u16::try_from(*width).unwrap_or(u16::MAX).saturating_add(GAP);
            column.set_padding((0, GAP)).set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(width)));
            if *is_number {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let line = table.lines().next().unwrap_or_default();
        let (mut end, mut begin) = (0, 0);
        for ((text, cell), column) in line.split(MARK).zip(cells).zip(&mut self.columns) {
            end += text.len();
            column.before[cell.width] = u16::try_from(end - cell.width - begin).ok();
            begin += column.width + usize::from(GAP);
        }
    }
}

/// The widths of as many of the columns as fit `width` together, given their widths without a cut.
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
    // The remaining width is shared equally; a column that needs less leaves the rest to the others.
    let mut modest_first: Vec<usize> = (0..widths.len()).collect();
    modest_first.sort_by_key(|column| wanted[*column]);
    for (n, column) in modest_first.iter().enumerate() {
        let share = wanted[*column].min(room / (modest_first.len() - n));
        widths[*column] += share;
        room -= share;
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The rows as comfy-table lays them out together.
    fn at_once(rows: &[Vec<&str>], is_number: &[bool]) -> Vec<String> {
        let mut table = Table::new();
        table.load_preset(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.add_rows(rows);
        for (column, is_number) in table.column_iter_mut().zip(is_number) {
            column.set_padding((0, GAP));
            if *is_number {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.lines().map(|line| line.trim_end().to_owned()).collect()
    }

    #[test]
    fn rows_laid_out_one_by_one_look_like_rows_laid_out_together() {
        let texts = ["", "a", "bc", "数字", "e\u{301}", "\u{301}", "a long one with words", "👍🏽", "x ", " x"];
        let mut number = 1_u64;
        let mut next = |bound: usize| {
            number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(number >> 33).expect("31 bits") % bound
        };
        for _ in 0..200 {
            let is_number: Vec<bool> = (0..=next(4)).map(|_| next(2) == 0).collect();
            let rows: Vec<Vec<&str>> =
                (0..12).map(|_| is_number.iter().map(|_| texts[next(texts.len())]).collect()).collect();
            let columns = is_number.iter().enumerate().map(|(column, is_number)| {
                let widths = rows.iter().map(|row| width_of(row[column], None));
                (Cow::Borrowed(""), *is_number, widths.max().expect("there are rows"))
            });
            let mut layout = Layout::new(&columns.collect::<Vec<_>>(), None);
            let one_by_one = rows.iter().map(|row| {
                layout.lay_out(row.iter().map(|cell| (Cow::Borrowed(*cell), None)));
                layout.line.clone()
            });
            assert_eq!(one_by_one.collect::<Vec<_>>(), at_once(&rows, &is_number), "{rows:?}");
        }
    }

    #[test]
    fn a_cell_wider_than_its_column_moves_only_its_own_row() {
        let mut layout = Layout::new(&["A", "B"].map(|heading| (heading.into(), false, 3)), None);
        let mut line = |cells: [&str; 2]| {
            layout.lay_out(cells.iter().map(|cell| (Cow::Borrowed(*cell), None)));
            layout.line.clone()
        };
        assert_eq!(line(["abcdefgh", "x"]), "abcdefgh  x");
        assert_eq!(line(["abc", "x"]), "abc  x");
        assert_eq!(line(["a", "x"]), "a    x");
    }
}
