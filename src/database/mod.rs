//! redb 2.6 on the file of a cache: what is checked before it gets the file, what stands between the two,
//! and what becomes of its panics. Knows nothing of entries; what a change is made of is planned above.

// redb's own error is large; it is boxed where it leaves the crate.
#![allow(clippy::result_large_err)]

mod session;
mod storage;
mod transaction;
mod verify;

pub(crate) use session::Session;
pub(crate) use transaction::{Insert, NewValue, Removal, Removals};
pub(crate) use verify::wrong_record;

use crate::error::{Error, Result};
use crate::snapshot::location;
use crate::system::caught::catch;
use redb::Builder;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use storage::{FileStorage, PAGE_CACHE};
use verify::OpenAs;

/// What redb is used for, in errors.
const OPEN: &str = "open";
const WRITE: &str = "write to";
const CLOSE: &str = "close";

fn redb_error(doing: &'static str, path: &Path, error: impl Into<redb::Error>) -> Error {
    match error.into() {
        redb::Error::Io(source) => Error::io(doing, path, source),
        source => Error::Redb { doing, path: path.to_owned(), source: Box::new(source) },
    }
}

/// Lays out an empty cache under another name and gives it its own when it is done: redb leaves a
/// file that no app can open if it is stopped in the middle of that.
///
/// `fill` is called with its other name before it has its own. Returns whether it got it, and nobody else
/// was faster.
pub(crate) fn create_file(path: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<bool> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| Error::io("create", folder, error))?;
    let cannot_create = |error| Error::io("create", path, error);
    let mut new = tempfile::Builder::new();
    new.prefix(".vlive-").suffix(".tmp");
    #[cfg(unix)]
    new.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // The name of a temporary file says nothing to anybody.
    let new = new.tempfile_in(folder).map_err(|error| cannot_create(error.kind().into()))?;
    let laid_out = catch(|| Builder::new().set_cache_size(PAGE_CACHE).create(new.path()).map(drop));
    let laid_out = laid_out.ok_or_else(|| Error::RedbPanicked { doing: "create", path: path.to_owned() })?;
    laid_out.map_err(|error| redb_error("create", path, error))?;
    fill(new.path())?;
    match new.persist_noclobber(path) {
        Ok(_) => {}
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(cannot_create(error.error)),
    }
    // The name is on disk only when the folder is; not every system can be asked for that.
    #[cfg(unix)]
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(cannot_create)?;
    Ok(true)
}

/// redb's own check of the file at `path`, which must be a copy that nobody needs: it repairs what it
/// can. Returns what is wrong, in redb's words.
pub(crate) fn check_integrity(path: &Path) -> Result<Option<String>> {
    let file = Arc::new(location::open(path, true)?);
    let checked = catch(|| {
        let mut database = storage::open(FileStorage::boxed(&file), OpenAs::Itself)?;
        database.check_integrity()
    });
    Ok(match checked {
        None => Some("redb fails on itself with this file".to_owned()),
        Some(Err(error)) => Some(error.to_string()),
        Some(Ok(true)) => None,
        Some(Ok(false)) => Some("redb finds the file inconsistent, and would repair it".to_owned()),
    })
}
