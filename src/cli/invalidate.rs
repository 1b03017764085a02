use super::change::Changing;
use super::narrowing::{self, Narrowing};
use super::selection::{Meaning, Selecting, warn_of_ages};
use super::{Global, Refused, Status};
use crate::output::{Output, human};
use anyhow::Result;
use clap::Args;
use serde::Serialize;
use std::io::Write;
use vlive::ops::{ChangedKey, Plan, Removed};
use vlive::{Cache, Snapshot};

/// Delete entries by key, prefix or age, and list them
///
/// A SELECTION without `/` deletes exactly one cache key, with its table: `cl` deletes nothing of `clients`.
/// With `/` it deletes every entry in that cache key whose sub-key begins with the rest: `clients/page_1`
/// deletes `page_10` too, as vantage-live's `invalidate_prefix` does. It is not an error if nothing matches.
/// Everything happens in one transaction.
///
/// A set of diorama is deleted with its times. Deleting a row of one (`clients/42`) also deletes the times of its
/// set, so that the app fetches the set again.
///
/// `vlive invalidate --all --older-than 7d` deletes what is older than a week. It keeps entries whose time cannot
/// be read, unless --unreadable is given, and entries dated in the future, which are newer than any age.
#[derive(Debug, Args)]
pub struct Invalidate {
    #[command(flatten)]
    selecting: Selecting,

    /// Delete every entry; tables of other programs are left alone
    #[arg(long)]
    all: bool,

    /// With --older-than or --newer-than: also delete entries whose time cannot be read
    #[arg(long)]
    unreadable: bool,

    #[command(flatten)]
    narrowing: Narrowing,

    #[command(flatten)]
    changing: Changing,
}

#[derive(Serialize)]
struct Summary<'s> {
    entries: u64,
    bytes: u64,
    keys: &'s [ChangedKey],
    dry_run: bool,
    /// Sets of diorama that stay and hold narrowed copies of the deleted rows.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    narrowed: Vec<String>,
}

/// What was deleted, or would be, in one line.
pub fn summary(removed: &Removed, dry_run: bool) -> String {
    let what = format!("{}, {}", human::count(removed.entries, "entry", "entries"), human::size(removed.bytes));
    match (removed.keys.is_empty(), dry_run) {
        (true, _) => "nothing matches".to_owned(),
        (false, true) => format!("would delete {what}"),
        (false, false) => format!("deleted {what}"),
    }
}

impl Invalidate {
    pub fn run(&self, global: &Global, output: &mut Output) -> Result<Status> {
        if self.unreadable && !self.selecting.is_narrowed() {
            let hint = "without bounds of age every selected entry is deleted, readable or not";
            return Err(Refused::error("--unreadable needs --older-than or --newer-than", Some(hint)));
        }
        let now = global.now();
        let mut chosen =
            self.selecting.choose_with_all(Meaning::Prefix, self.all, "--all deletes every cache key", now, output)?;
        if !self.unreadable {
            chosen.scope = chosen.scope.leaving_undated();
        }
        chosen.scope = self.narrowing.widen(chosen.scope);
        let backup = self.changing.backup()?;
        let removed = if self.changing.dry_run {
            let look = |snapshot: &Snapshot| Plan::new(snapshot, &chosen.scope);
            Snapshot::look(global.folder(), global.look_wait(), look)?.into_removed()
        } else {
            let cache = global.open_when_free(output, || Cache::open(global.folder()))?;
            backup.of(&cache);
            let removed = cache.invalidate(&chosen.scope)?;
            cache.close()?;
            removed
        };
        self.report(&removed, output)?;
        backup.report(false, global, output);
        warn_of_ages(&removed.matched, output);
        if removed.matched.undated > 0 {
            let undated = removed.matched.undated;
            let entries = human::count(undated, "selected entry has", "selected entries have");
            let what = match (self.unreadable, undated) {
                (true, 1) => "counts as selected",
                (true, _) => "count as selected",
                (false, 1) => "is kept unless --unreadable is given",
                (false, _) => "are kept unless --unreadable is given",
            };
            output.warning(&format!("{entries} a time that cannot be read, and {what}"));
        }
        if !self.changing.format.is_json() {
            chosen.advise(&removed.matched, global, output);
        }
        Ok(Status::Done)
    }

    fn report(&self, removed: &Removed, output: &mut Output) -> Result<()> {
        let Removed { entries, bytes, keys, .. } = removed;
        let dry_run = self.changing.dry_run;
        if self.changing.format.is_json() {
            let narrowed = narrowing::names(&removed.narrowed);
            output.json(&Summary { entries: *entries, bytes: *bytes, keys, dry_run, narrowed })?;
            return Ok(output.flush()?);
        }
        for key in keys {
            let key = output.changed_key(key).into_owned();
            writeln!(output.data(), "{key}")?;
        }
        output.flush()?;
        output.summary(&summary(removed, dry_run));
        narrowing::report(&removed.narrowed, output);
        Ok(())
    }
}
