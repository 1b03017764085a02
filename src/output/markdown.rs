//! Tables of Markdown, as GitHub and many others read them.

use super::escape::for_terminal;
use super::{Grid, Output};
use std::borrow::Cow;
use std::io::{self, Write};

/// Prints a table with numbers aligned to the right.
pub fn print(output: &mut Output, grid: &Grid<'_>) -> io::Result<()> {
    headings(output, &grid.columns)?;
    (0..grid.rows).try_for_each(|place| row(output, grid.row(place)))
}

/// Prints the headings of a table, and which of its columns hold numbers.
pub fn headings(output: &mut Output, columns: &[(Cow<'_, str>, bool)]) -> io::Result<()> {
    row(output, columns.iter().map(|(heading, _)| Cow::Borrowed(&**heading)))?;
    let alignments = columns.iter().map(|(_, is_number)| if *is_number { " ---: |" } else { " --- |" });
    writeln!(output.data(), "|{}", alignments.collect::<String>())
}

/// Prints a row of a table.
pub fn row<'c>(output: &mut Output, cells: impl Iterator<Item = Cow<'c, str>>) -> io::Result<()> {
    let mut line = Vec::new();
    push_row(&mut line, cells);
    output.data().write_all(&line)
}

/// Appends a row of a table.
pub fn push_row<'c>(text: &mut Vec<u8>, cells: impl Iterator<Item = Cow<'c, str>>) {
    text.push(b'|');
    cells.for_each(|shown| text.extend_from_slice(format!(" {} |", for_terminal(&cell(&shown))).as_bytes()));
    text.push(b'\n');
}

/// Escapes text so that it ends neither its cell nor its line. `<` would begin a tag, which is not shown, and a
/// backslash may escape the character after it.
fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' if characters.peek() == Some(&'\n') => {}
            '\r' | '\n' => cell.push_str("<br>"),
            '|' | '<' | '\\' => cell.extend(['\\', character]),
            other => cell.push(other),
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_cell() {
        for (text, written) in [
            ("a|b", "a\\|b"),
            ("a\\|b\\", "a\\\\\\|b\\\\"),
            ("a\nb\r\nc\rd\n", "a<br>b<br>c<br>d<br>"),
            ("<br>", "\\<br>"),
            ("Größe", "Größe"),
        ] {
            assert_eq!(cell(text), written);
        }
    }
}
