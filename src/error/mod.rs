//! The errors of the library, with the table, key or path that they are about.
//!
//! This wing carries the errors of the low wings and adds what was being done. It must not know operations, hints or
//! exit statuses: the program chooses those by the kind of an error.

mod action;
mod message;
mod set;

pub use action::Action;
pub use set::SetError;

use crate::file;
use crate::json::input_error::InputError;
use crate::live::error::DecodeError;
use crate::live::key::Key;
use crate::system::holder::Holder;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The result of what can fail in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a cache could not be read or changed.
///
/// `Display` gives one sentence without its full stop, and without the reason given by the system, redb or the codec,
/// which is the [`source`](std::error::Error::source).
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// There is no cache: the file or a folder on the way to it does not exist.
    Missing {
        /// The file that was looked for.
        path: PathBuf,
    },
    /// The path of the cache file is a symbolic link that leads to nothing.
    DanglingLink {
        /// The link.
        path: PathBuf,
        /// What it names.
        target: PathBuf,
    },
    /// A set of diorama cannot be written or dated.
    Set(SetError),
    /// A folder has several redb databases, and none is named `vlive.redb`.
    SeveralCaches {
        /// The folder.
        folder: PathBuf,
        /// The files, in the order of their names.
        caches: Vec<PathBuf>,
    },
    /// A new cache was to be created, and the file exists.
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The path of the cache file names something that is not a file.
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// The file is not a redb database.
    NotACache {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        is: NotRedb,
    },
    /// The file has a version of redb's file format that is not known.
    UnknownFormat {
        /// The file.
        path: PathBuf,
        /// The version that it names.
        version: u8,
    },
    /// Bytes of the file do not match their checksum or are not valid.
    Damaged {
        /// The file.
        path: PathBuf,
        /// The table that they belong to; `None` for what all tables share.
        table: Option<String>,
        /// What is damaged.
        damage: file::Damage,
    },
    /// The length of the file does not match its header, so that redb would fail on it. Only a change checks this,
    /// since everything that a reader needs may be in the file.
    WrongLength {
        /// The file.
        path: PathBuf,
        /// Its length in bytes.
        len: u64,
        /// The length in bytes that its header records.
        recorded: u64,
    },
    /// The cache changed so often that no commit could be read whole.
    Unsteady {
        /// The file.
        path: PathBuf,
    },
    /// The cache was to be changed, and another process has it open.
    InUse {
        /// The file.
        path: PathBuf,
        /// The processes that have it open, as far as the system reports them.
        holders: Vec<Holder>,
    },
    /// A table has the name of a cache table but not its type; vantage-live fails on it too.
    NotACacheTable {
        /// The file.
        path: PathBuf,
        /// The table.
        table: String,
        /// What it is instead, such as `table of u64 to u64`.
        is: String,
    },
    /// A table has a type that redb cannot name, so that only its app can copy it.
    UnknownType {
        /// The file.
        path: PathBuf,
        /// The table.
        table: String,
        /// What it is, such as `table of [u8;77] to u64`.
        is: String,
    },
    /// The file has several names (hard links), and replacing it would leave the others with the old file.
    HardLinked {
        /// The file.
        path: PathBuf,
        /// How many names it has.
        names: u64,
    },
    /// The disk has no room for a new file.
    NoRoom {
        /// The file that it is to replace.
        path: PathBuf,
        /// Bytes that it takes.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// The value of an entry is not an envelope that vantage-live can read.
    Undecodable {
        /// The entry.
        key: Key,
        /// What is wrong with it, and where.
        source: DecodeError,
    },
    /// A filter fails on a row.
    Filter {
        /// The full key of the entry.
        key: String,
        /// The row.
        id: Box<str>,
        /// Why it fails.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Input that was to be written to a cache is refused.
    Refused {
        /// Its name: a path in backticks, or a word such as `standard input`.
        name: String,
        /// What is wrong with it, and where.
        source: InputError,
    },
    /// What was to be read as a fixture is a cache.
    NotAFixture {
        /// Its folder or file.
        path: PathBuf,
    },
    /// Input that was to be written to a cache cannot be read.
    UnreadInput {
        /// Its name, as for [`Error::Refused`].
        name: String,
        /// The system's reason.
        source: io::Error,
    },
    /// A temporary file cannot be created, written or read.
    Temporary {
        /// The folder for temporary files.
        folder: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The entries that a change would replace or remove could not be saved, and nothing was changed; see
    /// [`Cache::before_commit`](crate::Cache::before_commit).
    NotKept {
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// redb reported an error.
    Redb {
        /// What was being done.
        action: Action,
        /// The file.
        path: PathBuf,
        /// redb's reason.
        source: RedbError,
    },
    /// redb panicked on the file. The call committed nothing.
    RedbPanicked {
        /// What was being done.
        action: Action,
        /// The file.
        path: PathBuf,
    },
    /// redb could not close the file, as on a full disk, so that it is not known which commits are in it. Opening it
    /// again recovers the newest commit that is whole.
    NotClosed {
        /// The file.
        path: PathBuf,
    },
    /// The system reported an error.
    Io {
        /// What was being done.
        action: Action,
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// Why a file is not a redb database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotRedb {
    /// An empty file, or one that redb has not finished laying out.
    Unfinished,
    /// A file that begins with other bytes than a redb database.
    OtherFormat,
}

/// An error of redb.
#[derive(Debug)]
pub struct RedbError(Box<redb::Error>);

impl RedbError {
    pub(crate) fn new(error: redb::Error) -> RedbError {
        RedbError(Box::new(error))
    }
}

impl fmt::Display for RedbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for RedbError {}

impl Error {
    /// Whether the only cause may be an app that is writing to the file.
    pub(crate) fn may_be_a_race(&self) -> bool {
        // A call that skips damage reports itself that the app has committed meanwhile.
        matches!(
            self,
            Error::Damaged { .. } | Error::Unsteady { .. } | Error::NotACache { is: NotRedb::Unfinished, .. }
        )
    }

    pub(crate) fn temporary(source: io::Error) -> Error {
        Error::Temporary { folder: std::env::temp_dir(), source }
    }

    pub(crate) fn io(action: Action, path: &Path, source: io::Error) -> Error {
        Error::Io { action, path: path.to_owned(), source }
    }

    /// `error` in the context of a cache file and, where it is known, a table of it.
    pub(crate) fn file(error: file::Error, path: &Path, table: Option<&str>) -> Error {
        let path = path.to_owned();
        match error {
            file::Error::Io(source) => Error::Io { action: Action::Read, path, source },
            file::Error::Unwritten => Error::NotACache { path, is: NotRedb::Unfinished },
            file::Error::NotRedb => Error::NotACache { path, is: NotRedb::OtherFormat },
            file::Error::Version(version) => Error::UnknownFormat { path, version },
            file::Error::Damaged(damage) => Error::Damaged { path, table: table.map(str::to_owned), damage },
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Undecodable { source, .. } => Some(source),
            Error::Filter { source, .. } => Some(source.as_ref()),
            Error::Redb { source, .. } => Some(source),
            Error::Io { source, .. } | Error::Temporary { source, .. } | Error::UnreadInput { source, .. } => {
                Some(source)
            }
            Error::NotKept { source } => Some(&**source),
            // The sentence of `Refused` has its source in it.
            _ => None,
        }
    }
}
