//! Lines of values with a delimiter between them, for spreadsheets.

use super::{Grid, Output};
use std::borrow::Cow;
use std::io::{self, Write};

/// Prints a line of headings and a line per row; values are in quotes where they have to be.
pub fn print(output: &mut Output, grid: &Grid<'_>, delimiter: u8) -> io::Result<()> {
    row(output, delimiter, grid.headings().map(Cow::Borrowed))?;
    (0..grid.rows).try_for_each(|place| row(output, delimiter, grid.row(place)))
}

/// Prints a line of values.
pub fn row<'c>(output: &mut Output, delimiter: u8, cells: impl Iterator<Item = Cow<'c, str>>) -> io::Result<()> {
    let escape = output.escape();
    // In memory, since csv flushes what it writes to.
    let mut csv = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    for cell in cells {
        csv.write_field(&*escape(&cell)).map_err(io::Error::from)?;
    }
    csv.write_record(None::<&[u8]>).map_err(io::Error::from)?;
    let line = csv.into_inner().map_err(csv::IntoInnerError::into_error)?;
    output.data().write_all(&line)
}
