use super::filtering::{Filtering, Replacing, Selected, none_matches};
use super::format::TableArgs;
use super::selection::{Chosen, Meaning as SelectionMeaning, Selecting};
use super::{Global, Status, tell_unread};
use crate::output::listing::TableFormat;
use crate::output::meaning::{Meaning, meaning};
use crate::output::{self, Grid, Output, delimited, escape, markdown, rows, table};
use anyhow::Result;
use clap::Args;
use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Write;
use std::mem;
use vlive::ops::{Matched, Unread};
use vlive::snapshot::{EntryKey, PastDamage};
use vlive::{Error, Record, Snapshot};

/// Show rows as a table
///
/// A column per field, in the order in which the rows have them; before them the row id and, unless one full key
/// is selected, the key. Values are shown by what they mean: record ids, dates, durations, decimal numbers and
/// uuids as a person writes them, byte strings by their length, arrays and maps as JSON, `null` and `none` as
/// these words. `vlive dump` loses nothing.
///
/// On a terminal wide values are cut so that the table fits, and fields for which there is no room are left out
/// and named on standard error: first those that equal the row id in every row. In a pipe nothing is cut.
#[derive(Debug, Args)]
pub struct Show {
    #[command(flatten)]
    selecting: Selecting,

    #[command(flatten)]
    filtering: Filtering,

    #[command(flatten)]
    selected: Selected,

    /// Show only these fields, in this order
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    fields: Vec<String>,

    /// Show at most N rows, with the fields that occur in them
    #[arg(long, value_name = "N")]
    limit: Option<usize>,

    /// Show all fields in full, however wide the table becomes
    #[arg(long)]
    wide: bool,

    #[command(flatten)]
    table: TableArgs,
}

/// A row of an entry.
struct Row {
    /// The place of its entry.
    entry: usize,
    id: String,
    record: Record,
    /// Whether diorama still has to fetch some of its fields.
    is_incomplete: bool,
}

/// What is shown.
#[derive(Default)]
struct Shown {
    /// Full keys.
    entries: Vec<EntryKey>,
    rows: Vec<Row>,
    unread: Unread,
    /// Sets of diorama of which not all rows are cached, with both numbers.
    partial: Vec<(String, u64, u64)>,
    matched: Matched,
}

impl PastDamage for Shown {
    fn damage(&mut self) -> &mut Vec<Error> {
        &mut self.unread.damage
    }
}

