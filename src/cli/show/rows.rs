//! The rows to show, and who receives them.

use crate::output::listing::TableFormat;
use crate::output::meaning::{Meaning, meaning};
use crate::output::{escape, table};
use indexmap::IndexMap;
use std::borrow::Cow;
use vlive::Record;
use vlive::ops::DumpError;
use vlive::snapshot::EntryKey;

/// A row to show.
#[derive(Clone, Copy)]
pub struct Row<'r> {
    pub key: &'r EntryKey,
    pub id: &'r str,
    pub record: &'r Record,
    /// Whether diorama still has to fetch some of its fields.
    pub is_incomplete: bool,
}

/// Receives rows.
pub trait Visitor {
    /// Whether the fields of the next row are needed. If not, its record may be empty.
    fn looks_at_fields(&self) -> bool {
        true
    }

    fn row(&mut self, row: Row<'_>) -> Result<(), DumpError>;

    /// Called for an entry that can be read, after its rows unless filters were run, with its [part of the
    /// total](vlive::snapshot::Entry::part_of_total).
    fn entry(&mut self, _: &EntryKey, _: Option<(u64, u64)>) -> Result<(), DumpError> {
        Ok(())
    }
}

/// Passes on only the first rows, and all entries.
pub struct First<'v> {
    left: usize,
    visitor: &'v mut dyn Visitor,
}

impl<'v> First<'v> {
    pub fn new(limit: usize, visitor: &'v mut dyn Visitor) -> First<'v> {
        First { left: limit, visitor }
    }
}

impl Visitor for First<'_> {
    fn looks_at_fields(&self) -> bool {
        self.left > 0 && self.visitor.looks_at_fields()
    }

    fn row(&mut self, row: Row<'_>) -> Result<(), DumpError> {
        let Some(left) = self.left.checked_sub(1) else { return Ok(()) };
        self.left = left;
        self.visitor.row(row)
    }

    fn entry(&mut self, key: &EntryKey, part_of_total: Option<(u64, u64)>) -> Result<(), DumpError> {
        self.visitor.entry(key, part_of_total)
    }
}

/// What the first pass over the rows has found.
#[derive(Default)]
pub struct Survey {
    pub format: Option<TableFormat>,
    /// The width of the terminal, if the table must fit it.
    pub width: Option<usize>,
    /// The most rows to show.
    pub limit: usize,
    /// Whether the fields of rows that are not shown are needed too.
    pub looks_at_all: bool,
    /// The number of readable entries.
    pub entries: usize,
    /// The first readable entry.
    pub first: Option<EntryKey>,
    /// The number of all rows.
    pub all_rows: usize,
    /// The number of rows to show.
    pub rows: usize,
    pub fields: IndexMap<String, Field>,
    /// The number of rows to show that are incomplete.
    pub incomplete: usize,
    /// The width of the widest key.
    pub key_width: usize,
    /// The width of the widest row id.
    pub id_width: usize,
    /// Sets of diorama that do not have as many rows as their source: name, cached rows, rows at the source.
    pub partial: Vec<(String, u64, u64)>,
}

/// What the first pass has found of a field.
#[derive(Default)]
pub struct Field {
    /// Whether a row to show has it.
    pub is_shown: bool,
    /// The width of its widest value.
    pub width: usize,
    has_numbers: bool,
    has_text: bool,
    /// In how many rows to show it equals the row id.
    equals_id: usize,
}

impl Field {
    /// Whether all of its values are numbers or null.
    pub fn is_number(&self) -> bool {
        self.has_numbers && !self.has_text
    }
}

impl Survey {
    /// Whether a field equals the row id in every row to show.
    pub fn repeats_id(&self, field: &str) -> bool {
        self.rows > 0 && self.fields.get(field).is_some_and(|field| field.equals_id == self.rows)
    }
}

impl Visitor for Survey {
    fn looks_at_fields(&self) -> bool {
        let is_json = matches!(self.format, Some(TableFormat::Json | TableFormat::Jsonl));
        self.looks_at_all || !is_json && self.rows < self.limit
    }

    fn row(&mut self, row: Row<'_>) -> Result<(), DumpError> {
        self.all_rows += 1;
        let (is_shown, is_table) = (self.rows < self.limit, self.format == Some(TableFormat::Table));
        if is_shown {
            self.rows += 1;
            self.incomplete += usize::from(row.is_incomplete);
            if is_table {
                let width = |text: &str| table::width_of(&escape::visible(text), self.width);
                self.key_width = self.key_width.max(width(&row.key.shown()));
                self.id_width = self.id_width.max(width(row.id));
            }
        }
        for (name, value) in row.record {
            let field = match self.fields.get_mut(name) {
                Some(field) => field,
                None => self.fields.entry(name.clone()).or_default(),
            };
            if !is_shown {
                continue;
            }
            field.is_shown = true;
            let meaning = meaning(value);
            match meaning {
                Meaning::Null | Meaning::Unset => {}
                Meaning::Number(_) => field.has_numbers = true,
                Meaning::Text(_) => field.has_text = true,
            }
            if is_table {
                let text = meaning.into_text();
                field.equals_id += usize::from(text == row.id);
                field.width = field.width.max(table::width_of(&text, self.width));
            }
        }
        Ok(())
    }

    fn entry(&mut self, key: &EntryKey, part_of_total: Option<(u64, u64)>) -> Result<(), DumpError> {
        self.entries += 1;
        self.first.get_or_insert_with(|| key.clone());
        self.partial.extend(part_of_total.map(|(rows, total)| (key.shown(), rows, total)));
        Ok(())
    }
}

/// The text of a cell.
pub fn cell<'r>(record: &'r Record, field: &str, format: TableFormat) -> Cow<'r, str> {
    match record.get(field).map(meaning) {
        None => Cow::Borrowed(""),
        Some(Meaning::Null) if matches!(format, TableFormat::Csv | TableFormat::Tsv) => Cow::Borrowed(""),
        Some(meaning) => meaning.into_text(),
    }
}
