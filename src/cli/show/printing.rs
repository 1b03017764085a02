//! Prints rows one by one.

use super::rows::{Row, Survey, Visitor, cell};
use crate::output::listing::TableFormat;
use crate::output::table::Layout;
use crate::output::{Output, delimited, escape, markdown, rows, unlike};
use std::borrow::Cow;
use std::io::{self, Write};
use vlive::Record;
use vlive::ops::DumpError;
use vlive::snapshot::EntryKey;

/// What to show of rows.
#[derive(Clone, Copy)]
pub struct Shown<'p> {
    pub survey: &'p Survey,
    pub fields: &'p [&'p str],
    /// Whether the key is the first column.
    pub with_key: bool,
    /// Whether the rows are results of a filter. A row may then have several results.
    pub are_results: bool,
    pub format: TableFormat,
}

impl<'p> Shown<'p> {
    /// The number of columns before the fields.
    pub fn before(&self) -> usize {
        1 + usize::from(self.with_key) + usize::from(self.survey.incomplete > 0)
    }

    /// For each column its heading, whether it holds numbers, and the width of its cells.
    pub fn columns(&self) -> Vec<(Cow<'p, str>, bool, usize)> {
        let survey = self.survey;
        let mut columns = Vec::new();
        if self.with_key {
            columns.push((unlike("key", self.fields), false, survey.key_width));
        }
        columns.push((unlike("row id", self.fields), false, survey.id_width));
        if survey.incomplete > 0 {
            columns.push((unlike("status", self.fields), false, "incomplete".len()));
        }
        columns.extend(self.fields.iter().map(|name| {
            let field = survey.fields.get(*name);
            let (is_number, width) = field.map(|field| (field.is_number(), field.width)).unwrap_or_default();
            (self.name(name), is_number, width)
        }));
        columns
    }

    /// A key, row id or field name as it is shown in a table.
    fn name<'n>(&self, name: &'n str) -> Cow<'n, str> {
        if self.format == TableFormat::Table { escape::visible(name) } else { Cow::Borrowed(name) }
    }

    fn cells<'r>(&self, row: Row<'r>) -> Vec<Cow<'r, str>> {
        let mut cells = Vec::with_capacity(self.before() + self.fields.len());
        if self.with_key {
            let key = if self.format.is_for_people() { row.key.shown() } else { row.key.to_string() };
            cells.push(Cow::Owned(self.name(&key).into_owned()));
        }
        cells.push(self.name(row.id));
        if self.survey.incomplete > 0 {
            cells.push(Cow::Borrowed(if row.is_incomplete { "incomplete" } else { "" }));
        }
        cells.extend(self.fields.iter().map(|field| cell(row.record, field, self.format)));
        cells
    }
}

/// Prints rows in columns.
pub struct Columns<'p> {
    shown: Shown<'p>,
    output: &'p mut Output,
    form: Form,
}

enum Form {
    Table(Layout),
    Delimited(u8),
    Markdown,
}

impl<'p> Columns<'p> {
    /// Prints the headings.
    pub fn begin(shown: Shown<'p>, output: &'p mut Output) -> io::Result<Columns<'p>> {
        let columns = shown.columns();
        let headings = columns.iter().map(|(heading, ..)| heading.clone());
        let form = match shown.format {
            TableFormat::Csv | TableFormat::Tsv => {
                let delimiter = if shown.format == TableFormat::Csv { b',' } else { b'\t' };
                delimited::row(output, delimiter, headings)?;
                Form::Delimited(delimiter)
            }
            TableFormat::Markdown => {
                let columns: Vec<_> = columns.into_iter().map(|(heading, is_number, _)| (heading, is_number)).collect();
                markdown::headings(output, &columns)?;
                Form::Markdown
            }
            _ => {
                let mut layout = Layout::new(&columns, shown.survey.width);
                if shown.survey.rows > 0 {
                    layout.heading(output)?;
                }
                Form::Table(layout)
            }
        };
        Ok(Columns { shown, output, form })
    }

    /// The number of fields that fit.
    pub fn fitting(&self) -> usize {
        let fields = self.shown.fields.len();
        match &self.form {
            Form::Table(layout) => layout.columns().saturating_sub(self.shown.before()).min(fields),
            Form::Delimited(_) | Form::Markdown => fields,
        }
    }
}

