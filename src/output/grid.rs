//! Cells in rows and columns, independent of a format.

use std::borrow::Cow;

/// Any number of columns and rows; each format prints them in its own way.
pub struct Grid<'c> {
    /// Headings, and whether a column holds numbers, which are right-aligned.
    pub columns: Vec<(Cow<'c, str>, bool)>,
    /// The number of rows.
    pub rows: usize,
    /// The text in a row and a column. It is computed again whenever it is needed, which saves memory.
    pub cell: Box<dyn Fn(usize, usize) -> Cow<'c, str> + 'c>,
}

impl<'c> Grid<'c> {
    /// The headings.
    pub fn headings(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(heading, _)| &**heading)
    }

    /// The cells of a row.
    pub fn row(&self, row: usize) -> impl Iterator<Item = Cow<'c, str>> {
        (0..self.columns.len()).map(move |column| (self.cell)(row, column))
    }
}

/// The heading of a column that is not a field, with as many `$` before it as are needed to differ from every field.
pub fn unlike(heading: &str, fields: &[&str]) -> Cow<'static, str> {
    let mut heading = heading.to_owned();
    while fields.contains(&heading.as_str()) {
        heading.insert(0, '$');
    }
    Cow::Owned(heading)
}
