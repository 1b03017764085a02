use super::{Global, Status, prefixes, tell_unmatched, tell_unread, time};
use crate::output::{Output, human, table};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::io::{self, Write};
use vlive::ops::Age;
use vlive::{Selection, Snapshot};

/// Tell when entries were fetched, and how old they are
///
/// Without a prefix every entry is shown. A prefix without `/` is exactly one cache key; with `/` it
/// is every sub-key in that cache key that starts with the rest, as vantage-live invalidates.
#[derive(Debug, Args)]
pub struct Ages {
    /// Which entries: `clients`, `clients/page_`
    #[arg(value_name = "PREFIX")]
    prefixes: Vec<String>,

    /// Take each prefix as one full key
    #[arg(long, requires = "prefixes")]
    exact: bool,

    /// Print an array of objects: times in seconds since 1970, ages in seconds, sizes in bytes
    #[arg(long)]
    json: bool,
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
        let now = time::now()?;
        let selections = match self.prefixes.as_slice() {
            [] => vec![Selection::All],
            given => prefixes(given, self.exact, "leave the prefix out for the whole cache")?,
        };
        let look = |snapshot: &Snapshot| vlive::ops::ages(snapshot, &selections);
        let (ages, damage) = Snapshot::look_past_damage(global.folder(), global.look_wait(), look)?;
        if self.json {
            print_json(&ages.entries, now, output)?;
        } else {
            let columns = [("KEY", false), ("FETCHED", false), ("AGE", true), ("ROWS", true), ("SIZE", true)];
            table::print(output, columns, &ages.entries, |entry, output| {
                [
                    output.key(&entry.key.to_string()).into_owned(),
                    human::time(entry.fetched_at),
                    human::age(time::age(now, entry.fetched_at)),
                    entry.rows.to_string(),
                    human::size(entry.bytes),
                ]
            })?;
        }
        output.flush()?;
        let unread = tell_unread(&damage, &ages.unreadable, output);
        let unmatched = tell_unmatched(&self.prefixes, &selections, &ages.unmatched, output);
        if self.prefixes.is_empty() && ages.entries.is_empty() && ages.unreadable.is_empty() && !self.json {
            output.summary("the cache holds no entries");
        }
        Ok(unread.max(unmatched))
    }
}

fn print_json(entries: &[Age], now: u64, output: &mut Output) -> Result<()> {
    let mut out = output.json_data();
    out.write_all(b"[")?;
    for (n, entry) in entries.iter().enumerate() {
        if n > 0 {
            out.write_all(b",")?;
        }
        let row = Row {
            key: entry.key.to_string(),
            fetched_at: entry.fetched_at,
            age: time::age(now, entry.fetched_at),
            rows: entry.rows,
            bytes: entry.bytes,
        };
        serde_json::to_writer(&mut out, &row).map_err(io::Error::from)?;
    }
    Ok(writeln!(out, "]")?)
}
