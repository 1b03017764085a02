//! Temporary folders.

use tempfile::TempDir;

/// A new folder, in memory if the system has a file system for that: synced writes do not wait for a disk there.
pub fn temporary() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}
