//! Output files and folders, which appear under their name once they are complete.

use super::Refused;
use anyhow::Result;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf, is_separator};
use std::sync::Arc;
use vlive::ops::DumpError;
use vlive::system::temporary::{TemporaryFile, TemporaryFolder};

/// Whether an output path means a folder.
pub fn is_folder(path: &Path) -> bool {
    path.to_string_lossy().ends_with(is_separator) || path.is_dir()
}

/// Writes the file at `path`, replacing an existing one, unless `is_kept` rejects the result of `write`. Anything that
/// is not a regular file, such as a pipe, is written in place.
pub fn file<T, E: Into<DumpError>>(
    path: &Path,
    write: impl FnOnce(Box<dyn Write + '_>) -> Result<T, E>,
    is_kept: impl FnOnce(&T) -> bool,
) -> Result<T> {
    let buffered = |file| {
        let mut out = BufWriter::with_capacity(64 * 1024, file);
        let written = write(Box::new(&mut out)).map_err(Into::into)?;
        out.flush()?;
        Ok::<_, DumpError>(written)
    };
    unbuffered(path, buffered, is_kept)
}

/// Writes the file at `path` as [`file`] does, without a buffer, for a writer that has its own.
pub fn unbuffered<T, E: Into<DumpError>>(
    path: &Path,
    write: impl FnOnce(Arc<fs::File>) -> Result<T, E>,
    is_kept: impl FnOnce(&T) -> bool,
) -> Result<T> {
    let cannot_write = |source: io::Error| match source.kind() {
        // The reader has closed the pipe, as on standard output.
        io::ErrorKind::BrokenPipe => anyhow::Error::from(source),
        _ => unwritable(path, &source),
    };
    // A path such as /dev/stdout may lead to a file that other programs write to.
    let is_of_system = path.starts_with("/dev") && !path.starts_with("/dev/shm") || path.starts_with("/proc");
    if is_of_system || fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        let out = fs::OpenOptions::new().append(true).open(path).map_err(cannot_write)?;
        return write(Arc::new(out)).map_err(|error| of_output(error, cannot_write));
    }
    if vlive::snapshot::is_cache(path) {
        return Err(Refused::error(format!("`{}` is a cache", path.display()), Some("name another file")));
    }
    let (named, path) = (path, &linked(path)?);
    let new = TemporaryFile::new(existing_parent(path, named)?).map_err(cannot_write)?;
    if let Ok(metadata) = fs::metadata(path) {
        new.file().set_permissions(metadata.permissions()).map_err(cannot_write)?;
    }
    let written = write(Arc::clone(new.file())).map_err(|error| of_output(error, cannot_write))?;
    if is_kept(&written) {
        new.file().sync_all().map_err(cannot_write)?;
        new.persist(path).map_err(cannot_write)?;
    }
    Ok(written)
}

/// Creates the folder at `path`, which must be missing or empty, unless `is_kept` rejects the result of `fill`.
pub fn folder<T>(
    path: &Path,
    fill: impl FnOnce(&Path) -> Result<T, DumpError>,
    is_kept: impl FnOnce(&T) -> bool,
) -> Result<T> {
    let cannot_write = |source: io::Error| unwritable(path, &source);
    if path.is_dir() && fs::read_dir(path).map_err(cannot_write)?.next().is_some() {
        let what = format!("the folder `{}` is not empty", path.display());
        return Err(Refused::error(what, Some("name a new one, or remove what is in it")));
    }
    // A trailing slash would mean the folder that does not exist yet.
    let (named, path) = (path, &fs::canonicalize(path).unwrap_or_else(|_| path.components().collect()));
    let new = TemporaryFolder::new(existing_parent(path, named)?).map_err(cannot_write)?;
    if let Ok(metadata) = fs::metadata(path) {
        fs::set_permissions(new.path(), metadata.permissions()).map_err(cannot_write)?;
    }
    let filled = fill(new.path()).map_err(|error| of_output(error, cannot_write))?;
    if is_kept(&filled) {
        new.persist(path).map_err(cannot_write)?;
    }
    Ok(filled)
}

/// The error of a dump that stopped; `cannot_write` describes an error of its output.
pub fn of_output(error: impl Into<DumpError>, cannot_write: impl FnOnce(io::Error) -> anyhow::Error) -> anyhow::Error {
    match error.into() {
        DumpError::Output(error) => cannot_write(error),
        DumpError::Cache(error) => error.into(),
    }
}

fn unwritable(path: &Path, reason: &io::Error) -> anyhow::Error {
    let hint = match reason.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some("make room on the disk"),
        _ => None,
    };
    Refused::unwritable(format!("cannot write `{}`: {reason}", path.display()), hint)
}

/// The target of a link, which need not exist: the link stays a link.
fn linked(path: &Path) -> Result<PathBuf> {
    let mut target = path.to_owned();
    // As many links as the system would follow.
    for _ in 0..40 {
        match fs::read_link(&target) {
            Ok(next) => target = parent(&target).join(next),
            Err(_) => return Ok(target),
        }
    }
    let what = format!("cannot write `{}`: it is a symbolic link that leads back to itself", path.display());
    Err(Refused::unwritable(what, Some("remove it, or name another file")))
}

/// The folder that will contain `path`, which the user gave as `named`.
fn existing_parent<'p>(path: &'p Path, named: &Path) -> Result<&'p Path> {
    let folder = parent(path);
    match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let what = format!("cannot write `{}`: the folder `{}` does not exist", named.display(), folder.display());
            Err(Refused::unwritable(what, Some("create it first, or name a folder that exists")))
        }
        _ => Ok(folder),
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
