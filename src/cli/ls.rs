use super::ages::{self, Listing};
use super::layout_column::{self, LAYOUT};
use super::order::{Order, SortKey};
use super::selection::{Meaning, Selecting};
use super::{Global, Refused, Status, others, report_unread, time};
use crate::output::listing::TableFormat;
use crate::output::{Freshness, Output, human, listing, table};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::io::Write;
use std::path::Path;
use vlive::Snapshot;
use vlive::ops::CacheKeySummary;
use vlive::snapshot::{Layout, Set, Table, TableRole};

/// List the cache keys, or the entries of a selection
///
/// Without a SELECTION there is a row for each cache key, or set of diorama: entries, rows, size, and the age of the
/// newest and the oldest entry. With one, or with bounds of age, there is a row for each entry, as `vlive ages`
/// prints it.
///
/// SIZE is the bytes of the values. ROWS is the number that the envelopes declare; rows are not decoded. An entry whose
/// head cannot be read is named on standard error, and the status is then 3.
#[derive(Debug, Args)]
pub struct Ls {
    /// The folder or file of the cache, if there is one at this path and -C is not given; otherwise a SELECTION
    #[arg(value_name = "FOLDER", value_hint = clap::ValueHint::AnyPath)]
    argument: Option<String>,

    #[command(flatten)]
    selecting: Selecting,

    /// Also list the tables of other programs, with their types
    #[arg(long)]
    all: bool,

    /// List only the cache keys with their numbers of entries, from the file's own counts; no entry is read
    #[arg(long, conflicts_with_all = ["all", "keys", "older_than", "newer_than", "keys_from", "sort"])]
    quick: bool,

    #[command(flatten)]
    listing: Listing,
}

#[derive(Serialize)]
struct Row<'r> {
    key: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    layout: Option<&'static str>,
    #[serde(skip)]
    shown: Option<&'r str>,
    entries: u64,
    rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
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

const COLUMNS: [listing::Column; 7] = [
    ("key", "KEY", false),
    ("entries", "ENTRIES", true),
    ("rows", "ROWS", true),
    ("bytes", "SIZE", true),
    ("newest", "NEWEST", true),
    ("oldest", "OLDEST", true),
    LAYOUT,
];

/// Whether the first argument is the path of a cache, which may be missing, or a selection.
pub fn folder_or_selection<'a>(argument: Option<&'a str>, global: &Global) -> (Option<&'a Path>, Option<&'a str>) {
    let Some(argument) = argument else { return (None, None) };
    let path = Path::new(argument);
    let is_file = || path.is_file() && path.extension().is_some_and(|ending| ending == "redb");
    // No cache key begins like this.
    let is_relative = || ["./", "../"].iter().any(|begin| argument.starts_with(begin)) || argument == "..";
    // If there is no cache, a path was meant.
    let is_path = || (path.exists() || path.is_absolute()) && !vlive::snapshot::is_cache(global.folder());
    if !global.names_folder() && (vlive::snapshot::is_cache(path) || is_file() || is_relative() || is_path()) {
        (Some(path), None)
    } else {
        (None, Some(argument))
    }
}