impl Visitor for Columns<'_> {
    fn row(&mut self, row: Row<'_>) -> Result<(), DumpError> {
        let cells = self.shown.cells(row).into_iter();
        match &mut self.form {
            Form::Table(layout) => layout.row(self.output, cells)?,
            Form::Delimited(delimiter) => delimited::row(self.output, *delimiter, cells)?,
            Form::Markdown => markdown::row(self.output, cells)?,
        }
        Ok(())
    }
}

/// Prints an object of row id to row, or an object of full key to such objects; or an object per row, on lines or in an
/// array.
pub struct Objects<'p> {
    shown: Shown<'p>,
    out: Box<dyn Write + 'p>,
    entries: usize,
    /// The number of rows so far in the current object or array.
    rows: usize,
}

impl<'p> Objects<'p> {
    pub fn begin(shown: Shown<'p>, output: &'p mut Output) -> io::Result<Objects<'p>> {
        let mut out = output.json_data();
        match shown.format {
            TableFormat::Json if shown.are_results => out.write_all(b"[")?,
            TableFormat::Json if shown.with_key => out.write_all(b"{")?,
            _ => {}
        }
        Ok(Objects { shown, out, entries: 0, rows: 0 })
    }

    pub fn end(mut self) -> io::Result<()> {
        match self.shown.format {
            TableFormat::Json if self.shown.are_results => self.out.write_all(b"]\n"),
            TableFormat::Json if self.shown.with_key => self.out.write_all(b"}\n"),
            TableFormat::Json => self.out.write_all(b"\n"),
            _ => Ok(()),
        }
    }

    /// The row with only the fields that are shown.
    fn record(&self, record: &Record) -> Record {
        if self.shown.fields.is_empty() {
            return record.clone();
        }
        let of_record = |name: &&str| Some(((*name).to_owned(), record.get(*name)?.clone()));
        self.shown.fields.iter().filter_map(of_record).collect()
    }

    /// Whether rows are printed by their ids in an object for their entry.
    fn are_nested(&self) -> bool {
        self.shown.format == TableFormat::Json && !self.shown.are_results
    }

    /// Begins the object of an entry, if it has not begun.
    fn push_entry(&self, text: &mut Vec<u8>, key: &str) {
        if self.rows > 0 {
            return;
        }
        if self.shown.with_key {
            text.extend_from_slice(if self.entries == 0 { b"" } else { b"," });
            rows::push_text(text, key);
            text.push(b':');
        }
        text.push(b'{');
    }
}

impl Visitor for Objects<'_> {
    fn row(&mut self, row: Row<'_>) -> Result<(), DumpError> {
        let (mut text, key) = (Vec::new(), row.key.to_string());
        if self.are_nested() {
            self.push_entry(&mut text, &key);
            text.extend_from_slice(if self.rows == 0 { b"" } else { b"," });
            rows::push_text(&mut text, row.id);
            text.push(b':');
            rows::push_lossless(&mut text, &self.record(row.record));
            self.rows += 1;
        } else {
            let is_in_array = self.shown.format == TableFormat::Json;
            text.extend_from_slice(if is_in_array && self.rows > 0 { b"," } else { b"" });
            text.extend_from_slice(b"{\"key\":");
            rows::push_text(&mut text, &key);
            text.extend_from_slice(b",\"id\":");
            rows::push_text(&mut text, row.id);
            text.extend_from_slice(b",\"row\":");
            rows::push_lossless(&mut text, &self.record(row.record));
            text.extend_from_slice(if row.is_incomplete { b",\"incomplete\":true}" } else { b"}" });
            text.extend_from_slice(if is_in_array { b"" } else { b"\n" });
            self.rows += 1;
        }
        Ok(self.out.write_all(&text)?)
    }

    fn entry(&mut self, key: &EntryKey, _: Option<(u64, u64)>) -> Result<(), DumpError> {
        if self.are_nested() {
            let mut text = Vec::new();
            self.push_entry(&mut text, &key.to_string());
            text.push(b'}');
            (self.entries, self.rows) = (self.entries + 1, 0);
            self.out.write_all(&text)?;
        }
        Ok(())
    }
}