impl Show {
    pub fn runs_filters(&self) -> bool {
        self.filtering.is_given() || self.selected.is_given()
    }

    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        self.table.format()?;
        let now = global.now();
        let mut chosen = self.selecting.choose(SelectionMeaning::Exact, now, output)?;
        self.filtering.narrow(&mut chosen, now)?;
        let replacing = self.selected.compile(now)?;
        let look = |snapshot: &Snapshot| read(snapshot, &chosen, replacing.as_ref());
        let shown = Snapshot::look_past_damage(global.folder(), global.look_wait(), look)?;
        let found = !shown.entries.is_empty();
        let mut status = Status::Done;
        if found {
            if !self.has_fields(&shown, output) {
                return Ok(Status::No);
            }
            let is_one = matches!(shown.entries.as_slice(), [EntryKey::Set(_)]) && chosen.names_one();
            self.print(&shown, chosen.single().is_none() && !is_one, output)?;
            for (set, rows, total) in &shown.partial {
                output.summary(&format!("{rows} of {total} rows of `{set}` are cached"));
            }
        } else if shown.matched.without_rows > 0 {
            output.error(&none_matches(shown.matched.without_rows), None);
            status = Status::No;
        } else if chosen.is_everything() && shown.unread.damage.is_empty() && shown.unread.unreadable.is_empty() {
            output.summary("the cache holds no entries");
        }
        status = status.max(tell_unread(&shown.unread, output));
        Ok(status.max(chosen.tell(&shown.matched, found || !shown.unread.unreadable.is_empty(), global, output)))
    }

    /// Whether every requested field exists. Without any rows no field counts as missing.
    fn has_fields(&self, shown: &Shown, output: &Output) -> bool {
        let is_missing = |field: &&String| shown.rows.iter().all(|row| !row.record.contains_key(*field));
        let missing = self.fields.iter().find(is_missing).filter(|_| !shown.rows.is_empty());
        let Some(missing) = missing else { return true };
        let (of, whose) = match shown.entries.as_slice() {
            [key] => (format!("`{}`", key.shown()), "its"),
            entries => (format!("these {} entries", entries.len()), "their"),
        };
        let hint = match fields_of(&shown.rows).as_slice() {
            [] => format!("{whose} rows have no fields"),
            fields => format!("{whose} fields are {}", listed(fields)),
        };
        output.error(&format!("no row of {of} has a field `{missing}`"), Some(&hint));
        false
    }

    fn print(&self, shown: &Shown, with_key: bool, output: &mut Output) -> Result<()> {
        let all = shown.rows.len();
        let rows = &shown.rows[..all.min(self.limit.unwrap_or(usize::MAX))];
        let fields = match self.fields.as_slice() {
            [] => fields_of(rows),
            chosen => chosen.iter().map(String::as_str).collect(),
        };
        let table = Table { shown, rows, fields, with_key };
        let (repeated, left_out) = self.table.print(output, |output, format| self.print_as(table, format, output))?;
        if all == 0 {
            output.summary(if with_key { "the entries hold no rows" } else { "the entry holds no rows" });
        } else if rows.len() < all {
            output.summary(&format!("{} of {all} rows", rows.len()));
        }
        if rows.is_empty() {
            return Ok(());
        }
        if !repeated.is_empty() {
            output.summary(&format!("left out {}: the same as the row id in every row", listed(&repeated)));
        }
        if !left_out.is_empty() {
            output.summary(&format!("no room for {}", listed(&left_out)));
        }
        if !repeated.is_empty() || !left_out.is_empty() {
            output.advice("--fields chooses what to show, and --wide shows all");
        }
        Ok(())
    }

    /// Prints the table. Returns the fields that were left out because they repeat the row id, and those that did not
    /// fit.
    fn print_as<'r>(
        &self,
        mut table: Table<'r>,
        format: TableFormat,
        output: &mut Output,
    ) -> Result<(Vec<&'r str>, Vec<&'r str>)> {
        let mut repeated = Vec::new();
        match format {
            TableFormat::Table => {
                let width = output.width().filter(|_| !self.wide);
                let is_narrow = width.is_some_and(|width| !table::fits(&table.grid(format), width));
                if is_narrow && self.fields.is_empty() {
                    repeated = table.leave_out_repeated();
                }
                let fitting = table::print_grid(output, &table.grid(format), width)?;
                return Ok((repeated, table.fields.split_off((fitting - table.before()).min(table.fields.len()))));
            }
            TableFormat::Csv => delimited::print(output, &table.grid(format), b',')?,
            TableFormat::Tsv => delimited::print(output, &table.grid(format), b'\t')?,
            TableFormat::Markdown => markdown::print(output, &table.grid(format))?,
            TableFormat::Json => table.print_json(output)?,
            TableFormat::Jsonl => table.print_lines(output)?,
        }
        Ok((repeated, Vec::new()))
    }
}

/// Decodes the selected entries.
fn read(snapshot: &Snapshot, chosen: &Chosen, replacing: Option<&Replacing>) -> Result<Shown, Error> {
    let mut shown = Shown::default();
    let mut unread = Unread::default();
    let (matched, damage) = vlive::ops::each_entry::<Error>(snapshot, &chosen.scope, |entry| {
        let (key, fetched_at, place) = (entry.key(), entry.fetched_at(), shown.entries.len());
        let unreadable_before = unread.unreadable.len();
        vlive::ops::each_row::<Error>(snapshot, &entry, &mut unread, |row| {
            let record = row.record();
            let records = match replacing {
                Some(replacing) => replacing.replace(&key, fetched_at, row.id(), &record)?,
                None => vec![record],
            };
            let (id, is_incomplete) = (row.id(), row.is_incomplete());
            let rows = records.into_iter().map(|record| Row { entry: place, id: id.to_owned(), record, is_incomplete });
            shown.rows.extend(rows);
            Ok(())
        })?;
        if unread.unreadable.len() == unreadable_before {
            shown.entries.push(key);
            let partial = entry.part_of_total();
            shown.partial.extend(partial.map(|(rows, total)| (entry.key().shown(), rows, total)));
        }
        Ok(())
    })?;
    unread.damage.extend(damage);
    (shown.matched, shown.unread) = (matched, unread);
    Ok(shown)
}

/// The rows and fields to show.
struct Table<'r> {
    shown: &'r Shown,
    rows: &'r [Row],
    fields: Vec<&'r str>,
    /// Whether the key is the first column.
    with_key: bool,
}

impl<'r> Table<'r> {
    /// The columns before the fields.
    fn before(&self) -> usize {
        1 + usize::from(self.with_key) + usize::from(self.with_status())
    }

    /// Whether some row is incomplete, so that a column after the row id says which.
    fn with_status(&self) -> bool {
        self.rows.iter().any(|row| row.is_incomplete)
    }

