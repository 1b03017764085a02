use super::{Global, Refused, Status, not_there, tell_unread};
use crate::output::meaning::{Meaning, meaning};
use crate::output::{self, Grid, Output, delimited, escape, markdown, table};
use anyhow::Result;
use clap::{Args, ValueEnum};
use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Write;
use vlive::json::{JsonStyle, write_envelope};
use vlive::live::{Envelope, EnvelopeView};
use vlive::ops::Unreadable;
use vlive::{CachedRows, Key, Record, Snapshot};

/// Show the rows of an entry as a table
///
/// A column per field, in the order in which the rows have them. Values are shown by what they mean:
/// record ids, dates, durations, decimal numbers and uuids as a person writes them, byte strings by
/// their length, arrays and maps as JSON, `null` and `none` as these words. `vlive dump` loses nothing.
///
/// On a terminal wide values are cut so that the table fits, and fields for which there is no room
/// are left out and named on standard error. In a pipe nothing is cut.
#[derive(Debug, Args)]
pub struct Show {
    /// Which entry: `clients/page_1`, or `clients` for the root entry
    #[arg(value_name = "KEY")]
    key: String,

    /// Show these fields, in this order
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    fields: Vec<String>,

    /// Show the first so many rows, and the fields that these have
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// How to print: table, csv, tsv or markdown
    #[arg(long, value_name = "FORMAT", default_value = "table", hide_possible_values = true)]
    format: Format,

    /// Cut nothing and leave no field out, however wide the table gets
    #[arg(long)]
    wide: bool,

    /// Print these rows and fields as an object of row id to row, in the form of `vlive dump --rows`
    #[arg(long, conflicts_with_all = ["format", "wide"])]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Aligned columns
    Table,
    /// Comma-separated values
    Csv,
    /// Tab-separated values
    Tsv,
    /// A table of Markdown
    Markdown,
}

impl Show {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        if self.key.is_empty() {
            let hint = "`/__root__` names the root entry of the empty cache key";
            return Err(Refused::error("the key is empty", Some(hint)));
        }
        let key = Key::new(&self.key);
        let Some(entry) = Snapshot::look(global.folder(), global.look_wait(), |snapshot| snapshot.entry(&key))? else {
            output.error(&not_there(&key.to_string()), None);
            return Ok(Status::No);
        };
        let cached = match CachedRows::decode(entry.value()) {
            Ok(cached) => cached,
            Err(error) => return Ok(tell_unread(&[], &[Unreadable { key, error }], output)),
        };
        drop(entry);
        let rows: Vec<(&str, &Record)> = cached.rows.iter().map(|(id, record)| (id.as_str(), record)).collect();
        if !self.has_fields(&key, &rows, output) {
            return Ok(Status::No);
        }
        self.print(&rows, output)?;
        Ok(Status::Done)
    }

    /// Whether every field that is asked for is there. Where there are no rows, none lacks it.
    fn has_fields(&self, key: &Key, rows: &[(&str, &Record)], output: &Output) -> bool {
        let is_missing = |field: &&String| rows.iter().all(|(_, record)| !record.contains_key(*field));
        let Some(missing) = self.fields.iter().find(is_missing).filter(|_| !rows.is_empty()) else { return true };
        let hint = match fields_of(rows).as_slice() {
            [] => "its rows have no fields".to_owned(),
            fields => format!("its fields are {}", listed(fields)),
        };
        output.error(&format!("no row of `{key}` has a field `{missing}`"), Some(&hint));
        false
    }

    fn print(&self, all: &[(&str, &Record)], output: &mut Output) -> Result<()> {
        let rows = &all[..all.len().min(self.limit.unwrap_or(usize::MAX))];
        let fields = match self.fields.as_slice() {
            [] => fields_of(rows),
            chosen => chosen.iter().map(String::as_str).collect(),
        };
        if self.json {
            return print_json(rows, &fields, output);
        }
        let grid = self.grid(rows, &fields);
        let mut fitting = grid.columns.len();
        match self.format {
            Format::Table => fitting = table::print_grid(output, &grid, output.width().filter(|_| !self.wide))?,
            Format::Csv => delimited::print(output, &grid, b',')?,
            Format::Tsv => delimited::print(output, &grid, b'\t')?,
            Format::Markdown => markdown::print(output, &grid)?,
        }
        output.flush()?;
        if all.is_empty() {
            output.summary("the entry holds no rows");
        } else if rows.len() < all.len() {
            output.summary(&format!("{} of {} rows", rows.len(), all.len()));
        }
        // The row id is a column too.
        if let left @ [_, ..] = &fields[fitting - 1..]
            && !rows.is_empty()
        {
            output.summary(&format!("no room for {}", listed(left)));
            output.advice("--fields chooses what to show, and --wide shows all");
        }
        Ok(())
    }

    fn grid<'r>(&self, rows: &'r [(&'r str, &'r Record)], fields: &'r [&'r str]) -> Grid<'r> {
        let format = self.format;
        let name =
            move |name: &'r str| if format == Format::Table { escape::visible(name) } else { Cow::Borrowed(name) };
        let mut columns = vec![(Cow::Borrowed("row id"), false)];
        columns.extend(fields.iter().map(|field| (name(field), are_numbers(rows, field))));
        let cell = move |row: usize, column: usize| {
            let (id, record): (&'r str, &'r Record) = rows[row];
            let Some(field) = column.checked_sub(1) else { return name(id) };
            match record.get(fields[field]).map(meaning) {
                None => Cow::Borrowed(""),
                Some(Meaning::Null) if matches!(format, Format::Csv | Format::Tsv) => Cow::Borrowed(""),
                Some(meaning) => meaning.into_text(),
            }
        };
        Grid { columns, rows: rows.len(), cell: Box::new(cell) }
    }
}

fn print_json(rows: &[(&str, &Record)], fields: &[&str], output: &mut Output) -> Result<()> {
    let chosen = |record: &Record| {
        let of_record = |name: &&str| Some(((*name).to_owned(), record.get(*name)?.clone()));
        fields.iter().filter_map(of_record).collect::<Record>()
    };
    let rows = rows.iter().map(|(id, record)| ((*id).to_owned(), chosen(record))).collect();
    let envelope = Envelope::encode(&CachedRows::new(rows));
    let style = JsonStyle { rows_only: true, ..JsonStyle::default() };
    let mut out = output.json_data();
    write_envelope(&EnvelopeView::new(envelope.bytes())?, style, &mut out)?;
    Ok(writeln!(out)?)
}

/// The fields of all rows, each where it comes first.
fn fields_of<'r>(rows: &[(&str, &'r Record)]) -> Vec<&'r str> {
    let mut known = HashSet::new();
    rows.iter().flat_map(|(_, record)| record.keys()).map(String::as_str).filter(|field| known.insert(*field)).collect()
}

/// Whether a field holds numbers, and nothing else where it holds anything.
fn are_numbers(rows: &[(&str, &Record)], field: &str) -> bool {
    let mut any = false;
    for value in rows.iter().filter_map(|(_, record)| record.get(field)) {
        match meaning(value) {
            Meaning::Null | Meaning::Unset => {}
            Meaning::Number(_) => any = true,
            Meaning::Text(_) => return false,
        }
    }
    any
}

/// Names on one line, as many as can be of use.
fn listed(fields: &[&str]) -> String {
    let names: Vec<Cow<'_, str>> = fields.iter().map(|field| escape::visible(field)).collect();
    output::to_width(&names.join(", "), 1000).into_owned()
}
