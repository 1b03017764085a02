//! `stat` for programs.

use crate::cli::age_histogram::{Bucket, buckets};
use crate::cli::layout_column::{self, LAYOUT};
use crate::output::listing::{self, TableFormat};
use crate::output::{Output, human};
use serde::Serialize;
use std::io;
use vlive::ops::{self, TableStat};
use vlive::snapshot::EntryKey;
use vlive::system::Holder;

#[derive(Serialize)]
pub struct Report<'s> {
    bytes: u64,
    disk: Option<u64>,
    format: u8,
    commit: u64,
    closed_cleanly: bool,
    holders: Option<Vec<Process<'s>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    space: Option<Space>,
    keys: Vec<Row<'s>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    largest: Option<Vec<Large>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ages: Option<Vec<Bucket>>,
}

#[derive(Serialize)]
pub struct Process<'s> {
    pid: u32,
    name: Option<&'s str>,
}

impl<'s> Process<'s> {
    pub fn new(holder: &'s Holder) -> Process<'s> {
        Process { pid: holder.pid, name: holder.name.as_deref() }
    }
}

#[derive(Serialize)]
struct Space {
    values: u64,
    keys: u64,
    overhead: u64,
    other_tables: u64,
    redb: u64,
    free: u64,
    compacted: u64,
}

#[derive(Serialize)]
struct Row<'s> {
    key: &'s str,
    /// The key as people read it.
    #[serde(skip)]
    shown: &'s str,
    #[serde(skip_serializing_if = "Option::is_none")]
    layout: Option<&'static str>,
    entries: u64,
    rows: Option<u64>,
    bytes: Option<u64>,
    key_bytes: Option<u64>,
    pages: Option<u64>,
    page_bytes: Option<u64>,
    depth: Option<u64>,
    min: Option<u64>,
    median: Option<u64>,
    max: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable: Option<u64>,
}

#[derive(Serialize)]
struct Large {
    key: String,
    bytes: u64,
}

impl<'s> Report<'s> {
    pub fn new(stat: &'s ops::Stat) -> Report<'s> {
        let contents = stat.contents.as_ref();
        let large = |(key, bytes): &(EntryKey, u64)| Large { key: key.to_string(), bytes: *bytes };
        Report {
            bytes: stat.file_len,
            disk: stat.disk,
            format: stat.format,
            commit: stat.commit,
            closed_cleanly: stat.closed_cleanly,
            holders: stat.holders.as_ref().map(|holders| holders.iter().map(Process::new).collect()),
            space: contents.map(|contents| contents.space).map(|space| Space {
                values: space.values,
                keys: space.keys,
                overhead: space.overhead,
                other_tables: space.other_tables,
                redb: space.redb,
                free: space.free,
                compacted: space.compacted,
            }),
            keys: stat.tables.iter().filter_map(row).collect(),
            largest: contents.map(|contents| contents.largest.iter().map(large).collect()),
            ages: contents.map(|contents| buckets(&contents.ages)),
        }
    }
}

const COLUMNS: [listing::Column; 13] = [
    ("key", "KEY", false),
    ("entries", "ENTRIES", true),
    ("rows", "ROWS", true),
    ("bytes", "SIZE", true),
    ("key_bytes", "KEYS", true),
    ("pages", "PAGES", true),
    ("page_bytes", "PAGE SIZE", true),
    ("depth", "DEPTH", true),
    ("min", "MIN", true),
    ("median", "MEDIAN", true),
    ("max", "MAX", true),
    ("unreadable", "UNREADABLE", true),
    LAYOUT,
];

/// Prints the table of cache keys.
pub fn list(stat: &ops::Stat, format: TableFormat, output: &mut Output) -> io::Result<()> {
    let rows: Vec<Row<'_>> = stat.tables.iter().filter_map(row).collect();
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let size = |size: Option<u64>| size.map(human::size).unwrap_or_default();
    listing::print(output, format, &COLUMNS, &rows, |row, _| {
        [
            row.shown.to_owned(),
            row.entries.to_string(),
            number(row.rows),
            size(row.bytes),
            size(row.key_bytes),
            number(row.pages),
            size(row.page_bytes),
            number(row.depth),
            size(row.min),
            size(row.median),
            size(row.max),
            number(row.unreadable),
            layout_column::cell(row.layout),
        ]
    })
}

fn row(table: &TableStat) -> Option<Row<'_>> {
    let [min, median, max] =
        [0, 1, 2].map(|n| table.contents.and_then(|contents| contents.sizes).map(|sizes| sizes[n]));
    let key = table.cache_key.as_deref()?;
    Some(Row {
        key,
        shown: table.shown.as_deref().unwrap_or(key),
        layout: layout_column::field(table.layout),
        entries: table.entries,
        rows: table.contents.map(|contents| contents.rows),
        bytes: table.contents.map(|contents| contents.values),
        key_bytes: table.contents.map(|contents| contents.keys),
        pages: table.tree.map(|tree| tree.leaves + tree.branches),
        page_bytes: table.tree.map(|tree| tree.bytes),
        depth: table.tree.map(|tree| tree.depth),
        min,
        median,
        max,
        unreadable: table.contents.map(|contents| contents.unreadable).filter(|unreadable| *unreadable > 0),
    })
}
