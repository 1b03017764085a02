//! redb's own check of a file.

use super::storage::{self, FileStorage};
use super::verify::OpenAs;
use crate::system::caught::{NotInPanic, catch};
use redb::{DatabaseError, StorageError};
use std::fs;
use std::io;
use std::sync::Arc;

/// The result of redb's own check of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IntegrityFault {
    /// redb panics on it.
    Panicked,
    /// redb cannot open or check it; the reason is in redb's words.
    Failed(String),
    /// redb would repair it.
    Inconsistent,
}

/// redb's own check of a file, which must be a disposable copy: redb repairs what it can. Returns what is wrong.
///
/// # Errors
/// Errors of the system, which say nothing about the file. A read beyond the end of the file is not one of them.
pub(crate) fn check_integrity(file: &Arc<fs::File>) -> io::Result<Option<IntegrityFault>> {
    let checked = catch(|| {
        let (database, _) = storage::open(FileStorage::boxed(file), OpenAs::Itself)?;
        NotInPanic::new(database).check_integrity()
    });
    Ok(match checked {
        None => Some(IntegrityFault::Panicked),
        Some(Err(DatabaseError::Storage(StorageError::Io(error)))) if error.kind() != io::ErrorKind::UnexpectedEof => {
            return Err(error);
        }
        Some(Err(error)) => Some(IntegrityFault::Failed(error.to_string())),
        Some(Ok(true)) => None,
        Some(Ok(false)) => Some(IntegrityFault::Inconsistent),
    })
}
