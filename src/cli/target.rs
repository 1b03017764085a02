//! Files and folders that appear under their name when they are whole.

use super::Refused;
use anyhow::Result;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf, is_separator};
use std::sync::Arc;
use vlive::ops::DumpError;
use vlive::system::temporary::{TemporaryFile, TemporaryFolder};

/// Whether a path that is to be written means a folder.
pub fn is_folder(path: &Path) -> bool {
    path.to_string_lossy().ends_with(is_separator) || path.is_dir()
}

/// Writes the file at `path`, in place of one that is there, unless `is_kept` says of what `write` returns that it is
/// not to appear. What is not a file, such as a pipe, is written to as it is.
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

/// The same for what buffers by itself.
pub fn unbuffered<T, E: Into<DumpError>>(
    path: &Path,
    write: impl FnOnce(Arc<fs::File>) -> Result<T, E>,
    is_kept: impl FnOnce(&T) -> bool,
) -> Result<T> {
    let cannot_write = |source: io::Error| match source.kind() {
        // Whoever reads the pipe has seen enough, as on standard output.
        io::ErrorKind::BrokenPipe => anyhow::Error::from(source),
        _ => unwritable(path, &source),
    };
    // What the system keeps there may lead to a file that others write to.
    let is_of_system = path.starts_with("/dev") || path.starts_with("/proc");
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

/// Makes the folder at `path`, which must be missing or empty, unless `is_kept` says of what `fill` returns that it is
/// not to appear.
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
    // A slash at the end would stand for the folder that is not there yet.
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

/// What a dump that stopped is reported as, given what becomes of an output that failed.
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

/// Where a link leads, though there be nothing yet, so that it stays one.
fn linked(path: &Path) -> Result<PathBuf> {
    let mut target = path.to_owned();
    // As many as the system would follow.
    for _ in 0..40 {
        match fs::read_link(&target) {
            Ok(next) => target = parent(&target).join(next),
            Err(_) => return Ok(target),
        }
    }
    let what = format!("cannot write `{}`: it is a symbolic link that leads back to itself", path.display());
    Err(Refused::unwritable(what, Some("remove it, or name another file")))
}

/// The folder in which `path` is to appear, which was given as `named`.
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
