//! Opening a commit: finding the one that redb would open, starting again when the app commits, and keeping the pages.

use crate::error::{Action, Error, Result};
use crate::file::{self, File, PageRef, PageStore};
use crate::live::key::Selection;
use crate::snapshot::commit::Snapshot;
use crate::snapshot::set::Set;
use crate::snapshot::{location, race};
use crate::system::holder;
use std::collections::HashSet;
use std::fs;
use std::mem;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How long [`Snapshot::open`] retries while the cache changes.
const OPEN_WAIT: Duration = Duration::from_secs(5);

/// A file of at most this many bytes is always pinned.
const SMALL: u64 = 32 * 1024 * 1024;

/// The newest commit, and what is wrong with it if a crash has left the file without a whole commit.
pub(crate) struct Newest {
    snapshot: Snapshot,
    incomplete: Option<Error>,
}

impl Newest {
    pub(crate) fn whole(self) -> Result<Snapshot> {
        match self.incomplete {
            None => Ok(self.snapshot),
            Some(error) => Err(error),
        }
    }
}

/// A report on a file, with the damage that was skipped.
pub trait PastDamage {
    /// Pages that are damaged.
    fn damage(&mut self) -> &mut Vec<Error>;
}

/// A report, and anything else that was read with it.
impl<R: PastDamage, T> PastDamage for (R, T) {
    fn damage(&mut self) -> &mut Vec<Error> {
        self.0.damage()
    }
}

impl Snapshot {
    /// Opens the newest commit of the cache at `path`, a folder or the file in it.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::NotACache`] or [`Error::Damaged`], and others if the file cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Snapshot> {
        let path = location::find(path.as_ref())?;
        race::retry(&path, OPEN_WAIT, || Snapshot::newest(&path)?.whole())
    }

    /// Calls `look` with the newest commit of the cache at `path`, and again with a newer one if the app has committed
    /// meanwhile. The result of the last call is from a single commit.
    ///
    /// # Errors
    /// [`Error::Unsteady`] if no call finished within `wait`, and those of [`Snapshot::open`] and of `look`.
    pub fn look<T>(path: impl AsRef<Path>, wait: Duration, mut look: impl FnMut(&Snapshot) -> Result<T>) -> Result<T> {
        let path = location::find(path.as_ref())?;
        race::retry(&path, wait, || look(&Snapshot::newest(&path)?.whole()?))
    }

    /// Like [`Snapshot::look`], for a `look` that skips damage and returns it with its result. It is called again as
    /// long as the damage may only be a sign of an app that is writing.
    ///
    /// # Errors
    /// Those of [`Snapshot::look`]. Damage is part of the result.
    pub fn look_past_damage<T: PastDamage>(
        path: impl AsRef<Path>,
        wait: Duration,
        mut look: impl FnMut(&Snapshot) -> Result<T>,
    ) -> Result<T> {
        let path = location::find(path.as_ref())?;
        let store = Arc::new(PageStore::default());
        let mut seen = None;
        let mut is_again = false;
        let looked = race::retry(&path, wait, || {
            seen = None;
            let mut snapshot = Snapshot::newest(&path)?.snapshot;
            // The first call usually succeeds, so it does not spend memory on pages.
            if mem::replace(&mut is_again, true) && snapshot.may_move() {
                snapshot.keep_pages(&store);
            }
            let mut report = look(&snapshot)?;
            match report.damage().pop() {
                None => Ok(report),
                Some(last) => {
                    seen = Some(report);
                    Err(last)
                }
            }
        });
        match (looked, seen) {
            (Err(error @ Error::Damaged { .. }), Some(mut report)) => {
                report.damage().push(error);
                Ok(report)
            }
            (looked, _) => looked,
        }
    }

    /// Opens a commit and pins the selected entries, so that they stay readable when an app commits meanwhile: their
    /// pages are kept, up to 32 MiB in memory and the rest in a temporary file without a name.
    ///
    /// A large cache that no app has open is not pinned. If an app opens it and commits while it is being read, a page
    /// can be missing; see [`Snapshot::has_moved`].
    ///
    /// # Errors
    /// [`Error::Unsteady`] if no commit could be read whole within `wait`, and those of [`Snapshot::open`]. Damage is
    /// reported when it is read.
    pub fn pin(path: impl AsRef<Path>, wait: Duration, selections: &[Selection]) -> Result<Snapshot> {
        let path = location::find(path.as_ref())?;
        let store = Arc::new(PageStore::default());
        let mut damaged = None;
        let mut read_whole = HashSet::new();
        let pinned = race::retry(&path, wait, || {
            damaged = None;
            // An incomplete commit is reported when it is read.
            let mut snapshot = Snapshot::newest(&path)?.snapshot;
            if snapshot.may_move() || snapshot.file_len() <= SMALL {
                snapshot.keep_pages(&store);
                for selection in selections {
                    if let Err(error) = snapshot.read_whole(selection, &mut read_whole) {
                        damaged = Some(snapshot);
                        return Err(error);
                    }
                }
            }
            Ok(snapshot)
        });
        match (pinned, damaged) {
            // The file is damaged, which is reported when it is read.
            (Err(Error::Damaged { .. }), Some(snapshot)) => Ok(snapshot),
            (pinned, _) => pinned,
        }
    }

    /// Reads what is selected, so that its pages are kept. A table of rows that was read before is not read again as
    /// long as its root is the same: the root's checksums cover all other pages, which were kept.
    fn read_whole(&self, selection: &Selection, read_before: &mut HashSet<PageRef>) -> Result<()> {
        self.entries(selection)?.try_for_each(|entry| entry.map(drop))?;
        for set in self.selected_sets(selection)? {
            // The meta table of a set is read with it, since its pages can be gone as well.
            if let Some(damage) = self.meta_damage(&set) {
                return Err(damage);
            }
            let root = set.rows_table().filter(|_| set.row().is_none()).and_then(|table| table.definition().root);
            if root.is_some_and(|root| read_before.contains(&root)) {
                continue;
            }
            self.read_rows(&set)?;
            read_before.extend(root);
        }
        Ok(())
    }

    /// Reads the selected rows of a set, so that their pages are kept.
    pub(super) fn read_rows(&self, set: &Set) -> Result<()> {
        let mut rows = self.rows(set);
        while let Some(run) = rows.next_run() {
            run?;
        }
        Ok(())
    }

    /// Opens the commit that redb would open.
    fn newest(path: &Path) -> Result<Newest> {
        let file = location::open(path, false)?;
        let metadata = file.metadata().map_err(|error| Error::io(Action::Read, path, error))?;
        let in_use = holder::of(&metadata).is_some_and(|holders| !holders.is_empty());
        Snapshot::of(path, Arc::new(file), in_use)
    }

    /// The commit of an open file that redb would open. A file with two candidates was not closed. If a process has it
    /// open, the newest commit counts; after a crash, redb takes the first one whose pages are all valid.
    pub(crate) fn of(path: &Path, file: Arc<fs::File>, in_use: bool) -> Result<Newest> {
        let in_context = |error| Error::file(error, path, None);
        let file = File::open(file).map_err(in_context)?;
        let candidates = file.header().candidates().map_err(in_context)?;
        let mut slot = candidates[0];
        let mut incomplete = None;
        if candidates.len() > 1 && !in_use {
            match candidates.iter().find(|slot| file::verify_commit(&file, slot).is_ok()) {
                Some(whole) => slot = *whole,
                None => incomplete = file::verify_commit(&file, &slot).err().map(in_context),
            }
        }
        Ok(Newest { snapshot: Snapshot::of_commit(path, file, slot, in_use), incomplete })
    }
}
