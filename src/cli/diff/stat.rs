//! What differs, counted for each cache key.

use crate::output::listing::TableFormat;
use crate::output::{Grid, Output, delimited, markdown, table};
use anyhow::Result;
use serde::Serialize;
use std::borrow::Cow;
use vlive::ops::{Change, Difference};
use vlive::snapshot::Layout;

/// The counts of a cache key, or of a set.
#[derive(Default, Serialize)]
pub struct Stat {
    key: String,
    /// The key as people read it.
    #[serde(skip)]
    shown: String,
    entries: Counts,
    rows: Counts,
    fields: Counts,
}

#[derive(Default, Serialize)]
struct Counts {
    added: u64,
    removed: u64,
    changed: u64,
}

impl Counts {
    fn add(&mut self, change: Change, number: u64) {
        *match change {
            Change::Added => &mut self.added,
            Change::Removed => &mut self.removed,
            Change::Changed => &mut self.changed,
        } += number;
    }
}

impl Stat {
    /// Counts a difference; entries come in the order of their cache keys.
    pub fn add(stats: &mut Vec<Stat>, difference: &Difference) {
        if let Difference::Entry(entry) = difference
            && stats.last().is_none_or(|stat| stat.key != entry.key.cache_key())
        {
            let key = entry.key.cache_key().to_owned();
            let shown = if entry.key.layout() == Layout::Live { key.clone() } else { entry.key.shown() };
            stats.push(Stat { key, shown, ..Stat::default() });
        }
        let Some(stat) = stats.last_mut() else { return };
        match difference {
            Difference::Entry(entry) => {
                stat.entries.add(entry.change, 1);
                stat.rows.add(entry.change, entry.row_count.unwrap_or_default());
            }
            Difference::Row(row) => stat.rows.add(row.change, 1),
            Difference::Field(field) => stat.fields.add(field.change(), 1),
            other => unreachable!("an unknown kind of difference: {other}"),
        }
    }
}

/// Prints a row for each cache key.
pub fn print(stats: &[Stat], format: TableFormat, output: &mut Output) -> Result<()> {
    match format {
        TableFormat::Json => output.json(&stats)?,
        TableFormat::Jsonl => stats.iter().try_for_each(|stat| output.json(stat))?,
        TableFormat::Table => {
            let columns = [("KEY", false), ("ENTRIES", true), ("ROWS", true), ("FIELDS", true)];
            let counts = |Counts { added, removed, changed }: &Counts| format!("+{added} -{removed} ~{changed}");
            table::print(output, &columns, stats, |stat, output| {
                let counts = [&stat.entries, &stat.rows, &stat.fields].map(counts);
                let [entries, rows, fields] = counts;
                [output.key(&stat.shown).into_owned(), entries, rows, fields]
            })?;
        }
        TableFormat::Csv => delimited::print(output, &grid(stats, format), b',')?,
        TableFormat::Tsv => delimited::print(output, &grid(stats, format), b'\t')?,
        TableFormat::Markdown => markdown::print(output, &grid(stats, format))?,
    }
    Ok(())
}

/// A column for each count.
fn grid(stats: &[Stat], format: TableFormat) -> Grid<'_> {
    let names = ["entries", "rows", "fields"].into_iter();
    let counts = names.flat_map(|of| ["added", "removed", "changed"].map(|change| format!("{of}_{change}")));
    let columns = [("key".to_owned(), false)].into_iter().chain(counts.map(|name| (name, true)));
    let cell = move |row: usize, column: usize| {
        let Stat { key, shown, entries, rows, fields } = &stats[row];
        let counts = [entries, rows, fields].map(|Counts { added, removed, changed }| [added, removed, changed]);
        match column.checked_sub(1) {
            None => Cow::Borrowed(if format.is_for_people() { shown.as_str() } else { key }),
            Some(count) => Cow::Owned(counts.as_flattened()[count].to_string()),
        }
    };
    Grid {
        columns: columns.map(|(name, is_number)| (Cow::Owned(name), is_number)).collect(),
        rows: stats.len(),
        cell: Box::new(cell),
    }
}
