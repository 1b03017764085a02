//! Lines of values with a delimiter between them, for spreadsheets.

use super::{Grid, Output};
use std::io;

/// Prints a line of headings and a line per row; values are in quotes where they have to be.
pub fn print(output: &mut Output, grid: &Grid<'_>, delimiter: u8) -> io::Result<()> {
    let escape = output.escape();
    let mut csv = csv::WriterBuilder::new().delimiter(delimiter).from_writer(output.data());
    csv.write_record(grid.headings().map(|heading| escape(heading).into_owned())).map_err(io_error)?;
    for row in 0..grid.rows {
        let written = grid.row(row).try_for_each(|cell| csv.write_field(&*escape(&cell)));
        written.and_then(|()| csv.write_record(None::<&[u8]>)).map_err(io_error)?;
    }
    csv.flush()
}

/// The error of the output as it was: csv's own conversion forgets what kind it is.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
