//! Creating a cache file, which appears whole or not at all.

use super::redb_error;
use super::storage::{self, FileStorage};
use super::verify::OpenAs;
use crate::error::{Action, Error, Result};
use crate::system::caught::catch;
use crate::system::disk;
use crate::system::new_folders::NewFolders;
use crate::system::temporary::TemporaryFile;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Creates the cache file at `path`, which appears with everything that `fill` writes to it or not at all: redb leaves
/// a file that no app can open if it is stopped while it initializes one.
///
/// `fill` gets the file, empty and locked. `None` if somebody else has created one meanwhile.
pub(super) fn create_file<T>(path: &Path, fill: impl FnOnce(&Arc<fs::File>) -> Result<T>) -> Result<Option<T>> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let _new_folders = NewFolders::create(folder).map_err(|error| Error::io(Action::Create, folder, error))?;
    let cannot_create = |error| Error::io(Action::Create, path, error);
    let new = TemporaryFile::new(folder).map_err(cannot_create)?;
    let laid_out = catch(|| storage::open(FileStorage::boxed(new.file()), OpenAs::Itself).map(drop));
    let laid_out = laid_out.ok_or_else(|| Error::RedbPanicked { action: Action::Create, path: path.to_owned() })?;
    laid_out.map_err(|error| redb_error(Action::Create, path, error))?;
    let filled = fill(new.file())?;
    let created = Arc::clone(new.file());
    let persisted = new.persist_new(path);
    // Closing it is not enough: a process that is just being started shares it until it runs its own program.
    created.unlock().ok();
    match persisted {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
        Err(error) => return Err(cannot_create(error)),
    }
    // The name is on disk only when the folder is.
    disk::sync_folder(folder).map_err(cannot_create)?;
    Ok(Some(filled))
}
