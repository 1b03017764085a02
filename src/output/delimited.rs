//! Lines of values with a delimiter between them, for spreadsheets.

use super::{Grid, Output};
use std::io;

/// Prints a line of headings and a line per row; values are in quotes where they have to be.
pub fn print(output: &mut Output, grid: &Grid<'_>, delimiter: u8) -> io::Result<()> {
    let escape = output.escape();
    let mut csv = csv::WriterBuilder::new().delimiter(delimiter).from_writer(output.data());
    csv.write_record(grid.headings().map(|heading| escape(heading).into_owned()))?;
    for row in 0..grid.rows {
        grid.row(row).try_for_each(|cell| csv.write_field(&*escape(&cell)))?;
        csv.write_record(None::<&[u8]>)?;
    }
    csv.flush()
}
