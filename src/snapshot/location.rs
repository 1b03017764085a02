//! Where a cache is on disk.

use crate::error::{Action, Error, Result};
use crate::file::MAGIC;
use crate::system::temporary::is_temporary_name;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf, is_separator};

/// The one file that vantage-live keeps in a cache's folder.
pub(crate) const FILE_NAME: &str = "vlive.redb";

/// At most this many files of a folder are examined; a folder of caches has few other files.
const LOOKED_AT: usize = 10_000;

/// Whether there is a cache at `path`, sound or damaged: a folder with a `vlive.redb` or another redb database, or a
/// file that begins like one. A fixture is not a cache.
#[must_use]
pub fn is_cache(path: impl AsRef<Path>) -> bool {
    let path = path.as_ref();
    if path.is_dir() {
        let file = path.join(FILE_NAME);
        // In a fixture, a folder of that name holds the entries of a cache key.
        return fs::symlink_metadata(&file).is_ok() && !file.is_dir() || !caches_in(path).is_empty();
    }
    begins_as_redb(path)
}

fn begins_as_redb(path: &Path) -> bool {
    let mut begin = [0; MAGIC.len()];
    let is_file = fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    is_file && fs::File::open(path).and_then(|mut file| file.read_exact(&mut begin)).is_ok() && begin == MAGIC
}

/// The redb databases directly in a folder, in the order of their names. Apps of vantage-diorama choose the names of
/// their caches.
#[must_use]
pub fn caches_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(items) = fs::read_dir(folder) else { return Vec::new() };
    let mut caches: Vec<PathBuf> = items.take(LOOKED_AT).flatten().map(|item| item.path()).collect();
    // A process that was killed while creating a cache leaves a database too.
    let is_left = |path: &Path| path.file_name().and_then(OsStr::to_str).is_some_and(is_temporary_name);
    caches.retain(|path| !is_left(path) && begins_as_redb(path));
    caches.sort();
    caches
}

/// The cache file for `path`, which names the file itself or a folder: the `vlive.redb` in it, or else the only redb
/// database in it.
///
/// # Errors
/// [`Error::SeveralCaches`] if there are several.
pub(crate) fn find(path: &Path) -> Result<PathBuf> {
    let file = cache_file(path);
    if !path.is_dir() || fs::symlink_metadata(&file).is_ok() {
        return Ok(file);
    }
    let mut caches = caches_in(path);
    match caches.len() {
        // An error is reported when the file is opened.
        0 => Ok(file),
        1 => Ok(caches.remove(0)),
        _ => Err(Error::SeveralCaches { folder: path.to_owned(), caches }),
    }
}

/// The path of the cache file for `path`, which names the file itself or the folder of its `vlive.redb`; neither has to
/// exist. If nothing exists there, `path` names a file if it ends in `.redb`, and a folder if it ends in a separator.
pub(crate) fn cache_file(path: &Path) -> PathBuf {
    let is_no_folder = fs::metadata(path).is_ok_and(|metadata| !metadata.is_dir());
    let is_named_as_file = || {
        let ends_as_folder = path.to_string_lossy().ends_with(is_separator);
        path.extension() == Some(OsStr::new("redb")) && !ends_as_folder && !path.is_dir()
    };
    if is_no_folder || is_named_as_file() { path.to_owned() } else { path.join(FILE_NAME) }
}

/// Opens the file at `path` for reading or, with `write`, for both; creates nothing.
pub(crate) fn open(path: &Path, write: bool) -> Result<fs::File> {
    // Opening a pipe would wait for another process to open it.
    let metadata = fs::metadata(path).map_err(|error| cannot_open(path, error))?;
    if !metadata.is_file() {
        return Err(Error::NotAFile { path: path.to_owned() });
    }
    fs::OpenOptions::new().read(true).write(write).open(path).map_err(|error| cannot_open(path, error))
}

/// Whether an open file still is the one at `path`.
#[cfg(unix)]
pub(crate) fn is_at(file: &fs::File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let open = file.metadata()?;
    match fs::metadata(path) {
        Ok(there) => Ok((open.dev(), open.ino()) == (there.dev(), there.ino())),
        // The file may have been deleted; a process that has it open can still write to it.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// On this system an open file keeps its name.
#[cfg(not(unix))]
pub(crate) fn is_at(_: &fs::File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

fn cannot_open(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => match fs::read_link(path) {
            Ok(target) => Error::DanglingLink { path: path.to_owned(), target },
            Err(_) => Error::Missing { path: path.to_owned() },
        },
        _ => Error::io(Action::Open, path, error),
    }
}
