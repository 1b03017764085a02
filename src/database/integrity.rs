//! redb's own check of a file.

use super::storage::{self, FileStorage};
use super::verify::OpenAs;
use crate::system::caught::catch;
use redb::{DatabaseError, StorageError};
use std::fs;
use std::io;
use std::sync::Arc;

/// redb's own check of a file, which must be a copy that nobody needs: it repairs what it can. Returns what
/// is wrong, in redb's words.
///
/// # Errors
/// The system's, which say nothing of the file. That a read goes beyond its end is not among them.
pub(crate) fn check_integrity(file: &Arc<fs::File>) -> io::Result<Option<String>> {
    let checked = catch(|| {
        let (mut database, _) = storage::open(FileStorage::boxed(file), OpenAs::Itself)?;
        database.check_integrity()
    });
    Ok(match checked {
        None => Some("redb fails on itself with this file".to_owned()),
        Some(Err(DatabaseError::Storage(StorageError::Io(error)))) if error.kind() != io::ErrorKind::UnexpectedEof => {
            return Err(error);
        }
        Some(Err(error)) => Some(error.to_string()),
        Some(Ok(true)) => None,
        Some(Ok(false)) => Some("redb finds the file inconsistent, and would repair it".to_owned()),
    })
}
