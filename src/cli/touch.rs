use super::time::Dating;
use super::{Global, Status, prefixes, tell_unmatched, tell_unread, time};
use crate::output::{Output, human};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::io::Write;
use vlive::ops::{TouchPlan, Touched};
use vlive::{Cache, Selection, Snapshot};

/// Set when entries were fetched, and leave their rows as they are
///
/// Without a time they are fetched now, and look fresh again; with --age or --fetched-at as old as is
/// wanted. A prefix without `/` is exactly one cache key; with `/` it is every entry in that cache key
/// whose sub-key starts with the rest: `clients/page_1` touches `page_10` too. All is done in one
/// transaction.
///
/// An entry that cannot be decoded stays as it is, is named on standard error, and makes the status 3.
#[derive(Debug, Args)]
pub struct Touch {
    /// What to touch: `clients`, `clients/page_`
    #[arg(value_name = "PREFIX", required_unless_present = "all")]
    prefixes: Vec<String>,

    /// Take each prefix as one full key
    #[arg(long)]
    exact: bool,

    /// Touch every entry of every cache key; never a table that is no cache table
    #[arg(long, conflicts_with_all = ["prefixes", "exact"])]
    all: bool,

    #[command(flatten)]
    dating: Dating,

    /// Say what would be touched, and touch nothing
    #[arg(long, short = 'n')]
    dry_run: bool,

    /// Print the summary as an object: the time in seconds since 1970
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Summary<'s> {
    entries: usize,
    keys: &'s [String],
    fetched_at: u64,
    dry_run: bool,
}

impl Touch {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        let now = time::now()?;
        let fetched_at = self.dating.given(now).unwrap_or(now);
        let selections = if self.all {
            vec![Selection::All]
        } else {
            prefixes(&self.prefixes, self.exact, "--all touches every entry")?
        };
        let touched = if self.dry_run {
            let look = |snapshot: &Snapshot| Ok(TouchPlan::new(snapshot, &selections)?.into_touched());
            Snapshot::look(global.folder(), global.look_wait(), look)?
        } else {
            let cache = global.open_when_free(output, || Cache::open(global.folder()))?;
            let touched = cache.touch(&selections, fetched_at)?;
            cache.close()?;
            touched
        };
        self.tell(&touched, fetched_at, output)?;
        let unread = tell_unread(&[], &touched.unreadable, output);
        let unmatched = tell_unmatched(&self.prefixes, &selections, &touched.unmatched, output);
        Ok(unread.max(unmatched))
    }

    fn tell(&self, touched: &Touched, fetched_at: u64, output: &mut Output) -> Result<()> {
        let Touched { keys, unmatched, .. } = touched;
        if self.json {
            let summary = Summary { entries: keys.len(), keys, fetched_at, dry_run: self.dry_run };
            output.json(&summary)?;
            return Ok(output.flush()?);
        }
        for key in keys {
            let key = output.key(key).into_owned();
            writeln!(output.data(), "{key}")?;
        }
        output.flush()?;
        if !keys.is_empty() {
            let verb = if self.dry_run { "would touch" } else { "touched" };
            let entries = human::count(keys.len() as u64, "entry", "entries");
            output.summary(&format!("{verb} {entries}: fetched {}", human::time(fetched_at)));
        } else if self.all && !unmatched.is_empty() {
            output.summary("the cache holds no entries");
        }
        Ok(())
    }
}
