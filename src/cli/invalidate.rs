use super::{Global, Status, prefixes};
use crate::output::{Output, human};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::io::Write;
use vlive::ops::{Plan, Removed};
use vlive::{Cache, Selection, Snapshot};

/// Drop what vantage-live's `invalidate_prefix` drops, and say what that was
///
/// A prefix without `/` drops exactly one cache key, with its table: `cl` drops nothing of `clients`.
/// With `/` it drops every entry in that cache key whose sub-key starts with the rest:
/// `clients/page_1` drops `page_10` too. That nothing matches is no error. All is done in one
/// transaction.
#[derive(Debug, Args)]
pub struct Invalidate {
    /// What to drop: `clients`, `clients/page_`
    #[arg(value_name = "PREFIX", required_unless_present = "all")]
    prefixes: Vec<String>,

    /// Take each prefix as one full key
    #[arg(long)]
    exact: bool,

    /// Drop every cache key; never a table that is no cache table
    #[arg(long, conflicts_with_all = ["prefixes", "exact"])]
    all: bool,

    /// Say what would be dropped, and drop nothing
    #[arg(long, short = 'n')]
    dry_run: bool,

    /// Print the summary as an object: sizes in bytes
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Summary<'s> {
    entries: u64,
    bytes: u64,
    keys: &'s [String],
    dry_run: bool,
}

impl Invalidate {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        let selections = if self.all {
            vec![Selection::All]
        } else {
            prefixes(&self.prefixes, self.exact, "--all drops every cache key")?
        };
        let removed = if self.dry_run {
            let look = |snapshot: &Snapshot| Plan::new(snapshot, &selections);
            Snapshot::look(global.folder(), global.look_wait(), look)?.into_removed()
        } else {
            let cache = global.open_when_free(output, || Cache::open(global.folder()))?;
            let removed = cache.invalidate(&selections)?;
            cache.close()?;
            removed
        };
        self.tell(&removed, output)?;
        Ok(Status::Done)
    }

    fn tell(&self, removed: &Removed, output: &mut Output) -> Result<()> {
        let Removed { entries, bytes, keys } = removed;
        if self.json {
            let summary = Summary { entries: *entries, bytes: *bytes, keys, dry_run: self.dry_run };
            return output.json(&summary);
        }
        for key in keys {
            let key = output.key(key).into_owned();
            writeln!(output.data(), "{key}")?;
        }
        output.flush()?;
        let what = format!("{}, {}", human::count(*entries, "entry", "entries"), human::size(*bytes));
        output.summary(&match (keys.is_empty(), self.dry_run) {
            (true, _) => "nothing matches".to_owned(),
            (false, true) => format!("would drop {what}"),
            (false, false) => format!("dropped {what}"),
        });
        Ok(())
    }
}
