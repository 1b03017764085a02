//! Free space on a disk, and the metadata of files.

use std::fs;
use std::io;
use std::path::Path;

/// Bytes that are free on the disk of a folder; `None` where the system does not say.
pub(crate) fn free(folder: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let disk = rustix::fs::statvfs(folder).ok()?;
        disk.f_bavail.checked_mul(disk.f_frsize)
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        None
    }
}

/// How many names a file has; one where the system does not say.
pub(crate) fn names(file: &fs::Metadata) -> u64 {
    #[cfg(unix)]
    let names = std::os::unix::fs::MetadataExt::nlink(file);
    #[cfg(not(unix))]
    let names = 1;
    let _ = file;
    names
}

/// Denies other users access to a file.
pub(crate) fn hide(file: &fs::File) -> io::Result<()> {
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    let _ = file;
    Ok(())
}

/// Gives a file the owner, the group and the mode of another one.
pub(crate) fn take_owner_and_mode(file: &fs::File, other: &fs::Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (other.uid(), other.gid()) {
            fchown(file, Some(other.uid()), Some(other.gid()))?;
        }
    }
    file.set_permissions(other.permissions())
}

/// Puts the names in a folder on disk; not every system can be asked for that.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    fs::File::open(folder)?.sync_all()?;
    let _ = folder;
    Ok(())
}
