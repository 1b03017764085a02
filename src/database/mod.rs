//! redb 2.6 on the file of a cache: the checks before redb opens the file, the storage backend between the two, and the
//! handling of redb's panics. This wing knows nothing of entries; changes are planned above.

// redb's own error is large; it is boxed where it leaves the crate.
#![allow(clippy::result_large_err)]

mod create;
#[cfg(test)]
pub(crate) mod full_disk;
mod integrity;
pub(crate) mod rebuild;
mod session;
mod storage;
mod transaction;
mod types;
mod verify;

pub use integrity::IntegrityFault;
pub(crate) use integrity::check_integrity;
pub(crate) use session::{Session, open_locked};
pub(crate) use storage::{FileStorage, Storage};
pub(crate) use transaction::{Insert, NewValue, Removal, Removals};
pub(crate) use verify::{verify_for_redb, wrong_header, wrong_record};

use crate::error::{Action, Error, RedbError};
use std::path::Path;

pub(crate) fn redb_error(action: Action, path: &Path, error: impl Into<redb::Error>) -> Error {
    match error.into() {
        redb::Error::Io(source) => Error::io(action, path, source),
        source => Error::Redb { action, path: path.to_owned(), source: RedbError::new(source) },
    }
}
