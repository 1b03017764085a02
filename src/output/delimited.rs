//! Lines of values with a delimiter between them, for spreadsheets.

use super::{Grid, Output};
use std::borrow::Cow;
use std::io::{self, Write};
use vlive::ops::Escape;

/// Prints a line of headings and a line per row; values are in quotes where they have to be.
pub fn print(output: &mut Output, grid: &Grid<'_>, delimiter: u8) -> io::Result<()> {
    row(output, delimiter, grid.headings().map(Cow::Borrowed))?;
    (0..grid.rows).try_for_each(|place| row(output, delimiter, grid.row(place)))
}

/// Prints a line of values.
pub fn row<'c>(output: &mut Output, delimiter: u8, cells: impl Iterator<Item = Cow<'c, str>>) -> io::Result<()> {
    let mut line = Vec::new();
    push_row(&mut line, delimiter, output.escape(), cells);
    output.data().write_all(&line)
}

/// Appends a line of values, given how text is escaped where output goes.
pub fn push_row<'c>(text: &mut Vec<u8>, delimiter: u8, escape: Escape, cells: impl Iterator<Item = Cow<'c, str>>) {
    // Its own buffer is for where each write takes long, and is made anew for each line.
    let mut csv = csv::WriterBuilder::new().delimiter(delimiter).buffer_capacity(64).from_writer(text);
    let written = cells.into_iter().try_for_each(|cell| csv.write_field(&*escape(&cell)));
    written.and_then(|()| csv.write_record(None::<&[u8]>)).expect("memory takes all");
}