    /// Removes the fields that equal the row id in every row.
    fn leave_out_repeated(&mut self) -> Vec<&'r str> {
        let repeats = |field: &str| {
            let is_id = |row: &Row| row.record.get(field).is_some_and(|value| meaning(value).into_text() == row.id);
            !self.rows.is_empty() && self.rows.iter().all(is_id)
        };
        let (repeated, others) = mem::take(&mut self.fields).into_iter().partition(|field| repeats(field));
        self.fields = others;
        repeated
    }

    fn grid(&self, format: TableFormat) -> Grid<'_> {
        let is_table = format == TableFormat::Table;
        let name = move |name: &'r str| if is_table { escape::visible(name) } else { Cow::Borrowed(name) };
        let key = move |key: &EntryKey| {
            let key = key.shown();
            Cow::Owned(if is_table { escape::visible(&key).into_owned() } else { key })
        };
        let (shown, rows, before) = (self.shown, self.rows, self.before());
        let (with_key, mut columns) = (self.with_key, vec![(Cow::Borrowed("row id"), false)]);
        if self.with_status() {
            columns.push((Cow::Borrowed("status"), false));
        }
        if self.with_key {
            columns.insert(0, (Cow::Borrowed("key"), false));
        }
        columns.extend(self.fields.iter().map(|field| (name(field), are_numbers(rows, field))));
        let cell = move |row: usize, column: usize| {
            let row: &'r Row = &rows[row];
            let Some(field) = column.checked_sub(before) else {
                return match column.checked_sub(usize::from(with_key)) {
                    None => key(&shown.entries[row.entry]),
                    Some(0) => name(&row.id),
                    Some(_) => Cow::Borrowed(if row.is_incomplete { "incomplete" } else { "" }),
                };
            };
            match row.record.get(self.fields[field]).map(meaning) {
                None => Cow::Borrowed(""),
                Some(Meaning::Null) if matches!(format, TableFormat::Csv | TableFormat::Tsv) => Cow::Borrowed(""),
                Some(meaning) => meaning.into_text(),
            }
        };
        Grid { columns, rows: rows.len(), cell: Box::new(cell) }
    }

    /// The fields of a row that are shown, without loss.
    fn record(&self, row: &Row) -> Record {
        let of_record = |name: &&str| Some(((*name).to_owned(), row.record.get(*name)?.clone()));
        self.fields.iter().filter_map(of_record).collect()
    }

    /// Prints an object of row id to row; for several entries, an object of full key to such objects.
    fn print_json(&self, output: &mut Output) -> Result<()> {
        let mut out = output.json_data();
        let mut text = Vec::new();
        let mut rest = self.rows;
        if self.with_key {
            text.push(b'{');
        }
        for (place, key) in self.shown.entries.iter().enumerate() {
            let (rows, others) = rest.split_at(rest.iter().take_while(|row| row.entry == place).count());
            rest = others;
            if self.with_key {
                text.extend_from_slice(if place == 0 { b"" } else { b"," });
                rows::push_text(&mut text, &key.to_string());
                text.push(b':');
            }
            text.push(b'{');
            for (n, row) in rows.iter().enumerate() {
                text.extend_from_slice(if n == 0 { b"" } else { b"," });
                rows::push_text(&mut text, &row.id);
                text.push(b':');
                rows::push_lossless(&mut text, self.record(row));
                out.write_all(&text)?;
                text.clear();
            }
            text.push(b'}');
        }
        text.extend_from_slice(if self.with_key { b"}\n" } else { b"\n" });
        Ok(out.write_all(&text)?)
    }

    /// Prints a line for each row.
    fn print_lines(&self, output: &mut Output) -> Result<()> {
        let mut out = output.json_data();
        for row in self.rows {
            let mut line = b"{\"key\":".to_vec();
            rows::push_text(&mut line, &self.shown.entries[row.entry].to_string());
            line.extend_from_slice(b",\"id\":");
            rows::push_text(&mut line, &row.id);
            line.extend_from_slice(b",\"row\":");
            rows::push_lossless(&mut line, self.record(row));
            line.extend_from_slice(if row.is_incomplete { b",\"incomplete\":true}\n" } else { b"}\n" });
            out.write_all(&line)?;
        }
        Ok(())
    }
}

/// The fields of all rows, in the order of their first occurrence.
fn fields_of(rows: &[Row]) -> Vec<&str> {
    let mut known = HashSet::new();
    rows.iter().flat_map(|row| row.record.keys()).map(String::as_str).filter(|field| known.insert(*field)).collect()
}

/// Whether every value of a field is a number.
fn are_numbers(rows: &[Row], field: &str) -> bool {
    let mut any = false;
    for value in rows.iter().filter_map(|row| row.record.get(field)) {
        match meaning(value) {
            Meaning::Null | Meaning::Unset => {}
            Meaning::Number(_) => any = true,
            Meaning::Text(_) => return false,
        }
    }
    any
}

/// Names on one line, up to a useful number.
fn listed(fields: &[&str]) -> String {
    let names: Vec<Cow<'_, str>> = fields.iter().map(|field| escape::visible(field)).collect();
    output::to_width(&names.join(", "), 1000).into_owned()
}