impl Ls {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        let (folder, first) = folder_or_selection(self.argument.as_deref(), global);
        let global = &global.at(folder);
        let now = global.now();
        let is_of_entries = self.listing.keys || self.listing.histogram;
        if first.is_some() || self.selecting.is_given() || self.selecting.is_narrowed() || is_of_entries {
            if self.all || self.quick {
                let what = format!("--{} is about cache keys as a whole", if self.all { "all" } else { "quick" });
                return Err(Refused::error(what, Some("leave out what selects entries")));
            }
            let chosen = self.selecting.choose_after(first, Meaning::Prefix, "", now, output)?;
            return ages::list(&chosen, &self.listing, self.selecting.null, now, global, output);
        }
        self.listing.table.format()?;
        if self.quick {
            let look = |snapshot: &Snapshot| Ok((snapshot.roles()?, snapshot.sets()?));
            let (tables, sets) = Snapshot::look(global.folder(), global.look_wait(), look)?;
            self.quick(&tables, &sets, output)?;
            others::report_tables(&tables, output);
            return Ok(Status::Done);
        }
        let look = |snapshot: &Snapshot| Ok((vlive::ops::list(snapshot)?, snapshot.roles()?));
        let (list, mut tables) = Snapshot::look_past_damage(global.folder(), global.look_wait(), look)?;
        tables.retain(|(_, role)| matches!(role, TableRole::Source | TableRole::Foreign));
        let order = self.listing.order.of(list.cache_keys.len(), |place| {
            let CacheKeySummary { oldest, bytes, rows, .. } = list.cache_keys[place];
            SortKey { fetched_at: oldest, bytes, rows }
        });
        let summaries: Vec<&CacheKeySummary> = order.iter().map(|place| &list.cache_keys[*place]).collect();
        self.listing.table.print(output, |output, format| match format {
            TableFormat::Table => {
                if list.cache_keys.is_empty() {
                    output.summary("the cache holds no cache keys");
                }
                self.print_tables(&summaries, &tables, now, output)
            }
            format => self.print_rows(&summaries, &tables, now, format, output),
        })?;
        if !self.all && list.cache_keys.is_empty() {
            others::report_tables(&tables, output);
        }
        for (table, _) in tables.iter().filter(|(table, _)| table.is_named_as_cache()) {
            output.warning(&format!(
                "table `{}` is not a cache table but a {}; vantage-live fails on it",
                table.name(),
                table.kind()
            ));
        }
        Order::report(summaries.len(), list.cache_keys.len(), "cache key", "cache keys", output);
        Ok(report_unread(&list.unread, output))
    }

    /// The freshness of the newest and the oldest entry.
    fn freshness(&self, row: &Row<'_>, now: u64) -> [Option<Freshness>; 7] {
        let of = |fetched_at: Option<u64>| self.listing.stale.freshness(time::age(now, fetched_at?));
        [None, None, None, None, of(row.newest), of(row.oldest), None]
    }

    fn quick(&self, tables: &[(Table, TableRole)], sets: &[Set], output: &mut Output) -> Result<()> {
        let shown: Vec<String> = sets.iter().map(Set::shown).collect();
        let live = tables.iter().filter_map(|(table, _)| Some(unread_row(Some(table.cache_key()?), table.entries())));
        let of_sets = sets.iter().zip(&shown).map(|(set, shown)| Row {
            layout: layout_column::field(Layout::Diorama),
            shown: Some(shown),
            rows: Some(set.rows()),
            total: set.meta().total,
            ..unread_row(Some(set.name()), 1)
        });
        let rows: Vec<Row<'_>> = live.chain(of_sets).collect();
        self.listing.table.print(output, |output, format| {
            let columns = [COLUMNS[0], COLUMNS[1], COLUMNS[2], LAYOUT];
            let columns =
                if sets.is_empty() { &columns[..2] } else { layout_column::if_mixed(&columns, are_sets(&rows)) };
            Ok(listing::print(output, format, columns, &rows, |row, output| {
                [name(row, output), row.entries.to_string(), rows_of(row), layout_column::cell(row.layout)]
            })?)
        })?;
        Ok(())
    }

    fn print_rows(
        &self,
        summaries: &[&CacheKeySummary],
        tables: &[(Table, TableRole)],
        now: u64,
        format: TableFormat,
        output: &mut Output,
    ) -> Result<()> {
        let mut rows: Vec<Row<'_>> = summaries.iter().copied().map(row).collect();
        if self.all {
            rows.extend(tables.iter().map(|(table, _)| other_row(table)));
        }
        if matches!(format, TableFormat::Csv | TableFormat::Tsv) && self.all {
            let mut columns = layout_column::if_mixed(&COLUMNS, are_sets(&rows)).to_vec();
            columns.push(("table", "OTHER TABLE", false));
            return Ok(listing::print(output, format, &columns, &rows, |_, _| [])?);
        }
        self.print_rows_of_keys(&rows, now, format, output)
    }

    /// Prints cache keys and sets.
    fn print_rows_of_keys(&self, rows: &[Row<'_>], now: u64, format: TableFormat, output: &mut Output) -> Result<()> {
        let columns = layout_column::if_mixed(&COLUMNS, are_sets(rows));
        let cells = |row: &Row<'_>, output: &Output| cells(row, now, output);
        Ok(listing::print_ages(output, format, columns, rows, cells, |row| self.freshness(row, now))?)
    }

    fn print_tables(
        &self,
        summaries: &[&CacheKeySummary],
        tables: &[(Table, TableRole)],
        now: u64,
        output: &mut Output,
    ) -> Result<()> {
        let rows: Vec<Row<'_>> = summaries.iter().copied().map(row).collect();
        self.print_rows_of_keys(&rows, now, TableFormat::Table, output)?;
        if self.all && !tables.is_empty() {
            if !summaries.is_empty() {
                writeln!(output.data())?;
            }
            table::print(
                output,
                &[("OTHER TABLE", false), ("TYPE", false), ("ENTRIES", true)],
                tables,
                |(table, role), output| {
                    let kind = match role {
                        TableRole::Source => format!("{}, of vantage-redb", table.kind()),
                        _ => table.kind().to_string(),
                    };
                    [
                        output.key(table.name()).into_owned(),
                        output.text(&kind).into_owned(),
                        table.entries().to_string(),
                    ]
                },
            )?;
        }
        Ok(())
    }
}

/// For each row that is not another table, whether it is a set of diorama.
fn are_sets<'r>(rows: &'r [Row<'_>]) -> impl Iterator<Item = bool> + 'r {
    rows.iter().filter(|row| row.key.is_some()).map(|row| row.layout.is_some())
}

/// The cells of a row for people.
fn cells(row: &Row<'_>, now: u64, output: &Output) -> [String; 7] {
    let age = |fetched_at: Option<u64>| {
        fetched_at.map_or_else(|| "-".to_owned(), |fetched_at| human::age(time::age(now, fetched_at)))
    };
    [
        name(row, output),
        row.entries.to_string(),
        rows_of(row),
        row.bytes.map_or_else(|| "-".to_owned(), human::size),
        age(row.newest),
        age(row.oldest),
        layout_column::cell(row.layout),
    ]
}

fn name(row: &Row<'_>, output: &Output) -> String {
    let name = row.shown.or(row.key).or(row.table.as_ref().map(|other| other.table));
    output.key(name.unwrap_or_default()).into_owned()
}

fn rows_of(row: &Row<'_>) -> String {
    row.rows.map_or_else(|| "-".to_owned(), |rows| human::rows(rows, row.total))
}

fn row(summary: &CacheKeySummary) -> Row<'_> {
    let set = summary.set.as_ref();
    Row {
        key: Some(&summary.cache_key),
        layout: set.and(layout_column::field(Layout::Diorama)),
        shown: set.map(|set| set.shown.as_str()),
        total: set.and_then(|set| set.total),
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

/// A row for a table that is not read.
fn unread_row(key: Option<&str>, entries: u64) -> Row<'_> {
    Row {
        key,
        layout: None,
        shown: None,
        entries,
        rows: None,
        total: None,
        bytes: None,
        newest: None,
        oldest: None,
        unreadable: None,
        table: None,
    }
}
