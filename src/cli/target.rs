//! Files and folders that appear under their name when they are whole.

use super::Refused;
use super::interrupted::RemovedIfInterrupted;
use anyhow::Result;
use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf, is_separator};
use vlive::Error;

/// Whether a path that is to be written means a folder.
pub fn is_folder(path: &Path) -> bool {
    path.to_string_lossy().ends_with(is_separator) || path.is_dir()
}

/// Writes the file at `path`, in place of one that is there, unless `write` gives up, with the inner error.
/// What is no file, such as a pipe, is written to as it is.
pub fn file<T, E>(
    path: &Path,
    write: impl FnOnce(Box<dyn Write + '_>) -> io::Result<Result<T, E>>,
) -> Result<Result<T, E>> {
    let cannot_write = |source: io::Error| match source.kind() {
        // Whoever reads the pipe has seen enough, as on standard output.
        io::ErrorKind::BrokenPipe => anyhow::Error::from(source),
        _ => Error::Io { doing: "write", path: path.to_owned(), source }.into(),
    };
    // What the system keeps there may lead to a file that others write to.
    let is_of_system = path.starts_with("/dev") || path.starts_with("/proc");
    if is_of_system || fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        let mut out = BufWriter::new(fs::OpenOptions::new().append(true).open(path).map_err(cannot_write)?);
        let written = write(Box::new(&mut out)).map_err(cannot_write)?;
        out.flush().map_err(cannot_write)?;
        return Ok(written);
    }
    if vlive::snapshot::is_cache(path) {
        return Err(Refused::error(format!("`{}` is a cache", path.display()), Some("name another file")));
    }
    let path = &linked(path);
    let new = temporary().tempfile_in(parent(path)).map_err(|error| cannot_write(unnamed(&error)))?;
    if let Ok(metadata) = fs::metadata(path) {
        new.as_file().set_permissions(metadata.permissions()).map_err(cannot_write)?;
    }
    let _removed = RemovedIfInterrupted::new(new.path());
    let mut out = BufWriter::with_capacity(64 * 1024, new);
    let written = write(Box::new(&mut out)).map_err(cannot_write)?;
    if written.is_err() {
        return Ok(written);
    }
    let new = out.into_inner().map_err(|error| cannot_write(error.into_error()))?;
    new.as_file().sync_all().map_err(cannot_write)?;
    new.persist(path).map_err(|error| cannot_write(error.error))?;
    Ok(written)
}

/// Makes the folder at `path`, which must be missing or empty, unless `fill` gives up, with the inner error.
pub fn folder<T, E>(path: &Path, fill: impl FnOnce(&Path) -> io::Result<Result<T, E>>) -> Result<Result<T, E>> {
    let cannot_write = |source| Error::Io { doing: "write", path: path.to_owned(), source };
    if path.is_dir() && fs::read_dir(path).map_err(cannot_write)?.next().is_some() {
        let what = format!("the folder `{}` is not empty", path.display());
        return Err(Refused::error(what, Some("name a new one, or remove what is in it")));
    }
    // A slash at the end would stand for the folder that is not there yet.
    let path = &fs::canonicalize(path).unwrap_or_else(|_| path.components().collect());
    let mut new = temporary();
    #[cfg(unix)]
    new.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    let new = new.tempdir_in(parent(path)).map_err(|error| cannot_write(unnamed(&error)))?;
    if let Ok(metadata) = fs::metadata(path) {
        fs::set_permissions(new.path(), metadata.permissions()).map_err(cannot_write)?;
    }
    let _removed = RemovedIfInterrupted::new(new.path());
    let filled = fill(new.path()).map_err(cannot_write)?;
    if filled.is_err() {
        return Ok(filled);
    }
    #[cfg(windows)]
    fs::remove_dir(path).ok();
    fs::rename(new.path(), path).map_err(cannot_write)?;
    // It is gone from where it would be removed.
    let _ = new.keep();
    Ok(filled)
}

/// Where a link leads, though there be nothing yet, so that it stays one.
fn linked(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many as the system would follow.
    for _ in 0..40 {
        let Ok(target) = fs::read_link(&path) else { break };
        path = parent(&path).join(target);
    }
    path
}

/// The error without the name of the temporary file, which says nothing to anybody.
fn unnamed(error: &io::Error) -> io::Error {
    error.kind().into()
}

fn temporary() -> tempfile::Builder<'static, 'static> {
    let mut new = tempfile::Builder::new();
    new.prefix(".vlive-").suffix(".tmp");
    #[cfg(unix)]
    new.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    new
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
