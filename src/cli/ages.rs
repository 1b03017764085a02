use super::format::TableArgs;
use super::layout_column::{self, LAYOUT};
use super::order::{Order, SortKey};
use super::selection::{Chosen, Meaning, Selecting};
use super::stale::Stale;
use super::{Global, Refused, Status, age_histogram, report_unread, time};
use crate::output::listing::TableFormat;
use crate::output::{Output, human, listing};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::io::Write;
use vlive::Snapshot;
use vlive::ops::{Age, AgeHistogram, ExactKeys};
use vlive::snapshot::{EntryKey, Layout};

/// List entries with the time they were fetched, their age, rows and size
///
/// Without a SELECTION every entry is listed. One without `/` is exactly one cache key; one with `/` is every
/// sub-key in that cache key that begins with the rest, as in vantage-live's `invalidate_prefix`.
#[derive(Debug, Args)]
pub struct Ages {
    #[command(flatten)]
    selecting: Selecting,

    #[command(flatten)]
    listing: Listing,
}

/// How entries are listed.
#[derive(Debug, Args)]
pub struct Listing {
    #[command(flatten)]
    pub order: Order,

    #[command(flatten)]
    pub stale: Stale,

    /// Print only full keys, one per line, in the form that --keys-from reads
    #[arg(long, conflicts_with_all = ["format", "json"])]
    pub keys: bool,

    /// Draw a histogram of ages instead of the list
    #[arg(long, conflicts_with_all = ["keys", "sort", "reverse", "limit"])]
    pub histogram: bool,

    #[command(flatten)]
    pub table: TableArgs,
}

#[derive(Clone, Copy, Serialize)]
struct Row<'e> {
    key: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    layout: Option<&'static str>,
    fetched_at: Option<u64>,
    age: Option<i64>,
    rows: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    bytes: u64,
    #[serde(skip)]
    shown: &'e str,
}

impl Ages {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        let now = global.now();
        let chosen = self.selecting.choose(Meaning::Prefix, now, output)?;
        list(&chosen, &self.listing, self.selecting.null, now, global, output)
    }
}

/// Lists the selected entries.
pub fn list(
    chosen: &Chosen,
    listing: &Listing,
    null: bool,
    now: u64,
    global: &Global,
    output: &mut Output,
) -> Result<Status> {
    // Refused before anything is read.
    listing.table.format()?;
    let look = |snapshot: &Snapshot| vlive::ops::ages(snapshot, &chosen.scope, listing.keys);
    let ages = Snapshot::look_past_damage(global.folder(), global.look_wait(), look)?;
    let found = !ages.is_empty() || !ages.unread.unreadable.is_empty();
    if listing.histogram {
        draw(ages.iter(), listing, now, output)?;
        let unread = report_unread(&ages.unread, output);
        return Ok(unread.max(chosen.report(&ages.matched, found, global, output)));
    }
    let order = listing.order.of(ages.len(), |place| {
        let Age { fetched_at, bytes, rows, .. } = ages.get(place);
        SortKey { fetched_at, bytes, rows }
    });
    let entries = order.iter().map(|place| ages.get(*place));
    let stale = &listing.stale;
    listing.table.print(output, |output, format| {
        if listing.keys {
            return print_keys(entries, null, output);
        }
        let rows = entries.map(|entry| row(entry, now));
        let columns = [
            ("key", "KEY", false),
            ("fetched_at", "FETCHED", false),
            ("age", "AGE", true),
            ("rows", "ROWS", true),
            ("bytes", "SIZE", true),
            LAYOUT,
        ];
        let cells = |row: Row<'_>, output: &Output| {
            [
                output.key(row.shown).into_owned(),
                row.fetched_at.map_or_else(|| "-".to_owned(), human::time),
                row.age.map_or_else(|| "-".to_owned(), human::age),
                human::rows(row.rows, row.total),
                human::size(row.bytes),
                layout_column::cell(row.layout),
            ]
        };
        let freshness = |row: Row<'_>| [None, None, row.age.and_then(|age| stale.freshness(age)), None, None, None];
        let columns = layout_column::if_mixed(&columns, rows.clone().map(|row| row.layout.is_some()));
        Ok(listing::print_ages(output, format, columns, rows, cells, freshness)?)
    })?;
    if !found && chosen.is_everything() && listing.table.format()? == TableFormat::Table {
        output.summary("the cache holds no entries");
    }
    Order::report(order.len(), ages.len(), "entry", "entries", output);
    let unread = report_unread(&ages.unread, output);
    let unmatched = chosen.report(&ages.matched, found, global, output);
    Ok(unread.max(unmatched))
}

