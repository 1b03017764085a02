//! The arguments that all commands that change a cache share.

use super::format::{FormatArgs, SummaryFormat};
use super::{Global, Refused, shell, target};
use crate::output::{Output, human};
use anyhow::Result;
use clap::Args;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use vlive::ops::{DumpError, Kept, LoadPlan, Replace};
use vlive::{Cache, Error, Fixture, Snapshot};

#[derive(Debug, Args)]
pub struct Changing {
    /// Print what would change, without changing it or taking the lock
    #[arg(long, short = 'n')]
    pub dry_run: bool,

    /// First save what will be replaced or removed to a new file; `vlive load` restores it
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    backup: Option<PathBuf>,

    #[command(flatten)]
    pub format: FormatArgs<SummaryFormat>,
}

/// A backup of what a change replaces or removes.
#[derive(Default)]
pub struct Backup {
    path: Option<PathBuf>,
    entries: Arc<AtomicU64>,
}

impl Changing {
    /// The backup that the options ask for.
    pub fn backup(&self) -> Result<Backup> {
        Backup::new(self.backup.clone(), self.dry_run)
    }

    /// Writes a fixture to the cache or, in a dry run, plans to. A missing cache is created.
    pub fn seed(
        &self,
        fixture: &Fixture,
        replace: Replace,
        backup: &Backup,
        global: &Global,
        output: &Output,
    ) -> Result<LoadPlan> {
        if self.dry_run {
            let look = |snapshot: &Snapshot| LoadPlan::new(snapshot, fixture, replace);
            return Ok(match Snapshot::look(global.folder(), global.look_wait(), look) {
                Err(Error::Missing { .. }) => LoadPlan::of_new(fixture)?,
                plan => plan?,
            });
        }
        let seed = |cache: &Cache| {
            backup.of(cache);
            cache.seed(fixture, replace)
        };
        let write = || Cache::create_with(global.folder(), seed);
        Ok(global.open_when_free(output, || output.bar("writing").of(write))?)
    }
}

impl Backup {
    /// A backup to this file, if one is named. An existing file is refused, even in a dry run: it may be the backup of
    /// another change. `-` is standard output elsewhere, which cannot be synced.
    pub fn new(path: Option<PathBuf>, dry_run: bool) -> Result<Backup> {
        if path.as_deref() == Some(Path::new("-")) {
            return Err(Refused::error("a backup is a file, not standard output", Some("name a new file")));
        }
        if let Some(path) = path.as_deref().filter(|path| fs::symlink_metadata(path).is_ok() || target::is_folder(path))
        {
            let what = format!("`{}` already exists, and a backup needs a new file", path.display());
            return Err(Refused::error(what, Some("name another file, or remove this one")));
        }
        Ok(Backup { path: path.filter(|_| !dry_run), entries: Arc::default() })
    }

    /// Makes each change of a cache first write what it replaces or removes.
    pub fn of(&self, cache: &Cache) {
        let Some(path) = self.path.clone() else { return };
        let entries = Arc::clone(&self.entries);
        cache.before_commit(move |kept| {
            // An error of the library is reported unchanged.
            let written = write(&path, kept).map_err(|error| {
                error.downcast::<Error>().unwrap_or_else(|error| Error::NotKept { source: error.into() })
            })?;
            entries.store(written, Ordering::Relaxed);
            Ok(())
        });
    }

    /// Tells the name of the backup and the command that restores it. Entries that were added are not in it.
    pub fn report(&self, has_added: bool, global: &Global, output: &Output) {
        if let Some(summary) = self.summary(has_added, global) {
            output.summary(&summary);
        }
    }

    /// The text of [`Self::report`].
    pub fn summary(&self, has_added: bool, global: &Global) -> Option<String> {
        let path = self.path.as_ref()?;
        let (name, count) = (path.display(), self.entries.load(Ordering::Relaxed));
        if count == 0 {
            return Some(format!("nothing was replaced or removed, so `{name}` was not written"));
        }
        let (entries, them) = (human::count(count, "entry", "entries"), if count == 1 { "it" } else { "them" });
        let added = if has_added { "; what was added stays" } else { "" };
        let load = load_command(path, global);
        Some(format!("`{name}` holds {entries} as before: `{load}` restores {them}{added}"))
    }
}

/// The shell command that loads a backup into the cache that was changed.
pub fn load_command(backup: &Path, global: &Global) -> String {
    format!("{} load {}", program(global), shell::path(backup))
}

/// The start of a shell command for the same cache.
pub fn program(global: &Global) -> String {
    match global.chosen_folder() {
        Some(folder) => format!("vlive -C {}", shell::path(folder)),
        None => "vlive".to_owned(),
    }
}

/// Writes entries to a file as `vlive dump --format jsonl --raw` does.
fn write(path: &Path, entries: &mut dyn Iterator<Item = vlive::Result<Kept<'_>>>) -> Result<u64> {
    let write = |mut out: Box<dyn Write + '_>| {
        let mut written = 0;
        for entry in entries {
            entry?.write(&mut out)?;
            written += 1;
        }
        Ok::<_, DumpError>(written)
    };
    target::file(path, write, |_| true)
}
