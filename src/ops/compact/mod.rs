//! Rewriting a cache without its unused space.

use crate::database::rebuild::{self, Closing};
use crate::database::{FileStorage, Storage, open_locked, redb_error, verify_for_redb};
use crate::error::{Action, Error, Result};
use crate::file::{self, Definition, MAGIC, TreeEntry};
use crate::ops::copy_table::copy_table;
use crate::ops::stat;
use crate::snapshot::{Snapshot, Table, location};
use crate::system::caught::{NotInPanic, catch};
use crate::system::disk;
use crate::system::positioned::write_at;
use crate::system::progress;
use crate::system::temporary::TemporaryFile;
use redb::Database;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What compacting a cache changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Compacted {
    /// Bytes of the file before.
    pub before: u64,
    /// Bytes of the file after; the same as before if there was nothing to gain.
    pub after: u64,
    /// Bytes of the values and sub-keys in it, and of tables that are not cache tables.
    pub contents: u64,
    /// Entries of the cache keys.
    pub entries: u64,
}

impl Compacted {
    /// By how many bytes the file has become shorter.
    #[must_use]
    pub fn given_back(&self) -> u64 {
        self.before - self.after
    }
}

/// How often a file is written at most: each begins longer than the one before, until redb does not have to extend it.
const TRIES: u32 = 3;

/// Gives back the space that the cache at `path` does not need: writes all tables to a new file beside it, in the
/// order of their keys, compares every entry with the old one, and puts the new file in its place if it is
/// shorter. Owner, mode and the version of redb's file format stay. If the process is killed, the folder has the old
/// cache or the new one. Where `path` is a symbolic link, the file that it points to is replaced.
///
/// # Errors
/// [`Error::InUse`] while an app has the cache open; [`Error::Damaged`] where anything in it does not verify;
/// [`Error::NoRoom`] if the disk has no room for the new file; [`Error::HardLinked`] if the file has another
/// name; [`Error::UnknownType`] if a table has a type that cannot be declared to redb. The cache is then unchanged.
pub fn compact(path: impl AsRef<Path>) -> Result<Compacted> {
    compact_on(&Disk { free: disk::free, storage: FileStorage::boxed }, path.as_ref())
}

fn compact_on(disk: &Disk, path: &Path) -> Result<Compacted> {
    let named = location::find(path)?;
    let file = open_locked(&named)?;
    let path = fs::canonicalize(&named).map_err(|error| Error::io(Action::Read, &named, error))?;
    compact_locked(disk, &Old { named, path, file })
}

/// The disk that the new file is written to.
struct Disk {
    /// Bytes that are free on the disk of a folder, if the system says so.
    free: fn(&Path) -> Option<u64>,
    /// Wraps the file for redb.
    storage: Storage,
}

/// The present file, locked exclusively.
struct Old {
    /// As the user named it, perhaps by a link.
    named: PathBuf,
    path: PathBuf,
    file: Arc<fs::File>,
}

fn compact_locked(disk: &Disk, old: &Old) -> Result<Compacted> {
    let metadata = old.file.metadata().map_err(|error| Error::io(Action::Read, &old.named, error))?;
    let names = disk::names(&metadata);
    if names > 1 {
        return Err(Error::HardLinked { path: old.named.clone(), names });
    }
    verify_for_redb(&old.named, &old.file)?;
    let snapshot = Snapshot::of(&old.named, Arc::clone(&old.file), false)?.whole()?;
    let plan = compact_plan(&snapshot)?;
    if plan.given_back() == 0 {
        return Ok(plan);
    }
    // The data is read to be copied, read again to be compared, and the copy is read as well.
    progress::current().expect(Some(3 * plan.after));
    let after = replace(disk, old, &snapshot, &metadata, plan.after)?;
    Ok(Compacted { after: after.unwrap_or(plan.before), ..plan })
}

/// Works out what [`compact`] would do, and changes nothing.
///
/// # Errors
/// [`Error::Damaged`] where anything in the cache does not verify.
pub fn compact_plan(snapshot: &Snapshot) -> Result<Compacted> {
    let stat = stat::stat(snapshot, 0)?;
    if let Some(damage) = stat.unread.damage.into_iter().next() {
        return Err(damage);
    }
    let space = stat.contents.map(|contents| contents.space).unwrap_or_default();
    Ok(Compacted {
        before: snapshot.file_len(),
        after: space.compacted.min(snapshot.file_len()),
        contents: space.values + space.keys + space.other_tables,
        entries: stat.tables.iter().filter(|table| table.contents.is_some()).map(|table| table.entries).sum(),
    })
}

