use super::format::TableArgs;
use super::stale::Stale;
use super::stat::Process;
use super::{Global, Status, time};
use crate::output::listing::TableFormat;
use crate::output::{Output, human, listing};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use vlive::ops::{self, CacheKind, FoundCache};

/// Find caches below folders, and those that a running process has open
///
/// Every redb file counts, whatever its name; its tables tell whether it is a cache of vantage-live, one of
/// vantage-diorama, of both, or something else. Links are not followed, and folders without permission are skipped.
/// The status is 1 if none is found, and 3 if a ROOT does not exist.
#[derive(Debug, Args)]
pub struct Where {
    /// Folders to search, or files to look at; by default the current folder, the user's cache folders, and (on Linux)
    /// the files that processes have open
    #[arg(value_name = "ROOT", value_hint = clap::ValueHint::AnyPath)]
    roots: Vec<PathBuf>,

    /// How many folders deep to search; 0 searches only the files of each ROOT
    #[arg(long, value_name = "FOLDERS", default_value = "8")]
    depth: usize,

    /// Stop searching after this long
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = time::parse_duration)]
    timeout: Duration,

    #[command(flatten)]
    stale: Stale,

    #[command(flatten)]
    table: TableArgs,
}

#[derive(Serialize)]
struct Row<'r> {
    path: String,
    kind: Option<&'static str>,
    bytes: u64,
    newest: Option<u64>,
    holders: Option<Vec<Process<'r>>>,
    #[serde(skip)]
    cache: &'r FoundCache,
}

const COLUMNS: [listing::Column; 5] = [
    ("kind", "KIND", false),
    ("bytes", "SIZE", true),
    ("newest", "NEWEST", true),
    ("holders", "IN USE BY", false),
    ("path", "PATH", false),
];

impl Where {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        let now = global.now();
        let default_roots = || [PathBuf::from(".")].into_iter().chain(global.cache_folders().iter().cloned()).collect();
        let roots = if self.roots.is_empty() { default_roots() } else { self.roots.clone() };
        let found = ops::find_caches(&roots, self.roots.is_empty(), self.depth, self.timeout);
        self.table.print(output, |output, format| {
            let rows: Vec<Row<'_>> = found.caches.iter().map(row).collect();
            let newest = |row: &Row<'_>| self.stale.freshness(time::age(now, row.newest?));
            let freshness = |row: &Row<'_>| [None, None, newest(row), None, None];
            Ok(listing::print_ages(output, format, &COLUMNS, &rows, |row, output| cells(row, now, output), freshness)?)
        })?;
        let mut status = Status::Done;
        for root in self.roots.iter().filter(|root| !root.exists()) {
            output.error(&format!("`{}` does not exist", root.display()), None);
            status = Status::Unreadable;
        }
        if found.caches.is_empty() && self.table.format()? == TableFormat::Table {
            output.summary("no cache was found");
        }
        if !found.is_complete {
            output.warning("the search ran out of time; --timeout gives it more");
        }
        Ok(if found.caches.is_empty() { status.max(Status::No) } else { status })
    }
}

/// A path without a leading `./`.
fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

fn kind(kind: Option<CacheKind>) -> Option<&'static str> {
    match kind? {
        CacheKind::VantageLive => Some("vantage-live"),
        CacheKind::Diorama => Some("diorama"),
        CacheKind::Both => Some("vantage-live and diorama"),
        _ => Some("other"),
    }
}

/// The cells of a row for people.
fn cells(row: &Row<'_>, now: u64, output: &Output) -> [String; 5] {
    let age = |newest| human::age(time::age(now, newest));
    let holders: Vec<String> = row.cache.holders.iter().flatten().map(ToString::to_string).collect();
    [
        row.kind.unwrap_or("?").to_owned(),
        human::size(row.bytes),
        row.newest.map_or_else(|| "-".to_owned(), age),
        if holders.is_empty() { "-".to_owned() } else { output.key(&holders.join(", ")).into_owned() },
        output.key(&row.path).into_owned(),
    ]
}

fn row(cache: &FoundCache) -> Row<'_> {
    Row {
        path: shown(&cache.path),
        kind: kind(cache.kind),
        bytes: cache.len,
        newest: cache.newest,
        holders: cache.holders.as_ref().map(|holders| holders.iter().map(Process::new).collect()),
        cache,
    }
}
