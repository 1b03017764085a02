use super::change::Changing;
use super::dating::Dating;
use super::narrowing::{self, Narrowing};
use super::selection::{Meaning, Selecting};
use super::{Global, Status, report_unread, time};
use crate::output::{Output, human};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::io::Write;
use vlive::ops::{ChangedKey, TouchPlan, Touched};
use vlive::{Cache, Snapshot};

/// Set when entries were fetched, without changing their rows
///
/// Entries are dated now, and so are fresh again; --age or --fetched-at makes them as old as a test needs. A
/// SELECTION without `/` is exactly one cache key; with `/` it is every entry in that cache key whose sub-key
/// begins with the rest: `clients/page_1` touches `page_10` too. Everything happens in one transaction.
///
/// An entry that cannot be decoded is left as it is and named on standard error; the status is then 3.
#[derive(Debug, Args)]
pub struct Touch {
    #[command(flatten)]
    selecting: Selecting,

    /// Touch every entry; tables of other programs are left alone
    #[arg(long)]
    all: bool,

    #[command(flatten)]
    dating: Dating,

    #[command(flatten)]
    narrowing: Narrowing,

    #[command(flatten)]
    changing: Changing,
}

#[derive(Serialize)]
struct Summary<'s> {
    entries: usize,
    keys: &'s [ChangedKey],
    fetched_at: u64,
    dry_run: bool,
    /// Sets of diorama that keep their times and hold narrowed copies of the touched rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    narrowed: Vec<String>,
}

/// What was touched, or would be, in one line.
pub fn summary(touched: &Touched, fetched_at: u64, dry_run: bool) -> String {
    let verb = if dry_run { "would touch" } else { "touched" };
    let entries = human::count(touched.keys.len() as u64, "entry", "entries");
    format!("{verb} {entries}: fetched {}", human::time(fetched_at))
}

impl Touch {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        let now = global.now();
        let at = self.dating.given(now).unwrap_or_else(|| time::checked(now));
        let fetched_at = at.seconds();
        let mut chosen =
            self.selecting.choose_with_all(Meaning::Prefix, self.all, "--all touches every entry", now, output)?;
        chosen.scope = self.narrowing.widen(chosen.scope);
        let backup = self.changing.backup()?;
        let touched = if self.changing.dry_run {
            let look = |snapshot: &Snapshot| {
                let plan = TouchPlan::new(snapshot, &chosen.scope, at)?;
                Ok(plan.into_touched())
            };
            Snapshot::look(global.folder(), global.look_wait(), look)?
        } else {
            let cache = global.open_when_free(output, || Cache::open(global.folder()))?;
            backup.of(&cache);
            let touched = output.bar("touching").of(|| cache.touch(&chosen.scope, at))?;
            cache.close()?;
            touched
        };
        self.report(&touched, fetched_at, output)?;
        backup.report(false, global, output);
        let unread = report_unread(&touched.unread, output);
        let found = !touched.keys.is_empty() || !touched.unread.is_empty();
        let unmatched = chosen.report(&touched.matched, found, global, output);
        Ok(unread.max(unmatched))
    }

    fn report(&self, touched: &Touched, fetched_at: u64, output: &mut Output) -> Result<()> {
        let Touched { keys, matched, .. } = touched;
        let dry_run = self.changing.dry_run;
        if self.changing.format.is_json() {
            let narrowed = narrowing::names(&touched.narrowed);
            output.json(&Summary { entries: keys.len(), keys, fetched_at, dry_run, narrowed })?;
            return Ok(output.flush()?);
        }
        for key in keys {
            let key = output.changed_key(key).into_owned();
            writeln!(output.data(), "{key}")?;
        }
        output.flush()?;
        if !keys.is_empty() {
            output.summary(&summary(touched, fetched_at, dry_run));
            narrowing::report(&touched.narrowed, output);
        } else if self.all && !matched.unmatched.is_empty() {
            output.summary("the cache holds no entries");
        }
        Ok(())
    }
}
