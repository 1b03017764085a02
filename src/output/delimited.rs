//! Delimiter-separated values, for spreadsheets.

use super::{Grid, Output};
use std::borrow::Cow;
use std::io::{self, Write};
use vlive::ops::Escape;

/// Prints a line of headings and a line per row.
pub fn print(output: &mut Output, grid: &Grid<'_>, delimiter: u8) -> io::Result<()> {
    row(output, delimiter, grid.headings().map(Cow::Borrowed))?;
    lines(output, delimiter, (0..grid.rows).map(|place| Ok(grid.row(place))))
}

/// Prints a line of values.
pub fn row<'c>(output: &mut Output, delimiter: u8, cells: impl Iterator<Item = Cow<'c, str>>) -> io::Result<()> {
    lines(output, delimiter, [Ok(cells)])
}

/// Prints lines of values, with quotes where a value needs them.
pub fn lines<C: IntoIterator<Item: AsRef<str>>>(
    output: &mut Output,
    delimiter: u8,
    lines: impl IntoIterator<Item = io::Result<C>>,
) -> io::Result<()> {
    let escape = output.escape();
    let mut csv = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Unflushed(output.data()));
    for line in lines {
        for cell in line? {
            csv.write_field(&*escape(cell.as_ref())).map_err(io::Error::from)?;
        }
        csv.write_record(None::<&[u8]>).map_err(io::Error::from)?;
    }
    csv.flush()
}

/// An output that csv cannot flush when it is done, since more may follow.
struct Unflushed<W>(W);

impl<W: Write> Write for Unflushed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Appends a line of values, escaped for the output with `escape`.
pub fn push_row<'c>(text: &mut Vec<u8>, delimiter: u8, escape: Escape, cells: impl Iterator<Item = Cow<'c, str>>) {
    // The buffer of csv is of no use here, and would be allocated again for each line.
    let mut csv = csv::WriterBuilder::new().delimiter(delimiter).buffer_capacity(64).from_writer(text);
    let written = cells.into_iter().try_for_each(|cell| csv.write_field(&*escape(&cell)));
    written.and_then(|()| csv.write_record(None::<&[u8]>)).expect("memory takes all");
}
