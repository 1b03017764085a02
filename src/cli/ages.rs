use super::format::TableArgs;
use super::order::{Order, SortKey};
use super::selection::{Chosen, Meaning, Selecting};
use super::stale::Stale;
use super::{Global, Refused, Status, stat, tell_unread, time};
use crate::output::listing::TableFormat;
use crate::output::{Output, human, listing};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::io::Write;
use vlive::Snapshot;
use vlive::ops::{Age, AgeHistogram};

/// List entries: when they were fetched, their age, rows and size
///
/// Without a selection every entry is listed. One without `/` is exactly one cache key; one with `/` is every
/// sub-key in that cache key that begins with the rest, as vantage-live invalidates.
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

    /// Print full keys alone, a line each, as --keys-from reads them
    #[arg(long, conflicts_with_all = ["format", "json"])]
    pub keys: bool,

    /// Draw how many entries are how old, in place of the list
    #[arg(long, conflicts_with_all = ["keys", "sort", "reverse", "limit"])]
    pub histogram: bool,

    #[command(flatten)]
    pub table: TableArgs,
}

#[derive(Serialize)]
struct Row {
    key: String,
    fetched_at: u64,
    age: i64,
    rows: u64,
    bytes: u64,
}

impl Ages {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        let now = global.now();
        let chosen = self.selecting.choose(Meaning::Prefix, now, output)?;
        list(&chosen, &self.listing, self.selecting.null, now, global, output)
    }
}

/// Lists the entries that were chosen.
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
    let look = |snapshot: &Snapshot| vlive::ops::ages(snapshot, &chosen.scope);
    let (mut ages, damage) = Snapshot::look_past_damage(global.folder(), global.look_wait(), look)?;
    let found = !ages.entries.is_empty() || !ages.unreadable.is_empty();
    if listing.histogram {
        draw(&ages.entries, listing, now, output)?;
        let unread = tell_unread(&damage, &ages.unreadable, output);
        return Ok(unread.max(chosen.tell(&ages.matched, found, global, output)));
    }
    let all = listing.order.apply(&mut ages.entries, |entry| SortKey {
        fetched_at: Some(entry.fetched_at),
        bytes: entry.bytes,
        rows: entry.rows,
    });
    let stale = &listing.stale;
    listing.table.print(output, |output, format| {
        if listing.keys {
            return print_keys(&ages.entries, null, output);
        }
        let rows: Vec<Row> = ages.entries.iter().map(|entry| row(entry, now)).collect();
        let columns = [
            ("key", "KEY", false),
            ("fetched_at", "FETCHED", false),
            ("age", "AGE", true),
            ("rows", "ROWS", true),
            ("bytes", "SIZE", true),
        ];
        let cells = |row: &Row, output: &Output| {
            [
                output.key(&row.key).into_owned(),
                human::time(row.fetched_at),
                human::age(row.age),
                row.rows.to_string(),
                human::size(row.bytes),
            ]
        };
        let freshness = |row: &Row| [None, None, stale.freshness(row.age), None, None];
        Ok(listing::print_ages(output, format, columns, &rows, cells, freshness)?)
    })?;
    if !found && chosen.is_everything() && listing.table.format()? == TableFormat::Table {
        output.summary("the cache holds no entries");
    }
    Order::tell(ages.entries.len(), all, "entry", "entries", output);
    let unread = tell_unread(&damage, &ages.unreadable, output);
    let unmatched = chosen.tell(&ages.matched, found, global, output);
    Ok(unread.max(unmatched))
}

/// Draws the ages of entries, or prints the numbers of the drawing.
fn draw(entries: &[Age], listing: &Listing, now: u64, output: &mut Output) -> Result<()> {
    let mut ages = AgeHistogram::new(now);
    for entry in entries {
        ages.add(entry.fetched_at, entry.bytes);
    }
    match listing.table.format()? {
        TableFormat::Table => stat::print_ages(&ages, output)?,
        TableFormat::Json => output.json(&stat::buckets(&ages))?,
        _ => return Err(Refused::error("a histogram is a drawing or JSON", Some("leave --format out, or use --json"))),
    }
    Ok(output.flush()?)
}

fn row(entry: &Age, now: u64) -> Row {
    Row {
        key: entry.key.to_string(),
        fetched_at: entry.fetched_at,
        age: time::age(now, entry.fetched_at),
        rows: entry.rows,
        bytes: entry.bytes,
    }
}

/// Prints full keys as they are. One that would be read as two is refused.
fn print_keys(entries: &[Age], null: bool, output: &mut Output) -> Result<()> {
    // Refused before anything is printed.
    entries.iter().try_for_each(|entry| check_key(&entry.key.to_string(), null))?;
    entries.iter().try_for_each(|entry| print_key(&entry.key.to_string(), null, output))
}

/// Prints a full key as it is, for `--keys-from`. One that would be read as two is refused.
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
