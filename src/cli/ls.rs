use super::{Global, Status, tell_unread, time};
use crate::output::{Output, human, table};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;
use vlive::Snapshot;
use vlive::ops::CacheKeySummary;
use vlive::snapshot::Table;

/// List the cache keys: entries, rows, size, and the newest and oldest age
///
/// Sizes are those of the values. Rows are counted as the envelopes announce them, without decoding
/// the rows; an entry whose head cannot be read is named on standard error and makes the status 3.
#[derive(Debug, Args)]
pub struct Ls {
    /// The folder of the cache; overrides -C
    #[arg(value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
    argument: Option<PathBuf>,

    /// Add the tables that are no cache tables, with their types
    #[arg(long)]
    all: bool,

    /// Show the cache keys and their numbers of entries alone, as the file counts them: no entry is read
    #[arg(long, conflicts_with = "all")]
    quick: bool,

    /// Print an array of objects: times in seconds since 1970, sizes in bytes
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Row<'r> {
    key: Option<&'r str>,
    entries: u64,
    rows: Option<u64>,
    bytes: Option<u64>,
    newest: Option<u64>,
    oldest: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<u64>,
    #[serde(flatten)]
    table: Option<Other<'r>>,
}

#[derive(Serialize)]
struct Other<'r> {
    table: &'r str,
    multimap: bool,
    types: (&'r str, &'r str),
}

impl Ls {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        let folder = global.folder_or(self.argument.as_deref());
        if self.quick {
            let tables = Snapshot::look(folder, global.look_wait(), Snapshot::tables)?;
            return self.quick(&tables, output);
        }
        let now = time::now()?;
        let look = |snapshot: &Snapshot| {
            let (list, damage) = vlive::ops::list(snapshot)?;
            Ok(((list, snapshot.tables()?), damage))
        };
        let ((list, mut tables), damage) = Snapshot::look_past_damage(folder, global.look_wait(), look)?;
        tables.retain(|table| table.cache_key().is_none());
        if self.json {
            self.print_json(&list.cache_keys, &tables, output)?;
        } else {
            self.print_tables(&list.cache_keys, &tables, now, output)?;
        }
        for table in tables.iter().filter(|table| table.is_named_as_cache()) {
            output.warning(&format!(
                "table `{}` is no cache table but a {}; vantage-live fails on it",
                table.name(),
                table.kind()
            ));
        }
        output.flush()?;
        Ok(tell_unread(&damage, &list.unreadable, output))
    }

    fn quick(&self, tables: &[Table], output: &mut Output) -> Result<Status> {
        let counts: Vec<(&str, u64)> =
            tables.iter().filter_map(|table| Some((table.cache_key()?, table.entries()))).collect();
        if self.json {
            output.json(&counts.iter().map(|(key, entries)| unread_row(Some(key), *entries)).collect::<Vec<_>>())?;
        } else {
            table::print(output, [("KEY", false), ("ENTRIES", true)], &counts, |(key, entries), output| {
                [output.key(key).into_owned(), entries.to_string()]
            })?;
        }
        Ok(Status::Done)
    }

    fn print_json(&self, summaries: &[CacheKeySummary], tables: &[Table], output: &mut Output) -> Result<()> {
        let mut rows: Vec<Row<'_>> = summaries.iter().map(row).collect();
        if self.all {
            rows.extend(tables.iter().map(other_row));
        }
        output.json(&rows)
    }

    fn print_tables(
        &self,
        summaries: &[CacheKeySummary],
        tables: &[Table],
        now: u64,
        output: &mut Output,
    ) -> Result<()> {
        if summaries.is_empty() {
            output.summary("the cache holds no cache keys");
        }
        let columns =
            [("KEY", false), ("ENTRIES", true), ("ROWS", true), ("SIZE", true), ("NEWEST", true), ("OLDEST", true)];
        table::print(output, columns, summaries, |summary, output| {
            let age = |fetched_at: Option<u64>| {
                fetched_at.map_or_else(|| "-".to_owned(), |fetched_at| human::age(time::age(now, fetched_at)))
            };
            [
                output.key(&summary.cache_key).into_owned(),
                summary.entries.to_string(),
                summary.rows.to_string(),
                human::size(summary.bytes),
                age(summary.newest),
                age(summary.oldest),
            ]
        })?;
        if self.all && !tables.is_empty() {
            if !summaries.is_empty() {
                writeln!(output.data())?;
            }
            table::print(
                output,
                [("OTHER TABLE", false), ("TYPE", false), ("ENTRIES", true)],
                tables,
                |table, output| {
                    [
                        output.key(table.name()).into_owned(),
                        output.text(&table.kind()).into_owned(),
                        table.entries().to_string(),
                    ]
                },
            )?;
        }
        Ok(())
    }
}

fn row(summary: &CacheKeySummary) -> Row<'_> {
    Row {
        key: Some(&summary.cache_key),
        entries: summary.entries,
        rows: Some(summary.rows),
        bytes: Some(summary.bytes),
        newest: summary.newest,
        oldest: summary.oldest,
        unreadable: Some(summary.unreadable).filter(|unreadable| *unreadable > 0),
        table: None,
    }
}

fn other_row(table: &Table) -> Row<'_> {
    let other = Other { table: table.name(), multimap: table.is_multimap(), types: table.types() };
    Row { table: Some(other), ..unread_row(None, table.entries()) }
}

/// A row of what the table tree tells, without a look into the table.
fn unread_row(key: Option<&str>, entries: u64) -> Row<'_> {
    Row { key, entries, rows: None, bytes: None, newest: None, oldest: None, unreadable: None, table: None }
}