/// Draws the ages of entries, or prints the numbers of the drawing.
fn draw<'a>(entries: impl Iterator<Item = Age<'a>>, listing: &Listing, now: u64, output: &mut Output) -> Result<()> {
    let mut ages = AgeHistogram::new(now);
    for entry in entries {
        if let Some(fetched_at) = entry.fetched_at {
            ages.add(fetched_at, entry.bytes);
        }
    }
    match listing.table.format()? {
        TableFormat::Table => age_histogram::print(&ages, &listing.stale, output)?,
        TableFormat::Json => output.json(&age_histogram::buckets(&ages))?,
        _ => return Err(Refused::error("a histogram is a drawing or JSON", Some("leave --format out, or use --json"))),
    }
    Ok(output.flush()?)
}

fn row(entry: Age<'_>, now: u64) -> Row<'_> {
    let Age { key, set, .. } = entry;
    Row {
        key,
        layout: set.and(layout_column::field(Layout::Diorama)),
        fetched_at: entry.fetched_at,
        age: entry.fetched_at.map(|fetched_at| time::age(now, fetched_at)),
        rows: entry.rows,
        total: set.and_then(|set| set.total),
        bytes: entry.bytes,
        shown: set.map_or(key, |set| &set.shown),
    }
}

/// Prints full keys unescaped. A key that would be read back as another or as two is refused.
fn print_keys<'a>(mut entries: impl Iterator<Item = Age<'a>> + Clone, null: bool, output: &mut Output) -> Result<()> {
    let exact = |entry: Age<'a>| entry.exact.ok_or_else(|| no_exact_key(entry.key));
    // Refused before anything is printed.
    entries.clone().try_for_each(|entry| check_key(exact(entry)?, null))?;
    entries.try_for_each(|entry| print_key(exact(entry)?, null, output))
}

/// The key that selects exactly this in a list.
pub fn exact_key(exact: &ExactKeys<'_>, key: &EntryKey) -> Result<String> {
    exact.of(key)?.ok_or_else(|| no_exact_key(&key.to_string()))
}

/// The error on a set, or a row of one, that no key in a list selects.
fn no_exact_key(key: &str) -> anyhow::Error {
    let what = format!("`{}` in a list is the key of something else", key.escape_debug());
    Refused::error(what, Some("leave it out of the selection, and name it in another call"))
}

/// Prints a full key unescaped, for `--keys-from`. A key that would be read back as two is refused.
pub fn print_key(key: &str, null: bool, output: &mut Output) -> Result<()> {
    check_key(key, null)?;
    let key = output.key(key).into_owned();
    Ok(write!(output.data(), "{key}{}", if null { '\0' } else { '\n' })?)
}

fn check_key(key: &str, null: bool) -> Result<()> {
    let separates = |character: char| if null { character == '\0' } else { matches!(character, '\n' | '\r') };
    if !key.contains(separates) {
        return Ok(());
    }
    let key = key.escape_debug();
    let (what, hint) = if null {
        ("a NUL", "select the others by prefix, and this one by name")
    } else {
        ("a line break", "-0 separates keys by NUL, and makes --keys-from read them so")
    };
    Err(Refused::error(format!("there is {what} in the key `{key}`"), Some(hint)))
}