/// Writes the new file, about `len` bytes long, and replaces the old one with it. Returns its length; `None` if it is
/// not shorter, and the old one stays.
fn replace(disk: &Disk, old: &Old, snapshot: &Snapshot, metadata: &fs::Metadata, len: u64) -> Result<Option<u64>> {
    let cannot = |action| move |error| Error::io(action, &old.named, error);
    let folder = old.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Some(free) = (disk.free)(folder).filter(|free| *free < len) {
        return Err(Error::NoRoom { path: old.named.clone(), needed: len, free });
    }
    let new = TemporaryFile::new(folder).map_err(cannot(Action::WriteBeside))?;
    disk::hide(new.file()).map_err(cannot(Action::WriteBeside))?;
    write(&old.named, snapshot, new.file(), disk.storage, len)?;
    let after = new.file().metadata().map_err(cannot(Action::WriteBeside))?.len();
    if after >= metadata.len() {
        return Ok(None);
    }
    verify_for_redb(&old.named, new.file())?;
    compare(snapshot, &Snapshot::of(&old.named, Arc::clone(new.file()), false)?.whole()?)?;
    disk::take_owner_and_mode(new.file(), metadata).map_err(cannot(Action::KeepOwner))?;
    new.file().sync_all().map_err(cannot(Action::WriteBeside))?;
    new.persist(&old.path).map_err(cannot(Action::Replace))?;
    disk::sync_folder(folder).map_err(cannot(Action::Replace))?;
    // An app that opened the old file an instant ago and locks it now would write to a file without a name. Without
    // the magic number redb refuses that file, and the app finds the new one when it starts again.
    write_at(&old.file, &[0; MAGIC.len()], 0).ok();
    Ok(Some(after))
}

/// Writes all tables to a new file. `len` is its expected length; if redb has to extend the file, it doubles it.
fn write(path: &Path, snapshot: &Snapshot, file: &Arc<fs::File>, storage: Storage, len: u64) -> Result<()> {
    let cannot = |error| Error::io(Action::WriteBeside, path, error);
    let mut len = len;
    for left in (0..TRIES).rev() {
        let failed = |error| redb_error(Action::WriteBeside, path, error);
        let panicked = || Error::RedbPanicked { action: Action::WriteBeside, path: path.to_owned() };
        let closing = Closing::default();
        let written = catch(|| {
            let is_v3 = snapshot.slot().version == 3;
            let database = rebuild::lay_out(storage(file), is_v3, len, &closing).map_err(failed)?;
            fill(path, snapshot, &database)
        });
        // Whatever redb reports, the first failure of the disk is the cause.
        closing.result().map_err(cannot)?;
        written.ok_or_else(panicked)??;
        let written = file.metadata().map_err(cannot)?.len();
        if written <= len || left == 0 {
            break;
        }
        len += len / 16 + (1 << 20);
    }
    // Some disks report only now that they are full.
    storage(file).sync_data(false).map_err(cannot)
}

fn fill(path: &Path, snapshot: &Snapshot, database: &Database) -> Result<()> {
    let failed = |error: redb::Error| redb_error(Action::WriteBeside, path, error);
    let transaction = NotInPanic::new(database.begin_write().map_err(|error| failed(error.into()))?);
    for table in snapshot.tables()? {
        copy_table(path, snapshot, &table, &transaction)?;
    }
    transaction.into_inner().commit().map_err(|error| failed(error.into()))
}

/// Compares the new file with the old one, entry by entry, with our own reader.
fn compare(old: &Snapshot, new: &Snapshot) -> Result<()> {
    let (before, after) = (old.tables()?, new.tables()?);
    let differs = || Error::RedbPanicked { action: Action::WriteBeside, path: old.path().to_owned() };
    if before.len() != after.len() {
        return Err(differs());
    }
    for (before, after) in before.iter().zip(&after) {
        let definitions = [before, after].map(|table| Definition { root: None, ..table.definition().clone() });
        if before.name() != after.name() || definitions[0] != definitions[1] {
            return Err(differs());
        }
        let mut left = before.definition().tree(old.file()).entries();
        let mut right = after.definition().tree(new.file()).entries();
        loop {
            let next = |snapshot: &Snapshot, entry: Option<file::Result<TreeEntry>>| {
                entry.transpose().map_err(|error| snapshot.error(error, Some(before.name())))
            };
            match (next(old, left.next())?, next(new, right.next())?) {
                (None, None) => break,
                (Some(left), Some(right)) if left.key() == right.key() => {
                    let is_same = if before.definition().multimap {
                        values(old, before, left.value())? == values(new, after, right.value())?
                    } else {
                        left.value() == right.value()
                    };
                    if !is_same {
                        return Err(differs());
                    }
                }
                _ => return Err(differs()),
            }
        }
    }
    Ok(())
}

fn values(snapshot: &Snapshot, table: &Table, stored: &[u8]) -> Result<Vec<Vec<u8>>> {
    let mut values = Vec::new();
    let visited = table.definition().values(snapshot.file(), stored, |value| {
        values.push(value.to_vec());
        file::Result::Ok(())
    });
    visited.map_err(|error| snapshot.error(error, Some(table.name())))?;
    Ok(values)
}

#[cfg(test)]
mod tests;
